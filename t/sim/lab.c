/* SPDX-License-Identifier: MIT
 * t/sim/lab.c - the two environments behind one face
 */
#include "config.h"

#include "sim/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/tap.h"
#include "sim/queue.h"

#define DEADLINE_S 20
#define VIRTUAL_US UINT64_C(3600000000)

static void host(struct tn_addr *a, uint8_t last, uint16_t port)
{
	*a = (struct tn_addr){ .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, last },
			       .port = port };
}

static uint16_t free_port(void)
{
	struct sockaddr_in s = { .sin_family = AF_INET };
	socklen_t n = sizeof(s);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	s.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&s, n) ||
	    getsockname(fd, (struct sockaddr *)&s, &n))
		bail_out("no free port: %s", strerror(errno));
	close(fd);
	return ntohs(s.sin_port);
}

static void too_late(void *arg, int signo)
{
	struct lab *l = arg;

	(void)signo;
	l->late = true;
	env_event_stop(l->a);
}

static void start_real(struct lab *l)
{
	struct tn_error err;

	l->a = env_event_create(&err);
	if (!l->a)
		bail_out("%s", err.text);
	l->b = l->a;
	if (env_event_signal(l->a, SIGALRM, too_late, l))
		bail_out("no signals");
	host(&l->at, 1, free_port());
}

struct lab *lab_create(bool real)
{
	struct lab *l = sim_alloc(sizeof(*l));

	l->real = real;
	host(&l->b_ip, 2, 0);
	if (real) {
		start_real(l);
		return l;
	}
	host(&l->at, 1, 24200);
	l->world = world_create(1);
	world_knobs(l->world)->latency_max_us = 3000;
	l->a = world_node(l->world, "a", &l->at);
	l->b = world_node(l->world, "b", &l->b_ip);
	return l;
}

void lab_free(struct lab *l)
{
	if (l->real)
		env_event_free(l->a);
	world_free(l->world);
	free(l);
}

static bool unfinished(void *arg)
{
	const struct lab *l = arg;

	return !l->finished;
}

bool lab_run(struct lab *l)
{
	l->finished = l->late = false;
	if (!l->real)
		return world_run_while(l->world, unfinished, l, world_now(l->world) + VIRTUAL_US);
	alarm(DEADLINE_S);
	if (env_event_run(l->a, NULL))
		bail_out("the loop failed");
	alarm(0);
	return !l->late;
}

void lab_finish(struct lab *l)
{
	if (l->real && !l->finished)
		env_event_stop(l->a);
	l->finished = true;
}

static void wait_over(void *arg)
{
	lab_finish(arg);
}

void lab_wait(struct lab *l, uint64_t us)
{
	l->a->ops->wake_at(l->a, env_mono_us(l->a) + us, wait_over, l);
	if (!lab_run(l))
		bail_out("a wake-up did not come");
}

/* ---- ends */

static void end_readable(void *arg)
{
	struct end *e = arg;
	long got = e->env->ops->read(e->c, e->in + e->n, sizeof(e->in) - 1 - e->n);

	e->readables++;
	if (got > 0)
		e->n += (size_t)got;
	e->ended = got == 0;
	e->err = got < 0 ? (int)-got : 0;
	if (got <= 0)
		e->env->ops->arm(e->c, false, false);
	if (got <= 0 || (e->want && e->n >= e->want))
		lab_finish(e->lab);
}

static void end_writable(void *arg)
{
	struct end *e = arg;

	e->writables++;
	e->env->ops->arm(e->c, true, false);
	lab_finish(e->lab);
}

static void end_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct end *l = arg, *e = l->accepted;

	e->lab = l->lab;
	e->env = l->env;
	e->c = c;
	e->from = *from;
	e->env->ops->adopt(c, &end_events, e);
	lab_finish(l->lab);
}

static void end_connected(void *arg, int err)
{
	struct end *e = arg;

	e->connects++;
	e->connect_err = err;
	lab_finish(e->lab);
}

const struct env_events end_events = {
	.readable = end_readable,
	.writable = end_writable,
	.accepted = end_accepted,
	.connected = end_connected,
};

bool lab_pair(struct lab *l, struct end *listener, struct end *dialed, struct end *accepted)
{
	struct tn_error err;

	*listener = (struct end){ .lab = l, .env = l->a, .accepted = accepted };
	*dialed = (struct end){ .lab = l, .env = l->b };
	*accepted = (struct end){ .lab = l, .env = l->a };
	listener->c = l->a->ops->listen(l->a, &l->at, &end_events, listener, &err);
	if (!listener->c)
		bail_out("%s", err.text);
	dialed->c = l->b->ops->connect(l->b, &l->at, &l->b_ip, &end_events, dialed, &err);
	if (!dialed->c)
		bail_out("%s", err.text);
	while (!dialed->connects || !accepted->c)
		if (!lab_run(l))
			return false;
	l->a->ops->arm(accepted->c, true, false);
	l->b->ops->arm(dialed->c, true, false);
	return dialed->connect_err == 0;
}

void lab_close(struct end *e)
{
	e->env->ops->close(e->c, false);
	e->c = NULL;
}

long lab_send(struct end *e, const char *text)
{
	char copy[64];
	size_t n = strlen(text) < sizeof(copy) ? strlen(text) : sizeof(copy);
	const struct iovec v = { .iov_base = memcpy(copy, text, n), .iov_len = n };

	return e->env->ops->writev(e->c, &v, 1);
}
