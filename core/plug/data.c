/* SPDX-License-Identifier: MIT
 * core/plug/data.c - a plugin's databases: "plugin.name" in the node's store
 */
#include <stdio.h>
#include <stdlib.h>

#include "plug/impl.h"

struct tn_batch {
	struct plugin *p;
	struct store_batch *batch;
	struct tn_batch *prev, *next;
};

/* A commit that is not durable yet. */
struct write {
	struct plugin *p; /* NULL: it has gone */
	uint64_t ticket;
	struct write *prev, *next;
};

int data_open(struct plugin *p, struct tn_error *err)
{
	const struct tn_dbdef *d;
	char name[PLUG_NAME_MAX + 64];

	if (p->desc.dbs.rows && !p->plug->store)
		return tn_fail(err, TN_EINVAL, "plugin %s: this node has no store", p->name);
	for (unsigned i = 0; (d = plug_row(&p->desc.dbs, i)); i++) {
		struct tn_error why = { "" };

		snprintf(name, sizeof name, "%s.%s", p->name, d->name);
		p->db[i] = store_db(p->plug->store, name, d->version, &why);
		if (p->db[i] < 0)
			return tn_fail(err, p->db[i], "plugin %s: database %s: %.150s", p->name,
				       name, why.text);
	}
	return 0;
}

static bool has_db(const struct plugin *p, unsigned db)
{
	return db < p->desc.dbs.rows;
}

/* Looked for, not looked into: a plugin may have kept a pointer too long. */
static bool is_mine(const struct plugin *p, const struct tn_batch *b)
{
	const struct tn_batch *own = p->batches;

	while (own && own != b)
		own = own->next;
	return own != NULL;
}

/* Whoever is asked may write into the batches of whoever asks, until it has answered. */
static bool is_lent(const struct plugin *p, const struct tn_batch *b)
{
	for (const struct asking *a = p->plug->asking; a; a = a->outer)
		if (a->to == p && is_mine(a->from, b))
			return true;
	return false;
}

static bool may_use(const struct plugin *p, const struct tn_batch *b)
{
	return b && (is_mine(p, b) || is_lent(p, b));
}

int data_get(struct plugin *p, struct tn_batch *b, unsigned db, struct tn_view key,
	     struct tn_view *val)
{
	int rc = TN_ENOENT;

	if (!has_db(p, db) || (b && !may_use(p, b)))
		return TN_EINVAL;
	if (b)
		rc = store_batch_get(b->batch, p->db[db], key, val);
	if (rc == TN_ENOENT)
		return store_get(p->plug->store, p->db[db], key, bus_scratch(p->plug->bus), val);
	return rc || val->p ? rc : TN_ENOENT;
}

struct scan {
	struct plugin *p;
	tn_scan_fn *fn;
	void *arg;
};

static int scan_one(void *arg, struct tn_view key, struct tn_view val)
{
	struct scan *s = arg;

	return s->fn(&s->p->ctx, key, val, s->arg);
}

int data_scan(struct plugin *p, unsigned db, struct tn_view from, tn_scan_fn *fn, void *arg)
{
	struct scan s = { p, fn, arg };

	if (!has_db(p, db) || !fn)
		return TN_EINVAL;
	return store_scan(p->plug->store, p->db[db], from, scan_one, &s);
}

struct tn_batch *data_batch(struct plugin *p)
{
	struct tn_batch *b;

	if (!p->plug->store)
		return NULL;
	b = calloc(1, sizeof *b);
	if (!b)
		return NULL;
	b->p = p;
	b->batch = store_batch(p->plug->store);
	if (!b->batch) {
		free(b);
		return NULL;
	}
	b->next = p->batches;
	if (b->next)
		b->next->prev = b;
	p->batches = b;
	p->pending++;
	return b;
}

static struct store_batch *take(struct tn_batch *b)
{
	struct store_batch *batch = b->batch;

	if (b->prev)
		b->prev->next = b->next;
	else
		b->p->batches = b->next;
	if (b->next)
		b->next->prev = b->prev;
	b->p->pending--;
	free(b);
	return batch;
}

int data_put(struct plugin *p, struct tn_batch *b, unsigned db, struct tn_view key,
	     struct tn_view val)
{
	return may_use(p, b) && has_db(p, db) ? store_put(b->batch, p->db[db], key, val)
					      : TN_EINVAL;
}

int data_del(struct plugin *p, struct tn_batch *b, unsigned db, struct tn_view key)
{
	return may_use(p, b) && has_db(p, db) ? store_del(b->batch, p->db[db], key) : TN_EINVAL;
}

static void take_write(struct write *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		w->p->writes = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->p->pending--;
	w->p = NULL;
}

static void say_lost(const struct plugin *p, const char *why)
{
	log_line(p->plug->log, "plug", LOG_LEVEL_ERROR, p->name,
		 "plugin %s: nothing was stored: %s", p->name, why);
}

/* A store without a writer calls this from inside the commit: so the loop brings the result. */
static void on_told(void *arg, int rc, const char *why)
{
	struct write *w = arg;
	struct plugin *p = w->p;

	if (p) {
		take_write(w);
		if (rc)
			say_lost(p, why);
		ticket_finish_soon(p->plug, w->ticket, rc);
		drain_look(p);
	}
	free(w);
}

static struct write *new_write(struct plugin *p, uint64_t ticket)
{
	struct write *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	*w = (struct write){ .p = p, .ticket = ticket, .next = p->writes };
	if (w->next)
		w->next->prev = w;
	p->writes = w;
	p->pending++;
	return w;
}

/* TN_EFULL alone leaves the batch as it was. */
int data_commit(struct plugin *p, struct tn_batch *b, uint32_t within_ms, uint64_t ticket)
{
	struct tn_error err = { "" };
	struct write *w;
	int rc;

	if (!b || !is_mine(p, b))
		return TN_EINVAL;
	w = new_write(p, ticket);
	if (!w) {
		store_abandon(take(b));
		return TN_ENOMEM;
	}
	rc = store_commit_within(b->batch, within_ms, on_told, w, &err);
	if (rc) {
		take_write(w);
		free(w);
	}
	if (rc == TN_EFULL)
		return rc;
	take(b);
	if (rc) {
		say_lost(p, err.text);
		ticket_finish_soon(p->plug, ticket, rc);
	}
	return rc;
}

void data_abandon(struct plugin *p, struct tn_batch *b)
{
	if (b && is_mine(p, b))
		store_abandon(take(b));
}

/* What was committed goes on without it. */
void data_sweep(struct plugin *p)
{
	while (p->writes)
		take_write(p->writes);
	while (p->batches)
		store_abandon(take(p->batches));
}
