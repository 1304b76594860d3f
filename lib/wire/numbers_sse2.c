/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_sse2.c - byte numbers, 32 characters at a time, on any x86-64
 *
 * The three characters before a comma give a value; which of them are digits decides how
 * many count. So the value is computed for every place, from the same text loaded one, two
 * and three places earlier, and picked where a comma is. What is odd shows in bit masks,
 * one bit a character, and ends the work at the last comma before the block. No address
 * depends on what was read before: blocks overlap in the processor.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <emmintrin.h>

#include "wire/bulk_masks.h"

enum { HALF = 16, BLOCK = 2 * HALF, USUAL = 10, MOST = BLOCK / 2 };

static inline __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i digit_at(const uint8_t *p)
{
	return _mm_sub_epi8(load(p), _mm_set1_epi8('0'));
}

static inline __m128i is_digit(__m128i digit)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
}

static inline __m128i times_ten(__m128i v)
{
	__m128i two = _mm_add_epi8(v, v), four = _mm_add_epi8(two, two);

	return _mm_add_epi8(_mm_add_epi8(four, four), two);
}

/* The value of the number that ends before each place; all bits of *over where it is more
 * than 255.
 */
static inline __m128i values(const uint8_t *p, __m128i *over)
{
	__m128i tens = digit_at(p - 2), is_tens = is_digit(tens), third = digit_at(p - 3);
	__m128i hundreds = _mm_and_si128(third, _mm_and_si128(is_digit(third), is_tens));
	__m128i low = _mm_add_epi8(digit_at(p - 1), times_ten(_mm_and_si128(tens, is_tens)));
	__m128i one = _mm_cmpeq_epi8(hundreds, _mm_set1_epi8(1));
	__m128i two = _mm_cmpeq_epi8(hundreds, _mm_set1_epi8(2));
	__m128i high = _mm_or_si128(_mm_and_si128(one, _mm_set1_epi8(100)),
				    _mm_and_si128(two, _mm_set1_epi8((char)200)));
	__m128i sum = _mm_add_epi8(low, high);
	__m128i fits = _mm_cmpeq_epi8(sum, _mm_adds_epu8(low, high));

	*over = _mm_or_si128(_mm_cmpgt_epi8(hundreds, _mm_set1_epi8(2)),
			     _mm_andnot_si128(fits, _mm_set1_epi8(-1)));
	return sum;
}

static inline uint32_t bits_of(__m128i low, __m128i high)
{
	return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << HALF;
}

static inline uint32_t where(__m128i low, __m128i high, char c)
{
	__m128i all = _mm_set1_epi8(c);

	return bits_of(_mm_cmpeq_epi8(low, all), _mm_cmpeq_epi8(high, all));
}

static inline struct bulk_masks look(const uint8_t *p)
{
	__m128i low = load(p), high = load(p + HALF);
	struct bulk_masks m = { 0 };

	m.digits = bits_of(is_digit(digit_at(p)), is_digit(digit_at(p + HALF)));
	m.commas = where(low, high, ',');
	m.zeros = where(low, high, '0');
	return m;
}

/* The values at the commas, one behind the other: always the usual number of them,
 * whether there are so many or not, since a branch for each would be mispredicted. The
 * bits from 32 on stand for those that are missing.
 */
static inline void gather(const uint8_t *all, uint32_t commas, unsigned count, uint8_t *out)
{
	uint64_t bits = commas | (uint64_t)0xffff << BLOCK;
	unsigned i;

#pragma GCC unroll 10
	for (i = 0; i < USUAL; i++, bits &= bits - 1)
		out[i] = all[__builtin_ctzll(bits)];
	for (; i < count; i++, bits &= bits - 1)
		out[i] = all[__builtin_ctzll(bits)];
}

static inline unsigned count_bits(uint32_t v)
{
	v -= v >> 1 & 0x55555555;
	v = (v & 0x33333333) + (v >> 2 & 0x33333333);
	return ((v + (v >> 4)) & 0x0f0f0f0f) * 0x01010101u >> 24;
}

size_t bulk_sse2(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	uint8_t all[BLOCK + MOST] = { 0 };
	struct bulk_masks before = { 0 };
	const uint8_t *at = *p;
	size_t n = 0;

	for (; end - at >= BLOCK; at += BLOCK) {
		struct bulk_masks m = look(at);
		uint32_t commas = bulk_commas(&m);
		unsigned count = count_bits(commas);
		__m128i over_low, over_high;

		_mm_storeu_si128((__m128i *)(void *)all, values(at, &over_low));
		_mm_storeu_si128((__m128i *)(void *)(all + HALF), values(at + HALF, &over_high));
		if (count == 0 || count > room - n ||
		    bulk_odd(&m, &before, commas, bits_of(over_low, over_high)))
			return n;
		gather(all, commas, count, out + n);
		n += count;
		*p = at + 32 - __builtin_clz(commas);
		if (bulk_ends(&m))
			return n;
		before = m;
	}
	return n + (end - *p < BLOCK ? bulk_portable(p, end, out + n, room - n) : 0);
}
#endif
