/* SPDX-License-Identifier: MIT
 * core/ctl/cmd_audit.c - audit: every message received or offered, and its fate
 *
 * A row for each session (or the total of the ended ones of an address), message and
 * way. `dir` is who dialed; a row of what came in has `received`, one of what went out
 * has `offered`.
 */
#include <stdlib.h>

#include "ctl/impl.h"

/* Whose account: a live session, or ended ones of an address. */
struct holder {
	struct request *r;
	const struct tn_addr *ip;
	const struct account *account;
	const struct session *live; /* NULL: ended */
	bool outbound;
};

uint64_t audit_off(const struct net *net)
{
	uint64_t off = net_off_ended(net);

	for (const struct session *s = NULL; (s = net_any(net, s));)
		off += session_off(s);
	return off;
}

static const struct names *names_of(const struct holder *h)
{
	return net_names(h->r->ctl->set.net);
}

static void begin(const struct holder *h, const char *message)
{
	reply_row(h->r);
	reply_ip(h->r, "ip", h->ip);
	reply_text(h->r, "dir", h->outbound ? "out" : "in");
	reply_text(h->r, "message", message);
}

static void end(const struct holder *h, int64_t off)
{
	reply_i64(h->r, "off_by", off);
	reply_text(h->r, "session", h->live ? "open" : "ended");
	reply_send(h->r);
}

static void give_refused(const struct holder *h, const struct account_row *row,
			 enum account_way way)
{
	reply_open(h->r, "refused");
	for (unsigned i = 0; i < row->refusals; i++)
		if (row->refusal[i].way == way && row->refusal[i].count)
			reply_u64(h->r, reasons_text(names_of(h), row->refusal[i].reason),
				  row->refusal[i].count);
	reply_close(h->r);
}

static void give_in(const struct holder *h, const struct account_row *row)
{
	int64_t off = account_off_in(row);

	if (!off && !row->received && !row->waiting)
		return;
	begin(h, names_text(names_of(h), row->id));
	reply_u64(h->r, "received", row->received);
	reply_u64(h->r, "handled", row->handled);
	give_refused(h, row, ACCOUNT_IN);
	reply_u64(h->r, "unknown", row->unknown);
	reply_u64(h->r, "malformed", row->malformed);
	reply_u64(h->r, "waiting", row->waiting);
	end(h, off);
}

static void give_out(const struct holder *h, const struct account_row *row)
{
	uint64_t queued = h->live ? send_queue_count(&h->live->out, row->id) : 0;
	int64_t off = account_off_out(row, queued);

	if (!off && !row->offered)
		return;
	begin(h, names_text(names_of(h), row->id));
	reply_u64(h->r, "offered", row->offered);
	reply_u64(h->r, "sent", row->sent);
	give_refused(h, row, ACCOUNT_OUT);
	reply_u64(h->r, "discarded", row->discarded);
	reply_u64(h->r, "queued", queued);
	end(h, off);
}

static void give(const struct holder *h, enum account_way way)
{
	for (unsigned i = 0; i < h->account->rows; i++) {
		if (way == ACCOUNT_IN)
			give_in(h, &h->account->row[i]);
		else
			give_out(h, &h->account->row[i]);
	}
	if (way == ACCOUNT_IN && h->account->lost) {
		begin(h, "(no memory to count)");
		end(h, (int64_t)h->account->lost);
	}
}

static void give_all(struct request *r, enum account_way way)
{
	const struct net *net = r->ctl->set.net;
	const struct net_total *t;

	for (const struct session *s = NULL; (s = net_any(net, s));)
		give(&(struct holder){ r, &s->addr, &s->account, s, s->outbound }, way);
	for (size_t i = 0; (t = net_total(net, i)); i++)
		give(&(struct holder){ r, &t->ip, &t->account, NULL, t->outbound }, way);
}

/* All of one way first: a table for people changes its columns once. */
static int run_audit(struct request *r, struct tn_error *err)
{
	(void)err;
	give_all(r, ACCOUNT_IN);
	give_all(r, ACCOUNT_OUT);
	return 0;
}

/* ---- messages: the same, summed over all peers */

struct sums {
	struct account_row *row; /* by message number */
	uint64_t *refused[2], *queued;
};

static void add_account(struct sums *sum, const struct account *a, const struct session *live)
{
	for (unsigned i = 0; i < a->rows; i++) {
		const struct account_row *from = &a->row[i];
		struct account_row *to = &sum->row[from->id];

		account_add_row(to, from);
		sum->refused[ACCOUNT_IN][from->id] += account_refused(from, ACCOUNT_IN);
		sum->refused[ACCOUNT_OUT][from->id] += account_refused(from, ACCOUNT_OUT);
		if (live && live->out.count)
			sum->queued[from->id] += send_queue_count(&live->out, from->id);
	}
}

static void give_sum(struct request *r, const struct sums *sum, unsigned id)
{
	const struct account_row *row = &sum->row[id];

	if (!row->received && !row->offered)
		return;
	reply_row(r);
	reply_text(r, "message", names_text(net_names(r->ctl->set.net), id));
	reply_u64(r, "received", row->received);
	reply_u64(r, "handled", row->handled);
	reply_u64(r, "refused_in", sum->refused[ACCOUNT_IN][id]);
	reply_u64(r, "unknown", row->unknown);
	reply_u64(r, "malformed", row->malformed);
	reply_u64(r, "waiting", row->waiting);
	reply_u64(r, "offered", row->offered);
	reply_u64(r, "sent", row->sent);
	reply_u64(r, "refused_out", sum->refused[ACCOUNT_OUT][id]);
	reply_u64(r, "discarded", row->discarded);
	reply_u64(r, "queued", sum->queued[id]);
	reply_send(r);
}

static void give_sums(struct request *r, struct sums *sum)
{
	const struct net *net = r->ctl->set.net;
	const struct net_total *t;

	for (const struct session *s = NULL; (s = net_any(net, s));)
		add_account(sum, &s->account, s);
	for (size_t i = 0; (t = net_total(net, i)); i++)
		add_account(sum, &t->account, NULL);
	for (unsigned id = 0; id < names_count(net_names(r->ctl->set.net)); id++)
		give_sum(r, sum, id);
}

static int run_messages(struct request *r, struct tn_error *err)
{
	unsigned n = names_count(net_names(r->ctl->set.net)), i;
	struct sums sum = { .row = calloc(n, sizeof *sum.row) };
	uint64_t *counts = calloc(n, 3 * sizeof *counts);
	int rc = 0;

	if (sum.row && counts) {
		for (i = 0; i < 2; i++)
			sum.refused[i] = counts + (size_t)i * n;
		sum.queued = counts + (size_t)2 * n;
		give_sums(r, &sum);
	} else {
		rc = tn_fail(err, TN_ENOMEM, "no memory");
	}
	free(sum.row);
	free(counts);
	return rc;
}

const struct command command_audit[] = {
	{ .name = "audit",
	  .help = "every message received or offered, with its fate; off_by is 0",
	  .run = run_audit },
	{ .name = "messages",
	  .help = "the account of each message, summed over all peers",
	  .run = run_messages },
	{ .name = NULL },
};
