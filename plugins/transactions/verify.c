/* SPDX-License-Identifier: MIT
 * plugins/transactions/verify.c - signatures of transactions, on threads
 *
 * A job holds the inputs of one or of several transactions, as many as wait: with little to do each
 * is sent at once, with much they share the way to the thread. All that is needed is copied into
 * the job, which may outlive the trials.
 */
#include <stdlib.h>
#include <string.h>

#include "intake.h"

enum { JOBS_OUT = 8, JOB_INPUTS = 64, RETRY_MS = 10 };

struct check {
	struct tn_hash txid; /* with serial: whose */
	uint64_t serial;
	struct tn_spend_digest digest;
	uint32_t input, script_n, sig_n;
	uint8_t script[SCRIPT_MAX];
	uint8_t sig[TN_SCRIPT_SIG_BYTES];
};

struct checks {
	uint32_t n;
	struct check v[JOB_INPUTS];
};

struct results {
	int32_t code[JOB_INPUTS]; /* 0, TN_EBAD, TN_ENOMEM */
};

static void check_all(const void *in_, void *out_)
{
	const struct checks *in = in_;
	struct results *out = out_;
	struct tn_sha *sha = tn_sha_create();

	for (uint32_t i = 0; i < in->n; i++) {
		const struct check *k = &in->v[i];
		struct tn_bytes sig = { k->sig, k->sig_n };
		struct tn_bytes script = { k->script, k->script_n };
		uint32_t fault;

		out->code[i] =
			!sha ? TN_ENOMEM
			     : tn_spend_judge(sha, &k->digest, k->input, sig, script, &fault);
	}
	tn_sha_free(sha);
}

static void on_checked(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct checks *in = in_;
	const struct results *out = out_;

	if (status)
		return; /* the plugin stops, and its trials with it */
	intake_of(c)->jobs--;
	for (uint32_t i = 0; i < in->n; i++) {
		struct trial *t = trial_find(c, &in->v[i].txid);

		if (!t || t->serial != in->v[i].serial)
			continue; /* it has ended: another signature was bad */
		if (out->code[i])
			intake_end(c, t, out->code[i] == TN_EBAD ? R_SIGNATURE : R_BUSY);
		else if (++t->good == t->tx->inputs.n)
			trial_go_on(c, t);
	}
	intake_run(c);
}

static void fill(struct check *k, const struct trial *t, uint32_t input)
{
	const struct tn_bytes *sig = &t->tx->inputs.v[input].script_sig;
	const struct tn_bytes *script = &t->coin[input].script;

	k->txid = t->txid;
	k->serial = t->serial;
	k->digest = t->digest;
	k->input = input;
	k->sig_n = sig->n <= TN_SCRIPT_SIG_BYTES ? sig->n : 0; /* a wrong length either way */
	k->script_n = script->n;
	if (k->sig_n)
		memcpy(k->sig, sig->p, k->sig_n);
	if (k->script_n)
		memcpy(k->script, script->p, k->script_n);
}

/* The next inputs that wait; where each trial stands is changed only if they are sent. */
static void gather(const struct trial *t, struct checks *out, uint32_t most)
{
	uint32_t at = t ? t->sent : 0;

	out->n = 0;
	while (t && out->n < most) {
		for (; at < t->tx->inputs.n && out->n < most; at++)
			if (t->tx->inputs.v[at].script_sig.n)
				fill(&out->v[out->n++], t, at);
		if (at < t->tx->inputs.n)
			return;
		t = t->next;
		at = t ? t->sent : 0;
	}
}

/* Inputs without a signature are good here: signed_at_all has let them pass. */
static void advance(struct intake *in, uint32_t n)
{
	while (in->waiting) {
		struct trial *t = in->waiting;

		for (; t->sent < t->tx->inputs.n; t->sent++) {
			bool has = t->tx->inputs.v[t->sent].script_sig.n > 0;

			if (has && !n)
				return;
			n -= has;
			t->good += !has;
		}
		trial_queue(NULL, t);
	}
}

static uint32_t share_of(const struct intake *in)
{
	uint32_t n = 0, slots = JOBS_OUT - in->jobs;

	for (const struct trial *t = in->waiting; t && n < JOB_INPUTS * JOBS_OUT; t = t->next)
		n += t->tx->inputs.n - t->sent;
	n = (n + slots - 1) / slots;
	return n < JOB_INPUTS ? n : JOB_INPUTS;
}

void verify_run(struct tn_ctx *c)
{
	struct intake *in = intake_of(c);
	struct checks *all;

	if (!in->waiting || in->jobs >= JOBS_OUT)
		return;
	all = calloc(1, sizeof *all);
	while (all && in->waiting && in->jobs < JOBS_OUT) {
		struct tn_job job = { .name = "spends",
				      .run = check_all,
				      .done = on_checked,
				      .in = all,
				      .out_bytes = sizeof(struct results) };

		gather(in->waiting, all, share_of(in));
		job.in_bytes = (uint32_t)(offsetof(struct checks, v) + all->n * sizeof all->v[0]);
		if (tn_work(c, &job))
			break;
		in->jobs++;
		advance(in, all->n);
	}
	free(all);
	if (in->waiting && !in->jobs)
		intake_wake(c, RETRY_MS);
}
