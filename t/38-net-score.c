/* SPDX-License-Identifier: MIT
 * t/38-net-score.c - points add up, halve, and never overflow
 */
#include "lib/tap.h"
#include "net/score.h"

#define HALF UINT64_C(600000000)

static void decay(void)
{
	struct score s = { 0 };

	is_uint(score_add(&s, 100, 1000, HALF), 100, "points are added");
	is_uint(score_add(&s, 28, 1000, HALF), 128, "up");
	for (unsigned n = 0; n <= 7; n++)
		is_uint(score_now(&s, 1000 + n * HALF, HALF), 128u >> n, "%u half lives", n);
	is_uint(score_now(&s, 1000 + 8 * HALF, HALF), 0, "in the end nothing is left");
	is_uint(score_now(&s, UINT64_MAX, HALF), 0, "for ever");
	is_uint(score_now(&s, 0, HALF), 128, "a clock that goes back changes nothing");
	is_uint(score_now(&s, 1000 + HALF / 2, HALF), 90, "after half of it 128 / sqrt(2)");
	is_uint(score_add(&s, 10, 1000 + HALF, HALF), 74, "old points halve before new ones");
	is_uint(score_now(&s, 1000 + 2 * HALF, HALF), 37, "and then all do");
}

/* The way to a moment does not matter: asking often must not slow the decay. */
static void small_steps(void)
{
	struct score often = { 0 }, once = { 0 };
	uint32_t last = UINT32_MAX, up = 0, now;

	score_add(&often, 100000, 0, HALF);
	score_add(&once, 100000, 0, HALF);
	for (uint64_t t = HALF / 500; t <= 3 * HALF; t += HALF / 500) {
		now = score_add(&often, 0, t, HALF);
		up += now > last;
		last = now;
	}
	is_uint(up, 0, "it never grows by itself");
	now = score_now(&once, 3 * HALF, HALF);
	is_uint(now, 12500, "an eighth is left after three half lives");
	ok(last > now * 97 / 100 && last < now * 103 / 100, "in 1500 steps as in one: %u", last);
}

static void extremes(void)
{
	struct score s = { 0 };

	is_uint(score_add(&s, UINT32_MAX, 0, HALF), UINT32_MAX / 1000, "points saturate");
	is_uint(score_add(&s, UINT32_MAX, 0, HALF), UINT32_MAX / 1000, "again");
	is_uint(score_now(&s, HALF, HALF), UINT32_MAX / 2000, "and still halve");
	is_uint(score_now(&s, 22 * HALF, HALF), 1, "22 half lives leave one of 4 million");
	is_uint(score_now(&s, UINT64_MAX, 0), UINT32_MAX / 1000, "no half life: no decay");
	s = (struct score){ 0 };
	score_add(&s, 1000, 0, UINT64_MAX);
	is_uint(score_now(&s, UINT64_MAX / 2, UINT64_MAX), 707, "the longest half life works");
	s = (struct score){ 0 };
	score_add(&s, 1000, 7, 1);
	is_uint(score_now(&s, 8, 1), 500, "so does the shortest");
}

int main(void)
{
	decay();
	small_steps();
	extremes();
	return done_testing();
}
