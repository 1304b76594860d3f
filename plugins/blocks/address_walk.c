/* SPDX-License-Identifier: MIT
 * plugins/blocks/address_walk.c - what a block does to scripts, in its order
 */
#include <stdlib.h>
#include <string.h>

#include "address.h"

struct address_own { /* a transaction of the block */
	struct tn_hash txid;
	uint32_t index;
};

void address_walk(struct address_walk *w, const struct tn_block *b, const struct tn_hash *txid,
		  const struct tn_undo *undo, struct tn_arena *a)
{
	*w = (struct address_walk){ .block = b, .txid = txid, .undo = undo, .arena = a };
}

static int compare_own(const void *a, const void *b)
{
	const struct address_own *left = a, *right = b;

	return memcmp(&left->txid, &right->txid, sizeof left->txid);
}

/* Only blocks that spend their own coins need it. */
static int sort_own(struct address_walk *w)
{
	uint32_t n = w->block->transactions.n;

	if (w->own)
		return 0;
	w->own = tn_alloc(w->arena, n * sizeof *w->own);
	if (!w->own)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		w->own[i] = (struct address_own){ w->txid[i], i };
	qsort(w->own, n, sizeof *w->own, compare_own);
	return 0;
}

static struct tn_placed_coin made(const struct address_walk *w, uint32_t tx, uint32_t vout)
{
	const struct tn_txout *o = &w->block->transactions.v[tx].outputs.v[vout];

	return (struct tn_placed_coin){ { w->txid[tx], vout },
					{ o->value, w->block->header.height, tx == 0,
					  o->script_pubkey } };
}

static int spent_inside(struct address_walk *w, const struct tn_outpoint *o,
			struct address_touch *out)
{
	struct address_own key = { o->txid, 0 };
	const struct address_own *maker;
	int rc = sort_own(w);

	if (rc)
		return rc;
	maker = bsearch(&key, w->own, w->block->transactions.n, sizeof key, compare_own);
	if (!maker || o->vout >= w->block->transactions.v[maker->index].outputs.n)
		return TN_EBAD;
	out->coin = made(w, maker->index, o->vout);
	out->inside = true;
	return 0;
}

static int spent(struct address_walk *w, const struct tn_outpoint *o, struct address_touch *out)
{
	const struct tn_placed_coin *p = &w->undo->spent.v[w->spent];

	out->spends = true;
	if (w->spent == w->undo->spent.n || p->outpoint.vout != o->vout ||
	    !same_hash(&p->outpoint.txid, &o->txid))
		return spent_inside(w, o, out);
	out->coin = *p;
	w->spent++;
	return 0;
}

/* The transaction that is not done yet; NULL: all are. */
static const struct tn_tx *current(struct address_walk *w)
{
	for (; w->tx < w->block->transactions.n; w->tx++, w->at = 0) {
		const struct tn_tx *tx = &w->block->transactions.v[w->tx];

		if (w->at < tx->inputs.n + tx->outputs.n)
			return tx;
	}
	return NULL;
}

int address_next(struct address_walk *w, struct address_touch *out)
{
	const struct tn_tx *tx = current(w);

	if (!tx)
		return w->spent == w->undo->spent.n ? 1 : TN_EBAD;
	*out = (struct address_touch){ .tx = w->tx };
	if (w->at < tx->inputs.n)
		return spent(w, &tx->inputs.v[w->at++].previous_output, out);
	out->coin = made(w, w->tx, w->at - tx->inputs.n);
	w->at++;
	return 0;
}
