/* SPDX-License-Identifier: MIT
 * t/lib/json_file.c - recorded values in one JSON document
 */
#include "lib/json_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/vector.h"

void json_file_open(struct json_file *f, const char *name, int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : getenv("TN_VECTORS");
	char path[4096], *file, *text;

	f->own = !dir || !*dir;
	snprintf(path, sizeof path, "%s/%s", f->own ? "t/data" : dir, name);
	file = f->own ? tap_source(path) : strdup(path);
	if (!file)
		bail_out("no memory");
	text = tap_slurp(file, NULL);
	f->root = json_tokener_parse(text);
	if (!f->root)
		bail_out("%s cannot be read", file);
	free(text);
	free(file);
}

void json_file_close(struct json_file *f)
{
	json_object_put(f->root);
}

static const char *label(json_object *record)
{
	static const char *const members[] = { "case", "name", "network", "address", "note" };
	json_object *v;

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (json_object_object_get_ex(record, members[i], &v))
			return json_object_get_string(v);
	return "?";
}

void json_file_each(const struct json_file *f, const char *section, size_t least, record_fn *fn,
		    void *arg)
{
	json_object *list = json_object_object_get(f->root, section);
	size_t n = list ? json_object_array_length(list) : 0, good = 0;

	for (size_t i = 0; i < n; i++) {
		json_object *record = json_object_array_get_idx(list, i);

		if (fn(record, arg))
			good++;
		else
			diag("%s %zu: %s", section, i, label(record));
	}
	ok(good == n && n > 0 && (!f->own || n >= least), "%s: %zu of %zu records", section, good,
	   n);
}

bool same_hex(json_object *record, const char *member, const void *got, size_t n)
{
	size_t want_n;
	uint8_t *want = bytes_member(record, member, &want_n);
	bool same = want_n == n && memcmp(want, got, n) == 0;

	free(want);
	return same;
}

void hex_member(json_object *record, const char *member, void *out, size_t n)
{
	size_t got;
	uint8_t *b = bytes_member(record, member, &got);

	if (got != n)
		bail_out("%s of %s has %zu bytes", member, label(record), got);
	memcpy(out, b, n);
	free(b);
}

uint8_t *bytes_member(json_object *record, const char *member, size_t *n)
{
	if (!json_object_object_get_ex(record, member, NULL))
		bail_out("%s has no %s", label(record), member);
	return vector_hex(vector_text(record, member), n);
}

int64_t int_member(json_object *record, const char *member)
{
	return strtoll(vector_text(record, member), NULL, 10);
}

uint64_t uint_member(json_object *record, const char *member)
{
	return strtoull(vector_text(record, member), NULL, 10);
}

const void *read_value(json_object *record, const char *member, const struct tn_schema *s,
		       struct tn_arena *a)
{
	const char *text = vector_text(record, member);
	struct tn_view in = { (const uint8_t *)text, strlen(text) };
	const void *value;
	bool canonical, same;
	uint8_t *bin;
	size_t n;

	if (tn_json_read(s, in, a, &value, &canonical, NULL) != 0 || !canonical)
		return NULL;
	if (!json_object_object_get_ex(record, "bincode_hex", NULL))
		return value;
	n = tn_bin_write(s, value, NULL, 0);
	bin = malloc(n + 1);
	if (!bin)
		bail_out("no memory");
	tn_bin_write(s, value, bin, n);
	same = same_hex(record, "bincode_hex", bin, n);
	free(bin);
	return same ? value : NULL;
}
