/* SPDX-License-Identifier: MIT
 * t/14-lib-kernels.c - every variant of the number reader says the same of mutated lines
 *
 * The judge is the variant "none", which reads one number after the other. Lines come
 * from random values, changed once to three times mostly within arrays of numbers, and
 * lie in allocations of their own size. With a number as argument: so many lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mutate.h"
#include "lib/tap.h"
#include "timenode/value.h"
#include "timenode/wire.h"
#include "wire/bulk.h"

enum { ROOM = 1 << 18, CHANGES = 50 };

struct answer {
	int code;
	bool canonical;
	const void *value;
	struct tn_error err;
	struct tn_arena *a;
};

struct tally {
	uint64_t seed, sampling;
	unsigned long lines, taken, verdicts, values, canonical, reasons;
	struct answer want, got;
};

static const char *const variant[] = { "portable", "sse2", "avx2" };

/* Changes that arrays of numbers care about: near an array, mostly digits and commas. */
static size_t disturb(uint8_t *to, const uint8_t *line, size_t n, uint64_t *seed)
{
	static const char bytes[] = "0123456789012345,,,,[] ";
	size_t at = mutate_draw(seed) % n, k;

	if (mutate_draw(seed) % 8 == 0)
		return mutate_line(to, line, n, seed);
	memcpy(to, line, n);
	for (k = 0; k < 64 && at + k < n; k++)
		if (line[at + k] == ',')
			break;
	at = at + k < n ? at + k : at;
	if (mutate_draw(seed) % 2 && at + 1 < n)
		at++;
	to[at] = (uint8_t)bytes[mutate_draw(seed) % (sizeof bytes - 1)];
	if (mutate_draw(seed) % 4)
		return n;
	memmove(to + at + 1, to + at, n - at);
	return n + 1;
}

static void read_by(const char *kernel, const struct tn_schema *s, struct tn_view in,
		    struct answer *out)
{
	tn_arena_reset(out->a);
	out->err.text[0] = '\0';
	out->code = tn_json_read_by(kernel, s, in, out->a, &out->value, &out->canonical, &out->err);
}

static void judge(const struct tn_schema *s, const uint8_t *text, size_t n, struct tally *t)
{
	uint8_t *exact = malloc(n ? n : 1);
	struct tn_view in = { exact, n };
	unsigned i;

	if (!exact)
		bail_out("no memory");
	memcpy(exact, text, n);
	read_by("none", s, in, &t->want);
	for (i = 0; i < sizeof variant / sizeof variant[0]; i++) {
		read_by(variant[i], s, in, &t->got);
		if (t->got.code == TN_ENOENT)
			continue;
		t->verdicts += t->got.code != t->want.code;
		t->canonical += t->got.canonical != t->want.canonical;
		t->reasons += strcmp(t->got.err.text, t->want.err.text) != 0;
		if (t->got.code == 0 && t->want.code == 0)
			t->values += tn_compare(s, t->got.value, t->want.value) != 0;
	}
	t->lines++;
	t->taken += t->want.code == 0;
	free(exact);
}

static void mutate(const struct tn_schema *s, struct tally *t)
{
	uint8_t *line = malloc(ROOM), *once = malloc(ROOM);
	struct tn_arena *a = tn_arena_create(0);
	unsigned i, k;
	const void *value;
	size_t n;

	if (!line || !once || tn_sample(s, a, &t->sampling, false, &value) != 0)
		bail_out("no memory");
	n = tn_json_write(s, value, (char *)line, ROOM);
	if (n + 4 > ROOM)
		bail_out("a sample is too long");
	judge(s, line, n, t);
	for (i = 0; i < CHANGES; i++) {
		size_t m = n;

		memcpy(once, line, n);
		for (k = 0; k <= i % 3 && m; k++) {
			uint8_t *from = malloc(m);

			if (!from)
				bail_out("no memory");
			memcpy(from, once, m);
			m = disturb(once, from, m, &t->seed);
			free(from);
		}
		judge(s, once, m, t);
	}
	tn_arena_unref(a);
	free(line);
	free(once);
}

/* Seventy numbers of one width as the script of an output, one of them another text. */
static size_t odd_script(char *text, size_t room, unsigned width, unsigned at, const char *odd)
{
	static const char *const plain[] = { "7", "42", "199" };
	size_t n = (size_t)snprintf(text, room, "[5,[");
	unsigned k;

	for (k = 0; k < 70; k++)
		n += (size_t)snprintf(text + n, room - n, "%s%s", k ? "," : "",
				      k == at ? odd : plain[width]);
	return n + (size_t)snprintf(text + n, room - n, "]]");
}

/* Where a block ends must make no difference: all that can be wrong at every place. */
static void places(struct tally *t)
{
	static const char *const odd[] = { "00",   "01", "007", "256", "260", "300", "999",  "1000",
					   "0255", "",   " 7",  "7 ",  "-1",  "1.0", "a",    "255",
					   "2550", "[",  "]",   "0",   "99",  "100", "7,,8", "\"" };
	char text[512];
	unsigned i, at, width;
	unsigned long before = t->lines, taken = t->taken;

	for (width = 0; width < 3; width++)
		for (i = 0; i < sizeof odd / sizeof odd[0]; i++)
			for (at = 0; at < 70; at++)
				judge(&tn_wire_txout, (uint8_t *)text,
				      odd_script(text, sizeof text, width, at, odd[i]), t);
	is_uint(t->lines - before, 24u * 3 * 70, "odd numbers at every place");
	is_uint(t->taken - taken, 6u * 3 * 70, "six of them are good");
}

int main(int argc, char **argv)
{
	static const struct tn_schema *const s[] = { &tn_wire_tx,    &tn_wire_vote,
						     &tn_wire_block, &tn_wire_block_vote,
						     &tn_wire_txout, &tn_wire_attestation };
	struct tally t = { .seed = 0x2545f4914f6cdd1d, .sampling = 7 };
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	unsigned i;

	t.want.a = tn_arena_create(0);
	t.got.a = tn_arena_create(0);
	places(&t);
	for (i = 0; t.lines < count; i++)
		mutate(s[i % (sizeof s / sizeof s[0])], &t);
	note("%lu lines, %lu of them taken", t.lines, t.taken);
	ok(t.taken > count / 100 && t.taken < count - count / 100, "good and bad ones");
	is_uint(t.verdicts, 0, "every variant takes and refuses the same");
	is_uint(t.values, 0, "reads the same values");
	is_uint(t.canonical, 0, "finds the same lines canonical");
	is_uint(t.reasons, 0, "and gives the same reason at the same byte");
	tn_arena_unref(t.want.a);
	tn_arena_unref(t.got.a);
	return done_testing();
}
