/* SPDX-License-Identifier: MIT
 * t/36-net-survivor.c - of two sessions exactly one is left, seen from both ends
 *
 * Two ends, A and B, and two sessions between them. All combinations of who dialed
 * which, who has the higher id, in which order they came UP at each end, when, and
 * what is heard where are run through time; what one end drops vanishes at the other
 * after a delay.
 */
#include <string.h>

#include "lib/tap.h"
#include "net/survivor.h"

#define MS 1000u
#define STEP (50 * MS)
#define END (40000 * MS)
#define NEVER UINT64_MAX

struct end {
	uint64_t id, peer_id; /* 0: an old node */
	uint64_t up[2];       /* when each session came UP here */
	uint64_t heard[2];    /* first line on it, NEVER: none */
	bool outbound[2];
	bool has[2];
	uint64_t gone_at[2]; /* when this end learns that the other one closed it */
};

struct world {
	struct end end[2];
	uint64_t delay;
	unsigned drops[2];
	uint64_t last_drop;
};

static unsigned older(const struct end *e)
{
	return e->up[1] < e->up[0];
}

static struct survivor_answer answer_of(const struct end *e, uint64_t now)
{
	unsigned first = older(e), second = !first;
	struct survivor_question q = {
		.own_id = e->id,
		.peer_id = e->peer_id,
		.first = { e->outbound[first], e->heard[first] <= now },
		.second = { e->outbound[second], e->heard[second] <= now },
		.age_us = now - e->up[second],
	};

	return survivor_rule(&q);
}

static void act(struct world *w, unsigned who, uint64_t now)
{
	struct end *e = &w->end[who], *other = &w->end[!who];
	unsigned first = older(e), victim;
	struct survivor_answer a;

	if (!e->has[0] || !e->has[1] || now < e->up[!first])
		return;
	a = answer_of(e, now);
	if (a.act == SURVIVOR_WAIT)
		return;
	victim = a.act == SURVIVOR_DROP_FIRST ? first : !first;
	e->has[victim] = false;
	other->gone_at[victim] = now + w->delay;
	w->drops[who]++;
	w->last_drop = now;
}

static void learn(struct end *e, uint64_t now)
{
	for (unsigned s = 0; s < 2; s++)
		if (e->gone_at[s] <= now)
			e->has[s] = false;
}

static void run(struct world *w)
{
	for (uint64_t now = 0; now <= END; now += STEP) {
		for (unsigned who = 0; who < 2; who++)
			learn(&w->end[who], now);
		for (unsigned who = 0; who < 2; who++)
			act(w, who, now);
	}
}

/* Sessions that live at both ends. */
static unsigned links(const struct world *w)
{
	return (w->end[0].has[0] && w->end[1].has[0]) + (w->end[0].has[1] && w->end[1].has[1]);
}

/* ---- everything at once */

enum { HEARD_AT_ONCE, HEARD_LATE, HEARD_NEVER, HEARD_KINDS };
static const uint64_t heard_after[HEARD_KINDS] = { 0, 4000 * MS, NEVER };

/* One combination out of the bits of n: false when n is no combination. */
static void combine(struct world *w, unsigned n)
{
	bool a_dials[2] = { n & 1, n & 2 };

	*w = (struct world){ .delay = n & 4 ? 900 * MS : 50 * MS };
	n >>= 3;
	for (unsigned who = 0; who < 2; who++) {
		struct end *e = &w->end[who];
		uint64_t last;

		e->id = (who == 0) == (n & 1) ? 900 : 100;
		e->peer_id = 1000 - e->id;
		for (unsigned s = 0; s < 2; s++) {
			e->has[s] = true;
			e->gone_at[s] = NEVER;
			e->outbound[s] = who == 0 ? a_dials[s] : !a_dials[s];
		}
		/* order and distance of the two at this end */
		e->up[0] = n >> (1 + who) & 1 ? 0 : 300 * MS;
		e->up[1] = 300 * MS - e->up[0];
		last = 300 * MS;
		for (unsigned s = 0; s < 2; s++) {
			unsigned kind = n >> (3 + 4 * who + 2 * s) & 3;

			e->heard[s] = kind < HEARD_NEVER ? last + heard_after[kind] : NEVER;
		}
	}
}

static void every_combination(void)
{
	unsigned none = 0, two = 0, both = 0, late = 0, ran = 0;

	for (unsigned n = 0; n < 1u << 14; n++) {
		struct world w;
		bool same;

		combine(&w, n);
		same = w.end[0].outbound[0] == w.end[0].outbound[1];
		run(&w);
		ran++;
		none += links(&w) == 0;
		two += links(&w) == 2;
		both += w.drops[0] && w.drops[1];
		late += w.last_drop > 300 * MS + (same ? SURVIVOR_PROBE_US : SURVIVOR_PATIENCE_US);
	}
	note("%u combinations", ran);
	is_uint(none, 0, "never are both sessions lost");
	is_uint(two, 0, "never do both stay");
	is_uint(both, 0, "never do both ends drop one");
	is_uint(late, 0, "and it is over within the deadline");
}

/* One end does not see the double: it has lost one of them without a word. The other
 * must be left with the one that lives.
 */
static void lost_without_a_word(unsigned n, unsigned *zero, unsigned *undecided)
{
	struct world w;
	struct end *e;

	combine(&w, n & 0x3f);
	e = &w.end[0];
	e->heard[older(e)] = NEVER;
	e->heard[!older(e)] = 400 * MS;
	w.end[1].has[older(e)] = false;
	run(&w);
	*zero += links(&w) == 0;
	*undecided += e->has[0] && e->has[1];
}

static void one_end_sees_it(void)
{
	unsigned zero = 0, undecided = 0;

	for (unsigned n = 0; n < 1u << 6; n++)
		lost_without_a_word(n, &zero, &undecided);
	is_uint(zero, 0, "a session lost at the other end never costs the living one");
	is_uint(undecided, 0, "and is given up even by the side that does not decide");
}

/* ---- single answers */

static struct survivor_question question(bool first_out, bool second_out, uint64_t own)
{
	return (struct survivor_question){ .own_id = own,
					   .peer_id = 500,
					   .first = { .outbound = first_out },
					   .second = { .outbound = second_out } };
}

static void opposite(void)
{
	struct survivor_question q = question(true, false, 501);
	struct survivor_answer a = survivor_rule(&q);

	ok(a.act == SURVIVOR_WAIT && a.again_us == SURVIVOR_PATIENCE_US, "higher id: it waits");
	ok(a.probe, "makes the first speak");
	q.first.heard = true;
	is_int(survivor_rule(&q).act, SURVIVOR_DROP_SECOND, "and keeps it once it was heard");
	q.first.heard = false;
	q.second.heard = true;
	q.age_us = SURVIVOR_PATIENCE_US - 1;
	is_uint(survivor_rule(&q).again_us, 1, "it is patient");
	q.age_us++;
	is_int(survivor_rule(&q).act, SURVIVOR_DROP_FIRST, "then keeps the one that was heard");
	q.own_id = 499;
	is_int(survivor_rule(&q).act, SURVIVOR_WAIT, "the lower id leaves it to the higher");
	q.first.heard = true;
	q.age_us = UINT64_MAX;
	is_int(survivor_rule(&q).act, SURVIVOR_WAIT, "and never ends one that speaks");
}

static void same(void)
{
	for (unsigned higher = 0; higher < 2; higher++) {
		struct survivor_question q = question(false, false, 499 + 2 * higher);

		is_uint(survivor_rule(&q).again_us, SURVIVOR_PROBE_US, "dialed twice: it probes");
		ok(survivor_rule(&q).probe, "the older one");
		q.first.heard = true;
		ok(!survivor_rule(&q).probe, "until it was heard");
		is_int(survivor_rule(&q).act, SURVIVOR_DROP_SECOND, "then the newcomer ends");
		q.first.heard = false;
		q.second.heard = true;
		q.age_us = SURVIVOR_PROBE_US - 1;
		is_int(survivor_rule(&q).act, SURVIVOR_WAIT, "a newcomer proves nothing");
		q.age_us++;
		is_int(survivor_rule(&q).act, SURVIVOR_DROP_FIRST, "a silent older one ends");
		q.first.outbound = q.second.outbound = true;
		q.first.heard = true;
		is_int(survivor_rule(&q).act, SURVIVOR_WAIT, "who dialed twice does not decide");
	}
}

static void old_node(void)
{
	struct survivor_question q = question(true, false, 501);

	q.peer_id = 0;
	for (unsigned n = 0; n < 8; n++) {
		q.first.heard = n & 1;
		q.second.heard = n & 2;
		q.age_us = n & 4 ? UINT64_MAX : 0;
		is_int(survivor_rule(&q).act, SURVIVOR_WAIT, "an old node may have one each way");
	}
	q = question(false, false, 501);
	q.peer_id = 0;
	q.first.heard = true;
	ok(survivor_rule(&q).act == SURVIVOR_WAIT && !survivor_rule(&q).probe,
	   "its short second session is served");
	is_uint(survivor_rule(&q).again_us, SURVIVOR_GUEST_US, "for a while");
	q.age_us = SURVIVOR_GUEST_US;
	is_int(survivor_rule(&q).act, SURVIVOR_DROP_SECOND, "not for ever");
	q.first.heard = false;
	q.age_us = SURVIVOR_PROBE_US;
	is_int(survivor_rule(&q).act, SURVIVOR_DROP_FIRST, "it takes over from a silent one");
	q.first.outbound = q.second.outbound = true;
	is_int(survivor_rule(&q).act, SURVIVOR_DROP_FIRST, "also if we dialed both");
}

/* Equal questions have equal answers, with a text, and a wait has an end or needs a line. */
static void answers(void)
{
	unsigned wrong = 0;

	for (unsigned n = 0; n < 1u << 14; n++) {
		struct world w;

		combine(&w, n);
		for (uint64_t now = 300 * MS; now < END; now += 2500 * MS) {
			struct survivor_answer a = answer_of(&w.end[0], now);
			struct survivor_answer b = answer_of(&w.end[0], now);

			wrong += a.act != b.act || a.again_us != b.again_us || a.probe != b.probe;
			wrong += !a.why || !*a.why;
			wrong += a.act == SURVIVOR_WAIT && a.again_us == 0;
			wrong += a.act != SURVIVOR_WAIT && a.probe;
		}
	}
	is_uint(wrong, 0, "answers are deterministic and complete");
}

int main(void)
{
	every_combination();
	one_end_sees_it();
	opposite();
	same();
	old_node();
	answers();
	return done_testing();
}
