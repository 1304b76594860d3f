/* SPDX-License-Identifier: MIT
 * lib/wire/json_text.c - JSON strings and the small tokens
 */
#include "wire/json.h"

#include <string.h>

#include "timenode/wire.h"
#include "wire/numbers.h"

int json_fail(struct json *j, const char *why)
{
	j->starved = j->p >= j->end;
	return tn_fail(j->err, TN_EBAD, "%s at byte %zu", j->starved ? "ends too early" : why,
		       (size_t)(j->p - j->start));
}

int json_refuse(struct json *j, const char *why)
{
	j->starved = false;
	return tn_fail(j->err, TN_EBAD, "%s before byte %zu", why, (size_t)(j->p - j->start));
}

int json_nomem(struct json *j)
{
	return tn_fail(j->err, TN_ENOMEM, "no memory at byte %zu", (size_t)(j->p - j->start));
}

void json_space_far(struct json *j)
{
	while (j->p < j->end && json_blank(*j->p)) {
		j->canon = false;
		j->p++;
	}
}

int json_expect_far(struct json *j, uint8_t c)
{
	char why[] = "expected ' '";

	json_space(j);
	if (json_peek(j) == c) {
		j->p++;
		return 0;
	}
	why[10] = (char)c;
	return json_fail(j, why);
}

int json_word(struct json *j, const char *word)
{
	for (; *word; word++, j->p++)
		if (json_peek(j) != (uint8_t)*word)
			return json_fail(j, "unexpected value");
	return 0;
}

int json_more_far(struct json *j, uint8_t close, bool *more)
{
	uint8_t c;

	json_space(j);
	c = json_peek(j);
	if (c != ',' && c != close)
		return json_fail(j, "expected a comma or the end");
	*more = c == ',';
	j->p++;
	return 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int hex4(struct json *j, uint32_t *out)
{
	uint32_t v = 0;
	int i, d;

	for (i = 0; i < 4; i++, j->p++) {
		d = hex_digit(json_peek(j));
		if (d < 0)
			return json_fail(j, "bad escape");
		if (*j->p >= 'A' && *j->p <= 'F')
			j->canon = false;
		v = v << 4 | (uint32_t)d;
	}
	*out = v;
	return 0;
}

static unsigned put_utf8(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Would the writer have used \u00xx for it? */
static bool needs_hex(uint32_t cp)
{
	return cp < 0x20 && (cp == 0 || !strchr("\b\f\n\r\t", (int)cp));
}

/* The second half of a pair. */
static int low_half(struct json *j, uint32_t *low)
{
	if (json_word(j, "\\u") != 0 || hex4(j, low) != 0)
		return TN_EBAD;
	return *low >= 0xdc00 && *low <= 0xdfff ? 0 : json_refuse(j, "lone surrogate");
}

/* Behind "\u": one code point, from two escapes if it needs a pair. */
static int unicode(struct json *j, uint32_t *cp)
{
	const uint8_t *first;
	uint32_t low;

	if (hex4(j, cp) != 0)
		return TN_EBAD;
	if (!needs_hex(*cp))
		j->canon = false;
	if (*cp < 0xd800 || *cp > 0xdfff)
		return 0;
	first = j->p;
	if (*cp < 0xdc00 && low_half(j, &low) == 0) {
		*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
		return 0;
	}
	if (!j->lax)
		return *cp < 0xdc00 ? TN_EBAD : json_refuse(j, "lone surrogate");
	j->p = first;
	return 0;
}

/* Behind a backslash: the bytes it stands for. */
static int escape(struct json *j, char out[4], unsigned *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t c = json_peek(j);
	const char *at = c ? strchr(from, c) : NULL;
	uint32_t cp;

	if (at) {
		j->p++;
		if (c == '/')
			j->canon = false;
		out[0] = to[at - from];
		*n = 1;
		return 0;
	}
	if (c != 'u')
		return json_fail(j, "bad escape");
	j->p++;
	if (unicode(j, &cp) != 0)
		return TN_EBAD;
	*n = put_utf8(out, cp);
	return 0;
}

/* The next byte or escape of a string's inside; *n = 0 at the closing quote, which is
 * taken as well.
 */
static inline int next_piece(struct json *j, char out[4], unsigned *n)
{
	uint8_t c = json_peek(j);

	if (c < 0x20 && (!j->lax || j->p == j->end))
		return json_fail(j, "control character in a string");
	j->p++;
	*n = c != '"';
	if (c == '\\')
		return escape(j, out, n);
	out[0] = (char)c;
	return 0;
}

/* The beginning that needs no thought: mostly all of it. */
static void plain_name(struct json *j, char *buf, size_t room, size_t *n)
{
	const uint8_t *p = j->p, *end = (size_t)(j->end - p) < room ? j->end : p + room;

	while (p < end && *p != '"' && *p != '\\' && *p >= 0x20)
		p++;
	*n = (size_t)(p - j->p);
	if (*n)
		memcpy(buf, j->p, *n);
	j->p = p;
}

int json_name(struct json *j, char *buf, size_t room, size_t *n)
{
	const uint8_t *inside;
	unsigned k;
	char piece[4];

	*n = 0;
	if (json_expect(j, '"') != 0)
		return TN_EBAD;
	inside = j->p;
	plain_name(j, buf, room, n);
	for (;;) {
		if (next_piece(j, piece, &k) != 0)
			return TN_EBAD;
		if (k == 0)
			break;
		if (*n < room && k <= room - *n)
			memcpy(buf + *n, piece, k);
		*n += k;
		if (j->brief && *n > room)
			return 0;
	}
	if ((size_t)(j->p - inside) != *n + 1)
		j->canon = false;
	return 0;
}

/* The text up to the closing quote if there is no escape in it. */
static const uint8_t *plain_end(const struct json *j, bool *ascii)
{
	const uint8_t *p = j->p;
	uint64_t all = 0, w;
	uint8_t high = 0;

	for (; j->end - p >= 8 && !json_marks(w = le_load8(p)); p += 8)
		all |= w;
	for (; p < j->end && *p != '"' && *p != '\\' && *p >= 0x20; p++)
		high |= *p;
	*ascii = high < 0x80 && !(all & 0x8080808080808080u);
	return p;
}

static int store(struct json *j, struct tn_str *out, char *text, size_t n, uint32_t limit)
{
	if (n > limit)
		return json_refuse(j, "text too long");
	out->p = n ? text : "";
	out->n = (uint32_t)n;
	return 0;
}

/* With escapes: the result is never longer than what stands in the line. */
static int escaped_string(struct json *j, struct tn_str *out, uint32_t limit)
{
	const uint8_t *from = j->p, *p = from;
	size_t n = 0;
	char *text, piece[4];
	unsigned k;

	while (p < j->end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	text = tn_alloc(j->arena, (size_t)((p < j->end ? p : j->end) - from));
	if (!text)
		return json_nomem(j);
	for (;;) {
		if (next_piece(j, piece, &k) != 0)
			return TN_EBAD;
		if (k == 0)
			break;
		memcpy(text + n, piece, k);
		n += k;
	}
	if (!tn_utf8_valid((const uint8_t *)text, n))
		return json_refuse(j, "not UTF-8");
	return store(j, out, text, n, limit);
}

int json_string(struct json *j, struct tn_str *out, uint32_t limit)
{
	const uint8_t *end;
	bool ascii;
	size_t n;
	char *text = NULL;

	if (json_expect(j, '"') != 0)
		return TN_EBAD;
	end = plain_end(j, &ascii);
	if (end < j->end && *end == '\\')
		return escaped_string(j, out, limit);
	n = (size_t)(end - j->p);
	if (end == j->end || *end != '"') {
		j->p = end;
		return json_fail(j, "control character in a string");
	}
	if (!ascii && !tn_utf8_valid(j->p, n))
		return json_refuse(j, "not UTF-8");
	if (n && n <= limit) {
		text = tn_alloc(j->arena, n);
		if (!text)
			return json_nomem(j);
		memcpy(text, j->p, n);
	}
	if (store(j, out, text, n, limit) != 0)
		return TN_EBAD;
	j->p = end + 1;
	return 0;
}
