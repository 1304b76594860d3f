/* SPDX-License-Identifier: MIT
 * t/45-plug-life.c - the order of a plugin's life; events, services, promises, commands,
 * timers, reload, databases
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/pluglab.h"

/* What happened, in order; one story for the whole test, emptied by each case. */
static char story[2000];

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

struct options {
	uint64_t n, fixed;
	struct tn_str word;
};
struct state {
	struct tn_timer timer;
	struct tn_ticket ticket;
	unsigned beats, depth;
	int result;
};
struct slot {
	uint64_t n;
};
static const struct tn_schema slot_schema =
	TN_SCHEMA(struct slot, TN_RECORD, TN_FIELD(struct slot, n));

struct ops {
	int (*twice)(struct tn_ctx *self, int n);
};

static int twice(struct tn_ctx *self, int n)
{
	(void)self;
	return 2 * n;
}
static const struct ops service = { twice };

/* ---- the provider */

static int p_init(struct tn_ctx *c, struct tn_error *err)
{
	(void)c, (void)err;
	say("p:init");
	return 0;
}

static int p_start(struct tn_ctx *c, struct tn_error *err)
{
	(void)c, (void)err;
	say("p:start");
	return 0;
}

static void p_up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s;
	((struct slot *)slot)->n = 7;
	say("p:up");
}

static void p_down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	say("p:down");
}

static void p_stop(struct tn_ctx *c, enum tn_why why)
{
	(void)c, (void)why;
	say("p:stop");
}

static void p_fini(struct tn_ctx *c)
{
	(void)c;
	say("p:fini");
}

/* Events nest: each tell tells again. */
static void p_deep(struct tn_ctx *c, const void *payload)
{
	((struct state *)c->state)->depth++;
	tn_tell(c, 0, payload);
}

static int p_check(struct tn_ctx *c, const void *conf, struct tn_error *err)
{
	(void)c;
	if (((const struct options *)conf)->n == 13)
		return tn_fail(err, TN_EINVAL, "not thirteen");
	return 0;
}

static void p_reloaded(struct tn_ctx *c)
{
	const struct options *conf = c->conf;
	char text[64];

	snprintf(text, sizeof text, "p:n=%u,fixed=%u,%.*s", (unsigned)conf->n,
		 (unsigned)conf->fixed, (int)conf->word.n, conf->word.p);
	say(text);
}

static const struct tn_plugin provider = {
	TN_HEAD("provider", "1", "offers a service"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct options),
	.slot_bytes = sizeof(struct slot),
	.offers = TN_ROWS(struct tn_offer, { "double", 1, 0, &service }),
	.emits = TN_ROWS(struct tn_emits, { "deep", 4 }),
	.listens = TN_ROWS(struct tn_listen, { "deep", 4, p_deep, NULL }),
	.options = TN_ROWS(struct tn_option, TN_OPT(struct options, n, "1", 0, 100, "a number"),
			   { "fixed", "1", "needs a restart", 0, 100,
			     offsetof(struct options, fixed), TN_O_INT, 1 },
			   { "word", "old", "needs one too", 0, 0, offsetof(struct options, word),
			     TN_O_TEXT, 1 }),
	.commands = TN_ROWS(struct tn_command,
			    { "slots", "of each session", NULL, &slot_schema, NULL }),
	.init = p_init,
	.start = p_start,
	.up = p_up,
	.down = p_down,
	.stop = p_stop,
	.fini = p_fini,
	.check = p_check,
	.reloaded = p_reloaded,
};

/* ---- the user of it */

static void u_promised(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	(void)payload, (void)arg;
	((struct state *)c->state)->result = result;
	say(result == TN_EGONE ? "u:gone" : result == TN_ETIME ? "u:late" : "u:done");
}

static int u_start(struct tn_ctx *c, struct tn_error *err)
{
	(void)err;
	say("u:start");
	((struct state *)c->state)->ticket = tn_promise(c, 60000, u_promised, NULL);
	return 0;
}

static void u_up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	say("u:up");
}

static void u_down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	say("u:down");
}

static void u_stop(struct tn_ctx *c, enum tn_why why)
{
	struct tn_svc svc = tn_need(c, 0);

	(void)why;
	say(svc.ops ? "u:stop" : "u:stop-alone");
	tn_promise(c, 60000, u_promised, NULL); /* begun in stop(): ends too */
}

static int u_ask(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	(void)c;
	return *(int *)payload == 13 ? tn_fail(err, TN_EBAD, "unlucky") : 0;
}

static int u_later(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct slot row = { 5 };

	(void)args, (void)err;
	tn_row(c, cmd, &row);
	((struct state *)c->state)->ticket = tn_cmd_hold(c, cmd, 1000);
	return TN_LATER;
}

static const struct tn_plugin user = {
	TN_HEAD("user", "1", "needs it"),
	.state_bytes = sizeof(struct state),
	.needs = TN_ROWS(struct tn_need, { "double", 1, 0, TN_NEED }),
	.emits = TN_ROWS(struct tn_emits, { "may", 4 }),
	.listens = TN_ROWS(struct tn_listen, { "may", 4, NULL, u_ask }),
	.commands = TN_ROWS(struct tn_command,
			    { "later", "says it later", NULL, &slot_schema, u_later }),
	.dbs = TN_ROWS(struct tn_dbdef, { "things", NULL, 1 }),
	.start = u_start,
	.up = u_up,
	.down = u_down,
	.stop = u_stop,
};

static const struct plug_builtin builtins[] = { { "user", &user }, { "provider", &provider } };

/* ---- cases */

static void order(void)
{
	struct plugpair p = plugpair_create(1, "", builtins, 2);
	struct tn_error err = { "" };
	char why[200];

	is_int(plug_load(p.a->plug, "user", &err), TN_EINVAL, "not without its need: %s", err.text);
	is_int(plug_load(p.a->plug, "provider", &err), 0, "the provider first");
	is_story("p:init p:start p:up", "late load: init, start, up for the open session");
	is_int(plug_load(p.a->plug, "user", &err), 0, "then its dependant");
	is_story("u:start u:up", "which starts and is told of the session");
	is_int(plug_unload(p.a->plug, "provider", &err), TN_EBUSY, "a provider in use stays");
	snprintf(why, sizeof why, "%s", err.text);
	is_str(why, "plugin provider is needed by user", "and the message names who needs it");
	story[0] = 0;
	is_int(plug_unload(p.a->plug, "user", &err), 0, "the dependant may go");
	is_story("u:down u:gone u:stop u:gone",
		 "down, promises end, stop, and what stop began ends");
	plug_load(p.a->plug, "user", &err);
	story[0] = 0;
	plug_stop_all(p.a->plug, TN_STOP_EXIT);
	is_story("u:down u:gone u:stop u:gone p:down p:stop p:fini", "all stop in reverse order");
	plugpair_free(&p);
}

static void sessions(void)
{
	struct plugpair p = plugpair_create(1, "user: { }; provider: { };", builtins, 2);

	story[0] = 0;
	net_close(p.a->lab->net, pluglab_session(p.a), "the test ends it");
	plugpair_run(&p, 5000);
	is_story("u:down p:down u:down p:down p:up u:up p:up u:up",
		 "down: dependants first, at both nodes; up again: providers first");
	plugpair_free(&p);
}

static void services_and_events(void)
{
	struct plugpair p = plugpair_create(1, "user: { }; provider: { };", builtins, 2);
	struct tn_ctx *u = pluglab_ctx(p.a, "user"), *pr = pluglab_ctx(p.a, "provider");
	struct tn_svc svc = tn_need(u, 0);
	struct tn_error err = { "" };
	int n = 4;

	ok(svc.ops && ((const struct ops *)svc.ops)->twice(svc.self, 21) == 42, "a service works");
	ok(svc.self == pr, "with its provider's ctx");
	ok(!tn_need(u, 9).ops, "a row that is not there gives nothing");
	is_int(tn_ask(u, 0, &n, &err), 0, "an ask that nobody minds");
	n = 13;
	is_int(tn_ask(u, 0, &n, &err), TN_EBAD, "a refusal ends it");
	is_str(err.text, "unlucky", "with its reason");
	tn_tell(pr, 0, &n);
	is_uint(((struct state *)pr->state)->depth, 8, "events nest 8 deep and no deeper");
	tn_tell(pr, 0, &n);
	is_uint(((struct state *)pr->state)->depth, 16, "and can be told again afterwards");
	plugpair_free(&p);
}

static void beat(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)s, (void)slot;
	((struct state *)c->state)->beats++;
}

static void tick(struct tn_ctx *c, void *arg)
{
	struct state *st = c->state;

	(void)arg;
	if (++st->beats == 3)
		tn_cancel(c, st->timer);
}

static void timers(void)
{
	struct plugpair p = plugpair_create(1, "user: { }; provider: { };", builtins, 2);
	struct tn_ctx *c = pluglab_ctx(p.a, "user");
	struct state *st = c->state;
	struct tn_timer pulse = tn_pulse(c, 200, beat);
	struct tn_error err;

	plugpair_run(&p, 1050);
	is_uint(st->beats, 5, "a pulse for the session each 200 ms");
	is_int(tn_cancel(pluglab_ctx(p.a, "provider"), pulse), TN_EGONE, "only its owner ends it");
	is_int(tn_cancel(c, pulse), 0, "cancelled");
	is_int(tn_cancel(c, pulse), TN_EGONE, "once");
	st->beats = 0;
	st->timer = tn_every(c, 100, tick, NULL);
	plugpair_run(&p, 2000);
	is_uint(st->beats, 3, "a timer may cancel itself");
	st->result = 0;
	tn_promise(c, 500, u_promised, NULL);
	plugpair_run(&p, 600);
	is_int(st->result, TN_ETIME, "a promise ends by its deadline");
	is_int(tn_finish(pluglab_ctx(p.a, "provider"), st->ticket, 0, NULL), 0,
	       "whoever has the value may finish it");
	is_int(tn_finish(c, st->ticket, 0, NULL), TN_EGONE, "once");
	tn_pulse(c, 200, beat);
	tn_every(c, 100, tick, NULL);
	is_int(plug_unload(p.a->plug, "user", &err), 0, "its timers go with it");
	plugpair_run(&p, 2000);
	plugpair_free(&p);
}

/* ---- commands */

struct output {
	char text[500];
	int code;
	unsigned ends;
};

static void out_row(void *arg, const char *json, size_t n)
{
	struct output *o = arg;

	snprintf(o->text + strlen(o->text), sizeof o->text - strlen(o->text), "%.*s;", (int)n,
		 json);
}

static void out_end(void *arg, int code, const char *text)
{
	struct output *o = arg;

	(void)text;
	o->code = code;
	o->ends++;
}

static int run(struct pluglab *l, const char *name, const char *args, struct output *o,
	       uint64_t *running)
{
	const struct tn_command *c = plug_command_find(l->plug, name);
	struct plug_reply reply = { out_row, out_end, o };
	struct tn_view v = { (const uint8_t *)args, strlen(args) };
	struct tn_error err;

	*o = (struct output){ .code = 99 };
	return c ? plug_command_run(l->plug, c, &reply, v, running, &err) : TN_ENOENT;
}

static void commands(void)
{
	struct plugpair p = plugpair_create(1, "user: { }; provider: { };", builtins, 2);
	struct tn_ctx *c = pluglab_ctx(p.a, "user");
	struct state *st = c->state;
	struct output o;
	uint64_t running;

	is_int(run(p.a, "slots", "", &o, &running), 0, "a command without code");
	is_str(o.text, "{\"ip\":\"60.0.0.2\",\"port\":24100,\"dir\":\"out\",\"n\":7};",
	       "prints the slot of each session");
	is_int(run(p.a, "slots", "{\"x\":1}", &o, &running), TN_EINVAL, "it takes no arguments");
	is_int(run(p.a, "nothing", "", &o, &running), TN_ENOENT, "no such command");
	is_int(run(p.a, "later", "{}", &o, &running), PLUG_LATER, "one that answers later");
	is_str(o.text, "{\"n\":5};", "has said a row");
	is_uint(o.ends, 0, "and not ended");
	tn_finish(c, st->ticket, TN_EBAD, "because");
	ok(o.ends == 1 && o.code == TN_EBAD, "until it is finished");
	run(p.a, "later", "", &o, &running);
	plugpair_run(&p, 1500);
	ok(o.ends == 1 && o.code == TN_ETIME, "or late");
	run(p.a, "later", "", &o, &running);
	plug_command_drop(p.a->plug, running);
	plugpair_run(&p, 1500);
	is_uint(o.ends, 0, "who has gone hears nothing");
	plugpair_free(&p);
}

static void say_key(void *arg, const char *key)
{
	(void)arg;
	say(key);
}

static int reload(struct pluglab *l, const char *text, struct conf **conf)
{
	struct tn_error err = { "" };
	struct conf *c = conf_read_text(text, "new.conf", &err);
	int rc = plug_reload_check(l->plug, c, say_key, NULL, &err);

	if (!rc)
		plug_reload_commit(l->plug);
	*conf = c;
	return rc;
}

static void reloading(void)
{
	struct plugpair p = plugpair_create(1, "user: { }; provider: { n = 2; };", builtins, 2);
	struct conf *c[4];

	story[0] = 0;
	is_int(reload(p.a, "plugins: { user: { }; provider: { n = 3; }; };", &c[0]), 0, "reload");
	is_story("p:n=3,fixed=1,old", "a live option changes");
	is_int(reload(p.a,
		      "plugins: { user: { }; provider: { n = 4; fixed = 9; word = \"new\"; }; };",
		      &c[1]),
	       0, "one that needs a restart");
	is_story("plugins.provider.fixed plugins.provider.word p:n=4,fixed=1,old",
		 "is named and keeps its value");
	is_int(reload(p.a, "plugins: { user: { }; provider: { n = 13; }; };", &c[2]), TN_EINVAL,
	       "a refusal");
	is_story("", "changes nothing");
	is_int(reload(p.a, "plugins: { provider: { n = 5; }; more: { }; };", &c[3]), 0,
	       "groups that came or went");
	is_story("plugins.more plugins.user p:n=5,fixed=1,old", "are named");
	plugpair_free(&p);
	for (unsigned i = 0; i < 4; i++)
		conf_free(c[i]);
}

static void data(void)
{
	struct plugpair p = plugpair_create(1, "user: { }; provider: { };", builtins, 2);
	struct tn_ctx *c = pluglab_ctx(p.a, "user");
	struct state *st = c->state;
	struct tn_view k = { (const uint8_t *)"k", 1 }, v = { (const uint8_t *)"v", 1 }, got;
	struct tn_batch *b = tn_batch(c);
	struct bus_call call;

	bus_enter(plug_bus(p.a->plug), &call, NULL, "test", NULL);
	is_int(tn_put(c, b, 9, k, v), TN_EINVAL, "no such database");
	is_int(tn_put(c, b, 0, k, v), 0, "put");
	is_int(tn_get(c, NULL, 0, k, &got), TN_ENOENT, "not there before the commit");
	ok(!tn_get(c, b, 0, k, &got) && got.n == 1, "but in the batch");
	st->result = 99;
	st->ticket = tn_promise(c, 0, u_promised, NULL);
	is_int(tn_commit(c, b, st->ticket), 0, "commit");
	is_int(st->result, 99, "its promise is finished by the loop");
	ok(!tn_get(c, NULL, 0, k, &got) && got.n == 1, "now it is there");
	is_int(tn_commit(pluglab_ctx(p.a, "provider"), tn_batch(c), TN_NO_TICKET), TN_EINVAL,
	       "somebody else's batch");
	bus_exit(plug_bus(p.a->plug), &call);
	plugpair_run(&p, 100);
	is_int(st->result, 0, "durable");
	plugpair_free(&p);
}

int main(void)
{
	order();
	story[0] = 0;
	sessions();
	services_and_events();
	timers();
	commands();
	story[0] = 0;
	reloading();
	data();
	return done_testing();
}
