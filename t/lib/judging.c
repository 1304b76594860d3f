/* SPDX-License-Identifier: MIT
 * t/lib/judging.c - all steps of judging a block, one after the other
 */
#include <stdlib.h>
#include <string.h>

#include "lib/judging.h"

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

static int judge_alone(struct judging *j, const struct tn_block *b, struct tn_arena *a)
{
	j->facts = need(tn_alloc(a, tn_block_facts_bytes(b)));
	tn_block_judge_alone(&j->rules, b, j->facts);
	j->verdict = j->facts->verdict;
	return j->verdict.code;
}

void judging_begin(struct judging *j, const struct tn_network *net)
{
	struct tn_arena *a = need(tn_arena_create(0));
	struct tn_sha *s = need(tn_sha_create());
	const struct tn_block *genesis;

	memset(j, 0, sizeof *j);
	j->rules = (struct tn_block_rules){ *net, TN_FUTURE_S, false };
	j->now = INT64_MAX;
	j->coins = coins_create();
	if (tn_genesis(s, net, a, &genesis) != 0 || judge_alone(j, genesis, a) != 0 ||
	    tn_delta_genesis(genesis, j->facts, a, &j->delta) != 0 ||
	    !coins_apply(j->coins, &j->delta))
		abort();
	j->tip = (struct tn_tip){ 0, j->facts->hash, genesis->header.timestamp };
	tn_sha_free(s);
	tn_arena_unref(a);
}

void judging_end(struct judging *j)
{
	coins_free(j->coins);
}

static int judge_coins(struct judging *j, const struct tn_block *b, struct tn_arena *a)
{
	int code = tn_coins_begin(&j->coin, &j->rules, b, j->facts, a);

	while (!code) {
		code = tn_coins_step(&j->coin, j->slice ? j->slice : UINT32_MAX, coins_find,
				     j->coins);
		if (code != TN_EBUSY)
			break;
		code = 0;
	}
	j->verdict = j->coin.verdict;
	return code;
}

static int judge_signatures(struct judging *j, const struct tn_block *b)
{
	for (uint32_t i = 0; i < j->coin.n && !j->verdict.code; i += TN_SPENDS) {
		uint32_t left = j->coin.n - i;

		tn_spends_check(b, j->facts, &j->coin.spent[i], left < TN_SPENDS ? left : TN_SPENDS,
				&j->verdict);
	}
	return j->verdict.code;
}

int judging_try(struct judging *j, const struct tn_block *b, struct tn_arena *a)
{
	int code = judge_alone(j, b, a);

	if (!code) {
		tn_block_judge_parent(&j->rules, &b->header, &j->tip, j->now, &j->verdict);
		code = j->verdict.code;
	}
	if (!code)
		code = judge_coins(j, b, a);
	if (!code && !j->no_signatures)
		code = judge_signatures(j, b);
	return code ? code : tn_delta_connect(&j->coin, a, &j->delta, &j->undo);
}

int judging_connect(struct judging *j, const struct tn_block *b, struct tn_arena *a)
{
	int code = judging_try(j, b, a);

	if (code)
		return code;
	if (!coins_apply(j->coins, &j->delta))
		abort();
	j->tip = (struct tn_tip){ b->header.height, j->facts->hash, b->header.timestamp };
	return 0;
}

struct tn_network testnet(void)
{
	struct tn_network net;

	if (tn_network_find("testnet", &net) != 0)
		abort();
	return net;
}

struct tn_arena *arena(void)
{
	return need(tn_arena_create((size_t)256 << 20));
}

struct chaingen *generator(uint64_t seed, uint32_t txs)
{
	struct chaingen_conf conf = { seed, testnet(), txs, 5, false };

	return chaingen_create(&conf);
}
