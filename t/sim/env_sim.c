/* SPDX-License-Identifier: MIT
 * t/sim/env_sim.c - a simulated host: its loop, clocks, listeners and connections
 */
#include "config.h"

#include "sim/env_sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/link.h"

#define ACCEPT_AT_ONCE 64
#define WALL_START_US (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */
#define FIRST_PORT 32768
#define WORK_STREAM 0x10000u /* of the seed: behind those of the hosts */

/* ---- lists */

void ring_init(struct ring *r)
{
	r->prev = r->next = r;
}

void ring_append(struct ring *head, struct ring *r)
{
	r->prev = head->prev;
	r->next = head;
	head->prev->next = r;
	head->prev = r;
}

void ring_remove(struct ring *r)
{
	r->prev->next = r->next;
	r->next->prev = r->prev;
	ring_init(r);
}

bool ring_empty(const struct ring *r)
{
	return r->next == r;
}

struct env_conn *sim_by_member(struct ring *r)
{
	return (struct env_conn *)(void *)((char *)r - offsetof(struct env_conn, member));
}

static struct env_conn *by_ready(struct ring *r)
{
	return (struct env_conn *)(void *)((char *)r - offsetof(struct env_conn, ready));
}

/* ---- the loop */

/* A turn takes time, so that a loop that never sleeps cannot stop the clock. */
static void ask_tick(struct sim_host *n)
{
	uint64_t turn = n->turn_us ? n->turn_us : world_knobs(n->world)->tick_us;
	uint64_t at = n->last_tick_us + turn, now = world_now(n->world);

	if (at < n->still_until_us)
		at = n->still_until_us;

	if (!n->tick.place && !n->ticking)
		queue_set(world_queue(n->world), &n->tick, at > now ? at : now);
}

void sim_ask_tick(struct sim_host *n)
{
	ask_tick(n);
}

static struct side *side_of(const struct env_conn *c)
{
	return &c->link->side[c->end];
}

static bool has_news(const struct env_conn *c)
{
	if (c->kind == SIM_LISTENER)
		return !ring_empty(&c->backlog);
	if (c->kind == SIM_CONNECTING)
		return c->connect_done;
	return (c->want_read && link_readable(side_of(c))) ||
	       (c->want_write && link_writable(side_of(c)));
}

void sim_conn_update(struct env_conn *c)
{
	if (!has_news(c)) {
		ring_remove(&c->ready);
	} else if (ring_empty(&c->ready)) {
		ring_append(&c->node->ready, &c->ready);
		ask_tick(c->node);
	}
}

static void accept_some(struct env_conn *l)
{
	struct sim_host *n = l->node;

	for (int i = 0; i < ACCEPT_AT_ONCE && n->current == l && !ring_empty(&l->backlog); i++) {
		struct env_conn *c = sim_by_member(l->backlog.next);
		struct tn_addr from = c->link->from;

		ring_remove(&c->member);
		l->events->accepted(l->arg, c, &from);
	}
}

static void report(struct env_conn *c)
{
	struct sim_host *n = c->node;

	if (c->kind == SIM_LISTENER) {
		accept_some(c);
	} else if (c->kind == SIM_CONNECTING) {
		c->kind = SIM_STREAM;
		c->events->connected(c->arg, c->connect_err);
	} else {
		if (c->want_read && link_readable(side_of(c)))
			c->events->readable(c->arg);
		if (n->current == c && c->want_write && link_writable(side_of(c)))
			c->events->writable(c->arg);
	}
}

static void report_ready(struct sim_host *n)
{
	while (!ring_empty(&n->ready)) {
		struct ring *r = n->ready.next;

		ring_remove(r);
		ring_append(&n->turn, r);
	}
	while (!ring_empty(&n->turn)) {
		struct env_conn *c = by_ready(n->turn.next);

		ring_remove(&c->ready);
		n->current = c;
		report(c);
		if (n->current)
			sim_conn_update(c);
		n->current = NULL;
	}
}

static void run_deferred(struct sim_host *n)
{
	struct sim_deferred_list now = n->deferred;

	n->deferred = n->running;
	n->running = now;
	for (size_t i = 0; i < now.n; i++)
		now.v[i].fn(now.v[i].arg);
	n->running.n = 0;
}

static void on_tick(void *arg)
{
	struct sim_host *n = arg;

	if (world_now(n->world) < n->still_until_us) {
		ask_tick(n);
		return;
	}
	n->last_tick_us = world_now(n->world);
	n->ticking = true;
	report_ready(n);
	sim_work_report(n);
	if (n->wake_due) {
		n->wake_due = false;
		n->wake_fn(n->wake_arg);
	}
	run_deferred(n);
	n->ticking = false;
	if (!ring_empty(&n->ready) || n->wake_due || n->deferred.n || n->finished)
		ask_tick(n);
}

static void on_wake(void *arg)
{
	struct sim_host *n = arg;

	n->wake_due = true;
	ask_tick(n);
}

/* ---- the environment's calls */

static uint64_t mono_us(struct env *e)
{
	const struct sim_host *n = sim_host_of(e);

	return world_now(n->world) - n->mono_lost_us;
}

static int64_t wall_us(struct env *e)
{
	struct sim_host *n = sim_host_of(e);

	return WALL_START_US + (int64_t)(world_now(n->world) - SIM_MONO_START_US) +
	       n->wall_offset_us;
}

static void fill_random(struct env *e, void *p, size_t size)
{
	rng_fill(&sim_host_of(e)->rng, p, size);
}

static void wake_at(struct env *e, uint64_t at_us, void (*fn)(void *), void *arg)
{
	struct sim_host *n = sim_host_of(e);
	uint64_t now = world_now(n->world), at = at_us + n->mono_lost_us;

	n->wake_due = false;
	n->wake_fn = fn;
	n->wake_arg = arg;
	if (at_us == UINT64_MAX)
		queue_remove(world_queue(n->world), &n->wake);
	else
		queue_set(world_queue(n->world), &n->wake, at > now ? at : now);
}

static int defer(struct env *e, void (*fn)(void *), void *arg)
{
	struct sim_host *n = sim_host_of(e);
	struct sim_deferred_list *l = &n->deferred;

	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 16;
		l->v = sim_grow(l->v, l->room * sizeof(*l->v));
	}
	l->v[l->n++] = (struct sim_deferred){ fn, arg };
	ask_tick(n);
	return 0;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void forget(struct sim_deferred_list *l, void (*fn)(void *), void *arg)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].fn == fn && l->v[i].arg == arg)
			l->v[i].fn = nothing;
}

static void undefer(struct env *e, void (*fn)(void *), void *arg)
{
	forget(&sim_host_of(e)->deferred, fn, arg);
	forget(&sim_host_of(e)->running, fn, arg);
}

struct env_conn *sim_conn_create(struct sim_host *n, enum sim_kind kind,
				 const struct env_events *events, void *arg)
{
	struct env_conn *c = sim_alloc(sizeof(*c));

	ring_init(&c->ready);
	ring_init(&c->member);
	ring_init(&c->backlog);
	c->node = n;
	c->kind = kind;
	c->events = events;
	c->arg = arg;
	return c;
}

struct env_conn *sim_find_path(struct sim_host *n, const char *path)
{
	for (struct ring *r = n->listeners.next; r != &n->listeners; r = r->next)
		if (sim_by_member(r)->path && !strcmp(sim_by_member(r)->path, path))
			return sim_by_member(r);
	return NULL;
}

static struct env_conn *start_listener(struct sim_host *n, const struct env_events *events,
				       void *arg)
{
	struct env_conn *l = sim_conn_create(n, SIM_LISTENER, events, arg);

	ring_append(&n->listeners, &l->member);
	return l;
}

static struct env_conn *listen_tcp(struct env *e, const struct tn_addr *at,
				   const struct env_events *events, void *arg, struct tn_error *err)
{
	struct sim_host *n = sim_host_of(e);
	char text[TN_ADDR_TEXT];
	struct tn_addr own = n->ip;
	struct env_conn *l;
	int why = 0;

	own.port = at->port;
	if (!at->port || tn_addr_is_v4(at) != tn_addr_is_v4(&own) ||
	    (!tn_addr_is_unspecified(at) && tn_addr_cmp_ip(at, &own)))
		why = EADDRNOTAVAIL;
	else if (world_find_listener(n->world, &own))
		why = EADDRINUSE;
	if (why) {
		tn_fail(err, TN_EIO, "cannot listen on %s: %s", tn_addr_text(at, text),
			strerror(why));
		return NULL;
	}
	l = start_listener(n, events, arg);
	l->at = own;
	return l;
}

static struct env_conn *listen_path(struct env *e, const char *path,
				    const struct env_events *events, void *arg,
				    struct tn_error *err)
{
	struct sim_host *n = sim_host_of(e);
	struct env_conn *l;

	if (sim_find_path(n, path)) {
		tn_fail(err, TN_EBUSY, "%s is in use by another process", path);
		return NULL;
	}
	l = start_listener(n, events, arg);
	l->path = sim_text(path);
	return l;
}

static struct env_conn *connect_tcp(struct env *e, const struct tn_addr *to,
				    const struct tn_addr *from, const struct env_events *events,
				    void *arg, struct tn_error *err)
{
	struct sim_host *n = sim_host_of(e);
	char text[TN_ADDR_TEXT];
	struct env_conn *c;

	if (from && !tn_addr_is_unspecified(from) && tn_addr_cmp_ip(from, &n->ip)) {
		tn_fail(err, TN_EIO, "cannot connect from %s: %s", tn_addr_ip_text(from, text),
			strerror(EADDRNOTAVAIL));
		return NULL;
	}
	c = sim_conn_create(n, SIM_CONNECTING, events, arg);
	link_open(c, to);
	return c;
}

static void adopt(struct env_conn *c, const struct env_events *events, void *arg)
{
	c->events = events;
	c->arg = arg;
}

static long read_conn(struct env_conn *c, void *p, size_t n)
{
	long got;

	if (c->kind != SIM_STREAM)
		return -EAGAIN;
	if (c->node->read_max && n > c->node->read_max)
		n = c->node->read_max;
	got = link_read(side_of(c), p, n);
	sim_conn_update(c);
	return got;
}

static long writev_conn(struct env_conn *c, const struct iovec *v, int n)
{
	long put;

	if (c->kind != SIM_STREAM)
		return -EAGAIN;
	put = link_write(side_of(c), v, n);
	sim_conn_update(c);
	return put;
}

static void arm(struct env_conn *c, bool read, bool write)
{
	if (c->kind != SIM_STREAM)
		return;
	c->want_read = read;
	c->want_write = write;
	sim_conn_update(c);
}

static void shut(struct env_conn *c)
{
	if (c->kind == SIM_STREAM)
		link_shut(side_of(c));
}

static void close_conn(struct env_conn *c, bool reset)
{
	if (!c)
		return;
	if (c->node->current == c)
		c->node->current = NULL;
	ring_remove(&c->ready);
	ring_remove(&c->member);
	while (!ring_empty(&c->backlog))
		close_conn(sim_by_member(c->backlog.next), true);
	if (c->link)
		link_close(c->link, c->end, reset);
	free(c->path);
	free(c);
}

static void log_line(struct env *e, enum env_log_level level, const char *line, size_t size)
{
	struct sim_host *n = sim_host_of(e);
	char **slot = &n->lines[n->n_lines++ % SIM_LOG_LINES];

	free(*slot);
	*slot = sim_alloc(size + 1);
	memcpy(*slot, line, size);
	world_trace_note(n->world, e, e, "%s: %.*s", n->name, (int)size, line);
	if (n->log_fn)
		n->log_fn(n->log_arg, level, line, size);
}

static const struct env_ops ops = {
	.simulated = true,
	.mono_us = mono_us,
	.cpu_us = mono_us,
	.wall_us = wall_us,
	.random = fill_random,
	.wake_at = wake_at,
	.defer = defer,
	.undefer = undefer,
	.listen = listen_tcp,
	.listen_path = listen_path,
	.connect = connect_tcp,
	.adopt = adopt,
	.read = read_conn,
	.writev = writev_conn,
	.arm = arm,
	.shut = shut,
	.close = close_conn,
	.log = log_line,
	.submit = sim_submit,
	.write_behind = sim_write_behind,
	.write_settle = sim_write_settle,
	.impure = sim_impure,
};

struct sim_host *sim_host_create(struct world *w, uint32_t index, const char *name,
				 const struct tn_addr *ip, uint64_t seed)
{
	struct sim_host *n = sim_alloc(sizeof(*n));

	n->ops = ops;
	if (world_knobs(w)->jobs_once)
		n->ops.impure = NULL;
	n->env.ops = &n->ops;
	n->world = w;
	n->index = index;
	n->name = sim_text(name);
	n->ip = *ip;
	n->ip.port = 0;
	rng_seed(&n->rng, seed, index + 1);
	rng_seed(&n->work_rng, seed, index + WORK_STREAM);
	n->next_port = FIRST_PORT;
	n->tick.fn = on_tick;
	n->wake.fn = on_wake;
	n->tick.arg = n->wake.arg = n;
	ring_init(&n->ready);
	ring_init(&n->turn);
	ring_init(&n->listeners);
	return n;
}

void sim_host_free(struct sim_host *n)
{
	sim_work_drop(n);
	sim_work_bury(n);
	while (!ring_empty(&n->listeners))
		close_conn(sim_by_member(n->listeners.next), true);
	for (int i = 0; i < SIM_LOG_LINES; i++)
		free(n->lines[i]);
	free(n->deferred.v);
	free(n->running.v);
	free(n->paths);
	free(n->name);
	free(n);
}
