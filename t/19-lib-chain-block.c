/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-block.c - which blocks are good, and what is wrong with the others
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/judging.h"
#include "lib/tap.h"
#include "timenode/value.h"

static void is_hash(const struct tn_hash *got, const char *want, const char *name)
{
	char text[65];

	for (unsigned i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", got->b[i]);
	is_str(text, want, "%s", name);
}

static void is_fault(const struct judging *j, enum tn_block_fault want, const char *name)
{
	is_str(tn_block_fault_name(j->verdict.code ? j->verdict.fault : TN_FAULT_NONE),
	       tn_block_fault_name(want), "%s", name);
}

/* ---- the block of doc/protocol.md 10.6, as bytes that others computed */

static const char first_block[] =
	"010000000100000000000000062446a00f5dc1aa0c842ce4e1beb400ee89ead29c247c14a44921dd7b5e1dea"
	"4e502013f137977dffaa69efe8da8eede49a4bb5bdd22567e720ae5bcba92941d8dc2c690000000000e40b54"
	"020000000100000000000000010000000000000000000000030000000000000055a1aec60000000026000000"
	"0000000054494d453041476f4a6934426a734b4379674437616e5a6d617751476e3962686f4636356a6655a1"
	"aec600000000260000000000000054494d45304b4d45533769336a546f61596552456657767345756b51574e"
	"554b7a345873547a55a1aec600000000260000000000000054494d4530414c5635756e39354c4d70764b547347"
	"38626b69423853385743625a626277455900000000d8dc2c6900000000030000000000000026000000000000"
	"0054494d453041476f4a6934426a734b4379674437616e5a6d617751476e3962686f4636356a6655a1aec600"
	"000000260000000000000054494d45304b4d45533769336a546f61596552456657767345756b51574e554b7a"
	"345873547a55a1aec600000000260000000000000054494d4530414c5635756e39354c4d70764b54734738626b"
	"69423853385743625a626277455955a1aec600000000";

static struct tn_block *read_first(struct tn_arena *a)
{
	static uint8_t bytes[sizeof first_block / 2];
	struct tn_view in = { bytes, sizeof bytes };
	struct tn_error err = { "" };
	const void *out = NULL;

	for (size_t i = 0; i < sizeof bytes; i++) {
		unsigned v;

		sscanf(first_block + 2 * i, "%2x", &v);
		bytes[i] = (uint8_t)v;
	}
	if (tn_bin_read(&tn_wire_block, in, a, &out, &err) != 0)
		bail_out("first block: %s", err.text);
	return (struct tn_block *)(uintptr_t)out;
}

static void seal(struct tn_block *b)
{
	struct tn_sha *s = tn_sha_create();

	if (!s || tn_block_merkle(s, b, &b->header.merkle_root) != 0)
		bail_out("no memory");
	tn_sha_free(s);
}

/* Pays the first of three by so much more. */
static void pay(struct tn_block *b, int64_t change)
{
	b->masternode_rewards.v[0].value += (uint64_t)change;
	b->transactions.v[0].outputs.v[0].value += (uint64_t)change;
	seal(b);
}

static void test_first(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct tn_block *b = read_first(a);
	struct judging j;
	struct tn_hash h;

	judging_begin(&j, &net);
	coins_hash(j.coins, &h);
	is_hash(&h, "0098b7eb69bfd82bc919f390b8054980c5169c345a0a312111f507b983dacaca",
		"coins after genesis");
	j.rules.legacy_compat = true;
	is_int(judging_try(&j, b, a), 0, "block 1 is good, for old nodes too");
	is_uint(j.facts->bytes, 464, "its size");
	is_hash(&j.facts->hash, "5cdd7ea1db82bd416a6b7727dd50ca96d666da0d0d282462a6b9313590cf57a4",
		"its hash");
	j.rules.legacy_compat = false;
	pay(b, 1);
	is_int(judging_try(&j, b, a), 0, "shares that add up exactly");
	pay(b, 1);
	is_int(judging_try(&j, b, a), TN_EBAD, "a satoshi more");
	is_fault(&j, TN_FAULT_REWARD_SUM, "is too much");
	pay(b, -3);
	is_int(judging_try(&j, b, a), 0, "two satoshis lost among three");
	pay(b, -1);
	is_int(judging_try(&j, b, a), TN_EBAD, "three");
	is_fault(&j, TN_FAULT_REWARD_SUM, "are too few");
	pay(b, 2);
	is_int(judging_connect(&j, b, a), 0, "connected");
	coins_hash(j.coins, &h);
	is_hash(&h, "0a08cff607066af660227fd54eb483f1672da959c1dd60e9bf7eadca85d45626",
		"coins after block 1");
	judging_end(&j);
	tn_arena_unref(a);
}

/* What the specification of the network computes beside block 1. */
static void test_others(void)
{
	struct tn_header h = {
		.version = 1, .height = 2, .timestamp = 1764548400, .block_reward = TN_BASE_REWARD
	};
	struct tn_sha *sha = tn_sha_create();
	struct tn_network net;
	struct tn_hash got;
	struct judging j;

	tn_network_find("mainnet", &net);
	judging_begin(&j, &net);
	coins_hash(j.coins, &got);
	is_hash(&got, "c8e2e5ba8b4370c08759d4fec4aca09626d23395621f1fa65ed7eedefd6bcac1",
		"coins after mainnet's genesis");
	judging_end(&j);
	memset(h.previous_hash.b, 0x22, 32);
	memset(h.merkle_root.b, 0x33, 32);
	tn_block_hash(sha, &h, &got);
	is_hash(&got, "45ad7b206d431b6430c16d00c1333111ab3d4bacb31ba3dc2536bec805674ce3",
		"the hash of a header");
	tn_sha_free(sha);
}

static void test_nobody_paid(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct tn_block *b = read_first(a);
	struct judging j;

	judging_begin(&j, &net);
	b->masternode_rewards.n = b->transactions.v[0].outputs.n = 0;
	seal(b);
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_REWARD_SUM, "a block that pays nobody");
	b->header.block_reward = 0;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_REWARD, "nor says so");
	judging_end(&j);
	tn_arena_unref(a);
}

/* Heights, times and what stands before it. */
static void test_place(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct tn_block *b = read_first(a);
	struct judging j;

	judging_begin(&j, &net);
	j.now = b->header.timestamp - TN_FUTURE_S;
	is_int(judging_try(&j, b, a), 0, "600 s ahead");
	j.now--;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_FUTURE, "601 s ahead");
	ok(!tn_block_fault_final(j.verdict.fault), "may be good later");
	j.now = INT64_MIN;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_FUTURE, "a clock at the beginning of time");
	j.now = INT64_MAX;
	is_int(judging_connect(&j, b, a), 0, "and at its end");
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_PARENT, "once more");
	b->header.height = UINT64_MAX;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_SLOT, "a height beyond time");
	b->header.height = 1;
	b->header.timestamp = INT64_MIN;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_SLOT, "a time before all");
	b->header.height = 0;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_GENESIS, "another genesis");
	judging_end(&j);
	tn_arena_unref(a);
}

/* ---- each way of being wrong is found, and nothing else */

static bool body_fault(enum tn_block_fault f)
{
	return f <= TN_FAULT_FUTURE;
}

static void try_bad(struct judging *j, unsigned i, const struct tn_block *good, struct tn_arena *a)
{
	const struct chaingen_fault *want = chaingen_bad(i);
	const struct tn_block *bad = chaingen_spoil(i, good, a);

	if (!bad) {
		fail("%s: this block does not allow it", want->name);
		return;
	}
	is_int(judging_try(j, bad, a), TN_EBAD, "%s: refused", want->name);
	is_fault(j, want->fault, want->name);
	ok(tn_block_fault_final(want->fault) == !body_fault(want->fault),
	   "%s: what is remembered of it", want->name);
}

static void test_bad(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(3, 40);
	const struct tn_block *b;
	struct judging j;
	bool seen[TN_FAULTS] = { false };

	judging_begin(&j, &net);
	while ((b = chaingen_next(g, a))->header.height < 15)
		if (judging_connect(&j, b, a) != 0)
			bail_out("not good");
	is_uint(b->transactions.n, 41, "a block with forty payments");
	for (unsigned i = 0; i < CHAINGEN_BAD; i++) {
		try_bad(&j, i, b, a);
		seen[chaingen_bad(i)->fault] = true;
	}
	is_int(judging_connect(&j, b, a), 0, "the block itself is good");
	for (unsigned f = TN_FAULT_SIZE; f < TN_FAULT_OLD_TX; f++)
		ok(seen[f] || f == TN_FAULT_FUTURE || f == TN_FAULT_GENESIS, "%s was tried",
		   tn_block_fault_name(f));
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

/* A body that was changed on the way has the true block's hash. */
static void test_same_hash(void)
{
	static const unsigned kinds[] = { TN_FAULT_MUTATED, TN_FAULT_REWARD_LIST, TN_FAULT_EMPTY };
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(3, 40);
	const struct tn_block *b = chaingen_next(g, a), *bad;
	struct judging j;
	unsigned tried = 0;

	judging_begin(&j, &net);
	while (b->transactions.n < 7 || b->transactions.n % 2 == 0)
		b = chaingen_next(g, a);
	for (unsigned i = 0; i < CHAINGEN_BAD; i++)
		for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
			if (chaingen_bad(i)->fault != kinds[k])
				continue;
			bad = chaingen_spoil(i, b, a);
			if (!bad)
				continue;
			ok(tn_compare(&tn_wire_header, &bad->header, &b->header) == 0,
			   "%s: the true header", chaingen_bad(i)->name);
			judging_try(&j, bad, a);
			is_fault(&j, kinds[k], "told apart");
			tried++;
		}
	is_uint(tried, 4, "all four");
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

/* ---- in slices, with a store that is slow */

struct slow {
	struct coins *coins;
	unsigned asked, refused;
};

static int find_slowly(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	struct slow *s = arg;

	if (++s->asked % 3 == 0) {
		s->refused++;
		return TN_ETIME;
	}
	return coins_find(s->coins, o, out);
}

static void test_slices(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(5, 30);
	const struct tn_block *b;
	struct tn_coins_judge c;
	struct judging j;
	struct slow slow;
	unsigned steps = 0;
	int code;

	judging_begin(&j, &net);
	while ((b = chaingen_next(g, a))->header.height < 12)
		judging_connect(&j, b, a);
	is_int(judging_try(&j, b, a), 0, "in one");
	slow = (struct slow){ j.coins, 0, 0 };
	tn_coins_begin(&c, &j.rules, b, j.facts, a);
	while ((code = tn_coins_step(&c, 2, find_slowly, &slow)) == TN_EBUSY || code == TN_ETIME)
		steps++;
	is_int(code, 0, "by twos, out of a store that is slow");
	ok(steps >= c.n / 2 && slow.refused > 5, "in many steps");
	is_uint(c.n, j.coin.n, "as many coins");
	is_uint(c.fees, j.coin.fees, "the same fees");
	is_int(tn_coins_step(&c, 1, coins_find, j.coins), 0, "and stays done");
	for (uint32_t i = 0; i < c.n; i++)
		if (c.spent[i].coin.value != j.coin.spent[i].coin.value ||
		    c.spent[i].tx != j.coin.spent[i].tx)
			fail("input %u", (unsigned)i);
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

static bool changed(const struct tn_block *a, const struct tn_block *b, uint32_t i)
{
	return tn_compare(&tn_wire_tx, &a->transactions.v[i], &b->transactions.v[i]) != 0;
}

/* The chunk with the bad one says which; the others are good. */
static void test_chunks(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(5, 60);
	const struct tn_block *b, *bad;
	struct tn_block_verdict v;
	struct tn_error err = { "" };
	unsigned wrong = 0, kind = 0;
	struct judging j;

	judging_begin(&j, &net);
	while ((b = chaingen_next(g, a))->header.height < 12)
		judging_connect(&j, b, a);
	while (strcmp(chaingen_bad(kind)->name, "signature") != 0)
		kind++;
	bad = chaingen_spoil(kind, b, a);
	j.no_signatures = true;
	is_int(judging_try(&j, bad, a), 0, "all but the signatures");
	for (uint32_t i = 0; i < j.coin.n; i++) {
		tn_spends_check(bad, j.facts, &j.coin.spent[i], 1, &v);
		if (v.code && v.tx == j.coin.spent[i].tx && changed(b, bad, v.tx))
			wrong++;
		else if (v.code)
			fail("transaction %u is good", (unsigned)v.tx);
	}
	is_uint(wrong, 1, "one signature is bad");
	tn_spends_check(bad, j.facts, j.coin.spent, j.coin.n, &v);
	is_int(tn_block_verdict_fail(&err, &v), TN_EBAD, "found in a large chunk");
	ok(changed(b, bad, v.tx) && v.input == 0 &&
		   strstr(err.text, ", input 0: the signature does not fit"),
	   "and told: %s", err.text);
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

static void test_old(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct chaingen *g = generator(4, 10);
	const struct tn_block *b;
	struct judging j;

	judging_begin(&j, &net);
	while ((b = chaingen_next(g, a))->transactions.n == 1)
		judging_connect(&j, b, a);
	j.rules.legacy_compat = true;
	is_int(judging_try(&j, b, a), TN_EBAD, "20 TIME for one input");
	is_fault(&j, TN_FAULT_OLD_TX, "is nothing for old nodes");
	ok(!tn_block_fault_final(j.verdict.fault), "but not bad");
	j.rules.legacy_compat = false;
	is_int(judging_try(&j, b, a), 0, "nor for us");
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

/* Old nodes' other two rules, on block 1 with rewards and a payment of our own making. */
static void test_old_more(void)
{
	const struct tn_network net = testnet();
	struct tn_arena *a = arena();
	struct tn_block *b = read_first(a);
	static const uint8_t script[TN_SCRIPT_SIG_BYTES];
	struct tn_txin in = { .script_sig = { script, sizeof script } };
	struct tn_txout out = { TN_COIN, { NULL, 0 } };
	struct tn_tx *list = tn_alloc(a, 2 * sizeof *list);
	struct tn_sha *s = tn_sha_create();
	struct judging j;

	judging_begin(&j, &net);
	j.rules.legacy_compat = j.no_signatures = true;
	pay(b, TN_REWARD_TOLERANCE + 2);
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_OLD_REWARDS, "100.01 TIME and a satoshi");
	pay(b, -(int64_t)TN_REWARD_TOLERANCE - 2);
	list[0] = b->transactions.v[0];
	tn_txid(s, &list[0], &in.previous_output.txid);
	list[1] = (struct tn_tx){ .version = 1, .inputs = { &in, 1 }, .outputs = { &out, 1 } };
	b->transactions.v = list;
	b->transactions.n = 2;
	seal(b);
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_OLD_CHAINED, "a coin of the same block");
	j.rules.legacy_compat = false;
	judging_try(&j, b, a);
	is_fault(&j, TN_FAULT_REWARD, "is one for us, whose fee counts");
	tn_sha_free(s);
	judging_end(&j);
	tn_arena_unref(a);
}

/* ---- names */

static void test_names(void)
{
	for (uint32_t f = 0; f < TN_FAULTS; f++)
		for (uint32_t g = 0; g < f; g++)
			if (strcmp(tn_block_fault_name(f), tn_block_fault_name(g)) == 0)
				fail("two faults %s", tn_block_fault_name(f));
	is_str(tn_block_fault_name(TN_FAULTS), "unknown", "beyond the last");
	ok(!tn_block_fault_final(TN_FAULTS), "nothing is final there");
}

/* What a chain of old nodes is allowed, and what it is not. */
static void test_legacy_chain(void)
{
	struct chaingen_conf conf = { 5, testnet(), 6, 3, .old = true };
	struct chaingen *g = chaingen_create(&conf);
	struct tn_arena *a = arena();
	struct judging j;
	unsigned taken = 0, loose = 0, strict = 0;
	struct tn_block copy;

	judging_begin(&j, &conf.net);
	j.no_signatures = true;
	for (unsigned i = 0; i < 20; i++) {
		const struct tn_block *b = chaingen_next(g, a);

		j.rules.legacy_chain = false;
		strict += judging_try(&j, b, a) == TN_EBAD;
		j.rules.legacy_chain = true;
		copy = *b;
		copy.header.merkle_root.b[5] ^= 1;
		if (judging_try(&j, &copy, a) != TN_EBAD || j.verdict.fault != TN_FAULT_MERKLE)
			bail_out("any merkle root is taken");
		taken += judging_connect(&j, b, a) == 0;
		loose += j.facts->loose;
	}
	is_uint(taken, 20, "legacy_chain: twenty blocks of old nodes are taken");
	ok(loose >= 9 && loose <= 10, "the hash of every second does not cover its payments");
	is_uint(strict, 19, "by the rules alone only the first, which holds no payment yet");
	judging_end(&j);
	chaingen_free(g);
	tn_arena_unref(a);
}

int main(void)
{
	test_first();
	test_others();
	test_nobody_paid();
	test_place();
	test_bad();
	test_same_hash();
	test_slices();
	test_chunks();
	test_old();
	test_old_more();
	test_legacy_chain();
	test_names();
	return done_testing();
}
