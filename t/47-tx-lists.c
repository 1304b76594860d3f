/* SPDX-License-Identifier: MIT
 * t/47-tx-lists.c - what is open and when it is due; votes for old nodes; rivals
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "transactions/drip.h"
#include "transactions/open.h"
#include "transactions/rivals.h"

static struct tn_hash txid(unsigned number)
{
	struct tn_hash h = { { 0 } };

	memcpy(h.b, &number, sizeof number);
	return h;
}

static unsigned number_of(const struct tn_hash *h)
{
	unsigned n;

	memcpy(&n, h->b, sizeof n);
	return n;
}

/* ---- open */

static void add(struct open *o, unsigned n, uint64_t now)
{
	struct tn_hash h = txid(n);

	if (open_add(o, &h, n, now))
		bail_out("no memory");
}

/* The number of the next one that is due, or -1. */
static int due(struct open *o, uint64_t now)
{
	struct tn_hash h;

	return open_due(o, now, &h) ? (int)number_of(&h) : -1;
}

static void test_open_waits(void)
{
	static const unsigned at[] = { 1000, 3000, 7000, 15000, 23000, 31000 };
	struct open *o = open_create(1000, 8000);
	struct tn_hash h = txid(7);
	uint64_t since = 0;

	add(o, 7, 0);
	add(o, 7, 500);
	is_uint(open_count(o), 1, "once");
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		is_int(due(o, at[i] - 1), -1, "not before %u", at[i]);
		is_int(due(o, at[i]), 7, "then");
		is_int(due(o, at[i]), -1, "once");
	}
	open_hurry(o, &h, 31000);
	is_int(due(o, 31999), -1, "hurried: not at once");
	is_int(due(o, 32000), 7, "but soon");
	is_int(due(o, 33999), -1, "and then");
	is_int(due(o, 34000), 7, "less and less often again");
	is_int(open_remove(o, &h, &since), 0, "removed");
	is_uint(since, 7, "since when");
	is_int(open_remove(o, &h, &since), TN_ENOENT, "once");
	is_int(due(o, 1000000), -1, "nothing is due");
	open_hurry(o, &h, 0);
	open_free(o);
	open_free(NULL);
}

static void count_one(void *arg, const struct tn_hash *h)
{
	*(unsigned *)arg += number_of(h);
}

static void test_open_many(void)
{
	struct open *o = open_create(1000, 32000);
	unsigned seen = 0, bad = 0, sum = 0;
	struct tn_hash h;

	for (unsigned i = 0; i < 1000; i++)
		add(o, i, i);
	for (uint64_t now = 0; now < 1500; now++)
		while (open_due(o, now, &h)) {
			bad += number_of(&h) != seen;
			seen++;
		}
	is_uint(seen, 500, "those that came by then");
	is_uint(bad, 0, "in their order");
	for (unsigned i = 0; i < 1000; i += 2) {
		h = txid(i);
		open_remove(o, &h, NULL);
	}
	is_uint(open_count(o), 500, "half of them gone");
	h = txid(501);
	ok(open_has(o, &h), "one that is there");
	h = txid(502);
	ok(!open_has(o, &h), "one that is not");
	open_each(o, 3, count_one, &sum);
	is_uint(sum, 501 + 503 + 505, "the first three");
	open_free(o);
}

/* ---- drip */

static struct tn_vote vote(unsigned n)
{
	return (struct tn_vote){ .txid = txid(n), .voter = { "10.0.0.1", 8 }, .approve = true };
}

static void test_drip(void)
{
	struct drip *d = calloc(1, sizeof *d);
	const struct tn_vote *next;
	struct tn_vote v;
	uint32_t shed = 0, gone;

	for (unsigned i = 0; i < 10; i++) {
		v = vote(i);
		shed += drip_add(d, &v, i);
	}
	is_uint(shed, 0, "there is room");
	next = drip_next(d, 100, &gone);
	ok(next && number_of(&next->txid) == 0 && !gone, "the first");
	ok(next && next->voter.n == 8 && !memcmp(next->voter.p, "10.0.0.1", 8), "by name");
	next = drip_next(d, DRIP_MS + 4, &gone);
	is_uint(gone, 4, "what is of no use any more goes first");
	ok(next && number_of(&next->txid) == 5, "then the next");
	for (unsigned i = 0; i < DRIP_MAX - 4; i++) {
		v = vote(100 + i);
		shed += drip_add(d, &v, DRIP_MS + 4);
	}
	is_uint(shed, 0, "full");
	v = vote(500);
	is_uint(drip_add(d, &v, DRIP_MS + 4), 1, "the oldest gives way, though it is of use");
	is_uint(drip_add(d, &v, DRIP_MS + 9), 3, "those of no use before it");
	next = drip_next(d, DRIP_MS + 10, &gone);
	ok(next && number_of(&next->txid) == 100 && !gone, "the next");
	next = drip_next(d, 3 * DRIP_MS, &gone);
	ok(!next && gone == 61, "all are too old (%u)", gone);
	v.voter.n = 16;
	is_uint(drip_add(d, &v, 0), 1, "a name that is no address");
	free(d);
}

/* Who waits longest comes first, however many new ones there are. */
static void test_open_in_turn(void)
{
	struct open *o = open_create(1000, 8000);

	add(o, 1, 0);
	is_int(due(o, 1000), 1, "an old one has been asked about once");
	for (unsigned i = 10; i < 20; i++)
		add(o, i, 2100);
	is_int(due(o, 3200), 1, "and is due before those that came later");
	is_int(due(o, 3200), 10, "then they are");
	open_free(o);
}

/* ---- rivals */

static int rival(struct rivals *r, unsigned n, uint8_t coin, size_t bytes)
{
	struct tn_arena *a = tn_arena_create(0);
	struct tn_tx *tx = tn_alloc(a, sizeof *tx);
	struct tn_outpoint o = { .vout = coin };
	struct tn_hash h = txid(n);
	int rc;

	tx->version = n;
	tn_alloc(a, bytes);
	rc = rivals_add(r, tx, &h, &o, a);
	tn_arena_unref(a);
	return rc;
}

static void test_rivals(void)
{
	struct rivals *r = rivals_create(8, 100000);
	const struct tn_tx *tx;
	struct tn_arena *a;
	struct tn_hash h = txid(1);
	struct tn_outpoint o;

	is_int(rival(r, 1, 1, 0), 0, "kept");
	is_int(rival(r, 1, 1, 0), TN_EINVAL, "once");
	for (unsigned i = 2; i <= RIVALS_OF_COIN; i++)
		rival(r, i, 1, 0);
	is_int(rival(r, 100, 1, 0), TN_EFULL, "a few of each coin");
	is_int(rivals_take(r, &h, &tx, &a), 0, "taken");
	ok(tx->version == 1, "with its body");
	tn_arena_unref(a);
	is_int(rivals_take(r, &h, &tx, &a), TN_ENOENT, "once");
	is_int(rival(r, 100, 1, 0), 0, "now there is room");
	for (unsigned i = 0; i < 100; i++)
		rival(r, 200 + i, (uint8_t)i, 0);
	is_uint(rivals_count(r), 8, "bounded in number");
	h = txid(299);
	ok(rivals_coin(r, &h, &o) && o.vout == 99, "the newest are kept, with their coins");
	rivals_drop(r, &h);
	ok(!rivals_coin(r, &h, &o), "dropped");
	is_uint(rivals_count(r), 7, "that one alone");
	rival(r, 299, 99, 0);
	is_int(rival(r, 999, 200, 200000), TN_EFULL, "one that is too large");
	is_uint(rivals_count(r), 8, "pushes nobody out");
	for (unsigned i = 0; i < 100; i++)
		rival(r, 1000 + i, (uint8_t)i, 30000);
	ok(rivals_bytes(r) <= 100000 && rivals_count(r) >= 2, "bounded in bytes");
	rivals_free(r);
	rivals_free(NULL);
}

int main(void)
{
	test_open_waits();
	test_open_many();
	test_drip();
	test_open_in_turn();
	test_rivals();
	return done_testing();
}
