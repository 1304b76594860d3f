/* SPDX-License-Identifier: MIT
 * t/sim/keeper.c - a plugin that owns most of the wire and gives every kind of verdict
 *
 * TAKEN, REFUSED, BROKEN, LATER settled in time, LATER never settled, relays: what real
 * families do to a session, without their meaning.
 */
#include "timenode/host.h"

enum { R_UNWANTED };
enum { KEPT = 64 };

struct state {
	struct tn_hold hold[KEPT];
	unsigned n;
};

static tn_verdict take(struct tn_ctx *c, const struct tn_msg *m)
{
	tn_relay(c, NULL, m);
	return TN_TAKEN;
}

static tn_verdict refuse(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_UNWANTED);
}

static tn_verdict fail(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_BROKEN;
}

static void settle_all(struct tn_ctx *c, void *arg)
{
	struct state *st = c->state;

	(void)arg;
	for (unsigned i = 0; i < st->n; i++)
		tn_settle(c, st->hold[i], i & 1 ? TN_TAKEN : tn_refuse(R_UNWANTED));
	st->n = 0;
}

static tn_verdict later(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = c->state;
	struct tn_hold h = tn_hold(c, m);

	if (h.v && st->n < KEPT)
		st->hold[st->n++] = h;
	return h.v ? TN_LATER : TN_BROKEN;
}

static tn_verdict never(struct tn_ctx *c, const struct tn_msg *m)
{
	return tn_hold(c, m).v ? TN_LATER : TN_BROKEN;
}

static tn_verdict hang_up(struct tn_ctx *c, const struct tn_msg *m)
{
	tn_close(c, m->from, "it asked for it");
	return never(c, m);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	return tn_every(c, 100, settle_all, NULL).v ? 0 : tn_fail(err, TN_ENOMEM, "no memory");
}

#define OWN(name, fn)                                                                              \
	{                                                                                          \
		name, NULL, fn, TN_OWN, .max = 100000, .rate = 200, .window = 32, .later_ms = 1000 \
	}

TN_PLUGIN = {
	TN_HEAD("keeper", "1", "takes, refuses, keeps"),
	.state_bytes = sizeof(struct state),
	.messages = TN_ROWS(struct tn_message, OWN("GetBlockHeight", take), OWN("BlockVote", later),
			    OWN("BlockCommit", never), OWN("GetBlocks", refuse),
			    OWN("TransactionBroadcast", take), OWN("TransactionVote", later),
			    OWN("BlocksResponse", hang_up), OWN("GetGenesisHash", fail),
			    OWN("HeartbeatBroadcast", later), OWN("UTXOStateQuery", never)),
	.reasons = TN_ROWS(struct tn_reason, [R_UNWANTED] = { "unwanted", "not wanted" }),
	.start = start,
};
