/* SPDX-License-Identifier: MIT
 * t/sim/env_sim.h - a simulated host's loop and its descriptors (private to t/sim)
 */
#ifndef SIM_ENV_SIM_H
#define SIM_ENV_SIM_H

#include "sim/queue.h"
#include "sim/rng.h"
#include "sim/world.h"

#define SIM_LOG_LINES 256
#define SIM_MONO_START_US 1000000

/* A circular list; removal needs no head, so that a closing connection leaves
 * whichever list it is in. */
struct ring {
	struct ring *prev, *next;
};

void ring_init(struct ring *);
void ring_append(struct ring *head, struct ring *);
void ring_remove(struct ring *); /* leaves it initialised */
bool ring_empty(const struct ring *);

struct sim_deferred {
	void (*fn)(void *arg);
	void *arg;
};

struct sim_deferred_list {
	struct sim_deferred *v;
	size_t n, room;
};

/* How one node's packets reach another. */
struct sim_path {
	bool blocked;
	enum world_door door; /* for its connects */
};

struct sim_host {
	struct env env; /* first: the core's view */
	struct env_ops ops;
	struct world *world;
	uint32_t index;
	char *name;
	struct tn_addr ip;
	struct rng rng;
	int64_t wall_offset_us;
	uint64_t still_until_us; /* the loop does not turn before */
	bool clock_stands;       /* its mono clock too */
	uint64_t mono_lost_us;   /* what its clock did not count */
	uint64_t lag_us;         /* more for each piece it sends or is sent */
	size_t read_max;         /* 0: as much as it asks for */
	uint64_t turn_us;        /* 0: tick_us of the world */
	bool off;                /* no power */
	uint16_t next_port;

	struct queue_item tick;
	bool ticking;
	uint64_t last_tick_us;
	struct ring ready, turn; /* connections with something to report; those of this turn */
	struct env_conn *current;
	struct sim_deferred_list deferred, running;

	struct queue_item wake;
	bool wake_due;
	void (*wake_fn)(void *arg);
	void *wake_arg;

	struct sim_work *work, *lost; /* jobs; those that a crash took (work.c) */
	struct sim_work *finished, **finished_end;
	struct rng work_rng;
	unsigned jobs, writes;
	uint64_t work_lag_us;    /* more for each job */
	uint64_t write_lag_us;   /* more for each write */
	bool dead;               /* its threads do nothing any more */
	uint64_t writer_free_us; /* when the writer has done what it has */

	struct ring listeners;
	struct sim_path *paths; /* by the index of the node they lead to */
	uint32_t n_paths;

	void (*log_fn)(void *arg, enum env_log_level, const char *line, size_t n);
	void *log_arg;
	char *lines[SIM_LOG_LINES];
	uint64_t n_lines;
};

enum sim_kind { SIM_STREAM, SIM_CONNECTING, SIM_LISTENER };

struct env_conn {
	struct sim_host *node; /* first: env.h */
	struct ring ready;     /* in the node's ready or turn */
	struct ring member;    /* of a listener: node's listeners; waiting for accept: backlog */
	enum sim_kind kind;
	const struct env_events *events;
	void *arg;
	bool want_read, want_write;

	struct link *link; /* of a stream */
	int end;           /* its side of the link: 0 dialed */
	bool connect_done; /* the result is there, not yet reported */
	int connect_err;

	struct tn_addr at; /* of a listener */
	char *path;        /* of a Unix listener */
	struct ring backlog;
};

struct sim_host *sim_host_create(struct world *, uint32_t index, const char *name,
				 const struct tn_addr *ip, uint64_t seed);
void sim_host_free(struct sim_host *);

static inline struct sim_host *sim_host_of(struct env *e)
{
	return (struct sim_host *)e;
}

/* env_sim.c */
struct env_conn *sim_by_member(struct ring *);
struct env_conn *sim_conn_create(struct sim_host *, enum sim_kind, const struct env_events *,
				 void *arg);
void sim_conn_update(struct env_conn *); /* something changed: is there a callback to make? */
struct env_conn *sim_find_path(struct sim_host *, const char *path); /* its listener; NULL */

/* work.c: threads of a host */
int sim_submit(struct env *, struct env_job *);
int sim_write_behind(struct env *, struct env_job *);
void sim_write_settle(struct env *);
void sim_impure(struct env *, const char *text);
void sim_work_report(struct sim_host *); /* in its tick: what is finished is done */
void sim_work_drop(struct sim_host *);   /* a crash: nothing of it runs any more */
void sim_work_bury(struct sim_host *);   /* and is done without */
void sim_ask_tick(struct sim_host *);

/* world.c: what nodes and links need of it. */
struct queue *world_queue(struct world *);
struct rng *world_chance(struct world *);
struct ring *world_links(struct world *);
void world_note(struct world *, const struct sim_host *to, int kind, const void *bytes, size_t n);
void world_delivered(struct world *, const struct sim_host *from, const struct sim_host *to,
		     const void *bytes, size_t n); /* for the trace */
uint64_t world_delay(struct world *, const struct sim_host *from, const struct sim_host *to,
		     uint64_t drawn_us);
enum world_door world_door_of(const struct sim_host *from, const struct sim_host *to);
void world_found_impure(struct world *, const char *node, const char *text);
struct sim_path *world_path(struct world *, struct sim_host *from, const struct sim_host *to);
bool world_blocked(const struct sim_host *from, const struct sim_host *to);
struct sim_host *world_host(struct world *, const struct tn_addr *ip); /* the first there; NULL */
struct env_conn *world_find_listener(struct world *, const struct tn_addr *at); /* NULL: none */

#endif
