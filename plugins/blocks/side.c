/* SPDX-License-Identifier: MIT
 * plugins/blocks/side.c - blocks beside the chain, and which branch is better
 *
 * Only what a block shows by itself is checked here: the rest when its branch is to become
 * the chain. The blocks lie in the store, so a restart finds them again; in memory there is
 * what links them. Rows are written behind and may lag: whatever they say is looked at anew at
 * the start, and what was lost is asked for again.
 */
#include "side.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "branch.h"

enum { ENTRIES_MAX = 4096 };

static struct family *family_of(struct side *s, const struct tn_hash *parent)
{
	struct family *f;

	HASH_FIND(hh, s->families, parent, sizeof *parent, f);
	return f;
}

bool side_has(struct tn_ctx *c, const struct tn_hash *hash)
{
	return side_find(side_of(c), hash) != NULL;
}

uint32_t side_number(struct tn_ctx *c)
{
	return side_of(c)->n;
}

/* ---- in memory */

static void leave_family(struct side *s, struct entry *e)
{
	struct family *f = family_of(s, &e->parent);

	DL_DELETE(f->first, e);
	if (f->first)
		return;
	HASH_DEL(s->families, f);
	free(f);
}

static bool link_up(struct side *s, struct entry *e)
{
	struct family *f = family_of(s, &e->parent);

	if (!f) {
		f = calloc(1, sizeof *f);
		if (!f)
			return false;
		f->parent = e->parent;
		HASH_ADD(hh, s->families, parent, sizeof f->parent, f);
		if (!f->hh.tbl) { /* without memory it is not in there */
			free(f);
			return false;
		}
	}
	DL_PREPEND(f->first, e);
	HASH_ADD(hh, s->entries, hash, sizeof e->hash, e);
	if (e->hh.tbl)
		return true;
	leave_family(s, e);
	return false;
}

static bool add(struct side *s, const struct tn_hash *hash, const struct tn_header *h,
		uint64_t bytes)
{
	struct entry *e = calloc(1, sizeof *e);

	if (!e)
		return false;
	e->hash = *hash;
	e->parent = h->previous_hash;
	e->height = h->height;
	e->bytes = bytes;
	if (!link_up(s, e)) {
		free(e);
		return false;
	}
	s->floor = !s->n || e->height < s->floor ? e->height : s->floor;
	s->n++;
	s->bytes += bytes;
	return true;
}

static void forget(struct side *s, struct entry *e)
{
	side_forget_unwritten(s, e);
	leave_family(s, e);
	HASH_DEL(s->entries, e);
	s->n--;
	s->bytes -= e->bytes;
	free(e);
}

static void forget_all(struct side *s)
{
	while (s->entries)
		forget(s, s->entries);
}

struct side *side_create(void)
{
	return calloc(1, sizeof(struct side));
}

void side_free(struct side *s)
{
	if (!s)
		return;
	forget_all(s);
	free(s);
}

static void drop(struct tn_ctx *c, struct entry *e)
{
	if (side_open_batch(c))
		tn_del(c, side_of(c)->batch, D_SIDE, TN_VIEW(e->hash));
	forget(side_of(c), e);
}

/* A block and all that build on it, the last first. */
static void drop_branch(struct tn_ctx *c, struct entry *root)
{
	struct side *s = side_of(c);
	struct entry *e = root;

	for (;;) {
		struct family *f = family_of(s, &e->hash);
		bool last = e == root;
		struct tn_hash up = e->parent;

		if (f) {
			e = f->first;
			continue;
		}
		drop(c, e);
		if (last)
			return;
		e = side_find(s, &up);
	}
}

/* All that build on a block, which itself may be anywhere. */
static void drop_children(struct tn_ctx *c, const struct tn_hash *hash)
{
	struct family *f;

	while ((f = family_of(side_of(c), hash)))
		drop_branch(c, f->first);
}

void side_spoil(struct tn_ctx *c, const struct tn_hash *hash)
{
	struct tn_hash copy = *hash;
	struct entry *e = side_find(side_of(c), &copy);

	drop_children(c, &copy);
	if (e)
		drop(c, e);
	side_flush(c);
}

/* ---- bounds */

/* Of those that the last walk did not meet. */
static struct entry *lowest(struct side *s)
{
	struct entry *found = NULL;

	for (struct entry *e = s->entries; e; e = e->hh.next)
		if (e->mark != s->walk && (!found || e->height < found->height))
			found = e;
	return found;
}

/* Marks a block and those that it builds on. */
static void walk_up(struct side *s, const struct tn_hash *hash)
{
	struct entry *e = side_find(s, hash);

	for (s->walk++; e; e = side_find(s, &e->parent))
		e->mark = s->walk;
}

static bool fits(struct tn_ctx *c, uint64_t bytes)
{
	const struct side *s = side_of(c);

	return s->n < ENTRIES_MAX && s->bytes + bytes <= conf_of(c)->side_max;
}

/* The lowest branches give way, but not to one that is lower still, and never its own. */
static bool make_room(struct tn_ctx *c, uint64_t bytes, const struct tn_header *h)
{
	struct side *s = side_of(c);

	if (fits(c, bytes))
		return true;
	walk_up(s, &h->previous_hash);
	while (!fits(c, bytes)) {
		struct entry *e = lowest(s);

		if (!e || e->height >= h->height)
			return false;
		drop_branch(c, e);
	}
	return true;
}

/* Can it never become part of the chain, or is it that already? */
static bool is_done(struct tn_ctx *c, const struct entry *e, bool *alone)
{
	uint64_t at;

	*alone = !store_height(c, NULL, &e->hash, &at);
	if (*alone)
		return true;
	if (side_find(side_of(c), &e->parent))
		return false;
	return store_height(c, NULL, &e->parent, &at) || at + 1 != e->height ||
	       state_of(c)->tip.height - at > BRANCH_DEPTH;
}

/* Once through all; was there something to drop? */
static bool prune_once(struct tn_ctx *c)
{
	struct side *s = side_of(c);
	struct tn_hash *list = tn_alloc(tn_scratch(c), (s->n + 1) * sizeof *list);
	uint32_t n = 0;
	bool alone;

	for (struct entry *e = s->entries; list && e; e = e->hh.next)
		if (is_done(c, e, &alone))
			list[n++] = e->hash;
	for (uint32_t i = 0; i < n; i++) {
		struct entry *e = side_find(s, &list[i]);

		if (!e || !is_done(c, e, &alone))
			continue;
		if (alone)
			drop(c, e);
		else
			drop_branch(c, e);
	}
	return n != 0;
}

static void prune(struct tn_ctx *c)
{
	struct side *s = side_of(c);
	const struct entry *e;

	while (prune_once(c))
		;
	s->walk++;
	e = lowest(s);
	s->floor = e ? e->height : 0;
}

/* ---- coming and going */

static bool has_place(struct tn_ctx *c, const struct tn_block *b, uint64_t bytes)
{
	uint64_t at;

	if (!side_find(side_of(c), &b->header.previous_hash) &&
	    store_height(c, NULL, &b->header.previous_hash, &at))
		return false;
	return make_room(c, bytes, &b->header);
}

static bool keep(struct tn_ctx *c, const struct tn_hash *hash, const struct tn_block *b,
		 uint64_t bytes)
{
	if (side_find(side_of(c), hash))
		return true;
	return has_place(c, b, bytes) && !side_put(c, hash, b) &&
	       add(side_of(c), hash, &b->header, bytes);
}

static bool keep_unwritten(struct tn_ctx *c, const struct moved *m)
{
	struct side *s = side_of(c);
	struct entry *e;

	if (side_find(s, &m->hash))
		return true;
	if (!has_place(c, m->block, m->bytes) || !add(s, &m->hash, &m->block->header, m->bytes))
		return false;
	e = side_find(s, &m->hash);
	e->unwritten = m->block;
	e->keep = tn_arena_ref(m->arena);
	s->unwritten++;
	return true;
}

/* Height of the last block of the chain below this one; through *parent its own parent's. */
static int find_fork(struct tn_ctx *c, const struct tn_block *b, uint64_t *fork, uint64_t *parent)
{
	const struct tn_hash *at = &b->header.previous_hash;
	const struct entry *e = side_find(side_of(c), at), *first = e;

	for (uint32_t i = 0; i <= side_of(c)->n; i++, e = side_find(side_of(c), at)) {
		if (!store_height(c, NULL, at, fork)) {
			*parent = first ? first->height : *fork;
			return 0;
		}
		if (!e)
			return TN_ENOENT;
		at = &e->parent;
	}
	return TN_ENOENT;
}

enum fate side_keep(struct tn_ctx *c, struct trial *t)
{
	uint64_t fork, parent;
	bool kept;

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
	kept = keep(c, &t->hash, t->block, t->facts->bytes);
	side_flush(c);
	return kept ? FATE_SIDE : FATE_BUSY;
}

/* The tip went first; what does not fit any more is the branch's end. */
static void keep_gone(struct tn_ctx *c, const struct moved *first)
{
	const struct moved **list;
	uint32_t n = 0;

	for (const struct moved *m = first; m; m = m->next)
		n++;
	list = tn_alloc(tn_scratch(c), (n + 1) * sizeof *list);
	if (!list)
		return;
	n = 0;
	for (const struct moved *m = first; m; m = m->next)
		list[n++] = m;
	while (n > 0 && keep_unwritten(c, list[n - 1]))
		n--;
	side_write_soon(c);
}

void side_moved(struct tn_ctx *c, struct trial *t)
{
	struct side *s = side_of(c);

	for (const struct moved *m = t->come; m && s->n; m = m->next) {
		struct entry *e = side_find(s, &m->hash);

		if (e)
			drop(c, e);
	}
	if (t->come)
		keep_gone(c, t->gone);
	if (s->n && ((t->gone && !t->come) || s->floor + BRANCH_DEPTH <= state_of(c)->tip.height))
		prune(c);
	side_flush(c);
}

/* ---- which one */

int side_branch(struct tn_ctx *c, struct trial *t)
{
	struct side *s = side_of(c);
	const struct entry *e = side_find(s, &t->hash);
	uint32_t n = 0;

	t->add = tn_alloc(t->work, (s->n + 1) * sizeof *t->add);
	if (!t->add)
		return TN_ENOMEM;
	for (; e && n < s->n; e = side_find(s, &e->parent)) {
		t->add[s->n - ++n] = e->hash;
		if (!store_height(c, NULL, &e->parent, &t->fork)) {
			t->add += s->n - n;
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

/* ---- at the start */

/* Whatever is no block, or not the one it is kept as, goes. */
static int load(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct side *s = side_of(c);
	struct tn_view head = { val.p, HEADER_BYTES };
	const struct tn_header *h;
	struct tn_hash hash;
	const void *v;

	(void)arg;
	if (key.n == sizeof hash.b && val.n > HEADER_BYTES &&
	    !tn_bin_read(&tn_wire_header, head, tn_scratch(c), &v, NULL)) {
		h = v;
		if (!tn_block_hash(state_of(c)->sha, h, &hash) && !memcmp(hash.b, key.p, key.n) &&
		    add(s, &hash, h, val.n))
			return 0;
	}
	return side_open_batch(c) ? tn_del(c, s->batch, D_SIDE, key) : TN_ENOMEM;
}

int side_start(struct tn_ctx *c)
{
	struct side *s = side_of(c);
	int rc;

	forget_all(s); /* started again, after an upgrade that failed */
	rc = tn_scan(c, D_SIDE, (struct tn_view){ 0 }, load, NULL);
	if (rc)
		return rc;
	prune(c);
	s->walk++;
	while (s->n > ENTRIES_MAX || s->bytes > conf_of(c)->side_max)
		drop_branch(c, lowest(s));
	side_flush(c);
	return 0;
}

void side_stop(struct tn_ctx *c)
{
	struct side *s = side_of(c);

	for (struct entry *e = s->entries; e && s->unwritten; e = e->hh.next)
		side_write_row(c, e);
	side_flush(c);
	tn_cancel(c, s->timer);
	tn_cancel(c, s->writing);
	s->timer = s->writing = (struct tn_timer){ 0 };
	if (s->batch)
		tn_abandon(c, s->batch);
	s->batch = NULL;
}
