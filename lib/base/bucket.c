/* SPDX-License-Identifier: MIT
 * lib/base/bucket.c - token bucket in integers
 */
#include "timenode/util.h"

/* burst and period are 32 bits each: no overflow. */
static uint64_t full(const struct tn_bucket *b)
{
	return (uint64_t)b->burst * b->period_us;
}

static uint64_t level_at(const struct tn_bucket *b, uint64_t now_us)
{
	uint64_t added, level;

	if (now_us <= b->last_us)
		return b->level;
	if (!tn_mul_u64(&added, now_us - b->last_us, b->count) ||
	    !tn_add_u64(&level, b->level, added) || level > full(b))
		return full(b);
	return level;
}

int tn_bucket_init(struct tn_bucket *b, uint32_t count, uint32_t period_us, uint32_t burst,
		   uint64_t now_us)
{
	if (count == 0 || period_us == 0 || burst == 0)
		return TN_EINVAL;
	b->count = count;
	b->period_us = period_us;
	b->burst = burst;
	b->last_us = now_us;
	b->level = full(b);
	return 0;
}

bool tn_bucket_take(struct tn_bucket *b, uint32_t n, uint64_t now_us)
{
	uint64_t cost = (uint64_t)n * b->period_us;

	b->level = level_at(b, now_us);
	if (now_us > b->last_us)
		b->last_us = now_us;
	if (cost > b->level)
		return false;
	b->level -= cost;
	return true;
}

uint64_t tn_bucket_wait_us(const struct tn_bucket *b, uint32_t n, uint64_t now_us)
{
	uint64_t cost = (uint64_t)n * b->period_us, level = level_at(b, now_us), wait;

	if (n > b->burst)
		return UINT64_MAX;
	if (cost <= level)
		return 0;
	wait = (cost - level - 1) / b->count + 1;
	/* A clock behind ours first has to catch up. */
	return now_us < b->last_us ? wait + (b->last_us - now_us) : wait;
}
