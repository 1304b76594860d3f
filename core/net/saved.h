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
	uint64_t resume;           /* the same among those whose reading goes on */
	uint64_t pause_began_us;
	uint64_t node_id, features, begun_us, up_us, heard_us, paused_us, score_us, stuck_us,
		write_us, seen, room;
	int64_t height, note_rtt, note_useful;
	uint32_t score, rtt_us, early, skip_id, done;
	struct tn_addr remote, addr, peer;
	struct tn_str agent;
	struct tn_bytes kept;
	uint8_t state, slot;
	bool outbound, legacy, manual, masternode, heard_since, yields, skipping, peeked, has_peer;
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

struct saved_score { /* sid 0: of an address; else of a session that ended */
	struct tn_addr ip;
	uint64_t sid, ended_us, at_us;
	uint32_t milli;
};

struct saved_ban {
	struct tn_addr ip;
	uint8_t bits;
	int64_t until_s;
	uint32_t points;
	struct tn_str why;
};

struct saved_listener {
	uint64_t conn;
};

#define SAVED_COMING 16384u

struct saved_handle {
	uint64_t sid;
};

struct saved_net {
	uint64_t node_id;
	struct tn_addr self;
	bool self_known, self_sure;
	struct saved_timer want, stall;
	TN_LIST(struct saved_vote) votes;
	TN_LIST(struct saved_handle) coming; /* of the next sessions: tables go by them */
	TN_LIST(struct saved_score) scores;
	TN_LIST(struct saved_ban) bans;
	TN_LIST(struct saved_listener) listeners;
	TN_LIST(struct saved_peer) peers;
	TN_LIST(struct saved_session) sessions;
};

extern const struct tn_schema saved_net_schema;

#endif
