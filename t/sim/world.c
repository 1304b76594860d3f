/* SPDX-License-Identifier: MIT
 * t/sim/world.c - the virtual clock, the hosts and the ways between them
 */
#include "config.h"

#include "sim/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "sim/link.h"
#include "sim/trace.h"

struct world {
	uint64_t seed, now_us;
	struct world_knobs knobs;
	struct queue queue;
	struct rng chance;
	struct ring links;
	struct sim_host **nodes;
	uint32_t n_nodes;
	uint64_t hash, deliveries;
	uint64_t (*delay)(void *arg, uint64_t drawn_us);
	void *delay_arg;
	struct trace *trace;
	unsigned impure;
	char impure_text[200];
};

struct world *world_create(uint64_t seed)
{
	struct world *w = sim_alloc(sizeof(*w));

	w->seed = seed;
	w->now_us = SIM_MONO_START_US;
	w->knobs = (struct world_knobs){
		.latency_min_us = 1000,
		.latency_max_us = 80000,
		.jitter_us = 2000,
		.segment = true,
		.piece_max = 4096,
		.gap_max_us = 500,
		.buffer = 128 * 1024,
		.tick_us = 10,
	};
	rng_seed(&w->chance, seed, 0);
	ring_init(&w->links);
	return w;
}

static void free_link(struct link *l)
{
	for (int i = 0; i < 2; i++) {
		struct env_conn *c = l->side[i].conn;

		if (!c)
			continue;
		ring_remove(&c->ready);
		ring_remove(&c->member);
		free(c);
	}
	link_free(l);
}

void world_free(struct world *w)
{
	if (!w)
		return;
	while (!ring_empty(&w->links))
		free_link((struct link *)(void *)w->links.next);
	for (uint32_t i = 0; i < w->n_nodes; i++)
		sim_host_free(w->nodes[i]);
	free(w->nodes);
	trace_free(w->trace);
	queue_free(&w->queue);
	free(w);
}

struct world_knobs *world_knobs(struct world *w)
{
	return &w->knobs;
}

struct env *world_node(struct world *w, const char *name, const struct tn_addr *ip)
{
	struct sim_host *n = sim_host_create(w, w->n_nodes, name, ip, w->seed);

	w->nodes = sim_grow(w->nodes, (w->n_nodes + 1) * sizeof(struct sim_host *));
	w->nodes[w->n_nodes++] = n;
	return &n->env;
}

void world_wall_offset(struct env *e, int64_t offset_us)
{
	sim_host_of(e)->wall_offset_us = offset_us;
}

/* ---- what links and nodes ask */

struct queue *world_queue(struct world *w)
{
	return &w->queue;
}

struct rng *world_chance(struct world *w)
{
	return &w->chance;
}

struct ring *world_links(struct world *w)
{
	return &w->links;
}

void world_note(struct world *w, const struct sim_host *to, int kind, const void *bytes, size_t n)
{
	const uint64_t v[] = {
		w->hash,        w->now_us, to ? to->index : UINT32_MAX,
		(uint64_t)kind, n,         bytes ? XXH3_64bits(bytes, n) : 0,
	};

	w->hash = XXH3_64bits(v, sizeof(v));
	w->deliveries++;
}

struct sim_host *world_host(struct world *w, const struct tn_addr *ip)
{
	for (uint32_t i = 0; i < w->n_nodes; i++)
		if (!tn_addr_cmp_ip(&w->nodes[i]->ip, ip))
			return w->nodes[i];
	return NULL;
}

static struct env_conn *find_on(struct sim_host *n, uint16_t port)
{
	for (struct ring *r = n->listeners.next; r != &n->listeners; r = r->next) {
		struct env_conn *l = sim_by_member(r);

		if (!l->path && l->at.port == port)
			return l;
	}
	return NULL;
}

struct env_conn *world_find_listener(struct world *w, const struct tn_addr *at)
{
	for (uint32_t i = 0; i < w->n_nodes; i++) {
		struct env_conn *l = tn_addr_cmp_ip(&w->nodes[i]->ip, at)
					     ? NULL
					     : find_on(w->nodes[i], at->port);

		if (l)
			return l;
	}
	return NULL;
}

/* ---- ways */

bool world_blocked(const struct sim_host *from, const struct sim_host *to)
{
	return from->off || to->off ||
	       (to->index < from->n_paths && from->paths[to->index].blocked);
}

enum world_door world_door_of(const struct sim_host *from, const struct sim_host *to)
{
	return to->index < from->n_paths ? from->paths[to->index].door : WORLD_OPEN;
}

struct sim_path *world_path(struct world *w, struct sim_host *a, const struct sim_host *b)
{
	if (b->index >= a->n_paths) {
		a->paths = sim_grow(a->paths, w->n_nodes * sizeof(*a->paths));
		memset(a->paths + a->n_paths, 0, (w->n_nodes - a->n_paths) * sizeof(*a->paths));
		a->n_paths = w->n_nodes;
	}
	return &a->paths[b->index];
}

void world_link_block(struct world *w, struct env *from, struct env *to, bool blocked)
{
	struct sim_host *a = sim_host_of(from), *b = sim_host_of(to);
	struct sim_path *path = world_path(w, a, b);

	if (path->blocked == blocked)
		return;
	path->blocked = blocked;
	for (struct ring *r = w->links.next; r != &w->links; r = r->next) {
		struct link *l = (struct link *)(void *)r;
		const struct sim_host *x = l->side[0].node, *y = l->side[1].node;

		if ((x == a && y == b) || (x == b && y == a))
			link_way_changed(l);
	}
}

void world_delay_by(struct world *w, uint64_t (*fn)(void *arg, uint64_t drawn_us), void *arg)
{
	w->delay = fn;
	w->delay_arg = arg;
}

uint64_t world_delay(struct world *w, const struct sim_host *from, const struct sim_host *to,
		     uint64_t drawn_us)
{
	uint64_t us = w->delay ? w->delay(w->delay_arg, drawn_us) : drawn_us;

	return us + from->lag_us + (to ? to->lag_us : 0);
}

/* ---- the trace */

void world_trace(struct world *w, unsigned lines)
{
	trace_free(w->trace);
	w->trace = lines ? trace_create(lines) : NULL;
}

void world_trace_note(struct world *w, const struct env *a, const struct env *b, const char *fmt,
		      ...)
{
	va_list ap;

	if (!w->trace)
		return;
	va_start(ap, fmt);
	trace_add(w->trace, w->now_us, a, b, fmt, ap);
	va_end(ap);
}

/* The begin of each line says what it is. */
void world_delivered(struct world *w, const struct sim_host *from, const struct sim_host *to,
		     const void *bytes, size_t n)
{
	if (w->trace)
		world_trace_note(w, &from->env, &to->env, "%s > %s  %.*s", from->name, to->name,
				 n < 72 ? (int)n : 72, (const char *)bytes);
}

void world_trace_print(struct world *w, FILE *f, const struct env *a, const struct env *b)
{
	if (w->trace)
		trace_print(w->trace, f, a, b);
}

struct env_conn *world_connect_path(struct env *e, const char *path,
				    const struct env_events *events, void *arg)
{
	struct env_conn *c;

	if (!sim_find_path(sim_host_of(e), path))
		return NULL;
	c = sim_conn_create(sim_host_of(e), SIM_CONNECTING, events, arg);
	link_open_path(c, path);
	return c;
}

/* ---- running */

uint64_t world_now(const struct world *w)
{
	return w->now_us;
}

static bool step(struct world *w, uint64_t until_us)
{
	struct queue_item *x = queue_first(&w->queue);

	if (!x || x->at_us > until_us)
		return false;
	queue_remove(&w->queue, x);
	w->now_us = x->at_us;
	x->fn(x->arg);
	return true;
}

void world_run(struct world *w, uint64_t until_us)
{
	while (step(w, until_us))
		;
	if (w->now_us < until_us)
		w->now_us = until_us;
}

bool world_run_while(struct world *w, bool (*cond)(void *arg), void *arg, uint64_t limit_us)
{
	while (cond(arg)) {
		if (step(w, limit_us))
			continue;
		if (w->now_us < limit_us)
			w->now_us = limit_us;
		return false;
	}
	return true;
}

uint64_t world_hash(const struct world *w)
{
	return w->hash;
}

uint64_t world_deliveries(const struct world *w)
{
	return w->deliveries;
}

/* ---- jobs */

void world_found_impure(struct world *w, const char *node, const char *text)
{
	if (!w->impure++)
		snprintf(w->impure_text, sizeof w->impure_text, "%s: %s", node, text);
}

unsigned world_impure(const struct world *w)
{
	return w->impure;
}

const char *world_impure_text(const struct world *w)
{
	return w->impure_text;
}

/* ---- logs */

void world_log_to(struct env *e,
		  void (*fn)(void *arg, enum env_log_level, const char *line, size_t n), void *arg)
{
	sim_host_of(e)->log_fn = fn;
	sim_host_of(e)->log_arg = arg;
}

void world_log_print(struct env *e, FILE *f)
{
	struct sim_host *n = sim_host_of(e);
	uint64_t i = n->n_lines > SIM_LOG_LINES ? n->n_lines - SIM_LOG_LINES : 0;

	for (; i < n->n_lines; i++)
		fprintf(f, "# %s: %s\n", n->name, n->lines[i % SIM_LOG_LINES]);
}
