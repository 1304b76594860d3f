/* SPDX-License-Identifier: MIT
 * core/env/event_private.h - what the parts of the libevent environment share
 *
 * Included by core/env/event*.c only.
 */
#ifndef CORE_ENV_EVENT_PRIVATE_H
#define CORE_ENV_EVENT_PRIVATE_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "env/event.h"

struct event_env;

struct deferred {
	void (*fn)(void *arg);
	void *arg;
};

struct deferred_list {
	struct deferred *v;
	size_t n, room;
};

struct signal_watch {
	struct event ev;
	struct event_env *env;
	void (*fn)(void *arg, int signo);
	void *arg;
	struct signal_watch *next;
};

struct event_env {
	struct env env; /* first: the core's view */
	struct event_base *base;
	struct event wake;
	void (*wake_fn)(void *arg);
	void *wake_arg;
	struct deferred_list deferred, running; /* swapped at each end of a tick */
	struct signal_watch *signals;
	struct env_conn *current; /* in its callback now; NULL once that has closed it */
	env_log_fn *log_fn;
	void *log_arg;
	void (*full_fn)(void *arg, int err);
	void *full_arg;
	atomic_uint_least64_t busy_us; /* written by the loop, read by whoever watches it */
	struct env_turns turns;
	struct pool *pool, *writer; /* NULL until they have something to do */
	unsigned threads;
	bool stop;
};

enum conn_kind { CONN_STREAM, CONN_CONNECTING, CONN_LISTENER };

struct env_conn {
	struct event_env *env; /* first: env.h */
	struct event ev;       /* readiness; of a pausing listener the end of the pause */
	const struct env_events *events;
	void *arg;
	union {
		char *path; /* of a listener, if it is a Unix one: removed when it closes */
		int err;    /* of a connect that failed at once, until the loop reports it */
	};
	int fd;
	short armed;
	uint8_t kind; /* enum conn_kind */
};

static inline struct event_env *event_env_of(struct env *e)
{
	return (struct event_env *)e;
}

/* event.c: first of all in everything that libevent calls */
void event_turn(struct event_env *);

/* pool.c: threads that run jobs for the loop */
struct pool;
int event_submit(struct env *, struct env_job *);
int event_write_behind(struct env *, struct env_job *);
void event_write_settle(struct env *);
const struct env_job *event_running(struct env *);
void pool_free(struct pool *); /* NULL is fine; see env.h for what becomes of its jobs */

/* event_conn.c */
struct env_conn *conn_create(struct event_env *, int fd, enum conn_kind, const struct env_events *,
			     void *arg);
struct env_conn *event_connect(struct env *, const struct tn_addr *to, const struct tn_addr *from,
			       const struct env_events *, void *arg, struct tn_error *);
void event_adopt(struct env_conn *, const struct env_events *, void *arg);
long event_read(struct env_conn *, void *, size_t);
long event_writev(struct env_conn *, const struct iovec *, int n);
void event_arm(struct env_conn *, bool read, bool write);
void event_shut(struct env_conn *);
void event_close(struct env_conn *, bool reset);

/* event_listen.c */
struct env_conn *event_listen(struct env *, const struct tn_addr *, const struct env_events *,
			      void *arg, struct tn_error *);
struct env_conn *event_listen_path(struct env *, const char *path, const struct env_events *,
				   void *arg, struct tn_error *);

/* event_socket.c: the system's addresses and options. */
union event_sockaddr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

socklen_t event_to_sockaddr(union event_sockaddr *, const struct tn_addr *);
void event_from_sockaddr(struct tn_addr *, const union event_sockaddr *); /* zero if not IP */

/* A non-blocking close-on-exec TCP socket of the address's family with our options;
 * accepted sockets inherit those of their listener. -1 with errno. */
int event_tcp_socket(const struct tn_addr *);

#endif
