/* SPDX-License-Identifier: MIT
 * timenode/types_tx.h - transactions, coins and their states, votes on transactions,
 * subscriptions (spec/network.md 2 and 2.1, spec/chain.md 1.3)
 *
 * Amounts are satoshis, 100,000,000 to the TIME. Times are Unix seconds. Hashes stand in
 * natural byte order. Lists and texts belong to the arena that the value was read into.
 * Nothing here is checked beyond its type: sums, order and signatures are lib/chain's.
 */
#ifndef TIMENODE_TYPES_TX_H
#define TIMENODE_TYPES_TX_H

#include "timenode/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tn_outpoint { /* one output of one transaction */
	struct tn_hash txid;
	uint32_t vout;
};

struct tn_outpoints { /* UTXOStateQuery */
	TN_LIST(struct tn_outpoint) outpoints;
};

struct tn_txin {
	struct tn_outpoint previous_output;
	struct tn_bytes script_sig; /* never checked by the reference, but part of the txid */
	uint32_t sequence;
};

struct tn_txout {
	uint64_t value;
	struct tn_bytes script_pubkey; /* in practice the text of the recipient's address */
};

struct tn_tx { /* TransactionBroadcast */
	uint32_t version;
	TN_LIST(struct tn_txin) inputs; /* none: a coinbase */
	TN_LIST(struct tn_txout) outputs;
	uint32_t lock_time;
	int64_t timestamp;
};

struct tn_txs { /* PendingTransactionsResponse */
	TN_LIST(struct tn_tx) txs;
};

struct tn_vote { /* TransactionVote */
	struct tn_hash txid;
	struct tn_str voter; /* the masternode's IP address */
	bool approve;
	int64_t timestamp;
	struct tn_sig signature;
};

struct tn_tx_finalized { /* TransactionFinalized */
	struct tn_hash txid;
	uint32_t votes;
};

struct tn_tx_rejected { /* TransactionRejected */
	struct tn_hash txid;
	struct tn_str reason;
};

/* ---- coins */

enum tn_utxo_tag {
	TN_UTXO_UNSPENT,
	TN_UTXO_LOCKED,
	TN_UTXO_SPENT_PENDING,
	TN_UTXO_SPENT_FINALIZED,
	TN_UTXO_CONFIRMED
};

struct tn_utxo_locked {
	struct tn_hash txid;
	int64_t locked_at;
};

struct tn_utxo_pending {
	struct tn_hash txid;
	uint32_t votes, total_nodes;
	int64_t spent_at;
};

struct tn_utxo_finalized {
	struct tn_hash txid;
	int64_t finalized_at;
	uint32_t votes;
};

struct tn_utxo_confirmed {
	struct tn_hash txid;
	uint64_t block_height;
	int64_t confirmed_at;
};

struct tn_utxo_state {
	uint32_t tag; /* enum tn_utxo_tag; which member of u is meant, none for UNSPENT */
	union {
		struct tn_utxo_locked locked;
		struct tn_utxo_pending pending;
		struct tn_utxo_finalized finalized;
		struct tn_utxo_confirmed confirmed;
	} u;
};

struct tn_coin_state { /* UTXOStateUpdate, and an element of UTXOStateResponse */
	struct tn_outpoint outpoint;
	struct tn_utxo_state state;
};

struct tn_coin_states { /* UTXOStateResponse */
	TN_LIST(struct tn_coin_state) states;
};

struct tn_coin_change { /* UTXOStateNotification */
	struct tn_outpoint outpoint;
	struct tn_utxo_state new_state;
	int64_t timestamp;
};

struct tn_utxo {
	struct tn_outpoint outpoint;
	uint64_t value;
	struct tn_bytes script_pubkey;
	struct tn_str address;
};

struct tn_utxos { /* UTXOSetResponse */
	TN_LIST(struct tn_utxo) utxos;
};

struct tn_utxo_set_hash { /* UTXOStateHashResponse */
	struct tn_hash hash;
	uint64_t height, utxo_count;
};

struct tn_subscription { /* Subscribe */
	struct tn_str id;
	TN_LIST(struct tn_str) addresses;
	TN_LIST(struct tn_outpoint) outpoints;
};

/* tn_wire_hash reads into a struct tn_hash (GenesisHashResponse, TransactionVoteRequest),
 * tn_wire_text into a struct tn_str (Unsubscribe). tn_wire_coin_state is a record,
 * as in UTXOStateUpdate; in UTXOStateResponse the same struct stands as a pair.
 */
TN_API extern const struct tn_schema tn_wire_hash, tn_wire_text, tn_wire_outpoint,
	tn_wire_outpoints, tn_wire_txin, tn_wire_txout, tn_wire_tx, tn_wire_txs, tn_wire_vote,
	tn_wire_tx_finalized, tn_wire_tx_rejected, tn_wire_utxo_state, tn_wire_coin_state,
	tn_wire_coin_states, tn_wire_coin_change, tn_wire_utxo, tn_wire_utxos,
	tn_wire_utxo_set_hash, tn_wire_subscription;

#ifdef __cplusplus
}
#endif
#endif
