/* SPDX-License-Identifier: MIT
 * lib/wire/types_masternode.c - tables of what masternodes say about themselves
 */
#include "timenode/types_masternode.h"

/* clang-format off */
const struct tn_schema tn_wire_tier = TN_CHOICE_SCHEMA(struct tn_tier, tag,
	TN_ALT_UNIT("Free"), TN_ALT_UNIT("Bronze"), TN_ALT_UNIT("Silver"), TN_ALT_UNIT("Gold"));

const struct tn_schema tn_wire_announcement = TN_SCHEMA(struct tn_announcement, TN_RECORD,
	TN_FIELD(struct tn_announcement, address),
	TN_FIELD(struct tn_announcement, reward_address),
	TN_SUB(struct tn_announcement, tier, &tn_wire_tier),
	TN_FIELD(struct tn_announcement, public_key),
	TN_FIELD_IF(struct tn_announcement, timestamp, 0, has_timestamp, TN_F_EXT),
	TN_FIELD_IF(struct tn_announcement, collateral_txid, 0, has_collateral_txid, TN_F_EXT),
	TN_FIELD_IF(struct tn_announcement, collateral_vout, 0, has_collateral_vout, TN_F_EXT),
	TN_FIELD_IF(struct tn_announcement, signature, 0, has_signature, TN_F_EXT));

const struct tn_schema tn_wire_announcements = TN_SCHEMA(struct tn_announcements, TN_PLAIN,
	TN_LISTOF(struct tn_announcements, masternodes, &tn_wire_announcement, 0));

const struct tn_schema tn_wire_heartbeat = TN_SCHEMA(struct tn_heartbeat, TN_RECORD,
	TN_FIELD(struct tn_heartbeat, masternode_address),
	TN_FIELD(struct tn_heartbeat, sequence_number),
	TN_FIELD(struct tn_heartbeat, timestamp),
	TN_FIELD(struct tn_heartbeat, masternode_pubkey),
	TN_FIELD(struct tn_heartbeat, signature));

const struct tn_schema tn_wire_attestation = TN_SCHEMA(struct tn_attestation, TN_RECORD,
	TN_FIELD(struct tn_attestation, heartbeat_hash),
	TN_FIELD(struct tn_attestation, witness_address),
	TN_FIELD(struct tn_attestation, witness_pubkey),
	TN_FIELD(struct tn_attestation, witness_timestamp),
	TN_FIELD(struct tn_attestation, signature));
/* clang-format on */
