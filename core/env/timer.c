/* SPDX-License-Identifier: MIT
 * core/env/timer.c - a binary heap of timers behind the environment's one wake-up
 */
#include "env/timer.h"

#include <stdlib.h>

#include "base/handle.h"

#define COARSE_FROM_US 1000000u /* delays from here on share wake-ups */
#define COARSE_US 50000u
#define FIRST_ROOM 32
#define NEVER UINT64_MAX

struct timer {
	uint64_t due_us, sequence; /* the heap's order */
	uint64_t handle;
	timer_fn *fn;
	void *arg;
	uint32_t at; /* index in the heap */
};

struct timers {
	struct env *env;
	struct handles *handles;
	struct timer **heap;
	uint32_t n, room;
	uint64_t sequence;
	uint64_t wake_us; /* what the environment was asked for */
	bool firing;
};

struct timers *timers_create(struct env *env)
{
	struct timers *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->env = env;
	t->wake_us = NEVER;
	t->handles = handles_create();
	if (!t->handles) {
		free(t);
		return NULL;
	}
	return t;
}

void timers_free(struct timers *t)
{
	if (!t)
		return;
	t->env->ops->wake_at(t->env, NEVER, NULL, NULL);
	for (uint32_t i = 0; i < t->n; i++)
		free(t->heap[i]);
	free(t->heap);
	handles_free(t->handles);
	free(t);
}

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->sequence < b->sequence;
}

static void put(struct timers *t, uint32_t at, struct timer *x)
{
	t->heap[at] = x;
	x->at = at;
}

static void sift_up(struct timers *t, uint32_t at)
{
	struct timer *x = t->heap[at];

	while (at > 0 && before(x, t->heap[(at - 1) / 2])) {
		put(t, at, t->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(t, at, x);
}

static void sift_down(struct timers *t, uint32_t at)
{
	struct timer *x = t->heap[at];

	for (;;) {
		uint64_t child = (uint64_t)at * 2 + 1;

		if (child >= t->n)
			break;
		if (child + 1 < t->n && before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!before(t->heap[child], x))
			break;
		put(t, at, t->heap[child]);
		at = (uint32_t)child;
	}
	put(t, at, x);
}

static void take_out(struct timers *t, struct timer *x)
{
	uint32_t at = x->at;
	struct timer *last = t->heap[--t->n];

	if (last == x)
		return;
	put(t, at, last);
	sift_up(t, at);
	sift_down(t, last->at);
}

static void fire(void *arg);

static void ask_wake(struct timers *t)
{
	uint64_t next = t->n ? t->heap[0]->due_us : NEVER;

	if (t->firing || next == t->wake_us)
		return;
	t->wake_us = next;
	t->env->ops->wake_at(t->env, next, fire, t);
}

/* Timers that callbacks add are for the next wake-up, so that one that re-arms itself
 * with no delay cannot hold the loop. */
static void fire(void *arg)
{
	struct timers *t = arg;
	uint64_t now = env_mono_us(t->env), limit = t->sequence;

	t->wake_us = NEVER;
	t->firing = true;
	while (t->n && t->heap[0]->due_us <= now && t->heap[0]->sequence < limit) {
		struct timer *x = t->heap[0];
		timer_fn *fn = x->fn;
		void *fn_arg = x->arg;

		take_out(t, x);
		handles_remove(t->handles, x->handle);
		free(x);
		fn(fn_arg);
	}
	t->firing = false;
	ask_wake(t);
}

static uint64_t due(const struct timers *t, uint64_t delay_us)
{
	uint64_t at = env_mono_us(t->env), rest;

	if (delay_us > NEVER - COARSE_US - at)
		return NEVER;
	at += delay_us;
	rest = delay_us >= COARSE_FROM_US ? at % COARSE_US : 0;
	return rest ? at + COARSE_US - rest : at;
}

static bool make_room(struct timers *t)
{
	uint32_t room = t->room ? t->room * 2 : FIRST_ROOM;
	struct timer **heap;

	if (t->n < t->room)
		return true;
	if (room < t->room)
		return false;
	heap = realloc(t->heap, (size_t)room * sizeof(struct timer *));
	if (!heap)
		return false;
	t->heap = heap;
	t->room = room;
	return true;
}

static uint64_t add(struct timers *t, const struct timer_place *place, timer_fn *fn, void *arg)
{
	struct timer *x;

	if (!make_room(t))
		return 0;
	x = malloc(sizeof(*x));
	if (!x)
		return 0;
	x->handle = handles_add(t->handles, x);
	if (!x->handle) {
		free(x);
		return 0;
	}
	x->due_us = place->due_us;
	x->sequence = place->sequence;
	x->fn = fn;
	x->arg = arg;
	put(t, t->n++, x);
	sift_up(t, x->at);
	ask_wake(t);
	return x->handle;
}

uint64_t timers_add(struct timers *t, uint64_t delay_us, timer_fn *fn, void *arg)
{
	struct timer_place place = { due(t, delay_us), t->sequence++ };

	return add(t, &place, fn, arg);
}

uint64_t timers_add_at(struct timers *t, const struct timer_place *place, timer_fn *fn, void *arg)
{
	if (t->sequence <= place->sequence)
		t->sequence = place->sequence + 1;
	return add(t, place, fn, arg);
}

bool timers_place(const struct timers *t, uint64_t handle, struct timer_place *out)
{
	const struct timer *x = handles_get(t->handles, handle);

	if (x)
		*out = (struct timer_place){ x->due_us, x->sequence };
	return x != NULL;
}

void timers_rewake(struct timers *t)
{
	if (!t->firing)
		t->wake_us = NEVER - 1; /* not what it will ask for */
	ask_wake(t);
}

bool timers_cancel(struct timers *t, uint64_t handle)
{
	struct timer *x = handles_remove(t->handles, handle);

	if (!x)
		return false;
	take_out(t, x);
	free(x);
	ask_wake(t);
	return true;
}

uint32_t timers_count(const struct timers *t)
{
	return t->n;
}
