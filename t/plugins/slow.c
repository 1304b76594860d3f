/* SPDX-License-Identifier: MIT
 * t/plugins/slow.c - holds the loop for a while when it is asked to
 */
#include "timenode/host.h"

#include <time.h>

static int hold(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct timespec t = { 0, 150000000 };

	(void)c, (void)cmd, (void)args, (void)err;
	nanosleep(&t, NULL);
	return 0;
}

TN_PLUGIN = {
	TN_HEAD("slow", "1", "holds the loop"),
	.commands = TN_ROWS(struct tn_command, { "hold", "for 150 ms", NULL, NULL, hold }),
};
