/* SPDX-License-Identifier: MIT
 * core/store/batch.c - changes that are applied whole or not at all
 */
#include "config.h"

#include <stdlib.h>

#include "store/store_impl.h"

struct store_batch {
	struct store *store;
	struct map map;
	bool torn; /* a change is missing: memory ran out */
};

struct store_batch *store_batch(struct store *s)
{
	struct store_batch *b = calloc(1, sizeof *b);

	if (b)
		b->store = s;
	return b;
}

void store_abandon(struct store_batch *b)
{
	if (!b)
		return;
	map_clear(&b->map);
	free(b);
}

static int change(struct store_batch *b, int db, struct tn_view key, struct tn_view val)
{
	struct map_node *n;

	if (db < 0 || db >= b->store->dbs || key.n == 0 || key.n > STORE_KEY_MAX ||
	    val.n > STORE_VAL_MAX)
		return TN_EINVAL;
	n = map_node(db, key, val);
	if (!n) {
		b->torn = true;
		return TN_ENOMEM;
	}
	map_link(&b->map, n);
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

static int commit(struct store_batch *b, struct tn_error *err)
{
	struct store *s = b->store;

	if (b->torn)
		return tn_fail(err, TN_ENOMEM, "a batch is incomplete: no memory");
	if (s->scanning)
		return tn_fail(err, TN_EBUSY, "a batch was committed from inside a scan");
	return s->ops->commit(s, &b->map, err);
}

int store_commit(struct store_batch *b, struct tn_error *err)
{
	struct store *s = b->store;
	struct tn_error why = { "" };
	int rc;

	if (s->failed) {
		rc = tn_fail(err, TN_EIO,
			     "nothing is written any more since a commit failed: %.180s",
			     s->why.text);
		store_abandon(b);
		return rc;
	}
	rc = commit(b, &why);
	if (rc) {
		s->failed = true;
		s->why = why;
		tn_fail(err, rc, "%s", why.text);
	}
	store_abandon(b);
	return rc;
}
