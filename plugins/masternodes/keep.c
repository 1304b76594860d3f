/* SPDX-License-Identifier: MIT
 * plugins/masternodes/keep.c - the registry in the store: what changed goes there, at the start it is read
 */
#include "masternodes.h"

enum { SOON_MS = 1000 };

struct saving {
	struct tn_ctx *c;
	struct tn_batch *batch;
	uint32_t rows;
};

static int put_record(void *arg, const struct mn_record *r)
{
	struct saving *s = arg;
	struct mn_stored stored;
	uint8_t key[4];

	registry_store(r, mn_now(s->c), &stored);
	tn_be32(key, r->ip);
	s->rows++;
	return tn_put_as(s->c, s->batch, D_REGISTRY, (struct tn_view){ key, sizeof key },
			 &mn_stored_schema, &stored);
}

static int del_record(void *arg, uint32_t ip)
{
	struct saving *s = arg;
	uint8_t key[4];

	tn_be32(key, ip);
	s->rows++;
	return tn_del(s->c, s->batch, D_REGISTRY, (struct tn_view){ key, sizeof key });
}

void mn_keep_save(struct tn_ctx *c, void *arg)
{
	struct mn_state *st = mn_state(c);
	struct saving s = { c, st->late ? st->late : tn_batch(c), st->late ? 1 : 0 };
	const struct registry_out out = { put_record, del_record, &s };

	(void)arg;
	st->late = NULL;
	if (!s.batch)
		return;
	if (registry_changes(st->registry, &out) || !s.rows)
		tn_abandon(c, s.batch);
	else if (tn_commit(c, s.batch, TN_NO_TICKET) == TN_EFULL)
		st->late = s.batch;
}

static void save_now(struct tn_ctx *c, void *arg)
{
	mn_state(c)->save = (struct tn_timer){ 0 };
	mn_keep_save(c, arg);
}

void mn_keep_soon(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);

	if (!st->save.v)
		st->save = tn_after(c, SOON_MS, save_now, NULL);
}

static int load_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct tn_arena *a = arg;
	const void *stored;

	(void)key;
	if (tn_bin_read(&mn_stored_schema, val, a, &stored, NULL))
		return TN_EBAD;
	registry_restore(mn_state(c)->registry, stored, mn_now(c));
	tn_arena_reset(a);
	return 0;
}

/* registry_max may be a smaller one than when they were stored. */
static int trim(struct tn_ctx *c, struct tn_error *err)
{
	int n = registry_trim(mn_state(c)->registry);

	if (n < 0)
		return tn_fail(err, n, "no memory");
	if (n)
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "%d masternodes that were stored are more than registry_max: forgotten", n);
	return 0;
}

int mn_keep_load(struct tn_ctx *c, struct tn_error *err)
{
	struct tn_arena *a = tn_arena_new(c);
	int rc;

	if (!a)
		return tn_fail(err, TN_ENOMEM, "no memory");
	rc = tn_scan(c, D_REGISTRY, (struct tn_view){ NULL, 0 }, load_one, a);
	tn_arena_unref(a);
	if (rc)
		return tn_fail(err, TN_EBAD, "the registry in the store is unreadable");
	return trim(c, err);
}
