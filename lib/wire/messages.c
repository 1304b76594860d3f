/* SPDX-License-Identifier: MIT
 * lib/wire/messages.c - the 47 names of the wire with the tables of their bodies
 */
#include <string.h>

#include "timenode/wire.h"

/* clang-format off */
static const struct {
	const char *name;
	const struct tn_schema *body; /* NULL: not described yet */
} message[TN_MESSAGES] = {
	{ "GetGenesisHash", &tn_schema_unit },
	{ "GenesisHashResponse", NULL },
	{ "GetBlockHeight", &tn_schema_unit },
	{ "BlockHeightResponse", NULL },
	{ "GetBlocks", NULL },
	{ "BlocksResponse", NULL },
	{ "Handshake", &tn_wire_handshake },
	{ "Ack", &tn_wire_ack },
	{ "TransactionBroadcast", NULL },
	{ "TransactionVoteRequest", NULL },
	{ "TransactionVote", NULL },
	{ "TransactionFinalized", NULL },
	{ "TransactionRejected", NULL },
	{ "UTXOStateQuery", NULL },
	{ "UTXOStateResponse", NULL },
	{ "UTXOStateNotification", NULL },
	{ "UTXOStateUpdate", NULL },
	{ "Subscribe", NULL },
	{ "Unsubscribe", NULL },
	{ "BlockAnnouncement", NULL },
	{ "BlockRequest", NULL },
	{ "BlockResponse", NULL },
	{ "GetUTXOSet", &tn_schema_unit },
	{ "UTXOSetResponse", NULL },
	{ "GetUTXOStateHash", &tn_schema_unit },
	{ "UTXOStateHashResponse", NULL },
	{ "MasternodeAnnouncement", NULL },
	{ "GetMasternodes", &tn_schema_unit },
	{ "MasternodesResponse", NULL },
	{ "Version", &tn_wire_version },
	{ "Ping", &tn_wire_ping },
	{ "Pong", &tn_wire_ping },
	{ "GetPendingTransactions", &tn_schema_unit },
	{ "PendingTransactionsResponse", NULL },
	{ "GetPeers", &tn_schema_unit },
	{ "PeersResponse", &tn_wire_peers },
	{ "HeartbeatBroadcast", NULL },
	{ "HeartbeatAttestation", NULL },
	{ "GetBlockHash", NULL },
	{ "BlockHashResponse", NULL },
	{ "ConsensusQuery", NULL },
	{ "ConsensusQueryResponse", NULL },
	{ "GetBlockRange", NULL },
	{ "BlockRangeResponse", NULL },
	{ "BlockProposal", NULL },
	{ "BlockVote", NULL },
	{ "BlockCommit", NULL },
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
