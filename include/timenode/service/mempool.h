/* SPDX-License-Identifier: MIT
 * timenode/service/mempool.h - transactions on their way into a block, offered by the plugin
 * transactions
 *
 * Final means: approved by ceil(2n/3) of the voter set (doc/payments.md).
 */
#ifndef TIMENODE_SERVICE_MEMPOOL_H
#define TIMENODE_SERVICE_MEMPOOL_H

#include "timenode/host.h"
#include "timenode/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_MEMPOOL_MAJOR 1
#define TN_MEMPOOL_MINOR 0

struct tn_template {
	TN_LIST(struct tn_tx) tx;
	uint64_t fees;
};

struct tn_mempool_ops {
	uint32_t size;
	/* What a proposer may put behind the coinbase: final ones first, then those this node
	 * approved itself; parents before children, copied into the arena, at most `max` bytes
	 * of bincode together. 0 or TN_ENOMEM. */
	int (*template_)(struct tn_ctx *, struct tn_arena *, size_t max, struct tn_template *);
	/* May this node vote for a block with these transactions: does none of them spend a coin
	 * whose spending by another transaction it approved? 0, or TN_EBAD with the reason. */
	int (*allows)(struct tn_ctx *, const struct tn_block *, struct tn_error *);
};

/* tell: a transaction became final here. */
#define TN_EV_FINAL "mempool.final"
struct tn_ev_final {
	const struct tn_tx *tx;
	const struct tn_hash *txid;
	struct tn_arena *arena; /* owns tx */
};

/* clang-format off */
#define TN_MEMPOOL_NEED(want) { "mempool", TN_MEMPOOL_MAJOR, TN_MEMPOOL_MINOR, want }
#define TN_MEMPOOL_(s) ((const struct tn_mempool_ops *)(s).ops)

static inline int tn_mempool_template(struct tn_svc s, struct tn_arena *a, size_t max, struct tn_template *out) { return s.ops ? TN_MEMPOOL_(s)->template_(s.self, a, max, out) : TN_EGONE; }
static inline int tn_mempool_allows(struct tn_svc s, const struct tn_block *b, struct tn_error *err) { return s.ops ? TN_MEMPOOL_(s)->allows(s.self, b, err) : TN_EGONE; }
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
