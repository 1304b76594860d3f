/* SPDX-License-Identifier: MIT
 * t/plugins/bad_critical.c - fails at every message, though the node shall not run without it
 *
 * Also: wants a real loop.
 */
#include "timenode/host.h"

static tn_verdict fail(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_BROKEN;
}

TN_PLUGIN = {
	TN_HEAD("bad_critical", "1", "wrong on purpose"),
	.flags = TN_PF_CRITICAL | TN_PF_NATIVE,
	.messages = TN_ROWS(struct tn_message,
			    { "GetBlockHeight", &tn_schema_unit, fail, TN_OWN, .max = 0 }),
};
