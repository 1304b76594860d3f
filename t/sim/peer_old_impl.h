/* SPDX-License-Identifier: MIT
 * t/sim/peer_old_impl.h - the parts of the old node among each other
 */
#ifndef SIM_PEER_OLD_IMPL_H
#define SIM_PEER_OLD_IMPL_H

#include "env/timer.h"
#include "sim/peer_old.h"

#define OLD_PENDING 5
#define OLD_SECOND_US UINT64_C(1000000)

/* One address: what the reference keeps in several maps by IP. */
struct old_host {
	struct old_host *next;
	struct peer_old *node;
	char ip[TN_ADDR_TEXT];
	bool outbound, inbound;     /* connection manager: connecting or connected, accepted */
	struct old_session *writer; /* registry: where replies by IP go */
	uint64_t reconnect_us;      /* reconnecting until then, 0: not */
	uint64_t retry_us, timer;   /* of the dial task; timer: it sleeps */
	unsigned failures;
	bool candidate;
	uint64_t spawn_us;                      /* the phase in which it was dialed last */
	uint64_t banned_until_us, violation_us; /* blacklist */
	struct peer_old_about about;
};

struct old_ping {
	uint64_t nonce, at_us;
};

struct old_session {
	struct old_session *next;
	struct peer_old *node;
	struct old_host *host, *blame; /* blame: whom the blacklist takes it for */
	struct env_conn *conn;         /* NULL: closed, to be reaped */
	bool dialed, connected, shaken;
	bool reading; /* its handler or loop lives */
	unsigned bad_lines;
	char *in, *out;
	size_t in_n, out_n;
	struct old_ping pending[OLD_PENDING];
	unsigned pendings, missed;
	uint64_t ping_timer, check_timer;
	uint64_t matched_us; /* last matched ping, or the begin */
};

struct peer_old {
	struct env *env;
	struct timers *timers;
	struct env_conn *listener;
	struct tn_addr ip;
	char *ip_text, *handshake;
	uint16_t port;
	bool dials, shut_overwritten;
	uint64_t broadcast_us, phase_us; /* phase: begin of the one under way */
	uint64_t reap_timer;
	struct old_host *hosts, **hosts_end;
	struct old_session *sessions;
	struct peer_old_counts counts;
};

/* ---- peer_old_line.c: what a line is */

enum old_kind {
	OLD_BAD, /* not a message of the reference */
	OLD_HANDSHAKE,
	OLD_PING,
	OLD_PONG,
	OLD_GET_PEERS,
	OLD_PEERS,
	OLD_GET_HEIGHT,
	OLD_GET_MASTERNODES,
	OLD_GET_PENDING,
	OLD_OTHER
};

struct old_line {
	enum old_kind kind;
	uint64_t nonce;
	bool magic_ok;
	uint64_t version;
};

/* each_peer: called for the texts of a PeersResponse. */
struct old_line old_parse(const char *p, size_t n, void (*each_peer)(void *arg, const char *ip),
			  void *arg);
bool old_is_utf8(const char *p, size_t n);

/* ---- peer_old_host.c: tables by address, blacklist, who dials */

struct old_host *old_host(struct peer_old *, const char *ip); /* made if new; never NULL */
bool old_is_banned(const struct old_host *, uint64_t now_us);
bool old_violation(struct old_host *, const char *reason); /* true: disconnect */
bool old_may_dial(const struct old_host *);                /* rule D, self, connected */
bool old_we_are_higher(const struct old_host *);           /* rule T */
void old_add_candidate(void *node, const char *text);
void old_register(struct old_session *); /* its writer is where replies go now */
void old_unregister(struct old_host *);

/* ---- peer_old_io.c: bytes of a session */

extern const struct env_events old_events;
struct old_session *old_session_create(struct peer_old *, struct old_host *, bool dialed);
void old_session_free(struct old_session *);
void old_close(struct old_session *); /* the socket; the object is reaped later */
void old_write(struct old_session *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void old_tear(struct old_session *); /* a timer or broadcast interrupts its unfinished line */
void old_matched(struct old_session *);
void old_measure(struct old_session *); /* takes the time since the last match into account */

/* ---- peer_old_accept.c: the listener's side */

void old_accepted(void *arg, struct env_conn *, const struct tn_addr *from);
void old_handler_line(struct old_session *, const char *p, size_t n);
void old_handler_end(struct old_session *);
void old_broadcast(struct peer_old *);

/* ---- peer_old_dial.c: the dialer's side */

void old_spawn(struct old_host *);
void old_dial_connected(struct old_session *, int err);
void old_loop_line(struct old_session *, const char *p, size_t n);
void old_loop_end(struct old_session *);
void old_phase(struct peer_old *);

#endif
