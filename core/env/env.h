/* SPDX-License-Identifier: MIT
 * core/env/env.h - time, chance, sockets and log output come from outside
 *
 * Private to core and t/sim: plugins get the same things through host.h, tagged
 * with their owner. Two implementations: core/env/event.c (libevent) and
 * t/sim/env_sim.c (virtual clock, in-memory links). One conformance suite runs
 * against both. Every callback runs on the loop and never inside a call that the
 * core makes: connect() reports its result from the loop, also a refusal.
 *
 * Outside of this table only main.c and daemon.c (signals, process), lib/sys
 * (whole files), store/lmdb.c and plug/load.c (dlopen) touch the system.
 */
#ifndef CORE_ENV_H
#define CORE_ENV_H

#include <string.h>
#include <sys/uio.h>

#include "timenode/base.h"

/* The levels of timenode/host.h, which this room does not include. */
enum env_log_level { ENV_LOG_ERROR, ENV_LOG_WARN, ENV_LOG_INFO, ENV_LOG_DEBUG };

struct env_conn; /* opaque to the core: an fd, or a simulated link */

/* What the core gives to a connection. readable and writable are called while
 * armed and the condition holds (level-triggered). A connection may be closed
 * from inside any of its callbacks.
 */
struct env_events {
	void (*readable)(void *arg);
	void (*writable)(void *arg);
	/* On a listener. `c` is not armed; the callee adopts or closes it. from: the peer,
	 * canonical; all zero for a Unix socket. */
	void (*accepted)(void *arg, struct env_conn *c, const struct tn_addr *from);
	/* After connect: 0 or a positive errno. Called once; the core still closes it. */
	void (*connected)(void *arg, int err);
};

/* Turns of the loop by how long they took, from the first event to the last deferred call. */
#define ENV_TURN_BINS 5 /* under 1, 10, 100 and 1000 ms, and longer ones */
struct env_turns {
	uint64_t bin[ENV_TURN_BINS];
	uint64_t worst_us;
};

/* Work for another thread, a member of what it works on. Between submit and done it is the
 * environment's. */
#define ENV_JOBS_MAX 1024 /* not done yet: more are refused */
struct env_job {
	void (*run)(struct env_job *);  /* on a thread: calls nothing of this table */
	void (*done)(struct env_job *); /* on the loop, exactly once; may free it */
	const char *owner, *name;       /* for a crash line; owner NULL: the node itself */
	bool ran;                       /* for done: run was called */
	bool failed; /* set by a run that this host failed (its disk): a replay does not run it */
	struct env_job *next; /* the environment's */
};

struct env_record;

struct env {
	const struct env_ops *ops; /* the implementation's own part follows */
	struct env_record *record; /* record.h: in its place while a recording runs, else NULL */
	unsigned quiet;            /* clock readings are for people only and are not recorded */
};

/* An env_conn begins with a pointer to its env. */
static inline struct env *env_of_conn(const struct env_conn *c)
{
	struct env *e;

	memcpy(&e, c, sizeof e);
	return e;
}

struct env_ops {
	/* No real loop behind it: a plugin that brings its own sockets cannot run there. */
	bool simulated;
	uint64_t (*mono_us)(struct env *);
	int64_t (*wall_us)(struct env *);
	/* Processor time that the loop's thread has used; what it waits for others is not in it.
	 * NULL, and where time stands still during a turn: the same as mono_us. */
	uint64_t (*cpu_us)(struct env *);
	void (*random)(struct env *, void *, size_t);

	/* One timer: the core keeps its own (env/timer.h) and asks for the next instant
	 * only. A later call replaces the earlier; UINT64_MAX: none. */
	void (*wake_at)(struct env *, uint64_t mono_us, void (*fn)(void *), void *arg);

	/* Once, at the end of this tick, after the events that are ready now: flush of
	 * send queues. Calls made while deferred work runs are run in the next tick. */
	int (*defer)(struct env *, void (*fn)(void *), void *arg);
	/* What was deferred with both is not called any more; absent is fine. */
	void (*undefer)(struct env *, void (*fn)(void *), void *arg);

	/* Streams. Listeners are armed from the start. listen_path: a Unix socket with mode
	 * 0600; a dead one at that path is replaced, a live one is an error; close removes
	 * it.
	 * connect: `from` (may be NULL) is the source address, its port is ignored. All
	 * stream sockets are non-blocking, close-on-exec, NODELAY, keepalive 30/10/3,
	 * TCP_USER_TIMEOUT 60 s (doc/protocol.md 5). NULL with the reason. */
	struct env_conn *(*listen)(struct env *, const struct tn_addr *, const struct env_events *,
				   void *arg, struct tn_error *);
	struct env_conn *(*listen_path)(struct env *, const char *path, const struct env_events *,
					void *arg, struct tn_error *);
	struct env_conn *(*connect)(struct env *, const struct tn_addr *to,
				    const struct tn_addr *from, const struct env_events *,
				    void *arg, struct tn_error *);

	/* Change of owner: an accepted connection gets its callbacks. */
	void (*adopt)(struct env_conn *, const struct env_events *, void *arg);

	/* Bytes moved, 0 = end of stream (read only), or a negative errno (-EAGAIN...). */
	long (*read)(struct env_conn *, void *, size_t);
	long (*writev)(struct env_conn *, const struct iovec *, int n);

	void (*arm)(struct env_conn *, bool read, bool write);
	void (*shut)(struct env_conn *);              /* no more writing: the peer sees the end */
	void (*close)(struct env_conn *, bool reset); /* NULL is fine; no callback follows */

	/* Where finished log lines go (no LF at the end). */
	void (*log)(struct env *, enum env_log_level level, const char *line, size_t n);

	/* NULL where time stands still during a turn. */
	void (*turns)(struct env *, struct env_turns *);

	/* submit: run on any thread of a pool, in any order; the simulator runs it at an
	 * instant, and calls done at another, that the seed decides. write_behind: run on one
	 * thread, one after the other as they came; done in the same order. 0, TN_EFULL
	 * (ENV_JOBS_MAX of either kind), TN_EIO (no thread can be had): then done is not called.
	 * What a host that loses its power had not run is done without, when it is back.
	 * Freeing the environment does the same. */
	int (*submit)(struct env *, struct env_job *);
	int (*write_behind)(struct env *, struct env_job *);
	/* Waits until all that was written behind has run, and calls done for it: for the end
	 * of a store only, because it blocks. */
	void (*write_settle)(struct env *);
	/* What the calling thread of the pool runs now, NULL on any other: for a signal
	 * handler. May be NULL. */
	const struct env_job *(*running)(struct env *);
	/* NULL unless jobs have to be tried twice: told of one that is no pure function. */
	void (*impure)(struct env *, const char *text);
};

/* Wrappers, so that core code reads like calls. */
/* clang-format off */
static inline uint64_t env_mono_us(struct env *e) { return e->ops->mono_us(e); }
static inline uint64_t env_cpu_us(struct env *e) { return e->ops->cpu_us ? e->ops->cpu_us(e) : e->ops->mono_us(e); }
static inline int64_t env_wall_us(struct env *e) { return e->ops->wall_us(e); }
static inline void env_random(struct env *e, void *p, size_t n) { e->ops->random(e, p, n); }
/* clang-format on */

#endif
