/* SPDX-License-Identifier: MIT
 * lib/chain/coinset.c - hash of a set of coins
 */
#include <stdio.h>
#include <stdlib.h>

#include "chain/chain.h"

int tn_outpoint_cmp_text(const struct tn_outpoint *a, const struct tn_outpoint *b)
{
	/* Hex keeps the order of bytes; decimal does not keep that of numbers. */
	int order = memcmp(a->txid.b, b->txid.b, sizeof a->txid.b);
	char at[12], bt[12];

	if (order != 0)
		return order;
	snprintf(at, sizeof at, "%u", (unsigned)a->vout);
	snprintf(bt, sizeof bt, "%u", (unsigned)b->vout);
	return strcmp(at, bt);
}

void tn_coinset_add(struct tn_sha *s, const struct tn_utxo *coin)
{
	uint8_t vout[4];

	put_le32(vout, coin->outpoint.vout);
	tn_sha_add(s, coin->outpoint.txid.b, sizeof coin->outpoint.txid.b);
	tn_sha_add(s, vout, sizeof vout);
	sha_add_le64(s, coin->value);
	tn_sha_add(s, coin->script_pubkey.p, coin->script_pubkey.n);
}

static int compare(const void *a, const void *b)
{
	const struct tn_utxo *const *left = a, *const *right = b;

	return tn_outpoint_cmp_text(&(*left)->outpoint, &(*right)->outpoint);
}

static int hash_sorted(struct tn_sha *s, const struct tn_utxo **coin, size_t n, struct tn_hash *out)
{
	tn_sha_begin(s);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && compare(&coin[i - 1], &coin[i]) == 0)
			return TN_EBAD;
		tn_coinset_add(s, coin[i]);
	}
	return tn_sha_end(s, out);
}

int tn_coinset_hash(struct tn_sha *s, const struct tn_utxo *coin, size_t n, struct tn_hash *out)
{
	const struct tn_utxo **order =
		n > SIZE_MAX / sizeof *order ? NULL : malloc((n + 1) * sizeof *order);
	int code;

	if (!order)
		return TN_ENOMEM;
	for (size_t i = 0; i < n; i++)
		order[i] = &coin[i];
	qsort(order, n, sizeof *order, compare);
	code = hash_sorted(s, order, n, out);
	free(order);
	return code;
}
