/* SPDX-License-Identifier: MIT
 * lib/wire/bin_read.c - bincode 1.3 into structs
 */
#include <string.h>

#include "timenode/wire.h"
#include "base/point.h"
#include "wire/numbers.h"
#include "wire/schema.h"

struct bin {
	const uint8_t *start, *p, *end;
	struct tn_arena *arena;
	struct tn_error *err;
};

static int read_shape(struct bin *b, const struct tn_schema *s, uint8_t *obj);

static int bad(struct bin *b, const char *why)
{
	return tn_fail(b->err, TN_EBAD, "%s at byte %zu", why, (size_t)(b->p - b->start));
}

static int nomem(struct bin *b)
{
	return tn_fail(b->err, TN_ENOMEM, "no memory at byte %zu", (size_t)(b->p - b->start));
}

static int take(struct bin *b, void *out, size_t n)
{
	if (n > (size_t)(b->end - b->p))
		return bad(b, "ends too early");
	memcpy(out, b->p, n);
	b->p += n;
	return 0;
}

static int take_number(struct bin *b, size_t n, uint64_t *out)
{
	*out = 0;
	if (n > (size_t)(b->end - b->p))
		return bad(b, "ends too early");
	*out = le_load(b->p, n);
	b->p += n;
	return 0;
}

static int take_bool(struct bin *b, bool *out)
{
	uint64_t v;

	if (take_number(b, 1, &v) != 0)
		return TN_EBAD;
	*out = v == 1;
	return v <= 1 ? 0 : bad(b, "neither 0 nor 1");
}

/* A length in bytes or elements: no more than there are bytes left, each element has
 * at least one.
 */
static int take_length(struct bin *b, uint32_t limit, uint32_t *out)
{
	uint64_t n;

	if (take_number(b, 8, &n) != 0)
		return TN_EBAD;
	if (n > (size_t)(b->end - b->p))
		return bad(b, "length beyond the end");
	if (n > limit)
		return bad(b, "too long");
	*out = (uint32_t)n;
	return 0;
}

static int read_block(struct bin *b, const struct tn_field *f, const uint8_t **p, uint32_t *n)
{
	uint8_t *copy;

	if (take_length(b, schema_limit(f), n) != 0)
		return TN_EBAD;
	copy = tn_alloc(b->arena, *n);
	if (!copy)
		return nomem(b);
	*p = copy;
	return take(b, copy, *n);
}

static int read_string(struct bin *b, const struct tn_field *f, struct tn_str *out)
{
	const uint8_t *p = NULL;
	int code = read_block(b, f, &p, &out->n);

	out->p = (const char *)p;
	if (code == 0 && !tn_utf8_valid(p, out->n))
		return bad(b, "not UTF-8");
	return code;
}

static int read_key(struct bin *b, struct tn_key *out)
{
	uint64_t n;

	if (take_number(b, 8, &n) != 0)
		return TN_EBAD;
	if (n != sizeof out->b)
		return bad(b, "a key has 32 bytes");
	if (take(b, out->b, sizeof out->b) != 0)
		return TN_EBAD;
	return point_decodes(out->b) ? 0 : bad(b, "a key that is no point");
}

static int read_addr(struct bin *b, struct tn_addr *out)
{
	uint64_t port;

	if (take(b, out->ip, sizeof out->ip) != 0 || take_number(b, 2, &port) != 0)
		return TN_EBAD;
	out->port = (uint16_t)port;
	return 0;
}

/* As many as there are, but no more memory than a few times the bytes that are left: a
 * number alone is not believed. */
static uint32_t first_room(const struct bin *b, uint32_t n, size_t size)
{
	size_t most = 4 * (size_t)(b->end - b->p) / size;

	return n < most ? n : (uint32_t)most;
}

static int read_list(struct bin *b, const struct tn_field *f, struct list_any *list)
{
	uint32_t room = 0, n;
	uint8_t *element;
	int code;

	if (take_length(b, schema_limit(f), &n) != 0)
		return TN_EBAD;
	room = first_room(b, n, f->of->size);
	list->v = room ? tn_alloc(b->arena, room * f->of->size) : NULL;
	if (room && !list->v)
		return nomem(b);
	while (list->n < n) {
		element = list_add(b->arena, list, &room, f->of->size);
		if (!element)
			return nomem(b);
		code = read_shape(b, f->of, element);
		if (code != 0)
			return code;
	}
	return 0;
}

static int read_integer(struct bin *b, const struct tn_field *f, uint8_t *at)
{
	uint64_t v;
	uint32_t v32;

	if (f->kind == TN_K_U8)
		return take(b, at, 1);
	if (take_number(b, f->kind == TN_K_U32 ? 4 : 8, &v) != 0)
		return TN_EBAD;
	v32 = (uint32_t)v;
	if (f->kind == TN_K_U32)
		memcpy(at, &v32, sizeof v32);
	else
		memcpy(at, &v, sizeof v);
	return 0;
}

static int read_kind(struct bin *b, const struct tn_field *f, uint8_t *at)
{
	struct tn_bytes *bytes = (struct tn_bytes *)(void *)at;

	switch ((enum tn_kind)f->kind) {
	case TN_K_BOOL:
		return take_bool(b, (bool *)at);
	case TN_K_U8:
	case TN_K_U32:
	case TN_K_U64:
	case TN_K_I64:
		return read_integer(b, f, at);
	case TN_K_STR:
		return read_string(b, f, (struct tn_str *)(void *)at);
	case TN_K_BYTES:
		return read_block(b, f, &bytes->p, &bytes->n);
	case TN_K_FIXED:
		return take(b, at, f->max);
	case TN_K_KEY:
		return read_key(b, (struct tn_key *)at);
	case TN_K_ADDR:
		return read_addr(b, (struct tn_addr *)(void *)at);
	case TN_K_SUB:
		return read_shape(b, f->of, at);
	case TN_K_LIST:
		return read_list(b, f, (struct list_any *)(void *)at);
	}
	return bad(b, "no such kind");
}

static int read_members(struct bin *b, const struct tn_schema *s, uint8_t *obj)
{
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];
		bool has = true;
		int code;

		if (f->flags == TN_F_EXT)
			continue;
		if (f->flags == TN_F_NULL) {
			if (take_bool(b, &has) != 0)
				return TN_EBAD;
			member_set_has(f, obj, has);
		}
		code = has ? read_kind(b, f, obj + f->off) : 0;
		if (code != 0)
			return code;
	}
	return 0;
}

static int read_shape(struct bin *b, const struct tn_schema *s, uint8_t *obj)
{
	const struct tn_field *alt;
	uint64_t v;
	uint32_t tag;

	if (s->shape != TN_CHOICE)
		return read_members(b, s, obj);
	if (take_number(b, 4, &v) != 0)
		return TN_EBAD;
	if (v >= s->fields)
		return bad(b, "unknown alternative");
	tag = (uint32_t)v;
	memcpy(obj + s->tag, &tag, sizeof tag);
	alt = &s->field[tag];
	return alt->of ? read_shape(b, alt->of, obj + alt->off) : 0;
}

int tn_bin_read(const struct tn_schema *s, struct tn_view in, struct tn_arena *a, const void **out,
		struct tn_error *err)
{
	struct bin b = { .start = in.p, .p = in.p, .arena = a, .err = err };
	uint8_t *obj = tn_alloc(a, s->size);
	int code;

	*out = NULL;
	if (!obj)
		return nomem(&b);
	b.end = in.n ? in.p + in.n : in.p;
	code = read_shape(&b, s, obj);
	if (code != 0)
		return code;
	if (b.p != b.end)
		return bad(&b, "something after the value");
	*out = s->shape == TN_UNIT ? NULL : obj;
	return 0;
}
