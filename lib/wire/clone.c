/* SPDX-License-Identifier: MIT
 * lib/wire/clone.c - deep copies of values
 */
#include <string.h>

#include "timenode/value.h"
#include "wire/schema.h"

/* `obj` already holds the bytes of the original: what points elsewhere is copied. */
static int copy_members(const struct tn_schema *s, uint8_t *obj, struct tn_arena *a);

static int copy_block(const uint8_t **p, uint32_t n, struct tn_arena *a)
{
	uint8_t *copy;

	if (n == 0) {
		*p = (const uint8_t *)"";
		return 0;
	}
	copy = tn_alloc(a, n);
	if (!copy)
		return TN_ENOMEM;
	memcpy(copy, *p, n);
	*p = copy;
	return 0;
}

static int copy_text(struct tn_str *t, struct tn_arena *a)
{
	const uint8_t *p = (const uint8_t *)t->p;
	int code = copy_block(&p, t->n, a);

	t->p = (const char *)p;
	return code;
}

static int copy_list(const struct tn_schema *of, struct list_any *list, struct tn_arena *a)
{
	uint8_t *v;
	uint32_t i;
	int code = 0;

	if (list->n == 0) {
		list->v = NULL;
		return 0;
	}
	if (list->n > SIZE_MAX / of->size)
		return TN_ENOMEM;
	v = tn_alloc(a, list->n * (size_t)of->size);
	if (!v)
		return TN_ENOMEM;
	memcpy(v, list->v, list->n * (size_t)of->size);
	list->v = v;
	for (i = 0; i < list->n && code == 0; i++)
		code = copy_members(of, v + (size_t)i * of->size, a);
	return code;
}

/* An absent member keeps no pointer into the original. */
static void empty_member(const struct tn_field *f, void *at)
{
	if (f->kind == TN_K_STR)
		memset(at, 0, sizeof(struct tn_str));
	else if (f->kind == TN_K_BYTES)
		memset(at, 0, sizeof(struct tn_bytes));
	else if (f->kind == TN_K_LIST)
		memset(at, 0, sizeof(struct list_any));
	else if (f->kind == TN_K_SUB)
		memset(at, 0, f->of->size);
}

static int copy_member(const struct tn_field *f, uint8_t *obj, struct tn_arena *a)
{
	void *at = obj + f->off;
	struct tn_bytes *bytes = at;

	if (!member_has(f, obj)) {
		empty_member(f, at);
		return 0;
	}
	if (f->kind == TN_K_STR)
		return copy_text(at, a);
	if (f->kind == TN_K_BYTES)
		return copy_block(&bytes->p, bytes->n, a);
	if (f->kind == TN_K_LIST)
		return copy_list(f->of, at, a);
	return f->kind == TN_K_SUB && f->of ? copy_members(f->of, at, a) : 0;
}

static int copy_members(const struct tn_schema *s, uint8_t *obj, struct tn_arena *a)
{
	unsigned i, from = 0, to = s->fields;
	uint32_t tag;
	int code = 0;

	if (s->shape == TN_CHOICE) {
		memcpy(&tag, obj + s->tag, sizeof tag);
		from = tag < to ? tag : to;
		to = from < to ? from + 1 : to;
	}
	for (i = from; i < to && code == 0; i++)
		code = copy_member(&s->field[i], obj, a);
	return code;
}

int tn_clone(const struct tn_schema *s, const void *obj, struct tn_arena *a, const void **out)
{
	uint8_t *copy;
	int code;

	*out = NULL;
	if (s->shape == TN_UNIT)
		return 0;
	copy = tn_alloc(a, s->size);
	if (!copy)
		return TN_ENOMEM;
	memcpy(copy, obj, s->size);
	code = copy_members(s, copy, a);
	if (code == 0)
		*out = copy;
	return code;
}
