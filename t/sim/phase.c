/* SPDX-License-Identifier: MIT
 * t/sim/phase.c - what a node's chain is just doing
 */
#include "sim/phase.h"

#include "plugins/blocks/blocks.h"

const char *phase_name(enum phase p)
{
	static const char *const name[PHASES] = {
		[PHASE_QUIET] = "quiet",          [PHASE_SYNC] = "sync",
		[PHASE_CONNECT] = "connection",   [PHASE_CONNECTED] = "connection, not durable",
		[PHASE_REORG] = "reorganisation", [PHASE_REORGED] = "reorganisation, not durable",
	};

	return name[p];
}

static bool is_over(const struct trial *t, const struct state *st)
{
	return t->batch && t->fork < st->tip.height;
}

enum phase phase_now(struct phase_watch *w, struct tn_ctx *c, uint64_t waiting, int64_t reorgs)
{
	const struct state *st = state_of(c);
	const struct trial *t = st->road.first;

	if (!waiting)
		w->reorgs = reorgs;
	if (t && is_over(t, st))
		return PHASE_REORG;
	if (reorgs > w->reorgs)
		return PHASE_REORGED;
	if (sync_target(c) > st->tip.height)
		return PHASE_SYNC;
	if (t && t->step)
		return PHASE_CONNECT;
	return waiting ? PHASE_CONNECTED : PHASE_QUIET;
}
