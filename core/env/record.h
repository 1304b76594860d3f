/* SPDX-License-Identifier: MIT
 * core/env/record.h - a layer over an environment that writes down all that it answers
 *
 * It takes the place of env->ops while a recording runs and costs nothing otherwise. What
 * is written: each call into the node (a turn) and each call that the node makes in it,
 * with results: clock readings, random bytes, bytes read and written as they were cut,
 * connects, closes. A node is a function of these, so that replay.h can run it again.
 *
 * Connections that are not tracked (the control socket) stay as they are; what their
 * callbacks ask of the environment is not written: whatever they change in the node must
 * be a turn (env_record_turn). A new call of env_ops passes through unrecorded until it
 * gets a kind here and in replay.c; a new callback is a new kind of turn.
 */
#ifndef CORE_ENV_RECORD_H
#define CORE_ENV_RECORD_H

#include "env/env.h"
#include "env/record_file.h"

struct env_record;

/* From now on. `full` is called once, outside of any turn, when the file is full or cannot
 * be written; it may call env_record_end. The timers must ask for their wake-up again
 * after this (timers_rewake). NULL without memory. The writer stays the
 * caller's. */
struct env_record *env_record_begin(struct env *, struct record_writer *, void (*full)(void *arg),
				    void *arg);

/* A connection or listener that is open already; the number that stands for it. */
uint64_t env_record_track(struct env_record *, struct env_conn *, const struct env_events *,
			  void *arg);

/* A call into the node that comes from elsewhere: RECORD_BEGIN, RECORD_COMMAND. */
void env_record_turn(struct env_record *, uint8_t kind, struct tn_view bytes);
void env_record_turn_over(struct env_record *);

uint64_t env_record_turns(const struct env_record *);

/* Nothing is written any more. The layer goes at once, or with the end of the turn that
 * this is called in; `env` is then as before. NULL is fine. */
void env_record_end(struct env_record *);

#endif
