/* SPDX-License-Identifier: MIT
 * lib/wire/json_bytes.c - arrays of byte numbers: most of what blocks and votes consist of
 */
#include "wire/json.h"

#include <string.h>

#include "base/point.h"
#include "wire/numbers.h"

enum { FIXED = 64, SHORT = 512 };

/* One number from 0 to 255, white space before it allowed. */
static inline int byte_number(struct json *j, uint8_t *out)
{
	size_t k;

	json_space(j);
	k = number_read_byte(j->p, j->end, out);
	if (k == 0)
		return json_fail(j, "expected a number from 0 to 255");
	j->p += k;
	return 0;
}

/* n numbers, the opening bracket included, what follows the last one not. Behind the
 * first comma the kernel may try; `slack` says that out has room for it.
 */
static int numbers(struct json *j, uint8_t *out, size_t n, bool slack)
{
	size_t i;

	if (json_expect(j, '[') != 0)
		return TN_EBAD;
	for (i = 0; i < n; i++) {
		if (i && json_expect(j, ',') != 0)
			return TN_EBAD;
		if (i == 1 && slack)
			i += j->bulk(&j->p, j->end, out + i, n - 1 - i);
		if (byte_number(j, &out[i]) != 0)
			return TN_EBAD;
	}
	return 0;
}

/* Hashes, keys and signatures pass through a buffer that has room for the kernel. */
static int fixed_numbers(struct json *j, uint8_t *out, size_t n)
{
	uint8_t buf[FIXED + BULK_SLACK];

	if (n > FIXED)
		return numbers(j, out, n, false);
	if (numbers(j, buf, n, true) != 0)
		return TN_EBAD;
	memcpy(out, buf, n);
	return 0;
}

int json_fixed(struct json *j, uint8_t *out, size_t n)
{
	if (fixed_numbers(j, out, n) != 0)
		return TN_EBAD;
	return json_expect(j, ']');
}

/* v has room for `room` bytes and the kernel's slack. */
static int fill_bytes(struct json *j, uint8_t *v, size_t room, size_t *n)
{
	bool more = true;

	json_space(j);
	if (json_peek(j) == ']') {
		j->p++;
		return 0;
	}
	while (more) {
		if (*n == 1)
			*n += j->bulk(&j->p, j->end, v + 1, room - 1);
		if (*n == room)
			return json_refuse(j, "too many bytes");
		if (byte_number(j, &v[*n]) != 0)
			return TN_EBAD;
		++*n;
		if (json_more(j, ']', &more) != 0)
			return TN_EBAD;
	}
	return 0;
}

/* Scripts are short: read on the stack, kept in their size. */
static int short_bytes(struct json *j, struct tn_bytes *out, size_t room)
{
	uint8_t buf[SHORT + BULK_SLACK], *v;
	size_t n = 0;

	if (fill_bytes(j, buf, room, &n) != 0)
		return TN_EBAD;
	v = tn_alloc(j->arena, n);
	if (!v)
		return json_nomem(j);
	memcpy(v, buf, n);
	out->p = v;
	out->n = (uint32_t)n;
	return 0;
}

static int long_bytes(struct json *j, struct tn_bytes *out, size_t room)
{
	uint8_t *v = tn_alloc(j->arena, room + BULK_SLACK);
	size_t n = 0;

	if (!v)
		return json_nomem(j);
	if (fill_bytes(j, v, room, &n) != 0)
		return TN_EBAD;
	out->p = v;
	out->n = (uint32_t)n;
	return 0;
}

/* The bytes that are there bound the numbers: each but the last takes two at least. */
int json_bytes(struct json *j, struct tn_bytes *out, uint32_t limit)
{
	const uint8_t *close;
	size_t room;

	if (json_expect(j, '[') != 0)
		return TN_EBAD;
	close = memchr(j->p, ']', (size_t)(j->end - j->p));
	if (!close) {
		j->p = j->end;
		return json_fail(j, "no end");
	}
	room = (size_t)(close - j->p + 1) / 2;
	room = room < limit ? room : limit;
	return room <= SHORT ? short_bytes(j, out, room) : long_bytes(j, out, room);
}

/* After its 32 numbers the reference's key reader tries for one more and takes any
 * failure for the end: a comma without a value or one scalar that is no byte is
 * swallowed; a good byte is one too many.
 */
static int swallow_one(struct json *j)
{
	uint8_t c, byte;
	size_t k, n;

	j->canon = false;
	j->p++;
	json_space(j);
	c = json_peek(j);
	if (c == ']')
		return 0;
	k = number_read_byte(j->p, j->end, &byte);
	c = (size_t)(j->end - j->p) > k ? j->p[k] : 0;
	if (k && c != '.' && c != 'e' && c != 'E')
		return json_fail(j, "too many bytes");
	c = json_peek(j);
	if (c == '[' || c == '{')
		return json_fail(j, "too many bytes");
	if (c == '"')
		return json_name(j, NULL, 0, &n);
	return json_skip(j);
}

static int key_numbers(struct json *j, struct tn_key *out)
{
	int code;

	if (fixed_numbers(j, out->b, sizeof out->b) != 0)
		return TN_EBAD;
	json_space(j);
	if (json_peek(j) == ',') {
		code = swallow_one(j);
		if (code != 0)
			return code;
	}
	return json_expect(j, ']');
}

/* The same bytes as a string, which the reference takes too. */
static int key_text(struct json *j, struct tn_key *out)
{
	size_t n;
	int code;

	j->lax = true;
	code = json_name(j, (char *)out->b, sizeof out->b, &n);
	j->lax = false;
	j->canon = false;
	if (code != 0)
		return code;
	return n == sizeof out->b ? 0 : json_refuse(j, "a key has 32 bytes");
}

int json_key(struct json *j, struct tn_key *out)
{
	int code;

	json_space(j);
	code = json_peek(j) == '"' ? key_text(j, out) : key_numbers(j, out);
	if (code != 0)
		return code;
	return point_decodes(out->b) ? 0 : json_refuse(j, "a key that is no point");
}
