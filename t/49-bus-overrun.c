/* SPDX-License-Identifier: MIT
 * t/49-bus-overrun.c - the time that each plugin takes is its own, and long ones are told
 */
#include <stdio.h>
#include <string.h>

#include "bus/impl.h"
#include "lib/tap.h"

struct clock {
	struct env env; /* first */
	uint64_t us;
	unsigned lines;
	char last[300];
};

static uint64_t mono(struct env *e)
{
	return ((struct clock *)(void *)e)->us;
}

static const struct env_ops ops = { .mono_us = mono };

static int64_t wall(void *arg)
{
	return (int64_t)((struct clock *)arg)->us;
}

static void write_line(void *arg, enum log_level level, const char *line, size_t n)
{
	struct clock *c = arg;

	(void)level;
	c->lines++;
	snprintf(c->last, sizeof c->last, "%.*s", (int)n, line);
}

/* One call that takes so long. */
static void spend(struct bus *b, struct clock *c, struct bus_member *m, uint64_t ms)
{
	struct bus_call call;

	bus_enter(b, &call, m, "message", "Ping");
	c->us += ms * 1000;
	bus_exit(b, &call);
}

int main(void)
{
	struct clock c = { .env = { &ops }, .us = 1000000 };
	struct log_out out = { wall, write_line, &c };
	struct bus b = { .env = &c.env, .log = logger_create(&out), .scratch = tn_arena_create(0) };
	struct bus_member one = { .bus = &b, .name = "one" }, two = { .bus = &b, .name = "two" };
	struct bus_call call;

	spend(&b, &c, &one, 19);
	is_uint(bus_overrun(&one).calls, 1, "a call is counted");
	is_uint(bus_overrun(&one).slow, 0, "19 ms are not slow");
	spend(&b, &c, &one, 20);
	is_uint(bus_overrun(&one).slow, 1, "20 ms are");
	is_uint(c.lines, 0, "nobody is told");
	spend(&b, &c, &one, 150);
	is_uint(bus_overrun(&one).stalls, 1, "150 ms are a stall");
	is_uint(bus_overrun(&one).worst_us, 150000, "the worst so far");
	ok(strstr(c.last, "plugin one held the loop in message of Ping: 150 ms"), "%s", c.last);
	spend(&b, &c, &one, 150);
	is_uint(c.lines, 1, "one line a minute");
	spend(&b, &c, &two, 150);
	is_uint(c.lines, 2, "for each plugin");
	c.us += 60000000;
	spend(&b, &c, &one, 150);
	is_uint(c.lines, 3, "and again after a minute");

	bus_enter(&b, &call, &one, "message", "Ping");
	is_uint(bus_depth(&b), 1, "inside a plugin");
	ok(tn_alloc(bus_scratch(&b), 100), "scratch memory");
	spend(&b, &c, &two, 500);
	is_uint(tn_arena_used(bus_scratch(&b)) >= 100, true, "outlives an inner call");
	c.us += 1000;
	bus_exit(&b, &call);
	is_uint(tn_arena_used(bus_scratch(&b)), 0, "and is empty after the outermost");
	is_uint(bus_overrun(&one).stalls, 3, "time inside another plugin is not its own");
	is_uint(bus_overrun(&two).worst_us, 500000, "it is the other's");
	is_uint(bus_overrun(&one).total_us, 490000, "to the microsecond");
	tn_arena_unref(b.scratch);
	logger_free(b.log);
	return done_testing();
}
