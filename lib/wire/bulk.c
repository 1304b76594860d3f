/* SPDX-License-Identifier: MIT
 * lib/wire/bulk.c - which kernel this processor has
 *
 * The compiler's runtime asks the processor once, before main; to look at what it found
 * costs less than a pointer that would have to be kept somewhere.
 */
#include "wire/bulk.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Four characters in one word: where the comma is tells how far to move the digits up,
 * so that ones, tens and hundreds always lie in the same bytes. No branch depends on how
 * long a number is.
 */
size_t bulk_portable(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	static const uint8_t least[4] = { 0, 0, 10, 100 };
	const uint8_t *at = *p;
	size_t n = 0;

	for (; n < room && end - at >= 4; n++) {
		uint32_t text, comma, digits;
		unsigned length, v;

		memcpy(&text, at, sizeof text);
		comma = text ^ 0x2c2c2c2cu;
		comma = (comma - 0x01010101u) & ~comma & 0x80808080u;
		if (!comma || comma & 0x80)
			break;
		length = (unsigned)__builtin_ctz(comma) / 8;
		digits = (text ^ 0x30303030u) << (32 - 8 * length);
		v = (digits >> 24) + (digits >> 16 & 0xff) * 10 + (digits >> 8 & 0xff) * 100;
		if ((((digits + 0x76767676u) | digits) & 0x80808080u) || v > 255 ||
		    v < least[length])
			break;
		out[n] = (uint8_t)v;
		at += length + 1;
	}
	*p = at;
	return n;
}
#else
size_t bulk_portable(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	(void)p;
	(void)end;
	(void)out;
	(void)room;
	return 0;
}
#endif

#ifdef BULK_X86
/* The first two generations of Zen have pext in name only: it takes hundreds of cycles. */
static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("popcnt") && !__builtin_cpu_is("znver1") &&
	       !__builtin_cpu_is("znver2");
}

bulk_fn *bulk_best(void)
{
	return has_avx2() ? bulk_avx2 : bulk_sse2;
}

static bulk_fn *vector_named(const char *name)
{
	if (strcmp(name, "sse2") == 0)
		return bulk_sse2;
	return strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") &&
			       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
		       ? bulk_avx2
		       : NULL;
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
	return strcmp(name, "portable") == 0 ? bulk_portable : vector_named(name);
}
