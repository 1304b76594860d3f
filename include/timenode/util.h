/* SPDX-License-Identifier: MIT
 * timenode/util.h - checked arithmetic, a token bucket, a set of what was seen
 *
 * Part of libtimenode (lib/base). No I/O, no clock: time is an argument.
 */
#ifndef TIMENODE_UTIL_H
#define TIMENODE_UTIL_H

#include "timenode/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- arithmetic that reports overflow: true if the result fits, *out is then set;
 * *out is untouched if it does not.
 */
static inline bool tn_add_u64(uint64_t *out, uint64_t a, uint64_t b)
{
	if (a > UINT64_MAX - b)
		return false;
	*out = a + b;
	return true;
}

static inline bool tn_sub_u64(uint64_t *out, uint64_t a, uint64_t b)
{
	if (a < b)
		return false;
	*out = a - b;
	return true;
}

static inline bool tn_mul_u64(uint64_t *out, uint64_t a, uint64_t b)
{
	if (b != 0 && a > UINT64_MAX / b)
		return false;
	*out = a * b;
	return true;
}

/* ---- token bucket: `count` tokens flow in per `period_us`, at most `burst` are kept.
 * Exact integers: a level is counted in tokens times period, so nothing is lost by
 * rounding however often it is asked. A clock that stands still or goes back adds nothing.
 */
struct tn_bucket {
	uint64_t level; /* tokens * period_us */
	uint64_t last_us;
	uint32_t count, period_us, burst;
};

/* Starts full. All three must be at least 1, else TN_EINVAL. */
TN_API int tn_bucket_init(struct tn_bucket *b, uint32_t count, uint32_t period_us, uint32_t burst,
			  uint64_t now_us);

/* Takes n tokens if they are there; otherwise takes none. */
TN_API bool tn_bucket_take(struct tn_bucket *b, uint32_t n, uint64_t now_us);

/* Microseconds from now until n tokens will be there; UINT64_MAX if n is above burst. */
TN_API uint64_t tn_bucket_wait_us(const struct tn_bucket *b, uint32_t n, uint64_t now_us);

/* ---- what was seen: a set of byte strings kept as 64-bit keyed hashes (XXH3), in two
 * generations. The last `capacity` strings added are always remembered, at most twice
 * as many, in memory that never grows. Two strings are taken for one with a chance of
 * about capacity / 2^63, and nobody without the key can look for such a pair.
 */
struct tn_seen;

/* key: 16 to 192 random bytes, copied. NULL for another length, capacity 0 or above
 * 2^26, or without memory.
 */
TN_API struct tn_seen *tn_seen_create(uint32_t capacity, const void *key, size_t key_n);
TN_API void tn_seen_free(struct tn_seen *s); /* NULL is fine */

/* Adds it; true if it was not in the set. */
TN_API bool tn_seen_add(struct tn_seen *s, const void *p, size_t n);
TN_API bool tn_seen_has(const struct tn_seen *s, const void *p, size_t n);

/* Takes it back; true if it was in the set. */
TN_API bool tn_seen_remove(struct tn_seen *s, const void *p, size_t n);

/* Bytes this set takes, fixed at its creation. */
TN_API size_t tn_seen_bytes(const struct tn_seen *s);

#ifdef __cplusplus
}
#endif
#endif
