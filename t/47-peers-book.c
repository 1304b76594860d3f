/* SPDX-License-Identifier: MIT
 * t/47-peers-book.c - the address book stays bounded whatever it is told, and by whom
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "peers/book.h"

static const uint64_t key[2] = { 0x1234567890abcdef, 0xfedcba0987654321 };
static const int64_t now = 1800000000;

static uint64_t chance = 1;

static uint64_t draw(void)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance;
}

static struct tn_addr v4(uint32_t ip, uint16_t port)
{
	struct tn_addr a = { .port = port };

	memset(a.ip + 10, 0xff, 2);
	for (int i = 0; i < 4; i++)
		a.ip[12 + i] = (uint8_t)(ip >> (24 - 8 * i));
	return a;
}

static uint32_t walk(const struct book *b, bool tried_only)
{
	const struct entry *e = NULL;
	uint32_t n = 0;

	while ((e = book_next(b, e)))
		n += e->tried || !tried_only;
	return n;
}

/* Every entry of the walk is found by its address, and there are as many as it says; the
 * walk over those that were reached meets the same ones, in the same order. */
static bool is_sound(const struct book *b)
{
	const struct entry *e = NULL, *reached = book_next_reached(b, NULL);
	uint32_t n = 0;

	while ((e = book_next(b, e))) {
		if (book_find(b, &e->addr) != e || (e == reached) != (e->last_success != 0))
			return false;
		if (e == reached)
			reached = book_next_reached(b, e);
		n++;
	}
	return !reached && n == book_count(b) && n <= book_max(b);
}

static void basics(void)
{
	struct book *b = book_create(4000, key);
	struct tn_addr a = v4(0x01020304, 24100), other = v4(0x01020304, 24101),
		       from = v4(0x05060708, 24100);
	const struct entry *e;

	ok(book_max(b) <= 4000 && book_max(b) > 3900, "room for %u", book_max(b));
	ok(book_add(b, &a, &from, now), "a new address");
	ok(!book_add(b, &a, &from, now), "is new once");
	ok(book_add(b, &other, &from, now), "another port is another address");
	e = book_find(b, &a);
	ok(e && !e->tried && !book_is_good(e, now), "it is not verified");
	book_good(b, &a, now);
	e = book_find(b, &a);
	ok(e && e->tried && book_is_good(e, now), "until it was reached");
	is_uint(book_count(b), 2, "it moved, and is there once");
	ok(!book_is_good(e, now + 8 * 86400), "a week later it must prove itself again");
	book_drop(b, &a);
	ok(!book_find(b, &a), "dropped");
	book_good(b, &a, now);
	ok(book_find(b, &a) && book_find(b, &a)->tried, "what dialed fine is added if need be");
	ok(is_sound(b), "the book is sound");
	book_free(b);
	ok(!book_create(8, key), "a book for fewer than 16 is refused");
}

static void failing(void)
{
	struct book *b = book_create(64, key);
	struct tn_addr a = v4(0x01020304, 24100);
	const struct entry *e;

	book_add(b, &a, &a, now);
	e = book_find(b, &a);
	ok(book_may_dial(e, now), "a new address may be dialed at once");
	book_fail(b, &a, now);
	ok(!book_may_dial(e, now + 599) && book_may_dial(e, now + 600),
	   "after a failure in 10 min");
	book_fail(b, &a, now);
	ok(!book_may_dial(e, now + 1199) && book_may_dial(e, now + 1200), "then in 20");
	for (unsigned i = 2; i < BOOK_FAILS; i++)
		book_fail(b, &a, now);
	ok(!book_may_dial(e, now + BOOK_DEAD_S - 1), "given up for a day");
	ok(!book_add(b, &a, &a, now), "hearing of it again changes nothing");
	ok(book_find(b, &a)->dead_until, "the tombstone stays");
	ok(book_may_dial(e, now + 2 * BOOK_DEAD_S), "the day is over");
	book_good(b, &a, now);
	e = book_find(b, &a);
	is_uint(e->fails, 0, "a success forgives");
	for (unsigned i = 0; i < 20; i++)
		book_fail(b, &a, now + 60);
	ok(!e->dead_until, "one that worked lately is not given up");
	book_free(b);
}

/* One netgroup of sources sends a million addresses of all groups. */
static void flood(void)
{
	struct book *b = book_create(4000, key);
	uint32_t honest = 0;

	for (uint32_t i = 0; i < 1000000; i++) {
		struct tn_addr a = v4((uint32_t)draw(), 24100);
		struct tn_addr from = v4(0x06060000 | (uint32_t)(draw() & 0xffff), 24100);

		book_add(b, &a, &from, now);
	}
	ok(book_count(b) <= book_source_max(b), "a flood from one group takes %u of %u places",
	   book_count(b), book_max(b));
	ok(book_source_max(b) < book_max(b) / 5, "which is less than a fifth");
	ok(is_sound(b), "the book is sound");
	for (uint32_t i = 0; i < 500; i++) {
		struct tn_addr a = v4((i * 2654435761u), 24100), from = v4(i * 7919u << 16, 1);

		honest += book_add(b, &a, &from, now);
	}
	ok(honest > 400, "others find room for %u of 500 addresses", honest);
	for (uint32_t i = 0; i < 100000; i++) {
		struct tn_addr a = v4(0x09090000 | (i & 0xffff), (uint16_t)(i >> 16));

		book_good(b, &a, now);
	}
	ok(walk(b, true) <= book_max(b) / 4, "one group of reached ones does not fill the tried");
	ok(is_sound(b), "the book is still sound");
	book_free(b);
}

/* Anything in any order. */
static void torture(void)
{
	struct book *b = book_create(100, key);
	bool sound = true;
	int64_t t = now;

	for (uint32_t i = 0; i < 200000 && sound; i++) {
		struct tn_addr a = v4((uint32_t)(draw() % 400) << 12, (uint16_t)(draw() % 2));
		struct tn_addr from = v4((uint32_t)draw(), 0);

		t += (int64_t)(draw() % 2000);
		switch (draw() % 6) {
		case 0:
		case 1:
			book_add(b, &a, &from, t);
			break;
		case 2:
			book_good(b, &a, t);
			break;
		case 3:
		case 4:
			book_fail(b, &a, t);
			break;
		default:
			book_drop(b, &a);
		}
		if (i % 100 == 0)
			sound = is_sound(b);
	}
	ok(sound, "200,000 changes leave a sound book");
	ok(book_count(b) > 20, "with something in it (%u)", book_count(b));
	book_free(b);
}

/* ---- what is stored and read again */

struct disk {
	struct entry e[4096];
	uint32_t n, puts, dels;
	int fail_after;
};

static uint32_t disk_find(struct disk *d, const struct tn_addr *a)
{
	uint32_t i = 0;

	while (i < d->n && tn_addr_cmp(&d->e[i].addr, a))
		i++;
	return i;
}

static int disk_put(void *arg, const struct entry *e)
{
	struct disk *d = arg;
	uint32_t i = disk_find(d, &e->addr);

	if (d->fail_after == 0)
		return TN_EIO;
	d->fail_after--;
	d->puts++;
	d->e[i] = *e;
	d->n += i == d->n;
	return 0;
}

static int disk_del(void *arg, const struct tn_addr *a)
{
	struct disk *d = arg;
	uint32_t i = disk_find(d, a);

	d->dels++;
	if (i < d->n)
		d->e[i] = d->e[--d->n];
	return 0;
}

static bool is_same(struct disk *d, const struct book *b)
{
	const struct entry *e = NULL;

	if (d->n != book_count(b))
		return false;
	while ((e = book_next(b, e))) {
		uint32_t i = disk_find(d, &e->addr);

		if (i == d->n || d->e[i].fails != e->fails || d->e[i].tried != e->tried ||
		    d->e[i].last_success != e->last_success)
			return false;
	}
	return true;
}

static void storing(void)
{
	struct book *b = book_create(800, key), *again = book_create(800, key);
	struct disk *d = calloc(1, sizeof *d);
	struct book_out out = { disk_put, disk_del, d };
	bool same = true;
	uint32_t kept = 0;

	d->fail_after = -1;
	for (uint32_t round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < 40; i++) {
			struct tn_addr a = v4((uint32_t)(draw() % 3000) << 10, 1);
			struct tn_addr from = v4((uint32_t)draw(), 0);

			if (draw() % 3)
				book_add(b, &a, &from, now + round * 86400);
			else if (draw() % 2)
				book_good(b, &a, now + round * 86400);
			else if (draw() % 2)
				book_fail(b, &a, now + round * 86400);
			else
				book_drop(b, &a);
		}
		book_changes(b, &out);
		same = same && is_same(d, b) && is_sound(b);
	}
	ok(same, "after each save the store holds exactly the book");
	d->puts = d->dels = 0;
	book_changes(b, &out);
	is_uint(d->puts + d->dels, 0, "nothing changed: nothing is written");
	for (uint32_t i = 0; i < d->n; i++)
		kept += book_restore(again, &d->e[i]);
	is_uint(kept, book_count(b), "with the same key every row finds its place again");
	book_changes(again, &out);
	is_uint(d->puts, 0, "and is not written again");
	book_good(b, &d->e[0].addr, now);
	book_good(b, &d->e[1].addr, now);
	d->fail_after = 1;
	is_int(book_changes(b, &out), TN_EIO, "a failing store");
	d->fail_after = -1;
	d->puts = 0;
	book_changes(b, &out);
	is_uint(d->puts, 1, "gets the rest next time");
	book_free(b);
	book_free(again);
	free(d);
}

int main(void)
{
	basics();
	failing();
	flood();
	torture();
	storing();
	return done_testing();
}
