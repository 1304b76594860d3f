/* SPDX-License-Identifier: MIT
 * timenode/types_block.h - blocks, and the questions and answers about heights and block
 * hashes (spec/network.md 2 and 2.1, spec/chain.md 1.3)
 *
 * Heights count from the genesis block, 0. Amounts are satoshis, times Unix seconds.
 */
#ifndef TIMENODE_TYPES_BLOCK_H
#define TIMENODE_TYPES_BLOCK_H

#include "timenode/types_tx.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tn_header { /* 92 bytes in bincode, of which the block hash is taken */
	uint32_t version;
	uint64_t height;
	struct tn_hash previous_hash, merkle_root;
	int64_t timestamp;
	uint64_t block_reward;
};

struct tn_reward { /* a pair on the wire */
	struct tn_str address;
	uint64_t value;
};

struct tn_block { /* BlockAnnouncement, BlockResponse */
	struct tn_header header;
	TN_LIST(struct tn_tx) transactions;
	TN_LIST(struct tn_reward) masternode_rewards; /* not covered by the block hash */
};

struct tn_blocks { /* BlocksResponse, BlockRangeResponse */
	TN_LIST(struct tn_block) blocks;
};

struct tn_height { /* BlockHeightResponse, BlockRequest, GetBlockHash */
	uint64_t height;
};

struct tn_range { /* GetBlocks, GetBlockRange: both inclusive */
	uint64_t start, end;
};

struct tn_block_hash_at { /* BlockHashResponse */
	uint64_t height;
	struct tn_hash hash;
	bool has_hash; /* false: the responder has no block there */
};

struct tn_consensus_query { /* ConsensusQuery */
	uint64_t height;
	struct tn_hash block_hash;
};

struct tn_consensus_answer { /* ConsensusQueryResponse */
	bool agrees;
	uint64_t height;
	struct tn_hash their_hash; /* all zero: the responder has no block there */
};

/* GetBlocks is a pair (tn_wire_range), GetBlockRange a record (tn_wire_block_range). */
TN_API extern const struct tn_schema tn_wire_header, tn_wire_reward, tn_wire_block, tn_wire_blocks,
	tn_wire_height, tn_wire_range, tn_wire_block_range, tn_wire_block_hash_at,
	tn_wire_consensus_query, tn_wire_consensus_answer;

#ifdef __cplusplus
}
#endif
#endif
