/* SPDX-License-Identifier: MIT
 * plugins/transactions/ballot.c - votes of others: verified in batches on threads, then counted
 *
 * A vote waits (LATER) until its signature is verified; the votes of one turn go to the pool
 * together, some jobs at a time. Only voters' votes get so far, and only those that may still
 * matter: what has become final meanwhile is not verified any more.
 */
#include "voting.h"

#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 32,     /* signatures of one job */
	JOBS = 6,       /* at a time */
	FUTURE_S = 600, /* a voter's clock may be ahead by so much */
	BAD_POINTS = 20
};

struct check {
	struct ballot ballot;
	uint32_t msg_n;
	uint8_t msg[128];
};

struct checks {
	uint32_t n;
	struct check v[BATCH];
};

struct verdicts {
	bool good[BATCH];
};

static void pump(struct tn_ctx *c);

/* ---- on a thread */

static void verify(const void *in_, void *out_)
{
	const struct checks *in = in_;
	struct verdicts *out = out_;

	for (uint32_t i = 0; i < in->n; i++)
		out->good[i] = tn_verify(&in->v[i].ballot.key, in->v[i].msg, in->v[i].msg_n,
					 &in->v[i].ballot.vote.signature);
}

/* ---- back on the loop */

/* The same vote comes from several peers at a time: one of them is verified. */
struct same {
	struct tn_hash txid;
	struct tn_sig signature;
};

static bool begin_look(struct voting *v, const struct tn_vote *vote)
{
	struct same s = { vote->txid, vote->signature };

	return tn_seen_add(v->looked_at, &s, sizeof s);
}

static void end_look(struct voting *v, const struct tn_vote *vote)
{
	struct same s = { vote->txid, vote->signature };

	tn_seen_remove(v->looked_at, &s, sizeof s);
}

static tn_verdict refusal(enum votes_fate fate)
{
	static const uint8_t reason[] = { [VOTES_TWICE] = R_VOTE_KNOWN,
					  [VOTES_NOBODY] = R_VOTER,
					  [VOTES_LATE] = R_VOTE_LATE,
					  [VOTES_NOMEM] = R_BUSY };

	return fate == VOTES_NEW ? TN_TAKEN : tn_refuse(reason[fate]);
}

/* Its voter may have gone, or changed its key, while a thread had it. */
static bool still_its_key(const struct votes *book, const struct ballot *b)
{
	int voter = votes_voter(book, b->vote.voter);

	return voter >= 0 && !memcmp(votes_key(book, (uint32_t)voter), &b->key, sizeof b->key);
}

static void count_one(struct tn_ctx *c, const struct ballot *b)
{
	struct voting *v = voting_of(c);
	enum votes_fate fate = VOTES_NOBODY;

	if (still_its_key(v->book, b))
		fate = votes_add(v->book, &b->vote, now_ms(c));
	tn_settle(c, b->hold, refusal(fate));
	if (fate != VOTES_NEW)
		return;
	tn_metric(c, C_COUNTED, 1);
	vote_drip(c, &b->vote, b->from);
	outcome(c, &b->vote.txid);
}

static void on_bad(struct tn_ctx *c, const struct ballot *b)
{
	struct tn_session s;
	bool legacy = !tn_session(c, b->from, &s) && s.flags & TN_S_LEGACY;

	tn_metric(c, C_BAD_VOTES, 1);
	tn_settle(c, b->hold, tn_refuse(R_VOTE_SIGNATURE));
	tn_fault(c, b->from, legacy ? 1 : BAD_POINTS, "a vote with a bad signature");
}

static void on_verified(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct checks *in = in_;
	const struct verdicts *out = out_;

	voting_of(c)->jobs--;
	if (status || !voting_of(c)->running)
		return; /* the host settles what is held */
	for (uint32_t i = 0; i < in->n; i++) {
		struct ballot b = in->v[i].ballot;

		b.vote.voter.p = b.name;
		end_look(voting_of(c), &b.vote);
		if (out->good[i])
			count_one(c, &b);
		else
			on_bad(c, &b);
	}
	pump(c);
}

/* ---- sending them there */

/* The first ones of the queue; those that do not matter any more end here. Returns how many were looked at. */
static uint32_t fill(struct tn_ctx *c, struct checks *in)
{
	struct voting *v = voting_of(c);
	uint32_t i;

	in->n = 0;
	for (i = 0; i < v->queued && in->n < BATCH; i++) {
		struct ballot *b = &v->queue[i];
		struct check *k = &in->v[in->n];
		enum votes_fate fate;

		b->vote.voter.p = b->name;
		fate = votes_look(v->book, &b->vote);
		if (fate != VOTES_NEW) {
			end_look(v, &b->vote);
			tn_settle(c, b->hold, refusal(fate));
			continue;
		}
		k->ballot = *b;
		k->ballot.vote.voter.p = NULL;
		k->msg_n = (uint32_t)tn_signed_vote(&b->vote, k->msg, sizeof k->msg);
		in->n++;
	}
	return i;
}

static void drop_first(struct voting *v, uint32_t n)
{
	v->queued -= n;
	memmove(v->queue, v->queue + n, v->queued * sizeof *v->queue);
}

static int give(struct tn_ctx *c, const struct checks *in)
{
	struct tn_job job = { .name = "votes",
			      .run = verify,
			      .done = on_verified,
			      .in = in,
			      .in_bytes = (uint32_t)(offsetof(struct checks, v) +
						     in->n * sizeof in->v[0]),
			      .out_bytes = sizeof(struct verdicts) };

	return tn_work(c, &job);
}

/* As many jobs as may be under way. What the pool does not take waits for the next that ends. */
static void pump(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);
	struct checks *in;

	if (!v->queued || v->jobs >= JOBS)
		return;
	in = tn_alloc(tn_scratch(c), sizeof *in);
	while (in && v->queued && v->jobs < JOBS) {
		uint32_t looked = fill(c, in);

		if (in->n) {
			if (give(c, in))
				break;
			v->jobs++;
			tn_metric(c, C_VERIFIED, in->n);
		}
		drop_first(v, looked);
	}
}

static void on_turn(struct tn_ctx *c, void *arg)
{
	(void)arg;
	voting_of(c)->ballot_armed = false;
	pump(c);
}

static void arm(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);

	if (!v->ballot_armed)
		v->ballot_armed = tn_after(c, 0, on_turn, NULL).v != 0;
}

void ballot_retry(struct tn_ctx *c)
{
	if (voting_of(c)->queued)
		pump(c);
}

void ballot_stop(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);

	free(v->queue);
	v->queue = NULL;
	v->queued = v->queue_room = 0;
}

/* ---- the message */

/* Voters hear each other's votes from their signers; this is for everybody else. */
static bool wants_relay(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	(void)arg;
	if (((struct slot *)slot)->voting.drip)
		return false; /* an old node gets it slowly */
	return !voters_meshed(c) || voters_session(c, s) < 0;
}

static struct ballot *queue_add(struct voting *v)
{
	if (v->queued == v->queue_room) {
		uint32_t room = v->queue_room ? 2 * v->queue_room : 256;
		struct ballot *more = realloc(v->queue, room * sizeof *more);

		if (!more)
			return NULL;
		v->queue = more;
		v->queue_room = room;
	}
	return &v->queue[v->queued];
}

tn_verdict on_vote(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_filter others = { .also = wants_relay };
	const struct tn_vote *vote = m->body;
	struct voting *v = voting_of(c);
	enum votes_fate fate;
	struct ballot *b;

	if (vote->voter.n >= sizeof b->name)
		return tn_refuse(R_VOTER);
	fate = votes_look(v->book, vote);
	if (fate != VOTES_NEW)
		return refusal(fate);
	if (vote->timestamp > tn_wall_s(c) + FUTURE_S)
		return tn_refuse(R_VOTE_TIME);
	b = queue_add(v);
	if (!b)
		return tn_refuse(R_BUSY);
	*b = (struct ballot){ .from = m->from, .vote = *vote };
	b->key = *votes_key(v->book, (uint32_t)votes_voter(v->book, vote->voter));
	memcpy(b->name, vote->voter.p, vote->voter.n);
	if (!begin_look(v, vote))
		return tn_refuse(R_VOTE_KNOWN);
	tn_relay(c, &others, m);
	b->hold = tn_hold(c, m);
	if (!b->hold.v) {
		end_look(v, vote);
		return tn_refuse(R_BUSY);
	}
	v->queued++;
	arm(c);
	return TN_LATER;
}
