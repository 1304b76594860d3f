/* SPDX-License-Identifier: MIT
 * t/plugins/bad_broken.c - fails at every message
 */
#include "timenode/host.h"

static tn_verdict fail(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_BROKEN;
}

TN_PLUGIN = {
	TN_HEAD("bad_broken", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message,
			    { "GetBlockHeight", &tn_schema_unit, fail, TN_OWN, .max = 0 }),
};
