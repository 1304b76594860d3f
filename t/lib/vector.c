/* SPDX-License-Identifier: MIT
 * t/lib/vector.c - the recorded lines in t/data
 */
#include "lib/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"

static char *file_of(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir ? dir : "t/data", name);
	return dir ? strdup(path) : tap_source(path);
}

unsigned vectors_each(const char *dir, const char *name, vector_fn *fn, void *arg)
{
	char *path = file_of(dir, name), *text, *line, *end;
	unsigned n = 0;

	if (!path)
		bail_out("no memory");
	text = tap_slurp(path, NULL);
	for (line = text; *line; line = end + 1) {
		json_object *record;

		end = strchr(line, '\n');
		if (!end)
			bail_out("%s: the last line has no end", path);
		*end = '\0';
		record = json_tokener_parse(line);
		if (!record)
			bail_out("%s: record %u cannot be read", path, n + 1);
		fn(record, arg);
		json_object_put(record);
		n++;
	}
	free(text);
	free(path);
	return n;
}

const char *vector_text(json_object *record, const char *member)
{
	json_object *v = json_object_object_get(record, member);

	return v ? json_object_get_string(v) : "";
}

uint8_t *vector_hex(const char *hex, size_t *n)
{
	size_t i;
	uint8_t *out;
	unsigned byte;

	*n = strlen(hex) / 2;
	out = malloc(*n + 1);
	if (!out)
		bail_out("no memory");
	for (i = 0; i < *n; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			bail_out("bad hex in a vector");
		out[i] = (uint8_t)byte;
	}
	return out;
}

uint8_t *vector_line(json_object *record, size_t *n)
{
	json_object *v = json_object_object_get(record, "line");
	uint8_t *out;

	if (!v)
		return vector_hex(vector_text(record, "hex"), n);
	*n = (size_t)json_object_get_string_len(v);
	out = malloc(*n + 1);
	if (!out)
		bail_out("no memory");
	memcpy(out, json_object_get_string(v), *n);
	return out;
}

void judge_line(const uint8_t *line, size_t n, struct tn_arena *a, struct verdict *out)
{
	const struct tn_schema *s;
	struct tn_envelope e;

	memset(out, 0, sizeof *out);
	out->index = TN_ENOENT;
	out->utf8 = tn_utf8_valid(line, n);
	if (!out->utf8)
		return;
	out->envelope = tn_envelope_read((struct tn_view){ line, n }, &e, &out->err) == 0;
	if (!out->envelope)
		return;
	out->index = tn_message_find(e.name, e.name_n);
	if (out->index < 0)
		return;
	s = tn_message_schema((unsigned)out->index);
	out->accept = tn_envelope_body(&e, s, a, &out->body, &out->canonical, &out->err) == 0;
}
