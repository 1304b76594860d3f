/* SPDX-License-Identifier: MIT
 * t/18-lib-torture.c - every recorded message cut at every byte, and changed at random
 *
 * Each piece lies in an allocation of its own size, so that a sanitizer sees the first
 * byte that is read too far. The seed is fixed: a failure comes again.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/vector.h"

enum { CUTS_MAX = 3000, CHANGES = 250, LINE_MAX_HERE = 20000 };

struct tally {
	uint64_t seed;
	unsigned cuts, changes, accepted, moved; /* moved: accepted, but not canonical */
	unsigned cut_taken, peek_wrong, unstable, told_wrong, too_much;
};

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

/* The largest list element in a schema. */
static size_t largest(const struct tn_schema *s)
{
	size_t most = 0, k;
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];

		if (f->kind == TN_K_LIST && f->of->size > most)
			most = f->of->size;
		k = f->of ? largest(f->of) : 0;
		most = k > most ? k : most;
	}
	return most;
}

/* The promise of timenode/schema.h. */
static bool within(const struct tn_schema *s, size_t n, const struct tn_arena *a)
{
	return tn_arena_used(a) <= 256 + s->size + n * (4 * largest(s) + 16);
}

/* Judges a copy of exactly n bytes. */
static void judge(const uint8_t *line, size_t n, struct tn_arena *a, struct verdict *v,
		  struct tally *t)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		bail_out("no memory");
	memcpy(exact, line, n);
	tn_arena_reset(a);
	judge_line(exact, n, a, v);
	if (v->index >= 0)
		t->too_much += !within(tn_message_schema((unsigned)v->index), n, a);
	free(exact);
}

static void cut(const uint8_t *line, size_t n, struct tn_arena *a, struct tally *t)
{
	struct tn_envelope e;
	struct verdict v;
	size_t i, step = n > CUTS_MAX ? n / CUTS_MAX + 1 : 1;

	/* Without white space at its end the message would still be whole. */
	while (n && line[n - 1] <= ' ')
		n--;
	for (i = 0; i < n; i += step) {
		int peek = tn_envelope_peek((struct tn_view){ line, i }, &e);

		judge(line, i, a, &v, t);
		t->cut_taken += v.accept;
		t->peek_wrong +=
			peek != TN_EBUSY && (peek != 0 || tn_message_find(e.name, e.name_n) < 0);
		t->cuts++;
	}
}

/* What was taken is written, read and written again: the same bytes, and the reader
 * said "canonical" exactly if they are those of the line.
 */
static void stable(const uint8_t *line, size_t n, const struct verdict *v, struct tally *t)
{
	const struct tn_schema *s = tn_message_schema((unsigned)v->index);
	const char *name = tn_message_name((unsigned)v->index);
	struct tn_arena *a = tn_arena_create(0);
	size_t n1 = tn_line_write(name, s, v->body, NULL, 0), n2;
	char *one = malloc(n1), *two = malloc(n1);
	struct verdict again;
	bool same;

	if (!one || !two)
		bail_out("no memory");
	tn_line_write(name, s, v->body, one, n1);
	judge_line((uint8_t *)one, n1, a, &again);
	n2 = again.accept ? tn_line_write(name, s, again.body, two, n1) : 0;
	same = again.accept && again.canonical && n1 == n2 && memcmp(one, two, n1) == 0;
	t->unstable += !same;
	n -= line[n - 1] == '\n'; /* an LF that was put there ends the line */
	same = n1 == n + 1 && memcmp(one, line, n) == 0;
	t->told_wrong += same != v->canonical;
	t->moved += !same;
	free(one);
	free(two);
	tn_arena_unref(a);
}

/* One or two small changes, mostly with bytes that mean something. */
static size_t mutate(uint8_t *to, const uint8_t *line, size_t n, uint64_t *seed)
{
	static const char bytes[] =
		"{}[]\",:0123456789-+.eE\\u/ \t\r\nnulltruefalse\x01\x7f\xc3\xa9";
	size_t at = next(seed) % n;
	uint8_t byte = (uint8_t)bytes[next(seed) % (sizeof bytes - 1)];

	memcpy(to, line, n);
	switch (next(seed) % 4) {
	case 0:
		to[at] = (uint8_t)next(seed);
		return n;
	case 1: /* one more */
		memmove(to + at + 1, to + at, n - at);
		to[at] = byte;
		return n + 1;
	case 2: /* one less */
		memmove(to + at, to + at + 1, n - at - 1);
		return n - 1;
	default:
		to[at] = byte;
		return n;
	}
}

static void change(const uint8_t *line, size_t n, struct tn_arena *a, struct tally *t)
{
	uint8_t *copy = malloc(n + 2);
	struct verdict v;
	unsigned i;
	size_t m;

	if (!copy)
		bail_out("no memory");
	for (i = 0; i < CHANGES; i++) {
		m = mutate(copy, line, n, &t->seed);
		judge(copy, m, a, &v, t);
		t->changes++;
		if (!v.accept)
			continue;
		t->accepted++;
		stable(copy, m, &v, t);
	}
	free(copy);
}

/* The binary form of what was read, cut and changed in the same way. */
static void binary(const struct verdict *v, struct tn_arena *a, struct tally *t)
{
	const struct tn_schema *s = tn_message_schema((unsigned)v->index);
	size_t n = tn_bin_write(s, v->body, NULL, 0), i, again;
	uint8_t *good = malloc(n + 1), *copy = malloc(n + 1), *exact;
	const void *obj;

	if (!good || !copy)
		bail_out("no memory");
	tn_bin_write(s, v->body, good, n);
	for (i = 0; i < CHANGES && n; i++) {
		size_t m = i % 2 ? n : next(&t->seed) % n;

		exact = malloc(m ? m : 1);
		if (!exact)
			bail_out("no memory");
		memcpy(exact, good, m);
		if (m == n)
			exact[next(&t->seed) % n] ^= (uint8_t)(1u << next(&t->seed) % 8);
		tn_arena_reset(a);
		if (tn_bin_read(s, (struct tn_view){ exact, m }, a, &obj, NULL) == 0) {
			t->cut_taken += m < n;
			again = tn_bin_write(s, obj, copy, n);
			t->unstable += again != m || memcmp(copy, exact, m) != 0;
		}
		t->too_much += !within(s, m, a);
		free(exact);
	}
	free(good);
	free(copy);
}

static void one(json_object *record, void *arg)
{
	struct tn_arena *a = tn_arena_create(0), *kept = tn_arena_create(0);
	struct tally *t = arg;
	struct verdict v;
	size_t n;
	uint8_t *line = vector_line(record, &n);

	judge_line(line, n, kept, &v);
	if (n && n <= LINE_MAX_HERE) {
		if (v.accept)
			cut(line, n, a, t);
		change(line, n, a, t);
		if (v.accept && v.body)
			binary(&v, a, t);
	}
	free(line);
	tn_arena_unref(a);
	tn_arena_unref(kept);
}

/* The densest lists there can be stay within the promise. */
static void dense(struct tally *t)
{
	static const char *const element[] = { "\"\",", "[0,[],[],0,0]," };
	static const char *const name[] = { "PeersResponse", "PendingTransactionsResponse" };
	struct tn_arena *a = tn_arena_create((size_t)256 << 20);
	unsigned k;

	for (k = 0; k < 2; k++) {
		const struct tn_schema *s =
			tn_message_schema((unsigned)tn_message_find(name[k], strlen(name[k])));
		size_t each = strlen(element[k]), n = 2 + each * 100000 - 1, i;
		char *text = malloc(n + 1);
		const void *obj;

		if (!text)
			bail_out("no memory");
		text[0] = '[';
		for (i = 0; i < 100000; i++)
			memcpy(text + 1 + i * each, element[k], each);
		text[n - 1] = ']';
		tn_arena_reset(a);
		is_int(tn_json_read(s, (struct tn_view){ (uint8_t *)text, n }, a, &obj, NULL, NULL),
		       0, "a hundred thousand elements of %s", name[k]);
		t->too_much += !within(s, n, a);
		free(text);
	}
	tn_arena_unref(a);
}

int main(void)
{
	struct tally t = { .seed = 0x9e3779b97f4a7c15u };

	vectors_each(NULL, "messages.jsonl", one, &t);
	vectors_each(NULL, "bad-lines.jsonl", one, &t);
	dense(&t);
	note("%u cuts, %u changes, %u of them taken, %u in another form", t.cuts, t.changes,
	     t.accepted, t.moved);
	ok(t.cuts > 20000 && t.changes > 50000, "there was enough to try");
	ok(t.accepted > 2000 && t.moved > 200 && t.accepted - t.moved > 200,
	   "of what was changed some was taken, canonical or not");
	is_uint(t.cut_taken, 0, "no message that was cut is taken");
	is_uint(t.peek_wrong, 0, "the beginning of a good line is never refused");
	is_uint(t.unstable, 0, "what was taken is written and read to the same bytes");
	is_uint(t.told_wrong, 0, "canonical is told exactly");
	is_uint(t.too_much, 0, "memory stays within the promise");
	return done_testing();
}
