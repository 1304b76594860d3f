/* SPDX-License-Identifier: MIT
 * plugins/transactions/voting.c - votes, approvals, finality: the seam to the other parts
 */
#include "voting.h"

#include <stdlib.h>
#include <string.h>

enum {
	EARLY_ALL = 65536, /* votes for unknown transactions */
	EARLY_MS = 600000,
	RIVALS = 256,
	RIVALS_BYTES = 4 << 20,
	LOOKED_AT = 32768,
	REJECTS_A_SECOND = 20
};

/* ---- life */

static void voting_free(struct voting *v)
{
	votes_free(v->book);
	open_free(v->open);
	rivals_free(v->rivals);
	tn_seen_free(v->looked_at);
	free(v->cast);
	free(v);
}

void voting_fini(struct tn_ctx *c)
{
	if (voting_of(c))
		voting_free(voting_of(c));
	state_of(c)->voting = NULL;
}

int voting_start(struct tn_ctx *c, struct tn_error *err)
{
	const struct votes_conf conf = { (uint32_t)conf_of(c)->early_votes, EARLY_ALL, EARLY_MS };
	const uint64_t key[2] = { tn_random64(c), tn_random64(c) };
	struct voting *v = calloc(1, sizeof *v);

	voting_fini(c); /* of an earlier start */
	if (!v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	v->looked_at = tn_seen_create(LOOKED_AT, key, sizeof key);
	v->book = votes_create(&conf);
	v->open = open_create(OPEN_FIRST_MS, OPEN_MOST_MS);
	v->rivals = rivals_create(RIVALS, RIVALS_BYTES);
	if (!v->book || !v->open || !v->rivals || !v->looked_at) {
		voting_free(v);
		return tn_fail(err, TN_ENOMEM, "no memory");
	}
	tn_bucket_init(&v->rejects, REJECTS_A_SECOND, 1000000, 5 * REJECTS_A_SECOND, tn_now_us(c));
	state_of(c)->voting = v;
	v->running = true;
	exchange_start(c);
	voters_refresh(c);
	tn_every(c, EXCHANGE_MS, exchange_tick, NULL);
	return 0;
}

/* What jobs and promises look at stays until voting_fini. */
void voting_stop(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);

	if (!v)
		return;
	outcome_flush(c);
	v->running = false;
	ballot_stop(c);
}

void voting_reloaded(struct tn_ctx *c)
{
	const struct votes_conf conf = { (uint32_t)conf_of(c)->early_votes, EARLY_ALL, EARLY_MS };

	if (voting_of(c))
		votes_limits(voting_of(c)->book, &conf);
}

void voting_up(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	exchange_up(c, s, slot);
}

void voting_down(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	(void)s;
	exchange_down(c, slot);
}

void on_masternodes(struct tn_ctx *c, const void *payload)
{
	(void)payload;
	if (voting_of(c) && voting_of(c)->running)
		voters_refresh(c);
}

/* ---- transactions of the pool */

/* Its votes of before: this node's own, or the certificate. Not what is on its way to the disk:
 * that counts when it is there. */
static void remember(struct tn_ctx *c, const struct pool_tx *e)
{
	struct voting *v = voting_of(c);
	const struct certificate *cert;

	if (cast_flies(c, &e->txid))
		return;
	if (certificate_read(c, NULL, &e->txid, tn_scratch(c), &cert))
		return;
	for (uint32_t i = 0; i < cert->votes.n; i++)
		if (cert->final || cast_is_own(c, &cert->votes.v[i]))
			votes_add(v->book, &cert->votes.v[i], now_ms(c));
	if (cert->final)
		votes_final(v->book, &e->txid);
}

void voting_again(struct tn_ctx *c, struct pool_tx *e)
{
	struct tn_hash txid = e->txid;

	remember(c, e);
	cast_want(c, e);
	outcome(c, &txid);
}

void voting_accepted(struct tn_ctx *c, struct pool_tx *e)
{
	struct voting *v = voting_of(c);
	struct tn_hash txid = e->txid;

	if (votes_known(v->book, &txid))
		return; /* no memory: it is as if it had no votes, until it is asked about */
	remember(c, e);
	if (e->flags & POOL_FINAL) {
		votes_final(v->book, &txid);
	} else {
		open_add(v->open, &txid, tn_now_us(c), now_ms(c));
		tn_metric(c, C_OPEN, open_count(v->open));
	}
	cast_want(c, e);
	outcome(c, &txid);
}

void voting_unblocked(struct tn_ctx *c, struct pool_tx *child)
{
	struct tn_hash txid = child->txid;

	cast_want(c, child);
	outcome(c, &txid);
}

void voting_gone(struct tn_ctx *c, const struct pool_tx *e, enum gone why)
{
	struct voting *v = voting_of(c);

	if (!v)
		return; /* the pool is read back before this part starts */
	if (why == GONE_CONFIRMED && e->flags & POOL_FINAL)
		outcome_flush(c); /* before the book forgets it */
	open_remove(v->open, &e->txid, NULL);
	votes_forget(v->book, &e->txid);
	tn_metric(c, C_OPEN, open_count(v->open));
}

bool voting_wants(struct tn_ctx *c, struct tn_sid to, void *slot, void *from_)
{
	const struct tn_sid *from = from_;

	(void)slot;
	return !from->v || !voters_meshed(c) || voters_session(c, *from) < 0 ||
	       voters_session(c, to) < 0;
}

void voting_rival(struct tn_ctx *c, const struct tn_tx *tx, const struct tn_hash *txid,
		  struct tn_arena *owner, const struct tn_outpoint *coin,
		  const struct pool_tx *other)
{
	struct voting *v = voting_of(c);

	if (other && other->flags & POOL_FINAL)
		return; /* it will never be */
	if (rivals_add(v->rivals, tx, txid, coin, owner))
		return;
	tn_metric(c, C_RIVALS, rivals_count(v->rivals));
	open_add(v->open, txid, tn_now_us(c), now_ms(c));
	cast_reject(c, tx, txid, other);
	outcome(c, txid);
}

bool voting_certified(struct tn_ctx *c, const struct tn_hash *txid)
{
	return votes_count(voting_of(c)->book, txid).state == VOTES_FINAL;
}

int voting_votes(struct tn_ctx *c, const struct tn_hash *txid, struct tn_arena *a,
		 struct voting_votes *out)
{
	struct votes_count n = votes_count(voting_of(c)->book, txid);
	const struct certificate *cert;
	struct votes_list list;
	int rc;

	*out = (struct voting_votes){ .final = n.state == VOTES_FINAL && n.known,
				      .voters = n.n,
				      .quorum = n.quorum };
	rc = votes_list(voting_of(c)->book, txid, true, a, &list);
	out->vote = list.votes.v;
	out->n = list.votes.n;
	if (rc || out->n || n.known)
		return rc; /* what is stored of a known one may not be on the disk yet */
	rc = certificate_read(c, NULL, txid, a, &cert);
	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	out->final = cert->final;
	if (cert->final) {
		out->voters = cert->voters;
		out->quorum = votes_quorum(cert->voters);
	}
	out->at = cert->at;
	out->vote = cert->votes.v;
	out->n = cert->votes.n;
	return 0;
}
