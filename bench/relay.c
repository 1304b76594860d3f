/* SPDX-License-Identifier: MIT
 * bench/relay.c - what a line costs that is only looked at: its end, its name, seen before?
 *
 * The functions that the node calls for it, over lines in memory, beside memchr alone.
 */
#include "figure.h"

#include <stdlib.h>
#include <string.h>

#include "net/names.h"
#include "timenode/util.h"
#include "timenode/wire.h"

enum { SEEN = 32768, BYTES = 256 << 10, PASSES = 64 };

struct lines {
	uint8_t *p;
	size_t n, count;
};

static struct lines corpus[3]; /* by probe.k: 62 B, 640 B, 1.47 KB */
static struct names *names;

static void make(struct lines *l, unsigned bytes)
{
	static const char head[] = "{\"TransactionVote\":\"";
	uint8_t *p;

	l->count = BYTES / bytes;
	l->n = l->count * bytes;
	p = l->p = malloc(l->n);
	if (!p)
		give_up("no memory");
	for (size_t i = 0; i < l->count; i++, p += bytes) {
		memset(p, 'x', bytes);
		memcpy(p, head, sizeof head - 1);
		memcpy(p + bytes - 3, "\"}\n", 3);
	}
	if (!names && !(names = names_create()))
		give_up("no memory");
}

/* Lines that nobody has seen: the set has to take them all. */
static void renew(struct lines *l, unsigned bytes)
{
	for (size_t i = 0; i < l->count; i++)
		for (unsigned k = 0; k < 16; k++)
			l->p[i * bytes + 24 + k] = (uint8_t)('a' + draw() % 26);
}

static size_t only_lf(const struct lines *l)
{
	const uint8_t *p = l->p, *end = p + l->n;
	size_t found = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		found++;
	}
	return found;
}

static size_t decide(const struct lines *l, struct tn_seen *seen, bool text)
{
	size_t at = 0, n, fresh = 0;
	struct tn_cut cut = { 0 };
	struct tn_envelope e;

	while ((n = tn_cut_line(&cut, l->p + at, l->n - at))) {
		struct tn_view line = { l->p + at, n - 1 };

		if (text && !tn_utf8_valid(line.p, line.n))
			give_up("a line of ours is no text");
		if (tn_envelope_read(line, &e, NULL) == 0 &&
		    names_find(names, e.name, e.name_n) >= NAME_FIRST)
			fresh += tn_seen_add(seen, line.p, line.n);
		at += n;
	}
	return fresh;
}

static struct tn_seen *warm_set(void)
{
	uint64_t key[4] = { draw(), draw(), draw(), draw() };
	struct tn_seen *seen = tn_seen_create(SEEN, key, sizeof key);

	if (!seen)
		give_up("no memory");
	for (unsigned i = 0; i < 2 * SEEN; i++) {
		uint64_t x = draw();

		tn_seen_add(seen, &x, sizeof x);
	}
	return seen;
}

/* k: 0 memchr, 1 the decision, 2 with the check of UTF-8 before it. */
static void measure(const struct probe *p, double out[OUTS])
{
	struct lines *l = &corpus[p->n < 100 ? 0 : p->n < 1000 ? 1 : 2];
	struct tn_seen *seen = warm_set();
	double t;

	if (!l->p)
		make(l, p->n);
	for (unsigned i = 0; i < PASSES; i++) {
		renew(l, p->n);
		t = cpu_ns();
		if ((p->k ? decide(l, seen, p->k > 1) : only_lf(l)) != l->count)
			give_up("not every line was new");
		out[0] += (cpu_ns() - t) / (double)l->count / PASSES;
	}
	tn_seen_free(seen);
}

static const struct probe probes[] = {
	{ "memchr-62", measure, 62, 0 },     { "decide-62", measure, 62, 1 },
	{ "utf8-62", measure, 62, 2 },       { "memchr-640", measure, 640, 0 },
	{ "decide-640", measure, 640, 1 },   { "utf8-640", measure, 640, 2 },
	{ "memchr-1467", measure, 1467, 0 }, { "decide-1467", measure, 1467, 1 },
	{ "utf8-1467", measure, 1467, 2 },   { 0 },
};

#define DECIDE "cut, name, hash and seen set, beside memchr, "

static const struct figure figures[] = {
	{ DECIDE "62 B", "ns", "decide-62", "memchr-62", 5 },
	{ DECIDE "640 B", "ns", "decide-640", "memchr-640", 5 },
	{ DECIDE "1.47 KB", "ns", "decide-1467", "memchr-1467", 5 },
	{ "  with the check of UTF-8, 62 B", "ns", "utf8-62", "memchr-62", 0 },
	{ "  with the check of UTF-8, 640 B", "ns", "utf8-640", "memchr-640", 0 },
	{ "  with the check of UTF-8, 1.47 KB", "ns", "utf8-1467", "memchr-1467", 0 },
	{ 0 },
};

const struct part part_relay = { "relay", probes, figures };
