/* SPDX-License-Identifier: MIT
 * t/57-sim-blocks-crash.c - the chain over crashes and power cuts at any instant
 *
 * A node is given blocks and better branches, or finds that a peer has them; again and again it
 * dies while it connects, changes its branch or catches up, and what its store had not yet made
 * durable is gone. After each start its chain stands at a block boundary, verifies, and is not
 * worse than the best block that it announced. ROUNDS=N and SEED=N for more: ROUNDS=200 SEED=1.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/lies.h"
#include "sim/phase.h"

enum { BLOCKS_MAX = 4400, TXS = 10 /* enough for jobs on threads */ };

struct story {
	struct fleet *f;
	struct fleet_node *victim, *witness, *ear; /* the ear hears what the victim announces */
	struct rng rng;
	struct chaingen *g; /* of the best branch */
	const struct tn_block *block[BLOCKS_MAX];
	struct tn_arena *arena[BLOCKS_MAX]; /* by height, of the best branch */
	uint64_t top;
	struct phase_watch watch;
	enum phase phase, aim;
	bool reached;
	unsigned events; /* still to come once it is there */
	unsigned in[PHASES], crashes, cuts, branches, lost, broken;
};

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

static void grow(struct story *s, struct fleet_node *to, struct chaingen *g, unsigned n, bool best)
{
	for (unsigned i = 0; i < n; i++) {
		struct tn_arena *a = tn_arena_create((size_t)16 << 20);
		const struct tn_block *b = chaingen_next(g, a);

		chain_offer(node_plug(to->node), b, a);
		if (best)
			keep(s, b, a);
		else
			tn_arena_unref(a);
	}
}

/* Some blocks, then a branch from below them that is longer by one. */
static void branch(struct story *s, struct fleet_node *to)
{
	struct chaingen *other = chaingen_fork(s->g, rng_next(&s->rng));
	unsigned depth = (unsigned)rng_range(&s->rng, 1, 12);

	grow(s, to, s->g, depth, false);
	grow(s, to, other, depth + 1, true);
	chaingen_free(s->g);
	s->g = other;
	s->branches++;
}

/* What it has not got, and some that it has. */
static void offer_again(struct story *s, struct fleet_node *to)
{
	struct plug *p = node_plug(to->node);
	uint64_t tip = chain_tip(p).height;

	for (uint64_t h = tip > 30 ? tip - 30 : 1; h <= s->top; h++)
		chain_offer(p, s->block[h], s->arena[h]);
}

static void run(struct story *s, uint64_t us)
{
	fleet_run(s->f, us);
}

static bool one_of(struct story *s, unsigned n)
{
	return rng_range(&s->rng, 1, n) == 1;
}

static void look(struct story *s)
{
	struct plug *p = node_plug(s->victim->node);

	s->phase = phase_now(&s->watch, chain_ctx(p), store_ahead(s->victim->store),
			     chain_metric(p, "reorganisations"));
}

static bool until_us(void *arg)
{
	look(arg);
	return true;
}

static bool until_phase(void *arg)
{
	struct story *s = arg;

	look(s);
	s->reached = s->reached || s->phase == s->aim;
	return !s->reached || s->events-- > 0;
}

/* To a random instant, or to one while it does what is wanted: QUIET means at random. */
static void live(struct story *s, enum phase aim, uint64_t us)
{
	struct world *w = s->f->world;

	s->aim = aim;
	s->reached = false;
	s->events = aim == PHASE_CONNECT || aim == PHASE_SYNC
			    ? (unsigned)rng_range(&s->rng, 0, 10)
			    : one_of(s, 2); /* the others are short */
	if (aim == PHASE_QUIET)
		world_run_while(w, until_us, s, world_now(w) + rng_range(&s->rng, 0, us));
	else
		world_run_while(w, until_phase, s, world_now(w) + us);
	look(s);
}

static void die(struct story *s)
{
	s->in[s->phase]++;
	if (rng_range(&s->rng, 0, 1)) {
		fleet_crash(s->victim);
		s->crashes++;
	} else {
		fleet_cut(s->victim);
		s->cuts++;
	}
	run(s, 1000000);
}

static bool worse(struct tn_tip own, struct tn_tip than)
{
	return than.height > own.height ||
	       (than.height == own.height && memcmp(than.hash.b, own.hash.b, 32) < 0);
}

/* What it announced must be there at once, before any peer could help. It may have changed over
 * to a better branch, but never fallen behind its word. */
static void start(struct story *s)
{
	struct tn_ctx *ear;
	struct tn_tip said;

	s->watch = (struct phase_watch){ 0 };
	fleet_start(s->victim);
	if (liar_of(s->ear, &ear)->heard(ear, &said))
		s->lost += worse(chain_tip(node_plug(s->victim->node)), said);
}

static void given(struct story *s)
{
	enum phase aim = one_of(s, 3) ? PHASE_CONNECT : PHASE_CONNECTED;

	offer_again(s, s->victim);
	if (one_of(s, 2)) {
		branch(s, s->victim);
		aim = one_of(s, 3) ? PHASE_REORG : PHASE_REORGED;
	} else {
		grow(s, s->victim, s->g, (unsigned)rng_range(&s->rng, 0, 12), true);
	}
	live(s, one_of(s, 4) ? PHASE_QUIET : aim, 200000);
	die(s);
}

/* It is away while its peer goes on; it dies on its way there. */
static void left_behind(struct story *s)
{
	enum phase aim = PHASE_SYNC;

	look(s);
	die(s);
	offer_again(s, s->witness);
	if (one_of(s, 2)) {
		branch(s, s->witness);
		aim = one_of(s, 2) ? PHASE_REORG : PHASE_SYNC;
	} else {
		grow(s, s->witness, s->g, (unsigned)rng_range(&s->rng, 5, 12), true);
	}
	run(s, 3000000);
	start(s);
	live(s, one_of(s, 3) ? PHASE_QUIET : aim, 2000000);
	die(s);
}

static void check(struct story *s)
{
	char *text = chain_ask(s->f->world, node_plug(s->victim->node), "chain",
			       s->crashes % 8 ? "{\"action\":\"verify\",\"quick\":true}"
					      : "{\"action\":\"verify\"}");

	if (strncmp(text, "{\"height\":", 10)) {
		s->broken++;
		diag("%s", text);
	}
	free(text);
}

static void story_begin(struct story *s, uint64_t seed)
{
	static const char conf[] =
		"network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; }; "
		"plugins: { pingpong: { }; %s };";
	struct tn_ctx *ear;
	char text[512];

	s->f = fleet_create(seed);
	rng_seed(&s->rng, seed, 77);
	s->g = chainlab_gen(seed, TXS);
	snprintf(text, sizeof text, conf, "60.0.0.2", "", "blocks: { };");
	s->witness = fleet_add(s->f, "60.0.0.2", text);
	snprintf(text, sizeof text, conf, "61.0.0.3", "", "liar: { kind = 1; };");
	s->ear = fleet_add(s->f, "61.0.0.3", text);
	snprintf(text, sizeof text, conf, "50.0.0.1", "\"60.0.0.2\", \"61.0.0.3\"", "blocks: { };");
	s->victim = fleet_add(s->f, "50.0.0.1", text);
	fleet_start(s->witness);
	fleet_start(s->ear);
	liar_of(s->ear, &ear)->give(ear, chaingen_genesis(s->g), NULL);
	start(s);
	run(s, 5000000);
}

static void story_end(struct story *s)
{
	for (uint64_t h = 0; h <= s->top; h++)
		tn_arena_unref(s->arena[h]);
	fleet_free(s->f);
	chaingen_free(s->g);
}

static uint64_t number(const char *name, uint64_t other)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : other;
}

static void add_counts(struct story *s, uint64_t seed, unsigned *in)
{
	diag("seed %d: %u crashes, %u power cuts, %u branches", (int)seed, s->crashes, s->cuts,
	     s->branches);
	for (unsigned i = 0; i < PHASES; i++)
		in[i] += s->in[i];
}

static void tell_counts(const unsigned *in)
{
	for (unsigned i = 0; i < PHASES; i++)
		ok(in[i] > 0, "%u deaths during: %s", in[i], phase_name(i));
}

static void tell(unsigned rounds, uint64_t seed, unsigned *in)
{
	struct story s = { .top = 0 };
	struct tn_ctx *ear;
	struct tn_tip said;
	uint64_t heard;

	story_begin(&s, seed);
	for (unsigned i = 0; i < rounds; i++) {
		if (rng_range(&s.rng, 0, 2))
			given(&s);
		else
			left_behind(&s);
		start(&s);
		run(&s, 3000000);
		check(&s);
		if (!one_of(&s, 3))
			continue;
		offer_again(&s, s.victim);
		run(&s, 2000000);
	}
	offer_again(&s, s.victim);
	run(&s, 120000000);
	heard = liar_of(s.ear, &ear)->heard(ear, &said);
	add_counts(&s, seed, in);
	is_uint(s.broken, 0, "seed %d: every start finds a chain that verifies", (int)seed);
	is_uint(s.lost, 0, "no block that was announced is missing (of %d)", (int)heard);
	ok(heard > rounds / 2, "and many were");
	is_uint(chain_tip(node_plug(s.victim->node)).height, s.top, "in the end it has all");
	is_uint(chain_tip(node_plug(s.witness->node)).height, s.top, "and so has its peer");
	is_uint(fleet_missing(s.victim) + fleet_missing(s.witness), 0, "both accounts balance");
	story_end(&s);
}

int main(void)
{
	unsigned rounds = (unsigned)number("ROUNDS", 20), in[PHASES] = { 0 };
	uint64_t seed = number("SEED", 0), last = seed ? seed : 3;

	for (seed = seed ? seed : 1; seed <= last; seed++)
		tell(rounds, seed, in);
	tell_counts(in);
	return done_testing();
}
