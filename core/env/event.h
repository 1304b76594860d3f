/* SPDX-License-Identifier: MIT
 * core/env/event.h - the libevent environment of a real process
 *
 * Uses libevent's `event` for readiness and timers only.
 */
#ifndef CORE_ENV_EVENT_H
#define CORE_ENV_EVENT_H

#include "env/env.h"

/* Where log lines go; the default writes to stderr. */
typedef void env_log_fn(void *arg, enum env_log_level, const char *line, size_t n);

struct env *env_event_create(struct tn_error *err); /* NULL with the reason */
void env_event_free(struct env *);                  /* NULL is fine; conns must be closed */

/* Runs until env_event_stop. 0, or TN_EIO. */
int env_event_run(struct env *, struct tn_error *err);
void env_event_stop(struct env *); /* from any callback */

/* fn(arg, signo) on the loop. 0 or an error. */
int env_event_signal(struct env *, int signo, void (*fn)(void *arg, int signo), void *arg);

/* From any thread: when the turn began that the loop is in (CLOCK_MONOTONIC), 0: it waits. */
uint64_t env_event_busy_since(struct env *);

void env_event_log_to(struct env *, env_log_fn *, void *arg);

/* How many threads the pool has, 0: as many as there are processors. Before the first job;
 * none is started before that. */
void env_event_threads(struct env *, unsigned n);

/* Told whenever accept() failed for want of descriptors (accepting pauses 100 ms). */
void env_event_on_full(struct env *, void (*fn)(void *arg, int err), void *arg);

#endif
