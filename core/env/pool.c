/* SPDX-License-Identifier: MIT
 * core/env/pool.c - threads that run jobs for the loop; an eventfd brings the results back
 *
 * One of them with a single thread is the writer: what it is given runs in order. A thread
 * is started when a job comes and none is idle. Signals of the process stay the loop's;
 * those of a fault are taken where it happens.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "env/event_private.h"

enum { THREADS_MAX = 64, PATIENCE_S = 10 };

struct jobs {
	struct env_job *first, **end; /* end NULL: it was never used */
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	_Atomic(const struct env_job *) job; /* written by the thread, read in its handlers */
};

struct pool {
	struct event_env *env;
	struct event ready;
	int fd;         /* counts from 0 when there is something finished */
	unsigned count; /* accepted and not done; the loop's */
	unsigned most;  /* threads */

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t work, quiet;
	struct jobs waiting, finished;
	unsigned queued, threads, idle, busy; /* queued: of waiting */
	bool stop;
	struct worker worker[THREADS_MAX];
};

/* ---- lists */

static void push(struct jobs *l, struct env_job *j)
{
	if (!l->first)
		l->end = &l->first;
	j->next = NULL;
	*l->end = j;
	l->end = &j->next;
}

static struct env_job *pop(struct jobs *l)
{
	struct env_job *j = l->first;

	l->first = j->next;
	return j;
}

static struct env_job *take_all(struct jobs *l)
{
	struct env_job *j = l->first;

	l->first = NULL;
	return j;
}

/* ---- the threads */

static void tell_loop(struct pool *p)
{
	/* It fails only at 2^64 - 1, and then the loop has been told. */
	if (eventfd_write(p->fd, 1))
		return;
}

static void run_one(struct pool *p, struct worker *w)
{
	struct env_job *j = pop(&p->waiting);

	p->queued--;
	p->busy++;
	pthread_mutex_unlock(&p->lock);
	atomic_store(&w->job, j);
	j->run(j);
	atomic_store(&w->job, NULL);
	pthread_mutex_lock(&p->lock);
	j->ran = true;
	p->busy--;
	if (!p->finished.first)
		tell_loop(p);
	push(&p->finished, j);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		if (p->waiting.first) {
			run_one(p, w);
			continue;
		}
		if (!p->busy)
			pthread_cond_signal(&p->quiet);
		p->idle++;
		pthread_cond_wait(&p->work, &p->lock);
		p->idle--;
	}
	pthread_cond_signal(&p->quiet);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int start_thread(struct pool *p)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct worker *w = &p->worker[p->threads];
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&all, faults[i]);
	w->pool = p;
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	p->threads += rc == 0;
	return rc;
}

/* ---- the loop's side */

static void report(struct pool *p)
{
	struct env_job *j, *next;

	pthread_mutex_lock(&p->lock);
	j = take_all(&p->finished);
	pthread_mutex_unlock(&p->lock);
	for (; j; j = next) {
		next = j->next;
		p->count--;
		j->done(j);
	}
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct pool *p = arg;
	eventfd_t n;

	(void)what;
	event_turn(p->env);
	if (!eventfd_read(fd, &n))
		report(p);
}

static void make_locks(struct pool *p)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->quiet, &attr);
	pthread_condattr_destroy(&attr);
}

static struct pool *pool_create(struct event_env *e, unsigned threads)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->fd < 0) {
		free(p);
		return NULL;
	}
	p->env = e;
	p->most = threads < THREADS_MAX ? threads : THREADS_MAX;
	make_locks(p);
	event_assign(&p->ready, e->base, p->fd, EV_READ | EV_PERSIST, on_ready, p);
	event_add(&p->ready, NULL);
	return p;
}

static int submit(struct pool *p, struct env_job *j)
{
	int rc = 0;

	if (!p)
		return TN_EIO;
	if (p->count == ENV_JOBS_MAX)
		return TN_EFULL;
	pthread_mutex_lock(&p->lock);
	if (p->queued >= p->idle && p->threads < p->most && start_thread(p) && !p->threads)
		rc = TN_EIO;
	if (!rc) {
		j->ran = false;
		push(&p->waiting, j);
		p->queued++;
		p->count++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

static unsigned processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);

	return n > 0 ? (unsigned)n : 1;
}

int event_submit(struct env *env, struct env_job *j)
{
	struct event_env *e = event_env_of(env);

	if (!e->pool)
		e->pool = pool_create(e, e->threads ? e->threads : processors());
	return submit(e->pool, j);
}

int event_write_behind(struct env *env, struct env_job *j)
{
	struct event_env *e = event_env_of(env);

	if (!e->writer)
		e->writer = pool_create(e, 1);
	return submit(e->writer, j);
}

void event_write_settle(struct env *env)
{
	struct pool *p = event_env_of(env)->writer;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	while (p->waiting.first || p->busy)
		pthread_cond_wait(&p->quiet, &p->lock);
	pthread_mutex_unlock(&p->lock);
	report(p);
}

const struct env_job *event_running(struct env *env)
{
	struct pool *p = event_env_of(env)->pool;

	for (unsigned i = 0; p && i < p->most; i++) {
		const struct env_job *j = atomic_load(&p->worker[i].job);

		if (j && pthread_equal(p->worker[i].thread, pthread_self()))
			return j;
	}
	return NULL;
}

/* ---- the end */

/* Those that wait are done without having run; for those that run we wait a while. */
static bool stop_threads(struct pool *p)
{
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&p->lock);
	while (p->waiting.first)
		push(&p->finished, pop(&p->waiting));
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	while (p->busy && !late)
		late = pthread_cond_timedwait(&p->quiet, &p->lock, &until);
	late = p->busy > 0;
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		if (late)
			pthread_detach(p->worker[i].thread);
		else
			pthread_join(p->worker[i].thread, NULL);
	return !late;
}

/* With a thread that does not return its memory stays: the process is about to end. */
void pool_free(struct pool *p)
{
	bool ended;

	if (!p)
		return;
	event_del(&p->ready);
	ended = stop_threads(p);
	report(p);
	if (!ended)
		return;
	close(p->fd);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->quiet);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
