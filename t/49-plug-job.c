/* SPDX-License-Identifier: MIT
 * t/49-plug-job.c - jobs of plugins in the simulator: once, copied, pure, drained, ended
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "plug/impl.h"
#include "sim/pluglab.h"
#include "timenode/chain.h"

/* What happened, in order; emptied by each case. */
static char story[4000];

static void say(const char *word)
{
	snprintf(story + strlen(story), sizeof story - strlen(story), "%s%s", *story ? " " : "",
		 word);
}

static void is_story(const char *want, const char *what)
{
	is_str(story, want, "%s", what);
	story[0] = 0;
}

struct in {
	uint32_t n;
	const uint64_t *more; /* in `keep` */
	const uint64_t *aside;
};
struct out {
	uint64_t sum, zero;
};
struct state {
	unsigned chain;    /* jobs that done() begins */
	struct tn_sid bye; /* done() closes it */
	int work_in_stop, work_in_init;
	uint64_t sum;
};

static uint64_t wrong_sum; /* not constant: what a job must not look at */

/* ---- the jobs */

static void add(const void *in, void *out)
{
	const struct in *i = in;
	struct out *o = out;

	o->zero = o->sum;
	o->sum = i->n;
	for (uint32_t k = 0; i->more && k < i->n; k++)
		o->sum += i->more[k];
}

static void remember(const void *in, void *out)
{
	(void)in;
	((struct out *)out)->sum = ++wrong_sum;
}

static void where(const void *in, void *out)
{
	((struct out *)out)->sum = (uintptr_t)in;
}

static void scribble(const void *in, void *out)
{
	(void)out;
	((struct in *)(uintptr_t)in)->n++;
}

static void on_done(struct tn_ctx *c, int status, const void *in, void *out)
{
	struct state *st = c->state;
	const struct in *i = in;
	const struct out *o = out;
	char word[64];

	if (status)
		snprintf(word, sizeof word, "%u:%s%s", (unsigned)i->n,
			 status == TN_EGONE ? "gone" : "?", out ? ",out" : "");
	else
		snprintf(word, sizeof word, "%u=%u%s", (unsigned)i->n, (unsigned)o->sum,
			 o->zero ? ",dirty" : "");
	say(word);
	st->sum += status ? 0 : o->sum;
	if (st->bye.v && tn_close(c, st->bye, "a job has said so"))
		say("not closed");
	st->bye = TN_NOBODY;
}

static struct tn_job job_of(struct in *in, void (*run)(const void *, void *))
{
	return (struct tn_job){ .name = "sum",
				.run = run,
				.done = on_done,
				.in = in,
				.in_bytes = sizeof *in,
				.out_bytes = sizeof(struct out) };
}

static int begin(struct tn_ctx *c, uint32_t n, void (*run)(const void *, void *))
{
	struct in in = { .n = n };
	struct tn_job j = job_of(&in, run);
	int rc = tn_work(c, &j);

	in.n = 99; /* it was copied */
	return rc;
}

static void on_chain(struct tn_ctx *c, int status, const void *in, void *out)
{
	struct state *st = c->state;
	struct tn_job j = job_of((struct in *)(uintptr_t)in, add);

	on_done(c, status, in, out);
	j.done = on_chain;
	if (st->chain && --st->chain && tn_work(c, &j))
		say("refused");
}

/* ---- the plugin */

static int init(struct tn_ctx *c, struct tn_error *err)
{
	(void)err;
	((struct state *)c->state)->work_in_init = begin(c, 1, add);
	return 0;
}

static void stop(struct tn_ctx *c, enum tn_why why)
{
	(void)why;
	((struct state *)c->state)->work_in_stop = begin(c, 1, add);
	say(((struct state *)c->state)->work_in_stop == TN_EGONE ? "stop" : "stop,worked");
}

static void down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	say("down");
}

static void fini(struct tn_ctx *c)
{
	(void)c;
	say("fini");
}

static const struct tn_plugin worker = {
	TN_HEAD("worker", "1", "gives work away"),
	.state_bytes = sizeof(struct state),
	.init = init,
	.stop = stop,
	.down = down,
	.fini = fini,
};

static const struct plug_builtin builtins[] = { { "worker", &worker } };

static struct plugpair pair(struct tn_ctx **c)
{
	struct plugpair p = plugpair_create(7, "worker: { };", builtins, 1);

	*c = pluglab_ctx(p.a, "worker");
	story[0] = 0;
	return p;
}

static void leave(struct plugpair *p)
{
	plugpair_free(p);
	story[0] = 0;
}

static uint32_t pending(struct plugpair *p)
{
	struct plug_info info;

	return plug_info(p->a->plug, 0, &info) ? info.pending : 0;
}

static const char *state_of(struct plugpair *p)
{
	struct plug_info info;

	return plug_info(p->a->plug, 0, &info) ? info.state : "";
}

/* ---- cases */

static void results(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct tn_arena *a = tn_arena_create(0);
	uint64_t *more = tn_alloc(a, 4 * sizeof *more);
	struct in in = { .n = 4, .more = more };
	struct tn_job j = job_of(&in, add);

	is_int(((struct state *)c->state)->work_in_init, TN_EGONE, "no work before start");
	is_int(begin(c, 3, add), 0, "a job");
	is_uint(pending(&p), 1, "plugins counts it");
	is_story("", "it is not done at once");
	plugpair_run(&p, 1000);
	is_story("3=3", "but later, once, with a copy of its input and a clean output");
	is_uint(pending(&p), 0, "and is counted no more");
	for (unsigned i = 0; i < 4; i++)
		more[i] = 10;
	j.keep = a;
	is_int(tn_work(c, &j), 0, "one with pointers");
	tn_arena_unref(a);
	plugpair_run(&p, 1000);
	is_story("4=44", "the arena lives until it is done");
	((struct state *)c->state)->chain = 3;
	j = job_of(&in, add);
	in.more = NULL;
	j.done = on_chain;
	tn_work(c, &j);
	plugpair_run(&p, 2000);
	is_story("4=4 4=4 4=4", "done() may begin another");
	((struct state *)c->state)->bye = (struct tn_sid){ pluglab_session(p.a)->sid };
	begin(c, 5, add);
	plugpair_run(&p, 150);
	is_story("5=5 down down", "done() may close a session; both ends hear of it");
	is_uint(world_impure(p.world), 0, "all of them were pure functions: %s",
		world_impure_text(p.world));
	leave(&p);
}

static void refusals(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct in in = { .n = 1 };
	struct tn_job j = job_of(&in, NULL), k = job_of(&in, add);
	unsigned n = 0;

	is_int(tn_work(c, &j), TN_EINVAL, "a job without run");
	k.done = NULL;
	is_int(tn_work(c, &k), TN_EINVAL, "without done");
	k = job_of(NULL, add);
	is_int(tn_work(c, &k), TN_EINVAL, "without input, but with a size");
	k = job_of(&in, add);
	k.out_bytes = TN_JOB_BYTES_MAX;
	is_int(tn_work(c, &k), TN_EINVAL, "more bytes than are allowed");
	k.out_bytes = TN_JOB_BYTES_MAX / 2;
	while (n < 100 && !tn_work(c, &k))
		n++;
	is_uint(n, 7, "bytes of all jobs are bounded");
	is_int(tn_work(c, &k), TN_EFULL, "TN_EFULL");
	plugpair_run(&p, 1000);
	is_int(tn_work(c, &k), 0, "there is room again once they are done");
	plugpair_run(&p, 1000);
	for (n = 0; n < 1000 && !begin(c, 1, add); n++)
		;
	is_uint(n, 256, "so is their number");
	is_int(begin(c, 1, add), TN_EFULL, "TN_EFULL");
	story[0] = 0;
	plugpair_run(&p, 2000);
	is_int(begin(c, 1, add), 0, "and there is room again");
	leave(&p);
}

static void impure(void (*run)(const void *, void *), const char *wrong, const char *what)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	char text[200];

	begin(c, 2, run);
	plugpair_run(&p, 1000);
	snprintf(text, sizeof text, "a: job sum of plugin worker is no pure function: %s", wrong);
	is_uint(world_impure(p.world), 1, "%s: found", what);
	is_str(world_impure_text(p.world), text, "with node, plugin and job");
	leave(&p);
}

/* Many signatures as one job: what is theirs is copied, each has its own answer. */
enum { SIGNATURES = 40 };

static void on_verified(struct tn_ctx *c, int status, const void *in, void *out)
{
	const bool *good = out;
	char word[SIGNATURES + 1] = "";

	(void)c, (void)in;
	for (unsigned i = 0; !status && i < SIGNATURES; i++)
		word[i] = good[i] ? '+' : '-';
	say(word);
}

static void signatures(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct tn_arena *a = tn_arena_create(0);
	struct tn_checks in;
	struct tn_job j = { .name = "verify",
			    .run = tn_checks_run,
			    .done = on_verified,
			    .in = &in,
			    .in_bytes = sizeof in,
			    .out_bytes = SIGNATURES * sizeof(bool),
			    .keep = a };
	struct tn_secret secret;
	struct tn_check check[SIGNATURES];
	struct tn_sig sig[SIGNATURES];
	uint8_t text[SIGNATURES];

	tn_secret_from_seed(&secret, (const uint8_t *)"a seed that has 32 bytes, exactly");
	for (unsigned i = 0; i < SIGNATURES; i++) {
		text[i] = (uint8_t)i;
		tn_sign(&secret, &text[i], 1, &sig[i]);
		sig[i].b[3] ^= i % 7 == 3;
		check[i] = (struct tn_check){ &secret.key, &sig[i], { &text[i], 1 } };
	}
	is_int(tn_checks_copy(a, check, SIGNATURES, &in), 0, "signatures are copied");
	is_int(tn_work(c, &j), 0, "and given to the pool");
	tn_arena_unref(a);
	memset(sig, 0, sizeof sig);
	memset(text, 0, sizeof text);
	memset(&secret, 0, sizeof secret);
	plugpair_run(&p, 1000);
	is_story("+++-++++++-++++++-++++++-++++++-++++++-+", "each has its own answer");
	is_uint(world_impure(p.world), 0, "from a pure function");
	leave(&p);
}

/* ---- ways to go with jobs under way */

static void unload_now(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct tn_error err;

	begin(c, 1, add);
	begin(c, 2, add);
	is_int(plug_unload(p.a->plug, "worker", &err), 0, "unloaded at once");
	is_story("down 1:gone 2:gone stop fini", "each is done with TN_EGONE before stop()");
	plugpair_run(&p, 1000);
	is_story("", "and nothing comes later");
	leave(&p);
}

static void upgrade_now(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct tn_error err;

	begin(c, 1, add);
	is_int(plug_upgrade(p.a->plug, "worker", &err), 0, "upgraded at once");
	is_story("down 1:gone stop fini", "the old one's job is done before its stop()");
	plugpair_run(&p, 1000);
	is_story("", "the new one hears nothing of it");
	leave(&p);
}

static void quarantined(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);

	begin(c, 1, add);
	quarantine_fault(life_find(p.a->plug, "worker"), "for a test");
	plugpair_run(&p, 1000);
	is_story("down 1:gone stop fini", "quarantine ends them too");
	leave(&p);
}

struct answer {
	int code;
	unsigned times;
	char text[200];
};

static void on_end(void *arg, int code, const char *text)
{
	struct answer *a = arg;

	a->code = code;
	a->times++;
	snprintf(a->text, sizeof a->text, "%s", text);
	say("end");
}

static void drained(enum plug_leave how)
{
	const char *what = how == PLUG_UNLOAD ? "unload" : "upgrade";
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct answer a = { 1, 0, "" };
	struct tn_error err;

	world_slow_jobs(p.a->lab->env, 2000000);
	begin(c, 1, add);
	is_int(plug_leave(p.a->plug, "worker", how, on_end, &a, &err), PLUG_LATER,
	       "%s with time: later", what);
	is_str(state_of(&p), "draining", "plugins says so");
	is_int(begin(c, 2, add), TN_EBUSY, "it gets no more work");
	is_int(plug_leave(p.a->plug, "worker", how, on_end, &a, &err), TN_EBUSY,
	       "a second order is refused");
	plugpair_run(&p, 1000);
	is_story("", "it waits");
	plugpair_run(&p, 5000);
	is_story("1=1 down stop fini end", "the job has its result before the plugin goes");
	is_int(a.code, 0, "and whoever asked is told: %s", a.text);
	is_uint(a.times, 1, "once");
	is_str(state_of(&p), how == PLUG_UNLOAD ? "" : "running", "it is %s",
	       how == PLUG_UNLOAD ? "gone" : "the new one");
	leave(&p);
}

static void too_slow(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct answer a = { 1, 0, "" };
	struct tn_error err;

	world_slow_jobs(p.a->lab->env, 20000000);
	begin(c, 1, add);
	plug_leave(p.a->plug, "worker", PLUG_UNLOAD, on_end, &a, &err);
	plugpair_run(&p, 15000);
	is_story("end", "a job that takes 20 s: it is not waited for");
	is_int(a.code, TN_EBUSY, "the unload is refused");
	is_str(a.text, "plugin worker runs on: its job sum takes longer than 10 s",
	       "with plugin and job");
	is_str(state_of(&p), "running", "it runs on");
	is_int(begin(c, 2, add), 0, "and may work");
	plugpair_run(&p, 30000);
	is_story("1=1 2=2", "its jobs are done");
	is_uint(a.times, 1, "whoever asked was told once");
	leave(&p);
}

static void otherwise(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct answer a = { 1, 0, "" };
	struct tn_error err;

	world_slow_jobs(p.a->lab->env, 5000000);
	begin(c, 1, add);
	plug_leave(p.a->plug, "worker", PLUG_UNLOAD, on_end, &a, &err);
	plug_stop_all(p.a->plug, TN_STOP_EXIT);
	is_story("end down 1:gone stop fini", "the node stops meanwhile: all is told once");
	is_int(a.code, TN_EGONE, "whoever asked too");
	plugpair_run(&p, 10000);
	is_story("", "nothing comes later");
	leave(&p);
}

static void nobody_asks(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);
	struct answer a = { 1, 0, "" };
	struct tn_error err;

	begin(c, 1, add);
	plug_leave(p.a->plug, "worker", PLUG_UNLOAD, on_end, &a, &err);
	plug_leave_drop(p.a->plug, &a);
	plugpair_run(&p, 1000);
	is_story("1=1 down stop fini", "whoever asked has left: it goes all the same");
	leave(&p);
}

/* Everything ends with jobs in hand: nothing may be lost or touched twice. */
static void dropped(void)
{
	struct tn_ctx *c;
	struct plugpair p = pair(&c);

	for (unsigned i = 0; i < 20; i++)
		begin(c, i, add);
	plugpair_run(&p, 3);
	world_kill(p.a->lab->env);
	story[0] = 0;
	plugpair_free(&p);
	ok(strstr(story, "stop") && strstr(story, "0:gone"), "a node that dies with jobs in hand");
	story[0] = 0;
}

int main(void)
{
	results();
	refusals();
	impure(remember, "run twice it gave two results", "a job that remembers");
	impure(where, "run twice it gave two results", "a job that looks at addresses");
	impure(scribble, "it changed its input", "a job that writes where it must not");
	signatures();
	unload_now();
	upgrade_now();
	quarantined();
	drained(PLUG_UNLOAD);
	drained(PLUG_UPGRADE);
	too_slow();
	otherwise();
	nobody_asks();
	dropped();
	return done_testing();
}
