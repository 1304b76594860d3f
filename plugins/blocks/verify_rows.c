/* SPDX-License-Identifier: MIT
 * plugins/blocks/verify_rows.c - rows that follow from no block, and which they are
 *
 * Every row that follows from a block was seen when the blocks were looked at. So where the
 * numbers are right nothing is surplus; a look at each row for what is cheap tells the most,
 * and only where a number is wrong each row is compared with its block.
 */
#include "verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

enum { SLICE = 2000, SLICE_DEEP = 50, KEY_MAX = 511, KEY_SHOWN = 40 };

typedef bool fits_fn(struct tn_ctx *, struct tn_view key, struct tn_view val);

static uint64_t number(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static bool height_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	(void)val;
	return key.n == 8 && number(key.p, 8) <= state_of(c)->tip.height;
}

static bool is_block(struct tn_ctx *c, uint64_t height, const uint8_t *hash)
{
	struct index index;

	return height <= state_of(c)->tip.height && !store_index(c, NULL, height, &index) &&
	       !memcmp(index.hash.b, hash, sizeof index.hash.b);
}

static bool hash_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	return key.n == 32 && val.n == 8 && is_block(c, number(val.p, 8), key.p);
}

static bool read_place(struct tn_ctx *c, const uint8_t *txid, struct tn_tx_place *out)
{
	struct tn_hash h;

	memcpy(h.b, txid, sizeof h.b);
	return !store_place(c, NULL, &h, out);
}

static bool place_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	struct tn_tx_place p;

	(void)val;
	return key.n == 32 && read_place(c, key.p, &p) && is_block(c, p.height, p.block.b);
}

/* Is it that transaction? */
static bool find_tx(struct tn_ctx *c, const uint8_t *txid, struct tn_arena *a,
		    const struct tn_tx **out, uint64_t *height)
{
	const struct tn_block *b;
	struct tn_tx_place p;
	struct tn_hash own;

	if (!read_place(c, txid, &p) || store_block(c, NULL, p.height, a, &b) ||
	    p.index >= b->transactions.n)
		return false;
	*out = &b->transactions.v[p.index];
	*height = p.height;
	return !tn_txid(state_of(c)->sha, *out, &own) && !memcmp(own.b, txid, sizeof own.b);
}

static bool tx_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	struct tn_arena *a = tn_arena_new(c);
	const struct tn_tx *tx;
	uint64_t height;
	bool fits;

	(void)val;
	fits = a && key.n == 32 && find_tx(c, key.p, a, &tx, &height);
	tn_arena_unref(a);
	return fits;
}

static bool same_coin(const struct tn_coin *coin, const struct tn_txout *o, uint64_t height)
{
	return coin->value == o->value && coin->height == height &&
	       coin->script.n == o->script_pubkey.n &&
	       (!coin->script.n || !memcmp(coin->script.p, o->script_pubkey.p, coin->script.n));
}

static bool coin_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	struct tn_arena *a = tn_arena_new(c);
	struct tn_outpoint o;
	const struct tn_tx *tx;
	const void *coin;
	uint64_t height;
	bool fits = a && !tn_coin_key_read(key, &o) &&
		    !tn_bin_read(&tn_store_coin, val, a, &coin, NULL) &&
		    find_tx(c, o.txid.b, a, &tx, &height) && o.vout < tx->outputs.n &&
		    same_coin(coin, &tx->outputs.v[o.vout], height);

	tn_arena_unref(a);
	return fits;
}

static bool no_index(struct tn_ctx *c)
{
	return state_of(c)->address.state == ADDRESS_NONE;
}

static bool address_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	return !no_index(c) && address_row_fits(c, key, val);
}

static bool address_tx_fits(struct tn_ctx *c, struct tn_view key, struct tn_view val)
{
	struct tn_tx_place p;

	return !no_index(c) && key.n == 44 && val.n == 32 && read_place(c, val.p, &p) &&
	       p.height == number(key.p + 32, 8) && p.index == number(key.p + 40, 4);
}

static const struct {
	const char *name;
	fits_fn *fits, *deep;
	unsigned db;
	size_t want; /* member of rows_want */
} dbs[] = {
	{ "block", height_fits, NULL, D_BLOCK, offsetof(struct rows_want, blocks) },
	{ "index", height_fits, NULL, D_INDEX, offsetof(struct rows_want, blocks) },
	{ "undo", height_fits, NULL, D_UNDO, offsetof(struct rows_want, blocks) },
	{ "hash", hash_fits, NULL, D_HASH, offsetof(struct rows_want, blocks) },
	{ "tx", place_fits, tx_fits, D_TX, offsetof(struct rows_want, txs) },
	{ "address", address_fits, NULL, D_ADDRESS, offsetof(struct rows_want, coins) },
	{ "address_tx", address_tx_fits, NULL, D_ADDRESS_TX,
	  offsetof(struct rows_want, address_txs) },
	{ "coin", coin_fits, coin_fits, D_COIN, 0 },
};
enum { COINS_AT = sizeof dbs / sizeof *dbs - 1 };

static int surplus(struct rows *r, struct tn_view key)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * KEY_SHOWN + 1];
	size_t n = key.n < KEY_SHOWN ? key.n : KEY_SHOWN;

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[key.p[i] >> 4];
		text[2 * i + 1] = digits[key.p[i] & 15];
	}
	text[2 * n] = 0;
	return tn_fail(r->why, TN_EBAD, "database %s: the row %s%s follows from no block",
		       dbs[r->at].name, text, n < key.n ? "..." : "");
}

static int look(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct rows *r = arg;
	fits_fn *fits = r->deep ? dbs[r->at].deep : dbs[r->at].fits;

	if (!fits(c, key, val))
		return surplus(r, key);
	r->n++;
	memcpy(r->last, key.p, key.n);
	r->last[key.n] = 0;
	r->last_n = key.n + 1;
	return --r->left ? 0 : 1;
}

static int scan(struct tn_ctx *c, struct rows *r, struct tn_error *why)
{
	if (!r->last)
		r->last = malloc(KEY_MAX + 1);
	if (!r->last)
		return TN_ENOMEM;
	r->why = why;
	r->left = r->deep ? SLICE_DEEP : SLICE;
	return tn_scan(c, dbs[r->at].db, (struct tn_view){ r->last, r->last_n }, look, r);
}

void rows_free(struct rows *r)
{
	free(r->last);
	*r = (struct rows){ .last = NULL };
}

static int wrong_number(const struct rows *r, uint64_t want, struct tn_error *why)
{
	return tn_fail(why, TN_EBAD,
		       "database %s: %" PRIu64 " rows, %" PRIu64 " follow from the blocks",
		       dbs[r->at].name, r->n, want);
}

int rows_check(struct tn_ctx *c, struct rows *r, const struct rows_want *want, struct tn_error *why)
{
	uint64_t due;
	int rc = scan(c, r, why);

	if (rc)
		return rc;
	memcpy(&due, (const char *)want + dbs[r->at].want, sizeof due);
	if (dbs[r->at].db == D_ADDRESS && no_index(c))
		due = 0;
	if (r->n != due && (r->deep || !dbs[r->at].deep))
		return wrong_number(r, due, why);
	r->deep = r->n != due;
	r->at += !r->deep;
	r->n = 0;
	r->last_n = 0;
	return r->at < COINS_AT;
}

int rows_find_coin(struct tn_ctx *c, struct rows *r, struct tn_error *why)
{
	r->at = COINS_AT;
	r->deep = true;
	return scan(c, r, why);
}
