/* SPDX-License-Identifier: MIT
 * core/env/replay.c - an environment that answers what a recording has, and compares
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "env/record.h"
#include "env/replay_private.h"

/* ---- differences */

void replay_differ(struct replay *r, const char *fmt, ...)
{
	va_list ap;

	if (r->result.differences++)
		return;
	r->result.at = r->reader->number + 1;
	r->result.mono_us = r->mono_us;
	va_start(ap, fmt);
	vsnprintf(r->result.first, sizeof r->result.first, fmt, ap);
	va_end(ap);
	if (r->log_fn) {
		static const char here[] = "---- the first difference is here";

		r->log_fn(r->log_arg, here, sizeof here - 1);
	}
}

/* "the connection with 192.0.2.1:24100", for a number. */
const char *replay_who(const struct replay *r, uint64_t id, char buf[REPLAY_WHO])
{
	const struct env_conn *c = id ? replay_find(r, id) : NULL;
	char at[TN_ADDR_TEXT];

	if (!id || id == ANY)
		snprintf(buf, REPLAY_WHO, "a connection of its own");
	else if (!c)
		snprintf(buf, REPLAY_WHO, "connection %llu", (unsigned long long)id);
	else
		snprintf(buf, REPLAY_WHO, "peer %s", tn_addr_text(&c->with, at));
	return buf;
}

/* ---- what the recorded node was answered */

static bool fits(const struct record_entry *e, uint8_t kind, uint64_t id)
{
	return e->kind == kind &&
	       (!(record_shape(kind) & RECORD_HAS_ID) || id == ANY || e->id == id);
}

/* Further on in this turn; what lies between is lost. */
static bool look_ahead(struct replay *r, uint8_t kind, uint64_t id, struct record_entry *e)
{
	struct record_reader was = *r->reader;

	while (record_peek(r->reader, e) == 1 && record_is_call(e->kind)) {
		record_next(r->reader, e, NULL);
		if (fits(e, kind, id))
			return true;
	}
	*r->reader = was;
	return false;
}

/* The answer to a call of the node. false: there is none, and that is said, unless the
 * recording ends within this turn. */
bool replay_answer(struct replay *r, uint8_t kind, uint64_t id, struct record_entry *e)
{
	char a[REPLAY_WHO], b[REPLAY_WHO];
	bool over;

	if (!r->in_turn)
		return false;
	if (record_peek(r->reader, e) != 1)
		return false;
	if (fits(e, kind, id)) {
		record_next(r->reader, e, NULL);
		return true;
	}
	over = !record_is_call(e->kind) && !record_is_turn(e->kind);
	if (over)
		return false;
	if (record_is_call(e->kind))
		replay_differ(r, "the node asks for a %s (%s), recorded is a %s (%s)",
			      record_kind_text(kind), replay_who(r, id, a),
			      record_kind_text(e->kind), replay_who(r, e->id, b));
	else
		replay_differ(r,
			      "the node asks for a %s (%s), recorded is nothing more in this turn",
			      record_kind_text(kind), replay_who(r, id, a));
	return look_ahead(r, kind, id, e);
}

static uint64_t mono_us(struct env *e)
{
	struct replay *r = replay_of(e);
	struct record_entry x;

	if (!e->quiet && replay_answer(r, RECORD_MONO, 0, &x))
		r->mono_us += x.a;
	return r->mono_us;
}

static uint64_t cpu_us(struct env *e)
{
	struct replay *r = replay_of(e);
	struct record_entry x;

	if (!e->quiet && replay_answer(r, RECORD_CPU, 0, &x))
		r->cpu_us += x.a;
	return r->cpu_us;
}

static int64_t wall_us(struct env *e)
{
	struct replay *r = replay_of(e);
	struct record_entry x;

	if (e->quiet) /* of a log line: the clock has gone on since it was read */
		return (int64_t)((uint64_t)r->wall_us + (r->mono_us - r->wall_mono_us));
	if (replay_answer(r, RECORD_WALL, 0, &x)) {
		r->wall_us = (int64_t)((uint64_t)r->wall_us + (uint64_t)record_unzigzag(x.a));
		r->wall_mono_us = r->mono_us;
	}
	return r->wall_us;
}

static void fill_random(struct env *e, void *p, size_t n)
{
	struct replay *r = replay_of(e);
	struct record_entry x;
	uint8_t *to = p;

	if (replay_answer(r, RECORD_RANDOM, 0, &x) && x.bytes.n == n) {
		memcpy(p, x.bytes.p, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		r->chance = r->chance * 6364136223846793005u + 1442695040888963407u;
		to[i] = (uint8_t)(r->chance >> 56);
	}
}

static void wake_at(struct env *e, uint64_t at_us, void (*fn)(void *), void *arg)
{
	struct replay *r = replay_of(e);

	(void)at_us; /* the file has the turns */
	r->wake_fn = fn;
	r->wake_arg = arg;
}

static int defer(struct env *e, void (*fn)(void *), void *arg)
{
	struct replay *r = replay_of(e);
	struct later *l = malloc(sizeof *l);

	if (!l)
		return TN_ENOMEM;
	*l = (struct later){ fn, arg, NULL };
	*r->end = l;
	r->end = &l->next;
	return 0;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void undefer(struct env *e, void (*fn)(void *), void *arg)
{
	for (struct later *l = replay_of(e)->first; l; l = l->next)
		if (l->fn == fn && l->arg == arg)
			l->fn = nothing;
}

/* It runs when the recorded one was done: a job is a function of what it was given. */
static int give_job(struct env *e, struct env_job *j, bool behind)
{
	struct replay *r = replay_of(e);
	struct given *g, **at;
	struct record_entry x;

	if (!replay_answer(r, RECORD_SUBMIT, ANY, &x))
		x = (struct record_entry){ .id = 0 };
	if (x.a)
		return TN_EFULL;
	g = malloc(sizeof *g);
	if (!g)
		return TN_ENOMEM;
	*g = (struct given){ x.id, j, behind, NULL };
	for (at = &r->jobs; *at; at = &(*at)->next)
		;
	*at = g;
	return 0;
}

static int submit(struct env *e, struct env_job *j)
{
	return give_job(e, j, false);
}

static int write_behind(struct env *e, struct env_job *j)
{
	return give_job(e, j, true);
}

/* Those that never end in the file are done without having run, as env.h has it. */
static void finish(struct given *g, bool run)
{
	struct env_job *j = g->job;

	free(g);
	j->ran = run;
	if (run)
		j->run(j);
	j->done(j);
}

/* Here the recorded node waited for them too. */
static void write_settle(struct env *e)
{
	struct given **at = &replay_of(e)->jobs, *g;

	while ((g = *at)) {
		if (!g->behind) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		finish(g, true);
		at = &replay_of(e)->jobs; /* that may have brought more */
	}
}

static struct env_conn *no_listener(struct env *e, const struct tn_addr *a,
				    const struct env_events *events, void *arg,
				    struct tn_error *err)
{
	(void)e, (void)a, (void)events, (void)arg;
	tn_fail(err, TN_EIO, "a replay does not listen");
	return NULL;
}

static struct env_conn *no_path(struct env *e, const char *path, const struct env_events *events,
				void *arg, struct tn_error *err)
{
	(void)path;
	return no_listener(e, NULL, events, arg, err);
}

static void log_line(struct env *e, enum env_log_level level, const char *line, size_t n)
{
	struct replay *r = replay_of(e);

	(void)level;
	if (r->log_fn && r->in_turn)
		r->log_fn(r->log_arg, line, n);
}

static const struct env_ops ops = {
	.simulated = true,
	.mono_us = mono_us,
	.cpu_us = cpu_us,
	.wall_us = wall_us,
	.random = fill_random,
	.wake_at = wake_at,
	.defer = defer,
	.undefer = undefer,
	.submit = submit,
	.write_behind = write_behind,
	.write_settle = write_settle,
	.listen = no_listener,
	.listen_path = no_path,
	.connect = replay_connect,
	.adopt = replay_adopt,
	.read = replay_read,
	.writev = replay_writev,
	.arm = replay_arm,
	.shut = replay_shut,
	.close = replay_close,
	.log = log_line,
};

/* ---- turns */

static void enter(struct replay *r, const struct record_entry *e)
{
	r->mono_us += e->a;
	r->in_turn = true;
	r->result.turns++;
}

void env_replay_leave(struct env *env)
{
	struct replay *r = replay_of(env);
	char a[REPLAY_WHO];
	struct record_entry e;

	while (record_peek(r->reader, &e) == 1 && record_is_call(e.kind)) {
		replay_differ(r, "recorded is a %s (%s), the node does nothing more in this turn",
			      record_kind_text(e.kind), replay_who(r, e.id, a));
		record_next(r->reader, &e, NULL);
	}
	r->in_turn = false;
}

int env_replay_enter(struct env *env, struct tn_error *err)
{
	struct replay *r = replay_of(env);
	struct record_entry e;
	int rc = record_next(r->reader, &e, err);

	if (rc != 1 || e.kind != RECORD_BEGIN)
		return tn_fail(err, TN_EBAD, "the recording has no beginning");
	enter(r, &e);
	return 0;
}

static void accept_one(struct replay *r, struct env_conn *l, const struct record_entry *e)
{
	struct tn_addr from;
	struct env_conn *c;

	if (!l->events->accepted || !record_get_addr(&from, e->bytes))
		return;
	c = replay_conn_new(r, e->b, &from, NULL, NULL);
	if (c)
		l->events->accepted(l->arg, c, &from);
}

static void call_conn(struct replay *r, const struct record_entry *e)
{
	char a[REPLAY_WHO];
	struct env_conn *c = replay_find(r, e->id);

	if (!c || !c->events) {
		replay_differ(r, "recorded is a %s (%s), the node has no such connection",
			      record_kind_text(e->kind), replay_who(r, e->id, a));
		return;
	}
	if (e->kind == RECORD_ACCEPTED)
		accept_one(r, c, e);
	else if (e->kind == RECORD_CONNECTED && c->events->connected)
		c->events->connected(c->arg, (int)(e->b & ERRNO_MAX));
	else if (e->kind == RECORD_READABLE && c->read)
		c->events->readable(c->arg);
	else if (e->kind == RECORD_WRITABLE && c->write)
		c->events->writable(c->arg);
	else
		replay_differ(r, "recorded is a %s (%s), the node does not wait for it",
			      record_kind_text(e->kind), replay_who(r, e->id, a));
}

static void call_later(struct replay *r)
{
	struct later *l = r->first;

	if (!l) {
		replay_differ(r, "recorded is an %s, the node has put nothing off",
			      record_kind_text(RECORD_DEFERRED));
		return;
	}
	r->first = l->next;
	if (!r->first)
		r->end = &r->first;
	l->fn(l->arg);
	free(l);
}

static void end_job(struct replay *r, const struct record_entry *e)
{
	struct given **at = &r->jobs, *g;

	while (*at && (*at)->id != e->id)
		at = &(*at)->next;
	g = *at;
	if (!g) {
		replay_differ(r, "recorded is the end of job %llu, the node has not submitted it",
			      (unsigned long long)e->id);
		return;
	}
	*at = g->next;
	finish(g, e->b != 0);
}

static void call(struct replay *r, const struct record_entry *e,
		 void (*command)(void *arg, struct tn_view line), void *arg)
{
	if (e->kind == RECORD_WAKE && r->wake_fn)
		r->wake_fn(r->wake_arg);
	else if (e->kind == RECORD_WAKE)
		replay_differ(r, "recorded is a wake-up, the node waits for none");
	else if (e->kind == RECORD_DEFERRED)
		call_later(r);
	else if (e->kind == RECORD_COMMAND)
		command(arg, e->bytes);
	else if (e->kind == RECORD_DONE)
		end_job(r, e);
	else if (e->kind != RECORD_BEGIN)
		call_conn(r, e);
}

int env_replay_run(struct env *env, void (*command)(void *arg, struct tn_view line), void *arg,
		   struct tn_error *err)
{
	struct replay *r = replay_of(env);
	struct record_entry e;
	int rc;

	/* The counters before the end are the caller's to read. */
	while ((rc = record_peek(r->reader, &e)) == 1 && record_is_turn(e.kind)) {
		record_next(r->reader, &e, err);
		enter(r, &e);
		call(r, &e, command, arg);
		env_replay_leave(env);
	}
	if (rc < 0)
		return tn_fail(err, TN_EBAD, "damaged: entry %llu is of no known kind",
			       (unsigned long long)r->reader->number + 1);
	return 0;
}

void env_replay_result(const struct env *env, struct replay_result *out)
{
	*out = ((const struct replay *)env)->result;
}

/* ---- life */

struct env *env_replay_create(struct record_reader *reader, uint64_t now_us, int64_t now_wall_us)
{
	struct replay *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	*r = (struct replay){ .env.ops = &ops,
			      .reader = reader,
			      .mono_us = now_us,
			      .wall_us = now_wall_us,
			      .wall_mono_us = now_us };
	r->end = &r->first;
	return &r->env;
}

void env_replay_free(struct env *env)
{
	struct replay *r = replay_of(env);
	struct later *l;
	struct given *g;

	if (!env)
		return;
	while ((g = r->jobs)) {
		r->jobs = g->next;
		finish(g, false);
	}
	while ((l = r->first)) {
		r->first = l->next;
		free(l);
	}
	free(r);
}

void env_replay_log_to(struct env *env, void (*fn)(void *arg, const char *line, size_t n),
		       void *arg)
{
	replay_of(env)->log_fn = fn;
	replay_of(env)->log_arg = arg;
}
