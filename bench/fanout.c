/* SPDX-License-Identifier: MIT
 * bench/fanout.c - a broadcast to all sessions of a node, beside a loop of writev
 *
 * The node is in this process; a sink in another holds the other end of every socket and
 * reads. Timed is the sender's processor time until the kernel has everything.
 */
#include "inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "net/net.h"
#include "timenode/wire.h"

enum { LINE = 1024, READ = 65536, QUEUED_MAX = 8, TIMES = 6 };

struct field {
	struct inside in;
	int *plain; /* sockets for the loop of writev */
	unsigned n, queued;
	volatile uint64_t *eaten; /* by the sink, in memory that both have */
	pid_t sink;
	uint64_t sent;
	struct tn_str address;
	struct tn_peers body;
	char text[LINE], line[LINE];
	double begun, took;
};

/* ---- the sink */

static void sink(uint16_t node, uint16_t plain, unsigned n, volatile uint64_t *eaten)
{
	static char in[READ];
	struct crowd c;
	struct epoll_event e[256];

	crowd_join(&c, node, n);
	for (unsigned i = 0; i < n; i++) {
		e[0] = (struct epoll_event){ .events = EPOLLIN, .data.fd = dial(plain, i) };
		epoll_ctl(c.poll, EPOLL_CTL_ADD, e[0].data.fd, &e[0]);
	}
	while (1) {
		int ready = epoll_wait(c.poll, e, 256, -1);

		for (int i = 0; i < ready; i++) {
			ssize_t got = recv(e[i].data.fd, in, READ, 0);

			if (got <= 0)
				_exit(0);
			*eaten += (uint64_t)got;
		}
	}
}

/* ---- set up */

/* One text, as long as makes a line of 1 KiB. */
static void make_body(struct field *f)
{
	size_t n;

	memset(f->text, '1', sizeof f->text);
	f->address = (struct tn_str){ f->text, 0 };
	f->body.addr.v = &f->address;
	f->body.addr.n = 1;
	n = tn_line_write("PeersResponse", &tn_wire_peers, &f->body, NULL, 0);
	f->address.n = (uint32_t)(LINE - n);
	if (tn_line_write("PeersResponse", &tn_wire_peers, &f->body, f->line, LINE) != LINE)
		give_up("no line of 1 KiB");
}

static void all_up(void *arg)
{
	struct field *f = arg;

	if (net_count_up(node_net(f->in.node)) == f->n)
		env_event_stop(f->in.env);
}

static void field_open(struct field *f)
{
	uint16_t port;
	int listener = listen_any(&port);
	struct tn_error err;

	inside_hooks = (struct inside_hooks){ all_up, NULL, f };
	inside_start(&f->in, true);
	f->sink = fork();
	if (f->sink == 0)
		sink(f->in.port, port, f->n, f->eaten);
	env_event_run(f->in.env, &err);
	f->plain = calloc(f->n, sizeof *f->plain);
	for (unsigned i = 0; f->plain && i < f->n; i++)
		f->plain[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	close(listener);
}

static void field_close(struct field *f)
{
	kill(f->sink, SIGKILL);
	waitpid(f->sink, NULL, 0);
	for (unsigned i = 0; i < f->n; i++)
		close(f->plain[i]);
	free(f->plain);
	inside_hooks = (struct inside_hooks){ 0 };
	inside_stop(&f->in);
}

static void wait_for_sink(struct field *f)
{
	uint64_t end = now_ms() + 10000;

	f->sent += (uint64_t)f->n * f->queued * LINE;
	while (*f->eaten < f->sent && now_ms() < end)
		pause_ms(1);
	if (*f->eaten != f->sent)
		give_up("the sink has %llu bytes of %llu", (unsigned long long)*f->eaten,
			(unsigned long long)f->sent);
}

/* ---- the two ways */

static void flushed(void *arg)
{
	struct field *f = arg;

	f->took += cpu_ns() - f->begun;
	env_event_stop(f->in.env);
}

/* The node flushes at the end of the next turn, and calls `flushed` after that. */
static void broadcast(void *arg)
{
	struct field *f = arg;

	f->begun = cpu_ns();
	for (unsigned i = 0; i < f->queued; i++)
		if (tn_broadcast(inside_ctx, NULL, ROW_PEERS, &f->body) != (int)f->n)
			give_up("a broadcast did not go to all");
	f->in.env->ops->defer(f->in.env, flushed, f);
}

static void by_node(struct field *f)
{
	struct tn_error err;

	f->in.env->ops->defer(f->in.env, broadcast, f);
	env_event_run(f->in.env, &err);
	wait_for_sink(f);
}

static void by_writev(struct field *f, double *took)
{
	struct iovec v[QUEUED_MAX];
	double begun = cpu_ns();

	for (unsigned i = 0; i < f->n; i++) {
		for (unsigned k = 0; k < f->queued; k++)
			v[k] = (struct iovec){ f->line, LINE };
		if (writev(f->plain[i], v, (int)f->queued) != (ssize_t)f->queued * LINE)
			give_up("the sink does not keep up");
	}
	*took += cpu_ns() - begun;
	wait_for_sink(f);
}

static void measure(const struct probe *p, double out[OUTS])
{
	struct field f = { .n = p->n, .queued = p->k };
	size_t shared = sizeof *f.eaten;

	f.eaten = mmap(NULL, shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f.eaten == MAP_FAILED)
		give_up("no memory");
	make_body(&f);
	field_open(&f);
	for (unsigned i = 0; i < 2 * TIMES + 2; i++) {
		if (i == 2)
			f.took = out[1] = 0; /* everything has been touched once */
		if (i % 2)
			by_node(&f);
		else
			by_writev(&f, &out[1]);
	}
	out[0] = f.took / TIMES / 1e6;
	out[1] = out[1] / TIMES / 1e6;
	field_close(&f);
	munmap((void *)f.eaten, shared);
}

static const struct probe probes[] = {
	{ "fan-1k-1", measure, 1000, 1 },
	{ "fan-1k-8", measure, 1000, 8 },
	{ "fan-5k-1", measure, 5000, 1 },
	{ "fan-5k-8", measure, 5000, 8 },
	{ 0 },
};

#define FAN "1 KiB to all, beside a loop of writev, "

static const struct figure figures[] = {
	{ FAN "1,000", "ms", "fan-1k-1", "fan-1k-1.1", 1.1 },
	{ FAN "1,000, eight queued", "ms", "fan-1k-8", "fan-1k-8.1", 1.1 },
	{ FAN "5,000", "ms", "fan-5k-1", "fan-5k-1.1", 1.1 },
	{ FAN "5,000, eight queued", "ms", "fan-5k-8", "fan-5k-8.1", 1.1 },
	{ 0 },
};

const struct part part_fanout = { "fanout", probes, figures };
