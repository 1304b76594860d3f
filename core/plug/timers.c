/* SPDX-License-Identifier: MIT
 * core/plug/timers.c - timers and pulses of plugins, swept with their owner
 */
#include <stdlib.h>

#include "plug/impl.h"

enum { COMPACT_FROM = 64 };

struct plug_timer {
	struct plugin *p;
	uint64_t handle, inner, ms;
	tn_timer_fn *fn;
	void *arg;
	tn_pulse_fn *beat; /* a pulse: fn is NULL */
	struct pulse queue;
	uint32_t live; /* sessions counted when the queue was last compacted */
	bool repeat;
	struct plug_timer *prev, *next;
};

static void timer_free(struct plug_timer *t)
{
	struct plug *pl = t->p->plug;

	timers_cancel(pl->timers, t->inner);
	handles_remove(pl->timer_handles, t->handle);
	if (t->prev)
		t->prev->next = t->next;
	else
		t->p->timers = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->p->pending--;
	pulse_free(&t->queue);
	free(t);
}

static struct plug_timer *timer_new(struct plugin *p, uint64_t ms)
{
	struct plug_timer *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->p = p;
	t->ms = ms;
	t->handle = handles_add(p->plug->timer_handles, t);
	if (!t->handle) {
		free(t);
		return NULL;
	}
	t->next = p->timers;
	if (t->next)
		t->next->prev = t;
	p->timers = t;
	p->pending++;
	return t;
}

static void on_time(void *arg)
{
	struct plug_timer *t = arg;
	struct plugin *p = t->p;
	tn_timer_fn *fn = t->fn;
	void *with = t->arg;
	struct bus_call call;

	t->inner = 0;
	if (t->repeat)
		t->inner = timers_add(p->plug->timers, t->ms * 1000, on_time, t);
	if (!t->inner)
		timer_free(t);
	bus_enter(p->plug->bus, &call, p->member, "timer", NULL);
	fn(&p->ctx, with);
	bus_exit(p->plug->bus, &call);
}

uint64_t plug_timer_add(struct plugin *p, uint64_t ms, bool repeat, tn_timer_fn *fn, void *arg)
{
	struct plug_timer *t;

	if (!fn || ms > UINT64_MAX / 1000 || (repeat && !ms))
		return 0;
	t = timer_new(p, ms);
	if (!t)
		return 0;
	t->fn = fn;
	t->arg = arg;
	t->repeat = repeat;
	t->inner = timers_add(p->plug->timers, ms * 1000, on_time, t);
	if (t->inner)
		return t->handle;
	timer_free(t);
	return 0;
}

int plug_timer_cancel(struct plugin *p, uint64_t handle)
{
	struct plug_timer *t = handles_get(p->plug->timer_handles, handle);

	if (!t || t->p != p)
		return TN_EGONE;
	timer_free(t);
	return 0;
}

void plug_timer_sweep(struct plugin *p)
{
	while (p->timers)
		timer_free(p->timers);
}

/* ---- pulses */

static void on_pulse(void *arg);

static void arm(struct plug_timer *t)
{
	struct timers *timers = t->p->plug->timers;
	uint64_t next = pulse_next_us(&t->queue), now = env_mono_us(t->p->plug->env);

	if (t->inner || next == UINT64_MAX)
		return;
	t->inner = timers_add(timers, next > now ? next - now : 0, on_pulse, t);
}

static bool alive(void *arg, const struct pulse_entry *e)
{
	struct plug_timer *t = arg;
	struct session *s = net_session(t->p->plug->net, e->sid);

	return s && session_is_up(s) && slots_serial(t->p, s) == e->serial;
}

/* Those who left stay in the queue until they are the half of it. */
static void compact(struct plug_timer *t)
{
	if (t->queue.n < COMPACT_FROM || t->queue.n < 2 * t->live)
		return;
	pulse_compact(&t->queue, alive, t);
	t->live = t->queue.n;
}

static void join(struct plug_timer *t, struct session *s)
{
	uint64_t now = env_mono_us(t->p->plug->env);
	struct pulse_entry e = { s->sid, pulse_due(now, t->ms), slots_serial(t->p, s) };

	compact(t);
	if (!pulse_push(&t->queue, e))
		log_line(t->p->plug->log, "plug", LOG_LEVEL_ERROR, t->p->name,
			 "plugin %s: no memory for a pulse", t->p->name);
	arm(t);
}

static void beat(struct plug_timer *t, const struct pulse_entry *e)
{
	struct plugin *p = t->p;
	struct session *s = net_session(p->plug->net, e->sid);
	struct bus_call call;

	bus_enter(p->plug->bus, &call, p->member, "pulse", NULL);
	t->beat(&p->ctx, (struct tn_sid){ e->sid }, slots_get(p, s));
	bus_exit(p->plug->bus, &call);
}

/* The callback may cancel its own pulse: look at the handle before touching it again. */
static void on_pulse(void *arg)
{
	struct plug_timer *t = arg;
	struct plug *pl = t->p->plug;
	uint64_t handle = t->handle, now = env_mono_us(pl->env);
	struct pulse_entry e;

	t->inner = 0;
	while (handles_get(pl->timer_handles, handle) == t && pulse_pop(&t->queue, now, &e)) {
		if (!alive(t, &e))
			continue;
		pulse_push(&t->queue,
			   (struct pulse_entry){ e.sid, pulse_due(now, t->ms), e.serial });
		beat(t, &e);
	}
	if (handles_get(pl->timer_handles, handle) == t)
		arm(t);
}

uint64_t plug_timer_pulse(struct plugin *p, uint64_t ms, tn_pulse_fn *fn)
{
	struct plug_timer *t;

	if (!fn || !ms || ms > UINT64_MAX / 2000)
		return 0;
	t = timer_new(p, ms);
	if (!t)
		return 0;
	t->beat = fn;
	for (struct session *s = net_first(p->plug->net); s; s = net_next(s))
		if (session_is_up(s) && slots_serial(p, s))
			join(t, s);
	return t->handle;
}

void plug_timer_up(struct plugin *p, struct session *s)
{
	for (struct plug_timer *t = p->timers; t; t = t->next)
		if (t->beat)
			join(t, s);
}
