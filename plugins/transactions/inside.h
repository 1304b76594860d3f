/* SPDX-License-Identifier: MIT
 * plugins/transactions/inside.h - what the files of the pool part share, and nobody else needs
 */
#ifndef PLUGINS_TRANSACTIONS_INSIDE_H
#define PLUGINS_TRANSACTIONS_INSIDE_H

#include "orphans.h"
#include "timenode/value.h"
#include "transactions.h"

/* ---- intake.c */

struct intake *intake_create(struct tn_ctx *);
void intake_free(struct intake *); /* NULL is fine */
void intake_start(struct tn_ctx *);
void intake_stop(struct tn_ctx *);
void intake_chain_moved(struct tn_ctx *); /* what was looked up may not be true any more */
/* It is in the pool or in a block: those that waited for it are judged. */
void intake_parent(struct tn_ctx *, const struct tn_hash *txid);
/* An answer of a peer; owner keeps the list. */
void intake_feed(struct tn_ctx *, struct tn_sid from, const struct tn_txs *,
		 struct tn_arena *owner);
tn_msg_fn on_tx;

/* What the inputs of one that was judged before are worth now: coins and fee into the arena. 0,
 * TN_ENOENT (one is not there, or reserved), TN_EBAD, TN_ENOMEM, TN_EGONE, TN_EIO. */
int coins_of(struct tn_ctx *, const struct tn_tx *, struct tn_arena *, struct pool_coin **,
	     uint64_t *fee);
/* The state of the coins that it reserves. */
void coin_reserved(const struct pool_tx *, struct tn_utxo_state *);

/* ---- fate.c */

struct fate *fate_create(void);
void fate_free(struct fate *); /* NULL is fine */
void fate_accepted(struct tn_ctx *, struct pool_tx *);
void fate_gone(struct tn_ctx *, struct pool_tx *list, enum gone); /* disposes of it */
void fate_expire(struct tn_ctx *, int64_t now);
/* The children of one that is final or confirmed may go on. */
void fate_unblock(struct tn_ctx *, const struct tn_hash *txid, uint32_t outputs);

/* ---- keep.c: what is in the pool is written within a second, and at the end */

struct kept { /* in D_TX */
	struct tn_tx tx;
	uint32_t flags, votes, voters;
	int64_t since, until, final_at, order;
};
extern const struct tn_schema kept_schema;

struct keep *keep_create(void);
void keep_free(struct keep *); /* NULL is fine */
/* Fills the pool from the store. 0, or an error with its text. */
int keep_load(struct tn_ctx *, struct tn_error *);
void keep_dirty(struct tn_ctx *, struct pool_tx *);
void keep_forget(struct tn_ctx *, const struct pool_tx *);
void keep_flush(struct tn_ctx *);
/* This turn of the loop, not this second: the operator's own must not be forgotten, or its coins
 * would be spent a second time. */
void keep_soon(struct tn_ctx *);
bool keep_has_any(struct tn_ctx *);
/* One that comes from the store or from a block, with what it had: flags, votes. The pool has
 * the last word. 0 or a code. */
int keep_enter(struct tn_ctx *, const struct kept *, bool restored, struct pool_tx **);
int kept_read(struct tn_ctx *, const struct tn_hash *txid, struct tn_arena *, const struct kept **);

/* ---- follow.c */

struct done { /* in D_DONE: of a transaction that a block contains */
	uint32_t flags, votes, voters;
	int64_t since, final_at;
};
extern const struct tn_schema done_schema;

struct follow *follow_create(void);
void follow_free(struct follow *); /* NULL is fine */
void follow_stop(struct tn_ctx *);
tn_ask_fn on_connect, on_disconnect, on_reset;
tn_tell_fn on_connected, on_disconnected;

/* ---- pending.c */

tn_msg_fn on_get_pending;
void pending_ask(struct tn_ctx *, struct tn_sid);
void pending_up(struct tn_ctx *, struct tn_sid, struct slot *);

void count_pool(struct tn_ctx *);
extern const struct tn_mempool_ops mempool_ops;

#endif
