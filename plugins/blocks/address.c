/* SPDX-License-Identifier: MIT
 * plugins/blocks/address.c - rows of the index by script: written, read, compared
 */
#include "address.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timenode/value.h"

enum { COST_TOUCH = 6 }; /* rough, in microseconds */

static const uint8_t mark_key[] = { 'a', 'd', 'd', 'r', 'e', 's', 's' };

struct mark {
	uint32_t state; /* enum address_state */
	uint64_t next;  /* the first block that is not in it */
};
static const struct tn_schema mark_schema =
	TN_SCHEMA(struct mark, TN_RECORD, TN_FIELD(struct mark, state),
		  TN_FIELD(struct mark, next));

/* ---- keys */

struct coin_key {
	uint8_t b[ADDRESS_KEY];
	size_t n;
};
struct tx_key {
	uint8_t b[32 + 8 + 4];
};

static int script_hash(struct tn_ctx *c, struct tn_bytes script, struct tn_hash *out)
{
	return tn_sha256(state_of(c)->sha, script.p, script.n, out);
}

static struct coin_key coin_key(const struct tn_hash *script, const struct tn_outpoint *o)
{
	struct coin_key k;

	memcpy(k.b, script->b, 32);
	k.n = 32 + tn_coin_key(o, k.b + 32);
	return k;
}

static struct tx_key tx_key(const struct tn_hash *script, uint64_t height, uint32_t place)
{
	struct tx_key k;

	memcpy(k.b, script->b, 32);
	tn_height_key(height, k.b + 32);
	tn_be32(k.b + 40, place);
	return k;
}

/* ---- writing */

static int put_coin(struct tn_ctx *c, struct tn_batch *b, struct tn_view key,
		    const struct tn_coin *coin)
{
	struct tn_coin bare = *coin;

	bare.script = (struct tn_bytes){ NULL, 0 };
	return tn_put_as(c, b, D_ADDRESS, key, &tn_store_coin, &bare);
}

/* A coin made here comes with a connect and goes with the way back; a spent one the other way
 * round, but one of the block's own has nothing to come back to. */
static int write_touch(struct tn_ctx *c, const struct address_walk *w, struct tn_batch *b,
		       const struct address_touch *t, bool connect)
{
	struct tn_hash script;
	struct coin_key coin;
	struct tx_key tx;
	struct tn_view key = { coin.b, 0 };
	int rc = script_hash(c, t->coin.coin.script, &script);

	if (rc)
		return rc;
	coin = coin_key(&script, &t->coin.outpoint);
	tx = tx_key(&script, w->block->header.height, t->tx);
	key.n = coin.n;
	if (t->spends == connect)
		rc = tn_del(c, b, D_ADDRESS, key);
	else if (connect || !t->inside)
		rc = put_coin(c, b, key, &t->coin.coin);
	if (rc)
		return rc;
	return connect ? tn_put(c, b, D_ADDRESS_TX, TN_VIEW(tx), TN_VIEW(w->txid[t->tx]))
		       : tn_del(c, b, D_ADDRESS_TX, TN_VIEW(tx));
}

int address_write(struct tn_ctx *c, struct address_walk *w, struct tn_batch *b, bool connect,
		  int *budget)
{
	struct address_touch t;
	int rc = 0;

	while (!rc) {
		if ((*budget -= COST_TOUCH) < 0)
			return TN_EBUSY;
		rc = address_next(w, &t);
		if (!rc)
			rc = write_touch(c, w, b, &t, connect);
	}
	return rc > 0 ? 0 : rc;
}

/* ---- the mark */

int address_put_mark(struct tn_ctx *c, struct tn_batch *b)
{
	const struct address_index *x = &state_of(c)->address;
	struct mark m = { x->state, x->next };
	struct tn_view key = { mark_key, sizeof mark_key };

	if (x->state == ADDRESS_NONE)
		return tn_del(c, b, D_META, key);
	return tn_put_as(c, b, D_META, key, &mark_schema, &m);
}

int address_open(struct tn_ctx *c, struct tn_error *err)
{
	struct address_index *x = &state_of(c)->address;
	bool on = conf_of(c)->address_index;
	struct mark m = { ADDRESS_NONE, 0 };
	const void *v;
	int rc = store_read(c, NULL, D_META, (struct tn_view){ mark_key, sizeof mark_key },
			    &mark_schema, tn_scratch(c), &v);

	if (!rc)
		m = *(const struct mark *)v;
	if ((rc && rc != TN_ENOENT) || m.state > ADDRESS_WHOLE)
		return tn_fail(err, TN_EBAD, "the mark of the address index cannot be read");
	if (on && m.state == ADDRESS_NONE)
		m.state = ADDRESS_BUILDING;
	if (!on && m.state != ADDRESS_NONE)
		m.state = ADDRESS_WIPING;
	*x = (struct address_index){ m.state, m.state == ADDRESS_BUILDING ? m.next : 0 };
	return 0;
}

int address_usable(struct tn_ctx *c, struct tn_error *err)
{
	if (state_of(c)->address.state == ADDRESS_WHOLE && !state_of(c)->wiping)
		return 0;
	if (state_of(c)->wiping)
		return tn_fail(err, TN_ENOENT, "a reindex has just begun");
	if (!conf_of(c)->address_index)
		return tn_fail(err, TN_ENOENT,
			       "there is no index by address: set address_index = true");
	return tn_fail(err, TN_ENOENT,
		       "the address index is being built: height %" PRIu64 " of %" PRIu64,
		       state_of(c)->address.next, state_of(c)->tip.height);
}

/* ---- reading */

struct listing {
	const struct tn_hash *hash;
	struct tn_bytes script;
	uint32_t limit;
	struct tn_arena *arena;
	struct tn_placed_coins *out;
};

static int list_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct listing *l = arg;
	struct tn_placed_coin *p = &l->out->coins.v[l->out->coins.n];
	struct tn_view coin = { key.p + 32, key.n - 32 };
	const void *v;

	(void)c;
	if (l->out->coins.n == l->limit || key.n < 32 || memcmp(key.p, l->hash->b, 32))
		return 1;
	if (tn_coin_key_read(coin, &p->outpoint) ||
	    tn_bin_read(&tn_store_coin, val, l->arena, &v, NULL))
		return TN_EBAD;
	p->coin = *(const struct tn_coin *)v;
	p->coin.script = l->script;
	l->out->coins.n++;
	return 0;
}

int address_coins(struct tn_ctx *c, struct tn_bytes script, const struct tn_outpoint *after,
		  uint32_t limit, struct tn_arena *a, struct tn_placed_coins *out)
{
	struct tn_hash hash;
	struct listing l = { &hash, { NULL, script.n }, limit, a, out };
	uint8_t from[ADDRESS_KEY + 1] = { 0 }; /* the least key behind `after` */
	struct tn_view at = { from, 32 };
	uint8_t *copy = tn_alloc(a, script.n + (size_t)1);
	int rc;

	out->coins.n = 0;
	out->coins.v = tn_alloc(a, (limit + (size_t)1) * sizeof *out->coins.v);
	if (!copy || !out->coins.v || script_hash(c, script, &hash))
		return TN_ENOMEM;
	if (script.n)
		memcpy(copy, script.p, script.n);
	l.script.p = copy;
	memcpy(from, hash.b, 32);
	if (after)
		at.n += tn_coin_key(after, from + 32) + 1;
	rc = tn_scan(c, D_ADDRESS, at, list_one, &l);
	return rc > 0 ? 0 : rc;
}

struct txs {
	const struct tn_hash *script;
	address_tx_fn *fn;
	void *arg;
};

static int give_tx(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	const struct txs *t = arg;
	uint64_t height = 0;
	uint32_t place = 0;
	struct tn_hash txid;

	if (key.n != sizeof(struct tx_key) || memcmp(key.p, t->script->b, 32))
		return key.n < 32 || memcmp(key.p, t->script->b, 32) ? 1 : TN_EBAD;
	if (val.n != sizeof txid.b)
		return TN_EBAD;
	memcpy(txid.b, val.p, val.n);
	for (unsigned i = 32; i < 40; i++)
		height = height << 8 | key.p[i];
	for (unsigned i = 40; i < 44; i++)
		place = place << 8 | key.p[i];
	return t->fn(c, &txid, height, place, t->arg);
}

int address_txs(struct tn_ctx *c, struct tn_bytes script, uint64_t from, address_tx_fn *fn,
		void *arg)
{
	struct tn_hash hash;
	struct txs t = { &hash, fn, arg };
	struct tx_key k;
	int rc = script_hash(c, script, &hash);

	if (rc)
		return rc;
	k = tx_key(&hash, from, 0);
	rc = tn_scan(c, D_ADDRESS_TX, TN_VIEW(k), give_tx, &t);
	return rc > 0 ? 0 : rc;
}

/* ---- comparing */

struct row {
	struct tn_hash script;
	uint32_t tx;
};

struct rows {
	struct row *v;
	uint32_t n, room;
};

static int gather(struct tn_ctx *c, struct address_walk *w, struct tn_arena *a, struct rows *r)
{
	struct address_touch t;
	int rc;

	for (uint32_t i = 0; i < w->block->transactions.n; i++)
		r->room += w->block->transactions.v[i].inputs.n +
			   w->block->transactions.v[i].outputs.n;
	r->v = tn_alloc(a, (r->room + (size_t)1) * sizeof *r->v);
	if (!r->v)
		return TN_ENOMEM;
	while (!(rc = address_next(w, &t))) {
		r->v[r->n].tx = t.tx;
		if (script_hash(c, t.coin.coin.script, &r->v[r->n].script))
			return TN_ENOMEM;
		r->n++;
	}
	return rc > 0 ? 0 : rc;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = memcmp(&left->script, &right->script, sizeof left->script);

	return order ? order : (left->tx > right->tx) - (left->tx < right->tx);
}

int address_check(struct tn_ctx *c, struct address_walk *w, struct tn_arena *a, uint64_t *rows,
		  struct tn_error *err)
{
	struct rows r = { NULL, 0, 0 };
	int rc = gather(c, w, a, &r);

	if (rc)
		return rc == TN_ENOMEM ? rc : tn_fail(err, TN_EBAD, "its undo data is another's");
	qsort(r.v, r.n, sizeof *r.v, compare_rows);
	for (uint32_t i = 0; i < r.n; i++) {
		struct tx_key k;
		struct tn_view val;

		if (i && !compare_rows(&r.v[i - 1], &r.v[i]))
			continue;
		k = tx_key(&r.v[i].script, w->block->header.height, r.v[i].tx);
		if (tn_get(c, NULL, D_ADDRESS_TX, TN_VIEW(k), &val) || val.n != 32 ||
		    memcmp(val.p, w->txid[r.v[i].tx].b, 32))
			return tn_fail(err, TN_EBAD,
				       "transaction %" PRIu32 " is not in the address index",
				       r.v[i].tx);
		++*rows;
	}
	return 0;
}

bool address_row_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	struct tn_view rest = { key.p + 32, key.n - 32 };
	struct tn_outpoint o;
	struct tn_coin coin;
	struct tn_hash script;
	const void *bare;

	if (key.n <= 32 || tn_coin_key_read(rest, &o) ||
	    store_coin(c, NULL, &o, tn_scratch(c), &coin) || script_hash(c, coin.script, &script) ||
	    memcmp(script.b, key.p, 32))
		return false;
	coin.script = (struct tn_bytes){ NULL, 0 };
	return !tn_bin_read(&tn_store_coin, val, tn_scratch(c), &bare, NULL) &&
	       !tn_compare(&tn_store_coin, bare, &coin);
}
