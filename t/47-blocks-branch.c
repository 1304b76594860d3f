/* SPDX-License-Identifier: MIT
 * t/47-blocks-branch.c - which branch, where they part, the way over, and coins on the way
 */
#include <stdlib.h>
#include <string.h>

#include "blocks/branch.h"
#include "blocks/overlay.h"
#include "lib/judging.h"
#include "lib/tap.h"
#include "sim/rng.h"

static struct tn_tip tip(uint64_t height, uint8_t hash)
{
	return (struct tn_tip){ height, { { hash } }, 0 };
}

static void test_better(void)
{
	const struct tn_tip low = tip(5, 9), high = tip(6, 10), first = tip(6, 2);

	ok(branch_better(&low, &high, 0), "the longer one");
	ok(!branch_better(&high, &low, 0), "whichever is ours");
	ok(branch_better(&high, &first, 0), "of two alike the lower hash");
	ok(!branch_better(&first, &high, 0), "whichever is ours");
	ok(!branch_better(&first, &first, 0), "one is not better than itself");
	ok(branch_better(&high, &low, 1), "what is committed wins over length");
	ok(!branch_better(&low, &high, -1), "on either side");
}

/* ---- the search */

static unsigned search(uint64_t ours, uint64_t theirs, uint64_t fork, struct branch_search *s)
{
	unsigned asked = 0;
	uint64_t h;

	branch_search(s, ours, theirs);
	while (branch_search_next(s, &h) && asked < 100) {
		if (h > ours || h > theirs)
			asked += 100;
		branch_search_answer(s, h, h <= fork);
		asked++;
	}
	return asked;
}

static void test_search(void)
{
	static const uint64_t tips[][2] = { { 0, 5 },       { 1, 1 },        { 7, 3 },
					    { 1000, 1000 }, { 1001, 999 },   { 5000, 5001 },
					    { 5000, 4200 }, { 4200, 900000 } };
	unsigned most = 0, wrong = 0, deep = 0;
	struct branch_search s;

	for (size_t i = 0; i < sizeof tips / sizeof tips[0]; i++) {
		uint64_t ours = tips[i][0], theirs = tips[i][1];
		uint64_t top = ours < theirs ? ours : theirs;

		for (uint64_t fork = 0; fork <= top; fork++) {
			unsigned asked = search(ours, theirs, fork, &s);

			most = asked > most ? asked : most;
			if (ours - fork > BRANCH_DEPTH)
				wrong += !branch_too_deep(&s);
			else
				wrong += branch_too_deep(&s) || s.low != fork;
			deep += branch_too_deep(&s);
		}
	}
	is_uint(wrong, 0, "every fork is found");
	ok(deep > 3000, "or is too deep");
	ok(most <= 11, "by %u questions at most", most);
	search(UINT64_MAX, UINT64_MAX, UINT64_MAX - 500, &s);
	ok(!branch_too_deep(&s) && s.low == UINT64_MAX - 500, "at the end of numbers");
	search(UINT64_MAX, 3, 3, &s);
	ok(branch_too_deep(&s), "a claim far below");
	branch_search(&s, 100, 100);
	branch_search_answer(&s, 5000, true);
	ok(s.low == 0 && s.high == 101, "an answer to what was not asked");
}

/* ---- the plan, over a tree: hash = branch, height */

struct tree {
	uint64_t fork, missing, liar; /* heights of theirs; UINT64_MAX: none */
	unsigned asked;
};

static struct tn_hash name(const struct tree *t, uint8_t branch, uint64_t height)
{
	struct tn_hash h = { { 0 } };

	h.b[0] = height <= t->fork ? 0 : branch;
	memcpy(h.b + 8, &height, sizeof height);
	return h;
}

static int look_header(void *arg, const struct tn_hash *at, struct tn_header *out)
{
	struct tree *t = arg;
	uint64_t height;

	t->asked++;
	memcpy(&height, at->b + 8, sizeof height);
	if (height == t->missing)
		return TN_ENOENT;
	*out = (struct tn_header){ .height = height + (height == t->liar) };
	out->previous_hash = name(t, at->b[0], height - 1);
	return 0;
}

static int look_ours(void *arg, uint64_t height, struct tn_hash *out)
{
	*out = name(arg, 1, height);
	return 0;
}

static int plan_over(struct branch_plan *p, struct tree *t, uint64_t ours, uint64_t theirs)
{
	const struct branch_look look = { look_header, look_ours, t };
	struct tn_tip a = { ours, name(t, 1, ours), 0 }, b = { theirs, name(t, 2, theirs), 0 };

	t->asked = 0;
	return branch_plan(p, &a, &b, &look);
}

static bool in_order(const struct branch_plan *p, const struct tree *t)
{
	for (uint32_t i = 0; i < p->connect; i++) {
		struct tn_hash want = name(t, 2, p->fork + 1 + i);

		if (memcmp(&p->hash[i], &want, sizeof want) != 0)
			return false;
	}
	return true;
}

static void test_plan(void)
{
	struct branch_plan *p = malloc(sizeof *p);
	struct tree t = { 100, UINT64_MAX, UINT64_MAX, 0 };

	if (!p)
		bail_out("no memory");
	is_int(plan_over(p, &t, 103, 105), 0, "a plan");
	ok(p->fork == 100 && p->disconnect == 3 && p->connect == 5 && in_order(p, &t),
	   "three back, five on");
	is_int(plan_over(p, &t, 105, 102), 0, "to a shorter one");
	ok(p->disconnect == 5 && p->connect == 2 && in_order(p, &t), "too");
	is_int(plan_over(p, &t, 100, 104), 0, "straight on");
	ok(p->disconnect == 0 && p->connect == 4, "nothing back");
	is_int(plan_over(p, &t, 104, 90), 0, "to a block of ours");
	ok(p->fork == 90 && p->disconnect == 14 && p->connect == 0, "nothing on");
	is_int(plan_over(p, &t, 100 + BRANCH_DEPTH, 102), 0, "a thousand back");
	is_int(plan_over(p, &t, 101 + BRANCH_DEPTH, 102), TN_EFULL, "one more is too deep");
	is_int(plan_over(p, &t, 101, 100 + BRANCH_CONNECT), 0, "as many on as fit");
	ok(p->connect == BRANCH_CONNECT && in_order(p, &t), "all of them");
	is_int(plan_over(p, &t, 101, 101 + BRANCH_CONNECT), TN_EFULL, "one more does not");
	ok(t.asked <= BRANCH_CONNECT, "and was not looked for");
	t.missing = 103;
	is_int(plan_over(p, &t, 103, 105), TN_ENOENT, "a header is missing");
	t.missing = UINT64_MAX;
	t.liar = 104;
	is_int(plan_over(p, &t, 103, 105), TN_EBAD, "heights that do not count up");
	free(p);
}

/* ---- coins on the way */

struct step {
	const struct tn_block *block;
	struct tn_undo undo;
};

static const uint64_t secret[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };

static void grow(struct judging *j, struct chaingen *g, unsigned n, struct step *s,
		 struct tn_arena *a)
{
	for (unsigned i = 0; i < n; i++) {
		const struct tn_block *b = chaingen_next(g, a);

		if (judging_connect(j, b, a) != 0)
			bail_out("%s", tn_block_fault_text(j->verdict.fault));
		if (s)
			s[i] = (struct step){ b, j->undo };
	}
}

/* Judges the other branch in an overlay: what is below is not touched. */
static void judge_over(struct overlay *o, struct judging *j, const struct step *theirs, unsigned n,
		       struct tn_arena *a)
{
	struct tn_coins_judge c;
	struct tn_delta d;
	struct tn_undo u;

	for (unsigned i = 0; i < n; i++) {
		struct tn_block_facts *f = tn_alloc(a, tn_block_facts_bytes(theirs[i].block));

		tn_block_judge_alone(&j->rules, theirs[i].block, f);
		if (f->verdict.code || tn_coins_begin(&c, &j->rules, theirs[i].block, f, a) ||
		    tn_coins_step(&c, UINT32_MAX, overlay_find, o) ||
		    tn_delta_connect(&c, a, &d, &u) || overlay_apply(o, &d))
			bail_out("block %u of the branch: %s", i,
				 tn_block_fault_text(c.verdict.fault));
	}
}

static void reorganise(unsigned depth, uint32_t txs)
{
	struct chaingen_conf conf = { 21, testnet(), txs, 5, true };
	struct chaingen *g = chaingen_create(&conf), *other;
	struct step *ours = calloc(depth, sizeof *ours), *theirs = calloc(depth + 1, sizeof *ours);
	struct tn_arena *a = tn_arena_create((size_t)1 << 30);
	struct judging left, right;
	struct tn_hash before, got, want;
	struct overlay *o;
	struct tn_delta d;

	if (!ours || !theirs || !a)
		bail_out("no memory");
	judging_begin(&left, &conf.net);
	judging_begin(&right, &conf.net);
	left.no_signatures = right.no_signatures = true;
	grow(&left, g, 20, NULL, a);
	chaingen_free(g);
	g = chaingen_create(&conf);
	grow(&right, g, 20, NULL, a);
	other = chaingen_fork(g, 1);
	grow(&left, g, depth, ours, a);
	grow(&right, other, depth + 1, theirs, a);
	coins_hash(left.coins, &before);
	o = overlay_create(coins_find, left.coins, secret);
	for (unsigned i = depth; i-- > 0;)
		if (tn_delta_disconnect(ours[i].block, &ours[i].undo, a, &d) ||
		    overlay_apply(o, &d))
			bail_out("taking back");
	judge_over(o, &right, theirs, depth + 1, a);
	coins_hash(left.coins, &got);
	is_mem(&got, &before, sizeof got, "depth %u: judged, and nothing was touched", depth);
	is_int(overlay_delta(o, a, &d), 0, "one batch");
	ok(coins_apply(left.coins, &d), "fits what is below");
	coins_hash(left.coins, &got);
	coins_hash(right.coins, &want);
	is_mem(&got, &want, sizeof got, "and gives the coins of the other branch alone");
	ok(coins_worth(left.coins) == coins_worth(right.coins), "of the same worth");
	note("%zu bytes in the overlay", overlay_bytes(o));
	overlay_free(o);
	judging_end(&left);
	judging_end(&right);
	chaingen_free(g);
	chaingen_free(other);
	tn_arena_unref(a);
	free(ours);
	free(theirs);
}

static int none(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	(void)arg, (void)o, (void)out;
	return TN_ENOENT;
}

static int broken(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	(void)arg, (void)o, (void)out;
	return TN_EIO;
}

static int all(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	(void)arg, (void)o;
	*out = (struct tn_coin){ 5, 1, false, { NULL, 0 } };
	return 0;
}

/* A coin of the set below: taken, put again by another block, taken again. */
static void test_below(void)
{
	struct overlay *o = overlay_create(all, NULL, secret);
	struct tn_placed_coin p = { { { { 1 } }, 7 }, { 5, 2, false, { NULL, 0 } } };
	struct tn_arena *a = arena();
	struct tn_delta put = { .put = { &p, 1 } }, del = { .del = { &p.outpoint, 1 } }, d;
	struct tn_coin c;

	is_int(overlay_apply(o, &put), TN_EBAD, "what is below cannot come");
	is_int(overlay_apply(o, &del), 0, "it goes");
	is_int(overlay_apply(o, &del), TN_EBAD, "once");
	is_int(overlay_apply(o, &put), 0, "comes again");
	overlay_find(o, &p.outpoint, &c);
	is_uint(c.height, 2, "as it is now");
	overlay_delta(o, a, &d);
	ok(d.put.n == 1 && d.del.n == 1, "and is written anew");
	is_int(overlay_apply(o, &del), 0, "goes again");
	is_int(overlay_find(o, &p.outpoint, &c), TN_ENOENT, "and stays gone");
	overlay_delta(o, a, &d);
	ok(d.put.n == 0 && d.del.n == 1, "below too");
	overlay_free(o);
	tn_arena_unref(a);
}

static void test_overlay(void)
{
	struct overlay *o = overlay_create(none, NULL, secret);
	struct tn_placed_coin p = { { { { 1 } }, 7 }, { 5, 1, false, { NULL, 0 } } };
	struct tn_arena *a = arena();
	struct tn_delta put = { .put = { &p, 1 } }, del = { .del = { &p.outpoint, 1 } }, d;
	struct tn_coin c;

	is_int(overlay_apply(o, &del), TN_EBAD, "what is not there cannot go");
	is_int(overlay_apply(o, &put), 0, "it comes");
	is_int(overlay_apply(o, &put), TN_EBAD, "once");
	is_int(overlay_find(o, &p.outpoint, &c), 0, "is there");
	is_int(overlay_apply(o, &del), 0, "goes");
	is_int(overlay_find(o, &p.outpoint, &c), TN_ENOENT, "is gone");
	overlay_delta(o, a, &d);
	ok(d.put.n == 0 && d.del.n == 0 && overlay_bytes(o) == 0, "and leaves nothing");
	overlay_free(o);
	o = overlay_create(broken, NULL, secret);
	is_int(overlay_find(o, &p.outpoint, &c), TN_EIO, "a store that fails");
	is_int(overlay_apply(o, &put), TN_EIO, "is not taken for an empty one");
	overlay_free(o);
	overlay_free(NULL);
	tn_arena_unref(a);
}

int main(void)
{
	test_better();
	test_search();
	test_plan();
	test_overlay();
	test_below();
	reorganise(1, 20);
	reorganise(10, 20);
	reorganise(1000, 5);
	return done_testing();
}
