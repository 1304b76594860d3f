/* SPDX-License-Identifier: MIT
 * timenode/types_peer.h - bodies of the messages between neighbours: Handshake, Ack,
 * Ping, Pong, PeersResponse, Version (doc/protocol.md 3)
 *
 * Members from node_id on are optional fields of ours that old nodes ignore
 * (doc/architecture.md); each is on the wire only if its has_ bool is set.
 */
#ifndef TIMENODE_TYPES_PEER_H
#define TIMENODE_TYPES_PEER_H

#include "timenode/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What both sides of a handshake may add. */
/* clang-format off */
#define TN_HELLO_FIELDS \
	uint64_t node_id;               /* random at each start, never 0 */ \
	uint32_t listen_port;           /* 0 = does not listen */ \
	struct tn_str agent;            /* up to 31 bytes */ \
	struct tn_str my_ip, your_ip;   /* without port */ \
	struct tn_hash genesis; \
	TN_LIST(struct tn_str) features; \
	bool has_node_id, has_listen_port, has_agent, has_my_ip, has_your_ip, \
		has_genesis, has_features
/* clang-format on */

struct tn_handshake {
	struct tn_magic magic;
	uint32_t protocol_version;
	struct tn_str network;
	TN_HELLO_FIELDS;
};

struct tn_ack {
	struct tn_str message_type;
	TN_HELLO_FIELDS;
	bool accepted;
	struct tn_str reason; /* up to 120 bytes */
	bool has_accepted, has_reason;
};

struct tn_ping { /* Ping and Pong */
	uint64_t nonce;
	int64_t timestamp; /* Unix seconds */
};

struct tn_peers {                    /* PeersResponse */
	TN_LIST(struct tn_str) addr; /* "ip:port" or "ip" */
};

struct tn_version { /* counted and ignored */
	struct tn_str version, commit_date, commit_count;
	uint32_t protocol_version;
	struct tn_str network, listen_addr;
	int64_t timestamp;
	TN_LIST(struct tn_str) capabilities;
	struct tn_str wallet_address, genesis_hash;
	bool has_wallet_address, has_genesis_hash;
};

TN_API extern const struct tn_schema tn_wire_handshake, tn_wire_ack, tn_wire_ping, tn_wire_peers,
	tn_wire_version;

#ifdef __cplusplus
}
#endif
#endif
