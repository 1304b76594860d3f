/* SPDX-License-Identifier: MIT
 * plugins/transactions/bury.c - blocks: which ones this node may accept, and what may be forgotten
 *
 * When a block spends a coin that was approved, its height is noted in the block's own batch; when
 * no reorganisation can reach that block any more, the approval and the votes go.
 */
#include "voting.h"

#include <string.h>

enum { A_SWEEP = 200 };

/* ---- what may go */

static const uint8_t mark = 1; /* an empty value would be none */

static int note_coins(struct tn_ctx *c, const struct tn_ev_block *ev, const struct tn_tx *tx)
{
	uint64_t height = ev->block->header.height;
	int rc = 0;

	for (uint32_t i = 0; i < tx->inputs.n && !rc; i++) {
		const struct tn_outpoint *o = &tx->inputs.v[i].previous_output;
		struct coin_key coin = coin_key(o);
		struct buried_key k = buried_coin(height, o);
		struct tn_view val;

		rc = tn_get(c, ev->batch, D_APPROVAL, TN_VIEW(coin.b), &val);
		if (!rc)
			rc = tn_put(c, ev->batch, D_BURIED, (struct tn_view){ k.b, k.n },
				    TN_VIEW(mark));
		else if (rc == TN_ENOENT)
			rc = 0;
	}
	return rc;
}

static int note_votes(struct tn_ctx *c, const struct tn_ev_block *ev, const struct tn_tx *tx)
{
	struct buried_key k;
	struct tn_hash txid;
	struct tn_view val;
	int rc = tn_txid(state_of(c)->sha, tx, &txid);

	if (rc)
		return rc;
	rc = tn_get(c, ev->batch, D_VOTES, TN_VIEW(txid), &val);
	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	k = buried_votes(ev->block->header.height, &txid);
	return tn_put(c, ev->batch, D_BURIED, (struct tn_view){ k.b, k.n }, TN_VIEW(mark));
}

static int first(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	(void)c, (void)key, (void)val, (void)arg;
	return 1;
}

/* A node that has never seen a payment outside of a block has nothing to note. */
static bool anything(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);
	const struct tn_view from = { NULL, 0 };

	v->any = v->any || tn_scan(c, D_VOTES, from, first, NULL) == 1 ||
		 tn_scan(c, D_APPROVAL, from, first, NULL) == 1;
	return v->any;
}

int voting_connect(struct tn_ctx *c, const struct tn_ev_block *ev, struct tn_error *err)
{
	const struct tn_block *b = ev->block;
	int rc = 0;

	if (!anything(c))
		return 0;
	for (uint32_t i = 1; i < b->transactions.n && !rc; i++) {
		rc = note_coins(c, ev, &b->transactions.v[i]);
		if (!rc)
			rc = note_votes(c, ev, &b->transactions.v[i]);
	}
	return rc ? tn_fail(err, rc, "approvals: %s", tn_code_text(rc)) : 0;
}

static int unnote(struct tn_ctx *c, const struct tn_ev_block *ev, const struct tn_tx *tx)
{
	uint64_t height = ev->block->header.height;
	struct buried_key k;
	struct tn_hash txid;
	int rc = tn_txid(state_of(c)->sha, tx, &txid);

	for (uint32_t i = 0; i < tx->inputs.n && !rc; i++) {
		k = buried_coin(height, &tx->inputs.v[i].previous_output);
		rc = tn_del(c, ev->batch, D_BURIED, (struct tn_view){ k.b, k.n });
	}
	if (rc)
		return rc;
	k = buried_votes(height, &txid);
	return tn_del(c, ev->batch, D_BURIED, (struct tn_view){ k.b, k.n });
}

int voting_disconnect(struct tn_ctx *c, const struct tn_ev_block *ev, struct tn_error *err)
{
	const struct tn_block *b = ev->block;
	int rc = 0;

	for (uint32_t i = 1; i < b->transactions.n && !rc; i++)
		rc = unnote(c, ev, &b->transactions.v[i]);
	return rc ? tn_fail(err, rc, "approvals: %s", tn_code_text(rc)) : 0;
}

static int wipe_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	(void)val;
	return tn_del(c, arg, D_BURIED, key);
}

/* The chain begins anew, and may go another way: its blocks are noted again as they come. */
int voting_reset(struct tn_ctx *c, const struct tn_ev_block *ev, struct tn_error *err)
{
	int rc = tn_scan(c, D_BURIED, (struct tn_view){ NULL, 0 }, wipe_one, ev->batch);

	return rc ? tn_fail(err, rc, "approvals: %s", tn_code_text(rc)) : 0;
}

/* ---- and goes */

struct sweep {
	uint64_t tip;
	uint32_t n;
	struct buried_key key[A_SWEEP];
};

static int collect(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct sweep *s = arg;
	struct buried b;

	(void)c, (void)val;
	if (key.n > BURIED_KEY)
		return 0;
	if (s->n == A_SWEEP || (buried_read(key.p, key.n, &b) && !buried_deep(b.height, s->tip)))
		return 1;
	memcpy(s->key[s->n].b, key.p, key.n);
	s->key[s->n++].n = key.n;
	return 0;
}

/* 0: it is there, whatever was noted: its approval stays. TN_ENOENT: spent. */
static int coin_is_there(struct tn_ctx *c, const struct buried *what)
{
	struct tn_outpoint at;
	struct tn_coin coin;

	coin_of_key(what->what, &at);
	return tn_chain_coin(tn_need(c, N_CHAIN), &at, tn_scratch(c), &coin);
}

static int forget_approval(struct tn_ctx *c, struct tn_batch *b, const struct buried *what)
{
	const struct tn_view key = { what->what, what->what_n };
	int rc = coin_is_there(c, what);
	struct tn_hash txid;
	struct tn_view val;

	if (rc != TN_ENOENT)
		return rc;
	rc = tn_get(c, b, D_APPROVAL, key, &val);
	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	if (val.n >= sizeof txid) { /* its first member */
		memcpy(&txid, val.p, sizeof txid);
		rc = tn_del(c, b, D_VOTES, TN_VIEW(txid));
	}
	return rc ? rc : tn_del(c, b, D_APPROVAL, key);
}

static int forget(struct tn_ctx *c, struct tn_batch *b, const struct buried_key *k)
{
	struct buried what;
	int rc = 0;

	if (buried_read(k->b, k->n, &what)) {
		if (what.kind == BURIED_APPROVAL)
			rc = forget_approval(c, b, &what);
		else
			rc = tn_del(c, b, D_VOTES, (struct tn_view){ what.what, what.what_n });
	}
	return rc ? rc : tn_del(c, b, D_BURIED, (struct tn_view){ k->b, k->n });
}

static void sweep_on(struct tn_ctx *c, void *arg)
{
	(void)arg;
	voting_of(c)->sweeping = false;
	voting_tip(c);
}

void bury_sweep(struct tn_ctx *c, uint64_t tip)
{
	struct sweep *s = tn_alloc(tn_scratch(c), sizeof *s);
	struct tn_batch *b;
	int rc = 0;

	if (!s || tip < APPROVAL_DEPTH)
		return;
	s->tip = tip;
	tn_scan(c, D_BURIED, (struct tn_view){ NULL, 0 }, collect, s);
	b = s->n ? tn_batch(c) : NULL;
	if (!b)
		return;
	for (uint32_t i = 0; i < s->n && !rc; i++)
		rc = forget(c, b, &s->key[i]);
	if (rc || tn_commit(c, b, TN_NO_TICKET) == TN_EFULL)
		tn_abandon(c, b);
	else if (s->n == A_SWEEP && !voting_of(c)->sweeping)
		voting_of(c)->sweeping = tn_after(c, 10, sweep_on, NULL).v != 0;
}

void voting_tip(struct tn_ctx *c)
{
	struct tn_tip tip;

	if (tn_chain_tip(tn_need(c, N_CHAIN), &tip))
		return;
	voters_refresh(c);
	bury_sweep(c, tip.height);
}

/* ---- may this node vote for that block? */

static bool is_final(struct tn_ctx *c, const struct tn_hash *txid)
{
	const struct pool_tx *e = pool_find(state_of(c)->pool, txid);
	const struct certificate *cert;

	if (e)
		return e->flags & POOL_FINAL;
	return !certificate_read(c, NULL, txid, tn_scratch(c), &cert) && cert->final;
}

static int coin_allows(struct tn_ctx *c, const struct tn_outpoint *o, const struct tn_hash *txid,
		       uint64_t tip)
{
	const struct pool_tx *by = pool_spender(state_of(c)->pool, o);
	struct coin_key k = coin_key(o);
	const struct approval *a;
	struct tn_view val;
	const void *p;
	int rc;

	if (by && by->flags & POOL_FINAL && !same_hash(&by->txid, txid))
		return TN_EBAD;
	rc = tn_get(c, NULL, D_APPROVAL, TN_VIEW(k.b), &val);
	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	rc = tn_bin_read(&approval_schema, val, tn_scratch(c), &p, NULL);
	if (rc)
		return rc;
	a = p;
	if (approval_judge(a, txid) != APPROVAL_CONFLICT)
		return 0;
	return approval_binds(a, is_final(c, &a->txid), tip) ? TN_EBAD : 0;
}

static int tx_allows(struct tn_ctx *c, const struct tn_tx *tx, uint64_t tip)
{
	struct tn_hash txid;
	int rc = tn_txid(state_of(c)->sha, tx, &txid);

	for (uint32_t i = 0; i < tx->inputs.n && !rc; i++)
		rc = coin_allows(c, &tx->inputs.v[i].previous_output, &txid, tip);
	return rc;
}

int voting_allows(struct tn_ctx *c, const struct tn_block *b, struct tn_error *err)
{
	uint64_t tip = b->header.height ? b->header.height - 1 : 0;

	for (uint32_t i = 1; i < b->transactions.n; i++) {
		int rc = tx_allows(c, &b->transactions.v[i], tip);

		if (rc == TN_EBAD)
			return tn_fail(err, rc,
				       "transaction %u spends a coin that another one has, which "
				       "this node approved or knows to be final",
				       i);
		if (rc)
			return tn_fail(err, TN_EBAD, "approvals: %s", tn_code_text(rc));
	}
	return 0;
}
