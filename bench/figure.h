/* SPDX-License-Identifier: MIT
 * bench/figure.h - what is measured, beside what, and what is aimed at
 *
 * A probe measures once; all probes of all parts run in random order, round after round.
 * A figure compares two results of the same round, so that both saw the same machine.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUTS = 2 };

struct probe {
	const char *key;
	void (*run)(const struct probe *, double out[OUTS]);
	unsigned n, k; /* what run makes of them */
};

struct figure {
	const char *text, *unit;
	const char *ours;  /* "key", or "key.1" for the second result */
	const char *floor; /* the same; NULL: aim is in the figure's own unit */
	double aim;        /* at most; 0: none, for the record */
};

/* Both tables end with an empty row. */
struct part {
	const char *name;
	const struct probe *probe;
	const struct figure *figure;
};

extern const struct part part_memory, part_idle, part_pairs, part_receive, part_relay, part_fanout,
	part_dispatch;

/* ---- figure.c: what the parts share */

void give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
uint64_t draw(void);     /* the next random number */
double cpu_ns(void);     /* of this thread */
uint64_t now_ms(void);   /* monotonic */
void pause_ms(unsigned); /* sleeps */

#endif
