/* SPDX-License-Identifier: MIT
 * lib/wire/messages.c - the 47 names of the wire with the tables of their bodies
 */
#include <string.h>

#include "timenode/wire.h"

enum { SLOTS = 128, SHORTEST = 3 };

/* clang-format off */
#define M(name, body) { name, sizeof name - 1, body }
static const struct {
	const char *name;
	size_t n;
	const struct tn_schema *body;
} message[TN_MESSAGES] = {
	M("GetGenesisHash", &tn_schema_unit),
	M("GenesisHashResponse", &tn_wire_hash),
	M("GetBlockHeight", &tn_schema_unit),
	M("BlockHeightResponse", &tn_wire_height),
	M("GetBlocks", &tn_wire_range),
	M("BlocksResponse", &tn_wire_blocks),
	M("Handshake", &tn_wire_handshake),
	M("Ack", &tn_wire_ack),
	M("TransactionBroadcast", &tn_wire_tx),
	M("TransactionVoteRequest", &tn_wire_hash),
	M("TransactionVote", &tn_wire_vote),
	M("TransactionFinalized", &tn_wire_tx_finalized),
	M("TransactionRejected", &tn_wire_tx_rejected),
	M("UTXOStateQuery", &tn_wire_outpoints),
	M("UTXOStateResponse", &tn_wire_coin_states),
	M("UTXOStateNotification", &tn_wire_coin_change),
	M("UTXOStateUpdate", &tn_wire_coin_state),
	M("Subscribe", &tn_wire_subscription),
	M("Unsubscribe", &tn_wire_text),
	M("BlockAnnouncement", &tn_wire_block),
	M("BlockRequest", &tn_wire_height),
	M("BlockResponse", &tn_wire_block),
	M("GetUTXOSet", &tn_schema_unit),
	M("UTXOSetResponse", &tn_wire_utxos),
	M("GetUTXOStateHash", &tn_schema_unit),
	M("UTXOStateHashResponse", &tn_wire_utxo_set_hash),
	M("MasternodeAnnouncement", &tn_wire_announcement),
	M("GetMasternodes", &tn_schema_unit),
	M("MasternodesResponse", &tn_wire_announcements),
	M("Version", &tn_wire_version),
	M("Ping", &tn_wire_ping),
	M("Pong", &tn_wire_ping),
	M("GetPendingTransactions", &tn_schema_unit),
	M("PendingTransactionsResponse", &tn_wire_txs),
	M("GetPeers", &tn_schema_unit),
	M("PeersResponse", &tn_wire_peers),
	M("HeartbeatBroadcast", &tn_wire_heartbeat),
	M("HeartbeatAttestation", &tn_wire_attestation),
	M("GetBlockHash", &tn_wire_height),
	M("BlockHashResponse", &tn_wire_block_hash_at),
	M("ConsensusQuery", &tn_wire_consensus_query),
	M("ConsensusQueryResponse", &tn_wire_consensus_answer),
	M("GetBlockRange", &tn_wire_block_range),
	M("BlockRangeResponse", &tn_wire_blocks),
	M("BlockProposal", &tn_wire_block_proposal),
	M("BlockVote", &tn_wire_block_vote),
	M("BlockCommit", &tn_wire_block_commit),
};

/* Which name is at the place that place() makes of it; TN_MESSAGES: none. */
static const uint8_t slot[SLOTS] = {
	47, 47, 47, 8, 47, 47, 47, 47, 47, 11, 47, 12, 47, 47, 47, 47,
	47, 47, 29, 47, 47, 47, 28, 47, 47, 30, 6, 47, 19, 46, 33, 20,
	24, 47, 47, 47, 47, 39, 47, 47, 47, 47, 13, 47, 47, 47, 38, 21,
	47, 47, 47, 44, 47, 2, 47, 47, 47, 47, 10, 47, 36, 47, 1, 5,
	47, 47, 47, 47, 47, 3, 47, 47, 4, 47, 47, 47, 47, 47, 22, 47,
	47, 47, 47, 47, 47, 32, 18, 47, 7, 47, 47, 31, 47, 47, 47, 25,
	41, 26, 35, 17, 47, 40, 47, 14, 47, 47, 47, 47, 47, 47, 0, 15,
	16, 23, 47, 9, 37, 47, 45, 34, 27, 47, 42, 47, 47, 47, 47, 43,
};
/* clang-format on */

/* Another number for each name of the wire: the factors were searched for. */
static unsigned place(const char *name, size_t n)
{
	const uint8_t *c = (const uint8_t *)name;

	return ((unsigned)n * 16u + c[n / 2] * 18u + c[n - 2] * 27u + c[1] * 11u) % SLOTS;
}

int tn_message_find(const char *name, size_t n)
{
	unsigned at;

	if (n < SHORTEST || n > TN_NAME_MAX)
		return TN_ENOENT;
	at = slot[place(name, n)];
	if (at == TN_MESSAGES || message[at].n != n || memcmp(message[at].name, name, n) != 0)
		return TN_ENOENT;
	return (int)at;
}

const char *tn_message_name(unsigned index)
{
	return index < TN_MESSAGES ? message[index].name : NULL;
}

const struct tn_schema *tn_message_schema(unsigned index)
{
	return index < TN_MESSAGES ? message[index].body : NULL;
}
