/* SPDX-License-Identifier: MIT
 * plugins/blocks/jobs.c - signatures, and what a block shows by itself, on threads of the pool
 *
 * A job may outlive the trial it is for, so its input holds all it needs but the block, whose
 * arena the host keeps. Its answer is known by the trial's number. Of several bad
 * signatures the first in the order of the block is told, whichever thread is faster.
 */
#include "blocks.h"

#include <string.h>

enum { SCRIPT_MAX = 64 }; /* an address is shorter: whatever is longer is none either way */

struct spend {
	struct tn_spent spent; /* its script is below */
	uint32_t script_n;
	uint8_t script[SCRIPT_MAX];
};

struct spends_in { /* the spends of some transactions in a row, the first of which is number 0 */
	uint64_t serial;
	struct tn_tx *tx; /* only read */
	uint32_t first_tx, txs;
	uint32_t first, n; /* inputs */
	struct tn_spend_digest digest[TN_SPENDS];
	struct spend v[TN_SPENDS];
};

/* As much of a block's facts as the check looks at. */
struct few_facts {
	struct tn_block_facts facts;
	struct tn_hash txid[TN_SPENDS];
	struct tn_spend_digest digest[TN_SPENDS];
};

static void check_spends(const void *in_, void *out_)
{
	const struct spends_in *in = in_;
	struct tn_block_verdict *out = out_;
	struct tn_block b = { .transactions = { in->tx, in->txs } };
	struct tn_spent spent[TN_SPENDS];
	struct few_facts f = { .facts = { .txs = TN_SPENDS } };

	memcpy(f.digest, in->digest, sizeof f.digest);
	for (uint32_t i = 0; i < in->n; i++) {
		spent[i] = in->v[i].spent;
		spent[i].coin.script = (struct tn_bytes){ in->v[i].script, in->v[i].script_n };
	}
	tn_spends_check(&b, &f.facts, spent, in->n, out);
	if (out->code && out->tx != TN_NO_TX)
		out->tx += in->first_tx;
}

static struct trial *trial_of(struct tn_ctx *c, uint64_t serial)
{
	struct trial *t = state_of(c)->road.first;

	return t && t->serial == serial && t->elsewhere ? t : NULL;
}

static void on_spends(struct tn_ctx *c, int status, const void *in_, void *out)
{
	const struct spends_in *in = in_;
	const struct tn_block_verdict *v = out;
	struct trial *t = trial_of(c, in->serial);

	if (!t || status)
		return; /* the plugin stops: so does the trial */
	if (v->code && in->first < t->jobs.first_bad) {
		t->jobs.first_bad = in->first;
		t->jobs.verdict = *v;
	}
	if (--t->jobs.left == 0)
		road_resume(c, t);
}

static void on_ahead(struct tn_ctx *c, int status, const void *in_, void *out)
{
	const struct spends_in *in = in_;
	const struct tn_block_verdict *v = out;

	if (status)
		state_of(c)->road.ahead--; /* the plugin stops: so do the trials */
	else
		ahead_done(c, in->serial, in->first, v->code ? 0 : in->n);
}

static void fill(struct spends_in *in, const struct spends *what, uint32_t first, uint32_t n)
{
	const struct tn_spent *spent = &what->spent[first];

	in->serial = what->serial;
	in->first_tx = spent[0].tx;
	in->txs = spent[n - 1].tx - spent[0].tx + 1;
	in->tx = &what->block->transactions.v[in->first_tx];
	in->first = first;
	in->n = n;
	memcpy(in->digest, tn_facts_digests(what->facts) + in->first_tx,
	       in->txs * sizeof in->digest[0]);
	for (uint32_t i = 0; i < n; i++) {
		struct spend *s = &in->v[i];

		s->spent = spent[i];
		s->spent.tx -= in->first_tx;
		s->script_n = spent[i].coin.script.n;
		if (s->script_n > SCRIPT_MAX)
			s->script_n = SCRIPT_MAX;
		if (s->script_n)
			memcpy(s->script, spent[i].coin.script.p, s->script_n);
		s->spent.coin.script = (struct tn_bytes){ NULL, 0 };
	}
}

static int send(struct tn_ctx *c, const struct spends *what, uint32_t first, uint32_t n)
{
	struct spends_in *in = tn_alloc(tn_scratch(c), sizeof *in);
	struct tn_job job = { .name = "signatures",
			      .run = check_spends,
			      .done = what->ahead ? on_ahead : on_spends,
			      .in = in,
			      .in_bytes = (uint32_t)(offsetof(struct spends_in, v) +
						     n * sizeof in->v[0]),
			      .out_bytes = sizeof(struct tn_block_verdict),
			      .keep = what->owner };

	if (!in)
		return TN_ENOMEM;
	fill(in, what, first, n);
	return tn_work(c, &job);
}

/* A job holds so many inputs, and so many transactions: some between them may have none to check. */
static uint32_t chunk_at(const struct spends *what, uint32_t at, uint32_t most)
{
	uint32_t n = 1;

	while (n < most && at + n < what->n &&
	       what->spent[at + n].tx - what->spent[at].tx < TN_SPENDS)
		n++;
	return n;
}

/* From *at on, as far as jobs are taken; the number of those. */
static uint32_t send_all(struct tn_ctx *c, const struct spends *what, uint32_t chunk, uint32_t *at)
{
	uint32_t jobs = 0;

	while (*at < what->n) {
		uint32_t n = chunk_at(what, *at, chunk);

		if (send(c, what, *at, n))
			break;
		jobs++;
		*at += n;
	}
	return jobs;
}

int jobs_signatures(struct tn_ctx *c, struct trial *t)
{
	struct apply *a = &t->apply;
	struct spends what = { t->serial, a->block, a->facts, a->owner, a->todo, a->todos, false };
	uint32_t chunk = (a->todos - a->checked + JOBS_WANTED - 1) / JOBS_WANTED;

	if (!TN_HAS(c, work))
		return TN_ESKIP;
	t->jobs = (struct jobs){ .first_bad = UINT32_MAX };
	chunk = chunk < JOB_SPENDS_MIN ? JOB_SPENDS_MIN : chunk > TN_SPENDS ? TN_SPENDS : chunk;
	/* what cannot be sent is for the loop */
	t->jobs.left = send_all(c, &what, chunk, &a->checked);
	if (!t->jobs.left)
		return TN_ESKIP;
	t->elsewhere = true;
	return TN_LATER;
}

uint32_t jobs_ahead(struct tn_ctx *c, const struct spends *what)
{
	uint32_t at = 0;

	return TN_HAS(c, work) ? send_all(c, what, TN_SPENDS, &at) : 0;
}

/* ---- a large block by itself */

struct alone_in {
	uint64_t serial;
	const struct tn_block *block;
	struct tn_block_rules rules;
};

static void judge_alone(const void *in_, void *out)
{
	const struct alone_in *in = in_;

	tn_block_judge_alone(&in->rules, in->block, out);
}

static void on_alone(struct tn_ctx *c, int status, const void *in_, void *out)
{
	const struct alone_in *in = in_;
	struct trial *t = trial_of(c, in->serial);
	size_t n = tn_block_facts_bytes(in->block);
	struct tn_block_facts *f;

	if (!t || status)
		return;
	f = tn_alloc(t->beside ? t->apply.arena : t->work, n);
	if (f)
		memcpy(f, out, n);
	if (t->beside)
		t->beside_facts = f;
	else
		t->facts = f;
	road_resume(c, t);
}

int jobs_alone(struct tn_ctx *c, struct trial *t)
{
	const struct state *st = state_of(c);
	const struct tn_block *b = t->beside ? t->beside : t->block;
	struct alone_in in = { t->serial, b, t->producer ? st->own_rules : st->rules };
	struct tn_job job = { .name = "block",
			      .run = judge_alone,
			      .done = on_alone,
			      .in = &in,
			      .in_bytes = sizeof in,
			      .out_bytes = (uint32_t)tn_block_facts_bytes(b),
			      .keep = t->beside ? t->aside : t->owner };

	if (!TN_HAS(c, work) || tn_work(c, &job))
		return TN_ESKIP;
	t->elsewhere = true;
	return TN_LATER;
}
