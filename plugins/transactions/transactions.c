/* SPDX-License-Identifier: MIT
 * plugins/transactions/transactions.c - payments: checked, voted on, final, in a block
 *
 * The descriptor and the plugin's life; transactions.h says which file does what.
 */
#include "commands.h"
#include "inside.h"
#include "voting.h"
#include "wallet.h"

void count_pool(struct tn_ctx *c)
{
	const struct pool_sums *s = pool_sums(state_of(c)->pool);

	tn_metric(c, C_COUNT, s->count);
	tn_metric(c, C_FINAL, s->final);
	tn_metric(c, C_BYTES, (int64_t)s->bytes);
}

static struct pool_limits pool_limits_of(struct tn_ctx *c)
{
	return (struct pool_limits){ (uint32_t)conf_of(c)->pool_count,
				     (size_t)conf_of(c)->pool_max };
}

/* A quarter for one peer: a chain of payments of his may come with its end first. */
static struct orphan_limits orphan_limits_of(struct tn_ctx *c)
{
	return (struct orphan_limits){ (uint32_t)conf_of(c)->orphans,
				       (uint32_t)(conf_of(c)->orphans + 3) / 4,
				       (size_t)conf_of(c)->orphans_max };
}

static void apply_conf(struct tn_ctx *c)
{
	struct pool_limits pool = pool_limits_of(c);
	struct orphan_limits orphans = orphan_limits_of(c);

	pool_limit(state_of(c)->pool, &pool);
	orphans_limit(state_of(c)->orphans, &orphans);
	tn_metric(c, C_UNSIGNED, conf_of(c)->accept_unsigned);
	if (conf_of(c)->accept_unsigned)
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "Unsigned transactions are accepted: anybody can spend anything");
}

/* ---- once a second */

enum { TICK_MS = 1000, ROUND_S = 60 };

static int ask_nth(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	uint32_t *left = arg;

	if ((*left)--)
		return 0;
	pending_up(c, s, slot);
	return 1;
}

/* What a full queue or a busy moment has lost comes back this way: one peer a minute is asked. */
static void ask_round(struct tn_ctx *c)
{
	struct state *st = state_of(c);
	uint32_t n = tn_count(c, NULL), nth;

	if (!n || ++st->ticks % ROUND_S)
		return;
	nth = (uint32_t)(st->ticks / ROUND_S % n);
	tn_each(c, NULL, ask_nth, &nth);
}

static void tick(struct tn_ctx *c, void *arg)
{
	int64_t now = tn_wall_s(c);

	(void)arg;
	fate_expire(c, now);
	orphans_expire(state_of(c)->orphans, now);
	tn_metric(c, C_ORPHANS, orphans_count(state_of(c)->orphans));
	keep_flush(c);
	ask_round(c);
}

/* ---- events of the chain: each part has its share, the pool first */

static int connect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	int rc = on_connect(c, payload, err);

	return rc ? rc : wallet_connect(c, payload, err);
}

static int disconnect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	int rc = on_disconnect(c, payload, err);

	return rc ? rc : wallet_disconnect(c, payload, err);
}

static int reset(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	int rc = on_reset(c, payload, err);

	return rc ? rc : wallet_reset(c, payload, err);
}

static void connected(struct tn_ctx *c, const void *payload)
{
	on_connected(c, payload);
	wallet_connected(c, payload);
}

static void disconnected(struct tn_ctx *c, const void *payload)
{
	on_disconnected(c, payload);
	wallet_disconnected(c, payload);
}

/* ---- life */

static int init(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = state_of(c);

	st->sha = tn_sha_create();
	st->intake = intake_create(c);
	st->fate = fate_create();
	st->keep = keep_create();
	st->follow = follow_create();
	return st->sha && st->intake && st->fate && st->keep && st->follow
		       ? 0
		       : tn_fail(err, TN_ENOMEM, "no memory");
}

/* Empty at each start: what another build of this plugin has left is in the store. */
static int make_empty(struct tn_ctx *c)
{
	struct pool_limits pool = pool_limits_of(c);
	struct orphan_limits orphans = orphan_limits_of(c);
	struct state *st = state_of(c);
	uint64_t key[2] = { tn_random64(c), tn_random64(c) };

	pool_free(st->pool);
	orphans_free(st->orphans);
	st->pool = pool_create(&pool, key);
	st->orphans = orphans_create(&orphans, key);
	return st->pool && st->orphans ? 0 : TN_ENOMEM;
}

static void tell_loaded(struct tn_ctx *c)
{
	const struct pool *p = state_of(c)->pool;
	struct pool_tx *next;

	for (struct pool_tx *e = pool_next(p, NULL); e; e = next) {
		next = pool_next(p, e);
		wallet_accepted(c, e);
		voting_accepted(c, e);
	}
	count_pool(c);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	int rc;

	if (make_empty(c))
		return tn_fail(err, TN_ENOMEM, "no memory");
	apply_conf(c);
	rc = keep_load(c, err);
	if (!rc)
		rc = watching_start(c, err);
	if (!rc)
		rc = wallet_start(c, err);
	if (!rc)
		rc = pay_start(c, err);
	if (!rc)
		rc = voting_start(c, err);
	if (rc)
		return rc;
	tell_loaded(c);
	intake_start(c);
	return tn_every(c, TICK_MS, tick, NULL).v ? 0 : tn_fail(err, TN_ENOMEM, "no memory");
}

static void reloaded(struct tn_ctx *c)
{
	apply_conf(c);
	voting_reloaded(c);
	watching_reloaded(c);
}

static void up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	pending_up(c, s, slot);
	voting_up(c, s, slot);
	watching_up(c, s, slot);
}

static void down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	watching_down(c, s, slot);
	voting_down(c, s, slot);
}

static void stop(struct tn_ctx *c, enum tn_why why)
{
	(void)why;
	intake_stop(c);
	follow_stop(c);
	voting_stop(c);
	pay_stop(c);
	wallet_stop(c);
	watching_stop(c);
	keep_flush(c);
}

static void fini(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	voting_fini(c);
	pay_stop(c); /* a start that failed is not stopped */
	wallet_stop(c);
	watching_stop(c);
	intake_free(st->intake);
	follow_free(st->follow);
	keep_free(st->keep);
	fate_free(st->fate);
	orphans_free(st->orphans);
	pool_free(st->pool);
	tn_sha_free(st->sha);
}

#define TX_LINE (5 << 20) /* 1 MB of bincode has up to 4 MB of text */

TN_PLUGIN = {
	TN_HEAD("transactions", "1.0", "payments: the mempool, votes, finality, the wallet"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct conf),
	.slot_bytes = sizeof(struct slot),
	.needs = TN_ROWS(struct tn_need, [N_CHAIN] = TN_CHAIN_NEED(TN_NEED),
			 [N_IDENTITY] = TN_IDENTITY_NEED(TN_NEED),
			 [N_MASTERNODES] = TN_MASTERNODES_NEED(TN_WANT)),
	.offers = TN_ROWS(struct tn_offer,
			  { "mempool", TN_MEMPOOL_MAJOR, TN_MEMPOOL_MINOR, &mempool_ops }),
	.messages = TN_ROWS(
		struct tn_message,
		/* The pool. A window wide enough for a chain of payments in one piece; no
		 * TN_DEDUP, for one that was evicted or expired may come again. */
		[M_TX] = { "TransactionBroadcast", &tn_wire_tx, on_tx, TN_OWN, .rate = 10000,
			   .max = TX_LINE, .window = 256, .later_ms = 30000, .pace = 500 },
		[M_GET_PENDING] = { "GetPendingTransactions", &tn_schema_unit, on_get_pending,
				    TN_OWN, TN_BULK, .max = 64, .rate = 4 },
		[M_PENDING] = { "PendingTransactionsResponse", &tn_wire_txs, NULL, TN_OWN,
				TN_HIDDEN, .max = 0 },
		/* voting */
		[M_VOTE_REQUEST] = { "TransactionVoteRequest", &tn_wire_hash, on_vote_request,
				     TN_OWN, .max = 512, .rate = 1000, .pace = 8 },
		/* no TN_DEDUP, for one that was dropped with its transaction may come again */
		[M_VOTE] = { "TransactionVote", &tn_wire_vote, on_vote, TN_OWN, .max = 1024,
			     .rate = 20000, .window = 256 },
		[M_FINALIZED] = { "TransactionFinalized", &tn_wire_tx_finalized, on_finalized,
				  TN_OWN, TN_DEDUP, .max = 512, .rate = 10000, .pace = 8 },
		[M_REJECTED] = { "TransactionRejected", &tn_wire_tx_rejected, on_rejected, TN_OWN,
				 TN_DEDUP, .max = 2048, .rate = 1000, .pace = 8 },
		/* watching */
		[M_STATE_QUERY] = { "UTXOStateQuery", &tn_wire_outpoints, on_state_query, TN_OWN,
				    TN_BULK, .max = 1 << 20, .rate = 100, .pace = 50 },
		[M_STATE_ANSWER] = { "UTXOStateResponse", &tn_wire_coin_states, NULL, TN_OWN,
				     TN_HIDDEN, .max = 4 << 20 },
		[M_STATE_NOTICE] = { "UTXOStateNotification", &tn_wire_coin_change, on_state_notice,
				     TN_OWN, TN_CLOSE_IF_FULL, .max = 2048, .rate = 10000 },
		[M_STATE_UPDATE] = { "UTXOStateUpdate", &tn_wire_coin_state, on_state_update,
				     TN_OWN, TN_DEDUP, .max = 2048, .rate = 10000, .pace = 8 },
		/* no rate: one that were dropped would be missed in silence (watching.c) */
		[M_SUBSCRIBE] = { "Subscribe", &tn_wire_subscription, on_subscribe, TN_OWN,
				  .max = 1 << 20, .pace = 1 },
		[M_UNSUBSCRIBE] = { "Unsubscribe", &tn_wire_text, on_unsubscribe, TN_OWN,
				    .max = 2048, .rate = 1000 }),
	.listens = TN_ROWS(
		struct tn_listen, { TN_EV_CONNECT, sizeof(struct tn_ev_block), NULL, connect },
		{ TN_EV_DISCONNECT, sizeof(struct tn_ev_block), NULL, disconnect },
		{ TN_EV_CONNECTED, sizeof(struct tn_ev_block), connected, NULL },
		{ TN_EV_DISCONNECTED, sizeof(struct tn_ev_block), disconnected, NULL },
		{ TN_EV_RESET, sizeof(struct tn_ev_block), NULL, reset },
		/* voting */
		{ TN_EV_MASTERNODES, sizeof(struct tn_ev_masternodes), on_masternodes, NULL },
		/* watching */
		{ TN_EV_FINAL, sizeof(struct tn_ev_final), pay_final, NULL }),
	.emits = TN_ROWS(struct tn_emits, [E_FINAL] = { TN_EV_FINAL, sizeof(struct tn_ev_final) }),
	.options = TN_ROWS(
		struct tn_option,
		/* the pool */
		TN_OPT(struct conf, pool_count, "50000", 100, 10000000,
		       "transactions in the mempool"),
		TN_OPT_SIZE(struct conf, pool_max, "128M", 2 << 20, INT64_C(1) << 36,
			    "memory of the mempool"),
		TN_OPT_MS(struct conf, expire, "1h", 10000, INT64_C(30) * 86400000,
			  "how long one is kept that this node has not approved"),
		TN_OPT(struct conf, orphans, "1000", 0, 100000,
		       "transactions kept whose parents are not known"),
		TN_OPT_SIZE(struct conf, orphans_max, "4M", 0, INT64_C(1) << 30, "memory of those"),
		TN_OPT_SIZE(struct conf, serve_max, "4M", 65536, 16 << 20,
			    "bytes of text in one answer with transactions"),
		TN_OPT(struct conf, accept_unsigned, "false", 0, 0,
		       "takes payments that nobody signed: for a network of December 2025"),
		/* voting */
		TN_OPT(struct conf, early_votes, "4096", 16, 65536,
		       "votes kept of one voter for transactions that are not here yet"),
		/* watching */
		TN_OPT(struct conf, subscriptions, "64", 0, 10000, "subscriptions of one peer"),
		TN_OPT(struct conf, subscribed, "5000", 0, 1000000,
		       "addresses and outpoints in them"),
		TN_OPT_SIZE(struct conf, subscribed_max, "16M", 0, INT64_C(1) << 32,
			    "memory of all peers' subscriptions"),
		TN_OPT(struct conf, state_updates, "false", 0, 0,
		       "tells every peer of every change of a coin, as nodes of December 2025 do")),
	.commands = { pay_commands, sizeof(struct tn_command), PAY_COMMANDS },
	.metrics = TN_ROWS(
		struct tn_metric,
		/* the pool */
		[C_COUNT] = { "pool", "transactions in the mempool", TN_M_GAUGE, 1 },
		[C_FINAL] = { "pool_final", "of those, final", TN_M_GAUGE, 1 },
		[C_BYTES] = { "pool_bytes", "memory of the mempool", TN_M_GAUGE, 0 },
		[C_ORPHANS] = { "orphans", "transactions that wait for a parent", TN_M_GAUGE, 0 },
		[C_UNSIGNED] = { "accept_unsigned", "1: payments need no signature", TN_M_GAUGE,
				 1 },
		[C_ACCEPTED] = { "accepted", "transactions accepted", TN_M_COUNT, 0 },
		[C_REFUSED] = { "tx_refused", "transactions that broke a rule", TN_M_COUNT, 0 },
		[C_CONFLICTS] = { "conflicts", "transactions that spend a reserved coin",
				  TN_M_COUNT, 0 },
		[C_EVICTED] = { "evicted", "transactions that gave way to better paid ones",
				TN_M_COUNT, 0 },
		[C_EXPIRED] = { "expired", "transactions that nobody approved in time", TN_M_COUNT,
				0 },
		[C_OVERTURNED] = { "overturned",
				   "final or approved transactions that a block contradicts",
				   TN_M_COUNT, 0 },
		/* voting */
		[C_VOTERS] = { "voters", "in the voter set", TN_M_GAUGE, 1 },
		[C_OPEN] = { "open", "transactions that are not final yet", TN_M_GAUGE, 1 },
		[C_CAST] = { "votes_cast", "votes of this node", TN_M_COUNT, 0 },
		[C_COUNTED] = { "votes_counted", "votes of others", TN_M_COUNT, 0 },
		[C_VERIFIED] = { "votes_verified", "signatures of votes verified", TN_M_COUNT, 1 },
		[C_BAD_VOTES] = { "votes_bad", "of those, bad ones", TN_M_COUNT, 0 },
		[C_EARLY] = { "votes_early", "votes for transactions that are not here", TN_M_GAUGE,
			      0 },
		[C_RIVALS] = { "rivals", "transactions kept that spend a reserved coin", TN_M_GAUGE,
			       0 },
		[C_SHED] = { "votes_shed", "votes that an old node was too slow for", TN_M_COUNT,
			     0 },
		[C_ASKED] = { "votes_asked", "requests for votes sent", TN_M_COUNT, 0 },
		[C_SERVED] = { "votes_served", "votes sent to who asked", TN_M_COUNT, 0 },
		[C_REJECTED] = { "rejected", "transactions that no quorum can approve any more",
				 TN_M_COUNT, 0 },
		[C_FINAL_US] = { "final_us", "from accepted to final", TN_M_TIMES, 0 },
		/* watching */
		[C_SUBSCRIPTIONS] = { "subscriptions", "of peers to changes of coins", TN_M_GAUGE,
				      0 },
		[C_SUBSCRIBED] = { "subscribed", "addresses and outpoints in them", TN_M_GAUGE, 0 },
		[C_NOTIFIED] = { "notified", "changes told to subscribers", TN_M_COUNT, 0 },
		[C_UNSUBSCRIBED] = { "subscribers_closed",
				     "sessions ended that could not be told everything", TN_M_COUNT,
				     0 },
		[C_WALLET_HEIGHT] = { "wallet_height", "the wallet has read the chain up to here",
				      TN_M_GAUGE, 0 },
		[C_WALLET_COINS] = { "wallet_coins", "of the own key, confirmed and in the mempool",
				     TN_M_GAUGE, 0 }),
	.dbs = TN_ROWS(
		struct tn_dbdef,
		/* the pool */
		[D_TX] = { "tx", &kept_schema, 1 }, [D_DONE] = { "done", &done_schema, 1 },
		/* voting */
		[D_APPROVAL] = { "approval", &approval_schema, 1 },
		[D_VOTES] = { "votes", &certificate_schema, 1 }, [D_BURIED] = { "buried", NULL, 1 },
		/* watching */
		[D_OWN] = { "own", &wallet_own_schema, 1 },
		[D_SPENT] = { "own_spent", &wallet_spent_schema, 1 },
		[D_WALLET] = { "wallet", &wallet_meta_schema, 1 }),
	.reasons = TN_ROWS(
		struct tn_reason,
		/* the pool */
		[R_KNOWN] = { "known", "a transaction that we have" },
		[R_FORM] = { "form", "no inputs, or outputs that overflow" },
		[R_LARGE] = { "large", "a transaction of more than 1,000,000 bytes" },
		[R_TWICE] = { "twice", "a transaction that spends one coin twice" },
		[R_DUST] = { "dust", "an output of less than 546 satoshis" },
		[R_OVERSPENT] = { "overspent", "it pays out more than it spends" },
		[R_FEE] = { "fee", "its fee is too low" },
		[R_UNSIGNED] = { "unsigned", "an input without a signature" },
		[R_SIGNATURE] = { "signature", "a signature that does not fit its coin" },
		[R_SPENT] = { "spent", "it spends a coin that a block has spent" },
		[R_CONFLICT] = { "conflict", "it spends a coin that another one has reserved" },
		[R_ORPHAN] = { "orphan", "it spends a coin that is not known" },
		[R_FULL] = { "pool-full", "the mempool is full of better paid ones" },
		[R_BUSY] = { "behind", "too many are being checked" },
		/* voting */
		[R_VOTER] = { "voter", "a vote of somebody who is no voter" },
		[R_VOTE_KNOWN] = { "vote-known", "a vote that we have" },
		[R_VOTE_LATE] = { "vote-late", "a vote for what is final already" },
		[R_VOTE_TIME] = { "vote-time", "a vote from the future" },
		[R_VOTE_SIGNATURE] = { "vote-signature", "a vote with a bad signature" },
		[R_VOTES_NONE] = { "no-votes", "a question for votes that we do not have" },
		/* watching */
		[R_SUBSCRIPTION] = { "subscription", "a subscription that cannot be taken" },
		[R_STATES] = { "states", "states of too many coins at a time" },
		[R_NOTICE] = { "notice", "a notification that nobody subscribed to" }),
	.init = init,
	.start = start,
	.reloaded = reloaded,
	.up = up,
	.down = down,
	.stop = stop,
	.fini = fini,
};
