/* SPDX-License-Identifier: MIT
 * lib/wire/sample.c - random values of any schema, for tests and tools
 */
#include <string.h>

#include "base/point.h"
#include "timenode/value.h"
#include "wire/schema.h"

enum { ELEMENTS = 200, MOST_ELEMENTS = 5, MOST_BYTES = 80, MOST_PIECES = 12 };

struct sampling {
	struct tn_arena *arena;
	uint64_t seed;
	unsigned left; /* list elements that may still be made */
	bool extensions;
};

static int fill(struct sampling *g, const struct tn_schema *s, uint8_t *obj);

/* splitmix64 */
static uint64_t draw(struct sampling *g)
{
	uint64_t x = g->seed += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint32_t below(struct sampling *g, uint32_t n)
{
	return (uint32_t)(draw(g) % n);
}

/* Any length of digits, and the values where readers go wrong. */
static uint64_t draw_integer(struct sampling *g)
{
	static const uint64_t edge[] = { 0,
					 1,
					 255,
					 256,
					 UINT32_MAX,
					 INT64_MAX,
					 (uint64_t)INT64_MAX + 1,
					 UINT64_MAX,
					 ((uint64_t)1 << 53) + 1 };

	if (below(g, 4) == 0)
		return edge[below(g, sizeof edge / sizeof edge[0])];
	return draw(g) >> below(g, 64);
}

static void draw_block(struct sampling *g, uint8_t *out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(draw(g) >> 8 & (below(g, 4) ? 0xff : 0x0f));
}

/* Half of all values are points. */
static void draw_key(struct sampling *g, uint8_t out[32])
{
	memset(out, 0, 32);
	out[0] = below(g, 2) ? 1 : 0;
	if (below(g, 8))
		return;
	do
		draw_block(g, out, 32);
	while (!point_decodes(out));
}

/* One of the pieces that a text is made of. */
static size_t draw_piece(struct sampling *g, char out[4])
{
	static const char *const odd[] = { "\"",   "\\",           "/",
					   "\x7f", "\xc3\xa9",     "\n",
					   "\x1f", "\xe2\x82\xac", "\xf0\x9f\x95\x90",
					   "\b" };
	const char *piece;

	if (below(g, 4)) {
		out[0] = (char)('!' + below(g, 94));
		return 1;
	}
	if (below(g, 16) == 0) {
		out[0] = '\0';
		return 1;
	}
	piece = odd[below(g, sizeof odd / sizeof odd[0])];
	memcpy(out, piece, strlen(piece));
	return strlen(piece);
}

static int draw_text(struct sampling *g, struct tn_str *out, uint32_t limit)
{
	unsigned pieces = below(g, MOST_PIECES + 1);
	char piece[4], *text = tn_alloc(g->arena, (size_t)MOST_PIECES * sizeof piece);
	size_t n;

	if (!text)
		return TN_ENOMEM;
	out->p = text;
	for (out->n = 0; pieces; pieces--) {
		n = draw_piece(g, piece);
		if (n > limit - out->n)
			break;
		memcpy(text + out->n, piece, n);
		out->n += (uint32_t)n;
	}
	return 0;
}

static int draw_bytes(struct sampling *g, struct tn_bytes *out, uint32_t limit)
{
	uint32_t n = below(g, (limit < MOST_BYTES ? limit : MOST_BYTES) + 1);
	uint8_t *p = tn_alloc(g->arena, n);

	if (!p)
		return TN_ENOMEM;
	draw_block(g, p, n);
	out->p = p;
	out->n = n;
	return 0;
}

static int draw_list(struct sampling *g, const struct tn_schema *of, struct list_any *list,
		     uint32_t limit)
{
	uint32_t most = limit < MOST_ELEMENTS ? limit : MOST_ELEMENTS, n, room = 0;
	uint8_t *element;
	int code = 0;

	for (n = below(g, most + 1); n && g->left && code == 0; n--, g->left--) {
		element = list_add(g->arena, list, &room, of->size);
		code = element ? fill(g, of, element) : TN_ENOMEM;
	}
	return code;
}

static void draw_addr(struct sampling *g, struct tn_addr *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	draw_block(g, out->ip, sizeof out->ip);
	if (below(g, 2))
		memcpy(out->ip, mapped, sizeof mapped);
	out->port = (uint16_t)draw_integer(g);
}

static int fill_number(struct sampling *g, const struct tn_field *f, uint8_t *at)
{
	uint64_t v = draw_integer(g);
	uint32_t v32 = (uint32_t)v;

	if (f->kind == TN_K_BOOL)
		*(bool *)at = v & 1;
	else if (f->kind == TN_K_U8)
		*at = (uint8_t)v;
	else if (f->kind == TN_K_U32)
		memcpy(at, &v32, sizeof v32);
	else
		memcpy(at, &v, sizeof v);
	return 0;
}

static int fill_kind(struct sampling *g, const struct tn_field *f, void *at)
{
	switch ((enum tn_kind)f->kind) {
	case TN_K_BOOL:
	case TN_K_U8:
	case TN_K_U32:
	case TN_K_U64:
	case TN_K_I64:
		return fill_number(g, f, at);
	case TN_K_STR:
		return draw_text(g, at, schema_limit(f));
	case TN_K_BYTES:
		return draw_bytes(g, at, schema_limit(f));
	case TN_K_FIXED:
		draw_block(g, at, f->max);
		return 0;
	case TN_K_KEY:
		draw_key(g, at);
		return 0;
	case TN_K_ADDR:
		draw_addr(g, at);
		return 0;
	case TN_K_SUB:
		return fill(g, f->of, at);
	case TN_K_LIST:
		return draw_list(g, f->of, at, schema_limit(f));
	}
	return TN_EINVAL;
}

static int fill_choice(struct sampling *g, const struct tn_schema *s, uint8_t *obj)
{
	uint32_t tag = below(g, s->fields);
	const struct tn_field *alt = &s->field[tag];

	memcpy(obj + s->tag, &tag, sizeof tag);
	return alt->of ? fill(g, alt->of, obj + alt->off) : 0;
}

static int fill(struct sampling *g, const struct tn_schema *s, uint8_t *obj)
{
	unsigned i;
	int code = 0;

	if (s->shape == TN_CHOICE)
		return fill_choice(g, s, obj);
	for (i = 0; i < s->fields && code == 0; i++) {
		const struct tn_field *f = &s->field[i];
		bool has = f->flags == 0 ||
			   (f->flags == TN_F_EXT && !g->extensions ? false : below(g, 2) == 0);

		if (f->flags)
			member_set_has(f, obj, has);
		code = has ? fill_kind(g, f, obj + f->off) : 0;
	}
	return code;
}

int tn_sample(const struct tn_schema *s, struct tn_arena *a, uint64_t *seed, bool extensions,
	      const void **out)
{
	struct sampling g = { a, *seed, ELEMENTS, extensions };
	uint8_t *obj = tn_alloc(a, s->size);
	int code;

	*out = NULL;
	if (!obj)
		return TN_ENOMEM;
	code = fill(&g, s, obj);
	*seed = g.seed;
	if (code == 0 && s->shape != TN_UNIT)
		*out = obj;
	return code;
}
