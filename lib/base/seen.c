/* SPDX-License-Identifier: MIT
 * lib/base/seen.c - a bounded set of what was seen, in two generations
 *
 * Open addressing with linear probing; a table is at most a quarter full and a removal
 * moves later entries back, so there are no tombstones to clean.
 */
#include "timenode/util.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The same values by the widest registers that the processor has. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif

enum { SECRET = 192, KEY_MIN = 16 };
static const uint32_t capacity_max = (uint32_t)1 << 26;

struct tn_seen {
	uint64_t *young, *old; /* slots; 0 is empty */
	uint32_t mask;
	uint32_t capacity, used; /* of the young */
	uint8_t secret[SECRET];
};

/* XXH3 wants a long secret: a short key is stretched by itself. */
static void fill_secret(uint8_t secret[SECRET], const void *key, size_t n)
{
	uint64_t i, word;

	for (i = 0; i < SECRET / sizeof word; i++) {
		word = XXH3_64bits_withSeed(key, n, i + 1);
		memcpy(secret + i * sizeof word, &word, sizeof word);
	}
}

struct tn_seen *tn_seen_create(uint32_t capacity, const void *key, size_t key_n)
{
	struct tn_seen *s;
	uint32_t slots = 2;

	if (capacity == 0 || capacity > capacity_max || key_n < KEY_MIN || key_n > SECRET)
		return NULL;
	while (slots < capacity * 4)
		slots *= 2;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->capacity = capacity;
	s->mask = slots - 1;
	s->young = calloc(slots, sizeof *s->young);
	s->old = calloc(slots, sizeof *s->old);
	if (!s->young || !s->old) {
		tn_seen_free(s);
		return NULL;
	}
	fill_secret(s->secret, key, key_n);
	return s;
}

void tn_seen_free(struct tn_seen *s)
{
	if (!s)
		return;
	free(s->young);
	free(s->old);
	free(s);
}

static uint64_t hash(const struct tn_seen *s, const void *p, size_t n)
{
	uint64_t h = XXH3_64bits_withSecret(p, n, s->secret, SECRET);

	return h ? h : 1;
}

/* The slot that holds h, or the empty one where it belongs. */
static uint32_t find(const struct tn_seen *s, const uint64_t *slot, uint64_t h)
{
	uint32_t i = (uint32_t)h & s->mask;

	while (slot[i] && slot[i] != h)
		i = (i + 1) & s->mask;
	return i;
}

static bool drop(const struct tn_seen *s, uint64_t *slot, uint64_t h)
{
	uint32_t hole = find(s, slot, h), i = hole, home;

	if (!slot[hole])
		return false;
	while (slot[i = (i + 1) & s->mask]) {
		home = (uint32_t)slot[i] & s->mask;
		/* It may move back if the hole lies between its home and itself. */
		if (((i - home) & s->mask) >= ((i - hole) & s->mask)) {
			slot[hole] = slot[i];
			hole = i;
		}
	}
	slot[hole] = 0;
	return true;
}

static void turn(struct tn_seen *s)
{
	uint64_t *oldest = s->old;

	s->old = s->young;
	s->young = oldest;
	memset(oldest, 0, ((size_t)s->mask + 1) * sizeof *oldest);
	s->used = 0;
}

bool tn_seen_add(struct tn_seen *s, const void *p, size_t n)
{
	uint64_t h = hash(s, p, n);
	uint32_t at;

	__builtin_prefetch(&s->old[h & s->mask]); /* both are far away: wait for them once */
	at = find(s, s->young, h);
	if (s->young[at] || s->old[find(s, s->old, h)])
		return false;
	if (s->used == s->capacity) {
		turn(s);
		at = find(s, s->young, h);
	}
	s->young[at] = h;
	s->used++;
	return true;
}

bool tn_seen_has(const struct tn_seen *s, const void *p, size_t n)
{
	uint64_t h = hash(s, p, n);

	return s->young[find(s, s->young, h)] || s->old[find(s, s->old, h)];
}

bool tn_seen_remove(struct tn_seen *s, const void *p, size_t n)
{
	uint64_t h = hash(s, p, n);

	if (drop(s, s->young, h)) {
		s->used--;
		return true;
	}
	return drop(s, s->old, h);
}

size_t tn_seen_bytes(const struct tn_seen *s)
{
	return sizeof *s + 2 * ((size_t)s->mask + 1) * sizeof *s->young;
}
