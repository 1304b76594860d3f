/* SPDX-License-Identifier: MIT
 * t/plugins/bad_start.c - its start refuses without saying why
 */
#include "timenode/host.h"

static int start(struct tn_ctx *c, struct tn_error *err)
{
	(void)c, (void)err;
	return TN_EBUSY;
}

TN_PLUGIN = {
	TN_HEAD("bad_start", "1", "wrong on purpose"),
	.start = start,
};
