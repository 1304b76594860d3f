/* SPDX-License-Identifier: MIT
 * core/net/backoff.c - growing pauses between dials
 */
#include "net/backoff.h"

#define SECOND_US 1000000u

/* first * 2^doublings, at most cap. */
static uint64_t doubled(uint64_t first, unsigned doublings, uint64_t cap)
{
	uint64_t us = first;

	while (doublings-- && us < cap)
		us *= 2;
	return us < cap ? us : cap;
}

static uint64_t jitter(uint64_t us, unsigned percent, uint64_t random)
{
	uint64_t reach = us / 100 * percent;

	return us - reach + random % (2 * reach + 1);
}

uint64_t backoff_us(unsigned failures, bool keen, uint64_t random)
{
	uint64_t cap = (keen ? 60u : 300u) * (uint64_t)SECOND_US;
	uint64_t us = doubled(SECOND_US / 4, failures ? failures - 1 : 0, cap);

	return failures < 6 ? us : jitter(us, 25, random);
}

uint64_t backoff_zombie_us(unsigned failures, uint64_t random)
{
	uint64_t us = doubled(300u * (uint64_t)SECOND_US, failures ? failures - 1 : 0,
			      3600u * (uint64_t)SECOND_US);

	return jitter(us, 10, random);
}
