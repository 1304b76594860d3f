/* SPDX-License-Identifier: MIT
 * core/env/record.c - a layer over an environment that writes down all that it answers
 */
#include "config.h"

#include "env/record.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define FLUSH_US 1000000u /* what a kill may lose */

struct tracked { /* one connection: between the environment's callbacks and the node's */
	struct env_conn *c;
	struct env_record *rec;
	uint64_t id;
	const struct env_events *events;
	void *arg;
	UT_hash_handle hh;
};

struct later { /* one deferred call; it may come after the recording */
	struct env_record *rec;
	struct later *prev, *next;
	void (*fn)(void *arg);
	void *arg;
};

struct shadow {              /* a job of the node: the environment has this one in its place */
	struct env_job work; /* first */
	struct env_job *of;
	struct env_record *rec; /* NULL: it outlived the recording */
	struct shadow *prev, *next;
	uint64_t id;
};

struct env_record {
	struct env_ops ops; /* what the node calls meanwhile */
	const struct env_ops *inner;
	struct env *env;
	struct record_writer *w;
	struct tracked *conns;
	struct later *later;
	struct shadow *jobs;
	uint64_t last_id, last_job, turns;
	uint64_t mono_us, flush_us; /* of the reading written last; of the flush */
	uint64_t cpu_us;            /* the same of processor time */
	int64_t wall_us;
	void (*wake_fn)(void *arg);
	void *wake_arg;
	uint64_t wake_us;
	void (*full)(void *arg);
	void *full_arg;
	unsigned depth;
	bool told, over;
};

static void detach(struct env_record *);

static bool writing(const struct env_record *r)
{
	return r->depth && !r->over;
}

static struct env_record *of(struct env *e)
{
	return e->record;
}

static struct env_record *of_conn(const struct env_conn *c)
{
	return env_of_conn(c)->record;
}

/* ---- turns */

/* Microseconds since the reading before; the clock does not go back. */
static uint64_t since(struct env_record *r, uint64_t now)
{
	uint64_t us = now > r->mono_us ? now - r->mono_us : 0;

	r->mono_us += us;
	return us;
}

static void turn(struct env_record *r, struct record_entry e)
{
	r->depth++;
	if (r->over)
		return;
	r->turns++;
	e.a = since(r, r->inner->mono_us(r->env));
	record_put(r->w, &e);
}

static void turn_over(struct env_record *r)
{
	if (--r->depth)
		return;
	if (!r->over && r->mono_us - r->flush_us >= FLUSH_US) {
		record_flush(r->w);
		r->flush_us = r->mono_us;
	}
	if (!r->over && !r->told && (record_full(r->w) || record_failed(r->w))) {
		r->told = true;
		r->full(r->full_arg);
	} else if (r->over) {
		detach(r);
	}
}

void env_record_turn(struct env_record *r, uint8_t kind, struct tn_view bytes)
{
	turn(r, (struct record_entry){ .kind = kind, .bytes = bytes });
}

void env_record_turn_over(struct env_record *r)
{
	turn_over(r);
}

uint64_t env_record_turns(const struct env_record *r)
{
	return r->turns;
}

/* ---- callbacks: the connection may be gone behind them */

static void on_readable(void *arg)
{
	struct tracked *t = arg;
	struct env_record *r = t->rec;

	turn(r, (struct record_entry){ .kind = RECORD_READABLE, .id = t->id });
	t->events->readable(t->arg);
	turn_over(r);
}

static void on_writable(void *arg)
{
	struct tracked *t = arg;
	struct env_record *r = t->rec;

	turn(r, (struct record_entry){ .kind = RECORD_WRITABLE, .id = t->id });
	t->events->writable(t->arg);
	turn_over(r);
}

static void on_connected(void *arg, int err)
{
	struct tracked *t = arg;
	struct env_record *r = t->rec;

	turn(r, (struct record_entry){ .kind = RECORD_CONNECTED, .id = t->id, .b = (uint64_t)err });
	t->events->connected(t->arg, err);
	turn_over(r);
}

static void on_accepted(void *arg, struct env_conn *c, const struct tn_addr *from);

static const struct env_events tap = { on_readable, on_writable, on_accepted, on_connected };

static struct tracked *find(struct env_record *r, const struct env_conn *c)
{
	struct tracked *t;

	HASH_FIND_PTR(r->conns, &c, t);
	return t;
}

static void forget(struct env_record *r, struct tracked *t)
{
	HASH_DEL(r->conns, t);
	free(t);
}

static struct tracked *tracked_new(struct env_record *r, const struct env_events *events, void *arg)
{
	struct tracked *t = calloc(1, sizeof *t);

	if (!t)
		abort(); /* half a recording tells lies; a few bytes are not there any more */
	*t = (struct tracked){ .rec = r, .id = ++r->last_id, .events = events, .arg = arg };
	return t;
}

static void list(struct env_record *r, struct tracked *t, struct env_conn *c)
{
	t->c = c;
	HASH_ADD_PTR(r->conns, c, t);
}

uint64_t env_record_track(struct env_record *r, struct env_conn *c, const struct env_events *events,
			  void *arg)
{
	struct tracked *t = tracked_new(r, events, arg);

	list(r, t, c);
	r->inner->adopt(c, &tap, t);
	return t->id;
}

static void on_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct tracked *l = arg, *t;
	struct env_record *r = l->rec;
	uint8_t addr[RECORD_ADDR];

	t = tracked_new(r, NULL, NULL);
	list(r, t, c);
	r->inner->adopt(c, &tap, t);
	record_put_addr(addr, from);
	turn(r, (struct record_entry){ .kind = RECORD_ACCEPTED,
				       .id = l->id,
				       .b = t->id,
				       .bytes = { addr, sizeof addr } });
	l->events->accepted(l->arg, c, from);
	turn_over(r);
}

static void on_wake(void *arg)
{
	struct env_record *r = arg;

	turn(r, (struct record_entry){ .kind = RECORD_WAKE });
	r->wake_fn(r->wake_arg);
	turn_over(r);
}

static void on_later(void *arg)
{
	struct later l = *(struct later *)arg;

	if (l.rec) {
		*(l.prev ? &l.prev->next : &l.rec->later) = l.next;
		if (l.next)
			l.next->prev = l.prev;
	}
	free(arg);
	if (!l.rec) {
		l.fn(l.arg);
		return;
	}
	turn(l.rec, (struct record_entry){ .kind = RECORD_DEFERRED });
	l.fn(l.arg);
	turn_over(l.rec);
}

static void shadow_run(struct env_job *j)
{
	struct env_job *of = ((struct shadow *)(void *)j)->of;

	of->run(of);
}

static void unlist(struct shadow *s)
{
	*(s->prev ? &s->prev->next : &s->rec->jobs) = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static void shadow_done(struct env_job *j)
{
	struct shadow s = *(struct shadow *)(void *)j;

	if (s.rec)
		unlist(&s);
	free(j);
	s.of->ran = s.work.ran;
	if (!s.rec || s.rec->depth) { /* within write_settle it is no turn of its own */
		s.of->done(s.of);
		return;
	}
	turn(s.rec, (struct record_entry){
			    .kind = RECORD_DONE, .id = s.id, .b = s.work.ran && !s.of->failed });
	s.of->done(s.of);
	turn_over(s.rec);
}

/* ---- calls */

static uint64_t mono_us(struct env *e)
{
	struct env_record *r = of(e);
	uint64_t now = r->inner->mono_us(e);

	if (!writing(r) || e->quiet)
		return now;
	record_put(r->w, &(struct record_entry){ .kind = RECORD_MONO, .a = since(r, now) });
	return r->mono_us;
}

static uint64_t cpu_us(struct env *e)
{
	struct env_record *r = of(e);
	uint64_t now = r->inner->cpu_us(e), us = now > r->cpu_us ? now - r->cpu_us : 0;

	if (!writing(r) || e->quiet)
		return now;
	record_put(r->w, &(struct record_entry){ .kind = RECORD_CPU, .a = us });
	r->cpu_us += us;
	return r->cpu_us;
}

static int64_t wall_us(struct env *e)
{
	struct env_record *r = of(e);
	int64_t now = r->inner->wall_us(e);

	if (!writing(r) || e->quiet)
		return now;
	record_put(r->w, &(struct record_entry){ .kind = RECORD_WALL,
						 .a = record_zigzag(now - r->wall_us) });
	r->wall_us = now;
	return now;
}

static void fill_random(struct env *e, void *p, size_t n)
{
	struct env_record *r = of(e);

	r->inner->random(e, p, n);
	if (writing(r))
		record_put(r->w,
			   &(struct record_entry){ .kind = RECORD_RANDOM, .bytes = { p, n } });
}

static void wake_at(struct env *e, uint64_t at_us, void (*fn)(void *), void *arg)
{
	struct env_record *r = of(e);

	r->wake_fn = fn;
	r->wake_arg = arg;
	r->wake_us = at_us;
	r->inner->wake_at(e, at_us, on_wake, r);
}

static int defer(struct env *e, void (*fn)(void *), void *arg)
{
	struct env_record *r = of(e);
	struct later *l = malloc(sizeof *l);
	int rc;

	if (!l)
		return TN_ENOMEM;
	*l = (struct later){ .rec = r, .next = r->later, .fn = fn, .arg = arg };
	rc = r->inner->defer(e, on_later, l);
	if (rc) {
		free(l);
		return rc;
	}
	if (l->next)
		l->next->prev = l;
	r->later = l;
	return 0;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* The turn comes all the same, and nothing happens in it. */
static void undefer(struct env *e, void (*fn)(void *), void *arg)
{
	struct env_record *r = of(e);

	for (struct later *l = r->later; l; l = l->next)
		if (l->fn == fn && l->arg == arg)
			l->fn = nothing;
	r->inner->undefer(e, fn, arg);
}

static int give_job(struct env_record *r, struct env_job *j,
		    int (*submit)(struct env *, struct env_job *))
{
	struct shadow *s = calloc(1, sizeof *s);
	int rc;

	if (!s)
		return TN_ENOMEM;
	*s = (struct shadow){ .work = { .run = shadow_run,
					.done = shadow_done,
					.owner = j->owner,
					.name = j->name },
			      .of = j,
			      .rec = r,
			      .next = r->jobs,
			      .id = ++r->last_job };
	rc = submit(r->env, &s->work);
	if (writing(r))
		record_put(r->w, &(struct record_entry){ .kind = RECORD_SUBMIT,
							 .id = s->id,
							 .a = record_zigzag(rc) });
	if (rc) {
		free(s);
		return rc;
	}
	if (s->next)
		s->next->prev = s;
	r->jobs = s;
	return 0;
}

static int submit(struct env *e, struct env_job *j)
{
	return give_job(of(e), j, of(e)->inner->submit);
}

static int write_behind(struct env *e, struct env_job *j)
{
	return give_job(of(e), j, of(e)->inner->write_behind);
}

static void note_connect(struct env_record *r, uint64_t id, const struct tn_addr *to,
			 const char *why)
{
	uint8_t bytes[RECORD_ADDR + sizeof(struct tn_error)];
	size_t n = strlen(why);

	if (!writing(r))
		return;
	record_put_addr(bytes, to);
	memcpy(bytes + RECORD_ADDR, why, n);
	record_put(r->w, &(struct record_entry){ .kind = RECORD_CONNECT,
						 .id = id,
						 .bytes = { bytes, RECORD_ADDR + n } });
}

static struct env_conn *connect_to(struct env *e, const struct tn_addr *to,
				   const struct tn_addr *from, const struct env_events *events,
				   void *arg, struct tn_error *err)
{
	struct env_record *r = of(e);
	struct tracked *t = tracked_new(r, events, arg);
	struct env_conn *c = r->inner->connect(e, to, from, &tap, t, err);

	note_connect(r, c ? t->id : 0, to, c ? "" : err->text);
	if (c)
		list(r, t, c);
	else
		free(t);
	return c;
}

static void adopt(struct env_conn *c, const struct env_events *events, void *arg)
{
	struct env_record *r = of_conn(c);
	struct tracked *t = find(r, c);

	if (!t) {
		r->inner->adopt(c, events, arg);
		return;
	}
	t->events = events;
	t->arg = arg;
}

static long read_conn(struct env_conn *c, void *p, size_t n)
{
	struct env_record *r = of_conn(c);
	struct tracked *t = writing(r) ? find(r, c) : NULL;
	long got = r->inner->read(c, p, n);

	if (t)
		record_put(r->w,
			   &(struct record_entry){ .kind = RECORD_READ,
						   .id = t->id,
						   .a = record_zigzag(got),
						   .bytes = { p, got > 0 ? (size_t)got : 0 } });
	return got;
}

static long writev_conn(struct env_conn *c, const struct iovec *v, int n)
{
	struct env_record *r = of_conn(c);
	struct tracked *t = writing(r) ? find(r, c) : NULL;
	long put = r->inner->writev(c, v, n);
	uint64_t offered = 0;

	for (int i = 0; i < n; i++)
		offered += v[i].iov_len;
	if (t)
		record_put_pieces(r->w,
				  &(struct record_entry){ .kind = RECORD_WRITE,
							  .id = t->id,
							  .a = record_zigzag(put),
							  .b = offered,
							  .bytes.n = put > 0 ? (size_t)put : 0 },
				  v);
	return put;
}

static void shut(struct env_conn *c)
{
	struct env_record *r = of_conn(c);
	struct tracked *t = writing(r) ? find(r, c) : NULL;

	if (t)
		record_put(r->w, &(struct record_entry){ .kind = RECORD_SHUT, .id = t->id });
	r->inner->shut(c);
}

static void close_conn(struct env_conn *c, bool reset)
{
	struct env_record *r;
	struct tracked *t;

	if (!c)
		return;
	r = of_conn(c);
	t = find(r, c);
	if (t && writing(r))
		record_put(r->w,
			   &(struct record_entry){ .kind = RECORD_CLOSE, .id = t->id, .a = reset });
	if (t)
		forget(r, t);
	r->inner->close(c, reset);
}

/* ---- life */

struct env_record *env_record_begin(struct env *env, struct record_writer *w,
				    void (*full)(void *arg), void *arg)
{
	struct env_record *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	*r = (struct env_record){ .ops = *env->ops, /* what is not named below passes through */
				  .inner = env->ops,
				  .env = env,
				  .w = w,
				  .full = full,
				  .full_arg = arg };
	r->ops.mono_us = mono_us;
	r->ops.cpu_us = env->ops->cpu_us ? cpu_us : NULL;
	r->ops.wall_us = wall_us;
	r->ops.random = fill_random;
	r->ops.wake_at = wake_at;
	r->ops.defer = defer;
	r->ops.undefer = undefer;
	r->ops.submit = submit;
	r->ops.write_behind = write_behind;
	r->ops.connect = connect_to;
	r->ops.adopt = adopt;
	r->ops.read = read_conn;
	r->ops.writev = writev_conn;
	r->ops.shut = shut;
	r->ops.close = close_conn;
	r->mono_us = r->flush_us = env->ops->mono_us(env);
	r->cpu_us = env_cpu_us(env);
	r->wall_us = env->ops->wall_us(env);
	record_put(w, &(struct record_entry){
			      .kind = RECORD_CLOCK, .id = r->mono_us, .a = (uint64_t)r->wall_us });
	env->record = r;
	env->ops = &r->ops;
	return r;
}

static void detach(struct env_record *r)
{
	struct tracked *t, *next;

	r->env->ops = r->inner;
	r->env->record = NULL;
	if (r->wake_fn)
		r->inner->wake_at(r->env, r->wake_us, r->wake_fn, r->wake_arg);
	HASH_ITER(hh, r->conns, t, next) {
		r->inner->adopt(t->c, t->events, t->arg);
		forget(r, t);
	}
	for (struct later *l = r->later; l; l = l->next)
		l->rec = NULL;
	for (struct shadow *s = r->jobs; s; s = s->next)
		s->rec = NULL;
	free(r);
}

void env_record_end(struct env_record *r)
{
	if (!r || r->over)
		return;
	r->over = true;
	if (!r->depth)
		detach(r);
}
