/* SPDX-License-Identifier: MIT
 * core/env/replay.h - an environment that answers what a recording has, and compares
 *
 * The clock, random bytes and the network come from the file, in the order of the file;
 * what the node does with them must be what the recorded node did. The first difference
 * is kept. After one the replay goes on as well as it can: within a turn it looks for the
 * next answer of the kind that is asked for, else it makes one up.
 */
#ifndef CORE_ENV_REPLAY_H
#define CORE_ENV_REPLAY_H

#include "env/env.h"
#include "env/record_file.h"

struct replay_result {
	uint64_t turns, differences;
	uint64_t at, mono_us; /* number of the entry and instant of the first difference */
	char first[512];      /* what it is; "" without any */
};

/* Of a reader that has come to RECORD_BEGIN; it stays the caller's. NULL without memory. */
struct env *env_replay_create(struct record_reader *, uint64_t mono_us, int64_t wall_us);
void env_replay_free(struct env *); /* NULL is fine; after the node */
void env_replay_log_to(struct env *, void (*fn)(void *arg, const char *line, size_t n), void *arg);

/* The connection with this number, as it was when the recording began. */
struct env_conn *env_replay_conn(struct env *, uint64_t number, const struct tn_addr *with,
				 const struct env_events *, void *arg);

/* Around what happens in the first turn. 0, or TN_EBAD: there is none. */
int env_replay_enter(struct env *, struct tn_error *);
void env_replay_leave(struct env *);

/* All other turns; the reader is then at what follows them. 0, or TN_EBAD: the file makes no sense. */
int env_replay_run(struct env *, void (*command)(void *arg, struct tn_view line), void *arg,
		   struct tn_error *);

void env_replay_result(const struct env *, struct replay_result *);

#endif
