/* SPDX-License-Identifier: MIT
 * lib/wire/messages.c - the 47 names of the wire with the tables of their bodies
 */
#include <string.h>

#include "timenode/wire.h"

/* clang-format off */
static const struct {
	const char *name;
	const struct tn_schema *body;
} message[TN_MESSAGES] = {
	{ "GetGenesisHash", &tn_schema_unit },
	{ "GenesisHashResponse", &tn_wire_hash },
	{ "GetBlockHeight", &tn_schema_unit },
	{ "BlockHeightResponse", &tn_wire_height },
	{ "GetBlocks", &tn_wire_range },
	{ "BlocksResponse", &tn_wire_blocks },
	{ "Handshake", &tn_wire_handshake },
	{ "Ack", &tn_wire_ack },
	{ "TransactionBroadcast", &tn_wire_tx },
	{ "TransactionVoteRequest", &tn_wire_hash },
	{ "TransactionVote", &tn_wire_vote },
	{ "TransactionFinalized", &tn_wire_tx_finalized },
	{ "TransactionRejected", &tn_wire_tx_rejected },
	{ "UTXOStateQuery", &tn_wire_outpoints },
	{ "UTXOStateResponse", &tn_wire_coin_states },
	{ "UTXOStateNotification", &tn_wire_coin_change },
	{ "UTXOStateUpdate", &tn_wire_coin_state },
	{ "Subscribe", &tn_wire_subscription },
	{ "Unsubscribe", &tn_wire_text },
	{ "BlockAnnouncement", &tn_wire_block },
	{ "BlockRequest", &tn_wire_height },
	{ "BlockResponse", &tn_wire_block },
	{ "GetUTXOSet", &tn_schema_unit },
	{ "UTXOSetResponse", &tn_wire_utxos },
	{ "GetUTXOStateHash", &tn_schema_unit },
	{ "UTXOStateHashResponse", &tn_wire_utxo_set_hash },
	{ "MasternodeAnnouncement", &tn_wire_announcement },
	{ "GetMasternodes", &tn_schema_unit },
	{ "MasternodesResponse", &tn_wire_announcements },
	{ "Version", &tn_wire_version },
	{ "Ping", &tn_wire_ping },
	{ "Pong", &tn_wire_ping },
	{ "GetPendingTransactions", &tn_schema_unit },
	{ "PendingTransactionsResponse", &tn_wire_txs },
	{ "GetPeers", &tn_schema_unit },
	{ "PeersResponse", &tn_wire_peers },
	{ "HeartbeatBroadcast", &tn_wire_heartbeat },
	{ "HeartbeatAttestation", &tn_wire_attestation },
	{ "GetBlockHash", &tn_wire_height },
	{ "BlockHashResponse", &tn_wire_block_hash_at },
	{ "ConsensusQuery", &tn_wire_consensus_query },
	{ "ConsensusQueryResponse", &tn_wire_consensus_answer },
	{ "GetBlockRange", &tn_wire_block_range },
	{ "BlockRangeResponse", &tn_wire_blocks },
	{ "BlockProposal", &tn_wire_block_proposal },
	{ "BlockVote", &tn_wire_block_vote },
	{ "BlockCommit", &tn_wire_block_commit },
};

/* Their places in the order of the names. */
static const uint8_t sorted[TN_MESSAGES] = {
	7, 19, 46, 39, 3, 44, 43, 20, 21, 45, 5, 40,
	41, 1, 38, 2, 42, 4, 0, 27, 34, 32, 22, 24,
	6, 37, 36, 26, 28, 35, 33, 30, 31, 17, 8, 11,
	12, 10, 9, 23, 25, 15, 13, 14, 16, 18, 29,
};
/* clang-format on */

static int compare(const char *name, size_t n, const char *known)
{
	size_t m = strlen(known);
	int order = memcmp(name, known, n < m ? n : m);

	return order ? order : (n > m) - (n < m);
}

int tn_message_find(const char *name, size_t n)
{
	unsigned low = 0, high = TN_MESSAGES, middle;
	int order;

	while (n && low < high) {
		middle = (low + high) / 2;
		order = compare(name, n, message[sorted[middle]].name);
		if (order == 0)
			return sorted[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return TN_ENOENT;
}

const char *tn_message_name(unsigned index)
{
	return index < TN_MESSAGES ? message[index].name : NULL;
}

const struct tn_schema *tn_message_schema(unsigned index)
{
	return index < TN_MESSAGES ? message[index].body : NULL;
}
