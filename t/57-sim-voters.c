/* SPDX-License-Identifier: MIT
 * t/57-sim-voters.c - voters that come and go, votes and approvals over resets and new keys, and
 * floods of a peer that is no voter
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/paylab.h"
#include "transactions/inside.h"
#include "transactions/voting.h"

#define SECOND 1000000u

enum { PAID = 8, STATES = 500, DOUBLES = 100 };

/* The plugin masternodes is away for a moment: nobody is a voter, and all votes are dropped. */
static void lose_voters(struct paylab *l, unsigned node)
{
	const struct tn_voter_set none = { .me = -1 };
	struct voting *v = voting_of(paylab_ctx(l, node));

	votes_set(v->book, &none);
	v->can_vote = false;
}

static void test_voters_come_back(void)
{
	struct paylab *l = paylab_create(11, 4, 4, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);

	paylab_cut(l, 2, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	is_uint(paylab_approvals(l, 0, &p.txid), 3, "two of four approve");
	lose_voters(l, 0);
	lose_voters(l, 1);
	fleet_run(l->f, 2 * SECOND);
	ok(paylab_approvals(l, 0, &p.txid) & 1, "a voter again, it counts its own vote again");
	fleet_run(l->f, 60 * SECOND);
	is_uint(paylab_approvals(l, 0, &p.txid), 3, "and gets the other's once more");
	paylab_start(l, 2, 4);
	fleet_run(l->f, 60 * SECOND);
	is_uint(paylab_count(l, &p, PAY_FINAL), 4, "with the two others it becomes final");
	payment_free(&p);
	paylab_free(l);
}

/* A voter leaves the set: what was not enough is a quorum now. */
static void test_voter_leaves(void)
{
	struct paylab *l = paylab_create(12, 4, 4, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	struct tn_voter_set set = { .me = -1 };
	struct tn_ctx *c;

	paylab_cut(l, 2, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	is_uint(paylab_count(l, &p, PAY_PENDING), 2, "two of four are no quorum");
	c = paylab_ctx(l, 0);
	tn_mn_voters(tn_need(c, N_MASTERNODES), l->height + 1, tn_scratch(c), &set);
	while (set.voter.n > 3) /* one of those that did not vote */
		for (uint32_t i = 0; i < set.voter.n; i++)
			if (!votes_has(voting_of(c)->book, &p.txid, i)) {
				memmove(&set.voter.v[i], &set.voter.v[i + 1],
					(--set.voter.n - i) * sizeof set.voter.v[0]);
				set.me -= set.me > (int)i;
				break;
			}
	votes_set(voting_of(c)->book, &set);
	fleet_run(l->f, 2 * SECOND);
	is_int(paylab_state(l, 0, &p.txid), PAY_FINAL,
	       "two of three are: nobody has to vote again");
	payment_free(&p);
	paylab_free(l);
}

/* No payment gives way to one that has no quorum. */
static void test_not_certified(void)
{
	struct paylab *l = paylab_create(13, 4, 4, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	struct payment q = paylab_pay(l, l->coin[0], PAYLAB_COIN, 2);

	paylab_cut(l, 2, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	intake_certified(paylab_ctx(l, 0), q.tx, q.arena);
	fleet_run(l->f, 5 * SECOND);
	is_int(paylab_state(l, 0, &p.txid), PAY_PENDING, "who has the coin keeps it");
	is_int(paylab_state(l, 0, &q.txid), PAY_ABSENT, "the other one is not taken");
	payment_free(&p);
	payment_free(&q);
	paylab_free(l);
}

/* ---- what is forgotten */

static const uint8_t mark = 1;

static void note_buried(struct paylab *l, const struct tn_outpoint *coin)
{
	struct tn_ctx *c = paylab_ctx(l, 0);
	struct buried_key k = buried_coin(1, coin);
	struct tn_batch *b = tn_batch(c);

	if (!b || tn_put(c, b, D_BURIED, (struct tn_view){ k.b, k.n }, TN_VIEW(mark)) ||
	    tn_commit(c, b, TN_NO_TICKET))
		bail_out("no note");
}

static bool is_noted(struct paylab *l, const struct tn_outpoint *coin)
{
	struct buried_key k = buried_coin(1, coin);
	struct tn_view val;

	return !tn_get(paylab_ctx(l, 0), NULL, D_BURIED, (struct tn_view){ k.b, k.n }, &val);
}

static int allows(struct paylab *l, const struct payment *p)
{
	struct tn_tx tx[2] = { { .version = 1 }, *p->tx };
	struct tn_block b = { .header = { .height = l->height + 1 }, .transactions = { tx, 2 } };

	return voting_allows(paylab_ctx(l, 0), &b, NULL);
}

/* A block of a chain that is no more spent the coin, and the chain is long by now. */
static void test_approval_stays(void)
{
	struct paylab *l = paylab_create(14, 4, 4, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	struct payment q = paylab_pay(l, l->coin[0], PAYLAB_COIN, 2);
	struct tn_ev_block ev = { .block = NULL };

	paylab_cut(l, 1, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	is_int(allows(l, &q), TN_EBAD, "a coin is approved");
	note_buried(l, &l->coin[0]);
	bury_sweep(paylab_ctx(l, 0), 5000);
	ok(!is_noted(l, &l->coin[0]), "an old note goes");
	is_int(allows(l, &q), TN_EBAD, "the approval stays as long as the coin is there");
	note_buried(l, &l->coin[0]);
	ev.batch = tn_batch(paylab_ctx(l, 0));
	is_int(voting_reset(paylab_ctx(l, 0), &ev, NULL), 0, "the chain begins anew");
	tn_commit(paylab_ctx(l, 0), ev.batch, TN_NO_TICKET);
	ok(!is_noted(l, &l->coin[0]), "and notes of the old one are gone");
	is_int(allows(l, &q), TN_EBAD, "approvals are not");
	payment_free(&p);
	payment_free(&q);
	paylab_free(l);
}

/* The stored vote was signed with a key that this node has no more. */
static void test_new_key(void)
{
	struct paylab *l = paylab_create(15, 4, 4, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	const struct certificate *cert;
	struct certificate other;
	struct tn_vote vote;
	struct tn_batch *b;
	struct tn_ctx *c;

	paylab_cut(l, 1, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	c = paylab_ctx(l, 0);
	if (certificate_read(c, NULL, &p.txid, tn_scratch(c), &cert) || cert->votes.n != 1)
		bail_out("no vote is stored");
	other = *cert;
	vote = cert->votes.v[0];
	vote.signature.b[7] ^= 1;
	other.votes.v = &vote;
	b = tn_batch(c);
	if (!b || certificate_put(c, b, &p.txid, &other) || tn_commit(c, b, TN_NO_TICKET))
		bail_out("cannot be stored");
	fleet_run(l->f, SECOND);
	paylab_cut(l, 0, 1);
	paylab_start(l, 0, 1);
	fleet_run(l->f, 2 * SECOND);
	paylab_start(l, 1, 3);
	fleet_run(l->f, 120 * SECOND);
	is_uint(paylab_count(l, &p, PAY_FINAL), 3, "it is signed anew, and final with two others");
	is_int(paylab_metric(l, 1, "votes_bad"), 0, "the old vote is not sent");
	payment_free(&p);
	paylab_free(l);
}

/* The operator's node dies a moment after it has sent a payment: it must know of it when it is
 * back, or would spend the coin once more. */
static void test_own_is_kept(void)
{
	struct paylab *l = paylab_create(17, 3, 2, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);

	paylab_cut(l, 0, 2);
	fleet_run(l->f, SECOND + 1000);
	paylab_submit(l, 2, &p);
	fleet_run(l->f, SECOND / 10);
	is_int(paylab_state(l, 2, &p.txid), PAY_PENDING, "no voter, and no voter is there");
	paylab_cut(l, 2, 3);
	paylab_start(l, 2, 3);
	fleet_run(l->f, SECOND);
	is_int(paylab_state(l, 2, &p.txid), PAY_PENDING, "it is there after a crash");
	payment_free(&p);
	paylab_free(l);
}

/* ---- floods of one peer */

static void ask_much(struct paylab *l, unsigned node, unsigned n)
{
	struct tn_ctx *c = paylab_ctx(l, node);
	struct tn_outpoint *o = tn_alloc(tn_scratch(c), STATES * sizeof *o);
	struct tn_outpoints asked = { { o, STATES } };

	for (unsigned i = 0; i < STATES; i++)
		o[i] = l->coin[i % l->coins];
	for (unsigned i = 0; i < n; i++) {
		struct tn_hash h = { { (uint8_t)i, (uint8_t)(i >> 8) } };
		struct tn_tx_finalized hint = { h, 3 };

		tn_broadcast(c, NULL, M_VOTE_REQUEST, &h);
		tn_broadcast(c, NULL, M_FINALIZED, &hint);
		if (i % 10)
			continue;
		tn_broadcast(c, NULL, M_STATE_QUERY, &asked);
		tn_broadcast_unit(c, NULL, M_GET_PENDING);
	}
}

static void subscribe_much(struct paylab *l, unsigned node, unsigned round)
{
	struct tn_str address = { l->address, (uint32_t)strlen(l->address) };
	struct tn_subscription s = { .addresses = { &address, 1 } };
	char id[16];

	s.id.n = (uint32_t)snprintf(id, sizeof id, "%u", round);
	s.id.p = id;
	tn_broadcast(paylab_ctx(l, node), NULL, M_SUBSCRIBE, &s);
}

struct turn {
	unsigned at, whose;
};

static bool is_turn(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	struct turn *t = arg;

	(void)c, (void)sid, (void)slot;
	return t->at++ == t->whose;
}

/* Payments of one coin, each well signed: nothing is wrong with any of them but the others. Each
 * goes to one voter, so that they do not all see the same one first. */
static void double_spend(struct paylab *l, unsigned node, uint32_t coin, unsigned round)
{
	for (unsigned i = 0; i < DOUBLES; i++) {
		struct payment p = paylab_pay(l, l->coin[coin + i % 30], PAYLAB_COIN,
					      1000 + round * DOUBLES + i);
		struct turn turn = { 0, i / 30 % 4 };
		struct tn_filter one = { .also = is_turn, .arg = &turn };

		tn_broadcast(paylab_ctx(l, node), &one, M_TX, p.tx);
		payment_free(&p);
	}
}

static void test_floods(void)
{
	struct paylab *l = paylab_create(16, 5, 4, PAID + 30);
	struct payment p[PAID];
	uint32_t most = 0;

	for (unsigned i = 0; i < PAID; i++) {
		p[i] = paylab_pay(l, l->coin[i], PAYLAB_COIN, i);
		double_spend(l, 4, PAID, i); /* first: behind the rest they come one by one */
		ask_much(l, 4, 200);
		subscribe_much(l, 4, i);
		paylab_submit(l, i % 4, &p[i]);
		fleet_run(l->f, SECOND / 2);
		for (unsigned n = 0; n < 4; n++)
			if (open_count(voting_of(paylab_ctx(l, n))->open) > most)
				most = open_count(voting_of(paylab_ctx(l, n))->open);
	}
	fleet_run(l->f, 10 * SECOND);
	for (unsigned i = 0; i < PAID; i++)
		is_uint(paylab_count(l, &p[i], PAY_FINAL), 5, "payment %u is final everywhere", i);
	ok(paylab_metric(l, 0, "rivals") > 0 && paylab_metric(l, 0, "rivals") <= 256,
	   "double spends came through: %d are kept", (int)paylab_metric(l, 0, "rivals"));
	ok(most <= 30 + PAID + 256 + 2 * DOUBLES, "%u are asked about at most", most);
	for (unsigned i = 0; i < PAID; i++)
		payment_free(&p[i]);
	paylab_free(l);
}

int main(void)
{
	test_voters_come_back();
	test_voter_leaves();
	test_not_certified();
	test_approval_stays();
	test_new_key();
	test_own_is_kept();
	test_floods();
	return done_testing();
}
