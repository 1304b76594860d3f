/* SPDX-License-Identifier: MIT
 * t/57-sim-blocks-crash.c - the chain over crashes and power cuts at any instant
 *
 * A node is given blocks and better branches; again and again it dies, and what its store had
 * not yet made durable is gone. After each start its chain stands at a block boundary and
 * verifies, and holds every block that it announced. ROUNDS=N and SEED=N for more.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"
#include "sim/rng.h"

enum { BLOCKS_MAX = 4000 };

struct story {
	struct fleet *f;
	struct fleet_node *victim, *witness;
	struct rng rng;
	struct chaingen *g; /* of the best branch */
	const struct tn_block *block[BLOCKS_MAX];
	struct tn_arena *arena[BLOCKS_MAX]; /* by height, of the best branch */
	uint64_t top;
	unsigned crashes, cuts, branches, behind, lost, broken;
};

static void offer(struct story *s, const struct tn_block *b, struct tn_arena *a)
{
	chain_offer(node_plug(s->victim->node), b, a);
}

static void keep(struct story *s, const struct tn_block *b, struct tn_arena *a)
{
	uint64_t h = b->header.height;

	if (h >= BLOCKS_MAX)
		bail_out("too many blocks");
	tn_arena_unref(s->arena[h]);
	s->arena[h] = a;
	s->block[h] = b;
	s->top = h;
}

static void grow(struct story *s, struct chaingen *g, unsigned n, bool best)
{
	for (unsigned i = 0; i < n; i++) {
		struct tn_arena *a = tn_arena_create((size_t)16 << 20);
		const struct tn_block *b = chaingen_next(g, a);

		offer(s, b, a);
		if (best)
			keep(s, b, a);
		else
			tn_arena_unref(a);
	}
}

/* Some blocks, then a branch from below them that is longer by one. */
static void branch(struct story *s)
{
	struct chaingen *other = chaingen_fork(s->g, rng_next(&s->rng));
	unsigned depth = (unsigned)rng_range(&s->rng, 1, 4);

	grow(s, s->g, depth, false);
	grow(s, other, depth + 1, true);
	chaingen_free(s->g);
	s->g = other;
	s->branches++;
}

/* What it has not got, and some that it has. */
static void offer_again(struct story *s)
{
	uint64_t tip = chain_tip(node_plug(s->victim->node)).height;

	for (uint64_t h = tip > 12 ? tip - 12 : 1; h <= s->top; h++)
		offer(s, s->block[h], s->arena[h]);
}

static void run(struct story *s, uint64_t us)
{
	fleet_run(s->f, us);
}

static void die(struct story *s)
{
	if (rng_range(&s->rng, 0, 1)) {
		fleet_crash(s->victim);
		s->crashes++;
	} else {
		fleet_cut(s->victim);
		s->cuts++;
	}
}

static void check(struct story *s)
{
	struct plug *v = node_plug(s->victim->node);
	struct tn_tip seen = chain_tip(node_plug(s->witness->node)), own = chain_tip(v);
	char *text = chain_ask(s->f->world, v, "chain", "{\"action\":\"verify\"}");

	if (strncmp(text, "{\"height\":", 10)) {
		s->broken++;
		diag("%s", text);
	}
	free(text);
	/* It may have changed over to a better branch, but never fallen behind its word. */
	s->lost += seen.height > own.height ||
		   (seen.height == own.height && memcmp(seen.hash.b, own.hash.b, 32) < 0);
	s->behind += own.height < s->top;
}

static void story_begin(struct story *s, uint64_t seed)
{
	static const char conf[] =
		"network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; }; "
		"plugins: { pingpong: { }; blocks: { }; };";
	char text[512];

	s->f = fleet_create(seed);
	rng_seed(&s->rng, seed, 77);
	s->g = chainlab_gen(seed, 3);
	snprintf(text, sizeof text, conf, "60.0.0.2", "");
	s->witness = fleet_add(s->f, "60.0.0.2", text);
	snprintf(text, sizeof text, conf, "50.0.0.1", "\"60.0.0.2\"");
	s->victim = fleet_add(s->f, "50.0.0.1", text);
	fleet_start(s->witness);
	fleet_start(s->victim);
	run(s, 5000000);
}

static void story_end(struct story *s)
{
	for (uint64_t h = 0; h <= s->top; h++)
		tn_arena_unref(s->arena[h]);
	chaingen_free(s->g);
	fleet_free(s->f);
}

static uint64_t number(const char *name, uint64_t other)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : other;
}

static void tell(unsigned rounds, uint64_t seed)
{
	struct story s = { .top = 0 };

	story_begin(&s, seed);
	for (unsigned i = 0; i < rounds; i++) {
		offer_again(&s);
		if (rng_range(&s.rng, 0, 2) == 0)
			branch(&s);
		else
			grow(&s, s.g, (unsigned)rng_range(&s.rng, 0, 5), true);
		run(&s, rng_range(&s.rng, 0, 60000));
		die(&s);
		run(&s, 1000000);
		fleet_start(s.victim);
		run(&s, 3000000);
		check(&s);
	}
	offer_again(&s);
	run(&s, 120000000);
	diag("seed %d: %u crashes, %u cuts, %u branches, %u times behind what was offered",
	     (int)seed, s.crashes, s.cuts, s.branches, s.behind);
	is_uint(s.broken, 0, "seed %d: every start finds a chain that verifies", (int)seed);
	is_uint(s.lost, 0, "no block that was announced is missing");
	ok(s.behind > rounds / 16, "and it really lost what was under way");
	is_uint(chain_tip(node_plug(s.victim->node)).height, s.top, "in the end it has all");
	is_uint(chain_tip(node_plug(s.witness->node)).height, s.top, "and so has its peer");
	is_uint(fleet_missing(s.victim) + fleet_missing(s.witness), 0, "both accounts balance");
	story_end(&s);
}

int main(void)
{
	unsigned rounds = (unsigned)number("ROUNDS", 40);
	uint64_t seed = number("SEED", 0);

	if (seed) {
		tell(rounds, seed);
		return done_testing();
	}
	for (seed = 1; seed <= 3; seed++)
		tell(rounds, seed);
	return done_testing();
}
