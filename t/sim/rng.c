/* SPDX-License-Identifier: MIT
 * t/sim/rng.c - xoshiro256** seeded by splitmix64 (Blackman and Vigna, public domain)
 */
#include "sim/rng.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	uint64_t x = stream;

	x = seed ^ splitmix(&x);
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&x);
}

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* The modulo's bias is below 2^-32 for the ranges used here. */
uint64_t rng_range(struct rng *r, uint64_t low, uint64_t high)
{
	uint64_t span = high - low + 1;

	return span ? low + rng_next(r) % span : rng_next(r);
}

void rng_fill(struct rng *r, void *p, size_t n)
{
	uint8_t *out = p;

	while (n) {
		uint64_t x = rng_next(r);

		/* byte by byte, so that the run is the same on every machine */
		for (int i = 0; i < 8 && n; i++, n--, x >>= 8)
			*out++ = (uint8_t)x;
	}
}
