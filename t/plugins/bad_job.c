/* SPDX-License-Identifier: MIT
 * t/plugins/bad_job.c - jobs that look at files, take long, crash, and close the session
 *
 * GetBlockHeight: held; a job that ends when the pipe of option `gate` has a writer settles it.
 * GetUTXOStateHash: the same, and done() closes the session. GetGenesisHash: a job that
 * crashes. GetPendingTransactions: BROKEN.
 */
#include <stdio.h>
#include <string.h>

#include "timenode/host.h"

enum { C_DONE, C_GONE };

struct conf {
	struct tn_str gate;
};

struct in {
	char gate[200];
	struct tn_sid from;
	struct tn_hold hold;
	bool leave;
};

/* What a job must not do: look outside, and wait. */
static void wait_long(const void *in, void *out)
{
	FILE *f = fopen(((const struct in *)in)->gate, "r");

	*(uint64_t *)out = f ? 7 : 0;
	if (f)
		fclose(f);
}

static void crash(const void *in, void *out)
{
	volatile int *volatile nowhere = NULL;

	(void)in;
	(void)out;
	*nowhere = 1;
}

static void done(struct tn_ctx *c, int status, const void *in, void *out)
{
	const struct in *i = in;

	tn_metric(c, status ? C_GONE : C_DONE, 1);
	tn_settle(c, i->hold, !status && *(uint64_t *)out == 7 ? TN_TAKEN : TN_BROKEN);
	if (!status && i->leave)
		tn_close(c, i->from, "a job of bad_job has had enough");
}

static tn_verdict begin(struct tn_ctx *c, const struct tn_msg *m, bool leave,
			void (*run)(const void *, void *))
{
	const struct conf *conf = c->conf;
	struct in in = { .from = m->from, .leave = leave };
	struct tn_job j = { .name = run == crash ? "crash" : "wait",
			    .run = run,
			    .done = done,
			    .in = &in,
			    .in_bytes = sizeof in,
			    .out_bytes = sizeof(uint64_t) };

	memcpy(in.gate, conf->gate.p, conf->gate.n);
	in.hold = tn_hold(c, m);
	if (tn_work(c, &j))
		tn_settle(c, in.hold, tn_refuse(0));
	return TN_LATER;
}

static tn_verdict wait_for_it(struct tn_ctx *c, const struct tn_msg *m)
{
	return begin(c, m, false, wait_long);
}

static tn_verdict wait_and_leave(struct tn_ctx *c, const struct tn_msg *m)
{
	return begin(c, m, true, wait_long);
}

static tn_verdict crash_there(struct tn_ctx *c, const struct tn_msg *m)
{
	return begin(c, m, false, crash);
}

static tn_verdict broken(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_BROKEN;
}

#define ROW(name, fn)                                                               \
	{                                                                           \
		name, &tn_schema_unit, fn, TN_OWN, .window = 100, .later_ms = 30000 \
	}

TN_PLUGIN = {
	TN_HEAD("bad_job", "1", "wrong on purpose"),
	.conf_bytes = sizeof(struct conf),
	.options = TN_ROWS(struct tn_option, TN_OPT(struct conf, gate, "", 0, 199,
						    "a named pipe: jobs end when it has a writer")),
	.messages =
		TN_ROWS(struct tn_message, ROW("GetBlockHeight", wait_for_it),
			ROW("GetUTXOStateHash", wait_and_leave), ROW("GetGenesisHash", crash_there),
			ROW("GetPendingTransactions", broken)),
	.reasons = TN_ROWS(struct tn_reason, { "no-work", "the pool took no job" }),
	.metrics = TN_ROWS(struct tn_metric, [C_DONE] = { "done", "jobs", TN_M_COUNT, 1 },
			   [C_GONE] = { "gone", "jobs without a result", TN_M_COUNT, 1 }),
};
