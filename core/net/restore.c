/* SPDX-License-Identifier: MIT
 * core/net/restore.c - a fresh room made from a snapshot
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/room.h"
#include "net/saved.h"
#include "net/snapshot.h"

#define LINE_MAX ((uint64_t)1 << 30)
#define SID_PLACES (1u << 20) /* a file may come from anybody */

struct giving {
	struct net *net;
	net_conn_fn *conn;
	void *arg;
	struct tn_error *err;
};

static uint64_t give_timer(struct net *net, const struct saved_timer *v, timer_fn *fn, void *arg)
{
	const struct timer_place place = { v->due_us, v->sequence };

	return v->set ? timers_add_at(net->timers, &place, fn, arg) : 0;
}

static int give_peer(struct net *net, const struct saved_peer *v)
{
	struct tn_addr at = v->addr;
	struct peer *p = peer_get(net, &at, true);

	if (!p)
		return TN_ENOMEM;
	p->node_id = v->node_id;
	p->session = v->session;
	p->next_dial_us = v->next_dial_us;
	p->apart_us = v->apart_us;
	p->last_up_us = v->last_up_us;
	peer_want(net, p, v->wanted);
	p->used_us = v->used_us;
	p->zombie_until_us = v->zombie_until_us;
	p->failures = v->failures;
	p->zombies = v->zombies;
	p->state = v->state;
	p->kind = v->kind;
	p->why = v->why;
	p->configured = v->configured;
	p->legacy = v->legacy;
	p->self = v->self;
	p->recent = v->recent;
	p->timer = give_timer(net, &v->timer, dialer_look, p);
	return 0;
}

/* Which timer a session has, follows from its state. */
static timer_fn *timer_of(const struct session *s)
{
	if (s->state == LINK_DIALING)
		return dialer_timed_out;
	return s->state == LINK_HANDSHAKING ? handshake_too_slow : legacy_zombie;
}

static void fill(struct session *s, const struct saved_session *v)
{
	s->node_id = v->node_id;
	s->features = v->features;
	s->begun_us = v->begun_us;
	s->up_us = v->up_us;
	s->heard_us = v->heard_us;
	s->paused_us = v->paused_us;
	s->score = (struct score){ v->score, v->score_us };
	s->stuck_us = v->stuck_us;
	s->write_us = v->write_us;
	s->note[SESSION_RTT_US] = v->note_rtt;
	s->note[SESSION_USEFUL_MS] = v->note_useful;
	s->note[SESSION_HEIGHT] = v->height;
	s->rtt_us = v->rtt_us;
	s->addr = v->addr;
	s->state = v->state;
	s->legacy = v->legacy;
	s->manual = v->manual;
	s->masternode = v->masternode;
	s->heard_since = v->heard_since;
	s->yields = v->yields;
	s->pauses = v->yields;
	s->pause_began_us = v->pause_began_us;
	memcpy(s->agent, v->agent.p, v->agent.n < sizeof s->agent ? v->agent.n : 0);
}

static int give_line(struct session *s, const struct saved_session *v)
{
	s->in.cut.seen = v->seen;
	s->in.early = v->early;
	s->in.skip_id = v->skip_id;
	s->in.skipping = v->skipping;
	s->in.peeked = v->peeked;
	if (!v->kept.n)
		return 0;
	s->in.room = v->room; /* how much the next read asks for */
	s->in.kept = malloc(s->in.room);
	if (!s->in.kept)
		return TN_ENOMEM;
	memcpy(s->in.kept, v->kept.p, v->kept.n);
	s->in.n = v->kept.n;
	s->net->counts.partial_bytes += s->in.room;
	return 0;
}

/* They were offered before: the account begins with them. */
static int give_queue(struct session *s, const struct saved_session *v)
{
	for (uint32_t i = 0; i < v->queue.n; i++) {
		struct tn_view line = { v->queue.v[i].line.p, v->queue.v[i].line.n };
		struct frame *f = frame_copy(v->queue.v[i].id, line);
		int rc = f ? send_queue_push(&s->out, f, 0) : TN_ENOMEM;

		frame_unref(f);
		if (rc)
			return rc;
		account_add(&s->account, v->queue.v[i].id, COUNT_OFFERED);
	}
	s->out.done = v->done;
	s->out.bytes -= v->done < s->out.bytes ? v->done : s->out.bytes;
	s->net->counts.queued_bytes += s->out.bytes;
	return 0;
}

static int give_session(const struct giving *g, const struct saved_session *v)
{
	struct net *net = g->net;
	struct tn_addr remote = v->remote, at = v->peer;
	struct session *s;

	handles_next_is(net->sessions, v->sid);
	s = session_create(net, v->outbound, &remote, v->slot);
	if (!s)
		return TN_ENOMEM;
	fill(s, v);
	if (v->has_peer)
		peer_attach(net, peer_find(net, &at), s);
	if (v->conn)
		s->conn = g->conn(g->arg, v->conn, &v->remote, &session_events, s);
	s->timer = give_timer(net, &v->timer, timer_of(s), s);
	if (give_line(s, v) || give_queue(s, v) || (session_is_up(s) && group_join(net, s, 'n')))
		return TN_ENOMEM;
	session_rearm(s);
	if (session_is_up(s) && net->hooks.opened)
		net->hooks.opened(net->hook_arg, s);
	return 0;
}

/* Those that are up, in the order in which they came up. */
static void line_up(struct net *net, const struct saved_net *all)
{
	for (uint64_t place = 1; place <= all->sessions.n; place++)
		for (uint32_t i = 0; i < all->sessions.n; i++) {
			struct session *s = NULL;

			if (all->sessions.v[i].place == place)
				s = net_session(net, all->sessions.v[i].sid);
			if (s)
				session_list(s);
		}
}

/* The first one is at the head. */
static void order_resumes(struct net *net, const struct saved_net *all)
{
	for (uint64_t place = all->sessions.n; place; place--)
		for (uint32_t i = 0; i < all->sessions.n; i++) {
			struct session *s = NULL;

			if (all->sessions.v[i].resume == place)
				s = net_session(net, all->sessions.v[i].sid);
			if (!s || s->resume)
				continue;
			s->resume = true;
			s->resume_next = net->resuming;
			net->resuming = s;
		}
}

static bool makes_sense(const struct saved_session *v)
{
	return v->sid && (uint32_t)v->sid <= SID_PLACES && v->slot < SLOT_CLASSES &&
	       v->agent.n < 32 && v->room <= LINE_MAX && v->kept.n <= v->room &&
	       (v->state == LINK_DIALING || v->state == LINK_HANDSHAKING || v->state == LINK_UP);
}

static int give_score(struct net *net, const struct saved_score *v)
{
	const struct score score = { v->milli, v->at_us };

	if (!v->sid)
		return bans_put_score(net->bans, &v->ip, &score);
	net->ended[net->ended_next++ % ENDED] = (struct ended){ v->sid, v->ended_us, v->ip, score };
	return 0;
}

static int give_bans(struct net *net, const struct saved_net *all)
{
	struct ban *ban = calloc(all->bans.n + 1, sizeof *ban);
	int rc = ban ? 0 : TN_ENOMEM;

	for (uint32_t i = 0; i < all->bans.n && !rc; i++) {
		const struct saved_ban *v = &all->bans.v[i];

		ban[i] = (struct ban){ .until_s = v->until_s, .points = v->points };
		ban[i].net.bits = v->bits;
		memcpy(ban[i].net.ip, v->ip.ip, sizeof ban[i].net.ip);
		snprintf(ban[i].why, sizeof ban[i].why, "%.*s", (int)v->why.n, v->why.p);
		if (v->bits > 128)
			rc = TN_EBAD;
	}
	if (!rc)
		rc = bans_replace(net->bans, ban, all->bans.n);
	free(ban);
	return rc;
}

static int give_all(const struct giving *g, const struct saved_net *all)
{
	struct net *net = g->net;

	net->node_id = all->node_id;
	net->self = all->self;
	net->self_known = all->self_known;
	net->self_sure = all->self_sure;
	for (uint32_t i = 0; i < all->votes.n; i++)
		net->vote[net->votes++] =
			(struct vote){ all->votes.v[i].netgroup, all->votes.v[i].ip };
	if (give_bans(net, all))
		return tn_fail(g->err, TN_EBAD, "the bans of the recording make no sense");
	for (uint32_t i = 0; i < all->scores.n; i++)
		if (give_score(net, &all->scores.v[i]))
			return TN_ENOMEM;
	for (uint32_t i = 0; i < all->peers.n; i++)
		if (give_peer(net, &all->peers.v[i]))
			return TN_ENOMEM;
	for (uint32_t i = 0; i < all->sessions.n; i++) {
		if (!makes_sense(&all->sessions.v[i]))
			return tn_fail(g->err, TN_EBAD,
				       "session %u of the recording makes no sense", (unsigned)i);
		if (give_session(g, &all->sessions.v[i]))
			return TN_ENOMEM;
	}
	line_up(net, all);
	order_resumes(net, all);
	for (uint32_t i = all->coming.n; i-- > 0;)
		if ((uint32_t)all->coming.v[i].sid <= SID_PLACES)
			handles_next_is(net->sessions, all->coming.v[i].sid);
	return 0;
}

static int give_listeners(const struct giving *g, const struct saved_net *all)
{
	struct net *net = g->net;

	net->listener = calloc(all->listeners.n + 1, sizeof *net->listener);
	if (!net->listener)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < all->listeners.n; i++)
		net->listener[net->listeners++] = g->conn(g->arg, all->listeners.v[i].conn,
							  &net->self, &listener_events, net);
	return 0;
}

/* What plugins of a start without sessions wished for is not part of it. */
static void forget_all(struct net *net)
{
	while (net->peers)
		peer_drop(net, net->peers);
	timers_cancel(net->timers, net->want_timer);
	timers_cancel(net->timers, net->stall_timer);
	net->votes = 0;
}

static int give(const struct giving *g, const struct saved_net *all)
{
	struct net *net = g->net;
	int rc;

	forget_all(net);
	rc = give_listeners(g, all);
	if (!rc)
		rc = give_all(g, all);
	net->want_timer = give_timer(net, &all->want, dialer_fill_again, net);
	net->stall_timer = give_timer(net, &all->stall, flush_check_stuck, net);
	return rc;
}

int net_restore(struct net *net, struct tn_view in, net_conn_fn *conn, void *arg,
		struct tn_error *err)
{
	struct tn_arena *a = tn_arena_create((size_t)1 << 30);
	struct giving g = { net, conn, arg, err };
	const void *all;
	int rc;

	tn_fail(err, TN_ENOMEM, "no memory for the sessions");
	rc = a ? tn_bin_read(&saved_net_schema, in, a, &all, err) : TN_ENOMEM;
	if (!rc)
		rc = give(&g, all);
	tn_arena_unref(a);
	return rc;
}
