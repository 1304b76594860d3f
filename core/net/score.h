/* SPDX-License-Identifier: MIT
 * core/net/score.h - misbehaviour points that decay
 *
 * Pure. Points are kept in thousandths; they halve every half_life. Rate excess never
 * comes here (doc/architecture.md). half_life_us 0: they never decay.
 */
#ifndef CORE_NET_SCORE_H
#define CORE_NET_SCORE_H

#include "timenode/base.h"

struct score { /* zero: none */
	uint32_t milli;
	uint64_t at_us; /* monotonic, of the last change */
};

/* Adds points and returns the whole points now (saturating). */
uint32_t score_add(struct score *, unsigned points, uint64_t now_us, uint64_t half_life_us);
uint32_t score_now(const struct score *, uint64_t now_us, uint64_t half_life_us);

#endif
