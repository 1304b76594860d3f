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

/* The value of eight digits in one word, the first in its lowest byte: neighbours are joined three times, to pairs, fours and all. */
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

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint64_t le_load8(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

static inline uint32_t le_load4(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

static inline void le_store8(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}
#else
static inline uint64_t le_load8(const uint8_t *p)
{
	return le_load(p, 8);
}

static inline uint32_t le_load4(const uint8_t *p)
{
	return (uint32_t)le_load(p, 4);
}

static inline void le_store8(uint8_t *p, uint64_t v)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}
#endif

/* How many of eight characters are digits before the first one that is none. The high bit
 * of a byte is set where there is none; what is carried further does not matter.
 */
static inline unsigned leading_digits(uint64_t w)
{
	uint64_t digits = w ^ 0x3030303030303030u;
	uint64_t other = ((digits + 0x7676767676767676u) | digits) & 0x8080808080808080u;

	return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* The decimal digits at p: how many of them were read, 0 if there is none, the number
 * starts with a needless zero or it does not fit into 64 bits.
 */
static inline size_t number_read(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	static const uint32_t power[9] = { 1,      10,      100,      1000,     10000,
					   100000, 1000000, 10000000, 100000000 };
	const uint8_t *start = p;
	uint64_t v = 0, w;
	unsigned k = 8;

	while (k == 8 && p - start < SAFE_DIGITS - 8 && end - p >= 8) {
		w = le_load8(p);
		k = leading_digits(w);
		if (k == 0)
			break;
		v = v * power[k] + eight_value(w << (64 - 8 * k)); /* zeros in front */
		p += k;
	}
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

/* How many digits it has: from its bits, with one comparison. */
static inline unsigned number_digits(uint64_t v)
{
	static const uint64_t power[NUMBER_TEXT] = { 0,
						     10,
						     100,
						     1000,
						     10000,
						     100000,
						     1000000,
						     10000000,
						     100000000,
						     1000000000,
						     10000000000u,
						     100000000000u,
						     1000000000000u,
						     10000000000000u,
						     100000000000000u,
						     1000000000000000u,
						     10000000000000000u,
						     100000000000000000u,
						     1000000000000000000u,
						     10000000000000000000u };
	unsigned n = (64 - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12; /* times log10(2) */

	return n + (v >= power[n]);
}

/* Decimal text that ends before `end`. Two digits at a time: half the divisions. */
static inline void number_write(char *end, uint64_t v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char *p = end;

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
}

static inline void le_store(uint8_t *p, uint64_t v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

#endif
