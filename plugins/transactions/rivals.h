/* SPDX-License-Identifier: MIT
 * plugins/transactions/rivals.h - bodies of transactions that spend a coin which another one has
 *
 * Pure. A node may hold one of two conflicting payments while the others make the other one final:
 * then it needs the other's body. So the first few of each coin are kept, in bounded memory;
 * when it is full the oldest goes. Nothing is reserved, relayed or trusted because of it.
 */
#ifndef PLUGINS_TRANSACTIONS_RIVALS_H
#define PLUGINS_TRANSACTIONS_RIVALS_H

#include "timenode/types_tx.h"

#define RIVALS_OF_COIN 4

struct rivals;
struct rivals *rivals_create(uint32_t count, size_t bytes); /* NULL without memory */
void rivals_free(struct rivals *);                          /* NULL is fine */

/* coin: the one that another transaction has. owner keeps tx and is referenced. 0; TN_EINVAL:
 * it is there; TN_EFULL: the coin has its few; TN_ENOMEM. */
int rivals_add(struct rivals *, const struct tn_tx *, const struct tn_hash *txid,
	       const struct tn_outpoint *coin, struct tn_arena *owner);
/* The coin that it was kept for; false: it is not there. */
bool rivals_coin(const struct rivals *, const struct tn_hash *txid, struct tn_outpoint *coin);
void rivals_drop(struct rivals *, const struct tn_hash *txid);
/* Takes it out: *tx, kept by *owner, which the caller unrefs. TN_ENOENT. */
int rivals_take(struct rivals *, const struct tn_hash *txid, const struct tn_tx **tx,
		struct tn_arena **owner);
uint32_t rivals_count(const struct rivals *);
size_t rivals_bytes(const struct rivals *);

#endif
