/* SPDX-License-Identifier: MIT
 * t/lib/coins.c - a set of unspent coins in memory
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/coins.h"

struct one {
	uint8_t key[TN_COIN_KEY];
	struct tn_outpoint at;
	struct tn_coin coin;
	UT_hash_handle hh;
	uint8_t script[];
};

struct coins {
	struct one *all;
};

struct coins *coins_create(void)
{
	struct coins *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	return c;
}

void coins_free(struct coins *c)
{
	struct one *o, *next;

	if (!c)
		return;
	HASH_ITER(hh, c->all, o, next) {
		HASH_DEL(c->all, o);
		free(o);
	}
	free(c);
}

size_t coins_count(const struct coins *c)
{
	return HASH_COUNT(c->all);
}

static struct one *find(const struct coins *c, const struct tn_outpoint *at)
{
	uint8_t key[TN_COIN_KEY];
	size_t n = tn_coin_key(at, key);
	struct one *o;

	HASH_FIND(hh, c->all, key, n, o);
	return o;
}

uint64_t coins_worth(const struct coins *c)
{
	struct one *o, *next;
	uint64_t sum = 0;

	HASH_ITER(hh, c->all, o, next)
		sum += o->coin.value;
	return sum;
}

int coins_find(void *arg, const struct tn_outpoint *at, struct tn_coin *out)
{
	const struct one *o = find(arg, at);

	if (!o)
		return TN_ENOENT;
	*out = o->coin;
	return 0;
}

static bool put(struct coins *c, const struct tn_placed_coin *p)
{
	uint32_t n = p->coin.script.n;
	struct one *o = find(c, &p->outpoint) ? NULL : calloc(1, sizeof *o + n);

	if (!o)
		return false;
	o->at = p->outpoint;
	o->coin = p->coin;
	if (n)
		memcpy(o->script, p->coin.script.p, n);
	o->coin.script.p = o->script;
	HASH_ADD_KEYPTR(hh, c->all, o->key, tn_coin_key(&o->at, o->key), o);
	return true;
}

bool coins_apply(struct coins *c, const struct tn_delta *d)
{
	for (uint32_t i = 0; i < d->del.n; i++) {
		struct one *o = find(c, &d->del.v[i]);

		if (!o)
			return false;
		HASH_DEL(c->all, o);
		free(o);
	}
	for (uint32_t i = 0; i < d->put.n; i++)
		if (!put(c, &d->put.v[i]))
			return false;
	return true;
}

void coins_hash(const struct coins *c, struct tn_hash *out)
{
	size_t n = coins_count(c), at = 0;
	struct tn_utxo *list = calloc(n + 1, sizeof *list);
	struct tn_sha *s = tn_sha_create();
	struct one *o, *next;

	if (!list || !s)
		abort();
	HASH_ITER(hh, c->all, o, next) {
		list[at].outpoint = o->at;
		list[at].value = o->coin.value;
		list[at++].script_pubkey = o->coin.script;
	}
	if (tn_coinset_hash(s, list, n, out) != 0)
		abort();
	tn_sha_free(s);
	free(list);
}
