/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_sse2.c - byte numbers, 32 characters at a time, on any x86-64
 *
 * A block begins where a number begins. For every comma the three characters before it
 * give a value; which of them are digits decides how many count. What is odd in a block
 * shows in bit masks, one bit a character, and ends the work before that block.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <emmintrin.h>

enum { HALF = 16, BLOCK = 2 * HALF, USUAL = 10, MOST = BLOCK / 2 };

struct pair { /* 32 characters */
	__m128i low, high;
};

struct block {
	struct pair value; /* at each comma, of the number before it */
	uint32_t commas;   /* up to the first character that is neither comma nor digit */
	uint32_t odd;      /* where something is wrong */
};

static inline __m128i times_ten(__m128i v)
{
	__m128i two = _mm_add_epi8(v, v), four = _mm_add_epi8(two, two);

	return _mm_add_epi8(_mm_add_epi8(four, four), two);
}

/* The value of one to three digits; all bits of *over where it is more than 255. */
static inline __m128i values(__m128i ones, __m128i tens, __m128i hundreds, __m128i *over)
{
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

/* k characters later: what leaves the low half enters the high one. */
#define LATER(v, k)                               \
	((struct pair){ _mm_slli_si128(v.low, k), \
			_mm_or_si128(_mm_slli_si128(v.high, k), _mm_srli_si128(v.low, 16 - k)) })

static inline struct pair pair_and(struct pair a, struct pair b)
{
	return (struct pair){ _mm_and_si128(a.low, b.low), _mm_and_si128(a.high, b.high) };
}

static inline struct pair pair_is(struct pair text, char c)
{
	__m128i all = _mm_set1_epi8(c);

	return (struct pair){ _mm_cmpeq_epi8(text.low, all), _mm_cmpeq_epi8(text.high, all) };
}

static inline uint32_t bits_of(struct pair v)
{
	return (uint32_t)_mm_movemask_epi8(v.low) | (uint32_t)_mm_movemask_epi8(v.high) << HALF;
}

static inline __m128i is_digit(__m128i digit)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
}

/* Empty, longer than three digits or with a needless zero. */
static inline uint32_t misshapen(uint32_t digits, uint32_t zeros, uint32_t commas)
{
	uint32_t before = digits << 1, four = digits & before & digits << 2 & digits << 3;

	return (commas & ~before) | four | ((zeros & ~before) << 1 & digits);
}

/* The values, from the characters' digits. */
static inline struct pair look_values(struct pair digit, struct pair digits, struct pair *over)
{
	struct pair ones = LATER(digit, 1), tens = LATER(digit, 2), is_tens = LATER(digits, 2);
	struct pair third = LATER(digit, 3), hundreds = pair_and(third, is_tens);

	return (struct pair){ values(ones.low, tens.low, hundreds.low, &over->low),
			      values(ones.high, tens.high, hundreds.high, &over->high) };
}

static inline struct block look(const uint8_t *p)
{
	__m128i zero = _mm_set1_epi8('0');
	struct pair text = { _mm_loadu_si128((const __m128i *)(const void *)p),
			     _mm_loadu_si128((const __m128i *)(const void *)(p + HALF)) };
	struct pair digit = { _mm_sub_epi8(text.low, zero), _mm_sub_epi8(text.high, zero) };
	struct pair digits = { is_digit(digit.low), is_digit(digit.high) }, over;
	uint32_t digit_bits = bits_of(digits), commas = bits_of(pair_is(text, ','));
	uint32_t other = ~(digit_bits | commas);
	struct block b;

	b.value = look_values(pair_and(digit, digits), digits, &over);
	b.commas = commas & (other ? other ^ (other - 1) : UINT32_MAX);
	b.odd = misshapen(digit_bits, bits_of(pair_is(text, '0')), commas) |
		(bits_of(over) & commas);
	return b;
}

static inline unsigned count_bits(uint32_t v)
{
	v -= v >> 1 & 0x55555555;
	v = (v & 0x33333333) + (v >> 2 & 0x33333333);
	return ((v + (v >> 4)) & 0x0f0f0f0f) * 0x01010101u >> 24;
}

/* The values at the commas, one behind the other: always the usual number of them,
 * whether there are so many or not, since a branch for each would be mispredicted. The
 * bits from 32 on stand for those that are missing.
 */
static inline void gather(const struct block *b, unsigned count, uint8_t *out)
{
	uint8_t all[BLOCK + MOST];
	uint64_t bits = b->commas | (uint64_t)0xffff << BLOCK;
	unsigned i;

	_mm_storeu_si128((__m128i *)(void *)all, b->value.low);
	_mm_storeu_si128((__m128i *)(void *)(all + HALF), b->value.high);
	_mm_storeu_si128((__m128i *)(void *)(all + BLOCK), _mm_setzero_si128());
#pragma GCC unroll 10
	for (i = 0; i < USUAL; i++, bits &= bits - 1)
		out[i] = all[__builtin_ctzll(bits)];
	for (; i < count; i++, bits &= bits - 1)
		out[i] = all[__builtin_ctzll(bits)];
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
		if (b.odd & (uint32_t)(((uint64_t)2 << last) - 1))
			break;
		gather(&b, count, out + n);
		n += count;
		*p += last + 1;
	}
	return n;
}
#endif
