/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet_store.h - own coins on the disk
 *
 * Keys are led by a generation: a wallet that is read anew begins a new one and the old one is
 * removed at leisure. Everything takes a batch and reads what it holds. 0, TN_ENOENT, TN_ENOMEM,
 * TN_EIO, TN_EBAD.
 */
#ifndef PLUGINS_TRANSACTIONS_WALLET_STORE_H
#define PLUGINS_TRANSACTIONS_WALLET_STORE_H

#include "transactions.h"

struct wallet_meta {
	uint32_t generation;
	struct tn_key key;
	uint64_t height; /* blocks up to here are in it */
	struct tn_hash hash;
};

struct own_coin {
	uint64_t value, height;
	bool coinbase;
};

struct own_spent { /* kept, to be given back when the block goes */
	struct own_coin coin;
	uint64_t height; /* of the block that spends it */
	struct tn_hash by;
};

int own_meta(struct tn_ctx *, struct tn_batch *, struct wallet_meta *);
int own_put_meta(struct tn_ctx *, struct tn_batch *, const struct wallet_meta *);
int own_get(struct tn_ctx *, struct tn_batch *, uint32_t generation, const struct tn_outpoint *,
	    struct own_coin *);

/* The wallet's part of a block. maybe: false when the coin is certainly none of ours, so that
 * the store need not be asked (NULL: always ask); found: an own coin was written.
 */
struct own_block {
	const struct tn_block *block;
	struct tn_bytes script; /* of the own address */
	uint32_t generation;
	bool (*maybe)(struct tn_ctx *, const struct tn_outpoint *);
	void (*found)(struct tn_ctx *, const struct tn_outpoint *);
};
int own_connect(struct tn_ctx *, struct tn_batch *, const struct own_block *);
int own_disconnect(struct tn_ctx *, struct tn_batch *, const struct own_block *);

/* Coins of a generation from `after` on, at most n: fn is called for each; *after is where to go
 * on. 0: that was the last; TN_EBUSY: there are more.
 */
typedef int own_coin_fn(struct tn_ctx *, const struct tn_outpoint *, const struct own_coin *);
struct own_cursor {
	uint8_t key[4 + TN_COIN_KEY + 1];
	uint32_t n;
};
int own_scan(struct tn_ctx *, uint32_t generation, struct own_cursor *after, unsigned n,
	     own_coin_fn *);

/* Removes what is of an older generation, at most n: TN_EBUSY: there is more. */
int own_sweep(struct tn_ctx *, struct tn_batch *, uint32_t generation, unsigned n);

#endif
