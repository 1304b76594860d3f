/* SPDX-License-Identifier: MIT
 * plugins/transactions/rivals.c - bodies of transactions that spend a coin which another one has
 */
#include "rivals.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct rival {
	struct rival *prev, *next; /* the oldest first */
	const struct tn_tx *tx;
	struct tn_arena *owner;
	struct tn_hash txid;
	struct tn_outpoint coin;
	size_t bytes;
};

/* A few hundred at most: they are looked through one by one. */
struct rivals {
	struct rival *list;
	uint32_t n, max;
	size_t bytes, bytes_max;
};

struct rivals *rivals_create(uint32_t count, size_t bytes)
{
	struct rivals *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->max = count;
	r->bytes_max = bytes;
	return r;
}

static void take_out(struct rivals *r, struct rival *it)
{
	DL_DELETE(r->list, it);
	r->n--;
	r->bytes -= it->bytes;
}

static void drop(struct rivals *r, struct rival *it)
{
	take_out(r, it);
	tn_arena_unref(it->owner);
	free(it);
}

void rivals_free(struct rivals *r)
{
	if (!r)
		return;
	while (r->list)
		drop(r, r->list);
	free(r);
}

static struct rival *find(const struct rivals *r, const struct tn_hash *txid)
{
	struct rival *it;

	DL_FOREACH(r->list, it)
		if (!memcmp(&it->txid, txid, sizeof *txid))
			return it;
	return NULL;
}

static bool same_coin(const struct tn_outpoint *a, const struct tn_outpoint *b)
{
	return a->vout == b->vout && !memcmp(&a->txid, &b->txid, sizeof a->txid);
}

static unsigned of_coin(const struct rivals *r, const struct tn_outpoint *coin)
{
	const struct rival *it;
	unsigned n = 0;

	DL_FOREACH(r->list, it)
		n += same_coin(&it->coin, coin);
	return n;
}

int rivals_add(struct rivals *r, const struct tn_tx *tx, const struct tn_hash *txid,
	       const struct tn_outpoint *coin, struct tn_arena *owner)
{
	size_t bytes = sizeof(struct rival) + tn_arena_used(owner);
	struct rival *it;

	if (find(r, txid))
		return TN_EINVAL;
	if (bytes > r->bytes_max || !r->max || of_coin(r, coin) >= RIVALS_OF_COIN)
		return TN_EFULL;
	it = calloc(1, sizeof *it);
	if (!it)
		return TN_ENOMEM;
	*it = (struct rival){
		.tx = tx, .owner = tn_arena_ref(owner), .txid = *txid, .coin = *coin, .bytes = bytes
	};
	while (r->n >= r->max || r->bytes + bytes > r->bytes_max)
		drop(r, r->list);
	DL_APPEND(r->list, it);
	r->n++;
	r->bytes += bytes;
	return 0;
}

bool rivals_coin(const struct rivals *r, const struct tn_hash *txid, struct tn_outpoint *coin)
{
	const struct rival *it = find(r, txid);

	if (it)
		*coin = it->coin;
	return it;
}

void rivals_drop(struct rivals *r, const struct tn_hash *txid)
{
	struct rival *it = find(r, txid);

	if (it)
		drop(r, it);
}

int rivals_take(struct rivals *r, const struct tn_hash *txid, const struct tn_tx **tx,
		struct tn_arena **owner)
{
	struct rival *it = find(r, txid);

	if (!it)
		return TN_ENOENT;
	take_out(r, it);
	*tx = it->tx;
	*owner = it->owner;
	free(it);
	return 0;
}

uint32_t rivals_count(const struct rivals *r)
{
	return r->n;
}

size_t rivals_bytes(const struct rivals *r)
{
	return r->bytes;
}
