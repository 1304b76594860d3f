/* SPDX-License-Identifier: MIT
 * plugins/transactions/pool.h - the mempool: transactions that no block contains yet
 *
 * An overlay on the confirmed coins, pure: no clock, no store, no network. It knows which coin
 * is reserved by which transaction and which outputs exist only here. Whoever adds a
 * transaction has judged it and says what its inputs are worth; that no coin is reserved twice
 * is the pool's own promise: all inputs are reserved or none.
 *
 * A transaction may spend outputs of any other one in the pool. It leaves together with
 * all that descend from it, unless a block contains it: then they stay.
 *
 *   approved   this node signed for it: never evicted, never expires
 *   final      enough voters did: the same
 *   own        came from the operator: never expires
 *
 * Whatever protects a transaction protects its ancestors too: approved needs every parent in
 * the pool to be approved or final, final needs them final.
 */
#ifndef PLUGINS_TRANSACTIONS_POOL_H
#define PLUGINS_TRANSACTIONS_POOL_H

#include "timenode/wire.h"

struct pool;

enum { POOL_APPROVED = 1, POOL_FINAL = 2, POOL_OWN = 4 };

struct pool_coin { /* what an input spends */
	uint64_t value;
	struct tn_bytes script;
	bool unconfirmed; /* an output of a transaction in the pool */
};

/* Lent until it is removed. Read it; only the pool's functions change it, but for votes,
 * voters and saved, which are their writers'.
 */
struct pool_tx {
	struct tn_tx tx;
	struct tn_hash txid;
	const struct pool_coin *coin; /* of each input, as it was when it came */
	uint64_t fee, rate;           /* satoshis; 1000 times those per byte of bincode */
	uint32_t bytes;               /* of bincode */
	uint32_t flags;               /* POOL_ */
	size_t mem;                   /* what it takes of the limit */
	int64_t since;                /* Unix seconds: accepted */
	int64_t final_at;             /* Unix seconds, when POOL_FINAL */
	int64_t until;                /* Unix seconds: expires unless something protects it */
	int64_t order;                /* parents before children */
	uint32_t votes, voters;       /* approvals counted, of how many */
	bool saved;                   /* on the disk, or on its way */
	struct pool_tx *next;         /* in a list of removed ones */
};

struct pool_limits {
	uint32_t count;
	size_t bytes; /* of memory */
};

struct pool_sums {
	uint32_t count, final, approved;
	size_t bytes; /* of memory */
	uint64_t fees;
};

/* key: secret, so that nobody can look for colliding outpoints. NULL without memory. */
struct pool *pool_create(const struct pool_limits *, const uint64_t key[2]);
void pool_free(struct pool *);                              /* NULL is fine */
void pool_limit(struct pool *, const struct pool_limits *); /* from the next addition on */
const struct pool_sums *pool_sums(const struct pool *);

/* ---- looking */

struct pool_tx *pool_find(const struct pool *, const struct tn_hash *txid);
/* Who reserved this coin; NULL: nobody. */
struct pool_tx *pool_spender(const struct pool *, const struct tn_outpoint *);
/* An output of a transaction in the pool, reserved or not; NULL: there is none. */
const struct tn_txout *pool_output(const struct pool *, const struct tn_outpoint *,
				   struct pool_tx **maker);
/* In the order of a block: parents before children. NULL: the first; NULL: no more. */
struct pool_tx *pool_next(const struct pool *, const struct pool_tx *);
/* The transactions in the pool that spend outputs of e, each once for each such output. *at begins at 0. */
struct pool_tx *pool_child(const struct pool *, const struct pool_tx *e, uint32_t *at);
/* Have all parents in the pool at least one of these flags? True when there are none. */
bool pool_parents_have(const struct pool *, const struct pool_tx *, uint32_t flags);

/* ---- adding */

struct pool_want {
	const struct tn_tx *tx; /* copied */
	struct tn_hash txid;
	const struct pool_coin *coin; /* one for each input; copied */
	uint64_t fee;
	uint32_t bytes; /* of bincode */
	uint32_t flags; /* POOL_OWN */
	int64_t since, until;
	bool restored; /* see pool_restore */
};

struct pool_added {
	struct pool_tx *tx;    /* 0: the new one */
	struct pool_tx *gone;  /* 0: evicted for it, a list for pool_dispose */
	struct pool_tx *rival; /* TN_EBUSY: has reserved an input */
};

/* 0; TN_EINVAL: it is there already; TN_EBUSY: an input is reserved; TN_ENOENT: an input that is
 * said to be unconfirmed is no output of the pool (any more); TN_EFULL: the limits, and
 * nothing that pays less may go; TN_ENOMEM. Nothing has changed but after 0.
 */
int pool_add(struct pool *, const struct pool_want *, struct pool_added *);

/* The next n additions with `restored` come before all that is in the pool, in the order in
 * which they are added: transactions of a block that was disconnected, whose children may
 * be here already.
 */
void pool_restore(struct pool *, uint32_t n);

/* ---- what becomes of it */

/* TN_EINVAL: a parent in the pool is neither approved nor final (for final: not final). */
int pool_approve(struct pool *, struct pool_tx *);
int pool_finalize(struct pool *, struct pool_tx *, int64_t now);

/* Takes it out with all its descendants: a list, descendants first, for pool_dispose. */
struct pool_tx *pool_remove(struct pool *, struct pool_tx *);
/* Takes out it alone: a block contains it. Its children now spend a confirmed coin. */
struct pool_tx *pool_confirm(struct pool *, struct pool_tx *);
/* Takes out, with descendants, the next one that has expired; NULL: none. */
struct pool_tx *pool_expire(struct pool *, int64_t now);
void pool_dispose(struct pool_tx *list); /* NULL is fine */

#endif
