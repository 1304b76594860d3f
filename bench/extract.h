/* SPDX-License-Identifier: MIT
 * bench/extract.h - from a library's tree to our structs; each library gives the macros
 *
 * NODE, GET(object, name), COUNT(array), AT(array, i, element before), UNSIGNED(n), SIGNED(n), TRUTH(n),
 * TEXT(n), TEXT_N(n); PARSE(text, n), DROP(root), PRINT(root) with its length in *n,
 * FREE_TEXT(text). Lists are made in their size: the tree knows it.
 */
#include <stdlib.h>
#include <string.h>

#include "worker.h"

static void *room(size_t n)
{
	void *p = tn_alloc(worker_arena(), n);

	if (!p)
		give_up("no memory");
	return p;
}

static void get_numbers(NODE v, uint8_t *out, size_t n)
{
	NODE e = NULL;
	size_t i;

	if (COUNT(v) != n)
		give_up("another number of bytes");
	for (i = 0; i < n; i++) {
		e = AT(v, i, e);
		out[i] = (uint8_t)UNSIGNED(e);
	}
}

static void get_bytes(NODE v, struct tn_bytes *out)
{
	uint8_t *p = room(COUNT(v));

	out->n = (uint32_t)COUNT(v);
	get_numbers(v, p, out->n);
	out->p = p;
}

static void get_text(NODE v, struct tn_str *out)
{
	char *p;

	out->n = (uint32_t)TEXT_N(v);
	p = room(out->n);
	memcpy(p, TEXT(v), out->n);
	out->p = p;
}

static void get_ping(NODE v, struct tn_ping *out)
{
	out->nonce = UNSIGNED(GET(v, "nonce"));
	out->timestamp = SIGNED(GET(v, "timestamp"));
}

static void get_vote(NODE v, struct tn_vote *out)
{
	get_numbers(GET(v, "txid"), out->txid.b, 32);
	get_text(GET(v, "voter"), &out->voter);
	out->approve = TRUTH(GET(v, "approve"));
	out->timestamp = SIGNED(GET(v, "timestamp"));
	get_numbers(GET(v, "signature"), out->signature.b, 64);
}

static void get_input(NODE v, struct tn_txin *out)
{
	NODE previous = GET(v, "previous_output");

	get_numbers(GET(previous, "txid"), out->previous_output.txid.b, 32);
	out->previous_output.vout = (uint32_t)UNSIGNED(GET(previous, "vout"));
	get_bytes(GET(v, "script_sig"), &out->script_sig);
	out->sequence = (uint32_t)UNSIGNED(GET(v, "sequence"));
}

static void get_tx(NODE v, struct tn_tx *out)
{
	NODE in = GET(v, "inputs"), list = GET(v, "outputs"), e = NULL;
	size_t i;

	out->version = (uint32_t)UNSIGNED(GET(v, "version"));
	out->inputs.n = (uint32_t)COUNT(in);
	out->inputs.v = room(COUNT(in) * sizeof *out->inputs.v);
	for (i = 0; i < out->inputs.n; i++) {
		e = AT(in, i, e);
		get_input(e, &out->inputs.v[i]);
	}
	out->outputs.n = (uint32_t)COUNT(list);
	out->outputs.v = room(COUNT(list) * sizeof *out->outputs.v);
	for (i = 0, e = NULL; i < out->outputs.n; i++) {
		e = AT(list, i, e);
		out->outputs.v[i].value = UNSIGNED(GET(e, "value"));
		get_bytes(GET(e, "script_pubkey"), &out->outputs.v[i].script_pubkey);
	}
	out->lock_time = (uint32_t)UNSIGNED(GET(v, "lock_time"));
	out->timestamp = SIGNED(GET(v, "timestamp"));
}

static void get_header(NODE v, struct tn_header *out)
{
	out->version = (uint32_t)UNSIGNED(GET(v, "version"));
	out->height = UNSIGNED(GET(v, "height"));
	get_numbers(GET(v, "previous_hash"), out->previous_hash.b, 32);
	get_numbers(GET(v, "merkle_root"), out->merkle_root.b, 32);
	out->timestamp = SIGNED(GET(v, "timestamp"));
	out->block_reward = UNSIGNED(GET(v, "block_reward"));
}

static void get_block(NODE v, struct tn_block *out)
{
	NODE txs = GET(v, "transactions"), rewards = GET(v, "masternode_rewards"), e = NULL;
	size_t i;

	get_header(GET(v, "header"), &out->header);
	out->transactions.n = (uint32_t)COUNT(txs);
	out->transactions.v = room(COUNT(txs) * sizeof *out->transactions.v);
	for (i = 0; i < out->transactions.n; i++) {
		e = AT(txs, i, e);
		get_tx(e, &out->transactions.v[i]);
	}
	out->masternode_rewards.n = (uint32_t)COUNT(rewards);
	out->masternode_rewards.v = room(COUNT(rewards) * sizeof *out->masternode_rewards.v);
	for (i = 0, e = NULL; i < out->masternode_rewards.n; i++) {
		NODE first = NULL;

		e = AT(rewards, i, e);
		first = AT(e, 0, first);
		get_text(first, &out->masternode_rewards.v[i].address);
		out->masternode_rewards.v[i].value = UNSIGNED(AT(e, 1, first));
	}
}

static void get_blocks(NODE v, struct tn_blocks *out)
{
	NODE e = NULL;
	size_t i;

	out->blocks.n = (uint32_t)COUNT(v);
	out->blocks.v = room(COUNT(v) * sizeof *out->blocks.v);
	for (i = 0; i < out->blocks.n; i++) {
		e = AT(v, i, e);
		get_block(e, &out->blocks.v[i]);
	}
}

static const void *get_body(const struct corpus *c, NODE root)
{
	void *out = room(256);

	if (c->kind == CORPUS_PING)
		get_ping(GET(root, "Ping"), out);
	else if (c->kind == CORPUS_VOTE)
		get_vote(GET(root, "TransactionVote"), out);
	else if (c->kind == CORPUS_TX)
		get_tx(GET(root, "TransactionBroadcast"), out);
	else
		get_blocks(GET(root, "BlocksResponse"), out);
	return out;
}

static void decode(const struct corpus *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		NODE root = PARSE((const char *)c->line[i].p, c->line[i].n);

		tn_arena_reset(worker_arena());
		if (!root)
			give_up("a line of ours cannot be read");
		worker_seen(c, i, get_body(c, root));
		DROP(root);
	}
}

static void prepare(struct corpus *c)
{
	size_t i;

	for (i = 0; i < c->n && !c->made[i]; i++)
		c->made[i] = PARSE((const char *)c->line[i].p, c->line[i].n);
}

/* From a tree that is ready: to build it would cost as much again. */
static void encode(const struct corpus *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		const char *text = PRINT(c->made[i]);

		__asm__ volatile("" : : "r"(text) : "memory");
		FREE_TEXT(text);
	}
}
