/* SPDX-License-Identifier: MIT
 * lib/chain/judge_coins.c - the inputs of a block and the coins they name, in slices
 */
#include "chain/judge.h"

int tn_coins_begin(struct tn_coins_judge *j, const struct tn_block_rules *r,
		   const struct tn_block *b, const struct tn_block_facts *f, struct tn_arena *a)
{
	memset(j, 0, sizeof *j);
	j->verdict = (struct tn_block_verdict){ 0, TN_FAULT_NONE, TN_NO_TX, TN_NO_TX };
	j->rules = r;
	j->block = b;
	j->facts = f;
	j->arena = a;
	j->tx = 1;
	j->spent = tn_alloc(a, f->inputs * sizeof *j->spent);
	return j->spent ? 0 : TN_ENOMEM;
}

static int say(struct tn_coins_judge *j, uint32_t fault)
{
	return judge_say(&j->verdict, fault, j->tx, j->input);
}

static int no_memory(struct tn_coins_judge *j)
{
	j->verdict.code = TN_ENOMEM;
	return TN_ENOMEM;
}

/* Index of the transaction with that txid, or TN_NO_TX. */
static uint32_t find_inside(const struct tn_block_facts *f, const struct tn_hash *txid)
{
	const struct tn_hash *all = tn_facts_txids(f);
	const uint32_t *order = tn_facts_order(f);
	uint32_t low = 0, high = f->txs;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int side = memcmp(txid, &all[order[mid]], sizeof *txid);

		if (side == 0)
			return order[mid];
		if (side < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return TN_NO_TX;
}

/* A coin that an earlier transaction of this block makes. A later one's is not there yet. */
static int take_inside(struct tn_coins_judge *j, uint32_t maker, uint32_t vout,
		       struct tn_spent *out)
{
	const struct tn_tx *tx = &j->block->transactions.v[maker];

	if (maker >= j->tx || vout >= tx->outputs.n)
		return say(j, TN_FAULT_COIN_UNKNOWN);
	if (j->rules->legacy_compat)
		return say(j, TN_FAULT_OLD_CHAINED);
	out->maker = maker;
	out->coin = (struct tn_coin){ tx->outputs.v[vout].value, j->block->header.height,
				      maker == 0, tx->outputs.v[vout].script_pubkey };
	return 0;
}

static int keep_script(struct tn_coins_judge *j, struct tn_bytes *script)
{
	uint8_t *copy = tn_alloc(j->arena, script->n);

	if (!copy)
		return no_memory(j);
	if (script->n)
		memcpy(copy, script->p, script->n);
	script->p = copy;
	return 0;
}

static int take(struct tn_coins_judge *j, const struct tn_outpoint *o, tn_coin_fn *fn, void *arg)
{
	struct tn_spent *s = &j->spent[j->n];
	uint32_t maker = find_inside(j->facts, &o->txid);
	int code;

	memset(s, 0, sizeof *s);
	s->tx = j->tx;
	s->input = j->input;
	s->maker = TN_NO_TX;
	if (maker != TN_NO_TX) {
		code = take_inside(j, maker, o->vout, s);
	} else {
		code = fn(arg, o, &s->coin);
		if (code)
			return code == TN_ENOENT ? say(j, TN_FAULT_COIN_UNKNOWN) : code;
		code = keep_script(j, &s->coin.script);
	}
	if (code)
		return code;
	return add_amount(&j->sum, s->coin.value) ? 0 : say(j, TN_FAULT_AMOUNT);
}

/* All inputs of a transaction are in j->sum. */
static int end_tx(struct tn_coins_judge *j, const struct tn_tx *tx)
{
	uint64_t out, fee;

	j->input = TN_NO_TX;
	if (tn_tx_outputs(tx, &out) != 0)
		return say(j, TN_FAULT_AMOUNT);
	if (!tn_sub_u64(&fee, j->sum, out))
		return say(j, TN_FAULT_OVERSPENT);
	if (!add_amount(&j->fees, fee))
		return say(j, TN_FAULT_AMOUNT);
	j->sum = 0;
	j->input = 0;
	j->tx++;
	return 0;
}

/* Shares are rounded down, each by less than one satoshi. */
static int end_block(struct tn_coins_judge *j)
{
	const struct tn_block *b = j->block;
	uint64_t due = TN_BASE_REWARD, paid, burnt;

	j->tx = j->input = TN_NO_TX;
	if (!add_amount(&due, j->fees))
		return say(j, TN_FAULT_AMOUNT);
	if (b->header.block_reward != due)
		return say(j, TN_FAULT_REWARD);
	if (tn_tx_outputs(&b->transactions.v[0], &paid) != 0 || !tn_sub_u64(&burnt, due, paid) ||
	    burnt >= b->masternode_rewards.n)
		return say(j, TN_FAULT_REWARD_SUM);
	return 0;
}

int tn_coins_step(struct tn_coins_judge *j, uint32_t most, tn_coin_fn *fn, void *arg)
{
	const struct tn_block *b = j->block;

	if (j->verdict.code)
		return j->verdict.code;
	while (j->tx < b->transactions.n) {
		const struct tn_tx *tx = &b->transactions.v[j->tx];
		int code;

		if (most-- == 0)
			return TN_EBUSY;
		if (j->input < tx->inputs.n) {
			code = take(j, &tx->inputs.v[j->input].previous_output, fn, arg);
			if (code)
				return code;
			j->n++;
			j->input++;
		}
		if (j->input == tx->inputs.n && (code = end_tx(j, tx)))
			return code;
	}
	return j->tx == TN_NO_TX ? 0 : end_block(j);
}
