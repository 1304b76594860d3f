/* SPDX-License-Identifier: MIT
 * core/net/peer.c - the bounded table of peer records
 */
#include <stdlib.h>
#include <string.h>

#include "net/room.h"

const char *peer_text(const struct peer *p, char buf[TN_ADDR_TEXT])
{
	return tn_addr_text(&p->addr, buf);
}

struct peer *peer_find(const struct net *net, const struct tn_addr *a)
{
	struct peer *p;

	HASH_FIND(hh, net->peers, a, sizeof *a, p);
	return p;
}

void peer_drop(struct net *net, struct peer *p)
{
	timers_cancel(net->timers, p->timer);
	HASH_DEL(net->peers, p);
	history_clear(&p->history);
	free(p);
}

/* The table is in the order of last use: the first that nobody needs is the oldest. */
static bool evict_one(struct net *net)
{
	struct peer *p = net->peers;

	while (p && (p->wanted || p->links))
		p = p->hh.next;
	if (p)
		peer_drop(net, p);
	return p != NULL;
}

static void touch(struct net *net, struct peer *p)
{
	p->used_us = net_now(net);
	HASH_DEL(net->peers, p);
	HASH_ADD(hh, net->peers, addr, sizeof p->addr, p);
}

struct peer *peer_get(struct net *net, const struct tn_addr *a, bool must)
{
	struct peer *p = peer_find(net, a);

	if (p) {
		touch(net, p);
		return p;
	}
	if (HASH_COUNT(net->peers) >= PEERS_MAX && !evict_one(net) && !must)
		return NULL;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->net = net;
	p->addr = *a;
	p->used_us = p->apart_us = net_now(net);
	HASH_ADD(hh, net->peers, addr, sizeof p->addr, p);
	return p;
}

void peer_set(struct net *net, struct peer *p, enum link_state to, const char *why)
{
	history_add(&p->history, env_wall_us(net->env), p->state, to, why);
	p->state = (uint8_t)to;
}

void peer_attach(struct net *net, struct peer *p, struct session *s)
{
	(void)net;
	if (!p || s->peer)
		return;
	s->peer = p;
	p->links++;
}

void peer_detach(struct net *net, struct session *s)
{
	(void)net;
	if (!s->peer)
		return;
	s->peer->links--;
	s->peer = NULL;
}

struct session *peer_session(const struct net *net, const struct peer *p)
{
	return net_session(net, p->session);
}

struct peer *net_peer_next(const struct net *net, const struct peer *after)
{
	return after ? after->hh.next : net->peers;
}
