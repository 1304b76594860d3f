/* SPDX-License-Identifier: MIT
 * t/47-transactions-spend.c - coin selection against all subsets, fees, change, signatures, amounts
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/rng.h"
#include "transactions/spend.h"

enum { COINS = 9, MOST = 2 };

static bool enough(uint64_t in, uint64_t amount)
{
	return in >= amount && in - amount >= tn_fee_min(amount);
}

static void test_fees(void)
{
	static const uint64_t at[] = { 0,       1,       999,     1000,    1001,      2000,
				       1001999, 1002000, 1002001, 1003000, 123456789, 10000000000 };
	unsigned wrong = 0, tried = 0;

	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		for (uint64_t in = at[i] < 1500 ? 0 : at[i] - 1500; in < at[i] + 1500; in++) {
			uint64_t f = spend_fee(in);

			if (in < f)
				wrong += f != TN_FEE_MIN || spend_most(in);
			else
				wrong += f < tn_fee_min(in - f) ||
					 (f > TN_FEE_MIN && f - 1 >= tn_fee_min(in - f + 1)) ||
					 spend_most(in) != in - f;
			tried++;
		}
	}
	is_uint(wrong, 0, "the fee is the least that will do, for %u sums", tried);
	ok(spend_fee(UINT64_MAX) >= tn_fee_min(UINT64_MAX - spend_fee(UINT64_MAX)),
	   "also for the largest number");
}

/* ---- selection against all subsets */

static uint32_t make_coins(struct rng *r, struct spend_coin *coin)
{
	uint32_t n = (uint32_t)rng_range(r, 0, COINS);

	for (uint32_t i = 0; i < n; i++) {
		coin[i] = (struct spend_coin){ .rank = (uint32_t)rng_range(r, 0, 2) };
		rng_fill(r, &coin[i].at.txid, 32);
		coin[i].at.vout = (uint32_t)rng_range(r, 0, 3);
		coin[i].value =
			rng_range(r, 0, 3) ? rng_range(r, 1000, 20000) : rng_range(r, 1, 5000000);
	}
	return n;
}

/* Is there a subset of at most MOST coins of these ranks; the sum of the cheapest one. */
static bool feasible(const struct spend_coin *coin, uint32_t n, uint64_t amount, uint32_t rank,
		     uint64_t *cheapest)
{
	*cheapest = UINT64_MAX;
	for (uint32_t set = 1; set < 1u << n; set++) {
		uint64_t sum = 0;
		uint32_t used = 0;

		for (uint32_t i = 0; i < n; i++) {
			if (!(set >> i & 1))
				continue;
			if (coin[i].rank > rank)
				sum = 0, used = COINS + 1;
			sum += coin[i].value;
			used++;
		}
		if (used <= MOST && enough(sum, amount) && sum < *cheapest)
			*cheapest = sum;
	}
	return *cheapest != UINT64_MAX;
}

static bool well_formed(const struct spend_coin *coin, uint32_t n, uint64_t amount,
			const struct spend_plan *p)
{
	uint64_t sum = 0;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		ptrdiff_t k = p->coin[i] - coin;

		if (k < 0 || k >= n || seen >> k & 1)
			return false;
		seen |= 1u << k;
		sum += p->coin[i]->value;
	}
	return p->n && p->n <= MOST && sum == p->in && p->pay == amount &&
	       p->in == p->pay + p->fee + p->change && p->fee >= tn_fee_min(p->pay + p->change) &&
	       (!p->change || p->change >= TN_DUST) && p->fee <= spend_fee(p->in) + TN_DUST;
}

static uint32_t rank_of(const struct spend_plan *p)
{
	uint32_t rank = 0;

	for (uint32_t i = 0; i < p->n; i++)
		rank = p->coin[i]->rank > rank ? p->coin[i]->rank : rank;
	return rank;
}

struct tally {
	unsigned found, none, few, wrong, dear;
};

static void one_selection(struct rng *r, struct tally *t)
{
	struct spend_coin coin[COINS], turned[COINS];
	struct tn_arena *a = tn_arena_create(0);
	struct spend_plan p, q;
	uint32_t n = make_coins(r, coin), rank = 0;
	uint64_t amount = rng_range(r, TN_DUST, rng_range(r, 0, 2) ? 60000 : 4000000);
	uint64_t cheapest = 0, all = 0;
	int rc = spend_select(coin, n, amount, MOST, a, &p), again;

	while (rank <= 2 && !feasible(coin, n, amount, rank, &cheapest))
		rank++;
	for (uint32_t i = 0; i < n; i++) {
		turned[i] = coin[n - 1 - i];
		all += coin[i].value;
	}
	again = spend_select(turned, n, amount, MOST, a, &q);
	t->wrong += again != rc;
	if (rank <= 2) {
		t->found++;
		t->wrong += rc || !well_formed(coin, n, amount, &p) || rank_of(&p) > rank;
		t->dear += !rc && p.in > 2 * cheapest && p.in > cheapest + 20000;
		for (uint32_t i = 0; !rc && !again && i < p.n; i++)
			t->wrong +=
				memcmp(&p.coin[i]->at, &q.coin[i]->at, sizeof p.coin[i]->at) != 0;
	} else if (enough(all, amount)) {
		t->few++;
		t->wrong += rc != TN_EFULL || enough(p.in, amount);
	} else {
		t->none++;
		t->wrong += rc != TN_ENOENT || p.in != all;
	}
	tn_arena_unref(a);
}

static void test_selection(void)
{
	struct tally t = { 0 };
	struct rng r;

	rng_seed(&r, 47, 0);
	for (unsigned i = 0; i < 5000; i++)
		one_selection(&r, &t);
	is_uint(t.wrong, 0, "found if there is a way (%u), else not enough (%u) or too many (%u)",
		t.found, t.none, t.few);
	ok(t.found > 500 && t.none > 500 && t.few > 100, "each of them often");
	ok(t.dear * 50 < t.found, "seldom twice the cheapest way (%u)", t.dear);
}

static void test_edges(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct spend_coin coin[3] = { { .at.vout = 0, .value = 101000 },
				      { .at.vout = 1, .value = 102000 },
				      { .at.vout = 2, .value = UINT64_MAX } };
	struct spend_plan p;

	is_int(spend_select(coin, 1, 100000, 9, a, &p), 0, "exactly enough");
	is_uint(p.change, 0, "without change");
	is_uint(p.fee, 1000, "and the least fee");
	is_int(spend_select(coin, 1, 100001, 9, a, &p), TN_ENOENT, "a satoshi more is too much");
	is_int(spend_select(coin, 1, 99455, 9, a, &p), 0, "change that would be dust");
	is_uint(p.fee, 1545, "goes to the fee");
	is_int(spend_select(coin, 1, 99454, 9, a, &p), 0, "a satoshi more");
	is_uint(p.change, TN_DUST, "comes back");
	is_int(spend_select(coin, 2, 200000, 1, a, &p), TN_EFULL, "two coins where one may be");
	is_uint(p.in, 102000, "tells what the largest is worth");
	is_int(spend_select(coin, 3, 1000, 9, a, &p), TN_EBAD, "sums do not wrap");
	is_int(spend_select(coin, 2, UINT64_MAX, 9, a, &p), TN_ENOENT, "nor do amounts");
	is_int(spend_select(coin, 2, 545, 9, a, &p), TN_EINVAL, "dust is not paid");
	is_int(spend_select(coin, 2, 0, 9, a, &p), TN_EINVAL, "nor nothing");
	is_int(spend_select(NULL, 0, 1000, 9, a, &p), TN_ENOENT, "no coins at all");
	tn_arena_unref(a);
}

static void test_merge(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct spend_coin coin[5] = { { .at.vout = 0, .value = 900000 },
				      { .at.vout = 1, .value = 10000, .rank = SPEND_FINAL },
				      { .at.vout = 2, .value = 700, .rank = SPEND_CHANGE },
				      { .at.vout = 3, .value = 50000 },
				      { .at.vout = 4, .value = 30000 } };
	struct spend_plan p;

	is_int(spend_merge(coin, 5, 2, 3, a, &p), 0, "three of four coins become one");
	is_uint(p.n, 3, "no more than asked");
	is_uint(p.in, 90000, "the smallest, none that is not final");
	is_uint(p.pay, 89000, "less the fee");
	is_int(spend_merge(coin, 5, 5, 9, a, &p), TN_ENOENT, "not with fewer than asked");
	is_uint(p.n, 4, "and it says how many there are");
	is_int(spend_merge(coin + 1, 1, 1, 9, a, &p), 0, "one, if that is wished");
	coin[0].value = 1400;
	is_int(spend_merge(coin, 1, 1, 9, a, &p), TN_EBAD, "not if nothing is left of it");
	is_int(spend_merge(NULL, 0, 0, 9, a, &p), TN_ENOENT, "none");
	tn_arena_unref(a);
}

/* ---- the transaction */

static int sign_with(void *arg, struct tn_view msg, struct tn_sig *out)
{
	tn_sign(arg, msg.p, msg.n, out);
	return 0;
}

static int sign_never(void *arg, struct tn_view msg, struct tn_sig *out)
{
	(void)arg, (void)msg, (void)out;
	return TN_EGONE;
}

static void test_transaction(void)
{
	struct tn_sha *sha = tn_sha_create();
	struct tn_arena *a = tn_arena_create(0);
	struct spend_coin coin[3] = { { .at.vout = 7, .value = 50000 },
				      { .at.vout = 8, .value = 60000 },
				      { .at.vout = 9, .value = 70000 } };
	char own[TN_ADDRESS_TEXT], other[TN_ADDRESS_TEXT];
	struct tn_bytes own_script, to;
	struct tn_error err = { "" };
	struct tn_secret key, theirs;
	struct spend_plan p;
	struct tn_tx *tx;
	uint64_t fee = 0;
	bool mine[3] = { false, true, true };

	tn_secret_from_seed(&key, (const uint8_t[32]){ 1 });
	tn_secret_from_seed(&theirs, (const uint8_t[32]){ 2 });
	tn_address_of_key(sha, '0', &key.key, own);
	tn_address_of_key(sha, '0', &theirs.key, other);
	own_script = (struct tn_bytes){ (const uint8_t *)own, (uint32_t)strlen(own) };
	to = (struct tn_bytes){ (const uint8_t *)other, (uint32_t)strlen(other) };
	is_int(spend_select(coin, 3, 150000, 9, a, &p), 0, "three coins for a payment");
	is_int(spend_build(&p, to, own_script, 1700000000, a, &tx), 0, "make a transaction");
	is_uint(tx->inputs.n, 3, "with three inputs");
	is_uint(tx->outputs.n, 2, "and two outputs");
	is_uint(tx->outputs.v[0].value, 150000, "what was asked");
	is_uint(tx->outputs.v[1].value, 29000, "and the change");
	is_mem(tx->outputs.v[1].script_pubkey.p, own, strlen(own), "to the own address");
	is_int(spend_sign(sha, tx, mine, &key.key, sign_with, &key, a), 0, "signed in part");
	is_uint(tx->inputs.v[0].script_sig.n, 0, "another's input stays as it is");
	is_int(tn_spend_verify(sha, tx, 1, own_script, &err), 0, "an own one fits %s", err.text);
	is_int(spend_sign(sha, tx, NULL, &key.key, sign_never, NULL, a), TN_EGONE,
	       "no signature, no transaction");
	is_int(spend_sign(sha, tx, NULL, &key.key, sign_with, &key, a), 0, "all");
	for (uint32_t i = 0; i < tx->inputs.n; i++)
		is_int(tn_spend_verify(sha, tx, i, own_script, &err), 0, "input %u fits", i);
	is_int(tn_spend_verify(sha, tx, 0, to, &err), TN_EBAD, "not another's coin");
	is_int(tn_tx_check(tx, &err), 0, "it follows the rules %s", err.text);
	is_int(tn_tx_fee(tx, p.in, &fee, &err), 0, "and pays for itself %s", err.text);
	is_uint(fee, 1000, "what it should");
	tn_arena_unref(a);
	tn_sha_free(sha);
}

/* ---- what people type */

static void test_amounts(void)
{
	static const struct {
		const char *text;
		uint64_t want; /* 0: refused */
	} in[] = { { "12.5", 1250000000 },
		   { "0.00000546", 546 },
		   { "1", 100000000 },
		   { "184467440737.09551615", UINT64_MAX },
		   { "33.33333333", 3333333333 },
		   { "0.00000545", 0 },
		   { "0", 0 },
		   { "0.0", 0 },
		   { "184467440737.09551616", 0 },
		   { "99999999999999999999999999", 0 },
		   { "1e400", 0 },
		   { "1e2", 0 },
		   { "-1", 0 },
		   { "+1", 0 },
		   { "0.000000001", 0 },
		   { "1.", 0 },
		   { ".5", 0 },
		   { "abc", 0 },
		   { "", 0 },
		   { " 1", 0 },
		   { "1 ", 0 },
		   { "1,5", 0 },
		   { "0x10", 0 },
		   { "NaN", 0 },
		   { "inf", 0 },
		   { "1.2.3", 0 } };

	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		struct tn_str text = { in[i].text, (uint32_t)strlen(in[i].text) };
		struct tn_error err = { "" };
		uint64_t v = 0;
		int rc = spend_amount(text, &v, &err);

		is_int(rc, in[i].want ? 0 : TN_EINVAL, "\"%s\" %s", in[i].text, err.text);
		if (!rc)
			is_uint(v, in[i].want, "to the satoshi");
		else
			ok(err.text[0], "with the reason");
	}
}

int main(void)
{
	test_fees();
	test_selection();
	test_edges();
	test_merge();
	test_transaction();
	test_amounts();
	return done_testing();
}
