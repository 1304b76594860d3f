/* SPDX-License-Identifier: MIT
 * core/bus/overrun.c - every call into a plugin: depth, scratch memory, time
 *
 * A call's time is its own: what it spends inside calls of other plugins is theirs.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "bus/impl.h"

#define MINUTE_US 60000000u
#define STALL_POINTS_MAX 25u

void bus_failed(struct bus_member *m, unsigned points, const char *what)
{
	struct bus *b = m->bus;

	if (b->hooks && b->hooks->failed)
		b->hooks->failed(b->arg, m->of, points, what);
}

void bus_enter(struct bus *b, struct bus_call *c, struct bus_member *m, const char *handler,
	       const char *message)
{
	*c = (struct bus_call){ .member = m,
				.handler = handler,
				.message = message,
				.begun_us = env_mono_us(b->env),
				.outer = b->call };
	atomic_signal_fence(memory_order_release); /* bus_now may come between */
	b->call = c;
	b->depth++;
}

static void say_stall(struct bus *b, const struct bus_call *c, uint64_t us, uint64_t now)
{
	struct bus_member *m = c->member;

	if (m->told_us && now - m->told_us < MINUTE_US)
		return;
	m->told_us = now;
	log_line(b->log, "bus", LOG_LEVEL_WARN, m->name, "plugin %s held the loop in %s%s%s: %u ms",
		 m->name, c->handler, c->message ? " of " : "", c->message ? c->message : "",
		 (unsigned)(us / 1000));
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

static void count_time(struct bus *b, const struct bus_call *c, uint64_t us, uint64_t now)
{
	struct bus_overrun *o = &c->member->overrun;

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
	say_stall(b, c, us, now);
	us /= BUS_STALL_US;
	bus_failed(c->member, us < STALL_POINTS_MAX ? (unsigned)us : STALL_POINTS_MAX,
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

	b->call = c->outer;
	if (c->outer)
		c->outer->inner_us += all;
	if (c->member)
		count_time(b, c, all - c->inner_us, now);
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
