/* SPDX-License-Identifier: MIT
 * plugins/transactions/approvals.h - what this node has approved, coin by coin
 *
 * Pure: records, keys and the rules about them. The rule that all safety rests on
 * (doc/payments.md): of all transactions that spend a coin this node approves one, ever. An
 * approval is on the disk before it is sent, and goes only when its coin was spent by a block
 * that cannot be taken back any more.
 *
 * One thing does end earlier. As long as an approval binds, this node accepts no block that
 * spends the coin by another transaction. When one whole epoch has passed since, and the
 * transaction did not become final, it binds no more: so a coin whose owner signed two payments,
 * none of which can get a quorum, is not lost.
 */
#ifndef PLUGINS_TRANSACTIONS_APPROVALS_H
#define PLUGINS_TRANSACTIONS_APPROVALS_H

#include "timenode/types_tx.h"

#define EPOCH_BLOCKS 144

/* As deep as the chain may be taken back, and a block more (doc/architecture.md). */
#define APPROVAL_DEPTH 1001

struct approval {
	struct tn_hash txid; /* the one that was approved */
	uint64_t height;     /* of the tip at that time */
};
extern const struct tn_schema approval_schema;

#define COIN_KEY 36
struct coin_key {
	uint8_t b[COIN_KEY];
};
struct coin_key coin_key(const struct tn_outpoint *);
void coin_of_key(const uint8_t key[COIN_KEY], struct tn_outpoint *); /* the way back */

/* May this transaction have the coin? prior NULL: nothing was approved yet. */
enum approval_word {
	APPROVAL_FREE,
	APPROVAL_SAME,    /* it is the one that has it */
	APPROVAL_CONFLICT /* another has: never */
};
enum approval_word approval_judge(const struct approval *prior, const struct tn_hash *txid);

/* Does it keep this node from accepting a block on a tip of that height, which spends the coin
 * otherwise? final: its transaction is final here. */
bool approval_binds(const struct approval *, bool final, uint64_t tip);

/* The number of the epoch of a height, and the first tip at which an approval made at `height`
 * does not bind. */
uint64_t epoch_of(uint64_t height);
uint64_t approval_end(uint64_t height);

/* ---- the list of what is to be forgotten when its block is deep enough: keys in the order of
 * heights. An approval is named by its coin, a transaction's votes by its txid. */
enum buried_kind { BURIED_APPROVAL = 'a', BURIED_VOTES = 'v' };
#define BURIED_KEY (8 + 1 + COIN_KEY)
struct buried_key {
	uint8_t b[BURIED_KEY];
	size_t n;
};
struct buried_key buried_coin(uint64_t height, const struct tn_outpoint *);
struct buried_key buried_votes(uint64_t height, const struct tn_hash *txid);

/* Reads one: false for what is none. *what is the coin's or the votes' own key. */
struct buried {
	uint64_t height;
	enum buried_kind kind;
	uint8_t what[COIN_KEY];
	size_t what_n;
};
bool buried_read(const uint8_t *key, size_t n, struct buried *out);

/* May it go, with the tip there? */
bool buried_deep(uint64_t height, uint64_t tip);

#endif
