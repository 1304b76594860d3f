/* SPDX-License-Identifier: MIT
 * plugins/blocks/coinset.c - the hash over all coins, in slices, kept for the tip it belongs to
 *
 * The order of the keys is the order in which coins are hashed (timenode/types_chain.h). A tip
 * that moves meanwhile begins it anew.
 */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

enum { SLICE = 2000, RESTARTS = 5, WAITERS = 64 };

struct coinset {
	struct tn_sha *sha; /* between two slices it holds the digest so far */
	struct coinset_result result;
	bool has, running;
	unsigned restarts;
	struct tn_timer timer;
	struct coinset_waiter waiter[WAITERS];
	unsigned waiters;

	/* the scan */
	struct tn_hash tip;
	uint8_t last[TN_COIN_KEY];
	size_t last_n; /* 0: not begun */
	uint64_t count, total;
	unsigned left;
	struct tn_arena *arena; /* one coin */
};

struct coinset *coinset_create(void)
{
	struct coinset *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->sha = tn_sha_create();
	s->arena = tn_arena_create((size_t)64 << 20);
	if (s->sha && s->arena)
		return s;
	coinset_free(s);
	return NULL;
}

void coinset_free(struct coinset *s)
{
	if (!s)
		return;
	tn_sha_free(s->sha);
	tn_arena_unref(s->arena);
	free(s);
}

/* ---- hashing */

static int take_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct coinset *s = arg;
	struct tn_utxo u = { .value = 0 };
	const struct tn_coin *coin;
	const void *v;

	(void)c;
	tn_arena_reset(s->arena);
	if (tn_coin_key_read(key, &u.outpoint) ||
	    tn_bin_read(&tn_store_coin, val, s->arena, &v, NULL))
		return TN_EBAD;
	coin = v;
	u.value = coin->value;
	u.script_pubkey = coin->script;
	tn_coinset_add(s->sha, &u);
	memcpy(s->last, key.p, key.n);
	s->last_n = key.n;
	s->count++;
	s->total += u.value;
	return --s->left ? 0 : 1;
}

/* ---- waiting */

static void answer(struct tn_ctx *c, struct coinset *s, int rc)
{
	struct coinset_waiter list[WAITERS];
	unsigned n = s->waiters;

	memcpy(list, s->waiter, n * sizeof *list);
	s->waiters = 0;
	for (unsigned i = 0; i < n; i++)
		list[i].fn(c, rc, &s->result, &list[i]);
}

static void begin(struct tn_ctx *c, struct coinset *s)
{
	s->tip = state_of(c)->tip.hash;
	s->result.height = state_of(c)->tip.height;
	s->last_n = 0;
	s->count = s->total = 0;
	tn_sha_begin(s->sha);
}

static void finish(struct tn_ctx *c, struct coinset *s)
{
	int rc = tn_sha_end(s->sha, &s->result.hash);

	s->running = false;
	s->has = !rc;
	s->result.count = s->count;
	s->result.total = s->total;
	s->result.tip = s->tip;
	answer(c, s, rc);
}

static void fail(struct tn_ctx *c, struct coinset *s, int rc)
{
	s->running = false;
	answer(c, s, rc);
}

/* Is what was scanned so far worth nothing? Then anew, unless that happens again and again.
 * While a reindex removes them, the coins are those of no block. */
static bool moved(struct tn_ctx *c, struct coinset *s)
{
	if (state_of(c)->wiping) {
		fail(c, s, TN_EBUSY);
		return true;
	}
	if (same_hash(&s->tip, &state_of(c)->tip.hash))
		return false;
	if (++s->restarts > RESTARTS) {
		fail(c, s, TN_EBUSY);
		return true;
	}
	begin(c, s);
	return false;
}

static void on_slice(struct tn_ctx *c, void *arg)
{
	struct coinset *s = arg;
	uint8_t from[TN_COIN_KEY + 1] = { 0 }; /* the least key behind the last one */
	struct tn_view at = { from, 0 };
	int rc;

	s->timer = (struct tn_timer){ 0 };
	if (moved(c, s))
		return;
	at.n = s->last_n ? s->last_n + 1 : 0;
	memcpy(from, s->last, s->last_n);
	s->left = SLICE;
	rc = tn_scan(c, D_COIN, at, take_one, s);
	if (rc < 0)
		fail(c, s, rc);
	else if (rc == 0)
		finish(c, s);
	else
		s->timer = tn_after(c, 0, on_slice, s);
}

int coinset_want(struct tn_ctx *c, const struct coinset_waiter *w)
{
	struct coinset *s = state_of(c)->coinset;

	if (state_of(c)->wiping)
		return TN_EBUSY;
	if (s->has && same_hash(&s->result.tip, &state_of(c)->tip.hash)) {
		w->fn(c, 0, &s->result, w);
		return 0;
	}
	if (s->waiters == WAITERS)
		return TN_EFULL;
	s->waiter[s->waiters++] = *w;
	if (s->running)
		return 0;
	s->has = false;
	s->running = true;
	s->restarts = 0;
	begin(c, s);
	s->timer = tn_after(c, 0, on_slice, s);
	return s->timer.v ? 0 : TN_ENOMEM;
}
