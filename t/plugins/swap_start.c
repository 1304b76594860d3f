/* SPDX-License-Identifier: MIT
 * t/plugins/swap_start.c - a build of pingpong whose start refuses
 */
#include "timenode/host.h"

static int start(struct tn_ctx *c, struct tn_error *err)
{
	(void)c;
	return tn_fail(err, TN_EBUSY, "not this time");
}

TN_PLUGIN = {
	TN_HEAD("pingpong", "9", "wrong on purpose"),
	.conf_bytes = 16,
	.options = TN_ROWS(struct tn_option,
			   { "interval", "30s", "as pingpong has it", 0, 0, 0, TN_O_MS, 0 }),
	.start = start,
};
