/* SPDX-License-Identifier: MIT
 * t/49-bus-hog.c - many small requests with large answers, in one read: others have their turn,
 * and what will not fit is not encoded
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/room.h"
#include "sim/pluglab.h"

#define MS UINT64_C(1000)
#define ASKS 500
#define ANSWER 65536

struct ask {
	uint64_t n;
};
struct answer {
	struct tn_str text;
};

static const struct tn_schema ask_schema =
	TN_SCHEMA(struct ask, TN_RECORD, TN_FIELD(struct ask, n));
static const struct tn_schema answer_schema =
	TN_SCHEMA(struct answer, TN_RECORD, TN_FIELD(struct answer, text));

struct state {
	uint32_t asked, answered, before; /* before: asked until the small one came */
	uint64_t last;                    /* n of the last ask */
	bool in_order, small;
};

enum { M_ASK, M_ANSWER, M_SMALL };

static tn_verdict on_ask(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = c->state;
	const struct ask *ask = m->body;
	struct answer a = { { tn_alloc(m->arena, ANSWER), ANSWER } };

	st->in_order = (!st->asked || st->in_order) && ask->n == st->asked % ASKS;
	st->asked++;
	memset((void *)(uintptr_t)a.text.p, 'x', ANSWER);
	tn_send(c, m->from, M_ANSWER, &a);
	return TN_TAKEN;
}

static tn_verdict on_answer(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)m;
	((struct state *)c->state)->answered++;
	return TN_TAKEN;
}

static tn_verdict on_small(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = c->state;

	(void)m;
	st->small = true;
	st->before = st->asked;
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("talk", "1", "answers a few bytes with many"),
	.state_bytes = sizeof(struct state),
	.messages = TN_ROWS(
		struct tn_message, [M_ASK] = { "Ask", &ask_schema, on_ask, TN_OWN, .max = 0 },
		[M_ANSWER] = { "Answer", &answer_schema, on_answer, TN_OWN, .max = 1 << 20 },
		[M_SMALL] = { "Small", &ask_schema, on_small, TN_OWN, .max = 0 }),
};

static const struct plug_builtin builtin = { "talk", &tn_plugin_desc };

struct stage {
	struct world *world;
	struct pluglab *server, *hog, *other;
};

static struct pluglab *node(struct world *w, const char *ip, const char *connect, const char *queue)
{
	char conf[512];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; };"
		 " sessions: { line_max = \"1M\"; queue_session = \"%s\"; };"
		 " plugins: { talk: { }; };",
		 ip, connect, queue);
	return pluglab_create(w, ip, ip, conf, &builtin, 1);
}

/* Every line arrives in one piece, after the same time. */
static struct stage begin(size_t buffer, const char *queue)
{
	struct stage s = { .world = world_create(3) };
	struct world_knobs *k = world_knobs(s.world);

	*k = (struct world_knobs){ .latency_min_us = 5 * MS,
				   .latency_max_us = 5 * MS,
				   .piece_max = 65536,
				   .buffer = buffer,
				   .tick_us = MS };
	s.server = node(s.world, "60.0.0.2", "", queue);
	s.hog = node(s.world, "50.0.0.1", "\"60.0.0.2\"", queue);
	s.other = node(s.world, "51.0.0.1", "\"60.0.0.2\"", queue);
	world_run(s.world, world_now(s.world) + 15 * 1000 * MS);
	if (!pluglab_session(s.hog) || !pluglab_session(s.other))
		bail_out("they did not meet");
	return s;
}

static void end(struct stage *s)
{
	is_uint(pluglab_off(s->server) + pluglab_off(s->hog), 0, "balanced");
	pluglab_free(s->other);
	pluglab_free(s->hog);
	pluglab_free(s->server);
	world_free(s->world);
}

static void run(struct stage *s, uint64_t ms)
{
	world_run(s->world, world_now(s->world) + ms * MS);
}

static void ask_all(struct stage *s)
{
	char line[64];

	for (unsigned i = 0; i < ASKS; i++) {
		snprintf(line, sizeof line, "{\"Ask\":{\"n\":%u}}", i);
		pluglab_say(s->hog, "Ask", line);
	}
}

static const struct state *state(struct pluglab *l)
{
	return pluglab_ctx(l, "talk")->state;
}

/* 500 requests, and one of somebody else a millisecond later. */
static void fair(void)
{
	struct stage s = begin(1 << 20, "40M");
	const struct state *st = state(s.server);

	ask_all(&s);
	run(&s, 1);
	pluglab_say(s.other, "Small", "{\"Small\":{\"n\":1}}");
	run(&s, 9);
	ok(st->small, "the other one was heard");
	ok(st->before >= 1 && st->before <= 20, "after %u of the hog's 500 requests", st->before);
	ok(st->asked < ASKS, "which were not done then (%u)", st->asked);
	run(&s, 5000);
	is_uint(st->asked, ASKS, "all of them are done in the end");
	ok(st->in_order, "in their order");
	is_uint(state(s.hog)->answered, ASKS, "and answered");
	ok(pluglab_session(s.hog) && pluglab_session(s.other), "nobody was closed");
	end(&s);
}

/* It asks on and reads nothing. */
static void full(void)
{
	struct stage s = begin(65536, "1M");
	struct net *net = s.server->lab->net;
	uint64_t before = net->encoded, queued;
	uint32_t fitted;

	net_pause(s.hog->lab->net, pluglab_session(s.hog));
	ask_all(&s);
	run(&s, 2000);
	is_uint(state(s.server)->asked, ASKS, "each request was heard");
	queued = net->encoded - before;
	ok(queued >= 1000000 && queued < (1 << 20) + 4 * (ANSWER + 64),
	   "%u bytes were encoded for a queue of 1 MiB", (unsigned)queued);
	ok(pluglab_refused(s.hog, "Answer", ACCOUNT_OUT, "full") == 0, "(the hog's own is empty)");
	before = net->encoded;
	net_resume(s.hog->lab->net, pluglab_session(s.hog));
	run(&s, 2000);
	fitted = state(s.hog)->answered;
	ok(fitted >= 15 && fitted < 30, "%u answers fitted", fitted);
	ask_all(&s);
	run(&s, 5000);
	ok(state(s.hog)->answered >= fitted + 15, "and once it reads, it is answered again (%u)",
	   state(s.hog)->answered);
	ok(net->encoded > before, "by encoding");
	end(&s);
}

int main(void)
{
	fair();
	full();
	return done_testing();
}
