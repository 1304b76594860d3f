/* SPDX-License-Identifier: MIT
 * lib/wire/json_skip.c - values that nobody wants, of any depth, without recursion
 *
 * An old or newer peer may put anything into a field we do not know. The reference has
 * no limit of depth there, so one bit remembers the kind of each open bracket.
 */
#include "wire/json.h"

#include <string.h>

#include "wire/numbers.h"

enum { FIRST_BITS = 1024 };

/* One level deeper; the bits double, so that they take less than a quarter of the line. */
static int push(struct json *j, size_t depth, bool object)
{
	uint8_t bit = (uint8_t)(1u << depth % 8);

	if (depth == j->nest_bits) {
		size_t bits = depth ? depth * 2 : FIRST_BITS;
		uint8_t *more = tn_alloc(j->arena, bits / 8);

		if (!more)
			return json_nomem(j);
		if (depth)
			memcpy(more, j->nest, depth / 8);
		j->nest = more;
		j->nest_bits = bits;
	}
	if (object)
		j->nest[depth / 8] |= bit;
	else
		j->nest[depth / 8] &= (uint8_t)~bit;
	return 0;
}

static bool in_object(const struct json *j, size_t depth)
{
	return depth && j->nest[(depth - 1) / 8] >> (depth - 1) % 8 & 1;
}

static int skip_hex4(struct json *j)
{
	int i;

	for (i = 0; i < 4; i++, j->p++) {
		uint8_t c = json_peek(j) | 0x20;

		if (!is_digit(json_peek(j)) && (c < 'a' || c > 'f'))
			return json_fail(j, "bad escape");
	}
	return 0;
}

/* Behind the opening quote. */
static int skip_string(struct json *j)
{
	for (;;) {
		uint8_t c = json_peek(j);

		if (c < 0x20)
			return json_fail(j, "control character in a string");
		j->p++;
		if (c == '"')
			return 0;
		if (c != '\\')
			continue;
		c = json_peek(j);
		if (!c || !strchr("\"\\/bfnrtu", c))
			return json_fail(j, "bad escape");
		j->p++;
		if (c == 'u' && skip_hex4(j) != 0)
			return TN_EBAD;
	}
}

static int skip_digits(struct json *j)
{
	if (!is_digit(json_peek(j)))
		return json_fail(j, "bad number");
	while (is_digit(json_peek(j)))
		j->p++;
	return 0;
}

int json_skip_number(struct json *j)
{
	if (json_peek(j) == '-')
		j->p++;
	if (json_peek(j) == '0') {
		j->p++;
		if (is_digit(json_peek(j)))
			return json_fail(j, "bad number");
	} else if (skip_digits(j) != 0) {
		return TN_EBAD;
	}
	if (json_peek(j) == '.') {
		j->p++;
		if (skip_digits(j) != 0)
			return TN_EBAD;
	}
	if ((json_peek(j) | 0x20) != 'e')
		return 0;
	j->p++;
	if (json_peek(j) == '+' || json_peek(j) == '-')
		j->p++;
	return skip_digits(j);
}

/* A value that holds no other. */
static int skip_scalar(struct json *j)
{
	switch (json_peek(j)) {
	case '"':
		j->p++;
		return skip_string(j);
	case 'n':
		return json_word(j, "null");
	case 't':
		return json_word(j, "true");
	case 'f':
		return json_word(j, "false");
	default:
		return json_skip_number(j);
	}
}

/* The key and the colon before an object's next value. */
static int skip_key(struct json *j)
{
	if (json_expect(j, '"') != 0 || skip_string(j) != 0)
		return TN_EBAD;
	return json_expect(j, ':');
}

/* A bracket opens, or a scalar is passed. *opened: the next thing is inside. */
static int skip_begin(struct json *j, size_t *depth, bool *opened)
{
	uint8_t c;
	int code;

	json_space(j);
	c = json_peek(j);
	*opened = false;
	if (c != '{' && c != '[')
		return skip_scalar(j);
	j->p++;
	code = push(j, *depth, c == '{');
	if (code != 0)
		return code;
	json_space(j);
	if (json_peek(j) == (c == '{' ? '}' : ']')) {
		j->p++;
		return 0;
	}
	++*depth;
	*opened = true;
	return c == '{' ? skip_key(j) : 0;
}

/* After a value: closes what ends here; *depth = 0 when all is done. */
static int skip_end(struct json *j, size_t *depth)
{
	bool more;

	while (*depth) {
		bool object = in_object(j, *depth);

		if (json_more(j, object ? '}' : ']', &more) != 0)
			return TN_EBAD;
		if (more)
			return object ? skip_key(j) : 0;
		--*depth;
	}
	return 0;
}

int json_skip(struct json *j)
{
	size_t depth = 0;
	bool opened;
	int code;

	do {
		code = skip_begin(j, &depth, &opened);
		if (code == 0 && !opened)
			code = skip_end(j, &depth);
	} while (code == 0 && depth);
	return code;
}
