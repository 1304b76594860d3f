/* SPDX-License-Identifier: MIT
 * lib/wire/bulk.h - many byte numbers at once: the bulk of blocks and votes
 *
 * Each kernel is the fast way through what a writer makes, "12,255,0,": it takes what it
 * is sure of and leaves the rest, good or bad, to the reader of single numbers. So all
 * of them, and none, give the same values and the same errors.
 */
#ifndef LIB_WIRE_BULK_H
#define LIB_WIRE_BULK_H

#include "timenode/schema.h"

enum { BULK_SLACK = 40, BULK_BEFORE = 3, BULK_TAIL = 35 };

/* Numbers that are each followed by a comma, the last one perhaps by the closing bracket,
 * from *p on, where a number begins behind another one's comma or the opening bracket; at
 * least BULK_BEFORE bytes of the text stand before it. At most `room` of them; out has
 * BULK_SLACK bytes more than that, which may be scribbled on. How many; *p then stands
 * behind the last one's comma or bracket. Nothing at or after end is read.
 */
typedef size_t bulk_fn(const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room);

bulk_fn bulk_none;     /* takes nothing */
bulk_fn bulk_portable; /* C alone, four characters in a word */
#if defined(__x86_64__)
#define BULK_X86 1
bulk_fn bulk_sse2, bulk_avx2;
#endif

/* For kernels that take whole blocks alone: the last characters of the text, fewer than
 * BULK_TAIL, in a block of their own.
 */
size_t bulk_tail(bulk_fn *blocks, const uint8_t **p, const uint8_t *end, uint8_t *out, size_t room);

/* Is there such an end, and the array not over? */
static inline bool bulk_more(const uint8_t *p, const uint8_t *end)
{
	return p != end && end - p < BULK_TAIL && p[-1] != ']';
}

/* The best that this processor has. */
bulk_fn *bulk_best(void);

/* "none", "portable", "sse2" or "avx2"; NULL if there is none of that name here. */
bulk_fn *bulk_named(const char *name);

/* For tests and benchmarks: tn_json_read by one kernel. Names as
 * above; TN_ENOENT if the processor or the build lacks it.
 */
TN_API int tn_json_read_by(const char *kernel, const struct tn_schema *s, struct tn_view in,
			   struct tn_arena *a, const void **out, bool *canonical,
			   struct tn_error *err);

#endif
