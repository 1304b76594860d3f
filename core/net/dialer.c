/* SPDX-License-Identifier: MIT
 * core/net/dialer.c - whom to dial, when, and what became of it
 *
 * One record and one timer per peer: dialer_consider looks at the whole situation each
 * time something changed, so there is no retry loop that could run twice.
 */
#include <stdio.h>
#include <string.h>

#include "net/judge.h"
#include "net/room.h"

#define GIVE_UP 8 /* failures in a row until a mere candidate is forgotten */
#define QUIET 5   /* failures in a row until attempts are logged at debug */
#define WANT_US 10000000u

static void set_timer(struct net *net, struct peer *p, uint64_t us)
{
	timers_cancel(net->timers, p->timer);
	p->timer = us == UINT64_MAX ? 0 : timers_add(net->timers, us, dialer_look, p);
}

static enum slot_class slot_for(const struct peer *p)
{
	if (p->kind == PEER_MANUAL)
		return SLOT_MANUAL;
	if (p->kind == PEER_MASTERNODE)
		return SLOT_MASTERNODE;
	return p->legacy ? SLOT_IN : SLOT_OUT; /* an old one that dialed us had an inbound slot */
}

static bool has_slot(const struct net *net, enum slot_class slot)
{
	const struct settings_sessions *set = &net->set->sessions;

	switch (slot) {
	case SLOT_IN:
		return net->slots[slot] < set->inbound;
	case SLOT_OUT:
		return net->slots[slot] < set->outbound;
	case SLOT_MASTERNODE:
		return net->slots[slot] < set->masternodes;
	case SLOT_MANUAL:
	case SLOT_HELD:
	case SLOT_CLASSES:
		break;
	}
	return true;
}

/* Our side of the connection: the address we listen on, where it is a specific one. */
static const struct tn_addr *source(const struct net *net, const struct tn_addr *to)
{
	for (uint32_t i = 0; i < net->set->network.listen.n; i++) {
		const struct tn_addr *a = &net->set->network.listen.v[i];

		if (!tn_addr_is_unspecified(a) && tn_addr_is_v4(a) == tn_addr_is_v4(to))
			return a;
	}
	return NULL;
}

void dialer_timed_out(void *arg)
{
	struct session *s = arg;

	s->timer = 0;
	net_close(s->net, s, "no connection within %llu s",
		  (unsigned long long)(s->net->set->sessions.connect_timeout / 1000));
}

void handshake_connected(void *arg, int err)
{
	struct session *s = arg;
	struct net *net = s->net;
	char at[TN_ADDR_TEXT];

	if (s->state != LINK_DIALING)
		return;
	if (err) {
		net_close(net, s, "cannot connect: %s", strerror(err));
		return;
	}
	net->counts.connects++;
	net_log(net, LOG_LEVEL_INFO, s, "Connected to peer: %s", tn_addr_text(&s->remote, at));
	if (s->peer && s->peer->session == s->sid)
		peer_set(net, s->peer, LINK_HANDSHAKING, "connected");
	handshake_begin(s);
}

/* A peer that stays away is not worth two lines a minute: after a while `why` knows. */
enum log_level dialer_level(const struct peer *p)
{
	return p && p->failures >= QUIET ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

static void dial(struct net *net, struct peer *p, const char *why)
{
	struct session *s = session_create(net, true, &p->addr, slot_for(p));
	struct tn_error err = { "no memory" };
	char at[TN_ADDR_TEXT];

	if (!s) {
		dialer_failed(net, p, "no memory");
		return;
	}
	net->counts.dials++;
	s->manual = p->kind == PEER_MANUAL;
	s->masternode = p->kind == PEER_MASTERNODE;
	peer_attach(net, p, s);
	p->session = s->sid;
	peer_set(net, p, LINK_DIALING, why);
	p->next_dial_us = 0;
	net_log(net, dialer_level(p), s, "Initiating connection to %s (%s)", peer_text(p, at), why);
	session_set_timer(s, net->set->sessions.connect_timeout * 1000, dialer_timed_out);
	s->conn = net->env->ops->connect(net->env, &p->addr, source(net, &p->addr), &session_events,
					 s, &err);
	if (!s->conn)
		net_close(net, s, "%s", err.text);
}

/* Whoever is linked already, under this address or under its identity. */
static struct session *linked(const struct net *net, const struct peer *p)
{
	struct session *s = peer_session(net, p);
	struct group *g = NULL;

	if (s)
		return s;
	if (p->node_id)
		g = group_find(net, 'n', &p->node_id, sizeof p->node_id);
	else if (p->legacy)
		g = group_find(net, 'o', p->addr.ip, sizeof p->addr.ip);
	for (s = g ? g->first : NULL; s; s = s->id_next)
		if (session_is_up(s))
			return s;
	return net_find(net, &p->addr);
}

/* An old node's own session does until it is time to try to be served again. */
static void consider_linked(struct net *net, struct peer *p, struct session *s)
{
	uint64_t now = net_now(net);

	set_timer(net, p, UINT64_MAX);
	if (!s->legacy || s->outbound || !session_is_up(s) || !p->wanted)
		return;
	if (now < p->zombie_until_us) {
		set_timer(net, p, p->zombie_until_us - now);
		return;
	}
	p->next_dial_us = now + LEGACY_DIAL_US;
	net_close(net, s, "an old node: trying again to be served by it");
}

/* What we were told of our own address may be wrong. If it is that of a peer to be dialed
 * we know nothing: the handshake will tell who that is. */
static struct dial_answer rule(const struct net *net, const struct peer *p)
{
	bool known = net->self_known && tn_addr_cmp(&net->self, &p->addr) != 0;

	return net->rules.dial(&(struct dial_question){
		.rule = net->set->rule,
		.local = known ? &net->self : NULL,
		.peer = &p->addr,
		.legacy = p->legacy,
		.waited_us = net_now(net) - p->apart_us,
		.passive_wait_us = net->set->network.passive_wait * 1000,
	});
}

static void wait_for_them(struct net *net, struct peer *p, const struct dial_answer *a)
{
	bool lower = net->set->rule == DIAL_LOWER;
	const char *why = lower ? "they have lower IP" : "they have higher IP";
	char at[TN_ADDR_TEXT];

	if (p->state != LINK_WAITING) {
		peer_set(net, p, LINK_WAITING, why);
		net_log(net, LOG_LEVEL_INFO, NULL, "Waiting for connection from %s (%s)",
			peer_text(p, at), why);
	}
	set_timer(net, p, a->wait_us);
}

static bool banned(struct net *net, struct peer *p)
{
	const struct ban *b = judge_banned(net, &p->addr);

	if (!b)
		return false;
	if (p->kind == PEER_CANDIDATE) { /* or it would keep a better one's place */
		peer_want(net, p, false);
		peer_set(net, p, LINK_IDLE, "banned");
		set_timer(net, p, UINT64_MAX);
		return true;
	}
	peer_set(net, p, LINK_BACKOFF, "banned");
	p->next_dial_us = net_now(net) + 60000000;
	set_timer(net, p, 60000000);
	return true;
}

static void consider_apart(struct net *net, struct peer *p)
{
	uint64_t now = net_now(net);
	struct dial_answer a;

	if (p->next_dial_us > now) {
		if (p->state != LINK_BACKOFF)
			peer_set(net, p, LINK_BACKOFF, "waiting for the next dial");
		set_timer(net, p, p->next_dial_us - now);
		return;
	}
	a = rule(net, p);
	p->why = (uint8_t)a.why;
	if (!a.dial) {
		wait_for_them(net, p, &a);
		return;
	}
	if (banned(net, p))
		return;
	if (has_slot(net, slot_for(p))) {
		set_timer(net, p, UINT64_MAX);
		dial(net, p, dial_why_text(a.why));
		return;
	}
	if (p->kind == PEER_CANDIDATE)
		peer_want(net, p, false); /* it will be put forward again when there is room */
	set_timer(net, p, p->wanted ? WANT_US : UINT64_MAX);
}

void dialer_consider(struct net *net, struct peer *p)
{
	struct session *s = linked(net, p);

	if (net->stopping || p->self) {
		set_timer(net, p, UINT64_MAX);
		return;
	}
	if (s) {
		consider_linked(net, p, s);
	} else if (!p->wanted) {
		set_timer(net, p, UINT64_MAX);
		dialer_fill(net);
	} else {
		consider_apart(net, p);
	}
}

/* A record may have been content with a session that hangs on another one: the same
 * node under another address or port.
 */
void dialer_ended(struct net *net, const struct session *s)
{
	struct peer *next;

	for (struct peer *p = net->peers; p; p = next) {
		next = p->hh.next;
		if (!p->wanted || p == s->peer || peer_session(net, p))
			continue;
		if ((s->node_id && p->node_id == s->node_id) ||
		    !tn_addr_cmp_ip(&p->addr, &s->remote))
			dialer_consider(net, p);
	}
}

void dialer_look(void *arg)
{
	struct peer *p = arg;

	p->timer = 0;
	dialer_consider(p->net, p);
}

void dialer_failed(struct net *net, struct peer *p, const char *why)
{
	bool keen = p->kind != PEER_CANDIDATE || p->recent;
	uint64_t random, wait;
	char at[TN_ADDR_TEXT];

	env_random(net->env, &random, sizeof random);
	p->failures++;
	if (p->failures == QUIET)
		net_log(net, LOG_LEVEL_INFO, NULL,
			"%s did not answer %u times: dialing it goes on quietly", peer_text(p, at),
			QUIET);
	wait = backoff_us(p->failures, keen, random);
	p->next_dial_us = net_now(net) + wait;
	if (p->kind == PEER_CANDIDATE && p->failures >= GIVE_UP)
		peer_want(net, p, false);
	peer_set(net, p, p->wanted ? LINK_BACKOFF : LINK_IDLE, why);
}

/* ---- who is wanted */

static uint32_t candidates(const struct net *net)
{
	uint32_t n = 0;

	for (struct peer *p = net_peer_next(net, NULL); p; p = net_peer_next(net, p))
		n += p->wanted && p->kind == PEER_CANDIDATE && !p->links;
	return n;
}

void dialer_fill_again(void *arg)
{
	struct net *net = arg;

	net->want_timer = 0;
	dialer_fill(net);
}

/* Asked for at most each ten seconds, and only while there is room. */
void dialer_fill(struct net *net)
{
	uint64_t room = net->set->sessions.outbound, used = net->slots[SLOT_OUT];

	if (net->want_timer || net->stopping)
		return;
	net->want_timer = timers_add(net->timers, WANT_US, dialer_fill_again, net);
	used += candidates(net);
	if (used < room && net->hooks.dial_wanted)
		net->hooks.dial_wanted(net->hook_arg, (uint32_t)(room - used));
}

/* Nobody takes back what was not his to ask for: the operator's stays the operator's. */
static int unwant(struct net *net, const struct tn_addr *a, enum peer_kind kind)
{
	struct peer *p = peer_find(net, a);

	if (!p || !p->wanted)
		return TN_ENOENT;
	if (p->configured || p->kind > kind)
		return TN_EBUSY;
	peer_want(net, p, false);
	dialer_consider(net, p);
	return 0;
}

/* Certain where we listen on that very address; what is configured beside that may be a
 * mistake and does for candidates only. */
static bool is_self(const struct net *net, const struct tn_addr *a, enum peer_kind kind)
{
	const struct tn_addrs *listen = &net->set->network.listen;

	for (uint32_t i = 0; i < listen->n; i++)
		if (!tn_addr_cmp(a, &listen->v[i]))
			return true;
	return kind == PEER_CANDIDATE && net->self_sure && !tn_addr_cmp(a, &net->self);
}

static int want(struct net *net, const struct tn_addr *a, enum peer_kind kind)
{
	struct peer *p;

	if (tn_addr_is_unspecified(a) || is_self(net, a, kind))
		return TN_EINVAL;
	if (kind != PEER_MANUAL && !net_usable(net, a)) /* the operator may say otherwise */
		return TN_EINVAL;
	if (kind == PEER_CANDIDATE && candidates(net) >= 2 * net->set->sessions.outbound)
		return TN_EFULL;
	p = peer_get(net, a, kind != PEER_CANDIDATE);
	if (!p)
		return TN_ENOMEM;
	if (p->self)
		return TN_EINVAL;
	if (p->wanted && p->kind >= kind)
		return TN_EBUSY;
	p->kind = (uint8_t)(p->wanted && p->kind > kind ? p->kind : kind);
	if (linked(net, p) && kind == PEER_CANDIDATE)
		return TN_EBUSY;
	if (!p->wanted)
		p->apart_us = net_now(net);
	peer_want(net, p, true);
	dialer_consider(net, p);
	return 0;
}

int net_dial(struct net *net, const struct tn_addr *addr, enum peer_kind kind, bool on)
{
	struct tn_addr a = *addr;

	if (!a.port)
		a.port = net->set->default_port;
	return on ? want(net, &a, kind) : unwant(net, &a, kind);
}

int net_add_manual(struct net *net, const struct tn_addr *addr)
{
	struct tn_addr a = *addr;
	struct peer *p;
	int r;

	if (!a.port)
		a.port = net->set->default_port;
	p = peer_find(net, &a);
	if (p) {
		p->failures = 0;
		p->next_dial_us = 0;
	}
	r = want(net, &a, PEER_MANUAL);
	if (r == TN_EBUSY)
		dialer_consider(net, p);
	return r == TN_EBUSY ? 0 : r;
}
