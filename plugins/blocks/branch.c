/* SPDX-License-Identifier: MIT
 * plugins/blocks/branch.c - which of two branches, where they part, and the way over
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

static bool same(const struct tn_hash *a, const struct tn_hash *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* Walks down from theirs to a block of ours; the hashes lie in reverse. */
static int walk(struct branch_plan *p, const struct tn_tip *ours, const struct tn_tip *theirs,
		const struct branch_look *look)
{
	struct tn_hash at = theirs->hash, own;
	uint64_t height = theirs->height;
	struct tn_header h;
	int code;

	for (;; height--) {
		code = height <= ours->height ? look->ours(look->arg, height, &own) : TN_ENOENT;
		if (code && code != TN_ENOENT)
			return code;
		if (!code && same(&at, &own))
			break;
		if (p->connect == BRANCH_CONNECT)
			return TN_EFULL;
		code = look->header(look->arg, &at, &h);
		if (code)
			return code;
		if (height == 0 || h.height != height)
			return TN_EBAD;
		p->hash[p->connect++] = at;
		at = h.previous_hash;
	}
	p->fork = height;
	return 0;
}

int branch_plan(struct branch_plan *p, const struct tn_tip *ours, const struct tn_tip *theirs,
		const struct branch_look *look)
{
	int code;

	p->connect = p->disconnect = 0;
	code = walk(p, ours, theirs, look);
	if (code)
		return code;
	if (ours->height - p->fork > BRANCH_DEPTH)
		return TN_EFULL;
	p->disconnect = (uint32_t)(ours->height - p->fork);
	for (uint32_t i = 0; i < p->connect / 2; i++) {
		struct tn_hash swap = p->hash[i];

		p->hash[i] = p->hash[p->connect - 1 - i];
		p->hash[p->connect - 1 - i] = swap;
	}
	return 0;
}
