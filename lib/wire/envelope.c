/* SPDX-License-Identifier: MIT
 * lib/wire/envelope.c - name and body span of a line; whole lines out
 */
#include "wire/json.h"

#include <string.h>

#include "timenode/wire.h"
#include "wire/numbers.h"

/* The longest beginning of at most n bytes that does not cut a character. */
static size_t whole_characters(const char *text, size_t n)
{
	while (n && ((uint8_t)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* A name as all are: short, plain ASCII, no escapes, and a body behind it. */
static bool plain_name(struct json *j, struct tn_envelope *out)
{
	const uint8_t *p = j->p + 1;
	size_t i;

	if (json_peek(j) != '"')
		return false;
	for (i = 0; i + 8 <= TN_NAME_MAX && j->end - p >= 8; i += 8, p += 8) {
		uint64_t w = le_load8(p), marks = json_marks(w) | (w & 0x8080808080808080u);
		unsigned k = marks ? (unsigned)__builtin_ctzll(marks) / 8 : 0;

		memcpy(out->name + i, p, 8);
		if (!marks)
			continue;
		out->name[i + k] = '\0';
		out->name_n = (uint32_t)i + k;
		j->p = p + k + 1;
		return p[k] == '"';
	}
	return false;
}

static int odd_name(struct json *j, struct tn_envelope *out)
{
	char name[TN_NAME_MAX + 4] = { 0 };
	size_t n;

	if (json_name(j, name, sizeof name - 1, &n) != 0)
		return TN_EBAD;
	if (n > TN_NAME_MAX)
		n = whole_characters(name, TN_NAME_MAX);
	if (!tn_utf8_valid((const uint8_t *)name, n))
		return json_refuse(j, "name is not UTF-8");
	memcpy(out->name, name, n);
	out->name[n] = '\0';
	out->name_n = (uint32_t)n;
	return 0;
}

static int read_name(struct json *j, struct tn_envelope *out)
{
	const uint8_t *from = j->p;

	if (plain_name(j, out))
		return 0;
	j->p = from;
	memset(out->name, 0, sizeof out->name);
	out->name_n = 0;
	return odd_name(j, out);
}

/* Up to and including the name. */
static int read_head(struct json *j, struct tn_envelope *out)
{
	out->name[0] = '\0';
	out->name_n = 0;
	out->canonical = false;
	out->body = (struct tn_view){ NULL, 0 };
	json_space(j);
	out->unit = json_peek(j) == '"';
	if (!out->unit) {
		if (json_peek(j) != '{')
			return json_fail(j, "no message");
		j->p++;
		json_space(j);
	}
	return read_name(j, out);
}

/* The body is what stands before the closing brace; its reader finds anything odd. */
static int find_body(struct json *j, struct tn_envelope *out)
{
	const uint8_t *end = j->end;

	if (json_expect(j, ':') != 0)
		return TN_EBAD;
	json_space(j);
	if (end == j->p || end[-1] != '}') {
		j->p = end;
		return json_fail(j, "no end");
	}
	end--;
	for (; end > j->p && json_blank(end[-1]); end--)
		j->canon = false;
	if (end == j->p)
		return json_fail(j, "no body");
	out->body = (struct tn_view){ j->p, (size_t)(end - j->p) };
	return 0;
}

int tn_envelope_read(struct tn_view line, struct tn_envelope *out, struct tn_error *err)
{
	struct json j = { .start = line.p, .p = line.p, .err = err, .canon = true };
	size_t n = line.n;

	if (n && line.p[n - 1] == '\n')
		n--;
	while (n && json_blank(line.p[n - 1])) {
		j.canon = false;
		n--;
	}
	j.end = line.p + n;
	if (n == 0) {
		memset(out, 0, sizeof *out);
		return tn_fail(err, TN_EBAD, "blank line");
	}
	if (read_head(&j, out) != 0)
		return TN_EBAD;
	if (!out->unit && find_body(&j, out) != 0)
		return TN_EBAD;
	if (out->unit && j.p != j.end)
		return json_fail(&j, "something after the message");
	out->canonical = j.canon;
	return 0;
}

int tn_envelope_peek(struct tn_view start, struct tn_envelope *out)
{
	struct json j = { .start = start.p, .p = start.p, .brief = true };

	if (start.n == 0) {
		memset(out, 0, sizeof *out);
		return TN_EBUSY;
	}
	j.end = start.p + start.n;
	if (read_head(&j, out) == 0)
		return 0;
	return j.starved ? TN_EBUSY : TN_EBAD;
}

static int unit_body(const struct tn_envelope *e, bool *canonical, struct tn_error *err)
{
	*canonical = e->unit && e->canonical;
	if (e->unit || (e->body.n == 4 && memcmp(e->body.p, "null", 4) == 0))
		return 0;
	return tn_fail(err, TN_EBAD, "%s takes no body", e->name);
}

int tn_envelope_body(const struct tn_envelope *e, const struct tn_schema *s, struct tn_arena *a,
		     const void **out, bool *canonical, struct tn_error *err)
{
	bool body_canonical = false, ignored;
	int code;

	*out = NULL;
	if (!canonical)
		canonical = &ignored;
	if (s->shape == TN_UNIT)
		return unit_body(e, canonical, err);
	*canonical = false;
	if (e->unit)
		return tn_fail(err, TN_EBAD, "%s without its body", e->name);
	code = tn_json_read(s, e->body, a, out, &body_canonical, err);
	*canonical = code == 0 && e->canonical && body_canonical;
	return code;
}
