/* SPDX-License-Identifier: MIT
 * lib/wire/cut.c - lines in a stream, and whether they are text
 */
#include <string.h>

#include "timenode/wire.h"

size_t tn_cut_line(struct tn_cut *c, const uint8_t *p, size_t n)
{
	const uint8_t *lf;

	if (n <= c->seen)
		return 0;
	lf = memchr(p + c->seen, '\n', n - c->seen);
	if (!lf) {
		c->seen = n;
		return 0;
	}
	c->seen = 0;
	return (size_t)(lf - p) + 1;
}

/* Length of the ASCII prefix, 64 bytes at a time, then eight. */
static size_t ascii_prefix(const uint8_t *p, size_t n)
{
	size_t i = 0;
	uint64_t word, block[8];

	for (; n - i >= sizeof block; i += sizeof block) {
		memcpy(block, p + i, sizeof block);
		word = block[0] | block[1] | block[2] | block[3];
		word |= block[4] | block[5] | block[6] | block[7];
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, p + i, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

/* Length of the one character at p that is not ASCII, 0 if it is none: table 3-7 of the
 * Unicode standard.
 */
static size_t character(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t length, i;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		length = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		length = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (n < length)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool tn_utf8_valid(const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	while ((i += n > i ? ascii_prefix(p + i, n - i) : 0) < n) {
		k = character(p + i, n - i);
		if (k == 0)
			return false;
		i += k;
	}
	return true;
}
