/* SPDX-License-Identifier: MIT
 * core/store/batch.c - changes that are applied whole or not at all
 */
#include "config.h"

#include <stdlib.h>

#include "store/store_impl.h"

#define GOLDEN 0x9e3779b97f4a7c15u /* numbers in a row, spread; odd: none becomes 0 */

struct store_batch *store_batch(struct store *s)
{
	struct store_batch *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->store = s;
	b->write = &b->map;
	b->map.ranks = ++s->begun * GOLDEN;
	return b;
}

void store_abandon(struct store_batch *b)
{
	if (!b)
		return;
	b->map.root = NULL; /* nodes lie in chunks, also those that came from batches behind it */
	map_clear(&b->map);
	free(b);
}

static int change(struct store_batch *b, int db, struct tn_view key, struct tn_view val)
{
	if (db < 0 || db >= b->store->dbs || key.n == 0 || key.n > STORE_KEY_MAX ||
	    val.n > STORE_VAL_MAX)
		return TN_EINVAL;
	if (map_put(&b->map, db, key, val)) {
		b->torn = true;
		return TN_ENOMEM;
	}
	b->changes++;
	b->bytes += sizeof(struct map_node) + key.n + val.n;
	return 0;
}

int store_put(struct store_batch *b, int db, struct tn_view key, struct tn_view val)
{
	if (!val.p && val.n)
		return TN_EINVAL;
	if (!val.p) /* an empty value is not a deletion */
		val.p = (const uint8_t *)"";
	return change(b, db, key, val);
}

int store_del(struct store_batch *b, int db, struct tn_view key)
{
	return change(b, db, key, (struct tn_view){ NULL, 0 });
}

int store_batch_get(const struct store_batch *b, int db, struct tn_view key, struct tn_view *val)
{
	const struct map_node *n = map_find(&b->map, db, key);

	if (!n)
		return TN_ENOENT;
	*val = n->val;
	return 0;
}

/* Why it cannot be accepted; the caller has looked whether the store failed before. */
static int refuse(const struct store_batch *b, struct tn_error *err)
{
	const struct store *s = b->store;

	if (b->torn)
		return tn_fail(err, TN_ENOMEM, "a batch is incomplete: no memory");
	if (s->scanning)
		return tn_fail(err, TN_EBUSY, "a batch was committed from inside a scan");
	return 0;
}

static int commit_now(struct store_batch *b, struct tn_error *err)
{
	int rc = b->store->ops->commit(b->store, b, err);

	b->store->ops->fresh(b->store);
	if (!rc && b->told)
		b->told(b->arg, 0, NULL);
	if (!rc)
		store_abandon(b);
	return rc;
}

static int commit_behind(struct store_batch *b, uint32_t ms, struct tn_error *err)
{
	if (overlay_add(b->store, b))
		return tn_fail(err, TN_ENOMEM, "a batch was not accepted: no memory");
	writer_take(b->store, b, ms);
	return 0;
}

static bool is_full(const struct store_batch *b)
{
	const struct store *s = b->store;

	return s->env && s->ahead && s->ahead + b->bytes > s->ahead_max;
}

static int fail_full(struct store *s, struct tn_error *err)
{
	writer_hurry(s);
	return tn_fail(err, TN_EFULL, "the disk is behind: %llu bytes wait for it already",
		       (unsigned long long)s->ahead);
}

int store_commit_within(struct store_batch *b, uint32_t ms, store_told_fn *told, void *arg,
			struct tn_error *err)
{
	struct store *s = b->store;
	struct tn_error why = { "" };
	int rc;

	if (!s->failed && is_full(b))
		return fail_full(s, err);
	b->told = told;
	b->arg = arg;
	if (s->failed) {
		rc = tn_fail(err, TN_EIO,
			     "nothing is written any more since a commit failed: %.180s",
			     s->why.text);
		store_abandon(b);
		return rc;
	}
	rc = refuse(b, &why);
	if (!rc)
		rc = s->env ? commit_behind(b, ms, &why) : commit_now(b, &why);
	if (!rc)
		return 0;
	s->failed = true;
	s->why = why;
	store_abandon(b);
	return tn_fail(err, rc, "%s", why.text);
}

int store_commit_told(struct store_batch *b, store_told_fn *told, void *arg, struct tn_error *err)
{
	return store_commit_within(b, 0, told, arg, err);
}

int store_commit(struct store_batch *b, struct tn_error *err)
{
	int rc = store_commit_told(b, NULL, NULL, err);

	if (rc == TN_EFULL)
		store_abandon(b);
	return rc;
}
