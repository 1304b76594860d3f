/* SPDX-License-Identifier: MIT
 * t/plugins/generous.c - answers every GetMasternodes with 64 KiB of text
 */
#include "timenode/host.h"
#include "timenode/wire.h"

#include <string.h>

enum { M_ASK, M_ANSWER };

static tn_verdict give(struct tn_ctx *c, const struct tn_msg *m)
{
	struct tn_str text = { .n = 65536 };
	struct tn_peers list = { { &text, 1 } };
	char *p = tn_alloc(tn_scratch(c), text.n);

	if (!p)
		return TN_BROKEN;
	memset(p, 'a', text.n);
	text.p = p;
	tn_send(c, m->from, M_ANSWER, &list);
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("generous", "1", "gives more than was asked for"),
	.messages = TN_ROWS(
		struct tn_message, [M_ASK] = { "GetMasternodes", &tn_schema_unit, give, TN_OWN },
		[M_ANSWER] = { "MasternodesResponse", &tn_wire_peers, NULL, TN_OWN, TN_HIDDEN }),
};
