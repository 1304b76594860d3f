/* SPDX-License-Identifier: MIT
 * lib/wire/print.c - values for people: indented, byte blocks as hex
 */
#include <string.h>

#include "timenode/value.h"
#include "wire/numbers.h"
#include "wire/schema.h"
#include "wire/sink.h"

static const char hex[] = "0123456789abcdef";

static void put_members(struct sink *k, const struct tn_schema *s, const uint8_t *obj,
			unsigned depth, bool inline_first);

static void put_text(struct sink *k, const char *text)
{
	sink_put(k, text, strlen(text));
}

static void indent(struct sink *k, unsigned depth)
{
	while (depth--)
		sink_put(k, "  ", 2);
}

static void put_unsigned(struct sink *k, uint64_t v)
{
	unsigned n = number_digits(v);
	char buf[NUMBER_TEXT];

	number_write(buf + n, v);
	sink_put(k, buf, n);
}

static void put_signed(struct sink *k, int64_t v)
{
	if (v < 0)
		sink_char(k, '-');
	put_unsigned(k, v < 0 ? (uint64_t) - (v + 1) + 1 : (uint64_t)v);
}

static void put_hex(struct sink *k, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		sink_char(k, hex[p[i] >> 4]);
		sink_char(k, hex[p[i] & 15]);
	}
}

/* What could move a terminal's cursor is shown, not sent. */
static void put_string(struct sink *k, const char *p, size_t n)
{
	size_t i;

	sink_char(k, '"');
	for (i = 0; i < n; i++) {
		uint8_t c = (uint8_t)p[i];

		if (c >= 0x20 && c != 0x7f && c != '"' && c != '\\') {
			sink_char(k, p[i]);
			continue;
		}
		put_text(k, "\\x");
		put_hex(k, &c, 1);
	}
	sink_char(k, '"');
}

/* Number, text or block on the line that its name began. */
static void put_scalar(struct sink *k, const struct tn_field *f, const void *at)
{
	const struct tn_bytes *bytes = at;
	const struct tn_str *str = at;
	char text[TN_ADDR_TEXT];

	if (f->kind == TN_K_BOOL)
		put_text(k, *(const bool *)at ? "true" : "false");
	else if (f->kind == TN_K_U8)
		put_unsigned(k, *(const uint8_t *)at);
	else if (f->kind == TN_K_U32)
		put_unsigned(k, *(const uint32_t *)at);
	else if (f->kind == TN_K_U64)
		put_unsigned(k, *(const uint64_t *)at);
	else if (f->kind == TN_K_I64)
		put_signed(k, *(const int64_t *)at);
	else if (f->kind == TN_K_STR)
		put_string(k, str->p, str->n);
	else if (f->kind == TN_K_BYTES)
		put_hex(k, bytes->p, bytes->n);
	else if (f->kind == TN_K_ADDR)
		put_text(k, tn_addr_text(at, text));
	else
		put_hex(k, at, f->max);
	sink_char(k, '\n');
}

/* Its name, then on the same line the alternative's name and below it what it holds. */
static void put_choice(struct sink *k, const struct tn_schema *s, const uint8_t *obj,
		       unsigned depth)
{
	const struct tn_field *alt;
	uint32_t tag;

	memcpy(&tag, obj + s->tag, sizeof tag);
	if (tag >= s->fields) {
		put_text(k, "?\n");
		return;
	}
	alt = &s->field[tag];
	put_text(k, alt->name);
	sink_char(k, '\n');
	if (alt->of)
		put_members(k, alt->of, obj + alt->off, depth, false);
}

static void put_list(struct sink *k, const struct tn_schema *of, const struct list_any *list,
		     unsigned depth)
{
	const uint8_t *v = list->v;
	uint32_t i;

	put_unsigned(k, list->n);
	sink_char(k, '\n');
	for (i = 0; i < list->n; i++) {
		indent(k, depth);
		put_text(k, "- ");
		if (of->shape == TN_CHOICE)
			put_choice(k, of, v + (size_t)i * of->size, depth + 1);
		else
			put_members(k, of, v + (size_t)i * of->size, depth + 1, true);
	}
}

static void put_value(struct sink *k, const struct tn_field *f, const uint8_t *at, unsigned depth)
{
	if (f->kind == TN_K_LIST) {
		put_list(k, f->of, (const struct list_any *)(const void *)at, depth + 1);
	} else if (f->kind != TN_K_SUB) {
		put_scalar(k, f, at);
	} else if (f->of->shape == TN_CHOICE) {
		put_choice(k, f->of, at, depth + 1);
	} else {
		sink_char(k, '\n');
		put_members(k, f->of, at, depth + 1, false);
	}
}

/* Does its value begin on the next line? */
static bool is_record(const struct tn_field *f)
{
	return f->kind == TN_K_SUB && f->of->shape != TN_CHOICE;
}

/* inline_first: the line is already indented and begun. */
static void put_members(struct sink *k, const struct tn_schema *s, const uint8_t *obj,
			unsigned depth, bool inline_first)
{
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];

		if (!member_has(f, obj))
			continue;
		if (!inline_first)
			indent(k, depth);
		inline_first = false;
		if (s->shape != TN_PLAIN) {
			put_text(k, f->name);
			put_text(k, is_record(f) ? ":" : ": ");
		}
		put_value(k, f, obj + f->off, depth);
	}
	if (inline_first)
		sink_char(k, '\n');
}

size_t tn_print(const struct tn_schema *s, const void *obj, char *buf, size_t room)
{
	struct sink k = { buf, room, 0 };

	if (s->shape == TN_CHOICE)
		put_choice(&k, s, obj, 0);
	else
		put_members(&k, s, obj, 0, false);
	return k.n;
}
