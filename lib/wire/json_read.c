/* SPDX-License-Identifier: MIT
 * lib/wire/json_read.c - JSON text into structs, as the reference's reader takes it
 */
#include "wire/json.h"

#include <string.h>

#include "wire/numbers.h"
#include "wire/schema.h"

/* Kept out of the ways that every member takes: their buffers would make those frames
 * large and guarded.
 */
#define RARE __attribute__((noinline))

static int read_shape(struct json *j, const struct tn_schema *s, uint8_t *obj);

/* ---- scalars */

/* A number that goes on as a float is none of ours. */
static int number_end(struct json *j)
{
	uint8_t c = json_peek(j);

	if (c == ',' || c == '}')
		return 0;
	if (is_digit(c) || c == '.' || c == 'e' || c == 'E')
		return json_fail(j, "not an integer in range");
	return 0;
}

static int read_unsigned(struct json *j, uint64_t max, uint64_t *out)
{
	size_t k;

	json_space(j);
	k = number_read(j->p, j->end, out);
	if (k == 0 || *out > max)
		return json_fail(j, "not an integer in range");
	j->p += k;
	return number_end(j);
}

/* Minus zero is a float to the reference. */
static int read_signed(struct json *j, int64_t *out)
{
	uint64_t v;

	json_space(j);
	if (json_peek(j) != '-') {
		if (read_unsigned(j, INT64_MAX, &v) != 0)
			return TN_EBAD;
		*out = (int64_t)v;
		return 0;
	}
	j->p++;
	if (json_blank(json_peek(j)))
		return json_fail(j, "not an integer in range");
	if (read_unsigned(j, (uint64_t)INT64_MAX + 1, &v) != 0)
		return TN_EBAD;
	if (v == 0)
		return json_refuse(j, "minus zero");
	*out = -(int64_t)(v - 1) - 1;
	return 0;
}

static int read_bool(struct json *j, bool *out)
{
	json_space(j);
	*out = json_peek(j) == 't';
	return json_word(j, *out ? "true" : "false");
}

RARE static int read_addr(struct json *j, struct tn_addr *out)
{
	char text[TN_ADDR_TEXT], again[TN_ADDR_TEXT];
	size_t n;

	if (json_name(j, text, sizeof text, &n) != 0)
		return TN_EBAD;
	if (n >= sizeof text || tn_addr_parse(out, text, n) != 0)
		return json_refuse(j, "not an address");
	tn_addr_text(out, again);
	if (strlen(again) != n || memcmp(again, text, n) != 0)
		j->canon = false;
	return 0;
}

static int read_integer(struct json *j, const struct tn_field *f, uint8_t *at)
{
	uint64_t v;
	uint32_t v32;

	if (f->kind == TN_K_U8) {
		if (read_unsigned(j, UINT8_MAX, &v) != 0)
			return TN_EBAD;
		*at = (uint8_t)v;
		return 0;
	}
	if (f->kind == TN_K_U32) {
		if (read_unsigned(j, UINT32_MAX, &v) != 0)
			return TN_EBAD;
		v32 = (uint32_t)v;
		memcpy(at, &v32, sizeof v32);
		return 0;
	}
	if (read_unsigned(j, UINT64_MAX, &v) != 0)
		return TN_EBAD;
	memcpy(at, &v, sizeof v);
	return 0;
}

/* ---- lists and members */

static int read_list(struct json *j, const struct tn_field *f, struct list_any *list)
{
	uint32_t room = 0, limit = schema_limit(f);
	bool more = true;
	uint8_t *element;
	int code;

	if (json_expect(j, '[') != 0)
		return TN_EBAD;
	json_space(j);
	if (json_peek(j) == ']') {
		j->p++;
		return 0;
	}
	while (more) {
		if (list->n == limit)
			return json_fail(j, "too many elements");
		element = list_add(j->arena, list, &room, f->of->size);
		if (!element)
			return json_nomem(j);
		code = read_shape(j, f->of, element);
		if (code == 0)
			code = json_more(j, ']', &more);
		if (code != 0)
			return code;
	}
	return 0;
}

static int read_kind(struct json *j, const struct tn_field *f, uint8_t *at)
{
	switch ((enum tn_kind)f->kind) {
	case TN_K_BOOL:
		return read_bool(j, (bool *)at);
	case TN_K_U8:
	case TN_K_U32:
	case TN_K_U64:
		return read_integer(j, f, at);
	case TN_K_I64:
		return read_signed(j, (int64_t *)(void *)at);
	case TN_K_STR:
		return json_string(j, (struct tn_str *)(void *)at, schema_limit(f));
	case TN_K_BYTES:
		return json_bytes(j, (struct tn_bytes *)(void *)at, schema_limit(f));
	case TN_K_FIXED:
		return json_fixed(j, at, f->max);
	case TN_K_KEY:
		return json_key(j, (struct tn_key *)at);
	case TN_K_ADDR:
		return read_addr(j, (struct tn_addr *)(void *)at);
	case TN_K_SUB:
		return read_shape(j, f->of, at);
	case TN_K_LIST:
		return read_list(j, f, (struct list_any *)(void *)at);
	}
	return json_refuse(j, "no such kind");
}

/* A member where its value stands; null only for an optional one. */
static int read_member(struct json *j, const struct tn_field *f, uint8_t *obj)
{
	json_space(j);
	if (f->flags) {
		bool null = json_peek(j) == 'n';

		member_set_has(f, obj, !null);
		if (null && f->flags == TN_F_EXT)
			j->canon = false;
		if (null)
			return json_word(j, "null");
	}
	return read_kind(j, f, obj + f->off);
}

/* ---- shapes */

/* A tuple, or a record as an array: every member that is not an extension, in order. */
static int read_array(struct json *j, const struct tn_schema *s, uint8_t *obj)
{
	bool first = true;
	unsigned i;
	int code;

	for (i = 0; i < s->fields; i++) {
		if (s->field[i].flags == TN_F_EXT)
			continue;
		if (json_expect(j, first ? '[' : ',') != 0)
			return TN_EBAD;
		first = false;
		code = read_member(j, &s->field[i], obj);
		if (code != 0)
			return code;
	}
	if (first && json_expect(j, '[') != 0)
		return TN_EBAD;
	return json_expect(j, ']');
}

/* n equal bytes? In words, the last of which overlaps the one before: names are short, a
 * call costs more than all of it.
 */
static inline bool same(const uint8_t *p, const char *name, size_t n)
{
	const uint8_t *q = (const uint8_t *)name;
	size_t i;

	if (n >= 8) {
		for (i = 0; i + 8 < n; i += 8)
			if (le_load8(p + i) != le_load8(q + i))
				return false;
		return le_load8(p + n - 8) == le_load8(q + n - 8);
	}
	if (n >= 4)
		return le_load4(p) == le_load4(q) && le_load4(p + n - 4) == le_load4(q + n - 4);
	for (i = 0; i < n; i++)
		if (p[i] != q[i])
			return false;
	return true;
}

/* The key at p if it is that member's name as the writer writes it, colon included. */
static inline bool take_key(struct json *j, const struct tn_field *f)
{
	size_t n = f->name_n ? f->name_n : strlen(f->name), left = (size_t)(j->end - j->p);

	if (left < n + 3 || j->p[0] != '"' || j->p[n + 1] != '"' || j->p[n + 2] != ':' ||
	    !same(j->p + 1, f->name, n))
		return false;
	j->p += n + 3;
	return true;
}

static unsigned find_name(const struct tn_schema *s, const char *name, size_t n)
{
	unsigned i;

	for (i = 0; i < s->fields; i++)
		if (strncmp(s->field[i].name, name, n) == 0 && s->field[i].name[n] == '\0')
			break;
	return i;
}

/* A key that is not where the writer puts it, or not written as it would. */
RARE static int read_odd_key(struct json *j, const struct tn_schema *s, unsigned next, unsigned *at)
{
	char name[SCHEMA_NAME + 1];
	size_t n;

	if (json_name(j, name, sizeof name, &n) != 0)
		return TN_EBAD;
	*at = n < sizeof name ? find_name(s, name, n) : s->fields;
	if (*at < next || *at == s->fields)
		j->canon = false;
	return json_expect(j, ':');
}

/* Which member comes, s->fields for an unknown one; mostly the next in order. */
static inline int read_key(struct json *j, const struct tn_schema *s, unsigned next, unsigned *at)
{
	json_space(j);
	for (*at = next; *at < s->fields; ++*at) {
		if (take_key(j, &s->field[*at]))
			return 0;
		if (s->field[*at].flags != TN_F_EXT)
			break;
	}
	return read_odd_key(j, s, next, at);
}

/* Only optional members may be missing; the writer leaves out extensions alone. */
static int check_missing(struct json *j, const struct tn_schema *s, uint64_t seen)
{
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];

		if (seen >> i & 1 || f->flags == TN_F_EXT)
			continue;
		if (!f->flags) {
			j->starved = false;
			return tn_fail(j->err, TN_EBAD, "missing field `%s` before byte %zu",
				       f->name, (size_t)(j->p - j->start));
		}
		j->canon = false;
	}
	return 0;
}

static int read_object(struct json *j, const struct tn_schema *s, uint8_t *obj)
{
	uint64_t seen = 0;
	unsigned next = 0, at;
	bool more = true;
	int code;

	json_space(j);
	if (json_peek(j) == '}') {
		j->p++;
		return check_missing(j, s, seen);
	}
	while (more) {
		if (read_key(j, s, next, &at) != 0)
			return TN_EBAD;
		if (at < s->fields && seen >> at & 1)
			return json_refuse(j, "field twice");
		if (at == s->fields) {
			code = json_skip(j);
		} else {
			code = read_member(j, &s->field[at], obj);
			seen |= (uint64_t)1 << at;
			next = at + 1;
		}
		if (code == 0)
			code = json_more(j, '}', &more);
		if (code != 0)
			return code;
	}
	return check_missing(j, s, seen);
}

static int read_record(struct json *j, const struct tn_schema *s, uint8_t *obj)
{
	json_space(j);
	if (json_peek(j) == '[') {
		j->canon = false;
		return read_array(j, s, obj);
	}
	if (json_expect(j, '{') != 0)
		return TN_EBAD;
	return read_object(j, s, obj);
}

/* The alternative's name and number. */
static int read_tag(struct json *j, const struct tn_schema *s, uint8_t *obj,
		    const struct tn_field **alt)
{
	char name[SCHEMA_NAME + 1];
	uint32_t tag;
	size_t n;

	if (json_name(j, name, sizeof name, &n) != 0)
		return TN_EBAD;
	tag = n < sizeof name ? find_name(s, name, n) : s->fields;
	if (tag == s->fields)
		return json_refuse(j, "unknown alternative");
	memcpy(obj + s->tag, &tag, sizeof tag);
	*alt = &s->field[tag];
	return 0;
}

/* "Name" for a unit, {"Name":...} for any; a unit's value is null. */
RARE static int read_choice(struct json *j, const struct tn_schema *s, uint8_t *obj)
{
	const struct tn_field *alt;
	int code;

	json_space(j);
	if (json_peek(j) == '"') {
		if (read_tag(j, s, obj, &alt) != 0)
			return TN_EBAD;
		return alt->of ? json_refuse(j, "alternative without its value") : 0;
	}
	if (json_expect(j, '{') != 0 || read_tag(j, s, obj, &alt) != 0 || json_expect(j, ':') != 0)
		return TN_EBAD;
	if (alt->of) {
		code = read_shape(j, alt->of, obj + alt->off);
	} else {
		j->canon = false;
		json_space(j);
		code = json_word(j, "null");
	}
	return code == 0 ? json_expect(j, '}') : code;
}

static int read_shape(struct json *j, const struct tn_schema *s, uint8_t *obj)
{
	switch ((enum tn_shape)s->shape) {
	case TN_UNIT:
		json_space(j);
		return json_word(j, "null");
	case TN_PLAIN:
		return read_member(j, &s->field[0], obj);
	case TN_TUPLE:
		return read_array(j, s, obj);
	case TN_RECORD:
		return read_record(j, s, obj);
	case TN_CHOICE:
		return read_choice(j, s, obj);
	}
	return json_refuse(j, "no such shape");
}

static int read_by(bulk_fn *bulk, const struct tn_schema *s, struct tn_view in, struct tn_arena *a,
		   const void **out, bool *canonical, struct tn_error *err)
{
	struct json j = {
		.start = in.p, .p = in.p, .arena = a, .bulk = bulk, .err = err, .canon = true
	};
	uint8_t *obj;
	int code;

	*out = NULL;
	if (canonical)
		*canonical = false;
	if (in.n == 0 || in.n > UINT32_MAX)
		return tn_fail(err, TN_EBAD, in.n ? "too long" : "no value");
	j.end = in.p + in.n;
	obj = tn_alloc(a, s->size);
	if (!obj)
		return json_nomem(&j);
	code = read_shape(&j, s, obj);
	if (code != 0)
		return code;
	json_space(&j);
	if (j.p != j.end)
		return json_refuse(&j, "something after the value");
	*out = s->shape == TN_UNIT ? NULL : obj;
	if (canonical)
		*canonical = j.canon;
	return 0;
}

int tn_json_read(const struct tn_schema *s, struct tn_view in, struct tn_arena *a, const void **out,
		 bool *canonical, struct tn_error *err)
{
	return read_by(bulk_best(), s, in, a, out, canonical, err);
}

int tn_json_read_by(const char *kernel, const struct tn_schema *s, struct tn_view in,
		    struct tn_arena *a, const void **out, bool *canonical, struct tn_error *err)
{
	bulk_fn *bulk = bulk_named(kernel);

	*out = NULL;
	if (!bulk)
		return tn_fail(err, TN_ENOENT, "no kernel %.16s here", kernel);
	return read_by(bulk, s, in, a, out, canonical, err);
}
