/* SPDX-License-Identifier: MIT
 * t/28-record-env.c - jobs, deferred calls and timers of a small node, recorded and replayed
 */
#include <stdio.h>
#include <string.h>

#include "env/record.h"
#include "env/replay.h"
#include "env/timer.h"
#include "lib/tap.h"
#include "sim/world.h"

#define MS UINT64_C(1000)
#define JOBS 6

struct mini;

struct mini_job {
	struct env_job work; /* first */
	struct mini *node;
	unsigned in, out;
};

/* It only asks its environment and writes down what it was told. */
struct mini {
	struct env *env;
	struct timers *timers;
	struct mini_job job[JOBS];
	unsigned submitted, other; /* other: it is another node from there on */
	char story[4096];
};

static void tell(struct mini *m, const char *word, unsigned n)
{
	size_t at = strlen(m->story);

	snprintf(m->story + at, sizeof m->story - at, "%s%u at %llu\n", word, n,
		 (unsigned long long)env_mono_us(m->env));
}

static void run_job(struct env_job *j)
{
	struct mini_job *w = (struct mini_job *)(void *)j;

	w->out = w->in * w->in + 1;
}

static void put_off(void *arg)
{
	tell(arg, "end of turn", 0);
}

static void called_off(void *arg)
{
	tell(arg, "never", 0);
}

static void submit(struct mini *m, bool behind);

static void job_done(struct env_job *j)
{
	struct mini_job *w = (struct mini_job *)(void *)j;
	struct mini *m = w->node;
	unsigned char chance;

	env_random(m->env, &chance, 1);
	tell(m, j->ran ? "job gave " : "job did not run ", w->out + chance);
	if (m->submitted < JOBS)
		submit(m, chance & 1);
	m->env->ops->defer(m->env, put_off, m);
	m->env->ops->defer(m->env, called_off, m);
	m->env->ops->undefer(m->env, called_off, m);
}

static void submit(struct mini *m, bool behind)
{
	struct mini_job *w = &m->job[m->submitted++];
	const struct env_ops *o = m->env->ops;
	int rc;

	*w = (struct mini_job){ .work = { .run = run_job, .done = job_done, .name = "square" },
				.node = m,
				.in = m->submitted + m->other };
	rc = behind ? o->write_behind(m->env, &w->work) : o->submit(m->env, &w->work);
	tell(m, "submitted ", (unsigned)-rc);
}

static void on_time(void *arg)
{
	tell(arg, "timer", 0);
}

static void begin(struct mini *m)
{
	for (unsigned i = 0; i < 3; i++)
		submit(m, false);
	timers_add(m->timers, 7 * MS, on_time, m);
	timers_add(m->timers, 3000 * MS, on_time, m);
}

static void on_full(void *arg)
{
	(void)arg;
}

/* The recorded run; its story. */
static void record(struct mini *m, const char *path)
{
	struct tn_addr ip = { .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1 } };
	struct world *w = world_create(7);
	struct tn_error err;
	struct record_writer *file = record_writer_open(path, 0, &err);
	struct env_record *rec;

	if (!file)
		bail_out("%s", err.text);
	m->env = world_node(w, "mini", &ip);
	m->timers = timers_create(m->env);
	rec = env_record_begin(m->env, file, on_full, NULL);
	env_record_turn(rec, RECORD_BEGIN, (struct tn_view){ NULL, 0 });
	begin(m);
	env_record_turn_over(rec);
	world_run(w, world_now(w) + 10000 * MS);
	ok(env_record_turns(rec) > JOBS, "%u turns", (unsigned)env_record_turns(rec));
	env_record_end(rec);
	is_int(record_writer_close(file, &err), 0, "recorded");
	timers_free(m->timers);
	world_free(w);
}

static void no_command(void *arg, struct tn_view line)
{
	(void)arg, (void)line;
}

static void replay(struct mini *m, const char *path, struct replay_result *result)
{
	struct record_reader r;
	struct record_entry clock;
	struct tn_error err = { "" };

	if (record_read_file(&r, path, &err) || record_next(&r, &clock, &err) != 1)
		bail_out("%s", err.text);
	m->env = env_replay_create(&r, clock.id, (int64_t)clock.a);
	m->timers = timers_create(m->env);
	is_int(env_replay_enter(m->env, &err), 0, "it has a beginning");
	begin(m);
	env_replay_leave(m->env);
	is_int(env_replay_run(m->env, no_command, NULL, &err), 0, "and turns");
	env_replay_result(m->env, result);
	timers_free(m->timers);
	env_replay_free(m->env);
	record_reader_clear(&r);
}

int main(void)
{
	static struct mini live, again, other = { .other = 1 };
	struct replay_result result;
	char path[512];

	snprintf(path, sizeof path, "%s/mini", tap_tmpdir());
	record(&live, path);
	ok(strstr(live.story, "job gave ") && strstr(live.story, "end of turn") &&
		   strstr(live.story, "timer") && !strstr(live.story, "never"),
	   "something happened");
	replay(&again, path, &result);
	is_str(again.story, live.story, "the same story");
	is_str(result.first, "", "no difference");
	replay(&other, path, &result);
	ok(strcmp(other.story, live.story) != 0, "another input, another story");
	return done_testing();
}
