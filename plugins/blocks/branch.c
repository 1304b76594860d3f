/* SPDX-License-Identifier: MIT
 * plugins/blocks/branch.c - which of two branches, and where they part
 */
#include <string.h>

#include "branch.h"

bool branch_better(const struct tn_tip *ours, const struct tn_tip *theirs, int verdict)
{
	if (verdict != 0)
		return verdict > 0;
	if (ours->height != theirs->height)
		return theirs->height > ours->height;
	return memcmp(&theirs->hash, &ours->hash, sizeof ours->hash) < 0;
}

void branch_search(struct branch_search *s, uint64_t ours, uint64_t theirs)
{
	uint64_t top = ours < theirs ? ours : theirs;

	s->low = ours > BRANCH_DEPTH ? ours - BRANCH_DEPTH : 0;
	s->high = top < UINT64_MAX ? top + 1 : top;
	s->sure = s->low == 0; /* one genesis: another one is refused at the handshake */
}

bool branch_search_next(const struct branch_search *s, uint64_t *height)
{
	if (s->high <= s->low || (s->sure && s->high - s->low == 1))
		return false;
	*height = s->sure ? s->low + (s->high - s->low) / 2 : s->low;
	return true;
}

void branch_search_answer(struct branch_search *s, uint64_t height, bool same)
{
	if (height < s->low || height >= s->high)
		return;
	if (same) {
		s->low = height;
		s->sure = true;
	} else {
		s->high = height;
	}
}

bool branch_too_deep(const struct branch_search *s)
{
	return s->high <= s->low;
}
