/* SPDX-License-Identifier: MIT
 * core/net/score.c - decay in integers: the same on every machine
 */
#include "net/score.h"

#define ONE 65536u

/* 2^-(part/whole) in 65536ths for part < whole: a polynomial that meets 1 and 1/2, is
 * right to 2^-12 between, and has the right slope, so that many small steps make the
 * same as one large one.
 */
static uint64_t fraction(uint64_t part, uint64_t whole)
{
	uint64_t f, f2;

	while (whole >> 40) { /* far finer than needed; keeps part * ONE in range */
		whole >>= 1;
		part >>= 1;
	}
	f = part * ONE / whole;
	f2 = f * f / ONE;
	return ONE - 45426 * f / ONE + 15743 * f2 / ONE - 3638 * (f2 * f / ONE) / ONE +
	       553 * (f2 * f2 / ONE) / ONE;
}

static uint32_t decayed(const struct score *s, uint64_t now_us, uint64_t half_life_us)
{
	uint64_t age = now_us > s->at_us ? now_us - s->at_us : 0;
	uint64_t halvings;

	if (!half_life_us || !s->milli)
		return s->milli;
	halvings = age / half_life_us;
	if (halvings >= 32)
		return 0;
	return (uint32_t)((s->milli * fraction(age % half_life_us, half_life_us) / ONE) >>
			  halvings);
}

uint32_t score_add(struct score *s, unsigned points, uint64_t now_us, uint64_t half_life_us)
{
	uint64_t milli = decayed(s, now_us, half_life_us) + (uint64_t)points * 1000;

	s->milli = milli < UINT32_MAX ? (uint32_t)milli : UINT32_MAX;
	if (now_us > s->at_us)
		s->at_us = now_us;
	return s->milli / 1000;
}

uint32_t score_now(const struct score *s, uint64_t now_us, uint64_t half_life_us)
{
	return decayed(s, now_us, half_life_us) / 1000;
}
