/* SPDX-License-Identifier: MIT
 * core/env/event_listen.c - listeners, accepting, and what to do without descriptors
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "env/event_private.h"

#define BACKLOG 1024
#define ACCEPT_AT_ONCE 64 /* a flood of connections must not hold the loop */
#define FULL_PAUSE_MS 100

static void on_acceptable(evutil_socket_t fd, short what, void *arg);

static void watch(struct env_conn *l)
{
	event_assign(&l->ev, l->env->base, l->fd, EV_READ | EV_PERSIST, on_acceptable, l);
	event_add(&l->ev, NULL);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_turn(((struct env_conn *)arg)->env);
	watch(arg);
}

/* The backlog stays readable without descriptors: without a pause the loop would spin. */
static void pause_listener(struct env_conn *l, int err)
{
	const struct timeval pause = { .tv_usec = FULL_PAUSE_MS * 1000 };

	event_del(&l->ev);
	evtimer_assign(&l->ev, l->env->base, on_pause_over, l);
	evtimer_add(&l->ev, &pause);
	if (l->env->full_fn)
		l->env->full_fn(l->env->full_arg, err);
}

static bool is_full(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

/* The rest, like ECONNABORTED, is about the connection that was not accepted. */
static bool accept_one(struct env_conn *l)
{
	union event_sockaddr s;
	socklen_t n = sizeof(s);
	struct tn_addr from;
	struct env_conn *c;
	int fd = accept4(l->fd, &s.any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err = errno;

	if (fd < 0 && is_full(err))
		pause_listener(l, err);
	if (fd < 0)
		return err != EAGAIN && err != EWOULDBLOCK && !is_full(err);
	c = conn_create(l->env, fd, CONN_STREAM, NULL, NULL);
	if (!c) {
		close(fd);
		pause_listener(l, ENOMEM);
		return false;
	}
	event_from_sockaddr(&from, &s);
	l->events->accepted(l->arg, c, &from);
	return true;
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct env_conn *l = arg;
	struct event_env *e = l->env;

	(void)fd;
	(void)what;
	event_turn(e);
	e->current = l;
	for (int i = 0; i < ACCEPT_AT_ONCE && e->current == l; i++)
		if (!accept_one(l))
			break;
	e->current = NULL;
}

static struct env_conn *start(struct env *env, int fd, const struct env_events *events, void *arg,
			      struct tn_error *err)
{
	struct env_conn *l = conn_create(event_env_of(env), fd, CONN_LISTENER, events, arg);

	if (!l) {
		tn_fail(err, TN_ENOMEM, "cannot listen: no memory");
		close(fd);
		return NULL;
	}
	watch(l);
	return l;
}

static int bind_tcp(int fd, const struct tn_addr *a)
{
	union event_sockaddr s;
	socklen_t n = event_to_sockaddr(&s, a);
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return -1;
	/* IPv4 has listeners of its own. */
	if (s.any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return -1;
	return bind(fd, &s.any, n) || listen(fd, BACKLOG) ? -1 : 0;
}

/* What the operator can do about it. */
static const char *advice(int why)
{
	switch (why) {
	case EADDRINUSE:
		return ": another process has this port";
	case EADDRNOTAVAIL:
		return ": this host has no such address";
	case EACCES:
		return ": ports below 1024 need a privilege";
	default:
		return "";
	}
}

struct env_conn *event_listen(struct env *env, const struct tn_addr *a,
			      const struct env_events *events, void *arg, struct tn_error *err)
{
	char text[TN_ADDR_TEXT];
	int fd = event_tcp_socket(a);

	if (fd < 0 || bind_tcp(fd, a)) {
		tn_fail(err, TN_EIO, "cannot listen on %s: %s%s", tn_addr_text(a, text),
			strerror(errno), advice(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return start(env, fd, events, arg, err);
}

/* 0: the path is free now. Only a socket that nobody answers is removed. */
static int clear_path(const struct sockaddr_un *s, struct tn_error *err)
{
	struct stat st;
	int fd, refused;

	if (lstat(s->sun_path, &st))
		return errno == ENOENT
			       ? 0
			       : tn_fail(err, TN_EIO, "%s: %s", s->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return tn_fail(err, TN_EIO, "%s exists and is not a socket", s->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tn_fail(err, TN_EIO, "cannot make a socket: %s", strerror(errno));
	refused = connect(fd, (const struct sockaddr *)s, sizeof(*s)) && errno == ECONNREFUSED;
	close(fd);
	if (!refused)
		return tn_fail(err, TN_EBUSY, "%s is in use by another process", s->sun_path);
	if (unlink(s->sun_path) && errno != ENOENT)
		return tn_fail(err, TN_EIO, "%s: %s", s->sun_path, strerror(errno));
	return 0;
}

/* The mode is set before bind gives the socket its name. */
static int bind_path(int fd, const struct sockaddr_un *s)
{
	return fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)s, sizeof(*s)) ||
			       listen(fd, BACKLOG)
		       ? -1
		       : 0;
}

struct env_conn *event_listen_path(struct env *env, const char *path,
				   const struct env_events *events, void *arg, struct tn_error *err)
{
	struct sockaddr_un s = { .sun_family = AF_UNIX };
	struct env_conn *l;
	size_t n = strlen(path);
	int fd;

	if (n == 0 || n >= sizeof(s.sun_path)) {
		tn_fail(err, TN_EINVAL, "a socket's path has 1 to %zu bytes: %s",
			sizeof(s.sun_path) - 1, path);
		return NULL;
	}
	memcpy(s.sun_path, path, n);
	if (clear_path(&s, err))
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind_path(fd, &s)) {
		tn_fail(err, TN_EIO, "cannot listen on %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	l = start(env, fd, events, arg, err);
	if (l)
		l->path = strdup(
			path); /* without memory a dead file stays: the next start clears it */
	return l;
}
