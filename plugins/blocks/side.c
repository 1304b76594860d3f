/* SPDX-License-Identifier: MIT
 * plugins/blocks/side.c - blocks beside the chain, and which branch is better
 *
 * Only what a block shows by itself is checked here: the rest when its branch is to become
 * the chain. All in memory: what is lost with the process is asked for again.
 */
#include "blocks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "branch.h"
#include "timenode/value.h"

enum { ENTRIES_MAX = 4096 };

struct entry {
	struct tn_hash hash;
	const struct tn_block *block;
	struct tn_arena *arena;
	uint64_t bytes;
};

struct side {
	struct entry v[ENTRIES_MAX];
	uint32_t n;
	uint64_t bytes;
};

struct side *side_create(void)
{
	return calloc(1, sizeof(struct side));
}

void side_free(struct side *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		tn_arena_unref(s->v[i].arena);
	free(s);
}

static struct side *side_of(struct tn_ctx *c)
{
	return state_of(c)->side;
}

static struct entry *find(struct side *s, const struct tn_hash *hash)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (same_hash(&s->v[i].hash, hash))
			return &s->v[i];
	return NULL;
}

bool side_has(struct tn_ctx *c, const struct tn_hash *hash)
{
	return find(side_of(c), hash) != NULL;
}

int side_block(struct tn_ctx *c, const struct tn_hash *hash, const struct tn_block **out,
	       struct tn_arena **owner)
{
	const struct entry *e = find(side_of(c), hash);

	if (!e)
		return TN_ENOENT;
	*out = e->block;
	*owner = e->arena;
	return 0;
}

void side_count(struct tn_ctx *c)
{
	tn_metric(c, C_SIDE, side_of(c)->n);
}

uint32_t side_number(struct tn_ctx *c)
{
	return side_of(c)->n;
}

/* ---- coming and going */

static void drop_at(struct side *s, uint32_t i)
{
	s->bytes -= s->v[i].bytes;
	tn_arena_unref(s->v[i].arena);
	s->v[i] = s->v[--s->n];
}

static void drop(struct side *s, const struct tn_hash *hash)
{
	struct entry *e = find(s, hash);

	if (e)
		drop_at(s, (uint32_t)(e - s->v));
}

static int64_t child_of(const struct side *s, const struct tn_hash *hash)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (same_hash(&s->v[i].block->header.previous_hash, hash))
			return i;
	return -1;
}

/* A block and all that build on it, the last first. */
static void drop_branch(struct side *s, const struct tn_hash *root)
{
	while (child_of(s, root) >= 0) {
		int64_t at = child_of(s, root), up;

		while ((up = child_of(s, &s->v[at].hash)) >= 0)
			at = up;
		drop_at(s, (uint32_t)at);
	}
	drop(s, root);
}

void side_spoil(struct tn_ctx *c, const struct tn_hash *hash)
{
	struct tn_hash copy = *hash;

	drop_branch(side_of(c), &copy);
	side_count(c);
}

static struct entry *lowest(struct side *s)
{
	struct entry *found = NULL;

	for (uint32_t i = 0; i < s->n; i++)
		if (!found || s->v[i].block->header.height < found->block->header.height)
			found = &s->v[i];
	return found;
}

/* The lowest branches give way, but not to one that is lower still. */
static bool make_room(struct tn_ctx *c, uint64_t bytes, uint64_t height)
{
	struct side *s = side_of(c);

	while (s->n == ENTRIES_MAX || s->bytes + bytes > conf_of(c)->side_max) {
		const struct entry *e = lowest(s);
		struct tn_hash hash;

		if (!e || e->block->header.height >= height)
			return false;
		hash = e->hash;
		drop_branch(s, &hash);
	}
	return true;
}

static void add(struct side *s, const struct tn_hash *hash, const struct tn_block *b,
		struct tn_arena *arena, uint64_t bytes)
{
	s->v[s->n++] = (struct entry){ *hash, b, arena, bytes };
	s->bytes += bytes;
}

/* A copy of its own: what it came in may hold a hundred others. */
static bool add_copy(struct tn_ctx *c, const struct trial *t)
{
	struct tn_arena *a = tn_arena_new(c);
	const void *b;

	if (!a || tn_clone(&tn_wire_block, t->block, a, &b)) {
		tn_arena_unref(a);
		return false;
	}
	if (!make_room(c, tn_arena_used(a), t->block->header.height)) {
		tn_arena_unref(a);
		return false;
	}
	add(side_of(c), &t->hash, b, a, tn_arena_used(a));
	side_count(c);
	return true;
}

/* Height of the last block of the chain below this one; through *parent its own parent's. */
static int find_fork(struct tn_ctx *c, const struct tn_block *b, uint64_t *fork, uint64_t *parent)
{
	const struct tn_block *at = b;
	bool first = true;

	for (uint32_t i = 0; i <= side_of(c)->n; i++) {
		const struct entry *e = find(side_of(c), &at->header.previous_hash);

		if (!store_height(c, NULL, &at->header.previous_hash, fork)) {
			*parent = first ? *fork : *parent;
			return 0;
		}
		if (!e)
			return TN_ENOENT;
		if (first)
			*parent = e->block->header.height;
		first = false;
		at = e->block;
	}
	return TN_ENOENT;
}

enum fate side_keep(struct tn_ctx *c, struct trial *t)
{
	uint64_t fork, parent;

	if (find_fork(c, t->block, &fork, &parent))
		return FATE_ORPHAN;
	if (t->block->header.height != parent + 1) {
		t->fault = TN_FAULT_HEIGHT;
		tn_fail(&t->why, TN_EBAD, "height %" PRIu64 " follows %" PRIu64,
			t->block->header.height, parent);
		return FATE_RULE;
	}
	if (state_of(c)->tip.height - fork > BRANCH_DEPTH)
		return FATE_DEEP;
	return add_copy(c, t) ? FATE_SIDE : FATE_BUSY;
}

/* ---- which one */

int side_branch(struct tn_ctx *c, struct trial *t)
{
	struct side *s = side_of(c);
	const struct entry *e = find(s, &t->hash);
	uint32_t n = 0;

	t->add = tn_alloc(t->work, (s->n + 1) * sizeof *t->add);
	if (!t->add)
		return TN_ENOMEM;
	for (; e; e = find(s, &e->block->header.previous_hash)) {
		memmove(t->add + 1, t->add, n * sizeof *t->add);
		t->add[0] = e->hash;
		n++;
		if (!store_height(c, NULL, &e->block->header.previous_hash, &t->fork)) {
			t->adds = n;
			return 0;
		}
	}
	return TN_ENOENT;
}

bool side_is_better(struct tn_ctx *c, const struct trial *t, struct tn_error *err)
{
	const struct tn_tip *ours = &state_of(c)->tip;
	struct tn_tip theirs = { t->block->header.height, t->hash, t->block->header.timestamp };
	struct tn_ev_prefer ev = { .ours = ours->hash,
				   .theirs = theirs.hash,
				   .our_height = ours->height,
				   .their_height = theirs.height,
				   .fork_height = t->fork };

	if (tn_ask(c, E_PREFER, &ev, err))
		return false;
	return branch_better(ours, &theirs, ev.better);
}

void side_moved(struct tn_ctx *c, struct trial *t)
{
	struct side *s = side_of(c);

	for (const struct moved *m = t->come; m && t->gone; m = m->next)
		drop(s, &m->hash);
	for (const struct moved *m = t->gone; m && t->come; m = m->next)
		if (make_room(c, tn_arena_used(m->arena), m->block->header.height))
			add(s, &m->hash, m->block, tn_arena_ref(m->arena), tn_arena_used(m->arena));
	side_count(c);
}
