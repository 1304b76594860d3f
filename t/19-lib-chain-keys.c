/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-keys.c - keys, signatures and addresses as the reference has them
 *
 * All of signatures.json and addresses.json; another directory as the first argument.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_file.h"
#include "lib/tap.h"
#include "lib/vector.h"
#include "timenode/chain.h"

static bool check_key(json_object *r, void *arg)
{
	struct tn_sha *sha = arg;
	struct tn_secret k;
	uint8_t seed[32];
	char text[TN_ADDRESS_TEXT];

	hex_member(r, "seed_hex", seed, sizeof seed);
	tn_secret_from_seed(&k, seed);
	return same_hex(r, "public_key_hex", k.key.b, sizeof k.key.b) &&
	       tn_address_of_key(sha, '0', &k.key, text) == 0 &&
	       strcmp(text, vector_text(r, "testnet_address")) == 0 &&
	       tn_address_of_key(sha, '1', &k.key, text) == 0 &&
	       strcmp(text, vector_text(r, "mainnet_address")) == 0;
}

/* ---- one signed thing: what is signed is made again from the fields */

struct signed_thing {
	json_object *record, *fields;
	struct tn_sha *sha;
	struct tn_arena *arena;
	struct tn_secret secret;
	struct tn_key key;
	struct tn_sig sig;
	bool verdict; /* of the call for that kind */
	bool again;   /* signing anew gives the recorded signature */
};

static struct tn_str text_of(struct signed_thing *t, const char *member)
{
	size_t n;
	uint8_t *b = bytes_member(t->fields, member, &n);
	struct tn_str s = { tn_copy_text(t->arena, (char *)b, n), (uint32_t)n };

	free(b);
	return s;
}

static bool message_is(struct signed_thing *t, const void *p, size_t n)
{
	return same_hex(t->record, "message_hex", p, n);
}

static bool is_yes(struct signed_thing *t)
{
	return strcmp(vector_text(t->fields, "approve"), "true") == 0;
}

static bool thing_vote(struct signed_thing *t)
{
	struct tn_vote v = { .voter = text_of(t, "voter_utf8_hex"),
			     .approve = is_yes(t),
			     .timestamp = int_member(t->fields, "timestamp"),
			     .signature = t->sig };
	uint8_t buf[512];
	size_t n;

	hex_member(t->fields, "txid_hex", v.txid.b, sizeof v.txid.b);
	n = tn_signed_vote(&v, buf, sizeof buf);
	t->verdict = tn_vote_verify(&t->key, &v) == 0;
	t->again = tn_vote_sign(&t->secret, &v) == 0 && memcmp(&v.signature, &t->sig, 64) == 0;
	return message_is(t, buf, n);
}

static bool thing_heartbeat(struct signed_thing *t)
{
	struct tn_heartbeat h = { .masternode_address = text_of(t, "masternode_address_utf8_hex"),
				  .sequence_number = uint_member(t->fields, "sequence_number"),
				  .timestamp = int_member(t->fields, "timestamp"),
				  .masternode_pubkey = t->key,
				  .signature = t->sig };
	struct tn_hash digest, id;

	if (tn_signed_heartbeat(t->sha, &h, &digest) != 0 ||
	    tn_heartbeat_hash(t->sha, &h, &id) != 0)
		return false;
	t->verdict = tn_heartbeat_verify(t->sha, &h) == 0;
	t->again = tn_heartbeat_sign(t->sha, &t->secret, &h) == 0 &&
		   memcmp(&h.signature, &t->sig, 64) == 0;
	return message_is(t, digest.b, sizeof digest.b) &&
	       same_hex(t->record, "extra_hash_hex", id.b, sizeof id.b);
}

static bool thing_attestation(struct signed_thing *t)
{
	struct tn_attestation w = { .witness_address = text_of(t, "witness_address_utf8_hex"),
				    .witness_timestamp = int_member(t->fields, "witness_timestamp"),
				    .witness_pubkey = t->key,
				    .signature = t->sig };
	struct tn_hash digest;

	hex_member(t->fields, "heartbeat_hash_hex", w.heartbeat_hash.b, 32);
	if (tn_signed_attestation(t->sha, &w, &digest) != 0)
		return false;
	t->verdict = tn_attestation_verify(t->sha, &w) == 0;
	t->again = tn_attestation_sign(t->sha, &t->secret, &w) == 0 &&
		   memcmp(&w.signature, &t->sig, 64) == 0;
	return message_is(t, digest.b, sizeof digest.b);
}

static bool sign_again(struct signed_thing *t, const void *msg, size_t n)
{
	struct tn_sig sig;

	tn_sign(&t->secret, msg, n, &sig);
	t->again = memcmp(&sig, &t->sig, sizeof sig) == 0;
	return message_is(t, msg, n);
}

static bool thing_proposal(struct signed_thing *t)
{
	struct tn_hash block;

	hex_member(t->fields, "block_hash_hex", block.b, sizeof block.b);
	t->verdict = tn_verify(&t->key, block.b, sizeof block.b, &t->sig);
	return sign_again(t, block.b, sizeof block.b);
}

static bool block_vote(struct signed_thing *t, bool approve)
{
	struct tn_bytes sig = { t->sig.b, sizeof t->sig.b };
	uint8_t msg[TN_BLOCK_VOTE_BYTES];
	struct tn_hash block;

	hex_member(t->fields, "block_hash_hex", block.b, sizeof block.b);
	tn_signed_block_vote(&block, approve, msg);
	t->verdict = tn_block_vote_verify(&t->key, &block, approve, sig);
	return sign_again(t, msg, sizeof msg) &&
	       !tn_block_vote_verify(&t->key, &block, !approve, sig);
}

static bool thing_block_vote(struct signed_thing *t)
{
	return block_vote(t, is_yes(t));
}

static bool thing_commit(struct signed_thing *t)
{
	return block_vote(t, true);
}

static bool thing_envelope(struct signed_thing *t)
{
	const char *line = vector_text(t->fields, "payload_json");
	uint8_t msg[512];
	struct verdict v;
	size_t n;

	judge_line((const uint8_t *)line, strlen(line), t->arena, &v);
	if (!v.accept)
		return false;
	n = tn_signed_envelope((unsigned)v.index, v.body, int_member(t->fields, "timestamp"), msg,
			       sizeof msg);
	t->verdict = tn_verify(&t->key, msg, n, &t->sig);
	return sign_again(t, msg, n);
}

static bool check_signed(json_object *r, void *arg)
{
	static const struct {
		const char *kind;
		bool (*fn)(struct signed_thing *);
	} kinds[] = { { "transaction_vote", thing_vote },
		      { "heartbeat", thing_heartbeat },
		      { "witness_attestation", thing_attestation },
		      { "bft_block_proposal", thing_proposal },
		      { "bft_block_vote", thing_block_vote },
		      { "bft_block_commit", thing_commit },
		      { "signed_envelope", thing_envelope } };
	struct signed_thing t = { .record = r, .sha = arg, .arena = tn_arena_create(0) };
	bool valid = json_object_get_boolean(json_object_object_get(r, "valid")), good = false;
	bool tampered = *vector_text(r, "seed_hex") == '\0'; /* nobody signed it like this */
	uint8_t seed[32] = { 0 };

	t.fields = json_object_object_get(r, "fields");
	hex_member(r, "public_key_hex", t.key.b, sizeof t.key.b);
	hex_member(r, "signature_hex", t.sig.b, sizeof t.sig.b);
	if (!tampered)
		hex_member(r, "seed_hex", seed, sizeof seed);
	tn_secret_from_seed(&t.secret, seed);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, vector_text(r, "kind")) == 0)
			good = kinds[i].fn(&t) && t.verdict == valid && t.again == valid &&
			       !(tampered && valid);
	tn_arena_unref(t.arena);
	return good;
}

/* ---- edge cases of Ed25519 */

struct edges {
	size_t taken, taken_strictly;
};

static bool check_edge(json_object *r, void *arg)
{
	struct edges *e = arg;
	bool want = json_object_get_boolean(json_object_object_get(r, "reference_verify")), got;
	size_t n;
	uint8_t *msg = bytes_member(r, "message_hex", &n);
	struct tn_key key;
	struct tn_sig sig;

	hex_member(r, "public_key_hex", key.b, sizeof key.b);
	hex_member(r, "signature_hex", sig.b, sizeof sig.b);
	got = tn_verify(&key, msg, n, &sig);
	e->taken += got;
	e->taken_strictly += tn_verify_strict(&key, msg, n, &sig);
	free(msg);
	return got == want &&
	       tn_key_decodes(&key) ==
		       json_object_get_boolean(
			       json_object_object_get(r, "reference_public_key_parses"));
}

static bool check_decode(json_object *r, void *arg)
{
	struct tn_key key;

	(void)arg;
	hex_member(r, "public_key_hex", key.b, sizeof key.b);
	return tn_key_decodes(&key) ==
	       json_object_get_boolean(json_object_object_get(r, "reference_accepts"));
}

/* ---- addresses */

static bool address_is(struct tn_sha *sha, char digit, const uint8_t payload[20], const char *want)
{
	char text[TN_ADDRESS_TEXT], back_digit;
	uint8_t back[TN_ADDRESS_PAYLOAD];

	return tn_address_text(sha, digit, payload, text) == 0 && strcmp(text, want) == 0 &&
	       tn_address_parse(sha, text, strlen(text), &back_digit, back, NULL) == 0 &&
	       back_digit == digit && memcmp(back, payload, sizeof back) == 0;
}

static bool check_payload(json_object *r, void *arg)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];

	hex_member(r, "payload_hex", payload, sizeof payload);
	return address_is(arg, '0', payload, vector_text(r, "testnet")) &&
	       address_is(arg, '1', payload, vector_text(r, "mainnet"));
}

/* Text is written five digits at a time and read one by one: each payload comes back. */
static void round_trip(struct tn_sha *sha)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD], back[TN_ADDRESS_PAYLOAD];
	char text[TN_ADDRESS_TEXT], digit;
	unsigned odd = 0;
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; i < 20000; i++) {
		for (unsigned k = 0; k < sizeof payload; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			payload[k] = k < i % 22 ? 0 : i % 3 ? (uint8_t)(x >> 32) : 0xff;
		}
		odd += tn_address_text(sha, '1', payload, text) != 0 ||
		       tn_address_parse(sha, text, strlen(text), &digit, back, NULL) != 0 ||
		       memcmp(back, payload, sizeof back) != 0;
	}
	is_uint(odd, 0, "20000 payloads, with zeros in front and without: as text and back");
}

static bool check_key_address(json_object *r, void *arg)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	struct tn_key key;

	hex_member(r, "public_key_hex", key.b, sizeof key.b);
	return tn_address_payload(arg, &key, payload) == 0 &&
	       same_hex(r, "payload_hex", payload, sizeof payload) && check_payload(r, arg);
}

/* The recorded verdict: "ok PAYLOAD" or the reason. */
static bool check_address(json_object *r, void *arg)
{
	const char *want = vector_text(r, "without_length_rule");
	uint8_t payload[TN_ADDRESS_PAYLOAD], *text;
	struct tn_error err = { "" };
	char said[64] = "ok ", digit = '?';
	size_t n;
	int code;

	text = bytes_member(r, "address_utf8_hex", &n);
	code = tn_address_parse(arg, (const char *)text, n, &digit, payload, &err);
	if (code == 0 && text[4] != digit)
		code = 1;
	free(text);
	if (code == TN_EBAD)
		return strcmp(err.text, want) == 0;
	for (size_t i = 0; i < sizeof payload; i++)
		sprintf(said + 3 + 2 * i, "%02x", payload[i]);
	return code == 0 && strcmp(said, want) == 0;
}

int main(int argc, char **argv)
{
	struct tn_sha *sha = tn_sha_create();
	struct edges edges = { 0, 0 };
	struct json_file f;

	if (!sha)
		bail_out("no memory");
	json_file_open(&f, "signatures.json", argc, argv);
	json_file_each(&f, "keys", 6, check_key, sha);
	json_file_each(&f, "signatures", 22, check_signed, sha);
	json_file_each(&f, "edge_cases", 11, check_edge, &edges);
	json_file_each(&f, "public_key_decode", 43, check_decode, NULL);
	if (f.own) {
		is_uint(edges.taken, 6, "edge cases that are taken");
		is_uint(edges.taken_strictly, 3, "and strictly");
	}
	json_file_close(&f);
	json_file_open(&f, "addresses.json", argc, argv);
	json_file_each(&f, "from_public_key", 6, check_key_address, sha);
	json_file_each(&f, "from_payload", 10, check_payload, sha);
	json_file_each(&f, "decode", 23, check_address, sha);
	json_file_close(&f);
	round_trip(sha);
	tn_sha_free(sha);
	return done_testing();
}
