/* SPDX-License-Identifier: MIT
 * t/sim/trace.c - a ring of lines
 */
#include "config.h"

#include "sim/trace.h"

#include <stdlib.h>

#include "sim/queue.h"

#define TEXT 160

struct line {
	uint64_t at_us;
	const void *who, *whom;
	char text[TEXT];
};

struct trace {
	uint64_t n;
	unsigned room;
	struct line line[];
};

struct trace *trace_create(unsigned lines)
{
	struct trace *t = sim_alloc(sizeof(*t) + lines * sizeof(struct line));

	t->room = lines;
	return t;
}

void trace_free(struct trace *t)
{
	free(t);
}

void trace_add(struct trace *t, uint64_t at_us, const void *who, const void *whom, const char *fmt,
	       va_list ap)
{
	struct line *l = &t->line[t->n++ % t->room];

	l->at_us = at_us;
	l->who = who;
	l->whom = whom;
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	for (char *p = l->text; *p; p++)
		if (*p == '\n')
			*p = ' ';
}

static int is_about(const struct line *l, const void *a, const void *b)
{
	if (!a && !b)
		return 1;
	return !l->who || l->who == a || l->who == b || l->whom == a || l->whom == b;
}

void trace_print(const struct trace *t, FILE *f, const void *a, const void *b)
{
	uint64_t i = t->n > t->room ? t->n - t->room : 0;

	for (; i < t->n; i++) {
		const struct line *l = &t->line[i % t->room];

		if (is_about(l, a, b))
			fprintf(f, "# %10llu.%06llu %s\n", (unsigned long long)(l->at_us / 1000000),
				(unsigned long long)(l->at_us % 1000000), l->text);
	}
}
