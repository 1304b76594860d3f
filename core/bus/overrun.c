/* SPDX-License-Identifier: MIT
 * core/bus/overrun.c - every call into a plugin: depth, scratch memory, time
 *
 * A call's time is its own: what it spends inside calls of other plugins is theirs. Whose fault
 * it is that it was long is decided by processor time, which costs a call of the system to read: it is read
 * each SAMPLE_US at most, so that a call is charged up to that much too much.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "bus/impl.h"

#define MINUTE_US 60000000u
#define STALL_POINTS_MAX 25u
#define SAMPLE_US 10000u

void bus_failed(struct bus_member *m, unsigned points, const char *what)
{
	struct bus *b = m->bus;

	if (b->hooks && b->hooks->failed)
		b->hooks->failed(b->arg, m->of, points, what);
}

static uint64_t cpu_at(struct bus *b, uint64_t now)
{
	if (!b->cpu_at_us || now - b->cpu_at_us >= SAMPLE_US) {
		b->cpu_us = env_cpu_us(b->env);
		b->cpu_at_us = now;
	}
	return b->cpu_us;
}

/* Of all of it; of a short one it makes no difference. */
static uint64_t cpu_of(struct bus *b, const struct bus_call *c, uint64_t all, uint64_t now)
{
	uint64_t us = all < SAMPLE_US ? all : cpu_at(b, now) - c->begun_cpu_us;

	return us < all ? us : all;
}

void bus_enter(struct bus *b, struct bus_call *c, struct bus_member *m, const char *handler,
	       const char *message)
{
	*c = (struct bus_call){ .member = m,
				.handler = handler,
				.message = message,
				.begun_us = env_mono_us(b->env),
				.outer = b->call };
	c->begun_cpu_us = cpu_at(b, c->begun_us);
	atomic_signal_fence(memory_order_release); /* bus_now may come between */
	b->call = c;
	b->depth++;
}

static void say_stall(struct bus *b, const struct bus_call *c, uint64_t us, uint64_t cpu,
		      uint64_t now)
{
	struct bus_member *m = c->member;

	if (m->told_us && now - m->told_us < MINUTE_US)
		return;
	m->told_us = now;
	log_line(b->log, "bus", LOG_LEVEL_WARN, m->name,
		 "plugin %s held the loop in %s%s%s: %u ms, %u of them of processor time", m->name,
		 c->handler, c->message ? " of " : "", c->message ? c->message : "",
		 (unsigned)(us / 1000), (unsigned)(cpu / 1000));
}

static void keep_stall(struct bus *b, const struct bus_call *c, uint64_t us)
{
	const struct session *s = b->under_way ? b->under_way->s : NULL;
	char addr[TN_ADDR_TEXT];

	snprintf(b->last_stall, sizeof b->last_stall, "plugin %s, %s%s%.40s%s%s, %u ms",
		 c->member->name, c->handler, c->message ? " of " : "",
		 c->message ? c->message : "", s ? " from " : "",
		 s ? tn_addr_text(&s->remote, addr) : "", (unsigned)(us / 1000));
}

/* What it is blamed for: what it used, or all of it when it can only have slept. */
static uint64_t blamed(uint64_t us, uint64_t cpu)
{
	if (us >= BUS_BLOCKED_US)
		return us;
	return cpu >= BUS_STALL_US ? cpu : 0;
}

static void count_time(struct bus *b, const struct bus_call *c, uint64_t us, uint64_t cpu,
		       uint64_t now)
{
	struct bus_overrun *o = &c->member->overrun;
	uint64_t points = blamed(us, cpu) / BUS_STALL_US;

	o->calls++;
	o->total_us += us;
	if (us > o->worst_us)
		o->worst_us = us;
	if (us >= BUS_SLOW_US)
		o->slow++;
	if (us < BUS_STALL_US)
		return;
	o->stalls++;
	keep_stall(b, c, us);
	say_stall(b, c, us, cpu, now);
	if (points)
		bus_failed(c->member,
			   points < STALL_POINTS_MAX ? (unsigned)points : STALL_POINTS_MAX,
			   "it holds the loop again and again");
}

/* Somebody may have kept a reference: then it is his, and we take a new one. */
static void empty_scratch(struct bus *b)
{
	struct tn_arena *fresh;

	if (!tn_arena_reset(b->scratch))
		return;
	fresh = tn_arena_create(0);
	if (!fresh)
		return;
	tn_arena_unref(b->scratch);
	b->scratch = fresh;
}

void bus_exit(struct bus *b, struct bus_call *c)
{
	uint64_t now = env_mono_us(b->env);
	uint64_t all = now - c->begun_us;
	uint64_t cpu = cpu_of(b, c, all, now);

	b->call = c->outer;
	if (c->outer) {
		c->outer->inner_us += all;
		c->outer->inner_cpu_us += cpu;
	}
	if (c->member)
		count_time(b, c, all - c->inner_us,
			   cpu > c->inner_cpu_us ? cpu - c->inner_cpu_us : 0, now);
	if (--b->depth == 0)
		empty_scratch(b);
}

unsigned bus_depth(const struct bus *b)
{
	return b->depth;
}

struct tn_arena *bus_scratch(struct bus *b)
{
	return b->scratch;
}

struct bus_overrun bus_overrun(const struct bus_member *m)
{
	return m->overrun;
}

bool bus_now(const struct bus *b, struct bus_now *out)
{
	const struct bus_call *c = b->call;

	while (c && !c->member)
		c = c->outer;
	if (!c)
		return false;
	*out = (struct bus_now){ .plugin = c->member->name,
				 .handler = c->handler,
				 .message = c->message };
	if (b->under_way && b->under_way->s)
		out->peer = &b->under_way->s->remote;
	return true;
}

const char *bus_last_stall(const struct bus *b)
{
	return b->last_stall;
}
