/* SPDX-License-Identifier: MIT
 * t/44-bus-question.c - questions end exactly once; broadcasts, relays and who may get what
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/pluglab.h"

struct note {
	uint64_t n;
};

static const struct tn_schema note_schema =
	TN_SCHEMA(struct note, TN_RECORD, TN_FIELD(struct note, n));

struct state {
	unsigned done, stray, seen, relayed;
	int status;
	uint64_t tag, answer;
	uint32_t elapsed_us;
	bool mute, refuse;
};

enum { M_ASK, M_TELL, M_NEWS, M_RARE, M_BULK, M_LARGE };

static struct state *state(struct tn_ctx *c)
{
	return c->state;
}

static tn_verdict on_ask(struct tn_ctx *c, const struct tn_msg *m)
{
	struct note answer = *(const struct note *)m->body;

	if (!state(c)->mute)
		tn_send(c, m->from, M_TELL, &answer);
	return TN_TAKEN;
}

static tn_verdict on_stray(struct tn_ctx *c, const struct tn_msg *m)
{
	state(c)->stray++;
	state(c)->answer = ((const struct note *)m->body)->n;
	return TN_TAKEN;
}

static tn_verdict on_news(struct tn_ctx *c, const struct tn_msg *m)
{
	state(c)->seen++;
	state(c)->relayed = (unsigned)tn_relay(c, NULL, m);
	return state(c)->refuse ? TN_BROKEN : TN_TAKEN;
}

static tn_verdict on_bulk(struct tn_ctx *c, const struct tn_msg *m)
{
	struct note answer = { 1 };

	state(c)->seen++;
	tn_send(c, m->from, M_LARGE, &answer);
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("talk", "1", "asks and tells"),
	.state_bytes = sizeof(struct state),
	.messages = TN_ROWS(
		struct tn_message, [M_ASK] = { "Ask", &note_schema, on_ask, TN_OWN, .max = 0 },
		[M_TELL] = { "Tell", &note_schema, on_stray, TN_OWN, .max = 0 },
		[M_NEWS] = { "News", &note_schema, on_news, TN_OWN, .flags = TN_DEDUP },
		[M_RARE] = { "Rare", &note_schema, NULL, TN_OWN, .feature = "rare" },
		[M_BULK] = { "Bulk", &note_schema, on_bulk, TN_OWN, .flags = TN_BULK },
		[M_LARGE] = { "Large", &note_schema, on_stray, TN_OWN, .max = 0 }),
};

/* The same without the feature. */
static const struct tn_plugin plain = {
	TN_HEAD("plain", "1", "owns nothing rare"),
	.state_bytes = sizeof(struct state),
};

static const struct plug_builtin builtins[] = { { "talk", &tn_plugin_desc }, { "plain", &plain } };

static tn_verdict done(struct tn_ctx *c, struct tn_sid s, void *slot, const struct tn_reply *r,
		       uint64_t tag)
{
	struct state *st = state(c);

	(void)s, (void)slot;
	st->done++;
	st->status = r->status;
	st->tag = tag;
	st->elapsed_us = r->elapsed_us;
	if (r->msg)
		st->answer = ((const struct note *)r->msg->body)->n;
	return TN_TAKEN;
}

static bool same(const void *body, uint64_t tag)
{
	return ((const struct note *)body)->n == tag;
}

static struct tn_ctx *ctx(struct pluglab *l)
{
	return pluglab_ctx(l, "talk");
}

static int ask(struct plugpair *p, uint64_t n, uint32_t ms)
{
	struct note body = { n };
	struct tn_question q = { TN_BODY(body), .send = M_ASK, .expect = M_TELL, .timeout_ms = ms,
				 .tag = n,      .match = same, .done = done };

	return tn_ask_peer(ctx(p->a), (struct tn_sid){ pluglab_session(p->a)->sid }, &q);
}

static void end(struct plugpair *p, const char *what)
{
	is_uint(pluglab_off(p->a) + pluglab_off(p->b), 0, "%s: both accounts balance", what);
	plugpair_free(p);
}

static void answers(void)
{
	struct plugpair p = plugpair_create(2, "talk: { };", builtins, 2);
	struct state *st = state(ctx(p.a));

	is_int(ask(&p, 77, 1000), 0, "a question is sent");
	plugpair_run(&p, 900);
	is_uint(st->done, 1, "and answered");
	is_int(st->status, 0, "in time");
	is_uint(st->answer, 77, "by the right answer");
	ok(st->elapsed_us > 0 && st->elapsed_us < 900000, "after %u us", st->elapsed_us);
	plugpair_run(&p, 1000);
	is_uint(st->done, 1, "once: its time-out is gone with it");
	is_uint(st->stray, 0, "the handler saw nothing");

	st->done = 0;
	ask(&p, 1, 5000);
	ask(&p, 2, 5000);
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":3}}");
	plugpair_run(&p, 900);
	is_uint(st->done, 2, "several questions find their answers");
	is_uint(st->stray, 1, "an answer to none of them goes to the handler");
	end(&p, "answers");
}

static void silence(void)
{
	struct plugpair p = plugpair_create(3, "talk: { };", builtins, 2);
	struct state *st = state(ctx(p.a));

	state(ctx(p.b))->mute = true;
	ask(&p, 5, 1000);
	plugpair_run(&p, 1500);
	is_int(st->status, TN_ETIME, "no answer is TN_ETIME");
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":5}}");
	plugpair_run(&p, 500);
	is_uint(st->stray, 1, "a late answer goes to the handler");
	is_uint(st->done, 1, "and finishes nothing again");
	ask(&p, 6, 60000);
	net_close(p.a->lab->net, pluglab_session(p.a), "the test ends it");
	plugpair_run(&p, 100);
	is_int(st->status, TN_EGONE, "with its session a question ends TN_EGONE");
	is_uint(st->tag, 6, "that question");
	is_int(tn_ask_peer(ctx(p.a), (struct tn_sid){ 12345 },
			   &(struct tn_question){ .send = M_ASK, .done = done }),
	       TN_EINVAL, "a question without its body is refused at once");
	is_uint(st->done, 2, "without calling done");
	end(&p, "silence");
}

/* Two questions of one type, answered the other way round, and one answer to neither. */
static void crossed(void)
{
	struct plugpair p = plugpair_create(9, "talk: { };", builtins, 2);
	struct state *st = state(ctx(p.a));

	state(ctx(p.b))->mute = true;
	ask(&p, 5, 60000);
	ask(&p, 6, 60000);
	plugpair_run(&p, 100);
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":6}}");
	plugpair_run(&p, 500);
	is_uint(st->done, 1, "an answer ends one question");
	is_uint(st->tag, 6, "the one that it belongs to");
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":9}}");
	plugpair_run(&p, 500);
	is_uint(st->done, 1, "one that belongs to none ends none");
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":5}}");
	plugpair_run(&p, 500);
	is_uint(st->done, 2, "the other question waits for its own");
	is_uint(st->tag, 5, "and gets it");
	end(&p, "crossed");
}

/* The answer came, but nobody could read it. */
static void spoiled(void)
{
	struct plugpair p = plugpair_create(8, "talk: { };", builtins, 2);
	struct state *st = state(ctx(p.a));
	struct note body = { 1 };
	struct tn_question q = { TN_BODY(body), .send = M_ASK,       .expect = M_TELL,
				 .tag = 1,      .timeout_ms = 60000, .done = done };
	struct tn_sid to = { pluglab_session(p.a)->sid };

	state(ctx(p.b))->mute = true;
	tn_ask_peer(ctx(p.a), to, &q);
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":\"no number\"}}");
	plugpair_run(&p, 500);
	is_int(st->status, TN_EBAD, "a malformed answer ends the question with TN_EBAD");
	is_uint(pluglab_count(p.a, "Tell", COUNT_MALFORMED), 1, "and is counted as malformed");
	q.match = same;
	tn_ask_peer(ctx(p.a), to, &q);
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":\"no number\"}}");
	plugpair_run(&p, 500);
	is_uint(st->done, 1, "one that cannot be told apart goes on waiting");
	end(&p, "spoiled");
}

static void unload(void)
{
	struct plugpair p = plugpair_create(4, "talk: { };", builtins, 2);
	struct tn_error err = { "" };
	struct plug_info info;

	state(ctx(p.b))->mute = true;
	ask(&p, 5, 60000);
	plugpair_run(&p, 100);
	ok(plug_info(p.a->plug, 0, &info) && info.pending == 1, "a question is pending");
	is_int(plug_unload(p.a->plug, "talk", &err), 0, "its plugin may go all the same");
	ok(!plug_info(p.a->plug, 0, &info), "and is gone");
	pluglab_say(p.b, "Tell", "{\"Tell\":{\"n\":5}}");
	plugpair_run(&p, 500);
	is_uint(pluglab_refused(p.a, "Tell", ACCOUNT_IN, "no-owner"), 1,
		"what still comes is refused(no-owner)");
	is_int(plug_load(p.a->plug, "talk", &err), 0, "it may come back");
	is_int(ask(&p, 6, 100), 0, "and ask");
	plugpair_run(&p, 500);
	is_int(state(ctx(p.a))->status, TN_ETIME, "with a state of its own");
	end(&p, "unload");
}

/* ---- three nodes in a row: a - b - c */

static void relays(void)
{
	struct plugpair p = plugpair_create(5, "talk: { };", builtins, 2);
	struct pluglab *c = pluglab_create(
		p.world, "c", "40.0.0.3",
		"network: { name = \"testnet\"; listen = [ \"40.0.0.3\" ]; connect = [ "
		"\"60.0.0.2\" ]; }; plugins: { talk: { }; };",
		builtins, 2);
	struct note news = { 1 };

	plugpair_run(&p, 2000);
	is_int(tn_broadcast(ctx(p.a), NULL, M_NEWS, &news), 1, "a tells its only peer");
	plugpair_run(&p, 1000);
	is_uint(state(ctx(p.b))->relayed, 1, "b relays to one: not back to the origin");
	is_uint(state(ctx(c))->seen, 1, "c has it");
	is_uint(state(ctx(p.a))->seen, 0, "a does not get it back");
	news.n = 2;
	state(ctx(p.b))->refuse = true;
	tn_broadcast(ctx(p.a), NULL, M_NEWS, &news);
	plugpair_run(&p, 1000);
	is_uint(state(ctx(p.b))->relayed, 1, "a handler may ask for a relay and then refuse");
	is_uint(state(ctx(c))->seen, 1, "which then does not happen");
	is_int(tn_broadcast(ctx(p.b), &(struct tn_filter){ .all_of = TN_S_OUTBOUND }, M_NEWS,
			    &news),
	       0, "a filter may leave nobody");
	is_int(tn_relay(ctx(p.b), NULL, &(struct tn_msg){ .row = 0 }), TN_EINVAL,
	       "only a message that is being handled can be relayed");
	is_uint(pluglab_off(c), 0, "c's account balances");
	pluglab_free(c);
	end(&p, "relays");
}

static void features(void)
{
	struct world *w = world_create(6);
	struct plugpair p = { .world = w };
	struct note body = { 1 };

	p.b = pluglab_create(w, "b", "60.0.0.2",
			     "network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; }; "
			     "plugins: { plain: { }; };",
			     builtins, 2);
	p.a = pluglab_create(w, "a", "50.0.0.1",
			     "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; connect = "
			     "[ \"60.0.0.2\" ]; }; plugins: { talk: { }; };",
			     builtins, 2);
	plugpair_run(&p, 3000);
	is_int(tn_send(ctx(p.a), (struct tn_sid){ pluglab_session(p.a)->sid }, M_RARE, &body),
	       TN_ESKIP, "a peer without the feature does not get it");
	is_int(tn_broadcast(ctx(p.a), NULL, M_RARE, &body), 0, "by broadcast neither");
	is_uint(pluglab_refused(p.a, "Rare", ACCOUNT_OUT, "feature"), 2, "and both are counted");
	is_int(tn_send_unit(ctx(p.a), (struct tn_sid){ pluglab_session(p.a)->sid }, M_RARE),
	       TN_EINVAL, "a body of another size is a mistake");
	is_int(tn_send_unit(ctx(p.a), (struct tn_sid){ pluglab_session(p.a)->sid }, 99), TN_EINVAL,
	       "so is a row that is not there");
	is_int(tn_send(ctx(p.a), (struct tn_sid){ 4711 }, M_ASK, &body), TN_EGONE,
	       "a stale session is TN_EGONE");
	end(&p, "features");
}

static void bulk(void)
{
	struct plugpair p = plugpair_create(7, "talk: { };", builtins, 2);

	for (unsigned i = 0; i < 3; i++)
		pluglab_say(p.a, "Bulk", "{\"Bulk\":{\"n\":1}}");
	plugpair_run(&p, 500);
	is_uint(pluglab_refused(p.b, "Bulk", ACCOUNT_IN, "busy") +
			pluglab_count(p.b, "Bulk", COUNT_HANDLED),
		3, "three requests for large answers");
	is_uint(pluglab_refused(p.b, "Bulk", ACCOUNT_IN, "busy"), 2,
		"at one time: one is served, two are refused(busy)");
	pluglab_say(p.a, "Bulk", "{\"Bulk\":{\"n\":2}}");
	plugpair_run(&p, 500);
	is_uint(pluglab_count(p.b, "Bulk", COUNT_HANDLED), 2,
		"another one once the answer is sent");
	end(&p, "bulk");
}

int main(void)
{
	answers();
	silence();
	crossed();
	spoiled();
	unload();
	relays();
	features();
	bulk();
	return done_testing();
}
