/* SPDX-License-Identifier: MIT
 * plugins/blocks/apply.c - one block into a batch, or back out of it
 *
 * The rules are lib/chain's (timenode/judge.h); here they are fed with coins and their result
 * is written, in slices. The batch sees its own changes, and nobody else sees them before it
 * is committed.
 */
#include "address.h"

#include <inttypes.h>
#include <string.h>

enum { /* rough costs in microseconds */
       COST_COIN = 4,
       COST_SIGNATURE = 100,
       COST_WRITE = 3,
       COINS_STEP = 256,
       SIGNATURES_STEP = 16
};

struct tn_block_facts *facts_of(const struct tn_block_rules *r, const struct tn_block *b,
				struct tn_arena *a)
{
	struct tn_block_facts *f = tn_alloc(a, tn_block_facts_bytes(b));

	if (f)
		tn_block_judge_alone(r, b, f);
	return f;
}

static int fail(struct apply *a, const struct tn_block_verdict *v, struct tn_error *err)
{
	a->verdict = *v;
	return tn_block_verdict_fail(err, v);
}

int apply_begin(const struct tn_block_rules *r, struct apply *a, const struct tn_block *b,
		const struct tn_block_facts *facts, struct tn_arena *arena, struct tn_error *err)
{
	*a = (struct apply){ .block = b, .facts = facts, .arena = arena };
	if (!facts)
		a->facts = facts_of(r, b, arena);
	if (!a->facts)
		return TN_ENOMEM;
	if (a->facts->verdict.code)
		return fail(a, &a->facts->verdict, err);
	return tn_coins_begin(&a->judge, r, b, a->facts, arena);
}

int apply_parent(struct tn_ctx *c, struct apply *a, const struct tn_tip *parent,
		 struct tn_error *err)
{
	struct tn_block_verdict v;

	tn_block_judge_parent(&state_of(c)->rules, &a->block->header, parent, tn_wall_s(c), &v);
	return v.code ? fail(a, &v, err) : 0;
}

struct looking {
	struct tn_ctx *c;
	struct tn_batch *batch;
	struct apply *apply;
};

static int look_up(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	struct looking *l = arg;
	struct apply *a = l->apply;
	const struct tn_coin *known =
		a->ahead ? ahead_coin(l->c, a->ahead, a->judge.tx, a->judge.input, o) : NULL;
	int rc;

	if (known) {
		*out = *known;
		return 0;
	}
	rc = store_coin(l->c, l->batch, o, a->arena, out);
	return rc == TN_EBAD ? TN_EIO : rc;
}

int apply_coins(struct tn_ctx *c, struct apply *a, struct tn_batch *b, int *budget,
		struct tn_error *err)
{
	struct looking l = { c, b, a };
	int rc = TN_EBUSY;

	while (rc == TN_EBUSY && *budget > 0) {
		uint32_t before = a->judge.n;

		rc = tn_coins_step(&a->judge, COINS_STEP, look_up, &l);
		*budget -= 2 + (int)(a->judge.n - before) * COST_COIN;
	}
	if (rc == TN_EBAD || (rc == TN_ENOMEM && a->judge.verdict.code))
		return fail(a, &a->judge.verdict, err);
	return rc;
}

int apply_signatures(struct tn_ctx *c, struct apply *a, int *budget, struct tn_error *err)
{
	struct tn_block_verdict v;

	(void)c;
	while (a->checked < a->todos) {
		uint32_t n = a->todos - a->checked;

		if (*budget <= 0)
			return TN_EBUSY;
		if (n > SIGNATURES_STEP)
			n = SIGNATURES_STEP;
		tn_spends_check(a->block, a->facts, &a->todo[a->checked], n, &v);
		if (v.code)
			return fail(a, &v, err);
		a->checked += n;
		*budget -= (int)n * COST_SIGNATURE;
	}
	return 0;
}

/* ---- writing */

static int write_coins(struct tn_ctx *c, struct writing *w, struct tn_batch *b, int *budget)
{
	int rc = 0;

	for (; !rc && w->deleted < w->delta.del.n; w->deleted++) {
		if ((*budget -= COST_WRITE) < 0)
			return TN_EBUSY;
		rc = store_del_coin(c, b, &w->delta.del.v[w->deleted]);
	}
	for (; !rc && w->put < w->delta.put.n; w->put++) {
		if ((*budget -= COST_WRITE) < 0)
			return TN_EBUSY;
		rc = store_put_coin(c, b, &w->delta.put.v[w->put]);
	}
	return rc;
}

static int write_places(struct tn_ctx *c, struct apply *a, struct tn_batch *b, int *budget)
{
	const struct tn_hash *txid = tn_facts_txids(a->facts);
	struct tn_tx_place p = { a->facts->hash, a->block->header.height, 0 };
	int rc = 0;

	for (; !rc && a->w.txs < a->facts->txs; a->w.txs++) {
		if ((*budget -= COST_WRITE) < 0)
			return TN_EBUSY;
		p.index = a->w.txs;
		rc = tn_put_as(c, b, D_TX, TN_VIEW(txid[a->w.txs]), &tn_store_tx_place, &p);
	}
	return rc;
}

static int write_address(struct tn_ctx *c, struct apply *a, struct tn_batch *b, int *budget)
{
	if (state_of(c)->address.state != ADDRESS_WHOLE)
		return 0;
	if (!a->walk.block)
		address_walk(&a->walk, a->block, tn_facts_txids(a->facts), &a->undo, a->arena);
	return address_write(c, &a->walk, b, true, budget);
}

int apply_write(struct tn_ctx *c, struct apply *a, struct tn_batch *b, int *budget)
{
	int rc = 0;

	if (!a->w.ready) {
		*budget -= cost_of(a->facts->bytes);
		rc = tn_delta_connect(&a->judge, a->arena, &a->w.delta, &a->undo);
	}
	a->w.ready = true;
	if (!rc)
		rc = write_coins(c, &a->w, b, budget);
	if (!rc)
		rc = write_places(c, a, b, budget);
	return rc ? rc : write_address(c, a, b, budget);
}

static int seal_rest(struct tn_ctx *c, const struct apply *a, struct tn_batch *b, struct key8 k)
{
	struct index index = { a->facts->hash, a->block->header.timestamp, a->facts->bytes,
			       a->text };
	int rc = tn_put_as(c, b, D_UNDO, TN_VIEW(k), &tn_store_undo, &a->undo);

	if (!rc)
		rc = tn_put_as(c, b, D_INDEX, TN_VIEW(k), &index_schema, &index);
	return rc ? rc : tn_put(c, b, D_HASH, TN_VIEW(index.hash), TN_VIEW(k));
}

int apply_seal(struct tn_ctx *c, struct apply *a, struct tn_batch *b)
{
	struct key8 k = key_of_height(a->block->header.height);
	int rc = 0;

	if (a->sealed == 0)
		a->text = tn_json_write(&tn_wire_block, a->block, NULL, 0);
	else if (a->sealed == 1)
		rc = tn_put_as(c, b, D_BLOCK, TN_VIEW(k), &tn_wire_block, a->block);
	else
		rc = seal_rest(c, a, b, k);
	if (!rc)
		a->sealed++;
	return rc;
}

static int64_t change(const struct writing *w)
{
	return (int64_t)w->delta.put.n - (int64_t)w->delta.del.n;
}

int64_t apply_change(const struct apply *a)
{
	return change(&a->w);
}

/* ---- back */

static int load(struct tn_ctx *c, struct revert *r, struct tn_batch *b, uint64_t height)
{
	struct key8 k = key_of_height(height);
	const void *undo = NULL;
	int rc = store_index(c, b, height, &r->index);

	if (!rc)
		rc = store_block(c, b, height, r->arena, &r->block);
	if (!rc)
		rc = store_read(c, b, D_UNDO, TN_VIEW(k), &tn_store_undo, r->arena, &undo);
	if (rc)
		return rc;
	r->undo = undo;
	return 0;
}

int revert_begin(struct tn_ctx *c, struct revert *r, struct tn_batch *b, uint64_t height,
		 struct tn_error *err)
{
	int rc;

	*r = (struct revert){ .arena = tn_arena_new(c) };
	rc = r->arena ? load(c, r, b, height) : TN_ENOMEM;
	if (!rc)
		return 0;
	tn_arena_unref(r->arena);
	r->arena = NULL;
	return tn_fail(err, rc == TN_ENOMEM ? rc : TN_EIO,
		       "block %" PRIu64 " cannot be taken back: %s", height, tn_code_text(rc));
}

int revert_write(struct tn_ctx *c, struct revert *r, struct tn_batch *b, int *budget)
{
	int rc = 0;

	if (!r->w.ready) {
		*budget -= cost_of(r->index.bytes);
		rc = tn_delta_disconnect(r->block, r->undo, r->arena, &r->w.delta);
	}
	if (rc)
		return rc == TN_EBAD ? TN_EIO : rc;
	r->w.ready = true;
	rc = write_coins(c, &r->w, b, budget);
	for (; !rc && r->w.txs < r->undo->txids.n; r->w.txs++) {
		if ((*budget -= COST_WRITE) < 0)
			return TN_EBUSY;
		rc = tn_del(c, b, D_TX, TN_VIEW(r->undo->txids.v[r->w.txs]));
	}
	if (rc || state_of(c)->address.state != ADDRESS_WHOLE)
		return rc;
	if (!r->walk.block)
		address_walk(&r->walk, r->block, r->undo->txids.v, r->undo, r->arena);
	return address_write(c, &r->walk, b, false, budget);
}

int revert_seal(struct tn_ctx *c, struct revert *r, struct tn_batch *b)
{
	struct key8 k = key_of_height(r->block->header.height);
	int rc = tn_del(c, b, D_BLOCK, TN_VIEW(k));

	if (!rc)
		rc = tn_del(c, b, D_UNDO, TN_VIEW(k));
	if (!rc)
		rc = tn_del(c, b, D_INDEX, TN_VIEW(k));
	return rc ? rc : tn_del(c, b, D_HASH, TN_VIEW(r->index.hash));
}

int64_t revert_change(const struct revert *r)
{
	return change(&r->w);
}
