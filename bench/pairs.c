/* SPDX-License-Identifier: MIT
 * bench/pairs.c - processor time of a real node for a Ping and its Pong
 *
 * Beside it a server that sends every line back: one wait, one read, one write.
 */
#include "crowd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEERS = 500, TURNS = 40, READ = 65536 }; /* within one second's rate of Pings */

static void ask_all(struct crowd *c, const char *name)
{
	char line[96];

	for (unsigned t = 0; t < TURNS; t++) {
		for (unsigned i = 0; i < c->n; i++) {
			snprintf(line, sizeof line,
				 "{\"%s\":{\"nonce\":%llu,\"timestamp\":1766100000}}\n", name,
				 (unsigned long long)draw());
			say(c->fd[i], line, strlen(line));
		}
		crowd_serve(c, 10000, c->pongs + c->n);
	}
}

static double time_pairs(struct crowd *c, pid_t pid, const char *name)
{
	double cpu = process_cpu(pid);
	uint64_t pongs = c->pongs;

	ask_all(c, name);
	if (c->pongs - pongs != (uint64_t)c->n * TURNS)
		give_up("%llu pongs came for %u pings", (unsigned long long)(c->pongs - pongs),
			c->n * TURNS);
	process_settle(pid);
	return (process_cpu(pid) - cpu) / (c->n * TURNS);
}

static void measure_node(const struct probe *p, double out[OUTS])
{
	struct daemon d;
	struct crowd c;

	daemon_start(&d, "pingpong: { };");
	crowd_join(&c, d.port, p->n);
	crowd_serve(&c, 200, 0);
	out[0] = time_pairs(&c, d.pid, "Ping");
	out[1] = 1e9 / out[0];
	crowd_leave(&c);
	daemon_stop(&d);
}

/* ---- the echo */

static void echo(int listener, unsigned n)
{
	static char in[READ];
	struct epoll_event e[256];
	int poll = epoll_create1(0);

	for (unsigned i = 0; i < n; i++) {
		int fd = accept(listener, NULL, NULL);

		e[0] = (struct epoll_event){ .events = EPOLLIN, .data.fd = fd };
		epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e[0]);
	}
	while (1) {
		int ready = epoll_wait(poll, e, 256, -1);

		for (int i = 0; i < ready; i++) {
			ssize_t got = recv(e[i].data.fd, in, READ, 0);

			if (got <= 0)
				_exit(0);
			if (memchr(in, '\n', (size_t)got))
				say(e[i].data.fd, in, (size_t)got);
		}
	}
}

static void connect_all(struct crowd *c, uint16_t port, unsigned n)
{
	*c = (struct crowd){ .n = n, .poll = epoll_create1(EPOLL_CLOEXEC) };
	c->fd = calloc(n, sizeof *c->fd);
	for (unsigned i = 0; c->fd && i < n; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.fd = dial(port, i) };

		c->fd[i] = e.data.fd;
		epoll_ctl(c->poll, EPOLL_CTL_ADD, c->fd[i], &e);
	}
}

static void measure_echo(const struct probe *p, double out[OUTS])
{
	uint16_t port;
	int listener = listen_any(&port);
	struct crowd c;
	pid_t pid = fork();

	if (pid == 0)
		echo(listener, p->n);
	close(listener);
	connect_all(&c, port, p->n);
	out[0] = time_pairs(&c, pid, "Pong");
	out[1] = 1e9 / out[0];
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	crowd_leave(&c);
}

static const struct probe probes[] = {
	{ "pairs-node", measure_node, PEERS, 0 },
	{ "pairs-echo", measure_echo, PEERS, 0 },
	{ 0 },
};

static const struct figure figures[] = {
	{ "a ping and its pong, one a read, beside an echo", "ns", "pairs-node", "pairs-echo", 0 },
	{ "ping/pong pairs a second on one core, beside an echo", "/s", "pairs-node.1",
	  "pairs-echo.1", 0 },
	{ 0 },
};

const struct part part_pairs = { "pairs", probes, figures };
