/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_sse2.c - byte numbers, 16 characters at a time, on any x86-64
 *
 * A block begins where a number begins. For every comma the three characters before it
 * give a value; which of them are digits decides how many count. What is odd in a block
 * shows in bit masks, one bit a character, and ends the work before that block.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <emmintrin.h>

enum { BLOCK = 16, MOST = BLOCK / 2 };

struct block {
	__m128i value;   /* at each comma, of the number before it */
	unsigned commas; /* up to the first character that is neither comma nor digit */
	unsigned odd;    /* where something is wrong */
};

static inline __m128i times_ten(__m128i v)
{
	__m128i two = _mm_add_epi8(v, v), four = _mm_add_epi8(two, two);

	return _mm_add_epi8(_mm_add_epi8(four, four), two);
}

/* The value before each character; all bits of *over where it is more than 255. */
static inline __m128i values(__m128i digit, __m128i is_digit, __m128i *over)
{
	__m128i ones = _mm_slli_si128(digit, 1), tens = _mm_slli_si128(digit, 2);
	__m128i hundreds = _mm_and_si128(_mm_slli_si128(digit, 3), _mm_slli_si128(is_digit, 2));
	__m128i low = _mm_add_epi8(ones, times_ten(tens));
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

/* Empty, longer than three digits or with a needless zero. */
static inline unsigned misshapen(unsigned digits, unsigned zeros, unsigned commas)
{
	unsigned before = digits << 1, four = digits & before & digits << 2 & digits << 3;

	return (commas & ~before) | four | ((zeros & ~before) << 1 & digits);
}

static inline struct block look(const uint8_t *p)
{
	__m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0')), over;
	__m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
	unsigned digits = (unsigned)_mm_movemask_epi8(is_digit);
	unsigned commas = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8(',')));
	unsigned zeros = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('0')));
	unsigned other = ~(digits | commas);
	struct block b;

	b.value = values(_mm_and_si128(digit, is_digit), is_digit, &over);
	b.commas = commas & (other ^ (other - 1)); /* bits 16 on are always set in other */
	b.odd = misshapen(digits, zeros, commas) | ((unsigned)_mm_movemask_epi8(over) & commas);
	return b;
}

static inline unsigned count_bits(unsigned v)
{
	v -= v >> 1 & 0x5555;
	v = (v & 0x3333) + (v >> 2 & 0x3333);
	v = (v + (v >> 4)) & 0x0f0f;
	return (v + (v >> 8)) & 0x1f;
}

/* Always eight, whether there are so many or not: no branch to mispredict. The bits from
 * 16 on stand for the missing ones.
 */
static inline void gather(const struct block *b, uint8_t *out)
{
	uint8_t all[BLOCK + MOST];
	unsigned bits = b->commas | 0xff0000u, i;

	_mm_storeu_si128((__m128i *)(void *)all, b->value);
	_mm_storel_epi64((__m128i *)(void *)(all + BLOCK), _mm_setzero_si128());
#pragma GCC unroll 8
	for (i = 0; i < MOST; i++) {
		out[i] = all[__builtin_ctz(bits)];
		bits &= bits - 1;
	}
}

size_t bulk_sse2(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (end - *p >= BLOCK) {
		struct block b = look(*p);
		unsigned count = count_bits(b.commas), last;

		if (count == 0 || count > room - n)
			break;
		last = 31u - (unsigned)__builtin_clz(b.commas);
		if (b.odd & ((2u << last) - 1))
			break;
		gather(&b, out + n);
		n += count;
		*p += last + 1;
	}
	return n;
}
#endif
