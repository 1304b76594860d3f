/* SPDX-License-Identifier: MIT
 * t/plugins/bad_flood.c - sends to everybody, without end
 */
#include "timenode/host.h"
#include "timenode/wire.h"

#include <string.h>

enum { M_FLOOD };
enum { C_SENT, C_FULL };

static int flood_one(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	int rc = 0;

	(void)slot;
	while (!rc) {
		rc = tn_send(c, s, M_FLOOD, (const struct tn_peers *)arg);
		tn_metric(c, rc ? C_FULL : C_SENT, 1);
	}
	return 0;
}

static void flood(struct tn_ctx *c, void *arg)
{
	struct tn_str text = { .n = 60000 };
	struct tn_peers list = { { &text, 1 } };
	char *p = tn_alloc(tn_scratch(c), text.n);

	(void)arg;
	if (!p)
		return;
	memset(p, 'a', text.n);
	text.p = p;
	tn_each(c, NULL, flood_one, &list);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	(void)err;
	tn_every(c, 20, flood, NULL);
	return 0;
}

TN_PLUGIN = {
	TN_HEAD("bad_flood", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message, [M_FLOOD] = { "MasternodesResponse", &tn_wire_peers,
							     NULL, TN_OWN, .max = 0 }),
	.metrics = TN_ROWS(
		struct tn_metric, [C_SENT] = { "sent", "taken by the queue", TN_M_COUNT, 1 },
		[C_FULL] = { "full", "refused by the queue", TN_M_COUNT, 1 }),
	.start = start,
};
