/* SPDX-License-Identifier: MIT
 * lib/wire/types_chain.c - tables and keys of what is stored about the chain
 */
#include <stdio.h>
#include <string.h>

#include "timenode/types_chain.h"

/* clang-format off */
const struct tn_schema tn_store_tip = TN_SCHEMA(struct tn_tip, TN_RECORD,
	TN_FIELD(struct tn_tip, height),
	TN_FIELD(struct tn_tip, hash),
	TN_FIELD(struct tn_tip, time));

const struct tn_schema tn_store_coin = TN_SCHEMA(struct tn_coin, TN_RECORD,
	TN_FIELD(struct tn_coin, value),
	TN_FIELD(struct tn_coin, height),
	TN_FIELD(struct tn_coin, coinbase),
	TN_FIELD_MAX(struct tn_coin, script, 2000000));

const struct tn_schema tn_store_placed_coin = TN_SCHEMA(struct tn_placed_coin, TN_RECORD,
	TN_SUB(struct tn_placed_coin, outpoint, &tn_wire_outpoint),
	TN_SUB(struct tn_placed_coin, coin, &tn_store_coin));

const struct tn_schema tn_store_undo = TN_SCHEMA(struct tn_undo, TN_RECORD,
	TN_LISTOF(struct tn_undo, spent, &tn_store_placed_coin, 0),
	TN_LISTOF(struct tn_undo, txids, &tn_wire_hash, 0));

const struct tn_schema tn_store_entry = TN_SCHEMA(struct tn_entry, TN_RECORD,
	TN_SUB(struct tn_entry, header, &tn_wire_header),
	TN_FIELD(struct tn_entry, bytes),
	TN_FIELD(struct tn_entry, txs),
	TN_FIELD(struct tn_entry, state));

const struct tn_schema tn_store_tx_place = TN_SCHEMA(struct tn_tx_place, TN_RECORD,
	TN_FIELD(struct tn_tx_place, block),
	TN_FIELD(struct tn_tx_place, height),
	TN_FIELD(struct tn_tx_place, index));
/* clang-format on */

size_t tn_coin_key(const struct tn_outpoint *o, uint8_t out[TN_COIN_KEY])
{
	char digits[12];
	int n = snprintf(digits, sizeof digits, "%u", (unsigned)o->vout);

	memcpy(out, o->txid.b, sizeof o->txid.b);
	memcpy(out + sizeof o->txid.b, digits, (size_t)n);
	return sizeof o->txid.b + (size_t)n;
}

int tn_coin_key_read(struct tn_view key, struct tn_outpoint *out)
{
	const size_t at = sizeof out->txid.b;
	uint64_t v = 0;

	if (key.n <= at || key.n > TN_COIN_KEY || (key.p[at] == '0' && key.n > at + 1))
		return TN_EBAD;
	for (size_t i = at; i < key.n; i++) {
		if (key.p[i] < '0' || key.p[i] > '9')
			return TN_EBAD;
		v = v * 10 + (key.p[i] - '0');
	}
	if (v > UINT32_MAX)
		return TN_EBAD;
	memcpy(out->txid.b, key.p, at);
	out->vout = (uint32_t)v;
	return 0;
}

void tn_height_key(uint64_t height, uint8_t out[8])
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(height >> (56 - 8 * i));
}
