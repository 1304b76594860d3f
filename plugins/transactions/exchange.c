/* SPDX-License-Identifier: MIT
 * plugins/transactions/exchange.c - votes asked for, served and sent again
 *
 * Votes get lost: in a partition, with a session, in a crash before they were sent. So what is
 * not final after a while is asked about, less and less often, and never given up: the voters
 * whose vote is missing get this node's own vote and the transaction once more, and are asked
 * for what they know. A session that comes up begins with the same.
 */
#include "voting.h"

#include <stdlib.h>
#include <string.h>

enum {
	TICKS_A_SECOND = 1000 / EXCHANGE_MS,
	ASKED_A_TICK = 64, /* transactions */
	RIVALS_A_TICK = 16,
	ASKED_AT_UP = 128, /* the same, of one session */
	OTHERS = 2,        /* peers asked for votes of those who are not linked with us */
	WANT_TRIES = 8,
	BODY_BYTES = 65536, /* of bincode: a larger one is had through GetPendingTransactions */
	SERVED_A_SECOND = 100,
	ASKS_A_SECOND = 200 /* of all peers: a slow network must not be slowed by questions */
};

/* ---- sending again */

static struct slot *slot_of(struct tn_ctx *c, struct tn_sid s)
{
	return tn_slot(c, s);
}

static void send_own(struct tn_ctx *c, struct tn_sid s, const struct pool_tx *e)
{
	const struct certificate *cert;

	if (certificate_read(c, NULL, &e->txid, tn_scratch(c), &cert) || !cert->votes.n)
		return;
	if (!votes_has(voting_of(c)->book, &e->txid, (uint32_t)votes_me(voting_of(c)->book)))
		return; /* it is on its way to the disk: not to be sent yet */
	if (e->bytes <= BODY_BYTES)
		tn_send(c, s, M_TX, &e->tx);
	tn_send(c, s, M_VOTE, &cert->votes.v[0]);
}

static void ask(struct tn_ctx *c, struct tn_sid s, const struct tn_hash *txid)
{
	if (!tn_send(c, s, M_VOTE_REQUEST, txid))
		tn_metric(c, C_ASKED, 1);
}

static void ask_voter(struct tn_ctx *c, struct tn_sid s, const struct pool_tx *e)
{
	if (votes_me(voting_of(c)->book) >= 0)
		send_own(c, s, e);
	ask(c, s, &e->txid);
}

struct asking {
	const struct tn_hash *txid;
	const struct pool_tx *e; /* NULL: its body is not here */
	uint32_t linked;         /* voters whose vote is missing that were asked */
	uint32_t skip, others;
};

static int ask_missing(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	struct asking *a = arg;
	int voter = voters_session(c, s);

	if (voter < 0 || ((struct slot *)slot)->voting.drip ||
	    votes_has(voting_of(c)->book, a->txid, (uint32_t)voter))
		return 0;
	ask_voter(c, s, a->e);
	a->linked++;
	return 0;
}

static int ask_other(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	struct asking *a = arg;

	if (((struct slot *)slot)->voting.drip)
		return 0;
	if (a->skip) {
		a->skip--;
		return 0;
	}
	ask(c, s, a->txid);
	return --a->others == 0;
}

/* Some peers, others each time. */
static void ask_others(struct tn_ctx *c, struct asking *a)
{
	uint32_t peers = tn_count(c, &(struct tn_filter){ .none_of = TN_S_LEGACY });

	if (!peers)
		return;
	a->others = OTHERS;
	a->skip = peers > OTHERS ? (uint32_t)(tn_random64(c) % (peers - OTHERS + 1)) : 0;
	tn_each(c, &(struct tn_filter){ .none_of = TN_S_LEGACY }, ask_other, a);
}

static void ask_about(struct tn_ctx *c, const struct pool_tx *e)
{
	struct votes_count n = votes_count(voting_of(c)->book, &e->txid);
	struct asking a = { .txid = &e->txid, .e = e };
	uint32_t missing = n.n - n.approve - n.reject - (votes_me(voting_of(c)->book) >= 0);

	tn_each(c, NULL, ask_missing, &a);
	if (a.linked < missing || !a.linked)
		ask_others(c, &a);
}

/* The others may have made it final; or nobody has its coin any more, and it is judged like any
 * other. Either way its open end goes with it. */
static void ask_about_rival(struct tn_ctx *c, const struct tn_hash *txid, bool may_ask)
{
	struct voting *v = voting_of(c);
	struct asking a = { .txid = txid };
	const struct pool_tx *has;
	struct tn_outpoint coin;

	if (!rivals_coin(v->rivals, txid, &coin)) {
		open_remove(v->open, txid, NULL);
		return;
	}
	has = pool_spender(state_of(c)->pool, &coin);
	if (!has) {
		open_remove(v->open, txid, NULL);
		exchange_want(c, txid);
	} else if (has->flags & POOL_FINAL) {
		open_remove(v->open, txid, NULL);
		rivals_drop(v->rivals, txid);
	} else if (may_ask) {
		ask_others(c, &a);
	}
}

/* The count may mean more than it did: the voters or their number may have changed since. */
static void ask_if_open(struct tn_ctx *c, const struct tn_hash *txid)
{
	const struct pool_tx *e;

	outcome(c, txid);
	e = pool_find(state_of(c)->pool, txid);
	if (e && open_has(voting_of(c)->open, txid))
		ask_about(c, e);
}

/* What it takes to ask all voters about one transaction. */
static uint32_t price(struct tn_ctx *c)
{
	uint32_t n = votes_voters(voting_of(c)->book);

	return n < 1 ? 1 : n > ASKS_A_SECOND ? ASKS_A_SECOND : n;
}

static bool may_ask(struct tn_ctx *c)
{
	return tn_bucket_wait_us(&voting_of(c)->asks, price(c), tn_now_us(c)) == 0;
}

/* Rivals cost their sender little. They are at most as many as are kept, those not kept any more
 * end here, and neither takes the place of a payment. */
static void ask_due(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);
	unsigned asked = 0, rivals = 0;
	struct tn_hash txid;

	while (asked < ASKED_A_TICK && may_ask(c) && open_due(v->open, now_ms(c), &txid)) {
		tn_bucket_take(&v->asks, price(c), tn_now_us(c));
		if (pool_find(state_of(c)->pool, &txid)) {
			ask_if_open(c, &txid);
			asked++;
		} else {
			ask_about_rival(c, &txid, rivals++ < RIVALS_A_TICK);
		}
	}
}

/* ---- a quorum approves what is not here */

void exchange_want(struct tn_ctx *c, const struct tn_hash *txid)
{
	struct voting *v = voting_of(c);
	struct tn_arena *owner;
	const struct tn_tx *tx;

	if (!rivals_take(v->rivals, txid, &tx, &owner)) {
		tn_metric(c, C_RIVALS, rivals_count(v->rivals));
		intake_certified(c, tx, owner);
		tn_arena_unref(owner);
		return;
	}
	for (uint32_t i = 0; i < v->wants; i++)
		if (same_hash(&v->want[i].txid, txid))
			return;
	if (v->wants == WANTS_MAX)
		memmove(v->want, v->want + 1, --v->wants * sizeof v->want[0]);
	v->want[v->wants++] = (struct want){ *txid, now_ms(c) + OPEN_FIRST_MS, 0 };
}

static void want_drop(struct voting *v, uint32_t i)
{
	memmove(v->want + i, v->want + i + 1, (--v->wants - i) * sizeof v->want[0]);
}

static void ask_wanted(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);

	for (uint32_t i = v->wants; i-- > 0;) {
		struct want *w = &v->want[i];
		struct asking a = { .txid = &w->txid };

		if (pool_find(state_of(c)->pool, &w->txid) || w->tries == WANT_TRIES) {
			want_drop(v, i);
			continue;
		}
		if (w->due > now_ms(c))
			continue;
		w->due = now_ms(c) + ((uint64_t)OPEN_FIRST_MS << w->tries++);
		ask_others(c, &a);
	}
}

void exchange_start(struct tn_ctx *c)
{
	tn_bucket_init(&voting_of(c)->asks, ASKS_A_SECOND, 1000000, ASKS_A_SECOND, tn_now_us(c));
}

/* ---- the clock of all this */

static int drip(struct tn_ctx *c, struct tn_sid s, void *slot_, void *arg)
{
	struct slot *slot = slot_;

	(void)arg;
	for (unsigned i = 0; slot->voting.drip && i < DRIP_A_SECOND / TICKS_A_SECOND; i++) {
		uint32_t shed;
		const struct tn_vote *vote = drip_next(slot->voting.drip, now_ms(c), &shed);

		if (vote && tn_send(c, s, M_VOTE, vote))
			shed++;
		if (shed)
			tn_metric(c, C_SHED, shed);
		if (!vote)
			break;
	}
	return 0;
}

void exchange_tick(struct tn_ctx *c, void *arg)
{
	struct voting *v = voting_of(c);

	(void)arg;
	tn_each(c, &(struct tn_filter){ .all_of = TN_S_LEGACY }, drip, NULL);
	ask_due(c);
	ask_wanted(c);
	ballot_retry(c);
	if (++v->ticks % TICKS_A_SECOND)
		return;
	voters_refresh(c);
	votes_expire(v->book, now_ms(c));
	tn_metric(c, C_EARLY, votes_early(v->book));
}

/* ---- sessions */

struct greeting {
	struct tn_ctx *c;
	struct tn_sid s;
};

static void greet_with(void *arg, const struct tn_hash *txid)
{
	struct greeting *g = arg;
	const struct pool_tx *e = pool_find(state_of(g->c)->pool, txid);

	if (e)
		ask_voter(g->c, g->s, e);
}

void exchange_up(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	struct greeting g = { c, s };
	struct tn_session info;
	char text[TN_ADDR_TEXT];

	if (tn_session(c, s, &info))
		return;
	tn_addr_ip_text(&info.addr, text);
	if (strlen(text) < sizeof slot->voting.ip)
		memcpy(slot->voting.ip, text, strlen(text) + 1);
	tn_bucket_init(&slot->voting.serve, SERVED_A_SECOND, 1000000, 2 * SERVED_A_SECOND,
		       tn_now_us(c));
	if (info.flags & TN_S_LEGACY)
		slot->voting.drip = calloc(1, sizeof *slot->voting.drip);
	else
		open_each(voting_of(c)->open, ASKED_AT_UP, greet_with, &g);
}

void exchange_down(struct tn_ctx *c, struct slot *slot)
{
	(void)c;
	free(slot->voting.drip);
	slot->voting.drip = NULL;
}

/* ---- what others ask */

static uint32_t send_votes(struct tn_ctx *c, struct tn_sid s, struct tn_vote *vote, uint32_t n)
{
	uint32_t sent = 0;

	while (sent < n && !tn_send(c, s, M_VOTE, &vote[sent]))
		sent++;
	return sent;
}

/* Who asks may have heard of it only: the body goes first. */
static void send_body(struct tn_ctx *c, struct tn_sid s, const struct tn_hash *txid)
{
	const struct pool_tx *e = pool_find(state_of(c)->pool, txid);

	if (e && e->bytes <= BODY_BYTES)
		tn_send(c, s, M_TX, &e->tx);
}

tn_verdict on_vote_request(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_hash *txid = m->body;
	struct slot *slot = slot_of(c, m->from);
	const struct certificate *cert;
	struct votes_list list;

	if (!slot || !tn_bucket_take(&slot->voting.serve, 1, tn_now_us(c)))
		return tn_refuse(R_BUSY);
	if (votes_list(voting_of(c)->book, txid, true, tn_scratch(c), &list))
		return TN_BROKEN;
	if (!list.votes.n && !certificate_read(c, NULL, txid, tn_scratch(c), &cert) &&
	    cert->final) {
		list.votes.v = cert->votes.v;
		list.votes.n = cert->votes.n;
	}
	if (!list.votes.n)
		return tn_refuse(R_VOTES_NONE);
	send_body(c, m->from, txid);
	tn_metric(c, C_SERVED, send_votes(c, m->from, list.votes.v, list.votes.n));
	return TN_TAKEN;
}

/* It has told us of one that cannot become final any more: it gets what can, with the proof. */
void voting_contradict(struct tn_ctx *c, struct tn_sid s, const struct pool_tx *final)
{
	struct slot *slot = slot_of(c, s);
	struct votes_list list;

	if (!slot || slot->voting.drip || !tn_bucket_take(&slot->voting.serve, 1, tn_now_us(c)) ||
	    votes_list(voting_of(c)->book, &final->txid, false, tn_scratch(c), &list))
		return;
	send_body(c, s, &final->txid);
	tn_metric(c, C_SERVED, send_votes(c, s, list.votes.v, list.votes.n));
}

/* Hints: whoever says so may be wrong. It is looked at sooner. */
tn_verdict on_finalized(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_tx_finalized *it = m->body;

	open_hurry(voting_of(c)->open, &it->txid, now_ms(c));
	return TN_TAKEN;
}

tn_verdict on_rejected(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_tx_rejected *it = m->body;

	open_hurry(voting_of(c)->open, &it->txid, now_ms(c));
	return TN_TAKEN;
}
