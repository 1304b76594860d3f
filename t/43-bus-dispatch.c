/* SPDX-License-Identifier: MIT
 * t/43-bus-dispatch.c - every received message has exactly one fate, and the right one
 *
 * Two simulated nodes with a plugin of this test; node a says things, node b's account is
 * looked at.
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/pluglab.h"

struct note {
	uint64_t what, n;
};

static const struct tn_schema note_schema =
	TN_SCHEMA(struct note, TN_RECORD, TN_FIELD(struct note, what), TN_FIELD(struct note, n));

/* What the owner does with a note. */
enum {
	TAKE,
	REFUSE,
	PASS,
	BREAK,
	BAD_REASON,
	NO_HOLD,
	SETTLE_LATER,
	SETTLE_NOW,
	NEVER,
	TWO_HOLDS,
	RELAY_TAKE,
	RELAY_REFUSE,
	FORGET_HOLD
};

struct state {
	struct tn_hold hold[64];
	unsigned holds, notes, watched, gated, relay_rc;
	uint64_t last;
	int settled;
};

enum { M_NOTE, M_ONCE, M_SLOW, M_HIDDEN, M_BIG };
enum { R_DISLIKE };

static struct state *state(struct tn_ctx *c)
{
	return c->state;
}

static tn_verdict hold(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = state(c);

	st->hold[st->holds++ % 64] = tn_hold(c, m);
	return TN_LATER;
}

static tn_verdict on_note(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct note *note = m->body;
	struct state *st = state(c);

	st->notes++;
	st->last = note->n;
	switch (note->what) {
	case TAKE:
		return TN_TAKEN;
	case REFUSE:
		return tn_refuse(R_DISLIKE);
	case PASS:
		return TN_PASS;
	case BREAK:
		return TN_BROKEN;
	case BAD_REASON:
		return tn_refuse(7);
	case NO_HOLD:
		return TN_LATER;
	case SETTLE_LATER:
	case NEVER:
		return hold(c, m);
	case SETTLE_NOW:
		hold(c, m);
		st->settled = tn_settle(c, st->hold[0], TN_TAKEN);
		return TN_LATER;
	case TWO_HOLDS:
		hold(c, m);
		st->settled = tn_hold(c, m).v == 0;
		return TN_LATER;
	case RELAY_TAKE:
		st->relay_rc = (unsigned)tn_relay(c, NULL, m);
		return TN_TAKEN;
	case RELAY_REFUSE:
		st->relay_rc = (unsigned)tn_relay(c, NULL, m);
		return tn_refuse(R_DISLIKE);
	case FORGET_HOLD:
		hold(c, m);
		return TN_TAKEN;
	default:
		return 0xffffffff;
	}
}

TN_PLUGIN = {
	TN_HEAD("talk", "1", "says what the test wants"),
	.state_bytes = sizeof(struct state),
	.messages = TN_ROWS(
		struct tn_message,
		[M_NOTE] = { "Note", &note_schema, on_note, TN_OWN, .window = 100,
			     .later_ms = 2000 },
		[M_ONCE] = { "Once", &note_schema, on_note, TN_OWN, TN_DEDUP, .later_ms = 2000 },
		[M_SLOW] = { "Slow", &note_schema, on_note, TN_OWN, .rate = 5 },
		[M_HIDDEN] = { "Hidden", &note_schema, on_note, TN_OWN, .flags = TN_HIDDEN },
		[M_BIG] = { "Big", &note_schema, on_note, TN_OWN, .max = 100 }),
	.reasons = TN_ROWS(struct tn_reason, [R_DISLIKE] = { "dislike", "the test said so" }),
};

/* ---- a second plugin that gates and watches the first one's notes */

static tn_verdict on_gate(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct note *note = m->body;

	state(c)->gated++;
	return note->n == 13 ? tn_refuse(0) : TN_PASS;
}

static tn_verdict on_watch(struct tn_ctx *c, const struct tn_msg *m)
{
	state(c)->watched++;
	state(c)->last = ((const struct note *)m->body)->n;
	return TN_REFUSED; /* a watcher changes nothing */
}

static const struct tn_plugin watcher = {
	TN_HEAD("watch", "1", "gates and watches"),
	.state_bytes = sizeof(struct state),
	.messages = TN_ROWS(struct tn_message, { "Note", &note_schema, on_gate, TN_GATE, .max = 0 },
			    { "Note", &note_schema, on_watch, TN_WATCH, .max = 0 }),
	.reasons = TN_ROWS(struct tn_reason, { "thirteen", "an unlucky number" }),
};

static const struct plug_builtin builtins[] = { { "talk", &tn_plugin_desc },
						{ "watch", &watcher } };

/* ---- helpers */

static void say(struct plugpair *p, const char *name, uint64_t what, uint64_t n)
{
	char line[128];

	snprintf(line, sizeof line, "{\"%s\":{\"what\":%u,\"n\":%u}}", name, (unsigned)what,
		 (unsigned)n);
	pluglab_say(p->a, name, line);
	plugpair_run(p, 500);
}

static uint64_t refused(struct plugpair *p, const char *name, const char *reason)
{
	return pluglab_refused(p->b, name, ACCOUNT_IN, reason);
}

static uint64_t handled(struct plugpair *p, const char *name)
{
	return pluglab_count(p->b, name, COUNT_HANDLED);
}

static struct state *b_state(struct plugpair *p)
{
	return state(pluglab_ctx(p->b, "talk"));
}

static struct plugpair begin(const char *plugins)
{
	return plugpair_create(1, plugins, builtins, 2);
}

static void end(struct plugpair *p, const char *what)
{
	is_uint(pluglab_off(p->a), 0, "%s: the sender's account balances", what);
	is_uint(pluglab_off(p->b), 0, "%s: the receiver's account balances", what);
	plugpair_free(p);
}

/* ---- cases */

static void verdicts(void)
{
	struct plugpair p = begin("talk: { };");

	say(&p, "Note", TAKE, 1);
	is_uint(handled(&p, "Note"), 1, "TAKEN is handled");
	say(&p, "Note", REFUSE, 1);
	is_uint(refused(&p, "Note", "talk.dislike"), 1, "a refusal has the plugin's reason");
	say(&p, "Note", PASS, 1);
	is_uint(refused(&p, "Note", "broken"), 1, "PASS from an owner is broken");
	say(&p, "Note", BREAK, 1);
	say(&p, "Note", BAD_REASON, 1);
	say(&p, "Note", NO_HOLD, 1);
	say(&p, "Note", 99, 1);
	is_uint(refused(&p, "Note", "broken"), 5,
		"so are BROKEN, a reason of no row, LATER without a hold, and nonsense");
	is_uint(handled(&p, "Note"), 1, "and nothing else was handled");
	is_uint(b_state(&p)->notes, 7, "the owner saw each of them once");
	end(&p, "verdicts");
}

static void strangers(void)
{
	struct plugpair p = begin("talk: { };");

	pluglab_say(p.a, "Nonsense", "{\"Nonsense\":1}");
	pluglab_say(p.a, "GetBlocks", "{\"GetBlocks\":[1,2]}");
	pluglab_say(p.a, "Note", "{\"Note\":{\"what\":0}}");
	pluglab_say(p.a, "Hidden", "{\"Hidden\":{\"what\":0,\"n\":1}}");
	plugpair_run(&p, 500);
	is_uint(p.b->lab->net ? pluglab_count(p.b, "NobodyKnowsThis", COUNT_UNKNOWN) : 0, 1,
		"an unknown name is unknown");
	is_uint(refused(&p, "GetBlocks", "no-owner"), 1, "a known one without owner is no-owner");
	is_uint(pluglab_count(p.b, "Note", COUNT_MALFORMED), 1, "a missing member is malformed");
	is_uint(refused(&p, "Hidden", "unasked"), 1, "an answer that nobody asked for is unasked");
	is_uint(b_state(&p)->notes, 0, "the owner saw none of it");
	end(&p, "strangers");
}

static void gates(void)
{
	struct plugpair p = begin("talk: { };");
	char big[200];

	for (unsigned i = 0; i < 8; i++)
		pluglab_say(p.a, "Slow", "{\"Slow\":{\"what\":0,\"n\":1}}");
	plugpair_run(&p, 100);
	is_uint(handled(&p, "Slow"), 5, "as many as the rate allows");
	is_uint(refused(&p, "Slow", "rate"), 3, "the others are refused(rate)");
	plugpair_run(&p, 1000);
	say(&p, "Slow", TAKE, 2);
	is_uint(handled(&p, "Slow"), 6, "a second later there is room again");

	say(&p, "Once", TAKE, 1);
	say(&p, "Once", TAKE, 1);
	is_uint(refused(&p, "Once", "duplicate"), 1, "the same line again is a duplicate");
	say(&p, "Once", REFUSE, 2);
	say(&p, "Once", REFUSE, 2);
	is_uint(refused(&p, "Once", "talk.dislike"), 2, "unless it was not taken");
	snprintf(big, sizeof big, "{\"Big\":{\"what\":0,\"n\":1,\"x\":\"%080d\"}}", 1);
	pluglab_say(p.a, "Big", big);
	say(&p, "Big", TAKE, 1);
	is_uint(refused(&p, "Big", "size"), 1, "a line over its limit is refused(size)");
	is_uint(handled(&p, "Big"), 1, "a short one is not");
	end(&p, "gates");
}

static void holds(void)
{
	struct plugpair p = begin("talk: { };");
	struct tn_ctx *c = pluglab_ctx(p.b, "talk");
	struct state *st = b_state(&p);
	const struct tn_msg *m;

	say(&p, "Note", SETTLE_LATER, 5);
	is_uint(pluglab_off(p.b), 0, "a held message is waiting, and the account balances");
	is_uint(handled(&p, "Note"), 0, "not handled yet");
	m = tn_held(c, st->hold[0]);
	ok(m && ((const struct note *)m->body)->n == 5, "the host lends it");
	ok(m && !memcmp(m->line.p, "{\"Note\"", 7), "with its line");
	is_int(tn_settle(c, st->hold[0], TN_LATER), TN_EINVAL, "LATER is no verdict to settle by");
	is_int(tn_settle(c, st->hold[0], TN_TAKEN), 0, "settle brings the verdict");
	is_uint(handled(&p, "Note"), 1, "handled");
	is_int(tn_settle(c, st->hold[0], TN_TAKEN), TN_EGONE, "only once");
	ok(!tn_held(c, st->hold[0]), "it is lent no more");
	st->holds = 0;
	say(&p, "Note", SETTLE_NOW, 6);
	is_int(st->settled, 0, "a hold may be settled inside the handler");
	is_uint(handled(&p, "Note"), 2, "and counts when the handler returns");
	say(&p, "Note", NEVER, 7);
	plugpair_run(&p, 3000);
	is_uint(refused(&p, "Note", "timeout"), 1, "a missed deadline is refused(timeout)");
	say(&p, "Note", FORGET_HOLD, 8);
	is_uint(handled(&p, "Note"), 3, "a hold without LATER is dropped");
	is_int(tn_settle(c, st->hold[(st->holds - 1) % 64], TN_TAKEN), TN_EGONE, "and stale");
	say(&p, "Note", TWO_HOLDS, 9);
	ok(st->settled, "a message has one hold");
	end(&p, "holds");
}

static void window(void)
{
	struct plugpair p = begin("talk: { };");
	struct tn_ctx *c = pluglab_ctx(p.b, "talk");
	struct state *st = b_state(&p);

	say(&p, "Once", SETTLE_LATER, 1);
	is_uint(pluglab_session(p.b)->pauses, 1, "a window of one is full: reading pauses");
	say(&p, "Note", TAKE, 2);
	is_uint(st->notes, 1, "nothing is read meanwhile");
	tn_settle(c, st->hold[0], TN_TAKEN);
	plugpair_run(&p, 100);
	is_uint(pluglab_session(p.b)->pauses, 0, "settling resumes");
	is_uint(st->notes, 2, "and nothing was lost");
	say(&p, "Once", SETTLE_LATER, 3);
	net_close(p.a->lab->net, pluglab_session(p.a), "the test ends it");
	plugpair_run(&p, 200);
	is_int(tn_settle(c, st->hold[1], TN_TAKEN), 0, "a hold outlives its session");
	end(&p, "window");
}

/* Held bytes count: over its session's or the node's budget a peer is not read from. */
static void budgets(void)
{
	struct plugpair p = begin("talk: { };");
	struct settings_sessions *set = &p.b->lab->set.sessions;
	struct tn_ctx *c = pluglab_ctx(p.b, "talk");
	struct state *st = b_state(&p);

	say(&p, "Note", SETTLE_LATER, 1);
	is_uint(pluglab_session(p.b)->pauses, 0, "a little is held: reading goes on");
	set->unfinished_session = 60;
	say(&p, "Note", SETTLE_LATER, 2);
	is_uint(pluglab_session(p.b)->pauses, 1, "over the session's budget it pauses");
	set->unfinished_session = 1 << 20;
	tn_settle(c, st->hold[0], TN_TAKEN);
	is_uint(pluglab_session(p.b)->pauses, 0, "and goes on when there is room");
	set->unfinished_node = 40;
	say(&p, "Note", SETTLE_LATER, 3);
	is_uint(pluglab_session(p.b)->pauses, 1, "the node's budget pauses too");
	tn_settle(c, st->hold[1], TN_TAKEN);
	is_uint(pluglab_session(p.b)->pauses, 1, "one of two settled: still too much");
	tn_settle(c, st->hold[2], TN_TAKEN);
	is_uint(pluglab_session(p.b)->pauses, 0, "both settled");
	is_uint(handled(&p, "Note"), 3, "nothing was lost");
	end(&p, "budgets");
}

static void watching(void)
{
	struct plugpair p = begin("watch: { }; talk: { };");
	struct state *seen = state(pluglab_ctx(p.b, "watch"));

	say(&p, "Note", TAKE, 1);
	is_uint(seen->watched, 1, "a watcher sees what was taken");
	is_uint(handled(&p, "Note"), 1, "and its verdict is nothing");
	say(&p, "Note", REFUSE, 2);
	is_uint(seen->watched, 1, "not what was refused");
	say(&p, "Note", TAKE, 13);
	is_uint(refused(&p, "Note", "watch.thirteen"), 1, "a gate refuses with its own reason");
	is_uint(b_state(&p)->notes, 2, "and the owner never sees it");
	say(&p, "Note", SETTLE_LATER, 21);
	tn_settle(pluglab_ctx(p.b, "talk"), b_state(&p)->hold[0], TN_TAKEN);
	is_uint(seen->last, 21, "a held message is shown when it is taken");
	end(&p, "watching");
}

/* Enough for a bus that loses one in a thousand to be found out (--enable-break=drop). */
static void many(void)
{
	struct plugpair p = begin("talk: { };");

	for (unsigned i = 0; i < 25; i++) {
		for (unsigned k = 0; k < 100; k++)
			pluglab_say(p.a, "Note", "{\"Note\":{\"what\":0,\"n\":1}}");
		plugpair_run(&p, 200);
	}
	is_uint(handled(&p, "Note"), 2500, "2500 notes are handled");
	end(&p, "many");
}

int main(void)
{
	verdicts();
	many();
	strangers();
	gates();
	holds();
	window();
	budgets();
	watching();
	return done_testing();
}
