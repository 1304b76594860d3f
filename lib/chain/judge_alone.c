/* SPDX-License-Identifier: MIT
 * lib/chain/judge_alone.c - what a block shows by itself, and beside its parent
 */
#include <stdlib.h>

#include "chain/judge.h"
#include "timenode/value.h"

struct work {
	const struct tn_block_rules *rules;
	const struct tn_block *block;
	struct tn_sha *sha;
	struct tn_block_facts *facts;
	struct tn_hash *txid;
	struct tn_spend_digest *digest;
	uint32_t *order;
};

size_t tn_block_facts_bytes(const struct tn_block *b)
{
	const size_t each =
		sizeof(struct tn_hash) + sizeof(struct tn_spend_digest) + sizeof(uint32_t);

	return sizeof(struct tn_block_facts) + b->transactions.n * each;
}

static int say(struct work *w, uint32_t fault, uint32_t tx, uint32_t input)
{
	return judge_say(&w->facts->verdict, fault, tx, input);
}

/* ---- does the body belong to the header? */

static int check_size(struct work *w)
{
	size_t n = tn_bin_write(&tn_wire_block, w->block, NULL, 0);

	if (n > TN_BLOCK_BYTES)
		return say(w, TN_FAULT_SIZE, TN_NO_TX, TN_NO_TX);
	w->facts->bytes = (uint32_t)n;
	return w->block->transactions.n ? 0 : say(w, TN_FAULT_EMPTY, TN_NO_TX, TN_NO_TX);
}

static int check_merkle(struct work *w)
{
	const struct tn_block *b = w->block;
	struct tn_hash root;

	for (uint32_t i = 0; i < b->transactions.n; i++)
		if (tn_txid(w->sha, &b->transactions.v[i], &w->txid[i]) != 0)
			return TN_ENOMEM;
	if (tn_merkle_root(w->sha, w->txid, b->transactions.n, &root) != 0)
		return TN_ENOMEM;
	/* Blocks that an old node made in a hurry, for slots that had passed. */
	if (w->rules->legacy_chain && b->transactions.n > 1 &&
	    memcmp(&w->txid[0], &b->header.merkle_root, sizeof root) == 0)
		w->facts->loose = 1;
	else if (memcmp(&root, &b->header.merkle_root, sizeof root) != 0)
		return say(w, TN_FAULT_MERKLE, TN_NO_TX, TN_NO_TX);
	return 0;
}

struct by_txid {
	struct tn_hash txid;
	uint32_t index;
};

static int compare_txids(const void *a, const void *b)
{
	const struct by_txid *left = a, *right = b;
	int order = memcmp(&left->txid, &right->txid, sizeof left->txid);

	return order ? order : (left->index > right->index) - (left->index < right->index);
}

/* A list with its end repeated can have the root of the list (doc/protocol.md 10.2). */
static int check_repeats(struct work *w)
{
	uint32_t n = w->block->transactions.n;
	struct by_txid *list = malloc(n * sizeof *list);
	int code = 0;

	if (!list)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		list[i] = (struct by_txid){ w->txid[i], i };
	qsort(list, n, sizeof *list, compare_txids);
	for (uint32_t i = 0; i < n && !code; i++) {
		w->order[i] = list[i].index;
		if (i > 0 && memcmp(&list[i - 1].txid, &list[i].txid, sizeof list->txid) == 0)
			code = say(w, TN_FAULT_MUTATED, list[i].index, TN_NO_TX);
	}
	free(list);
	return code;
}

/* The hash covers the coinbase and not the list, so a list that differs is the sender's. */
static int check_reward_list(struct work *w)
{
	const struct tn_tx *pay = &w->block->transactions.v[0];
	uint32_t n = w->block->masternode_rewards.n;

	if (pay->outputs.n != n)
		return say(w, TN_FAULT_REWARD_LIST, 0, TN_NO_TX);
	for (uint32_t i = 0; i < n; i++) {
		const struct tn_reward *r = &w->block->masternode_rewards.v[i];
		const struct tn_txout *o = &pay->outputs.v[i];

		if (o->value != r->value || o->script_pubkey.n != r->address.n ||
		    (r->address.n && memcmp(o->script_pubkey.p, r->address.p, r->address.n) != 0))
			return say(w, TN_FAULT_REWARD_LIST, 0, TN_NO_TX);
	}
	return 0;
}

/* ---- is the block itself in order? */

static int check_header(struct work *w)
{
	const struct tn_header *h = &w->block->header;
	int64_t slot;

	if (h->version != 1 && h->version != 2)
		return say(w, TN_FAULT_VERSION, TN_NO_TX, TN_NO_TX);
	if (tn_slot_time(&w->rules->net, h->height, &slot) != 0 || slot != h->timestamp)
		return say(w, TN_FAULT_SLOT, TN_NO_TX, TN_NO_TX);
	return 0;
}

static int check_first(struct work *w)
{
	return w->block->transactions.v[0].inputs.n ? say(w, TN_FAULT_NO_COINBASE, 0, TN_NO_TX) : 0;
}

/* A coinbase is unique by its time alone, so that must be the block's. */
static int check_coinbase(struct work *w)
{
	const struct tn_block *b = w->block;
	const struct tn_tx *pay = &b->transactions.v[0];

	for (uint32_t i = 1; i < b->transactions.n; i++)
		if (b->transactions.v[i].inputs.n == 0)
			return say(w, TN_FAULT_COINBASES, i, TN_NO_TX);
	if (pay->version != 1 || pay->lock_time != 0 || pay->timestamp != b->header.timestamp)
		return say(w, TN_FAULT_COINBASE_FORM, 0, TN_NO_TX);
	return 0;
}

static int check_amounts(struct work *w)
{
	const struct tn_block *b = w->block;

	for (uint32_t i = 0; i < b->transactions.n; i++) {
		const struct tn_tx *tx = &b->transactions.v[i];
		uint64_t sum = 0;

		for (uint32_t k = 0; k < tx->outputs.n; k++)
			if (!add_amount(&sum, tx->outputs.v[k].value))
				return say(w, TN_FAULT_AMOUNT, i, TN_NO_TX);
	}
	return 0;
}

static int check_scripts(struct work *w)
{
	const struct tn_block *b = w->block;

	if (w->rules->legacy_chain)
		return 0;
	for (uint32_t i = 1; i < b->transactions.n; i++) {
		const struct tn_tx *tx = &b->transactions.v[i];

		for (uint32_t k = 0; k < tx->inputs.n; k++)
			if (tx->inputs.v[k].script_sig.n != TN_SCRIPT_SIG_BYTES)
				return say(w, TN_FAULT_SCRIPT, i, k);
	}
	return 0;
}

/* The last step, when all that is cheap is in order. */
static int hash_spends(struct work *w)
{
	const struct tn_block *b = w->block;

	for (uint32_t i = 1; i < b->transactions.n; i++)
		if (spend_digest(w->sha, &b->transactions.v[i], &w->digest[i]) != 0)
			return TN_ENOMEM;
	return 0;
}

struct by_coin {
	struct tn_outpoint o;
	uint32_t tx, input;
};

static int compare_coins(const void *a, const void *b)
{
	const struct by_coin *l = a, *r = b;
	int order = memcmp(&l->o.txid, &r->o.txid, sizeof l->o.txid);

	if (order)
		return order;
	if (l->o.vout != r->o.vout)
		return l->o.vout > r->o.vout ? 1 : -1;
	if (l->tx != r->tx)
		return l->tx > r->tx ? 1 : -1;
	return (l->input > r->input) - (l->input < r->input);
}

static bool same_coin(const struct by_coin *a, const struct by_coin *b)
{
	return a->o.vout == b->o.vout && memcmp(&a->o.txid, &b->o.txid, sizeof a->o.txid) == 0;
}

static uint32_t list_inputs(const struct tn_block *b, struct by_coin *list)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->transactions.n; i++) {
		const struct tn_tx *tx = &b->transactions.v[i];

		for (uint32_t k = 0; k < tx->inputs.n; k++, n++)
			if (list)
				list[n] = (struct by_coin){ tx->inputs.v[k].previous_output, i, k };
	}
	return n;
}

static int check_inputs(struct work *w)
{
	uint32_t n = list_inputs(w->block, NULL);
	struct by_coin *list = malloc((n + (size_t)1) * sizeof *list);
	int code = 0;

	if (!list)
		return TN_ENOMEM;
	w->facts->inputs = list_inputs(w->block, list);
	qsort(list, n, sizeof *list, compare_coins);
	for (uint32_t i = 1; i < n && !code; i++)
		if (same_coin(&list[i - 1], &list[i]))
			code = say(w, TN_FAULT_COIN_TWICE, list[i].tx, list[i].input);
	free(list);
	return code;
}

static int check_old(struct work *w)
{
	const struct tn_block *b = w->block;

	if (!w->rules->legacy_compat)
		return 0;
	for (uint32_t i = 1; i < b->transactions.n; i++)
		if (!tn_tx_old_ok(&b->transactions.v[i]))
			return say(w, TN_FAULT_OLD_TX, i, TN_NO_TX);
	if (!tn_rewards_old_ok(b->masternode_rewards.v, b->masternode_rewards.n))
		return say(w, TN_FAULT_OLD_REWARDS, TN_NO_TX, TN_NO_TX);
	return 0;
}

/* Built in code, so there is exactly one. */
static int check_genesis(struct work *w)
{
	struct tn_arena *a = tn_arena_create(0);
	const struct tn_block *genesis;
	int code = a ? tn_genesis(w->sha, &w->rules->net, a, &genesis) : TN_ENOMEM;

	if (!code && tn_compare(&tn_wire_block, w->block, genesis) != 0)
		code = say(w, TN_FAULT_GENESIS, TN_NO_TX, TN_NO_TX);
	tn_arena_unref(a);
	return code;
}

static int judge(struct work *w)
{
	static int (*const checks[])(struct work *) = {
		check_first,   check_reward_list, check_header, check_coinbase, check_amounts,
		check_scripts, check_inputs,      check_old,    hash_spends
	};
	int code = check_size(w);

	w->facts->txs = w->block->transactions.n;
	if (!code)
		code = check_merkle(w);
	if (!code)
		code = check_repeats(w);
	if (!code && w->block->header.height == 0)
		return check_genesis(w);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !code; i++)
		code = checks[i](w);
	return code;
}

void tn_block_judge_alone(const struct tn_block_rules *r, const struct tn_block *b,
			  struct tn_block_facts *out)
{
	struct work w = { r, b, tn_sha_create(), out, NULL, NULL, NULL };

	memset(out, 0, tn_block_facts_bytes(b));
	w.txid = (struct tn_hash *)(out + 1);
	w.digest = (struct tn_spend_digest *)(w.txid + b->transactions.n);
	w.order = (uint32_t *)(void *)(w.digest + b->transactions.n);
	out->verdict = (struct tn_block_verdict){ 0, TN_FAULT_NONE, TN_NO_TX, TN_NO_TX };
	if (!w.sha || tn_block_hash(w.sha, &b->header, &out->hash) != 0)
		out->verdict.code = TN_ENOMEM;
	else
		out->verdict.code = judge(&w);
	tn_sha_free(w.sha);
}

void tn_block_judge_parent(const struct tn_block_rules *r, const struct tn_header *h,
			   const struct tn_tip *parent, int64_t now, struct tn_block_verdict *out)
{
	*out = (struct tn_block_verdict){ 0, TN_FAULT_NONE, TN_NO_TX, TN_NO_TX };
	if (memcmp(&h->previous_hash, &parent->hash, sizeof parent->hash) != 0)
		judge_say(out, TN_FAULT_PARENT, TN_NO_TX, TN_NO_TX);
	else if (h->height == 0 || h->height - 1 != parent->height)
		judge_say(out, TN_FAULT_HEIGHT, TN_NO_TX, TN_NO_TX);
	else if (h->timestamp <= parent->time)
		judge_say(out, TN_FAULT_SLOT, TN_NO_TX, TN_NO_TX);
	else if (now < INT64_MAX - (int64_t)r->future_s &&
		 h->timestamp > now + (int64_t)r->future_s)
		judge_say(out, TN_FAULT_FUTURE, TN_NO_TX, TN_NO_TX);
}
