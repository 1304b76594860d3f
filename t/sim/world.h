/* SPDX-License-Identifier: MIT
 * t/sim/world.h - a network of simulated hosts on one virtual clock
 *
 * One seed decides everything: the same calls with the same seed are the same run,
 * bit for bit (world_hash). Nothing reads a real clock, and nothing happens between
 * two events: idle hours cost nothing.
 *
 * Streams behave like TCP: in order, bounded, with a handshake of one round trip.
 * Times are virtual microseconds, absolute unless said otherwise.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdio.h>

#include "env/env.h"

struct world;

/* Defaults are in world_create; change them before the connects they shall govern. */
struct world_knobs {
	uint64_t latency_min_us, latency_max_us; /* base of a direction, drawn per stream */
	uint64_t jitter_us;                      /* more, drawn for each piece */
	bool segment;                            /* writes arrive in random pieces */
	size_t mss;          /* without it: cut here, as a network does; 0: whole */
	size_t piece_max;    /* bytes of a piece at most */
	uint64_t gap_max_us; /* between the pieces of one write */
	size_t buffer;       /* bytes written but not yet read, per direction */
	uint64_t tick_us;    /* what one turn of a node's loop takes */
	bool jobs_once;      /* of hosts made from now on: jobs are not run twice and compared */
};

struct world *world_create(uint64_t seed);
void world_free(struct world *); /* NULL is fine; nodes and what they left open go too */
struct world_knobs *world_knobs(struct world *);

/* A host, until world_free. Several may share an ip (its port is ignored) as long as
 * their listeners differ in port. Its mono clock starts at 1 s, its wall clock at
 * 2026-01-01T00:00:00Z; its random bytes depend on the seed and its number only. */
struct env *world_node(struct world *, const char *name, const struct tn_addr *ip);

/* Wall clock of one node relative to the world's. */
void world_wall_offset(struct env *, int64_t offset_us);

/* From now on nothing that `from` sends reaches `to` (and back). A new connect is
 * silence, retried as TCP does, ETIMEDOUT after 130 s. An open stream delivers what it
 * holds once the way is free again; both its ends see ETIMEDOUT after 60 s of a block in
 * either direction (keepalive and TCP_USER_TIMEOUT). */
void world_link_block(struct world *, struct env *from, struct env *to, bool blocked);

/* What stands between a node's connects and another node: open streams are not touched.
 * SILENT: as if nobody were there; REFUSED: ECONNREFUSED. */
enum world_door { WORLD_OPEN, WORLD_SILENT, WORLD_REFUSED };
void world_door(struct world *, struct env *from, struct env *to, enum world_door);

/* Ends every stream between two nodes: both ends see ECONNRESET; or only `a` does, and b
 * when it next sends, at the latest by keepalive after 30 s. Returns how many. */
unsigned world_reset(struct world *, struct env *a, struct env *b, bool both);

/* Off: nothing reaches it or leaves it, and what it closes now the others are not told.
 * On again: who still holds a stream of before is told as by world_reset. */
void world_power(struct world *, struct env *, bool on);

/* The process there dies: what its threads have in hand never happens. Until it is started
 * again (world_power on). */
void world_kill(struct env *);

/* Jobs of its hosts that are no pure functions, and what the first of them did; "": none. */
unsigned world_impure(const struct world *);
const char *world_impure_text(const struct world *);

void world_slow_jobs(struct env *, uint64_t us); /* each takes so much longer */
void world_slow_disk(struct env *, uint64_t us); /* each write takes so much longer */
void world_lag(struct env *, uint64_t us);       /* more for each piece it sends or is sent */
/* It reads so many bytes at once and a turn of its loop takes so long; 0: as others. */
void world_sluggish(struct env *, size_t read_max, uint64_t turn_us);
/* Its loop stands still for so long. clock_stops: its mono clock has not counted that. */
void world_pause(struct world *, struct env *, uint64_t us, bool clock_stops);

void world_wake(struct world *, struct env *); /* ends a pause; a stopped clock has lost less */

/* Decides how long each piece is on its way, in place of chance: for whoever tries all
 * orders. NULL ends it. */
void world_delay_by(struct world *, uint64_t (*fn)(void *arg, uint64_t drawn_us), void *arg);

/* What happened, for people: messages, log lines of the nodes and notes, the last `lines`
 * of them. It changes nothing in the run. Printed: those that name one of two nodes (their
 * env, NULL: everything). */
void world_trace(struct world *, unsigned lines);
void world_trace_note(struct world *, const struct env *a, const struct env *b, const char *fmt,
		      ...) __attribute__((format(printf, 4, 5)));
void world_trace_print(struct world *, FILE *, const struct env *a, const struct env *b);

/* Streams that exist, in any state. */
unsigned world_streams(struct world *);

/* Connects to a listen_path socket of the same host. NULL: nobody listens there. */
struct env_conn *world_connect_path(struct env *, const char *path, const struct env_events *,
				    void *arg);

uint64_t world_now(const struct world *);
void world_run(struct world *, uint64_t until_us); /* the clock is there afterwards */

/* Event by event while cond(arg): true when it ended, false at limit_us. */
bool world_run_while(struct world *, bool (*cond)(void *arg), void *arg, uint64_t limit_us);

/* Over every delivery so far: time, node, kind, bytes. */
uint64_t world_hash(const struct world *);
uint64_t world_deliveries(const struct world *);

/* Log lines of a node: the last ones are kept, each is given to fn when set. */
void world_log_to(struct env *,
		  void (*fn)(void *arg, enum env_log_level, const char *line, size_t n), void *arg);
void world_log_print(struct env *, FILE *); /* the kept lines, led by "# name: " */

#endif
