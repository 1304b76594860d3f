/* SPDX-License-Identifier: MIT
 * plugins/transactions/votes.h - the vote book: who said what about which transaction
 *
 * Pure: no clock, no host, no signatures: whoever adds a vote has verified it, and calls
 * votes_look first so that nothing is verified for nothing. The rule, its proof and its limits
 * are in doc/payments.md.
 *
 * A transaction is known when its body is here (votes_known). Votes for unknown ones are kept
 * too, since they may overtake it, but only so many of each voter: the newest vote of a voter
 * pushes out that voter's own oldest one, never another's.
 *
 * The book does not depend on the order in which votes come: of two votes of one voter for one
 * transaction the approval counts, whichever came first. So approvals, once a quorum, stay one.
 */
#ifndef PLUGINS_TRANSACTIONS_VOTES_H
#define PLUGINS_TRANSACTIONS_VOTES_H

#include "timenode/service/masternodes.h"
#include "timenode/types_tx.h"

struct votes_conf {
	uint32_t early;     /* votes for unknown transactions kept of one voter, at least 1 */
	uint32_t early_all; /* and of all voters: each has its share of it */
	uint64_t early_ms;  /* and for so long */
};

enum votes_fate {
	VOTES_NEW,    /* counted, or kept until its transaction is known */
	VOTES_TWICE,  /* its voter said that, or approved, before */
	VOTES_NOBODY, /* not a voter */
	VOTES_LATE,   /* its transaction is final already */
	VOTES_NOMEM
};

enum votes_state {
	VOTES_OPEN,
	VOTES_FINAL,   /* a quorum approved; for good */
	VOTES_REJECTED /* so many reject that a quorum cannot approve, unless voters contradict
			* themselves: then it may still become final */
};

struct votes_count {
	enum votes_state state;
	bool known;
	uint32_t approve, reject;
	uint32_t n, quorum; /* of the voter set */
};

/* ceil(2n/3); 1 for an empty set, which nobody ever reaches. */
uint32_t votes_quorum(uint32_t n);

struct votes;
struct votes *votes_create(const struct votes_conf *); /* NULL without memory */
void votes_free(struct votes *);                       /* NULL is fine */
void votes_limits(struct votes *, const struct votes_conf *);

/* The voter set, copied; sorted or not. Votes of those who are not in it any more, or have
 * another key, go. What was final stays final; look at the others again. 0 or TN_ENOMEM: the
 * old set stays.
 */
int votes_set(struct votes *, const struct tn_voter_set *);
uint64_t votes_sets(const struct votes *); /* how often the set has changed */
uint32_t votes_voters(const struct votes *);
int votes_me(const struct votes *);                        /* index of this node, or -1 */
int votes_voter(const struct votes *, struct tn_str name); /* index, or -1 */
const struct tn_key *votes_key(const struct votes *, uint32_t voter);
struct tn_str votes_name(const struct votes *, uint32_t voter);

/* What votes_add would say; changes nothing. */
enum votes_fate votes_look(const struct votes *, const struct tn_vote *);
/* A verified vote. now: milliseconds, of any clock that does not go back. */
enum votes_fate votes_add(struct votes *, const struct tn_vote *, uint64_t now);

/* Its body is here now: what came early counts. 0 or TN_ENOMEM. */
int votes_known(struct votes *, const struct tn_hash *txid);
/* It is known to be final: a certificate was read back from the store. */
int votes_final(struct votes *, const struct tn_hash *txid);
/* It and its votes are not wanted any more. */
void votes_forget(struct votes *, const struct tn_hash *txid);
/* Early votes older than early_ms go. */
void votes_expire(struct votes *, uint64_t now);

struct votes_count votes_count(const struct votes *, const struct tn_hash *txid);
/* Has this voter approved it, or rejected it? */
bool votes_has(const struct votes *, const struct tn_hash *txid, uint32_t voter);

struct votes_list {
	TN_LIST(struct tn_vote) votes;
};
/* Its votes in the order of the voters, copied into the arena; rejections only if `all`.
 * 0 (also for none) or TN_ENOMEM. */
int votes_list(const struct votes *, const struct tn_hash *txid, bool all, struct tn_arena *,
	       struct votes_list *out);

/* What it holds: early votes, and bytes of everything, roughly. */
uint32_t votes_early(const struct votes *);
size_t votes_bytes(const struct votes *);

#endif
