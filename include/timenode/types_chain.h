/* SPDX-License-Identifier: MIT
 * timenode/types_chain.h - what a node stores about its chain: coins, undo data, index entries
 *
 * Ours alone: none of it travels. Values are bincode by these tables; keys are those that
 * the functions below write, or plain hashes.
 */
#ifndef TIMENODE_TYPES_CHAIN_H
#define TIMENODE_TYPES_CHAIN_H

#include "timenode/types_block.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tn_tip {
	uint64_t height;
	struct tn_hash hash;
	int64_t time; /* of its header */
};

/* An unspent output. */
struct tn_coin {
	uint64_t value;
	uint64_t height; /* of the block that made it */
	bool coinbase;
	struct tn_bytes script;
};

struct tn_placed_coin {
	struct tn_outpoint outpoint;
	struct tn_coin coin;
};

struct tn_placed_coins {
	TN_LIST(struct tn_placed_coin) coins;
};

/* With the block all that is needed to take it back: the coins it spent, in the order of
 * its inputs and without those that it made itself, and its txids, which need not be hashed again.
 */
struct tn_undo {
	TN_LIST(struct tn_placed_coin) spent;
	TN_LIST(struct tn_hash) txids;
};

enum tn_entry_state {
	TN_ENTRY_STORED, /* judged by itself, not yet with coins */
	TN_ENTRY_GOOD,   /* was connected once */
	TN_ENTRY_BAD     /* its hash is condemned; the block is not kept */
};

/* A block of any branch, by its hash. */
struct tn_entry {
	struct tn_header header;
	uint32_t bytes, txs;
	uint8_t state; /* enum tn_entry_state */
};

/* Where a transaction of the chain stands, by its txid. */
struct tn_tx_place {
	struct tn_hash block;
	uint64_t height;
	uint32_t index;
};

TN_API extern const struct tn_schema tn_store_tip, tn_store_coin, tn_store_placed_coin,
	tn_store_undo, tn_store_entry, tn_store_tx_place;

/* Key of a coin: the txid and the output's number in decimal, so that the order of keys is
 * the order in which the UTXO-set hash takes coins. Returns the size.
 */
#define TN_COIN_KEY 42
TN_API size_t tn_coin_key(const struct tn_outpoint *o, uint8_t out[TN_COIN_KEY]);
TN_API int tn_coin_key_read(struct tn_view key, struct tn_outpoint *out); /* 0 or TN_EBAD */

/* Key of a height: eight bytes, the highest first. */
TN_API void tn_height_key(uint64_t height, uint8_t out[8]);

#ifdef __cplusplus
}
#endif
#endif
