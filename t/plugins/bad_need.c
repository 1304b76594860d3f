/* SPDX-License-Identifier: MIT
 * t/plugins/bad_need.c - needs a service that nobody offers
 */
#include "timenode/host.h"

TN_PLUGIN = {
	TN_HEAD("bad_need", "1", "wrong on purpose"),
	.needs = TN_ROWS(struct tn_need, { "nothing", 1, 0, TN_NEED }),
};
