/* SPDX-License-Identifier: MIT
 * core/net/net.h - sessions with peers: what the bus, the control room and the node see
 *
 * This room owns every socket, every session, every peer record and the accounts. It
 * knows Handshake, Ack and Version; any other framed message of a session that is UP
 * goes to the bus through net_hooks.line, which must give it exactly one fate.
 */
#ifndef CORE_NET_NET_H
#define CORE_NET_NET_H

#include "base/handle.h"
#include "base/log.h"
#include "conf/settings.h"
#include "env/env.h"
#include "env/timer.h"
#include "net/account.h"
#include "net/ban.h"
#include "net/dial_rule.h"
#include "net/frame.h"
#include "net/names.h"
#include "net/peer.h"
#include "net/session.h"
#include "net/survivor.h"

struct net;

/* What the bus is told. All on the loop. */
struct net_hooks {
	/* A framed message of a session that is UP, already counted as received. `line` is
	 * without its LF and lent for the call. The bus gives it its fate in s->account, now
	 * or (account_wait) later. */
	void (*line)(void *arg, struct session *s, unsigned id, const struct tn_envelope *e,
		     struct tn_view line);
	/* The session came UP, first or second of its peer: per-session blocks are made. */
	void (*opened)(void *arg, struct session *s);
	/* It became its peer's primary session; it no longer is (ended: always after up). */
	void (*up)(void *arg, struct session *s);
	void (*down)(void *arg, struct session *s);
	/* The last word about it: questions and holds have ended, blocks are freed. */
	void (*closed)(void *arg, struct session *s);
	/* A frame queued with this token has been handed to the kernel whole. */
	void (*sent)(void *arg, struct session *s, uint32_t token);
	void (*probe)(void *arg, struct session *s);    /* make it say something */
	void (*dial_wanted)(void *arg, uint32_t slots); /* free outbound slots */
	void (*dialed)(void *arg, const struct tn_addr *, int result);
};

/* Who dials and which of two sessions stays. The simulator puts other rules in, to show
 * what they do to a network. */
struct net_rules {
	struct dial_answer (*dial)(const struct dial_question *);
	struct survivor_answer (*survivor)(const struct survivor_question *);
};

struct net_setup {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *settings; /* live: the node changes it on reload */
	struct store *store;             /* for bans; may be NULL */
	const char *agent;
	const struct net_rules *rules; /* copied; NULL: dial_rule and survivor_rule */
};

struct net *net_create(const struct net_setup *, struct tn_error *);
void net_free(struct net *); /* NULL is fine; whatever is open is closed without a word */
void net_hook(struct net *, const struct net_hooks *, void *arg);

/* Listens and begins to dial the configured peers. */
int net_start(struct net *, struct tn_error *);
/* No more dials or accepts; every session is closed with `why`, flushed up to 2 s; then
 * fn on the loop. */
void net_stop(struct net *, const char *why, void (*fn)(void *arg), void *arg);
/* Settings have changed: peers to connect, slots, limits, own address. */
void net_reload(struct net *);

struct names *net_names(struct net *);
struct bans *net_bans(struct net *);
const struct settings *net_settings(const struct net *);
uint64_t net_node_id(const struct net *);
int net_self(const struct net *, struct tn_addr *out); /* TN_ENOENT: not known yet */
/* May this address be dialed and gossiped on this network? Port 0 counts as the network's. */
bool net_usable(const struct net *, const struct tn_addr *);

/* The 32 bytes that both sides of a handshake must have in common: those of the configuration, or
 * told by a plugin; NULL: neither. tell: TN_EINVAL when others are configured. */
const uint8_t *net_genesis(const struct net *);
int net_tell_genesis(struct net *, const uint8_t genesis[32]);
void net_log(struct net *, enum log_level, const struct session *, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- sessions */

struct session *net_session(const struct net *, uint64_t sid); /* NULL: stale or closing */
/* Primary sessions that are UP, in the order in which they came UP. The list does not
 * change inside a callback: closing only marks; check session_is_up() on the way. */
struct session *net_first(const struct net *);
struct session *net_next(const struct session *);
/* All sessions in any state, by handle, for tables: NULL at the end. */
struct session *net_any(const struct net *, const struct session *after);
struct session *net_find(const struct net *, const struct tn_addr *); /* primary; port 0: any */
uint32_t net_count_up(const struct net *);

/* Queues a frame; the caller keeps its reference. Counts offered and its fate. token 0:
 * nobody wants to know. 0, TN_EGONE, TN_EFULL (counted refused(full); `close_if_full`
 * closes the session instead of living on), TN_ENOMEM. */
int net_send(struct net *, struct session *, struct frame *, uint32_t token, bool close_if_full);
/* Before a message is encoded: TN_EFULL, counted as by net_send, where the queue has no room
 * at all, or has written nothing since a message of this name did not fit. 0: encode it. */
int net_check_room(struct net *, struct session *, unsigned id, bool close_if_full);
/* Somebody encoded so much: a peer whose lines cause it is heard again in the next turn. */
void net_encoded(struct net *, uint32_t bytes);
/* A message that is not sent after all: counted as offered and refused. */
void net_refuse_out(struct net *, struct session *, unsigned id, unsigned reason);

/* Marks; the end of the tick does the rest (down, closed, the socket). The first reason
 * stays. A stale sid is no harm. */
void net_close(struct net *, struct session *, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, after the queue was flushed (up to 2 s). */
void net_close_flush(struct net *, struct session *, const char *why);

/* Points for misbehaviour: a session over score.close is closed, an address over
 * score.ban banned; whitelisted addresses are neither. Also for a session that ended less
 * than 10 minutes ago (by sid). */
int net_fault(struct net *, uint64_t sid, unsigned points, const char *why);
/* Fate malformed: counts, 10 points (an old node 0), debug line. */
void net_malformed(struct net *, struct session *, unsigned id, const char *why);

/* Stops and starts reading from a peer, for our own local work only; counted, so two
 * reasons need two resumes. While paused its silence does not count. */
void net_pause(struct net *, struct session *);
void net_resume(struct net *, struct session *);

/* ---- features: what peers with our extensions may be sent */

/* Makes or finds the bit of a feature word and says that we have it (refs are counted).
 * Sessions opened from now on carry it. -1 when 64 are in use. */
int net_feature_add(struct net *, const char *feature);
void net_feature_drop(struct net *, const char *feature);

/* ---- dialing */

/* want false: TN_EBUSY when it is configured, or wanted for a better reason than `kind`. */
int net_dial(struct net *, const struct tn_addr *, enum peer_kind, bool want);
/* The same for the operator's words, kept until restart: connect now, back-off cleared. */
int net_add_manual(struct net *, const struct tn_addr *);

/* ---- for tables */

struct peer *net_peer_next(const struct net *, const struct peer *after); /* by last use */
/* Ban: closes its sessions. 0 or an error; lift: TN_ENOENT. */
int net_ban(struct net *, const struct tn_subnet *, uint64_t ms, const char *why);
int net_unban(struct net *, const struct tn_subnet *);

struct net_counts { /* since start; ends: of sessions that were UP */
	uint64_t dials, dial_failures, handshake_failures, accepted, refused, connects, ends,
		doubles, evicted;
	uint64_t partial_bytes, queued_bytes;                     /* now */
	uint32_t in, out, handshaking, held, masternodes, legacy; /* now, derived */
};
void net_counts(const struct net *, struct net_counts *);

/* Accounts of ended sessions by address and direction (bounded; the rest is folded into
 * the unspecified address) and node-wide reasons. Live ones hang on their sessions. */
struct net_total {
	struct tn_addr ip; /* port 0 */
	bool outbound;
	struct account account;
};
const struct net_total *net_total(const struct net *, size_t i); /* NULL at the end */
/* Sum of |off| over ended sessions, 0 = balanced; live ones by session_off(). */
uint64_t net_off_ended(const struct net *);

#endif
