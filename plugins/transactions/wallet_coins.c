/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet_coins.c - own coins in memory, and a filter of what was ever ours
 */
#include "wallet_coins.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->lost = true)
#include <uthash.h>

enum { FILTER_BITS = 1 << 16 };

struct coin {
	struct wallet_coin pub; /* first */
	bool lost;              /* there was no memory for its place in the table */
	UT_hash_handle hh;
};

struct wallet_coins {
	struct coin *first;
	uint64_t key[2];
	uint64_t filter[FILTER_BITS / 64];
};

struct wallet_coins *wallet_coins_create(const uint64_t key[2])
{
	struct wallet_coins *w = calloc(1, sizeof *w);

	if (w)
		memcpy(w->key, key, sizeof w->key);
	return w;
}

static void drop(struct wallet_coins *w, struct coin *e)
{
	HASH_DEL(w->first, e);
	free(e);
}

void wallet_coins_free(struct wallet_coins *w)
{
	struct coin *e, *next;

	if (!w)
		return;
	HASH_ITER(hh, w->first, e, next)
		drop(w, e);
	free(w);
}

uint32_t wallet_coins_count(const struct wallet_coins *w)
{
	return HASH_COUNT(w->first);
}

static unsigned hash_of(const struct wallet_coins *w, const struct tn_outpoint *o)
{
	uint8_t key[36];

	memcpy(key, o->txid.b, 32);
	memcpy(key + 32, &o->vout, 4);
	return (unsigned)siphash(w->key, key, sizeof key);
}

static struct coin *find(const struct wallet_coins *w, const struct tn_outpoint *o)
{
	struct coin *e;

	HASH_FIND_BYHASHVALUE(hh, w->first, o, sizeof *o, hash_of(w, o), e);
	return e;
}

struct wallet_coin *wallet_coins_find(const struct wallet_coins *w, const struct tn_outpoint *o)
{
	struct coin *e = find(w, o);

	return e ? &e->pub : NULL;
}

struct wallet_coin *wallet_coins_make(struct wallet_coins *w, const struct tn_outpoint *o)
{
	struct coin *e = find(w, o);

	if (e)
		return &e->pub;
	e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->pub.at = *o;
	HASH_ADD_BYHASHVALUE(hh, w->first, pub.at, sizeof *o, hash_of(w, o), e);
	if (!e->lost)
		return &e->pub;
	free(e);
	return NULL;
}

void wallet_coins_release(struct wallet_coins *w, struct wallet_coin *coin)
{
	if (!coin->confirmed && !coin->pooled)
		drop(w, (struct coin *)coin);
}

void wallet_coins_forget(struct wallet_coins *w)
{
	struct coin *e, *next;

	HASH_ITER(hh, w->first, e, next) {
		e->pub.confirmed = false;
		wallet_coins_release(w, &e->pub);
	}
}

struct wallet_coin *wallet_coins_next(const struct wallet_coins *w, const struct wallet_coin *after)
{
	const struct coin *last = (const struct coin *)after;
	struct coin *e = last ? last->hh.next : w->first;

	return e ? &e->pub : NULL;
}

bool wallet_coins_maybe(const struct wallet_coins *w, const struct tn_outpoint *o)
{
	unsigned bit = hash_of(w, o) % FILTER_BITS;

	return w->filter[bit / 64] >> bit % 64 & 1;
}

void wallet_coins_mark(struct wallet_coins *w, const struct tn_outpoint *o)
{
	unsigned bit = hash_of(w, o) % FILTER_BITS;

	w->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}
