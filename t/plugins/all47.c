/* SPDX-License-Identifier: MIT
 * t/plugins/all47.c - owns every message of the wire that no shipped plugin owns, and takes it
 */
#include "timenode/host.h"

static tn_verdict take(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)m;
	tn_metric(c, 0, 1);
	return TN_TAKEN;
}

#define TAKE(name)                                 \
	{                                          \
		name, NULL, take, TN_OWN, .max = 0 \
	}

TN_PLUGIN = {
	TN_HEAD("all47", "1", "takes everything"),
	.messages = TN_ROWS(
		struct tn_message, TAKE("GetGenesisHash"), TAKE("GenesisHashResponse"),
		TAKE("GetBlockHeight"), TAKE("BlockHeightResponse"), TAKE("GetBlocks"),
		TAKE("BlocksResponse"), TAKE("TransactionBroadcast"),
		TAKE("TransactionVoteRequest"), TAKE("TransactionVote"),
		TAKE("TransactionFinalized"), TAKE("TransactionRejected"), TAKE("UTXOStateQuery"),
		TAKE("UTXOStateResponse"), TAKE("UTXOStateNotification"), TAKE("UTXOStateUpdate"),
		TAKE("Subscribe"), TAKE("Unsubscribe"), TAKE("BlockAnnouncement"),
		TAKE("BlockRequest"), TAKE("BlockResponse"), TAKE("GetUTXOSet"),
		TAKE("UTXOSetResponse"), TAKE("GetUTXOStateHash"), TAKE("UTXOStateHashResponse"),
		TAKE("MasternodeAnnouncement"), TAKE("GetMasternodes"), TAKE("MasternodesResponse"),
		TAKE("GetPendingTransactions"), TAKE("PendingTransactionsResponse"),
		TAKE("HeartbeatBroadcast"), TAKE("HeartbeatAttestation"), TAKE("GetBlockHash"),
		TAKE("BlockHashResponse"), TAKE("ConsensusQuery"), TAKE("ConsensusQueryResponse"),
		TAKE("GetBlockRange"), TAKE("BlockRangeResponse"), TAKE("BlockProposal"),
		TAKE("BlockVote"), TAKE("BlockCommit")),
	.metrics = TN_ROWS(struct tn_metric, { "taken", "messages taken", TN_M_COUNT, 1 }),
};
