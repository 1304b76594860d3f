/* SPDX-License-Identifier: MIT
 * t/lib/judging.h - all steps of judging a block, one after the other
 */
#ifndef T_LIB_JUDGING_H
#define T_LIB_JUDGING_H

#include "lib/chaingen.h"
#include "lib/coins.h"

struct judging {
	struct tn_block_rules rules;
	struct tn_tip tip;
	int64_t now;
	struct coins *coins;
	uint32_t slice;     /* inputs a step; 0: all at once */
	bool no_signatures; /* leave them out */

	/* of the last block */
	struct tn_block_verdict verdict;
	struct tn_block_facts *facts; /* in its arena */
	struct tn_coins_judge coin;
	struct tn_delta delta;
	struct tn_undo undo;
};

/* Starts after genesis, whose coins it puts. */
void judging_begin(struct judging *, const struct tn_network *);
void judging_end(struct judging *);

/* 0 and delta and undo, or the verdict's code. Changes neither tip nor coins. */
int judging_try(struct judging *, const struct tn_block *, struct tn_arena *);

/* The same, then takes the block in. */
int judging_connect(struct judging *, const struct tn_block *, struct tn_arena *);

/* ---- what most tests of blocks begin with; each ends the program without memory */
struct tn_network testnet(void);
struct tn_arena *arena(void);                            /* of 256 MiB */
struct chaingen *generator(uint64_t seed, uint32_t txs); /* testnet, five masternodes */

#endif
