/* SPDX-License-Identifier: MIT
 * timenode/wire.h - lines, envelopes and the 47 message names of the December-2025 wire
 *
 * Part of libtimenode (lib/wire); doc/protocol.md 1 to 3. A line is one JSON
 * value and one LF. The envelope is the outermost level of that value: a message
 * name and, unless the message has no body, the span of the body.
 */
#ifndef TIMENODE_WIRE_H
#define TIMENODE_WIRE_H

#include "timenode/schema.h"
#include "timenode/types_block.h"
#include "timenode/types_consensus.h"
#include "timenode/types_masternode.h"
#include "timenode/types_peer.h"
#include "timenode/types_tx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- cutting a stream into lines */

struct tn_cut {
	size_t seen; /* bytes of the unfinished line that hold no LF */
};

/* Length of the first line in p[0..n) with its LF, or 0 when there is none yet.
 * Resumable: call again with the same start and a larger n, bytes already looked
 * at are not scanned again. After a line was found, start at the next byte.
 */
TN_API size_t tn_cut_line(struct tn_cut *c, const uint8_t *p, size_t n);

/* Is it UTF-8 as the reference's reader demands (no overlong forms, no surrogates)? */
TN_API bool tn_utf8_valid(const uint8_t *p, size_t n);

/* ---- envelopes */

#define TN_NAME_MAX 63 /* longer names are cut and can only be unknown */

struct tn_envelope {
	char name[TN_NAME_MAX + 1]; /* escapes resolved, NUL-terminated */
	uint32_t name_n;
	bool unit;           /* a bare string; body is empty */
	bool canonical;      /* no white space, no escapes in the name */
	struct tn_view body; /* into the line; not yet looked at */
};

/* The name of a whole line (with or without its LF). The body is not validated:
 * tn_json_read does that, or nobody needs it. 0 or TN_EBAD with the reason.
 */
TN_API int tn_envelope_read(struct tn_view line, struct tn_envelope *out, struct tn_error *err);

/* The same for the beginning of a line that still grows: fills name and name_n.
 * 0, TN_EBUSY when the name is not complete yet, TN_EBAD when no envelope can come.
 * A name that is already too long is not waited for: 0 and its beginning.
 */
TN_API int tn_envelope_peek(struct tn_view start, struct tn_envelope *out);

/* Body of an envelope by its schema; *canonical then speaks of the whole line.
 * A unit takes no body or null (doc/protocol.md 2).
 */
TN_API int tn_envelope_body(const struct tn_envelope *e, const struct tn_schema *s,
			    struct tn_arena *a, const void **out, bool *canonical,
			    struct tn_error *err);

/* A whole line with its LF. body is ignored for a unit. Returns the size needed;
 * nothing is written beyond room.
 */
TN_API size_t tn_line_write(const char *name, const struct tn_schema *s, const void *body,
			    char *buf, size_t room);

/* ---- the names of the December-2025 wire, by their place in the enum */

#define TN_MESSAGES 47

/* Index of a name, or TN_ENOENT. */
TN_API int tn_message_find(const char *name, size_t n);

/* Name of an index below TN_MESSAGES, else NULL. */
TN_API const char *tn_message_name(unsigned index);

/* Body schema of an index below TN_MESSAGES, else NULL. */
TN_API const struct tn_schema *tn_message_schema(unsigned index);

#ifdef __cplusplus
}
#endif
#endif
