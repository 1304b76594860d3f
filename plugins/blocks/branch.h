/* SPDX-License-Identifier: MIT
 * plugins/blocks/branch.h - which of two branches, and where they part
 *
 * Pure. The other branch is fetched from where they part; it is judged whole in the batch that
 * would put it in the place of ours (road.c).
 */
#ifndef PLUGINS_BLOCKS_BRANCH_H
#define PLUGINS_BLOCKS_BRANCH_H

#include "timenode/types_chain.h"

#define BRANCH_DEPTH 1000 /* blocks that may be taken back */

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

#endif
