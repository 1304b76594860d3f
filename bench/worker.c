/* SPDX-License-Identifier: MIT
 * bench/worker.c - takes orders "OP CORPUS PASSES" on stdin, answers with nanoseconds
 *
 * Time is this thread's CPU time: what others do on the machine counts as little as it can.
 */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "timenode/value.h"

enum { PADDING = 128 };

static struct tn_arena *arena;
static bool checking;

void give_up(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

struct tn_arena *worker_arena(void)
{
	return arena;
}

static const struct tn_schema *table_of(enum corpus_kind kind)
{
	static const struct tn_schema *const table[] = { &tn_wire_ping, &tn_wire_vote, &tn_wire_tx,
							 &tn_wire_blocks };

	return table[kind];
}

static void check(const struct corpus *c, size_t i, const void *value)
{
	const struct tn_schema *s = table_of(c->kind);
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	struct tn_envelope e;
	const void *want;

	if (!a || tn_envelope_read(c->line[i], &e, NULL) != 0 ||
	    tn_envelope_body(&e, s, a, &want, NULL, NULL) != 0)
		give_up("a line of ours cannot be read");
	if (tn_compare(s, want, value) != 0)
		give_up("a library reads another value");
	tn_arena_unref(a);
}

void worker_seen(const struct corpus *c, size_t i, const void *value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
	if (checking)
		check(c, i, value);
}

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *text;

	if (!f || fseek(f, 0, SEEK_END) != 0)
		give_up("no corpus");
	*n = (size_t)ftell(f);
	rewind(f);
	text = calloc(1, *n + PADDING);
	if (!text || fread(text, 1, *n, f) != *n)
		give_up("cannot read the corpus");
	fclose(f);
	return text;
}

static void load(struct corpus *c, const char *path)
{
	size_t n, at = 0, k;
	char *text = slurp(path, &n);

	for (k = 0; k < n; k++)
		c->n += text[k] == '\n';
	c->bytes = n;
	c->line = calloc(c->n, sizeof *c->line);
	c->made = calloc(c->n, sizeof *c->made);
	if (!c->line || !c->made)
		give_up("no memory");
	for (k = 0; k < c->n; k++) {
		size_t m = (size_t)(strchr(text + at, '\n') - (text + at));

		c->line[k] = (struct tn_view){ (const uint8_t *)text + at, m };
		at += m + 1;
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void obey(struct corpus *corpus)
{
	unsigned op, kind, passes, i;
	double t;

	while (scanf("%u %u %u", &op, &kind, &passes) == 3) {
		struct corpus *c = &corpus[kind];

		if (ops[op].prepare)
			ops[op].prepare(c);
		t = now();
		for (i = 0; i < passes; i++)
			ops[op].run(c);
		printf("%.0f\n", (now() - t) / passes);
		fflush(stdout);
	}
}

/* Every decoder reads every line right, or there is nothing to compare. */
static void check_all(struct corpus *corpus)
{
	unsigned i, k;

	checking = true;
	for (i = 0; ops[i].name; i++)
		for (k = 0; k < CORPORA; k++) {
			if (ops[i].prepare)
				ops[i].prepare(&corpus[k]);
			ops[i].run(&corpus[k]);
		}
	checking = false;
}

int main(int argc, char **argv)
{
	struct corpus corpus[CORPORA] = { 0 };
	unsigned i;

	arena = tn_arena_create((size_t)64 << 20);
	if (!arena || argc != CORPORA + 1)
		give_up("usage: worker PING VOTE TX BLOCKS");
	for (i = 0; i < CORPORA; i++) {
		corpus[i].kind = (enum corpus_kind)i;
		load(&corpus[i], argv[i + 1]);
	}
	check_all(corpus);
	for (i = 0; ops[i].name; i++)
		printf("%s\n", ops[i].name);
	printf(".\n");
	fflush(stdout);
	obey(corpus);
	return 0;
}
