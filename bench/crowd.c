/* SPDX-License-Identifier: MIT
 * bench/crowd.c - peers that dial a node, introduce themselves and answer its pings
 */
#include "crowd.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, READ = 65536 };

int listen_any(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&at, sizeof at) || listen(fd, SOMAXCONN) ||
	    getsockname(fd, (void *)&at, &n))
		give_up("no port is free");
	*port = ntohs(at.sin_port);
	return fd;
}

uint16_t free_port(void)
{
	uint16_t port;

	close(listen_any(&port));
	return port;
}

int dial(uint16_t port, unsigned from)
{
	struct sockaddr_in us = { .sin_family = AF_INET, .sin_addr = { htonl(0x7f010001 + from) } };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		give_up("no more sockets: see ulimit -n");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(fd, (void *)&us, sizeof us) || connect(fd, (void *)&to, sizeof to))
		give_up("cannot connect to port %u", port);
	return fd;
}

void say(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t put = send(fd, p, n, MSG_NOSIGNAL);

		if (put <= 0)
			give_up("the node closed a session");
		p += put;
		n -= (size_t)put;
	}
}

static void say_hello(int fd, uint64_t id)
{
	char line[256];
	int n = snprintf(line, sizeof line,
			 "{\"Handshake\":{\"magic\":[84,73,77,69],\"protocol_version\":1,"
			 "\"network\":\"private\",\"node_id\":%llu,\"listen_port\":0,"
			 "\"agent\":\"bench/1\",\"features\":[]}}\n",
			 (unsigned long long)id);

	say(fd, line, (size_t)n);
}

/* Byte by byte: what comes behind the Ack stays in the socket. */
static void hear_ack(int fd)
{
	char line[1024], c = 0;
	size_t n = 0;

	while (c != '\n' && n < sizeof line - 1) {
		if (recv(fd, &c, 1, 0) != 1)
			give_up("the node refuses a peer without a word");
		line[n++] = c;
	}
	line[n] = '\0';
	if (strncmp(line, "{\"Ack\"", 6) != 0 || strstr(line, "\"accepted\":false"))
		give_up("the node refuses a peer: %s", line);
}

void introduce(int fd, uint64_t id)
{
	say_hello(fd, id);
	hear_ack(fd);
}

static void watch(struct crowd *c, unsigned i)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = c->fd[i] };

	if (epoll_ctl(c->poll, EPOLL_CTL_ADD, c->fd[i], &e))
		give_up("epoll refuses a socket");
}

void crowd_join(struct crowd *c, uint16_t port, unsigned n)
{
	*c = (struct crowd){ .n = n, .poll = epoll_create1(EPOLL_CLOEXEC) };
	c->fd = calloc(n, sizeof *c->fd);
	if (!c->fd || c->poll < 0)
		give_up("no memory");
	for (unsigned i = 0; i < n; i += BATCH) {
		unsigned end = i + BATCH < n ? i + BATCH : n;

		for (unsigned k = i; k < end; k++) {
			c->fd[k] = dial(port, k);
			say_hello(c->fd[k], draw());
		}
		for (unsigned k = i; k < end; k++) {
			hear_ack(c->fd[k]);
			watch(c, k);
		}
	}
}

void crowd_leave(struct crowd *c)
{
	for (unsigned i = 0; i < c->n; i++)
		close(c->fd[i]);
	close(c->poll);
	free(c->fd);
	*c = (struct crowd){ 0 };
}

static void answer(struct crowd *c, int fd, const char *line)
{
	static const char nobody[] = "{\"PeersResponse\":[]}\n";
	unsigned long long nonce;
	char pong[96];

	c->pongs += !strncmp(line, "{\"Pong\"", 7);
	if (!strncmp(line, "\"GetPeers\"", 10))
		say(fd, nobody, sizeof nobody - 1);
	if (sscanf(line, "{\"Ping\":{\"nonce\":%llu", &nonce) != 1)
		return;
	snprintf(pong, sizeof pong, "{\"Pong\":{\"nonce\":%llu,\"timestamp\":1766100000}}\n",
		 nonce);
	say(fd, pong, strlen(pong));
}

/* A node's lines are small here and come whole. */
static void hear(struct crowd *c, int fd)
{
	static char in[READ + 1];
	ssize_t n = recv(fd, in, READ, 0);
	char *line = in, *lf;

	if (n <= 0)
		give_up("the node closed a session");
	in[n] = '\0';
	for (; (lf = strchr(line, '\n')); line = lf + 1)
		answer(c, fd, line);
}

void crowd_serve(struct crowd *c, unsigned ms, uint64_t pongs)
{
	uint64_t end = now_ms() + ms, now;
	struct epoll_event e[256];

	while ((now = now_ms()) < end && (!pongs || c->pongs < pongs)) {
		int n = epoll_wait(c->poll, e, 256, (int)(end - now));

		for (int i = 0; i < n; i++)
			hear(c, e[i].data.fd);
	}
}
