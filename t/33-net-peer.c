/* SPDX-License-Identifier: MIT
 * t/33-net-peer.c - the table of peer records: bounded, and who gives way when it is full
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/room.h"
#include "sim/netlab.h"

static struct tn_addr at(unsigned i)
{
	char text[TN_ADDR_TEXT];
	struct tn_addr a;

	snprintf(text, sizeof text, "9.%u.%u.1:24100", i >> 8, i & 255);
	if (tn_addr_parse(&a, text, strlen(text)))
		bail_out("not an address: %s", text);
	return a;
}

static struct peer *get(struct net *net, unsigned i, bool must)
{
	struct tn_addr a = at(i);

	return peer_get(net, &a, must);
}

static bool has(const struct net *net, unsigned i)
{
	struct tn_addr a = at(i);

	return peer_find(net, &a) != NULL;
}

static void fill(struct net *net)
{
	for (unsigned i = 0; i < PEERS_MAX; i++)
		if (!get(net, i, false))
			bail_out("no record %u", i);
}

static void oldest_first(struct net *net)
{
	get(net, 0, false); /* used again: no longer the oldest */
	ok(get(net, PEERS_MAX, false) != NULL, "one more finds room");
	ok(has(net, 0) && !has(net, 1) && has(net, 2), "the one used longest ago gave way");
	is_uint(HASH_COUNT(net->peers), PEERS_MAX, "the table is as large as before");
}

static void needed_ones_stay(struct net *net)
{
	struct session dialed = { .net = net };

	peer_want(net, get(net, 2, false), true);
	peer_attach(net, get(net, 3, false), &dialed);
	get(net, 4, false);
	for (unsigned i = 0; i < PEERS_MAX; i++)
		get(net, 10000 + i, false);
	ok(has(net, 2), "a wanted one stays");
	ok(has(net, 3), "a linked one stays");
	ok(!has(net, 4), "others do not");
	peer_want(net, get(net, 2, false), false);
	peer_detach(net, &dialed);
	for (unsigned i = 0; i < PEERS_MAX; i++)
		get(net, 20000 + i, false);
	ok(!has(net, 2) && !has(net, 3), "neither does once nobody needs it");
	is_uint(HASH_COUNT(net->peers), PEERS_MAX, "the table is as large as before");
}

static void all_needed(struct net *net)
{
	struct peer *p, *next;

	for (p = net->peers; p; p = next) {
		next = p->hh.next;
		peer_want(net, p, true);
	}
	ok(!get(net, 30000, false), "no room when all are needed");
	ok(get(net, 30001, true) != NULL, "but for one that must be");
	is_uint(HASH_COUNT(net->peers), PEERS_MAX + 1, "beyond the bound");
	peer_want(net, net->peers, false);
	ok(get(net, 30000, false) != NULL, "the first one that is let go gives way");
	is_uint(HASH_COUNT(net->peers), PEERS_MAX + 1, "and the table does not grow");
}

int main(void)
{
	struct world *w = world_create(1);
	struct netlab *lab =
		netlab_create(w, "a", "9.255.255.1", "network: { name = \"testnet\"; };");

	fill(lab->net);
	oldest_first(lab->net);
	needed_ones_stay(lab->net);
	all_needed(lab->net);
	netlab_free(lab);
	world_free(w);
	return done_testing();
}
