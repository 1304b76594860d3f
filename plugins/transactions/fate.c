/* SPDX-License-Identifier: MIT
 * plugins/transactions/fate.c - what becomes of a transaction in the pool, and who is told
 */
#include <stdlib.h>

#include "commands.h"
#include "inside.h"
#include "wallet.h"

/* Those whose parent has become final or confirmed. A queue, not a recursion: a chain of payments
 * may be as long as the pool is large. */
struct fate {
	struct tn_hash *unblocked;
	size_t n, at, room;
	bool running;
};

struct fate *fate_create(void)
{
	return calloc(1, sizeof(struct fate));
}

void fate_free(struct fate *f)
{
	if (!f)
		return;
	free(f->unblocked);
	free(f);
}

/* ---- states of coins */

static const struct tn_utxo_state unspent = { .tag = TN_UTXO_UNSPENT };

/* Is there a state when nobody in the pool spends it? */
static bool stands_alone(struct tn_ctx *c, const struct tn_outpoint *at)
{
	const struct pool_tx *maker = pool_find(state_of(c)->pool, &at->txid);
	struct tn_coin coin;

	if (maker)
		return maker->flags & POOL_FINAL && at->vout < maker->tx.outputs.n;
	return !tn_chain_coin(tn_need(c, N_CHAIN), at, tn_scratch(c), &coin);
}

static void tell_input(struct tn_ctx *c, const struct pool_tx *e, uint32_t i, bool before)
{
	struct coin_change change = { .at = e->tx.inputs.v[i].previous_output,
				      .script = e->coin[i].script };

	if (before) {
		change.was = stands_alone(c, &change.at);
		change.is = true;
		coin_reserved(e, &change.now);
	} else {
		change.was = true;
		coin_reserved(e, &change.old);
		change.is = stands_alone(c, &change.at);
	}
	coin_changed(c, &change);
}

static void tell_final_input(struct tn_ctx *c, const struct pool_tx *e, uint32_t i,
			     const struct tn_utxo_state *old)
{
	struct coin_change change = { .at = e->tx.inputs.v[i].previous_output,
				      .script = e->coin[i].script,
				      .was = true,
				      .is = true,
				      .old = *old };

	coin_reserved(e, &change.now);
	coin_changed(c, &change);
}

static void tell_output(struct tn_ctx *c, const struct pool_tx *e, uint32_t i, bool is)
{
	struct coin_change change = { .at = { e->txid, i },
				      .script = e->tx.outputs.v[i].script_pubkey,
				      .was = !is,
				      .is = is,
				      .old = unspent,
				      .now = unspent };

	if (!pool_spender(state_of(c)->pool, &change.at))
		coin_changed(c, &change);
}

/* ---- accepted */

void fate_accepted(struct tn_ctx *c, struct pool_tx *e)
{
	for (uint32_t i = 0; i < e->tx.inputs.n; i++)
		tell_input(c, e, i, true);
	tn_metric(c, C_ACCEPTED, 1);
	keep_dirty(c, e);
	count_pool(c);
	wallet_accepted(c, e);
	voting_accepted(c, e);
}

int fate_approved(struct tn_ctx *c, struct pool_tx *e)
{
	int rc = pool_approve(state_of(c)->pool, e);

	if (!rc)
		keep_dirty(c, e);
	return rc;
}

/* ---- final */

static void queue_unblocked(struct fate *f, const struct tn_hash *txid)
{
	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 64;
		struct tn_hash *v = realloc(f->unblocked, room * sizeof *v);

		if (!v)
			return; /* the next vote for it looks again */
		f->unblocked = v;
		f->room = room;
	}
	f->unblocked[f->n++] = *txid;
}

void fate_unblock(struct tn_ctx *c, const struct tn_hash *txid, uint32_t outputs)
{
	struct fate *f = state_of(c)->fate;
	struct pool *p = state_of(c)->pool;

	for (uint32_t i = 0; i < outputs; i++) {
		struct pool_tx *child = pool_spender(p, &(struct tn_outpoint){ *txid, i });

		if (child)
			queue_unblocked(f, &child->txid);
	}
	if (f->running)
		return;
	f->running = true;
	while (f->at < f->n) {
		struct tn_hash next = f->unblocked[f->at++];
		struct pool_tx *child = pool_find(p, &next);

		if (child)
			voting_unblocked(c, child);
	}
	f->n = f->at = 0;
	f->running = false;
}

static void tell_final(struct tn_ctx *c, const struct pool_tx *e)
{
	struct tn_arena *a = tn_arena_new(c);
	const void *copy;

	if (a && !tn_clone(&tn_wire_tx, &e->tx, a, &copy)) {
		struct tn_ev_final ev = { .tx = copy, .txid = &e->txid, .arena = a };

		tn_tell(c, E_FINAL, &ev);
	}
	tn_arena_unref(a);
}

int fate_final(struct tn_ctx *c, struct pool_tx *e, uint32_t votes, uint32_t voters)
{
	struct tn_hash txid = e->txid;
	struct tn_utxo_state old;
	int rc;

	if (e->flags & POOL_FINAL)
		return 0;
	coin_reserved(e, &old);
	rc = pool_finalize(state_of(c)->pool, e, tn_wall_s(c));
	if (rc)
		return rc;
	e->votes = votes;
	e->voters = voters;
	for (uint32_t i = 0; i < e->tx.inputs.n; i++)
		tell_final_input(c, e, i, &old);
	for (uint32_t i = 0; i < e->tx.outputs.n; i++)
		tell_output(c, e, i, true);
	keep_dirty(c, e);
	count_pool(c);
	tell_final(c, e);
	fate_unblock(c, &txid, e->tx.outputs.n);
	return 0;
}

/* ---- gone */

static void tell_gone(struct tn_ctx *c, const struct pool_tx *e)
{
	for (uint32_t i = 0; i < e->tx.inputs.n; i++)
		tell_input(c, e, i, false);
	for (uint32_t i = 0; e->flags & POOL_FINAL && i < e->tx.outputs.n; i++)
		tell_output(c, e, i, false);
}

void fate_gone(struct tn_ctx *c, struct pool_tx *list, enum gone why)
{
	for (const struct pool_tx *e = list; e; e = e->next) {
		tell_gone(c, e);
		keep_forget(c, e);
		wallet_gone(c, e);
		pay_gone(c, e, why);
		voting_gone(c, e, why);
		if (why == GONE_EVICTED || why == GONE_EXPIRED)
			tn_metric(c, why == GONE_EVICTED ? C_EVICTED : C_EXPIRED, 1);
		if (why == GONE_CONFLICT && e->flags & (POOL_APPROVED | POOL_FINAL))
			tn_metric(c, C_OVERTURNED, 1);
	}
	pool_dispose(list);
	count_pool(c);
}

void fate_rejected(struct tn_ctx *c, struct pool_tx *e, const char *why)
{
	TN_LOG(c, TN_DEBUG, TN_NOBODY, "A transaction was rejected: %s", why);
	fate_gone(c, pool_remove(state_of(c)->pool, e), GONE_REJECTED);
}

void fate_expire(struct tn_ctx *c, int64_t now)
{
	struct pool_tx *list;

	while ((list = pool_expire(state_of(c)->pool, now)))
		fate_gone(c, list, GONE_EXPIRED);
}
