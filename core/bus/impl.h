/* SPDX-License-Identifier: MIT
 * core/bus/impl.h - what the files of this room share; nobody else includes it
 */
#ifndef CORE_BUS_IMPL_H
#define CORE_BUS_IMPL_H

#include "config.h"

#include "bus/bus.h"
#include "timenode/util.h"

/* A row as the host sees it: names, features and reasons are numbers. */
struct bus_row {
	uint16_t id;
	int8_t feature; /* bit, -1: for everybody */
};

struct bus_member {
	struct bus *bus;
	const char *name;
	struct tn_ctx *ctx;
	void *of;
	struct tn_table messages, reasons;
	struct bus_row *row;
	uint16_t *reason;
	struct hold *holds; /* in flight, newest first */
	uint32_t questions, held;
	bool active, ending; /* ending: no more questions */
	struct bus_overrun overrun;
	uint64_t told_us; /* of the last stall */
	struct bus_member *next;
};

/* Who looks at a message besides its owner; in the order of joining. */
struct viewer {
	struct bus_member *member;
	uint16_t row;
	uint8_t kind; /* TN_GATE or TN_WATCH */
};

struct claim { /* by message number */
	struct bus_member *owner;
	const struct tn_message *message; /* the owner's row */
	struct viewer *viewer;
	uint16_t row, viewers;
};

/* Per session, message and way; made only where a rate, a pace or a hold needs it. */
struct peer_row {
	uint16_t key;     /* message number * 2 + enum account_way */
	uint16_t waiting; /* LATERs */
	bool paused;      /* by its window */
	struct tn_bucket bucket;
};

struct bus_peer { /* session.block */
	void *slots;
	struct session *s;
	struct question *first, *last;
	struct hold *holds;
	struct peer_row *row;
	uint16_t rows;
	uint16_t bulk_held;  /* holds whose answer will be large */
	bool bulk_now;       /* such a handler is running */
	bool paused;         /* by a byte budget */
	uint32_t token;      /* the last one given out */
	uint32_t bulk_token; /* of a large answer that is not sent yet */
	uint64_t held_bytes;
	struct bus_peer *paused_next;
};

struct relay { /* receivers as they were when the handler asked for it */
	uint32_t n;
	uint64_t sid[];
};

struct bus_msg { /* one message on its way */
	struct tn_msg msg;
	struct session *s;           /* NULL: ended while it was held */
	const struct tn_envelope *e; /* NULL while held: read again from the line */
	const struct tn_message *row;
	struct bus_member *owner;
	struct relay *relay;
	struct hold *hold; /* taken by the running handler */
	bool marked;       /* its line is in the duplicate set */
	bool decoded;      /* msg.body is there, by the owner's schema */
	uint16_t id;
};

struct question {
	struct question *next;
	struct bus_member *member;
	struct session *s;
	struct tn_question q; /* body is not kept */
	uint64_t asked_us, sent_us, timer;
	uint32_t token;
	uint16_t expect; /* message number */
};

struct hold {
	struct bus_msg m;
	uint64_t handle, timer;
	uint64_t bytes;
	tn_verdict verdict;
	bool waiting, settled;              /* settled before the handler returned */
	struct hold *prev, *next;           /* of the member */
	struct hold *peer_prev, *peer_next; /* of the session */
	uint8_t line[];
};

struct bus {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *settings;
	struct net *net;
	struct names *names;
	const struct bus_hooks *hooks;
	void *arg;
	struct bus_member *members;
	struct claim *claim;
	unsigned claims;
	struct tn_seen *seen;
	struct handles *holds;
	struct bus_msg *current;
	const struct bus_msg *under_way; /* also in gates, answers and watchers */
	char last_stall[200];
	struct bus_call *call;      /* innermost */
	uint64_t cpu_us, cpu_at_us; /* processor time when it was last read; 0: it was not */
	struct tn_arena *scratch, *spare;
	struct bus_peer *paused; /* sessions stopped by a byte budget */
	uint64_t held_bytes;
	uint64_t lines;
	unsigned depth;
	uint16_t reason_gone; /* the session ended before the verdict came */
};

static inline const struct tn_message *member_row(const struct bus_member *m, unsigned i)
{
	if (i >= m->messages.rows)
		return NULL;
	return (const void *)((const char *)m->messages.row + (size_t)i * m->messages.stride);
}

static inline struct bus_peer *peer_of(const struct session *s)
{
	return s->block;
}

/* overrun.c */
void bus_failed(struct bus_member *, unsigned points, const char *what);

/* claim.c */
extern const struct claim claim_none;

/* Never NULL. */
static inline const struct claim *claim_of(const struct bus *b, unsigned id)
{
	return id < b->claims ? &b->claim[id] : &claim_none;
}

/* gate.c: a reason, or -1 to go on */
int gate_in(struct bus *, struct bus_msg *);
int gate_out(struct bus_member *, const struct tn_message *, const struct bus_row *,
	     struct session *);
struct peer_row *gate_row(struct bus_peer *, unsigned id, unsigned way); /* NULL: no memory */
void gate_unmark(struct bus *, struct bus_msg *);
bool gate_seen_create(struct bus *); /* the duplicate set, on first use */

/* dispatch.c */
void dispatch_line(void *bus, struct session *, unsigned id, const struct tn_envelope *,
		   struct tn_view line);
/* The verdict is known: relay, watchers, account. Frees the relay. */
void dispatch_finish(struct bus *, struct bus_msg *, tn_verdict);
void dispatch_refuse(struct bus *, struct bus_msg *, unsigned reason);

/* The message's body by any schema; decoded once for the owner's. 0, TN_EBAD, TN_ENOMEM. */
int dispatch_body(struct bus_msg *, const struct tn_schema *, const void **body, struct tn_error *);

/* hold.c */
void hold_keep(struct bus *, struct bus_msg *); /* its handler said LATER */
void hold_drop(struct hold *);                  /* its handler said something else */
void hold_session_ended(struct bus *, struct bus_peer *);

/* question.c */
struct question *question_match(struct bus *, const struct bus_msg *);
tn_verdict question_answer(struct bus *, struct question *, const struct bus_msg *);
/* An answer was refused before anybody could read it. */
void question_spoiled(struct bus *, struct session *, unsigned id);
void question_sent(struct bus_peer *, uint32_t token, uint64_t now_us);
void question_session_ended(struct bus *, struct bus_peer *);

/* broadcast.c */
void relay_send(struct bus *, const struct bus_msg *);

/* send.c */
/* The row of a message that this member owns and sends; NULL: not his. */
const struct tn_message *sent_row(struct bus_member *, unsigned row, const void *body,
				  uint32_t bytes);
struct frame *sent_frame(struct bus_member *, unsigned row, const void *body);
struct session *sent_to(const struct bus *, uint64_t sid); /* UP, or NULL */
/* May it have this row's message? A refusal is counted and its code returned. */
int sent_gate(struct bus_member *, unsigned row, struct session *);
/* Past the gate. token 0: given only if it is part of a large answer. */
int sent_queue(struct bus_member *, unsigned row, struct session *, struct frame *, uint32_t token);
uint32_t sent_token(struct bus_peer *); /* the next one, never 0 */

#endif
