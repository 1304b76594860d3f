/* SPDX-License-Identifier: MIT
 * core/net/counters.c - the account of the whole node as a list of named numbers
 */
#include "net/counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct holder { /* whose account */
	struct counters *to;
	const struct names *names;
	const struct session *live; /* NULL: ended */
	char who[TN_ADDR_TEXT + 8];
	int rc;
};

static struct counter *more(struct counters *c)
{
	size_t room = c->room ? c->room * 2 : 64;
	struct counter *v = c->v;

	if (c->n == c->room) {
		v = realloc(c->v, room * sizeof *v);
		if (!v)
			return NULL;
		c->v = v;
		c->room = room;
	}
	return &c->v[c->n++];
}

int counters_add(struct counters *c, const char *name, size_t n, int64_t value)
{
	struct counter *x = more(c);

	if (!x)
		return TN_ENOMEM;
	snprintf(x->name, sizeof x->name, "%.*s", (int)(n < COUNTER_TEXT ? n : COUNTER_TEXT), name);
	x->value = value;
	return 0;
}

void counters_clear(struct counters *c)
{
	free(c->v);
	*c = (struct counters){ 0 };
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct counter *)a)->name, ((const struct counter *)b)->name);
}

void counters_sort(struct counters *c)
{
	size_t n = 0;

	if (!c->n)
		return;
	qsort(c->v, c->n, sizeof *c->v, by_name);
	for (size_t i = 1; i < c->n; i++) {
		if (!by_name(&c->v[n], &c->v[i]))
			c->v[n].value += c->v[i].value;
		else
			c->v[++n] = c->v[i];
	}
	c->n = n + 1;
}

/* ---- from the room */

static void give(struct holder *h, unsigned id, const char *what, uint64_t value)
{
	char name[COUNTER_TEXT];
	int n;

	if (!value)
		return;
	n = snprintf(name, sizeof name, "%s %s %s", h->who, names_text(h->names, id), what);
	if (counters_add(h->to, name, (size_t)n, (int64_t)value))
		h->rc = TN_ENOMEM;
}

static void give_refused(struct holder *h, const struct account_row *row)
{
	char what[120];

	for (unsigned i = 0; i < row->refusals; i++) {
		snprintf(what, sizeof what, "%s(%s)",
			 row->refusal[i].way == ACCOUNT_IN ? "refused" : "not-sent",
			 reasons_text(h->names, row->refusal[i].reason));
		give(h, row->id, what, row->refusal[i].count);
	}
}

static void give_row(struct holder *h, const struct account_row *row)
{
	give(h, row->id, "received", row->received);
	give(h, row->id, "handled", row->handled);
	give(h, row->id, "unknown", row->unknown);
	give(h, row->id, "malformed", row->malformed);
	give(h, row->id, "waiting", row->waiting);
	give(h, row->id, "offered", row->offered);
	give(h, row->id, "sent", row->sent);
	give(h, row->id, "discarded", row->discarded);
	if (h->live)
		give(h, row->id, "queued", send_queue_count(&h->live->out, row->id));
	give_refused(h, row);
}

static void give_account(struct holder *h, const struct tn_addr *ip, bool outbound,
			 const struct account *account)
{
	char text[TN_ADDR_TEXT];

	snprintf(h->who, sizeof h->who, "%s %s", tn_addr_ip_text(ip, text),
		 outbound ? "out" : "in");
	for (unsigned i = 0; i < account->rows; i++)
		give_row(h, &account->row[i]);
}

int counters_take(struct counters *c, const struct net *net)
{
	struct holder h = { .to = c, .names = net_names((struct net *)(uintptr_t)net) };
	const struct net_total *t;

	*c = (struct counters){ 0 };
	for (const struct session *s = NULL; (s = net_any(net, s));) {
		h.live = s;
		give_account(&h, &s->remote, s->outbound, &s->account);
	}
	h.live = NULL;
	for (size_t i = 0; (t = net_total(net, i)); i++)
		give_account(&h, &t->ip, t->outbound, &t->account);
	if (h.rc)
		counters_clear(c);
	else
		counters_sort(c);
	return h.rc;
}

void counters_compare(const struct counters *a, const struct counters *b,
		      void (*fn)(void *arg, const char *name, int64_t before, int64_t after),
		      void *arg)
{
	size_t i = 0, k = 0;

	while (i < a->n || k < b->n) {
		int order = i == a->n ? 1 : k == b->n ? -1 : by_name(&a->v[i], &b->v[k]);
		const char *name = order <= 0 ? a->v[i].name : b->v[k].name;
		int64_t before = order <= 0 ? a->v[i++].value : 0;
		int64_t after = order >= 0 ? b->v[k++].value : 0;

		if (before != after)
			fn(arg, name, before, after);
	}
}
