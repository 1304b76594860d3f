/* SPDX-License-Identifier: MIT
 * core/env/event_conn.c - connections: one descriptor and one libevent event each
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env/event_private.h"

struct env_conn *conn_create(struct event_env *e, int fd, enum conn_kind kind,
			     const struct env_events *events, void *arg)
{
	struct env_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->env = e;
	c->fd = fd;
	c->kind = (uint8_t)kind;
	c->events = events;
	c->arg = arg;
	return c;
}

/* The first callback may close the connection: `current` tells. */
static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct env_conn *c = arg;
	struct event_env *e = c->env;

	(void)fd;
	event_turn(e);
	e->current = c;
	if (what & c->armed & EV_READ)
		c->events->readable(c->arg);
	if (e->current == c && what & c->armed & EV_WRITE)
		c->events->writable(c->arg);
	e->current = NULL;
}

void event_arm(struct env_conn *c, bool read, bool write)
{
	short want = (short)((read ? EV_READ : 0) | (write ? EV_WRITE : 0));

	if (c->kind != CONN_STREAM || want == c->armed)
		return;
	if (c->armed)
		event_del(&c->ev);
	c->armed = want;
	if (!want)
		return;
	event_assign(&c->ev, c->env->base, c->fd, (short)(want | EV_PERSIST), on_ready, c);
	event_add(&c->ev, NULL);
}

void event_adopt(struct env_conn *c, const struct env_events *events, void *arg)
{
	c->events = events;
	c->arg = arg;
}

long event_read(struct env_conn *c, void *p, size_t n)
{
	ssize_t got = recv(c->fd, p, n, 0);

	return got < 0 ? -errno : got;
}

long event_writev(struct env_conn *c, const struct iovec *v, int n)
{
	struct msghdr m = { 0 };
	ssize_t put;

	if (n < 0)
		return -EINVAL;
	/* sendmsg wants it without const; it does not write to it. */
	memcpy(&m.msg_iov, &v, sizeof(m.msg_iov));
	m.msg_iovlen = (size_t)(n < IOV_MAX ? n : IOV_MAX);
	put = sendmsg(c->fd, &m, MSG_NOSIGNAL);
	return put < 0 ? -errno : put;
}

void event_shut(struct env_conn *c)
{
	shutdown(c->fd, SHUT_WR);
}

void event_close(struct env_conn *c, bool reset)
{
	const struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	if (!c)
		return;
	if (c->env->current == c)
		c->env->current = NULL;
	if (c->kind != CONN_STREAM || c->armed)
		event_del(&c->ev);
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (c->kind == CONN_LISTENER && c->path) {
		unlink(c->path);
		free(c->path);
	}
	close(c->fd);
	free(c);
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct env_conn *c = arg;
	int err = c->err;
	socklen_t n = sizeof(err);

	(void)fd;
	(void)what;
	event_turn(c->env);
	if (!err && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n))
		err = errno;
	c->kind = CONN_STREAM;
	c->events->connected(c->arg, err);
}

static int bind_source(int fd, const struct tn_addr *from)
{
	struct tn_addr any_port = *from;
	union event_sockaddr s;
	int on = 1;

	/* The port is chosen at connect: the same one may serve several destinations. */
	any_port.port = 0;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, &s.any, event_to_sockaddr(&s, &any_port));
}

/* What fails at once and what fails later look the same: reported from the loop. */
static void begin_connect(struct env_conn *c, const struct tn_addr *to)
{
	union event_sockaddr s;
	socklen_t n = event_to_sockaddr(&s, to);
	const struct timeval at_once = { 0 };

	if (connect(c->fd, &s.any, n) && errno != EINPROGRESS && errno != EINTR)
		c->err = errno;
	event_assign(&c->ev, c->env->base, c->err ? -1 : c->fd, c->err ? 0 : EV_WRITE, on_connected,
		     c);
	event_add(&c->ev, c->err ? &at_once : NULL);
}

struct env_conn *event_connect(struct env *env, const struct tn_addr *to,
			       const struct tn_addr *from, const struct env_events *events,
			       void *arg, struct tn_error *err)
{
	char text[TN_ADDR_TEXT];
	struct env_conn *c;
	int fd;

	if (from && tn_addr_is_unspecified(from))
		from = NULL;
	if (from && tn_addr_is_v4(from) != tn_addr_is_v4(to)) {
		tn_fail(err, TN_EINVAL,
			"cannot connect from %s: the peer's address is of the other family",
			tn_addr_ip_text(from, text));
		return NULL;
	}
	fd = event_tcp_socket(to);
	if (fd < 0) {
		tn_fail(err, TN_EIO, "cannot make a socket: %s", strerror(errno));
		return NULL;
	}
	if (from && bind_source(fd, from)) {
		tn_fail(err, TN_EIO, "cannot connect from %s: %s", tn_addr_ip_text(from, text),
			strerror(errno));
		close(fd);
		return NULL;
	}
	c = conn_create(event_env_of(env), fd, CONN_CONNECTING, events, arg);
	if (!c) {
		tn_fail(err, TN_ENOMEM, "cannot connect: no memory");
		close(fd);
		return NULL;
	}
	begin_connect(c, to);
	return c;
}
