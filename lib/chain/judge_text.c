/* SPDX-License-Identifier: MIT
 * lib/chain/judge_text.c - what can be wrong with a block, in words
 */
#include <stdio.h>

#include "chain/judge.h"

static const struct {
	const char *name, *text;
	bool final;
} faults[TN_FAULTS] = {
	[TN_FAULT_NONE] = { "none", "no fault", false },
	[TN_FAULT_SIZE] = { "size", "more than 2000000 bytes", false },
	[TN_FAULT_EMPTY] = { "empty", "no transactions", false },
	[TN_FAULT_MERKLE] = { "merkle", "not the merkle root of its transactions", false },
	[TN_FAULT_MUTATED] = { "mutated", "a transaction comes twice", false },
	[TN_FAULT_REWARD_LIST] = { "reward-list", "the coinbase does not pay the reward list",
				   false },
	[TN_FAULT_PARENT] = { "parent", "not on that block", false },
	[TN_FAULT_FUTURE] = { "future", "its time has not come", false },
	[TN_FAULT_GENESIS] = { "genesis", "not this network's genesis block", true },
	[TN_FAULT_VERSION] = { "version", "neither version 1 nor 2", true },
	[TN_FAULT_SLOT] = { "slot", "not the time of its height", true },
	[TN_FAULT_HEIGHT] = { "height", "not one higher than its parent", true },
	[TN_FAULT_NO_COINBASE] = { "no-coinbase", "does not begin with a coinbase", true },
	[TN_FAULT_COINBASES] = { "coinbases", "a second transaction without inputs", true },
	[TN_FAULT_COINBASE_FORM] = { "coinbase-form",
				     "a coinbase of another version, time or lock time", true },
	[TN_FAULT_AMOUNT] = { "amount", "an amount or a sum above 2^63 - 1", true },
	[TN_FAULT_COIN_TWICE] = { "coin-twice", "a coin is spent twice in this block", true },
	[TN_FAULT_COIN_UNKNOWN] = { "coin-unknown", "no such unspent coin", true },
	[TN_FAULT_OVERSPENT] = { "overspent", "pays out more than it spends", true },
	[TN_FAULT_REWARD] = { "reward", "block_reward is not 100 TIME and the fees", true },
	[TN_FAULT_REWARD_SUM] = { "reward-sum",
				  "the rewards do not add up to block_reward, rounded down", true },
	[TN_FAULT_SCRIPT] = { "script", "a script_sig that is not key and signature", true },
	[TN_FAULT_OWNER] = { "owner", "not the key of the coin's address", true },
	[TN_FAULT_SIGNATURE] = { "signature", "the signature does not fit", true },
	[TN_FAULT_OLD_TX] = { "old-tx", "old nodes want at most 1 TIME paid for each input",
			      false },
	[TN_FAULT_OLD_CHAINED] = { "old-chained", "old nodes know no coin of the same block",
				   false },
	[TN_FAULT_OLD_REWARDS] = { "old-rewards", "old nodes want 100 TIME within 0.01", false },
};

const char *tn_block_fault_name(uint32_t fault)
{
	return fault < TN_FAULTS ? faults[fault].name : "unknown";
}

const char *tn_block_fault_text(uint32_t fault)
{
	return fault < TN_FAULTS ? faults[fault].text : "unknown fault";
}

bool tn_block_fault_final(uint32_t fault)
{
	return fault < TN_FAULTS && faults[fault].final;
}

int tn_block_verdict_fail(struct tn_error *err, const struct tn_block_verdict *v)
{
	const char *text = tn_block_fault_text(v->fault);

	if (v->code != TN_EBAD)
		return v->code ? tn_fail(err, v->code, "%s", tn_code_text(v->code)) : 0;
	if (v->tx == TN_NO_TX)
		return tn_fail(err, v->code, "%s", text);
	if (v->input == TN_NO_TX)
		return tn_fail(err, v->code, "transaction %u: %s", (unsigned)v->tx, text);
	return tn_fail(err, v->code, "transaction %u, input %u: %s", (unsigned)v->tx,
		       (unsigned)v->input, text);
}

int judge_say(struct tn_block_verdict *v, uint32_t fault, uint32_t tx, uint32_t input)
{
	*v = (struct tn_block_verdict){ TN_EBAD, fault, tx, input };
	return TN_EBAD;
}
