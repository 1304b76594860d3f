/* SPDX-License-Identifier: MIT
 * timenode/types_consensus.h - proposal, vote and commit of a block (spec/network.md 2)
 *
 * Members that have a has_ bool are optional fields of ours, which old nodes ignore: on
 * the wire only if the bool is set, never in bincode. An old node's vote has none of them,
 * and only sig2 says for whom and for what round a vote counts.
 */
#ifndef TIMENODE_TYPES_CONSENSUS_H
#define TIMENODE_TYPES_CONSENSUS_H

#include "timenode/types_block.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tn_block_proposal {
	struct tn_block block;
	struct tn_str proposer;    /* IP address */
	struct tn_bytes signature; /* of the block hash */
	uint64_t round;
	uint64_t valid_round; /* absent: the proposer never saw a quorum for it */
	struct tn_sig sig2;
	bool has_valid_round, has_sig2;
};

struct tn_block_vote {
	struct tn_hash block_hash;
	uint64_t height;
	struct tn_str voter;       /* IP address */
	struct tn_bytes signature; /* of the block hash and the approval; 64 zeros without a key */
	bool approve;
	uint64_t round;
	uint32_t phase;
	struct tn_sig sig2;
	bool has_round, has_phase, has_sig2;
};

struct tn_commit_sig { /* a pair on the wire */
	struct tn_str voter;
	struct tn_bytes signature;
};

struct tn_block_commit {
	struct tn_hash block_hash;
	uint64_t height;
	TN_LIST(struct tn_commit_sig) signatures; /* in no fixed order */
	uint64_t round;
	uint32_t phase;
	struct tn_sig sig2;
	bool has_round, has_phase, has_sig2;
};

TN_API extern const struct tn_schema tn_wire_block_proposal, tn_wire_block_vote, tn_wire_commit_sig,
	tn_wire_block_commit;

#ifdef __cplusplus
}
#endif
#endif
