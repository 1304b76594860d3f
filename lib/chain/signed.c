/* SPDX-License-Identifier: MIT
 * lib/chain/signed.c - what is signed, and by whom
 */
#include <stdlib.h>

#include "chain/chain.h"

#define HEARTBEAT_TAG "TIMECOIN_HEARTBEAT:"
#define WITNESS_TAG "TIMECOIN_WITNESS:"
#define ANNOUNCEMENT_TAG "TIMENODE_ANNOUNCEMENT:"

static void add_str(struct tn_sha *s, struct tn_str t)
{
	tn_sha_add(s, t.p, t.n);
}

int tn_heartbeat_hash(struct tn_sha *s, const struct tn_heartbeat *h, struct tn_hash *out)
{
	tn_sha_begin(s);
	add_str(s, h->masternode_address);
	sha_add_le64(s, h->sequence_number);
	sha_add_le64(s, (uint64_t)h->timestamp);
	return tn_sha_end(s, out);
}

int tn_signed_heartbeat(struct tn_sha *s, const struct tn_heartbeat *h, struct tn_hash *out)
{
	tn_sha_begin(s);
	tn_sha_add(s, HEARTBEAT_TAG, strlen(HEARTBEAT_TAG));
	add_str(s, h->masternode_address);
	sha_add_le64(s, h->sequence_number);
	sha_add_le64(s, (uint64_t)h->timestamp);
	tn_sha_add(s, h->masternode_pubkey.b, sizeof h->masternode_pubkey.b);
	return tn_sha_end(s, out);
}

int tn_signed_attestation(struct tn_sha *s, const struct tn_attestation *t, struct tn_hash *out)
{
	tn_sha_begin(s);
	tn_sha_add(s, WITNESS_TAG, strlen(WITNESS_TAG));
	tn_sha_add(s, t->heartbeat_hash.b, sizeof t->heartbeat_hash.b);
	add_str(s, t->witness_address);
	sha_add_le64(s, (uint64_t)t->witness_timestamp);
	tn_sha_add(s, t->witness_pubkey.b, sizeof t->witness_pubkey.b);
	return tn_sha_end(s, out);
}

/* Led by its length: no two claims have the same bytes. */
static void add_text(struct tn_sha *s, struct tn_str t)
{
	sha_add_le64(s, t.n);
	add_str(s, t);
}

int tn_signed_announcement(struct tn_sha *s, const char *network, const struct tn_announcement *a,
			   struct tn_hash *out)
{
	tn_sha_begin(s);
	tn_sha_add(s, ANNOUNCEMENT_TAG, strlen(ANNOUNCEMENT_TAG));
	add_text(s, (struct tn_str){ network, (uint32_t)strlen(network) });
	add_text(s, a->address);
	add_text(s, a->reward_address);
	sha_add_le64(s, a->tier.tag);
	tn_sha_add(s, a->public_key.b, sizeof a->public_key.b);
	sha_add_le64(s, (uint64_t)a->timestamp);
	sha_add_le64(s, a->has_collateral_txid);
	if (a->has_collateral_txid) {
		tn_sha_add(s, a->collateral_txid.b, sizeof a->collateral_txid.b);
		sha_add_le64(s, a->collateral_vout);
	}
	return tn_sha_end(s, out);
}

int tn_announcement_sign(struct tn_sha *s, const struct tn_secret *k, const char *network,
			 struct tn_announcement *a)
{
	struct tn_hash digest;

	a->public_key = k->key;
	a->has_timestamp = a->has_signature = true;
	if (tn_signed_announcement(s, network, a, &digest) != 0)
		return TN_ENOMEM;
	tn_sign(k, digest.b, sizeof digest.b, &a->signature);
	return 0;
}

int tn_announcement_verify(struct tn_sha *s, const char *network, const struct tn_announcement *a)
{
	struct tn_hash digest;

	if (!a->has_timestamp || !a->has_signature ||
	    a->has_collateral_txid != a->has_collateral_vout)
		return TN_EBAD;
	if (tn_signed_announcement(s, network, a, &digest) != 0)
		return TN_ENOMEM;
	return tn_verify_strict(&a->public_key, digest.b, sizeof digest.b, &a->signature) ? 0
											  : TN_EBAD;
}

static size_t put(uint8_t *buf, size_t room, size_t at, const void *p, size_t n)
{
	if (at < room && n > 0)
		memcpy(buf + at, p, n < room - at ? n : room - at);
	return at + n;
}

static size_t put_time(uint8_t *buf, size_t room, size_t at, int64_t time)
{
	uint8_t b[8];

	put_le64(b, (uint64_t)time);
	return put(buf, room, at, b, sizeof b);
}

size_t tn_signed_vote(const struct tn_vote *v, uint8_t *buf, size_t room)
{
	uint8_t approve = v->approve;
	size_t n = put(buf, room, 0, v->txid.b, sizeof v->txid.b);

	n = put(buf, room, n, v->voter.p, v->voter.n);
	n = put(buf, room, n, &approve, 1);
	return put_time(buf, room, n, v->timestamp);
}

void tn_signed_block_vote(const struct tn_hash *block, bool approve,
			  uint8_t out[TN_BLOCK_VOTE_BYTES])
{
	memcpy(out, block->b, sizeof block->b);
	out[sizeof block->b] = approve;
}

size_t tn_signed_envelope(unsigned index, const void *body, int64_t time, uint8_t *buf, size_t room)
{
	const struct tn_schema *schema = tn_message_schema(index);
	uint8_t number[4];
	size_t n;

	if (!schema)
		return 0;
	put_le32(number, index);
	n = put(buf, room, 0, number, sizeof number);
	n += tn_bin_write(schema, body, n < room ? buf + n : NULL, n < room ? room - n : 0);
	return put_time(buf, room, n, time);
}

int tn_heartbeat_sign(struct tn_sha *s, const struct tn_secret *k, struct tn_heartbeat *h)
{
	struct tn_hash digest;

	h->masternode_pubkey = k->key;
	if (tn_signed_heartbeat(s, h, &digest) != 0)
		return TN_ENOMEM;
	tn_sign(k, digest.b, sizeof digest.b, &h->signature);
	return 0;
}

int tn_heartbeat_verify(struct tn_sha *s, const struct tn_heartbeat *h)
{
	struct tn_hash digest;

	if (tn_signed_heartbeat(s, h, &digest) != 0)
		return TN_ENOMEM;
	return tn_verify(&h->masternode_pubkey, digest.b, sizeof digest.b, &h->signature) ? 0
											  : TN_EBAD;
}

int tn_attestation_sign(struct tn_sha *s, const struct tn_secret *k, struct tn_attestation *t)
{
	struct tn_hash digest;

	t->witness_pubkey = k->key;
	if (tn_signed_attestation(s, t, &digest) != 0)
		return TN_ENOMEM;
	tn_sign(k, digest.b, sizeof digest.b, &t->signature);
	return 0;
}

int tn_attestation_verify(struct tn_sha *s, const struct tn_attestation *t)
{
	struct tn_hash digest;

	if (tn_signed_attestation(s, t, &digest) != 0)
		return TN_ENOMEM;
	return tn_verify(&t->witness_pubkey, digest.b, sizeof digest.b, &t->signature) ? 0
										       : TN_EBAD;
}

/* A voter's text may be long; it hardly ever is. The caller frees what is not `small`. */
static uint8_t *vote_bytes(const struct tn_vote *v, uint8_t *small, size_t room, size_t *n)
{
	uint8_t *buf = small;

	*n = tn_signed_vote(v, small, room);
	if (*n > room) {
		buf = malloc(*n);
		if (buf)
			tn_signed_vote(v, buf, *n);
	}
	return buf;
}

int tn_vote_sign(const struct tn_secret *k, struct tn_vote *v)
{
	uint8_t small[256];
	size_t n;
	uint8_t *msg = vote_bytes(v, small, sizeof small, &n);

	if (!msg)
		return TN_ENOMEM;
	tn_sign(k, msg, n, &v->signature);
	if (msg != small)
		free(msg);
	return 0;
}

int tn_vote_verify(const struct tn_key *key, const struct tn_vote *v)
{
	uint8_t small[256];
	size_t n;
	uint8_t *msg = vote_bytes(v, small, sizeof small, &n);
	bool good;

	if (!msg)
		return TN_ENOMEM;
	good = tn_verify(key, msg, n, &v->signature);
	if (msg != small)
		free(msg);
	return good ? 0 : TN_EBAD;
}

bool tn_block_vote_verify(const struct tn_key *key, const struct tn_hash *block, bool approve,
			  struct tn_bytes sig)
{
	uint8_t msg[TN_BLOCK_VOTE_BYTES];
	struct tn_sig s, none = { { 0 } };

	if (sig.n != sizeof s.b)
		return false;
	memcpy(s.b, sig.p, sizeof s.b);
	if (memcmp(s.b, none.b, sizeof s.b) == 0)
		return false;
	tn_signed_block_vote(block, approve, msg);
	return tn_verify(key, msg, sizeof msg, &s);
}
