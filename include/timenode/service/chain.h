/* SPDX-License-Identifier: MIT
 * timenode/service/chain.h - the confirmed chain, offered by the plugin blocks
 *
 * Calls go down only: nothing here takes a callback. What must be told or asked upwards is
 * an event. Results are copied, or owned by the caller's arena. Everything speaks of the
 * chain up to the tip: side branches are not seen.
 *
 * A block connects as one batch. Before it is committed every listener of chain.connect is
 * asked: it may refuse, and it writes what it derives from the block into the batch that
 * the event lends (tn_put, tn_del, tn_get with that batch; its own databases). It changes
 * nothing in memory, for another listener may refuse and the batch be abandoned. When the
 * batch is accepted, chain.connected tells it: that is the time to change memory. The same
 * for chain.disconnect and chain.disconnected, where a listener takes back what it wrote.
 * A reorganisation is one batch: asks for all blocks that go, the tip first, then for all
 * that come, then the tells in the same order.
 *
 * Nobody tells a plugin of genesis, nor of the blocks that were there before it: it keeps up to which height
 * its rows are, reads the rest with block_at, and until then leaves the asks alone
 * (examples/payees). Hashes, amounts and addresses of blocks are libtimenode's, in
 * timenode/chain.h, which this header does not include.
 */
#ifndef TIMENODE_SERVICE_CHAIN_H
#define TIMENODE_SERVICE_CHAIN_H

#include "timenode/host.h"
#include "timenode/types_chain.h"
#include "timenode/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_CHAIN_MAJOR 1
#define TN_CHAIN_MINOR 1 /* 1: coins_of */

struct tn_chain_ops {
	uint32_t size;
	int (*tip)(struct tn_ctx *, struct tn_tip *);
	/* Hash or block at a height: 0, TN_ENOENT above the tip, TN_ENOMEM, TN_EIO. */
	int (*hash_at)(struct tn_ctx *, uint64_t height, struct tn_hash *);
	int (*block_at)(struct tn_ctx *, uint64_t height, struct tn_arena *,
			const struct tn_block **);
	/* TN_ENOENT: spent, or never there. The script lies in the arena. */
	int (*coin)(struct tn_ctx *, const struct tn_outpoint *, struct tn_arena *,
		    struct tn_coin *);
	/* Where a transaction stands: 0 or TN_ENOENT. */
	int (*tx_at)(struct tn_ctx *, const struct tn_hash *txid, uint64_t *height,
		     uint32_t *index);
	/* Would it connect on the tip, or has it? The ticket is finished with 0, or TN_EBAD
	 * and a `const char *` reason, or TN_EBUSY, or TN_EGONE; owner keeps b alive and is
	 * referenced; nothing may be allocated from it before the end. */
	void (*check)(struct tn_ctx *, const struct tn_block *b, struct tn_arena *owner,
		      struct tn_ticket);
	/* Connect it, and announce it when it is durable: then the ticket is finished. 0 at
	 * once for a block that the chain has, durably; TN_EBUSY while it is on its way to
	 * the disk. One that does not follow the tip is TN_EBAD, unless its branch becomes
	 * the chain by it; it is kept beside the chain. */
	void (*submit)(struct tn_ctx *, const struct tn_block *b, struct tn_arena *owner,
		       struct tn_ticket);
	/* Since 1.1. Unspent outputs with this script, by txid and number: those behind `after`
	 * (NULL: from the first), at most `limit` and TN_COINS_OF_MAX; fewer mean that there
	 * are no more. Scripts lie in the arena. TN_ENOENT: the node keeps no index by script
	 * (blocks.address_index), or it is not whole yet. */
	int (*coins_of)(struct tn_ctx *, struct tn_bytes script, const struct tn_outpoint *after,
			uint32_t limit, struct tn_arena *, struct tn_placed_coins *out);
};
#define TN_COINS_OF_MAX 10000

/* ---- events */

#define TN_EV_CONNECT "chain.connect"           /* ask */
#define TN_EV_DISCONNECT "chain.disconnect"     /* ask */
#define TN_EV_CONNECTED "chain.connected"       /* tell */
#define TN_EV_DISCONNECTED "chain.disconnected" /* tell */
struct tn_ev_block {
	const struct tn_block *block;
	const struct tn_hash *hash;
	struct tn_arena *arena; /* owns block */
	struct tn_batch *batch; /* lent for the ask; NULL in a tell */
};

/* ask: the chain is derived anew from its blocks: remove all that came of chain.connect. The
 * payload is a tn_ev_block without block; its batch is lent. There is no tell: asks and tells of
 * every block above genesis follow. */
#define TN_EV_RESET "chain.reset"

/* ask: which of two tips with a common ancestor? Whoever knows sets `better` to 1 (theirs)
 * or -1 (ours); 0 leaves it to length, then to the lower hash. A refusal keeps ours. */
#define TN_EV_PREFER "chain.prefer"
struct tn_ev_prefer {
	struct tn_hash ours, theirs;
	uint64_t our_height, their_height, fork_height;
	int better;
};

/* ---- wrappers */

/* clang-format off */
#define TN_CHAIN_NEED(want) { "chain", TN_CHAIN_MAJOR, TN_CHAIN_MINOR, want }
#define TN_CHAIN_(s) ((const struct tn_chain_ops *)(s).ops)

static inline int tn_chain_tip(struct tn_svc s, struct tn_tip *out) { return s.ops ? TN_CHAIN_(s)->tip(s.self, out) : TN_EGONE; }
static inline int tn_chain_hash_at(struct tn_svc s, uint64_t h, struct tn_hash *out) { return s.ops ? TN_CHAIN_(s)->hash_at(s.self, h, out) : TN_EGONE; }
static inline int tn_chain_block_at(struct tn_svc s, uint64_t h, struct tn_arena *a, const struct tn_block **out) { return s.ops ? TN_CHAIN_(s)->block_at(s.self, h, a, out) : TN_EGONE; }
static inline int tn_chain_coin(struct tn_svc s, const struct tn_outpoint *o, struct tn_arena *a, struct tn_coin *out) { return s.ops ? TN_CHAIN_(s)->coin(s.self, o, a, out) : TN_EGONE; }
static inline int tn_chain_tx_at(struct tn_svc s, const struct tn_hash *txid, uint64_t *h, uint32_t *i) { return s.ops ? TN_CHAIN_(s)->tx_at(s.self, txid, h, i) : TN_EGONE; }
/* clang-format on */

static inline int tn_chain_coins_of(struct tn_svc s, struct tn_bytes script,
				    const struct tn_outpoint *after, uint32_t limit,
				    struct tn_arena *a, struct tn_placed_coins *out)
{
	return s.ops ? TN_CHAIN_(s)->coins_of(s.self, script, after, limit, a, out) : TN_EGONE;
}

static inline void tn_chain_check(struct tn_ctx *me, struct tn_svc s, const struct tn_block *b,
				  struct tn_arena *owner, struct tn_ticket t)
{
	if (s.ops)
		TN_CHAIN_(s)->check(s.self, b, owner, t);
	else
		tn_finish(me, t, TN_EGONE, NULL);
}

static inline void tn_chain_submit(struct tn_ctx *me, struct tn_svc s, const struct tn_block *b,
				   struct tn_arena *owner, struct tn_ticket t)
{
	if (s.ops)
		TN_CHAIN_(s)->submit(s.self, b, owner, t);
	else
		tn_finish(me, t, TN_EGONE, NULL);
}

#ifdef __cplusplus
}
#endif
#endif
