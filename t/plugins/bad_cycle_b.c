/* SPDX-License-Identifier: MIT
 * t/plugins/bad_cycle_b.c - needs bad_cycle_a, which needs it
 */
#include "timenode/host.h"

static const int ops;

TN_PLUGIN = {
	TN_HEAD("bad_cycle_b", "1", "wrong on purpose"),
	.needs = TN_ROWS(struct tn_need, { "service-a", 1, 0, TN_NEED }),
	.offers = TN_ROWS(struct tn_offer, { "service-b", 1, 0, &ops }),
};
