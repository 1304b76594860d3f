/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_avx2.c - byte numbers, 32 characters at a time, with AVX2 and BMI2
 *
 * The same as numbers_sse2.c in half the vectors; pext picks eight characters' values at
 * once. Functions carry their target, so that nothing else is compiled for it.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <immintrin.h>

#include "wire/bulk_masks.h"

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

enum { BLOCK = 32 };

AVX2 static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline __m256i digit_at(const uint8_t *p)
{
	return _mm256_sub_epi8(load(p), _mm256_set1_epi8('0'));
}

AVX2 static inline __m256i is_digit(__m256i digit)
{
	return _mm256_cmpeq_epi8(_mm256_min_epu8(digit, _mm256_set1_epi8(9)), digit);
}

AVX2 static inline __m256i times_ten(__m256i v)
{
	__m256i two = _mm256_add_epi8(v, v), four = _mm256_add_epi8(two, two);

	return _mm256_add_epi8(_mm256_add_epi8(four, four), two);
}

AVX2 static inline __m256i values(const uint8_t *p, uint32_t *over)
{
	__m256i tens = digit_at(p - 2), is_tens = is_digit(tens), third = digit_at(p - 3);
	__m256i hundreds = _mm256_and_si256(third, _mm256_and_si256(is_digit(third), is_tens));
	__m256i low = _mm256_add_epi8(digit_at(p - 1), times_ten(_mm256_and_si256(tens, is_tens)));
	__m256i one = _mm256_cmpeq_epi8(hundreds, _mm256_set1_epi8(1));
	__m256i two = _mm256_cmpeq_epi8(hundreds, _mm256_set1_epi8(2));
	__m256i high = _mm256_or_si256(_mm256_and_si256(one, _mm256_set1_epi8(100)),
				       _mm256_and_si256(two, _mm256_set1_epi8((char)200)));
	__m256i sum = _mm256_add_epi8(low, high);
	__m256i fits = _mm256_cmpeq_epi8(sum, _mm256_adds_epu8(low, high));
	__m256i wide = _mm256_cmpgt_epi8(hundreds, _mm256_set1_epi8(2));

	*over = (uint32_t)_mm256_movemask_epi8(wide) | ~(uint32_t)_mm256_movemask_epi8(fits);
	return sum;
}

AVX2 static inline uint32_t where(__m256i text, char c)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(c)));
}

AVX2 static inline struct bulk_masks look(const uint8_t *p)
{
	__m256i text = load(p);
	struct bulk_masks m = { 0 };

	m.digits = (uint32_t)_mm256_movemask_epi8(is_digit(digit_at(p)));
	m.commas = where(text, ',');
	m.zeros = where(text, '0');
	return m;
}

/* The values of eight characters where there is a comma. */
AVX2 static inline uint8_t *gather8(int64_t values, uint32_t commas, uint8_t *out)
{
	uint64_t mask = _pdep_u64(commas, 0x0101010101010101u) * 0xff;
	uint64_t picked = _pext_u64((uint64_t)values, mask);

	__builtin_memcpy(out, &picked, sizeof picked);
	return out + _mm_popcnt_u32(commas & 0xff);
}

AVX2 static inline void gather(__m256i value, uint32_t commas, uint8_t *out)
{
	out = gather8(_mm256_extract_epi64(value, 0), commas, out);
	out = gather8(_mm256_extract_epi64(value, 1), commas >> 8, out);
	out = gather8(_mm256_extract_epi64(value, 2), commas >> 16, out);
	gather8(_mm256_extract_epi64(value, 3), commas >> 24, out);
}

AVX2 size_t bulk_avx2(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	struct bulk_masks before = { 0 };
	const uint8_t *at = *p;
	size_t n = 0;

	for (; end - at >= BLOCK; at += BLOCK) {
		struct bulk_masks m = look(at);
		uint32_t commas = bulk_commas(&m), over;
		unsigned count = (unsigned)_mm_popcnt_u32(commas);
		__m256i value = values(at, &over);

		if (count == 0 || count > room - n || bulk_odd(&m, &before, commas, over))
			return n;
		gather(value, commas, out + n);
		n += count;
		*p = at + 32 - __builtin_clz(commas);
		if (bulk_ends(&m))
			return n;
		before = m;
	}
	return n + (end - *p < BLOCK ? bulk_portable(p, end, out + n, room - n) : 0);
}
#endif
