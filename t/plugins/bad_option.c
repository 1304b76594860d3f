/* SPDX-License-Identifier: MIT
 * t/plugins/bad_option.c - the default of an option is out of its bounds
 */
#include "timenode/host.h"

struct conf {
	uint64_t n;
};

TN_PLUGIN = {
	TN_HEAD("bad_option", "1", "wrong on purpose"),
	.conf_bytes = sizeof(struct conf),
	.options = TN_ROWS(struct tn_option, TN_OPT(struct conf, n, "50", 1, 9, "a number")),
};
