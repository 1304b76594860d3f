/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet_read.c - the wallet learns: its key, its coins in the store, the chain
 *
 * In turns of some milliseconds. Memory always follows the store and is never worked out beside it.
 */
#include <inttypes.h>

#include "wallet_impl.h"

enum {
	TURN_COINS = 2000,
	TURN_BLOCKS = 50,
	TURN_US = 3000,
	TURN_SWEEP = 1000,
	RETRY_MS = 1000,
	BEHIND_MS = 50
};

/* ---- coins in memory */

static int place(struct tn_ctx *c, const struct tn_outpoint *o, const struct own_coin *coin)
{
	struct wallet_coin *e = wallet_coins_make(wallet_of(c)->coins, o);

	if (!e)
		return TN_ENOMEM;
	e->value = coin->value;
	e->height = coin->height;
	e->coinbase = coin->coinbase;
	e->confirmed = true;
	return 0;
}

/* As the store has it. */
static void follow(struct tn_ctx *c, const struct tn_outpoint *o)
{
	struct wallet *w = wallet_of(c);
	struct own_coin coin;
	struct wallet_coin *e;
	int rc = own_get(c, NULL, w->meta.generation, o, &coin);

	if (!rc)
		rc = place(c, o, &coin);
	if (!rc)
		return;
	if (rc != TN_ENOENT) {
		wallet_load(c);
		return;
	}
	e = wallet_coins_find(w->coins, o);
	if (!e)
		return;
	e->confirmed = false;
	wallet_coins_release(w->coins, e);
}

/* While the store is read nothing can be said. */
static bool maybe(struct tn_ctx *c, const struct tn_outpoint *o)
{
	const struct wallet *w = wallet_of(c);

	return w->phase <= LOADING || wallet_coins_maybe(w->coins, o);
}

static void mark(struct tn_ctx *c, const struct tn_outpoint *o)
{
	wallet_coins_mark(wallet_of(c)->coins, o);
}

void wallet_follow(struct tn_ctx *c, const struct tn_block *b, bool connected)
{
	struct tn_bytes script = wallet_script(wallet_of(c));
	struct tn_outpoint o;

	for (uint32_t i = 0; i < b->transactions.n; i++) {
		const struct tn_tx *tx = &b->transactions.v[i];
		bool known = false;

		for (uint32_t k = 0; k < tx->inputs.n; k++) {
			o = tx->inputs.v[k].previous_output;
			if (!connected || wallet_coins_find(wallet_of(c)->coins, &o))
				follow(c, &o);
		}
		for (o.vout = 0; o.vout < tx->outputs.n; o.vout++) {
			struct tn_bytes s = tx->outputs.v[o.vout].script_pubkey;

			if (s.n != script.n || memcmp(s.p, script.p, s.n) != 0)
				continue;
			if (!known && tn_txid(state_of(c)->sha, tx, &o.txid)) {
				wallet_load(c);
				return;
			}
			known = true;
			follow(c, &o);
		}
	}
}

/* ---- turns: the key, the store, the chain */

static void turn(struct tn_ctx *c, void *arg);

void wallet_again(struct tn_ctx *c, uint64_t ms)
{
	struct wallet *w = wallet_of(c);

	if (w->waits)
		return;
	w->waits = tn_after(c, ms, turn, NULL).v != 0;
}

void wallet_load(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);

	w->phase = LOADING;
	w->cursor.n = 0;
	wallet_again(c, 0);
}

void wallet_count(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);

	tn_metric(c, C_WALLET_HEIGHT, (int64_t)w->meta.height);
	tn_metric(c, C_WALLET_COINS, (int64_t)wallet_coins_count(w->coins));
}

static int commit(struct tn_ctx *c, struct tn_batch *b, int rc)
{
	if (!b)
		return TN_ENOMEM;
	if (!rc) {
		rc = tn_commit(c, b, TN_NO_TICKET);
		if (rc != TN_EFULL)
			return rc;
	}
	tn_abandon(c, b);
	return rc;
}

/* Another key, or another chain than the one that was read: a new generation from genesis on. */
static int begin_anew(struct tn_ctx *c, uint32_t generation)
{
	struct wallet *w = wallet_of(c);
	struct wallet_meta m = { .generation = generation, .key = w->id.key };
	struct tn_svc chain = tn_need(c, N_CHAIN);
	struct tn_batch *b;
	int rc = tn_chain_hash_at(chain, 0, &m.hash);

	if (rc)
		return rc;
	b = tn_batch(c);
	rc = commit(c, b, b ? own_put_meta(c, b, &m) : TN_ENOMEM);
	if (rc)
		return rc;
	w->meta = m;
	w->swept = false;
	wallet_coins_forget(w->coins);
	wallet_load(c);
	return 0;
}

static void adopt_pool(struct tn_ctx *c)
{
	struct pool_tx *e = NULL;

	while ((e = pool_next(state_of(c)->pool, e)))
		wallet_accepted(c, e);
}

static int find_key(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);
	int rc = tn_identity_get(tn_need(c, N_IDENTITY), &w->id);

	if (rc)
		return rc;
	rc = own_meta(c, NULL, &w->meta);
	if (rc == TN_ENOENT)
		rc = begin_anew(c, 1);
	else if (!rc && memcmp(&w->meta.key, &w->id.key, sizeof w->id.key) != 0)
		rc = begin_anew(c, w->meta.generation + 1);
	if (rc)
		return rc;
	wallet_load(c);
	adopt_pool(c);
	return 0;
}

static int load_one(struct tn_ctx *c, const struct tn_outpoint *o, const struct own_coin *coin)
{
	mark(c, o);
	return place(c, o, coin);
}

/* Does the chain still have the block up to which it was read? */
static int check_chain(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);
	struct tn_hash hash;
	int rc = tn_chain_hash_at(tn_need(c, N_CHAIN), w->meta.height, &hash);

	if (rc && rc != TN_ENOENT)
		return rc;
	if (!rc && same_hash(&hash, &w->meta.hash))
		return 0;
	TN_LOG(c, TN_WARN, TN_NOBODY,
	       "The wallet stands on a block that is not on the chain: it is read anew");
	rc = begin_anew(c, w->meta.generation + 1);
	return rc ? rc : TN_EBUSY;
}

static int load(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);
	int rc = own_scan(c, w->meta.generation, &w->cursor, TURN_COINS, load_one);

	if (!rc)
		rc = check_chain(c);
	if (!rc)
		w->phase = READING;
	return rc == TN_EBUSY ? 0 : rc;
}

struct own_block wallet_part(const struct wallet *w, const struct wallet_meta *m,
			     const struct tn_block *b)
{
	return (struct own_block){ b, wallet_script(w), m->generation, maybe, mark };
}

static int read_block(struct tn_ctx *c, const struct tn_block *block)
{
	struct wallet *w = wallet_of(c);
	struct own_block part = wallet_part(w, &w->meta, block);
	struct wallet_meta m = w->meta;
	struct tn_batch *b;
	int rc = tn_block_hash(state_of(c)->sha, &block->header, &m.hash);

	if (rc)
		return rc;
	m.height = block->header.height;
	if (!same_hash(&block->header.previous_hash, &w->meta.hash))
		return check_chain(c);
	b = tn_batch(c);
	rc = b ? own_connect(c, b, &part) : TN_ENOMEM;
	if (!rc)
		rc = own_put_meta(c, b, &m);
	rc = commit(c, b, rc);
	if (rc)
		return rc;
	w->meta = m;
	wallet_follow(c, block, true);
	return 0;
}

static int read_next(struct tn_ctx *c)
{
	struct tn_arena *a = tn_arena_new(c);
	const struct tn_block *block;
	int rc =
		a ? tn_chain_block_at(tn_need(c, N_CHAIN), wallet_of(c)->meta.height + 1, a, &block)
		  : TN_ENOMEM;

	if (!rc)
		rc = read_block(c, block);
	tn_arena_unref(a);
	return rc;
}

static void tell_begin(struct tn_ctx *c, uint64_t tip)
{
	struct wallet *w = wallet_of(c);

	if (w->told || tip - w->meta.height < TURN_BLOCKS)
		return;
	w->told = true;
	TN_LOG(c, TN_INFO, TN_NOBODY,
	       "Reading the chain for coins of %s: height %" PRIu64 " of %" PRIu64, w->id.payment,
	       w->meta.height, tip);
}

static void tell_end(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);

	if (w->told)
		TN_LOG(c, TN_INFO, TN_NOBODY,
		       "The wallet has read the chain: height %" PRIu64 ", %u coins",
		       w->meta.height, wallet_coins_count(w->coins));
	w->told = false;
}

static int sweep(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);
	struct tn_batch *b = tn_batch(c);
	int more = b ? own_sweep(c, b, w->meta.generation, TURN_SWEEP) : TN_ENOMEM;
	int rc = commit(c, b, more == TN_EBUSY ? 0 : more);

	if (!rc && !more)
		w->swept = true;
	return rc;
}

static int read_chain(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);
	uint64_t end = tn_now_us(c) + TURN_US;
	struct tn_tip tip;
	int rc = tn_chain_tip(tn_need(c, N_CHAIN), &tip);

	if (rc)
		return rc;
	if (w->meta.height < tip.height)
		tell_begin(c, tip.height);
	for (unsigned i = 0; i < TURN_BLOCKS && tn_now_us(c) < end; i++) {
		if (w->phase != READING)
			return 0;
		if (w->meta.height >= tip.height) {
			w->phase = READY;
			tell_end(c);
			return check_chain(c);
		}
		rc = read_next(c);
		if (rc)
			return rc;
	}
	return 0;
}

static int step(struct tn_ctx *c)
{
	switch (wallet_of(c)->phase) {
	case KEYLESS:
		return find_key(c);
	case LOADING:
		return load(c);
	case READING:
		return read_chain(c);
	case READY:
		break;
	}
	return sweep(c);
}

static void turn(struct tn_ctx *c, void *arg)
{
	struct wallet *w = wallet_of(c);
	int rc;

	(void)arg;
	w->waits = false;
	rc = step(c);
	wallet_count(c);
	if (rc && rc != TN_EBUSY)
		wallet_again(c, rc == TN_EFULL ? BEHIND_MS : RETRY_MS);
	else if (w->phase != READY || !w->swept)
		wallet_again(c, 1);
}
