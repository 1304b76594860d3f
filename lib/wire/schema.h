/* SPDX-License-Identifier: MIT
 * lib/wire/schema.h - what readers and writers share: limits, lists, where members lie
 */
#ifndef LIB_WIRE_SCHEMA_H
#define LIB_WIRE_SCHEMA_H

#include "timenode/schema.h"

enum { SCHEMA_DEPTH = 16, SCHEMA_FIELDS = 64, SCHEMA_NAME = 63 };

/* How every TN_LIST lies in memory. */
struct list_any {
	void *v;
	uint32_t n;
};

/* The most bytes or elements of a member: its own limit or that of its kind. */
uint32_t schema_limit(const struct tn_field *f);

/* Room for one more element of `size` bytes, zeroed. The array doubles as elements
 * really arrive, so a count that a peer sent is never what is allocated. NULL without
 * memory. *room belongs to the list and starts as 0.
 */
void *list_add(struct tn_arena *a, struct list_any *list, uint32_t *room, size_t size);

/* Is the optional member there? True for one that is not optional. */
bool member_has(const struct tn_field *f, const uint8_t *obj);
void member_set_has(const struct tn_field *f, uint8_t *obj, bool has);

#endif
