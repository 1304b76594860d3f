/* SPDX-License-Identifier: MIT
 * lib/wire/compare.c - the order of two values of one schema
 */
#include <string.h>

#include "timenode/value.h"
#include "wire/schema.h"

static int order_unsigned(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order_bytes(const void *a, size_t an, const void *b, size_t bn)
{
	size_t n = an < bn ? an : bn;
	int order = n ? memcmp(a, b, n) : 0;

	return order ? order : order_unsigned(an, bn);
}

static int order_list(const struct tn_schema *of, const struct list_any *a,
		      const struct list_any *b)
{
	uint32_t i;
	int order = 0;

	for (i = 0; i < a->n && i < b->n && order == 0; i++)
		order = tn_compare(of, (const uint8_t *)a->v + (size_t)i * of->size,
				   (const uint8_t *)b->v + (size_t)i * of->size);
	return order ? order : order_unsigned(a->n, b->n);
}

static int order_text(const struct tn_str *a, const struct tn_str *b)
{
	return order_bytes(a->p, a->n, b->p, b->n);
}

static int order_block(const struct tn_bytes *a, const struct tn_bytes *b)
{
	return order_bytes(a->p, a->n, b->p, b->n);
}

static int order_signed(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int order_kind(const struct tn_field *f, const void *a, const void *b)
{
	switch ((enum tn_kind)f->kind) {
	case TN_K_BOOL:
		return order_unsigned(*(const bool *)a, *(const bool *)b);
	case TN_K_U8:
		return order_unsigned(*(const uint8_t *)a, *(const uint8_t *)b);
	case TN_K_U32:
		return order_unsigned(*(const uint32_t *)a, *(const uint32_t *)b);
	case TN_K_U64:
		return order_unsigned(*(const uint64_t *)a, *(const uint64_t *)b);
	case TN_K_I64:
		return order_signed(*(const int64_t *)a, *(const int64_t *)b);
	case TN_K_STR:
		return order_text(a, b);
	case TN_K_BYTES:
		return order_block(a, b);
	case TN_K_FIXED:
	case TN_K_KEY:
		return memcmp(a, b, f->max);
	case TN_K_ADDR:
		return tn_addr_cmp(a, b);
	case TN_K_SUB:
		return tn_compare(f->of, a, b);
	case TN_K_LIST:
		return order_list(f->of, a, b);
	}
	return 0;
}

static int order_choice(const struct tn_schema *s, const uint8_t *a, const uint8_t *b)
{
	const struct tn_field *alt;
	uint32_t at, bt;

	memcpy(&at, a + s->tag, sizeof at);
	memcpy(&bt, b + s->tag, sizeof bt);
	if (at != bt || at >= s->fields)
		return order_unsigned(at, bt);
	alt = &s->field[at];
	return alt->of ? tn_compare(alt->of, a + alt->off, b + alt->off) : 0;
}

int tn_compare(const struct tn_schema *s, const void *a, const void *b)
{
	const uint8_t *x = a, *y = b;
	unsigned i;
	int order = 0;

	if (s->shape == TN_CHOICE)
		return order_choice(s, a, b);
	for (i = 0; i < s->fields && order == 0; i++) {
		const struct tn_field *f = &s->field[i];
		bool has = member_has(f, x);

		order = order_unsigned(has, member_has(f, y));
		if (order == 0 && has)
			order = order_kind(f, x + f->off, y + f->off);
	}
	return order;
}
