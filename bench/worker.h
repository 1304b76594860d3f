/* SPDX-License-Identifier: MIT
 * bench/worker.h - a process that times one library's decoding and encoding
 *
 * Every library has a process of its own, since some export the same names. The driver
 * (bench/codec.c) asks them in turn, in random order, so that all see the same machine.
 */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "timenode/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

enum corpus_kind { CORPUS_PING, CORPUS_VOTE, CORPUS_TX, CORPUS_BLOCKS, CORPORA };

struct corpus {
	enum corpus_kind kind;
	size_t n, bytes;
	struct tn_view *line; /* without LF; at least 64 readable bytes follow each */
	void **made;          /* what an encoder prepared of each line */
};

/* One thing to time: once over all lines. prepare may be NULL. */
struct op {
	const char *name; /* "decode own" */
	void (*prepare)(struct corpus *c);
	void (*run)(const struct corpus *c);
};

/* Each library's file defines these; ended by a NULL name. */
extern const struct op ops[];

/* A wrong answer or no memory: the comparison would mean nothing. */
void give_up(const char *why);

/* The arena that decoded values go to; run resets it for each line. */
struct tn_arena *worker_arena(void);

/* Decoded values go through here: kept from being optimised away, and checked once. */
void worker_seen(const struct corpus *c, size_t i, const void *value);

#ifdef __cplusplus
}
#endif
#endif
