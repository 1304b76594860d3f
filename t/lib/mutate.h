/* SPDX-License-Identifier: MIT
 * t/lib/mutate.h - small random changes to lines
 */
#ifndef T_LIB_MUTATE_H
#define T_LIB_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* xorshift64; the seed is moved on and must not be 0. */
uint64_t mutate_draw(uint64_t *seed);

/* One change to n > 0 bytes, mostly with a byte that means something: to has room for
 * n + 1. The new length.
 */
size_t mutate_line(uint8_t *to, const uint8_t *line, size_t n, uint64_t *seed);

#endif
