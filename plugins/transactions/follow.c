/* SPDX-License-Identifier: MIT
 * plugins/transactions/follow.c - blocks that come and go
 *
 * A transaction that a block contains leaves the pool, one that contradicts it too. What it had - votes,
 * finality - is written down with the block, so that it comes back as it was when the block is
 * taken off the chain. Asks write into the block's batch; memory changes with the tells. Of a
 * reorganisation the tells come one after the other when all of it is accepted, so what was in
 * blocks that went is looked at once, after the last of them: what is in a new block by then
 * stays there.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "inside.h"
#include "wallet.h"

enum { DONE_KEPT = 1000, PRUNE_AT_ONCE = 64 }; /* blocks that can be taken back */

const struct tn_schema done_schema =
	TN_SCHEMA(struct done, TN_RECORD, TN_FIELD(struct done, flags),
		  TN_FIELD(struct done, votes), TN_FIELD(struct done, voters),
		  TN_FIELD(struct done, since), TN_FIELD(struct done, final_at));

struct taken { /* a block that went */
	struct taken *next;
	const struct tn_block *block;
	struct tn_arena *arena;
};

struct follow {
	struct taken *taken; /* the lowest first */
	struct tn_timer timer;
	bool back; /* a batch that takes blocks back may be under way */
};

struct follow *follow_create(void)
{
	return calloc(1, sizeof(struct follow));
}

static void forget_taken(struct follow *f)
{
	struct taken *next;

	for (struct taken *t = f->taken; t; t = next) {
		next = t->next;
		tn_arena_unref(t->arena);
		free(t);
	}
	f->taken = NULL;
}

void follow_free(struct follow *f)
{
	if (f)
		forget_taken(f);
	free(f);
}

struct done_key {
	uint8_t b[40];
};

static struct done_key key_of(uint64_t height, const struct tn_hash *txid)
{
	struct done_key k;

	tn_be64(k.b, height);
	memcpy(k.b + 8, txid->b, sizeof txid->b);
	return k;
}

/* ---- asks: into the block's batch */

struct pruning {
	struct tn_batch *batch;
	uint64_t below;
	unsigned left;
	int rc;
};

static int prune_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct pruning *p = arg;
	uint8_t limit[8];

	(void)val;
	tn_be64(limit, p->below);
	if (!p->left || key.n < sizeof limit || memcmp(key.p, limit, sizeof limit) >= 0)
		return 1;
	p->left--;
	p->rc = tn_del(c, p->batch, D_DONE, key);
	return p->rc ? 1 : 0;
}

static int prune(struct tn_ctx *c, struct tn_batch *batch, uint64_t height)
{
	struct pruning p = { .batch = batch, .left = PRUNE_AT_ONCE };
	int rc;

	if (height <= DONE_KEPT)
		return 0;
	p.below = height - DONE_KEPT;
	rc = tn_scan(c, D_DONE, (struct tn_view){ 0 }, prune_one, &p);
	return rc < 0 ? rc : p.rc;
}

static int write_done(struct tn_ctx *c, struct tn_batch *batch, uint64_t height,
		      const struct tn_hash *txid)
{
	const struct pool_tx *e = pool_find(state_of(c)->pool, txid);
	struct done_key key = key_of(height, txid);
	struct done d;

	if (!e)
		return 0;
	d = (struct done){ e->flags, e->votes, e->voters, e->since, e->final_at };
	return tn_put_as(c, batch, D_DONE, TN_VIEW(key), &done_schema, &d);
}

static bool nothing_here(struct tn_ctx *c)
{
	const struct state *st = state_of(c);

	return !pool_sums(st->pool)->count && !keep_has_any(c) && !st->follow->back;
}

int on_connect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *ev = payload;
	const struct tn_block *b = ev->block;
	int rc = 0;

	if (nothing_here(c))
		return voting_connect(c, ev, err);
	for (uint32_t i = 1; !rc && i < b->transactions.n; i++) {
		struct tn_hash txid;

		rc = tn_txid(state_of(c)->sha, &b->transactions.v[i], &txid);
		if (!rc)
			rc = write_done(c, ev->batch, b->header.height, &txid);
		if (!rc)
			rc = tn_del(c, ev->batch, D_TX, TN_VIEW(txid));
	}
	if (!rc)
		rc = prune(c, ev->batch, b->header.height);
	return rc ? tn_fail(err, rc, "the mempool cannot be written") : voting_connect(c, ev, err);
}

/* Behind all blocks that stay, before all that is in the pool, in the order of the chain. */
static int64_t order_of(uint64_t height, uint32_t i)
{
	return INT64_MIN / 2 + (int64_t)(height << 20 & INT64_MAX / 4) + i;
}

static int write_back(struct tn_ctx *c, const struct tn_ev_block *ev, uint32_t i)
{
	const struct tn_block *b = ev->block;
	struct kept k = { .tx = b->transactions.v[i],
			  .since = tn_wall_s(c),
			  .order = order_of(b->header.height, i) };
	struct tn_hash txid;
	struct done_key key;
	struct tn_view val;
	const void *v;

	if (tn_txid(state_of(c)->sha, &k.tx, &txid))
		return TN_ENOMEM;
	key = key_of(b->header.height, &txid);
	if (!tn_get(c, ev->batch, D_DONE, TN_VIEW(key), &val) &&
	    !tn_bin_read(&done_schema, val, tn_scratch(c), &v, NULL)) {
		const struct done *d = v;

		k.flags = d->flags;
		k.votes = d->votes;
		k.voters = d->voters;
		k.since = d->since;
		k.final_at = d->final_at;
		if (tn_del(c, ev->batch, D_DONE, TN_VIEW(key)))
			return TN_EIO;
	}
	k.until = tn_wall_s(c) + (int64_t)(conf_of(c)->expire / 1000);
	return tn_put_as(c, ev->batch, D_TX, TN_VIEW(txid), &kept_schema, &k);
}

int on_disconnect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *ev = payload;
	int rc = 0;

	state_of(c)->follow->back = true;
	for (uint32_t i = 1; !rc && i < ev->block->transactions.n; i++)
		rc = write_back(c, ev, i);
	return rc ? tn_fail(err, rc, "the mempool cannot be written")
		  : voting_disconnect(c, ev, err);
}

static int wipe_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	(void)val;
	return tn_del(c, arg, D_DONE, key);
}

int on_reset(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *ev = payload;
	int rc = tn_scan(c, D_DONE, (struct tn_view){ 0 }, wipe_one, ev->batch);

	return rc ? tn_fail(err, rc, "the mempool cannot be written") : voting_reset(c, ev, err);
}

/* ---- a block has come */

static void tell_spent(struct tn_ctx *c, const struct tn_block *b, const struct tn_hash *txid,
		       const struct pool_tx *e, uint32_t i)
{
	struct coin_change change = { .at = e->tx.inputs.v[i].previous_output,
				      .script = e->coin[i].script,
				      .was = true,
				      .is = true };

	coin_reserved(e, &change.old);
	change.now.tag = TN_UTXO_CONFIRMED;
	change.now.u.confirmed =
		(struct tn_utxo_confirmed){ *txid, b->header.height, b->header.timestamp };
	coin_changed(c, &change);
}

/* Its outputs were states of their own already if it was final. */
static void tell_made(struct tn_ctx *c, const struct tn_tx *tx, const struct tn_hash *txid)
{
	for (uint32_t i = 0; i < tx->outputs.n; i++) {
		struct coin_change change = { .at = { *txid, i },
					      .script = tx->outputs.v[i].script_pubkey,
					      .is = true };

		if (!pool_spender(state_of(c)->pool, &change.at))
			coin_changed(c, &change);
	}
}

static void leave(struct tn_ctx *c, const struct tn_block *b, struct pool_tx *e)
{
	bool was_final = e->flags & POOL_FINAL;
	struct tn_hash txid = e->txid;

	pool_confirm(state_of(c)->pool, e);
	for (uint32_t i = 0; i < e->tx.inputs.n; i++)
		tell_spent(c, b, &txid, e, i);
	if (!was_final)
		tell_made(c, &e->tx, &txid);
	keep_forget(c, e);
	wallet_gone(c, e);
	pay_gone(c, e, GONE_CONFIRMED);
	voting_gone(c, e, GONE_CONFIRMED);
	fate_unblock(c, &txid, e->tx.outputs.n);
	pool_dispose(e);
}

/* Whoever still reserves a coin that the block has spent. */
static void overturn(struct tn_ctx *c, const struct tn_block *b, const struct tn_tx *tx)
{
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		struct pool_tx *e =
			pool_spender(state_of(c)->pool, &tx->inputs.v[i].previous_output);

		if (!e)
			continue;
		if (e->flags & POOL_FINAL)
			TN_LOG(c, TN_ERROR, TN_NOBODY,
			       "Block %" PRIu64 " spends a coin of a final transaction",
			       b->header.height);
		fate_gone(c, pool_remove(state_of(c)->pool, e), GONE_CONFLICT);
	}
}

/* A coin that was never in the pool: somebody may have subscribed to it. */
static void tell_strangers(struct tn_ctx *c, const struct tn_block *b, const struct tn_tx *tx,
			   const struct tn_hash *txid)
{
	char owner[TN_ADDRESS_TEXT];

	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		struct coin_change change = { .at = tx->inputs.v[i].previous_output,
					      .script = input_owner(c, &tx->inputs.v[i], owner),
					      .was = true,
					      .is = true };

		change.now.tag = TN_UTXO_CONFIRMED;
		change.now.u.confirmed =
			(struct tn_utxo_confirmed){ *txid, b->header.height, b->header.timestamp };
		coin_changed(c, &change);
	}
	tell_made(c, tx, txid);
}

static void connected_tx(struct tn_ctx *c, const struct tn_block *b, const struct tn_tx *tx)
{
	struct tn_hash txid;
	struct pool_tx *e;

	if (tn_txid(state_of(c)->sha, tx, &txid))
		return;
	e = pool_find(state_of(c)->pool, &txid);
	if (e) {
		leave(c, b, e);
	} else {
		overturn(c, b, tx);
		if (coins_watched(c))
			tell_strangers(c, b, tx, &txid);
	}
	intake_parent(c, &txid);
}

void on_connected(struct tn_ctx *c, const void *payload)
{
	const struct tn_ev_block *ev = payload;
	const struct state *st = state_of(c);

	intake_chain_moved(c);
	voting_tip(c);
	if (!pool_sums(st->pool)->count && !orphans_count(st->orphans) && !coins_watched(c))
		return;
	for (uint32_t i = 0; i < ev->block->transactions.n; i++)
		connected_tx(c, ev->block, &ev->block->transactions.v[i]);
	count_pool(c);
}

/* ---- a block has gone */

/* It does not come back: what spends its outputs goes as well. */
static void lose(struct tn_ctx *c, const struct tn_tx *tx, const struct tn_hash *txid)
{
	for (uint32_t i = 0; i < tx->outputs.n; i++) {
		struct tn_outpoint at = { *txid, i };
		struct pool_tx *e = pool_spender(state_of(c)->pool, &at);

		if (e)
			fate_gone(c, pool_remove(state_of(c)->pool, e), GONE_CONFLICT);
	}
}

/* A coin that its block spent: reserved again by e, or free when it is there at all. One that is
 * not has been told of by whoever spends it now, or is by whoever made it.
 */
static void tell_back_input(struct tn_ctx *c, const struct tn_txin *in, const struct pool_tx *e)
{
	char owner[TN_ADDRESS_TEXT];
	struct coin_change change = { .at = in->previous_output,
				      .script = input_owner(c, in, owner),
				      .was = true,
				      .is = true };
	struct coin_view view;

	change.old.tag = TN_UTXO_CONFIRMED;
	if (e)
		coin_reserved(e, &change.now);
	else if (coin_find(c, &change.at, tn_scratch(c), &view) || !view.has_state)
		return;
	else
		change.now = view.state;
	coin_changed(c, &change);
}

/* A transaction is in no block any more; e: it is in the pool again. */
static void tell_back(struct tn_ctx *c, const struct tn_tx *tx, const struct tn_hash *txid,
		      const struct pool_tx *e)
{
	if (!coins_watched(c))
		return;
	for (uint32_t i = 0; i < tx->inputs.n; i++)
		tell_back_input(c, &tx->inputs.v[i], e);
	for (uint32_t i = 0; !(e && e->flags & POOL_FINAL) && i < tx->outputs.n; i++) {
		struct coin_change change = { .at = { *txid, i },
					      .script = tx->outputs.v[i].script_pubkey,
					      .was = true };

		if (!pool_spender(state_of(c)->pool, &change.at))
			coin_changed(c, &change);
	}
}

static void restore_tx(struct tn_ctx *c, const struct tn_tx *tx, bool coinbase)
{
	struct pool_tx gone, *e;
	struct tn_arena *a = tn_arena_new(c);
	const struct kept *k;
	uint64_t height;
	uint32_t index;

	memset(&gone, 0, sizeof gone);
	if (!a || tn_txid(state_of(c)->sha, tx, &gone.txid)) {
		tn_arena_unref(a);
		return;
	}
	if (!tn_chain_tx_at(tn_need(c, N_CHAIN), &gone.txid, &height, &index)) {
		tn_arena_unref(a);
		return; /* in another block */
	}
	if (coinbase || kept_read(c, &gone.txid, a, &k) || keep_enter(c, k, true, &e)) {
		lose(c, tx, &gone.txid);
		keep_forget(c, &gone);
		tell_back(c, tx, &gone.txid, NULL);
	} else {
		keep_dirty(c, e);
		tell_back(c, tx, &gone.txid, e);
		wallet_accepted(c, e);
		voting_accepted(c, e);
	}
	tn_arena_unref(a);
}

static void restore(struct tn_ctx *c, void *arg)
{
	struct follow *f = state_of(c)->follow;
	uint32_t n = 0;

	(void)arg;
	f->timer = (struct tn_timer){ 0 };
	f->back = false;
	for (const struct taken *t = f->taken; t; t = t->next)
		n += t->block->transactions.n;
	pool_restore(state_of(c)->pool, n);
	for (const struct taken *t = f->taken; t; t = t->next)
		for (uint32_t i = 0; i < t->block->transactions.n; i++)
			restore_tx(c, &t->block->transactions.v[i], i == 0);
	pool_restore(state_of(c)->pool, 0);
	forget_taken(f);
	count_pool(c);
}

void on_disconnected(struct tn_ctx *c, const void *payload)
{
	const struct tn_ev_block *ev = payload;
	struct follow *f = state_of(c)->follow;
	struct taken *t = calloc(1, sizeof *t);

	intake_chain_moved(c);
	if (!t)
		return;
	t->block = ev->block;
	t->arena = tn_arena_ref(ev->arena);
	t->next = f->taken; /* the tip went first */
	f->taken = t;
	if (!f->timer.v)
		f->timer = tn_after(c, 0, restore, NULL);
}

/* What has not been looked at is on the disk and is read at the next start. */
void follow_stop(struct tn_ctx *c)
{
	forget_taken(state_of(c)->follow);
}
