/* SPDX-License-Identifier: MIT
 * plugins/blocks/commands.c - what the operator may ask about the chain
 *
 * Names and fields are those of the field, and of the reference's RPC; amounts are satoshis.
 */
#include "commands.h"

#include <inttypes.h>
#include <string.h>

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

struct tn_str command_hex(struct tn_arena *a, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *out = tn_alloc(a, 2 * n + 1);

	if (!out)
		return (struct tn_str){ "", 0 };
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	return (struct tn_str){ out, (uint32_t)(2 * n) };
}

struct tn_str command_hash(struct tn_ctx *c, const struct tn_hash *h)
{
	return command_hex(tn_scratch(c), h->b, sizeof h->b);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int command_parse_hash(struct tn_str text, struct tn_hash *out, struct tn_error *err)
{
	for (uint32_t i = 0; text.n == 64 && i < 32; i++) {
		int high = digit(text.p[2 * i]), low = digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			text.n = 0;
		else
			out->b[i] = (uint8_t)(high << 4 | low);
	}
	return text.n == 64 ? 0 : tn_fail(err, TN_EINVAL, "a hash has 64 hex digits");
}

/* ---- the tip */

struct count_row {
	uint64_t height;
};
const struct tn_schema count_schema =
	TN_SCHEMA(struct count_row, TN_RECORD, TN_FIELD(struct count_row, height));

int cmd_getblockcount(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct count_row r = { state_of(c)->tip.height };

	(void)args, (void)err;
	return tn_row(c, cmd, &r);
}

struct hash_row {
	struct tn_str hash;
};
const struct tn_schema hash_row_schema =
	TN_SCHEMA(struct hash_row, TN_RECORD, TN_FIELD(struct hash_row, hash));

int cmd_getbestblockhash(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			 struct tn_error *err)
{
	struct hash_row r = { command_hash(c, &state_of(c)->tip.hash) };

	(void)args, (void)err;
	return tn_row(c, cmd, &r);
}

struct height_args {
	uint64_t height;
};
const struct tn_schema height_args_schema =
	TN_SCHEMA(struct height_args, TN_RECORD, TN_FIELD(struct height_args, height));

int cmd_getblockhash(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct height_args *a = args;
	struct hash_row r;
	struct index index;

	if (chain_index(c, a->height, &index))
		return tn_fail(err, TN_ENOENT,
			       "no block at height %" PRIu64 ", the tip is %" PRIu64, a->height,
			       state_of(c)->tip.height);
	r.hash = command_hash(c, &index.hash);
	return tn_row(c, cmd, &r);
}

struct info_row {
	struct tn_str chain;
	uint64_t blocks, headers;
	struct tn_str bestblockhash;
	int64_t time;
	uint64_t slot, txouts, sideblocks;
	bool initialblockdownload;
	struct tn_str warnings;
};
const struct tn_schema info_schema =
	TN_SCHEMA(struct info_row, TN_RECORD, TN_FIELD(struct info_row, chain),
		  TN_FIELD(struct info_row, blocks), TN_FIELD(struct info_row, headers),
		  TN_FIELD(struct info_row, bestblockhash), TN_FIELD(struct info_row, time),
		  TN_FIELD(struct info_row, slot), TN_FIELD(struct info_row, txouts),
		  TN_FIELD(struct info_row, sideblocks),
		  TN_FIELD(struct info_row, initialblockdownload),
		  TN_FIELD(struct info_row, warnings));

int cmd_getblockchaininfo(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			  struct tn_error *err)
{
	const struct state *st = state_of(c);
	struct info_row r = { .chain = str(st->rules.net.name),
			      .blocks = st->tip.height,
			      .headers = sync_target(c),
			      .bestblockhash = command_hash(c, &st->tip.hash),
			      .time = st->tip.time,
			      .slot = tn_slot_at(&st->rules.net, tn_wall_s(c)),
			      .txouts = st->coins,
			      .sideblocks = side_number(c) };

	(void)args, (void)err;
	r.initialblockdownload = r.headers > r.blocks + 2;
	r.warnings =
		str(conf_of(c)->legacy_chain ? "legacy_chain: signatures are not required" : "");
	return tn_row(c, cmd, &r);
}

/* ---- blocks */

struct block_args {
	uint64_t height;
	struct tn_str hash;
	bool has_height, has_hash;
};
const struct tn_schema block_args_schema =
	TN_SCHEMA(struct block_args, TN_RECORD,
		  TN_FIELD_IF(struct block_args, height, 0, has_height, TN_F_NULL),
		  TN_FIELD_IF(struct block_args, hash, 64, has_hash, TN_F_NULL));

struct block_row {
	struct tn_str hash;
	uint64_t confirmations, height;
	uint32_t version;
	struct tn_str previousblockhash, nextblockhash, merkleroot;
	int64_t time;
	uint64_t block_reward, masternode_rewards, size, nTx;
	TN_LIST(struct tn_str) tx;
};
#define BLOCK_FIELDS                                                                               \
	TN_FIELD(struct block_row, hash), TN_FIELD(struct block_row, confirmations),               \
		TN_FIELD(struct block_row, height), TN_FIELD(struct block_row, version),           \
		TN_FIELD(struct block_row, previousblockhash),                                     \
		TN_FIELD(struct block_row, nextblockhash), TN_FIELD(struct block_row, merkleroot), \
		TN_FIELD(struct block_row, time), TN_FIELD(struct block_row, block_reward),        \
		TN_FIELD(struct block_row, masternode_rewards), TN_FIELD(struct block_row, size),  \
		TN_FIELD(struct block_row, nTx)
const struct tn_schema header_row_schema = TN_SCHEMA(struct block_row, TN_RECORD, BLOCK_FIELDS);
const struct tn_schema block_row_schema =
	TN_SCHEMA(struct block_row, TN_RECORD, BLOCK_FIELDS,
		  TN_LISTOF(struct block_row, tx, &tn_schema_word, 0));

static int find_height(struct tn_ctx *c, const struct block_args *a, uint64_t *height,
		       struct tn_error *err)
{
	struct tn_hash hash;

	*height = a->height;
	if (a->has_height == a->has_hash)
		return tn_fail(err, TN_EINVAL, "either height=N or hash=HEX");
	if (a->has_height)
		return 0;
	if (command_parse_hash(a->hash, &hash, err))
		return TN_EINVAL;
	if (store_height(c, NULL, &hash, height) || !chain_has(c, *height))
		return tn_fail(err, TN_ENOENT, "Block not found: no such hash on the chain");
	return 0;
}

static void fill_header(struct tn_ctx *c, struct block_row *r, const struct tn_block *b,
			const struct index *index)
{
	struct index above;

	*r = (struct block_row){ .hash = command_hash(c, &index->hash),
				 .confirmations = state_of(c)->tip.height - b->header.height + 1,
				 .height = b->header.height,
				 .version = b->header.version,
				 .previousblockhash = command_hash(c, &b->header.previous_hash),
				 .merkleroot = command_hash(c, &b->header.merkle_root),
				 .time = b->header.timestamp,
				 .block_reward = b->header.block_reward,
				 .masternode_rewards = b->masternode_rewards.n,
				 .size = index->bytes,
				 .nTx = b->transactions.n };
	r->nextblockhash = str("");
	if (!chain_index(c, b->header.height + 1, &above))
		r->nextblockhash = command_hash(c, &above.hash);
}

static int fill_txids(struct tn_ctx *c, struct block_row *r, const struct tn_block *b)
{
	struct tn_hash txid;

	r->tx.v = tn_alloc(tn_scratch(c), (b->transactions.n + 1) * sizeof *r->tx.v);
	for (uint32_t i = 0; r->tx.v && i < b->transactions.n; i++) {
		if (tn_txid(state_of(c)->sha, &b->transactions.v[i], &txid))
			return TN_ENOMEM;
		r->tx.v[r->tx.n++] = command_hash(c, &txid);
	}
	return r->tx.v ? 0 : TN_ENOMEM;
}

static int show_block(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, bool all,
		      struct tn_error *err)
{
	struct tn_arena *a = tn_arena_new(c);
	const struct tn_block *b;
	struct block_row r;
	struct index index;
	uint64_t height = 0;
	int rc = a ? find_height(c, args, &height, err) : TN_ENOMEM;

	if (!rc && (chain_index(c, height, &index) || store_block(c, NULL, height, a, &b)))
		rc = tn_fail(err, TN_ENOENT,
			     "Block not found: height %" PRIu64 ", the tip is %" PRIu64, height,
			     state_of(c)->tip.height);
	if (!rc) {
		fill_header(c, &r, b, &index);
		rc = all ? fill_txids(c, &r, b) : 0;
	}
	if (!rc)
		rc = tn_row(c, cmd, &r);
	tn_arena_unref(a);
	return rc;
}

int cmd_getblock(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	return show_block(c, cmd, args, true, err);
}

int cmd_getblockheader(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	return show_block(c, cmd, args, false, err);
}

/* ---- coins and transactions */

struct txout_args {
	struct tn_str txid;
	uint32_t n;
};
const struct tn_schema txout_args_schema =
	TN_SCHEMA(struct txout_args, TN_RECORD, TN_FIELD_MAX(struct txout_args, txid, 64),
		  TN_FIELD(struct txout_args, n));
struct txout_row {
	struct tn_str bestblock;
	uint64_t confirmations, height, value;
	struct tn_str scriptPubKey;
	bool coinbase;
};
const struct tn_schema txout_schema =
	TN_SCHEMA(struct txout_row, TN_RECORD, TN_FIELD(struct txout_row, bestblock),
		  TN_FIELD(struct txout_row, confirmations), TN_FIELD(struct txout_row, height),
		  TN_FIELD(struct txout_row, value), TN_FIELD(struct txout_row, scriptPubKey),
		  TN_FIELD(struct txout_row, coinbase));

int cmd_gettxout(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct txout_args *a = args;
	const struct tn_tip *tip = &state_of(c)->tip;
	struct tn_outpoint o = { .vout = a->n };
	struct txout_row r;
	struct tn_coin coin;

	if (command_parse_hash(a->txid, &o.txid, err))
		return TN_EINVAL;
	if (chain_coin(c, &o, tn_scratch(c), &coin))
		return tn_fail(err, TN_ENOENT, "no such coin: it was spent, or never made");
	r = (struct txout_row){ command_hash(c, &tip->hash),
				tip->height - coin.height + 1,
				coin.height,
				coin.value,
				{ NULL, 0 },
				coin.coinbase };
	r.scriptPubKey = command_hex(tn_scratch(c), coin.script.p, coin.script.n);
	return tn_row(c, cmd, &r);
}

struct set_row {
	uint64_t height;
	struct tn_str bestblock;
	uint64_t txouts, total_amount;
	struct tn_str hash;
};
const struct tn_schema set_schema =
	TN_SCHEMA(struct set_row, TN_RECORD, TN_FIELD(struct set_row, height),
		  TN_FIELD(struct set_row, bestblock), TN_FIELD(struct set_row, txouts),
		  TN_FIELD(struct set_row, total_amount), TN_FIELD(struct set_row, hash));

static void give_set(struct tn_ctx *c, int rc, const struct coinset_result *r,
		     const struct coinset_waiter *w)
{
	struct set_row row = { r->height, command_hash(c, &r->tip), r->count, r->total,
			       command_hash(c, &r->hash) };

	if (!rc)
		rc = tn_row(c, w->cmd, &row);
	tn_finish(c, w->ticket, rc,
		  rc == TN_EBUSY ? "the chain moves too fast to count its coins" : NULL);
}

int cmd_gettxoutsetinfo(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			struct tn_error *err)
{
	struct coinset_waiter w = { .fn = give_set, .cmd = cmd };

	(void)args;
	if (state_of(c)->wiping)
		return tn_fail(err, TN_EBUSY, "a reindex has just begun: again in a moment");
	w.ticket = tn_cmd_hold(c, cmd, CMD_MS);
	if (!w.ticket.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (coinset_want(c, &w))
		tn_finish(c, w.ticket, TN_EBUSY, "too many wait for it");
	return TN_LATER;
}

struct rawtx_args {
	struct tn_str txid;
};
const struct tn_schema rawtx_args_schema =
	TN_SCHEMA(struct rawtx_args, TN_RECORD, TN_FIELD_MAX(struct rawtx_args, txid, 64));
struct rawtx_row {
	struct tn_str txid;
	uint64_t height, confirmations;
	uint32_t index;
	struct tn_str blockhash, hex;
};
const struct tn_schema rawtx_schema =
	TN_SCHEMA(struct rawtx_row, TN_RECORD, TN_FIELD(struct rawtx_row, txid),
		  TN_FIELD(struct rawtx_row, height), TN_FIELD(struct rawtx_row, confirmations),
		  TN_FIELD(struct rawtx_row, index), TN_FIELD(struct rawtx_row, blockhash),
		  TN_FIELD(struct rawtx_row, hex));

static int put_tx(struct tn_ctx *c, struct tn_cmd *cmd, const struct tn_hash *txid,
		  const struct tn_tx_place *p, const struct tn_tx *tx)
{
	size_t n = tn_bin_write(&tn_wire_tx, tx, NULL, 0);
	uint8_t *bytes = tn_alloc(tn_scratch(c), n);
	struct rawtx_row r = { .txid = command_hash(c, txid),
			       .height = p->height,
			       .confirmations = state_of(c)->tip.height - p->height + 1,
			       .index = p->index,
			       .blockhash = command_hash(c, &p->block) };

	if (!bytes)
		return TN_ENOMEM;
	tn_bin_write(&tn_wire_tx, tx, bytes, n);
	r.hex = command_hex(tn_scratch(c), bytes, n);
	return tn_row(c, cmd, &r);
}

int cmd_getrawtransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			  struct tn_error *err)
{
	const struct rawtx_args *a = args;
	struct tn_arena *arena;
	const struct tn_block *b;
	struct tn_tx_place p;
	struct tn_hash txid;
	int rc;

	if (command_parse_hash(a->txid, &txid, err))
		return TN_EINVAL;
	if (chain_place(c, &txid, &p))
		return tn_fail(err, TN_ENOENT, "no such transaction on the chain");
	arena = tn_arena_new(c);
	rc = arena ? store_block(c, NULL, p.height, arena, &b) : TN_ENOMEM;
	if (!rc)
		rc = p.index < b->transactions.n
			     ? put_tx(c, cmd, &txid, &p, &b->transactions.v[p.index])
			     : tn_fail(err, TN_EIO, "the index and the block do not agree");
	tn_arena_unref(arena);
	return rc;
}
