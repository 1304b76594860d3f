/* SPDX-License-Identifier: MIT
 * t/plugins/bad_selfclose.c - closes its session and cancels its timers in their own handlers
 */
#include "timenode/host.h"

enum { C_CLOSED, C_DOWN, C_TICKS, C_BEATS };

struct state {
	struct tn_timer tick, beat;
};
struct slot {
	uint64_t n;
};

static tn_verdict leave(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = c->state;

	tn_close(c, m->from, "bad_selfclose has had enough");
	tn_close(c, m->from, "and says so twice");
	tn_cancel(c, st->tick);
	tn_cancel(c, st->tick);
	tn_metric(c, C_CLOSED, 1);
	return tn_slot(c, m->from) ? TN_BROKEN : TN_TAKEN; /* a closing session has none */
}

static void tick(struct tn_ctx *c, void *arg)
{
	struct state *st = c->state;

	(void)arg;
	tn_cancel(c, st->tick);
	tn_metric(c, C_TICKS, 1);
	st->tick = tn_every(c, 20, tick, NULL);
}

static void beat(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	struct state *st = c->state;

	((struct slot *)slot)->n++;
	tn_cancel(c, st->beat);
	tn_metric(c, C_BEATS, 1);
	st->beat = tn_pulse(c, 50, beat);
	if (((struct slot *)slot)->n == 3)
		tn_close(c, s, "bad_selfclose ends it on a beat");
}

static void down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)slot;
	tn_close(c, s, "once more");
	tn_metric(c, C_DOWN, 1);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = c->state;

	(void)err;
	st->tick = tn_every(c, 20, tick, NULL);
	st->beat = tn_pulse(c, 50, beat);
	return 0;
}

TN_PLUGIN = {
	TN_HEAD("bad_selfclose", "1", "wrong on purpose"),
	.state_bytes = sizeof(struct state),
	.slot_bytes = sizeof(struct slot),
	.messages = TN_ROWS(struct tn_message,
			    { "GetBlockHeight", &tn_schema_unit, leave, TN_OWN, .max = 0 }),
	.metrics =
		TN_ROWS(struct tn_metric, [C_CLOSED] = { "closed", "by a message", TN_M_COUNT, 1 },
			[C_DOWN] = { "down", "told of an end", TN_M_COUNT, 1 },
			[C_TICKS] = { "ticks", "of the timer", TN_M_COUNT, 1 },
			[C_BEATS] = { "beats", "of the pulse", TN_M_COUNT, 1 }),
	.start = start,
	.down = down,
};
