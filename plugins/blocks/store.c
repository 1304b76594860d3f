/* SPDX-License-Identifier: MIT
 * plugins/blocks/store.c - the chain in the node's store: keys, values, the tip
 */
#include "address.h"

#include <inttypes.h>
#include <string.h>

const struct tn_schema index_schema =
	TN_SCHEMA(struct index, TN_RECORD, TN_FIELD(struct index, hash),
		  TN_FIELD(struct index, time), TN_FIELD(struct index, bytes),
		  TN_FIELD(struct index, text));
const struct tn_schema meta_schema =
	TN_SCHEMA(struct meta, TN_RECORD, TN_FIELD(struct meta, genesis),
		  TN_SUB(struct meta, tip, &tn_store_tip), TN_FIELD(struct meta, coins),
		  TN_FIELD(struct meta, rebuild), TN_FIELD(struct meta, wiping));

static const uint8_t tip_key[] = { 't', 'i', 'p' };

const char *hash_text(const struct tn_hash *h, char buf[HASH_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < 32; i++) {
		buf[2 * i] = digits[h->b[i] >> 4];
		buf[2 * i + 1] = digits[h->b[i] & 15];
	}
	buf[64] = 0;
	return buf;
}

struct key8 key_of_height(uint64_t height)
{
	struct key8 k;

	tn_height_key(height, k.b);
	return k;
}

static uint64_t height_of_key(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* ---- reading */

int store_read(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view key,
	       const struct tn_schema *s, struct tn_arena *a, const void **out)
{
	struct tn_view val;
	int rc = tn_get(c, b, db, key, &val);

	return rc ? rc : tn_bin_read(s, val, a, out, NULL);
}

int store_index(struct tn_ctx *c, struct tn_batch *b, uint64_t height, struct index *out)
{
	struct key8 k = key_of_height(height);
	const void *v;
	int rc = store_read(c, b, D_INDEX, TN_VIEW(k), &index_schema, tn_scratch(c), &v);

	if (!rc)
		*out = *(const struct index *)v;
	return rc;
}

int store_height(struct tn_ctx *c, struct tn_batch *b, const struct tn_hash *hash, uint64_t *height)
{
	struct tn_view val;
	int rc = tn_get(c, b, D_HASH, TN_VIEW(*hash), &val);

	if (rc)
		return rc;
	if (val.n != 8)
		return TN_EBAD;
	*height = height_of_key(val.p);
	return 0;
}

int store_block(struct tn_ctx *c, struct tn_batch *b, uint64_t height, struct tn_arena *a,
		const struct tn_block **out)
{
	struct key8 k = key_of_height(height);
	const void *v;
	int rc = store_read(c, b, D_BLOCK, TN_VIEW(k), &tn_wire_block, a, &v);

	if (!rc)
		*out = v;
	return rc;
}

int store_coin(struct tn_ctx *c, struct tn_batch *b, const struct tn_outpoint *o,
	       struct tn_arena *a, struct tn_coin *out)
{
	uint8_t key[TN_COIN_KEY];
	struct tn_view k = { key, tn_coin_key(o, key) };
	const void *v;
	int rc = store_read(c, b, D_COIN, k, &tn_store_coin, a, &v);

	if (!rc)
		*out = *(const struct tn_coin *)v;
	return rc;
}

int store_put_coin(struct tn_ctx *c, struct tn_batch *b, const struct tn_placed_coin *p)
{
	uint8_t key[TN_COIN_KEY];
	struct tn_view k = { key, tn_coin_key(&p->outpoint, key) };

	ahead_touch(c, &p->outpoint);
	return tn_put_as(c, b, D_COIN, k, &tn_store_coin, &p->coin);
}

int store_del_coin(struct tn_ctx *c, struct tn_batch *b, const struct tn_outpoint *o)
{
	uint8_t key[TN_COIN_KEY];

	ahead_touch(c, o);
	return tn_del(c, b, D_COIN, (struct tn_view){ key, tn_coin_key(o, key) });
}

int store_place(struct tn_ctx *c, struct tn_batch *b, const struct tn_hash *txid,
		struct tn_tx_place *out)
{
	const void *v;
	int rc = store_read(c, b, D_TX, TN_VIEW(*txid), &tn_store_tx_place, tn_scratch(c), &v);

	if (!rc)
		*out = *(const struct tn_tx_place *)v;
	return rc;
}

/* ---- of the chain up to the tip */

bool chain_has(struct tn_ctx *c, uint64_t height)
{
	return height <= state_of(c)->tip.height;
}

int chain_index(struct tn_ctx *c, uint64_t height, struct index *out)
{
	return chain_has(c, height) ? store_index(c, NULL, height, out) : TN_ENOENT;
}

int chain_coin(struct tn_ctx *c, const struct tn_outpoint *o, struct tn_arena *a,
	       struct tn_coin *out)
{
	int rc = store_coin(c, NULL, o, a, out);

	return rc || chain_has(c, out->height) ? rc : TN_ENOENT;
}

int chain_place(struct tn_ctx *c, const struct tn_hash *txid, struct tn_tx_place *out)
{
	int rc = store_place(c, NULL, txid, out);

	return rc || chain_has(c, out->height) ? rc : TN_ENOENT;
}

int store_put_meta(struct tn_ctx *c, struct tn_batch *b, const struct tn_tip *tip, uint64_t coins)
{
	const struct state *st = state_of(c);
	struct meta m = { st->genesis_hash, *tip, coins, st->rebuild, st->wiping };

	return tn_put_as(c, b, D_META, (struct tn_view){ tip_key, sizeof tip_key }, &meta_schema,
			 &m);
}

/* ---- removing */

struct wipe {
	struct tn_batch *batch;
	unsigned db, left;
};

static int wipe_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct wipe *w = arg;
	int rc = tn_del(c, w->batch, w->db, key);

	(void)val;
	return rc ? rc : --w->left == 0;
}

int store_wipe(struct tn_ctx *c, struct tn_batch *b, const unsigned *db, unsigned n,
	       struct tn_view from, unsigned most, unsigned *removed)
{
	struct wipe w = { b, 0, most };
	int rc = 0;

	ahead_touch(c, NULL);
	for (unsigned i = 0; !rc && i < n; i++) {
		w.db = db[i];
		rc = tn_scan(c, w.db, from, wipe_one, &w);
	}
	*removed = most - w.left;
	return rc > 0 ? 0 : rc;
}

/* ---- opening: what is stored is taken as it is or refused, never mended */

static int write_genesis(struct tn_ctx *c, struct tn_batch *b, struct apply *a)
{
	struct state *st = state_of(c);
	int budget = INT32_MAX, rc = apply_write(c, a, b, &budget);

	st->tip = (struct tn_tip){ 0, st->genesis_hash, st->genesis->header.timestamp };
	st->coins = a->w.delta.put.n;
	while (!rc && a->sealed < SEAL_PARTS)
		rc = apply_seal(c, a, b);
	if (!rc && st->address.state == ADDRESS_WHOLE)
		rc = address_put_mark(c, b);
	return rc ? rc : store_put_meta(c, b, &st->tip, st->coins);
}

int store_put_genesis(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = state_of(c);
	struct apply a = { .block = st->genesis, .arena = st->arena };
	struct tn_batch *b = tn_batch(c);
	int rc = TN_ENOMEM;

	a.facts = facts_of(&st->rules, st->genesis, st->arena);
	if (b && a.facts)
		rc = tn_delta_genesis(st->genesis, a.facts, st->arena, &a.w.delta);
	a.w.ready = true;
	if (!rc)
		rc = write_genesis(c, b, &a);
	if (rc) {
		tn_abandon(c, b);
		return tn_fail(err, rc, "the genesis block cannot be made");
	}
	if (tn_commit(c, b, TN_NO_TICKET))
		return tn_fail(err, TN_EIO, "the store takes no writes");
	return 0;
}

static int any(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	(void)c, (void)key, (void)val, (void)arg;
	return 1;
}

static int damaged(struct tn_error *err, const char *what)
{
	return tn_fail(err, TN_EBAD,
		       "the chain in the store is damaged: %s. Put back a copy of the store, or "
		       "remove it and synchronise anew",
		       what);
}

static int check_genesis(struct tn_ctx *c, const struct meta *m, struct tn_error *err)
{
	const struct state *st = state_of(c);
	char stored[HASH_TEXT], ours[HASH_TEXT];

	if (same_hash(&m->genesis, &st->genesis_hash))
		return 0;
	return tn_fail(err, TN_EBAD,
		       "the store holds a chain with genesis %.16s..., this network's is %.16s...",
		       hash_text(&m->genesis, stored), hash_text(&st->genesis_hash, ours));
}

/* The tip, by every way that leads to it. */
static int check_tip(struct tn_ctx *c, const struct meta *m, struct tn_error *err)
{
	struct state *st = state_of(c);
	const struct tn_block *b;
	struct tn_hash hash;
	struct index index;
	uint64_t height;

	if (store_index(c, NULL, m->tip.height, &index) || !same_hash(&index.hash, &m->tip.hash))
		return damaged(err, "the tip is not in the index");
	if (store_height(c, NULL, &m->tip.hash, &height) || height != m->tip.height)
		return damaged(err, "the tip's hash has another height");
	if (store_block(c, NULL, m->tip.height, tn_scratch(c), &b) ||
	    tn_block_hash(st->sha, &b->header, &hash) || !same_hash(&hash, &m->tip.hash))
		return damaged(err, "the tip's block has another hash");
	if (b->header.timestamp != m->tip.time)
		return damaged(err, "the tip's block has another time");
	if (!store_index(c, NULL, m->tip.height + 1, &index))
		return damaged(err, "there is a block above the tip");
	st->tip = m->tip;
	st->safe = m->tip.height;
	st->coins = m->coins;
	return 0;
}

int store_open(struct tn_ctx *c, struct tn_error *err)
{
	const void *v;
	int rc = store_read(c, NULL, D_META, (struct tn_view){ tip_key, sizeof tip_key },
			    &meta_schema, tn_scratch(c), &v);

	if (address_open(c, err) || legacy_open(c, err))
		return TN_EBAD;
	if (rc == TN_ENOENT) {
		if (tn_scan(c, D_BLOCK, (struct tn_view){ 0 }, any, NULL))
			return damaged(err, "there are blocks, but no tip");
		if (conf_of(c)->address_index)
			state_of(c)->address.state = ADDRESS_WHOLE;
		return store_put_genesis(c, err);
	}
	if (rc)
		return damaged(err, "the tip cannot be read");
	rc = check_genesis(c, v, err);
	state_of(c)->rebuild = ((const struct meta *)v)->rebuild;
	state_of(c)->wiping = ((const struct meta *)v)->wiping;
	if (!rc && state_of(c)->wiping) {
		state_of(c)->tip = ((const struct meta *)v)->tip;
		return 0;
	}
	return rc ? rc : check_tip(c, v, err);
}
