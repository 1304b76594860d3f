/* SPDX-License-Identifier: MIT
 * core/net/survivor.h - two sessions with one peer: which one ends, who ends it, when
 *
 * Pure (DETAILS, Doubles and zombies). Between new nodes in opposite directions the
 * side with the higher node_id alone closes, and keeps the session that came UP first
 * at its own end, once a line of the peer has arrived there after the handshake; after
 * `patience_us` it keeps whichever was heard. In the same direction the newcomer is on
 * probation: if the older one is heard again after the probe the newcomer ends
 * (an old node's after `guest_us`), else the older one does.
 */
#ifndef CORE_NET_SURVIVOR_H
#define CORE_NET_SURVIVOR_H

#include "timenode/base.h"

struct survivor_side {
	bool outbound;
	bool heard; /* first: a line since the double began (opposite: since its UP);
			  * second: a line since its UP */
};

struct survivor_question {
	uint64_t own_id, peer_id;           /* peer_id 0: an old node, recognised by its address */
	struct survivor_side first, second; /* in the order in which they came UP here */
	uint64_t age_us;                    /* since the second came UP */
};

enum survivor_act { SURVIVOR_WAIT, SURVIVOR_DROP_FIRST, SURVIVOR_DROP_SECOND };

struct survivor_answer {
	enum survivor_act act;
	uint64_t again_us; /* WAIT: ask again after this, or when a line arrives */
	bool probe;        /* the first one should be made to say something */
	const char *why;
};

#define SURVIVOR_PATIENCE_US 5000000u /* opposite directions: silent survivor */
#define SURVIVOR_PROBE_US 10000000u   /* same direction: silent older one */
#define SURVIVOR_GUEST_US 30000000u   /* an old node's second session may last */

struct survivor_answer survivor_rule(const struct survivor_question *);

#endif
