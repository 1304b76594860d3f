/* SPDX-License-Identifier: MIT
 * t/sim/chaos.h - a peer that does anything, on core/env/env.h only
 *
 * One seed decides what it does: handshakes of every kind, lines good and broken, torn
 * bytes, silence, half closes, resets, storms, stolen node ids, sessions in both
 * directions. It uses the environment's only wake-up.
 */
#ifndef SIM_CHAOS_H
#define SIM_CHAOS_H

#include "env/env.h"

#define CHAOS_TARGETS 4

struct chaos_lines { /* valid and broken ones, without LF */
	struct tn_view *v;
	size_t n;
};

struct chaos_conf {
	uint64_t seed;
	struct tn_addr listen; /* its own address; others dial it here */
	struct tn_addr target[CHAOS_TARGETS];
	unsigned targets;
	const struct chaos_lines *lines;
	uint64_t until_us; /* monotonic: then it closes everything and is gone */
};

struct chaos;
struct chaos *chaos_create(struct env *, const struct chaos_conf *, struct tn_error *);
void chaos_free(struct chaos *); /* NULL is fine */

struct chaos_counts {
	unsigned dials, accepts, handshakes, acks, lines, giants, resets, thefts;
};
struct chaos_counts chaos_counts(const struct chaos *);

#endif
