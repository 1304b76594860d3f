/* SPDX-License-Identifier: MIT
 * core/watchdog.c - a thread that sees when the loop does not come back
 */
#include "config.h"

#include "watchdog.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IDLE_US UINT64_C(1000000)

struct watchdog {
	struct env *env;
	struct crash *crash;
	struct watch watch;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
};

/* ---- deciding */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t watch_pause_us(const struct watch *w)
{
	uint64_t fine = w->hang_us / 8;

	if (w->abort_us && w->abort_us / 8 < fine)
		fine = w->abort_us / 8;
	if (fine < 1000)
		fine = 1000;
	return w->since_us ? least(fine, IDLE_US) : least(w->hang_us / 2, IDLE_US);
}

enum watch_what watch_look(struct watch *w, uint64_t since_us, uint64_t now_us, uint64_t waited_us,
			   uint64_t asked_us)
{
	uint64_t more = least(waited_us, 2 * asked_us);

	if (since_us != w->since_us) { /* another turn than the last time, or none */
		w->since_us = since_us;
		w->next_us = w->hang_us;
		w->seen_us = since_us ? least(now_us - since_us, more) : 0;
		return WATCH_NOTHING;
	}
	if (!since_us)
		return WATCH_NOTHING;
	w->seen_us += more;
	if (w->abort_us && w->seen_us >= w->abort_us)
		return WATCH_KILL;
	if (w->seen_us < w->next_us)
		return WATCH_NOTHING;
	w->next_us *= 2;
	return WATCH_TELL;
}

/* ---- the thread */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void wait_us(struct watchdog *w, uint64_t us)
{
	uint64_t until = now_us() + us;
	struct timespec t = { .tv_sec = (time_t)(until / 1000000u),
			      .tv_nsec = (long)(until % 1000000u) * 1000 };

	while (!w->stop && !pthread_cond_timedwait(&w->wake, &w->lock, &t))
		;
}

/* Killed once; where the loop cannot even die of its signal, this thread does. */
static void act(struct watchdog *w, enum watch_what what)
{
	unsigned seconds = (unsigned)(w->watch.seen_us / 1000000u);

	if (what == WATCH_TELL)
		crash_hangs(w->crash, seconds);
	if (what != WATCH_KILL)
		return;
	crash_kill(w->crash, seconds);
	wait_us(w, 2 * IDLE_US);
	if (!w->stop)
		abort();
}

static void *run(void *arg)
{
	struct watchdog *w = arg;
	uint64_t last = now_us();

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		uint64_t asked = watch_pause_us(&w->watch), now;

		wait_us(w, asked);
		now = now_us();
		if (!w->stop)
			act(w, watch_look(&w->watch, env_event_busy_since(w->env), now, now - last,
					  asked));
		last = now;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Signals of the process are the loop's: the thread begins with all of them blocked. */
static int begin(struct watchdog *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct watchdog *watchdog_start(struct env *env, struct crash *crash, uint64_t hang_ms,
				uint64_t abort_ms, struct tn_error *err)
{
	struct watchdog *w = calloc(1, sizeof *w);
	pthread_condattr_t attr;
	int rc;

	if (!w) {
		tn_fail(err, TN_ENOMEM, "no memory");
		return NULL;
	}
	w->env = env;
	w->crash = crash;
	w->watch = (struct watch){ .hang_us = hang_ms * 1000, .abort_us = abort_ms * 1000 };
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	rc = begin(w);
	if (!rc)
		return w;
	tn_fail(err, TN_EIO, "cannot start the watchdog: %s", strerror(rc));
	free(w);
	return NULL;
}

void watchdog_stop(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
