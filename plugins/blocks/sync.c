/* SPDX-License-Identifier: MIT
 * plugins/blocks/sync.c - heights of peers and catching up
 */
#include "blocks.h"

#include <stdlib.h>

struct sync {
	uint64_t target;
};

struct sync *sync_create(void)
{
	return calloc(1, sizeof(struct sync));
}

void sync_free(struct sync *s)
{
	free(s);
}

int sync_start(struct tn_ctx *c)
{
	(void)c;
	return 0;
}

void sync_up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
}

void sync_down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
}

void sync_hint(struct tn_ctx *c, struct tn_sid s, uint64_t height)
{
	(void)c, (void)s, (void)height;
}

tn_verdict sync_late(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_UNASKED);
}

uint64_t sync_target(struct tn_ctx *c)
{
	const struct state *st = state_of(c);

	return st->sync->target > st->tip.height ? st->sync->target : st->tip.height;
}

void sync_moved(struct tn_ctx *c)
{
	(void)c;
}
