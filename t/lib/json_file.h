/* SPDX-License-Identifier: MIT
 * t/lib/json_file.h - recorded values in one JSON document, section by section
 *
 * The document is read with json-c. It lies in t/data, or in the directory that the first
 * argument or TN_VECTORS names.
 */
#ifndef T_LIB_JSON_FILE_H
#define T_LIB_JSON_FILE_H

#include <json-c/json.h>

#include "timenode/wire.h"

struct json_file {
	json_object *root;
	bool own; /* ours: then the least numbers of records are checked */
};

/* A document that is not there, or is none, ends the test. */
void json_file_open(struct json_file *, const char *name, int argc, char **argv);
void json_file_close(struct json_file *);

/* One check: fn says yes for every record of the section, and our own file has at least
 * `least` of them. Names what it says no to.
 */
typedef bool record_fn(json_object *record, void *arg);
void json_file_each(const struct json_file *, const char *section, size_t least, record_fn *fn,
		    void *arg);

/* ---- members of a record */

/* Does the member hold these bytes in hex? */
bool same_hex(json_object *record, const char *member, const void *got, size_t n);

/* Hex of exactly n bytes into out; anything else ends the test. */
void hex_member(json_object *record, const char *member, void *out, size_t n);

/* Text or hex member as bytes; the caller frees. */
uint8_t *bytes_member(json_object *record, const char *member, size_t *n);

/* A decimal number written as text or as a number. */
int64_t int_member(json_object *record, const char *member);
uint64_t uint_member(json_object *record, const char *member);

/* JSON text of a value read by its table, and its bincode compared with `bincode_hex` when
 * the record has that. NULL if either fails.
 */
const void *read_value(json_object *record, const char *member, const struct tn_schema *s,
		       struct tn_arena *a);

#endif
