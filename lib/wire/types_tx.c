/* SPDX-License-Identifier: MIT
 * lib/wire/types_tx.c - tables of transactions, coins and subscriptions
 */
#include "timenode/types_tx.h"

#include "wire/tables.h"

/* clang-format off */
static const struct tn_field hash_field[] = {
	{ "hash", NULL, 0, sizeof(struct tn_hash), 0, TN_K_FIXED, 0, 0 }
};
static const struct tn_field text_field[] = { { "text", NULL, 0, 0, 0, TN_K_STR, 0, 0 } };

const struct tn_schema tn_wire_hash = { "hash", hash_field, sizeof(struct tn_hash), 1, 0, TN_PLAIN };
const struct tn_schema tn_wire_text = { "text", text_field, sizeof(struct tn_str), 1, 0, TN_PLAIN };

const struct tn_schema tn_wire_outpoint = TN_SCHEMA(struct tn_outpoint, TN_RECORD,
	TN_FIELD(struct tn_outpoint, txid),
	TN_FIELD(struct tn_outpoint, vout));

const struct tn_schema tn_wire_outpoints = TN_SCHEMA(struct tn_outpoints, TN_PLAIN,
	TN_LISTOF(struct tn_outpoints, outpoints, &tn_wire_outpoint, 0));

const struct tn_schema tn_wire_txin = TN_SCHEMA(struct tn_txin, TN_RECORD,
	TN_SUB(struct tn_txin, previous_output, &tn_wire_outpoint),
	TN_FIELD(struct tn_txin, script_sig),
	TN_FIELD(struct tn_txin, sequence));

const struct tn_schema tn_wire_txout = TN_SCHEMA(struct tn_txout, TN_RECORD,
	TN_FIELD(struct tn_txout, value),
	TN_FIELD(struct tn_txout, script_pubkey));

const struct tn_schema tn_wire_tx = TN_SCHEMA(struct tn_tx, TN_RECORD,
	TN_FIELD(struct tn_tx, version),
	TN_LISTOF(struct tn_tx, inputs, &tn_wire_txin, 0),
	TN_LISTOF(struct tn_tx, outputs, &tn_wire_txout, 0),
	TN_FIELD(struct tn_tx, lock_time),
	TN_FIELD(struct tn_tx, timestamp));

const struct tn_schema tn_wire_txs = TN_SCHEMA(struct tn_txs, TN_PLAIN,
	TN_LISTOF(struct tn_txs, txs, &tn_wire_tx, 0));

const struct tn_schema tn_wire_vote = TN_SCHEMA(struct tn_vote, TN_RECORD,
	TN_FIELD(struct tn_vote, txid),
	TN_FIELD(struct tn_vote, voter),
	TN_FIELD(struct tn_vote, approve),
	TN_FIELD(struct tn_vote, timestamp),
	TN_FIELD(struct tn_vote, signature));

const struct tn_schema tn_wire_tx_finalized = TN_SCHEMA(struct tn_tx_finalized, TN_RECORD,
	TN_FIELD(struct tn_tx_finalized, txid),
	TN_FIELD(struct tn_tx_finalized, votes));

const struct tn_schema tn_wire_tx_rejected = TN_SCHEMA(struct tn_tx_rejected, TN_RECORD,
	TN_FIELD(struct tn_tx_rejected, txid),
	TN_FIELD(struct tn_tx_rejected, reason));

static const struct tn_schema locked = TN_SCHEMA(struct tn_utxo_locked, TN_RECORD,
	TN_FIELD(struct tn_utxo_locked, txid),
	TN_FIELD(struct tn_utxo_locked, locked_at));

static const struct tn_schema pending = TN_SCHEMA(struct tn_utxo_pending, TN_RECORD,
	TN_FIELD(struct tn_utxo_pending, txid),
	TN_FIELD(struct tn_utxo_pending, votes),
	TN_FIELD(struct tn_utxo_pending, total_nodes),
	TN_FIELD(struct tn_utxo_pending, spent_at));

static const struct tn_schema finalized = TN_SCHEMA(struct tn_utxo_finalized, TN_RECORD,
	TN_FIELD(struct tn_utxo_finalized, txid),
	TN_FIELD(struct tn_utxo_finalized, finalized_at),
	TN_FIELD(struct tn_utxo_finalized, votes));

static const struct tn_schema confirmed = TN_SCHEMA(struct tn_utxo_confirmed, TN_RECORD,
	TN_FIELD(struct tn_utxo_confirmed, txid),
	TN_FIELD(struct tn_utxo_confirmed, block_height),
	TN_FIELD(struct tn_utxo_confirmed, confirmed_at));

const struct tn_schema tn_wire_utxo_state = TN_CHOICE_SCHEMA(struct tn_utxo_state, tag,
	TN_ALT_UNIT("Unspent"),
	TN_ALT(struct tn_utxo_state, "Locked", u.locked, &locked),
	TN_ALT(struct tn_utxo_state, "SpentPending", u.pending, &pending),
	TN_ALT(struct tn_utxo_state, "SpentFinalized", u.finalized, &finalized),
	TN_ALT(struct tn_utxo_state, "Confirmed", u.confirmed, &confirmed));

#define COIN_STATE \
	TN_SUB(struct tn_coin_state, outpoint, &tn_wire_outpoint), \
	TN_SUB(struct tn_coin_state, state, &tn_wire_utxo_state)

const struct tn_schema tn_wire_coin_state = TN_SCHEMA(struct tn_coin_state, TN_RECORD, COIN_STATE);

static const struct tn_schema coin_pair = TN_SCHEMA(struct tn_coin_state, TN_TUPLE, COIN_STATE);

const struct tn_schema tn_wire_coin_states = TN_SCHEMA(struct tn_coin_states, TN_PLAIN,
	TN_LISTOF(struct tn_coin_states, states, &coin_pair, 0));

const struct tn_schema tn_wire_coin_change = TN_SCHEMA(struct tn_coin_change, TN_RECORD,
	TN_SUB(struct tn_coin_change, outpoint, &tn_wire_outpoint),
	TN_SUB(struct tn_coin_change, new_state, &tn_wire_utxo_state),
	TN_FIELD(struct tn_coin_change, timestamp));

const struct tn_schema tn_wire_utxo = TN_SCHEMA(struct tn_utxo, TN_RECORD,
	TN_SUB(struct tn_utxo, outpoint, &tn_wire_outpoint),
	TN_FIELD(struct tn_utxo, value),
	TN_FIELD(struct tn_utxo, script_pubkey),
	TN_FIELD(struct tn_utxo, address));

const struct tn_schema tn_wire_utxos = TN_SCHEMA(struct tn_utxos, TN_PLAIN,
	TN_LISTOF(struct tn_utxos, utxos, &tn_wire_utxo, 0));

const struct tn_schema tn_wire_utxo_set_hash = TN_SCHEMA(struct tn_utxo_set_hash, TN_RECORD,
	TN_FIELD(struct tn_utxo_set_hash, hash),
	TN_FIELD(struct tn_utxo_set_hash, height),
	TN_FIELD(struct tn_utxo_set_hash, utxo_count));

const struct tn_schema tn_wire_subscription = TN_SCHEMA(struct tn_subscription, TN_RECORD,
	TN_FIELD(struct tn_subscription, id),
	TN_LISTOF(struct tn_subscription, addresses, &tn_schema_string, 0),
	TN_LISTOF(struct tn_subscription, outpoints, &tn_wire_outpoint, 0));
/* clang-format on */
