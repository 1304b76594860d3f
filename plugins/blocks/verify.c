/* SPDX-License-Identifier: MIT
 * plugins/blocks/verify.c - `chain verify`: derives everything again from the blocks and compares
 *
 * Block by block from genesis: links, indexes, every rule, with the coins that the undo data
 * says were spent. Memory does not grow: coins made are added to a sum of their hashes, coins
 * spent taken from it, modulo 2^256. What is left must be the sum over the coins that are
 * stored; if undo data or a coin were forged, it is not. At last every database is looked
 * through for rows that follow from no block (verify_rows.c).
 */
#include "verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "commands.h"
#include "timenode/value.h"

enum { COINS_TURN = 2000, RESTARTS = 100 };

struct sum {
	uint64_t v[4];
};

struct verify {
	struct tn_cmd *cmd;
	struct tn_ticket ticket;
	uint64_t height; /* the next block */
	struct tn_tip parent;
	struct sum sum, stored;
	uint64_t made, txs, coins, address_txs;
	bool signatures;
	uint8_t last[TN_COIN_KEY + 1];
	size_t last_n;
	unsigned left, restarts;
	struct tn_timer timer;
	struct tn_hash tip;     /* while coins are counted */
	bool counting, counted; /* coins, then the rows of the others */
	bool wrong;             /* the coins are: which one? */
	struct rows rows;
	struct tn_error why;
};

/* ---- the sum */

static void add(struct sum *s, const struct tn_hash *h, bool take)
{
	uint64_t carry = take;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t x, r;

		memcpy(&x, h->b + 8 * i, 8);
		x = take ? ~x : x;
		r = s->v[i] + x;
		r += carry;
		carry = r < x || (carry && r == x);
		s->v[i] = r;
	}
}

static int add_coin(struct tn_ctx *c, struct sum *s, const struct tn_placed_coin *p, bool take)
{
	struct tn_hash h;

	if (tn_sha_value(state_of(c)->sha, &tn_store_placed_coin, p, &h))
		return TN_ENOMEM;
	add(s, &h, take);
	return 0;
}

/* ---- one block */

struct spent { /* a tn_coin_fn over the undo data */
	const struct tn_undo *undo;
	uint32_t at;
};

static int next_spent(void *arg, const struct tn_outpoint *o, struct tn_coin *out)
{
	struct spent *s = arg;
	const struct tn_placed_coin *p;

	if (s->at == s->undo->spent.n)
		return TN_ENOENT;
	p = &s->undo->spent.v[s->at];
	if (p->outpoint.vout != o->vout || !same_hash(&p->outpoint.txid, &o->txid))
		return TN_ENOENT;
	s->at++;
	*out = p->coin;
	return 0;
}

static int check_places(struct tn_ctx *c, const struct tn_block_facts *f, uint64_t height,
			struct tn_error *err)
{
	const struct tn_hash *txid = tn_facts_txids(f);
	struct tn_tx_place p;

	for (uint32_t i = 0; i < f->txs; i++)
		if (store_place(c, NULL, &txid[i], &p) || p.height != height || p.index != i ||
		    !same_hash(&p.block, &f->hash))
			return tn_fail(err, TN_EBAD, "transaction %u is not in its index", i);
	return 0;
}

static int check_index(struct tn_ctx *c, const struct apply *a, uint64_t height,
		       struct tn_error *err)
{
	const struct tn_block_facts *f = a->facts;
	struct index index;
	uint64_t at;

	if (store_index(c, NULL, height, &index) || !same_hash(&index.hash, &f->hash) ||
	    index.time != a->block->header.timestamp || index.bytes != f->bytes ||
	    index.text != tn_json_write(&tn_wire_block, a->block, NULL, 0))
		return tn_fail(err, TN_EBAD, "the index has another block there");
	if (store_height(c, NULL, &f->hash, &at) || at != height)
		return tn_fail(err, TN_EBAD, "its hash leads elsewhere");
	return check_places(c, f, height, err);
}

static int sum_delta(struct tn_ctx *c, struct verify *v, const struct tn_delta *d,
		     const struct tn_undo *undo)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < d->put.n; i++)
		rc = add_coin(c, &v->sum, &d->put.v[i], false);
	for (uint32_t i = 0; !rc && undo && i < undo->spent.n; i++)
		rc = add_coin(c, &v->sum, &undo->spent.v[i], true);
	v->made += d->put.n;
	v->made -= d->del.n;
	return rc;
}

static int check_spent(struct tn_ctx *c, struct verify *v, const struct tn_undo *undo)
{
	struct tn_coin coin;
	char text[HASH_TEXT];

	for (uint32_t i = 0; i < undo->spent.n; i++) {
		const struct tn_outpoint *o = &undo->spent.v[i].outpoint;

		if (!store_coin(c, NULL, o, tn_scratch(c), &coin))
			return tn_fail(&v->why, TN_EBAD,
				       "database coin: it spends %s:%" PRIu32
				       ", which is still stored",
				       hash_text(&o->txid, text), o->vout);
	}
	return 0;
}

static int check_signatures(struct tn_ctx *c, struct verify *v, struct apply *a)
{
	int budget = INT32_MAX, rc = apply_signatures(c, a, &budget, &v->why);

	if (rc != TN_EBAD || !conf_of(c)->legacy_chain)
		return rc;
	v->why.text[0] = 0;
	return 0;
}

static int read_undo(struct tn_ctx *c, struct verify *v, struct tn_arena *arena,
		     const struct tn_undo **out)
{
	struct key8 k = key_of_height(v->height);
	const void *undo;

	if (store_read(c, NULL, D_UNDO, TN_VIEW(k), &tn_store_undo, arena, &undo))
		return tn_fail(&v->why, TN_EBAD, "its undo data cannot be read");
	*out = undo;
	return 0;
}

/* Coins and txids, for both are needed to take the block back. */
static int compare_undo(struct verify *v, const struct tn_undo *made, const struct tn_undo *stored)
{
	return tn_compare(&tn_store_undo, made, stored)
		       ? tn_fail(&v->why, TN_EBAD, "its undo data is another's")
		       : 0;
}

static int check_rules(struct tn_ctx *c, struct verify *v, struct apply *a, struct tn_arena *arena)
{
	struct spent s = { NULL, 0 };
	int rc = read_undo(c, v, arena, &s.undo);

	if (rc)
		return rc;
	rc = apply_parent(c, a, &v->parent, &v->why);
	if (rc)
		return rc;
	do
		rc = tn_coins_step(&a->judge, 256, next_spent, &s);
	while (rc == TN_EBUSY);
	if (rc == TN_EBAD)
		return tn_block_verdict_fail(&v->why, &a->judge.verdict);
	if (!rc && s.at != s.undo->spent.n)
		return tn_fail(&v->why, TN_EBAD, "its undo data has more coins than it spends");
	a->todo = a->judge.spent;
	a->todos = a->judge.n;
	if (!rc)
		rc = check_spent(c, v, s.undo);
	if (!rc && v->signatures)
		rc = check_signatures(c, v, a);
	if (!rc)
		rc = tn_delta_connect(&a->judge, arena, &a->w.delta, &a->undo);
	if (!rc)
		rc = compare_undo(v, &a->undo, s.undo);
	return rc ? rc : sum_delta(c, v, &a->w.delta, s.undo);
}

static int check_genesis(struct tn_ctx *c, struct verify *v, struct apply *a,
			 struct tn_arena *arena)
{
	const struct tn_undo *undo;
	int rc = read_undo(c, v, arena, &undo);

	if (!rc)
		rc = compare_undo(v, &a->undo, undo);
	if (rc)
		return rc;
	a->facts = facts_of(&state_of(c)->rules, a->block, arena);
	if (!a->facts || tn_delta_genesis(a->block, a->facts, arena, &a->w.delta))
		return TN_ENOMEM;
	if (!same_hash(&a->facts->hash, &state_of(c)->genesis_hash))
		return tn_fail(&v->why, TN_EBAD, "it is another network's");
	return sum_delta(c, v, &a->w.delta, NULL);
}

static int check_address(struct tn_ctx *c, struct verify *v, const struct apply *a,
			 struct tn_arena *arena)
{
	struct address_walk w;

	if (state_of(c)->address.state != ADDRESS_WHOLE)
		return 0;
	address_walk(&w, a->block, tn_facts_txids(a->facts), &a->undo, arena);
	return address_check(c, &w, arena, &v->address_txs, &v->why);
}

static int check_block(struct tn_ctx *c, struct verify *v, struct tn_arena *arena)
{
	struct apply a = { .arena = arena };
	int rc;

	if (store_block(c, NULL, v->height, arena, &a.block))
		return tn_fail(&v->why, TN_EBAD, "the block cannot be read");
	if (v->height == 0) {
		rc = check_genesis(c, v, &a, arena);
	} else {
		rc = apply_begin(&state_of(c)->rules, &a, a.block, NULL, arena, &v->why);
		if (!rc)
			rc = check_rules(c, v, &a, arena);
	}
	if (!rc)
		rc = check_index(c, &a, v->height, &v->why);
	if (!rc)
		rc = check_address(c, v, &a, arena);
	if (rc)
		return rc;
	v->parent = (struct tn_tip){ v->height, a.facts->hash, a.block->header.timestamp };
	v->txs += a.facts->txs;
	v->height++;
	return 0;
}

/* ---- the coins that are stored */

static int sum_coin(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct verify *v = arg;
	struct tn_placed_coin p;
	struct tn_arena *a = tn_scratch(c);
	const void *coin;

	if (tn_coin_key_read(key, &p.outpoint) || tn_bin_read(&tn_store_coin, val, a, &coin, NULL))
		return tn_fail(&v->why, TN_EBAD, "database coin: a row cannot be read");
	p.coin = *(const struct tn_coin *)coin;
	memcpy(v->last, key.p, key.n);
	v->last[key.n] = 0;
	v->last_n = key.n + 1; /* the least key behind it */
	v->coins++;
	if (add_coin(c, &v->stored, &p, false))
		return TN_ENOMEM;
	return --v->left ? 0 : 1;
}

/* 1: more to do. */
static int count_coins(struct tn_ctx *c, struct verify *v)
{
	if (!v->counting) {
		v->stored = (struct sum){ { 0 } };
		v->coins = 0;
		v->last_n = 0;
		v->tip = state_of(c)->tip.hash;
		v->counting = true;
	}
	v->left = COINS_TURN;
	return tn_scan(c, D_COIN, (struct tn_view){ v->last, v->last_n }, sum_coin, v);
}

static int compare_coins(struct tn_ctx *c, struct verify *v)
{
	if (v->coins != v->made || v->coins != state_of(c)->coins)
		return tn_fail(&v->why, TN_EBAD,
			       "%" PRIu64 " coins are stored, %" PRIu64 " follow from the blocks",
			       v->coins, v->made);
	if (memcmp(&v->sum, &v->stored, sizeof v->sum))
		return tn_fail(&v->why, TN_EBAD, "the stored coins are not those of the blocks");
	return 0;
}

/* 1: more to do. */
static int compare(struct tn_ctx *c, struct verify *v)
{
	struct rows_want want = { state_of(c)->tip.height + 1, v->txs, v->coins, v->address_txs };
	int rc;

	if (v->wrong) { /* the reason is there already, a better one is looked for */
		rc = rows_find_coin(c, &v->rows, &v->why);
		return rc ? rc : TN_EBAD;
	}
	if (v->counted)
		return rows_check(c, &v->rows, &want, &v->why);
	rc = count_coins(c, v);
	if (rc)
		return rc;
	v->counted = true;
	v->wrong = compare_coins(c, v) != 0;
	return 1;
}

/* Blocks came while the stored rows were counted: they first, then anew. */
static int count_again(struct tn_ctx *c, struct verify *v)
{
	if (!v->counting || same_hash(&v->tip, &state_of(c)->tip.hash))
		return 0;
	v->counting = v->counted = v->wrong = false;
	v->why.text[0] = 0;
	rows_free(&v->rows);
	if (++v->restarts > RESTARTS)
		return tn_fail(&v->why, TN_EBUSY, "the tip does not rest");
	return 0;
}

/* ---- in slices */

static void end(struct tn_ctx *c, struct verify *v, int rc)
{
	struct chain_row r = { v->parent.height, v->height, v->txs, v->coins };
	struct tn_error text = v->why;

	if (!rc)
		rc = tn_row(c, v->cmd, &r);
	if (rc && !v->counting)
		tn_fail(&text, rc, "block %" PRIu64 ": %.200s", v->height,
			v->why.text[0] ? v->why.text : tn_code_text(rc));
	tn_finish(c, v->ticket, rc, rc && text.text[0] ? text.text : NULL);
	verify_free(c);
}

static void begin(struct verify *v)
{
	v->height = v->made = v->txs = v->address_txs = 0;
	v->sum = (struct sum){ { 0 } };
	v->counting = v->counted = v->wrong = false;
	rows_free(&v->rows);
}

/* A reorganisation took away what was looked at. */
static bool is_moved(struct tn_ctx *c, const struct verify *v)
{
	struct index index;

	return v->height && (store_index(c, NULL, v->height - 1, &index) ||
			     !same_hash(&index.hash, &v->parent.hash));
}

static int check_some(struct tn_ctx *c, struct verify *v)
{
	uint64_t until = tn_now_us(c) + TURN_US;
	unsigned most = 200;
	int rc = 0;

	do {
		struct tn_arena *a = tn_arena_new(c);

		rc = a ? check_block(c, v, a) : TN_ENOMEM;
		tn_arena_unref(a);
	} while (!rc && v->height <= state_of(c)->tip.height && --most && tn_now_us(c) < until);
	return rc;
}

static void on_turn(struct tn_ctx *c, void *arg)
{
	struct verify *v = arg;
	int rc;

	v->timer = (struct tn_timer){ 0 };
	rc = count_again(c, v);
	if (is_moved(c, v))
		begin(v);
	if (!rc && v->height <= state_of(c)->tip.height) {
		rc = check_some(c, v);
		rc = rc ? rc : 1;
	} else if (!rc) {
		rc = compare(c, v);
	}
	if (rc > 0) {
		v->timer = tn_after(c, 0, on_turn, v);
		rc = v->timer.v ? rc : TN_ENOMEM;
	}
	if (rc <= 0)
		end(c, v, rc);
}

void verify_free(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	if (st->verify) {
		tn_cancel(c, st->verify->timer);
		rows_free(&st->verify->rows);
	}
	free(st->verify);
	st->verify = NULL;
}

int verify_begin(struct tn_ctx *c, struct tn_cmd *cmd, bool signatures, struct tn_error *err)
{
	struct state *st = state_of(c);
	struct verify *v;

	if (st->verify)
		return tn_fail(err, TN_EBUSY, "one is under way");
	if (st->maintain)
		return tn_fail(err, TN_EBUSY, "a reindex or a rollback is under way");
	if (st->failed)
		return tn_fail(err, TN_EIO, STORE_FAILED);
	if (st->address_build)
		return tn_fail(err, TN_EBUSY,
			       "the address index is being built: again in a moment");
	v = calloc(1, sizeof *v);
	if (!v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	v->cmd = cmd;
	v->signatures = signatures;
	v->ticket = tn_cmd_hold(c, cmd, CMD_MS);
	v->timer = tn_after(c, 0, on_turn, v);
	st->verify = v;
	if (v->ticket.v && v->timer.v)
		return TN_LATER;
	verify_free(c);
	return tn_fail(err, TN_ENOMEM, "no memory");
}
