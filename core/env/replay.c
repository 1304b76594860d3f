/* SPDX-License-Identifier: MIT
 * core/env/replay.c - an environment that answers what a recording has, and compares
 */
#include "config.h"

#include "env/replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "env/record.h"

#define ERRNO_MAX 4095
#define SHOWN 100 /* bytes of a line in the text of a difference */

struct env_conn {
	struct env *env; /* first: env.h */
	uint64_t id;     /* 0: the recorded node never had it */
	struct tn_addr with;
	const struct env_events *events;
	void *arg;
	bool read, write;
	UT_hash_handle hh;
};

struct later {
	void (*fn)(void *arg);
	void *arg;
	struct later *next;
};

struct replay {
	struct env env; /* first: the core's view */
	struct record_reader *reader;
	struct env_conn *conns; /* those that have a number */
	struct later *first, **end;
	void (*wake_fn)(void *arg);
	void *wake_arg;
	void (*log_fn)(void *arg, const char *line, size_t n);
	void *log_arg;
	uint64_t mono_us, chance;
	int64_t wall_us;
	uint64_t wall_mono_us; /* when that was */
	bool in_turn;
	struct replay_result result;
};

static struct replay *of(struct env *e)
{
	return (struct replay *)e;
}

static struct env_conn *find(const struct replay *r, uint64_t id)
{
	struct env_conn *c;

	HASH_FIND(hh, r->conns, &id, sizeof id, c);
	return c;
}

/* ---- differences */

static void differ(struct replay *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void differ(struct replay *r, const char *fmt, ...)
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
static const char *who(const struct replay *r, uint64_t id, char buf[TN_ADDR_TEXT + 32])
{
	const struct env_conn *c = id ? find(r, id) : NULL;
	char at[TN_ADDR_TEXT];

	if (!id)
		snprintf(buf, TN_ADDR_TEXT + 32, "a connection of its own");
	else if (!c)
		snprintf(buf, TN_ADDR_TEXT + 32, "connection %llu", (unsigned long long)id);
	else
		snprintf(buf, TN_ADDR_TEXT + 32, "peer %s", tn_addr_text(&c->with, at));
	return buf;
}

/* The line around the first byte that differs, printable. */
static const char *shown(struct tn_view v, size_t at, char buf[SHOWN + 1])
{
	size_t from = at < v.n ? at : v.n, n = 0;

	while (from && v.p[from - 1] != '\n' && at - from < SHOWN / 2)
		from--;
	for (; from < v.n && n < SHOWN && v.p[from] != '\n'; from++)
		buf[n++] = v.p[from] < 0x20 || v.p[from] > 0x7e ? '?' : (char)v.p[from];
	buf[n] = '\0';
	return buf;
}

/* ---- what the recorded node was answered */

static bool fits(const struct record_entry *e, uint8_t kind, uint64_t id)
{
	return e->kind == kind &&
	       (!(record_shape(kind) & RECORD_HAS_ID) || kind == RECORD_CONNECT || e->id == id);
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
static bool answer(struct replay *r, uint8_t kind, uint64_t id, struct record_entry *e)
{
	char a[TN_ADDR_TEXT + 32], b[TN_ADDR_TEXT + 32];
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
		differ(r, "the node asks for a %s (%s), recorded is a %s (%s)",
		       record_kind_text(kind), who(r, id, a), record_kind_text(e->kind),
		       who(r, e->id, b));
	else
		differ(r, "the node asks for a %s (%s), recorded is nothing more in this turn",
		       record_kind_text(kind), who(r, id, a));
	return look_ahead(r, kind, id, e);
}

static uint64_t mono_us(struct env *e)
{
	struct replay *r = of(e);
	struct record_entry x;

	if (!e->quiet && answer(r, RECORD_MONO, 0, &x))
		r->mono_us += x.a;
	return r->mono_us;
}

static int64_t wall_us(struct env *e)
{
	struct replay *r = of(e);
	struct record_entry x;

	if (e->quiet) /* of a log line: the clock has gone on since it was read */
		return (int64_t)((uint64_t)r->wall_us + (r->mono_us - r->wall_mono_us));
	if (answer(r, RECORD_WALL, 0, &x)) {
		r->wall_us = (int64_t)((uint64_t)r->wall_us + (uint64_t)record_unzigzag(x.a));
		r->wall_mono_us = r->mono_us;
	}
	return r->wall_us;
}

static void fill_random(struct env *e, void *p, size_t n)
{
	struct replay *r = of(e);
	struct record_entry x;
	uint8_t *to = p;

	if (answer(r, RECORD_RANDOM, 0, &x) && x.bytes.n == n) {
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
	struct replay *r = of(e);

	(void)at_us; /* the file has the turns */
	r->wake_fn = fn;
	r->wake_arg = arg;
}

static int defer(struct env *e, void (*fn)(void *), void *arg)
{
	struct replay *r = of(e);
	struct later *l = malloc(sizeof *l);

	if (!l)
		return TN_ENOMEM;
	*l = (struct later){ fn, arg, NULL };
	*r->end = l;
	r->end = &l->next;
	return 0;
}

/* ---- connections */

static struct env_conn *conn_new(struct replay *r, uint64_t id, const struct tn_addr *with,
				 const struct env_events *events, void *arg)
{
	struct env_conn *c = calloc(1, sizeof *c), *had = id ? find(r, id) : NULL;

	if (!c)
		return NULL;
	*c = (struct env_conn){ &r->env, had ? 0 : id, *with, events, arg, false, false, { 0 } };
	if (c->id)
		HASH_ADD(hh, r->conns, id, sizeof c->id, c);
	return c;
}

struct env_conn *env_replay_conn(struct env *e, uint64_t number, const struct tn_addr *with,
				 const struct env_events *events, void *arg)
{
	return conn_new(of(e), number, with, events, arg);
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

static struct env_conn *connect_to(struct env *e, const struct tn_addr *to,
				   const struct tn_addr *from, const struct env_events *events,
				   void *arg, struct tn_error *err)
{
	struct replay *r = of(e);
	char a[TN_ADDR_TEXT], b[TN_ADDR_TEXT];
	struct record_entry x;
	struct tn_addr was;

	(void)from;
	if (!answer(r, RECORD_CONNECT, 0, &x) || !record_get_addr(&was, x.bytes))
		return conn_new(r, 0, to, events, arg);
	if (tn_addr_cmp(&was, to))
		differ(r, "the node connects to %s, recorded is a connect to %s",
		       tn_addr_text(to, a), tn_addr_text(&was, b));
	if (x.id)
		return conn_new(r, x.id, to, events, arg);
	tn_fail(err, TN_EIO, "%.*s", (int)(x.bytes.n - RECORD_ADDR),
		(const char *)x.bytes.p + RECORD_ADDR);
	return NULL;
}

static void adopt(struct env_conn *c, const struct env_events *events, void *arg)
{
	c->events = events;
	c->arg = arg;
}

/* A file may come from anybody: more than none, or an errno. */
static long result_of(const struct record_entry *e, size_t most)
{
	int64_t v = record_unzigzag(e->a);

	if (v < 0)
		return v < -ERRNO_MAX ? -EIO : (long)v;
	return (uint64_t)v > most ? (long)most : (long)v;
}

static long read_conn(struct env_conn *c, void *p, size_t n)
{
	struct replay *r = of(c->env);
	struct record_entry x;

	if (!answer(r, RECORD_READ, c->id, &x))
		return -EAGAIN;
	if (x.bytes.n > n) {
		differ(r, "the node reads %zu bytes at most, recorded are %zu", n, x.bytes.n);
		x.bytes.n = n;
	}
	if (x.bytes.n)
		memcpy(p, x.bytes.p, x.bytes.n);
	return x.bytes.n ? (long)x.bytes.n : result_of(&x, 0);
}

/* The same bytes as far as the kernel took them then? */
static void compare(struct replay *r, const struct env_conn *c, const struct record_entry *x,
		    struct tn_view now)
{
	char a[TN_ADDR_TEXT + 32], was[SHOWN + 1], is[SHOWN + 1];
	size_t at = 0;

	while (at < now.n && at < x->bytes.n && now.p[at] == x->bytes.p[at])
		at++;
	if (at < x->bytes.n)
		differ(r, "the node sends to %s: %s / recorded is: %s", who(r, c->id, a),
		       shown(now, at, is), shown(x->bytes, at, was));
	else if (now.n != x->b)
		differ(r, "the node offers %s %zu bytes, recorded are %llu", who(r, c->id, a),
		       now.n, (unsigned long long)x->b);
}

static long writev_conn(struct env_conn *c, const struct iovec *v, int n)
{
	struct replay *r = of(c->env);
	struct record_entry x;
	size_t all = 0, at = 0;
	uint8_t *now;
	long put;

	for (int i = 0; i < n; i++)
		all += v[i].iov_len;
	if (!answer(r, RECORD_WRITE, c->id, &x))
		return (long)all;
	put = result_of(&x, all);
	now = malloc(all + 1);
	if (!now)
		return put;
	for (int i = 0; i < n; at += v[i++].iov_len)
		memcpy(now + at, v[i].iov_base, v[i].iov_len);
	compare(r, c, &x, (struct tn_view){ now, all });
	free(now);
	return put;
}

static void arm(struct env_conn *c, bool read, bool write)
{
	c->read = read;
	c->write = write;
}

static void shut(struct env_conn *c)
{
	struct record_entry x;

	answer(of(c->env), RECORD_SHUT, c->id, &x);
}

static void close_conn(struct env_conn *c, bool reset)
{
	struct record_entry x;
	struct replay *r;

	(void)reset;
	if (!c)
		return;
	r = of(c->env);
	answer(r, RECORD_CLOSE, c->id, &x);
	if (c->id)
		HASH_DEL(r->conns, c);
	free(c);
}

static void log_line(struct env *e, enum env_log_level level, const char *line, size_t n)
{
	struct replay *r = of(e);

	(void)level;
	if (r->log_fn && r->in_turn)
		r->log_fn(r->log_arg, line, n);
}

static const struct env_ops ops = {
	.mono_us = mono_us,
	.wall_us = wall_us,
	.random = fill_random,
	.wake_at = wake_at,
	.defer = defer,
	.listen = no_listener,
	.listen_path = no_path,
	.connect = connect_to,
	.adopt = adopt,
	.read = read_conn,
	.writev = writev_conn,
	.arm = arm,
	.shut = shut,
	.close = close_conn,
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
	struct replay *r = of(env);
	char a[TN_ADDR_TEXT + 32];
	struct record_entry e;

	while (record_peek(r->reader, &e) == 1 && record_is_call(e.kind)) {
		differ(r, "recorded is a %s (%s), the node does nothing more in this turn",
		       record_kind_text(e.kind), who(r, e.id, a));
		record_next(r->reader, &e, NULL);
	}
	r->in_turn = false;
}

int env_replay_enter(struct env *env, struct tn_error *err)
{
	struct replay *r = of(env);
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
	c = conn_new(r, e->b, &from, NULL, NULL);
	if (c)
		l->events->accepted(l->arg, c, &from);
}

static void call_conn(struct replay *r, const struct record_entry *e)
{
	char a[TN_ADDR_TEXT + 32];
	struct env_conn *c = find(r, e->id);

	if (!c || !c->events) {
		differ(r, "recorded is a %s (%s), the node has no such connection",
		       record_kind_text(e->kind), who(r, e->id, a));
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
		differ(r, "recorded is a %s (%s), the node does not wait for it",
		       record_kind_text(e->kind), who(r, e->id, a));
}

static void call_later(struct replay *r)
{
	struct later *l = r->first;

	if (!l) {
		differ(r, "recorded is an %s, the node has put nothing off",
		       record_kind_text(RECORD_DEFERRED));
		return;
	}
	r->first = l->next;
	if (!r->first)
		r->end = &r->first;
	l->fn(l->arg);
	free(l);
}

static void call(struct replay *r, const struct record_entry *e,
		 void (*command)(void *arg, struct tn_view line), void *arg)
{
	if (e->kind == RECORD_WAKE && r->wake_fn)
		r->wake_fn(r->wake_arg);
	else if (e->kind == RECORD_WAKE)
		differ(r, "recorded is a wake-up, the node waits for none");
	else if (e->kind == RECORD_DEFERRED)
		call_later(r);
	else if (e->kind == RECORD_COMMAND)
		command(arg, e->bytes);
	else if (e->kind != RECORD_BEGIN)
		call_conn(r, e);
}

int env_replay_run(struct env *env, void (*command)(void *arg, struct tn_view line), void *arg,
		   struct tn_error *err)
{
	struct replay *r = of(env);
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
	struct replay *r = of(env);
	struct later *l;

	if (!env)
		return;
	while ((l = r->first)) {
		r->first = l->next;
		free(l);
	}
	free(r);
}

void env_replay_log_to(struct env *env, void (*fn)(void *arg, const char *line, size_t n),
		       void *arg)
{
	of(env)->log_fn = fn;
	of(env)->log_arg = arg;
}
