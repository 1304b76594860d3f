/* SPDX-License-Identifier: MIT
 * t/plugins/swap_restore.c - a build of pingpong whose restore refuses
 */
#include "timenode/host.h"

static int restore(struct tn_ctx *c, struct tn_view saved, struct tn_error *err)
{
	(void)c, (void)saved;
	return tn_fail(err, TN_EINVAL, "nothing that I know");
}

TN_PLUGIN = {
	TN_HEAD("pingpong", "9", "wrong on purpose"),
	.conf_bytes = 16,
	.options = TN_ROWS(struct tn_option,
			   { "interval", "30s", "as pingpong has it", 0, 0, 0, TN_O_MS, 0 }),
	.restore = restore,
};
