/* SPDX-License-Identifier: MIT
 * core/net/dial_rule.h - who dials: a preference with a deadline, never a prohibition
 *
 * Pure (doc/protocol.md 4.4). Numeric comparison, IPv4 below IPv6,
 * then ports. A side that does not know its own address dials. A known old node is
 * dialed whatever the rule says: it serves only sessions that we dialed.
 */
#ifndef CORE_NET_DIAL_RULE_H
#define CORE_NET_DIAL_RULE_H

#include "conf/settings.h"

struct dial_question {
	enum conf_dial_rule rule;
	const struct tn_addr *local; /* NULL, unspecified or port-less are fine */
	const struct tn_addr *peer;
	bool legacy;        /* known to be an old node */
	uint64_t waited_us; /* since the peer was last linked, or became wanted */
	uint64_t passive_wait_us;
};

enum dial_why {
	DIAL_WHY_LOWER,   /* we have the lower address */
	DIAL_WHY_HIGHER,  /* we have the higher address, and rule = higher */
	DIAL_WHY_ANY,     /* rule = any */
	DIAL_WHY_UNKNOWN, /* our own address is not known */
	DIAL_WHY_LEGACY,
	DIAL_WHY_WAITED, /* passive_wait is over and nobody came */
	DIAL_WHY_THEIRS, /* not yet: it is for them to dial */
	DIAL_WHY_SELF    /* never: the same address and port as ours */
};

struct dial_answer {
	bool dial;
	uint64_t wait_us; /* when not: ask again after this; UINT64_MAX = never */
	enum dial_why why;
};

struct dial_answer dial_rule(const struct dial_question *);
const char *dial_why_text(enum dial_why); /* "we have lower IP"...; never NULL */

#endif
