/* SPDX-License-Identifier: MIT
 * lib/wire/numbers.h - integers as text and as little-endian bytes
 */
#ifndef LIB_WIRE_NUMBERS_H
#define LIB_WIRE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT = 20 }; /* digits of UINT64_MAX */
enum { SAFE_DIGITS = 19 }; /* so many always fit into 64 bits */

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') <= 9;
}

/* The decimal digits at p: how many of them were read, 0 if there is none, the number
 * starts with a needless zero or it does not fit into 64 bits.
 */
static inline size_t number_read(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	const uint8_t *start = p, *safe = end - p > SAFE_DIGITS ? p + SAFE_DIGITS : end;
	uint64_t v = 0;

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

/* Decimal text into the end of buf; returns where it starts. */
static inline char *number_write(char buf[NUMBER_TEXT], uint64_t v)
{
	char *p = buf + NUMBER_TEXT;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return p;
}

static inline uint64_t le_load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline void le_store(uint8_t *p, uint64_t v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

#endif
