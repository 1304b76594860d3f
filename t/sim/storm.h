/* SPDX-License-Identifier: MIT
 * t/sim/storm.h - a schedule of faults on a fleet, drawn from a seed
 *
 * What a fault touches is known at every moment, so that a check can ask for more where
 * nothing was touched. Firewalls stay over storm_heal; everything else ends with it.
 */
#ifndef SIM_STORM_H
#define SIM_STORM_H

#include "sim/fleet.h"

enum storm_fault {
	STORM_FIREWALL,   /* for the whole run: a node is not to be reached, or by some only */
	STORM_DOOR,       /* one-way: connects of one node to another vanish or are refused */
	STORM_PARTITION,  /* no packet between two groups */
	STORM_RESET,      /* both ends of a stream */
	STORM_HALF_RESET, /* one end of it */
	STORM_LAG,        /* a latency spike of a node */
	STORM_SLUGGISH,   /* a slow reader with a slow loop */
	STORM_PAUSE,      /* the loop stands still, its clocks do not */
	STORM_SUSPEND,    /* the mono clock too */
	STORM_WALL,       /* the wall clock jumps */
	STORM_CRASH,      /* of the process */
	STORM_POWER,      /* of the host */
	STORM_RESTART,    /* a clean stop and a start */
	STORM_DISK,       /* full for a while */
	STORM_FAULTS
};

struct storm;

/* The firewalls are put up at once. */
struct storm *storm_create(struct fleet *, uint64_t seed);
void storm_free(struct storm *);

/* Runs the fleet with a fault every few seconds; each(arg) is called once in each second,
 * and for a node that is about to go down. false from it ends the run. */
struct storm_watch {
	bool (*second)(void *arg);
	bool (*down)(void *arg, unsigned node);
	void *arg;
};
bool storm_rage(struct storm *, uint64_t us, const struct storm_watch *);
bool storm_calm(struct storm *, uint64_t us, const struct storm_watch *); /* no new ones */
void storm_heal(struct storm *); /* all nodes run and reach each other, firewalls apart;
				   every other time all streams end in the same moment */

const char *storm_name(enum storm_fault);
unsigned storm_fired(const struct storm *, enum storm_fault);

/* May connects of a reach b for as long as the run lasts? */
bool storm_path(const struct storm *, unsigned a, unsigned b);

/* When a fault last touched what these two say to each other; UINT64_MAX: one does now. */
uint64_t storm_touched(const struct storm *, unsigned a, unsigned b);

#endif
