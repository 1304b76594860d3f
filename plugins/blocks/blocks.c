/* SPDX-License-Identifier: MIT
 * plugins/blocks/blocks.c - the chain: kept, judged, served, announced, caught up with
 *
 * The descriptor and the plugin's life; blocks.h says which file does what. Owns the messages
 * of doc/protocol.md 10 and offers the service chain.
 */
#include "address.h"
#include "commands.h"
#include "serve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BAD_KEPT = 1024 };

void plugin_count(struct tn_ctx *c)
{
	const struct state *st = state_of(c);

	tn_metric(c, C_HEIGHT, (int64_t)st->tip.height);
	tn_metric(c, C_COINS, (int64_t)st->coins);
}

/* ---- which chain is it */

static int find_network(struct tn_ctx *c, struct tn_net_info *info, struct tn_error *err)
{
	struct tn_network *net = &state_of(c)->rules.net;

	if (!TN_HAS(c, network) || tn_network_info(c, info))
		return tn_fail(err, TN_EINVAL, "this host does not say which network it is on");
	if (tn_network_find(info->name, net))
		return tn_fail(err, TN_EINVAL, "no network \"%s\" is known", info->name);
	if (!strcmp(info->name, "private"))
		net->genesis_time = info->genesis_time;
	return 0;
}

static int make_genesis(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = state_of(c);
	char ours[HASH_TEXT], theirs[HASH_TEXT];
	struct tn_net_info info;
	int rc = find_network(c, &info, err);

	if (rc)
		return rc;
	if (tn_genesis(st->sha, &st->rules.net, st->arena, &st->genesis) ||
	    tn_block_hash(st->sha, &st->genesis->header, &st->genesis_hash))
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (info.has_genesis && !same_hash(&info.genesis, &st->genesis_hash))
		return tn_fail(err, TN_EINVAL,
			       "network.genesis is %.16s..., the genesis block of %s is %.16s...",
			       hash_text(&info.genesis, theirs), info.name,
			       hash_text(&st->genesis_hash, ours));
	return 0;
}

/* ---- life */

/* What others make is judged by the rules alone. */
static void set_rules(struct tn_ctx *c)
{
	state_of(c)->rules.future_s = TN_FUTURE_S;
	state_of(c)->own_rules = state_of(c)->rules;
	state_of(c)->rules.legacy_chain = conf_of(c)->legacy_chain;
	state_of(c)->own_rules.legacy_compat = conf_of(c)->legacy_compat;
}

static bool allocate(struct tn_ctx *c)
{
	struct state *st = state_of(c);
	uint64_t key[2] = { tn_random64(c), tn_random64(c) };

	st->sha = tn_sha_create();
	st->arena = tn_arena_new(c);
	st->bad = tn_seen_create(BAD_KEPT, key, sizeof key);
	st->side = side_create();
	st->serve = serve_create();
	st->encode = encode_create();
	st->coinset = coinset_create();
	st->sync = sync_create();
	st->clock = calloc(1, sizeof *st->clock);
	return st->clock && st->sha && st->arena && st->bad && st->side && st->serve &&
	       st->encode && st->coinset && st->sync;
}

static int init(struct tn_ctx *c, struct tn_error *err)
{
	int rc;

	road_init(&state_of(c)->road);
	if (!allocate(c))
		return tn_fail(err, TN_ENOMEM, "no memory");
	rc = make_genesis(c, err);
	if (rc)
		return rc;
	set_rules(c);
	rc = legacy_check(c, err);
	return rc ? rc : store_open(c, err);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	const struct state *st = state_of(c);
	char text[HASH_TEXT];
	int rc;

	/* Between init and here another build of this plugin may have gone on with the chain. */
	if (store_open(c, err))
		return TN_EBAD;
	if (TN_HAS(c, tell_genesis) && tn_tell_genesis(c, &st->genesis_hash))
		return tn_fail(err, TN_EINVAL, "the configuration has another genesis block");
	state_of(c)->road.stopped = false;
	plugin_count(c);
	TN_LOG(c, TN_INFO, TN_NOBODY, "The chain stands at height %" PRIu64 " (%s)", st->tip.height,
	       hash_text(&st->tip.hash, text));
	legacy_say(c);
	if (side_start(c))
		return tn_fail(err, TN_EIO, "the blocks beside the chain cannot be read");
	if (sync_start(c))
		return tn_fail(err, TN_ENOMEM, "no memory");
	rc = maintain_resume(c, err);
	return rc ? rc : address_resume(c, err);
}

static void stop(struct tn_ctx *c, enum tn_why why)
{
	(void)why;
	fork_stop(c);
	sync_stop(c);
	verify_free(c);
	maintain_free(c);
	address_stop(c);
	balance_free(c);
	transfer_free(c);
	encode_stop(c);
	road_stop(c);
	side_stop(c);
}

static void fini(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	sync_free(st->sync);
	free(st->clock);
	coinset_free(st->coinset);
	serve_free(c, st->serve);
	encode_free(st->encode);
	side_free(st->side);
	tn_seen_free(st->bad);
	tn_arena_unref(st->arena);
	tn_sha_free(st->sha);
}

#define BLOCK_LINE (12 << 20) /* a block of 2 MB has up to 8 MB of text */

TN_PLUGIN = {
	TN_HEAD("blocks", "1.0", "the chain: stored, checked, served, synchronised"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct conf),
	.slot_bytes = sizeof(struct slot),
	.offers = TN_ROWS(struct tn_offer, { "chain", TN_CHAIN_MAJOR, TN_CHAIN_MINOR, &chain_ops }),
	.messages = TN_ROWS(
		struct tn_message,
		[M_GET_GENESIS] = { "GetGenesisHash", &tn_schema_unit, serve_genesis, TN_OWN,
				    .max = 64, .rate = 10 },
		[M_GENESIS] = { "GenesisHashResponse", &tn_wire_hash, NULL, TN_OWN, TN_HIDDEN,
				.max = 512 },
		[M_GET_HEIGHT] = { "GetBlockHeight", &tn_schema_unit, serve_height, TN_OWN,
				   .max = 64, .rate = 10 },
		[M_HEIGHT] = { "BlockHeightResponse", &tn_wire_height, NULL, TN_OWN, TN_HIDDEN,
			       .max = 128 },
		[M_GET_BLOCKS] = { "GetBlocks", &tn_wire_range, serve_blocks, TN_OWN, TN_BULK,
				   .max = 128, .rate = 50, .later_ms = 30000 },
		[M_BLOCKS] = { "BlocksResponse", &tn_wire_blocks, sync_late_blocks, TN_OWN,
			       .max = 0 },
		[M_ANNOUNCE] = { "BlockAnnouncement", &tn_wire_block, on_announce, TN_OWN, TN_DEDUP,
				 .rate = 50, .max = BLOCK_LINE, .window = 4, .later_ms = 30000 },
		[M_GET_BLOCK] = { "BlockRequest", &tn_wire_height, serve_block, TN_OWN, TN_BULK,
				  .max = 128, .rate = 50, .later_ms = 30000 },
		[M_BLOCK] = { "BlockResponse", &tn_wire_block, NULL, TN_OWN, TN_HIDDEN,
			      .max = BLOCK_LINE },
		[M_GET_HASH] = { "GetBlockHash", &tn_wire_height, serve_hash, TN_OWN, .max = 128,
				 .rate = 50 },
		[M_HASH] = { "BlockHashResponse", &tn_wire_block_hash_at, NULL, TN_OWN, TN_HIDDEN,
			     .max = 512 },
		[M_CONSENSUS] = { "ConsensusQuery", &tn_wire_consensus_query, serve_consensus,
				  TN_OWN, .max = 512, .rate = 10 },
		[M_CONSENSUS_ANSWER] = { "ConsensusQueryResponse", &tn_wire_consensus_answer, NULL,
					 TN_OWN, TN_HIDDEN, .max = 512 },
		[M_GET_RANGE] = { "GetBlockRange", &tn_wire_block_range, serve_range, TN_OWN,
				  TN_BULK, .max = 256, .rate = 50, .later_ms = 30000 },
		[M_RANGE] = { "BlockRangeResponse", &tn_wire_blocks, NULL, TN_OWN, TN_HIDDEN,
			      .max = 0 },
		[M_GET_COINS] = { "GetUTXOSet", &tn_schema_unit, serve_coins, TN_OWN, TN_BULK,
				  .max = 64, .rate = 1 },
		[M_COINS] = { "UTXOSetResponse", &tn_wire_utxos, NULL, TN_OWN, TN_HIDDEN,
			      .max = 0 },
		[M_GET_COINS_HASH] = { "GetUTXOStateHash", &tn_schema_unit, serve_coins_hash,
				       TN_OWN, .max = 64, .rate = 2, .later_ms = 30000 },
		[M_COINS_HASH] = { "UTXOStateHashResponse", &tn_wire_utxo_set_hash, NULL, TN_OWN,
				   TN_HIDDEN, .max = 512 }),
	.emits = TN_ROWS(
		struct tn_emits, [E_CONNECT] = { TN_EV_CONNECT, sizeof(struct tn_ev_block) },
		[E_DISCONNECT] = { TN_EV_DISCONNECT, sizeof(struct tn_ev_block) },
		[E_CONNECTED] = { TN_EV_CONNECTED, sizeof(struct tn_ev_block) },
		[E_DISCONNECTED] = { TN_EV_DISCONNECTED, sizeof(struct tn_ev_block) },
		[E_PREFER] = { TN_EV_PREFER, sizeof(struct tn_ev_prefer) },
		[E_RESET] = { TN_EV_RESET, sizeof(struct tn_ev_block) }),
	.options = TN_ROWS(struct tn_option,
			   TN_OPT(struct conf, legacy_compat, "false", 0, 0,
				  "of blocks made here: only those that old nodes store"),
			   TN_OPT_SIZE(struct conf, serve_max, "4M", 65536, 16 << 20,
				       "bytes of text in one answer with blocks or coins"),
			   TN_OPT_SIZE(struct conf, serve_cache, "32M", 0, INT64_C(1) << 32,
				       "encoded answers kept for the next one who asks"),
			   TN_OPT_SIZE(struct conf, waiting_max, "64M", 1 << 20, INT64_C(1) << 32,
				       "blocks that wait to be judged"),
			   TN_OPT_SIZE(struct conf, side_max, "256M", 0, INT64_C(1) << 34,
				       "blocks kept beside the chain"),
			   TN_OPT_SIZE(struct conf, reorg_max, "256M", 1 << 20, INT64_C(1) << 34,
				       "blocks that one reorganisation may move"),
			   { "legacy_chain", "false", "keeps a chain that old nodes made", 0, 0,
			     offsetof(struct conf, legacy_chain), TN_O_BOOL, 1 },
			   { "address_index", "false", "keeps coins and transactions by address", 0,
			     0, offsetof(struct conf, address_index), TN_O_BOOL, 1 },
			   { "window", "512", "blocks above the tip that are asked for at a time",
			     1, 10000, offsetof(struct conf, window), TN_O_INT, 1 }),
	.commands = TN_ROWS(struct tn_command,
			    { "getblockcount", "height of the tip", NULL, &count_schema,
			      cmd_getblockcount },
			    { "getbestblockhash", "hash of the tip", NULL, &hash_row_schema,
			      cmd_getbestblockhash },
			    { "getblockhash", "hash of the block at a height", &height_args_schema,
			      &hash_row_schema, cmd_getblockhash },
			    { "getblock", "a block, by height or hash", &block_args_schema,
			      &block_row_schema, cmd_getblock },
			    { "getblockheader", "its header, by height or hash", &block_args_schema,
			      &header_row_schema, cmd_getblockheader },
			    { "getblockchaininfo", "where the chain stands", NULL, &info_schema,
			      cmd_getblockchaininfo },
			    { "gettxout", "an unspent output", &txout_args_schema, &txout_schema,
			      cmd_gettxout },
			    { "gettxoutsetinfo", "number, sum and hash of all unspent outputs",
			      NULL, &set_schema, cmd_gettxoutsetinfo },
			    { "getrawtransaction", "a transaction of the chain", &rawtx_args_schema,
			      &rawtx_schema, cmd_getrawtransaction },
			    { "getaddressutxos", "unspent outputs of an address",
			      &coins_args_schema, &address_coin_schema, cmd_getaddressutxos },
			    { "getaddresstxids", "transactions of an address, the oldest first",
			      &txids_args_schema, &address_tx_schema, cmd_getaddresstxids },
			    { "getaddressbalance", "sum of its unspent outputs",
			      &address_args_schema, &balance_schema, cmd_getaddressbalance },
			    { "chain", "verify, reindex, rollback, import or export the chain",
			      &chain_args_schema, &chain_schema, cmd_chain }),
	.metrics = TN_ROWS(
		struct tn_metric, [C_HEIGHT] = { "height", "of the tip", TN_M_GAUGE, 1 },
		[C_TARGET] = { "target", "best height that a peer told", TN_M_GAUGE, 1 },
		[C_RATE] = { "blocks_per_second", "while catching up", TN_M_GAUGE, 1 },
		[C_LEFT] = { "seconds_left", "until the target is reached", TN_M_GAUGE, 1 },
		[C_CONNECTED] = { "connected", "blocks connected", TN_M_COUNT, 0 },
		[C_DISCONNECTED] = { "disconnected", "blocks disconnected", TN_M_COUNT, 0 },
		[C_REORGS] = { "reorganisations", "branches changed", TN_M_COUNT, 0 },
		[C_REFUSED] = { "blocks_refused", "blocks that broke a rule", TN_M_COUNT, 0 },
		[C_COINS] = { "coins", "unspent outputs", TN_M_GAUGE, 0 },
		[C_SIDE] = { "side_blocks", "blocks beside the chain", TN_M_GAUGE, 0 },
		[C_CONNECT_US] = { "connect_us", "from judging to the batch", TN_M_TIMES, 0 },
		[C_LEGACY] = { "legacy_chain", "1: a chain of old nodes is kept", TN_M_GAUGE, 1 },
		[C_LEGACY_BLOCKS] = { "legacy_blocks", "blocks taken by it alone", TN_M_COUNT, 0 }),
	.dbs = TN_ROWS(
		struct tn_dbdef, [D_BLOCK] = { "block", &tn_wire_block, 1 },
		[D_INDEX] = { "index", &index_schema, 1 }, [D_HASH] = { "hash", NULL, 1 },
		[D_UNDO] = { "undo", &tn_store_undo, 1 }, [D_COIN] = { "coin", &tn_store_coin, 1 },
		[D_TX] = { "tx", &tn_store_tx_place, 1 }, [D_META] = { "meta", NULL, 1 },
		[D_ADDRESS] = { "address", &tn_store_coin, 1 },
		[D_ADDRESS_TX] = { "address_tx", &tn_wire_hash, 1 },
		[D_SIDE] = { "side", &tn_wire_block, 1 }),
	.reasons = TN_ROWS(
		struct tn_reason, [R_KNOWN] = { "known", "a block that we have" },
		[R_BAD] = { "bad", "a block that was found bad before" },
		[R_RULE] = { "rule", "a block that breaks a rule" },
		[R_ORPHAN] = { "orphan", "a block whose parent is not known" },
		[R_DEEP] = { "deep", "a block of a branch that leaves the chain too far below" },
		[R_BUSY] = { "behind", "too much waits already, or the store takes no more" },
		[R_SIZE] = { "size", "the answer does not fit" },
		[R_UNKNOWN] = { "unknown-block", "a block that we do not have" },
		[R_UNASKED] = { "other", "not what we asked for" }),
	.init = init,
	.start = start,
	.reloaded = set_rules,
	.up = sync_up,
	.down = sync_down,
	.stop = stop,
	.fini = fini,
	.save = landing_save,
	.restore = landing_restore,
};
