/* SPDX-License-Identifier: MIT
 * t/plugins/bad_symbol.c - needs a function that nobody has
 */
#include "timenode/host.h"

void tn_nobody_has_this(void);

static void fini(struct tn_ctx *c)
{
	(void)c;
	tn_nobody_has_this();
}

TN_PLUGIN = {
	TN_HEAD("bad_symbol", "1", "wrong on purpose"),
	.fini = fini,
};
