/* SPDX-License-Identifier: MIT
 * t/plugins/bad_crash.c - writes where nothing is
 */
#include "timenode/host.h"

static tn_verdict crash(struct tn_ctx *c, const struct tn_msg *m)
{
	int *volatile nowhere = (int *)m->body; /* a unit has no body */

	(void)c;
	*nowhere = 1;
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("bad_crash", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message,
			    { "GetBlockHeight", &tn_schema_unit, crash, TN_OWN, .max = 0 }),
};
