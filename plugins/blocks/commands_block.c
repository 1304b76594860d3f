/* SPDX-License-Identifier: MIT
 * plugins/blocks/commands_block.c - getblock, getblockheader, getrawtransaction
 *
 * What has to be decoded for them is done by the pool when the block is large, and here when it is
 * not; the code is the same.
 */
#include "commands.h"

#include <inttypes.h>
#include <string.h>

/* ---- a stored block, looked into */

enum what { LOOK_HEADER, LOOK_TXIDS, LOOK_TX };

struct look { /* a job's input */
	struct tn_cmd *cmd;
	struct tn_ticket ticket;
	struct tn_view bytes; /* of the block, in keep */
	uint64_t height;
	struct tn_hash hash; /* the block's */
	struct tn_hash txid;
	enum what what;
	uint32_t tx;   /* LOOK_TX: its number */
	uint32_t room; /* bytes of `data` */
};

struct seen { /* what it gives */
	int32_t code;
	uint32_t txs, rewards;
	uint32_t n;     /* bytes of data */
	uint8_t data[]; /* txids, or hex digits of a transaction */
};

static int put_txids(const struct tn_block *b, struct seen *out, uint32_t room)
{
	struct tn_sha *sha = tn_sha_create();
	struct tn_hash txid;
	int rc = sha ? 0 : TN_ENOMEM;

	for (uint32_t i = 0; !rc && i < b->transactions.n; i++) {
		rc = out->n + sizeof txid > room ? TN_EBAD
						 : tn_txid(sha, &b->transactions.v[i], &txid);
		if (rc)
			break;
		memcpy(out->data + out->n, &txid, sizeof txid);
		out->n += (uint32_t)sizeof txid;
	}
	tn_sha_free(sha);
	return rc;
}

static int put_hex(const struct tn_tx *tx, struct seen *out, uint32_t room, struct tn_arena *a)
{
	size_t n = tn_bin_write(&tn_wire_tx, tx, NULL, 0);
	uint8_t *bytes = tn_alloc(a, n);
	struct tn_str text;

	if (!bytes || 2 * n > room)
		return bytes ? TN_EBAD : TN_ENOMEM;
	tn_bin_write(&tn_wire_tx, tx, bytes, n);
	text = command_hex(a, bytes, n);
	if (text.n != 2 * n)
		return TN_ENOMEM;
	memcpy(out->data, text.p, text.n);
	out->n = text.n;
	return 0;
}

static int look_into(const struct look *in, struct seen *out, struct tn_arena *a)
{
	const struct tn_block *b;
	const void *v;
	int rc = tn_bin_read(&tn_wire_block, in->bytes, a, &v, NULL);

	if (rc)
		return rc;
	b = v;
	out->txs = b->transactions.n;
	out->rewards = b->masternode_rewards.n;
	if (in->what == LOOK_TXIDS)
		return put_txids(b, out, in->room);
	if (in->what != LOOK_TX)
		return 0;
	return in->tx < out->txs ? put_hex(&b->transactions.v[in->tx], out, in->room, a) : TN_EBAD;
}

/* A job, or called on the loop. */
static void run_look(const void *in, void *out_)
{
	struct tn_arena *a = tn_arena_create(0);
	struct seen *out = out_;

	out->code = a ? look_into(in, out, a) : TN_ENOMEM;
	tn_arena_unref(a);
}

typedef int show_fn(struct tn_ctx *, const struct look *, const struct seen *, struct tn_error *);
static show_fn show_block, show_tx;

static int show(struct tn_ctx *c, const struct look *in, const struct seen *out,
		struct tn_error *err)
{
	struct index index;

	if (out->code)
		return tn_fail(err, out->code == TN_ENOMEM ? TN_ENOMEM : TN_EIO,
			       "block %" PRIu64 " cannot be read", in->height);
	if (chain_index(c, in->height, &index) || !same_hash(&index.hash, &in->hash))
		return tn_fail(err, TN_EBUSY, "the chain changed meanwhile");
	return in->what == LOOK_TX ? show_tx(c, in, out, err) : show_block(c, in, out, err);
}

static void on_look(struct tn_ctx *c, int status, const void *in_, void *out)
{
	const struct look *in = in_;
	struct tn_error err = { "" };
	int rc;

	if (status)
		return; /* the plugin stops: so does the command */
	rc = show(c, in, out, &err);
	tn_finish(c, in->ticket, rc, rc ? err.text : NULL);
}

static int look_here(struct tn_ctx *c, const struct look *in, uint32_t out_bytes,
		     struct tn_error *err)
{
	struct seen *out = tn_alloc(tn_scratch(c), out_bytes);

	if (!out)
		return TN_ENOMEM;
	memset(out, 0, sizeof *out);
	run_look(in, out);
	return show(c, in, out, err);
}

/* Its bytes are in `a`. */
static int begin_look(struct tn_ctx *c, struct look *in, struct tn_arena *a, struct tn_error *err)
{
	struct tn_job job = { .name = "look",
			      .run = run_look,
			      .done = on_look,
			      .in = in,
			      .in_bytes = sizeof *in,
			      .out_bytes = (uint32_t)sizeof(struct seen) + in->room,
			      .keep = a };
	int rc;

	if (in->bytes.n < JOB_BLOCK_MIN || !TN_HAS(c, work))
		return look_here(c, in, job.out_bytes, err);
	in->ticket = tn_cmd_hold(c, in->cmd, CMD_MS);
	if (!in->ticket.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (!tn_work(c, &job))
		return TN_LATER;
	rc = look_here(c, in, job.out_bytes, err);
	tn_finish(c, in->ticket, rc, rc ? err->text : NULL);
	return TN_LATER;
}

/* What it gives has room for that: a txid for each transaction, which has more bytes than that, or the
 * hex digits of one. */
static int look(struct tn_ctx *c, struct look *in, struct tn_error *err)
{
	struct key8 k = key_of_height(in->height);
	struct tn_arena *a = tn_arena_new(c);
	uint8_t *copy = NULL;
	struct tn_view val;
	int rc = a ? tn_get(c, NULL, D_BLOCK, TN_VIEW(k), &val) : TN_ENOMEM;

	if (!rc)
		copy = tn_alloc(a, val.n + 1);
	if (!rc && !copy)
		rc = TN_ENOMEM;
	if (!rc) {
		memcpy(copy, val.p, val.n);
		in->bytes = (struct tn_view){ copy, val.n };
		in->room = in->what == LOOK_HEADER ? 0 : (uint32_t)(2 * val.n);
		rc = begin_look(c, in, a, err);
	}
	tn_arena_unref(a);
	return rc;
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

static int fill_header(struct tn_ctx *c, struct block_row *r, const struct look *in,
		       const struct seen *out)
{
	struct tn_view bytes = { in->bytes.p, HEADER_BYTES };
	const struct tn_header *h;
	struct index above;
	const void *v;

	if (in->bytes.n < HEADER_BYTES ||
	    tn_bin_read(&tn_wire_header, bytes, tn_scratch(c), &v, NULL))
		return TN_EIO;
	h = v;
	*r = (struct block_row){ .hash = command_hash(c, &in->hash),
				 .confirmations = state_of(c)->tip.height - in->height + 1,
				 .height = in->height,
				 .version = h->version,
				 .previousblockhash = command_hash(c, &h->previous_hash),
				 .merkleroot = command_hash(c, &h->merkle_root),
				 .time = h->timestamp,
				 .block_reward = h->block_reward,
				 .masternode_rewards = out->rewards,
				 .size = in->bytes.n,
				 .nTx = out->txs };
	r->nextblockhash = (struct tn_str){ "", 0 };
	if (!chain_index(c, in->height + 1, &above))
		r->nextblockhash = command_hash(c, &above.hash);
	return 0;
}

static int fill_txids(struct tn_ctx *c, struct block_row *r, const struct seen *out)
{
	struct tn_hash txid;
	uint32_t n = out->n / (uint32_t)sizeof txid;

	r->tx.v = tn_alloc(tn_scratch(c), (n + 1) * sizeof *r->tx.v);
	for (uint32_t i = 0; r->tx.v && i < n; i++) {
		memcpy(&txid, out->data + i * sizeof txid, sizeof txid);
		r->tx.v[r->tx.n++] = command_hash(c, &txid);
	}
	return r->tx.v ? 0 : TN_ENOMEM;
}

static int show_block(struct tn_ctx *c, const struct look *in, const struct seen *out,
		      struct tn_error *err)
{
	struct block_row r;
	int rc = fill_header(c, &r, in, out);

	(void)err;
	if (!rc && in->what == LOOK_TXIDS)
		rc = fill_txids(c, &r, out);
	return rc ? rc : tn_row(c, in->cmd, &r);
}

static int look_block(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, enum what what,
		      struct tn_error *err)
{
	struct look in = { .cmd = cmd, .what = what };
	struct index index;
	int rc = find_height(c, args, &in.height, err);

	if (rc)
		return rc;
	if (!chain_index(c, in.height, &index)) {
		in.hash = index.hash;
		rc = look(c, &in, err);
		if (rc != TN_ENOENT)
			return rc;
	}
	return tn_fail(err, TN_ENOENT, "Block not found: height %" PRIu64 ", the tip is %" PRIu64,
		       in.height, state_of(c)->tip.height);
}

int cmd_getblock(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	return look_block(c, cmd, args, LOOK_TXIDS, err);
}

int cmd_getblockheader(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	return look_block(c, cmd, args, LOOK_HEADER, err);
}

/* ---- transactions */

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

static int show_tx(struct tn_ctx *c, const struct look *in, const struct seen *out,
		   struct tn_error *err)
{
	struct rawtx_row r = { .txid = command_hash(c, &in->txid),
			       .height = in->height,
			       .confirmations = state_of(c)->tip.height - in->height + 1,
			       .index = in->tx,
			       .blockhash = command_hash(c, &in->hash),
			       .hex = { (const char *)out->data, out->n } };

	(void)err;
	return tn_row(c, in->cmd, &r);
}

int cmd_getrawtransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			  struct tn_error *err)
{
	const struct rawtx_args *a = args;
	struct look in = { .cmd = cmd, .what = LOOK_TX };
	struct tn_tx_place p;

	if (command_parse_hash(a->txid, &in.txid, err))
		return TN_EINVAL;
	if (chain_place(c, &in.txid, &p))
		return tn_fail(err, TN_ENOENT, "no such transaction on the chain");
	in.height = p.height;
	in.hash = p.block;
	in.tx = p.index;
	return look(c, &in, err);
}
