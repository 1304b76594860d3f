/* SPDX-License-Identifier: MIT
 * t/lib/chainbad.c - blocks that are wrong in one way each
 */
#include <stdlib.h>
#include <string.h>

#include "lib/chaingen.h"
#include "timenode/value.h"

/* true: spoilt; the merkle root is then made to fit unless the row says no. */
typedef bool spoil_fn(struct tn_block *, struct tn_arena *);

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

static bool has_child(const struct tn_block *b, const struct tn_hash *txid)
{
	for (uint32_t i = 1; i < b->transactions.n; i++)
		for (uint32_t k = 0; k < b->transactions.v[i].inputs.n; k++)
			if (memcmp(&b->transactions.v[i].inputs.v[k].previous_output.txid, txid,
				   sizeof *txid) == 0)
				return true;
	return false;
}

/* The first payment from the middle on whose coins this block does not spend: it can be
 * changed, and its txid with it. NULL without payments.
 */
static struct tn_tx *middle(struct tn_block *b)
{
	uint32_t i = (b->transactions.n + 1) / 2;
	struct tn_sha *s = need(tn_sha_create());
	struct tn_hash id;

	for (; i < b->transactions.n; i++)
		if (tn_txid(s, &b->transactions.v[i], &id) == 0 && !has_child(b, &id))
			break;
	tn_sha_free(s);
	return i < b->transactions.n ? &b->transactions.v[i] : NULL;
}

static struct tn_tx *append(struct tn_block *b, struct tn_arena *a, uint32_t more)
{
	uint32_t n = b->transactions.n;
	struct tn_tx *list = need(tn_alloc(a, (n + more) * sizeof *list));

	memcpy(list, b->transactions.v, n * sizeof *list);
	b->transactions.v = list;
	b->transactions.n = n + more;
	return &list[n];
}

static uint8_t *own_script(struct tn_tx *tx, struct tn_arena *a)
{
	struct tn_bytes *s = &tx->inputs.v[0].script_sig;
	uint8_t *copy = need(tn_alloc(a, s->n));

	memcpy(copy, s->p, s->n);
	s->p = copy;
	return copy;
}

static bool grow(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *last = b->transactions.n > 1 ? append(b, a, 1) : NULL;

	if (!last)
		return false;
	*last = last[-1];
	last->lock_time = 7;
	last->outputs.v = need(tn_alloc(a, sizeof *last->outputs.v));
	last->outputs.n = 1;
	last->outputs.v->script_pubkey =
		(struct tn_bytes){ need(tn_alloc(a, TN_BLOCK_BYTES)), TN_BLOCK_BYTES };
	return true;
}

static bool empty(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->transactions.n = 0;
	return true;
}

static bool other_root(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->header.merkle_root.b[7] ^= 1;
	return true;
}

static bool lose_one(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	return b->transactions.n > 1 && b->transactions.n-- > 0;
}

/* n = odd * 2^k: the last 2^k once more leave the root as it is. */
static bool mutate(struct tn_block *b, struct tn_arena *a)
{
	uint32_t n = b->transactions.n, tail = n & (~n + 1);
	struct tn_tx *more;

	if (n == tail)
		return false;
	more = append(b, a, tail);
	memcpy(more, more - tail, tail * sizeof *more);
	return true;
}

static bool other_list(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->masternode_rewards.v[0].value++;
	return true;
}

/* An entry that the coinbase does not pay. */
static bool longer_list(struct tn_block *b, struct tn_arena *a)
{
	uint32_t n = b->masternode_rewards.n;
	struct tn_reward *v = tn_alloc(a, (n + (size_t)1) * sizeof *v);

	if (!v || !n)
		return false;
	memcpy(v, b->masternode_rewards.v, n * sizeof *v);
	v[n] = v[0];
	b->masternode_rewards.v = v;
	b->masternode_rewards.n = n + 1;
	return true;
}

static bool other_parent(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->header.previous_hash.b[0] ^= 1;
	return true;
}

static bool version(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->header.version = 3;
	return true;
}

static bool off_slot(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->header.timestamp++;
	b->transactions.v[0].timestamp++;
	return true;
}

/* On its own slot, but a height too high for its parent. */
static bool skip_height(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->header.height++;
	b->header.timestamp += 600;
	b->transactions.v[0].timestamp += 600;
	return true;
}

static bool swap_coinbase(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx first = b->transactions.v[0];

	(void)a;
	if (b->transactions.n < 2)
		return false;
	b->transactions.v[0] = b->transactions.v[1];
	b->transactions.v[1] = first;
	return true;
}

static bool second_coinbase(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *last = append(b, a, 1);

	*last = b->transactions.v[0];
	last->lock_time = 1;
	return true;
}

static bool coinbase_lock(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->transactions.v[0].lock_time = 1;
	return true;
}

static bool coinbase_time(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->transactions.v[0].timestamp--;
	return true;
}

/* Two outputs whose sum wraps to something small. */
static bool wrap(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	if (!tx)
		return false;
	tx->outputs.v = need(tn_alloc(a, 2 * sizeof *tx->outputs.v));
	tx->outputs.n = 2;
	tx->outputs.v[0].value = tx->outputs.v[1].value = UINT64_C(1) << 63;
	return true;
}

static bool one_too_large(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	(void)a;
	if (tx)
		tx->outputs.v[0].value = (uint64_t)INT64_MAX + 1;
	return tx != NULL;
}

static bool double_spend(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *last = b->transactions.n > 1 ? append(b, a, 1) : NULL;

	if (last) {
		*last = last[-1];
		last->lock_time = 9;
	}
	return last != NULL;
}

static bool input_twice(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);
	struct tn_txin *list;

	if (!tx)
		return false;
	list = need(tn_alloc(a, (tx->inputs.n + 1) * sizeof *list));
	memcpy(list, tx->inputs.v, tx->inputs.n * sizeof *list);
	list[tx->inputs.n++] = list[0];
	tx->inputs.v = list;
	return true;
}

static bool no_coin(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	(void)a;
	if (tx)
		tx->inputs.v[0].previous_output.txid.b[3] ^= 0x40;
	return tx != NULL;
}

static bool no_output(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	(void)a;
	if (tx)
		tx->inputs.v[0].previous_output.vout = 1000000;
	return tx != NULL;
}

/* An output that an earlier transaction of the block does not have. */
static bool no_output_inside(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);
	struct tn_sha *s = need(tn_sha_create());

	(void)a;
	if (tx && tn_txid(s, &b->transactions.v[0], &tx->inputs.v[0].previous_output.txid) != 0)
		abort();
	if (tx)
		tx->inputs.v[0].previous_output.vout = b->transactions.v[0].outputs.n;
	tn_sha_free(s);
	return tx != NULL;
}

/* A payment that spends the coinbase of its own block, put before it, cannot be made: so one
 * that names a later one's output.
 */
/* Does a later payment spend what this one makes? Then it would be the one without a coin. */
static bool is_spent_inside(struct tn_sha *s, const struct tn_block *b, uint32_t i)
{
	struct tn_hash id;

	if (tn_txid(s, &b->transactions.v[i], &id) != 0)
		abort();
	for (uint32_t k = i + 1; k < b->transactions.n; k++)
		for (uint32_t n = 0; n < b->transactions.v[k].inputs.n; n++)
			if (!memcmp(&b->transactions.v[k].inputs.v[n].previous_output.txid, &id,
				    sizeof id))
				return true;
	return false;
}

static bool child_first(struct tn_block *b, struct tn_arena *a)
{
	uint32_t n = b->transactions.n, i = 1;
	struct tn_sha *s = need(tn_sha_create());
	struct tn_outpoint *o;

	(void)a;
	while (i + 1 < n && is_spent_inside(s, b, i))
		i++;
	if (i + 1 < n) {
		o = &b->transactions.v[i].inputs.v[0].previous_output;
		if (tn_txid(s, &b->transactions.v[n - 1], &o->txid) != 0)
			abort();
		o->vout = 0;
	}
	tn_sha_free(s);
	return i + 1 < n;
}

static bool overspend(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	(void)a;
	if (tx)
		tx->outputs.v[0].value += 1000000 * TN_COIN;
	return tx != NULL;
}

static bool reward(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	b->header.block_reward++;
	return true;
}

static void pay(struct tn_block *b, uint64_t change)
{
	b->masternode_rewards.v[0].value += change;
	b->transactions.v[0].outputs.v[0].value += change;
}

static bool pay_more(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	pay(b, b->masternode_rewards.n);
	return true;
}

/* Less by as many satoshis as there are shares: more than rounding explains. */
static bool pay_less(struct tn_block *b, struct tn_arena *a)
{
	(void)a;
	pay(b, (uint64_t)0 - b->masternode_rewards.n);
	return true;
}

static bool no_script(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	(void)a;
	if (tx)
		tx->inputs.v[0].script_sig.n = 0;
	return tx != NULL;
}

static bool other_owner(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	if (tx)
		own_script(tx, a)[5] ^= 1;
	return tx != NULL;
}

static bool signature(struct tn_block *b, struct tn_arena *a)
{
	struct tn_tx *tx = middle(b);

	if (tx)
		own_script(tx, a)[40] ^= 1;
	return tx != NULL;
}

static const struct row {
	struct chaingen_fault what;
	spoil_fn *spoil;
	bool keep_root;
} rows[CHAINGEN_BAD] = {
	{ { "too-large", TN_FAULT_SIZE }, grow, false },
	{ { "empty", TN_FAULT_EMPTY }, empty, true },
	{ { "merkle", TN_FAULT_MERKLE }, other_root, true },
	{ { "withheld-tx", TN_FAULT_MERKLE }, lose_one, true },
	{ { "mutated", TN_FAULT_MUTATED }, mutate, true },
	{ { "reward-list", TN_FAULT_REWARD_LIST }, other_list, true },
	{ { "reward-entry", TN_FAULT_REWARD_LIST }, longer_list, true },
	{ { "parent", TN_FAULT_PARENT }, other_parent, false },
	{ { "version", TN_FAULT_VERSION }, version, false },
	{ { "timestamp", TN_FAULT_SLOT }, off_slot, false },
	{ { "height", TN_FAULT_HEIGHT }, skip_height, false },
	{ { "coinbase-second", TN_FAULT_NO_COINBASE }, swap_coinbase, false },
	{ { "two-coinbases", TN_FAULT_COINBASES }, second_coinbase, false },
	{ { "coinbase-lock", TN_FAULT_COINBASE_FORM }, coinbase_lock, false },
	{ { "coinbase-time", TN_FAULT_COINBASE_FORM }, coinbase_time, false },
	{ { "wrapping-sum", TN_FAULT_AMOUNT }, wrap, false },
	{ { "amount", TN_FAULT_AMOUNT }, one_too_large, false },
	{ { "double-spend", TN_FAULT_COIN_TWICE }, double_spend, false },
	{ { "input-twice", TN_FAULT_COIN_TWICE }, input_twice, false },
	{ { "no-coin", TN_FAULT_COIN_UNKNOWN }, no_coin, false },
	{ { "no-output", TN_FAULT_COIN_UNKNOWN }, no_output, false },
	{ { "no-output-inside", TN_FAULT_COIN_UNKNOWN }, no_output_inside, false },
	{ { "child-first", TN_FAULT_COIN_UNKNOWN }, child_first, false },
	{ { "overspent", TN_FAULT_OVERSPENT }, overspend, false },
	{ { "block-reward", TN_FAULT_REWARD }, reward, false },
	{ { "pays-more", TN_FAULT_REWARD_SUM }, pay_more, false },
	{ { "pays-less", TN_FAULT_REWARD_SUM }, pay_less, false },
	{ { "no-script", TN_FAULT_SCRIPT }, no_script, false },
	{ { "owner", TN_FAULT_OWNER }, other_owner, false },
	{ { "signature", TN_FAULT_SIGNATURE }, signature, false },
};

const struct chaingen_fault *chaingen_bad(unsigned i)
{
	return i < CHAINGEN_BAD ? &rows[i].what : NULL;
}

const struct tn_block *chaingen_spoil(unsigned i, const struct tn_block *good, struct tn_arena *a)
{
	const void *copy;
	struct tn_block *b;
	struct tn_sha *s;

	if (i >= CHAINGEN_BAD || tn_clone(&tn_wire_block, good, a, &copy) != 0)
		return NULL;
	b = (struct tn_block *)(uintptr_t)copy;
	if (!rows[i].spoil(b, a))
		return NULL;
	s = need(tn_sha_create());
	if (!rows[i].keep_root && tn_block_merkle(s, b, &b->header.merkle_root) != 0)
		abort();
	tn_sha_free(s);
	return b;
}
