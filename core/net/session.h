/* SPDX-License-Identifier: MIT
 * core/net/session.h - one connection with a peer, from the first packet to the last
 *
 * One object, one owner of the socket, one loop for both directions. Members are
 * read by the bus and the control room; only this room writes them, `block`,
 * `note` and the account's fates excepted.
 */
#ifndef CORE_NET_SESSION_H
#define CORE_NET_SESSION_H

#include "net/account.h"
#include "net/line_in.h"
#include "net/score.h"
#include "net/send_queue.h"
#include "net/state.h"

struct net;
struct peer;
struct env_conn;

enum session_note { SESSION_RTT_US, SESSION_USEFUL_MS, SESSION_HEIGHT, SESSION_NOTES };

struct session { /* first what a broadcast looks at: it passes by thousands */
	uint64_t sid;
	struct session *next, *prev; /* primaries in UP order */
	struct net *net;
	struct env_conn *conn;
	void *block;       /* the plugin host's slots */
	uint64_t features; /* bits of what both sides have */
	struct session *dirty_next;
	uint8_t state; /* enum link_state: DIALING, HANDSHAKING, UP, CLOSING */
	uint8_t pauses;
	uint8_t slot; /* enum slot_class it counts in */
	bool outbound, legacy, manual, masternode, primary, heard_since, dirty, resume, linger,
		retired;
	bool yields;      /* one of the pauses: its turn of the loop is used up */
	uint16_t full_id; /* see full_at */
	struct send_queue out;
	struct account account;
	uint64_t stuck_us; /* since when the kernel takes nothing, 0 = it does */
	uint64_t full_at;  /* bytes that were queued when full_id did not fit; 0: it did */
	uint64_t read_bytes, wrote_bytes; /* since it began */
	uint64_t write_us; /* when the last write began: behind it an answer may be here already */
	struct line_in in;
	struct peer *peer;                  /* NULL for an inbound one before its handshake */
	struct tn_addr remote;              /* of the socket */
	struct tn_addr addr;                /* canonical; port = the dialable one, 0 = unknown */
	uint64_t node_id;                   /* 0: an old node, or not known yet */
	uint64_t begun_us, up_us, heard_us; /* monotonic; heard: last line */
	uint64_t paused_us;                 /* sum of our own pauses since heard_us */
	uint64_t pause_began_us;
	uint64_t timer; /* handshake, hold, linger or double: one at a time */
	struct score score;
	uint32_t rtt_us;
	int64_t note[SESSION_NOTES];
	char *why; /* reason of the end, once CLOSING */
	char agent[32];
	struct session *ip_next, *id_next, *resume_next, *closing_next;
};

/* Its memory will be wanted soon: walking a long list, waiting for it is most of the time. */
static inline void session_prefetch(const struct session *s)
{
	if (!s)
		return;
	__builtin_prefetch(s->account.row);
	__builtin_prefetch((const char *)s->account.row + 64);
	__builtin_prefetch(s->out.entry);
	__builtin_prefetch(s->block);
	__builtin_prefetch(s->next);
	__builtin_prefetch((const char *)s->next + 64);
	__builtin_prefetch((const char *)s->next + 128);
}

static inline bool session_is_up(const struct session *s)
{
	return s->state == LINK_UP;
}

/* "[OUTBOUND]" or "[INBOUND]" */
const char *session_dir(const struct session *);

/* Milliseconds without a line, our own pauses not counted. */
uint64_t session_quiet_ms(const struct session *, uint64_t now_us);

/* What a plugin found out about the peer (tn_note). */
void session_set_note(struct session *, enum session_note, int64_t);
void session_set_masternode(struct session *, bool);

/* Sum of what its account misses, queue included: 0 = balanced. */
uint64_t session_off(const struct session *);

/* Does the peer have this feature bit? */
static inline bool session_has(const struct session *s, int bit)
{
	return bit >= 0 && s->features >> bit & 1;
}

#endif
