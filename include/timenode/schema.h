/* SPDX-License-Identifier: MIT
 * timenode/schema.h - describe a struct once; JSON and bincode come from it
 *
 * Part of libtimenode (lib/wire). The C type of a member chooses its kind, so a
 * table cannot disagree with its struct. JSON follows doc/protocol.md 1 and 2,
 * bincode 9.1.
 */
#ifndef TIMENODE_SCHEMA_H
#define TIMENODE_SCHEMA_H

#include "timenode/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tn_str { /* UTF-8, not terminated, owned by the arena */
	const char *p;
	uint32_t n;
};

struct tn_bytes {
	const uint8_t *p;
	uint32_t n;
};

struct tn_hash {
	uint8_t b[32];
}; /* hash, txid */
struct tn_key {
	uint8_t b[32];
}; /* Ed25519 public key: 8 + 32 in bincode */
struct tn_sig {
	uint8_t b[64];
}; /* Ed25519 signature: 64 in bincode */
struct tn_magic {
	uint8_t b[4];
}; /* the handshake's network magic */

/* clang-format off */
#define TN_LIST(T) struct { T *v; uint32_t n; }
/* clang-format on */

enum tn_kind {
	TN_K_BOOL = 1,
	TN_K_U8,
	TN_K_U32,
	TN_K_U64,
	TN_K_I64,
	TN_K_STR,
	TN_K_BYTES, /* any number of bytes: an array of numbers */
	TN_K_FIXED, /* exactly `max` bytes; no length in bincode (hash, signature, magic) */
	TN_K_KEY,   /* 32 bytes, led by their length in bincode */
	TN_K_ADDR,  /* ours, for storage and commands: text in JSON, 16 + 2 bytes */
	TN_K_SUB,   /* a record by value */
	TN_K_LIST   /* TN_LIST of records */
};

enum tn_shape {
	TN_UNIT,   /* "GetPeers" */
	TN_PLAIN,  /* {"BlockHeightResponse":5}: its only field is the body */
	TN_TUPLE,  /* {"GetBlocks":[1,101]} */
	TN_RECORD, /* {"Ping":{...}}; an array of its fields is read too */
	TN_CHOICE  /* UTXOState: a tag, then that alternative's fields */
};

enum {
	TN_F_NULL = 1, /* Option: null or missing clears the bool at `has` */
	TN_F_EXT = 2   /* ours: written only if `has`, ignored by old nodes, not in bincode;
			 * null or missing clears the bool */
};

struct tn_schema;

/* One member. For a TN_CHOICE one alternative: its name, its record in `of`
 * (NULL: a unit) and where that record lies.
 */
struct tn_field {
	const char *name;
	const struct tn_schema *of; /* record, or the list's element */
	uint32_t off;
	uint32_t max; /* elements or bytes; 0 = the kind's limit: text 1 MiB, bytes 1 MiB,
		       * lists 1 Mi elements */
	uint16_t has; /* offset of the presence bool */
	uint8_t kind;
	uint8_t flags;
	uint8_t name_n; /* length of the name; 0: to be counted */
};

struct tn_schema {
	const char *name;
	const struct tn_field *field;
	uint32_t size;
	uint16_t fields;
	uint16_t tag; /* TN_CHOICE: offset of the uint32_t tag */
	uint8_t shape;
};

/* clang-format off */
#define TN_KIND(T, m) _Generic(((T *)0)->m, \
	bool: TN_K_BOOL, uint8_t: TN_K_U8, uint32_t: TN_K_U32, \
	uint64_t: TN_K_U64, int64_t: TN_K_I64, struct tn_str: TN_K_STR, \
	struct tn_bytes: TN_K_BYTES, struct tn_hash: TN_K_FIXED, \
	struct tn_key: TN_K_KEY, struct tn_sig: TN_K_FIXED, \
	struct tn_magic: TN_K_FIXED, struct tn_addr: TN_K_ADDR)

/* For byte blocks the limit is the exact size; others take `limit`. */
#define TN_LIMIT(T, m, limit) _Generic(((T *)0)->m, \
	struct tn_hash: 32, struct tn_key: 32, struct tn_sig: 64, \
	struct tn_magic: 4, default: (limit))

#define TN_FIELD(T, m) \
	{ #m, NULL, offsetof(T, m), TN_LIMIT(T, m, 0), 0, TN_KIND(T, m), 0, sizeof #m - 1 }
#define TN_FIELD_MAX(T, m, limit) \
	{ #m, NULL, offsetof(T, m), TN_LIMIT(T, m, limit), 0, TN_KIND(T, m), 0, sizeof #m - 1 }
/* An optional member; `flag` is its presence bool, `how` TN_F_NULL or TN_F_EXT. */
#define TN_FIELD_IF(T, m, limit, flag, how) \
	{ #m, NULL, offsetof(T, m), TN_LIMIT(T, m, limit), offsetof(T, flag), TN_KIND(T, m), how, sizeof #m - 1 }
#define TN_SUB(T, m, schema) \
	{ #m, schema, offsetof(T, m), 0, 0, TN_K_SUB, 0, sizeof #m - 1 }
#define TN_LISTOF(T, m, schema, limit) \
	{ #m, schema, offsetof(T, m), limit, 0, TN_K_LIST, 0, sizeof #m - 1 }
#define TN_LISTOF_IF(T, m, schema, limit, flag, how) \
	{ #m, schema, offsetof(T, m), limit, offsetof(T, flag), TN_K_LIST, how, sizeof #m - 1 }
/* One alternative of a TN_CHOICE: variant name, member that holds its record, schema. */
#define TN_ALT(T, variant, m, schema) \
	{ variant, schema, offsetof(T, m), 0, 0, TN_K_SUB, 0, sizeof variant - 1 }
#define TN_ALT_UNIT(variant) { variant, NULL, 0, 0, 0, TN_K_SUB, 0, sizeof variant - 1 }

/* An initialiser: the author writes the storage class and the name himself. */
#define TN_SCHEMA(T, how, ...) { #T, (const struct tn_field[]){ __VA_ARGS__ }, \
	sizeof(T), sizeof((const struct tn_field[]){ __VA_ARGS__ }) / \
	sizeof(struct tn_field), 0, how }
#define TN_CHOICE_SCHEMA(T, t, ...) { #T, (const struct tn_field[]){ __VA_ARGS__ }, \
	sizeof(T), sizeof((const struct tn_field[]){ __VA_ARGS__ }) / \
	sizeof(struct tn_field), offsetof(T, t), TN_CHOICE }

/* clang-format on */
TN_API extern const struct tn_schema tn_schema_unit; /* no body */
TN_API extern const struct tn_schema
	tn_schema_string; /* list element: struct tn_str, up to 1 MiB */
TN_API extern const struct tn_schema
	tn_schema_word; /* list element: struct tn_str, up to 64 bytes */

/* Is a third party's table sane? Offsets inside the struct and aligned, known kinds, at
 * most 64 members with plain ASCII names, nesting at most 16 deep, extensions only in
 * records, list elements that are never empty, choices anywhere but directly inside a
 * choice. 0 or TN_EINVAL with the reason. Readers and writers rely on it.
 */
TN_API int tn_schema_check(const struct tn_schema *s, struct tn_error *err);

/* What a decode may take from the arena, for an input of n bytes, whatever it says:
 *
 *     256 + s->size + n * (4 * E + 16)
 *
 * where E is the size of the largest list element in the schema. Arrays grow as
 * elements arrive; no count or length in the input is ever believed in advance.
 */

/* JSON text of one value (not a line: no name, no LF) into a new object of the
 * arena (NULL for a unit, whose text is null). Decoded data never points into the input.
 * Text members are checked to be UTF-8, values of unknown members are not; who needs
 * that, checks the whole input with tn_utf8_valid first. White space around the value is
 * allowed, anything else after it is not. *canonical (may be NULL) tells whether
 * the input is byte for byte what tn_json_write would produce.
 * 0, TN_EBAD with the reason and the offset, or TN_ENOMEM at the arena's limit.
 */
TN_API int tn_json_read(const struct tn_schema *s, struct tn_view in, struct tn_arena *a,
			const void **out, bool *canonical, struct tn_error *err);

/* Compact JSON, fields in declaration order, byte for byte what the reference's
 * serde_json would write. Returns the size needed without a NUL; nothing is
 * written beyond room.
 */
TN_API size_t tn_json_write(const struct tn_schema *s, const void *obj, char *buf, size_t room);

/* bincode 1.3, default configuration; trailing bytes are refused. */
TN_API int tn_bin_read(const struct tn_schema *s, struct tn_view in, struct tn_arena *a,
		       const void **out, struct tn_error *err);
TN_API size_t tn_bin_write(const struct tn_schema *s, const void *obj, uint8_t *buf, size_t room);

#ifdef __cplusplus
}
#endif
#endif
