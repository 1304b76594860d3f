/* SPDX-License-Identifier: MIT
 * core/net/frame.h - one encoded line, counted, shared by all its receivers
 */
#ifndef CORE_NET_FRAME_H
#define CORE_NET_FRAME_H

#include "timenode/schema.h"

struct frame {
	uint32_t refs;
	uint32_t n;  /* bytes with the LF */
	uint16_t id; /* of names.h */
	uint8_t line[];
};

/* Encodes once. NULL without memory, or for a body over 1 GiB. One reference. */
struct frame *frame_encode(unsigned id, const char *name, const struct tn_schema *,
			   const void *body);

/* A received line (without LF) to be sent on as it is; the LF is added. */
struct frame *frame_copy(unsigned id, struct tn_view line);

struct frame *frame_ref(struct frame *);
void frame_unref(struct frame *); /* NULL is fine */

#endif
