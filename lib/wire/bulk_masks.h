/* SPDX-License-Identifier: MIT
 * lib/wire/bulk_masks.h - what 32 characters are, one bit each, and which numbers end in them
 */
#ifndef LIB_WIRE_BULK_MASKS_H
#define LIB_WIRE_BULK_MASKS_H

#include <stdbool.h>
#include <stdint.h>

/* Where a digit and where a comma is; where the number that would end before this place
 * is too large or begins with a needless zero.
 */
struct bulk_masks {
	uint32_t digits, commas, bad;
};

/* What goes from block to block: are the last three characters digits, the oldest lowest? */
struct bulk_state {
	uint32_t before;
	bool last; /* the array ends in this block, or is not what a writer makes */
};

/* The commas, and the bracket at the array's end, that each end a good number; 0 if there
 * is none or anything is odd: a number that is bad, empty or longer than three digits.
 */
static inline uint32_t bulk_ends(struct bulk_masks m, const uint8_t *at, struct bulk_state *s)
{
	uint32_t other = ~(m.digits | m.commas), ends = m.commas;
	uint64_t run, pairs;

	s->last = other != 0;
	if (other) {
		uint32_t first = other & (0 - other);

		m.digits &= first - 1;
		ends &= first - 1;
		if (at[__builtin_ctz(other)] == ']')
			ends |= first;
	}
	run = (uint64_t)m.digits << 3 | s->before;
	pairs = run & run >> 1;
	s->before = m.digits >> 29;
	return (pairs & pairs >> 2) || (ends & (m.bad | ~(uint32_t)(run >> 2))) ? 0 : ends;
}

#endif
