/* SPDX-License-Identifier: MIT
 * plugins/transactions/commands.h - what the operator may ask and do with payments
 *
 * commands.c  the table; balance, coins, the mempool, addresses
 * show.c      transactions: one that is known, raw ones made, signed and explained
 * pay.c       transactions sent, and what becomes of them
 */
#ifndef PLUGINS_TRANSACTIONS_COMMANDS_H
#define PLUGINS_TRANSACTIONS_COMMANDS_H

#include "rawtx.h"
#include "wallet.h"

enum {
	PAY_COMMANDS = 12,
	PAY_INPUTS = 200,  /* of one transaction that is made here */
	PAY_CHOICE = 4096, /* coins looked at first */
	PAY_MS = 86400000  /* a held command is ended by us: its own deadline must not be first */
};
extern const struct tn_command pay_commands[PAY_COMMANDS];

/* ---- commands.c, for the others */

struct tn_str show_text(const char *);
struct tn_str show_amount(struct tn_ctx *, uint64_t); /* TIME, eight decimals */
struct tn_str show_hash(struct tn_ctx *, const struct tn_hash *);
struct tn_str show_script(struct tn_ctx *, struct tn_bytes); /* an address, or hex */

/* An address of this network, as a script: 0, or TN_EINVAL with what is wrong with it. */
int pay_address_check(struct tn_ctx *, struct tn_str text, struct tn_error *);

/* What may be spent, or what else there is. */
struct pay_sums {
	uint64_t of[COIN_TAKEN + 1];
	uint32_t coins;
};
void pay_sums(struct tn_ctx *, struct pay_sums *);

/* ---- show.c */

extern const struct tn_schema show_tx_args_schema, show_tx_schema, show_raw_args_schema,
	show_raw_schema, make_args_schema, make_schema, sign_schema;
tn_cmd_fn cmd_gettransaction, cmd_decoderawtransaction, cmd_createrawtransaction,
	cmd_signrawtransaction;

struct raw_args {
	struct tn_str tx;
};

/* What its inputs are worth, when all are known; how many are, and are signed as they must be. */
struct worth {
	uint64_t in, out;
	uint32_t known, good;
};
int worth_of(struct tn_ctx *, const struct tn_tx *, struct worth *);

/* Signs the inputs that are own coins; *signed_n: how many. 0, or an error with its text. */
int sign_own(struct tn_ctx *, struct tn_tx *, struct tn_arena *, uint32_t *signed_n,
	     struct tn_error *);

/* ---- pay.c */

extern const struct tn_schema send_args_schema, send_schema, merge_args_schema, merge_schema,
	push_args_schema;
tn_cmd_fn cmd_sendtoaddress, cmd_mergeutxos, cmd_sendrawtransaction;

int pay_start(struct tn_ctx *, struct tn_error *);
void pay_stop(struct tn_ctx *); /* may be called without a start */
tn_tell_fn pay_final;
void pay_gone(struct tn_ctx *, const struct pool_tx *, enum gone);

#endif
