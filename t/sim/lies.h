/* SPDX-License-Identifier: MIT
 * t/sim/lies.h - liars of every kind in a fleet of nodes that keep the chain
 *
 * A branch is fed to honest nodes by the test; the liars get it too, and what is wrong in
 * the way of their kind. Whom honest nodes blame is read from their tables of points.
 */
#ifndef SIM_LIES_H
#define SIM_LIES_H

#include "sim/chainlab.h"
#include "sim/fleet.h"
#include "sim/liar.h"
#include "sim/rng.h"

#define FEED_MAX 200

struct feed { /* a branch: its blocks by height; those below a fork are another's */
	struct chaingen *g;
	const struct tn_block *block[FEED_MAX];
	struct tn_arena *arena[FEED_MAX];
	uint64_t top, fork;
};

void feed_grow(struct feed *, unsigned n);
void feed_end(struct feed *);
/* The generator's next block with a bad signature, and so many on top of it. It is the feed's. */
void feed_bad(struct feed *, struct chaingen *, unsigned more);

struct lies {
	struct fleet *f;
	unsigned honest, count; /* nodes 0 to honest - 1; the liars follow */
	struct rng rng;
	uint64_t most; /* no good block of a liar's making is higher */
	struct feed drip;
	/* points that honest nodes gave, as last seen, summed up over all looks */
	uint64_t against[LIAR_KINDS], against_honest;
	char victim[80]; /* the first honest one: by whom */
};

/* After the honest nodes were added: `count` liars, kinds in turn, that dial some of them. */
void lies_add(struct lies *, struct fleet *, unsigned count, uint64_t seed);

/* Tells them of the two branches, and lets those announce bad blocks that do. more: they may
 * make good blocks of their own too. */
void lies_tell(struct lies *, const struct feed *left, const struct feed *right, bool more);

void lies_end(struct lies *);

/* The liar's service of a node that has one. */
const struct liar_ops *liar_of(struct fleet_node *, struct tn_ctx **);

/* Looks at all points that are there now; before a node goes down and at the end. */
void lies_look(struct lies *);

#endif
