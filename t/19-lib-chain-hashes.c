/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-hashes.c - encodings, hashes, roots and leaders as the reference has them
 *
 * All of hashes.json; another directory of the same format as the first argument.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/json_file.h"
#include "lib/tap.h"
#include "lib/vector.h"
#include "timenode/chain.h"

struct bed {
	struct tn_sha *sha;
	struct tn_arena *arena;
};

static bool same_hash(json_object *r, const char *member, const struct tn_hash *h)
{
	return same_hex(r, member, h->b, sizeof h->b);
}

static bool check_sha256(json_object *r, void *arg)
{
	struct bed *b = arg;
	struct tn_hash whole, parts;
	size_t n;
	uint8_t *in = bytes_member(r, "input_hex", &n);
	bool good = tn_sha256(b->sha, in, n, &whole) == 0 && same_hash(r, "sha256_hex", &whole);

	tn_sha_begin(b->sha);
	for (size_t i = 0; i < n; i++)
		tn_sha_add(b->sha, in + i, 1);
	good = good && tn_sha_end(b->sha, &parts) == 0 && memcmp(&whole, &parts, sizeof whole) == 0;
	free(in);
	return good;
}

/* A record of the reference's storage, which no message carries. */
struct masternode {
	struct tn_str address, wallet_address;
	uint64_t collateral;
	struct tn_key public_key;
	struct tn_tier tier;
	uint64_t registered_at;
};

static const struct tn_schema masternode =
	TN_SCHEMA(struct masternode, TN_RECORD, TN_FIELD(struct masternode, address),
		  TN_FIELD(struct masternode, wallet_address),
		  TN_FIELD(struct masternode, collateral), TN_FIELD(struct masternode, public_key),
		  TN_SUB(struct masternode, tier, &tn_wire_tier),
		  TN_FIELD(struct masternode, registered_at));

struct lone_key {
	struct tn_key key;
};
static const struct tn_schema lone_key =
	TN_SCHEMA(struct lone_key, TN_PLAIN, TN_FIELD(struct lone_key, key));

static bool check_encoding(json_object *r, void *arg)
{
	static const struct {
		const char *kind;
		const struct tn_schema *schema;
	} kinds[] = { { "OutPoint", &tn_wire_outpoint },   { "UTXOState", &tn_wire_utxo_state },
		      { "MasternodeTier", &tn_wire_tier }, { "UTXO", &tn_wire_utxo },
		      { "Masternode", &masternode },       { "VerifyingKey", &lone_key },
		      { "Transaction", &tn_wire_tx },      { "BlockHeader", &tn_wire_header },
		      { "Block", &tn_wire_block } };
	struct bed *b = arg;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, vector_text(r, "kind")) == 0)
			return read_value(r, "json", kinds[i].schema, b->arena) != NULL;
	return false;
}

static bool check_tx(json_object *r, void *arg)
{
	struct bed *b = arg;
	const struct tn_tx *tx = read_value(r, "json", &tn_wire_tx, b->arena);
	struct tn_hash h;

	return tx && tn_txid(b->sha, tx, &h) == 0 && same_hash(r, "txid_hex", &h);
}

static bool check_header(json_object *r, void *arg)
{
	struct bed *b = arg;
	const struct tn_header *head = read_value(r, "json", &tn_wire_header, b->arena);
	struct tn_hash h, rpc;

	return head && tn_block_hash(b->sha, head, &h) == 0 && same_hash(r, "hash_hex", &h) &&
	       tn_block_rpc_hash(b->sha, head, &rpc) == 0 &&
	       same_hash(r, "rpc_getblock_hash_hex", &rpc);
}

static bool check_block(json_object *r, void *arg)
{
	struct bed *b = arg;
	const struct tn_block *block = read_value(r, "json", &tn_wire_block, b->arena);
	struct tn_hash h, root;

	return block && tn_block_hash(b->sha, &block->header, &h) == 0 &&
	       same_hash(r, "header_hash_hex", &h) && tn_block_merkle(b->sha, block, &root) == 0 &&
	       same_hash(r, "merkle_of_all_txs_hex", &root);
}

static bool check_merkle(json_object *r, void *arg)
{
	struct bed *b = arg;
	json_object *list = json_object_object_get(r, "txids_hex");
	size_t n = json_object_array_length(list), got;
	struct tn_hash *leaf = calloc(n + 1, sizeof *leaf), root;
	bool good;

	if (!leaf)
		bail_out("no memory");
	for (size_t i = 0; i < n; i++) {
		uint8_t *id = vector_hex(json_object_get_string(json_object_array_get_idx(list, i)),
					 &got);

		memcpy(leaf[i].b, id, sizeof leaf[i].b);
		free(id);
	}
	good = tn_merkle_root(b->sha, leaf, n, &root) == 0 && same_hash(r, "root_hex", &root);
	free(leaf);
	return good;
}

static bool check_genesis(json_object *r, void *arg)
{
	struct bed *b = arg;
	bool mainnet = strcmp(vector_text(r, "network"), "Mainnet") == 0;
	const struct tn_block *block;
	struct tn_network net;
	struct tn_hash h;
	char json[4096];
	uint8_t bin[512];
	size_t n;

	if (tn_network_find(mainnet ? "mainnet" : "testnet", &net) != 0 ||
	    net.genesis_time != int_member(r, "timestamp") ||
	    tn_genesis(b->sha, &net, b->arena, &block) != 0)
		return false;
	n = tn_json_write(&tn_wire_block, block, json, sizeof json);
	if (n != strlen(vector_text(r, "json")) || memcmp(json, vector_text(r, "json"), n) != 0)
		return false;
	n = tn_bin_write(&tn_wire_block, block, bin, sizeof bin);
	if (!same_hex(r, "block_bincode_hex", bin, n))
		return false;
	n = tn_bin_write(&tn_wire_tx, &block->transactions.v[0], bin, sizeof bin);
	if (!same_hex(r, "coinbase_bincode_hex", bin, n))
		return false;
	n = tn_bin_write(&tn_wire_header, &block->header, bin, sizeof bin);
	return same_hex(r, "header_bincode_hex", bin, n) &&
	       same_hash(r, "merkle_root_hex", &block->header.merkle_root) &&
	       same_hash(r, "coinbase_txid_hex", &block->header.merkle_root) &&
	       tn_block_hash(b->sha, &block->header, &h) == 0 && same_hash(r, "hash_hex", &h);
}

static bool check_coinset(json_object *r, void *arg)
{
	struct bed *b = arg;
	json_object *list = json_object_object_get(r, "utxos_in_insert_order");
	size_t n = json_object_array_length(list);
	struct tn_utxo *coin = calloc(n + 1, sizeof *coin);
	struct tn_hash h;
	bool good;

	if (!coin)
		bail_out("no memory");
	for (size_t i = 0; i < n; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(list, i));
		struct tn_view in = { (const uint8_t *)text, strlen(text) };
		const void *one;

		if (tn_json_read(&tn_wire_utxo, in, b->arena, &one, NULL, NULL) != 0)
			bail_out("a coin cannot be read");
		coin[i] = *(const struct tn_utxo *)one;
	}
	good = tn_coinset_hash(b->sha, coin, n, &h) == 0 && same_hash(r, "hash_hex", &h);
	if (good && n > 0) {
		coin[n] = coin[0];
		good = tn_coinset_hash(b->sha, coin, n + 1, &h) == TN_EBAD;
	}
	free(coin);
	return good;
}

static bool check_leader(json_object *r, void *arg)
{
	struct bed *b = arg;
	json_object *list = json_object_object_get(r, "addresses");
	size_t n = json_object_array_length(list), index;
	struct tn_str *a = calloc(n, sizeof *a);
	bool good;

	if (!a)
		bail_out("no memory");
	for (size_t i = 0; i < n; i++) {
		a[i].p = json_object_get_string(json_object_array_get_idx(list, i));
		a[i].n = (uint32_t)strlen(a[i].p);
	}
	tn_texts_sort(a, n);
	good = tn_leader(b->sha, uint_member(r, "height"), a, n, &index) == 0 &&
	       index == uint_member(r, "index") &&
	       strcmp(a[index].p, vector_text(r, "leader")) == 0;
	free(a);
	return good;
}

static bool check_producer(json_object *r, void *arg)
{
	struct bed *b = arg;
	struct tn_hash tip;
	size_t index;

	hex_member(r, "previous_block_hash_hex", tip.b, sizeof tip.b);
	return tn_producer(b->sha, &tip, uint_member(r, "current_height"), uint_member(r, "count"),
			   &index) == 0 &&
	       index == uint_member(r, "index");
}

static void refusals(struct bed *b)
{
	struct tn_str twice[2] = { { "a", 1 }, { "a", 1 } }, down[2] = { { "b", 1 }, { "a", 1 } };
	struct tn_hash tip = { { 0 } };
	size_t index = 77;

	is_int(tn_leader(b->sha, 1, twice, 2, &index), TN_EINVAL, "an address twice");
	is_int(tn_leader(b->sha, 1, down, 2, &index), TN_EINVAL, "addresses that are not sorted");
	is_int(tn_leader(b->sha, 1, down, 0, &index), TN_EINVAL, "nobody");
	is_int(tn_producer(b->sha, &tip, 1, 0, &index), TN_EINVAL, "no producer");
	is_uint(index, 77, "and nothing was written");
}

int main(int argc, char **argv)
{
	struct bed b = { tn_sha_create(), tn_arena_create(0) };
	struct json_file f;

	if (!b.sha || !b.arena)
		bail_out("no memory");
	json_file_open(&f, "hashes.json", argc, argv);
	json_file_each(&f, "sha256", 4, check_sha256, &b);
	json_file_each(&f, "encodings", 16, check_encoding, &b);
	json_file_each(&f, "transactions", 11, check_tx, &b);
	json_file_each(&f, "headers", 5, check_header, &b);
	json_file_each(&f, "blocks", 5, check_block, &b);
	json_file_each(&f, "merkle", 8, check_merkle, &b);
	json_file_each(&f, "genesis", 2, check_genesis, &b);
	json_file_each(&f, "utxo_set_hash", 6, check_coinset, &b);
	json_file_each(&f, "bft_leader", 7, check_leader, &b);
	json_file_each(&f, "block_producer", 3, check_producer, &b);
	refusals(&b);
	json_file_close(&f);
	tn_sha_free(b.sha);
	tn_arena_unref(b.arena);
	return done_testing();
}
