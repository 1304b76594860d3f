/* SPDX-License-Identifier: MIT
 * core/conf/print.c - options as they would stand in a file
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_impl.h"

/* Text into a buffer that may be too small; `n` counts on. */
struct out {
	char *buf;
	size_t room, n;
	unsigned indent;
};

static void emit(struct out *o, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++, o->n++)
		if (o->n < o->room)
			o->buf[o->n] = text[i];
}

static void say(struct out *o, const char *text)
{
	emit(o, text, strlen(text));
}

static void begin_line(struct out *o)
{
	for (unsigned i = 0; i < o->indent; i++)
		say(o, "\t");
}

static void say_quoted(struct out *o, const char *p, size_t n)
{
	char hex[8];

	say(o, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\')
			say(o, "\\");
		if (c >= 0x20 && c != 0x7f) {
			emit(o, p + i, 1);
			continue;
		}
		snprintf(hex, sizeof hex, "\\x%02x", c);
		say(o, hex);
	}
	say(o, "\"");
}

static void say_number(struct out *o, uint64_t v)
{
	char buf[32];

	/* libconfig 1.5 cuts larger numbers to 32 bits without the L */
	snprintf(buf, sizeof buf, "%llu%s", (unsigned long long)v, v > INT32_MAX ? "L" : "");
	say(o, buf);
}

static void say_addrs(struct out *o, const struct tn_addrs *a)
{
	char buf[TN_ADDR_TEXT];

	say(o, "[ ");
	for (uint32_t i = 0; i < a->n; i++) {
		say(o, i ? ", \"" : "\"");
		say(o, tn_addr_text(&a->v[i], buf));
		say(o, "\"");
	}
	say(o, a->n ? " ]" : "]");
}

static void say_texts(struct out *o, const struct tn_texts *t)
{
	say(o, "[ ");
	for (uint32_t i = 0; i < t->n; i++) {
		if (i)
			say(o, ", ");
		say_quoted(o, t->v[i].p, t->v[i].n);
	}
	say(o, t->n ? " ]" : "]");
}

static void say_value(struct out *o, const struct tn_option *row, const void *values)
{
	const void *m = (const char *)values + row->off;
	const struct tn_str *s = m;
	char buf[CONF_NUMBER_MAX];

	switch (row->type) {
	case TN_O_BOOL:
		say(o, *(const bool *)m ? "true" : "false");
		break;
	case TN_O_INT:
		say_number(o, *(const uint64_t *)m);
		break;
	case TN_O_SIZE:
		conf_size_text(*(const uint64_t *)m, buf);
		say_quoted(o, buf, strlen(buf));
		break;
	case TN_O_MS:
		conf_ms_text(*(const uint64_t *)m, buf);
		say_quoted(o, buf, strlen(buf));
		break;
	case TN_O_TEXT:
		say_quoted(o, s->p, s->n);
		break;
	case TN_O_ADDRS:
		say_addrs(o, m);
		break;
	default:
		say_texts(o, m);
		break;
	}
}

/* One comment line per line of the help. */
static void say_help(struct out *o, const struct tn_option *row)
{
	const char *p = row->help ? row->help : "";

	while (*p) {
		size_t n = strcspn(p, "\n");

		begin_line(o);
		say(o, "# ");
		emit(o, p, n);
		p += n + (p[n] == '\n');
		say(o, !*p && row->fixed ? " (restart)\n" : "\n");
	}
}

static void print_rows(struct out *o, struct tn_table t, const void *values)
{
	for (unsigned i = 0; i < t.rows; i++) {
		const struct tn_option *row = conf_row(t, i);

		say_help(o, row);
		begin_line(o);
		say(o, row->key);
		say(o, " = ");
		say_value(o, row, values);
		say(o, ";\n");
	}
}

/* How large the struct is that the table describes. */
static size_t bytes_of(struct tn_table t)
{
	size_t n = 0;

	for (unsigned i = 0; i < t.rows; i++)
		if (conf_row(t, i)->off + sizeof(struct tn_texts) > n)
			n = conf_row(t, i)->off + sizeof(struct tn_texts);
	return n;
}

static void print_defaults(struct out *o, struct tn_table t)
{
	struct tn_arena *a = tn_arena_create(0);
	void *values = calloc(1, bytes_of(t) + 1);

	if (a && values && conf_fill(NULL, "", t, NULL, values, a, NULL) == 0)
		print_rows(o, t, values);
	free(values);
	tn_arena_unref(a);
}

size_t conf_print(struct tn_table options, const void *values, unsigned indent, char *buf,
		  size_t room)
{
	struct out o = { buf, room, 0, indent };

	if (values)
		print_rows(&o, options, values);
	else
		print_defaults(&o, options);
	return o.n;
}
