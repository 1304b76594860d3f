/* SPDX-License-Identifier: MIT
 * plugins/transactions/resolve.c - what a transaction shows by itself, and what its inputs are worth
 */
#include <string.h>

#include "intake.h"

enum { SCRIPT_COST = 4096 }; /* bytes of a script that cost as much as a look-up */

/* ---- by itself */

/* The rule is the library's; this only tells which part of it. */
static int why_of(const struct tn_tx *tx, uint32_t bytes)
{
	uint64_t sum;

	if (bytes > TN_TX_BYTES)
		return R_LARGE;
	if (!tx->inputs.n || tn_tx_outputs(tx, &sum))
		return R_FORM;
	for (uint32_t i = 0; i < tx->outputs.n; i++)
		if (tx->outputs.v[i].value && tx->outputs.v[i].value < TN_DUST)
			return R_DUST;
	return R_TWICE;
}

int form_of(const struct tn_tx *tx, uint32_t bytes)
{
	uint64_t sum;
	int rc = bytes > TN_TX_BYTES ? TN_EBAD : tn_tx_check(tx, NULL);

	if (rc == TN_ENOMEM)
		return R_BUSY;
	if (rc)
		return why_of(tx, bytes);
	/* no block may hold more */
	return tn_tx_outputs(tx, &sum) || sum > INT64_MAX ? R_FORM : NO_REASON;
}

int signed_at_all(struct tn_ctx *c, const struct tn_tx *tx, bool *any)
{
	*any = false;
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		if (tx->inputs.v[i].script_sig.n)
			*any = true;
		else if (!conf_of(c)->accept_unsigned)
			return R_UNSIGNED;
	}
	return NO_REASON;
}

/* ---- coins */

static void note(struct trial *t, uint64_t value, struct tn_bytes script, bool unconfirmed)
{
	struct pool_coin *coin = &t->coin[t->found];
	uint32_t n = script.n < SCRIPT_MAX ? script.n : SCRIPT_MAX;

	if (n)
		memcpy(t->script[t->found], script.p, n);
	coin->value = value;
	coin->script = (struct tn_bytes){ t->script[t->found], n };
	coin->unconfirmed = unconfirmed;
}

/* Its coin is neither confirmed nor in the pool: is it gone, on its way, or simply not here? */
static int why_missing(struct tn_ctx *c, struct trial *t, const struct tn_hash *parent)
{
	struct tn_svc chain = tn_need(c, N_CHAIN);
	struct trial *on_its_way = trial_find(c, parent);
	uint64_t height;
	uint32_t index;

	if (!tn_chain_tx_at(chain, &t->txid, &height, &index))
		return R_KNOWN;
	if (pool_find(state_of(c)->pool, parent) || !tn_chain_tx_at(chain, parent, &height, &index))
		return R_SPENT;
	if (!on_its_way)
		return R_ORPHAN;
	t->awaited = on_its_way;
	trial_queue(&on_its_way->waiters, t);
	return GO_ON;
}

static bool is_final(const struct pool_tx *e)
{
	return e && e->flags & POOL_FINAL;
}

static int find_coin(struct tn_ctx *c, struct trial *t, const struct tn_outpoint *at, int *budget)
{
	struct intake *in = intake_of(c);
	const struct tn_txout *out = pool_output(state_of(c)->pool, at, NULL);
	struct tn_coin coin;
	int rc;

	/* What others have, but not for good, is judged on: the voters may decide otherwise. */
	if (is_final(pool_spender(state_of(c)->pool, at)))
		return R_CONFLICT;
	if (out) {
		note(t, out->value, out->script_pubkey, true);
		return NO_REASON;
	}
	rc = tn_chain_coin(tn_need(c, N_CHAIN), at, in->arena, &coin);
	if (!rc) {
		note(t, coin.value, coin.script, false);
		*budget -= (int)(coin.script.n / SCRIPT_COST);
	}
	tn_arena_reset(in->arena);
	if (rc == TN_ENOENT)
		return why_missing(c, t, &at->txid);
	return rc ? R_BUSY : NO_REASON;
}

static int pays(struct trial *t)
{
	uint64_t out;

	if (tn_tx_outputs(t->tx, &out))
		return R_FORM;
	if (t->sum < out)
		return R_OVERSPENT;
	return tn_tx_fee(t->tx, t->sum, &t->fee, NULL) ? R_FEE : NO_REASON;
}

int resolve(struct tn_ctx *c, struct trial *t, int *budget)
{
	if (t->found == 0) {
		t->generation = intake_of(c)->generation;
		t->sum = 0;
	}
	while (t->found < t->tx->inputs.n) {
		int reason;

		if (*budget <= 0)
			return GO_ON;
		--*budget;
		reason = find_coin(c, t, &t->tx->inputs.v[t->found].previous_output, budget);
		if (reason != NO_REASON)
			return reason;
		if (!tn_add_u64(&t->sum, t->sum, t->coin[t->found].value) || t->sum > INT64_MAX)
			return R_FORM;
		t->found++;
	}
	return pays(t);
}

/* ---- for others: a coin as all of this node's knowledge has it */

void coin_reserved(const struct pool_tx *e, struct tn_utxo_state *out)
{
	if (e->flags & POOL_FINAL) {
		out->tag = TN_UTXO_SPENT_FINALIZED;
		out->u.finalized = (struct tn_utxo_finalized){ e->txid, e->final_at, e->votes };
	} else {
		out->tag = TN_UTXO_SPENT_PENDING;
		out->u.pending = (struct tn_utxo_pending){ e->txid, e->votes, e->voters, e->since };
	}
}

int coin_find(struct tn_ctx *c, const struct tn_outpoint *at, struct tn_arena *a,
	      struct coin_view *out)
{
	const struct pool *p = state_of(c)->pool;
	const struct pool_tx *spender = pool_spender(p, at);
	struct pool_tx *maker = NULL;
	const struct tn_txout *made = pool_output(p, at, &maker);
	struct tn_coin coin = { 0 };
	int rc = made ? 0 : tn_chain_coin(tn_need(c, N_CHAIN), at, a, &coin);

	if (rc)
		return rc;
	*out = (struct coin_view){ .value = made ? made->value : coin.value,
				   .script = made ? made->script_pubkey : coin.script,
				   .height = coin.height,
				   .coinbase = coin.coinbase,
				   .unconfirmed = made != NULL,
				   .spendable = !spender,
				   .has_state = spender || !made || maker->flags & POOL_FINAL };
	if (spender)
		coin_reserved(spender, &out->state);
	return 0;
}

/* ---- one that was judged before */

static int coin_of(struct tn_ctx *c, const struct tn_outpoint *at, struct tn_arena *a,
		   struct pool_coin *out)
{
	struct coin_view v;
	int rc = coin_find(c, at, a, &v);

	if (rc)
		return rc;
	if (!v.spendable)
		return TN_ENOENT;
	out->value = v.value;
	out->script = v.script;
	out->unconfirmed = v.unconfirmed;
	if (out->script.n > SCRIPT_MAX)
		out->script.n = SCRIPT_MAX;
	return 0;
}

int coins_of(struct tn_ctx *c, const struct tn_tx *tx, struct tn_arena *a, struct pool_coin **coin,
	     uint64_t *fee)
{
	uint64_t sum = 0;
	int rc = 0;

	*coin = tn_alloc(a, (tx->inputs.n + (size_t)1) * sizeof **coin);
	if (!*coin)
		return TN_ENOMEM;
	for (uint32_t i = 0; !rc && i < tx->inputs.n; i++) {
		rc = coin_of(c, &tx->inputs.v[i].previous_output, a, &(*coin)[i]);
		if (!rc && !tn_add_u64(&sum, sum, (*coin)[i].value))
			rc = TN_EBAD;
	}
	return rc ? rc : tn_tx_fee(tx, sum, fee, NULL);
}
