/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet_store.c - own coins on the disk
 */
#include "wallet_store.h"

#include <string.h>

#include "wallet.h"

const struct tn_schema wallet_meta_schema =
	TN_SCHEMA(struct wallet_meta, TN_RECORD, TN_FIELD(struct wallet_meta, generation),
		  TN_FIELD(struct wallet_meta, key), TN_FIELD(struct wallet_meta, height),
		  TN_FIELD(struct wallet_meta, hash));
const struct tn_schema wallet_own_schema =
	TN_SCHEMA(struct own_coin, TN_RECORD, TN_FIELD(struct own_coin, value),
		  TN_FIELD(struct own_coin, height), TN_FIELD(struct own_coin, coinbase));
const struct tn_schema wallet_spent_schema =
	TN_SCHEMA(struct own_spent, TN_RECORD, TN_SUB(struct own_spent, coin, &wallet_own_schema),
		  TN_FIELD(struct own_spent, height), TN_FIELD(struct own_spent, by));

static const struct tn_view meta_key = { (const uint8_t *)"meta", 4 };

struct key {
	uint8_t b[4 + TN_COIN_KEY];
	size_t n;
};

static struct tn_view key_of(uint32_t generation, const struct tn_outpoint *o, struct key *k)
{
	tn_be32(k->b, generation);
	k->n = 4 + tn_coin_key(o, k->b + 4);
	return (struct tn_view){ k->b, k->n };
}

static int read_as(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view key,
		   const struct tn_schema *s, void *out)
{
	struct tn_view v;
	const void *p;
	int rc = tn_get(c, b, db, key, &v);

	if (!rc)
		rc = tn_bin_read(s, v, tn_scratch(c), &p, NULL);
	if (!rc)
		memcpy(out, p, s->size);
	return rc;
}

int own_meta(struct tn_ctx *c, struct tn_batch *b, struct wallet_meta *out)
{
	return read_as(c, b, D_WALLET, meta_key, &wallet_meta_schema, out);
}

int own_put_meta(struct tn_ctx *c, struct tn_batch *b, const struct wallet_meta *m)
{
	return tn_put_as(c, b, D_WALLET, meta_key, &wallet_meta_schema, m);
}

int own_get(struct tn_ctx *c, struct tn_batch *b, uint32_t generation, const struct tn_outpoint *o,
	    struct own_coin *out)
{
	struct key k;

	return read_as(c, b, D_OWN, key_of(generation, o, &k), &wallet_own_schema, out);
}

static int put(struct tn_ctx *c, struct tn_batch *b, uint32_t generation,
	       const struct tn_outpoint *o, const struct own_coin *coin)
{
	struct key k;

	return tn_put_as(c, b, D_OWN, key_of(generation, o, &k), &wallet_own_schema, coin);
}

static int del(struct tn_ctx *c, struct tn_batch *b, uint32_t generation, unsigned db,
	       const struct tn_outpoint *o)
{
	struct key k;

	return tn_del(c, b, db, key_of(generation, o, &k));
}

/* ---- blocks */

/* A transaction and its txid, which is computed only when it is needed. */
struct walk {
	const struct own_block *w;
	const struct tn_tx *tx;
	struct tn_hash txid;
	bool known;
};

static int txid_of(struct tn_ctx *c, struct walk *t)
{
	int rc = t->known ? 0 : tn_txid(state_of(c)->sha, t->tx, &t->txid);

	t->known = !rc;
	return rc;
}

static bool pays_us(const struct walk *t, uint32_t i)
{
	struct tn_bytes s = t->tx->outputs.v[i].script_pubkey;

	return s.n == t->w->script.n && !memcmp(s.p, t->w->script.p, s.n);
}

static int spend(struct tn_ctx *c, struct tn_batch *b, struct walk *t, const struct tn_outpoint *o)
{
	uint32_t generation = t->w->generation;
	struct own_spent spent;
	struct key k;
	int rc;

	if (t->w->maybe && !t->w->maybe(c, o))
		return 0;
	rc = own_get(c, b, generation, o, &spent.coin);
	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	rc = txid_of(c, t);
	spent.by = t->txid;
	spent.height = t->w->block->header.height;
	if (!rc)
		rc = del(c, b, generation, D_OWN, o);
	if (!rc)
		rc = tn_put_as(c, b, D_SPENT, key_of(generation, o, &k), &wallet_spent_schema,
			       &spent);
	return rc;
}

static int receive(struct tn_ctx *c, struct tn_batch *b, struct walk *t, uint32_t i)
{
	struct own_coin coin = { t->tx->outputs.v[i].value, t->w->block->header.height,
				 t->tx->inputs.n == 0 };
	struct tn_outpoint o = { .vout = i };
	int rc;

	if (!pays_us(t, i))
		return 0;
	rc = txid_of(c, t);
	o.txid = t->txid;
	if (!rc)
		rc = put(c, b, t->w->generation, &o, &coin);
	if (!rc && t->w->found)
		t->w->found(c, &o);
	return rc;
}

int own_connect(struct tn_ctx *c, struct tn_batch *b, const struct own_block *w)
{
	int rc = 0;

	for (uint32_t i = 0; i < w->block->transactions.n && !rc; i++) {
		struct walk t = { .w = w, .tx = &w->block->transactions.v[i] };

		for (uint32_t k = 0; k < t.tx->inputs.n && !rc; k++)
			rc = spend(c, b, &t, &t.tx->inputs.v[k].previous_output);
		for (uint32_t k = 0; k < t.tx->outputs.n && !rc; k++)
			rc = receive(c, b, &t, k);
	}
	return rc;
}

static int give_back(struct tn_ctx *c, struct tn_batch *b, const struct own_block *w,
		     const struct tn_outpoint *o)
{
	struct own_spent spent;
	struct key k;
	int rc = read_as(c, b, D_SPENT, key_of(w->generation, o, &k), &wallet_spent_schema, &spent);

	if (rc || spent.height != w->block->header.height)
		return rc == TN_ENOENT ? 0 : rc;
	rc = del(c, b, w->generation, D_SPENT, o);
	if (!rc)
		rc = put(c, b, w->generation, o, &spent.coin);
	if (!rc && w->found)
		w->found(c, o);
	return rc;
}

static int take_back(struct tn_ctx *c, struct tn_batch *b, struct walk *t, uint32_t i)
{
	struct tn_outpoint o = { .vout = i };
	int rc;

	if (!pays_us(t, i))
		return 0;
	rc = txid_of(c, t);
	o.txid = t->txid;
	return rc ? rc : del(c, b, t->w->generation, D_OWN, &o);
}

/* Backwards, for a later one may spend what an earlier one makes. */
int own_disconnect(struct tn_ctx *c, struct tn_batch *b, const struct own_block *w)
{
	int rc = 0;

	for (uint32_t i = w->block->transactions.n; i-- && !rc;) {
		struct walk t = { .w = w, .tx = &w->block->transactions.v[i] };

		for (uint32_t k = 0; k < t.tx->outputs.n && !rc; k++)
			rc = take_back(c, b, &t, k);
		for (uint32_t k = 0; k < t.tx->inputs.n && !rc; k++)
			rc = give_back(c, b, w, &t.tx->inputs.v[k].previous_output);
	}
	return rc;
}

/* ---- all of them */

struct scanning {
	struct own_cursor *at;
	uint32_t generation;
	unsigned left;
	own_coin_fn *fn;
};

static bool is_of(struct tn_view key, uint32_t generation)
{
	uint8_t b[4];

	tn_be32(b, generation);
	return key.n > 4 && !memcmp(key.p, b, 4);
}

static int scan_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct scanning *s = arg;
	struct tn_outpoint o;
	const void *coin;
	int rc;

	if (!is_of(key, s->generation))
		return 1;
	if (!s->left--)
		return 2;
	if (tn_coin_key_read((struct tn_view){ key.p + 4, key.n - 4 }, &o))
		return TN_EBAD;
	rc = tn_bin_read(&wallet_own_schema, val, tn_scratch(c), &coin, NULL);
	if (rc)
		return rc;
	memcpy(s->at->key, key.p, key.n);
	s->at->n = (uint32_t)key.n;
	return s->fn(c, &o, coin);
}

int own_scan(struct tn_ctx *c, uint32_t generation, struct own_cursor *at, unsigned n,
	     own_coin_fn *fn)
{
	struct scanning s = { at, generation, n, fn };
	int rc;

	if (!at->n) {
		tn_be32(at->key, generation);
		at->n = 4;
	} else {
		at->key[at->n++] = 0; /* the first key behind it */
	}
	rc = tn_scan(c, D_OWN, (struct tn_view){ at->key, at->n }, scan_one, &s);
	return rc == 2 ? TN_EBUSY : rc > 0 ? 0 : rc;
}

/* ---- older generations */

struct sweeping {
	struct tn_arena *arena;
	struct tn_view *v;
	unsigned n, room;
	uint32_t generation;
};

static int sweep_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct sweeping *s = arg;

	(void)c, (void)val;
	if (s->n == s->room || is_of(key, s->generation))
		return 1;
	s->v[s->n].p = (const uint8_t *)tn_copy_text(s->arena, (const char *)key.p, key.n);
	s->v[s->n].n = key.n;
	return s->v[s->n++].p ? 0 : TN_ENOMEM;
}

static int sweep(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct sweeping *s)
{
	int rc = tn_scan(c, db, (struct tn_view){ NULL, 0 }, sweep_one, s);

	for (unsigned i = 0; i < s->n && rc >= 0; i++)
		if (tn_del(c, b, db, s->v[i]))
			rc = TN_EIO;
	return rc < 0 ? rc : s->n == s->room ? TN_EBUSY : 0;
}

int own_sweep(struct tn_ctx *c, struct tn_batch *b, uint32_t generation, unsigned n)
{
	struct sweeping s = { tn_scratch(c), tn_alloc(tn_scratch(c), n * sizeof *s.v), 0, n,
			      generation };
	int rc;

	if (!s.v)
		return TN_ENOMEM;
	rc = sweep(c, b, D_OWN, &s);
	s.n = 0;
	return rc ? rc : sweep(c, b, D_SPENT, &s);
}
