/* SPDX-License-Identifier: MIT
 * t/54-sim-mn-self.c - a masternode that nobody told its address: learned from those whom it
 * dialed, three in three networks, and from then on announced
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "masternodes/beats.h"
#include "sim/chainlab.h"

static const struct plug_builtin builtins[] = { { "masternodes", &tn_plugin_desc_masternodes } };

struct scene {
	struct world *w;
	struct pluglab *peer[4], *one;
	unsigned peers, wanted; /* links of the one */
};

static void run(struct scene *s, uint64_t seconds)
{
	world_run(s->w, world_now(s->w) + seconds * 1000000);
}

static void add_peer(struct scene *s, const char *ip)
{
	char conf[256];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; }; "
		 "plugins: { masternodes: { }; };",
		 ip);
	s->peer[s->peers++] = pluglab_create(s->w, ip, ip, conf, builtins, 1);
}

static bool is_apart(void *arg)
{
	struct scene *s = arg;

	return netlab_up(s->one->lab) < s->wanted;
}

/* It listens on all its addresses, whatever they are. */
static void start(struct scene *s, const char *connect, unsigned wanted)
{
	char conf[512];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"0.0.0.0\" ]; connect = [ %s ]; }; "
		 "plugins: { masternodes: { masternode = true; }; };",
		 connect);
	s->one = pluglab_create(s->w, "one", "50.0.0.1", conf, builtins, 1);
	s->wanted = wanted;
	if (!world_run_while(s->w, is_apart, s, world_now(s->w) + 60000000))
		bail_out("the nodes do not meet");
}

static struct scene begin(void)
{
	struct scene s = { .w = world_create(9) };

	add_peer(&s, "60.0.0.2");
	add_peer(&s, "60.0.0.3"); /* in the network of the one before */
	add_peer(&s, "61.0.0.2");
	return s;
}

static void end(struct scene *s)
{
	pluglab_free(s->one);
	for (unsigned i = 0; i < s->peers; i++)
		pluglab_free(s->peer[i]);
	world_free(s->w);
}

static bool status_has(struct scene *s, const char *text)
{
	char *status = chainlab_ask(s->w, s->one, "masternodestatus", "{}");
	bool has = strstr(status, text) != NULL;

	if (!has)
		diag("%s", status);
	free(status);
	return has;
}

/* How many of the peers know it as an active masternode that has signed. */
static unsigned seen(struct scene *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->peers; i++) {
		const struct mn_state *st = mn_state(pluglab_ctx(s->peer[i], "masternodes"));
		const struct mn_record *r = registry_find(st->registry, 0x32000001);

		n += r && r->active && r->signed_at;
		n += registry_active(st->registry) > 1 ? 100 : 0;
	}
	return n;
}

static void unknown(void)
{
	struct scene s = begin();

	start(&s, "\"60.0.0.2\", \"60.0.0.3\", \"61.0.0.2\"", 3);
	run(&s, 130);
	is_uint(seen(&s), 0, "three peers in two networks are not enough: it is no masternode");
	ok(status_has(&s, "\"active\":false") &&
		   status_has(&s, "its own address is not known: set `address`, or wait until "
				  "three peers in different networks have told it"),
	   "masternodestatus says what it waits for");
	ok(status_has(&s, "\"address\":\"\""), "and no address");
	end(&s);
}

static void learned(void)
{
	struct scene s = begin();

	add_peer(&s, "62.0.0.2");
	start(&s, "\"60.0.0.2\", \"60.0.0.3\", \"61.0.0.2\", \"62.0.0.2\"", 4);
	run(&s, 10);
	is_uint(seen(&s), 4, "three networks are: announced to all, under that address");
	run(&s, 60);
	ok(status_has(&s, "\"address\":\"50.0.0.1\",\"active\":true"), "masternodestatus has it");
	is_uint(mn_state(pluglab_ctx(s.one, "masternodes"))->beats->sent, 1,
		"and it makes heartbeats");
	is_uint(seen(&s), 4, "nobody knows it under another one");
	end(&s);
}

int main(void)
{
	unknown();
	learned();
	return done_testing();
}
