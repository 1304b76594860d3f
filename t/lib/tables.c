/* SPDX-License-Identifier: MIT
 * t/lib/tables.c - bodies of all 47 messages for the tests
 */
#include "lib/tables.h"

#include <string.h>

/* clang-format off */
#define TABLE(T, shape, ...) static const struct tn_schema T##_table = \
	TN_SCHEMA(struct T, shape, __VA_ARGS__)
#define F(T, m) TN_FIELD(struct T, m)
#define L(T, m) TN_LISTOF(struct T, m##s, &m##_table, 0)

struct hash { struct tn_hash hash; };
TABLE(hash, TN_PLAIN, F(hash, hash));
struct height { uint64_t height; };
TABLE(height, TN_PLAIN, F(height, height));
struct range { uint64_t start_height, end_height; };
TABLE(range, TN_TUPLE, F(range, start_height), F(range, end_height));
static const struct tn_schema range_record = TN_SCHEMA(struct range, TN_RECORD,
	F(range, start_height), F(range, end_height));

struct outpoint { struct tn_hash txid; uint32_t vout; };
TABLE(outpoint, TN_RECORD, F(outpoint, txid), F(outpoint, vout));
struct outpoints { TN_LIST(struct outpoint) outpoints; };
TABLE(outpoints, TN_PLAIN, L(outpoints, outpoint));
struct input { struct outpoint previous_output; struct tn_bytes script_sig; uint32_t sequence; };
TABLE(input, TN_RECORD, TN_SUB(struct input, previous_output, &outpoint_table),
	F(input, script_sig), F(input, sequence));
struct output { uint64_t value; struct tn_bytes script_pubkey; };
TABLE(output, TN_RECORD, F(output, value), F(output, script_pubkey));
struct tx { uint32_t version; TN_LIST(struct input) inputs; TN_LIST(struct output) outputs;
	uint32_t lock_time; int64_t timestamp; };
TABLE(tx, TN_RECORD, F(tx, version), L(tx, input), L(tx, output), F(tx, lock_time),
	F(tx, timestamp));
struct txs { TN_LIST(struct tx) txs; };
TABLE(txs, TN_PLAIN, L(txs, tx));

struct header { uint32_t version; uint64_t height; struct tn_hash previous_hash, merkle_root;
	int64_t timestamp; uint64_t block_reward; };
TABLE(header, TN_RECORD, F(header, version), F(header, height), F(header, previous_hash),
	F(header, merkle_root), F(header, timestamp), F(header, block_reward));
struct reward { struct tn_str address; uint64_t amount; };
TABLE(reward, TN_TUPLE, F(reward, address), F(reward, amount));
struct block { struct header header; TN_LIST(struct tx) transactions;
	TN_LIST(struct reward) masternode_rewards; };
TABLE(block, TN_RECORD, TN_SUB(struct block, header, &header_table),
	TN_LISTOF(struct block, transactions, &tx_table, 0),
	TN_LISTOF(struct block, masternode_rewards, &reward_table, 0));
struct blocks { TN_LIST(struct block) blocks; };
TABLE(blocks, TN_PLAIN, L(blocks, block));

struct vote { struct tn_hash txid; struct tn_str voter; bool approve; int64_t timestamp;
	struct tn_sig signature; };
TABLE(vote, TN_RECORD, F(vote, txid), F(vote, voter), F(vote, approve), F(vote, timestamp),
	F(vote, signature));
struct finalized { struct tn_hash txid; uint32_t votes; };
TABLE(finalized, TN_RECORD, F(finalized, txid), F(finalized, votes));
struct rejected { struct tn_hash txid; struct tn_str reason; };
TABLE(rejected, TN_RECORD, F(rejected, txid), F(rejected, reason));

struct locked { struct tn_hash txid; int64_t locked_at; };
TABLE(locked, TN_RECORD, F(locked, txid), F(locked, locked_at));
struct pending { struct tn_hash txid; uint32_t votes, total_nodes; int64_t spent_at; };
TABLE(pending, TN_RECORD, F(pending, txid), F(pending, votes), F(pending, total_nodes),
	F(pending, spent_at));
struct spent { struct tn_hash txid; int64_t finalized_at; uint32_t votes; };
TABLE(spent, TN_RECORD, F(spent, txid), F(spent, finalized_at), F(spent, votes));
struct confirmed { struct tn_hash txid; uint64_t block_height; int64_t confirmed_at; };
TABLE(confirmed, TN_RECORD, F(confirmed, txid), F(confirmed, block_height),
	F(confirmed, confirmed_at));
struct state { uint32_t tag; union { struct locked locked; struct pending pending;
	struct spent spent; struct confirmed confirmed; } u; };
static const struct tn_schema state_table = TN_CHOICE_SCHEMA(struct state, tag,
	TN_ALT_UNIT("Unspent"),
	TN_ALT(struct state, "Locked", u.locked, &locked_table),
	TN_ALT(struct state, "SpentPending", u.pending, &pending_table),
	TN_ALT(struct state, "SpentFinalized", u.spent, &spent_table),
	TN_ALT(struct state, "Confirmed", u.confirmed, &confirmed_table));
struct pair { struct outpoint outpoint; struct state state; };
TABLE(pair, TN_TUPLE, TN_SUB(struct pair, outpoint, &outpoint_table),
	TN_SUB(struct pair, state, &state_table));
static const struct tn_schema update_table = TN_SCHEMA(struct pair, TN_RECORD,
	TN_SUB(struct pair, outpoint, &outpoint_table), TN_SUB(struct pair, state, &state_table));
struct pairs { TN_LIST(struct pair) pairs; };
TABLE(pairs, TN_PLAIN, L(pairs, pair));
struct change { struct outpoint outpoint; struct state new_state; int64_t timestamp; };
TABLE(change, TN_RECORD, TN_SUB(struct change, outpoint, &outpoint_table),
	TN_SUB(struct change, new_state, &state_table), F(change, timestamp));
struct subscribe { struct tn_str id; TN_LIST(struct tn_str) addresses;
	TN_LIST(struct outpoint) outpoints; };
TABLE(subscribe, TN_RECORD, F(subscribe, id),
	TN_LISTOF(struct subscribe, addresses, &tn_schema_string, 0), L(subscribe, outpoint));
struct text { struct tn_str text; };
TABLE(text, TN_PLAIN, TN_FIELD_MAX(struct text, text, 1 << 20));
struct utxo { struct outpoint outpoint; uint64_t value; struct tn_bytes script_pubkey;
	struct tn_str address; };
TABLE(utxo, TN_RECORD, TN_SUB(struct utxo, outpoint, &outpoint_table), F(utxo, value),
	F(utxo, script_pubkey), F(utxo, address));
struct utxos { TN_LIST(struct utxo) utxos; };
TABLE(utxos, TN_PLAIN, L(utxos, utxo));
struct sethash { struct tn_hash hash; uint64_t height, utxo_count; };
TABLE(sethash, TN_RECORD, F(sethash, hash), F(sethash, height), F(sethash, utxo_count));

struct tier { uint32_t tag; };
static const struct tn_schema tier_table = TN_CHOICE_SCHEMA(struct tier, tag,
	TN_ALT_UNIT("Free"), TN_ALT_UNIT("Bronze"), TN_ALT_UNIT("Silver"), TN_ALT_UNIT("Gold"));
struct node { struct tn_str address, reward_address; struct tier tier; struct tn_key public_key; };
TABLE(node, TN_RECORD, F(node, address), F(node, reward_address),
	TN_SUB(struct node, tier, &tier_table), F(node, public_key));
struct nodes { TN_LIST(struct node) nodes; };
TABLE(nodes, TN_PLAIN, L(nodes, node));
struct beat { struct tn_str masternode_address; uint64_t sequence_number; int64_t timestamp;
	struct tn_key masternode_pubkey; struct tn_sig signature; };
TABLE(beat, TN_RECORD, F(beat, masternode_address), F(beat, sequence_number), F(beat, timestamp),
	F(beat, masternode_pubkey), F(beat, signature));
struct witness { struct tn_hash heartbeat_hash; struct tn_str witness_address;
	struct tn_key witness_pubkey; int64_t witness_timestamp; struct tn_sig signature; };
TABLE(witness, TN_RECORD, F(witness, heartbeat_hash), F(witness, witness_address),
	F(witness, witness_pubkey), F(witness, witness_timestamp), F(witness, signature));

struct maybe_hash { uint64_t height; struct tn_hash hash; bool has_hash; };
TABLE(maybe_hash, TN_RECORD, F(maybe_hash, height),
	TN_FIELD_IF(struct maybe_hash, hash, 0, has_hash, TN_F_NULL));
struct query { uint64_t height; struct tn_hash block_hash; };
TABLE(query, TN_RECORD, F(query, height), F(query, block_hash));
struct answer { bool agrees; uint64_t height; struct tn_hash their_hash; };
TABLE(answer, TN_RECORD, F(answer, agrees), F(answer, height), F(answer, their_hash));
struct proposal { struct block block; struct tn_str proposer; struct tn_bytes signature;
	uint64_t round; };
TABLE(proposal, TN_RECORD, TN_SUB(struct proposal, block, &block_table), F(proposal, proposer),
	F(proposal, signature), F(proposal, round));
struct block_vote { struct tn_hash block_hash; uint64_t height; struct tn_str voter;
	struct tn_bytes signature; bool approve; };
TABLE(block_vote, TN_RECORD, F(block_vote, block_hash), F(block_vote, height),
	F(block_vote, voter), F(block_vote, signature), F(block_vote, approve));
struct signer { struct tn_str voter; struct tn_bytes signature; };
TABLE(signer, TN_TUPLE, F(signer, voter), F(signer, signature));
struct commit { struct tn_hash block_hash; uint64_t height; TN_LIST(struct signer) signatures; };
TABLE(commit, TN_RECORD, F(commit, block_hash), F(commit, height),
	TN_LISTOF(struct commit, signatures, &signer_table, 0));

const struct tn_schema everything_table = TN_SCHEMA(struct everything, TN_RECORD,
	F(everything, flag), F(everything, small), F(everything, word), F(everything, big),
	F(everything, number), F(everything, text), F(everything, blob), F(everything, hash),
	F(everything, key), F(everything, addr),
	TN_FIELD_IF(struct everything, maybe, 0, has_maybe, TN_F_NULL),
	TN_LISTOF_IF(struct everything, names, &tn_schema_word, 3, has_names, TN_F_NULL),
	TN_FIELD_IF(struct everything, extra, 0, has_extra, TN_F_EXT),
	TN_LISTOF_IF(struct everything, extras, &tn_schema_string, 0, has_extras, TN_F_EXT));
/* clang-format on */

static const struct {
	const char *name;
	const struct tn_schema *table;
} extra[] = {
	{ "GenesisHashResponse", &hash_table },
	{ "BlockHeightResponse", &height_table },
	{ "GetBlocks", &range_table },
	{ "BlocksResponse", &blocks_table },
	{ "TransactionBroadcast", &tx_table },
	{ "TransactionVoteRequest", &hash_table },
	{ "TransactionVote", &vote_table },
	{ "TransactionFinalized", &finalized_table },
	{ "TransactionRejected", &rejected_table },
	{ "UTXOStateQuery", &outpoints_table },
	{ "UTXOStateResponse", &pairs_table },
	{ "UTXOStateNotification", &change_table },
	{ "UTXOStateUpdate", &update_table },
	{ "Subscribe", &subscribe_table },
	{ "Unsubscribe", &text_table },
	{ "BlockAnnouncement", &block_table },
	{ "BlockRequest", &height_table },
	{ "BlockResponse", &block_table },
	{ "UTXOSetResponse", &utxos_table },
	{ "UTXOStateHashResponse", &sethash_table },
	{ "MasternodeAnnouncement", &node_table },
	{ "MasternodesResponse", &nodes_table },
	{ "PendingTransactionsResponse", &txs_table },
	{ "HeartbeatBroadcast", &beat_table },
	{ "HeartbeatAttestation", &witness_table },
	{ "GetBlockHash", &height_table },
	{ "BlockHashResponse", &maybe_hash_table },
	{ "ConsensusQuery", &query_table },
	{ "ConsensusQueryResponse", &answer_table },
	{ "GetBlockRange", &range_record },
	{ "BlockRangeResponse", &blocks_table },
	{ "BlockProposal", &proposal_table },
	{ "BlockVote", &block_vote_table },
	{ "BlockCommit", &commit_table },
};

const struct tn_schema *table_for(unsigned index)
{
	const struct tn_schema *own = tn_message_schema(index);
	const char *name = tn_message_name(index);
	size_t i;

	for (i = 0; !own && name && i < sizeof extra / sizeof extra[0]; i++)
		if (strcmp(extra[i].name, name) == 0)
			own = extra[i].table;
	return own;
}
