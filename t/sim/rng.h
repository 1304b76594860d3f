/* SPDX-License-Identifier: MIT
 * t/sim/rng.h - the simulator's chance: xoshiro256**, one stream per user of it
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* Streams of one seed are independent: a draw in one does not shift another. */
void rng_seed(struct rng *, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *);
uint64_t rng_range(struct rng *, uint64_t low, uint64_t high); /* low <= x <= high */
void rng_fill(struct rng *, void *, size_t);

#endif
