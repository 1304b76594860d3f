/* SPDX-License-Identifier: MIT
 * lib/wire/types_consensus.c - tables of proposal, vote and commit
 */
#include "timenode/types_consensus.h"

#include "wire/tables.h"

/* clang-format off */
const struct tn_schema tn_wire_block_proposal = TN_SCHEMA(struct tn_block_proposal, TN_RECORD,
	TN_SUB(struct tn_block_proposal, block, &tn_wire_block),
	TN_FIELD(struct tn_block_proposal, proposer),
	TN_FIELD(struct tn_block_proposal, signature),
	TN_FIELD(struct tn_block_proposal, round),
	EXT(struct tn_block_proposal, valid_round),
	EXT(struct tn_block_proposal, sig2));

const struct tn_schema tn_wire_block_vote = TN_SCHEMA(struct tn_block_vote, TN_RECORD,
	TN_FIELD(struct tn_block_vote, block_hash),
	TN_FIELD(struct tn_block_vote, height),
	TN_FIELD(struct tn_block_vote, voter),
	TN_FIELD(struct tn_block_vote, signature),
	TN_FIELD(struct tn_block_vote, approve),
	EXT(struct tn_block_vote, round),
	EXT(struct tn_block_vote, phase),
	EXT(struct tn_block_vote, sig2));

const struct tn_schema tn_wire_commit_sig = TN_SCHEMA(struct tn_commit_sig, TN_TUPLE,
	TN_FIELD(struct tn_commit_sig, voter),
	TN_FIELD(struct tn_commit_sig, signature));

const struct tn_schema tn_wire_block_commit = TN_SCHEMA(struct tn_block_commit, TN_RECORD,
	TN_FIELD(struct tn_block_commit, block_hash),
	TN_FIELD(struct tn_block_commit, height),
	TN_LISTOF(struct tn_block_commit, signatures, &tn_wire_commit_sig, 0),
	EXT(struct tn_block_commit, round),
	EXT(struct tn_block_commit, phase),
	EXT(struct tn_block_commit, sig2));
/* clang-format on */
