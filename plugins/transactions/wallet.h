/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet.h - the coins of this node's own key
 *
 * Confirmed ones are kept in the store, written in the batch of the block that makes or spends
 * them; at the first start, or after time without this plugin, the chain is read for them, a few
 * blocks in a turn. All of them, and those that the mempool pays to the own address, are in
 * memory too. What the mempool has reserved is asked of the mempool.
 */
#ifndef PLUGINS_TRANSACTIONS_WALLET_H
#define PLUGINS_TRANSACTIONS_WALLET_H

#include "spend.h"
#include "transactions.h"
#include "wallet_coins.h"

enum wallet_kind {
	COIN_CONFIRMED,
	COIN_FINAL,
	COIN_CHANGE,  /* of an own transaction that is not final */
	COIN_PENDING, /* of another's: not to be spent yet */
	COIN_TAKEN    /* a transaction in the mempool spends it, or is about to */
};

int wallet_start(struct tn_ctx *, struct tn_error *);
void wallet_stop(struct tn_ctx *); /* may be called without a start */

/* Is the own key known and the chain read up to its tip? 0, or TN_EBUSY or TN_EGONE with
 * what there is to wait for or to do.
 */
int wallet_ready(struct tn_ctx *, struct tn_error *);

struct wallet_view {
	const char *address; /* "": no key */
	struct tn_key key;
	uint64_t height, tip; /* read up to here, of */
	uint32_t coins;
};
void wallet_view(struct tn_ctx *, struct wallet_view *);
bool wallet_owns(struct tn_ctx *, struct tn_bytes script);

/* Every coin, in the order in which it was learnt. NULL: the first; NULL: no more. */
const struct wallet_coin *wallet_next(struct tn_ctx *, const struct wallet_coin *);
enum wallet_kind wallet_kind(struct tn_ctx *, const struct wallet_coin *);

/* Nobody else may choose these coins until they are let go. */
void wallet_hold(struct tn_ctx *, const struct tn_outpoint *, bool hold);

/* A transaction is in the mempool, or not any more. */
void wallet_accepted(struct tn_ctx *, const struct pool_tx *);
void wallet_gone(struct tn_ctx *, const struct pool_tx *);

/* Events of the chain. */
tn_ask_fn wallet_connect, wallet_disconnect, wallet_reset;
tn_tell_fn wallet_connected, wallet_disconnected;

extern const struct tn_schema wallet_meta_schema, wallet_own_schema, wallet_spent_schema;

#endif
