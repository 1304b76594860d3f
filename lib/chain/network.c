/* SPDX-License-Identifier: MIT
 * lib/chain/network.c - the networks and their slots
 */
#include "chain/chain.h"

static const struct tn_network networks[] = {
	{ "mainnet", 1767225600, 0, 600, 0, 24000, '1' },
	{ "testnet", 1764547200, TN_BASE_REWARD, 600, 1, 24100, '0' },
	{ "private", 0, TN_BASE_REWARD, 5, 1, 24200, '0' },
};

int tn_network_find(const char *name, struct tn_network *out)
{
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		if (strcmp(networks[i].name, name) != 0)
			continue;
		*out = networks[i];
		return 0;
	}
	return TN_ENOENT;
}

/* Times are moved up by 2^63, where their order is that of unsigned numbers. */
static uint64_t biased(int64_t time)
{
	return (uint64_t)time ^ UINT64_C(1) << 63;
}

int tn_slot_time(const struct tn_network *net, uint64_t height, int64_t *out)
{
	uint64_t span, sum;

	if (!tn_mul_u64(&span, height, net->slot_s) ||
	    !tn_add_u64(&sum, biased(net->genesis_time), span))
		return TN_EBAD;
	*out = (int64_t)(sum ^ UINT64_C(1) << 63);
	return 0;
}

uint64_t tn_slot_at(const struct tn_network *net, int64_t time)
{
	if (time < net->genesis_time || net->slot_s == 0)
		return 0;
	return (biased(time) - biased(net->genesis_time)) / net->slot_s;
}
