/* SPDX-License-Identifier: MIT
 * core/env/replay_private.h - what the parts of the replay's environment share
 */
#ifndef CORE_ENV_REPLAY_PRIVATE_H
#define CORE_ENV_REPLAY_PRIVATE_H

#include <uthash.h>

#include "env/replay.h"

#define ANY UINT64_MAX /* number of a connection or job */
#define ERRNO_MAX 4095
#define REPLAY_WHO (TN_ADDR_TEXT + 32)

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

struct given { /* a job that was submitted and is not done */
	uint64_t id;
	struct env_job *job;
	bool behind;
	struct given *next;
};

struct replay {
	struct env env; /* first: the core's view */
	struct record_reader *reader;
	struct env_conn *conns; /* those that have a number */
	struct later *first, **end;
	struct given *jobs;
	void (*wake_fn)(void *arg);
	void *wake_arg;
	void (*log_fn)(void *arg, const char *line, size_t n);
	void *log_arg;
	uint64_t mono_us, cpu_us, chance;
	int64_t wall_us;
	uint64_t wall_mono_us; /* when that was */
	bool in_turn;
	struct replay_result result;
};

static inline struct replay *replay_of(struct env *e)
{
	return (struct replay *)e;
}

/* The first difference is kept. */
void replay_differ(struct replay *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "peer 192.0.2.1:24100", for a number. Returns buf. */
const char *replay_who(const struct replay *, uint64_t id, char buf[REPLAY_WHO]);

/* The answer to a call of the node. false: there is none, and that is said, unless the
 * recording ends within this turn. */
bool replay_answer(struct replay *, uint8_t kind, uint64_t id, struct record_entry *);

/* replay_conn.c */
struct env_conn *replay_find(const struct replay *, uint64_t id);
struct env_conn *replay_conn_new(struct replay *, uint64_t id, const struct tn_addr *with,
				 const struct env_events *, void *arg);
struct env_conn *replay_connect(struct env *, const struct tn_addr *to, const struct tn_addr *from,
				const struct env_events *, void *arg, struct tn_error *);
void replay_adopt(struct env_conn *, const struct env_events *, void *arg);
long replay_read(struct env_conn *, void *, size_t);
long replay_writev(struct env_conn *, const struct iovec *, int n);
void replay_arm(struct env_conn *, bool read, bool write);
void replay_shut(struct env_conn *);
void replay_close(struct env_conn *, bool reset);

#endif
