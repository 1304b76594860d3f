/* SPDX-License-Identifier: MIT
 * t/49-bus-overrun.c - the time that each plugin takes is its own, and long ones are told
 */
#include <stdio.h>
#include <string.h>

#include "bus/impl.h"
#include "lib/tap.h"

struct clock {
	struct env env; /* first */
	uint64_t us, cpu;
	unsigned lines, points, readings; /* readings: of processor time */
	char last[300];
};

static uint64_t mono(struct env *e)
{
	return ((struct clock *)(void *)e)->us;
}

static uint64_t cpu(struct env *e)
{
	struct clock *c = (struct clock *)(void *)e;

	c->readings++;
	return c->cpu;
}

static const struct env_ops ops = { .mono_us = mono, .cpu_us = cpu };

static void failed(void *arg, void *of, unsigned points, const char *what)
{
	(void)of, (void)what;
	((struct clock *)arg)->points += points;
}

static const struct bus_hooks hooks = { .failed = failed };

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

static void elapse(struct clock *c, uint64_t ms, uint64_t cpu_ms)
{
	c->us += ms * 1000;
	c->cpu += cpu_ms * 1000;
}

/* One call that takes so long, and uses so much of a processor; the points it costs. */
static unsigned spend2(struct bus *b, struct clock *c, struct bus_member *m, uint64_t ms,
		       uint64_t cpu_ms)
{
	struct bus_call call;
	unsigned before = c->points;

	bus_enter(b, &call, m, "message", "Ping");
	elapse(c, ms, cpu_ms);
	bus_exit(b, &call);
	return c->points - before;
}

static void spend(struct bus *b, struct clock *c, struct bus_member *m, uint64_t ms)
{
	spend2(b, c, m, ms, ms);
}

/* Whose fault it is: what it used itself counts, and sleeping for long. */
static void blame(struct bus *b, struct clock *c)
{
	struct bus_member one = { .bus = b, .name = "kept-waiting" };
	struct bus_member two = { .bus = b, .name = "sleeper" };
	struct bus_call call;
	unsigned before;

	elapse(c, 1000, 10);
	is_uint(spend2(b, c, &one, 950, 30), 0, "950 ms with 30 of a processor: not its fault");
	is_uint(bus_overrun(&one).stalls, 1, "but counted");
	ok(strstr(c->last,
		  "plugin kept-waiting held the loop in message of Ping: 950 ms, 30 of them"),
	   "and told: %s", c->last);
	is_uint(spend2(b, c, &one, 950, 250), 2, "with 250 ms of a processor: 2 points");
	is_uint(spend2(b, c, &two, 1000, 0), 10, "a second without any: it sleeps, 10 points");
	ok(strstr(c->last, "plugin sleeper held the loop in message of Ping: 1000 ms, 0 of them"),
	   "and is named: %s", c->last);
	is_uint(spend2(b, c, &two, 60000, 0), 25, "a minute: 25");
	elapse(c, 1, 0);
	before = c->points;
	elapse(c, 500, 500);
	is_uint(spend2(b, c, &one, 300, 10), 0, "what others used before is not its fault");
	bus_enter(b, &call, &one, "timer", NULL);
	spend2(b, c, &two, 400, 350);
	elapse(c, 400, 20);
	bus_exit(b, &call);
	is_uint(c->points - before, 3, "nor what another plugin used inside, which pays for it");
	bus_enter(b, &call, &one, "timer", NULL);
	spend2(b, c, &two, 400, 20);
	elapse(c, 400, 350);
	bus_exit(b, &call);
	is_uint(c->points - before, 6, "nor the other way round");
	before = c->readings;
	for (unsigned i = 0; i < 10000; i++) {
		bus_enter(b, &call, &one, "timer", NULL);
		c->us += 10;
		c->cpu += 10;
		bus_exit(b, &call);
	}
	ok(c->readings - before <= 11, "of 10000 calls in 100 ms %u read what a processor did",
	   c->readings - before);
}

int main(void)
{
	struct clock c = { .env = { &ops }, .us = 1000000 };
	struct log_out out = { wall, write_line, &c };
	struct bus b = { .env = &c.env,
			 .log = logger_create(&out),
			 .scratch = tn_arena_create(0),
			 .hooks = &hooks,
			 .arg = &c };
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
	blame(&b, &c);
	tn_arena_unref(b.scratch);
	logger_free(b.log);
	return done_testing();
}
