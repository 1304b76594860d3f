/* SPDX-License-Identifier: MIT
 * t/sim/liar.h - a plugin in place of blocks that lies to whoever asks for the chain
 *
 * It is given blocks by the test, true and bad ones, and answers with them in the way of its
 * kind. It never asks anybody and passes nothing on.
 */
#ifndef SIM_LIAR_H
#define SIM_LIAR_H

#include "timenode/chain.h"
#include "timenode/host.h"
#include "timenode/types_chain.h"

enum liar_kind {
	LIAR_HEIGHT,    /* says that it has 2^64-1 blocks */
	LIAR_SIGNATURE, /* what it is given: a valid prefix, then a bad block */
	LIAR_MUTATED,   /* what it is given: bodies that are not those of their headers */
	LIAR_WITHHOLD,  /* says that it has more, of another branch, and does not answer */
	LIAR_GENESIS,   /* another genesis block */
	LIAR_RANGE,     /* other blocks than asked, in turn: shifted, more, backwards, twice */
	LIAR_ANNOUNCE,  /* what it is given; the test lets it announce bad blocks */
	LIAR_EMPTY,     /* says that it has more, and answers with nothing */
	LIAR_DRIP,      /* what it is given, one block at a time and as late as can be */
	LIAR_KINDS
};
const char *liar_name(enum liar_kind);

enum { LIAR_BLOCKS = 256 };

struct liar_ops { /* its service "liar" */
	/* Its block at that height; none above it. The arena is referenced; NULL: it lasts. */
	void (*give)(struct tn_ctx *, const struct tn_block *, struct tn_arena *);
	void (*announce)(struct tn_ctx *, const struct tn_block *);
	/* How many blocks were announced to it, and the best of them (higher, or a lower hash). */
	uint64_t (*heard)(struct tn_ctx *, struct tn_tip *best);
};

extern const struct tn_plugin tn_plugin_desc_liar; /* option kind: enum liar_kind */

#endif
