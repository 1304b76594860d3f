/* SPDX-License-Identifier: MIT
 * t/52-sim-refusal.c - a refused peer: the reason stands in the history of both ends
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/room.h"
#include "sim/netlab.h"

#define SECOND 1000000u

struct pair {
	struct world *world;
	struct netlab *dialer, *host;
};

static struct pair make(const char *more)
{
	struct pair p = { .world = world_create(11) };
	char conf[512];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"69.1.1.1\" ]; }; sessions: { %s };",
		 more);
	p.host = netlab_create(p.world, "host", "69.1.1.1", conf);
	p.dialer = netlab_create(p.world, "dialer", "50.1.1.1",
				 "network: { name = \"testnet\"; listen = [ \"50.1.1.1\" ];"
				 " connect = [ \"69.1.1.1\" ]; };");
	return p;
}

static bool history_says(struct netlab *lab, const char *word)
{
	const struct history_entry *h;

	for (struct peer *p = net_peer_next(lab->net, NULL); p; p = net_peer_next(lab->net, p))
		for (unsigned i = 0; (h = history_at(&p->history, i)); i++)
			if (h->reason && strstr(h->reason, word))
				return true;
	return false;
}

static void judge(struct pair *p, const char *what, const char *word)
{
	netlab_start(p->host);
	netlab_start(p->dialer);
	world_run(p->world, world_now(p->world) + 5 * SECOND);
	is_uint(p->dialer->ups + p->host->ups, 0, "%s: no session", what);
	ok(history_says(p->dialer, word), "%s: the dialer knows why", what);
	ok(history_says(p->host, word), "%s: the listener knows why", what);
	is_uint(net_off_ended(p->host->net) + net_off_ended(p->dialer->net), 0, "%s: balanced",
		what);
	if (!history_says(p->dialer, word) || !history_says(p->host, word)) {
		world_log_print(p->host->env, stderr);
		world_log_print(p->dialer->env, stderr);
	}
	netlab_free(p->host);
	netlab_free(p->dialer);
	world_free(p->world);
}

static void full(void)
{
	struct pair p = make("inbound = 0");

	judge(&p, "full", "full");
}

static void banned(void)
{
	struct pair p = make("");
	struct tn_subnet net;

	tn_subnet_parse(&net, "50.1.0.0/16", 11);
	is_int(net_ban(p.host->net, &net, 3600000, "test"), 0, "ban");
	judge(&p, "banned", "banned");
}

static void genesis(void)
{
	struct pair p = make("");

	p.host->set.has_genesis = p.dialer->set.has_genesis = true;
	p.host->set.genesis[0] = 1;
	judge(&p, "genesis", "genesis");
}

static void self(void)
{
	struct pair p = make("");

	p.dialer->net->node_id = p.host->net->node_id;
	judge(&p, "self", "self");
}

/* Whoever is refused comes back with a growing back-off, not in a storm. */
static void no_storm(void)
{
	struct pair p = make("inbound = 0");
	struct net_counts c;

	netlab_start(p.host);
	netlab_start(p.dialer);
	world_run(p.world, world_now(p.world) + 3600 * SECOND);
	net_counts(p.dialer->net, &c);
	ok(c.dials >= 50 && c.dials <= 90, "%u dials in an hour of refusals", (unsigned)c.dials);
	netlab_free(p.host);
	netlab_free(p.dialer);
	world_free(p.world);
}

/* Slots enough that not everybody is protected: the newcomers from one netgroup displace
 * each other, those who were there stay.
 */
static void eviction(void)
{
	struct world *w = world_create(12);
	struct netlab *host =
		netlab_create(w, "host", "69.1.1.1",
			      "network: { name = \"testnet\"; listen = [ \"69.1.1.1\" ]; };"
			      " sessions: { inbound = 24; max_per_ip = 3; };");
	struct netlab *lab[60];
	unsigned old = 0;
	struct net_counts c;

	netlab_start(host);
	for (unsigned i = 0; i < 60; i++) {
		char ip[32];

		if (i < 20)
			snprintf(ip, sizeof ip, "%u.1.0.1", 20 + i);
		else
			snprintf(ip, sizeof ip, "45.45.%u.1", i);
		lab[i] = netlab_create(w, "dialer", ip,
				       "network: { name = \"testnet\"; listen = [ ];"
				       " connect = [ \"69.1.1.1\" ]; dial_rule = \"any\"; };");
		netlab_start(lab[i]);
		world_run(w, world_now(w) + SECOND);
	}
	net_counts(host->net, &c);
	ok(c.evicted >= 30, "%u had to give way", (unsigned)c.evicted);
	ok(netlab_up(host) <= 25, "%u sessions for 24 slots", netlab_up(host));
	for (unsigned i = 0; i < 20; i++)
		old += lab[i]->downs == 0;
	is_uint(old, 20, "the twenty of twenty netgroups lost nothing");
	is_uint(net_off_ended(host->net), 0, "balanced");
	for (unsigned i = 0; i < 60; i++)
		netlab_free(lab[i]);
	netlab_free(host);
	world_free(w);
}

int main(void)
{
	full();
	banned();
	genesis();
	self();
	no_storm();
	eviction();
	return done_testing();
}
