/* SPDX-License-Identifier: MIT
 * lib/wire/bulk_masks.h - what 32 characters are, one bit each, and what is wrong in them
 */
#ifndef LIB_WIRE_BULK_MASKS_H
#define LIB_WIRE_BULK_MASKS_H

#include <stdint.h>

struct bulk_masks {
	uint32_t digits, commas, zeros;
};

/* Is there something else? Then the array ends here, or is not what a writer makes. */
static inline uint32_t bulk_ends(const struct bulk_masks *m)
{
	return ~(m->digits | m->commas);
}

/* The commas before that. */
static inline uint32_t bulk_commas(const struct bulk_masks *m)
{
	uint32_t other = bulk_ends(m);

	return m->commas & (other ? other ^ (other - 1) : UINT32_MAX);
}

/* The same mask k characters later; what the block before had moves in. */
static inline uint32_t bulk_later(uint32_t now, uint32_t before, unsigned k)
{
	return now << k | before >> (32 - k);
}

/* A number that is empty, longer than three digits, with a needless zero, or above 255.
 * Behind the last comma of an array's end the single numbers' reader judges; otherwise all
 * of the block counts, since the next one does not see what its last number began with.
 */
static inline uint32_t bulk_odd(const struct bulk_masks *m, const struct bulk_masks *before,
				uint32_t commas, uint32_t over)
{
	uint32_t one = bulk_later(m->digits, before->digits, 1);
	uint32_t two = bulk_later(m->digits, before->digits, 2);
	uint32_t three = bulk_later(m->digits, before->digits, 3);
	uint32_t zero = bulk_later(m->zeros, before->zeros, 1);
	uint32_t odd = (m->commas & ~one) | (m->digits & one & two & three) |
		       (m->digits & zero & ~two) | (over & m->commas);

	return bulk_ends(m) ? odd & UINT32_MAX >> __builtin_clz(commas) : odd;
}

#endif
