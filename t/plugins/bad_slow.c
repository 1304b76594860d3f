/* SPDX-License-Identifier: MIT
 * t/plugins/bad_slow.c - takes three seconds over a message
 */
#include "timenode/host.h"

static tn_verdict dawdle(struct tn_ctx *c, const struct tn_msg *m)
{
	uint64_t until = tn_now_us(c) + 3000000;

	(void)m;
	while (tn_now_us(c) < until)
		;
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("bad_slow", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message,
			    { "GetBlockHeight", &tn_schema_unit, dawdle, TN_OWN, .max = 0 }),
};
