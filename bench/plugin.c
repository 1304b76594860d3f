/* SPDX-License-Identifier: MIT
 * bench/plugin.c - a plugin that owns forty messages and tells the bench what happens
 */
#include "inside.h"
#include "timenode/wire.h"

struct inside_hooks inside_hooks;
struct tn_ctx *inside_ctx;
uint64_t inside_calls;

/* Each a function of its own, as handlers are. */
/* clang-format off */
#define HANDLERS(X) \
	X(0, BlockCommit) X(1, TransactionBroadcast) X(2, TransactionFinalized) \
	X(3, TransactionRejected) X(4, TransactionVote) X(5, TransactionVoteRequest) \
	X(6, UTXOStateQuery) X(7, UTXOStateResponse) X(8, UTXOStateNotification) \
	X(9, UTXOStateUpdate) X(10, Subscribe) X(11, Unsubscribe) \
	X(12, GetPendingTransactions) X(13, PendingTransactionsResponse) \
	X(14, GetGenesisHash) X(15, GenesisHashResponse) X(16, GetBlockHeight) \
	X(17, BlockHeightResponse) X(18, GetBlocks) X(19, BlocksResponse) \
	X(20, BlockAnnouncement) X(21, BlockRequest) X(22, BlockResponse) \
	X(23, GetBlockHash) X(24, BlockHashResponse) X(25, ConsensusQuery) \
	X(26, ConsensusQueryResponse) X(27, GetBlockRange) X(28, BlockRangeResponse) \
	X(29, GetUTXOSet) X(30, UTXOSetResponse) X(31, GetUTXOStateHash) \
	X(32, UTXOStateHashResponse) X(33, MasternodeAnnouncement) X(34, GetMasternodes) \
	X(35, MasternodesResponse) X(36, HeartbeatBroadcast) X(37, HeartbeatAttestation) \
	X(38, BlockProposal) X(39, BlockVote)
/* clang-format on */

#define HANDLER(i, name)                                            \
	static __attribute__((noinline))                            \
	tn_verdict on_##i(struct tn_ctx *c, const struct tn_msg *m) \
	{                                                           \
		(void)c;                                            \
		inside_calls += m->row + i;                         \
		return TN_TAKEN;                                    \
	}
HANDLERS(HANDLER)

#define CASE(i, name) \
	case i:       \
		return on_##i(c, m);
tn_verdict inside_switch(unsigned row, struct tn_ctx *c, const struct tn_msg *m)
{
	switch (row) {
		HANDLERS(CASE)
	}
	return TN_BROKEN;
}

static void up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	if (inside_hooks.up)
		inside_hooks.up(inside_hooks.arg);
}

static void down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	if (inside_hooks.down)
		inside_hooks.down(inside_hooks.arg);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	(void)err;
	inside_ctx = c;
	return 0;
}

#define COUNT(i, name) 1 +
#define ROW(i, name) { #name, NULL, on_##i, TN_OWN },

_Static_assert(HANDLERS(COUNT) 0 == FORTY, "one handler for each");

TN_PLUGIN = {
	TN_HEAD("probe", "1", "measures the node that it is in"),
	.messages = TN_ROWS(struct tn_message,
			    HANDLERS(ROW){ "PeersResponse", &tn_wire_peers, NULL, TN_OWN }),
	.start = start,
	.up = up,
	.down = down,
};
