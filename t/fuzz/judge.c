/* SPDX-License-Identifier: MIT
 * t/fuzz/judge.c - any block is judged, and one that is good can be taken back
 *
 * The first byte says what is repaired first, since no chance finds a root: 1 the merkle root,
 * 2 the rewards. The rest is a block's bincode. Any coin exists, but for some.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/judge.h"
#include "timenode/util.h"

static int coin_of(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	(void)arg;
	if (o->txid.b[0] == 0xee)
		return TN_ENOENT;
	*out = (struct tn_coin){ 5 * TN_COIN + o->vout, 1, false, { o->txid.b, 7 } };
	if (o->txid.b[1] == 0xdd)
		out->value = UINT64_MAX - o->vout;
	return 0;
}

static uint64_t sum(const struct tn_delta *d)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < d->put.n; i++)
		v += d->put.v[i].coin.value;
	return v;
}

static void take_back(const struct tn_block *b, struct tn_coins_judge *c, struct tn_arena *a)
{
	struct tn_delta there, back;
	struct tn_undo undo;
	uint64_t spent = 0, paid = 0;

	MUST(tn_delta_connect(c, a, &there, &undo) == 0);
	MUST(tn_tx_outputs(&b->transactions.v[0], &paid) == 0);
	for (uint32_t i = 0; i < undo.spent.n; i++)
		spent += undo.spent.v[i].coin.value;
	MUST(sum(&there) == spent - c->fees + paid);
	MUST(tn_delta_disconnect(b, &undo, a, &back) == 0);
	MUST(back.del.n == there.put.n && back.put.n == there.del.n);
	for (uint32_t i = 0; i < there.del.n; i++)
		MUST(memcmp(&back.put.v[i].outpoint.txid, &there.del.v[i].txid, 32) == 0);
}

static void pay(struct tn_block *b, uint64_t fees)
{
	uint64_t due = TN_BASE_REWARD + fees, others = 0;

	b->header.block_reward = due;
	for (uint32_t i = 1; i < b->masternode_rewards.n; i++)
		if (!tn_add_u64(&others, others, b->masternode_rewards.v[i].value))
			return;
	if (!b->masternode_rewards.n || !b->transactions.v[0].outputs.n || others > due)
		return;
	b->masternode_rewards.v[0].value = due - others;
	b->transactions.v[0].outputs.v[0].value = due - others;
}

/* true: good but for signatures. */
static bool judge(struct tn_block *b, unsigned repair, struct tn_coins_judge *c, struct tn_arena *a)
{
	struct tn_block_rules r = { .future_s = TN_FUTURE_S };
	size_t n = tn_block_facts_bytes(b);
	struct tn_block_facts *f = tn_alloc(a, n), *again = tn_alloc(a, n);
	struct tn_sha *s = tn_sha_create();
	int code;

	MUST(f && again && s && tn_network_find("testnet", &r.net) == 0);
	if (repair & 1)
		MUST(tn_block_merkle(s, b, &b->header.merkle_root) == 0);
	tn_sha_free(s);
	tn_block_judge_alone(&r, b, f);
	tn_block_judge_alone(&r, b, again);
	MUST(memcmp(f, again, n) == 0);
	if (f->verdict.code || b->header.height == 0)
		return false;
	MUST(tn_coins_begin(c, &r, b, f, a) == 0);
	while ((code = tn_coins_step(c, 1, coin_of, NULL)) == TN_EBUSY)
		;
	MUST(code == c->verdict.code);
	if (code == TN_EBAD && c->verdict.fault >= TN_FAULT_REWARD && repair & 2) {
		pay(b, c->fees);
		return judge(b, repair & 1, c, a);
	}
	return code == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	struct tn_block_verdict v;
	struct tn_coins_judge c;
	const void *read;
	struct tn_block *b;

	MUST(a);
	if (n > 1 &&
	    tn_bin_read(&tn_wire_block, (struct tn_view){ data + 1, n - 1 }, a, &read, NULL) == 0) {
		b = (struct tn_block *)(uintptr_t)read;
		if (judge(b, data[0], &c, a)) {
			take_back(b, &c, a);
			tn_spends_check(b, c.facts, c.spent, c.n, &v);
			MUST(v.code == (c.n ? TN_EBAD : 0));
		}
	}
	tn_arena_unref(a);
	return 0;
}
