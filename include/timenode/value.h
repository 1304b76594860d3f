/* SPDX-License-Identifier: MIT
 * timenode/value.h - what can be done with any value that a schema describes
 *
 * Part of libtimenode (lib/wire). The schema must be one that tn_schema_check takes;
 * nothing here is for bytes of a peer, those pass a reader first.
 */
#ifndef TIMENODE_VALUE_H
#define TIMENODE_VALUE_H

#include "timenode/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For people: one member a line as "name: value", nested ones indented by two blanks,
 * list elements led by "- ", byte blocks as hex, absent members left out. Control characters of
 * texts are escaped. Not meant to be read again. Returns the size needed without a
 * NUL; nothing is written beyond room.
 */
TN_API size_t tn_print(const struct tn_schema *s, const void *obj, char *buf, size_t room);

/* A total order, member by member in declaration order: < 0, 0, > 0. Absent comes before
 * present, a list's elements count before its length, texts are bytes. Padding and
 * members that are absent are not looked at, so 0 means: the same on the wire.
 */
TN_API int tn_compare(const struct tn_schema *s, const void *a, const void *b);

/* A deep copy in the arena: nothing of it points into obj. 0 or TN_ENOMEM. */
TN_API int tn_clone(const struct tn_schema *s, const void *obj, struct tn_arena *a,
		    const void **out);

/* A random value, for tests and tools: every alternative, absent members, empty and
 * small lists, the ends of the integers, texts with everything that needs an escape, keys
 * that are points. At most a few hundred list elements in all. The same seed gives the
 * same value; it is moved on. Extensions are set only if wanted. 0 or TN_ENOMEM.
 */
TN_API int tn_sample(const struct tn_schema *s, struct tn_arena *a, uint64_t *seed, bool extensions,
		     const void **out);

#ifdef __cplusplus
}
#endif
#endif
