/* SPDX-License-Identifier: MIT
 * core/net/peer.c - the bounded table of peer records
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

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

static bool is_spare(const struct peer *p)
{
	return !p->wanted && !p->links;
}

void peer_drop(struct net *net, struct peer *p)
{
	timers_cancel(net->timers, p->timer);
	if (is_spare(p))
		DL_DELETE2(net->spare, p, spare_prev, spare_next);
	HASH_DEL(net->peers, p);
	history_clear(&p->history);
	free(p);
}

/* Table and spare list are both in the order of last use: the first spare one is the oldest
 * that nobody needs, and found without a look at the others. */
static bool evict_one(struct net *net)
{
	struct peer *p = net->spare;

	if (p)
		peer_drop(net, p);
	return p != NULL;
}

static void touch(struct net *net, struct peer *p)
{
	p->used_us = net_now(net);
	HASH_DEL(net->peers, p);
	HASH_ADD(hh, net->peers, addr, sizeof p->addr, p);
	if (!is_spare(p))
		return;
	DL_DELETE2(net->spare, p, spare_prev, spare_next);
	DL_APPEND2(net->spare, p, spare_prev, spare_next);
}

/* It was needed or not, and is now or is not. */
static void note_need(struct net *net, struct peer *p, bool was_spare)
{
	if (was_spare == is_spare(p))
		return;
	if (was_spare) {
		DL_DELETE2(net->spare, p, spare_prev, spare_next);
		return;
	}
	DL_APPEND2(net->spare, p, spare_prev, spare_next);
	touch(net, p);
}

void peer_want(struct net *net, struct peer *p, bool on)
{
	bool was = is_spare(p);

	p->wanted = on;
	note_need(net, p, was);
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
	DL_APPEND2(net->spare, p, spare_prev, spare_next);
	return p;
}

void peer_set(struct net *net, struct peer *p, enum link_state to, const char *why)
{
	history_add(&p->history, env_wall_us(net->env), p->state, to, why);
	p->state = (uint8_t)to;
}

void peer_attach(struct net *net, struct peer *p, struct session *s)
{
	if (!p || s->peer)
		return;
	s->peer = p;
	p->links++;
	note_need(net, p, !p->wanted && p->links == 1);
}

void peer_detach(struct net *net, struct session *s)
{
	struct peer *p = s->peer;

	if (!p)
		return;
	s->peer = NULL;
	p->links--;
	note_need(net, p, false);
}

struct session *peer_session(const struct net *net, const struct peer *p)
{
	return net_session(net, p->session);
}

struct peer *net_peer_next(const struct net *net, const struct peer *after)
{
	return after ? after->hh.next : net->peers;
}
