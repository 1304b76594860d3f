/* SPDX-License-Identifier: MIT
 * core/net/survivor.h - two sessions with one peer: which one ends, who ends it, when
 *
 * Pure. Between new nodes in opposite directions the
 * side with the higher node_id alone closes: it makes the session that came UP first
 * at its own end say something and keeps that one once a line has arrived there, else
 * after `patience_us` the other one if that was heard. In the same direction the side
 * that was dialed decides and the newcomer is on probation: if the older one is heard
 * after the probe the newcomer ends (an old node's after `guest_us`), else the older
 * one does. The side that does not decide closes nothing but a session that is silent
 * long after the other should have decided: then the other does not see a double.
 * An old node may keep one session in each direction.
 */
#ifndef CORE_NET_SURVIVOR_H
#define CORE_NET_SURVIVOR_H

#include "timenode/base.h"

struct survivor_side {
	bool outbound;
	bool heard; /* a line since the second came UP (no matter which side this is) */
};

struct survivor_question {
	uint64_t own_id, peer_id;           /* peer_id 0: an old node, recognised by its address */
	struct survivor_side first, second; /* in the order in which they came UP here */
	uint64_t age_us;                    /* since the second came UP */
};

enum survivor_act { SURVIVOR_WAIT, SURVIVOR_DROP_FIRST, SURVIVOR_DROP_SECOND };

struct survivor_answer {
	enum survivor_act act;
	uint64_t
		again_us; /* WAIT: ask again after this or when a line arrives; UINT64_MAX: line only */
	bool probe;       /* the first one should be made to say something, once */
	const char *why;
};

#define SURVIVOR_PATIENCE_US 5000000u /* opposite directions: silent survivor */
#define SURVIVOR_PROBE_US 10000000u   /* same direction: silent older one */
#define SURVIVOR_GUEST_US 30000000u   /* an old node's second session may last */

struct survivor_answer survivor_rule(const struct survivor_question *);

#endif
