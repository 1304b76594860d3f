/* SPDX-License-Identifier: MIT
 * lib/wire/schema.c - limits, lists and the check of a third party's table
 */
#include "wire/schema.h"

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

enum { STR_LIMIT = 1024 * 1024, BYTES_LIMIT = 1024 * 1024, LIST_LIMIT = 1024 * 1024 };
enum { SIZE_LIMIT = 1024 * 1024, FIRST_ROOM = 4 };

static const struct tn_field string_field[] = { { "text", NULL, 0, STR_LIMIT, 0, TN_K_STR, 0, 0 } };
static const struct tn_field word_field[] = { { "text", NULL, 0, 64, 0, TN_K_STR, 0, 0 } };

const struct tn_schema tn_schema_unit = { "unit", NULL, 0, 0, 0, TN_UNIT };
const struct tn_schema tn_schema_string = { "string", string_field, sizeof(struct tn_str), 1,
					    0,        TN_PLAIN };
const struct tn_schema tn_schema_word = {
	"word", word_field, sizeof(struct tn_str), 1, 0, TN_PLAIN
};

uint32_t schema_limit(const struct tn_field *f)
{
	if (f->max)
		return f->max;
	if (f->kind == TN_K_STR)
		return STR_LIMIT;
	return f->kind == TN_K_BYTES ? BYTES_LIMIT : LIST_LIMIT;
}

void *list_add(struct tn_arena *a, struct list_any *list, uint32_t *room, size_t size)
{
	if (list->n == *room) {
		uint32_t more = *room ? *room * 2 : FIRST_ROOM;
		void *v;

		if (more <= *room || more > SIZE_MAX / size)
			return NULL;
		v = arena_grow(a, list->v, list->n * size, more * size);
		if (!v)
			return NULL;
		list->v = v;
		*room = more;
	}
	return (uint8_t *)list->v + list->n++ * size;
}

bool member_has(const struct tn_field *f, const uint8_t *obj)
{
	bool has = true;

	if (f->flags)
		memcpy(&has, obj + f->has, sizeof has);
	return has;
}

void member_set_has(const struct tn_field *f, uint8_t *obj, bool has)
{
	memcpy(obj + f->has, &has, sizeof has);
}

/* ---- the check */

struct footprint {
	size_t size, align;
};

/* What a member of that kind takes in its struct; size 0 for an unknown kind. Records
 * by value are checked by their own tables.
 */
static struct footprint kind_footprint(const struct tn_field *f)
{
	static const struct footprint fixed[] = {
		[TN_K_BOOL] = { sizeof(bool), alignof(bool) },
		[TN_K_U8] = { 1, 1 },
		[TN_K_U32] = { 4, alignof(uint32_t) },
		[TN_K_U64] = { 8, alignof(uint64_t) },
		[TN_K_I64] = { 8, alignof(int64_t) },
		[TN_K_STR] = { sizeof(struct tn_str), alignof(struct tn_str) },
		[TN_K_BYTES] = { sizeof(struct tn_bytes), alignof(struct tn_bytes) },
		[TN_K_FIXED] = { 0, 1 },
		[TN_K_KEY] = { sizeof(struct tn_key), 1 },
		[TN_K_ADDR] = { sizeof(struct tn_addr), alignof(struct tn_addr) },
		[TN_K_SUB] = { 0, 1 },
		[TN_K_LIST] = { sizeof(struct list_any), alignof(struct list_any) },
	};

	if (f->kind >= sizeof fixed / sizeof fixed[0])
		return (struct footprint){ 0, 1 };
	if (f->kind == TN_K_FIXED)
		return (struct footprint){ f->max, 1 };
	if (f->kind == TN_K_SUB)
		return (struct footprint){ f->of ? f->of->size : 0, 1 };
	return fixed[f->kind];
}

static bool inside(const struct tn_schema *s, size_t off, struct footprint need)
{
	return off <= s->size && need.size <= s->size - off && off % need.align == 0;
}

/* Names are written as they are and compared as bytes. */
static bool name_ok(const char *name)
{
	size_t n;

	if (!name || !*name)
		return false;
	for (n = 0; name[n]; n++)
		if (name[n] <= ' ' || name[n] > '~' || name[n] == '"' || name[n] == '\\')
			return false;
	return n <= SCHEMA_NAME;
}

/* A list's element must take at least one byte in both encodings, else a short line
 * could hold any number of them.
 */
static bool has_substance(const struct tn_schema *s)
{
	unsigned i;

	if (s->shape == TN_CHOICE)
		return true;
	for (i = 0; i < s->fields; i++)
		if (!(s->field[i].flags & TN_F_EXT))
			return true;
	return false;
}

static int check_schema(const struct tn_schema *s, unsigned depth, struct tn_error *err);

static int bad_field(const struct tn_schema *s, const struct tn_field *f, const char *why,
		     struct tn_error *err)
{
	return tn_fail(err, TN_EINVAL, "schema %.64s: member %.64s: %s", s->name,
		       name_ok(f->name) ? f->name : "?", why);
}

static int check_flags(const struct tn_schema *s, const struct tn_field *f, struct tn_error *err)
{
	struct footprint flag = { sizeof(bool), alignof(bool) };

	if (f->flags == 0)
		return 0;
	if (f->flags != TN_F_NULL && f->flags != TN_F_EXT)
		return bad_field(s, f, "unknown flags", err);
	if (!inside(s, f->has, flag))
		return bad_field(s, f, "its presence bool lies outside", err);
	if (f->flags == TN_F_EXT && s->shape != TN_RECORD)
		return bad_field(s, f, "an extension can only be in a record", err);
	return 0;
}

static int check_nested(const struct tn_schema *s, const struct tn_field *f, unsigned depth,
			struct tn_error *err)
{
	bool nests = f->kind == TN_K_SUB || f->kind == TN_K_LIST;

	if (nests != (f->of != NULL))
		return bad_field(s, f, nests ? "has no table" : "cannot have a table", err);
	if (!nests)
		return 0;
	if (f->of->shape == TN_UNIT)
		return bad_field(s, f, "a unit is no member", err);
	if (check_schema(f->of, depth + 1, err) != 0)
		return TN_EINVAL;
	if (f->kind == TN_K_LIST && !has_substance(f->of))
		return bad_field(s, f, "its elements may be empty", err);
	return 0;
}

static int check_field(const struct tn_schema *s, const struct tn_field *f, unsigned depth,
		       struct tn_error *err)
{
	struct footprint need = kind_footprint(f);

	if (need.size == 0 && f->kind != TN_K_SUB)
		return bad_field(s, f, "unknown kind or no size", err);
	if (f->kind == TN_K_KEY && f->max != sizeof(struct tn_key))
		return bad_field(s, f, "a key has 32 bytes", err);
	if (!inside(s, f->off, need))
		return bad_field(s, f, "lies outside or askew", err);
	if (check_flags(s, f, err) != 0)
		return TN_EINVAL;
	return check_nested(s, f, depth, err);
}

static int check_alternative(const struct tn_schema *s, const struct tn_field *f, unsigned depth,
			     struct tn_error *err)
{
	if (f->kind != TN_K_SUB || f->flags)
		return bad_field(s, f, "an alternative is a plain record or a unit", err);
	if (!f->of)
		return 0;
	if (f->of->shape == TN_CHOICE)
		return bad_field(s, f, "a choice cannot be an alternative itself", err);
	return check_field(s, f, depth, err);
}

static int check_names(const struct tn_schema *s, struct tn_error *err)
{
	unsigned i, j;

	for (i = 0; i < s->fields; i++) {
		if (!name_ok(s->field[i].name))
			return bad_field(s, &s->field[i], "bad name", err);
		for (j = 0; j < i; j++)
			if (strcmp(s->field[i].name, s->field[j].name) == 0)
				return bad_field(s, &s->field[i], "is there twice", err);
	}
	return 0;
}

static int check_shape(const struct tn_schema *s, struct tn_error *err)
{
	struct footprint tag = { sizeof(uint32_t), alignof(uint32_t) };

	if (s->shape > TN_CHOICE)
		return tn_fail(err, TN_EINVAL, "schema %.64s: unknown shape", s->name);
	if ((s->shape == TN_UNIT) != (s->fields == 0) || (s->fields && !s->field))
		return tn_fail(err, TN_EINVAL, "schema %.64s: wrong number of members", s->name);
	if (s->fields > SCHEMA_FIELDS || (s->shape == TN_PLAIN && s->fields != 1))
		return tn_fail(err, TN_EINVAL, "schema %.64s: too many members", s->name);
	if (s->size > SIZE_LIMIT)
		return tn_fail(err, TN_EINVAL, "schema %.64s: too large", s->name);
	if (s->shape == TN_CHOICE && !inside(s, s->tag, tag))
		return tn_fail(err, TN_EINVAL, "schema %.64s: its tag lies outside", s->name);
	return 0;
}

static int check_schema(const struct tn_schema *s, unsigned depth, struct tn_error *err)
{
	unsigned i;
	int code;

	if (!s->name || !*s->name)
		return tn_fail(err, TN_EINVAL, "a schema has no name");
	if (depth > SCHEMA_DEPTH)
		return tn_fail(err, TN_EINVAL, "schema %.64s: nested too deep", s->name);
	if (check_shape(s, err) != 0 || check_names(s, err) != 0)
		return TN_EINVAL;
	for (i = 0; i < s->fields; i++) {
		if (s->shape == TN_CHOICE)
			code = check_alternative(s, &s->field[i], depth, err);
		else
			code = check_field(s, &s->field[i], depth, err);
		if (code != 0)
			return code;
	}
	return 0;
}

int tn_schema_check(const struct tn_schema *s, struct tn_error *err)
{
	if (!s)
		return tn_fail(err, TN_EINVAL, "no schema");
	return check_schema(s, 1, err);
}
