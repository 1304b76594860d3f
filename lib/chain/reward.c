/* SPDX-License-Identifier: MIT
 * lib/chain/reward.c - what a block pays and to whom
 */
#include "chain/chain.h"

static const struct tier {
	uint64_t weight, collateral;
} tiers[] = {
	[TN_TIER_FREE] = { 100, 0 },
	[TN_TIER_BRONZE] = { 1000, 1000 * TN_COIN },
	[TN_TIER_SILVER] = { 10000, 10000 * TN_COIN },
	[TN_TIER_GOLD] = { 100000, 100000 * TN_COIN },
};

uint64_t tn_tier_weight(uint32_t tier)
{
	return tier <= TN_TIER_GOLD ? tiers[tier].weight : 0;
}

uint64_t tn_tier_collateral(uint32_t tier)
{
	return tier <= TN_TIER_GOLD ? tiers[tier].collateral : 0;
}

static int add_weights(uint64_t total, const uint64_t *weight, size_t n, uint64_t *sum)
{
	uint64_t product;

	*sum = 0;
	for (size_t i = 0; i < n; i++)
		if (!tn_add_u64(sum, *sum, weight[i]) || !tn_mul_u64(&product, total, weight[i]))
			return TN_EBAD;
	return *sum == 0 ? TN_EINVAL : 0;
}

int tn_reward_split(uint64_t total, const uint64_t *weight, size_t n, uint64_t *share,
		    uint64_t *rest)
{
	uint64_t sum, left = total;
	int code = add_weights(total, weight, n, &sum);

	if (code != 0)
		return code;
	for (size_t i = 0; i < n; i++) {
		share[i] = total * weight[i] / sum;
		left -= share[i];
	}
	*rest = left;
	return 0;
}

int tn_coinbase(const struct tn_reward *reward, uint32_t n, int64_t time, struct tn_arena *a,
		struct tn_tx *out)
{
	struct tn_txout *pay = tn_alloc(a, n * sizeof *pay);

	if (!pay)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct tn_str *to = &reward[i].address;

		pay[i].value = reward[i].value;
		pay[i].script_pubkey = (struct tn_bytes){ (const uint8_t *)to->p, to->n };
	}
	*out = (struct tn_tx){ .version = 1, .timestamp = time };
	out->outputs.v = pay;
	out->outputs.n = n;
	return 0;
}

bool tn_rewards_old_ok(const struct tn_reward *reward, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (!tn_add_u64(&sum, sum, reward[i].value))
			return false;
	return sum >= TN_BASE_REWARD - TN_REWARD_TOLERANCE &&
	       sum <= TN_BASE_REWARD + TN_REWARD_TOLERANCE;
}
