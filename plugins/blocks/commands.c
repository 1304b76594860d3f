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

/* ---- coins */

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
