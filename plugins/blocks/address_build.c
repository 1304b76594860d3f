/* SPDX-License-Identifier: MIT
 * plugins/blocks/address_build.c - the index by script is made for a chain that has none, or goes
 *
 * In slices, at a start that finds another configuration than the last one. A mark goes along
 * in each batch, so an end of the node at any moment only costs time. Until it is done no
 * block is taken: the chain rests under it.
 */
#include "address.h"

#include <inttypes.h>
#include <stdlib.h>

enum { AGAIN_MS = 5, WIPE = 2000, BLOCKS = 500, COST_BLOCK = 30, ROWS_COST = 400000 };

struct build {
	struct tn_timer timer;
	struct tn_batch *batch;
	struct tn_arena *arena; /* of the block under way */
	struct address_walk walk;
	uint64_t next; /* block, as the batch has it */
	int64_t cost;  /* of what is in the batch */
	bool last;     /* of a wipe */
	uint32_t blocks;
};

void address_stop(struct tn_ctx *c)
{
	struct build *b = state_of(c)->address_build;

	if (!b)
		return;
	tn_cancel(c, b->timer);
	if (b->batch)
		tn_abandon(c, b->batch);
	tn_arena_unref(b->arena);
	free(b);
	state_of(c)->address_build = NULL;
}

static void fail(struct tn_ctx *c, int rc)
{
	TN_LOG(c, TN_ERROR, TN_NOBODY, "The address index cannot be made: %s", tn_code_text(rc));
	address_stop(c);
}

/* The batch as it is, with the mark. 0; 1: the disk is behind, the batch is still there. */
static int commit(struct tn_ctx *c, struct build *b)
{
	int rc = tn_commit(c, b->batch, TN_NO_TICKET);

	if (rc == TN_EFULL)
		return 1;
	b->batch = NULL;
	b->cost = 0;
	b->blocks = 0;
	return rc;
}

/* ---- it goes */

static struct address_index after_wipe(struct tn_ctx *c)
{
	return (struct address_index){ conf_of(c)->address_index ? ADDRESS_BUILDING : ADDRESS_NONE,
				       0 };
}

static int fill_wipe(struct tn_ctx *c, struct build *b)
{
	static const unsigned db[] = { D_ADDRESS, D_ADDRESS_TX };
	struct address_index *x = &state_of(c)->address, was = *x;
	unsigned removed = 0;
	int rc;

	b->batch = tn_batch(c);
	rc = b->batch ? store_wipe(c, b->batch, db, 2, (struct tn_view){ 0 }, WIPE, &removed)
		      : TN_ENOMEM;
	if (rc)
		return rc;
	b->last = !removed;
	if (b->last)
		*x = after_wipe(c);
	rc = address_put_mark(c, b->batch);
	*x = was;
	return rc;
}

/* 0: nothing is left; 1: again. */
static int wipe(struct tn_ctx *c, struct build *b)
{
	struct address_index *x = &state_of(c)->address;
	int rc = b->batch ? 0 : fill_wipe(c, b);

	if (!rc)
		rc = commit(c, b);
	if (rc || !b->last)
		return rc ? rc : 1;
	*x = after_wipe(c);
	b->next = 0;
	if (x->state == ADDRESS_NONE)
		TN_LOG(c, TN_INFO, TN_NOBODY, "The address index is removed");
	return x->state != ADDRESS_NONE;
}

/* ---- it comes */

static int load_undo(struct tn_ctx *c, struct build *b, const struct tn_block *block,
		     const struct tn_hash **txid, const struct tn_undo **undo)
{
	struct key8 k = key_of_height(b->next);
	const struct tn_block_facts *f;
	const void *v;
	int rc = store_read(c, NULL, D_UNDO, TN_VIEW(k), &tn_store_undo, b->arena, &v);

	if (rc)
		return rc;
	*undo = v;
	*txid = (*undo)->txids.v;
	if (b->next)
		return (*undo)->txids.n == block->transactions.n ? 0 : TN_EBAD;
	f = facts_of(&state_of(c)->rules, block, b->arena); /* nothing takes genesis back */
	if (!f)
		return TN_ENOMEM;
	*txid = tn_facts_txids(f);
	return 0;
}

static int load(struct tn_ctx *c, struct build *b)
{
	const struct tn_block *block;
	const struct tn_undo *undo;
	const struct tn_hash *txid;
	int rc;

	b->arena = tn_arena_new(c);
	rc = b->arena ? store_block(c, NULL, b->next, b->arena, &block) : TN_ENOMEM;
	if (!rc)
		rc = load_undo(c, b, block, &txid, &undo);
	if (!rc)
		address_walk(&b->walk, block, txid, undo, b->arena);
	return rc;
}

/* 0: that block is in the batch; TN_EBUSY: not all of it. */
static int add_block(struct tn_ctx *c, struct build *b, int *budget)
{
	int before = *budget, rc = 0;

	if (!b->arena)
		rc = load(c, b);
	if (!rc)
		rc = address_write(c, &b->walk, b->batch, true, budget);
	b->cost += before - *budget;
	if (rc)
		return rc;
	tn_arena_unref(b->arena);
	b->arena = NULL;
	b->next++;
	b->blocks++;
	*budget -= COST_BLOCK;
	return *budget > 0 ? 0 : TN_EBUSY;
}

static bool is_full(const struct build *b)
{
	return b->blocks >= BLOCKS || b->cost >= ROWS_COST;
}

static int end_batch(struct tn_ctx *c, struct build *b)
{
	struct address_index *x = &state_of(c)->address, was = *x;
	bool all = b->next > state_of(c)->tip.height;
	int rc;

	*x = (struct address_index){ all ? ADDRESS_WHOLE : ADDRESS_BUILDING, b->next };
	rc = address_put_mark(c, b->batch);
	if (!rc)
		rc = commit(c, b);
	if (rc) {
		*x = was;
		return rc;
	}
	if (all)
		TN_LOG(c, TN_INFO, TN_NOBODY, "The address index is built: height %" PRIu64,
		       state_of(c)->tip.height);
	return !all;
}

/* 0: it is whole; 1: again. */
static int build(struct tn_ctx *c, struct build *b)
{
	int budget = TURN_US, rc = 0;

	if (!b->batch)
		b->batch = tn_batch(c);
	if (!b->batch)
		return TN_ENOMEM;
	while (!rc && !is_full(b) && b->next <= state_of(c)->tip.height)
		rc = add_block(c, b, &budget);
	if (rc && rc != TN_EBUSY)
		return rc;
	if (!b->arena && (is_full(b) || b->next > state_of(c)->tip.height))
		return end_batch(c, b);
	return 1;
}

/* ---- in turns */

static void on_turn(struct tn_ctx *c, void *arg)
{
	struct build *b = arg;
	int rc = state_of(c)->address.state == ADDRESS_WIPING ? wipe(c, b) : build(c, b);

	b->timer = (struct tn_timer){ 0 };
	if (rc == 0) {
		address_stop(c);
		return;
	}
	if (rc > 0)
		b->timer = tn_after(c, b->batch && is_full(b) ? AGAIN_MS : 0, on_turn, b);
	if (!b->timer.v)
		fail(c, rc < 0 ? rc : TN_ENOMEM);
}

static int put_first_mark(struct tn_ctx *c)
{
	struct tn_batch *b = tn_batch(c);
	int rc = b ? address_put_mark(c, b) : TN_ENOMEM;

	if (!rc)
		rc = tn_commit(c, b, TN_NO_TICKET);
	if (rc && b)
		tn_abandon(c, b);
	return rc;
}

int address_resume(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = state_of(c);
	struct build *b;
	bool wiping = st->address.state == ADDRESS_WIPING;

	if (st->address.state == ADDRESS_NONE || st->address.state == ADDRESS_WHOLE)
		return 0;
	if (put_first_mark(c))
		return tn_fail(err, TN_EIO, "the mark of the address index cannot be written");
	if (st->maintain)
		return 0; /* a reindex first: it calls again */
	b = calloc(1, sizeof *b);
	if (!b)
		return tn_fail(err, TN_ENOMEM, "no memory");
	b->next = st->address.next;
	st->address_build = b;
	if (wiping && !conf_of(c)->address_index)
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "The address index is removed, for address_index is off");
	else
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "The address index is built from height %" PRIu64 " to %" PRIu64
		       ": no block is taken meanwhile",
		       b->next, st->tip.height);
	b->timer = tn_after(c, 0, on_turn, b);
	if (b->timer.v)
		return 0;
	address_stop(c);
	return tn_fail(err, TN_ENOMEM, "no memory");
}
