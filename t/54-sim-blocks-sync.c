/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-sync.c - nodes with chains meet: catching up, gossip, branches. DEPTH=1000 for
 * the deepest one that is allowed.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"

#define SECOND 1000000u

static void run(struct world *w, unsigned seconds)
{
	world_run(w, world_now(w) + (uint64_t)seconds * SECOND);
}

struct until {
	struct pluglab *l;
	struct tn_tip tip;
};

static bool is_below(void *arg)
{
	struct until *u = arg;
	struct tn_tip tip = chainlab_tip(u->l);

	return memcmp(tip.hash.b, u->tip.hash.b, 32) != 0;
}

static bool reaches(struct world *w, struct pluglab *l, struct tn_tip tip, unsigned seconds)
{
	struct until u = { l, tip };

	return world_run_while(w, is_below, &u, world_now(w) + (uint64_t)seconds * SECOND);
}

static void same_coins(struct world *w, struct pluglab *a, struct pluglab *b, const char *name)
{
	char *x = chainlab_coins(w, a), *y = chainlab_coins(w, b);

	is_str(x, y, "%s", name);
	free(x);
	free(y);
}

/* A new node beside one with a chain. */
static void catches_up(void)
{
	struct world *w = world_create(11);
	struct chaingen *g = chainlab_gen(21, 5);
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "", ""), *a;

	chainlab_feed(w, b, g, 700);
	a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "window = 100;");
	ok(reaches(w, a, chaingen_tip(g), 120), "a new node has all 700 blocks (%d)",
	   (int)chainlab_tip(a).height);
	same_coins(w, a, b, "and the same coins");
	is_int(chainlab_metric(a, "blocks_refused"), 0, "none was bad");
	ok(pluglab_count(b, "GetBlocks", COUNT_RECEIVED) < 40,
	   "asked in ranges worth a request (%d)",
	   (int)pluglab_count(b, "GetBlocks", COUNT_RECEIVED));
	run(w, 90);
	is_int(chainlab_metric(a, "blocks_per_second"), 0, "now it catches up with nobody");
	is_int(chainlab_metric(a, "target"), 700, "its target is reached");
	is_uint(pluglab_off(a) + pluglab_off(b), 0, "both accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	chaingen_free(g);
	world_free(w);
}

/* The plugin goes and comes in the middle of it, at both ends. */
static void unloaded(void)
{
	struct world *w = world_create(16);
	struct chaingen *g = chainlab_gen(26, 5);
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "", ""), *a;
	struct tn_error err = { "" };
	unsigned cut = 0;

	chainlab_feed(w, b, g, 400);
	a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "window = 60;");
	for (unsigned i = 0; i < 8; i++) {
		struct pluglab *l = i % 2 ? b : a;

		world_run(w, world_now(w) + 400000 + i * 70000);
		cut += chainlab_tip(a).height < 400;
		if (plug_unload(l->plug, "blocks", &err))
			bail_out("unload: %s", err.text);
		world_run(w, world_now(w) + 100000);
		if (plug_load(l->plug, "blocks", &err))
			bail_out("load: %s", err.text);
	}
	ok(cut > 3, "unloaded %u times while it catches up", cut);
	ok(reaches(w, a, chaingen_tip(g), 300), "in the end it has all blocks");
	same_coins(w, a, b, "and the same coins");
	is_uint(pluglab_off(a) + pluglab_off(b), 0, "both accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	chaingen_free(g);
	world_free(w);
}

/* a - b - c in a row: what a submits arrives at c, once at each. */
static void gossip(void)
{
	struct world *w = world_create(12);
	struct chaingen *g = chainlab_gen(22, 3);
	struct pluglab *c = chainlab_create(w, "c", "70.0.0.3", "", "");
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "\"70.0.0.3\"", "");
	struct pluglab *a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "");

	run(w, 10);
	chainlab_feed(w, a, g, 20);
	ok(reaches(w, c, chaingen_tip(g), 5), "a block goes from node to node");
	run(w, 5);
	is_uint(pluglab_count(c, "BlockAnnouncement", COUNT_HANDLED), 20, "each once");
	is_uint(pluglab_count(a, "BlockAnnouncement", COUNT_RECEIVED), 0,
		"and never to where it came from");
	is_uint(pluglab_off(a) + pluglab_off(b) + pluglab_off(c), 0, "all accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	pluglab_free(c);
	chaingen_free(g);
	world_free(w);
}

/* The same row; b has missed some, hears of the next one and asks for them. c hears of it too, and
 * not only when it next asks for heights.
 */
static void gossip_of_what_was_asked(void)
{
	struct world *w = world_create(17);
	struct chaingen *g = chainlab_gen(27, 3);
	struct pluglab *c = chainlab_create(w, "c", "70.0.0.3", "", "");
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "\"70.0.0.3\"", "");
	struct pluglab *a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "");

	run(w, 130); /* heights have just been asked */
	world_link_block(w, a->lab->env, b->lab->env, true);
	chainlab_feed(w, a, g, 3);
	world_reset(w, a->lab->env, b->lab->env, true);
	world_link_block(w, a->lab->env, b->lab->env, false);
	ok(reaches(w, b, chaingen_tip(g), 20), "b asks a for what it missed");
	ok(reaches(w, c, chaingen_tip(g), 5), "c has it soon afterwards");
	run(w, 5);
	is_uint(pluglab_count(a, "BlockAnnouncement", COUNT_RECEIVED), 0,
		"a is not told of what it has");
	is_uint(pluglab_off(a) + pluglab_off(b) + pluglab_off(c), 0, "all accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	pluglab_free(c);
	chaingen_free(g);
	world_free(w);
}

/* Two nodes with `depth` blocks of their own after a common beginning; b's branch is longer by
 * one. They meet: a changes over, and has the coins of b, which never saw a's branch. */
static void branch(unsigned depth, uint64_t seed)
{
	struct world *w = world_create(seed);
	struct chaingen *g = chainlab_gen(seed, 4), *same = chainlab_gen(seed, 4), *h;
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "", "");
	struct pluglab *a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "");

	world_link_block(w, a->lab->env, b->lab->env, true);
	chainlab_feed(w, b, g, 30 + depth + 1);
	chainlab_feed(w, a, same, 30);
	h = chaingen_fork(same, 1);
	chainlab_feed(w, a, h, depth);
	is_uint(chainlab_tip(a).height, 30 + depth, "depth %u: two branches", depth);
	world_link_block(w, a->lab->env, b->lab->env, false);
	ok(reaches(w, a, chaingen_tip(g), 600), "depth %u: the longer one is taken", depth);
	if (getenv("VERBOSE"))
		world_log_print(a->lab->env, stderr);
	same_coins(w, a, b, "with its coins");
	is_int(chainlab_metric(a, "disconnected"), depth, "%u blocks went", depth);
	is_int(chainlab_metric(a, "reorganisations"), 1, "in one step");
	is_int(chainlab_metric(b, "reorganisations"), 0, "the other node stays where it is");
	run(w, 90);
	is_uint(pluglab_off(a) + pluglab_off(b), 0, "both accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	chaingen_free(g);
	chaingen_free(same);
	chaingen_free(h);
	world_free(w);
}

int main(void)
{
	catches_up();
	unloaded();
	gossip();
	gossip_of_what_was_asked();
	branch(1, 13);
	branch(10, 14);
	branch(getenv("DEPTH") ? (unsigned)atoi(getenv("DEPTH")) : 100, 15);
	return done_testing();
}
