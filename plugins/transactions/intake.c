/* SPDX-License-Identifier: MIT
 * plugins/transactions/intake.c - the one way of every transaction: trials
 */
#include "intake.h"

#include <stdlib.h>

enum { INPUTS_TURN = 1024, FLIGHT_MAX = 64 << 20, ORPHAN_BYTES = 100000, ORPHAN_S = 300 };

const char *reason_text(int reason)
{
	static const char *const text[] = {
		[R_KNOWN] = "this node has it",
		[R_FORM] = "no inputs, or amounts that overflow",
		[R_LARGE] = "more than 1000000 bytes",
		[R_TWICE] = "a coin is spent twice",
		[R_DUST] = "an output below 546 satoshis",
		[R_OVERSPENT] = "it pays out more than it spends",
		[R_FEE] = "the fee is too low",
		[R_UNSIGNED] = "an input is not signed",
		[R_SIGNATURE] = "a signature does not fit its coin",
		[R_SPENT] = "a coin is spent, or never was",
		[R_CONFLICT] = "a coin is reserved by another transaction",
		[R_ORPHAN] = "a coin is not known",
		[R_FULL] = "the mempool is full",
		[R_BUSY] = "this node cannot check it now",
	};

	return reason >= 0 && (size_t)reason < sizeof text / sizeof *text && text[reason]
		       ? text[reason]
		       : "it cannot be taken";
}

static int code_of(int reason)
{
	switch (reason) {
	case NO_REASON:
		return 0;
	case R_CONFLICT:
		return TN_EBUSY;
	case R_ORPHAN:
		return TN_ENOENT;
	case R_FULL:
	case R_BUSY:
		return TN_EFULL;
	default:
		return TN_EBAD;
	}
}

/* What a peer is charged. Old nodes pass on what nobody has signed, and much that they do not
 * look at; who spends a reserved coin, or one we do not know, may have done nothing wrong. */
static unsigned points_of(struct tn_ctx *c, struct tn_sid s, int reason)
{
	struct tn_session who = { 0 };
	bool broken = reason >= R_FORM && reason <= R_SIGNATURE;

	if (!broken || (!tn_session(c, s, &who) && who.flags & TN_S_LEGACY))
		return 0;
	return 20;
}

/* ---- trials */

struct trial *trial_find(struct tn_ctx *c, const struct tn_hash *txid)
{
	struct trial *t;

	HASH_FIND(hh, intake_of(c)->by_txid, txid, sizeof *txid, t);
	return t;
}

void trial_queue(struct trial **queue, struct trial *t)
{
	if (t->queue)
		DL_DELETE(*t->queue, t);
	t->queue = queue;
	if (queue)
		DL_APPEND(*queue, t);
}

static void release_waiters(struct intake *in, struct trial *t)
{
	while (t->waiters) {
		struct trial *w = t->waiters;

		w->awaited = NULL;
		trial_queue(&in->ready, w);
	}
}

static void trial_free(struct intake *in, struct trial *t)
{
	HASH_DEL(in->by_txid, t);
	trial_queue(NULL, t);
	release_waiters(in, t);
	in->bytes -= t->bytes;
	tn_arena_unref(t->owner);
	free(t);
}

static void feed_run(struct tn_ctx *, struct feed *);

static void keep_orphan(struct tn_ctx *c, const struct trial *t)
{
	struct orphan o = { .tx = t->tx,
			    .owner = t->owner,
			    .txid = t->txid,
			    .parent = t->tx->inputs.v[t->found].previous_output.txid,
			    .from = t->from.v,
			    .until = tn_wall_s(c) + ORPHAN_S,
			    .bytes = tn_arena_used(t->owner) + sizeof(struct orphan) };

	/* An answer's arena holds many of them, and the operator is told. */
	if (t->bytes > ORPHAN_BYTES || t->source == FROM_ANSWER || t->source == FROM_OPERATOR)
		return;
	orphans_add(state_of(c)->orphans, &o);
	tn_metric(c, C_ORPHANS, orphans_count(state_of(c)->orphans));
}

static void blame(struct tn_ctx *c, const struct trial *t, int reason)
{
	unsigned points = t->from.v ? points_of(c, t->from, reason) : 0;

	if (reason >= R_FORM && reason <= R_SPENT)
		tn_metric(c, C_REFUSED, 1);
	if (reason == R_CONFLICT)
		tn_metric(c, C_CONFLICTS, 1);
	if (points)
		tn_fault(c, t->from, points, reason_text(reason));
}

static struct pool_tx *who_has(struct tn_ctx *c, const struct tn_tx *tx, struct tn_outpoint *coin)
{
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		struct pool_tx *e =
			pool_spender(state_of(c)->pool, &tx->inputs.v[i].previous_output);

		*coin = tx->inputs.v[i].previous_output;
		if (e)
			return e;
	}
	return NULL;
}

static void answer_conflict(struct tn_ctx *c, const struct trial *t)
{
	struct tn_outpoint coin;
	const struct pool_tx *e = t->from.v ? who_has(c, t->tx, &coin) : NULL;

	if (e && e->flags & POOL_FINAL)
		voting_contradict(c, t->from, e);
}

void intake_end(struct tn_ctx *c, struct trial *t, int reason)
{
	struct feed *f = t->feed;

	blame(c, t, reason);
	if (reason == R_CONFLICT)
		answer_conflict(c, t);
	if (reason == R_ORPHAN)
		keep_orphan(c, t);
	if (t->hold.v)
		tn_settle(c, t->hold,
			  reason == NO_REASON ? (tn_verdict)TN_TAKEN : tn_refuse((unsigned)reason));
	if (t->ticket.v)
		tn_finish(c, t->ticket, code_of(reason),
			  reason == NO_REASON ? NULL : reason_text(reason));
	if (f) {
		f->under_way--;
		f->news += reason == NO_REASON;
	}
	trial_free(intake_of(c), t);
	if (f)
		feed_run(c, f);
}

/* ---- accepted */

static void tell_others(struct tn_ctx *c, const struct trial *t)
{
	struct tn_sid from = t->from;
	struct tn_filter others = { .except = t->from, .also = voting_wants, .arg = &from };
	const struct tn_msg *m = t->hold.v ? tn_held(c, t->hold) : NULL;

	if (m)
		tn_relay(c, &others, m);
	else
		tn_broadcast(c, &others, M_TX, t->tx);
}

static void look_again(struct tn_ctx *c, struct trial *t)
{
	t->found = 0;
	trial_queue(&intake_of(c)->ready, t);
}

static int add_to_pool(struct tn_ctx *c, struct trial *t, struct pool_added *out)
{
	struct pool_want want = { .tx = t->tx,
				  .txid = t->txid,
				  .coin = t->coin,
				  .fee = t->fee,
				  .bytes = t->bytes,
				  .flags = t->source == FROM_OPERATOR ? POOL_OWN : 0,
				  .since = tn_wall_s(c) };

	want.until = want.since + (int64_t)(conf_of(c)->expire / 1000);
	return pool_add(state_of(c)->pool, &want, out);
}

/* ---- a coin of it is reserved */

/* It has lost, for now: all else is well with it. */
static void end_as_rival(struct tn_ctx *c, struct trial *t)
{
	struct tn_arena *a = t->source == FROM_OPERATOR ? NULL : tn_arena_new(c);
	struct tn_hash txid = t->txid;
	struct tn_outpoint coin;
	const void *copy = NULL;

	if (a && tn_clone(&tn_wire_tx, t->tx, a, &copy))
		copy = NULL;
	intake_end(c, t, R_CONFLICT);
	if (copy && who_has(c, copy, &coin))
		voting_rival(c, copy, &txid, a, &coin, who_has(c, copy, &coin));
	tn_arena_unref(a);
}

/* The voters have decided: whoever has its coins goes. TN_EBUSY: one of them is final. */
static int clear_the_way(struct tn_ctx *c, const struct trial *t)
{
	struct tn_outpoint coin;
	struct pool_tx *e;

	while ((e = who_has(c, t->tx, &coin))) {
		if (e->flags & POOL_FINAL) {
			TN_LOG(c, TN_ERROR, TN_NOBODY,
			       "Two transactions that spend one coin have a quorum: a third of the "
			       "voters, or more, vote for both");
			return TN_EBUSY;
		}
		fate_gone(c, pool_remove(state_of(c)->pool, e), GONE_CONFLICT);
	}
	return 0;
}

/* All is well with it; the pool has the last word on its coins. */
static void accept_trial(struct tn_ctx *c, struct trial *t)
{
	bool own = t->source == FROM_OPERATOR;
	struct tn_hash txid = t->txid;
	struct pool_added added;
	int rc;

	if (t->generation != intake_of(c)->generation) {
		look_again(c, t);
		return;
	}
	rc = t->source == FROM_VOTERS && voting_certified(c, &txid) ? clear_the_way(c, t) : 0;
	if (!rc)
		rc = add_to_pool(c, t, &added);
	if (rc == TN_ENOENT) {
		look_again(c, t);
		return;
	}
	if (rc == TN_EBUSY) {
		end_as_rival(c, t);
		return;
	}
	if (rc) {
		intake_end(c, t, rc == TN_EFULL ? R_FULL : rc == TN_EINVAL ? R_KNOWN : R_BUSY);
		return;
	}
	fate_gone(c, added.gone, GONE_EVICTED);
	tell_others(c, t);
	intake_end(c, t, NO_REASON);
	fate_accepted(c, added.tx);
	if (own)
		keep_soon(c);
	intake_parent(c, &txid);
}

void trial_go_on(struct tn_ctx *c, struct trial *t)
{
	t->verified = true;
	accept_trial(c, t);
}

static uint32_t unsigned_inputs(const struct tn_tx *tx)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < tx->inputs.n; i++)
		n += !tx->inputs.v[i].script_sig.n;
	return n;
}

static void judge_signatures(struct tn_ctx *c, struct trial *t)
{
	bool any;
	int reason = signed_at_all(c, t->tx, &any);

	if (reason != NO_REASON) {
		intake_end(c, t, reason);
	} else if (t->verified || !any) {
		accept_trial(c, t);
	} else if (tn_tx_digest(state_of(c)->sha, t->tx, &t->digest)) {
		intake_end(c, t, R_BUSY);
	} else {
		t->sent = 0;
		t->good = unsigned_inputs(t->tx);
		trial_queue(&intake_of(c)->waiting, t);
	}
}

static void step(struct tn_ctx *c, struct trial *t, int *budget)
{
	struct intake *in = intake_of(c);
	int reason;

	trial_queue(&in->ready, t); /* whoever is not done stands behind the others */
	reason = resolve(c, t, budget);
	if (reason == GO_ON)
		return;
	trial_queue(NULL, t);
	if (reason == NO_REASON)
		judge_signatures(c, t);
	else
		intake_end(c, t, reason);
}

static void on_timer(struct tn_ctx *c, void *arg)
{
	(void)arg;
	intake_of(c)->timer = (struct tn_timer){ 0 };
	intake_run(c);
}

void intake_wake(struct tn_ctx *c, uint64_t ms)
{
	struct intake *in = intake_of(c);

	if (!in->timer.v)
		in->timer = tn_after(c, ms, on_timer, NULL);
}

void intake_run(struct tn_ctx *c)
{
	struct intake *in = intake_of(c);
	struct feed *f, *next;
	int budget = INPUTS_TURN;

	if (in->running || in->stopped)
		return;
	in->running = true;
	DL_FOREACH_SAFE(in->feeds, f, next)
		feed_run(c, f);
	while (in->ready && budget > 0)
		step(c, in->ready, &budget);
	in->running = false;
	verify_run(c);
	if (in->ready)
		intake_wake(c, 0);
}

/* ---- beginnings */

static uint32_t size_of(const struct tn_tx *tx)
{
	size_t n = tn_bin_write(&tn_wire_tx, tx, NULL, 0);

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* Before anything is kept of it: a reason, or NO_REASON. */
static int first_look(struct tn_ctx *c, const struct tn_tx *tx, struct tn_hash *txid,
		      uint32_t *bytes)
{
	struct state *st = state_of(c);
	bool any;
	int reason;

	*bytes = size_of(tx);
	if (*bytes > TN_TX_BYTES)
		return R_LARGE;
	if (tn_txid(st->sha, tx, txid))
		return R_BUSY;
	if (pool_find(st->pool, txid) || trial_find(c, txid))
		return R_KNOWN;
	reason = form_of(tx, *bytes);
	if (reason == NO_REASON)
		reason = signed_at_all(c, tx, &any);
	if (reason == NO_REASON && st->intake->bytes + *bytes > FLIGHT_MAX)
		reason = R_BUSY;
	return reason;
}

/* Copies *want. NULL without memory. */
static struct trial *begin(struct tn_ctx *c, const struct trial *want)
{
	struct intake *in = intake_of(c);
	uint32_t n = want->tx->inputs.n;
	struct trial *t = calloc(1, sizeof *t + n * (sizeof *t->coin + SCRIPT_MAX));

	if (!t)
		return NULL;
	*t = *want;
	t->coin = (struct pool_coin *)(t + 1);
	t->script = (uint8_t(*)[SCRIPT_MAX])(t->coin + n);
	t->serial = ++in->serial;
	HASH_ADD(hh, in->by_txid, txid, sizeof t->txid, t);
	if (t->lost) {
		free(t);
		return NULL;
	}
	tn_arena_ref(t->owner);
	in->bytes += t->bytes;
	trial_queue(&in->ready, t);
	return t;
}

tn_verdict on_tx(struct tn_ctx *c, const struct tn_msg *m)
{
	struct trial t = { .tx = m->body, .owner = m->arena, .source = FROM_PEER, .from = m->from };
	int reason = first_look(c, t.tx, &t.txid, &t.bytes);

	if (reason == NO_REASON) {
		t.hold = tn_hold(c, m);
		if (!t.hold.v)
			return TN_BROKEN;
		if (begin(c, &t))
			intake_run(c);
		else
			tn_settle(c, t.hold, tn_refuse(R_BUSY));
		return TN_LATER;
	}
	blame(c, &t, reason);
	return tn_refuse((unsigned)reason);
}

void intake_submit(struct tn_ctx *c, const struct tn_tx *tx, struct tn_arena *owner,
		   struct tn_ticket ticket)
{
	struct trial t = { .tx = tx, .owner = owner, .source = FROM_OPERATOR, .ticket = ticket };
	int reason = intake_of(c)->stopped ? R_BUSY : first_look(c, tx, &t.txid, &t.bytes);

	if (reason == NO_REASON && !begin(c, &t))
		reason = R_BUSY;
	if (reason == NO_REASON)
		intake_run(c);
	else
		tn_finish(c, ticket, code_of(reason), reason_text(reason));
}

void intake_certified(struct tn_ctx *c, const struct tn_tx *tx, struct tn_arena *owner)
{
	struct trial t = { .tx = tx, .owner = owner, .source = FROM_VOTERS };

	if (intake_of(c)->stopped || first_look(c, tx, &t.txid, &t.bytes) != NO_REASON)
		return;
	if (begin(c, &t))
		intake_wake(c, 0); /* not from here: whoever calls may be looking at the pool */
}

/* ---- what waited for a parent */

void intake_parent(struct tn_ctx *c, const struct tn_hash *txid)
{
	struct state *st = state_of(c);
	struct orphan *o = orphans_take(st->orphans, txid), *next;

	if (!o)
		return;
	for (; o; o = next) {
		struct trial t = {
			.tx = o->tx, .owner = o->owner, .source = FROM_ORPHANS, .from = { o->from }
		};

		next = o->next;
		if (first_look(c, t.tx, &t.txid, &t.bytes) == NO_REASON)
			begin(c, &t);
		orphan_free(o);
	}
	tn_metric(c, C_ORPHANS, orphans_count(st->orphans));
	intake_wake(c, 0);
}

/* ---- answers with many of them */

enum { FEED_AT_A_TIME = 64, FEED_LOOKS = 256 };

static void feed_free(struct tn_ctx *c, struct feed *f)
{
	DL_DELETE(intake_of(c)->feeds, f);
	tn_arena_unref(f->owner);
	free(f);
}

static void feed_one(struct tn_ctx *c, struct feed *f)
{
	struct trial t = { .tx = &f->list->txs.v[f->at++],
			   .owner = f->owner,
			   .source = FROM_ANSWER,
			   .from = f->from,
			   .feed = f };
	int reason = first_look(c, t.tx, &t.txid, &t.bytes);

	if (reason == NO_REASON && begin(c, &t))
		f->under_way++;
	else
		blame(c, &t, reason);
}

static void feed_run(struct tn_ctx *c, struct feed *f)
{
	struct tn_sid from = f->from;
	unsigned looks = 0;
	bool news;

	while (!intake_of(c)->stopped && f->at < f->list->txs.n && looks++ < FEED_LOOKS &&
	       f->under_way < FEED_AT_A_TIME)
		feed_one(c, f);
	if (f->under_way || f->at < f->list->txs.n) {
		intake_wake(c, 0);
		return;
	}
	news = f->news > 0;
	feed_free(c, f);
	if (news && !intake_of(c)->stopped)
		pending_ask(c, from);
}

void intake_feed(struct tn_ctx *c, struct tn_sid from, const struct tn_txs *list,
		 struct tn_arena *owner)
{
	struct feed *f = calloc(1, sizeof *f);

	if (!f)
		return;
	f->list = list;
	f->owner = tn_arena_ref(owner);
	f->from = from;
	DL_APPEND(intake_of(c)->feeds, f);
	feed_run(c, f);
}

/* ---- life */

struct intake *intake_create(struct tn_ctx *c)
{
	struct intake *in = calloc(1, sizeof *in);

	if (!in)
		return NULL;
	in->stopped = true;
	in->arena = tn_arena_new(c);
	if (in->arena)
		return in;
	free(in);
	return NULL;
}

void intake_start(struct tn_ctx *c)
{
	intake_of(c)->stopped = false;
}

void intake_chain_moved(struct tn_ctx *c)
{
	intake_of(c)->generation++;
}

void intake_stop(struct tn_ctx *c)
{
	struct intake *in = intake_of(c);

	in->stopped = true;
	while (in->by_txid) {
		struct trial *t = in->by_txid;

		if (t->ticket.v)
			tn_finish(c, t->ticket, TN_EGONE, "the plugin ends");
		trial_free(in, t); /* the host settles what is held */
	}
	while (in->feeds)
		feed_free(c, in->feeds);
	in->jobs = 0;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	tn_arena_unref(in->arena);
	free(in);
}
