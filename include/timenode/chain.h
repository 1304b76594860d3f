/* SPDX-License-Identifier: MIT
 * timenode/chain.h - hashes, keys, signed byte strings, addresses, wallets, rules
 *
 * Part of libtimenode (lib/chain); doc/protocol.md 9. Pure functions: no
 * clock, no random numbers, no network; only tn_wallet_load and tn_wallet_save touch a file.
 * What is hashed is the value, so two lines that read alike hash alike. Amounts are
 * satoshis; every sum and product is checked and TN_EBAD when it does not fit 64 bits.
 *
 * Hashing goes through a struct tn_sha, which one thread uses at a time. Whatever takes one
 * gives 0, or TN_ENOMEM and an untouched result: a value is never hashed in part.
 */
#ifndef TIMENODE_CHAIN_H
#define TIMENODE_CHAIN_H

#include "timenode/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- SHA-256: libcrypto's, fetched once and the context used again */

struct tn_sha;

TN_API struct tn_sha *tn_sha_create(void); /* NULL without memory or without SHA-256 */
TN_API void tn_sha_free(struct tn_sha *s); /* NULL is fine */

/* The digest of n bytes. */
TN_API int tn_sha256(struct tn_sha *s, const void *p, size_t n, struct tn_hash *out);

/* The same in pieces: begin, any number of adds, end. A failure on the way shows at end. */
TN_API void tn_sha_begin(struct tn_sha *s);
TN_API void tn_sha_add(struct tn_sha *s, const void *p, size_t n);
TN_API int tn_sha_end(struct tn_sha *s, struct tn_hash *out);

/* The digest of a value's bincode. Takes as much memory as the longest bincode so far,
 * given back when that was more than 1 MiB.
 */
TN_API int tn_sha_value(struct tn_sha *s, const struct tn_schema *schema, const void *value,
			struct tn_hash *out);

/* ---- networks */

struct tn_network {
	const char *name;       /* "mainnet", "testnet", "private" */
	int64_t genesis_time;   /* Unix seconds; the caller sets a private network's */
	uint64_t genesis_value; /* what the genesis coinbase pays */
	uint32_t slot_s;        /* seconds from block to block */
	uint32_t wallet_index;  /* in wallet files */
	uint16_t p2p_port;
	char digit; /* of addresses */
};

/* 0 or TN_ENOENT: one of the three names, nothing else. */
TN_API int tn_network_find(const char *name, struct tn_network *out);

/* Time of the block at a height: genesis time + height * slot. 0 or TN_EBAD. */
TN_API int tn_slot_time(const struct tn_network *net, uint64_t height, int64_t *out);

/* Height whose slot holds that time; 0 before genesis. */
TN_API uint64_t tn_slot_at(const struct tn_network *net, int64_t time);

/* The genesis block, in the arena. 0 or TN_ENOMEM. */
TN_API int tn_genesis(struct tn_sha *s, const struct tn_network *net, struct tn_arena *a,
		      const struct tn_block **out);

/* ---- hashes: doc/protocol.md 9.1 */

TN_API int tn_txid(struct tn_sha *s, const struct tn_tx *tx, struct tn_hash *out);
TN_API int tn_block_hash(struct tn_sha *s, const struct tn_header *h, struct tn_hash *out);

/* What the reference's getblock command prints as hash; not the block's hash. */
TN_API int tn_block_rpc_hash(struct tn_sha *s, const struct tn_header *h, struct tn_hash *out);

/* Root over leaves in the given order. An odd last node is paired with itself, so a list
 * and the same list with its end repeated can have one root: look at the txids too.
 */
TN_API int tn_merkle_root(struct tn_sha *s, const struct tn_hash *leaf, size_t n,
			  struct tn_hash *out);

/* Root over the txids of all its transactions. */
TN_API int tn_block_merkle(struct tn_sha *s, const struct tn_block *b, struct tn_hash *out);

/* Order of the UTXO-set hash: by the text hex(txid):vout, so that 10 comes before 2.
 * < 0, 0, > 0.
 */
TN_API int tn_outpoint_cmp_text(const struct tn_outpoint *a, const struct tn_outpoint *b);

/* UTXO-set hash of coins in any order. TN_EBAD if an outpoint comes twice. */
TN_API int tn_coinset_hash(struct tn_sha *s, const struct tn_utxo *coin, size_t n,
			   struct tn_hash *out);

/* The same of coins that come in that order: tn_sha_begin, this for each, tn_sha_end. */
TN_API void tn_coinset_add(struct tn_sha *s, const struct tn_utxo *coin);

/* ---- who makes a block: doc/protocol.md 9.1 */

/* Sorts texts byte by byte, a prefix first. */
TN_API void tn_texts_sort(struct tn_str *text, size_t n);

/* Leader at a height among masternode addresses: *index into the list, which must be sorted
 * and have no address twice. TN_EINVAL if it is not, or is empty.
 */
TN_API int tn_leader(struct tn_sha *s, uint64_t height, const struct tn_str *address, size_t n,
		     size_t *index);

/* The reference's other rule, of the slot's producer: *index below n. TN_EINVAL for n = 0. */
TN_API int tn_producer(struct tn_sha *s, const struct tn_hash *tip, uint64_t height, size_t n,
		       size_t *index);

/* ---- amounts: 1 TIME is 100,000,000 satoshis */

#define TN_COIN UINT64_C(100000000)
#define TN_AMOUNT_TEXT 24 /* room for 184467440737.09551615 and NUL */

/* "12.50000000"; always eight decimals. Returns buf. */
TN_API const char *tn_amount_text(uint64_t amount, char buf[TN_AMOUNT_TEXT]);

/* Digits, and at most eight decimals behind a point. 0, TN_EINVAL, or TN_EBAD beyond u64. */
TN_API int tn_amount_parse(uint64_t *out, const char *text, size_t n);

/* ---- rewards */

#define TN_BASE_REWARD (100 * TN_COIN)
#define TN_REWARD_TOLERANCE (TN_COIN / 100)

TN_API uint64_t tn_tier_weight(uint32_t tier);     /* 0: no such tier */
TN_API uint64_t tn_tier_collateral(uint32_t tier); /* in satoshis */

/* Splits total by weight: share[i] = floor(total * weight[i] / all weights); *rest, below n,
 * goes to nobody. share may be weight. TN_EINVAL when all weights are 0 (n = 0 too),
 * TN_EBAD on overflow; nothing is written then.
 */
TN_API int tn_reward_split(uint64_t total, const uint64_t *weight, size_t n, uint64_t *share,
			   uint64_t *rest);

/* The coinbase that pays a block's reward list, in the arena; scripts borrow the addresses. */
TN_API int tn_coinbase(const struct tn_reward *reward, uint32_t n, int64_t time, struct tn_arena *a,
		       struct tn_tx *out);

/* Does the list add up to what the reference stores: 100 TIME within 0.01? */
TN_API bool tn_rewards_old_ok(const struct tn_reward *reward, size_t n);

/* ---- transactions */

#define TN_TX_BYTES 1000000    /* of bincode */
#define TN_BLOCK_BYTES 2000000 /* of bincode */
#define TN_DUST 546
#define TN_FEE_MIN 1000

/* max(1000, a thousandth of what is paid out). */
TN_API uint64_t tn_fee_min(uint64_t outputs);

/* Sum of the outputs. 0 or TN_EBAD. */
TN_API int tn_tx_outputs(const struct tn_tx *tx, uint64_t *sum);

/* All that a transaction shows by itself: it has inputs and none twice, at most TN_TX_BYTES,
 * outputs of 0 or TN_DUST and more, a sum that fits. Not for a coinbase. 0, TN_ENOMEM, or
 * TN_EBAD with the reason. (The reference lets an input come twice.)
 */
TN_API int tn_tx_check(const struct tn_tx *tx, struct tn_error *err);

/* Its fee, given the sum of the coins it spends: 0, or TN_EBAD with the reason when it
 * pays out more than it spends or the fee is below tn_fee_min.
 */
TN_API int tn_tx_fee(const struct tn_tx *tx, uint64_t inputs, uint64_t *fee, struct tn_error *err);

/* Does the reference store a block with it: at most 1 TIME paid out for each input? */
TN_API bool tn_tx_old_ok(const struct tn_tx *tx);

/* ---- keys: Ed25519 (RFC 8032), no prehash, no context; doc/protocol.md 9.2
 *
 * Agreement must not split on a signature, so tn_verify takes exactly what the reference
 * takes, whatever version of libsodium is below: s is canonical, the key decodes, and
 * [s]B - [k]A, written canonically, equals the bytes of R. Keys and R of small order, keys
 * of mixed order and keys that are not canonical are judged by that equation alone; libsodium
 * refuses some of them out of hand. An ordinary signature costs one libsodium verification,
 * one of those odd ones up to 20 times that: rate them like bad ones.
 *
 * A key of small order fits many messages at once. Where ownership hangs on a key, use
 * tn_verify_strict, which refuses small order and what is not canonical besides.
 */

struct tn_secret {
	uint8_t seed[32];
	struct tn_key key; /* derived */
};

/* From 32 random bytes. */
TN_API void tn_secret_from_seed(struct tn_secret *out, const uint8_t seed[32]);
TN_API void tn_secret_wipe(struct tn_secret *s);

/* Deterministic. The key in s must be that of its seed. */
TN_API void tn_sign(const struct tn_secret *s, const void *msg, size_t n, struct tn_sig *out);

TN_API bool tn_verify(const struct tn_key *key, const void *msg, size_t n,
		      const struct tn_sig *sig);
TN_API bool tn_verify_strict(const struct tn_key *key, const void *msg, size_t n,
			     const struct tn_sig *sig);

struct tn_check { /* one of many */
	const struct tn_key *key;
	const struct tn_sig *sig;
	struct tn_view msg;
};

/* Each of them as tn_verify does; good[i] says how it went. Returns how many are good.
 * Touches nothing but its arguments: a job for a pool.
 */
TN_API size_t tn_verify_many(const struct tn_check *check, size_t n, bool *good);

/* The same as one job for the pool (tn_work in host.h). copy: `check` and all that it points
 * to go into the arena, which is the job's `keep`; *out is its `in`, and n bools its `out`.
 * 0 or TN_ENOMEM. run: what the job calls.
 */
struct tn_checks {
	const struct tn_check *check;
	size_t n;
};
TN_API int tn_checks_copy(struct tn_arena *a, const struct tn_check *check, size_t n,
			  struct tn_checks *out);
TN_API void tn_checks_run(const void *in, void *out);

/* Does the reference read these bytes as a key? Any y with a point on the curve, taken
 * modulo 2^255 - 19. JSON and bincode readers refuse the others.
 */
TN_API bool tn_key_decodes(const struct tn_key *key);

/* ---- what is signed: doc/protocol.md 9.2. Functions with buf and room return the size
 * needed and write nothing beyond room.
 */

#define TN_BLOCK_VOTE_BYTES 33
#define TN_SPEND_BYTES 68
#define TN_SCRIPT_SIG_BYTES 96

/* Digests: the message is these 32 bytes. */
TN_API int tn_signed_heartbeat(struct tn_sha *s, const struct tn_heartbeat *h, struct tn_hash *out);
TN_API int tn_signed_attestation(struct tn_sha *s, const struct tn_attestation *t,
				 struct tn_hash *out);

/* Of a claim with the optional fields; network: its name. */
TN_API int tn_signed_announcement(struct tn_sha *s, const char *network,
				  const struct tn_announcement *a, struct tn_hash *out);

/* What an attestation names; not signed itself. */
TN_API int tn_heartbeat_hash(struct tn_sha *s, const struct tn_heartbeat *h, struct tn_hash *out);

/* A vote on a transaction: txid, voter, 1 or 0, time. Not hashed. */
TN_API size_t tn_signed_vote(const struct tn_vote *v, uint8_t *buf, size_t room);

/* A vote on a block: hash, 1 or 0. A commit lists such signatures of approvals. A proposal
 * signs the bare block hash. Neither says for whom, for what height or round.
 */
TN_API void tn_signed_block_vote(const struct tn_hash *block, bool approve,
				 uint8_t out[TN_BLOCK_VOTE_BYTES]);

/* The signed envelope, which nobody sends: bincode of the whole message, then the time.
 * index: of the message's name, below TN_MESSAGES; 0 bytes for another.
 */
TN_API size_t tn_signed_envelope(unsigned index, const void *body, int64_t time, uint8_t *buf,
				 size_t room);

/* Sign in place; those with a key member set that too. 0 or TN_ENOMEM. */
TN_API int tn_heartbeat_sign(struct tn_sha *s, const struct tn_secret *k, struct tn_heartbeat *h);
TN_API int tn_attestation_sign(struct tn_sha *s, const struct tn_secret *k,
			       struct tn_attestation *t);
TN_API int tn_vote_sign(const struct tn_secret *k, struct tn_vote *v);
TN_API int tn_announcement_sign(struct tn_sha *s, const struct tn_secret *k, const char *network,
				struct tn_announcement *a); /* its time is set already */

/* Check by the key inside, or by the voter's. 0, TN_EBAD (does not fit), TN_ENOMEM. */
TN_API int tn_heartbeat_verify(struct tn_sha *s, const struct tn_heartbeat *h);
TN_API int tn_attestation_verify(struct tn_sha *s, const struct tn_attestation *t);
TN_API int tn_vote_verify(const struct tn_key *key, const struct tn_vote *v);

/* Strict: a name hangs on it. TN_EBAD also without time or signature, or with half a coin. */
TN_API int tn_announcement_verify(struct tn_sha *s, const char *network,
				  const struct tn_announcement *a);

/* The signature of a block vote as it stands on the wire: any number of bytes, of which
 * only 64 can fit; of none, 64 zeros, nobody is the author.
 */
TN_API bool tn_block_vote_verify(const struct tn_key *key, const struct tn_hash *block,
				 bool approve, struct tn_bytes sig);

/* ---- spending a coin: script_sig = key, signature; the coin's script is
 * the text of the key's address. All inputs sign the same but for their number.
 */

/* TN_EINVAL when there is no such input. */
TN_API int tn_signed_spend(struct tn_sha *s, const struct tn_tx *tx, uint32_t input,
			   uint8_t out[TN_SPEND_BYTES]);
TN_API int tn_spend_sign(struct tn_sha *s, const struct tn_secret *k, const struct tn_tx *tx,
			 uint32_t input, uint8_t out[TN_SCRIPT_SIG_BYTES]);

/* Strict. coin: the script_pubkey of the coin that the input names. 0, or TN_EBAD with the
 * reason.
 */
TN_API int tn_spend_verify(struct tn_sha *s, const struct tn_tx *tx, uint32_t input,
			   struct tn_bytes coin, struct tn_error *err);

/* ---- addresses: "TIME", a digit for the network, base58 of 20 bytes of
 * the key's hash and a checksum (doc/protocol.md 9.3). The digit is not under the checksum.
 */

#define TN_ADDRESS_PAYLOAD 20
#define TN_ADDRESS_TEXT 40 /* room for the longest and NUL; most have 38 characters */

TN_API int tn_address_payload(struct tn_sha *s, const struct tn_key *key,
			      uint8_t out[TN_ADDRESS_PAYLOAD]);
TN_API int tn_address_text(struct tn_sha *s, char digit, const uint8_t payload[TN_ADDRESS_PAYLOAD],
			   char buf[TN_ADDRESS_TEXT]);
TN_API int tn_address_of_key(struct tn_sha *s, char digit, const struct tn_key *key,
			     char buf[TN_ADDRESS_TEXT]);

/* Exactly the texts that tn_address_text makes. The reference's own decoder takes 33 bytes
 * only, which its addresses hardly ever have, and is not on the path of any message.
 * 0, or TN_EBAD with one of: prefix, network digit, not base58, not 24 bytes, bad checksum.
 */
TN_API int tn_address_parse(struct tn_sha *s, const char *text, size_t n, char *digit,
			    uint8_t payload[TN_ADDRESS_PAYLOAD], struct tn_error *err);

/* ---- the wallet file, time-wallet.dat, not encrypted: doc/protocol.md 9.3 */

#define TN_WALLET_LABEL 255
#define TN_WALLET_BYTES 512 /* no wallet is longer */

struct tn_wallet {
	struct tn_secret secret;
	int64_t created_at; /* Unix seconds */
	char address[TN_ADDRESS_TEXT];
	char label[TN_WALLET_LABEL + 1]; /* UTF-8 */
	uint32_t network;                /* wallet_index of its network */
	bool has_label;
};

/* A wallet of that seed. label NULL: none. TN_EINVAL for a label too long or not UTF-8. */
TN_API int tn_wallet_make(struct tn_sha *s, const struct tn_network *net, const uint8_t seed[32],
			  int64_t created_at, const char *label, struct tn_wallet *out);

/* Bytes of the file. Returns the size needed. */
TN_API size_t tn_wallet_write(const struct tn_wallet *w, uint8_t *buf, size_t room);

/* Reads what the reference writes and trusts none of it: key and address must be those of
 * the seed, the network that of `net` (the private one shares testnet's number), nothing
 * behind the end. 0, or TN_EBAD with the reason; *out is then wiped.
 */
TN_API int tn_wallet_read(struct tn_sha *s, const struct tn_network *net, struct tn_view in,
			  struct tn_wallet *out, struct tn_error *err);

/* The file. Codes of tn_file_read and tn_wallet_read. */
TN_API int tn_wallet_load(struct tn_sha *s, const struct tn_network *net, const char *path,
			  struct tn_wallet *out, struct tn_error *err);

/* Writes it with mode 0600, durably, in one step. TN_EBUSY if there is anything of that name:
 * a key is never overwritten. Codes of tn_file_create.
 */
TN_API int tn_wallet_save(const struct tn_wallet *w, const char *path, struct tn_error *err);

TN_API void tn_wallet_wipe(struct tn_wallet *w);

#ifdef __cplusplus
}
#endif
#endif
