/* SPDX-License-Identifier: MIT
 * plugins/blocks/address.h - the index of coins and transactions by script
 *
 * Optional (address_index). Its rows are written into the batch of the block that they come
 * of. A mark in the store says how far it goes: without one there are no rows.
 *
 *   address       hash of the script, key of the coin -> the coin without its script
 *   address_tx    hash of the script, height, place   -> txid
 */
#ifndef PLUGINS_BLOCKS_ADDRESS_H
#define PLUGINS_BLOCKS_ADDRESS_H

#include "blocks.h"

/* ---- address_walk.c: what a block does to scripts, in its order. Pure. */

struct address_touch {
	struct tn_placed_coin coin;
	uint32_t tx; /* of the block */
	bool spends; /* else it makes the coin */
	bool inside; /* a coin that the block itself makes */
};

/* txid: as many as transactions. undo: of this block; without coins for genesis. All stay. */
void address_walk(struct address_walk *, const struct tn_block *, const struct tn_hash *txid,
		  const struct tn_undo *, struct tn_arena *);
/* 0 and the next one; 1: that was all; TN_ENOMEM, TN_EBAD (undo data of another block). */
int address_next(struct address_walk *, struct address_touch *);

/* ---- address.c */

#define ADDRESS_KEY (32 + TN_COIN_KEY)

/* Rows of the walk's block come (connect) or go. 0, TN_EBUSY: the budget is used up, again. */
int address_write(struct tn_ctx *, struct address_walk *, struct tn_batch *, bool connect,
		  int *budget);

/* What the mark says, and what is to become of the index by the configuration. */
int address_open(struct tn_ctx *, struct tn_error *);
/* Puts the mark that state_of(c)->address needs. */
int address_put_mark(struct tn_ctx *, struct tn_batch *);
/* Is it whole, so that questions can be answered? TN_ENOENT and the reason if not. */
int address_usable(struct tn_ctx *, struct tn_error *);

/* Coins of a script behind `after` (NULL: all), by txid and number, at most `limit`. Scripts lie
 * in the arena. 0 or an error.
 */
int address_coins(struct tn_ctx *, struct tn_bytes script, const struct tn_outpoint *after,
		  uint32_t limit, struct tn_arena *, struct tn_placed_coins *out);

/* Transactions that pay to a script or spend what it had, in the order of the chain, from a height
 * on. Non-zero of fn ends it and is the result.
 */
typedef int address_tx_fn(struct tn_ctx *, const struct tn_hash *txid, uint64_t height,
			  uint32_t place, void *arg);
int address_txs(struct tn_ctx *, struct tn_bytes script, uint64_t from, address_tx_fn *, void *arg);

/* All rows of a block are there; *rows grows by their number. 0 or TN_EBAD. */
int address_check(struct tn_ctx *, struct address_walk *, struct tn_arena *, uint64_t *rows,
		  struct tn_error *);
/* Is this row of D_ADDRESS that of a coin that is stored? */
bool address_row_fits(struct tn_ctx *, struct tn_view key, struct tn_view val);

/* ---- address_build.c */

/* Makes or removes the index, if that is due; until it is done no block is taken. 0 or an error. */
int address_resume(struct tn_ctx *, struct tn_error *);
void address_stop(struct tn_ctx *);

void balance_free(struct tn_ctx *); /* commands_address.c: ends what is under way */

#endif
