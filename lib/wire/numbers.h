/* SPDX-License-Identifier: MIT
 * lib/wire/numbers.h - integers as text and as little-endian bytes
 */
#ifndef LIB_WIRE_NUMBERS_H
#define LIB_WIRE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { NUMBER_TEXT = 20 }; /* digits of UINT64_MAX */
enum { SAFE_DIGITS = 19 }; /* so many always fit into 64 bits */

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') <= 9;
}

/* Eight characters in one word, the first in its lowest byte: all digits? */
static inline bool eight_digits(uint64_t w)
{
	return (w & 0xf0f0f0f0f0f0f0f0u) == 0x3030303030303030u &&
	       ((w + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) == 0x3030303030303030u;
}

/* Their value: neighbours are joined three times, to pairs, fours and all. */
static inline uint64_t eight_value(uint64_t w)
{
	w = (w & 0x0f0f0f0f0f0f0f0fu) * (10 * 256 + 1) >> 8;
	w = (w & 0x00ff00ff00ff00ffu) * (100 * 65536 + 1) >> 16;
	return (w & 0x0000ffff0000ffffu) * (10000 * ((uint64_t)1 << 32) + 1) >> 32;
}

static inline uint64_t le_load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* The decimal digits at p: how many of them were read, 0 if there is none, the number
 * starts with a needless zero or it does not fit into 64 bits.
 */
static inline size_t number_read(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	const uint8_t *start = p, *safe = end - p > SAFE_DIGITS ? p + SAFE_DIGITS : end;
	uint64_t v = 0, w;

	while (safe - p >= 8 && eight_digits(w = le_load(p, 8))) {
		v = v * 100000000 + eight_value(w);
		p += 8;
	}
	for (; p < safe && is_digit(*p); p++)
		v = v * 10 + (unsigned)(*p - '0');
	for (; p < end && is_digit(*p); p++) {
		unsigned d = (unsigned)(*p - '0');

		if (v > UINT64_MAX / 10 || (v == UINT64_MAX / 10 && d > UINT64_MAX % 10))
			return 0;
		v = v * 10 + d;
	}
	if (p - start > 1 && *start == '0')
		return 0;
	*out = v;
	return (size_t)(p - start);
}

/* The same for 0 to 255, the numbers that hashes, keys and scripts are made of. */
static inline size_t number_read_byte(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
	size_t left = (size_t)(end - p);
	unsigned v;

	if (left == 0 || !is_digit(p[0]))
		return 0;
	v = (unsigned)(p[0] - '0');
	if (left == 1 || !is_digit(p[1])) {
		*out = (uint8_t)v;
		return 1;
	}
	if (v == 0)
		return 0;
	v = v * 10 + (unsigned)(p[1] - '0');
	if (left == 2 || !is_digit(p[2])) {
		*out = (uint8_t)v;
		return 2;
	}
	v = v * 10 + (unsigned)(p[2] - '0');
	if (v > 255 || (left > 3 && is_digit(p[3])))
		return 0;
	*out = (uint8_t)v;
	return 3;
}

/* Decimal text into the end of buf; returns where it starts. Two digits at a time: half
 * the divisions.
 */
static inline char *number_write(char buf[NUMBER_TEXT], uint64_t v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char *p = buf + NUMBER_TEXT;

	for (; v > 99; v /= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
	}
	if (v > 9) {
		p -= 2;
		memcpy(p, pairs + v * 2, 2);
	} else {
		*--p = (char)('0' + v);
	}
	return p;
}

static inline void le_store(uint8_t *p, uint64_t v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

#endif
