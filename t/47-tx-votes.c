/* SPDX-License-Identifier: MIT
 * t/47-tx-votes.c - the vote book: quorums, order, early votes and their bounds, another set
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/rng.h"
#include "transactions/votes.h"

enum { NAMES = 20 };

static const struct votes_conf plain = { 8, 1000, 1000 };

static const char *const name[NAMES] = { "10.0.0.1",  "10.0.0.2",  "10.0.0.3",  "10.0.0.4",
					 "10.0.0.5",  "10.0.0.6",  "10.0.0.7",  "10.0.0.8",
					 "10.0.0.9",  "10.0.0.10", "10.0.0.11", "10.0.0.12",
					 "10.0.0.13", "10.0.0.14", "10.0.0.15", "10.0.0.16",
					 "10.0.0.17", "10.0.0.18", "10.0.0.19", "10.0.0.20" };

static struct tn_str text(const char *s)
{
	return (struct tn_str){ s, (uint32_t)strlen(s) };
}

/* Voters from `first` on, `n` of them; their key is their number, changed by `salt`. */
static void set_voters(struct votes *v, unsigned first, unsigned n, int me, uint8_t salt)
{
	struct tn_voter voter[NAMES];
	struct tn_voter_set set = { .voter = { voter, n }, .me = me };

	for (unsigned i = 0; i < n; i++) {
		voter[i].address = text(name[first + i]);
		memset(&voter[i].key, (int)(first + i + 1), sizeof voter[i].key);
		voter[i].key.b[0] ^= salt;
	}
	if (votes_set(v, &set))
		bail_out("no memory");
}

static struct votes *book(unsigned n, const struct votes_conf *conf)
{
	struct votes *v = votes_create(conf);

	if (!v)
		bail_out("no memory");
	set_voters(v, 0, n, 0, 0);
	return v;
}

static struct tn_hash txid(unsigned number)
{
	struct tn_hash h = { { 0 } };

	memcpy(h.b, &number, sizeof number);
	return h;
}

static struct tn_vote vote(unsigned tx, unsigned voter, bool approve)
{
	struct tn_vote v = { .txid = txid(tx),
			     .voter = text(name[voter]),
			     .approve = approve,
			     .timestamp = 1000 + (int)voter };

	memset(&v.signature, (int)voter, sizeof v.signature);
	return v;
}

static enum votes_fate say(struct votes *v, unsigned tx, unsigned voter, bool approve, uint64_t now)
{
	struct tn_vote it = vote(tx, voter, approve);
	enum votes_fate look = votes_look(v, &it), fate = votes_add(v, &it, now);

	if (look != fate)
		bail_out("votes_look says %d, votes_add %d", look, fate);
	return fate;
}

static enum votes_state state(const struct votes *v, unsigned tx)
{
	struct tn_hash h = txid(tx);

	return votes_count(v, &h).state;
}

static void known(struct votes *v, unsigned tx)
{
	struct tn_hash h = txid(tx);

	if (votes_known(v, &h))
		bail_out("no memory");
}

/* What the reference computes, and what the proof needs. */
static void test_quorum(void)
{
	static const uint32_t want[][2] = { { 1, 1 }, { 2, 2 }, { 3, 2 },  { 4, 3 },   { 5, 4 },
					    { 6, 4 }, { 7, 5 }, { 10, 7 }, { 100, 67 } };
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		is_uint(votes_quorum(want[i][0]), want[i][1], "quorum of %u", want[i][0]);
	for (uint32_t n = 1; n < 2000; n++) {
		uint32_t q = votes_quorum(n), f = (n - 1) / 3;

		bad += 2 * q - n <= f; /* two quorums meet in more than f */
		bad += n - f < q;      /* without f voters there still is one */
	}
	is_uint(bad, 0, "two quorums meet in an honest voter, and the honest ones are a quorum");
	is_uint(votes_quorum(UINT32_MAX), 2863311530u, "no wrap");
}

static void test_final(void)
{
	struct votes *v = book(4, &plain);

	known(v, 1);
	is_int(say(v, 1, 0, true, 0), VOTES_NEW, "one");
	is_int(say(v, 1, 0, true, 0), VOTES_TWICE, "the same voter again");
	is_int(say(v, 1, 1, true, 0), VOTES_NEW, "two");
	is_int(say(v, 1, 1, true, 0), VOTES_TWICE, "again");
	is_int(state(v, 1), VOTES_OPEN, "two of four are none");
	is_int(say(v, 1, 9, true, 0), VOTES_NOBODY, "somebody else is nobody");
	is_int(state(v, 1), VOTES_OPEN, "and does not count");
	is_int(say(v, 1, 3, true, 0), VOTES_NEW, "three");
	is_int(state(v, 1), VOTES_FINAL, "three of four are a quorum");
	is_int(say(v, 1, 2, true, 0), VOTES_LATE, "the fourth is late");
	votes_free(v);
}

static void test_rejected(void)
{
	struct votes *v = book(4, &plain);

	known(v, 1);
	say(v, 1, 0, false, 0);
	is_int(state(v, 1), VOTES_OPEN, "one rejection leaves a quorum");
	is_int(say(v, 1, 0, false, 0), VOTES_TWICE, "once");
	say(v, 1, 1, true, 0);
	is_int(say(v, 1, 1, false, 0), VOTES_TWICE, "an approval is not taken back");
	is_int(state(v, 1), VOTES_OPEN, "still open");
	say(v, 1, 2, false, 0);
	is_int(state(v, 1), VOTES_REJECTED, "two do not");
	say(v, 1, 3, true, 0);
	is_int(state(v, 1), VOTES_REJECTED, "two against two");
	is_int(say(v, 1, 2, true, 0), VOTES_NEW, "a voter that contradicts itself has approved");
	is_int(state(v, 1), VOTES_FINAL, "which counts");
	votes_free(v);
}

/* Alone a node is its own quorum; without voters nothing is ever final. */
static void test_small_sets(void)
{
	struct votes *v = book(1, &plain);

	known(v, 1);
	say(v, 1, 0, true, 0);
	is_int(state(v, 1), VOTES_FINAL, "one of one");
	votes_free(v);
	v = book(0, &plain);
	known(v, 1);
	is_int(say(v, 1, 0, true, 0), VOTES_NOBODY, "of none, nobody votes");
	is_int(state(v, 1), VOTES_OPEN, "and nothing is final or rejected");
	votes_free(v);
}

static void test_early(void)
{
	struct votes *v = book(4, &plain);
	struct tn_hash h = txid(1);

	for (unsigned i = 0; i < 3; i++)
		say(v, 1, i, true, 0);
	is_uint(votes_early(v), 3, "three came before their transaction");
	ok(!votes_count(v, &h).known, "whose body is not here");
	is_int(state(v, 1), VOTES_FINAL, "they are enough already");
	known(v, 1);
	is_uint(votes_early(v), 0, "they are not early any more");
	is_int(state(v, 1), VOTES_FINAL, "and are counted");
	votes_forget(v, &h);
	is_uint(votes_count(v, &h).approve, 0, "forgotten");
	say(v, 2, 0, true, 100);
	say(v, 3, 0, true, 600);
	votes_expire(v, 1099);
	is_uint(votes_early(v), 2, "both are young");
	votes_expire(v, 1100);
	is_uint(votes_early(v), 1, "one is old");
	votes_free(v);
}

/* A true voter floods: only its own votes go, and not those for what is known. */
static void test_flood(void)
{
	struct votes *v = book(4, &plain);
	struct tn_hash h = txid(1), two = txid(2);
	size_t before, most = 0;

	say(v, 1, 1, true, 0);
	known(v, 2);
	say(v, 2, 0, true, 0);
	before = votes_bytes(v);
	for (unsigned i = 0; i < 20000; i++) {
		say(v, 100 + i, 0, i & 1, i);
		if (votes_bytes(v) > most)
			most = votes_bytes(v);
	}
	is_uint(votes_early(v), 1 + 8, "of each voter eight are kept");
	ok(most < before + 16 * 1024, "in little memory (%u bytes)", (unsigned)most);
	ok(votes_has(v, &h, 1), "another's early vote is still there");
	ok(votes_has(v, &two, 0), "and its own for what is known");
	h = txid(20099);
	ok(votes_has(v, &h, 0), "the newest ones are kept");
	h = txid(20099 - 8);
	ok(!votes_has(v, &h, 0), "not older ones");
	votes_free(v);
	v = book(4, &(struct votes_conf){ 100, 20, 1000 });
	for (unsigned i = 0; i < 400; i++)
		say(v, i, i % 4, true, 0);
	is_uint(votes_early(v), 20, "all voters together: twenty, each its share");
	votes_free(v);
}

/* Final before its body is here, then its votes are pushed out: nothing remains of it. */
static void test_final_early_and_gone(void)
{
	struct votes *v = book(1, &plain);
	size_t first = 0;

	for (unsigned i = 0; i < 5000; i++) {
		say(v, i, 0, true, i);
		if (i == 100)
			first = votes_bytes(v);
	}
	ok(votes_bytes(v) <= first, "quorums for unknown transactions do not pile up");
	votes_free(v);
}

static void test_other_set(void)
{
	struct votes *v = book(6, &plain);
	struct tn_hash h = txid(1);

	known(v, 1);
	known(v, 2);
	for (unsigned i = 0; i < 3; i++)
		say(v, 1, i, true, 0);
	for (unsigned i = 0; i < 4; i++)
		say(v, 2, i, true, 0);
	say(v, 3, 0, true, 0);
	say(v, 3, 5, true, 0);
	is_int(state(v, 1), VOTES_OPEN, "three of six");
	is_int(state(v, 2), VOTES_FINAL, "four of six");
	set_voters(v, 0, 4, 0, 0);
	is_int(state(v, 1), VOTES_FINAL, "three of four, when two voters have left");
	is_uint(votes_early(v), 1, "early votes of those who left are gone");
	set_voters(v, 1, 6, -1, 0);
	is_uint(votes_count(v, &h).approve, 2, "one more has left, and is not counted");
	is_int(state(v, 1), VOTES_FINAL, "what was final stays final");
	is_int(votes_me(v), -1, "this node is no voter any more");
	ok(votes_has(v, &h, 0) && votes_has(v, &h, 1), "the votes have moved with their voters");
	is_int(say(v, 3, 1, true, 0), VOTES_NEW, "the set goes on");
	set_voters(v, 1, 6, -1, 0x80);
	is_uint(votes_count(v, &h).approve, 0, "other keys: not their votes");
	is_uint(votes_early(v), 0, "early ones neither");
	votes_free(v);
}

static void test_list(void)
{
	struct votes *v = book(4, &plain);
	struct tn_arena *a = tn_arena_create(0);
	struct tn_hash h = txid(1);
	struct votes_list l;
	struct tn_vote want = vote(1, 1, true);

	known(v, 1);
	say(v, 1, 3, true, 0);
	say(v, 1, 0, false, 0);
	say(v, 1, 1, true, 0);
	is_int(votes_list(v, &h, false, a, &l), 0, "listed");
	is_uint(l.votes.n, 2, "approvals");
	ok(l.votes.v[0].voter.n == 8 && !memcmp(l.votes.v[0].voter.p, "10.0.0.2", 8), "in order");
	is_mem(&l.votes.v[0].signature, &want.signature, sizeof want.signature, "with signatures");
	is_int((int)l.votes.v[0].timestamp, (int)want.timestamp, "and times");
	votes_list(v, &h, true, a, &l);
	is_uint(l.votes.n, 3, "all");
	ok(!l.votes.v[0].approve, "the first rejects");
	tn_arena_unref(a);
	votes_free(v);
}

/* The same votes in any order, body early or late: the same end. The model counts by hand. */
static void test_any_order(void)
{
	unsigned bad = 0, finals = 0, rejects = 0;
	struct rng r;

	rng_seed(&r, 4, 7);
	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = (unsigned)rng_range(&r, 1, NAMES),
			 said = (unsigned)rng_range(&r, 0, 40);
		struct votes *v[2] = { book(n, &(struct votes_conf){ 100, 10000, 1000 }),
				       book(n, &(struct votes_conf){ 100, 10000, 1000 }) };
		unsigned by[40], yes = 0, no = 0;
		bool ap[40], approved[NAMES] = { false }, rejected[NAMES] = { false };
		enum votes_state want;

		for (unsigned i = 0; i < said; i++) {
			by[i] = (unsigned)rng_range(&r, 0, n - 1);
			ap[i] = rng_range(&r, 0, 3) < (round & 1 ? 3 : 1);
			(ap[i] ? approved : rejected)[by[i]] = true;
		}
		for (unsigned i = 0; i < n; i++) {
			yes += approved[i];
			no += rejected[i] && !approved[i];
		}
		want = yes * 3 >= n * 2       ? VOTES_FINAL
		       : (n - no) * 3 < n * 2 ? VOTES_REJECTED
					      : VOTES_OPEN;
		known(v[0], 1);
		for (unsigned i = 0; i < said; i++) {
			say(v[0], 1, by[i], ap[i], 0);
			say(v[1], 1, by[said - 1 - i], ap[said - 1 - i], 0);
			if (i == said / 2)
				known(v[1], 1);
		}
		bad += state(v[0], 1) != want || state(v[1], 1) != want;
		finals += want == VOTES_FINAL;
		rejects += want == VOTES_REJECTED;
		votes_free(v[0]);
		votes_free(v[1]);
	}
	is_uint(bad, 0, "in any order, the same end");
	ok(finals > 200 && rejects > 200, "%u final, %u rejected", finals, rejects);
}

int main(void)
{
	test_quorum();
	test_final();
	test_rejected();
	test_small_sets();
	test_early();
	test_flood();
	test_final_early_and_gone();
	test_other_set();
	test_list();
	test_any_order();
	return done_testing();
}
