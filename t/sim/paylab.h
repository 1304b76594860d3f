/* SPDX-License-Identifier: MIT
 * t/sim/paylab.h - masternodes that vote on payments, in the simulator
 *
 * A fleet whose nodes are all voters, linked with one another, on a chain that holds coins of one
 * owner. Payments are made of them and given to a node as its operator would.
 */
#ifndef SIM_PAYLAB_H
#define SIM_PAYLAB_H

#include "lib/chaingen.h"
#include "sim/fleet.h"
#include "timenode/service/chain.h"

#define PAYLAB_BLOCKS 400
#define PAYLAB_COIN (UINT64_C(50000000))

struct paylab {
	struct fleet *f;
	struct tn_sha *sha;
	struct tn_secret owner;
	char address[TN_ADDRESS_TEXT];
	struct tn_outpoint *coin;
	uint32_t coins;
	struct chaingen *chain;
	const struct tn_block *block[PAYLAB_BLOCKS];
	struct tn_arena *block_arena[PAYLAB_BLOCKS];
	uint64_t height;
};

/* Nodes that have the chain and each other; voters: the first so many of them. */
struct paylab *paylab_create(uint64_t seed, unsigned nodes, unsigned voters, uint32_t coins);
void paylab_free(struct paylab *);

struct payment {
	const struct tn_tx *tx;
	struct tn_arena *arena;
	struct tn_hash txid;
};

/* Spends an output of the owner's; salt makes another payment of the same coin. */
struct payment paylab_pay(struct paylab *, struct tn_outpoint coin, uint64_t value, uint32_t salt);
void payment_free(struct payment *);
uint64_t paylab_change(uint64_t value); /* what the second output of such a payment is worth */

void paylab_submit(struct paylab *, unsigned node, const struct payment *);

enum pay_state { PAY_ABSENT, PAY_PENDING, PAY_FINAL, PAY_CONFIRMED };
enum pay_state paylab_state(struct paylab *, unsigned node, const struct tn_hash *txid);
/* How many of the nodes that run have it in that state. */
unsigned paylab_count(struct paylab *, const struct payment *, enum pay_state);
/* Whose approvals a node has counted, a bit for each node of the lab. */
uint64_t paylab_approvals(struct paylab *, unsigned node, const struct tn_hash *txid);
struct tn_ctx *paylab_ctx(struct paylab *, unsigned node); /* of the plugin transactions */
int64_t paylab_metric(struct paylab *, unsigned node, const char *name);

/* Nodes from..to-1 die without a word, and come back. */
void paylab_cut(struct paylab *, unsigned from, unsigned to);
void paylab_start(struct paylab *, unsigned from, unsigned to);
void paylab_part(struct paylab *, uint64_t side); /* nodes of the bit mask from all others */
void paylab_heal(struct paylab *);
/* Gives a node all blocks it has not got; runs until it has them. */
void paylab_feed(struct paylab *, unsigned node);

#endif
