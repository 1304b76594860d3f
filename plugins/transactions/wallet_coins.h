/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet_coins.h - own coins in memory, and a filter of what was ever ours
 *
 * Pure. A coin is here as long as it is confirmed, or made by a transaction in the mempool.
 */
#ifndef PLUGINS_TRANSACTIONS_WALLET_COINS_H
#define PLUGINS_TRANSACTIONS_WALLET_COINS_H

#include "timenode/types_tx.h"

struct wallet_coin { /* lent until a coin is dropped */
	struct tn_outpoint at;
	uint64_t value;
	uint64_t height; /* of its block, when confirmed */
	bool coinbase;
	bool confirmed;
	bool pooled; /* a transaction in the mempool makes it */
	bool held;   /* by a command that is about to spend it */
};

struct wallet_coins;

/* key: secret, for the tables. NULL without memory. */
struct wallet_coins *wallet_coins_create(const uint64_t key[2]);
void wallet_coins_free(struct wallet_coins *); /* NULL is fine */
uint32_t wallet_coins_count(const struct wallet_coins *);

struct wallet_coin *wallet_coins_find(const struct wallet_coins *, const struct tn_outpoint *);
/* It, or a new one; NULL without memory. */
struct wallet_coin *wallet_coins_make(struct wallet_coins *, const struct tn_outpoint *);
/* Drops it when it is neither confirmed nor pooled. */
void wallet_coins_release(struct wallet_coins *, struct wallet_coin *);
/* None is confirmed any more. */
void wallet_coins_forget(struct wallet_coins *);
/* In the order in which they came. NULL: the first; NULL: no more. */
struct wallet_coin *wallet_coins_next(const struct wallet_coins *, const struct wallet_coin *);

/* False: it was never marked, for sure. */
bool wallet_coins_maybe(const struct wallet_coins *, const struct tn_outpoint *);
void wallet_coins_mark(struct wallet_coins *, const struct tn_outpoint *);

#endif
