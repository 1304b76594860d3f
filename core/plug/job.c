/* SPDX-License-Identifier: MIT
 * core/plug/job.c - jobs of plugins: pure functions of copied input, on the environment's pool
 *
 * A job outlives its plugin's interest in it: a thread that is in run() cannot be called
 * back. Then p is NULL, nobody is told, and the file stays mapped until it has returned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

#define JOBS_MAX 256                        /* of one plugin */
#define JOB_BYTES_MAX ((uint64_t)256 << 20) /* of all of those */

struct job {
	struct env_job work; /* first: the environment's view */
	struct tn_job what;  /* `in` is the copy */
	void *out;
	struct plugin *p; /* NULL: nobody waits for it any more */
	struct env *env;
	struct code *code;
	const char *impure; /* what run() did that it must not */
	char owner[PLUG_NAME_MAX + 1], name[PLUG_NAME_MAX + 1];
	struct job *prev, *next;
	_Alignas(max_align_t) char memory[];
};

static size_t rounded(size_t n)
{
	const size_t a = _Alignof(max_align_t);

	return (n + a - 1) / a * a;
}

/* ---- on a thread */

/* Once more, with everything at another place. */
static const char *run_again(const struct job *j)
{
	size_t in = rounded(j->what.in_bytes) + 1, out = j->what.out_bytes;
	char *copy = malloc(in), *second = calloc(1, out + 1);
	const char *wrong = NULL;

	if (copy && second) {
		memcpy(copy, j->what.in, j->what.in_bytes);
		j->what.run(copy, second);
		if (memcmp(second, j->out, out))
			wrong = "run twice it gave two results";
		else if (memcmp(copy, j->what.in, j->what.in_bytes))
			wrong = "it changed its input";
	}
	free(copy);
	free(second);
	return wrong;
}

static void run(struct env_job *e)
{
	struct job *j = (struct job *)(void *)e;

	j->what.run(j->what.in, j->out);
	if (j->env->ops->impure)
		j->impure = run_again(j);
}

/* ---- on the loop */

static void take(struct job *j)
{
	struct plugin *p = j->p;

	if (j->prev)
		j->prev->next = j->next;
	else
		p->jobs = j->next;
	if (j->next)
		j->next->prev = j->prev;
	p->job_bytes -= (uint64_t)j->what.in_bytes + j->what.out_bytes;
	p->job_count--;
	p->pending--;
	j->p = NULL;
}

static void tell(struct plugin *p, struct job *j, int status)
{
	struct bus *b = p->plug->bus;
	struct bus_call call;

	bus_enter(b, &call, p->member, "job", j->name);
	j->what.done(&p->ctx, status, j->what.in, status ? NULL : j->out);
	bus_exit(b, &call);
}

static void job_free(struct job *j)
{
	tn_arena_unref(j->what.keep);
	code_unref(j->code);
	free(j);
}

static void blame(const struct job *j)
{
	char text[160];

	snprintf(text, sizeof text, "job %s of plugin %s is no pure function: %s", j->name,
		 j->owner, j->impure);
	j->env->ops->impure(j->env, text);
}

static void done(struct env_job *e)
{
	struct job *j = (struct job *)(void *)e;
	struct plugin *p = j->p;

	if (j->impure)
		blame(j);
	if (p) {
		take(j);
		tell(p, j, e->ran ? 0 : TN_EGONE);
		drain_look(p);
	}
	job_free(j);
}

static struct job *oldest(const struct plugin *p)
{
	struct job *j = p->jobs;

	while (j && j->next)
		j = j->next;
	return j;
}

/* It only becomes nobody's: what run() reads must stay until it returns. */
void job_end(struct plugin *p)
{
	struct job *j;

	while ((j = oldest(p))) {
		take(j);
		tell(p, j, TN_EGONE);
	}
}

const char *job_oldest(const struct plugin *p)
{
	const struct job *j = oldest(p);

	return j ? j->name : NULL;
}

/* Large zeroes come from the system, page by page, when a thread writes there. */
static struct job *create(struct plugin *p, const struct tn_job *what)
{
	size_t in = rounded(what->in_bytes);
	struct job *j = calloc(1, sizeof *j + in + what->out_bytes);

	if (!j)
		return NULL;
	*j = (struct job){ .work = { .run = run, .done = done, .owner = j->owner, .name = j->name },
			   .what = *what,
			   .out = j->memory + in,
			   .p = p,
			   .env = p->plug->env };
	if (what->in_bytes)
		memcpy(j->memory, what->in, what->in_bytes);
	j->what.in = j->memory;
	snprintf(j->owner, sizeof j->owner, "%s", p->name);
	snprintf(j->name, sizeof j->name, "%s", what->name ? what->name : "job");
	if (what->keep)
		tn_arena_ref(what->keep);
	j->code = code_ref(p->code);
	return j;
}

static void enlist(struct plugin *p, struct job *j)
{
	j->next = p->jobs;
	if (j->next)
		j->next->prev = j;
	p->jobs = j;
	p->job_bytes += (uint64_t)j->what.in_bytes + j->what.out_bytes;
	p->job_count++;
	p->pending++;
}

static int check(const struct plugin *p, const struct tn_job *what)
{
	uint64_t bytes = (uint64_t)what->in_bytes + what->out_bytes;

	if (!what->run || !what->done || (!what->in && what->in_bytes) || bytes > TN_JOB_BYTES_MAX)
		return TN_EINVAL;
	if (p->state != PLUGIN_RUNNING)
		return TN_EGONE;
	if (p->drain)
		return TN_EBUSY;
	return p->job_count >= JOBS_MAX || p->job_bytes + bytes > JOB_BYTES_MAX ? TN_EFULL : 0;
}

int job_work(struct plugin *p, const struct tn_job *what)
{
	struct env *env = p->plug->env;
	struct job *j;
	int rc = check(p, what);

	if (rc)
		return rc;
	j = create(p, what);
	if (!j)
		return TN_ENOMEM;
	rc = env->ops->submit(env, &j->work);
	if (rc)
		job_free(j);
	else
		enlist(p, j);
	return rc;
}
