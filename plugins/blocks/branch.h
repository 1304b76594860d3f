/* SPDX-License-Identifier: MIT
 * plugins/blocks/branch.h - which of two branches, where they part, and the way over
 *
 * Pure. Nothing is taken back before the other branch is whole and judged: find the fork with a
 * search, fetch the blocks, plan, judge them in an overlay (overlay.h), then write one batch.
 */
#ifndef PLUGINS_BLOCKS_BRANCH_H
#define PLUGINS_BLOCKS_BRANCH_H

#include "timenode/types_chain.h"

#define BRANCH_DEPTH 1000 /* blocks that may be taken back */
#define BRANCH_CONNECT (BRANCH_DEPTH + 101)

/* Is theirs better? verdict: what chain.prefer said, < 0 for ours, > 0 for theirs, 0: nobody
 * knows. Then the higher one, then the lower hash. Two that are equal: no.
 */
bool branch_better(const struct tn_tip *ours, const struct tn_tip *theirs, int verdict);

/* ---- where they part, by asking for hashes of theirs, at most 11 times */

struct branch_search {
	uint64_t low;  /* same block there; meaningless until `sure` */
	uint64_t high; /* not the same from there on */
	bool sure;
};

/* ours, theirs: heights of the tips. */
void branch_search(struct branch_search *, uint64_t ours, uint64_t theirs);

/* true and the height to ask for; false: done, the last common block is at low, or
 * branch_too_deep.
 */
bool branch_search_next(const struct branch_search *, uint64_t *height);
void branch_search_answer(struct branch_search *, uint64_t height, bool same);
bool branch_too_deep(const struct branch_search *);

/* ---- the way over */

struct branch_plan {
	uint64_t fork; /* height of the last common block */
	uint32_t disconnect, connect;
	struct tn_hash hash[BRANCH_CONNECT]; /* of the blocks to connect, from fork + 1 on */
};

struct branch_look { /* each 0 or TN_ENOENT, or an error that ends the plan */
	int (*header)(void *arg, const struct tn_hash *, struct tn_header *out); /* any branch */
	int (*ours)(void *arg, uint64_t height, struct tn_hash *out);
	void *arg;
};

/* 0; TN_ENOENT: a header is missing; TN_EFULL: too deep, or too long at once; TN_EBAD: heights
 * that do not count up.
 */
int branch_plan(struct branch_plan *, const struct tn_tip *ours, const struct tn_tip *theirs,
		const struct branch_look *);

#endif
