/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_sse2.c - byte numbers, 32 characters at a time, on any x86-64
 *
 * The three characters before a comma give a value; which of them are digits decides how
 * many count. So the value is computed for every place, from the same text loaded one, two
 * and three places earlier, and picked where a comma is. What is odd shows in bit masks,
 * one bit a character, and ends the work at the last comma before the block. No address
 * depends on what was read before: blocks overlap in the processor.
 *
 * One comparison finds both a number above 255 and a needless zero: hundreds other than 1
 * and 2 count as nothing and a sum above 255 loses 256, so each of them leaves a value
 * below the least one of so many digits.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <emmintrin.h>
#include <string.h>

#include "wire/bulk_masks.h"

enum { HALF = 16, BLOCK = 2 * HALF, USUAL = 10, MOST = BLOCK / 2 };

static inline __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Moved down so that the digits are the ten smallest signed bytes. */
static inline __m128i is_digit(__m128i text)
{
	return _mm_cmplt_epi8(_mm_add_epi8(text, _mm_set1_epi8(0x50)), _mm_set1_epi8(-118));
}

/* The value of the number that ends before each place; all bits of *good where it is one.
 * What stands before the first number (`first` is its block) is no digit; behind it there
 * are but digits and commas, and a comma is less than any digit.
 */
static inline __m128i values(const uint8_t *p, __m128i first, __m128i *good)
{
	__m128i zero = _mm_set1_epi8('0'), below = _mm_set1_epi8('0' - 1);
	__m128i second = _mm_andnot_si128(first, load(p - 2));
	__m128i third = _mm_andnot_si128(_mm_slli_si128(first, 1), load(p - 3));
	__m128i two_digits = _mm_cmpgt_epi8(second, below);
	__m128i three_digits = _mm_and_si128(two_digits, _mm_cmpgt_epi8(third, below));
	__m128i tens = _mm_mullo_epi16(_mm_subs_epu8(second, zero), _mm_set1_epi16(10));
	__m128i low = _mm_add_epi8(_mm_sub_epi8(load(p - 1), zero), tens);
	__m128i one = _mm_cmpeq_epi8(third, _mm_set1_epi8('1'));
	__m128i two = _mm_cmpeq_epi8(third, _mm_set1_epi8('2'));
	__m128i high = _mm_or_si128(_mm_and_si128(one, _mm_set1_epi8(100)),
				    _mm_and_si128(two, _mm_set1_epi8((char)200)));
	__m128i sum = _mm_add_epi8(low, _mm_and_si128(high, two_digits));
	__m128i least = _mm_max_epu8(_mm_and_si128(two_digits, _mm_set1_epi8(10)),
				     _mm_and_si128(three_digits, _mm_set1_epi8(100)));

	*good = _mm_cmpeq_epi8(_mm_subs_epu8(least, sum), _mm_setzero_si128());
	return sum;
}

static inline uint32_t bits_of(__m128i low, __m128i high)
{
	return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << HALF;
}

/* What is where in a block; all[] gets the values. */
static inline struct bulk_masks look(const uint8_t *p, __m128i first, uint8_t *all)
{
	__m128i low = load(p), high = load(p + HALF), comma = _mm_set1_epi8(',');
	__m128i good_low, good_high;
	struct bulk_masks m;

	m.digits = bits_of(is_digit(low), is_digit(high));
	m.commas = bits_of(_mm_cmpeq_epi8(low, comma), _mm_cmpeq_epi8(high, comma));
	_mm_storeu_si128((__m128i *)(void *)all, values(p, first, &good_low));
	_mm_storeu_si128((__m128i *)(void *)(all + HALF),
			 values(p + HALF, _mm_setzero_si128(), &good_high));
	m.bad = ~bits_of(good_low, good_high);
	return m;
}

/* The values at the ends, one behind the other: always the usual number of them, whether
 * there are so many or not, since a branch for each would be mispredicted. The bits from
 * 32 on stand for those that are missing.
 */
static inline void gather(const uint8_t *all, uint32_t ends, unsigned count, uint8_t *out)
{
	uint64_t bits = ends | (uint64_t)0xffff << BLOCK;
	volatile uint8_t *to = out;
	unsigned i;

#pragma GCC unroll 10
	for (i = 0; i < USUAL; i++, bits &= bits - 1) {
		to[i] = all[__builtin_ctzll(bits)];
	}
	for (; i < count; i++, bits &= bits - 1)
		to[i] = all[__builtin_ctzll(bits)];
}

static inline unsigned count_bits(uint32_t v)
{
	v -= v >> 1 & 0x55555555;
	v = (v & 0x33333333) + (v >> 2 & 0x33333333);
	return ((v + (v >> 4)) & 0x0f0f0f0f) * 0x01010101u >> 24;
}

/* Whole blocks. */
static size_t blocks(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	__m128i first = _mm_cvtsi32_si128(0xffff);
	struct bulk_state s = { 0 };
	uint8_t all[BLOCK + MOST];
	const uint8_t *at;
	size_t n = 0;

	memset(all + BLOCK, 0, MOST);
	for (at = *p; end - at >= BLOCK && !s.last; at += BLOCK) {
		struct bulk_masks m = look(at, first, all);
		uint32_t ends = bulk_ends(m, at, &s);
		unsigned count = count_bits(ends);

		if (count == 0 || count > room - n)
			break;
		gather(all, ends, count, out + n);
		n += count;
		*p = at + BLOCK - __builtin_clz(ends);
		first = _mm_setzero_si128();
	}
	return n;
}

size_t bulk_sse2(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	size_t n = blocks(p, end, out, room);

	return bulk_more(*p, end) ? n + bulk_tail(blocks, p, end, out + n, room - n) : n;
}
#endif
