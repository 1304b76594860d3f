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

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))

enum { BLOCK = 32 };

AVX2 static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline __m256i is_digit(__m256i text)
{
	__m256i digit = _mm256_sub_epi8(text, _mm256_set1_epi8('0'));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(digit, _mm256_set1_epi8(9)), digit);
}

/* What a digit of the hundreds is worth; its high bit set: nothing. */
AVX2 static inline __m256i hundreds(__m256i digit)
{
	const __m128i worth =
		_mm_setr_epi8(0, 100, (char)200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(worth), digit);
}

AVX2 static inline __m256i values(const uint8_t *p, __m256i first, __m256i *good)
{
	__m256i zero = _mm256_set1_epi8('0'), ten = _mm256_set1_epi8(10);
	__m256i second = _mm256_andnot_si256(first, load(p - 2));
	__m256i third = _mm256_andnot_si256(_mm256_slli_si256(first, 1), load(p - 3));
	__m256i no_second = _mm256_cmpgt_epi8(zero, second);
	__m256i no_third = _mm256_or_si256(no_second, _mm256_cmpgt_epi8(zero, third));
	__m256i tens = _mm256_mullo_epi16(_mm256_subs_epu8(second, zero), _mm256_set1_epi16(10));
	__m256i low = _mm256_add_epi8(_mm256_sub_epi8(load(p - 1), zero), tens);
	__m256i high = hundreds(_mm256_or_si256(_mm256_sub_epi8(third, zero), no_second));
	__m256i sum = _mm256_add_epi8(low, high);
	__m256i least = _mm256_max_epu8(_mm256_andnot_si256(no_second, ten),
					_mm256_andnot_si256(no_third, _mm256_set1_epi8(100)));

	*good = _mm256_cmpeq_epi8(_mm256_max_epu8(least, sum), sum);
	return sum;
}

AVX2 static inline uint32_t bits_of(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

/* The values of eight characters where a number ends. */
AVX2 static inline uint8_t *gather8(const uint8_t *all, const uint8_t *ends, uint8_t *out)
{
	uint64_t value, mask;

	memcpy(&value, all, sizeof value);
	memcpy(&mask, ends, sizeof mask);
	value = _pext_u64(value, mask);
	memcpy(out, &value, sizeof value);
	return out + _mm_popcnt_u64(mask) / 8;
}

/* Those of the whole block. Behind the array's end other characters count as ends too,
 * which does no harm: no more than BULK_SLACK bytes are scribbled on.
 */
AVX2 static inline void gather(__m256i sum, __m256i digits, uint8_t *out)
{
	uint8_t value[BLOCK], end[BLOCK];

	_mm256_storeu_si256((__m256i *)(void *)value, sum);
	_mm256_storeu_si256((__m256i *)(void *)end, _mm256_xor_si256(digits, _mm256_set1_epi8(-1)));
	out = gather8(value, end, out);
	out = gather8(value + 8, end + 8, out);
	out = gather8(value + 16, end + 16, out);
	gather8(value + 24, end + 24, out);
}

AVX2 static size_t blocks(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	__m256i first = _mm256_zextsi128_si256(_mm_cvtsi32_si128(0xffff));
	struct bulk_state s = { 0 };
	const uint8_t *at;
	unsigned count;
	uint32_t ends;
	size_t n = 0;

	for (at = *p; end - at >= BLOCK && !s.last; at += BLOCK) {
		__m256i text = load(at), value, good, digits = is_digit(text);
		struct bulk_masks m = { .digits = bits_of(digits) };

		value = values(at, first, &good);
		m.commas = bits_of(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(',')));
		m.bad = ~bits_of(good);
		ends = bulk_ends(m, at, &s);
		count = (unsigned)_mm_popcnt_u32(ends);
		if (count == 0 || count > room - n)
			break;
		gather(value, digits, out + n);
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
