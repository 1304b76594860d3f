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

static bool is_mine(const struct plugin *p, const struct tn_batch *b)
{
	return b && b->p == p;
}

int data_get(struct plugin *p, struct tn_batch *b, unsigned db, struct tn_view key,
	     struct tn_view *val)
{
	int rc = TN_ENOENT;

	if (!has_db(p, db) || (b && !is_mine(p, b)))
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
	return is_mine(p, b) && has_db(p, db) ? store_put(b->batch, p->db[db], key, val)
					      : TN_EINVAL;
}

int data_del(struct plugin *p, struct tn_batch *b, unsigned db, struct tn_view key)
{
	return is_mine(p, b) && has_db(p, db) ? store_del(b->batch, p->db[db], key) : TN_EINVAL;
}

int data_commit(struct plugin *p, struct tn_batch *b, uint64_t ticket)
{
	struct tn_error err = { "" };
	int rc;

	if (!is_mine(p, b))
		return TN_EINVAL;
	rc = store_commit(take(b), &err);
	if (rc)
		log_line(p->plug->log, "plug", LOG_LEVEL_ERROR, p->name,
			 "plugin %s: nothing was stored: %s", p->name, err.text);
	ticket_finish_soon(p->plug, ticket, rc);
	return rc;
}

void data_abandon(struct plugin *p, struct tn_batch *b)
{
	if (is_mine(p, b))
		store_abandon(take(b));
}

void data_sweep(struct plugin *p)
{
	while (p->batches)
		store_abandon(take(p->batches));
}
