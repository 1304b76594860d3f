/* SPDX-License-Identifier: MIT
 * lib/chain/delta.c - what a block changes in the set of coins, and how to take it back
 */
#include <stdlib.h>

#include "chain/judge.h"

/* The outputs of a block in a row, and which of them it spends itself. */
struct row {
	uint32_t *first; /* of each transaction */
	uint32_t n;
	bool *gone;
};

static int lay_out(const struct tn_block *b, struct tn_arena *a, struct row *r)
{
	r->n = 0;
	r->first = tn_alloc(a, b->transactions.n * sizeof *r->first);
	if (!r->first)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < b->transactions.n; i++) {
		r->first[i] = r->n;
		r->n += b->transactions.v[i].outputs.n;
	}
	r->gone = tn_alloc(a, r->n);
	return r->gone ? 0 : TN_ENOMEM;
}

static void mark(struct row *r, uint32_t maker, uint32_t vout)
{
	r->gone[r->first[maker] + vout] = true;
}

static struct tn_placed_coin place(const struct tn_block *b, const struct tn_hash *txid, uint32_t i,
				   uint32_t k)
{
	const struct tn_txout *o = &b->transactions.v[i].outputs.v[k];

	return (struct tn_placed_coin){ { txid[i], k },
					{ o->value, b->header.height, i == 0, o->script_pubkey } };
}

/* Room for all outputs, then those that are left. */
static int put_outputs(const struct tn_block *b, const struct tn_hash *txid, const struct row *r,
		       struct tn_arena *a, struct tn_delta *out)
{
	out->put.v = tn_alloc(a, r->n * sizeof *out->put.v);
	if (!out->put.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < b->transactions.n; i++)
		for (uint32_t k = 0; k < b->transactions.v[i].outputs.n; k++)
			if (!r->gone[r->first[i] + k])
				out->put.v[out->put.n++] = place(b, txid, i, k);
	return 0;
}

static const struct tn_outpoint *named(const struct tn_block *b, const struct tn_spent *s)
{
	return &b->transactions.v[s->tx].inputs.v[s->input].previous_output;
}

static void split_spent(const struct tn_coins_judge *j, struct row *r, struct tn_delta *out,
			struct tn_undo *undo)
{
	for (uint32_t i = 0; i < j->n; i++) {
		const struct tn_spent *s = &j->spent[i];
		const struct tn_outpoint *o = named(j->block, s);

		if (s->maker != TN_NO_TX) {
			mark(r, s->maker, o->vout);
			continue;
		}
		out->del.v[out->del.n++] = *o;
		undo->spent.v[undo->spent.n++] = (struct tn_placed_coin){ *o, s->coin };
	}
}

int tn_delta_connect(const struct tn_coins_judge *j, struct tn_arena *a, struct tn_delta *out,
		     struct tn_undo *undo)
{
	const struct tn_hash *txid = tn_facts_txids(j->facts);
	struct row r;

	memset(out, 0, sizeof *out);
	memset(undo, 0, sizeof *undo);
	out->del.v = tn_alloc(a, j->n * sizeof *out->del.v);
	undo->spent.v = tn_alloc(a, j->n * sizeof *undo->spent.v);
	undo->txids.v = tn_alloc(a, j->facts->txs * sizeof *undo->txids.v);
	if (!out->del.v || !undo->spent.v || !undo->txids.v || lay_out(j->block, a, &r) != 0)
		return TN_ENOMEM;
	memcpy(undo->txids.v, txid, j->facts->txs * sizeof *txid);
	undo->txids.n = j->facts->txs;
	split_spent(j, &r, out, undo);
	return put_outputs(j->block, txid, &r, a, out);
}

struct own { /* a transaction of the block */
	struct tn_hash txid;
	uint32_t index;
};

static int compare_own(const void *a, const void *b)
{
	const struct own *left = a, *right = b;

	return memcmp(&left->txid, &right->txid, sizeof left->txid);
}

static struct own *sort_own(const struct tn_undo *undo, struct tn_arena *a)
{
	struct own *own = tn_alloc(a, undo->txids.n * sizeof *own);

	if (!own)
		return NULL;
	for (uint32_t i = 0; i < undo->txids.n; i++)
		own[i] = (struct own){ undo->txids.v[i], i };
	qsort(own, undo->txids.n, sizeof *own, compare_own);
	return own;
}

static bool same_point(const struct tn_outpoint *a, const struct tn_outpoint *b)
{
	return a->vout == b->vout && memcmp(&a->txid, &b->txid, sizeof a->txid) == 0;
}

/* One input: of an output of this block, or the next one that the undo data must have. */
static int take_back(const struct tn_block *b, const struct tn_undo *undo, const struct own *own,
		     const struct tn_outpoint *o, struct row *r, uint32_t *at)
{
	struct own key = { o->txid, 0 };
	const struct own *maker = bsearch(&key, own, undo->txids.n, sizeof key, compare_own);

	if (maker) {
		if (o->vout >= b->transactions.v[maker->index].outputs.n)
			return TN_EBAD;
		mark(r, maker->index, o->vout);
		return 0;
	}
	if (*at >= undo->spent.n || !same_point(o, &undo->spent.v[*at].outpoint))
		return TN_EBAD;
	++*at;
	return 0;
}

static int take_all_back(const struct tn_block *b, const struct tn_undo *undo,
			 const struct own *own, struct row *r)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < b->transactions.n; i++)
		for (uint32_t k = 0; k < b->transactions.v[i].inputs.n; k++) {
			const struct tn_txin *in = &b->transactions.v[i].inputs.v[k];

			if (take_back(b, undo, own, &in->previous_output, r, &at) != 0)
				return TN_EBAD;
		}
	return at == undo->spent.n ? 0 : TN_EBAD;
}

int tn_delta_disconnect(const struct tn_block *b, const struct tn_undo *undo, struct tn_arena *a,
			struct tn_delta *out)
{
	struct own *own;
	struct row r;

	memset(out, 0, sizeof *out);
	if (undo->txids.n != b->transactions.n)
		return TN_EBAD;
	own = sort_own(undo, a);
	if (!own || lay_out(b, a, &r) != 0)
		return TN_ENOMEM;
	if (take_all_back(b, undo, own, &r) != 0)
		return TN_EBAD;
	out->del.v = tn_alloc(a, r.n * sizeof *out->del.v);
	if (!out->del.v || put_outputs(b, undo->txids.v, &r, a, out) != 0)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < out->put.n; i++)
		out->del.v[out->del.n++] = out->put.v[i].outpoint;
	out->put.v = undo->spent.v;
	out->put.n = undo->spent.n;
	return 0;
}

int tn_delta_genesis(const struct tn_block *b, const struct tn_block_facts *f, struct tn_arena *a,
		     struct tn_delta *out)
{
	struct row r;

	memset(out, 0, sizeof *out);
	return lay_out(b, a, &r) ? TN_ENOMEM : put_outputs(b, tn_facts_txids(f), &r, a, out);
}
