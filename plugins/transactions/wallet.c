/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet.c - the coins of this node's own key: events, and what commands ask
 *
 * What is on the disk is written while a block is asked about, in its batch; what is in memory
 * follows when it has happened. A reorganisation tells of its blocks one by one when all of it is
 * done already: to read the store is right in any order.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "wallet_impl.h"

/* ---- events of the chain */

static bool is_next(const struct wallet_meta *m, const struct tn_block *b)
{
	return b->header.height == m->height + 1 && same_hash(&b->header.previous_hash, &m->hash);
}

/* A block that the wallet is not ready for is read later. */
int wallet_connect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *ev = payload;
	struct wallet *w = wallet_of(c);
	struct wallet_meta m;
	struct own_block part;
	int rc;

	if (w->phase == KEYLESS || own_meta(c, ev->batch, &m) || !is_next(&m, ev->block))
		return 0;
	part = wallet_part(w, &m, ev->block);
	rc = own_connect(c, ev->batch, &part);
	m.height++;
	m.hash = *ev->hash;
	if (!rc)
		rc = own_put_meta(c, ev->batch, &m);
	return rc ? tn_fail(err, rc, "the wallet cannot follow: %s", tn_code_text(rc)) : 0;
}

int wallet_disconnect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *ev = payload;
	struct wallet *w = wallet_of(c);
	struct wallet_meta m;
	struct own_block part;
	int rc;

	if (w->phase == KEYLESS || own_meta(c, ev->batch, &m) || !m.height ||
	    m.height != ev->block->header.height || !same_hash(ev->hash, &m.hash))
		return 0;
	part = wallet_part(w, &m, ev->block);
	rc = own_disconnect(c, ev->batch, &part);
	m.height--;
	m.hash = ev->block->header.previous_hash;
	if (!rc)
		rc = own_put_meta(c, ev->batch, &m);
	return rc ? tn_fail(err, rc, "the wallet cannot follow: %s", tn_code_text(rc)) : 0;
}

/* The genesis block stays whatever happens. */
int wallet_reset(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *ev = payload;
	struct wallet_meta m;
	int rc = own_meta(c, ev->batch, &m);

	if (rc == TN_ENOENT)
		return 0;
	m.generation++;
	m.height = 0;
	if (!rc)
		rc = tn_chain_hash_at(tn_need(c, N_CHAIN), 0, &m.hash);
	if (!rc)
		rc = own_put_meta(c, ev->batch, &m);
	return rc ? tn_fail(err, rc, "the wallet cannot begin anew: %s", tn_code_text(rc)) : 0;
}

static void moved(struct tn_ctx *c, const struct tn_ev_block *ev, bool connected)
{
	struct wallet *w = wallet_of(c);
	uint32_t generation = w->meta.generation;
	struct tn_tip tip;

	if (w->phase == KEYLESS || own_meta(c, NULL, &w->meta))
		return;
	if (w->meta.generation != generation) {
		wallet_coins_forget(w->coins);
		w->swept = false;
		wallet_load(c);
		return;
	}
	wallet_follow(c, ev->block, connected);
	if (w->phase == READY &&
	    (tn_chain_tip(tn_need(c, N_CHAIN), &tip) || !same_hash(&tip.hash, &w->meta.hash))) {
		w->phase = READING;
		wallet_again(c, 0);
	}
	wallet_count(c);
}

void wallet_connected(struct tn_ctx *c, const void *payload)
{
	moved(c, payload, true);
}

void wallet_disconnected(struct tn_ctx *c, const void *payload)
{
	moved(c, payload, false);
}

/* ---- events of the mempool */

static bool pays_us(struct tn_bytes script, const struct tn_txout *out)
{
	return out->script_pubkey.n == script.n &&
	       !memcmp(out->script_pubkey.p, script.p, script.n);
}

void wallet_accepted(struct tn_ctx *c, const struct pool_tx *e)
{
	struct wallet *w = wallet_of(c);
	struct tn_bytes script = w ? wallet_script(w) : (struct tn_bytes){ NULL, 0 };
	struct tn_outpoint o = { e->txid, 0 };

	for (; script.n && o.vout < e->tx.outputs.n; o.vout++) {
		struct wallet_coin *coin;

		if (!pays_us(script, &e->tx.outputs.v[o.vout]))
			continue;
		coin = wallet_coins_make(w->coins, &o);
		if (!coin) {
			TN_LOG(c, TN_ERROR, TN_NOBODY, "No memory for a coin of the wallet");
			continue;
		}
		coin->value = e->tx.outputs.v[o.vout].value;
		coin->pooled = true;
	}
}

void wallet_gone(struct tn_ctx *c, const struct pool_tx *e)
{
	struct wallet *w = wallet_of(c);
	struct tn_bytes script = w ? wallet_script(w) : (struct tn_bytes){ NULL, 0 };
	struct tn_outpoint o = { e->txid, 0 };

	for (; script.n && o.vout < e->tx.outputs.n; o.vout++) {
		struct wallet_coin *coin = NULL;

		if (pays_us(script, &e->tx.outputs.v[o.vout]))
			coin = wallet_coins_find(w->coins, &o);
		if (!coin)
			continue;
		coin->pooled = false;
		wallet_coins_release(w->coins, coin);
	}
}

/* ---- for commands */

int wallet_ready(struct tn_ctx *c, struct tn_error *err)
{
	const struct wallet *w = wallet_of(c);
	struct tn_tip tip = { 0 };

	if (w->phase == READY)
		return 0;
	if (w->phase == KEYLESS)
		return tn_fail(err, TN_EGONE,
			       "this node has no key: the plugin masternodes is not loaded");
	tn_chain_tip(tn_need(c, N_CHAIN), &tip);
	return tn_fail(err, TN_EBUSY,
		       "the wallet is reading the chain: height %" PRIu64 " of %" PRIu64
		       "; getbalance shows how far it is",
		       w->meta.height, tip.height);
}

void wallet_view(struct tn_ctx *c, struct wallet_view *out)
{
	const struct wallet *w = wallet_of(c);
	struct tn_tip tip = { 0 };

	tn_chain_tip(tn_need(c, N_CHAIN), &tip);
	*out = (struct wallet_view){ w->id.payment, w->id.key, w->meta.height, tip.height,
				     wallet_coins_count(w->coins) };
}

bool wallet_owns(struct tn_ctx *c, struct tn_bytes script)
{
	struct tn_bytes own = wallet_script(wallet_of(c));

	return own.n && script.n == own.n && !memcmp(script.p, own.p, own.n);
}

const struct wallet_coin *wallet_next(struct tn_ctx *c, const struct wallet_coin *after)
{
	return wallet_coins_next(wallet_of(c)->coins, after);
}

/* Nobody but this node can take it back. */
static bool is_ours(struct tn_ctx *c, const struct pool_tx *e)
{
	for (uint32_t i = 0; i < e->tx.inputs.n; i++)
		if (!wallet_owns(c, e->coin[i].script))
			return false;
	return e->flags & POOL_OWN;
}

enum wallet_kind wallet_kind(struct tn_ctx *c, const struct wallet_coin *coin)
{
	const struct pool *pool = state_of(c)->pool;
	const struct pool_tx *maker;

	if (coin->held || pool_spender(pool, &coin->at))
		return COIN_TAKEN;
	if (coin->confirmed)
		return COIN_CONFIRMED;
	maker = pool_find(pool, &coin->at.txid);
	if (maker && maker->flags & POOL_FINAL)
		return COIN_FINAL;
	return maker && is_ours(c, maker) ? COIN_CHANGE : COIN_PENDING;
}

void wallet_hold(struct tn_ctx *c, const struct tn_outpoint *o, bool hold)
{
	struct wallet_coin *e = wallet_of(c) ? wallet_coins_find(wallet_of(c)->coins, o) : NULL;

	if (e)
		e->held = hold;
}

/* ---- life */

int wallet_start(struct tn_ctx *c, struct tn_error *err)
{
	uint64_t key[2] = { tn_random64(c), tn_random64(c) };
	struct wallet *w = calloc(1, sizeof *w);

	if (w)
		w->coins = wallet_coins_create(key);
	if (!w || !w->coins) {
		free(w);
		return tn_fail(err, TN_ENOMEM, "no memory");
	}
	state_of(c)->wallet = w;
	wallet_again(c, 0);
	return 0;
}

void wallet_stop(struct tn_ctx *c)
{
	struct wallet *w = wallet_of(c);

	if (!w)
		return;
	wallet_coins_free(w->coins);
	free(w);
	state_of(c)->wallet = NULL;
}
