/* SPDX-License-Identifier: MIT
 * timenode/types_masternode.h - masternodes: announcement, heartbeat, attestation
 * (doc/protocol.md 3)
 *
 * A masternode's address is the text of its IPv4 address, without a port. Times are Unix
 * seconds. Signatures are not checked when a value is read.
 */
#ifndef TIMENODE_TYPES_MASTERNODE_H
#define TIMENODE_TYPES_MASTERNODE_H

#include "timenode/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

enum tn_tier_tag { TN_TIER_FREE, TN_TIER_BRONZE, TN_TIER_SILVER, TN_TIER_GOLD };

struct tn_tier {
	uint32_t tag; /* enum tn_tier_tag */
};

struct tn_announcement { /* MasternodeAnnouncement, and an element of MasternodesResponse */
	struct tn_str address, reward_address;
	struct tn_tier tier;
	struct tn_key public_key;
	/* Optional fields of ours, which old nodes ignore: signed with that key, the claim may
	 * be passed on (doc/protocol.md 9.2). The collateral comes as both or not at all. */
	int64_t timestamp; /* Unix seconds */
	struct tn_hash collateral_txid;
	uint32_t collateral_vout;
	struct tn_sig signature;
	bool has_timestamp, has_collateral_txid, has_collateral_vout, has_signature;
};

struct tn_announcements { /* MasternodesResponse */
	TN_LIST(struct tn_announcement) masternodes;
};

struct tn_heartbeat { /* HeartbeatBroadcast */
	struct tn_str masternode_address;
	uint64_t sequence_number;
	int64_t timestamp;
	struct tn_key masternode_pubkey; /* made anew at each start, not the announced one */
	struct tn_sig signature;
};

struct tn_attestation { /* HeartbeatAttestation */
	struct tn_hash heartbeat_hash;
	struct tn_str witness_address;
	struct tn_key witness_pubkey;
	int64_t witness_timestamp;
	struct tn_sig signature;
};

TN_API extern const struct tn_schema tn_wire_tier, tn_wire_announcement, tn_wire_announcements,
	tn_wire_heartbeat, tn_wire_attestation;

#ifdef __cplusplus
}
#endif
#endif
