/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_avx2.c - byte numbers, 32 characters at a time
 *
 * The same as numbers_sse2.c in half the vectors; pext picks eight characters' values at
 * once. Functions carry their target, so that nothing else is compiled for it.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))

enum { BLOCK = 32 };

struct block {
	__m256i value;
	uint32_t commas, odd;
};

/* k characters later, zeros in front, over both halves. */
#define LATER(v, low, k) _mm256_alignr_epi8(v, low, 16 - (k))

AVX2 static inline __m256i times_ten(__m256i v)
{
	__m256i two = _mm256_add_epi8(v, v), four = _mm256_add_epi8(two, two);

	return _mm256_add_epi8(_mm256_add_epi8(four, four), two);
}

AVX2 static inline __m256i values(__m256i digit, __m256i is_digit, __m256i *over)
{
	__m256i low_digit = _mm256_permute2x128_si256(digit, digit, 0x08);
	__m256i low_is = _mm256_permute2x128_si256(is_digit, is_digit, 0x08);
	__m256i hundreds = _mm256_and_si256(LATER(digit, low_digit, 3), LATER(is_digit, low_is, 2));
	__m256i low =
		_mm256_add_epi8(LATER(digit, low_digit, 1), times_ten(LATER(digit, low_digit, 2)));
	__m256i one = _mm256_cmpeq_epi8(hundreds, _mm256_set1_epi8(1));
	__m256i two = _mm256_cmpeq_epi8(hundreds, _mm256_set1_epi8(2));
	__m256i high = _mm256_or_si256(_mm256_and_si256(one, _mm256_set1_epi8(100)),
				       _mm256_and_si256(two, _mm256_set1_epi8((char)200)));
	__m256i sum = _mm256_add_epi8(low, high);
	__m256i fits = _mm256_cmpeq_epi8(sum, _mm256_adds_epu8(low, high));

	*over = _mm256_or_si256(_mm256_cmpgt_epi8(hundreds, _mm256_set1_epi8(2)),
				_mm256_andnot_si256(fits, _mm256_set1_epi8(-1)));
	return sum;
}

static inline uint32_t misshapen(uint32_t digits, uint32_t zeros, uint32_t commas)
{
	uint32_t before = digits << 1, four = digits & before & digits << 2 & digits << 3;

	return (commas & ~before) | four | ((zeros & ~before) << 1 & digits);
}

AVX2 static inline struct block look(const uint8_t *p)
{
	__m256i text = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i digit = _mm256_sub_epi8(text, _mm256_set1_epi8('0')), over;
	__m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, _mm256_set1_epi8(9)), digit);
	__m256i comma = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(','));
	__m256i zero = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('0'));
	uint32_t digits = (uint32_t)_mm256_movemask_epi8(is_digit);
	uint32_t commas = (uint32_t)_mm256_movemask_epi8(comma);
	uint32_t zeros = (uint32_t)_mm256_movemask_epi8(zero);
	uint32_t other = ~(digits | commas);
	struct block b;

	b.value = values(_mm256_and_si256(digit, is_digit), is_digit, &over);
	b.commas = commas & (other ? other ^ (other - 1) : UINT32_MAX);
	b.odd = misshapen(digits, zeros, commas) | ((uint32_t)_mm256_movemask_epi8(over) & commas);
	return b;
}

/* The values of eight characters where there is a comma. */
AVX2 static inline uint8_t *gather8(uint64_t values, uint32_t commas, uint8_t *out)
{
	uint64_t mask = _pdep_u64(commas, 0x0101010101010101u) * 0xff;

	_mm_storel_epi64((__m128i *)(void *)out,
			 _mm_cvtsi64_si128((long long)_pext_u64(values, mask)));
	return out + _mm_popcnt_u32(commas & 0xff);
}

AVX2 static inline void gather(const struct block *b, uint8_t *out)
{
	out = gather8((uint64_t)_mm256_extract_epi64(b->value, 0), b->commas, out);
	out = gather8((uint64_t)_mm256_extract_epi64(b->value, 1), b->commas >> 8, out);
	out = gather8((uint64_t)_mm256_extract_epi64(b->value, 2), b->commas >> 16, out);
	gather8((uint64_t)_mm256_extract_epi64(b->value, 3), b->commas >> 24, out);
}

AVX2 size_t bulk_avx2(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (end - *p >= BLOCK) {
		struct block b = look(*p);
		unsigned count = (unsigned)_mm_popcnt_u32(b.commas), last;

		if (count == 0 || count > room - n)
			return n;
		last = 31u - (unsigned)__builtin_clz(b.commas);
		if (b.odd & (uint32_t)(((uint64_t)2 << last) - 1))
			return n;
		gather(&b, out + n);
		n += count;
		*p += last + 1;
	}
	return n;
}
#endif
