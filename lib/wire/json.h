/* SPDX-License-Identifier: MIT
 * lib/wire/json.h - the JSON reader's cursor, shared by its three files and the envelope
 *
 * Every call returns 0 or a tn_code and leaves p at the offending byte.
 */
#ifndef LIB_WIRE_JSON_H
#define LIB_WIRE_JSON_H

#include "timenode/schema.h"
#include "wire/bulk.h"

struct json {
	const uint8_t *start, *p, *end;
	struct tn_arena *arena; /* NULL in the envelope, which allocates nothing */
	bulk_fn *bulk;          /* likewise */
	struct tn_error *err;
	bool canon;    /* so far, the bytes are those the writer would give */
	bool starved;  /* the failure was the end of the input */
	bool brief;    /* json_name may stop when its buffer is full */
	bool lax;      /* json_name: a string of bytes, as the reference reads keys: control
			* characters and lone surrogates are taken */
	uint8_t *nest; /* json_skip: one bit for each open bracket */
	size_t nest_bits;
};

/* The next byte, or NUL at the end: no token starts with it. */
static inline uint8_t json_peek(const struct json *j)
{
	return j->p < j->end ? *j->p : 0;
}

static inline bool json_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* White space between tokens: read, but the writer makes none. */
void json_space_far(struct json *j);
static inline void json_space(struct json *j)
{
	if (j->p < j->end && *j->p <= ' ')
		json_space_far(j);
}

/* Of eight characters of a string: the high bit in the first byte that is a quote, a
 * backslash or a control character; what stands behind that one means nothing.
 */
static inline uint64_t json_marks(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\';

	return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
		((w - ones * 0x20) & ~w)) &
	       high;
}

/* TN_EBAD for the byte at p, or because there is none. */
int json_fail(struct json *j, const char *why);

/* TN_EBAD for what was read whole: more input could not mend it. */
int json_refuse(struct json *j, const char *why);

/* TN_ENOMEM at the arena's limit. */
int json_nomem(struct json *j);

/* White space, then exactly that byte; the second is the way when it is not next. */
int json_expect_far(struct json *j, uint8_t c);
static inline int json_expect(struct json *j, uint8_t c)
{
	if (j->p == j->end || *j->p != c)
		return json_expect_far(j, c);
	j->p++;
	return 0;
}

/* The word null, true or false. */
int json_word(struct json *j, const char *word);

/* After an element: *more tells whether a comma (true) or `close` (false) came. */
int json_more_far(struct json *j, uint8_t close, bool *more);
static inline int json_more(struct json *j, uint8_t close, bool *more)
{
	uint8_t c = json_peek(j);

	if (c != ',' && c != close)
		return json_more_far(j, close, more);
	*more = c == ',';
	j->p++;
	return 0;
}

/* A string into buf: *n is its whole length, of which the first `room` bytes are stored.
 * An escape, needed or not, makes it not canonical: the names we know have none.
 */
int json_name(struct json *j, char *buf, size_t room, size_t *n);

/* A string into the arena. */
int json_string(struct json *j, struct tn_str *out, uint32_t limit);

/* Arrays of byte numbers: exactly n; any number up to a limit; a key, which may also be
 * a string of 32 bytes.
 */
int json_fixed(struct json *j, uint8_t *out, size_t n);
int json_bytes(struct json *j, struct tn_bytes *out, uint32_t limit);
int json_key(struct json *j, struct tn_key *out);

/* One value of any kind that nobody wants: checked as the reference checks ignored
 * values (grammar, but no surrogate pairs), without recursion.
 */
int json_skip(struct json *j);

/* A number's grammar; nothing is computed. */
int json_skip_number(struct json *j);

#endif
