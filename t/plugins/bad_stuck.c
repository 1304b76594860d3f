/* SPDX-License-Identifier: MIT
 * t/plugins/bad_stuck.c - never comes back from a message
 */
#include "timenode/host.h"

static tn_verdict stay(struct tn_ctx *c, const struct tn_msg *m)
{
	while (tn_now_us(c) > 0)
		;
	(void)m;
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("bad_stuck", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message,
			    { "GetBlockHeight", &tn_schema_unit, stay, TN_OWN, .max = 0 }),
};
