/* SPDX-License-Identifier: MIT
 * core/net/saved.h - what a snapshot consists of; snapshot.c writes, restore.c reads
 */
#ifndef CORE_NET_SAVED_H
#define CORE_NET_SAVED_H

#include "timenode/schema.h"

struct saved_timer {
	uint64_t due_us, sequence;
	bool set;
};

struct saved_frame {
	uint32_t id;
	struct tn_bytes line; /* without its LF */
};

struct saved_session {
	uint64_t sid, conn, place; /* place: in the order of coming up, 0: it is not */
	uint64_t node_id, features, begun_us, up_us, heard_us, paused_us, score_us, stuck_us,
		write_us, seen, room;
	int64_t height, note_rtt, note_useful;
	uint32_t score, rtt_us, early, skip_id, done;
	struct tn_addr remote, addr, peer;
	struct tn_str agent;
	struct tn_bytes kept;
	uint8_t state, slot;
	bool outbound, legacy, manual, masternode, heard_since, skipping, peeked, has_peer;
	struct saved_timer timer;
	TN_LIST(struct saved_frame) queue;
};

struct saved_peer {
	struct tn_addr addr;
	uint64_t node_id, session, next_dial_us, apart_us, last_up_us, used_us, zombie_until_us;
	uint32_t failures, zombies;
	uint8_t state, kind, why;
	bool wanted, configured, legacy, self, recent;
	struct saved_timer timer;
};

struct saved_vote {
	uint64_t netgroup;
	struct tn_addr ip;
};

struct saved_listener {
	uint64_t conn;
};

struct saved_net {
	uint64_t node_id;
	struct tn_addr self;
	bool self_known, self_sure;
	struct saved_timer want, stall;
	TN_LIST(struct saved_vote) votes;
	TN_LIST(struct saved_listener) listeners;
	TN_LIST(struct saved_peer) peers;
	TN_LIST(struct saved_session) sessions;
};

extern const struct tn_schema saved_net_schema;

#endif
