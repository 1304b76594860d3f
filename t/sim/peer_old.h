/* SPDX-License-Identifier: MIT
 * t/sim/peer_old.h - a node of December 2025 as the tests meet it
 *
 * A state machine of the reference (doc/protocol.md 8), its
 * defects included, on core/env/env.h only: it runs in the simulator and on libevent.
 * It keeps no chain; requests that need one are answered as by a node at height 0.
 */
#ifndef SIM_PEER_OLD_H
#define SIM_PEER_OLD_H

#include "env/env.h"

struct peer_old;

struct peer_old_conf {
	const char *ip; /* its own, as text: what it compares with */
	uint16_t port;  /* it listens here and dials everybody here */
	const char *const *known;
	unsigned knows;        /* peers it knows from the start, ip texts */
	bool dials;            /* false: it only listens */
	uint64_t broadcast_us; /* a TransactionFinalized to everybody each..., 0: never */
	bool shut_overwritten; /* a writer that is replaced shuts its half of the socket */
	const char
		*handshake; /* line to dial with instead of the reference's, no LF; may be NULL */
};

/* Listens and dials from the next turn of the loop on. It uses the environment's only
 * wake-up, so nothing else may run in that environment. NULL with the reason.
 */
struct peer_old *peer_old_create(struct env *, const struct peer_old_conf *, struct tn_error *);
void peer_old_free(struct peer_old *); /* closes whatever is open; NULL is fine */

enum { PEER_OLD_DIALED, PEER_OLD_ACCEPTED, PEER_OLD_WAYS };

/* What it knows and has seen of one address. */
struct peer_old_about {
	unsigned violations; /* as the blacklist counts them now */
	unsigned faults;     /* all that ever were recorded */
	unsigned bans;       /* temporary ones and the permanent one */
	bool permanent;
	char reason[128];               /* of the last violation */
	unsigned turned_away;           /* accepted while banned */
	unsigned opened[PEER_OLD_WAYS]; /* dialed: connected; accepted: handshake accepted */
	unsigned closed[PEER_OLD_WAYS];
	unsigned rejected; /* duplicates: Ack, then a socket that is never read */
	unsigned refused;  /* its own dials that failed */
	unsigned pings_sent, pings_matched, pings_missed, timeouts;
	unsigned pongs_sent, pongs_elsewhere, pongs_lost; /* elsewhere: on another socket */
	unsigned open[PEER_OLD_WAYS];                     /* sessions it reads from now */
	/* Longest time of a session without a matched Ping: dialed: its own was answered;
	 * accepted: it answered one on that very socket. Up to now. */
	uint64_t longest_us[PEER_OLD_WAYS];
};
struct peer_old_about peer_old_about(struct peer_old *, const char *ip);

struct peer_old_counts {
	unsigned lines, torn, unparsable, before_handshake, dropped;
	char unparsable_text[160]; /* of the last */
	unsigned broadcasts;
};
struct peer_old_counts peer_old_counts(const struct peer_old *);

#endif
