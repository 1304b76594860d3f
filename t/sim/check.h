/* SPDX-License-Identifier: MIT
 * t/sim/check.h - what must hold in every fleet of new nodes, whatever happened to it
 *
 * Read from the nodes' own tables, without asking them a command. The first breach is
 * kept as a sentence with the two nodes it is about.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "sim/storm.h"

struct check {
	struct fleet *fleet;
	const struct storm *storm;       /* NULL: nothing is touched, all are to be reached */
	bool want[FLEET_MAX][FLEET_MAX]; /* i is configured with j */
	char broken[240];                /* "": nothing */
	unsigned a, b;                   /* nodes it is about */
	uint64_t looks, pairs_linked, pings_matched, doubles; /* how much was really checked */

	uint64_t doubles_told; /* ends as a double that the nodes' histories tell */
	uint64_t two_since_us[FLEET_MAX][FLEET_MAX];
	uint64_t healed_us;
	struct {
		uint64_t ends, doubles;
	} before[FLEET_MAX];
};

/* At any moment, best once a second: conservation; two sessions with one peer for longer
 * than a handshake may take only while a fault touches the two; every ping answered where
 * none does. */
bool check_now(struct check *);
bool check_node(struct check *, unsigned i); /* conservation only, before it goes down */

/* 120 s after healing: who is configured with each other, and has a way in, is linked
 * once; and it did not take a storm of doubles. */
void check_healed(struct check *);
bool check_linked(struct check *);

/* A calm time: no session ends, none is doubled, every ping finds its pong. */
void check_calm_begins(struct check *);
bool check_calm_ends(struct check *);

/* Nothing moves: no bytes are held for unfinished lines or unsent frames. */
bool check_empty(struct check *);

#endif
