/* SPDX-License-Identifier: MIT
 * t/17-lib-vectors.c - what the reference node sends, takes and refuses
 *
 * The numbers at the end keep anything from slipping out of the test unseen. With a
 * directory as its argument it judges the files of the same names and formats there.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/vector.h"

struct count {
	unsigned bodies;    /* judged by their table */
	unsigned unread;    /* no body was reached: not UTF-8, no envelope, no known name */
	unsigned canonical; /* compared with the recorded canonical form */
	bool seen[TN_MESSAGES];
};

/* Writes the body again as a line: text of the caller to free, LF cut off. */
static char *write_again(const struct verdict *v, size_t *n)
{
	const struct tn_schema *s = tn_message_schema((unsigned)v->index);
	const char *name = tn_message_name((unsigned)v->index);
	char *text;

	*n = tn_line_write(name, s, v->body, NULL, 0);
	text = malloc(*n);
	if (!text)
		bail_out("no memory");
	if (tn_line_write(name, s, v->body, text, *n) != *n || text[*n - 1] != '\n')
		bail_out("the writer does not end its line");
	--*n;
	return text;
}

static bool same_bytes(const void *a, size_t an, const void *b, size_t bn)
{
	return an == bn && (an == 0 || memcmp(a, b, an) == 0);
}

/* ---- messages.jsonl */

static bool same_bincode(const struct verdict *v, json_object *record, struct tn_arena *a)
{
	const struct tn_schema *s = tn_message_schema((unsigned)v->index);
	size_t n, again;
	uint8_t *want = vector_hex(vector_text(record, "bincode_hex"), &n), *got;
	struct tn_view body = { want + 4, n - 4 };
	const void *obj;
	bool same;

	again = tn_bin_write(s, v->body, NULL, 0);
	got = malloc(again + 1);
	if (!got)
		bail_out("no memory");
	tn_bin_write(s, v->body, got, again);
	same = want[0] == v->index && same_bytes(got, again, body.p, body.n);
	/* And back: what was read from bincode gives the recorded JSON. */
	if (same && s->shape != TN_UNIT) {
		struct verdict back = *v;
		char *text;
		size_t text_n;

		same = tn_bin_read(s, body, a, &obj, NULL) == 0;
		back.body = obj;
		text = same ? write_again(&back, &text_n) : NULL;
		same = same && text_n == strlen(vector_text(record, "line")) &&
		       memcmp(text, vector_text(record, "line"), text_n) == 0;
		free(text);
	}
	free(got);
	free(want);
	return same;
}

static void check_message(json_object *record, void *arg)
{
	struct tn_arena *a = tn_arena_create(0);
	struct count *c = arg;
	struct verdict v;
	size_t n, again;
	uint8_t *line = vector_line(record, &n);
	const char *label = vector_text(record, "case");
	json_object *index = json_object_object_get(record, "index");
	char *text;

	judge_line(line, n, a, &v);
	ok(v.accept, "%s is taken: %s", label, v.err.text);
	is_int(v.index, json_object_get_int(index), "%s: its place among the names", label);
	if (v.index >= 0) {
		is_str(tn_message_name((unsigned)v.index), vector_text(record, "name"),
		       "%s: its name", label);
		c->seen[v.index] = true;
	}
	if (v.accept) {
		c->bodies++;
		text = write_again(&v, &again);
		ok(same_bytes(text, again, line, n), "%s: written again byte for byte", label);
		ok(v.canonical, "%s: known to be canonical", label);
		free(text);
		ok(same_bincode(&v, record, a), "%s: its binary form", label);
	}
	free(line);
	tn_arena_unref(a);
}

static void messages(const char *dir)
{
	struct count c = { 0 };
	unsigned n = vectors_each(dir, "messages.jsonl", check_message, &c), i, names = 0;

	for (i = 0; i < TN_MESSAGES; i++)
		names += c.seen[i];
	note("messages: %u records, %u bodies, %u names", n, c.bodies, names);
	if (!dir)
		is_uint(n, 93, "every recorded message was there");
	is_uint(c.bodies, n, "every body was read and written in both encodings");
	if (!dir)
		is_uint(names, TN_MESSAGES, "every name came up");
}

/* ---- bad-lines.jsonl */

static void check_canonical(const struct verdict *v, json_object *record, const uint8_t *line,
			    size_t n, const char *label)
{
	json_object *want = json_object_object_get(record, "canonical");
	size_t again;
	char *text = write_again(v, &again);

	if (want)
		ok(same_bytes(text, again, json_object_get_string(want),
			      (size_t)json_object_get_string_len(want)),
		   "%s: its canonical form", label);
	else
		ok(same_bytes(text, again, line, n), "%s: its own canonical form", label);
	ok(v->canonical == !want, "%s: canonical is told right", label);
	free(text);
}

static void check_line(json_object *record, void *arg)
{
	struct tn_arena *a = tn_arena_create(0);
	struct count *c = arg;
	struct verdict v;
	size_t n;
	uint8_t *line = vector_line(record, &n);
	const char *label = vector_text(record, "case"), *want = vector_text(record, "verdict");

	judge_line(line, n, a, &v);
	c->bodies += v.index >= 0;
	c->unread += v.index < 0;
	if (strcmp(want, "connection_closed") == 0) {
		ok(!v.utf8, "%s: not UTF-8", label);
	} else {
		ok(v.utf8, "%s: UTF-8", label);
		is_str(v.accept ? "accept" : "reject", want, "%s: %s", label, v.err.text);
	}
	if (v.accept) {
		check_canonical(&v, record, line, n, label);
		c->canonical++;
		if (*vector_text(record, "name"))
			is_str(tn_message_name((unsigned)v.index), vector_text(record, "name"),
			       "%s: its name", label);
	}
	free(line);
	tn_arena_unref(a);
}

static void bad_lines(const char *dir)
{
	struct count c = { 0 };
	unsigned n = vectors_each(dir, "bad-lines.jsonl", check_line, &c);

	note("lines: %u records, %u bodies, %u without one, %u canonical forms", n, c.bodies,
	     c.unread, c.canonical);
	is_uint(c.bodies + c.unread, n, "every line was judged");
	if (dir)
		return;
	is_uint(n, 247, "every recorded line was there");
	ok(c.canonical >= 59, "canonical forms were compared");
}

/* ---- streams.jsonl */

static void check_lines(json_object *record, const uint8_t *stream, size_t n)
{
	json_object *lines = json_object_object_get(record, "lines");
	json_object *verdicts = json_object_object_get(record, "verdicts");
	size_t total = json_object_array_length(lines), i, at = 0, k;
	const char *label = vector_text(record, "case");
	struct tn_arena *a = tn_arena_create(0);
	struct tn_cut cut = { 0 };
	struct verdict v;

	for (i = 0; i < total; i++) {
		json_object *line = json_object_array_get_idx(lines, i);
		const char *want = json_object_get_string(json_object_array_get_idx(verdicts, i));

		/* A line that arrives byte by byte, or is the rest at the end of the stream. */
		for (k = 0; at + k < n && tn_cut_line(&cut, stream + at, k + 1) == 0; k++)
			;
		k = at + k < n ? k + 1 : k;
		judge_line(stream + at, k, a, &v);
		if (strcmp(want, "connection_closed") == 0) {
			ok(!v.utf8, "%s: line %zu is not UTF-8", label, i);
			at = n; /* nothing after it is handled */
			break;
		}
		ok(same_bytes(stream + at, k, json_object_get_string(line),
			      (size_t)json_object_get_string_len(line)),
		   "%s: line %zu", label, i);
		is_str(v.accept ? "accept" : "reject", want, "%s: verdict %zu", label, i);
		at += k;
	}
	is_uint(at, n, "%s: nothing is left", label);
	tn_arena_unref(a);
}

static void check_stream(json_object *record, void *arg)
{
	size_t n;
	uint8_t *stream = vector_hex(vector_text(record, "stream_hex"), &n);

	(void)arg;
	check_lines(record, stream, n);
	free(stream);
}

static void streams(const char *dir)
{
	unsigned n = vectors_each(dir, "streams.jsonl", check_stream, NULL);

	if (!dir)
		is_uint(n, 7, "every stream was there");
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : NULL;

	messages(dir);
	bad_lines(dir);
	streams(dir);
	return done_testing();
}
