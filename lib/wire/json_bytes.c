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

/* What the kernel takes of numbers that stand at p; p then stands behind the last one of
 * them, where the single numbers' reader would stand.
 */
static inline size_t some(struct json *j, uint8_t *out, size_t room)
{
	size_t n;

	if (j->p - j->start < BULK_BEFORE)
		return 0;
	n = j->bulk(&j->p, j->end, out, room);
	j->p -= n > 0;
	return n;
}

/* n numbers, the opening bracket included, what follows the last one not; `slack` says
 * that out has room for the kernel. It tries at the first number and, if there is white
 * space or too little text before that, at the second.
 */
static int numbers(struct json *j, uint8_t *out, size_t n, bool slack)
{
	size_t i = 0, k;

	if (json_expect(j, '[') != 0)
		return TN_EBAD;
	while (i < n) {
		if (i && json_expect(j, ',') != 0)
			return TN_EBAD;
		k = i < 2 && slack ? some(j, out + i, n - i) : 0;
		if (k == 0 && byte_number(j, &out[i]) != 0)
			return TN_EBAD;
		i += k ? k : 1;
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
	if (n == 32)
		memcpy(out, buf, 32);
	else
		memcpy(out, buf, n);
	return 0;
}

int json_fixed(struct json *j, uint8_t *out, size_t n)
{
	if (fixed_numbers(j, out, n) != 0)
		return TN_EBAD;
	return json_expect(j, ']');
}

/* Behind the opening bracket, the closing one included. v has room for `room` bytes and the
 * kernel's slack. *n = room + 1 when there are more.
 */
static int fill_bytes(struct json *j, uint8_t *v, size_t room, size_t *n)
{
	bool more = true;
	size_t k;

	*n = 0;
	json_space(j);
	if (json_peek(j) == ']') {
		j->p++;
		return 0;
	}
	while (more) {
		k = *n < 2 && *n < room ? some(j, v + *n, room - *n) : 0;
		if (k == 0 && *n == room) {
			++*n;
			return 0;
		}
		if (k == 0 && byte_number(j, &v[*n]) != 0)
			return TN_EBAD;
		*n += k ? k : 1;
		if (json_more(j, ']', &more) != 0)
			return TN_EBAD;
	}
	return 0;
}

static int long_bytes(struct json *j, struct tn_bytes *out, uint32_t limit)
{
	const uint8_t *close = memchr(j->p, ']', (size_t)(j->end - j->p));
	size_t room, n;
	uint8_t *v;

	/* The bytes that are there bound the numbers: each but the last takes two at least. */
	room = (size_t)((close ? close : j->end) - j->p + 1) / 2;
	room = room < limit ? room : limit;
	v = tn_alloc(j->arena, room + BULK_SLACK);
	if (!v)
		return json_nomem(j);
	if (fill_bytes(j, v, room, &n) != 0)
		return TN_EBAD;
	if (n > room)
		return json_refuse(j, "too many bytes");
	out->p = v;
	out->n = (uint32_t)n;
	return 0;
}

/* Scripts are short: read on the stack, kept in their size. Others are read again. */
int json_bytes(struct json *j, struct tn_bytes *out, uint32_t limit)
{
	uint8_t buf[SHORT + BULK_SLACK], *v;
	const uint8_t *from;
	size_t n;

	if (json_expect(j, '[') != 0)
		return TN_EBAD;
	from = j->p;
	if (fill_bytes(j, buf, SHORT, &n) != 0)
		return TN_EBAD;
	if (n > SHORT || n > limit) {
		j->p = from;
		return long_bytes(j, out, limit);
	}
	v = tn_alloc(j->arena, n);
	if (!v)
		return json_nomem(j);
	memcpy(v, buf, n);
	out->p = v;
	out->n = (uint32_t)n;
	return 0;
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
