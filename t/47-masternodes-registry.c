/* SPDX-License-Identifier: MIT
 * t/47-masternodes-registry.c - the registry believes nobody but the address itself, and no
 * flood turns it over
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/registry.h"

static const struct mn_limits limits = { .max = 64,
					 .group_max = 8,
					 .heard_max = 16,
					 .told_max = 4,
					 .silence_ms = 180000,
					 .forget_ms = 3600000,
					 .change_ms = 300000 };

static struct mn_time at(int64_t s)
{
	return (struct mn_time){ s * 1000000, 1800000000 + s };
}

static uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (uint32_t)(a << 24 | b << 16 | c << 8 | d);
}

static struct mn_claim claim(uint32_t who, uint8_t key)
{
	struct mn_claim c = { .ip = who, .tier = TN_TIER_FREE };

	memset(c.key.b, key, sizeof c.key.b);
	strcpy(c.reward, "TIME0reward");
	return c;
}

static enum mn_fate say(struct registry *g, uint32_t who, uint8_t key, int64_t s)
{
	struct mn_claim c = claim(who, key);

	return registry_claim(g, &c, true, at(s), NULL);
}

static enum mn_fate relay(struct registry *g, uint32_t who, uint8_t key, int64_t signed_at,
			  int64_t s)
{
	struct mn_claim c = claim(who, key);

	c.signed_at = signed_at;
	return registry_claim(g, &c, false, at(s), NULL);
}

static unsigned gone_silent, gone_removed;

static void on_gone(void *arg, const struct mn_record *r, bool removed)
{
	(void)arg, (void)r;
	gone_silent += !removed;
	gone_removed += removed;
}

static uint8_t key_of(struct registry *g, uint32_t who)
{
	const struct mn_record *r = registry_find(g, who);

	return r ? r->key.b[0] : 0;
}

static bool is_sorted(const struct registry *g)
{
	for (uint32_t i = 1; i < registry_count(g); i++)
		if (strcmp(registry_at(g, i - 1)->text, registry_at(g, i)->text) >= 0)
			return false;
	return true;
}

static void belief(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7), b = ip(10, 0, 0, 12), c = ip(9, 0, 0, 1);

	is_int(say(g, a, 1, 0), MN_NEW, "its first word");
	is_int(say(g, a, 1, 60), MN_SAME, "the same again");
	is_int(relay(g, a, 1, 100, 61), MN_SAME, "passed on, signed with its key");
	is_int(relay(g, a, 1, 100, 62), MN_STALE, "the same once more: a replay");
	is_int(relay(g, a, 1, 99, 62), MN_STALE, "an older one");
	is_int(relay(g, a, 2, 200, 62), MN_KEY, "signed with another key");
	is_int(relay(g, a, 1, 0, 62), MN_UNKNOWN, "not signed at all");
	is_int(relay(g, b, 2, 200, 62), MN_UNKNOWN, "of an address that never spoke");
	is_uint(key_of(g, a), 1, "nothing of that changed its key");
	ok(!registry_find(g, b), "nor made a record");
	ok(registry_hear(g, b, c, at(63)), "somebody names it");
	ok(registry_find(g, b)->heard && !registry_find(g, b)->active, "it is heard of");
	is_int(relay(g, b, 2, 300, 64), MN_UNKNOWN, "a signature is still not its word");
	ok(!registry_alive(g, b, at(64)), "nor a sign of life");
	is_int(say(g, b, 3, 65), MN_NEW, "until it speaks itself");
	is_uint(key_of(g, b), 3, "with its own key");
	ok(!registry_hear(g, b, c, at(66)) && !registry_find(g, b)->heard, "what is met stays met");
	is_int(say(g, c, 4, 67), MN_NEW, "a third");
	ok(is_sorted(g), "in the order of the texts");
	is_str(registry_at(g, 0)->text, "10.0.0.12", "10 before 2 before 9");
	is_uint(registry_active(g), 3, "three are active");
	registry_free(g);
}

static void changes(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7);
	struct mn_claim c = claim(a, 1);
	struct mn_record was;

	registry_claim(g, &c, true, at(0), NULL);
	registry_set_collateral(g, a, true);
	c.tier = TN_TIER_GOLD;
	is_int(registry_claim(g, &c, true, at(1), &was), MN_CHANGED, "another tier");
	is_uint(was.announced, TN_TIER_FREE, "what it was is told");
	ok(!registry_find(g, a)->collateral, "its collateral is to be looked at again");
	strcpy(c.reward, "TIME0soon");
	is_int(registry_claim(g, &c, true, at(2), NULL), MN_OFTEN,
	       "another reward address, too soon");
	c.key.b[0] = 9;
	is_int(registry_claim(g, &c, true, at(2), NULL), MN_KEY, "another key, while this lives");
	is_uint(key_of(g, a), 1, "is not taken");
	is_int(registry_claim(g, &c, true, at(302), NULL), MN_CHANGED, "but after its silence");
	strcpy(c.reward, "TIME0other");
	is_int(registry_claim(g, &c, true, at(602), NULL), MN_CHANGED, "another reward address");
	c.has_coin = true;
	is_int(registry_claim(g, &c, true, at(902), NULL), MN_CHANGED, "a coin");
	c.coin.vout = 1;
	is_int(registry_claim(g, &c, true, at(1202), NULL), MN_CHANGED, "another coin");
	is_int(registry_claim(g, &c, true, at(1203), NULL), MN_SAME, "nothing new");
	registry_free(g);
}

static enum mn_fate say_signed(struct registry *g, uint32_t who, uint8_t key, int64_t signed_at,
			       int64_t s)
{
	struct mn_claim c = claim(who, key);

	c.signed_at = signed_at;
	return registry_claim(g, &c, true, at(s), NULL);
}

/* Somebody else speaks from the same address: behind the same router, say. */
static void shared(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7);
	const int64_t wall = 1800000000;
	struct mn_claim c = claim(a, 1);

	say(g, a, 1, 0);
	is_int(say(g, a, 2, 1), MN_KEY, "another key, while the known one is alive");
	c.signed_at = wall + 2;
	strcpy(c.reward, "TIME0signed");
	registry_claim(g, &c, true, at(2), NULL);
	strcpy(c.reward, "TIME0again");
	c.signed_at = wall + 303;
	registry_claim(g, &c, true, at(303), NULL);
	is_int(say(g, a, 1, 304), MN_BARE, "its own key, which has signed, not signed");
	is_int(say_signed(g, a, 1, wall + 302, 305), MN_STALE, "signed, but before the last one");
	is_str(registry_find(g, a)->reward, "TIME0again", "none of that changed anything");
	is_int((int)registry_silence_ms(registry_find(g, a), at(305)), 2000, "nor was it life");
	c.signed_at = wall + 363;
	is_int(registry_claim(g, &c, true, at(363), NULL), MN_SAME, "the next one is");
	is_int(registry_claim(g, &c, true, at(364), NULL), MN_SAME,
	       "the same once more is harmless");
	is_int(registry_claim(g, &c, true, at(363 + 181), NULL), MN_STALE, "for three minutes");
	registry_check(g, at(1000), on_gone, NULL);
	ok(!registry_find(g, a)->active, "it died");
	is_int(say(g, a, 1, 1001), MN_BARE, "its key without a signature");
	is_int(say_signed(g, a, 1, wall + 363, 1001), MN_STALE, "and its last words again");
	is_int(say_signed(g, a, 1, wall + 400, 1001), MN_STALE, "or some that only he had heard");
	ok(!registry_find(g, a)->active, "do not raise it");
	is_int(say_signed(g, a, 2, wall + 1002, 1002), MN_CHANGED, "the address is free, though");
	is_uint(key_of(g, a), 2, "for another key");
	is_int(say_signed(g, a, 1, wall + 1003, 1003), MN_KEY, "which then keeps it");
	registry_free(g);
}

/* Wrong by an hour, or set to the right time: a clock is no reason to look dead. */
static void clocks(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7);
	const int64_t wall = 1800000000;

	is_int(say_signed(g, a, 1, wall + 3600, 0), MN_NEW, "its clock is an hour ahead");
	is_int(say_signed(g, a, 1, wall + 3660, 60), MN_SAME, "and stays so");
	is_int(say_signed(g, a, 1, wall + 120, 120), MN_STALE, "it is set right");
	registry_check(g, at(300), on_gone, NULL);
	is_int(say_signed(g, a, 1, wall + 300, 300), MN_SAME, "which counts after the silence");
	is_int(say_signed(g, a, 1, wall + 360, 360), MN_SAME, "and from then on");
	is_int(say_signed(g, a, 1, INT64_MAX, 361), MN_STALE, "no sum of times overflows");
	is_int(say_signed(g, a, 1, INT64_MIN, 362), MN_STALE, "in either direction");
	/* ours jumps by a day */
	{
		struct mn_time jumped = { INT64_C(420000000), wall + 86400 + 420 };
		struct mn_claim c = claim(a, 1);

		c.signed_at = wall + 420;
		is_int(registry_claim(g, &c, true, jumped, NULL), MN_SAME, "nor is our own");
	}
	registry_free(g);
}

static void pins(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7), b = ip(203, 0, 113, 8);
	struct tn_key key;

	memset(key.b, 5, sizeof key.b);
	say(g, b, 1, 0);
	is_int(registry_pin(g, a, &key, at(0)), 0, "a voter");
	is_int(registry_pin(g, b, &key, at(0)), 0, "one that is known with another key");
	ok(registry_find(g, b)->heard && registry_active(g) == 0, "loses what it said");
	is_int(say(g, a, 6, 1), MN_KEY, "another key is not taken, even from the address itself");
	is_int(relay(g, a, 5, 1800000002, 2), MN_NEW,
	       "its own is, from anybody: the operator vouches");
	is_int(say_signed(g, a, 5, 1800000003, 3), MN_SAME, "and from itself");
	registry_check(g, at(100000), on_gone, NULL);
	ok(registry_find(g, a) && registry_find(g, b), "they are never forgotten");
	registry_unpin_all(g);
	registry_check(g, at(100001), on_gone, NULL);
	ok(!registry_find(g, a), "until the operator does");
	registry_free(g);
}

static void life(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7), b = ip(198, 51, 100, 9);

	gone_silent = gone_removed = 0;
	say(g, a, 1, 0);
	say(g, b, 1, 0);
	ok(!registry_alive(g, b, at(170)), "a heartbeat of an active one");
	registry_check(g, at(180), on_gone, NULL);
	is_uint(gone_silent, 0, "180 s are no silence");
	registry_check(g, at(181), on_gone, NULL);
	is_uint(gone_silent, 1, "181 s are");
	ok(!registry_find(g, a)->active && registry_find(g, b)->active, "of the right one");
	is_uint(registry_uptime_s(registry_find(g, a), at(181)), 0, "active up to its last sign");
	is_uint(registry_uptime_s(registry_find(g, b), at(181)), 181, "the other still is");
	ok(registry_alive(g, a, at(200)), "a heartbeat wakes it");
	registry_silent(g, a, at(300));
	is_uint(registry_uptime_s(registry_find(g, a), at(999)), 100, "uptime adds up");
	registry_check(g, at(3900), on_gone, NULL);
	is_uint(gone_removed, 1, "one was silent for an hour and more");
	ok(registry_find(g, a) && !registry_find(g, b), "the other one just an hour");
	registry_check(g, at(3901), on_gone, NULL);
	is_uint(registry_count(g), 0, "then it goes too");
	/* The monotonic clock alone decides: the wall clock may do what it likes. */
	say(g, a, 1, 5000);
	registry_check(g, (struct mn_time){ INT64_C(5001000000), INT64_MIN }, on_gone, NULL);
	registry_check(g, (struct mn_time){ INT64_C(5001000000), INT64_MAX }, on_gone, NULL);
	registry_check(g, (struct mn_time){ 0, 0 }, on_gone, NULL);
	is_uint(registry_active(g), 1, "no clock makes it silent");
	is_uint(registry_silence_ms(registry_find(g, a), at(0)), 0, "silence is never negative");
	registry_free(g);
}

/* One who owns a /16, and tells stories, against 20 real ones. */
static void flood(void)
{
	struct registry *g = registry_create(&limits);
	unsigned heard = 0, left = 0, met = 0, same = 0;

	for (unsigned i = 0; i < 20; i++)
		say(g, ip(40 + i, 1, 1, 1), (uint8_t)(i + 1), 0);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t who = ip(66, 6, i >> 8 & 255, i & 255);

		met += say(g, who, 77, 1) == MN_NEW;
		registry_silent(g, who, at(1));
		registry_hear(g, ip(100 + i % 90, i >> 8 & 255, i & 255, 1), who, at(1));
		relay(g, ip(40 + i % 20, 1, 1, 1), 77, 1800000001, 1);
	}
	for (uint32_t i = 0; i < registry_count(g); i++)
		heard += registry_at(g, i)->heard;
	for (uint32_t i = 0; i < registry_count(g); i++)
		left += !registry_at(g, i)->heard && registry_at(g, i)->ip >> 16 == (66 << 8 | 6);
	for (unsigned i = 0; i < 20; i++)
		same += key_of(g, ip(40 + i, 1, 1, 1)) == i + 1 &&
			registry_find(g, ip(40 + i, 1, 1, 1))->active;
	ok(met > 8, "it may replace its own");
	is_uint(left, 8, "but has no more than its share");
	is_uint(heard, 4, "of its stories too");
	is_uint(same, 20, "all the real ones are what they were");
	ok(registry_count(g) <= limits.max, "and the bound holds");
	registry_free(g);
}

/* Whoever owns very many networks gets the room that nobody active has, and no more. */
static void full(void)
{
	struct registry *g = registry_create(&limits);
	unsigned refused = 0;

	for (unsigned i = 0; i < 10; i++)
		registry_hear(g, ip(20 + i, 1, 1, 1), ip(5 + i, 1, 1, 1), at(0));
	for (unsigned i = 0; i < 30; i++)
		say(g, ip(60 + i, 1, 1, 1), 1, 0);
	for (unsigned i = 0; i < 100; i++)
		refused += say(g, ip(100 + i, 1, 1, 1), 2, 1) == MN_FULL;
	is_uint(registry_active(g), 64, "64 active ones fit");
	is_uint(refused, 100 - 34, "heard ones made room, active ones do not");
	is_uint(key_of(g, ip(60, 1, 1, 1)), 1, "the first is there");
	registry_silent(g, ip(60, 1, 1, 1), at(2));
	is_int(say(g, ip(250, 1, 1, 1), 3, 3), MN_NEW, "a silent one does");
	ok(!registry_find(g, ip(60, 1, 1, 1)), "and goes");
	ok(!registry_hear(g, ip(251, 1, 1, 1), ip(5, 1, 1, 1), at(4)), "a name has no room at all");
	registry_free(g);
}

static void dialing(void)
{
	struct registry *g = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7), b = ip(198, 51, 100, 9);
	struct tn_key key;
	int64_t s = 1, wait = 10, longest = 0;

	memset(key.b, 1, sizeof key.b);
	ok(!registry_next_dial(g, at(0)), "nobody to dial");
	registry_hear(g, a, 1, at(0));
	registry_pin(g, b, &key, at(0));
	ok(registry_next_dial(g, at(0)) == registry_find(g, b), "a voter first");
	registry_dialed(g, b, at(0));
	ok(registry_next_dial(g, at(0)) == registry_find(g, a), "then who was named");
	registry_dialed(g, a, at(0));
	ok(!registry_next_dial(g, at(1)), "both had their turn");
	say(g, b, 1, 1);
	registry_unpin_all(g);
	for (unsigned i = 0; i < 14; i++) {
		int64_t from = s;

		while (!registry_next_dial(g, at(s)))
			s++;
		longest = s - from > longest ? s - from : longest;
		if (i == 1)
			wait = s - from;
		registry_dialed(g, a, at(s));
		registry_hear(g, a, 1, at(s)); /* being named again changes nothing of that */
	}
	is_int(wait, 20, "twice as long after the second failure");
	is_int(longest, 3600, "an hour at most");
	registry_free(g);
}

/* ---- on disk */

struct rows {
	struct mn_stored row[16];
	char reward[16][TN_ADDRESS_TEXT];
	struct mn_time now;
	unsigned puts, dels;
};

static int put(void *arg, const struct mn_record *r)
{
	struct rows *rows = arg;
	unsigned i = rows->puts++;

	registry_store(r, rows->now, &rows->row[i]);
	strcpy(rows->reward[i], r->reward);
	rows->row[i].reward.p = rows->reward[i];
	return 0;
}

static int del(void *arg, uint32_t who)
{
	(void)who;
	((struct rows *)arg)->dels++;
	return 0;
}

static unsigned changed(struct registry *g, struct rows *rows, int64_t s)
{
	const struct registry_out out = { put, del, rows };

	rows->puts = rows->dels = 0;
	rows->now = at(s);
	registry_changes(g, &out);
	return rows->puts;
}

static void disk(void)
{
	struct registry *g = registry_create(&limits), *h = registry_create(&limits);
	const uint32_t a = ip(203, 0, 113, 7), b = ip(198, 51, 100, 9);
	const struct mn_record *r;
	struct rows rows;

	say(g, a, 1, 0);
	say(g, b, 2, 0);
	registry_hear(g, ip(9, 9, 9, 9), 1, at(0));
	is_uint(changed(g, &rows, 0), 2, "two are written, a name is not");
	is_uint(changed(g, &rows, 0), 0, "once");
	registry_alive(g, a, at(30));
	is_uint(changed(g, &rows, 30), 0, "a sign of life alone is not written");
	registry_alive(g, a, at(60));
	is_uint(changed(g, &rows, 60), 1, "but once a minute");
	say(g, b, 2, 100);
	registry_alive(g, a, at(120));
	is_uint(changed(g, &rows, 130), 2, "both");
	/* Another process, whose monotonic clock is young, 100 s later. */
	for (unsigned i = 0; i < rows.puts; i++)
		ok(registry_restore(h, &rows.row[i], (struct mn_time){ 5000000, 1800000230 }),
		   "a row comes back");
	r = registry_find(h, a);
	ok(r && r->active && !r->heard && r->key.b[0] == 1, "active still, with its key");
	is_uint(registry_silence_ms(r, (struct mn_time){ 5000000, 1800000230 }), 110000,
		"silent for as long as it was");
	is_uint(registry_uptime_s(r, (struct mn_time){ 5000000, 1800000230 }), 230,
		"and active for as long");
	ok(!registry_restore(h, &rows.row[0], at(0)), "not twice");
	registry_free(h);
	h = registry_create(&limits);
	for (unsigned i = 0; i < rows.puts; i++)
		registry_restore(h, &rows.row[i], (struct mn_time){ 5000000, 1800099999 });
	is_uint(registry_count(h), 2, "a day later they are there");
	is_uint(registry_active(h), 0, "and not active");
	registry_free(h);
	h = registry_create(&limits);
	registry_restore(h, &rows.row[0], (struct mn_time){ 5000000, INT64_MIN });
	is_uint(registry_active(h), 1, "a clock far back: silence begins now");
	registry_silent(g, a, at(200));
	registry_check(g, at(90000), on_gone, NULL);
	changed(g, &rows, 90000);
	is_uint(rows.dels, 2, "who is forgotten is removed from the disk");
	registry_free(g);
	registry_free(h);
}

/* Two name one coin, and neither owns it: the one that showed it first has it. */
static void coins(void)
{
	struct registry *g = registry_create(&limits), *h;
	const uint32_t a = ip(10, 0, 0, 1), b = ip(203, 0, 113, 7);
	struct mn_claim of_a = claim(a, 1), of_b = claim(b, 2);
	struct rows rows;

	of_a.has_coin = of_b.has_coin = true;
	of_a.coin.vout = of_b.coin.vout = 3;
	registry_claim(g, &of_a, true, at(0), NULL);
	registry_claim(g, &of_b, true, at(0), NULL);
	changed(g, &rows, 0);
	ok(!registry_coin_holder(g, &of_a.coin), "a coin that nobody has shown");
	registry_set_collateral(g, b, true);
	ok(registry_coin_holder(g, &of_a.coin) == registry_find(g, b), "is whose who shows it");
	registry_set_collateral(g, b, false);
	ok(registry_coin_holder(g, &of_a.coin) == registry_find(g, b) &&
		   !registry_find(g, b)->collateral,
	   "also while the coin is away: a reorganisation may bring it back");
	is_uint(changed(g, &rows, 1), 1, "who holds it is written");
	of_a.coin.vout = 4;
	ok(!registry_coin_holder(g, &of_a.coin), "another coin is nobody's");
	of_a.coin.vout = 3;
	h = registry_create(&limits);
	registry_claim(h, &of_a, true, at(1), NULL); /* it was quicker, after the restart */
	ok(registry_restore(h, &rows.row[0], at(1)), "a restart");
	is_uint(registry_find(h, b)->announced, TN_TIER_FREE, "with the tier");
	ok(registry_coin_holder(h, &of_a.coin) == registry_find(h, b) &&
		   !registry_find(h, b)->collateral,
	   "and it holds its coin, which is to be looked at");
	registry_set_collateral(h, a, true);
	ok(registry_coin_holder(h, &of_a.coin) == registry_find(h, a) &&
		   !registry_find(h, b)->shown,
	   "until the other one's key is found to own it");
	registry_free(h);
	of_b.coin.vout = 5;
	registry_claim(g, &of_b, true, at(1000), NULL);
	ok(!registry_coin_holder(g, &of_a.coin) && !registry_find(g, b)->shown,
	   "who names another coin holds none");
	registry_set_collateral(g, b, true);
	registry_silent(g, b, at(1000));
	registry_check(g, at(90000), on_gone, NULL);
	ok(!registry_coin_holder(g, &of_b.coin), "nor who is forgotten");
	registry_free(g);
}

struct all {
	struct mn_stored row[64];
	char reward[64][TN_ADDRESS_TEXT];
	unsigned n, dels;
};

static int put_all(void *arg, const struct mn_record *r)
{
	struct all *all = arg;

	registry_store(r, at(100), &all->row[all->n]);
	strcpy(all->reward[all->n], r->reward);
	all->row[all->n].reward.p = all->reward[all->n];
	all->n++;
	return 0;
}

static int del_one(void *arg, uint32_t who)
{
	(void)who;
	((struct all *)arg)->dels++;
	return 0;
}

/* registry_max was lowered: what has no room is on the disk no more. */
static void trimmed(void)
{
	struct mn_limits fewer = limits;
	struct registry *g = registry_create(&limits), *h;
	static struct all all;
	const struct registry_out out = { put_all, del_one, &all };
	bool newest = true;

	for (unsigned i = 0; i < 64; i++) /* the ones with low addresses are the oldest */
		say(g, ip(20 + i, 1, 1, 1), 1, i);
	for (unsigned i = 0; i < 64; i += 2)
		registry_silent(g, ip(20 + i, 1, 1, 1), at(i));
	registry_changes(g, &out);
	is_uint(all.n, 64, "64 are stored");
	fewer.max = 40;
	h = registry_create(&fewer);
	for (unsigned i = 0; i < all.n; i++)
		registry_restore(h, &all.row[i], at(100));
	is_int(registry_trim(h), 24, "24 are more than there is room for");
	is_uint(registry_count(h), 40, "they go");
	is_uint(registry_active(h), 32, "of the inactive ones");
	for (unsigned i = 0; i < 48; i += 2)
		newest = newest && !registry_find(h, ip(20 + i, 1, 1, 1));
	ok(newest, "those that were silent for longest");
	ok(is_sorted(h), "the others are in order");
	registry_changes(h, &out);
	is_uint(all.dels, 24, "and their rows go");
	is_int(registry_trim(h), 0, "once");
	fewer.max = 16;
	registry_limits(h, &fewer);
	registry_trim(h);
	is_uint(registry_active(h), 16, "active ones too when there is no other way");
	registry_free(h);
	registry_free(g);
}

static bool parses(const char *text, uint32_t want)
{
	uint32_t got = 0;

	return !mn_ip_parse((struct tn_str){ text, (uint32_t)strlen(text) }, &got) && got == want;
}

static void addresses(void)
{
	char buf[TN_MN_ADDRESS_TEXT];
	struct tn_addr six;
	uint32_t n;

	ok(parses("203.0.113.7", 0xcb007107), "a dotted quad");
	ok(parses("203.0.113.7:24100", 0xcb007107), "with a port, as old nodes may write it");
	ok(parses("::ffff:203.0.113.7", 0xcb007107), "mapped");
	ok(!parses("2001:db8::1", 0) && !parses("", 0) && !parses("localhost", 0) &&
		   !parses("203.0.113.7 ", 0) && !parses("203.0.113.256", 0),
	   "nothing else");
	is_str(mn_ip_text(0xcb007107, buf), "203.0.113.7", "and back");
	is_str(mn_ip_text(0xffffffff, buf), "255.255.255.255", "the longest");
	tn_addr_parse(&six, "::1", 3);
	ok(!mn_ip_of(&six, &n), "IPv6 is none");
}

int main(void)
{
	belief();
	changes();
	shared();
	clocks();
	pins();
	life();
	flood();
	full();
	dialing();
	disk();
	coins();
	trimmed();
	addresses();
	return done_testing();
}
