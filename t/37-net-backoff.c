/* SPDX-License-Identifier: MIT
 * t/37-net-backoff.c - pauses grow, stop growing, and are spread
 */
#include "lib/tap.h"
#include "net/backoff.h"

#define SECOND UINT64_C(1000000)

static const uint64_t chance[] = { 0, 1, 12345678901234567u, UINT64_MAX / 2, UINT64_MAX };
enum { CHANCES = sizeof(chance) / sizeof(chance[0]) };

/* Least and greatest pause over many chances. */
static void range(unsigned failures, bool keen, bool zombie, uint64_t *lo, uint64_t *hi)
{
	*lo = UINT64_MAX;
	*hi = 0;
	for (uint64_t i = 0; i < 4000; i++) {
		uint64_t r = i < CHANCES ? chance[i] : i * UINT64_C(0x9e3779b97f4a7c15);
		uint64_t us =
			zombie ? backoff_zombie_us(failures, r) : backoff_us(failures, keen, r);

		*lo = us < *lo ? us : *lo;
		*hi = us > *hi ? us : *hi;
	}
}

static void first_five(void)
{
	static const uint64_t want[] = { SECOND / 4, SECOND / 4, SECOND / 2,
					 SECOND,     2 * SECOND, 4 * SECOND };

	for (unsigned n = 0; n <= 5; n++)
		for (unsigned keen = 0; keen < 2; keen++)
			for (unsigned i = 0; i < CHANCES; i++)
				is_uint(backoff_us(n, keen, chance[i]), want[n],
					"failure %u: no jitter yet", n);
}

static void spread(const char *what, unsigned failures, bool keen, bool zombie, uint64_t middle,
		   unsigned percent)
{
	uint64_t lo, hi, reach = middle / 100 * percent;

	range(failures, keen, zombie, &lo, &hi);
	ok(lo >= middle - reach && hi <= middle + reach, "%s: failure %u stays within %u %%", what,
	   failures, percent);
	ok(lo < middle - reach * 9 / 10 && hi > middle + reach * 9 / 10, "and uses the room");
}

int main(void)
{
	static const unsigned keen[] = { 8, 16, 32, 60, 60, 60 };
	static const unsigned other[] = { 8, 16, 32, 64, 128, 256, 300, 300 };
	static const unsigned zombie[] = { 300, 300, 600, 1200, 2400, 3600, 3600 };

	first_five();
	for (unsigned i = 0; i < 6; i++)
		spread("keen", 6 + i, true, false, keen[i] * SECOND, 25);
	for (unsigned i = 0; i < 8; i++)
		spread("other", 6 + i, false, false, other[i] * SECOND, 25);
	for (unsigned i = 0; i < 7; i++)
		spread("zombie", i, false, true, zombie[i] * SECOND, 10);
	spread("keen", 4000000000u, true, false, 60 * SECOND, 25);
	spread("other", 4000000000u, false, false, 300 * SECOND, 25);
	spread("zombie", 4000000000u, false, true, 3600 * SECOND, 10);
	return done_testing();
}
