/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks.c - one node's chain: genesis, good blocks, every kind of bad one, restarts
 */
#include <stdlib.h>
#include <string.h>

#include "lib/judging.h"
#include "lib/tap.h"
#include "sim/chainlab.h"

#define TESTNET_GENESIS "062446a00f5dc1aa0c842ce4e1beb400ee89ead29c247c14a44921dd7b5e1dea"
#define TESTNET_COINS "0098b7eb69bfd82bc919f390b8054980c5169c345a0a312111f507b983dacaca"

static char *hex(const struct tn_hash *h)
{
	char *text = calloc(1, 65);

	for (unsigned i = 0; i < 32; i++)
		sprintf(text + 2 * i, "%02x", h->b[i]);
	return text;
}

static void is_hash(const struct tn_hash *got, const char *want, const char *name)
{
	char *text = hex(got);

	is_str(text, want, "%s", name);
	free(text);
}

static void is_coins(struct world *w, struct pluglab *l, const char *want, const char *name)
{
	char *text = chainlab_coins(w, l);

	is_str(text, want, "%s", name);
	free(text);
}

static void genesis(void)
{
	struct world *w = world_create(1);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct tn_tip tip = chainlab_tip(l);

	is_uint(tip.height, 0, "a new node is at height 0");
	is_hash(&tip.hash, TESTNET_GENESIS, "with testnet's genesis block");
	is_coins(w, l, TESTNET_COINS, "and its coin");
	pluglab_free(l);
	world_free(w);
}

/* The test's own truth beside the node: a set of coins in memory. */
struct truth {
	struct judging j;
};

static void truth_begin(struct truth *t)
{
	struct tn_network net;

	tn_network_find("testnet", &net);
	judging_begin(&t->j, &net);
	t->j.no_signatures = true;
}

static char *truth_coins(struct truth *t)
{
	struct tn_hash h;

	coins_hash(t->j.coins, &h);
	return hex(&h);
}

static void feed_both(struct world *w, struct pluglab *l, struct chaingen *g, struct truth *t,
		      unsigned n)
{
	char why[240];

	for (unsigned i = 0; i < n; i++) {
		struct tn_arena *a = tn_arena_create((size_t)64 << 20);
		const struct tn_block *b = chaingen_next(g, a);

		t->j.now = b->header.timestamp;
		if (judging_connect(&t->j, b, a))
			bail_out("the truth does not take block %u", i);
		if (chainlab_submit(w, l, b, a, why, sizeof why))
			bail_out("block %u: %s", i, why);
		tn_arena_unref(a);
	}
}

static void reload(struct pluglab *l)
{
	struct tn_error err = { "" };

	is_int(plug_unload(l->plug, "blocks", &err), 0, "the plugin goes %s", err.text);
	is_int(plug_load(l->plug, "blocks", &err), 0, "and comes back %s", err.text);
}

static void connects(void)
{
	struct world *w = world_create(2);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct chaingen *g = chainlab_gen(7, 6);
	struct truth t;
	char *want;
	struct tn_tip tip;

	truth_begin(&t);
	feed_both(w, l, g, &t, 80);
	tip = chainlab_tip(l);
	want = truth_coins(&t);
	is_uint(tip.height, 80, "eighty blocks with payments connect");
	ok(!memcmp(tip.hash.b, chaingen_tip(g).hash.b, 32), "the tip is the generator's");
	is_coins(w, l, want, "the coins are those that were not spent");
	is_int(chainlab_metric(l, "coins"), (int64_t)coins_count(t.j.coins), "and counted");
	reload(l);
	is_uint(chainlab_tip(l).height, 80, "with the chain it had");
	is_coins(w, l, want, "and its coins");
	feed_both(w, l, g, &t, 5);
	free(want);
	want = truth_coins(&t);
	is_coins(w, l, want, "and goes on");
	free(want);
	judging_end(&t.j);
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

/* Each kind of bad block is refused with its own words and leaves no trace: the block that it
 * was made from connects afterwards. */
static void bad_one(struct world *w, struct pluglab *l, unsigned i, const struct tn_block *b,
		    struct tn_arena *a)
{
	const struct chaingen_fault *f = chaingen_bad(i);
	const struct tn_block *bad = chaingen_spoil(i, b, a);
	uint64_t height = chainlab_tip(l).height;
	char why[240] = "";
	int rc;

	if (!bad) {
		ok(false, "%s cannot be made of this block", f->name);
		return;
	}
	rc = chainlab_check(w, l, bad, a, why, sizeof why);
	is_int(rc, TN_EBAD, "%s: does not pass a check", f->name);
	rc = chainlab_submit(w, l, bad, a, why, sizeof why);
	is_int(rc, TN_EBAD, "%s: is refused (%s)", f->name, why);
	ok(strstr(why, f->fault == TN_FAULT_PARENT ? "does not follow the tip"
						   : tn_block_fault_text(f->fault)),
	   "%s: with its reason", f->name);
	is_uint(chainlab_tip(l).height, height, "%s: the tip stays", f->name);
}

static void bad(void)
{
	struct world *w = world_create(3);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct chaingen *g = chainlab_gen(9, 8);
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	const struct tn_block *b;
	char why[240], *before, *after;

	chainlab_feed(w, l, g, 30);
	before = chainlab_coins(w, l);
	b = chaingen_next(g, a);
	for (unsigned i = 0; i < CHAINGEN_BAD; i++)
		bad_one(w, l, i, b, a);
	after = chainlab_coins(w, l);
	is_str(after, before, "no coin has changed");
	is_int(chainlab_check(w, l, b, a, why, sizeof why), 0, "the true block passes a check");
	is_uint(chainlab_tip(l).height, 30, "which does not connect it");
	is_int(chainlab_submit(w, l, b, a, why, sizeof why), 0, "then it connects");
	free(before);
	free(after);
	tn_arena_unref(a);
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

static void is_answer(struct world *w, struct pluglab *l, const char *args, const char *want,
		      const char *name)
{
	char *text = chainlab_ask(w, l, "chain", args);

	ok(strstr(text, want), "%s (%s)", name, text);
	free(text);
}

/* Back to 40 and up again by the same blocks; anew from the blocks alone. */
static void maintenance(void)
{
	struct world *w = world_create(4);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct chaingen *g = chainlab_gen(7, 6);
	char *at40, *at60;

	chainlab_feed(w, l, g, 40);
	at40 = chainlab_coins(w, l);
	chainlab_feed(w, l, g, 20);
	at60 = chainlab_coins(w, l);
	is_answer(w, l, "{\"action\":\"verify\"}", "{\"height\":60,", "the chain verifies");
	is_answer(w, l, "{\"action\":\"reindex\"}", "{\"height\":60,", "it is derived anew");
	is_coins(w, l, at60, "with the same coins");
	is_answer(w, l, "{\"action\":\"verify\"}", "{\"height\":60,", "and verifies");
	is_answer(w, l, "{\"action\":\"rollback\",\"height\":40}", "{\"height\":40,",
		  "back to height 40");
	is_coins(w, l, at40, "with the coins of then");
	is_answer(w, l, "{\"action\":\"verify\"}", "{\"height\":40,", "and verifies");
	is_answer(w, l, "{\"action\":\"rollback\",\"height\":41}",
		  "error -4 the tip is at height 40", "not above the tip");
	reload(l);
	is_uint(chainlab_tip(l).height, 40, "which is at 40 after a restart too");
	is_answer(w, l, "{\"action\":\"dance\"}", "error -4 the actions are", "no other action");
	free(at40);
	free(at60);
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

/* The policy speaks of blocks that are made here; others' connect as ever. */
static void policy(void)
{
	struct world *w = world_create(5);
	struct chaingen *g = chainlab_gen(7, 6);
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "", ""), *a;
	struct tn_arena *arena = tn_arena_create((size_t)64 << 20);
	const struct tn_block *block;
	char why[240] = "";

	chainlab_feed(w, b, g, 30);
	a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "legacy_compat = true;");
	world_run(w, world_now(w) + 20000000);
	is_uint(chainlab_tip(a).height, 30, "legacy_compat: blocks of others connect");
	block = chaingen_next(g, arena);
	is_int(chainlab_submit(w, a, block, arena, why, sizeof why), TN_EBAD,
	       "one of its own does not, for old nodes would not store it (%s)", why);
	is_int(chainlab_submit(w, b, block, arena, why, sizeof why), 0, "elsewhere it does");
	world_run(w, world_now(w) + 5000000);
	is_uint(chainlab_tip(a).height, 31, "and is then taken here too");
	tn_arena_unref(arena);
	chaingen_free(g);
	pluglab_free(a);
	pluglab_free(b);
	world_free(w);
}

/* ---- a store that is damaged: refused with the reason, and nothing is written */

static void put_row(struct pluglab *l, const char *db, struct tn_view key, struct tn_view val)
{
	struct tn_error err = { "" };
	struct store_batch *b = store_batch(l->store);
	int n = store_db(l->store, db, 1, &err);

	if (n < 0 || (val.p ? store_put(b, n, key, val) : store_del(b, n, key)) ||
	    store_commit(b, &err))
		bail_out("%s: %s", db, err.text);
	store_settle(l->store);
}

static struct tn_view get_row(struct pluglab *l, const char *db, struct tn_view key,
			      struct tn_arena *a)
{
	struct tn_error err = { "" };
	struct tn_view val;

	if (store_get(l->store, store_db(l->store, db, 1, &err), key, a, &val))
		bail_out("no such row in %s", db);
	return val;
}

/* The row is changed (NULL: removed), the plugin must not start; put back, it must. */
static void hurt(struct pluglab *l, const char *db, struct tn_view key, struct tn_view bad,
		 const char *says)
{
	struct tn_arena *a = tn_arena_create((size_t)1 << 20);
	struct tn_view good = get_row(l, db, key, a);
	struct tn_error err = { "" };

	if (plug_unload(l->plug, "blocks", &err))
		bail_out("%s", err.text);
	put_row(l, db, key, bad);
	ok(plug_load(l->plug, "blocks", &err) < 0 && strstr(err.text, says), "%s: %s", db,
	   err.text);
	put_row(l, db, key, good);
	is_int(plug_load(l->plug, "blocks", &err), 0, "put back, it starts %s", err.text);
	is_uint(chainlab_tip(l).height, 20, "where it stood: nothing was written over");
	tn_arena_unref(a);
}

static void damaged(void)
{
	struct world *w = world_create(6);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct chaingen *g = chainlab_gen(7, 4);
	uint8_t height[8], junk[5] = { 1, 2, 3 };
	struct tn_view tip = { (const uint8_t *)"tip", 3 }, none = { NULL, 0 };
	struct tn_hash hash;

	chainlab_feed(w, l, g, 20);
	world_run(w, world_now(w) + 1000000);
	hash = chainlab_tip(l).hash;
	tn_height_key(20, height);
	hurt(l, "blocks.meta", tip, none, "there are blocks, but no tip");
	hurt(l, "blocks.meta", tip, TN_VIEW(junk), "the tip cannot be read");
	hurt(l, "blocks.index", TN_VIEW(height), none, "the tip is not in the index");
	hurt(l, "blocks.hash", TN_VIEW(hash), TN_VIEW(junk), "the tip's hash has another height");
	hurt(l, "blocks.block", TN_VIEW(height), TN_VIEW(junk), "the tip's block has another hash");
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

int main(void)
{
	damaged();
	policy();
	genesis();
	connects();
	bad();
	maintenance();
	return done_testing();
}
