/* SPDX-License-Identifier: MIT
 * plugins/transactions/transactions.h - what the files of the plugin share
 *
 * transactions.c  the tables and the plugin's life
 * pool.c          the mempool, pure; orphans.c transactions whose parents are missing, pure
 * intake.c        the one way of every transaction: judged, signatures on threads, accepted
 * fate.c          what becomes of one: approved, final, rejected, gone; who is told
 * keep.c          the pool on the disk; follow.c blocks that come and go
 * pending.c       GetPendingTransactions; service.c the service mempool
 * voting.c        votes, approvals, finality
 * watching.c      states of coins, subscriptions; commands.c what the operator may do
 *
 * Three parts with a narrow seam. The pool part (intake, fate, keep, follow) owns struct pool:
 * nobody else changes it. It tells the voting part of each transaction that is accepted or
 * leaves; the voting part tells it what was approved, final or rejected, by the fate_ functions.
 * Every change of a coin's state goes to the watching part through coin_changed.
 */
#ifndef PLUGINS_TRANSACTIONS_TRANSACTIONS_H
#define PLUGINS_TRANSACTIONS_TRANSACTIONS_H

#include "pool.h"
#include "timenode/chain.h"
#include "timenode/service/chain.h"
#include "timenode/service/identity.h"
#include "timenode/service/masternodes.h"
#include "timenode/service/mempool.h"
#include "timenode/util.h"

struct conf {
	uint64_t pool_count, pool_max, expire, orphans, orphans_max, serve_max;
	bool accept_unsigned;
	/* voting */
	uint64_t early_votes;
	/* watching */
	uint64_t subscriptions, subscribed, subscribed_max;
	bool state_updates;
};

enum { /* messages */
       M_TX,
       M_GET_PENDING,
       M_PENDING,
       /* voting */
       M_VOTE_REQUEST,
       M_VOTE,
       M_FINALIZED,
       M_REJECTED,
       /* watching */
       M_STATE_QUERY,
       M_STATE_ANSWER,
       M_STATE_NOTICE,
       M_STATE_UPDATE,
       M_SUBSCRIBE,
       M_UNSUBSCRIBE
};
enum { N_CHAIN, N_IDENTITY, N_MASTERNODES }; /* needs */
enum { E_FINAL };                            /* emits */

enum { /* reasons */
       R_KNOWN,
       R_FORM,
       R_LARGE,
       R_TWICE,
       R_DUST,
       R_OVERSPENT,
       R_FEE,
       R_UNSIGNED,
       R_SIGNATURE,
       R_SPENT,
       R_CONFLICT,
       R_ORPHAN,
       R_FULL,
       R_BUSY,
       /* voting */
       R_VOTER,
       R_VOTE_KNOWN,
       R_VOTE_LATE,
       R_VOTE_TIME,
       R_VOTE_SIGNATURE,
       R_VOTES_NONE,
       /* watching */
       R_SUBSCRIPTION,
       R_STATES,
       R_NOTICE
};

/* databases. D_TX: txid: struct kept. D_DONE: height, txid: struct done. D_APPROVAL: coin: struct
 * approval. D_VOTES: txid: struct certificate. D_BURIED: see approvals.h. */
enum {
	D_TX,
	D_DONE,
	/* voting */
	D_APPROVAL,
	D_VOTES,
	D_BURIED,
	/* watching */
	D_OWN,
	D_SPENT,
	D_WALLET
};

enum { /* metrics */
       C_COUNT,
       C_FINAL,
       C_BYTES,
       C_ORPHANS,
       C_UNSIGNED,
       C_ACCEPTED,
       C_REFUSED,
       C_CONFLICTS,
       C_EVICTED,
       C_EXPIRED,
       C_OVERTURNED,
       /* voting */
       C_VOTERS,
       C_OPEN,
       C_CAST,
       C_COUNTED,
       C_VERIFIED,
       C_BAD_VOTES,
       C_EARLY,
       C_RIVALS,
       C_SHED,
       C_ASKED,
       C_SERVED,
       C_REJECTED,
       C_FINAL_US,
       /* watching */
       C_SUBSCRIPTIONS,
       C_SUBSCRIBED,
       C_NOTIFIED,
       C_UNSUBSCRIBED,
       C_WALLET_HEIGHT,
       C_WALLET_COINS
};

struct slot { /* of a session; each part has its own member */
	struct pending_slot {
		struct tn_hash next; /* where the answer after the last one begins */
		bool goes_on;
		unsigned asked;
	} pending;
	struct voting_slot {
		char ip[TN_MN_ADDRESS_TEXT]; /* "": not IPv4 */
		struct drip *drip;           /* an old node's votes; NULL: a new one */
		struct tn_bucket serve;
	} voting;
	struct watching_slot {
		struct subscriber *who; /* NULL: subscribes to nothing */
		struct tn_bucket pace;
	} watching;
};

struct intake;
struct fate;
struct orphans;
struct follow;
struct keep;
struct voting;
struct drip;
struct watching;
struct wallet;
struct pay;

struct state {
	struct tn_sha *sha;
	struct pool *pool;
	struct orphans *orphans;
	struct intake *intake;
	struct fate *fate;
	struct keep *keep;
	struct follow *follow;
	struct voting *voting;
	struct watching *watching;
	struct wallet *wallet;
	struct pay *pay;
	uint64_t ticks; /* seconds it runs */
};

static inline struct state *state_of(struct tn_ctx *c)
{
	return (struct state *)c->state;
}

static inline const struct conf *conf_of(struct tn_ctx *c)
{
	return (const struct conf *)c->conf;
}

static inline bool same_hash(const struct tn_hash *a, const struct tn_hash *b)
{
	return !__builtin_memcmp(a->b, b->b, sizeof a->b);
}

/* ---- the pool part, for the others: intake.c, fate.c, keep.c */

/* A coin as all of this node's knowledge has it: confirmed coins and the pool over them. */
struct coin_view {
	uint64_t value;
	struct tn_bytes script; /* in the arena, or lent until the pool changes */
	uint64_t height;        /* of its block; 0 with `unconfirmed` */
	bool coinbase;
	bool unconfirmed; /* its transaction is in the pool */
	bool spendable;   /* nobody reserved it: a transaction may spend it now */
	bool has_state;   /* false: an output of one that is not final and nobody spends */
	struct tn_utxo_state state; /* for the wire */
};
/* 0; TN_ENOENT: spent by a block, or never there; TN_ENOMEM, TN_EIO, TN_EGONE. */
int coin_find(struct tn_ctx *, const struct tn_outpoint *, struct tn_arena *, struct coin_view *);

/* A transaction of the operator: judged as any other, then sent to everybody. The
 * ticket is finished with 0 when it is in the pool, or TN_EBAD, TN_EBUSY (a coin is reserved),
 * TN_ENOENT (a coin is not known), TN_EFULL, TN_EGONE, and a `const char *` reason. owner
 * keeps tx and is referenced; nothing may be allocated from it before the end.
 */
void intake_submit(struct tn_ctx *, const struct tn_tx *, struct tn_arena *owner, struct tn_ticket);

/* Judged as any other. If a quorum of voters has approved it by then (voting_certified), those in
 * the pool that spend its coins give way, with descendants, unless one is final. Nobody is told
 * how it ends. */
void intake_certified(struct tn_ctx *, const struct tn_tx *, struct tn_arena *owner);

/* This node is about to sign for it: from now on it is never evicted and never expires. Before
 * the signature is stored. TN_EINVAL while a parent is neither approved nor final.
 */
int fate_approved(struct tn_ctx *, struct pool_tx *);
/* Its body, into the batch that holds the approval: both are on the disk, or neither. */
int keep_put(struct tn_ctx *, struct tn_batch *, struct pool_tx *);
/* Enough voters have approved it. TN_EINVAL while a parent in the pool is not final: try again
 * when voting_final says so of the parent. Tells mempool.final and coin_changed.
 */
int fate_final(struct tn_ctx *, struct pool_tx *, uint32_t votes, uint32_t voters);
/* So many voters refused it that it can never become final: it goes, with its descendants. */
void fate_rejected(struct tn_ctx *, struct pool_tx *, const char *why);

/* ---- voting.c, for the pool part */

enum gone { GONE_CONFIRMED, GONE_CONFLICT, GONE_EVICTED, GONE_EXPIRED, GONE_REJECTED };

int voting_start(struct tn_ctx *, struct tn_error *); /* the pool is loaded */
void voting_stop(struct tn_ctx *);                    /* may be called without a start */
void voting_up(struct tn_ctx *, struct tn_sid, struct slot *);
void voting_down(struct tn_ctx *, struct tn_sid, struct slot *);
/* It is in the pool from now on; also of each one that is loaded at a start, and that comes back
 * from a block. Votes that came earlier count now; a voter approves. It may be removed by
 * the time this returns only through the fate_ functions.
 */
void voting_accepted(struct tn_ctx *, struct pool_tx *);
/* A parent is final or confirmed now: what waited for it may go on. */
void voting_unblocked(struct tn_ctx *, struct pool_tx *child);
/* It has left the pool. A confirmed one may come back, with its votes. */
void voting_gone(struct tn_ctx *, const struct pool_tx *, enum gone);
/* It would be accepted, signatures and all, if another one had not reserved `coin`. Kept for the
 * case that the others make this one final: then intake_certified is called. owner keeps tx and
 * is referenced. */
void voting_rival(struct tn_ctx *, const struct tn_tx *, const struct tn_hash *txid,
		  struct tn_arena *owner, const struct tn_outpoint *coin,
		  const struct pool_tx *other);
/* Has a quorum approved it, by the votes counted here? */
bool voting_certified(struct tn_ctx *, const struct tn_hash *txid);
/* For a filter, with `from` (a struct tn_sid): is a transaction from there to be passed on to `to`? Not
 * between voters, who are linked with one another: whoever gave it to one gave it to all. */
bool voting_wants(struct tn_ctx *, struct tn_sid to, void *slot, void *from);
/* A peer offers one that spends a coin of a final one. */
void voting_contradict(struct tn_ctx *, struct tn_sid, const struct pool_tx *final);
/* In the asks chain.connect and chain.disconnect: into their batch. 0 or an error. */
int voting_connect(struct tn_ctx *, const struct tn_ev_block *, struct tn_error *);
int voting_disconnect(struct tn_ctx *, const struct tn_ev_block *, struct tn_error *);
int voting_reset(struct tn_ctx *, const struct tn_ev_block *, struct tn_error *);
void voting_tip(struct tn_ctx *); /* the tip has changed: after the tells */
void voting_reloaded(struct tn_ctx *);
void voting_fini(struct tn_ctx *);
tn_tell_fn on_masternodes;
/* What is known of its votes, rejections too; nothing is not an error. In the arena. */
struct voting_votes {
	const struct tn_vote *vote;
	uint32_t n, voters, quorum;
	int64_t at; /* of a stored certificate; 0 */
	bool final;
};
int voting_votes(struct tn_ctx *, const struct tn_hash *txid, struct tn_arena *,
		 struct voting_votes *);
/* tn_mempool_ops.allows. */
int voting_allows(struct tn_ctx *, const struct tn_block *, struct tn_error *);
tn_msg_fn on_vote_request, on_vote, on_finalized, on_rejected;

/* ---- watching.c, for the pool part */

struct coin_change {
	struct tn_outpoint at;
	struct tn_bytes script; /* of the coin; empty when it is not known */
	bool was, is;           /* is there a state before, after */
	struct tn_utxo_state old, now;
};
/* Told in the order in which it happens, when memory has changed. Nothing in it outlives the call. */
void coin_changed(struct tn_ctx *, const struct coin_change *);
/* Does anybody want to hear of coins that were never in the pool? */
bool coins_watched(struct tn_ctx *);
/* Whose key signed for this coin, as the coin's script has it; empty: nobody. */
struct tn_bytes input_owner(struct tn_ctx *, const struct tn_txin *, char buf[TN_ADDRESS_TEXT]);
int watching_start(struct tn_ctx *, struct tn_error *);
void watching_stop(struct tn_ctx *); /* may be called without a start */
void watching_reloaded(struct tn_ctx *);
void watching_up(struct tn_ctx *, struct tn_sid, struct slot *);
void watching_down(struct tn_ctx *, struct tn_sid, struct slot *);
tn_msg_fn on_state_query, on_state_notice, on_state_update, on_subscribe, on_unsubscribe;

#endif
