/* SPDX-License-Identifier: MIT
 * t/sim/work.c - the threads of a simulated host: when a job runs and is done is drawn
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/env_sim.h"

/* How long it waits and runs; one of SLOW_ONE_OF takes SLOW times as long. */
#define WAIT_MAX_US 3000
#define RUN_MAX_US 5000
#define SLOW_ONE_OF 16
#define SLOW 20

struct sim_work {
	struct queue_item at; /* first: its run, then its end */
	struct sim_host *host;
	struct env_job *job;
	uint64_t end_us;
	bool writes;
	struct sim_work *prev, *next; /* of the host's work; next also of finished and lost */
};

static void unlink_work(struct sim_work *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		w->host->work = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->prev = w->next = NULL;
}

static void finish(struct sim_work *w)
{
	struct sim_host *n = w->host;

	unlink_work(w);
	if (!n->finished)
		n->finished_end = &n->finished;
	*n->finished_end = w;
	n->finished_end = &w->next;
}

static void on_end(void *arg)
{
	struct sim_work *w = arg;

	finish(w);
	sim_ask_tick(w->host);
}

static void on_run(void *arg)
{
	struct sim_work *w = arg;
	uint64_t now = world_now(w->host->world);

	w->job->run(w->job);
	w->job->ran = true;
	w->at.fn = on_end;
	queue_set(world_queue(w->host->world), &w->at, w->end_us > now ? w->end_us : now);
}

/* Of a dead host it is lost at once. */
static void begin(struct sim_host *n, struct env_job *j, bool writes, uint64_t run_us,
		  uint64_t end_us)
{
	struct sim_work *w = sim_alloc(sizeof *w), **list = n->dead ? &n->lost : &n->work;

	*w = (struct sim_work){ .host = n, .job = j, .writes = writes, .end_us = end_us };
	j->ran = false;
	w->next = *list;
	if (w->next)
		w->next->prev = w;
	*list = w;
	w->at.fn = on_run;
	w->at.arg = w;
	if (!n->dead)
		queue_set(world_queue(n->world), &w->at, run_us);
}

static uint64_t draw_us(struct sim_host *n, uint64_t most)
{
	uint64_t us = rng_range(&n->work_rng, 0, most);

	return rng_range(&n->work_rng, 1, SLOW_ONE_OF) == 1 ? us * SLOW : us;
}

int sim_submit(struct env *e, struct env_job *j)
{
	struct sim_host *n = sim_host_of(e);
	uint64_t run_us = world_now(n->world) + draw_us(n, WAIT_MAX_US);

	if (n->jobs == ENV_JOBS_MAX)
		return TN_EFULL;
	n->jobs++;
	begin(n, j, false, run_us, run_us + n->work_lag_us + draw_us(n, RUN_MAX_US));
	return 0;
}

/* It counts as run when it ends: what a power cut meets before that has not happened. */
int sim_write_behind(struct env *e, struct env_job *j)
{
	struct sim_host *n = sim_host_of(e);
	uint64_t now = world_now(n->world);

	if (n->writes == ENV_JOBS_MAX)
		return TN_EFULL;
	n->writes++;
	if (n->writer_free_us < now)
		n->writer_free_us = now;
	n->writer_free_us += 1 + draw_us(n, RUN_MAX_US) + n->write_lag_us;
	begin(n, j, true, n->writer_free_us, n->writer_free_us);
	return 0;
}

static void done(struct sim_work *w)
{
	struct env_job *j = w->job;

	if (w->writes)
		w->host->writes--;
	else
		w->host->jobs--;
	free(w);
	j->done(j);
}

static void done_all(struct sim_work *w)
{
	struct sim_work *next;

	for (; w; w = next) {
		next = w->next;
		done(w);
	}
}

void sim_work_report(struct sim_host *n)
{
	struct sim_work *w = n->finished;

	n->finished = NULL;
	done_all(w);
}

/* The list of work is the latest first. */
static struct sim_work *oldest_write(struct sim_host *n)
{
	struct sim_work *found = NULL;

	for (struct sim_work *w = n->work; w; w = w->next)
		if (w->writes)
			found = w;
	return found;
}

void sim_write_settle(struct env *e)
{
	struct sim_host *n = sim_host_of(e);
	struct sim_work *w;

	while ((w = oldest_write(n))) {
		queue_remove(world_queue(n->world), &w->at);
		if (!w->job->ran)
			w->job->run(w->job);
		w->job->ran = true;
		finish(w);
	}
	sim_work_report(n);
}

void sim_work_drop(struct sim_host *n)
{
	struct sim_work *w;

	n->dead = true;
	while ((w = n->work)) {
		queue_remove(world_queue(n->world), &w->at);
		finish(w);
	}
	while ((w = n->finished)) {
		n->finished = w->next;
		w->next = n->lost;
		n->lost = w;
	}
	n->writer_free_us = 0;
}

void sim_work_bury(struct sim_host *n)
{
	struct sim_work *w = n->lost;

	n->dead = false;
	n->lost = NULL;
	done_all(w);
}

void sim_impure(struct env *e, const char *text)
{
	struct sim_host *n = sim_host_of(e);

	fprintf(stderr, "# %s: %s\n", n->name, text);
	world_trace_note(n->world, e, e, "%s: %s", n->name, text);
	world_found_impure(n->world, n->name, text);
}
