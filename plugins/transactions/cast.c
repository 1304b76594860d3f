/* SPDX-License-Identifier: MIT
 * plugins/transactions/cast.c - this node's own votes: judged, stored, then sent
 *
 * The only place that signs an approval. What is to be approved in one turn of the loop goes
 * into one batch: the approvals of all coins, the signed votes, the transactions. Only when that
 * batch is on the disk are the votes sent and counted. A crash in between forgets both
 * or neither, and what was never sent binds nobody.
 */
#include "voting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { TXS_A_TURN = 64, INPUTS_A_TURN = 2000, RETRY_MS = 50, FLIGHT_MS = 600000 };

struct own_vote {
	struct tn_vote vote;
	char name[TN_MN_ADDRESS_TEXT];
};

struct flight { /* votes on their way to the disk */
	struct flight *next, *prev;
	uint32_t n;
	struct own_vote v[TXS_A_TURN];
};

static void arm(struct tn_ctx *c, uint64_t ms);

/* ---- what was approved before */

static int approval_read(struct tn_ctx *c, struct tn_batch *b, const struct tn_outpoint *o,
			 const struct approval **out)
{
	struct coin_key k = coin_key(o);
	struct tn_view val;
	const void *p;
	int rc = tn_get(c, b, D_APPROVAL, TN_VIEW(k.b), &val);

	if (!rc)
		rc = tn_bin_read(&approval_schema, val, tn_scratch(c), &p, NULL);
	if (!rc)
		*out = p;
	return rc;
}

int cast_judge(struct tn_ctx *c, struct tn_batch *b, const struct tn_tx *tx,
	       const struct tn_hash *txid, enum approval_word *word)
{
	*word = APPROVAL_FREE;
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		const struct approval *prior = NULL;
		enum approval_word w;
		int rc = approval_read(c, b, &tx->inputs.v[i].previous_output, &prior);

		if (rc && rc != TN_ENOENT)
			return rc;
		w = approval_judge(prior, txid);
		if (w > *word)
			*word = w;
	}
	return 0;
}

/* ---- storing */

static uint64_t tip_height(struct tn_ctx *c)
{
	struct tn_tip tip;

	return tn_chain_tip(tn_need(c, N_CHAIN), &tip) ? 0 : tip.height;
}

static int put_approvals(struct tn_ctx *c, struct tn_batch *b, const struct pool_tx *e)
{
	struct approval a = { e->txid, tip_height(c) };
	int rc = 0;

	for (uint32_t i = 0; i < e->tx.inputs.n && !rc; i++) {
		struct coin_key k = coin_key(&e->tx.inputs.v[i].previous_output);

		rc = tn_put_as(c, b, D_APPROVAL, TN_VIEW(k.b), &approval_schema, &a);
	}
	return rc;
}

static int sign(struct tn_ctx *c, const struct tn_hash *txid, bool approve, struct own_vote *out)
{
	const struct votes *book = voting_of(c)->book;
	struct tn_str name = votes_name(book, (uint32_t)votes_me(book));
	uint8_t msg[128];
	size_t n;

	if (name.n >= sizeof out->name)
		return TN_EINVAL;
	memcpy(out->name, name.p, name.n);
	out->name[name.n] = 0;
	out->vote = (struct tn_vote){ .txid = *txid,
				      .voter = { out->name, name.n },
				      .approve = approve,
				      .timestamp = tn_wall_s(c) };
	n = tn_signed_vote(&out->vote, msg, sizeof msg);
	return tn_identity_sign(tn_need(c, N_IDENTITY), (struct tn_view){ msg, n },
				&out->vote.signature);
}

bool cast_is_own(struct tn_ctx *c, const struct tn_vote *vote)
{
	const struct votes *book = voting_of(c)->book;
	int voter = votes_voter(book, vote->voter);

	return voter >= 0 && voter == votes_me(book) &&
	       !tn_vote_verify(votes_key(book, (uint32_t)voter), vote);
}

bool cast_flies(struct tn_ctx *c, const struct tn_hash *txid)
{
	const struct flight *f;

	DL_FOREACH(voting_of(c)->flight, f)
		for (uint32_t i = 0; i < f->n; i++)
			if (same_hash(&f->v[i].vote.txid, txid))
				return true;
	return false;
}

/* One that was signed with a key, or by a name, that it has no more is no vote: the coins are still
 * that transaction's, and it is signed anew. */
static bool voted(struct tn_ctx *c, struct tn_batch *b, const struct tn_hash *txid)
{
	const struct certificate *cert;

	if (certificate_read(c, b, txid, tn_scratch(c), &cert))
		return false;
	return cert->final || (cert->votes.n && cast_is_own(c, &cert->votes.v[0]));
}

/* 0: approved in the batch; TN_ESKIP: not to be; else an error. */
static int approve(struct tn_ctx *c, struct tn_batch *b, struct pool_tx *e, struct own_vote *out)
{
	struct certificate cert = { .votes = { &out->vote, 1 } };
	enum approval_word word;
	int rc;

	if (voted(c, b, &e->txid))
		return TN_ESKIP;
	rc = cast_judge(c, b, &e->tx, &e->txid, &word);
	if (rc)
		return rc;
	if (word == APPROVAL_CONFLICT || fate_approved(c, e))
		return TN_ESKIP;
	rc = sign(c, &e->txid, true, out);
	if (!rc)
		rc = put_approvals(c, b, e);
	if (!rc)
		rc = certificate_put(c, b, &e->txid, &cert);
	return rc ? rc : keep_put(c, b, e);
}

/* ---- sending, when it is durable */

static bool is_new(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	(void)c, (void)s, (void)arg;
	return !((struct slot *)slot)->voting.drip;
}

static int drip_to(struct tn_ctx *c, struct tn_sid s, void *slot_, void *arg)
{
	struct slot *slot = slot_;

	(void)s;
	if (slot->voting.drip)
		tn_metric(c, C_SHED, drip_add(slot->voting.drip, arg, now_ms(c)));
	return 0;
}

void vote_drip(struct tn_ctx *c, const struct tn_vote *vote, struct tn_sid from)
{
	const struct tn_filter old = { .except = from, .all_of = TN_S_LEGACY };
	struct tn_vote copy = *vote;

	tn_each(c, &old, drip_to, &copy);
}

void vote_send(struct tn_ctx *c, const struct tn_vote *vote)
{
	const struct tn_filter fresh = { .also = is_new };

	tn_broadcast(c, &fresh, M_VOTE, vote);
	vote_drip(c, vote, TN_NOBODY);
}

static void landed(struct tn_ctx *c, const struct own_vote *own)
{
	struct voting *v = voting_of(c);
	struct tn_vote vote = own->vote;

	vote.voter.p = own->name;
	tn_metric(c, C_CAST, 1);
	vote_send(c, &vote);
	if (!votes_count(v->book, &vote.txid).known)
		return; /* it has left the pool meanwhile */
	votes_add(v->book, &vote, now_ms(c));
	outcome(c, &vote.txid);
}

static void on_durable(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	struct voting *v = voting_of(c);
	struct flight *f = arg;

	(void)payload;
	DL_DELETE(v->flight, f);
	if (result && result != TN_EGONE && !v->failed) {
		v->failed = true;
		TN_LOG(c, TN_ERROR, TN_NOBODY,
		       "Approvals cannot be stored: this node does not vote any more");
	}
	for (uint32_t i = 0; !result && v->running && i < f->n; i++)
		landed(c, &f->v[i]);
	free(f);
}

/* TN_EFULL: the disk is behind, the batch is still here; f is gone either way. */
static int commit(struct tn_ctx *c, struct tn_batch *b, struct flight *f)
{
	struct tn_ticket t = tn_promise(c, FLIGHT_MS, on_durable, f);
	int rc;

	if (!t.v) {
		free(f);
		return TN_EFULL;
	}
	DL_APPEND(voting_of(c)->flight, f);
	rc = tn_commit(c, b, t);
	if (rc)
		tn_finish(c, t, rc == TN_EFULL ? TN_EGONE : rc, NULL);
	return rc;
}

/* ---- the queue */

static void take_from_queue(struct voting *v, uint32_t n)
{
	v->casts -= n;
	memmove(v->cast, v->cast + n, v->casts * sizeof *v->cast);
}

static bool queue_add(struct voting *v, const struct tn_hash *txid)
{
	if (v->casts == v->cast_room) {
		uint32_t room = v->cast_room ? 2 * v->cast_room : 256;
		struct tn_hash *more = realloc(v->cast, room * sizeof *more);

		if (!more)
			return false;
		v->cast = more;
		v->cast_room = room;
	}
	v->cast[v->casts++] = *txid;
	return true;
}

/* A child is approved after its parent only. */
static void queue_children(struct tn_ctx *c, const struct pool_tx *e)
{
	const struct pool *pool = state_of(c)->pool;
	const struct pool_tx *child;
	uint32_t at = 0;

	while ((child = pool_child(pool, e, &at)))
		if (pool_parents_have(pool, child, POOL_APPROVED | POOL_FINAL))
			queue_add(voting_of(c), &child->txid);
}

/* How many of the queue are in the batch or need not be. */
static uint32_t fill(struct tn_ctx *c, struct tn_batch *b, struct flight *f, int *rc)
{
	struct voting *v = voting_of(c);
	uint32_t i, inputs = 0;

	for (i = 0; i < v->casts && f->n < TXS_A_TURN && inputs < INPUTS_A_TURN; i++) {
		struct pool_tx *e = pool_find(state_of(c)->pool, &v->cast[i]);

		if (!e || e->flags & POOL_FINAL)
			continue;
		*rc = approve(c, b, e, &f->v[f->n]);
		if (*rc && *rc != TN_ESKIP)
			break;
		if (!*rc) {
			f->n++;
			queue_children(c, e);
		}
		inputs += e->tx.inputs.n;
		*rc = 0;
	}
	return i;
}

static void again(struct tn_ctx *c, struct tn_batch *b)
{
	if (b)
		tn_abandon(c, b);
	arm(c, RETRY_MS);
}

static void flush_batch(struct tn_ctx *c, struct tn_batch *b, struct flight *f)
{
	struct voting *v = voting_of(c);
	int rc = 0;
	uint32_t done = fill(c, b, f, &rc);

	if (rc || !f->n) {
		free(f);
		if (rc) {
			again(c, b);
			return;
		}
		tn_abandon(c, b);
	} else if (commit(c, b, f) == TN_EFULL) {
		again(c, b);
		return;
	}
	take_from_queue(v, done);
	if (v->casts)
		arm(c, 0);
}

static void flush(struct tn_ctx *c, void *arg)
{
	struct voting *v = voting_of(c);
	struct flight *f;
	struct tn_batch *b;

	(void)arg;
	v->cast_armed = false;
	if (!v->casts || !v->can_vote || v->failed)
		return;
	f = calloc(1, sizeof *f);
	b = f ? tn_batch(c) : NULL;
	if (b) {
		flush_batch(c, b, f);
		return;
	}
	free(f);
	again(c, NULL);
}

static void arm(struct tn_ctx *c, uint64_t ms)
{
	struct voting *v = voting_of(c);

	if (v->cast_armed)
		return;
	v->cast_armed = tn_after(c, ms, flush, NULL).v != 0;
}

void cast_want(struct tn_ctx *c, const struct pool_tx *e)
{
	struct voting *v = voting_of(c);

	if (!v->can_vote || v->failed || votes_has(v->book, &e->txid, (uint32_t)votes_me(v->book)))
		return;
	if (!pool_parents_have(state_of(c)->pool, e, POOL_APPROVED | POOL_FINAL))
		return; /* voting_unblocked, or the parent's approval, comes back to it */
	if (queue_add(v, &e->txid))
		arm(c, 0);
}

/* ---- rejections: nothing is stored for them. They say that another one has the coin, and
 * that is on the disk already and true for ever. */

/* Is it sure that what has the coin is on the disk, and not only on its way? */
static bool settled(const struct voting *v, const struct pool_tx *other)
{
	return !v->flight ||
	       (other && votes_has(v->book, &other->txid, (uint32_t)votes_me(v->book)));
}

void cast_reject(struct tn_ctx *c, const struct tn_tx *tx, const struct tn_hash *txid,
		 const struct pool_tx *other)
{
	struct voting *v = voting_of(c);
	enum approval_word word;
	struct own_vote own;

	if (!v->can_vote || v->failed || !settled(v, other) ||
	    votes_has(v->book, txid, (uint32_t)votes_me(v->book)) ||
	    cast_judge(c, NULL, tx, txid, &word) || word != APPROVAL_CONFLICT ||
	    !tn_bucket_take(&v->rejects, 1, tn_now_us(c)) || sign(c, txid, false, &own))
		return;
	votes_add(v->book, &own.vote, now_ms(c));
	vote_send(c, &own.vote);
}
