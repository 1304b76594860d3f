/* SPDX-License-Identifier: MIT
 * timenode/judge.h - is a block good? In steps, none of which holds a loop for long
 *
 * Part of libtimenode (lib/chain). Pure functions (doc/protocol.md 10 has the rules):
 *
 *   tn_block_judge_alone    all that a block shows by itself        one job for a pool
 *   tn_block_judge_parent   its header and the block before it      at once
 *   tn_coins_begin, _step   its inputs and the coins they name      in slices on a loop
 *   tn_spends_check         signatures of some inputs               many jobs for a pool
 *   tn_delta_connect        what it changes in the set of coins
 *
 * A result is flat bytes without pointers, the same for the same input on every run. Of
 * several faults the one is told that comes first in this order: a block whose body does not
 * belong to its header is told apart from one that is bad.
 */
#ifndef TIMENODE_JUDGE_H
#define TIMENODE_JUDGE_H

#include "timenode/chain.h"
#include "timenode/types_chain.h"

#ifdef __cplusplus
extern "C" {
#endif

enum tn_block_fault {
	TN_FAULT_NONE,
	/* of the body: another body may belong to the same hash */
	TN_FAULT_SIZE,
	TN_FAULT_EMPTY,
	TN_FAULT_MERKLE,
	TN_FAULT_MUTATED,
	TN_FAULT_REWARD_LIST,
	/* of the moment: it may be good later, or on another parent */
	TN_FAULT_PARENT,
	TN_FAULT_FUTURE,
	/* of the block: its hash is bad for ever */
	TN_FAULT_GENESIS,
	TN_FAULT_VERSION,
	TN_FAULT_SLOT,
	TN_FAULT_HEIGHT,
	TN_FAULT_NO_COINBASE,
	TN_FAULT_COINBASES,
	TN_FAULT_COINBASE_FORM,
	TN_FAULT_AMOUNT,
	TN_FAULT_SCRIPT,
	TN_FAULT_COIN_TWICE,
	TN_FAULT_COIN_UNKNOWN,
	TN_FAULT_OVERSPENT,
	TN_FAULT_REWARD,
	TN_FAULT_REWARD_SUM,
	TN_FAULT_OWNER,
	TN_FAULT_SIGNATURE,
	/* of a policy: good, but old nodes would not store it */
	TN_FAULT_OLD_TX,
	TN_FAULT_OLD_CHAINED,
	TN_FAULT_OLD_REWARDS,
	TN_FAULTS
};

/* "mutated", "coin-twice"...: a stable word; never NULL. */
TN_API const char *tn_block_fault_name(uint32_t fault);
/* The same as a clause for people; never NULL. */
TN_API const char *tn_block_fault_text(uint32_t fault);

/* Does it condemn the hash? Only then may the hash be remembered as bad: whoever sends a
 * changed body must not keep the true one out.
 */
TN_API bool tn_block_fault_final(uint32_t fault);

#define TN_NO_TX UINT32_MAX

struct tn_block_verdict {
	int32_t code;   /* 0, TN_EBAD, TN_ENOMEM */
	uint32_t fault; /* enum tn_block_fault; NONE unless TN_EBAD */
	uint32_t tx;    /* which transaction, or TN_NO_TX */
	uint32_t input; /* which of its inputs, or TN_NO_TX */
};

/* Writes "transaction 3, input 0: the signature does not fit" and returns the code. */
TN_API int tn_block_verdict_fail(struct tn_error *err, const struct tn_block_verdict *v);

#define TN_FUTURE_S 600

struct tn_block_rules {
	struct tn_network net;
	uint32_t future_s;  /* how far ahead of our clock; TN_FUTURE_S */
	bool legacy_compat; /* for producers: only what old nodes store */
	bool legacy_chain;  /* take what old nodes made: doc/protocol.md 10.7 */
};

/* ---- by itself: size, header, merkle root, coinbase, amounts, scripts, inputs that come
 * twice. The result is followed by three arrays with a member for each transaction: the
 * txids, what their signatures sign, and the order of the txids; allocate
 * tn_block_facts_bytes. They are meaningful only when the verdict's code is 0.
 */
struct tn_block_facts {
	struct tn_block_verdict verdict;
	uint32_t bytes, txs, inputs;
	/* Not 0: the merkle root covers the coinbase alone (legacy_chain). Another body may belong
	 * to the same hash, so no fault condemns it. */
	uint32_t loose;
	struct tn_hash hash; /* not set when there was no memory */
};

TN_API size_t tn_block_facts_bytes(const struct tn_block *b);
TN_API void tn_block_judge_alone(const struct tn_block_rules *r, const struct tn_block *b,
				 struct tn_block_facts *out);

static inline const struct tn_hash *tn_facts_txids(const struct tn_block_facts *f)
{
	return (const struct tn_hash *)(f + 1);
}

/* What all inputs of a transaction sign, but for their number. Hashed here once, since a large
 * transaction has thousands of inputs.
 */
struct tn_spend_digest {
	struct tn_hash bare, outputs;
};

/* 0 or TN_ENOMEM. */
TN_API int tn_tx_digest(struct tn_sha *s, const struct tn_tx *tx, struct tn_spend_digest *out);

/* Does this script_sig, of the input of that number, spend a coin with that script? What
 * tn_spend_verify asks of a whole transaction. 0, TN_ENOMEM, or TN_EBAD and which of
 * TN_FAULT_SCRIPT, _OWNER, _SIGNATURE it is.
 */
TN_API int tn_spend_judge(struct tn_sha *s, const struct tn_spend_digest *d, uint32_t input,
			  struct tn_bytes script, struct tn_bytes coin, uint32_t *fault);

static inline const struct tn_spend_digest *tn_facts_digests(const struct tn_block_facts *f)
{
	return (const struct tn_spend_digest *)(tn_facts_txids(f) + f->txs);
}

/* Indices of transactions, sorted by txid. Aligned: what stands before is a multiple of 32
 * bytes behind a struct of 32-bit numbers. */
static inline const uint32_t *tn_facts_order(const struct tn_block_facts *f)
{
	return (const uint32_t *)(const void *)(tn_facts_digests(f) + f->txs);
}

/* ---- beside its parent. now: wall seconds. */
TN_API void tn_block_judge_parent(const struct tn_block_rules *r, const struct tn_header *h,
				  const struct tn_tip *parent, int64_t now,
				  struct tn_block_verdict *out);

/* ---- with coins. *out borrows its script until the callback is called again. 0, TN_ENOENT:
 * unspent by no block before this one; any other code stops the step, which can be
 * continued: nothing was skipped.
 */
typedef int tn_coin_fn(void *arg, const struct tn_outpoint *o, struct tn_coin *out);

/* One input and what it spends. */
struct tn_spent {
	uint32_t tx, input;
	uint32_t maker; /* transaction of this block that makes it; TN_NO_TX: an earlier block */
	struct tn_coin coin;
};

struct tn_coins_judge {
	struct tn_block_verdict verdict;
	uint64_t fees;          /* of the transactions done */
	uint32_t n;             /* inputs done */
	struct tn_spent *spent; /* n of them, in the order of the block */

	/* its own */
	const struct tn_block_rules *rules;
	const struct tn_block *block;
	const struct tn_block_facts *facts;
	struct tn_arena *arena;
	uint64_t sum;
	uint32_t tx, input;
};

/* All four must stay; facts must be good ones of this block, whose height is not 0. 0 or TN_ENOMEM. */
TN_API int tn_coins_begin(struct tn_coins_judge *j, const struct tn_block_rules *r,
			  const struct tn_block *b, const struct tn_block_facts *f,
			  struct tn_arena *a);

/* At most that many inputs (or transactions without). 0: all are done and sums and rewards
 * fit; TN_EBUSY: there are more; TN_EBAD or TN_ENOMEM: see the verdict; else the callback's.
 */
TN_API int tn_coins_step(struct tn_coins_judge *j, uint32_t most, tn_coin_fn *fn, void *arg);

/* ---- signatures of the n spent coins at `spent`. A chunk of TN_SPENDS takes some
 * milliseconds.
 */
#define TN_SPENDS 64
TN_API void tn_spends_check(const struct tn_block *b, const struct tn_block_facts *f,
			    const struct tn_spent *spent, uint32_t n, struct tn_block_verdict *out);

/* ---- what changes in the set of coins. A coin that a block makes and spends is in neither
 * list. Lists lie in the arena; scripts are borrowed from the block, or from what was spent.
 */
struct tn_delta {
	TN_LIST(struct tn_placed_coin) put;
	TN_LIST(struct tn_outpoint) del;
};

/* For a judge that came to its end; *undo is what tn_delta_disconnect needs. 0 or TN_ENOMEM. */
TN_API int tn_delta_connect(const struct tn_coins_judge *j, struct tn_arena *a,
			    struct tn_delta *out, struct tn_undo *undo);

/* First del, then put. TN_EBAD when the undo data is not this block's. */
TN_API int tn_delta_disconnect(const struct tn_block *b, const struct tn_undo *undo,
			       struct tn_arena *a, struct tn_delta *out);

/* For genesis, which no judge with coins sees: all its outputs. 0 or TN_ENOMEM. */
TN_API int tn_delta_genesis(const struct tn_block *b, const struct tn_block_facts *f,
			    struct tn_arena *a, struct tn_delta *out);

/* ---- for producers: the fee sum that still fits old nodes' idea of a reward */
#define TN_OLD_FEES TN_REWARD_TOLERANCE

#ifdef __cplusplus
}
#endif
#endif
