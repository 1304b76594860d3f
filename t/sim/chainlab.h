/* SPDX-License-Identifier: MIT
 * t/sim/chainlab.h - nodes with the plugin blocks in the simulator, fed with generated chains
 *
 * Every lab is on testnet, whose clock in the simulator allows 4464 blocks, and speaks to the
 * plugin through the service chain, through commands or as a peer.
 */
#ifndef SIM_CHAINLAB_H
#define SIM_CHAINLAB_H

#include "lib/chaingen.h"
#include "sim/pluglab.h"
#include "timenode/service/chain.h"

struct chaingen *chainlab_gen(uint64_t seed, uint32_t txs);

/* connect: "" or a list of addresses in quotes; options of the plugin's group. */
struct pluglab *chainlab_create(struct world *, const char *name, const char *ip,
				const char *connect, const char *options);

struct tn_tip chainlab_tip(struct pluglab *);

/* Gives it a block as its own and lets the world run until it says what became of it:
 * 0 or a code; why (may be NULL) gets the text. */
int chainlab_submit(struct world *, struct pluglab *, const struct tn_block *, struct tn_arena *,
		    char *why, size_t room);
int chainlab_check(struct world *, struct pluglab *, const struct tn_block *, struct tn_arena *,
		   char *why, size_t room);

/* The next n blocks of a generator, each of which must connect. */
void chainlab_feed(struct world *, struct pluglab *, struct chaingen *, unsigned n);

/* Runs a command; its only row, or "error CODE text", malloc'd. */
char *chainlab_ask(struct world *, struct pluglab *, const char *cmd, const char *args);

/* Hash over all coins as the node has it, as text. */
char *chainlab_coins(struct world *, struct pluglab *);

/* The same for any node: its plugin host. offer: without waiting for what becomes of it. */
struct tn_tip chain_tip(struct plug *);
int chain_hash_at(struct plug *, uint64_t height, struct tn_hash *);
int chain_block_at(struct plug *, uint64_t height, struct tn_arena *, const struct tn_block **);
void chain_offer(struct plug *, const struct tn_block *, struct tn_arena *);
int chain_coins_of(struct plug *, struct tn_bytes script, const struct tn_outpoint *after,
		   uint32_t limit, struct tn_arena *, struct tn_placed_coins *);
/* Asks the peer at `ip`, as the plugin blocks, a question of its tables; done as in host.h. */
int chain_ask_peer(struct plug *, const char *ip, const char *send, const char *expect,
		   const void *body, uint32_t bytes, tn_reply_fn *done, uint64_t tag);
char *chain_ask(struct world *, struct plug *, const char *cmd, const char *args);
struct tn_ctx *chain_ctx(struct plug *);
int64_t chain_metric(struct plug *, const char *name);

int64_t chainlab_metric(struct pluglab *, const char *name);

#endif
