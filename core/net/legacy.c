/* SPDX-License-Identifier: MIT
 * core/net/legacy.c - living with nodes of December 2025 (doc/protocol.md 8)
 *
 * They serve only a session that we dialed, and delete their own bookkeeping when one
 * that they dialed ends. So when one dials us its session is closed first and we dial
 * it before its 5 s are over. If that fails or nothing comes after the Ack (a zombie),
 * its next dial is accepted, and we try again later.
 */
#include <stdio.h>

#include "net/judge.h"
#include "net/room.h"

static uint64_t draw(struct net *net)
{
	uint64_t v;

	env_random(net->env, &v, sizeof v);
	return v;
}

static bool has_up(const struct net *net, const struct session *s)
{
	return group_of_id(net, s) != NULL;
}

void legacy_inbound(struct session *s)
{
	struct net *net = s->net;
	struct peer *p = s->peer;
	uint64_t now = net_now(net);

	if (!p || has_up(net, s) || now < p->zombie_until_us || !net_usable(net, &s->addr)) {
		if (p)
			p->legacy = true;
		handshake_accept_legacy(s);
		if (p)
			dialer_consider(net, p);
		return;
	}
	p->legacy = true;
	peer_want(net, p, true);
	p->apart_us = now;
	p->next_dial_us = now + LEGACY_DIAL_US;
	net_close(net, s, "an old node, which serves only what we dial: dialing it instead");
}

static void no_more_zombies(struct peer *p)
{
	p->zombies = 0;
	p->zombie_until_us = 0;
}

void legacy_zombie(void *arg)
{
	struct session *s = arg;

	s->timer = 0;
	if (s->heard_since) {
		if (s->peer)
			no_more_zombies(s->peer);
		return;
	}
	net_close(s->net, s, "it answered the handshake and then fell silent (zombie)");
}

void legacy_came_up(struct session *s)
{
	if (s->peer)
		s->peer->legacy = true;
	session_came_up(s);
	if (session_is_up(s) && s->primary)
		session_set_timer(s, ZOMBIE_US, legacy_zombie);
}

/* Not served: until the back-off is over its own dials are welcome. */
void legacy_ended(struct session *s, bool came_up)
{
	struct peer *p = s->peer;

	if (!s->outbound || !p || (came_up && s->heard_since))
		return;
	p->zombies++;
	p->zombie_until_us = net_now(s->net) + backoff_zombie_us(p->zombies, draw(s->net));
}

static void let_go(void *arg)
{
	struct session *s = arg;

	s->timer = 0;
	net_close(s->net, s, "%s", "held long enough: refused");
}

/* It would be back in 5 s: a quiet socket keeps it content for a minute. */
void legacy_hold(struct session *s, const char *why)
{
	struct net *net = s->net;

	if (s->state == LINK_CLOSING)
		return;
	if (net->slots[SLOT_HELD] >= HELD_MAX) {
		net_close_flush(net, s, why);
		return;
	}
	net->slots[s->slot]--;
	s->slot = SLOT_HELD;
	net->slots[SLOT_HELD]++;
	s->pauses = 1; /* unread */
	session_rearm(s);
	if (s->peer)
		peer_set(net, s->peer, s->peer->state, why);
	session_set_timer(s, HOLD_US, let_go);
}
