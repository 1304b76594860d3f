/* SPDX-License-Identifier: MIT
 * t/48-sim-pingpong.c - the shipped plugins at work: every ping is matched, a silent peer is
 * closed, addresses spread
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "sim/pluglab.h"

static const struct plug_builtin builtins[] = { { "pingpong", &tn_plugin_desc_pingpong },
						{ "peers", &tn_plugin_desc_peers } };

struct words {
	char text[20000];
};

static void keep(void *arg, enum env_log_level level, const char *line, size_t n)
{
	struct words *w = arg;
	size_t had = strlen(w->text);

	(void)level;
	snprintf(w->text + had, sizeof w->text - had, "%.*s\n", (int)n, line);
}

static int64_t metric(struct pluglab *l, const char *plugin, const char *name)
{
	struct plug_metric m;

	for (size_t i = 0; plug_metric(l->plug, i, &m); i++)
		if (!strcmp(m.plugin, plugin) && !strcmp(m.name, name))
			return m.value;
	return -1;
}

static int64_t pings(struct pluglab *l, const char *name)
{
	return metric(l, "pingpong", name);
}

static void matched(void)
{
	struct plugpair p = plugpair_create(1, "pingpong: { interval = \"5s\"; };", builtins, 2);
	struct words *w = calloc(1, sizeof *w);

	world_log_to(p.a->lab->env, keep, w);
	plugpair_run(&p, 61000);
	ok(pings(p.a, "pings_sent") >= 12, "%d pings in a minute, the first at once",
	   (int)pings(p.a, "pings_sent"));
	is_int(pings(p.a, "pings_matched"), pings(p.a, "pings_sent"), "every ping is matched");
	is_int(pings(p.b, "pings_matched"), pings(p.b, "pings_sent"), "at the other side too");
	is_int(pings(p.a, "pongs_unmatched"), 0, "no pong is left over");
	ok(strstr(w->text, "debug pingpong [OUTBOUND] Sent ping to 60.0.0.2:24100 (nonce: "),
	   "Sent ping to");
	ok(strstr(w->text, "[OUTBOUND] Received pong from 60.0.0.2:24100 (nonce: "),
	   "Received pong from");
	ok(strstr(w->text, "[OUTBOUND] Pong matches! 60.0.0.2:24100 (nonce: "), "Pong matches!");
	ok(strstr(w->text, ", RTT: "), "with the round trip");
	ok(pluglab_session(p.a)->rtt_us > 0, "which the core knows too");
	pluglab_say(p.b, "Pong", "{\"Pong\":{\"nonce\":1,\"timestamp\":1}}");
	plugpair_run(&p, 1000);
	is_int(pings(p.a, "pongs_unmatched"), 1, "a made-up pong matches nothing");
	is_uint(pluglab_refused(p.a, "Pong", ACCOUNT_IN, "pingpong.unmatched"), 1,
		"and is refused(unmatched)");
	is_uint(pluglab_off(p.a) + pluglab_off(p.b), 0, "both accounts balance");
	plugpair_free(&p);
	free(w);
}

/* b has no pingpong: it reads and says nothing. */
static void silent(void)
{
	struct plugpair p = { .world = world_create(2) };
	struct words *w = calloc(1, sizeof *w);

	p.b = pluglab_create(p.world, "b", "60.0.0.2",
			     "network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; };",
			     builtins, 2);
	p.a = pluglab_create(p.world, "a", "50.0.0.1",
			     "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; connect = "
			     "[ \"60.0.0.2\" ]; }; plugins: { pingpong: { interval = \"5s\"; }; };",
			     builtins, 2);
	world_log_to(p.a->lab->env, keep, w);
	plugpair_run(&p, 14000);
	ok(pluglab_session(p.a), "two pings missed are not three");
	ok(strstr(w->text, "warn pingpong [OUTBOUND] Ping timeout (missed: 1/3)"), "1/3");
	ok(strstr(w->text, "warn pingpong [OUTBOUND] Ping timeout (missed: 2/3)"), "2/3");
	ok(!strstr(w->text, "unresponsive"), "not yet unresponsive");
	plugpair_run(&p, 3000);
	ok(strstr(w->text, "warn pingpong [OUTBOUND] Peer unresponsive, disconnecting"),
	   "the third one is the last");
	is_int(pings(p.a, "pings_matched"), 0, "nothing was matched");
	is_uint(pluglab_off(p.a) + pluglab_off(p.b), 0, "both accounts balance");
	plugpair_free(&p);
	free(w);
}

/* A peer that talks but never answers is alive. */
static void talking(void)
{
	struct plugpair p = { .world = world_create(3) };

	p.b = pluglab_create(p.world, "b", "60.0.0.2",
			     "network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; };",
			     builtins, 2);
	p.a = pluglab_create(p.world, "a", "50.0.0.1",
			     "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; connect = "
			     "[ \"60.0.0.2\" ]; }; plugins: { pingpong: { interval = \"5s\"; }; };",
			     builtins, 2);
	plugpair_run(&p, 2000);
	for (unsigned i = 0; i < 30; i++) {
		pluglab_say(p.b, "GetPeers", "\"GetPeers\"");
		plugpair_run(&p, 2000);
	}
	ok(pluglab_session(p.a), "any line counts as life");
	ok(pings(p.a, "pings_missed") >= 10, "though %d pings were missed",
	   (int)pings(p.a, "pings_missed"));
	plugpair_free(&p);
}

/* ---- peers: b dials c, so it knows that c is good, and tells a */

static unsigned ups(struct pluglab *l)
{
	return net_count_up(l->lab->net);
}

static struct pluglab *node(struct world *w, const char *name, const char *ip, const char *connect)
{
	char conf[600];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; }; "
		 "plugins: { peers: { ask_every = \"2s\"; }; };",
		 ip, connect);
	return pluglab_create(w, name, ip, conf, builtins, 2);
}

static void spreading(void)
{
	struct world *w = world_create(4);
	struct plugpair p = { .world = w };
	struct pluglab *c = node(w, "c", "70.0.0.3", "");

	p.b = node(w, "b", "60.0.0.2", "\"70.0.0.3\"");
	p.a = node(w, "a", "50.0.0.1", "\"60.0.0.2\"");
	plugpair_run(&p, 120000);
	is_uint(ups(p.a), 2, "a found c by asking b");
	is_uint(ups(c), 2, "and dialed it");
	is_int(metric(p.a, "peers", "addresses"), 2, "its book has b and c");
	is_uint(pluglab_off(p.a) + pluglab_off(p.b) + pluglab_off(c), 0, "all accounts balance");
	pluglab_free(c);
	plugpair_free(&p);
}

/* The book is in the store: a new host on the same store has it. */
static void keeping(void)
{
	struct plugpair p = plugpair_create(5, "peers: { };", builtins, 2);
	struct tn_error err = { "" };

	is_int(metric(p.a, "peers", "addresses"), 1, "a knows b");
	is_int(plug_unload(p.a->plug, "peers", &err), 0, "the plugin goes");
	net_close(p.a->lab->net, pluglab_session(p.a), "and so does the session");
	plugpair_run(&p, 1);
	is_int(plug_load(p.a->plug, "peers", &err), 0, "the plugin comes back");
	is_int(metric(p.a, "peers", "addresses"), 1, "and still knows b");
	plugpair_free(&p);
}

static void liars(void)
{
	struct plugpair p = plugpair_create(6, "peers: { ask_every = \"1h\"; };", builtins, 2);
	struct tn_error err = { "" };

	/* b asks nobody any more and answers with what we say. */
	plug_unload(p.b->plug, "peers", &err);
	plug_unload(p.a->plug, "peers", &err);
	plug_load(p.a->plug, "peers", &err);
	pluglab_say(
		p.b, "PeersResponse",
		"{\"PeersResponse\":[\"80.0.0.1:24100\",\"80.0.0.1:24100\",\"127.0.0.1:24100\","
		"\"10.0.0.1:24100\",\"0.0.0.0\",\"50.0.0.1:24100\",\"no address\",\"80.0.0.2\"]}");
	plugpair_run(&p, 1000);
	is_int(metric(p.a, "peers", "addresses_told"), 8, "eight addresses are told");
	is_int(metric(p.a, "peers", "addresses_added"), 2,
	       "two are taken: the others are twice, private, our own or none");
	pluglab_say(p.b, "PeersResponse", "{\"PeersResponse\":[\"81.0.0.1:24100\"]}");
	plugpair_run(&p, 1000);
	is_uint(pluglab_refused(p.a, "PeersResponse", ACCOUNT_IN, "unasked"), 1,
		"what nobody asked for is refused(unasked)");
	is_int(metric(p.a, "peers", "addresses_told"), 8, "and not even looked at");
	plugpair_free(&p);
}

int main(void)
{
	matched();
	silent();
	talking();
	spreading();
	keeping();
	liars();
	return done_testing();
}
