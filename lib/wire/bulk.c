/* SPDX-License-Identifier: MIT
 * lib/wire/bulk.c - which kernel this processor has
 *
 * The compiler's runtime asks the processor once, before main; to look at what it found
 * costs less than a pointer that would have to be kept somewhere.
 */
#include "wire/bulk.h"

#include <string.h>

enum { BULK_BLOCK = 32 };

/* Everything is left to the reader of single numbers. */
size_t bulk_none(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	(void)p;
	(void)end;
	(void)out;
	(void)room;
	return 0;
}

/* The NUL bytes behind the copy end whatever it holds. */
size_t bulk_tail(bulk_fn *blocks, const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	uint8_t copy[BULK_BEFORE + 2 * BULK_BLOCK] = { 0 };
	const uint8_t *from = copy + BULK_BEFORE, *at = from;
	size_t left = (size_t)(end - *p), n;

	memcpy(copy + BULK_BEFORE, *p, left);
	n = blocks(&at, copy + sizeof copy, out, room);
	*p += at - from;
	return n;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Four characters in one word: where the first one that is no digit stands tells how far
 * to move the digits up, so that ones, tens and hundreds always lie in the same bytes. No
 * branch depends on how long a number is.
 */
size_t bulk_portable(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	static const uint8_t least[4] = { 0, 0, 10, 100 };
	const uint8_t *at = *p;
	size_t n = 0;

	while (n < room && end - at >= 4) {
		uint32_t text, digits, other;
		unsigned length, v;

		memcpy(&text, at, sizeof text);
		digits = text ^ 0x30303030u;
		other = ((digits + 0x76767676u) | digits) & 0x80808080u;
		if (!other || other & 0x80)
			break;
		length = (unsigned)__builtin_ctz(other) / 8;
		digits <<= 32 - 8 * length;
		v = (digits >> 24) + (digits >> 16 & 0xff) * 10 + (digits >> 8 & 0xff) * 100;
		if (v > 255 || v < least[length] || (at[length] != ',' && at[length] != ']'))
			break;
		out[n++] = (uint8_t)v;
		at += length + 1;
		if (at[-1] == ']')
			break;
	}
	*p = at;
	return n;
}
#else
size_t bulk_portable(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	return bulk_none(p, end, out, room);
}
#endif

#ifdef BULK_X86
static bool can_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* The first two generations of Zen have pext in name only: it takes hundreds of cycles. */
static bool fast_avx2(void)
{
	return can_avx2() && !__builtin_cpu_is("znver1") && !__builtin_cpu_is("znver2");
}

bulk_fn *bulk_best(void)
{
	return fast_avx2() ? bulk_avx2 : bulk_sse2;
}

static bulk_fn *vector_named(const char *name)
{
	if (strcmp(name, "sse2") == 0)
		return bulk_sse2;
	return strcmp(name, "avx2") == 0 && can_avx2() ? bulk_avx2 : NULL;
}
#else
bulk_fn *bulk_best(void)
{
	return bulk_portable;
}

static bulk_fn *vector_named(const char *name)
{
	(void)name;
	return NULL;
}
#endif

bulk_fn *bulk_named(const char *name)
{
	if (strcmp(name, "none") == 0)
		return bulk_none;
	return strcmp(name, "portable") == 0 ? bulk_portable : vector_named(name);
}
