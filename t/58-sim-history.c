/* SPDX-License-Identifier: MIT
 * t/58-sim-history.c - the rules that the reference had and dropped, in the same storms
 *
 * Six times in eight months the reference changed who dials and which of two sessions
 * stays. Each of those rules, put into our node, breaks an
 * invariant with a seed that is printed; the shipped rules pass the very same seeds.
 *
 * The reference compares addresses to choose among two sessions; here the node_ids take
 * that place: an order that both ends see alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/trial.h"

#define SELF "t/58-sim-history.t"
#define SEEDS 10
#define NODES 12
#define HOURS 2

/* ---- who dials: never the other side, however long it waits */

static struct dial_answer yes(void)
{
	return (struct dial_answer){ .dial = true, .why = DIAL_WHY_ANY };
}

static struct dial_answer never(void)
{
	return (struct dial_answer){ .wait_us = UINT64_MAX, .why = DIAL_WHY_THEIRS };
}

static struct dial_answer unless_self(const struct dial_question *q, bool dial)
{
	if (q->local && !tn_addr_cmp(q->local, q->peer))
		return (struct dial_answer){ .wait_us = UINT64_MAX, .why = DIAL_WHY_SELF };
	return dial ? yes() : never();
}

static const struct tn_addr *local_of(const struct dial_question *q)
{
	static const struct tn_addr unspecified = { .ip = { [10] = 0xff, [11] = 0xff } };

	return q->local ? q->local : &unspecified; /* 0.0.0.0 */
}

static struct dial_answer lower_as_text(const struct dial_question *q)
{
	char own[TN_ADDR_TEXT], peer[TN_ADDR_TEXT];

	tn_addr_ip_text(local_of(q), own);
	tn_addr_ip_text(q->peer, peer);
	return unless_self(q, strcmp(own, peer) < 0);
}

static struct dial_answer higher(const struct dial_question *q)
{
	return unless_self(q, tn_addr_cmp_ip(local_of(q), q->peer) > 0);
}

static struct dial_answer both(const struct dial_question *q)
{
	return unless_self(q, true);
}

/* ---- which of two stays: decided at once, at each end */

static struct survivor_answer drop(enum survivor_act act)
{
	return (struct survivor_answer){ .act = act, .why = "double: by a rule of old" };
}

/* The listener's rule T: the higher one rejects a newcomer, the lower one forgets what it
 * had and lets it run. */
static struct survivor_answer higher_rejects(const struct survivor_question *q)
{
	if (!q->second.outbound && q->own_id > q->peer_id)
		return drop(SURVIVOR_DROP_SECOND);
	return (struct survivor_answer){ SURVIVOR_WAIT, UINT64_MAX, false, "both go on" };
}

static struct survivor_answer newer_replaces(const struct survivor_question *q)
{
	(void)q;
	return drop(SURVIVOR_DROP_FIRST);
}

static struct survivor_answer first_wins(const struct survivor_question *q)
{
	(void)q;
	return drop(SURVIVOR_DROP_SECOND);
}

/* Both ends keep the session that the higher one dialed; the same way twice: the first. */
static struct survivor_answer higher_dialed(const struct survivor_question *q)
{
	bool is_higher = q->own_id > q->peer_id;

	return drop(q->second.outbound == is_higher && q->first.outbound != is_higher
			    ? SURVIVOR_DROP_FIRST
			    : SURVIVOR_DROP_SECOND);
}

static const struct {
	const char *when;
	struct net_rules rules;
} history[] = {
	{ "2025-12-17, the lower address dials, compared as text",
	  { lower_as_text, higher_rejects } },
	{ "2025-12-18, the higher address dials", { higher, higher_rejects } },
	{ "2025-12-24, no rule: both dial", { both, higher_rejects } },
	{ "2026-01-04, both dial and the newer replaces the older", { both, newer_replaces } },
	{ "2026-04-28, both dial and the first connection wins", { both, first_wins } },
	{ "2026-07-10, the higher address dials and what it dialed stays",
	  { higher, higher_dialed } },
};

/* Under a checker, that makes it slow, the first failure is enough. */
static bool is_slow(void)
{
	const char *slow = getenv("TN_SLOW");

	return slow && atoi(slow) > 1;
}

static struct trial run(uint64_t seed, const struct net_rules *rules)
{
	return trial_run(&(struct trial_setup){ .seed = seed,
						.nodes = NODES,
						.hours = HOURS,
						.faults = true,
						.rules = rules,
						.quiet = rules != NULL,
						.again = "t/57-sim-storm.t" });
}

static void old_rule(unsigned i)
{
	unsigned failed = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct trial t;

		if (failed && is_slow())
			break;
		t = run(seed, &history[i].rules);
		if (!t.good && !failed++)
			note("%s: seed %llu: %s; again, with a trace: " SELF " %u %llu",
			     history[i].when, (unsigned long long)seed, t.broken, i,
			     (unsigned long long)seed);
	}
	ok(failed > 0, "%s: fails %u of %u seeds", history[i].when, failed, SEEDS);
}

/* With a rule's number and a seed: that run alone, with its trace. */
static int one(unsigned i, uint64_t seed)
{
	char again[64];
	struct trial t;

	snprintf(again, sizeof again, SELF " %u", i);
	t = trial_run(&(struct trial_setup){
		.seed = seed,
		.nodes = NODES,
		.hours = HOURS,
		.faults = true,
		.rules = i < sizeof history / sizeof *history ? &history[i].rules : NULL,
		.trace = 4000,
		.again = again });

	ok(t.good, "rule %u, seed %llu", i, (unsigned long long)seed);
	return done_testing();
}

int main(int argc, char **argv)
{
	static const struct net_rules shipped = { dial_rule, survivor_rule };
	unsigned good = 0, same = 0, again = is_slow() ? 2 : SEEDS;

	if (argc > 2)
		return one((unsigned)atoi(argv[1]), strtoull(argv[2], NULL, 10));
	for (unsigned i = 0; i < sizeof history / sizeof *history; i++)
		old_rule(i);
	for (uint64_t seed = 1; seed <= again; seed++) {
		struct trial own = run(seed, NULL), put_in = run(seed, &shipped);

		good += own.good;
		same += put_in.good && put_in.hash == own.hash;
	}
	is_uint(good, again, "the shipped rules pass every one of these seeds");
	is_uint(same, again, "so they do when they are put in the way the old ones are");
	return done_testing();
}
