/* SPDX-License-Identifier: MIT
 * cli/table.c - rows of JSON as columns for people
 *
 * Titles are the rows' keys; a key that ends in _s, _ms or _us is a duration and loses
 * that ending. Texts come from peers too: control characters never reach the terminal.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { UNIT_NONE, UNIT_US = 1, UNIT_MS = 1000, UNIT_S = 1000000 };

struct column {
	const char *key;
	int key_n, unit; /* of the title; microseconds of one */
	int width;
	bool right;
};

struct cell {
	char *text; /* NULL: no memory */
};

/* ---- durations */

static int unit_of(const char *key, int *title)
{
	static const struct {
		const char *end;
		int unit;
	} ends[] = { { "_us", UNIT_US }, { "_ms", UNIT_MS }, { "_s", UNIT_S } };
	size_t n = strlen(key);

	*title = (int)n;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t e = strlen(ends[i].end);

		if (n > e && strcmp(key + n - e, ends[i].end) == 0) {
			*title = (int)(n - e);
			return ends[i].unit;
		}
	}
	return UNIT_NONE;
}

/* Two units are enough to read. */
static void seconds(char *buf, size_t room, uint64_t s)
{
	if (s < 60)
		snprintf(buf, room, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, room, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, room, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(buf, room, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
}

static void duration(char *buf, size_t room, uint64_t v, int unit)
{
	uint64_t us = v > UINT64_MAX / (uint64_t)unit ? UINT64_MAX : v * (uint64_t)unit;

	if (us >= 60000000 || (unit == UNIT_S && us > 0))
		seconds(buf, room, us / 1000000);
	else if (us >= 1000000)
		snprintf(buf, room, "%.2fs", (double)us / 1e6);
	else if (us >= 1000)
		snprintf(buf, room, "%.1fms", (double)us / 1e3);
	else if (us > 0)
		snprintf(buf, room, "%" PRIu64 "us", us);
	else
		snprintf(buf, room, unit == UNIT_US ? "-" : "0s"); /* 0 us: never measured */
}

/* ---- one value */

static bool is_number(json_object *v)
{
	return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
}

static void add(FILE *f, json_object *v);

static void add_text(FILE *f, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 0x20 || c == 0x7f)
			fputc('?', f);
		else if (c == 0xc2 && i + 1 < n && (unsigned char)p[i + 1] < 0xa0)
			i++, fputc('?', f); /* C1: some terminals obey those too */
		else
			fputc(c, f);
	}
}

static void add_object(FILE *f, json_object *v)
{
	const char *blank = "";

	json_object_object_foreach(v, key, member)
	{
		fputs(blank, f);
		add_text(f, key, strlen(key));
		fputc(':', f);
		add(f, member);
		blank = " ";
	}
}

static void add_array(FILE *f, json_object *v)
{
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		if (i)
			fputc(',', f);
		add(f, json_object_array_get_idx(v, i));
	}
}

static void add(FILE *f, json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		fputc('-', f);
		break;
	case json_type_boolean:
		fputs(json_object_get_boolean(v) ? "yes" : "no", f);
		break;
	case json_type_string:
		add_text(f, json_object_get_string(v), (size_t)json_object_get_string_len(v));
		break;
	case json_type_object:
		add_object(f, v);
		break;
	case json_type_array:
		add_array(f, v);
		break;
	case json_type_int:
	case json_type_double:
		fputs(json_object_to_json_string(v), f);
		break;
	}
}

/* An empty text, list or object is "-": every cell has something in it. */
static char *cell_text(const struct column *c, json_object *v)
{
	char buf[48];
	char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (c->unit && json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= 0) {
		duration(buf, sizeof(buf), json_object_get_uint64(v), c->unit);
		return strdup(buf);
	}
	f = open_memstream(&text, &n);
	if (!f)
		return NULL;
	add(f, v);
	if (fflush(f) == 0 && n == 0)
		fputc('-', f);
	fclose(f);
	return text;
}

/* Characters, not bytes. */
static int width_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* ---- rows with the same keys */

static bool same_keys(json_object *a, json_object *b)
{
	struct json_object_iterator i = json_object_iter_begin(a), ie = json_object_iter_end(a);
	struct json_object_iterator j = json_object_iter_begin(b), je = json_object_iter_end(b);

	while (!json_object_iter_equal(&i, &ie) && !json_object_iter_equal(&j, &je)) {
		if (strcmp(json_object_iter_peek_name(&i), json_object_iter_peek_name(&j)) != 0)
			return false;
		json_object_iter_next(&i);
		json_object_iter_next(&j);
	}
	return json_object_iter_equal(&i, &ie) && json_object_iter_equal(&j, &je);
}

struct table {
	struct column *column;
	char **cell; /* rows * columns */
	size_t columns, rows;
};

static void clear(struct table *t)
{
	for (size_t i = 0; t->cell && i < t->columns * t->rows; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t->column);
}

static void add_cell(struct table *t, size_t row, size_t col, json_object *v)
{
	struct column *c = &t->column[col];
	char *text = cell_text(c, v);
	int w = text ? width_of(text) : 0;

	t->cell[row * t->columns + col] = text;
	if (w > c->width)
		c->width = w;
	if (v && !is_number(v))
		c->right = false;
}

static bool fill(struct table *t, json_object *rows, size_t first, size_t n)
{
	json_object *head = json_object_array_get_idx(rows, first);
	size_t col = 0;

	t->columns = (size_t)json_object_object_length(head);
	t->rows = n;
	t->column = calloc(t->columns + 1, sizeof(*t->column));
	t->cell = calloc(t->columns * n + 1, sizeof(*t->cell));
	if (!t->column || !t->cell)
		return false;
	json_object_object_foreach(head, key, ignored)
	{
		struct column *c = &t->column[col++];

		(void)ignored;
		*c = (struct column){ .key = key, .right = true };
		c->unit = unit_of(key, &c->key_n);
		c->width = c->key_n;
	}
	for (size_t i = 0; i < n; i++) {
		col = 0;
		json_object_object_foreach(json_object_array_get_idx(rows, first + i), name, v)
		{
			(void)name;
			add_cell(t, i, col++, v);
		}
	}
	return true;
}

/* ---- printing */

static void pad(FILE *out, int n)
{
	for (; n > 0; n--)
		fputc(' ', out);
}

/* The last column of a line has no blanks behind it. */
static void print_cell(FILE *out, const struct column *c, const char *text, int n, bool last)
{
	int blanks = c->width - width_of(text);

	if (n >= 0)
		blanks = c->width - n;
	if (c->right)
		pad(out, blanks);
	if (n >= 0)
		fprintf(out, "%.*s", n, text);
	else
		fputs(text, out);
	if (!c->right && !last)
		pad(out, blanks);
	fputs(last ? "\n" : "  ", out);
}

static void print_lines(FILE *out, const struct table *t)
{
	for (size_t i = 0; i < t->columns; i++)
		print_cell(out, &t->column[i], t->column[i].key, t->column[i].key_n,
			   i + 1 == t->columns);
	for (size_t i = 0; i < t->rows * t->columns; i++) {
		size_t col = i % t->columns;

		print_cell(out, &t->column[col], t->cell[i] ? t->cell[i] : "?", -1,
			   col + 1 == t->columns);
	}
}

static void print_list(FILE *out, const struct table *t)
{
	int width = 0;

	for (size_t i = 0; i < t->columns; i++)
		if (t->column[i].key_n > width)
			width = t->column[i].key_n;
	for (size_t i = 0; i < t->rows * t->columns; i++) {
		const struct column *c = &t->column[i % t->columns];

		fprintf(out, "%.*s", c->key_n, c->key);
		pad(out, width - c->key_n + 2);
		fprintf(out, "%s\n", t->cell[i] ? t->cell[i] : "?");
	}
}

void table_print(FILE *out, json_object *rows, bool vertical)
{
	size_t all = json_object_array_length(rows);

	for (size_t first = 0, n; first < all; first += n) {
		json_object *head = json_object_array_get_idx(rows, first);
		struct table t = { .columns = 0 };

		for (n = 1; first + n < all; n++)
			if (!same_keys(head, json_object_array_get_idx(rows, first + n)))
				break;
		if (first > 0)
			fputc('\n', out);
		if (!fill(&t, rows, first, n))
			fputs("no memory\n", out);
		else if (vertical)
			print_list(out, &t);
		else
			print_lines(out, &t);
		clear(&t);
	}
}
