/* SPDX-License-Identifier: MIT
 * plugins/transactions/intake.h - what the steps of judging a transaction share
 *
 * intake.c  trials: they begin, wait, end; resolve.c what their inputs are worth; verify.c signatures
 *
 * Each transaction is one trial. It looks up its coins in slices; an input whose transaction is
 * being judged itself waits for that one, so that a chain of payments in one piece is not taken for
 * orphans. Signatures are checked on threads, of several trials together when many wait.
 */
#ifndef PLUGINS_TRANSACTIONS_INTAKE_H
#define PLUGINS_TRANSACTIONS_INTAKE_H

#include "inside.h"
#include "timenode/judge.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->lost = true)
#include <uthash.h>
#include <utlist.h>

enum source { FROM_PEER, FROM_OPERATOR, FROM_ORPHANS, FROM_ANSWER, FROM_VOTERS };

/* No address is longer: a longer script is cut, and fits no key either way. */
enum { SCRIPT_MAX = 64 };

enum { NO_REASON = -1, GO_ON = -2 }; /* beside enum reason */

struct feed { /* an answer with many of them */
	const struct tn_txs *list;
	struct tn_arena *owner;
	struct tn_sid from;
	uint32_t at, under_way, news;
	struct feed *next, *prev;
};

struct trial {
	const struct tn_tx *tx;
	struct tn_arena *owner; /* keeps tx */
	struct tn_hash txid;
	enum source source;
	struct tn_sid from;
	struct tn_hold hold;
	struct tn_ticket ticket;
	struct feed *feed;
	uint32_t bytes; /* of bincode */
	uint64_t serial;

	/* coins */
	uint64_t generation; /* of the chain, when the first was looked up */
	uint32_t found;
	uint64_t sum, fee;
	struct pool_coin *coin;
	uint8_t (*script)[SCRIPT_MAX];

	/* signatures */
	struct tn_spend_digest digest;
	uint32_t sent, good;
	bool verified;

	struct trial *waiters; /* for this one to end */
	struct trial *awaited; /* the one it waits for */
	struct trial **queue;  /* the list it stands in */
	struct trial *next, *prev;
	bool lost;
	UT_hash_handle hh;
};

struct intake {
	struct trial *by_txid;
	struct trial *ready;   /* may go on */
	struct trial *waiting; /* for a thread */
	struct feed *feeds;
	struct tn_arena *arena; /* for one coin at a time */
	struct tn_timer timer;
	uint64_t serial, generation;
	uint32_t jobs;
	bool running, stopped;
	size_t bytes; /* of bincode under way */
};

static inline struct intake *intake_of(struct tn_ctx *c)
{
	return state_of(c)->intake;
}

struct trial *trial_find(struct tn_ctx *, const struct tn_hash *txid);
void trial_queue(struct trial **queue, struct trial *);       /* to its end, from where it stands */
void intake_end(struct tn_ctx *, struct trial *, int reason); /* NO_REASON: accepted */
void trial_go_on(struct tn_ctx *, struct trial *);            /* verify.c is done with it */
void intake_run(struct tn_ctx *);
void intake_wake(struct tn_ctx *, uint64_t ms); /* runs then, at the latest */

/* A reason, NO_REASON: all are found and pay the fee; GO_ON: the budget is used up or it waits. */
int resolve(struct tn_ctx *, struct trial *, int *budget);

/* What it shows by itself: a reason or NO_REASON. */
int form_of(const struct tn_tx *, uint32_t bytes);

/* Does every input that needs one have something like a signature? A reason, or
 * NO_REASON; *any: there is something to verify. */
int signed_at_all(struct tn_ctx *, const struct tn_tx *, bool *any);
/* Sends what waits to threads, as far as they take it. */
void verify_run(struct tn_ctx *);

const char *reason_text(int reason);

#endif
