/* SPDX-License-Identifier: MIT
 * plugins/blocks/commands.h - the plugin's commands and the tables of their rows
 */
#ifndef PLUGINS_BLOCKS_COMMANDS_H
#define PLUGINS_BLOCKS_COMMANDS_H

#include "blocks.h"

/* A held command is ended by us: its own deadline must never be the first. */
#define CMD_MS 86400000

struct chain_row { /* of `chain` */
	uint64_t height, blocks, transactions, coins;
};

extern const struct tn_schema count_schema, hash_row_schema, height_args_schema, info_schema,
	block_args_schema, header_row_schema, block_row_schema, txout_args_schema, txout_schema,
	set_schema, address_args_schema, balance_schema, coins_args_schema, address_coin_schema,
	txids_args_schema, address_tx_schema, rawtx_args_schema, rawtx_schema, chain_args_schema,
	chain_schema;

tn_cmd_fn cmd_getblockcount, cmd_getbestblockhash, cmd_getblockhash, cmd_getblock,
	cmd_getblockheader, cmd_getblockchaininfo, cmd_gettxout, cmd_gettxoutsetinfo,
	cmd_getrawtransaction, cmd_getaddressbalance, cmd_getaddressutxos, cmd_getaddresstxids,
	cmd_chain;

/* ---- values of rows, in the command's scratch memory */
struct tn_str command_hash(struct tn_ctx *, const struct tn_hash *);
struct tn_str command_hex(struct tn_arena *, const uint8_t *, size_t);
/* 0, or TN_EINVAL with the reason. */
int command_parse_hash(struct tn_str, struct tn_hash *, struct tn_error *);

/* ---- what `chain ACTION` begins: TN_LATER, or an error */
int verify_begin(struct tn_ctx *, struct tn_cmd *, bool signatures, struct tn_error *);
int rollback_begin(struct tn_ctx *, struct tn_cmd *, uint64_t height, struct tn_error *);
int transfer_begin(struct tn_ctx *, struct tn_cmd *, struct tn_str path, bool import,
		   struct tn_error *);
int reindex_begin(struct tn_ctx *, struct tn_cmd *, bool quick, struct tn_error *);

#endif
