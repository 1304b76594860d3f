/* SPDX-License-Identifier: MIT
 * plugins/transactions/rawtx.h - transactions, hashes and lists of coins as people type them
 *
 * Pure. Results lie in the arena or borrow the text. Every refusal says what would be right.
 */
#ifndef PLUGINS_TRANSACTIONS_RAWTX_H
#define PLUGINS_TRANSACTIONS_RAWTX_H

#include "timenode/types_tx.h"

/* Lower case; "" without memory. */
struct tn_str rawtx_hex(struct tn_arena *, const void *p, size_t n);

/* 64 hex digits. 0 or TN_EINVAL. */
int rawtx_hash(struct tn_str text, struct tn_hash *out, struct tn_error *);

/* A whole transaction: hex of its bincode, or its JSON as on the wire. 0, TN_EINVAL, TN_ENOMEM. */
int rawtx_read(struct tn_str text, struct tn_arena *, const struct tn_tx **out, struct tn_error *);
struct tn_str rawtx_write(struct tn_arena *, const struct tn_tx *); /* hex; "" without memory */

/* TXID:VOUT,... or [{"txid":"...","vout":0},...]: at least one, none twice. */
struct rawtx_inputs {
	TN_LIST(struct tn_outpoint) at;
};
int rawtx_inputs(struct tn_str text, struct tn_arena *, struct rawtx_inputs *, struct tn_error *);

/* ADDRESS=AMOUNT,... or {"ADDRESS":AMOUNT,...}: at least one. Neither is looked at. */
struct rawtx_pay {
	struct tn_str address, amount;
};
struct rawtx_outputs {
	TN_LIST(struct rawtx_pay) pay;
};
int rawtx_outputs(struct tn_str text, struct tn_arena *, struct rawtx_outputs *, struct tn_error *);

#endif
