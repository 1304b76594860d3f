/* SPDX-License-Identifier: MIT
 * bench/figure.c - rounds of all probes in random order, and the table of ratios
 *
 * usage: bench/node [ROUNDS [PART...]]. Printed are medians; a ratio is the median of the
 * ratios within each round.
 */
#include "figure.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROBES = 64, ROUNDS = 9, ROUNDS_MAX = 99 };

struct slot {
	const struct probe *probe;
	double out[OUTS][ROUNDS_MAX];
};

struct bench {
	struct slot slot[PROBES];
	unsigned slots, rounds;
};

static const struct part *const parts[] = { &part_memory, &part_receive,  &part_relay,
					    &part_fanout, &part_dispatch, &part_pairs,
					    &part_idle };
enum { PARTS = sizeof parts / sizeof *parts };

void give_up(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

uint64_t draw(void)
{
	static uint64_t x = 0x2545f4914f6cdd1d;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static double clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t now_ms(void)
{
	return (uint64_t)(clock_ns(CLOCK_MONOTONIC) / 1e6);
}

void pause_ms(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* How often something else had the processor: gaps of more than 20 us in half a second. */
static void print_noise(void)
{
	double start = clock_ns(CLOCK_MONOTONIC), last = start, now, lost = 0;
	unsigned gaps = 0;

	do {
		now = clock_ns(CLOCK_MONOTONIC);
		if (now - last > 20e3) {
			gaps++;
			lost += now - last;
		}
		last = now;
	} while (now - start < 5e8);
	printf("noise: %u gaps above 20 us in 0.5 s, %.1f ms lost\n", gaps, lost / 1e6);
	fflush(stdout);
}

/* ---- rounds */

static void run_round(struct bench *b, unsigned round)
{
	unsigned order[PROBES], i;

	for (i = 0; i < b->slots; i++)
		order[i] = i;
	for (i = b->slots; i > 1; i--) {
		unsigned k = (unsigned)(draw() % i), was = order[k];

		order[k] = order[i - 1];
		order[i - 1] = was;
	}
	for (i = 0; i < b->slots; i++) {
		struct slot *s = &b->slot[order[i]];
		double out[OUTS] = { 0 };

		s->probe->run(s->probe, out);
		for (unsigned k = 0; k < OUTS; k++)
			s->out[k][round] = out[k];
	}
	fprintf(stderr, "round %u of %u\n", round + 1, b->rounds);
}

/* ---- the table */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of v, or of v / by. */
static double median(const double *v, const double *by, unsigned n)
{
	double sorted[ROUNDS_MAX];

	for (unsigned i = 0; i < n; i++)
		sorted[i] = by ? v[i] / by[i] : v[i];
	qsort(sorted, n, sizeof sorted[0], by_value);
	return sorted[n / 2];
}

static const double *result_of(const struct bench *b, const char *key)
{
	size_t n = strcspn(key, ".");
	unsigned out = key[n] == '.' ? (unsigned)(key[n + 1] - '0') : 0;

	for (unsigned i = 0; i < b->slots; i++)
		if (strlen(b->slot[i].probe->key) == n && !memcmp(b->slot[i].probe->key, key, n))
			return b->slot[i].out[out];
	give_up("no probe is named %s", key);
}

static void print_verdict(double ratio, double aim)
{
	printf(" %8.2f", ratio);
	if (aim > 0)
		printf(" %7.4g %s", aim, ratio <= aim ? "met" : "MISSED");
	putchar('\n');
}

static void print_figure(const struct bench *b, const struct figure *f)
{
	const double *ours = result_of(b, f->ours), *floor = NULL;
	double median_ours = median(ours, NULL, b->rounds);

	printf("%-58s %11.4g", f->text, median_ours);
	if (f->floor) {
		floor = result_of(b, f->floor);
		printf(" %11.4g %-8s", median(floor, NULL, b->rounds), f->unit);
		print_verdict(median(ours, floor, b->rounds), f->aim);
	} else if (f->aim > 0) {
		printf(" %11.4g %-8s", f->aim, f->unit);
		print_verdict(median_ours / f->aim, 1);
	} else {
		printf(" %11s %-8s\n", "", f->unit);
	}
}

static bool is_wanted(const struct part *p, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], p->name))
			return true;
	return argc <= 2;
}

static void add_probes(struct bench *b, const struct part *p)
{
	for (const struct probe *probe = p->probe; probe->key; probe++) {
		if (b->slots == PROBES)
			give_up("too many probes");
		b->slot[b->slots++].probe = probe;
	}
}

int main(int argc, char **argv)
{
	static struct bench b;
	int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;

	b.rounds = rounds < 1 ? ROUNDS : rounds > ROUNDS_MAX ? ROUNDS_MAX : (unsigned)rounds;
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < PARTS; i++)
		if (is_wanted(parts[i], argc, argv))
			add_probes(&b, parts[i]);
	if (!b.slots)
		give_up("usage: bench/node [ROUNDS [PART...]]");
	print_noise();
	for (unsigned i = 0; i < b.rounds; i++)
		run_round(&b, i);
	print_noise();
	printf("medians of %u rounds, all in random order in each\n\n", b.rounds);
	printf("%-58s %11s %11s %-8s %8s %7s\n", "", "ours", "beside it", "", "ratio", "aim");
	for (unsigned i = 0; i < PARTS; i++)
		for (const struct figure *f = parts[i]->figure;
		     is_wanted(parts[i], argc, argv) && f->text; f++)
			print_figure(&b, f);
	return 0;
}
