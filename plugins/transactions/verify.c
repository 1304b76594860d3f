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

enum { JOBS_OUT = 8, JOB_INPUTS = 64, TURN_INPUTS = 16, RETRY_MS = 10 };

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

/* The next inputs that wait, of each transaction a few in turn: one with thousands of them is in
 * nobody's way. Those without a signature count as good already: signed_at_all let them pass. */
static void gather(struct intake *in, struct checks *out, uint32_t most)
{
	out->n = 0;
	while (in->waiting && out->n < most) {
		struct trial *t = in->waiting;
		uint32_t turn = TURN_INPUTS;

		for (; t->sent < t->tx->inputs.n && turn && out->n < most; t->sent++)
			if (t->tx->inputs.v[t->sent].script_sig.n) {
				fill(&out->v[out->n++], t, t->sent);
				turn--;
			}
		trial_queue(t->sent < t->tx->inputs.n ? &in->waiting : NULL, t);
	}
}

/* No thread has taken them. */
static void give_back(struct tn_ctx *c, const struct checks *all)
{
	for (uint32_t i = all->n; i-- > 0;) {
		struct trial *t = trial_find(c, &all->v[i].txid);

		t->sent = all->v[i].input;
		trial_queue(&intake_of(c)->waiting, t);
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

		gather(in, all, share_of(in));
		if (!all->n)
			break;
		job.in_bytes = (uint32_t)(offsetof(struct checks, v) + all->n * sizeof all->v[0]);
		if (tn_work(c, &job)) {
			give_back(c, all);
			break;
		}
		in->jobs++;
	}
	free(all);
	if (in->waiting && !in->jobs)
		intake_wake(c, RETRY_MS);
}
