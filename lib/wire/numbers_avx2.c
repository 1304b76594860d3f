/* SPDX-License-Identifier: MIT
 * lib/wire/numbers_avx2.c - byte numbers, 32 characters at a time, with AVX2 and BMI2
 *
 * The same as numbers_sse2.c in half the vectors; a table gives the hundreds and pext
 * picks eight characters' values at once. Functions carry their target, so that nothing
 * else is compiled for it.
 */
#include "wire/bulk.h"

#ifdef BULK_X86
#include <immintrin.h>
#include <string.h>

#include "wire/bulk_masks.h"

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))

enum { BLOCK = 32 };

AVX2 static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline __m256i is_digit(__m256i text)
{
	return _mm256_cmpgt_epi8(_mm256_set1_epi8(-118),
				 _mm256_add_epi8(text, _mm256_set1_epi8(0x50)));
}

/* By the digit of the hundreds, its high bit set for none: what it is worth. */
AVX2 static inline __m256i hundreds(__m256i digit)
{
	const __m128i worth =
		_mm_setr_epi8(0, 100, (char)200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(worth), digit);
}

AVX2 static inline __m256i values(const uint8_t *p, __m256i first, __m256i *good)
{
	__m256i zero = _mm256_set1_epi8('0'), below = _mm256_set1_epi8('0' - 1);
	__m256i second = _mm256_andnot_si256(first, load(p - 2));
	__m256i third = _mm256_andnot_si256(_mm256_slli_si256(first, 1), load(p - 3));
	__m256i two_digits = _mm256_cmpgt_epi8(second, below);
	__m256i three_digits = _mm256_and_si256(two_digits, _mm256_cmpgt_epi8(third, below));
	__m256i tens = _mm256_mullo_epi16(_mm256_subs_epu8(second, zero), _mm256_set1_epi16(10));
	__m256i low = _mm256_add_epi8(_mm256_sub_epi8(load(p - 1), zero), tens);
	__m256i digit = _mm256_sub_epi8(third, zero);
	__m256i high = _mm256_and_si256(hundreds(digit), two_digits);
	__m256i sum = _mm256_add_epi8(low, high);
	__m256i least = _mm256_max_epu8(_mm256_and_si256(two_digits, _mm256_set1_epi8(10)),
					_mm256_and_si256(three_digits, _mm256_set1_epi8(100)));

	*good = _mm256_cmpeq_epi8(_mm256_max_epu8(least, sum), sum);
	return sum;
}

AVX2 static inline uint32_t bits_of(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

/* The values of eight characters where there is a comma. */
AVX2 static inline uint8_t *gather8(const uint8_t *all, const uint8_t *ends, uint8_t *out)
{
	uint64_t value, mask;

	memcpy(&value, all, sizeof value);
	memcpy(&mask, ends, sizeof mask);
	value = _pext_u64(value, mask);
	memcpy(out, &value, sizeof value);
	return out + _mm_popcnt_u64(mask) / 8;
}

/* All ends of a block at once; those behind the array's end do no harm. */
AVX2 static inline void gather(__m256i sum, __m256i ends, uint8_t *out)
{
	uint8_t value[BLOCK], end[BLOCK];

	_mm256_storeu_si256((__m256i *)(void *)value, sum);
	_mm256_storeu_si256((__m256i *)(void *)end, ends);
	out = gather8(value, end, out);
	out = gather8(value + 8, end + 8, out);
	out = gather8(value + 16, end + 16, out);
	gather8(value + 24, end + 24, out);
}

AVX2 static size_t blocks(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	__m256i first = _mm256_zextsi128_si256(_mm_cvtsi32_si128(0xffff));
	const __m256i comma = _mm256_set1_epi8(','), close = _mm256_set1_epi8(']');
	struct bulk_state s = { 0 };
	const uint8_t *at;
	size_t n = 0;

	for (at = *p; end - at >= BLOCK && !s.last; at += BLOCK) {
		__m256i text = load(at), is_comma = _mm256_cmpeq_epi8(text, comma), good;
		__m256i value = values(at, first, &good);
		struct bulk_masks m = { bits_of(is_digit(text)), bits_of(is_comma),
					~bits_of(good) };
		uint32_t ends = bulk_ends(m, at, &s);
		unsigned count = (unsigned)_mm_popcnt_u32(ends);

		if (count == 0 || count > room - n)
			break;
		gather(value, _mm256_or_si256(is_comma, _mm256_cmpeq_epi8(text, close)), out + n);
		n += count;
		*p = at + BLOCK - __builtin_clz(ends);
		first = _mm256_setzero_si256();
	}
	return n;
}

AVX2 size_t bulk_avx2(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	size_t n = blocks(p, end, out, room);

	return bulk_more(*p, end) ? n + bulk_tail(blocks, p, end, out + n, room - n) : n;
}
#endif
