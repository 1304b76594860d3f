/* SPDX-License-Identifier: MIT
 * t/47-transactions-orphans.c - transactions that wait for a parent: found again, and bounded
 */
#include <string.h>

#include "lib/tap.h"
#include "transactions/orphans.h"

static struct tn_hash hash(unsigned n)
{
	struct tn_hash h = { { 0 } };

	memcpy(h.b, &n, sizeof n);
	return h;
}

static struct orphans *make(uint32_t count, uint32_t per_peer, size_t bytes)
{
	static const uint64_t key[2] = { 1, 2 };
	struct orphan_limits l = { count, per_peer, bytes };

	return orphans_create(&l, key);
}

static int add(struct orphans *o, unsigned txid, unsigned parent, uint64_t from, size_t bytes)
{
	static const struct tn_tx tx;
	struct tn_arena *a = tn_arena_create(0);
	struct orphan want = { .tx = &tx, .owner = a, .from = from, .until = 100, .bytes = bytes };
	int rc;

	want.txid = hash(txid);
	want.parent = hash(parent);
	rc = orphans_add(o, &want);
	tn_arena_unref(a); /* who is kept holds its own */
	return rc;
}

/* How many waited for it; the first and the last one's number. */
static unsigned take(struct orphans *o, unsigned parent, unsigned *first, unsigned *last)
{
	struct tn_hash h = hash(parent);
	struct orphan *t = orphans_take(o, &h), *next;
	unsigned n = 0;

	for (; t; t = next) {
		next = t->next;
		memcpy(last, t->txid.b, sizeof *last);
		if (!n++)
			*first = *last;
		orphan_free(t);
	}
	return n;
}

static void found(void)
{
	struct orphans *o = make(100, 100, 100000);
	unsigned first = 0, last = 0;

	is_int(add(o, 1, 50, 7, 10), 0, "one waits");
	is_int(add(o, 1, 50, 8, 10), TN_EBUSY, "only once");
	add(o, 2, 50, 8, 10);
	add(o, 3, 51, 7, 10);
	is_uint(orphans_count(o), 3, "three in all");
	is_uint(orphans_bytes(o), 30, "with their bytes");
	is_uint(take(o, 50, &first, &last), 2, "two for one parent");
	ok(first == 1 && last == 2, "in the order in which they came");
	is_uint(take(o, 50, &first, &last), 0, "who was taken is gone");
	is_uint(orphans_count(o), 1, "the other one stays");
	is_uint(orphans_expire(o, 99), 0, "until its time");
	is_uint(orphans_expire(o, 100), 1, "is over");
	is_uint(orphans_bytes(o), 0, "and nothing is left");
	orphans_free(o);
}

static void bounded(void)
{
	struct orphans *o = make(10, 4, 1000);
	unsigned first, last;

	for (unsigned i = 1; i <= 6; i++)
		add(o, i, 100 + i, 7, 10);
	is_uint(orphans_count(o), 4, "a peer has four places");
	is_uint(take(o, 101, &first, &last), 0, "its oldest one goes");
	is_uint(take(o, 106, &first, &last), 1, "its newest one stays");
	for (unsigned i = 11; i <= 30; i++)
		add(o, i, 100 + i, i, 10);
	is_uint(orphans_count(o), 10, "all of them have ten");
	is_int(add(o, 40, 1, 40, 1001), TN_EFULL, "what is larger than the memory is not kept");
	is_uint(orphans_count(o), 10, "and pushes nobody out");
	add(o, 41, 1, 41, 950);
	ok(orphans_bytes(o) <= 1000, "memory is bounded too");
	is_uint(take(o, 1, &first, &last), 1, "and the newest one is there");
	orphans_free(o);
	o = make(0, 0, 0);
	is_int(add(o, 1, 2, 3, 1), TN_EFULL, "no place at all is fine");
	orphans_free(o);
}

/* Large ones of one peer push out its own, and nobody else's. */
static void shared(void)
{
	struct orphans *o = make(100, 100, 1000);
	unsigned first, last;

	add(o, 1, 201, 7, 10);
	add(o, 2, 202, 8, 10);
	for (unsigned i = 10; i < 40; i++)
		add(o, i, 100 + i, 9, 100);
	ok(orphans_bytes(o) <= 20 + 1000 / 4, "a peer has a quarter of the memory");
	is_uint(take(o, 139, &first, &last), 1, "its newest one is kept");
	is_uint(take(o, 201, &first, &last), 1, "another peer's stays");
	is_uint(take(o, 202, &first, &last), 1, "and the next one's");
	is_int(add(o, 50, 150, 9, 900), 0, "one that is larger is kept, alone");
	is_uint(orphans_count(o), 1, "in the place of its others");
	orphans_free(o);
}

int main(void)
{
	found();
	bounded();
	shared();
	return done_testing();
}
