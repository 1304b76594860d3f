/* SPDX-License-Identifier: MIT
 * core/env/event.c - the libevent environment: loop, clocks, wake-up, signals, log
 */
#include "config.h"

#include "env/event.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "env/event_private.h"

#define FIRST_DEFERRED 64

static uint64_t clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t mono_us(struct env *env)
{
	(void)env;
	return clock_us(CLOCK_MONOTONIC);
}

static uint64_t cpu_us(struct env *env)
{
	(void)env;
	return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

static int64_t wall_us(struct env *env)
{
	(void)env;
	return (int64_t)clock_us(CLOCK_REALTIME);
}

void event_turn(struct event_env *e)
{
	if (!atomic_load_explicit(&e->busy_us, memory_order_relaxed))
		atomic_store_explicit(&e->busy_us, clock_us(CLOCK_MONOTONIC), memory_order_relaxed);
}

static void end_turn(struct event_env *e)
{
	uint64_t since = atomic_load_explicit(&e->busy_us, memory_order_relaxed), us, limit = 1000;
	unsigned bin = 0;

	if (!since)
		return;
	us = clock_us(CLOCK_MONOTONIC) - since;
	for (; bin < ENV_TURN_BINS - 1 && us >= limit; limit *= 10)
		bin++;
	e->turns.bin[bin]++;
	if (us > e->turns.worst_us)
		e->turns.worst_us = us;
	atomic_store_explicit(&e->busy_us, 0, memory_order_relaxed);
}

static void turns(struct env *env, struct env_turns *out)
{
	*out = event_env_of(env)->turns;
}

uint64_t env_event_busy_since(struct env *env)
{
	return atomic_load_explicit(&event_env_of(env)->busy_us, memory_order_relaxed);
}

static void fill_random(struct env *env, void *p, size_t n)
{
	(void)env;
	randombytes_buf(p, n);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct event_env *e = arg;

	(void)fd;
	(void)what;
	event_turn(e);
	e->wake_fn(e->wake_arg);
}

static void wake_at(struct env *env, uint64_t at_us, void (*fn)(void *), void *arg)
{
	struct event_env *e = event_env_of(env);
	uint64_t now, delay;
	struct timeval tv;

	if (at_us == UINT64_MAX) {
		event_del(&e->wake);
		return;
	}
	now = mono_us(env);
	delay = at_us > now ? at_us - now : 0;
	tv.tv_sec = (time_t)(delay / 1000000u);
	tv.tv_usec = (suseconds_t)(delay % 1000000u);
	e->wake_fn = fn;
	e->wake_arg = arg;
	event_add(&e->wake, &tv);
}

static int defer(struct env *env, void (*fn)(void *), void *arg)
{
	struct deferred_list *l = &event_env_of(env)->deferred;

	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : FIRST_DEFERRED;
		struct deferred *v = realloc(l->v, room * sizeof(*v));

		if (!v)
			return TN_ENOMEM;
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = (struct deferred){ fn, arg };
	return 0;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void forget(struct deferred_list *l, void (*fn)(void *), void *arg)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].fn == fn && l->v[i].arg == arg)
			l->v[i].fn = nothing;
}

static void undefer(struct env *env, void (*fn)(void *), void *arg)
{
	forget(&event_env_of(env)->deferred, fn, arg);
	forget(&event_env_of(env)->running, fn, arg);
}

static void run_deferred(struct event_env *e)
{
	struct deferred_list now = e->deferred;

	e->deferred = e->running;
	e->running = now;
	for (size_t i = 0; i < now.n; i++)
		now.v[i].fn(now.v[i].arg);
	e->running.n = 0;
}

static void log_line(struct env *env, enum env_log_level level, const char *line, size_t n)
{
	struct event_env *e = event_env_of(env);

	e->log_fn(e->log_arg, level, line, n);
}

/* When stderr itself fails there is nobody left to tell. */
static void log_to_stderr(void *arg, enum env_log_level level, const char *line, size_t n)
{
	const struct iovec v[2] = { { .iov_base = (void *)(uintptr_t)line, .iov_len = n },
				    { .iov_base = (void *)(uintptr_t) "\n", .iov_len = 1 } };
	ssize_t put = writev(STDERR_FILENO, v, 2);

	(void)arg;
	(void)level;
	(void)put;
}

/* libevent's callbacks carry no argument and we keep no global, so that its own words
 * (they mean a bug or a broken system) go to stderr whatever the log's target is. */
static void libevent_log(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		fprintf(stderr, "libevent: %s\n", text);
}

static void libevent_fatal(int err)
{
	fprintf(stderr, "libevent: fatal error %d\n", err);
	abort();
}

static const struct env_ops ops = {
	.mono_us = mono_us,
	.cpu_us = cpu_us,
	.wall_us = wall_us,
	.random = fill_random,
	.wake_at = wake_at,
	.defer = defer,
	.undefer = undefer,
	.listen = event_listen,
	.listen_path = event_listen_path,
	.connect = event_connect,
	.adopt = event_adopt,
	.read = event_read,
	.writev = event_writev,
	.arm = event_arm,
	.shut = event_shut,
	.close = event_close,
	.log = log_line,
	.turns = turns,
	.submit = event_submit,
	.write_behind = event_write_behind,
	.write_settle = event_write_settle,
	.running = event_running,
};

/* The precise timer takes the clock that mono_us reads, so that a wake-up is never
 * early; a time cached at the start of a tick would be. */
static struct event_base *create_base(void)
{
	const int flags = EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV |
			  EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST |
			  EVENT_BASE_FLAG_PRECISE_TIMER;
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && !event_config_set_flag(config, flags))
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

struct env *env_event_create(struct tn_error *err)
{
	struct event_env *e;

	if (sodium_init() < 0) {
		tn_fail(err, TN_EIO, "cannot start libsodium");
		return NULL;
	}
	event_set_log_callback(libevent_log);
	event_set_fatal_callback(libevent_fatal);
	e = calloc(1, sizeof(*e));
	if (!e) {
		tn_fail(err, TN_ENOMEM, "cannot start the event loop: no memory");
		return NULL;
	}
	e->base = create_base();
	if (!e->base) {
		tn_fail(err, TN_EIO, "cannot start the event loop");
		free(e);
		return NULL;
	}
	e->env.ops = &ops;
	e->log_fn = log_to_stderr;
	evtimer_assign(&e->wake, e->base, on_wake, e);
	return &e->env;
}

void env_event_free(struct env *env)
{
	struct event_env *e = event_env_of(env);

	if (!env)
		return;
	pool_free(e->pool);
	pool_free(e->writer);
	while (e->signals) {
		struct signal_watch *w = e->signals;

		e->signals = w->next;
		event_del(&w->ev);
		free(w);
	}
	event_del(&e->wake);
	event_base_free(e->base);
	free(e->deferred.v);
	free(e->running.v);
	free(e);
}

/* One turn is one tick: what is ready runs, then what was deferred meanwhile. Work that
 * deferred work has deferred waits for the next turn, which then does not block. */
int env_event_run(struct env *env, struct tn_error *err)
{
	struct event_env *e = event_env_of(env);

	while (!e->stop) {
		int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;

		if (e->deferred.n)
			flags |= EVLOOP_NONBLOCK;
		if (event_base_loop(e->base, flags) < 0)
			return tn_fail(err, TN_EIO, "the event loop failed");
		if (e->deferred.n)
			event_turn(e);
		run_deferred(e);
		end_turn(e);
	}
	e->stop = false;
	return 0;
}

void env_event_stop(struct env *env)
{
	event_env_of(env)->stop = true;
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct signal_watch *w = arg;

	(void)what;
	event_turn(w->env);
	w->fn(w->arg, (int)signo);
}

int env_event_signal(struct env *env, int signo, void (*fn)(void *arg, int signo), void *arg)
{
	struct event_env *e = event_env_of(env);
	struct signal_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return TN_ENOMEM;
	w->env = e;
	w->fn = fn;
	w->arg = arg;
	if (evsignal_assign(&w->ev, e->base, signo, on_signal, w) || evsignal_add(&w->ev, NULL)) {
		free(w);
		return TN_EIO;
	}
	w->next = e->signals;
	e->signals = w;
	return 0;
}

void env_event_log_to(struct env *env, env_log_fn *fn, void *arg)
{
	struct event_env *e = event_env_of(env);

	e->log_fn = fn ? fn : log_to_stderr;
	e->log_arg = arg;
}

void env_event_threads(struct env *env, unsigned n)
{
	event_env_of(env)->threads = n;
}

void env_event_on_full(struct env *env, void (*fn)(void *arg, int err), void *arg)
{
	struct event_env *e = event_env_of(env);

	e->full_fn = fn;
	e->full_arg = arg;
}
