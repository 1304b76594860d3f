/* SPDX-License-Identifier: MIT
 * lib/wire/json_write.c - structs as compact JSON, byte for byte what serde_json writes
 */
#include <string.h>

#include "timenode/wire.h"
#include "wire/json.h"
#include "wire/numbers.h"
#include "wire/schema.h"
#include "wire/sink.h"

static void put_shape(struct sink *k, const struct tn_schema *s, const uint8_t *obj);

static void put_text(struct sink *k, const char *text)
{
	sink_put(k, text, strlen(text));
}

/* At the end of the room. Kept apart: its buffer would make each number's frame a guarded
 * one.
 */
__attribute__((noinline)) static void put_last(struct sink *k, uint64_t v, unsigned n)
{
	char buf[NUMBER_TEXT];

	number_write(buf + n, v);
	sink_put(k, buf, n);
}

static void put_unsigned(struct sink *k, uint64_t v)
{
	unsigned n = number_digits(v);

	if (k->n + n <= k->room) {
		k->n += n;
		number_write(k->buf + k->n, v);
		return;
	}
	put_last(k, v, n);
}

static void put_signed(struct sink *k, int64_t v)
{
	if (v < 0)
		sink_char(k, '-');
	put_unsigned(k, v < 0 ? (uint64_t) - (v + 1) + 1 : (uint64_t)v);
}

static void put_escape(struct sink *k, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c ? strchr(from, c) : NULL;

	if (at) {
		sink_char(k, '\\');
		sink_char(k, to[at - from]);
		return;
	}
	put_text(k, "\\u00");
	sink_char(k, hex[c >> 4]);
	sink_char(k, hex[c & 15]);
}

static void put_string(struct sink *k, const char *p, size_t n)
{
	size_t from = 0, i = 0;

	sink_char(k, '"');
	for (; i < n; i++) {
		uint8_t c;

		while (n - i > 8 && !json_marks(le_load8((const uint8_t *)p + i)))
			i += 8;
		if (n >= 8 && n - i <= 8 && !json_marks(le_load8((const uint8_t *)p + n - 8)))
			break;
		c = (uint8_t)p[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		sink_put(k, p + from, i - from);
		put_escape(k, c);
		from = i + 1;
	}
	if (n)
		sink_put(k, p + from, n - from);
	sink_char(k, '"');
}

/* Every byte number with a comma behind it, in four characters, and their number: a table,
 * since two comparisons cost more than the load.
 */
/* clang-format off */
#define N1(v) { { (v) > 99 ? '0' + (v) / 100 : (v) > 9 ? '0' + (v) / 10 : '0' + (v) % 10, \
	(v) > 99 ? '0' + (v) / 10 % 10 : (v) > 9 ? '0' + (v) % 10 : ',', \
	(v) > 99 ? '0' + (v) % 10 : ',', ',' }, 2 + ((v) > 9) + ((v) > 99) }
#define N4(v) N1(v), N1((v) + 1), N1((v) + 2), N1((v) + 3)
#define N16(v) N4(v), N4((v) + 4), N4((v) + 8), N4((v) + 12)
#define N64(v) N16(v), N16((v) + 16), N16((v) + 32), N16((v) + 48)
/* clang-format on */
static const struct {
	char text[4];
	uint32_t n;
} number[256] = { N64(0), N64(64), N64(128), N64(192) };

/* Without room they are only counted. */
static void count_bytes(struct sink *k, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		k->n += number[p[i]].n;
}

static void put_bytes(struct sink *k, const uint8_t *p, size_t n)
{
	char *to;
	size_t i;

	sink_char(k, '[');
	if (k->n >= k->room) {
		count_bytes(k, p, n);
	} else if (n <= (k->room - k->n) / 4) {
		to = k->buf + k->n;
#pragma GCC unroll 4
		for (i = 0; i < n; i++) {
			unsigned v = p[i];

			memcpy(to, number[v].text, 4);
			to += number[v].n;
		}
		k->n = (size_t)(to - k->buf);
	} else {
		for (i = 0; i < n; i++)
			sink_put(k, number[p[i]].text, number[p[i]].n);
	}
	k->n -= n > 0; /* the last comma */
	sink_char(k, ']');
}

static void put_list(struct sink *k, const struct tn_schema *of, const struct list_any *list)
{
	const uint8_t *v = list->v;
	uint32_t i;

	sink_char(k, '[');
	for (i = 0; i < list->n; i++) {
		if (i)
			sink_char(k, ',');
		put_shape(k, of, v + (size_t)i * of->size);
	}
	sink_char(k, ']');
}

static void put_addr(struct sink *k, const struct tn_addr *a)
{
	char text[TN_ADDR_TEXT];

	tn_addr_text(a, text);
	put_string(k, text, strlen(text));
}

static void put_kind(struct sink *k, const struct tn_field *f, const void *at)
{
	const struct tn_bytes *bytes = at;
	const struct tn_str *str = at;

	switch ((enum tn_kind)f->kind) {
	case TN_K_BOOL:
		put_text(k, *(const bool *)at ? "true" : "false");
		break;
	case TN_K_U8:
		put_unsigned(k, *(const uint8_t *)at);
		break;
	case TN_K_U32:
		put_unsigned(k, *(const uint32_t *)at);
		break;
	case TN_K_U64:
		put_unsigned(k, *(const uint64_t *)at);
		break;
	case TN_K_I64:
		put_signed(k, *(const int64_t *)at);
		break;
	case TN_K_STR:
		put_string(k, str->p, str->n);
		break;
	case TN_K_BYTES:
		put_bytes(k, bytes->p, bytes->n);
		break;
	case TN_K_FIXED:
	case TN_K_KEY:
		put_bytes(k, at, f->max);
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

static void put_member(struct sink *k, const struct tn_field *f, const uint8_t *obj)
{
	if (member_has(f, obj))
		put_kind(k, f, obj + f->off);
	else
		put_text(k, "null");
}

static void put_tuple(struct sink *k, const struct tn_schema *s, const uint8_t *obj)
{
	unsigned i;

	sink_char(k, '[');
	for (i = 0; i < s->fields; i++) {
		if (i)
			sink_char(k, ',');
		put_member(k, &s->field[i], obj);
	}
	sink_char(k, ']');
}

/* In words, the last of which overlaps the one before: names are short, a call costs more
 * than all of it.
 */
static inline void copy_short(char *to, const char *from, size_t n)
{
	size_t i;

	if (n >= 8) {
		for (i = 0; i + 8 < n; i += 8)
			memcpy(to + i, from + i, 8);
		memcpy(to + n - 8, from + n - 8, 8);
		return;
	}
	if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
		return;
	}
	for (i = 0; i < n; i++)
		to[i] = from[i];
}

/* {"name": */
static void put_name(struct sink *k, char lead, const struct tn_field *f)
{
	size_t n = f->name_n ? f->name_n : strlen(f->name);
	char *to;

	if (k->n + n + 4 <= k->room) {
		to = k->buf + k->n;
		to[0] = lead;
		to[1] = '"';
		copy_short(to + 2, f->name, n);
		to[n + 2] = '"';
		to[n + 3] = ':';
		k->n += n + 4;
		return;
	}
	sink_char(k, lead);
	sink_char(k, '"');
	sink_put(k, f->name, n);
	sink_put(k, "\":", 2);
}

static void put_record(struct sink *k, const struct tn_schema *s, const uint8_t *obj)
{
	char lead = '{';
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];

		if (f->flags == TN_F_EXT && !member_has(f, obj))
			continue;
		put_name(k, lead, f);
		put_member(k, f, obj);
		lead = ',';
	}
	if (lead == '{')
		sink_char(k, '{');
	sink_char(k, '}');
}

/* A tag that no alternative has can only be the caller's mistake: null, which no reader
 * takes.
 */
static void put_choice(struct sink *k, const struct tn_schema *s, const uint8_t *obj)
{
	const struct tn_field *alt;
	uint32_t tag;

	memcpy(&tag, obj + s->tag, sizeof tag);
	if (tag >= s->fields) {
		put_text(k, "null");
		return;
	}
	alt = &s->field[tag];
	if (alt->of)
		sink_char(k, '{');
	put_string(k, alt->name, strlen(alt->name));
	if (alt->of) {
		sink_char(k, ':');
		put_shape(k, alt->of, obj + alt->off);
		sink_char(k, '}');
	}
}

static void put_shape(struct sink *k, const struct tn_schema *s, const uint8_t *obj)
{
	switch ((enum tn_shape)s->shape) {
	case TN_UNIT:
		put_text(k, "null");
		break;
	case TN_PLAIN:
		put_member(k, &s->field[0], obj);
		break;
	case TN_TUPLE:
		put_tuple(k, s, obj);
		break;
	case TN_RECORD:
		put_record(k, s, obj);
		break;
	case TN_CHOICE:
		put_choice(k, s, obj);
		break;
	}
}

size_t tn_json_write(const struct tn_schema *s, const void *obj, char *buf, size_t room)
{
	struct sink k = { buf, room, 0 };

	put_shape(&k, s, obj);
	return k.n;
}

size_t tn_line_write(const char *name, const struct tn_schema *s, const void *body, char *buf,
		     size_t room)
{
	struct sink k = { buf, room, 0 };
	bool unit = s->shape == TN_UNIT;

	if (!unit)
		sink_char(&k, '{');
	put_string(&k, name, strlen(name));
	if (!unit) {
		sink_char(&k, ':');
		put_shape(&k, s, body);
		sink_char(&k, '}');
	}
	sink_char(&k, '\n');
	return k.n;
}
