/* SPDX-License-Identifier: MIT
 * t/12-lib-seen.c - the seen set, the token bucket, checked arithmetic
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "timenode/util.h"

static const uint8_t key[16] = "sixteen byte key";

static bool add(struct tn_seen *s, uint32_t n)
{
	return tn_seen_add(s, &n, sizeof n);
}

static bool has(const struct tn_seen *s, uint32_t n)
{
	return tn_seen_has(s, &n, sizeof n);
}

static bool drop(struct tn_seen *s, uint32_t n)
{
	return tn_seen_remove(s, &n, sizeof n);
}

static void basics(void)
{
	struct tn_seen *s = tn_seen_create(100, key, sizeof key);

	ok(tn_seen_add(s, "a", 1), "new");
	ok(!tn_seen_add(s, "a", 1), "not new");
	ok(tn_seen_add(s, "a", 2), "another length is another string");
	ok(tn_seen_add(s, "", 0), "the empty string is one");
	ok(tn_seen_has(s, "a", 1) && !tn_seen_has(s, "b", 1), "has");
	ok(tn_seen_remove(s, "a", 1), "taken back");
	ok(!tn_seen_remove(s, "a", 1), "only once");
	ok(tn_seen_has(s, "a", 2) && tn_seen_has(s, "", 0), "the others stay");
	ok(tn_seen_add(s, "a", 1), "new again");
	tn_seen_free(s);
	tn_seen_free(NULL);
}

static void arguments(void)
{
	static const uint8_t many[193];
	struct tn_seen *s = tn_seen_create(1, many, 192);

	ok(!tn_seen_create(0, key, sizeof key), "no capacity");
	ok(!tn_seen_create(((uint32_t)1 << 26) + 1, key, sizeof key), "too much");
	ok(!tn_seen_create(10, key, 15), "key too short");
	ok(!tn_seen_create(10, many, 193), "key too long");
	ok(s && add(s, 1) && !add(s, 1), "the longest key and one place");
	ok(add(s, 2) && has(s, 1), "the generation before is remembered");
	ok(add(s, 3) && !has(s, 1) && has(s, 2), "the one before that is not");
	tn_seen_free(s);
}

/* The last `capacity` are always there; older than twice that never. */
static void generations(void)
{
	enum { CAPACITY = 1000, TOTAL = 20000 };
	struct tn_seen *s = tn_seen_create(CAPACITY, key, sizeof key);
	size_t bytes = tn_seen_bytes(s);
	unsigned lost = 0, kept = 0, i;

	for (i = 0; i < TOTAL; i++) {
		if (!add(s, i))
			lost++;
		if (i >= CAPACITY && !has(s, i - CAPACITY + 1))
			lost++;
		if (i >= CAPACITY && add(s, i - CAPACITY + 1))
			lost++;
		if (i >= 2 * CAPACITY && has(s, i - 2 * CAPACITY))
			kept++;
	}
	is_uint(lost, 0, "nothing recent is forgotten at a turn");
	is_uint(kept, 0, "nothing old is kept");
	is_uint(tn_seen_bytes(s), bytes, "the memory never grows");
	ok(bytes <= 1000 * 2 * 64, "and is small");
	tn_seen_free(s);
}

/* A removal must not hide entries that lie behind it: against a plain table. */
static void removals(void)
{
	enum { RANGE = 600, STEPS = 60000 };
	/* Never more than RANGE at once, so no generation turns and all is remembered. */
	struct tn_seen *s = tn_seen_create(RANGE, key, sizeof key);
	bool there[RANGE] = { false };
	unsigned i, wrong = 0;
	uint64_t x = 88172645463325252u;

	for (i = 0; i < STEPS; i++) {
		uint32_t n = (uint32_t)((x ^= x << 13, x ^= x >> 7, x ^= x << 17) % RANGE);

		if (x >> 40 & 1) {
			wrong += add(s, n) == there[n];
			there[n] = true;
		} else {
			wrong += drop(s, n) != there[n];
			there[n] = false;
		}
		wrong += has(s, n) != there[n];
	}
	is_uint(wrong, 0, "60000 random steps agree with a plain table");
	for (i = 0; i < RANGE; i++)
		wrong += has(s, i) != there[i];
	is_uint(wrong, 0, "and so does everything that is left");
	tn_seen_free(s);
}

static void strangers(void)
{
	struct tn_seen *s = tn_seen_create(1u << 16, key, sizeof key);
	unsigned i, wrong = 0;

	for (i = 0; i < 1u << 16; i++)
		add(s, i);
	for (i = 1u << 16; i < 1u << 18; i++)
		wrong += has(s, i);
	is_uint(wrong, 0, "strings never added are not there");
	tn_seen_free(s);
}

static void bucket(void)
{
	struct tn_bucket b;
	unsigned i, taken = 0;

	is_int(tn_bucket_init(&b, 0, 1, 1, 0), TN_EINVAL, "no rate");
	is_int(tn_bucket_init(&b, 1, 0, 1, 0), TN_EINVAL, "no period");
	is_int(tn_bucket_init(&b, 1, 1, 0, 0), TN_EINVAL, "no burst");
	is_int(tn_bucket_init(&b, 3, 1000000, 5, 100), 0, "three a second, five at once");
	for (i = 0; i < 10; i++)
		taken += tn_bucket_take(&b, 1, 100);
	is_uint(taken, 5, "the burst");
	is_uint(tn_bucket_wait_us(&b, 1, 100), 333334, "a third of a second, rounded up");
	ok(!tn_bucket_take(&b, 1, 100 + 333333), "not a microsecond early");
	ok(tn_bucket_take(&b, 1, 100 + 333334), "then it is there");
	ok(!tn_bucket_take(&b, 2, 100 + 333335), "two are not");
	ok(!tn_bucket_take(&b, 1, 50), "a clock that goes back gives nothing");
	is_uint(tn_bucket_wait_us(&b, 6, 100), UINT64_MAX, "more than the burst never comes");
	for (taken = 0, i = 0; i < 10; i++)
		taken += tn_bucket_take(&b, 1, 60000000);
	is_uint(taken, 5, "a minute of rest gives no more than the burst");
	ok(tn_bucket_take(&b, 5, UINT64_MAX), "a clock that leaps fills it");
	ok(!tn_bucket_take(&b, 1, UINT64_MAX), "but no fuller than full");
}

/* Asked every microsecond or once, the sum is the same: nothing is lost by rounding. */
static void exact(void)
{
	struct tn_bucket b;
	uint64_t now = 0, i, taken = 0;

	tn_bucket_init(&b, 7, 1000, 2, 0);
	for (i = 0; i < 1000000; i++)
		taken += tn_bucket_take(&b, 1, now++);
	/* (2 * 1000 + 999999 * 7) / 1000 */
	is_uint(taken, 7001, "seven a millisecond, asked each microsecond");
	tn_bucket_init(&b, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0);
	ok(tn_bucket_take(&b, UINT32_MAX, 0), "the largest of everything");
	is_uint(tn_bucket_wait_us(&b, UINT32_MAX, 0), UINT32_MAX, "fills in its period");
	ok(tn_bucket_take(&b, UINT32_MAX, UINT32_MAX), "and is full then");
	ok(!tn_bucket_take(&b, 1, UINT32_MAX), "and empty after");
}

static void arithmetic(void)
{
	uint64_t v = 7;

	ok(tn_add_u64(&v, UINT64_MAX - 1, 1) && v == UINT64_MAX, "the largest sum");
	ok(!tn_add_u64(&v, UINT64_MAX, 1) && v == UINT64_MAX, "one more");
	ok(tn_sub_u64(&v, 5, 5) && v == 0, "the least difference");
	ok(!tn_sub_u64(&v, 5, 6) && v == 0, "one less");
	ok(tn_mul_u64(&v, UINT64_MAX, 1) && v == UINT64_MAX, "the largest product");
	ok(tn_mul_u64(&v, UINT64_MAX, 0) && v == 0, "times nothing");
	ok(tn_mul_u64(&v, UINT64_MAX / 3, 3) && v == UINT64_MAX, "just fits");
	ok(!tn_mul_u64(&v, UINT64_MAX / 3 + 1, 3) && v == UINT64_MAX, "just does not");
	ok(!tn_mul_u64(&v, (uint64_t)1 << 32, (uint64_t)1 << 32), "wraps to nothing");
}

int main(void)
{
	basics();
	arguments();
	generations();
	removals();
	strangers();
	bucket();
	exact();
	arithmetic();
	return done_testing();
}
