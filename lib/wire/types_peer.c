/* SPDX-License-Identifier: MIT
 * lib/wire/types_peer.c - tables of the messages between neighbours
 */
#include "timenode/types_peer.h"

enum { AGENT_MAX = 31, IP_MAX = 64, FEATURES_MAX = 64, REASON_MAX = 120 };

/* clang-format off */
#define HELLO(T) \
	TN_FIELD_IF(T, node_id, 0, has_node_id, TN_F_EXT), \
	TN_FIELD_IF(T, listen_port, 0, has_listen_port, TN_F_EXT), \
	TN_FIELD_IF(T, agent, AGENT_MAX, has_agent, TN_F_EXT), \
	TN_FIELD_IF(T, my_ip, IP_MAX, has_my_ip, TN_F_EXT), \
	TN_FIELD_IF(T, your_ip, IP_MAX, has_your_ip, TN_F_EXT), \
	TN_FIELD_IF(T, genesis, 0, has_genesis, TN_F_EXT), \
	TN_LISTOF_IF(T, features, &tn_schema_word, FEATURES_MAX, has_features, TN_F_EXT)

const struct tn_schema tn_wire_handshake = TN_SCHEMA(struct tn_handshake, TN_RECORD,
	TN_FIELD(struct tn_handshake, magic),
	TN_FIELD(struct tn_handshake, protocol_version),
	TN_FIELD(struct tn_handshake, network),
	HELLO(struct tn_handshake));

const struct tn_schema tn_wire_ack = TN_SCHEMA(struct tn_ack, TN_RECORD,
	TN_FIELD(struct tn_ack, message_type),
	HELLO(struct tn_ack),
	TN_FIELD_IF(struct tn_ack, accepted, 0, has_accepted, TN_F_EXT),
	TN_FIELD_IF(struct tn_ack, reason, REASON_MAX, has_reason, TN_F_EXT));

const struct tn_schema tn_wire_ping = TN_SCHEMA(struct tn_ping, TN_RECORD,
	TN_FIELD(struct tn_ping, nonce),
	TN_FIELD(struct tn_ping, timestamp));

const struct tn_schema tn_wire_peers = TN_SCHEMA(struct tn_peers, TN_PLAIN,
	TN_LISTOF(struct tn_peers, addr, &tn_schema_string, 0));

const struct tn_schema tn_wire_version = TN_SCHEMA(struct tn_version, TN_RECORD,
	TN_FIELD(struct tn_version, version),
	TN_FIELD(struct tn_version, commit_date),
	TN_FIELD(struct tn_version, commit_count),
	TN_FIELD(struct tn_version, protocol_version),
	TN_FIELD(struct tn_version, network),
	TN_FIELD(struct tn_version, listen_addr),
	TN_FIELD(struct tn_version, timestamp),
	TN_LISTOF(struct tn_version, capabilities, &tn_schema_string, 0),
	TN_FIELD_IF(struct tn_version, wallet_address, 0, has_wallet_address, TN_F_NULL),
	TN_FIELD_IF(struct tn_version, genesis_hash, 0, has_genesis_hash, TN_F_NULL));
/* clang-format on */
