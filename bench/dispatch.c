/* SPDX-License-Identifier: MIT
 * bench/dispatch.c - from a message's number to its handler, beside a static switch
 *
 * Forty messages in random order, and the same with four of five among four hot ones. The
 * bus's own table of claims is what is asked. For the record: all that the bus does for
 * one message that is not decoded (arena, gates, clocks around the handler, its fate).
 */
#include "inside.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/impl.h"
#include "crowd.h"
#include "net/room.h"

enum { CALLS = 4096, TIMES = 200 };

struct board {
	struct inside in;
	struct bus *bus;
	struct session *s;
	uint16_t id[CALLS], row[CALLS];
};

static void stop_when_up(void *arg)
{
	env_event_stop(((struct inside *)arg)->env);
}

/* A session is needed whose account takes the fates. */
static pid_t board_open(struct board *b)
{
	struct tn_error err;
	pid_t pid;

	inside_hooks = (struct inside_hooks){ stop_when_up, NULL, &b->in };
	inside_start(&b->in, true);
	pid = fork();
	if (pid == 0) {
		int fd = dial(b->in.port, 0);
		char c;

		introduce(fd, 1);
		_exit((int)recv(fd, &c, 1, 0));
	}
	env_event_run(b->in.env, &err);
	inside_hooks = (struct inside_hooks){ 0 };
	b->bus = node_net(b->in.node)->hook_arg;
	b->s = net_any(node_net(b->in.node), NULL);
	return pid;
}

static void fill(struct board *b, bool hot)
{
	const struct tn_message *row = tn_plugin_desc_probe.messages.row;

	for (unsigned i = 0; i < CALLS; i++) {
		unsigned r = (unsigned)(hot && draw() % 5 ? draw() % 4 : draw() % FORTY);

		b->row[i] = (uint16_t)r;
		b->id[i] = (uint16_t)names_find(b->bus->names, row[r].name, strlen(row[r].name));
	}
}

static double by_switch(struct board *b)
{
	double t = cpu_ns();

	for (unsigned k = 0; k < TIMES; k++)
		for (unsigned i = 0; i < CALLS; i++) {
			struct tn_msg m = { .row = b->row[i] };

			inside_switch(b->row[i], inside_ctx, &m);
		}
	return (cpu_ns() - t) / CALLS / TIMES;
}

static double by_claim(struct board *b)
{
	double t = cpu_ns();

	for (unsigned k = 0; k < TIMES; k++)
		for (unsigned i = 0; i < CALLS; i++) {
			const struct claim *c = claim_of(b->bus, b->id[i]);
			struct tn_msg m = { .row = c->row };

			c->message->on(inside_ctx, &m);
		}
	return (cpu_ns() - t) / CALLS / TIMES;
}

static double by_bus(struct board *b)
{
	static const char line[] = "\"GetBlockHeight\"";
	struct tn_view v = { (const uint8_t *)line, sizeof line - 1 };
	struct tn_envelope e;
	double t;

	tn_envelope_read(v, &e, NULL);
	t = cpu_ns();
	for (unsigned k = 0; k < TIMES / 10; k++)
		for (unsigned i = 0; i < CALLS; i++)
			dispatch_line(b->bus, b->s, b->id[i], &e, v);
	return (cpu_ns() - t) / CALLS / (TIMES / 10);
}

static void measure(const struct probe *p, double out[OUTS])
{
	struct board b = { .bus = NULL };
	pid_t pid = board_open(&b);

	fill(&b, p->n);
	if (p->k) {
		out[0] = by_bus(&b);
	} else if (draw() % 2) {
		out[0] = by_claim(&b);
		out[1] = by_switch(&b);
	} else {
		out[1] = by_switch(&b);
		out[0] = by_claim(&b);
	}
	account_clear(&b.s->account); /* what was not received has fates now */
	inside_stop(&b.in);
	waitpid(pid, NULL, 0);
}

static const struct probe probes[] = {
	{ "dispatch-even", measure, 0, 0 },
	{ "dispatch-hot", measure, 1, 0 },
	{ "dispatch-bus", measure, 0, 1 },
	{ 0 },
};

static const struct figure figures[] = {
	{ "to the handler, 40 alike, beside a static switch", "ns", "dispatch-even",
	  "dispatch-even.1", 1.1 },
	{ "to the handler, four hot, beside a static switch", "ns", "dispatch-hot",
	  "dispatch-hot.1", 1.1 },
	{ "  all that the bus does for a message", "ns", "dispatch-bus", "dispatch-even.1", 0 },
	{ 0 },
};

const struct part part_dispatch = { "dispatch", probes, figures };
