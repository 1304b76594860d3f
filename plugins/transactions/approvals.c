/* SPDX-License-Identifier: MIT
 * plugins/transactions/approvals.c - what this node has approved, coin by coin
 */
#include "approvals.h"

#include <string.h>

#include "timenode/host.h"
#include "timenode/util.h"

const struct tn_schema approval_schema =
	TN_SCHEMA(struct approval, TN_RECORD, TN_FIELD(struct approval, txid),
		  TN_FIELD(struct approval, height));

struct coin_key coin_key(const struct tn_outpoint *o)
{
	struct coin_key k;

	memcpy(k.b, o->txid.b, sizeof o->txid.b);
	tn_be32(k.b + sizeof o->txid.b, o->vout);
	return k;
}

void coin_of_key(const uint8_t key[COIN_KEY], struct tn_outpoint *o)
{
	const uint8_t *vout = key + sizeof o->txid.b;

	memcpy(o->txid.b, key, sizeof o->txid.b);
	o->vout = (uint32_t)vout[0] << 24 | (uint32_t)vout[1] << 16 | (uint32_t)vout[2] << 8 |
		  vout[3];
}

enum approval_word approval_judge(const struct approval *prior, const struct tn_hash *txid)
{
	if (!prior)
		return APPROVAL_FREE;
	return memcmp(&prior->txid, txid, sizeof *txid) ? APPROVAL_CONFLICT : APPROVAL_SAME;
}

uint64_t epoch_of(uint64_t height)
{
	return height / EPOCH_BLOCKS;
}

/* The rest of its own epoch and the whole of the next one. */
uint64_t approval_end(uint64_t height)
{
	uint64_t end;

	return tn_mul_u64(&end, epoch_of(height) + 2, EPOCH_BLOCKS) ? end : UINT64_MAX;
}

bool approval_binds(const struct approval *a, bool final, uint64_t tip)
{
	return final || tip < approval_end(a->height);
}

/* ---- buried */

static struct buried_key make_key(uint64_t height, enum buried_kind kind, const void *what,
				  size_t n)
{
	struct buried_key k = { .n = 9 + n };

	tn_be64(k.b, height);
	k.b[8] = (uint8_t)kind;
	memcpy(k.b + 9, what, n);
	return k;
}

struct buried_key buried_coin(uint64_t height, const struct tn_outpoint *o)
{
	struct coin_key k = coin_key(o);

	return make_key(height, BURIED_APPROVAL, k.b, sizeof k.b);
}

struct buried_key buried_votes(uint64_t height, const struct tn_hash *txid)
{
	return make_key(height, BURIED_VOTES, txid->b, sizeof txid->b);
}

bool buried_read(const uint8_t *key, size_t n, struct buried *out)
{
	size_t want;

	if (n < 9 || (key[8] != BURIED_APPROVAL && key[8] != BURIED_VOTES))
		return false;
	*out = (struct buried){ .kind = key[8] };
	want = out->kind == BURIED_APPROVAL ? COIN_KEY : sizeof(struct tn_hash);
	if (n != 9 + want)
		return false;
	for (int i = 0; i < 8; i++)
		out->height = out->height << 8 | key[i];
	memcpy(out->what, key + 9, want);
	out->what_n = want;
	return true;
}

bool buried_deep(uint64_t height, uint64_t tip)
{
	return tip >= height && tip - height >= APPROVAL_DEPTH;
}
