/* SPDX-License-Identifier: MIT
 * lib/chain/hash.c - transaction ids and block hashes
 */
#include "chain/chain.h"

int tn_txid(struct tn_sha *s, const struct tn_tx *tx, struct tn_hash *out)
{
	return tn_sha_value(s, &tn_wire_tx, tx, out);
}

int tn_block_hash(struct tn_sha *s, const struct tn_header *h, struct tn_hash *out)
{
	return tn_sha_value(s, &tn_wire_header, h, out);
}

int tn_block_rpc_hash(struct tn_sha *s, const struct tn_header *h, struct tn_hash *out)
{
	tn_sha_begin(s);
	sha_add_le64(s, h->height);
	tn_sha_add(s, h->previous_hash.b, sizeof h->previous_hash.b);
	tn_sha_add(s, h->merkle_root.b, sizeof h->merkle_root.b);
	sha_add_le64(s, (uint64_t)h->timestamp);
	return tn_sha_end(s, out);
}
