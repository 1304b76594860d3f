/* SPDX-License-Identifier: MIT
 * core/store/writer.c - accepted batches become durable, in order, several at a time
 *
 * A group is what one transaction of the writer thread takes: all batches that wait when
 * it is formed. Two may be under way, so that the thread never waits for the loop. A queue of
 * nothing but patient batches becomes none before its first one's time has come.
 */
#include "config.h"

#include <stdlib.h>

#include "store/store_impl.h"

enum {
	UNDER_WAY_MAX = 2,
	PATIENT_PART = 4,     /* of ahead_max, in the queue */
	RUBBISH_MIN = 4 << 20 /* bytes of a batch */
};

struct group {
	struct env_job job;  /* first: the environment's view */
	struct store *store; /* NULL: it was closed without us */
	struct group *next;
	struct store_batch *batches;
	int rc;
	struct tn_error why;
};

static void push(struct store_queue *q, struct store_batch *b)
{
	if (!q->first)
		q->end = &q->first;
	b->next = NULL;
	*q->end = b;
	q->end = &b->next;
}

/* ---- what has been written is given back */

struct rubbish {
	struct env_job job; /* first: the environment's view */
	struct store_batch *batch;
};

static void give_back(struct env_job *j)
{
	struct rubbish *r = (struct rubbish *)(void *)j;

	store_abandon(r->batch);
	r->batch = NULL;
}

static void given_back(struct env_job *j)
{
	give_back(j); /* nothing is left if it has run */
	free(j);
}

/* The memory of a large reorganisation takes the kernel longer than a turn of the loop may last. */
static void discard(const struct store *s, struct store_batch *b)
{
	struct rubbish *r = b->bytes >= RUBBISH_MIN ? calloc(1, sizeof *r) : NULL;

	if (!r) {
		store_abandon(b);
		return;
	}
	*r = (struct rubbish){ { .run = give_back, .done = given_back, .name = "rubbish" }, b };
	if (s->env->ops->write_behind(s->env, &r->job))
		given_back(&r->job);
}

/* Told last: it may commit again. */
static void end_batches(struct store *s, struct store_batch *b, int rc, const char *why)
{
	const struct store_batch *last = b;

	while (last && last->next)
		last = last->next;
	if (last)
		overlay_drop(s, last);
	while (b) {
		struct store_batch *next = b->next;
		store_told_fn *told = b->told;
		void *arg = b->arg;

		s->ahead -= b->bytes;
		discard(s, b);
		if (told)
			told(arg, rc, why);
		b = next;
	}
}

/* ---- on the writer thread */

static void run(struct env_job *j)
{
	struct group *g = (struct group *)(void *)j;
	struct store *s = g->store;

	if (!s->write_failed) {
		g->rc = s->ops->commit(s, g->batches, &g->why);
		s->write_failed = g->rc != 0;
		s->write_why = g->why;
	} else {
		g->rc = tn_fail(&g->why, TN_EIO, "a commit before it failed: %.200s",
				s->write_why.text);
	}
	j->failed = g->rc != 0;
}

/* ---- on the loop */

static void advance(struct store *);

static void forget(struct group *g)
{
	struct store_batch *b;

	while ((b = g->batches)) {
		g->batches = b->next;
		store_abandon(b);
	}
	free(g);
}

static void fail(struct store *s, const struct tn_error *why)
{
	if (s->failed)
		return;
	s->failed = true;
	s->why = *why;
}

/* All that waits, out of the queue. */
static struct store_batch *take_queue(struct store *s)
{
	struct store_batch *all = s->queue.first;

	if (s->patience)
		timers_cancel(s->timers, s->patience);
	s->patience = 0;
	s->queue.first = NULL;
	s->queued = 0;
	s->urgent = false;
	return all;
}

static void fail_queue(struct store *s)
{
	end_batches(s, take_queue(s), TN_EIO, s->why.text);
}

static void done(struct env_job *j)
{
	struct group *g = (struct group *)(void *)j;
	struct store *s = g->store;

	if (!s) {
		forget(g);
		return;
	}
	if (!j->ran)
		g->rc = tn_fail(&g->why, TN_EIO, "the writer has ended");
	s->groups = g->next;
	s->under_way--;
	s->written++;
	s->ops->fresh(s);
	if (g->rc)
		fail(s, &g->why);
	end_batches(s, g->batches, g->rc, g->rc ? g->why.text : NULL);
	free(g);
	if (!s->failed)
		advance(s);
	else if (!s->groups) /* in their order: those with the writer came before */
		fail_queue(s);
}

static void enlist(struct store *s, struct group *g)
{
	struct group **at = &s->groups;

	while (*at)
		at = &(*at)->next;
	*at = g;
	s->under_way++;
}

/* Without memory for a group the batches wait for the next occasion; if there is none, that
 * is a failure. */
static void advance(struct store *s)
{
	struct group *g;

	if (!s->queue.first || !s->urgent || s->under_way == UNDER_WAY_MAX)
		return;
	g = calloc(1, sizeof *g);
	if (!g && !s->under_way) {
		fail(s, &(struct tn_error){ "no memory to write" });
		fail_queue(s);
	}
	if (!g)
		return;
	g->job.run = run;
	g->job.done = done;
	g->job.name = "store";
	g->store = s;
	g->batches = take_queue(s);
	overlay_close(s);
	enlist(s, g);
	if (s->env->ops->write_behind(s->env, &g->job)) { /* no thread to be had: here, then */
		run(&g->job);
		g->job.ran = true;
		done(&g->job);
	}
}

void writer_hurry(struct store *s)
{
	if (!s->queue.first)
		return;
	s->urgent = true;
	if (!s->failed)
		advance(s);
	else if (!s->groups)
		fail_queue(s);
}

static void on_patience(void *arg)
{
	struct store *s = arg;

	s->patience = 0;
	writer_hurry(s);
}

/* The timer is that of the first to lose its patience. false: it cannot be had. */
static bool is_patient(struct store *s, uint32_t ms)
{
	uint64_t due = s->env->ops->mono_us(s->env) + (uint64_t)ms * 1000;

	if (s->patience && s->due_us <= due)
		return true;
	timers_cancel(s->timers, s->patience);
	s->due_us = due;
	s->patience = timers_add(s->timers, (uint64_t)ms * 1000, on_patience, s);
	return s->patience != 0;
}

void writer_take(struct store *s, struct store_batch *b, uint32_t ms)
{
	s->ahead += b->bytes;
	s->queued += b->bytes;
	push(&s->queue, b);
	if (!ms || !s->timers || s->queued > s->ahead_max / PATIENT_PART || !is_patient(s, ms))
		writer_hurry(s);
}

/* What was told may have committed again. */
void writer_settle(struct store *s)
{
	uint64_t before;

	do {
		before = s->written;
		writer_hurry(s);
		if (s->groups)
			s->env->ops->write_settle(s->env);
	} while (s->groups && s->written != before);
}

static void tell_gone(struct store_batch *b)
{
	if (b->told)
		b->told(b->arg, TN_EGONE, "the store was closed");
	b->told = NULL;
}

/* On a host that is dead nothing moves: its groups outlive the store. */
void writer_close(struct store *s)
{
	writer_settle(s);
	overlay_free(s);
	for (struct group *g = s->groups, *next; g; g = next) {
		next = g->next;
		g->store = NULL;
		for (struct store_batch *b = g->batches; b; b = b->next)
			tell_gone(b);
	}
	for (struct store_batch *b = take_queue(s), *next; b; b = next) {
		next = b->next;
		tell_gone(b);
		store_abandon(b);
	}
}
