/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-defects.c - what the network's first nodes got wrong about blocks
 *
 * Each of their defects has a test that fails on it. Here are those that no other test covers:
 *
 *   a dialing node dropped all but pings          here: one that was dialed catches up, and the other way
 *                                                 round in t/54-sim-blocks-sync
 *   replies were dropped, nobody timed out        t/47-blocks-window, t/85-blocks-liars (withheld)
 *   an answer was given to any question           t/44-bus-question (crossed), t/47-blocks-window (unasked, order)
 *   two blocks at once got between each other     here: rivals
 *   spends were not signed                        t/54-sim-blocks (signature, owner, no-script)
 *   coinbase, merkle root, sums, doubles unchecked t/54-sim-blocks (every name of chaingen --list-bad, reward-entry too)
 *   an input counted as one TIME                  t/19-lib-chain-block (20 TIME for one input; overspent)
 *   fees made a block unacceptable                t/19-lib-chain-block (for old nodes only), t/54-sim-blocks (policy)
 *   sums wrapped                                  t/54-sim-blocks (wrapping-sum, amount)
 *   an input counted twice                        t/54-sim-blocks (input-twice, double-spend)
 *   an old payment brought coins back             here: replay; t/54-sim-blocks (child-first, coinbase-time)
 *   genesis was taken from anybody                here: genesis; t/84-blocks (closed)
 *   a peer's coins could become ours              here: coins of a peer
 *   going back did not restore what was spent     t/54-sim-blocks (rollback), t/54-sim-blocks-sync (branches)
 *   the height moved with any block stored        here: gap
 *   went back before having the other branch      here: bogus parent; t/47-blocks-branch (questions)
 *   branches at or below the tip were ignored     here: rivals; t/54-sim-blocks-sync (branches), t/54-sim-blocks-side
 *   coins and blocks were stored apart            t/57-sim-blocks-crash, t/25-core-store-disk
 *   one bad block kept the true one out           here: censor; t/84-blocks (block 301)
 *   a repeated transaction kept the root          t/54-sim-blocks (mutated), t/19-lib-chain-hashes
 *   lines and answers without limit               t/32-net-frame, t/78-hostile; here: answers
 *   ranges wrapped or had no end                  t/84-blocks (ranges up to 2^64 - 1); here: answers
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "timenode/value.h"

#define SECOND 1000000u

static void run(struct world *w, unsigned seconds)
{
	world_run(w, world_now(w) + (uint64_t)seconds * SECOND);
}

static void is_coins(struct world *w, struct pluglab *l, const char *want, const char *name)
{
	char *text = chainlab_coins(w, l);

	is_str(text, want, "%s", name);
	free(text);
}

/* b with a chain and a without; a dials b. Or the other way round. */
struct pair {
	struct world *w;
	struct chaingen *g;
	struct tn_arena *arena;
	struct pluglab *a, *b;
};

static struct pair begin(uint64_t seed, const char *of_a, const char *of_b)
{
	struct pair p = { .w = world_create(seed), .g = chainlab_gen(seed, 5) };

	p.arena = tn_arena_create((size_t)64 << 20);
	p.b = chainlab_create(p.w, "b", "60.0.0.2", "", of_b);
	p.a = chainlab_create(p.w, "a", "50.0.0.1", "\"60.0.0.2\"", of_a);
	return p;
}

static void end(struct pair *p)
{
	is_uint(pluglab_off(p->a) + pluglab_off(p->b), 0, "both accounts balance");
	pluglab_free(p->a);
	pluglab_free(p->b);
	tn_arena_unref(p->arena);
	chaingen_free(p->g);
	world_free(p->w);
}

static void dialed(void)
{
	struct pair p = begin(41, "", "");

	world_link_block(p.w, p.a->lab->env, p.b->lab->env, true);
	chainlab_feed(p.w, p.a, p.g, 60);
	world_link_block(p.w, p.a->lab->env, p.b->lab->env, false);
	run(p.w, 120);
	is_uint(chainlab_tip(p.b).height, 60, "a node that was dialed catches up from the dialer");
	end(&p);
}

/* Two children of one block, offered in one instant. */
static void rivals(void)
{
	struct world *w = world_create(42);
	struct chaingen *g = chainlab_gen(42, 5), *h;
	struct chaingen *same = chainlab_gen(42, 5);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct pluglab *m = chainlab_create(w, "b", "60.0.0.2", "", "");
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	const struct tn_block *one, *two;
	struct tn_tip left, right;
	char *text;

	chainlab_feed(w, l, g, 20);
	chainlab_feed(w, m, same, 20);
	h = chaingen_fork(g, 1);
	one = chaingen_next(g, a);
	two = chaingen_next(h, a);
	chain_offer(l->plug, one, a);
	chain_offer(l->plug, two, a);
	chain_offer(m->plug, two, a);
	chain_offer(m->plug, one, a);
	run(w, 10);
	left = chainlab_tip(l);
	right = chainlab_tip(m);
	is_mem(&left.hash, &right.hash, 32, "the same one, whichever came first");
	is_uint(chainlab_tip(l).height, 21, "of two blocks at once one connects");
	is_int(chainlab_metric(l, "side_blocks"), 1, "the other lies beside it");
	text = chainlab_ask(w, l, "chain", "{\"action\":\"verify\"}");
	ok(strstr(text, "{\"height\":21,"), "and the chain verifies (%s)", text);
	free(text);
	tn_arena_unref(a);
	chaingen_free(g);
	chaingen_free(h);
	chaingen_free(same);
	pluglab_free(l);
	pluglab_free(m);
	world_free(w);
}

static void seal(struct tn_block *b)
{
	struct tn_sha *s = tn_sha_create();

	if (!s || tn_block_merkle(s, b, &b->header.merkle_root))
		bail_out("no memory");
	tn_sha_free(s);
}

/* A payment of a block before comes again: its coins are spent, so it makes none. */
static void replay(void)
{
	struct world *w = world_create(43);
	struct chaingen *g = chainlab_gen(43, 5);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	const struct tn_block *old, *good;
	struct tn_block bad;
	char why[240] = "";

	chainlab_feed(w, l, g, 20);
	old = chaingen_next(g, a);
	chainlab_submit(w, l, old, a, why, sizeof why);
	good = chaingen_next(g, a);
	bad = *good;
	bad.transactions.v = tn_alloc(a, (good->transactions.n + 1) * sizeof *bad.transactions.v);
	memcpy(bad.transactions.v, good->transactions.v,
	       good->transactions.n * sizeof *bad.transactions.v);
	bad.transactions.v[bad.transactions.n++] = old->transactions.v[1];
	seal(&bad);
	is_int(chainlab_submit(w, l, &bad, a, why, sizeof why), TN_EBAD,
	       "an old payment does not come again");
	ok(strstr(why, tn_block_fault_text(TN_FAULT_COIN_UNKNOWN)), "for its coin is spent: %s",
	   why);
	is_int(chainlab_submit(w, l, good, a, why, sizeof why), 0, "without it the block is good");
	tn_arena_unref(a);
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

static bool makes(const struct tn_block *b, const struct tn_hash *txid)
{
	struct tn_sha *s = tn_sha_create();
	struct tn_hash got;
	bool found = false;

	for (uint32_t i = 0; s && i < b->transactions.n && !found; i++)
		found = !tn_txid(s, &b->transactions.v[i], &got) && !memcmp(&got, txid, sizeof got);
	tn_sha_free(s);
	return found;
}

/* A payment whose coins are all older than these two blocks, the second of which it is in. */
static const struct tn_tx *of_old_coins(const struct tn_block *first, const struct tn_block *b)
{
	for (uint32_t i = 1; i < b->transactions.n; i++) {
		const struct tn_tx *tx = &b->transactions.v[i];
		uint32_t k = 0;

		while (k < tx->inputs.n && !makes(first, &tx->inputs.v[k].previous_output.txid) &&
		       !makes(b, &tx->inputs.v[k].previous_output.txid))
			k++;
		if (k == tx->inputs.n)
			return tx;
	}
	bail_out("every payment spends a new coin");
}

/* The same while all of them wait: the coins were there when the last block was looked at, and are spent
 * when its turn comes. */
static void replay_ahead(void)
{
	struct world *w = world_create(46);
	struct chaingen *g = chainlab_gen(46, 20);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	const struct tn_block *first, *old, *good;
	struct tn_block bad;
	char why[240] = "";

	chainlab_feed(w, l, g, 40);
	first = chaingen_next(g, a);
	old = chaingen_next(g, a);
	good = chaingen_next(g, a);
	bad = *good;
	bad.transactions.v = tn_alloc(a, (good->transactions.n + 1) * sizeof *bad.transactions.v);
	memcpy(bad.transactions.v, good->transactions.v,
	       good->transactions.n * sizeof *bad.transactions.v);
	bad.transactions.v[bad.transactions.n++] = *of_old_coins(first, old);
	seal(&bad);
	chain_offer(l->plug, first, a);
	chain_offer(l->plug, old, a);
	is_int(chainlab_submit(w, l, &bad, a, why, sizeof why), TN_EBAD,
	       "nor when its block waits for the one before");
	ok(strstr(why, tn_block_fault_text(TN_FAULT_COIN_UNKNOWN)), "for its coin is spent: %s",
	   why);
	is_uint(chainlab_tip(l).height, 42, "the blocks before it are taken");
	is_int(chainlab_submit(w, l, good, a, why, sizeof why), 0, "without it the block is good");
	tn_arena_unref(a);
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

/* Another first block, and one far above the tip: neither moves it, now or after a restart. */
static void genesis_and_gap(void)
{
	struct world *w = world_create(44);
	struct chaingen *g = chainlab_gen(44, 5);
	struct pluglab *l = chainlab_create(w, "a", "50.0.0.1", "", "");
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	struct tn_block other = *chaingen_genesis(g);
	const struct tn_block *far = NULL;
	struct tn_error err = { "" };
	char why[240] = "", *before;

	other.header.block_reward++;
	is_int(chainlab_submit(w, l, &other, a, why, sizeof why), TN_EBAD,
	       "another genesis block is not taken");
	ok(strstr(why, tn_block_fault_text(TN_FAULT_GENESIS)), "for what it is: %s", why);
	chainlab_feed(w, l, g, 20);
	is_int(chainlab_submit(w, l, &other, a, why, sizeof why), TN_EBAD, "nor later");
	before = chainlab_coins(w, l);
	for (unsigned i = 0; i < 5; i++)
		far = chaingen_next(g, a);
	is_int(chainlab_submit(w, l, far, a, why, sizeof why), TN_EBAD,
	       "a block without its parent is not taken (%s)", why);
	is_uint(chainlab_tip(l).height, 20, "the tip stays");
	if (plug_unload(l->plug, "blocks", &err) || plug_load(l->plug, "blocks", &err))
		bail_out("%s", err.text);
	is_uint(chainlab_tip(l).height, 20, "also after a restart");
	is_coins(w, l, before, "with the same coins");
	free(before);
	tn_arena_unref(a);
	chaingen_free(g);
	pluglab_free(l);
	world_free(w);
}

static const struct tn_block *spoil(const char *name, const struct tn_block *b, struct tn_arena *a)
{
	for (unsigned i = 0; i < CHAINGEN_BAD; i++)
		if (!strcmp(chaingen_bad(i)->name, name))
			return chaingen_spoil(i, b, a);
	return NULL;
}

static char *line_of(struct tn_arena *a, const char *name, const struct tn_block *b)
{
	size_t n = tn_json_write(&tn_wire_block, b, NULL, 0), k = strlen(name) + 5;
	char *text = tn_alloc(a, n + k + 1);

	sprintf(text, "{\"%s\":", name);
	tn_json_write(&tn_wire_block, b, text + k - 1, n + 1);
	memcpy(text + k - 1 + n, "}", 2);
	return text;
}

/* A block on a parent that does not exist: nothing is taken back, and the true one is not kept
 * out by it, nor by a bad one of its height or one with its hash. */
static void bogus_parent_and_censor(void)
{
	struct pair p = begin(45, "", "");
	const struct tn_block *good, *bad[3];
	struct tn_block orphan;

	chainlab_feed(p.w, p.a, p.g, 20);
	run(p.w, 30);
	is_uint(chainlab_tip(p.b).height, 20, "two nodes at the same height");
	good = chaingen_next(p.g, p.arena);
	orphan = *good;
	memset(orphan.header.previous_hash.b, 7, 32);
	bad[0] = &orphan;
	bad[1] = spoil("owner", good, p.arena);
	bad[2] = spoil("reward-list", good, p.arena); /* with the hash of the true one */
	for (unsigned i = 0; i < 3; i++) {
		if (!bad[i])
			bail_out("no such fault");
		pluglab_say(p.b, "BlockAnnouncement",
			    line_of(p.arena, "BlockAnnouncement", bad[i]));
		run(p.w, i ? 2 : 90);
		is_uint(chainlab_tip(p.a).height, 20, "bad block %u: the tip stays", i);
	}
	is_int(chainlab_metric(p.a, "disconnected"), 0, "nothing was taken back");
	ok(pluglab_count(p.b, "GetBlockHash", COUNT_RECEIVED) < 20, "after a few questions (%d)",
	   (int)pluglab_count(p.b, "GetBlockHash", COUNT_RECEIVED));
	pluglab_say(p.b, "BlockAnnouncement", line_of(p.arena, "BlockAnnouncement", good));
	run(p.w, 5);
	is_uint(chainlab_tip(p.a).height, 21, "the true block is taken");
	end(&p);
}

static void coins_of_a_peer(void)
{
	static const uint8_t script[] = "a";
	struct pair p = begin(46, "", "");
	struct tn_utxo coin = { .outpoint = { .vout = 1 },
				.value = 5,
				.script_pubkey = { script, 1 },
				.address = { "a", 1 } };
	char *before, text[600] = "{\"UTXOSetResponse\":[";
	size_t n = strlen(text);

	n += tn_json_write(&tn_wire_utxo, &coin, text + n, sizeof text - n);
	strcpy(text + n, "]}");

	chainlab_feed(p.w, p.a, p.g, 20);
	run(p.w, 30);
	before = chainlab_coins(p.w, p.a);
	pluglab_say(p.b, "UTXOSetResponse", text);
	run(p.w, 5);
	is_coins(p.w, p.a, before, "a peer's set of coins is not ours");
	free(before);
	chainlab_feed(p.w, p.a, p.g, 1); /* the hash over all is kept for a tip */
	run(p.w, 5);
	before = chainlab_coins(p.w, p.b);
	is_coins(p.w, p.a, before, "nor part of them");
	is_uint(pluglab_refused(p.a, "UTXOSetResponse", ACCOUNT_IN, "unasked"), 1,
		"nobody asked for it");
	is_uint(pluglab_count(p.b, "GetUTXOSet", COUNT_RECEIVED), 0, "nor ever does");
	free(before);
	end(&p);
}

/* An answer has at most so much text, whatever is asked, and one block in any case. */
static void answers(void)
{
	struct pair p = begin(47, "", "serve_max = \"64K\";");
	uint64_t asked;

	world_link_block(p.w, p.a->lab->env, p.b->lab->env, true);
	chainlab_feed(p.w, p.b, p.g, 150);
	world_link_block(p.w, p.a->lab->env, p.b->lab->env, false);
	run(p.w, 120);
	is_uint(chainlab_tip(p.a).height, 150, "caught up by short answers");
	asked = pluglab_count(p.b, "GetBlocks", COUNT_RECEIVED);
	ok(asked >= 20, "many of them (%" PRIu64 ")", asked);
	pluglab_say(p.a, "GetUTXOSet", "\"GetUTXOSet\"");
	run(p.w, 5);
	is_uint(pluglab_refused(p.b, "GetUTXOSet", ACCOUNT_IN, "blocks.size"), 1,
		"the set of coins does not fit: refused(size)");
	is_uint(pluglab_count(p.a, "UTXOSetResponse", COUNT_RECEIVED), 0,
		"and no part of it is an answer");
	end(&p);
}

int main(void)
{
	dialed();
	rivals();
	replay();
	replay_ahead();
	genesis_and_gap();
	bogus_parent_and_censor();
	coins_of_a_peer();
	answers();
	return done_testing();
}
