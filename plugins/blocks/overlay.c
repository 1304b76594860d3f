/* SPDX-License-Identifier: MIT
 * plugins/blocks/overlay.c - a set of coins as it would be after some blocks
 */
#include <stdlib.h>
#include <string.h>

#include "overlay.h"

struct change {
	struct change *next; /* in its bucket */
	struct tn_outpoint at;
	struct tn_coin coin;
	bool put;   /* it is there; else it is gone */
	bool below; /* the set below has it */
	uint8_t script[];
};

struct overlay {
	tn_coin_fn *below;
	void *arg;
	uint64_t key[2];
	struct change **bucket;
	size_t buckets, n, bytes; /* buckets: a power of two */
};

struct overlay *overlay_create(tn_coin_fn *below, void *arg, const uint64_t key[2])
{
	struct overlay *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->below = below;
	o->arg = arg;
	o->key[0] = key[0];
	o->key[1] = key[1] | 1;
	o->buckets = 1024;
	o->bucket = calloc(o->buckets, sizeof *o->bucket);
	if (o->bucket)
		return o;
	free(o);
	return NULL;
}

void overlay_free(struct overlay *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->buckets; i++)
		for (struct change *c = o->bucket[i], *next; c; c = next) {
			next = c->next;
			free(c);
		}
	free(o->bucket);
	free(o);
}

/* Txids are hashes already, but chosen ones; the secret keeps them from falling together. */
static size_t index_of(const struct overlay *o, const struct tn_outpoint *at)
{
	uint64_t a, b;

	memcpy(&a, at->txid.b, sizeof a);
	memcpy(&b, at->txid.b + 8, sizeof b);
	a = ((a ^ o->key[0]) + (b ^ at->vout) * o->key[1]) * o->key[1];
	return (size_t)(a >> 24) & (o->buckets - 1);
}

static bool same(const struct tn_outpoint *a, const struct tn_outpoint *b)
{
	return a->vout == b->vout && memcmp(&a->txid, &b->txid, sizeof a->txid) == 0;
}

static struct change **slot_of(const struct overlay *o, const struct tn_outpoint *at)
{
	struct change **c = &o->bucket[index_of(o, at)];

	while (*c && !same(&(*c)->at, at))
		c = &(*c)->next;
	return c;
}

int overlay_find(void *arg, const struct tn_outpoint *at, struct tn_coin *out)
{
	const struct overlay *o = arg;
	const struct change *c = *slot_of(o, at);

	if (!c)
		return o->below(o->arg, at, out);
	if (!c->put)
		return TN_ENOENT;
	*out = c->coin;
	return 0;
}

static void grow(struct overlay *o)
{
	struct change **old = o->bucket;
	size_t n = o->buckets;

	if (o->n < n)
		return;
	o->bucket = calloc(2 * n, sizeof *old);
	if (!o->bucket) { /* slower, not wrong */
		o->bucket = old;
		return;
	}
	o->buckets = 2 * n;
	for (size_t i = 0; i < n; i++)
		for (struct change *c = old[i], *next; c; c = next) {
			struct change **to = &o->bucket[index_of(o, &c->at)];

			next = c->next;
			c->next = *to;
			*to = c;
		}
	free(old);
}

static void forget(struct overlay *o, struct change **at)
{
	struct change *c = *at;

	*at = c->next;
	o->n--;
	o->bytes -= sizeof *c + c->coin.script.n;
	free(c);
}

static int note(struct overlay *o, const struct tn_outpoint *at, const struct tn_coin *coin,
		bool below)
{
	uint32_t n = coin ? coin->script.n : 0;
	struct change *c = calloc(1, sizeof *c + n), **to;

	if (!c)
		return TN_ENOMEM;
	c->at = *at;
	c->put = coin != NULL;
	c->below = below;
	if (coin)
		c->coin = *coin;
	if (n)
		memcpy(c->script, coin->script.p, n);
	c->coin.script.p = c->script;
	grow(o);
	to = &o->bucket[index_of(o, at)];
	c->next = *to;
	*to = c;
	o->n++;
	o->bytes += sizeof *c + n;
	return 0;
}

static int take(struct overlay *o, const struct tn_outpoint *at)
{
	struct change **c = slot_of(o, at);
	struct tn_coin coin;
	bool below;
	int code;

	if (!*c) {
		code = o->below(o->arg, at, &coin);
		return code == TN_ENOENT ? TN_EBAD : code ? code : note(o, at, NULL, true);
	}
	if (!(*c)->put)
		return TN_EBAD;
	below = (*c)->below;
	forget(o, c);
	return below ? note(o, at, NULL, true) : 0;
}

/* A coin that was taken from below and comes again is written anew: its height may be
 * another, when a payment stands in both branches.
 */
static int put(struct overlay *o, const struct tn_placed_coin *p)
{
	struct change **c = slot_of(o, &p->outpoint);
	struct tn_coin coin;
	bool below;
	int code;

	if (!*c) {
		code = o->below(o->arg, &p->outpoint, &coin);
		if (code != TN_ENOENT)
			return code ? code : TN_EBAD;
		return note(o, &p->outpoint, &p->coin, false);
	}
	if ((*c)->put)
		return TN_EBAD;
	below = (*c)->below;
	forget(o, c);
	return note(o, &p->outpoint, &p->coin, below);
}

int overlay_apply(struct overlay *o, const struct tn_delta *d)
{
	int code = 0;

	for (uint32_t i = 0; i < d->del.n && !code; i++)
		code = take(o, &d->del.v[i]);
	for (uint32_t i = 0; i < d->put.n && !code; i++)
		code = put(o, &d->put.v[i]);
	return code;
}

size_t overlay_bytes(const struct overlay *o)
{
	return o->bytes;
}

static int compare(const void *a, const void *b)
{
	const struct tn_outpoint *left = a, *right = b; /* of a placed coin too: its first member */
	int order = memcmp(&left->txid, &right->txid, sizeof left->txid);

	return order ? order : (left->vout > right->vout) - (left->vout < right->vout);
}

int overlay_delta(const struct overlay *o, struct tn_arena *a, struct tn_delta *out)
{
	memset(out, 0, sizeof *out);
	out->put.v = tn_alloc(a, o->n * sizeof *out->put.v);
	out->del.v = tn_alloc(a, o->n * sizeof *out->del.v);
	if (!out->put.v || !out->del.v)
		return TN_ENOMEM;
	for (size_t i = 0; i < o->buckets; i++)
		for (const struct change *c = o->bucket[i]; c; c = c->next) {
			if (c->below)
				out->del.v[out->del.n++] = c->at;
			if (c->put)
				out->put.v[out->put.n++] =
					(struct tn_placed_coin){ c->at, c->coin };
		}
	/* the same order whatever the key */
	qsort(out->del.v, out->del.n, sizeof *out->del.v, compare);
	qsort(out->put.v, out->put.n, sizeof *out->put.v, compare);
	return 0;
}
