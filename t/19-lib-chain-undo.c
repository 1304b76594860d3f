/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-undo.c - what blocks change in the set of coins, taken back again; forks; keys
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/judging.h"
#include "lib/tap.h"

static void is_hash(const struct tn_hash *got, const char *want, const char *name)
{
	char text[65];

	for (unsigned i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", got->b[i]);
	is_str(text, want, "%s", name);
}

/* ---- what is made from a seed is good */

struct saved {
	const struct tn_block *block;
	struct tn_undo undo;
	struct tn_hash coins; /* before it */
};

/* Undo data as it comes back from a store. */
static struct tn_undo stored(const struct tn_undo *undo, struct tn_arena *a)
{
	size_t n = tn_bin_write(&tn_store_undo, undo, NULL, 0);
	uint8_t *bytes = tn_alloc(a, n);
	const void *out = NULL;

	tn_bin_write(&tn_store_undo, undo, bytes, n);
	if (tn_bin_read(&tn_store_undo, (struct tn_view){ bytes, n }, a, &out, NULL) != 0)
		bail_out("undo data");
	return *(const struct tn_undo *)out;
}

static uint64_t coinbase_value(const struct tn_block *b)
{
	uint64_t v = 0;

	tn_tx_outputs(&b->transactions.v[0], &v);
	return v;
}

static void take_back(struct judging *j, struct saved *s, unsigned n, struct tn_arena *a)
{
	unsigned wrong = 0;
	struct tn_hash h;

	while (n-- > 0) {
		struct tn_delta d;

		if (tn_delta_disconnect(s[n].block, &s[n].undo, a, &d) != 0 ||
		    !coins_apply(j->coins, &d))
			bail_out("block %u cannot be taken back", n + 1);
		coins_hash(j->coins, &h);
		wrong += memcmp(&h, &s[n].coins, sizeof h) != 0;
	}
	is_uint(wrong, 0, "taken back, block by block: the coins of before");
	is_hash(&h, "0098b7eb69bfd82bc919f390b8054980c5169c345a0a312111f507b983dacaca",
		"down to genesis");
}

enum { LENGTH = 40 };

static void test_chain(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(7, 20);
	struct saved s[LENGTH];
	struct judging j;
	uint64_t worth = net.genesis_value;
	uint32_t inside = 0, spends = 0;

	judging_begin(&j, &net);
	for (unsigned i = 0; i < LENGTH; i++) {
		coins_hash(j.coins, &s[i].coins);
		s[i].block = chaingen_next(g, a);
		j.slice = i % 7; /* 0: all at once */
		if (judging_connect(&j, s[i].block, a) != 0) {
			fail("block %u: %s", i + 1, tn_block_fault_text(j.verdict.fault));
			break;
		}
		s[i].undo = stored(&j.undo, a);
		worth += coinbase_value(s[i].block) - j.coin.fees;
		spends += j.coin.n;
		inside += j.coin.n - j.undo.spent.n;
	}
	is_uint(j.tip.height, LENGTH, "a chain from a seed is good");
	is_uint(s[LENGTH - 1].block->transactions.n, 21, "with as many payments as asked");
	ok(inside > 20 && spends - inside > 200, "spending old coins and those of the same block");
	is_uint(coins_worth(j.coins), worth, "fees are not new money");
	take_back(&j, s, LENGTH, a);
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

static void test_undo_of_another(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(11, 10);
	const struct tn_block *b = NULL, *before;
	struct tn_undo undo, of_before = { 0 };
	struct tn_placed_coin *more;
	struct tn_delta d;
	struct judging j;

	judging_begin(&j, &net);
	do {
		before = b;
		of_before = j.undo;
		b = chaingen_next(g, a);
		if (judging_connect(&j, b, a) != 0)
			bail_out("not good");
	} while (b->header.height < 12);
	undo = j.undo;
	is_int(tn_delta_disconnect(before, &undo, a, &d), TN_EBAD, "undo data of another block");
	is_int(tn_delta_disconnect(b, &of_before, a, &d), TN_EBAD, "and the other way");
	undo.spent.n--;
	is_int(tn_delta_disconnect(b, &undo, a, &d), TN_EBAD, "a coin short");
	undo.spent.n++;
	is_int(tn_delta_disconnect(b, &undo, a, &d), 0, "its own");
	more = tn_alloc(a, (undo.spent.n + 1) * sizeof *more);
	memcpy(more, undo.spent.v, undo.spent.n * sizeof *more);
	undo.spent.v = more;
	undo.spent.n++;
	is_int(tn_delta_disconnect(b, &undo, a, &d), TN_EBAD, "a coin too many");
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

/* ---- forks */

static void grow_branch(struct judging *j, struct chaingen *g, unsigned n, struct saved *s,
			struct tn_arena *a)
{
	for (unsigned i = 0; i < n; i++) {
		s[i].block = chaingen_next(g, a);
		if (judging_connect(j, s[i].block, a) != 0)
			bail_out("branch: %s", tn_block_fault_text(j->verdict.fault));
		s[i].undo = stored(&j->undo, a);
	}
}

static void test_fork(void)
{
	enum { TRUNK = 15, LEFT = 10, RIGHT = 12 };
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(9, 15), *other;
	struct saved s[TRUNK + RIGHT];
	struct judging left, right;
	struct tn_hash want, got, tip;
	struct tn_delta d;

	judging_begin(&left, &net);
	judging_begin(&right, &net);
	grow_branch(&left, g, TRUNK, s, a);
	for (unsigned i = 0; i < TRUNK; i++)
		judging_connect(&right, s[i].block, a);
	other = chaingen_fork(g, 1);
	tip = left.tip.hash;
	grow_branch(&left, g, LEFT, s + TRUNK, a);
	for (unsigned i = LEFT; i-- > 0;)
		if (tn_delta_disconnect(s[TRUNK + i].block, &s[TRUNK + i].undo, a, &d) != 0 ||
		    !coins_apply(left.coins, &d))
			bail_out("cannot be taken back");
	left.tip = right.tip;
	is_mem(&left.tip.hash, &tip, sizeof tip, "the fork's height");
	grow_branch(&right, other, RIGHT, s + TRUNK, a);
	for (unsigned i = 0; i < RIGHT; i++)
		if (judging_connect(&left, s[TRUNK + i].block, a) != 0)
			fail("block %u of the other branch", i);
	coins_hash(left.coins, &got);
	coins_hash(right.coins, &want);
	is_mem(&got, &want, sizeof got, "changing branch gives the coins of the branch alone");
	judging_end(&left);
	judging_end(&right);
	chaingen_free(g);
	chaingen_free(other);
	tn_arena_unref(a);
}

static void test_same_seed(void)
{
	struct tn_arena *a = arena();
	struct chaingen *one = generator(1, 9), *same = generator(1, 9), *two = generator(2, 9);
	struct chaingen *fork;
	struct tn_tip t, u;

	for (unsigned i = 0; i < 12; i++) {
		chaingen_next(one, a);
		chaingen_next(same, a);
		chaingen_next(two, a);
	}
	t = chaingen_tip(one);
	u = chaingen_tip(same);
	is_mem(&t.hash, &u.hash, sizeof t.hash, "a seed is a chain");
	u = chaingen_tip(two);
	ok(memcmp(&t.hash, &u.hash, sizeof t.hash) != 0, "another seed is another");
	fork = chaingen_fork(one, 1);
	chaingen_next(one, a);
	chaingen_next(fork, a);
	t = chaingen_tip(one);
	u = chaingen_tip(fork);
	ok(t.height == u.height && memcmp(&t.hash, &u.hash, sizeof t.hash) != 0, "a fork too");
	chaingen_free(one);
	chaingen_free(same);
	chaingen_free(two);
	chaingen_free(fork);
	tn_arena_unref(a);
}

static void test_keys(void)
{
	static const uint32_t n[] = { 0, 1, 2, 9, 10, 11, 19, 100, 99, UINT32_MAX };
	struct tn_outpoint o = { { { 1 } }, 0 }, p = o, back;
	uint8_t k[TN_COIN_KEY], l[TN_COIN_KEY];
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof n / sizeof n[0]; i++)
		for (size_t h = 0; h < sizeof n / sizeof n[0]; h++) {
			size_t kn, ln;
			int order;

			o.vout = n[i];
			p.vout = n[h];
			kn = tn_coin_key(&o, k);
			ln = tn_coin_key(&p, l);
			order = memcmp(k, l, kn < ln ? kn : ln);
			order = order ? order : (kn > ln) - (kn < ln);
			wrong += (order < 0) != (tn_outpoint_cmp_text(&o, &p) < 0);
			wrong += tn_coin_key_read((struct tn_view){ k, kn }, &back) != 0 ||
				 back.vout != n[i];
		}
	is_uint(wrong, 0, "keys of coins stand in the order of the UTXO-set hash");
	memcpy(k + 32, "4294967296", 10);
	is_int(tn_coin_key_read((struct tn_view){ k, 42 }, &back), TN_EBAD, "2^32");
	is_int(tn_coin_key_read((struct tn_view){ k, 32 }, &back), TN_EBAD, "no number");
	k[32] = '0';
	is_int(tn_coin_key_read((struct tn_view){ k, 34 }, &back), TN_EBAD, "a leading zero");
	tn_height_key(258, k);
	is_mem(k, "\0\0\0\0\0\0\1\2", 8, "a height's key");
}

int main(void)
{
	test_chain();
	test_undo_of_another();
	test_fork();
	test_same_seed();
	test_keys();
	return done_testing();
}
