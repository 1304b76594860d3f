/* SPDX-License-Identifier: MIT
 * lib/wire/bin_write.c - structs as bincode 1.3: little-endian, full width, u64 lengths
 */
#include <string.h>

#include "wire/numbers.h"
#include "wire/schema.h"
#include "wire/sink.h"

static void put_shape(struct sink *k, const struct tn_schema *s, const uint8_t *obj);

static void put_number(struct sink *k, uint64_t v, size_t n)
{
	uint8_t b[8];

	if (k->n < k->room && k->room - k->n >= 8) { /* what is too much is overwritten */
		le_store8((uint8_t *)k->buf + k->n, v);
		k->n += n;
		return;
	}
	le_store8(b, v);
	sink_put(k, b, n);
}

static void put_block(struct sink *k, const void *p, size_t n)
{
	put_number(k, n, 8);
	sink_put(k, p, n);
}

static void put_list(struct sink *k, const struct tn_schema *of, const struct list_any *list)
{
	const uint8_t *v = list->v;
	uint32_t i;

	put_number(k, list->n, 8);
	for (i = 0; i < list->n; i++)
		put_shape(k, of, v + (size_t)i * of->size);
}

static void put_addr(struct sink *k, const struct tn_addr *a)
{
	sink_put(k, a->ip, sizeof a->ip);
	put_number(k, a->port, 2);
}

static void put_kind(struct sink *k, const struct tn_field *f, const void *at)
{
	const struct tn_bytes *bytes = at;
	const struct tn_str *str = at;

	switch ((enum tn_kind)f->kind) {
	case TN_K_BOOL:
		put_number(k, *(const bool *)at, 1);
		break;
	case TN_K_U8:
		put_number(k, *(const uint8_t *)at, 1);
		break;
	case TN_K_U32:
		put_number(k, *(const uint32_t *)at, 4);
		break;
	case TN_K_U64:
		put_number(k, *(const uint64_t *)at, 8);
		break;
	case TN_K_I64:
		put_number(k, (uint64_t) * (const int64_t *)at, 8);
		break;
	case TN_K_STR:
		put_block(k, str->p, str->n);
		break;
	case TN_K_BYTES:
		put_block(k, bytes->p, bytes->n);
		break;
	case TN_K_FIXED:
		sink_put(k, at, f->max);
		break;
	case TN_K_KEY:
		put_block(k, at, sizeof(struct tn_key));
		break;
	case TN_K_ADDR:
		put_addr(k, at);
		break;
	case TN_K_SUB:
		put_shape(k, f->of, at);
		break;
	case TN_K_LIST:
		put_list(k, f->of, at);
		break;
	}
}

/* Extensions are not part of the binary form: what the reference signs does not know them. */
static void put_members(struct sink *k, const struct tn_schema *s, const uint8_t *obj)
{
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];

		if (f->flags == TN_F_EXT)
			continue;
		if (f->flags == TN_F_NULL)
			put_number(k, member_has(f, obj), 1);
		if (member_has(f, obj))
			put_kind(k, f, obj + f->off);
	}
}

static void put_shape(struct sink *k, const struct tn_schema *s, const uint8_t *obj)
{
	const struct tn_field *alt;
	uint32_t tag;

	if (s->shape != TN_CHOICE) {
		put_members(k, s, obj);
		return;
	}
	memcpy(&tag, obj + s->tag, sizeof tag);
	put_number(k, tag, 4);
	alt = tag < s->fields ? &s->field[tag] : NULL;
	if (alt && alt->of)
		put_shape(k, alt->of, obj + alt->off);
}

size_t tn_bin_write(const struct tn_schema *s, const void *obj, uint8_t *buf, size_t room)
{
	struct sink k = { (char *)buf, room, 0 };

	put_shape(&k, s, obj);
	return k.n;
}
