/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-fork.c - peers on another branch that answer with nothing, or in drops
 */
#include <string.h>

#include "lib/tap.h"
#include "sim/lies.h"

#define SECOND 1000000u

static struct fleet_node *node(struct fleet *f, const char *ip, const char *connect,
			       const char *plugin)
{
	char conf[512];
	struct fleet_node *n;

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; dial_rule = \"any\"; "
		 "connect = [ %s ]; }; plugins: { pingpong: { }; %s };",
		 ip, connect, plugin);
	n = fleet_add(f, ip, conf);
	fleet_start(n);
	return n;
}

/* Blocks 1 to 10 of a branch, or 4 to `top` of one that leaves it at 3. */
struct branches {
	struct feed ours, theirs;
};

static void make(struct branches *b, uint64_t branch, unsigned top)
{
	*b = (struct branches){ .ours.g = chainlab_gen(41, 4) };
	feed_grow(&b->ours, 3);
	b->theirs.g = chaingen_fork(b->ours.g, branch);
	b->theirs.fork = 3;
	feed_grow(&b->ours, 7);
	feed_grow(&b->theirs, top - 3);
}

static const struct tn_block *block_of(struct branches *b, bool theirs, uint64_t h,
				       struct tn_arena **a)
{
	struct feed *f = theirs && h > 3 ? &b->theirs : &b->ours;

	*a = f->arena[h];
	return f->block[h];
}

static void offer(struct fleet_node *n, struct branches *b, bool theirs)
{
	uint64_t top = theirs ? b->theirs.top : b->ours.top;
	struct tn_arena *a;

	for (uint64_t h = 1; h <= top; h++) {
		const struct tn_block *block = block_of(b, theirs, h, &a);

		chain_offer(node_plug(n->node), block, a);
	}
}

static void give(struct fleet_node *n, struct branches *b)
{
	struct tn_ctx *c;
	const struct liar_ops *ops = liar_of(n, &c);
	struct tn_arena *a;

	ops->give(c, chaingen_genesis(b->ours.g), NULL);
	for (uint64_t h = 1; h <= b->theirs.top; h++) {
		const struct tn_block *block = block_of(b, true, h, &a);

		ops->give(c, block, a);
	}
}

static void add_points(void *arg, const struct tn_addr *ip, const struct score *s)
{
	(void)ip;
	*(uint64_t *)arg += s->milli;
}

/* It announces a block of another branch and, asked for that, has it no more: an honest node that
 * changes its branch does so.
 */
static void has_it_no_more(void)
{
	struct fleet *f = fleet_create(31);
	struct fleet_node *a = node(f, "50.0.0.1", "", "blocks: { };");
	struct fleet_node *b = node(f, "60.0.0.2", "\"50.0.0.1\"", "liar: { kind = 7; };");
	struct branches x;
	struct tn_ctx *c;
	uint64_t points = 0;

	make(&x, 1, 11);
	offer(a, &x, false);
	give(b, &x);
	fleet_run(f, 5 * SECOND);
	liar_of(b, &c)->announce(c, x.theirs.block[11]);
	fleet_run(f, 20 * SECOND);
	ok(fleet_number(b, "audit", 0, "off_by", 1) == 0, "its account balances");
	bans_each_score(net_bans(node_net(a->node)), add_points, &points);
	is_uint(points, 0, "who announced a block and has it no more is not blamed");
	is_uint(chain_tip(node_plug(a->node)).height, 10, "and the chain stays");
	fleet_free(f);
	feed_end(&x.ours);
	feed_end(&x.theirs);
}

/* One peer sends a long branch in drops; another one has the better branch. */
static void drips(void)
{
	struct fleet *f = fleet_create(32);
	struct fleet_node *a = node(f, "50.0.0.1", "", "blocks: { };"), *h;
	struct fleet_node *b = node(f, "60.0.0.2", "\"50.0.0.1\"", "liar: { kind = 8; };");
	struct branches x, y;

	make(&x, 1, 150);
	make(&y, 2, 12);
	offer(a, &x, false);
	give(b, &x);
	fleet_run(f, 90 * SECOND); /* heights are asked for */
	h = node(f, "70.0.0.3", "\"50.0.0.1\"", "blocks: { };");
	offer(h, &y, true);
	fleet_run(f, 150 * SECOND);
	is_uint(chain_tip(node_plug(a->node)).height, 12,
		"who sends his branch in drops keeps no better one away");
	fleet_free(f);
	feed_end(&x.ours);
	feed_end(&x.theirs);
	feed_end(&y.ours);
	feed_end(&y.theirs);
}

/* On a branch beside the chain a block with a bad signature, and better ones on top of it, all at
 * once: its signatures are on threads while those of the next are too, in every order.
 */
static bool takes_a_bad_one(uint64_t seed)
{
	struct world *w = world_create(seed);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct chaingen *g = chainlab_gen(seed, 20), *other;
	struct feed bad = { .top = 0 };
	bool took;

	chainlab_feed(w, l, g, 8);
	other = chaingen_fork(g, 1);
	chainlab_feed(w, l, g, 1);
	feed_bad(&bad, other, 3);
	for (uint64_t h = 9; h <= bad.top; h++)
		chain_offer(l->plug, bad.block[h], bad.arena[h]);
	world_run(w, world_now(w) + 3 * SECOND);
	took = chainlab_tip(l).height != 9;
	pluglab_free(l);
	world_free(w);
	feed_end(&bad);
	chaingen_free(g);
	return took;
}

static void bad_beside(void)
{
	unsigned bad = 0;

	for (uint64_t seed = 1; seed <= 40; seed++)
		bad += takes_a_bad_one(seed);
	is_uint(bad, 0, "no branch with a bad signature is taken, whichever thread is first");
}

int main(void)
{
	bad_beside();
	has_it_no_more();
	drips();
	return done_testing();
}
