/* SPDX-License-Identifier: MIT
 * plugins/transactions/keep.c - the pool on the disk
 *
 * What comes and goes is noted by its txid and written once a second, the operator's own at once; who was here only for a
 * moment never is. One that this node approves is written with the approval instead. What is
 * read at a start was judged before: only its coins are looked up again.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

struct note {
	struct tn_hash *v;
	size_t n, room;
};

struct keep {
	struct note changed, gone;
	bool any;  /* the database is not known to be empty */
	bool soon; /* it is written in this turn */
};

/* clang-format off */
const struct tn_schema kept_schema = TN_SCHEMA(struct kept, TN_RECORD,
	TN_SUB(struct kept, tx, &tn_wire_tx), TN_FIELD(struct kept, flags),
	TN_FIELD(struct kept, votes), TN_FIELD(struct kept, voters), TN_FIELD(struct kept, since),
	TN_FIELD(struct kept, until), TN_FIELD(struct kept, final_at), TN_FIELD(struct kept, order));
/* clang-format on */

struct keep *keep_create(void)
{
	return calloc(1, sizeof(struct keep));
}

void keep_free(struct keep *k)
{
	if (!k)
		return;
	free(k->changed.v);
	free(k->gone.v);
	free(k);
}

static bool note(struct note *n, const struct tn_hash *txid)
{
	if (n->n == n->room) {
		size_t room = n->room ? 2 * n->room : 256;
		struct tn_hash *v = realloc(n->v, room * sizeof *v);

		if (!v)
			return false;
		n->v = v;
		n->room = room;
	}
	n->v[n->n++] = *txid;
	return true;
}

bool keep_has_any(struct tn_ctx *c)
{
	return state_of(c)->keep->any;
}

/* ---- writing */

int keep_put(struct tn_ctx *c, struct tn_batch *b, struct pool_tx *e)
{
	struct kept k = { .tx = e->tx,
			  .flags = e->flags,
			  .votes = e->votes,
			  .voters = e->voters,
			  .since = e->since,
			  .until = e->until,
			  .final_at = e->final_at,
			  .order = e->order };
	int rc = tn_put_as(c, b, D_TX, TN_VIEW(e->txid), &kept_schema, &k);

	if (rc)
		return rc;
	e->saved = true;
	state_of(c)->keep->any = true;
	return 0;
}

void keep_dirty(struct tn_ctx *c, struct pool_tx *e)
{
	/* without memory it is written when it changes next, or at the end */
	if (note(&state_of(c)->keep->changed, &e->txid))
		e->saved = false;
}

void keep_forget(struct tn_ctx *c, const struct pool_tx *e)
{
	note(&state_of(c)->keep->gone, &e->txid);
}

/* Who went and came back since is in the pool: the other list writes it. */
static int write_gone(struct tn_ctx *c, struct tn_batch *b)
{
	struct note *gone = &state_of(c)->keep->gone;
	int rc = 0;

	for (size_t i = 0; !rc && i < gone->n; i++)
		if (!pool_find(state_of(c)->pool, &gone->v[i]))
			rc = tn_del(c, b, D_TX, TN_VIEW(gone->v[i]));
	return rc;
}

static int write_changed(struct tn_ctx *c, struct tn_batch *b)
{
	struct note *changed = &state_of(c)->keep->changed;
	int rc = 0;

	for (size_t i = 0; !rc && i < changed->n; i++) {
		struct pool_tx *e = pool_find(state_of(c)->pool, &changed->v[i]);

		if (e && !e->saved)
			rc = keep_put(c, b, e);
	}
	return rc;
}

static void unsave(struct tn_ctx *c)
{
	struct note *changed = &state_of(c)->keep->changed;

	for (size_t i = 0; i < changed->n; i++) {
		struct pool_tx *e = pool_find(state_of(c)->pool, &changed->v[i]);

		if (e)
			e->saved = false;
	}
}

void keep_flush(struct tn_ctx *c)
{
	struct keep *k = state_of(c)->keep;
	struct tn_batch *b;
	int rc;

	if (!k->changed.n && !k->gone.n)
		return;
	b = tn_batch(c);
	if (!b)
		return;
	rc = write_gone(c, b);
	if (!rc)
		rc = write_changed(c, b);
	if (rc) {
		tn_abandon(c, b);
	} else {
		rc = tn_commit(c, b, TN_NO_TICKET);
		if (rc == TN_EFULL)
			tn_abandon(c, b);
	}
	if (rc) { /* the next second tries again */
		unsave(c);
		return;
	}
	k->changed.n = k->gone.n = 0;
}

static void on_soon(struct tn_ctx *c, void *arg)
{
	(void)arg;
	state_of(c)->keep->soon = false;
	keep_flush(c);
}

void keep_soon(struct tn_ctx *c)
{
	struct keep *k = state_of(c)->keep;

	if (!k->soon)
		k->soon = tn_after(c, 0, on_soon, NULL).v != 0;
}

/* ---- reading */

int kept_read(struct tn_ctx *c, const struct tn_hash *txid, struct tn_arena *a,
	      const struct kept **out)
{
	const void *v;
	struct tn_view val;
	int rc = tn_get(c, NULL, D_TX, (struct tn_view){ txid->b, sizeof txid->b }, &val);

	if (!rc)
		rc = tn_bin_read(&kept_schema, val, a, &v, NULL);
	if (!rc)
		*out = v;
	return rc;
}

int keep_enter(struct tn_ctx *c, const struct kept *k, bool restored, struct pool_tx **out)
{
	struct pool *p = state_of(c)->pool;
	struct tn_arena *a = tn_arena_create(0);
	struct pool_want want = { .tx = &k->tx,
				  .bytes = (uint32_t)tn_bin_write(&tn_wire_tx, &k->tx, NULL, 0),
				  .flags = k->flags,
				  .since = k->since,
				  .until = k->until,
				  .restored = restored };
	struct pool_added added = { .tx = NULL };
	struct pool_coin *coin;
	int rc = a ? coins_of(c, &k->tx, a, &coin, &want.fee) : TN_ENOMEM;

	if (!rc)
		rc = tn_txid(state_of(c)->sha, &k->tx, &want.txid);
	if (!rc) {
		want.coin = coin;
		rc = pool_add(p, &want, &added);
	}
	tn_arena_unref(a);
	if (rc)
		return rc;
	fate_gone(c, added.gone, GONE_EVICTED);
	*out = added.tx;
	added.tx->votes = k->votes;
	added.tx->voters = k->voters;
	if (k->flags & POOL_APPROVED)
		pool_approve(p, added.tx);
	if (k->flags & POOL_FINAL)
		pool_finalize(p, added.tx, k->final_at);
	return 0;
}

struct found {
	struct found *next;
	struct tn_hash txid;
	const struct kept *kept;
};

struct loading {
	struct tn_arena *a;
	struct found **v;
	struct found *list;
	size_t n;
};

static int read_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct loading *l = arg;
	struct found *f = tn_alloc(l->a, sizeof *f);
	const void *kept;

	(void)c;
	if (!f)
		return TN_ENOMEM;
	if (key.n != sizeof f->txid || tn_bin_read(&kept_schema, val, l->a, &kept, NULL))
		return TN_EBAD;
	memcpy(&f->txid, key.p, sizeof f->txid);
	f->kept = kept;
	f->next = l->list;
	l->list = f;
	l->n++;
	return 0;
}

static int by_order(const void *a_, const void *b_)
{
	const struct found *const *a = a_, *const *b = b_;
	int64_t left = (*a)->kept->order, right = (*b)->kept->order;

	return (left > right) - (left < right);
}

/* Whatever does not fit any more goes, unless this node has signed for it: its coins may
 * come back when the chain has caught up. */
static void enter_one(struct tn_ctx *c, const struct found *f, size_t *kept, size_t *dormant)
{
	struct pool_tx gone = { .txid = f->txid }, *e;
	uint64_t height;
	uint32_t index;

	if (!keep_enter(c, f->kept, false, &e)) {
		e->saved = true;
		++*kept;
		return;
	}
	if (f->kept->flags & (POOL_APPROVED | POOL_FINAL) &&
	    tn_chain_tx_at(tn_need(c, N_CHAIN), &f->txid, &height, &index) == TN_ENOENT) {
		++*dormant;
		return;
	}
	keep_forget(c, &gone);
}

static void enter_all(struct tn_ctx *c, struct loading *l)
{
	size_t kept = 0, dormant = 0, i = 0;

	for (struct found *f = l->list; f; f = f->next)
		l->v[i++] = f;
	qsort(l->v, l->n, sizeof *l->v, by_order);
	for (i = 0; i < l->n; i++)
		enter_one(c, l->v[i], &kept, &dormant);
	if (l->n)
		TN_LOG(c, TN_INFO, TN_NOBODY,
		       "Mempool: %zu transactions of %zu are read back, %zu wait for the chain",
		       kept, l->n, dormant);
}

int keep_load(struct tn_ctx *c, struct tn_error *err)
{
	struct loading l = { .a = tn_arena_create(SIZE_MAX / 2) };
	int rc = l.a ? tn_scan(c, D_TX, (struct tn_view){ 0 }, read_one, &l) : TN_ENOMEM;

	if (!rc) {
		l.v = tn_alloc(l.a, (l.n + 1) * sizeof(struct found *));
		rc = l.v ? 0 : TN_ENOMEM;
	}
	if (!rc)
		enter_all(c, &l);
	state_of(c)->keep->any = l.n > 0;
	tn_arena_unref(l.a);
	return rc ? tn_fail(err, rc, "the mempool in the store is unreadable") : 0;
}
