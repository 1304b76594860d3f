/* SPDX-License-Identifier: MIT
 * t/plugins/bad_init.c - its init refuses; fini must undo what init did
 */
#include "timenode/host.h"

#include <stdlib.h>

struct state {
	void *memory;
};

static int init(struct tn_ctx *c, struct tn_error *err)
{
	((struct state *)c->state)->memory = malloc(64);
	return tn_fail(err, TN_EIO, "nothing works today");
}

static void fini(struct tn_ctx *c)
{
	free(((struct state *)c->state)->memory);
}

TN_PLUGIN = {
	TN_HEAD("bad_init", "1", "wrong on purpose"),
	.state_bytes = sizeof(struct state),
	.init = init,
	.fini = fini,
};
