/* SPDX-License-Identifier: MIT
 * core/net/backoff.h - how long to wait before the next dial
 *
 * Pure. 0.25, 0.5, 1, 2, 4 s, then doubling with jitter up to 60 s for keen targets
 * (configured, masternode, recently up), 300 s for others. Configured peers are never
 * given up, so there is no last attempt here.
 */
#ifndef CORE_NET_BACKOFF_H
#define CORE_NET_BACKOFF_H

#include "timenode/base.h"

#define BACKOFF_SUCCESS_US 10000000u /* a session that lasted this long resets it */

/* failures: attempts in a row without success, 1 or more. random: any 64 bits; the
 * jitter is +-25 % from the sixth failure on, around a middle of at most 60 or 300 s.
 * Microseconds.
 */
uint64_t backoff_us(unsigned failures, bool keen, uint64_t random);

/* The same for dialing an old node that did not serve us: 5 min doubling to 1 h, +-10 %. */
uint64_t backoff_zombie_us(unsigned failures, uint64_t random);

#endif
