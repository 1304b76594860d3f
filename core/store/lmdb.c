/* SPDX-License-Identifier: MIT
 * core/store/lmdb.c - a store on disk: LMDB with full sync
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/lmdb_impl.h"

static MDB_val val_of(struct tn_view v)
{
	return (MDB_val){ v.n, (void *)(uintptr_t)v.p };
}

static struct tn_view view_of(const MDB_val *v)
{
	return (struct tn_view){ v->mv_data, v->mv_size };
}

/* ---- reading */

/* It stays open until lmdb_fresh. */
static int read_begin(struct lmdb *l)
{
	int rc = l->reading ? 0 : mdb_txn_renew(l->read);

	l->reading = rc == 0;
	l->readers += rc == 0;
	return rc;
}

static void read_end(struct lmdb *l)
{
	l->readers--;
}

/* The old state is held no longer than the loop needs to hear of the new one, so that its
 * pages can be used again. */
static void lmdb_fresh(struct store *s)
{
	struct lmdb *l = (struct lmdb *)s;

	if (!l->reading || l->readers)
		return;
	mdb_txn_reset(l->read);
	l->reading = false;
}

static int copy_out(const MDB_val *v, struct tn_arena *a, struct tn_view *out)
{
	uint8_t *p = tn_copy_bytes(a, v->mv_data, v->mv_size);

	if (!p)
		return TN_ENOMEM;
	*out = (struct tn_view){ p, v->mv_size };
	return 0;
}

static int lmdb_get(struct store *s, int db, struct tn_view key, struct tn_arena *a,
		    struct tn_view *val)
{
	struct lmdb *l = (struct lmdb *)s;
	MDB_val k = val_of(key), v;
	int rc;

	if (read_begin(l) != 0)
		return TN_EIO;
	rc = mdb_get(l->read, l->db[db], &k, &v);
	if (rc == 0)
		rc = copy_out(&v, a, val);
	else
		rc = rc == MDB_NOTFOUND ? TN_ENOENT : TN_EIO;
	read_end(l);
	return rc;
}

static int walk(MDB_cursor *c, struct tn_view from, store_scan_fn *fn, void *arg)
{
	MDB_val k = val_of(from), v;
	int rc = mdb_cursor_get(c, &k, &v, from.n ? MDB_SET_RANGE : MDB_FIRST);

	while (rc == 0) {
		int stop = fn(arg, view_of(&k), view_of(&v));

		if (stop)
			return stop;
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
	}
	return rc == MDB_NOTFOUND ? 0 : TN_EIO;
}

static int lmdb_scan(struct store *s, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	struct lmdb *l = (struct lmdb *)s;
	MDB_cursor *c;
	int rc = TN_EIO;

	if (read_begin(l) != 0)
		return TN_EIO;
	if (mdb_cursor_open(l->read, l->db[db], &c) == 0) {
		rc = walk(c, from, fn, arg);
		mdb_cursor_close(c);
	}
	read_end(l);
	return rc;
}

/* ---- writing */

struct applying {
	const struct lmdb *l;
	MDB_txn *txn;
	MDB_cursor *at; /* of that database */
	int db;
};

/* Keys come in order, so that the next one is often in the page where the cursor is. */
static int move_to(struct applying *a, int db)
{
	if (a->at && a->db == db)
		return 0;
	if (a->at)
		mdb_cursor_close(a->at);
	a->at = NULL;
	a->db = db;
	return mdb_cursor_open(a->txn, a->l->db[db], &a->at);
}

static int apply_one(void *arg, const struct map_node *n)
{
	struct applying *a = arg;
	MDB_val k = val_of(n->key), v = val_of(n->val);
	int rc = move_to(a, n->db);

	if (rc)
		return rc;
	if (n->val.p)
		return mdb_cursor_put(a->at, &k, &v, 0);
	rc = mdb_cursor_get(a->at, &k, NULL, MDB_SET);
	if (rc == 0)
		rc = mdb_cursor_del(a->at, 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int apply(const struct lmdb *l, MDB_txn *txn, const struct map *changes)
{
	struct applying a = { .l = l, .txn = txn };
	int rc = map_each(changes, apply_one, &a);

	if (a.at)
		mdb_cursor_close(a.at);
	return rc;
}

/* LMDB may leave pages at the end of the file unwritten that it does not need yet. The
 * file is made longer (without using disk) before each commit by more than the batch can
 * take, so that a file shorter than its last page is always one that was cut.
 */
static int reserve(const struct lmdb *l, const struct store_batch *b)
{
	uint64_t need = lmdb_used(l) + (1u << 20);

	for (; b; b = b->next)
		need += 65536 * b->changes + 2 * b->bytes;
	return lmdb_grow(l, need);
}

static int lmdb_commit(struct store *s, const struct store_batch *b, struct tn_error *err)
{
	struct lmdb *l = (struct lmdb *)s;
	MDB_txn *txn;
	int rc = reserve(l, b);

	if (rc == 0)
		rc = mdb_txn_begin(l->env, NULL, 0, &txn);
	if (rc)
		return lmdb_fail(l, rc, err);
	for (; b && rc == 0; b = b->next)
		rc = b->write ? apply(l, txn, b->write) : 0;
	if (rc)
		mdb_txn_abort(txn);
	else
		rc = mdb_txn_commit(txn);
	return rc ? lmdb_fail(l, rc, err) : 0;
}

static int lmdb_db(struct store *s, const char *name, uint16_t version, struct tn_error *err)
{
	struct lmdb *l = (struct lmdb *)s;

	lmdb_fresh(s);
	return lmdb_declare(l, name, version, &l->db[s->dbs], err);
}

/* ---- life */

static void lmdb_close(struct store *s)
{
	struct lmdb *l = (struct lmdb *)s;

	if (!s->failed) /* only looks better: an empty tail uses no disk */
		lmdb_resize(l, lmdb_used(l), true);
	lmdb_undo(l);
	free(l->dir);
	free(l);
}

struct store *store_lmdb_open(const char *dir, uint64_t map_size, const char *network,
			      struct tn_error *err)
{
	static const struct store_ops ops = { lmdb_db,     lmdb_get,   lmdb_scan,
					      lmdb_commit, lmdb_fresh, lmdb_close };
	struct lmdb *l = calloc(1, sizeof *l);

	if (l)
		l->dir = strdup(dir);
	if (!l || !l->dir) {
		free(l);
		tn_fail(err, TN_ENOMEM, "no memory to open the store");
		return NULL;
	}
	l->store.ops = &ops;
	l->lock = -1;
	l->map_size = map_size - map_size % (uint64_t)sysconf(_SC_PAGESIZE);
	if (lmdb_begin(l, network, err) != 0) {
		lmdb_undo(l);
		free(l->dir);
		free(l);
		return NULL;
	}
	return &l->store;
}
