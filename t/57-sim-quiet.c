/* SPDX-License-Identifier: MIT
 * t/57-sim-quiet.c - voters that are silent, restarts, blocks that conflict, floods of votes,
 * and an old node that takes few of them
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/paylab.h"
#include "sim/peer_old.h"
#include "transactions/voting.h"

#define SECOND 1000000u

enum { PAID = 24 };

/* Two of four are silent: nothing is final. All four die meanwhile. When the two are back the
 * same payment becomes final, and another one of its coin never is approved. */
static void test_silent(void)
{
	struct paylab *l = paylab_create(1, 4, 4, 2);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	struct payment q = paylab_pay(l, l->coin[0], PAYLAB_COIN, 2);

	paylab_cut(l, 2, 4);
	fleet_run(l->f, 60 * SECOND);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 300 * SECOND);
	is_uint(paylab_count(l, &p, PAY_PENDING), 2,
		"two of four voters are silent: nothing is final");
	is_uint(paylab_approvals(l, 0, &p.txid), 3, "though the others approved");
	paylab_cut(l, 0, 2);
	fleet_run(l->f, 5 * SECOND);
	paylab_start(l, 0, 2);
	paylab_submit(l, 0, &q);
	paylab_submit(l, 1, &q);
	fleet_run(l->f, 60 * SECOND);
	is_uint(paylab_count(l, &p, PAY_PENDING), 2, "it is there after a restart");
	is_uint(paylab_count(l, &q, PAY_ABSENT), 2, "another payment of its coin is not taken");
	paylab_start(l, 2, 4);
	fleet_run(l->f, 120 * SECOND);
	is_uint(paylab_count(l, &p, PAY_FINAL), 4, "when they are back it becomes final by itself");
	is_uint(paylab_count(l, &q, PAY_ABSENT), 4, "and the other one nowhere");
	for (unsigned i = 0; i < 4; i++)
		is_uint(paylab_approvals(l, i, &q.txid), 0, "nobody approved that (%u)", i);
	payment_free(&p);
	payment_free(&q);
	paylab_free(l);
}

/* Two approved one payment, then all die; the two others are given another one of the same coin.
 * Who approved the first never approves the second, though it is the only one there. */
static void test_approved_for_good(void)
{
	struct paylab *l = paylab_create(2, 4, 4, 1);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	struct payment q = paylab_pay(l, l->coin[0], PAYLAB_COIN, 2);
	uint64_t approved = 0;

	paylab_cut(l, 2, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	is_uint(paylab_approvals(l, 1, &p.txid), 3, "two approve");
	paylab_cut(l, 0, 2);
	paylab_start(l, 2, 4);
	fleet_run(l->f, 30 * SECOND);
	paylab_submit(l, 2, &q);
	fleet_run(l->f, 5 * SECOND);
	is_uint(paylab_approvals(l, 2, &q.txid), 12, "the two others approve another one");
	paylab_start(l, 0, 2);
	fleet_run(l->f, 200 * SECOND);
	for (unsigned i = 0; i < 4; i++)
		approved |= paylab_approvals(l, i, &q.txid);
	is_uint(approved & 3, 0, "who approved the first one does not approve the second");
	approved = 0;
	for (unsigned i = 0; i < 4; i++)
		approved |= paylab_approvals(l, i, &p.txid);
	is_uint(approved & 12, 0, "nor the other way round");
	is_uint(paylab_count(l, &p, PAY_FINAL) + paylab_count(l, &q, PAY_FINAL), 0,
		"neither is final");
	payment_free(&p);
	payment_free(&q);
	paylab_free(l);
}

static int allows(struct paylab *l, unsigned node, const struct payment *p, uint64_t height)
{
	struct tn_tx tx[2] = { { .version = 1 }, *p->tx };
	struct tn_block b = { .header = { .height = height }, .transactions = { tx, 2 } };

	return voting_allows(paylab_ctx(l, node), &b, NULL);
}

/* Which blocks this node may vote for: none that conflict with what it approved, until an epoch
 * later; none that conflict with what is final, ever. */
static void test_blocks(void)
{
	struct paylab *l = paylab_create(3, 4, 4, 2);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	struct payment q = paylab_pay(l, l->coin[0], PAYLAB_COIN, 2);
	uint64_t end = approval_end(l->height);

	is_int(allows(l, 0, &q, l->height + 1), 0, "a coin that nobody approved anything for");
	paylab_cut(l, 2, 4);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, 5 * SECOND);
	is_int(allows(l, 0, &p, l->height + 1), 0, "the one that was approved");
	is_int(allows(l, 0, &q, l->height + 1), TN_EBAD, "one that conflicts with it");
	is_int(allows(l, 0, &q, end), TN_EBAD, "as long as the next epoch lasts");
	is_int(allows(l, 0, &q, end + 1), 0, "then it binds no more");
	paylab_cut(l, 0, 2);
	paylab_start(l, 0, 2);
	fleet_run(l->f, 5 * SECOND);
	is_int(allows(l, 0, &q, l->height + 1), TN_EBAD, "the same after a restart");
	paylab_start(l, 2, 4);
	fleet_run(l->f, 120 * SECOND);
	is_uint(paylab_count(l, &p, PAY_FINAL), 4, "it becomes final");
	is_int(allows(l, 3, &q, end + 1000), TN_EBAD, "what is final binds for ever");
	payment_free(&p);
	payment_free(&q);
	paylab_free(l);
}

/* ---- floods */

static void sign_vote(struct paylab *l, unsigned node, struct tn_vote *v)
{
	struct tn_ctx *c = paylab_ctx(l, node);
	uint8_t msg[128];
	size_t n = tn_signed_vote(v, msg, sizeof msg);

	if (tn_identity_sign(tn_need(c, N_IDENTITY), (struct tn_view){ msg, n }, &v->signature))
		bail_out("no signature");
}

static struct tn_vote strange_vote(struct paylab *l, unsigned number, const char *name)
{
	struct tn_vote v = { .voter = { name, (uint32_t)strlen(name) },
			     .approve = true,
			     .timestamp = tn_wall_s(paylab_ctx(l, 0)) };

	memset(v.txid.b, 0xee, sizeof v.txid.b);
	memcpy(v.txid.b, &number, sizeof number);
	return v;
}

static void flood(struct paylab *l, unsigned node, unsigned from, unsigned n, const char *name,
		  bool sign)
{
	for (unsigned i = 0; i < n; i++) {
		struct tn_vote v = strange_vote(l, from + i, name);

		if (sign)
			sign_vote(l, node, &v);
		tn_broadcast(paylab_ctx(l, node), NULL, M_VOTE, &v);
	}
}

static uint64_t largest_book(struct paylab *l)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < l->f->nodes; i++) {
		uint64_t n = votes_bytes(state_of(paylab_ctx(l, i))->voting->book);

		most = n > most ? n : most;
	}
	return most;
}

/* A true voter floods the others with votes for transactions that do not exist, while payments
 * go on: theirs become final, and the flood stays within its bounds. */
static void test_flood_of_a_voter(void)
{
	struct paylab *l = paylab_create(4, 4, 4, PAID);
	struct payment p[PAID];
	unsigned final = 0;
	char ip[TN_ADDR_TEXT];

	tn_addr_ip_text(&l->f->node[3].ip, ip);
	for (unsigned i = 0; i < PAID; i++) {
		p[i] = paylab_pay(l, l->coin[i], PAYLAB_COIN, i);
		flood(l, 3, i * 250, 250, ip, true);
		paylab_submit(l, i % 3, &p[i]);
		fleet_run(l->f, SECOND / 4);
	}
	fleet_run(l->f, 20 * SECOND);
	for (unsigned i = 0; i < PAID; i++)
		final += paylab_count(l, &p[i], PAY_FINAL) == 4;
	is_uint(final, PAID, "all payments are final everywhere");
	for (unsigned i = 0; i < 3; i++)
		ok(paylab_metric(l, i, "votes_early") <= 4096, "node %u keeps %d early votes", i,
		   (int)paylab_metric(l, i, "votes_early"));
	ok(paylab_metric(l, 0, "votes_counted") > 5000, "of the flood, which came through");
	ok(largest_book(l) < 4096 * 600, "in %u bytes", (unsigned)largest_book(l));
	for (unsigned i = 0; i < PAID; i++)
		payment_free(&p[i]);
	paylab_free(l);
}

/* Somebody who is no voter sends votes in a voter's name, and in its own: nothing is kept, the
 * session ends, others' payments are final. */
static void test_flood_of_a_stranger(void)
{
	struct paylab *l = paylab_create(5, 5, 4, 2);
	struct payment p = paylab_pay(l, l->coin[0], PAYLAB_COIN, 1);
	int64_t before = paylab_metric(l, 0, "votes_verified");
	char ip[TN_ADDR_TEXT];

	tn_addr_ip_text(&l->f->node[4].ip, ip);
	flood(l, 4, 0, 2000, ip, true);
	paylab_submit(l, 0, &p);
	fleet_run(l->f, SECOND);
	is_uint(paylab_count(l, &p, PAY_FINAL), 5, "final everywhere, at the stranger too");
	ok(paylab_metric(l, 0, "votes_verified") - before < 10,
	   "votes of nobody cost no verification");
	is_uint(fleet_up(&l->f->node[0]), 4, "and no session");
	tn_addr_ip_text(&l->f->node[1].ip, ip);
	flood(l, 4, 5000, 500, ip, false);
	fleet_run(l->f, SECOND / 2);
	ok(fleet_up(&l->f->node[0]) < 4, "who forges votes is sent away");
	is_int(paylab_metric(l, 0, "votes_early"), 0, "nothing is kept of it");
	ok(paylab_metric(l, 0, "votes_bad") > 0, "it was counted");
	payment_free(&p);
	paylab_free(l);
}

/* ---- an old node */

/* Votes that node 0 has sent to that address. */
static int64_t votes_to(struct paylab *l, const char *ip)
{
	char *text = fleet_ask(&l->f->node[0], "audit", NULL);
	struct json_object *rows = json_tokener_parse(text), *v;
	int64_t sent = 0;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (!json_object_object_get_ex(row, "message", &v) ||
		    strcmp(json_object_get_string(v), "TransactionVote"))
			continue;
		if (!json_object_object_get_ex(row, "ip", &v) ||
		    strcmp(json_object_get_string(v), ip))
			continue;
		if (json_object_object_get_ex(row, "sent", &v))
			sent += json_object_get_int64(v);
	}
	json_object_put(rows);
	free(text);
	return sent;
}

/* It gets eight votes a second, however many there are; the rest is shed and counted, and it has
 * nothing to blame us for. Payments go on as if it were not there. */
static void test_old_node(void)
{
	static const char ip[] = "40.1.2.3";
	struct paylab *l = paylab_create(6, 4, 4, PAID);
	struct payment p[PAID];
	struct peer_old *old;
	struct tn_addr addr;
	struct tn_error err;
	char ours[TN_ADDR_TEXT];
	const char *known = tn_addr_ip_text(&l->f->node[0].ip, ours);
	int64_t most = 0, before;

	tn_addr_parse(&addr, ip, strlen(ip));
	old = peer_old_create(
		world_node(l->f->world, "old", &addr),
		&(struct peer_old_conf){
			.ip = ip, .port = 24100, .known = &known, .knows = 1, .dials = true },
		&err);
	fleet_run(l->f, 60 * SECOND);
	is_uint(fleet_up(&l->f->node[0]), 4, "an old node is there");
	for (unsigned i = 0; i < PAID; i++) {
		p[i] = paylab_pay(l, l->coin[i], PAYLAB_COIN, i);
		paylab_submit(l, i % 4, &p[i]);
	}
	for (unsigned i = 0; i < 12; i++) {
		before = votes_to(l, ip);
		fleet_run(l->f, SECOND);
		most = votes_to(l, ip) - before > most ? votes_to(l, ip) - before : most;
	}
	ok(most > 0 && most <= 8, "at most eight votes a second (%d)", (int)most);
	ok(votes_to(l, ip) + paylab_metric(l, 0, "votes_shed") >= PAID * 3,
	   "%d sent, %d shed: each vote has its fate", (int)votes_to(l, ip),
	   (int)paylab_metric(l, 0, "votes_shed"));
	ok(paylab_metric(l, 0, "votes_shed") > 0, "some were shed");
	is_uint(paylab_count(l, &p[PAID - 1], PAY_FINAL), 4, "payments are final");
	is_uint(peer_old_about(old, ours).violations, 0, "nothing to blame us for");
	for (unsigned i = 0; i < PAID; i++)
		payment_free(&p[i]);
	peer_old_free(old);
	paylab_free(l);
}

int main(void)
{
	test_old_node();
	test_silent();
	test_approved_for_good();
	test_blocks();
	test_flood_of_a_voter();
	test_flood_of_a_stranger();
	return done_testing();
}
