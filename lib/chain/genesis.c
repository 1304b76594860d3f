/* SPDX-License-Identifier: MIT
 * lib/chain/genesis.c - the first block of a network
 */
#include "chain/chain.h"

#define GENESIS_VERSION 2 /* every later header has 1 */
#define GENESIS_SCRIPT "genesis"

static bool fill_coinbase(const struct tn_network *net, struct tn_arena *a, struct tn_tx *tx)
{
	struct tn_txout *out = tn_alloc(a, sizeof *out);
	const char *script = tn_copy_text(a, GENESIS_SCRIPT, strlen(GENESIS_SCRIPT));

	if (!out || !script)
		return false;
	out->value = net->genesis_value;
	out->script_pubkey = (struct tn_bytes){ (const uint8_t *)script, strlen(GENESIS_SCRIPT) };
	tx->version = 1;
	tx->outputs.v = out;
	tx->outputs.n = 1;
	tx->timestamp = net->genesis_time;
	return true;
}

int tn_genesis(struct tn_sha *s, const struct tn_network *net, struct tn_arena *a,
	       const struct tn_block **out)
{
	struct tn_block *b = tn_alloc(a, sizeof *b);
	struct tn_tx *tx = tn_alloc(a, sizeof *tx);

	if (!b || !tx || !fill_coinbase(net, a, tx) || tn_txid(s, tx, &b->header.merkle_root) != 0)
		return TN_ENOMEM;
	b->header.version = GENESIS_VERSION;
	b->header.timestamp = net->genesis_time;
	b->header.block_reward = net->genesis_value;
	b->transactions.v = tx;
	b->transactions.n = 1;
	*out = b;
	return 0;
}
