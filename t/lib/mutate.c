/* SPDX-License-Identifier: MIT
 * t/lib/mutate.c - small random changes to lines
 */
#include "lib/mutate.h"

#include <string.h>

uint64_t mutate_draw(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

size_t mutate_line(uint8_t *to, const uint8_t *line, size_t n, uint64_t *seed)
{
	static const char bytes[] =
		"{}[]\",:0123456789-+.eE\\u/ \t\r\nnulltruefalse\x01\x7f\xc3\xa9";
	size_t at = mutate_draw(seed) % n;
	uint8_t byte = (uint8_t)bytes[mutate_draw(seed) % (sizeof bytes - 1)];

	memcpy(to, line, n);
	switch (mutate_draw(seed) % 4) {
	case 0:
		to[at] = (uint8_t)mutate_draw(seed);
		return n;
	case 1: /* one more */
		memmove(to + at + 1, to + at, n - at);
		to[at] = byte;
		return n + 1;
	case 2: /* one less */
		memmove(to + at, to + at + 1, n - at - 1);
		return n - 1;
	default:
		to[at] = byte;
		return n;
	}
}
