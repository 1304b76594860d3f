/* SPDX-License-Identifier: MIT
 * t/57-sim-blocks-fleet.c - many nodes, two branches, liars, a network that parts and heals: one tip
 *
 * The first and the last node are given blocks of two branches while partitions come and go,
 * nodes crash and liars of every kind answer and announce. In the end every honest node has
 * the better tip and the same coins, and none of them was blamed by another.
 * NODES=20 LIARS=18 SEEDS=200 for the long form; a seed as argument for that one alone,
 * VERBOSE=1 for all that the honest nodes say.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/lies.h"

#define SECOND 1000000u
#define FAIR_S 1200 /* virtual seconds to agree in when all is healed */

struct scale {
	unsigned nodes, liars;
};

static void ip_of(char *buf, size_t room, unsigned i)
{
	snprintf(buf, room, "%u.28.104.%u", 50 + i * 3, 50 + i);
}

static void print_line(void *arg, enum env_log_level level, const char *line, size_t n)
{
	(void)level;
	printf("# %s: %.*s\n", (const char *)arg, (int)n, line);
}

/* Each node dials the next two, in a ring, and one of the liars. With odd seeds nobody is ever
 * closed or banned for his points, so that the liars are there to the end.
 */
static struct fleet *make(uint64_t seed, const struct scale *of, struct lies *lies)
{
	struct fleet *f = fleet_create(seed);
	const char *patience = seed & 1 ? "score: { close = 1000000; ban = 1000000; }; " : "";

	for (unsigned i = 0; i < of->nodes; i++) {
		char conf[600], ip[32], next[32], after[32], liar[48] = "";

		ip_of(ip, sizeof ip, i);
		ip_of(next, sizeof next, (i + 1) % of->nodes);
		ip_of(after, sizeof after, (i + 2) % of->nodes);
		if (of->liars)
			snprintf(liar, sizeof liar, ", \"%u.66.7.%u\"", 11 + i % of->liars,
				 2 + i % of->liars);
		snprintf(conf, sizeof conf,
			 "network: { name = \"testnet\"; listen = [ \"%s\" ]; dial_rule = \"any\"; "
			 "connect = [ \"%s\", \"%s\"%s ]; }; "
			 "%splugins: { pingpong: { }; blocks: { }; };",
			 ip, next, after, liar, patience);
		fleet_add(f, ip, conf);
	}
	lies_add(lies, f, of->liars, seed);
	if (getenv("VERBOSE"))
		f->log_level = "debug";
	for (unsigned i = 0; i < of->nodes && getenv("VERBOSE"); i++)
		world_log_to(f->node[i].env, print_line, f->node[i].name);
	for (unsigned i = 0; i < f->nodes; i++)
		fleet_start(&f->node[i]);
	return f;
}

struct story {
	struct fleet *f;
	struct lies lies;
	struct feed left, right;
	struct rng r;
	unsigned nodes; /* honest ones */
};

/* Honest nodes only: the liars sit on both sides. */
static void part(struct story *s, unsigned at, bool parted)
{
	for (unsigned i = 0; i < at; i++)
		for (unsigned j = at; j < s->nodes; j++)
			world_link_block(s->f->world, s->f->node[i].env, s->f->node[j].env, parted);
}

/* All of a branch that the node has not got. */
static void offer(struct story *s, unsigned node, const struct feed *b)
{
	for (uint64_t h = 1; h <= b->top; h++)
		if (b->block[h])
			chain_offer(node_plug(s->f->node[node].node), b->block[h], b->arena[h]);
}

static void trouble(struct story *s)
{
	struct rng *r = &s->r;
	struct fleet *f = s->f;
	unsigned who = (unsigned)rng_range(r, 1, s->nodes - 2);

	if (rng_range(r, 0, 2) != 0)
		part(s, (unsigned)rng_range(r, 1, s->nodes - 1), true);
	if (rng_range(r, 0, 2) == 0) {
		lies_look(&s->lies);
		fleet_cut(&f->node[who]);
		fleet_run(f, rng_range(r, 1, 20) * SECOND);
		fleet_start(&f->node[who]);
	}
	fleet_run(f, rng_range(r, 5, 60) * SECOND);
	for (unsigned i = 1; i < s->nodes; i++)
		part(s, i, false);
	fleet_run(f, rng_range(r, 1, 30) * SECOND);
	lies_look(&s->lies);
}

static unsigned at_tip(struct story *s, struct tn_tip tip)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->nodes; i++) {
		struct tn_tip own = chain_tip(node_plug(s->f->node[i].node));

		n += !memcmp(own.hash.b, tip.hash.b, 32);
	}
	return n;
}

static unsigned same_coins(struct story *s)
{
	struct world *w = s->f->world;
	char *first = chain_ask(w, node_plug(s->f->node[0].node), "gettxoutsetinfo", "{}");
	unsigned n = 0;

	for (unsigned i = 0; i < s->nodes; i++) {
		char *own = chain_ask(w, node_plug(s->f->node[i].node), "gettxoutsetinfo", "{}");

		n += !strcmp(own, first);
		free(own);
	}
	free(first);
	return n;
}

static uint64_t missing(struct fleet *f)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < f->nodes; i++)
		n += fleet_missing(&f->node[i]);
	return n;
}

/* Branches grow while the network is in trouble. */
static void live(struct story *s)
{
	feed_grow(&s->left, 10);
	offer(s, 0, &s->left);
	lies_tell(&s->lies, &s->left, &s->right, false);
	fleet_run(s->f, 70 * SECOND);
	s->right.g = chaingen_fork(s->left.g, 1);
	for (unsigned i = 0; i < 6; i++) {
		feed_grow(&s->left, (unsigned)rng_range(&s->r, 0, 6));
		feed_grow(&s->right, (unsigned)rng_range(&s->r, 0, 6));
		lies_tell(&s->lies, &s->left, &s->right, true);
		offer(s, 0, &s->left);
		offer(s, s->nodes - 1, &s->right);
		trouble(s);
	}
}

/* The left branch becomes the best one; whoever is slow in seeing it has all his time, and
 * the liars have their say in it. Virtual seconds it took. */
static unsigned agree(struct story *s)
{
	uint64_t most = s->right.top > s->lies.most ? s->right.top : s->lies.most;
	unsigned took = 0;

	feed_grow(&s->left, most >= s->left.top ? (unsigned)(most - s->left.top) + 1 : 1);
	offer(s, 0, &s->left);
	for (; took < FAIR_S && at_tip(s, chaingen_tip(s->left.g)) < s->nodes; took += 10) {
		if (took % 60 == 50)
			lies_tell(&s->lies, &s->left, &s->right, false);
		fleet_run(s->f, 10 * SECOND);
	}
	fleet_run(s->f, 100 * SECOND);
	lies_look(&s->lies);
	return took;
}

static void run(uint64_t seed, const struct scale *of, uint64_t *against)
{
	struct story s = { .nodes = of->nodes };
	unsigned took, there;

	s.f = make(seed, of, &s.lies);
	s.left.g = chainlab_gen(seed, 4); /* 5 transactions: a body that can be mutated */
	rng_seed(&s.r, seed, 99);
	live(&s);
	took = agree(&s);
	there = at_tip(&s, chaingen_tip(s.left.g));
	is_uint(there, of->nodes, "seed %d: all %u honest nodes have the better tip (%u s)",
		(int)seed, of->nodes, took);
	is_uint(same_coins(&s), of->nodes, "and the same coins");
	is_uint(missing(s.f), 0, "every message is accounted for");
	is_uint(s.lies.against_honest, 0, "no honest node is blamed by an honest one %s",
		s.lies.victim);
	if (there != of->nodes || s.lies.against_honest)
		fleet_blame(s.f, "t/57-sim-blocks-fleet.t");
	for (unsigned i = 0; i < LIAR_KINDS; i++)
		against[i] += s.lies.against[i];
	fleet_free(s.f);
	lies_end(&s.lies);
	feed_end(&s.left);
	feed_end(&s.right);
}

static unsigned number(const char *name, unsigned other)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : other;
}

/* Those that can be told from an honest node that is slow or on another chain. */
static void are_blamed(const uint64_t *against)
{
	static const enum liar_kind told[] = { LIAR_HEIGHT, LIAR_SIGNATURE, LIAR_MUTATED,
					       LIAR_RANGE,  LIAR_ANNOUNCE,  LIAR_EMPTY };

	for (unsigned i = 0; i < sizeof told / sizeof *told; i++)
		ok(against[told[i]] > 0, "liars are blamed: %s (%.0f points seen)",
		   liar_name(told[i]), (double)against[told[i]] / 1000);
	is_uint(against[LIAR_WITHHOLD] + against[LIAR_GENESIS], 0,
		"who is silent or of another chain has no points");
}

int main(int argc, char **argv)
{
	struct scale of = { number("NODES", 6), number("LIARS", 9) };
	unsigned seeds = number("SEEDS", 3);
	uint64_t against[LIAR_KINDS] = { 0 };

	if (argc > 1) {
		run(strtoull(argv[1], NULL, 10), &of, against);
		return done_testing();
	}
	for (unsigned i = 1; i <= seeds; i++)
		run(i, &of, against);
	if (of.liars >= LIAR_KINDS)
		are_blamed(against);
	return done_testing();
}
