/* SPDX-License-Identifier: MIT
 * t/plugins/bad_hold.c - takes messages and never says what became of them
 */
#include "timenode/host.h"

static tn_verdict keep(struct tn_ctx *c, const struct tn_msg *m)
{
	tn_hold(c, m);
	return TN_LATER;
}

TN_PLUGIN = {
	TN_HEAD("bad_hold", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message, { "GetBlockHeight", &tn_schema_unit, keep, TN_OWN,
						 .window = 100, .later_ms = 30000 }),
};
