/* SPDX-License-Identifier: MIT
 * t/54-sim-mempool.c - the mempool in the simulator: what is final, what leaves, how much there may
 * be; floods of one peer
 *
 * Finality is told by the test, in the place of votes.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/txlab.h"

#define TX "TransactionBroadcast"

enum { COINS = 1200 };

struct scene {
	struct world *w;
	struct paychain chain;
	struct tn_arena *a;
	struct pluglab *node, *bad, *good;
	struct paycoin coin[COINS];
};

static bool is_met(void *arg)
{
	struct scene *s = arg;

	return netlab_up(s->node->lab) == 2 && netlab_up(s->good->lab) && netlab_up(s->bad->lab);
}

static void begin(struct scene *s, uint64_t seed, const char *options)
{
	memset(s, 0, sizeof *s);
	s->w = world_create(seed);
	s->a = tn_arena_create((size_t)512 << 20);
	paychain_begin(&s->chain, "testnet", seed);
	s->node = txlab_create(s->w, "node", "60.0.0.9", "", options);
	txlab_block(s->w, s->node, paychain_next(&s->chain, s->a, NULL, 0, 0, s->coin, COINS),
		    s->a);
	s->bad = txlab_mouth(s->w, "50.0.0.3", "\"60.0.0.9\"");
	s->good = txlab_mouth(s->w, "50.1.0.4", "\"60.0.0.9\"");
	if (!txlab_until(s->w, 60000, is_met, s))
		bail_out("the nodes do not meet");
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->node) + pluglab_off(s->good) + pluglab_off(s->bad), 0,
		"every message has its fate");
	pluglab_free(s->good);
	pluglab_free(s->bad);
	pluglab_free(s->node);
	paychain_end(&s->chain);
	tn_arena_unref(s->a);
	world_free(s->w);
}

static struct pool_tx *get(struct scene *s, const struct tn_tx *tx)
{
	struct tn_hash id = pay_txid(&s->chain, tx);

	return pool_find(txlab_pool(s->node), &id);
}

static uint32_t count(struct scene *s)
{
	return pool_sums(txlab_pool(s->node))->count;
}

static void submit(struct scene *s, const struct tn_tx *tx)
{
	char why[240];

	if (txlab_submit(s->w, s->node, tx, why, sizeof why))
		bail_out("a payment is refused: %s", why);
}

static void reload(struct scene *s)
{
	struct tn_error err = { "" };

	is_int(plug_unload(s->node->plug, "transactions", &err), 0, "the plugin goes %s", err.text);
	is_int(plug_load(s->node->plug, "transactions", &err), 0, "and comes back %s", err.text);
}

static void rollback(struct scene *s, unsigned height)
{
	char args[60];

	snprintf(args, sizeof args, "{\"action\":\"rollback\",\"height\":%u}", height);
	free(chainlab_ask(s->w, s->node, "chain", args));
	txlab_run(s->w, 100);
}

static void finalize(struct scene *s, const struct tn_tx *tx)
{
	is_int(fate_final(txlab_ctx(s->node), get(s, tx), 3, 4), 0, "a payment becomes final");
}

/* The state of a coin by its name; NULL: there is no such coin. */
static const char *state(struct scene *s, const struct tn_outpoint *at)
{
	static const char *const name[] = { "Unspent", "Locked", "SpentPending", "SpentFinalized",
					    "Confirmed" };
	struct tn_arena *a = tn_arena_create(0);
	struct coin_view v;
	int rc = coin_find(txlab_ctx(s->node), at, a, &v);

	tn_arena_unref(a);
	return rc ? NULL : v.has_state ? name[v.state.tag] : "none";
}

static void states(void)
{
	struct paycoin coin, next;
	struct tn_tx *parent, *child;
	struct scene s;

	begin(&s, 1, "");
	parent = pay_on(&s.chain, s.a, &s.coin[0], &coin);
	child = pay_on(&s.chain, s.a, &coin, &next);
	is_str(state(&s, &s.coin[0].at), "Unspent", "a coin of a block");
	is_str(state(&s, &coin.at), NULL, "one that is not there yet");
	submit(&s, parent);
	is_str(state(&s, &s.coin[0].at), "SpentPending", "reserved");
	is_str(state(&s, &coin.at), "none", "what it pays has no state yet");
	submit(&s, child);
	is_str(state(&s, &coin.at), "SpentPending", "but can be reserved itself");
	is_int(fate_final(txlab_ctx(s.node), get(&s, child), 3, 4), TN_EINVAL,
	       "no child is final before its parent");
	finalize(&s, parent);
	is_str(state(&s, &s.coin[0].at), "SpentFinalized", "spent for good");
	is_str(state(&s, &coin.at), "SpentPending", "the child still waits");
	finalize(&s, child);
	is_str(state(&s, &coin.at), "SpentFinalized", "until it is final too");
	is_str(state(&s, &next.at), "Unspent", "and what it pays can be spent");
	is_uint(get(&s, child)->votes, 3, "with its votes");
	end(&s);
}

static void finals(void)
{
	struct paycoin coin;
	struct tn_tx *parent, *child, block_tx[1];
	struct scene s;

	begin(&s, 2, "expire = \"10s\";");
	parent = pay_on(&s.chain, s.a, &s.coin[0], &coin);
	child = pay_on(&s.chain, s.a, &coin, &coin);
	submit(&s, parent);
	submit(&s, child);
	txlab_say(s.bad, TX, pay_line(s.a, pay_on(&s.chain, s.a, &s.coin[1], &coin)));
	finalize(&s, parent);
	txlab_run(s.w, 2000);
	is_uint(count(&s), 3, "three are there");
	txlab_run(s.w, 12000);
	is_uint(count(&s), 2,
		"what nobody approves expires; a final one and the operator's do not");
	is_int(txlab_metric(s.node, "expired"), 1, "counted");
	reload(&s);
	ok(get(&s, parent) && get(&s, parent)->flags & POOL_FINAL, "final over a restart");
	ok(get(&s, child) && !(get(&s, child)->flags & POOL_FINAL), "and not more than it was");
	block_tx[0] = *parent;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 1, tn_fee_min(s.coin[0].value), NULL, 1),
		    s.a);
	ok(!get(&s, parent), "it leaves with a block");
	rollback(&s, 1);
	ok(get(&s, parent) && get(&s, parent)->flags & POOL_FINAL, "and comes back final");
	ok(get(&s, parent)->order < get(&s, child)->order, "before its child");
	end(&s);
}

/* A block that spends a final one's coin otherwise: followed, counted, said. */
static void overturned(void)
{
	struct paycoin coin;
	struct tn_tx *tx, *rival, block_tx[1];
	struct scene s;

	begin(&s, 3, "");
	tx = pay_on(&s.chain, s.a, &s.coin[0], &coin);
	rival = pay(&s.chain, s.a, &s.coin[0], 1, s.coin[0].value / 2, 1, 2, 3);
	submit(&s, tx);
	finalize(&s, tx);
	block_tx[0] = *rival;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 1, s.coin[0].value - s.coin[0].value / 2,
				  NULL, 1),
		    s.a);
	is_uint(count(&s), 0, "what a block contradicts is void");
	is_int(txlab_metric(s.node, "overturned"), 1, "and counted");
	end(&s);
}

/* The child is in no block and spends what a block paid that goes: it waits for its parent. */
static void branches(void)
{
	struct paychain other;
	struct paycoin coin;
	struct tn_tx *parent, *child, *lost, *lost_child, block_tx[2];
	struct scene s;

	begin(&s, 4, "");
	parent = pay_on(&s.chain, s.a, &s.coin[0], &coin);
	child = pay_on(&s.chain, s.a, &coin, &coin);
	lost = pay_on(&s.chain, s.a, &s.coin[1], &coin);
	lost_child = pay_on(&s.chain, s.a, &coin, &coin);
	other = s.chain;
	block_tx[0] = *parent;
	block_tx[1] = *lost;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 2,
				  tn_fee_min(s.coin[0].value) + tn_fee_min(s.coin[1].value), NULL,
				  1),
		    s.a);
	submit(&s, child);
	submit(&s, lost_child);
	/* two blocks of another branch: one contains the parent too, none the other one, whose
	 * coin it spends */
	block_tx[0] = *pay(&other, s.a, &s.coin[1], 1, s.coin[1].value / 2, 1, 3, 5);
	chain_offer(s.node->plug,
		    paychain_next(&other, s.a, block_tx, 1, s.coin[1].value - s.coin[1].value / 2,
				  NULL, 2),
		    s.a);
	block_tx[0] = *parent;
	chain_offer(s.node->plug,
		    paychain_next(&other, s.a, block_tx, 1, tn_fee_min(s.coin[0].value), NULL, 3),
		    s.a);
	txlab_run(s.w, 5000);
	is_uint(chainlab_tip(s.node).height, 3, "the other branch is taken");
	is_mem(chainlab_tip(s.node).hash.b, other.tip.hash.b, 32, "to its tip");
	ok(get(&s, child) != NULL, "whose parent is in both branches stays");
	ok(!get(&s, parent) && !get(&s, lost),
	   "what is in a block, or contradicts one, is not here");
	ok(!get(&s, lost_child), "nor what spends what is contradicted");
	is_uint(count(&s), 1, "nothing else");
	reload(&s);
	is_uint(count(&s), 1, "and nothing comes of a restart");
	end(&s);
}

static void template(void)
{
	struct tn_tx *tx[12];
	struct paycoin coin;
	struct tn_template t;
	struct tn_arena *a = tn_arena_create(0);
	struct scene s;
	uint64_t fees = 0;

	begin(&s, 5, "");
	coin = s.coin[0];
	for (unsigned i = 0; i < 12; i++) {
		fees += i < 9 ? tn_fee_min(coin.value) : 0;
		tx[i] = pay_on(&s.chain, s.a, &coin, &coin);
		submit(&s, tx[i]);
	}
	for (unsigned i = 0; i < 9; i++)
		if (i < 6)
			fate_final(txlab_ctx(s.node), get(&s, tx[i]), 1, 1);
		else
			fate_approved(txlab_ctx(s.node), get(&s, tx[i]));
	is_int(mempool_ops.template_(txlab_ctx(s.node), a, 1000000, &t), 0, "a template");
	is_uint(t.tx.n, 9, "has what is final and what this node approved");
	is_uint(t.fees, fees, "with their fees");
	for (unsigned i = 0; i < 9; i++)
		if (tn_compare(&tn_wire_tx, &t.tx.v[i], tx[i]))
			fail("place %u", i);
	mempool_ops.template_(txlab_ctx(s.node), a, 5 * get(&s, tx[0])->bytes, &t);
	is_uint(t.tx.n, 5, "as many as fit, parents first");
	tn_arena_unref(a);
	end(&s);
}

/* ---- a block in the middle of it */

struct ending {
	bool done;
	int result;
};

static void on_end(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	struct ending *e = arg;

	(void)c, (void)payload;
	e->done = true;
	e->result = result;
}

/* A payment is judged while a block spends its coin otherwise. What it was, before the block or
 * after it, is left to chance; that it is in the pool in the end is not. */
static int race(uint64_t seed)
{
	struct tn_tx *tx, block_tx[1];
	struct ending e = { .done = false };
	struct scene s;
	uint64_t height;

	begin(&s, seed, "");
	tx = pay_on(&s.chain, s.a, &s.coin[0], &s.coin[1]);
	block_tx[0] = *pay(&s.chain, s.a, &s.coin[0], 1, s.coin[0].value / 2, 1, 2, 3);
	intake_submit(txlab_ctx(s.node), tx, s.a, tn_promise(txlab_ctx(s.node), 60000, on_end, &e));
	world_run(s.w, world_now(s.w) + seed % 40 * 100);
	chain_offer(s.node->plug,
		    paychain_next(&s.chain, s.a, block_tx, 1, s.coin[0].value - s.coin[0].value / 2,
				  NULL, 1),
		    s.a);
	txlab_run(s.w, 2000);
	height = chainlab_tip(s.node).height;
	if (!e.done || height != 2 || count(&s))
		fail("seed %u: height %u, %u in the pool", (unsigned)seed, (unsigned)height,
		     count(&s));
	end(&s);
	return e.result;
}

static void races(void)
{
	unsigned taken = 0, refused = 0;

	for (uint64_t seed = 1000; seed < 1040; seed++)
		if (race(seed))
			refused++;
		else
			taken++;
	ok(taken && refused, "a block came before %u payments and after %u", refused, taken);
}

/* ---- thousands of signatures */

static void many_inputs(void)
{
	struct tn_tx *large, *bad, *small;
	struct scene s;

	begin(&s, 9, "");
	large = pay(&s.chain, s.a, s.coin, 700, s.coin[0].value * 690, 1, 1, 1);
	bad = pay(&s.chain, s.a, s.coin + 700, 400, s.coin[700].value * 390, 1, 1, 1);
	((uint8_t *)(uintptr_t)bad->inputs.v[399].script_sig.p)[40] ^= 1;
	small = pay(&s.chain, s.a, &s.coin[1150], 1, 100000, 1, 1, 1);
	txlab_say(s.bad, TX, pay_line(s.a, large));
	txlab_say(s.bad, TX, pay_line(s.a, bad));
	txlab_say(s.good, TX, pay_line(s.a, small));
	txlab_run(s.w, 5000);
	ok(get(&s, large) != NULL, "a payment of 700 coins");
	ok(!get(&s, bad), "one of 400, the last of which is signed badly, is refused");
	is_uint(txlab_refused(s.node, TX, "transactions.signature"), 1, "once");
	ok(get(&s, small) != NULL, "and a small one beside them");
	is_uint(txlab_received(s.good, TX), 1, "good ones are passed on");
	end(&s);
}

/* Some inputs are signed, some are not, and none need be. */
static void mixed_inputs(void)
{
	struct tn_tx *good, *bad;
	struct scene s;

	begin(&s, 10, "accept_unsigned = true;");
	good = pay(&s.chain, s.a, s.coin, 100, s.coin[0].value * 90, 1, 1, 1);
	bad = pay(&s.chain, s.a, s.coin + 100, 100, s.coin[0].value * 90, 1, 1, 1);
	for (unsigned i = 0; i < 100; i++)
		if (i % 3)
			good->inputs.v[i].script_sig.n = bad->inputs.v[i].script_sig.n = 0;
	((uint8_t *)(uintptr_t)bad->inputs.v[99].script_sig.p)[40] ^= 1;
	txlab_say(s.bad, TX, pay_line(s.a, good));
	txlab_say(s.bad, TX, pay_line(s.a, bad));
	txlab_run(s.w, 2000);
	ok(get(&s, good) != NULL, "a third of the inputs signed: taken without need");
	ok(!get(&s, bad), "a bad one among those that are: refused");
	end(&s);
}

/* ---- floods */

static bool bad_is_done(void *arg)
{
	struct scene *s = arg;

	return txlab_received(s->node, TX) >= COINS - 10;
}

/* Payments of his own coins, all valid, more than there is room for: another one's that pays
 * more is taken, and his never take more memory than they may. */
static void flood(void)
{
	struct tn_tx *tx;
	struct scene s;
	size_t most = 0;

	begin(&s, 6, "pool_count = 200; pool_max = \"2M\";");
	for (unsigned i = 10; i < COINS; i++) {
		tx = pay(&s.chain, s.a, &s.coin[i], 1, s.coin[i].value - 100000, 1, 1, i);
		txlab_say(s.bad, TX, pay_line(s.a, tx));
	}
	while (!txlab_until(s.w, 20, bad_is_done, &s))
		if (pool_sums(txlab_pool(s.node))->bytes > most)
			most = pool_sums(txlab_pool(s.node))->bytes;
	tx = pay(&s.chain, s.a, &s.coin[0], 1, s.coin[0].value - 200000, 1, 2, 1);
	txlab_say(s.good, TX, pay_line(s.a, tx));
	txlab_run(s.w, 1000);
	is_uint(count(&s), 200, "a flood of %d payments: no more than there is room for", COINS);
	ok(most <= 2 << 20, "nor memory: %zu bytes", most);
	ok(get(&s, tx) != NULL, "another one's that pays more is taken");
	is_uint(txlab_refused(s.node, TX, "transactions.pool-full"), COINS - 10 - 200,
		"the others were refused with their reason");
	is_uint(txlab_received(s.good, TX), 200, "and nobody heard of them");
	end(&s);
}

static void orphan_flood(void)
{
	struct tn_tx *tx;
	struct paycoin coin, next;
	struct scene s;

	begin(&s, 7, "orphans = 100; orphans_max = \"128K\";");
	coin = s.coin[0];
	tx = pay_on(&s.chain, s.a, &coin, &next);
	txlab_say(s.good, TX, pay_line(s.a, pay_on(&s.chain, s.a, &next, &next)));
	txlab_run(s.w, 500);
	is_int(txlab_metric(s.node, "orphans"), 1, "one waits for its parent");
	for (unsigned i = 1; i < COINS; i++) {
		coin = s.coin[i];
		coin.at.txid.b[5] ^= 0x55;
		txlab_say(s.bad, TX, pay_line(s.a, pay(&s.chain, s.a, &coin, 1, 1000, 1, 1, i)));
	}
	txlab_until(s.w, 60000, bad_is_done, &s);
	txlab_run(s.w, 1000);
	is_int(txlab_metric(s.node, "orphans"), 26,
	       "a flood of orphans has a quarter of the places");
	is_uint(netlab_up(s.node->lab), 2, "and is no offence");
	txlab_say(s.good, TX, pay_line(s.a, tx));
	txlab_run(s.w, 500);
	is_uint(count(&s), 2, "the other one's orphan is still there for its parent");
	txlab_run(s.w, 400000);
	is_int(txlab_metric(s.node, "orphans"), 0, "the others go in time");
	end(&s);
}

/* ---- the chain is derived anew */

static void reindexed(void)
{
	struct paycoin coin;
	struct tn_tx *parent, *child, block_tx[1];
	struct scene s;
	char *text;

	begin(&s, 8, "");
	parent = pay_on(&s.chain, s.a, &s.coin[0], &coin);
	child = pay_on(&s.chain, s.a, &coin, &coin);
	submit(&s, parent);
	submit(&s, child);
	finalize(&s, parent);
	block_tx[0] = *parent;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 1, tn_fee_min(s.coin[0].value), NULL, 1),
		    s.a);
	text = chainlab_ask(s.w, s.node, "chain", "{\"action\":\"reindex\"}");
	ok(strstr(text, "\"height\":2"), "a reindex (%s)", text);
	free(text);
	is_uint(count(&s), 1, "the pool stays");
	ok(get(&s, child) != NULL, "with what is in no block");
	rollback(&s, 1);
	ok(get(&s, parent) != NULL, "what was in one still comes back with it");
	end(&s);
}

int main(void)
{
	states();
	finals();
	overturned();
	branches();
	template();
	races();
	many_inputs();
	mixed_inputs();
	flood();
	orphan_flood();
	reindexed();
	return done_testing();
}
