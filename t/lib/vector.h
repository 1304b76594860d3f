/* SPDX-License-Identifier: MIT
 * t/lib/vector.h - the recorded lines in t/data, one JSON object a line
 *
 * They are read with json-c, so that the reader under test is not its own witness.
 */
#ifndef T_LIB_VECTOR_H
#define T_LIB_VECTOR_H

#include <json-c/json.h>

#include "timenode/wire.h"

typedef void vector_fn(json_object *record, void *arg);

/* Calls fn for each record of the file `name` in that directory, NULL for our own t/data;
 * the number of records. A file that is not there ends the test.
 */
unsigned vectors_each(const char *dir, const char *name, vector_fn *fn, void *arg);

/* Member of a record as text; "" if there is none. */
const char *vector_text(json_object *record, const char *member);

/* The raw bytes of a record's line: its `line`, or its `hex` decoded. The caller frees. */
uint8_t *vector_line(json_object *record, size_t *n);

/* Hex text as bytes; the caller frees. */
uint8_t *vector_hex(const char *hex, size_t *n);

/* What the library makes of one line, by envelope, name and body. */
struct verdict {
	int index; /* of the message, TN_ENOENT if there is none */
	bool utf8, envelope;
	bool accept;    /* neither malformed nor unknown */
	bool canonical; /* of the whole line */
	const void *body;
	struct tn_error err;
};
void judge_line(const uint8_t *line, size_t n, struct tn_arena *a, struct verdict *out);

#endif
