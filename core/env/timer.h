/* SPDX-License-Identifier: MIT
 * core/env/timer.h - all timers of one node, behind the environment's one wake-up
 *
 * A binary heap by due time (ties in the order of creation, so that a run is
 * deterministic) over generation handles. Due timers of a second or more are
 * rounded up to a multiple of 50 ms: a thousand of them share few wake-ups.
 */
#ifndef CORE_ENV_TIMER_H
#define CORE_ENV_TIMER_H

#include "env/env.h"

struct timers;

typedef void timer_fn(void *arg);

struct timers *timers_create(struct env *);
void timers_free(struct timers *); /* NULL is fine; pending ones never fire */

/* Fires once after delay_us, never inside this call. A handle, 0 without memory. */
uint64_t timers_add(struct timers *, uint64_t delay_us, timer_fn *, void *arg);

/* false: it has fired or was cancelled already. 0 is fine. */
bool timers_cancel(struct timers *, uint64_t handle);

uint32_t timers_count(const struct timers *);

/* Asks the environment for its wake-up once more: somebody stands between them now. */
void timers_rewake(struct timers *);

/* What is needed to make a timer of another process once more, in the same place among
 * those due at the same instant. false: the handle is stale. */
struct timer_place {
	uint64_t due_us, sequence;
};
bool timers_place(const struct timers *, uint64_t handle, struct timer_place *);
uint64_t timers_add_at(struct timers *, const struct timer_place *, timer_fn *, void *arg);

#endif
