/* SPDX-License-Identifier: MIT
 * t/sim/trial.h - one seed: a network is drawn, goes through storms, and is judged
 *
 * Storm (18 min), healing (2 min), calm (4 min), again until the hours are over; then all
 * nodes stop cleanly and nothing may be left of them. Without faults: a minute to find
 * each other, then calm to the end.
 */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "sim/check.h"

struct trial_setup {
	uint64_t seed;
	unsigned nodes, hours;
	bool faults;
	const struct net_rules *rules; /* NULL: the node's own */
	unsigned trace;                /* lines to keep and to print on a breach; 0: none */
	bool quiet;                    /* a breach is expected: nothing on stderr */
	const char
		*again; /* the program that shows it again, given NODES, HOURS, FAULTS and seed */
};

struct trial {
	bool good;
	char broken[240];
	uint64_t node_seconds;   /* that were lived through, all nodes together */
	uint64_t messages;       /* received by all nodes, as counted by their framers */
	uint64_t pairs, doubles; /* pairs found linked after a healing; doubles seen */
	uint64_t told;           /* doubles in the histories after healing */
	uint64_t matched;        /* sessions whose every ping was found answered */
	unsigned fired[STORM_FAULTS];
	uint64_t hash; /* of the whole run */
};

/* A breach is said on stderr, with the seed. */
struct trial trial_run(const struct trial_setup *);
void trial_add(struct trial *sum, const struct trial *);

#endif
