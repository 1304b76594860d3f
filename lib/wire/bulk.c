/* SPDX-License-Identifier: MIT
 * lib/wire/bulk.c - which kernel this processor has
 *
 * The compiler's runtime asks the processor once, before main; to look at what it found
 * costs less than a pointer that would have to be kept somewhere.
 */
#include "wire/bulk.h"

#include <string.h>

size_t bulk_none(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room)
{
	(void)p;
	(void)end;
	(void)out;
	(void)room;
	return 0;
}

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
	return bulk_none;
}

static bulk_fn *vector_named(const char *name)
{
	(void)name;
	return NULL;
}
#endif

bulk_fn *bulk_named(const char *name)
{
	return strcmp(name, "portable") == 0 ? bulk_none : vector_named(name);
}
