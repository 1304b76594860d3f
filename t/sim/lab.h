/* SPDX-License-Identifier: MIT
 * t/sim/lab.h - two hosts for one test case, real or simulated
 *
 * Real: one libevent environment, host A is 127.0.0.1 and B 127.0.0.2. Simulated: two
 * nodes with the same addresses. A case that passes in both describes the contract of
 * core/env/env.h.
 */
#ifndef SIM_LAB_H
#define SIM_LAB_H

#include "env/event.h"
#include "sim/world.h"

struct lab {
	bool real;
	struct world *world; /* NULL: real */
	struct env *a, *b;   /* the same one if real */
	struct tn_addr at;   /* of host A, with a port that is free */
	struct tn_addr b_ip;
	bool finished, late;
};

struct lab *lab_create(bool real);
void lab_free(struct lab *);

/* Runs until lab_finish is called from a callback: true; false after 20 s (an hour of
 * the virtual clock). */
bool lab_run(struct lab *);
void lab_finish(struct lab *);

/* Runs for so long: for what must not happen. */
void lab_wait(struct lab *, uint64_t us);

/* One end of a stream that keeps what it reads; `want` bytes, an end or an error finish
 * the lab's run. */
struct end {
	struct lab *lab;
	struct env *env;
	struct env_conn *c;
	char in[64];
	size_t n, want;
	unsigned connects, readables, writables;
	int connect_err;
	bool ended;
	int err;
	struct tn_addr from;  /* of an accepted one */
	struct end *accepted; /* of a listener: the end that the next connection becomes */
};

extern const struct env_events end_events;

/* A listener on host A, and a connection from B's address to it; both established. */
bool lab_pair(struct lab *, struct end *listener, struct end *dialed, struct end *accepted);
void lab_close(struct end *); /* NULL conn is fine */
long lab_send(struct end *, const char *text);

#endif
