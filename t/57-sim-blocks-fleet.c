/* SPDX-License-Identifier: MIT
 * t/57-sim-blocks-fleet.c - many nodes, two branches, a network that parts and heals: one tip
 *
 * The first and the last node are given blocks of two branches while partitions come and go
 * and nodes crash. When all is healed every node has the better tip and the same coins.
 * NODES=20 SEEDS=200 for the long form.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"
#include "sim/rng.h"

#define SECOND 1000000u

struct feed { /* a branch: its blocks by height */
	struct chaingen *g;
	const struct tn_block *block[200];
	struct tn_arena *arena[200];
	uint64_t top;
};

static void ip_of(char *buf, size_t room, unsigned i)
{
	snprintf(buf, room, "%u.28.104.%u", 50 + i * 3, 50 + i);
}

/* Each node dials the next two, in a ring. */
static struct fleet *make(uint64_t seed, unsigned nodes)
{
	struct fleet *f = fleet_create(seed);

	for (unsigned i = 0; i < nodes; i++) {
		char conf[600], ip[32], next[32], after[32];

		ip_of(ip, sizeof ip, i);
		ip_of(next, sizeof next, (i + 1) % nodes);
		ip_of(after, sizeof after, (i + 2) % nodes);
		snprintf(conf, sizeof conf,
			 "network: { name = \"testnet\"; listen = [ \"%s\" ]; dial_rule = \"any\"; "
			 "connect = [ \"%s\", \"%s\" ]; }; "
			 "plugins: { pingpong: { }; blocks: { }; };",
			 ip, next, after);
		fleet_add(f, ip, conf);
	}
	for (unsigned i = 0; i < nodes; i++)
		fleet_start(&f->node[i]);
	return f;
}

static void part(struct fleet *f, unsigned at, bool parted)
{
	for (unsigned i = 0; i < at; i++)
		for (unsigned j = at; j < f->nodes; j++)
			world_link_block(f->world, f->node[i].env, f->node[j].env, parted);
}

static void grow(struct feed *b, unsigned n)
{
	while (n--) {
		struct tn_arena *a = tn_arena_create((size_t)16 << 20);
		const struct tn_block *next = chaingen_next(b->g, a);

		b->top = next->header.height;
		b->block[b->top] = next;
		b->arena[b->top] = a;
	}
}

/* All of a branch that the node has not got. */
static void offer(struct fleet_node *n, const struct feed *b)
{
	if (!n->node)
		return;
	for (uint64_t h = 1; h <= b->top; h++)
		if (b->block[h])
			chain_offer(node_plug(n->node), b->block[h], b->arena[h]);
}

static void feed_end(struct feed *b)
{
	for (unsigned i = 0; i < 200; i++)
		tn_arena_unref(b->arena[i]);
	chaingen_free(b->g);
}

static void trouble(struct fleet *f, struct rng *r)
{
	unsigned who = (unsigned)rng_range(r, 1, f->nodes - 2);
	bool parted = rng_range(r, 0, 2) != 0;

	if (parted)
		part(f, (unsigned)rng_range(r, 1, f->nodes - 1), true);
	if (rng_range(r, 0, 2) == 0) {
		fleet_cut(&f->node[who]);
		fleet_run(f, rng_range(r, 1, 20) * SECOND);
		fleet_start(&f->node[who]);
	}
	fleet_run(f, rng_range(r, 5, 60) * SECOND);
	part(f, 0, false);
	for (unsigned i = 1; i < f->nodes; i++)
		part(f, i, false);
	fleet_run(f, rng_range(r, 1, 30) * SECOND);
}

static unsigned at_tip(struct fleet *f, struct tn_tip tip)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->nodes; i++) {
		struct tn_tip own = chain_tip(node_plug(f->node[i].node));

		n += !memcmp(own.hash.b, tip.hash.b, 32);
	}
	return n;
}

static unsigned same_coins(struct fleet *f)
{
	char *first = chain_ask(f->world, node_plug(f->node[0].node), "gettxoutsetinfo", "{}");
	unsigned n = 0;

	for (unsigned i = 0; i < f->nodes; i++) {
		char *own =
			chain_ask(f->world, node_plug(f->node[i].node), "gettxoutsetinfo", "{}");

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

static void run(uint64_t seed, unsigned nodes)
{
	struct fleet *f = make(seed, nodes);
	struct feed left = { .g = chainlab_gen(seed, 3) }, right = { .top = 0 };
	struct rng r;
	struct tn_tip best;

	rng_seed(&r, seed, 99);
	grow(&left, 10);
	offer(&f->node[0], &left);
	fleet_run(f, 70 * SECOND);
	right.g = chaingen_fork(left.g, 1);
	for (unsigned i = 0; i < 6; i++) {
		grow(&left, (unsigned)rng_range(&r, 0, 6));
		grow(&right, (unsigned)rng_range(&r, 0, 6));
		offer(&f->node[0], &left);
		offer(&f->node[nodes - 1], &right);
		trouble(f, &r);
	}
	grow(&left, right.top >= left.top ? (unsigned)(right.top - left.top) + 1 : 1);
	offer(&f->node[0], &left);
	best = chaingen_tip(left.g);
	fleet_run(f, 400 * SECOND);
	is_uint(at_tip(f, best), nodes, "seed %d: all %u nodes have the better tip", (int)seed,
		nodes);
	is_uint(same_coins(f), nodes, "and the same coins");
	is_uint(missing(f), 0, "every message is accounted for");
	if (at_tip(f, best) != nodes)
		fleet_blame(f, "t/57-sim-blocks-fleet.t");
	feed_end(&left);
	feed_end(&right);
	fleet_free(f);
}

static unsigned number(const char *name, unsigned other)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : other;
}

int main(int argc, char **argv)
{
	unsigned nodes = number("NODES", 6), seeds = number("SEEDS", 3);

	if (argc > 1) {
		run(strtoull(argv[1], NULL, 10), nodes);
		return done_testing();
	}
	for (unsigned i = 1; i <= seeds; i++)
		run(i, nodes);
	return done_testing();
}
