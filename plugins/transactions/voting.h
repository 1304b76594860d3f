/* SPDX-License-Identifier: MIT
 * plugins/transactions/voting.h - what the files of the voting part share
 *
 * voting.c    the seam to the other parts, and this part's life
 * votes.c     the vote book, pure; approvals.c the rules of approvals, pure
 * rivals.c    bodies of those that spend a reserved coin, pure; drip.c votes for an old node, pure
 * open.c      what is not final yet, and when to ask about it, pure
 * voters.c    who votes: the one function that asks
 * cast.c      this node's own votes: judged, stored, then sent
 * ballot.c    votes of others: verified in batches on threads, counted
 * outcome.c   what the count means: final, rejected; certificates
 * exchange.c  votes asked for, served and sent again
 * bury.c      blocks: which ones this node may accept, and what may be forgotten
 */
#ifndef PLUGINS_TRANSACTIONS_VOTING_H
#define PLUGINS_TRANSACTIONS_VOTING_H

#include "approvals.h"
#include "drip.h"
#include "open.h"
#include "rivals.h"
#include "transactions.h"
#include "votes.h"

/* What is stored of a transaction's votes: this node's own as soon as there is one, all that
 * make it final once it is. */
struct certificate {
	bool final;
	uint32_t voters; /* of how many */
	int64_t at;      /* Unix seconds: final */
	TN_LIST(struct tn_vote) votes;
};
extern const struct tn_schema certificate_schema;

enum {
	MESH_MAX = 50, /* voters that are all linked with one another */
	EXCHANGE_MS = 250,
	OPEN_FIRST_MS = 1000, /* not final so long after it came: ask */
	OPEN_MOST_MS = 32000,
	WANTS_MAX = 64,
	FINALS_MAX = 256, /* certificates in one batch */
	FINALS_MS = 50
};

struct want { /* a quorum approves it, its body is not here */
	struct tn_hash txid;
	uint64_t due;
	unsigned tries;
};

struct ballot { /* a vote whose signature is to be verified */
	struct tn_hold hold;
	struct tn_sid from;
	struct tn_key key;
	struct tn_vote vote; /* its voter is `name` */
	char name[TN_MN_ADDRESS_TEXT];
};

struct voting {
	struct votes *book;
	struct open *open;
	struct rivals *rivals;
	bool running;
	bool failed;   /* an approval could not be stored: no more votes of ours */
	bool can_vote; /* this node is in the set, with the key it has */
	bool told;     /* that it is, with another key */
	/* cast.c: txids, the first to be approved next */
	struct tn_hash *cast;
	uint32_t casts, cast_room;
	bool cast_armed;
	struct flight *flight; /* batches of approvals on their way to the disk */
	/* ballot.c */
	struct ballot *queue;
	uint32_t queued, queue_room;
	struct tn_seen *looked_at; /* votes of the queue and of the jobs */
	uint32_t jobs;
	bool ballot_armed;
	struct tn_bucket rejects;
	/* outcome.c: txids whose certificates are to be stored */
	struct tn_hash final[FINALS_MAX];
	uint32_t finals;
	bool finals_armed;
	/* exchange.c */
	struct want want[WANTS_MAX];
	uint32_t wants;
	struct tn_bucket asks;
	uint32_t ticks;
	/* bury.c */
	bool any; /* there is something stored */
	bool sweeping;
};

static inline struct voting *voting_of(struct tn_ctx *c)
{
	return state_of(c)->voting;
}

static inline uint64_t now_ms(struct tn_ctx *c)
{
	return tn_now_us(c) / 1000;
}

/* ---- voting.c: it is judged and counted as if it had just come, with what is stored of it. */
void voting_again(struct tn_ctx *, struct pool_tx *);

/* ---- voters.c: the set from the service masternodes, for the next block. Called when it may
 * have changed. */
void voters_refresh(struct tn_ctx *);
/* Is this session one of the voters', and which; -1: no. */
int voters_session(struct tn_ctx *, struct tn_sid);
/* Are all voters linked with one another? Then a vote reaches them from its signer. */
bool voters_meshed(struct tn_ctx *);

/* ---- cast.c */
void cast_want(struct tn_ctx *, const struct pool_tx *); /* approve it if that is allowed */
/* Its inputs' approvals: the worst word of all. batch may be NULL. 0 or an error. */
int cast_judge(struct tn_ctx *, struct tn_batch *, const struct tn_tx *, const struct tn_hash *txid,
	       enum approval_word *);
/* Tells all that this node approved another one that spends a coin of it; `other` has it in the
 * pool. */
void cast_reject(struct tn_ctx *, const struct tn_tx *, const struct tn_hash *txid,
		 const struct pool_tx *other);
/* Is it a vote of this node, by the name and the key that it has now? */
bool cast_is_own(struct tn_ctx *, const struct tn_vote *);
/* Is its approval on the way to the disk? */
bool cast_flies(struct tn_ctx *, const struct tn_hash *txid);
void vote_send(struct tn_ctx *, const struct tn_vote *);
/* To old nodes, slowly; not to the one that it came from. */
void vote_drip(struct tn_ctx *, const struct tn_vote *, struct tn_sid from);

/* ---- ballot.c */
void ballot_stop(struct tn_ctx *);
void ballot_retry(struct tn_ctx *); /* those that the pool did not take */

/* ---- outcome.c */
void outcome(struct tn_ctx *, const struct tn_hash *txid);
void outcome_flush(struct tn_ctx *); /* certificates are written now */
/* What is stored of it: 0, TN_ENOENT, TN_ENOMEM, TN_EBAD. */
int certificate_read(struct tn_ctx *, struct tn_batch *, const struct tn_hash *txid,
		     struct tn_arena *, const struct certificate **);
int certificate_put(struct tn_ctx *, struct tn_batch *, const struct tn_hash *txid,
		    const struct certificate *);

/* ---- bury.c: forgets what is deep enough below that tip, some at a time. */
void bury_sweep(struct tn_ctx *, uint64_t tip);

/* ---- exchange.c */
void exchange_start(struct tn_ctx *);
void exchange_up(struct tn_ctx *, struct tn_sid, struct slot *);
void exchange_down(struct tn_ctx *, struct slot *);
void exchange_tick(struct tn_ctx *, void *);
void exchange_want(struct tn_ctx *, const struct tn_hash *txid); /* its body is not here */

#endif
