/* SPDX-License-Identifier: MIT
 * plugins/transactions/outcome.c - what the count means: final, rejected; certificates
 *
 * Finality is decided here and nowhere else, by this node's own count. What others say
 * about it (TransactionFinalized, TransactionRejected) is a hint to look.
 */
#include "voting.h"
#include "timenode/value.h"

#include <inttypes.h>

const struct tn_schema certificate_schema =
	TN_SCHEMA(struct certificate, TN_RECORD, TN_FIELD(struct certificate, final),
		  TN_FIELD(struct certificate, voters), TN_FIELD(struct certificate, at),
		  TN_LISTOF(struct certificate, votes, &tn_wire_vote, 0));

int certificate_read(struct tn_ctx *c, struct tn_batch *b, const struct tn_hash *txid,
		     struct tn_arena *a, const struct certificate **out)
{
	struct tn_view val;
	const void *p;
	int rc = tn_get(c, b, D_VOTES, TN_VIEW(*txid), &val);

	if (!rc)
		rc = tn_bin_read(&certificate_schema, val, a, &p, NULL);
	if (!rc)
		*out = p;
	return rc;
}

int certificate_put(struct tn_ctx *c, struct tn_batch *b, const struct tn_hash *txid,
		    const struct certificate *cert)
{
	return tn_put_as(c, b, D_VOTES, TN_VIEW(*txid), &certificate_schema, cert);
}

/* ---- storing: what became final lately goes into one batch. It can be had again from others, so
 * nobody waits until it is on the disk. */

static int put_one(struct tn_ctx *c, struct tn_batch *b, const struct tn_hash *txid)
{
	const struct votes *book = voting_of(c)->book;
	struct certificate cert = { .final = true,
				    .voters = votes_voters(book),
				    .at = tn_wall_s(c) };
	struct votes_list list;

	if (votes_list(book, txid, false, tn_scratch(c), &list))
		return TN_ENOMEM;
	cert.votes.v = list.votes.v;
	cert.votes.n = list.votes.n;
	/* one that has left the book meanwhile is in a block, or has no place in any */
	return list.votes.n ? certificate_put(c, b, txid, &cert) : 0;
}

void outcome_flush(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);
	struct tn_batch *b = v->finals ? tn_batch(c) : NULL;
	int rc = 0;

	if (!b)
		return;
	for (uint32_t i = 0; i < v->finals && !rc; i++)
		rc = put_one(c, b, &v->final[i]);
	if (rc) {
		tn_abandon(c, b);
		return; /* later: they are still in the list */
	}
	rc = tn_commit(c, b, TN_NO_TICKET);
	if (rc == TN_EFULL)
		tn_abandon(c, b);
	else
		v->finals = 0;
}

static void on_time(struct tn_ctx *c, void *arg)
{
	(void)arg;
	voting_of(c)->finals_armed = false;
	outcome_flush(c);
}

static void store(struct tn_ctx *c, const struct tn_hash *txid)
{
	struct voting *v = voting_of(c);

	if (v->finals == FINALS_MAX)
		outcome_flush(c);
	if (v->finals < FINALS_MAX)
		v->final[v->finals++] = *txid;
	if (!v->finals_armed)
		v->finals_armed = tn_after(c, FINALS_MS, on_time, NULL).v != 0;
}

/* Voters find out by themselves. */
static bool is_no_voter(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	(void)slot, (void)arg;
	return voters_session(c, s) < 0;
}

static void on_final(struct tn_ctx *c, struct pool_tx *e, const struct votes_count *n)
{
	const struct tn_filter others = { .also = is_no_voter };
	struct tn_tx_finalized told = { e->txid, n->approve };
	struct tn_hash txid = e->txid;
	uint64_t since = 0;

	if (e->flags & POOL_FINAL || fate_final(c, e, n->approve, n->n))
		return; /* a parent is not final: voting_unblocked comes back to it */
	store(c, &txid);
	if (!open_remove(voting_of(c)->open, &txid, &since))
		tn_metric(c, C_FINAL_US, (int64_t)(tn_now_us(c) - since));
	tn_metric(c, C_OPEN, open_count(voting_of(c)->open));
	tn_broadcast(c, &others, M_FINALIZED, &told);
}

/* Voters that contradict themselves may make it final after all: its body is kept. */
static void keep_body(struct tn_ctx *c, const struct pool_tx *e)
{
	struct tn_arena *a = tn_arena_new(c);
	const void *copy;

	if (a && !tn_clone(&tn_wire_tx, &e->tx, a, &copy))
		rivals_add(voting_of(c)->rivals, copy, &e->txid, &e->tx.inputs.v[0].previous_output,
			   a);
	tn_arena_unref(a);
}

static void on_refused(struct tn_ctx *c, struct pool_tx *e)
{
	static const char why[] = "Failed to reach approval quorum"; /* the reference's words */
	struct tn_tx_rejected told = { e->txid, { why, sizeof why - 1 } };

	if (e->flags & POOL_FINAL)
		return;
	tn_metric(c, C_REJECTED, 1);
	tn_broadcast(c, NULL, M_REJECTED, &told);
	keep_body(c, e);
	fate_rejected(c, e, why);
}

void outcome(struct tn_ctx *c, const struct tn_hash *txid)
{
	struct votes_count n = votes_count(voting_of(c)->book, txid);
	struct pool_tx *e = pool_find(state_of(c)->pool, txid);

	if (!e) {
		if (n.state == VOTES_FINAL)
			exchange_want(c, txid);
		return;
	}
	e->votes = n.approve;
	e->voters = n.n;
	if (n.state == VOTES_FINAL)
		on_final(c, e, &n);
	else if (n.state == VOTES_REJECTED)
		on_refused(c, e);
}
