/* SPDX-License-Identifier: MIT
 * lib/wire/types_block.c - tables of blocks, heights and block hashes
 */
#include "timenode/types_block.h"

#include "wire/tables.h"

/* clang-format off */
const struct tn_schema tn_wire_header = TN_SCHEMA(struct tn_header, TN_RECORD,
	TN_FIELD(struct tn_header, version),
	TN_FIELD(struct tn_header, height),
	TN_FIELD(struct tn_header, previous_hash),
	TN_FIELD(struct tn_header, merkle_root),
	TN_FIELD(struct tn_header, timestamp),
	TN_FIELD(struct tn_header, block_reward));

const struct tn_schema tn_wire_reward = TN_SCHEMA(struct tn_reward, TN_TUPLE,
	TN_FIELD(struct tn_reward, address),
	TN_FIELD(struct tn_reward, value));

const struct tn_schema tn_wire_block = TN_SCHEMA(struct tn_block, TN_RECORD,
	TN_SUB(struct tn_block, header, &tn_wire_header),
	TN_LISTOF(struct tn_block, transactions, &tn_wire_tx, 0),
	TN_LISTOF(struct tn_block, masternode_rewards, &tn_wire_reward, 0));

const struct tn_schema tn_wire_blocks = TN_SCHEMA(struct tn_blocks, TN_PLAIN,
	TN_LISTOF(struct tn_blocks, blocks, &tn_wire_block, 0));

const struct tn_schema tn_wire_height = TN_SCHEMA(struct tn_height, TN_PLAIN,
	TN_FIELD(struct tn_height, height));

const struct tn_schema tn_wire_range = TN_SCHEMA(struct tn_range, TN_TUPLE,
	TN_FIELD(struct tn_range, start),
	TN_FIELD(struct tn_range, end));

const struct tn_schema tn_wire_block_range = TN_SCHEMA(struct tn_range, TN_RECORD,
	FIELD_AS(struct tn_range, start, "start_height"),
	FIELD_AS(struct tn_range, end, "end_height"));

const struct tn_schema tn_wire_block_hash_at = TN_SCHEMA(struct tn_block_hash_at, TN_RECORD,
	TN_FIELD(struct tn_block_hash_at, height),
	TN_FIELD_IF(struct tn_block_hash_at, hash, 0, has_hash, TN_F_NULL));

const struct tn_schema tn_wire_consensus_query = TN_SCHEMA(struct tn_consensus_query, TN_RECORD,
	TN_FIELD(struct tn_consensus_query, height),
	TN_FIELD(struct tn_consensus_query, block_hash));

const struct tn_schema tn_wire_consensus_answer = TN_SCHEMA(struct tn_consensus_answer, TN_RECORD,
	TN_FIELD(struct tn_consensus_answer, agrees),
	TN_FIELD(struct tn_consensus_answer, height),
	TN_FIELD(struct tn_consensus_answer, their_hash));
/* clang-format on */
