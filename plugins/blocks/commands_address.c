/* SPDX-License-Identifier: MIT
 * plugins/blocks/commands_address.c - what the operator may ask about an address
 *
 * With address_index = true. Names are those that other nodes' address indexes have; amounts
 * are satoshis. Lists are cut at `limit`, and the last row says where to go on.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "commands.h"

enum { LIMIT = 1000, LIMIT_MAX = TN_COINS_OF_MAX, SLICE = 2000, RESTARTS = 5, ADDRESS_MAX = 4096 };

/* Scripts are the bytes of the address's text. */
static struct tn_bytes script_of(struct tn_str address)
{
	return (struct tn_bytes){ (const uint8_t *)address.p, address.n };
}

static int cut(uint32_t limit, bool has, uint32_t *out, struct tn_error *err)
{
	*out = has ? limit : LIMIT;
	if (*out >= 1 && *out <= LIMIT_MAX)
		return 0;
	return tn_fail(err, TN_EINVAL, "limit is 1 to %d", LIMIT_MAX);
}

/* ---- coins */

struct coins_args {
	struct tn_str address;
	uint32_t limit;
	struct tn_str txid; /* go on behind this coin */
	uint32_t n;
	bool has_limit, has_txid, has_n;
};
const struct tn_schema coins_args_schema =
	TN_SCHEMA(struct coins_args, TN_RECORD,
		  TN_FIELD_MAX(struct coins_args, address, ADDRESS_MAX),
		  TN_FIELD_IF(struct coins_args, limit, 0, has_limit, TN_F_NULL),
		  TN_FIELD_IF(struct coins_args, txid, 64, has_txid, TN_F_NULL),
		  TN_FIELD_IF(struct coins_args, n, 0, has_n, TN_F_NULL));
struct coin_row {
	struct tn_str txid;
	uint32_t n;
	uint64_t value, height, confirmations;
	bool coinbase;
};
const struct tn_schema address_coin_schema =
	TN_SCHEMA(struct coin_row, TN_RECORD, TN_FIELD(struct coin_row, txid),
		  TN_FIELD(struct coin_row, n), TN_FIELD(struct coin_row, value),
		  TN_FIELD(struct coin_row, height), TN_FIELD(struct coin_row, confirmations),
		  TN_FIELD(struct coin_row, coinbase));

static int put_coin(struct tn_ctx *c, struct tn_cmd *cmd, const struct tn_placed_coin *p)
{
	struct coin_row r = { command_hash(c, &p->outpoint.txid),
			      p->outpoint.vout,
			      p->coin.value,
			      p->coin.height,
			      state_of(c)->tip.height - p->coin.height + 1,
			      p->coin.coinbase };

	return tn_row(c, cmd, &r);
}

int cmd_getaddressutxos(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			struct tn_error *err)
{
	const struct coins_args *a = args;
	struct tn_outpoint after = { .vout = a->n };
	struct tn_placed_coins list;
	uint32_t limit;
	int rc = address_usable(c, err);

	if (!rc)
		rc = cut(a->limit, a->has_limit, &limit, err);
	if (!rc && a->has_txid)
		rc = command_parse_hash(a->txid, &after.txid, err);
	if (!rc)
		rc = address_coins(c, script_of(a->address), a->has_txid ? &after : NULL, limit,
				   tn_scratch(c), &list);
	for (uint32_t i = 0; !rc && i < list.coins.n; i++)
		rc = put_coin(c, cmd, &list.coins.v[i]);
	return rc;
}

/* ---- transactions */

struct txids_args {
	struct tn_str address;
	uint64_t start, end; /* heights, inclusive */
	uint32_t limit;
	bool has_start, has_end, has_limit;
};
const struct tn_schema txids_args_schema =
	TN_SCHEMA(struct txids_args, TN_RECORD,
		  TN_FIELD_MAX(struct txids_args, address, ADDRESS_MAX),
		  TN_FIELD_IF(struct txids_args, start, 0, has_start, TN_F_NULL),
		  TN_FIELD_IF(struct txids_args, end, 0, has_end, TN_F_NULL),
		  TN_FIELD_IF(struct txids_args, limit, 0, has_limit, TN_F_NULL));
struct tx_row {
	struct tn_str txid;
	uint64_t height;
	uint32_t index;
	uint64_t confirmations;
};
const struct tn_schema address_tx_schema =
	TN_SCHEMA(struct tx_row, TN_RECORD, TN_FIELD(struct tx_row, txid),
		  TN_FIELD(struct tx_row, height), TN_FIELD(struct tx_row, index),
		  TN_FIELD(struct tx_row, confirmations));

struct giving {
	struct tn_cmd *cmd;
	uint64_t end;
	uint32_t left;
};

static int give_tx(struct tn_ctx *c, const struct tn_hash *txid, uint64_t height, uint32_t place,
		   void *arg)
{
	struct giving *g = arg;
	struct tx_row r = { command_hash(c, txid), height, place,
			    state_of(c)->tip.height - height + 1 };
	int rc;

	if (height > g->end || g->left-- == 0)
		return 1;
	rc = tn_row(c, g->cmd, &r);
	return rc < 0 ? rc : 0;
}

int cmd_getaddresstxids(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			struct tn_error *err)
{
	const struct txids_args *a = args;
	struct giving g = { cmd, a->has_end ? a->end : UINT64_MAX, 0 };
	int rc = address_usable(c, err);

	if (!rc)
		rc = cut(a->limit, a->has_limit, &g.left, err);
	return rc ? rc
		  : address_txs(c, script_of(a->address), a->has_start ? a->start : 0, give_tx, &g);
}

/* ---- the sum, in slices; a tip that moves meanwhile begins it anew */

struct address_args {
	struct tn_str address;
};
const struct tn_schema address_args_schema =
	TN_SCHEMA(struct address_args, TN_RECORD,
		  TN_FIELD_MAX(struct address_args, address, ADDRESS_MAX));
struct balance_row {
	uint64_t balance, txouts, height;
};
const struct tn_schema balance_schema =
	TN_SCHEMA(struct balance_row, TN_RECORD, TN_FIELD(struct balance_row, balance),
		  TN_FIELD(struct balance_row, txouts), TN_FIELD(struct balance_row, height));

struct balance {
	struct balance *next;
	struct tn_cmd *cmd;
	struct tn_ticket ticket;
	struct tn_timer timer;
	struct tn_hash tip;
	struct tn_outpoint last;
	bool begun;
	unsigned restarts;
	struct balance_row row;
	struct tn_bytes script;
	uint8_t text[];
};

static void drop(struct tn_ctx *c, struct balance *b)
{
	struct balance **at = &state_of(c)->balance;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	tn_cancel(c, b->timer);
	free(b);
}

void balance_free(struct tn_ctx *c)
{
	while (state_of(c)->balance)
		drop(c, state_of(c)->balance);
}

/* 1: there are more. */
static int add_some(struct tn_ctx *c, struct balance *b)
{
	struct tn_arena *a = tn_arena_new(c);
	struct tn_placed_coins list = { { NULL, 0 } };
	int rc = a ? address_coins(c, b->script, b->begun ? &b->last : NULL, SLICE, a, &list)
		   : TN_ENOMEM;

	for (uint32_t i = 0; !rc && i < list.coins.n; i++) {
		b->row.balance += list.coins.v[i].coin.value;
		b->row.txouts++;
		b->last = list.coins.v[i].outpoint;
		b->begun = true;
	}
	tn_arena_unref(a);
	return rc ? rc : list.coins.n == SLICE;
}

static int begin_again(struct tn_ctx *c, struct balance *b)
{
	if (b->begun && same_hash(&b->tip, &state_of(c)->tip.hash))
		return 0;
	b->tip = state_of(c)->tip.hash;
	b->row = (struct balance_row){ .height = state_of(c)->tip.height };
	if (b->begun && ++b->restarts > RESTARTS)
		return TN_EBUSY;
	b->begun = false;
	return 0;
}

static void on_turn(struct tn_ctx *c, void *arg)
{
	struct balance *b = arg;
	struct tn_error err = { "" };
	int rc = address_usable(c, &err);

	b->timer = (struct tn_timer){ 0 };
	if (!rc)
		rc = begin_again(c, b);
	if (!rc)
		rc = add_some(c, b);
	if (rc > 0) {
		b->timer = tn_after(c, 0, on_turn, b);
		rc = b->timer.v ? rc : TN_ENOMEM;
	}
	if (rc > 0)
		return;
	if (!rc)
		rc = tn_row(c, b->cmd, &b->row);
	tn_finish(c, b->ticket, rc,
		  rc == TN_EBUSY ? "the chain moves too fast to count its coins"
		  : err.text[0]  ? err.text
				 : NULL);
	drop(c, b);
}

int cmd_getaddressbalance(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			  struct tn_error *err)
{
	const struct address_args *a = args;
	struct balance *b;
	int rc = address_usable(c, err);

	if (rc)
		return rc;
	b = calloc(1, sizeof *b + a->address.n);
	if (!b)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (a->address.n)
		memcpy(b->text, a->address.p, a->address.n);
	b->script = (struct tn_bytes){ b->text, a->address.n };
	b->cmd = cmd;
	b->next = state_of(c)->balance;
	state_of(c)->balance = b;
	b->ticket = tn_cmd_hold(c, cmd, CMD_MS);
	b->timer = tn_after(c, 0, on_turn, b);
	if (b->ticket.v && b->timer.v)
		return TN_LATER;
	drop(c, b);
	return tn_fail(err, TN_ENOMEM, "no memory");
}
