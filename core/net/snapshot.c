/* SPDX-License-Identifier: MIT
 * core/net/snapshot.c - sessions and peers as bytes
 */
#include "net/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "net/room.h"
#include "net/saved.h"

#define SETTLE_TRIES 4

/* ---- what they look like */

static const struct tn_schema saved_timer_schema =
	TN_SCHEMA(struct saved_timer, TN_RECORD, TN_FIELD(struct saved_timer, set),
		  TN_FIELD(struct saved_timer, due_us), TN_FIELD(struct saved_timer, sequence));

static const struct tn_schema saved_frame_schema =
	TN_SCHEMA(struct saved_frame, TN_RECORD, TN_FIELD(struct saved_frame, id),
		  TN_FIELD_MAX(struct saved_frame, line, 1u << 30));

#define SESSION(m) TN_FIELD(struct saved_session, m)
static const struct tn_schema saved_session_schema =
	TN_SCHEMA(struct saved_session, TN_RECORD, SESSION(sid), SESSION(conn), SESSION(place),
		  SESSION(node_id), SESSION(features), SESSION(begun_us), SESSION(up_us),
		  SESSION(heard_us), SESSION(paused_us), SESSION(score_us), SESSION(stuck_us),
		  SESSION(write_us), SESSION(seen), SESSION(room), SESSION(resume),
		  SESSION(pause_began_us), SESSION(height), SESSION(note_rtt), SESSION(note_useful),
		  SESSION(score), SESSION(rtt_us), SESSION(early), SESSION(skip_id), SESSION(done),
		  SESSION(remote), SESSION(addr), SESSION(peer), SESSION(agent),
		  TN_FIELD_MAX(struct saved_session, kept, 1u << 30), SESSION(state), SESSION(slot),
		  SESSION(outbound), SESSION(legacy), SESSION(manual), SESSION(masternode),
		  SESSION(heard_since), SESSION(skipping), SESSION(peeked), SESSION(yields),
		  SESSION(has_peer), TN_SUB(struct saved_session, timer, &saved_timer_schema),
		  TN_LISTOF(struct saved_session, queue, &saved_frame_schema, 1u << 20));

#define PEER(m) TN_FIELD(struct saved_peer, m)
static const struct tn_schema saved_peer_schema =
	TN_SCHEMA(struct saved_peer, TN_RECORD, PEER(addr), PEER(node_id), PEER(session),
		  PEER(next_dial_us), PEER(apart_us), PEER(last_up_us), PEER(used_us),
		  PEER(zombie_until_us), PEER(failures), PEER(zombies), PEER(state), PEER(kind),
		  PEER(why), PEER(wanted), PEER(configured), PEER(legacy), PEER(self), PEER(recent),
		  TN_SUB(struct saved_peer, timer, &saved_timer_schema));

static const struct tn_schema saved_vote_schema =
	TN_SCHEMA(struct saved_vote, TN_RECORD, TN_FIELD(struct saved_vote, netgroup),
		  TN_FIELD(struct saved_vote, ip));

#define SCORE(m) TN_FIELD(struct saved_score, m)
static const struct tn_schema saved_score_schema =
	TN_SCHEMA(struct saved_score, TN_RECORD, SCORE(ip), SCORE(sid), SCORE(ended_us),
		  SCORE(at_us), SCORE(milli));

#define BAN(m) TN_FIELD(struct saved_ban, m)
static const struct tn_schema saved_ban_schema =
	TN_SCHEMA(struct saved_ban, TN_RECORD, BAN(ip), BAN(bits), BAN(until_s), BAN(points),
		  BAN(why));

static const struct tn_schema saved_listener_schema =
	TN_SCHEMA(struct saved_listener, TN_RECORD, TN_FIELD(struct saved_listener, conn));

static const struct tn_schema saved_handle_schema =
	TN_SCHEMA(struct saved_handle, TN_RECORD, TN_FIELD(struct saved_handle, sid));

#define NET(m) TN_FIELD(struct saved_net, m)
const struct tn_schema saved_net_schema =
	TN_SCHEMA(struct saved_net, TN_RECORD, NET(node_id), NET(self), NET(self_known),
		  NET(self_sure), TN_SUB(struct saved_net, want, &saved_timer_schema),
		  TN_SUB(struct saved_net, stall, &saved_timer_schema),
		  TN_LISTOF(struct saved_net, votes, &saved_vote_schema, 8),
		  TN_LISTOF(struct saved_net, coming, &saved_handle_schema, SAVED_COMING),
		  TN_LISTOF(struct saved_net, scores, &saved_score_schema, 1u << 20),
		  TN_LISTOF(struct saved_net, bans, &saved_ban_schema, 1u << 20),
		  TN_LISTOF(struct saved_net, listeners, &saved_listener_schema, 1024),
		  TN_LISTOF(struct saved_net, peers, &saved_peer_schema, 1u << 20),
		  TN_LISTOF(struct saved_net, sessions, &saved_session_schema, 1u << 16));

/* ---- before */

/* false: there was something to end. */
static bool end_odd(struct net *net)
{
	struct session *next;
	bool none = true;

	for (struct session *s = net_any(net, NULL); s; s = next) {
		next = net_any(net, s);
		if (s->state == LINK_CLOSING && s->retired)
			session_end_linger(s);
		else if (s->slot == SLOT_HELD || (session_is_up(s) && !s->primary))
			net_close(net, s, "a recording begins");
		else if (s->state != LINK_CLOSING)
			continue;
		none = false;
	}
	return none;
}

/* Sessions whose reading goes on at the end of the tick may be there at any time: they are
 * part of a snapshot. */
bool net_settle(struct net *net)
{
	bool quiet = false;

	for (int i = 0; i < SETTLE_TRIES && !quiet && !net->stopping; i++) {
		quiet = end_odd(net) && !net->dirty && !net->closing;
		if (!quiet)
			session_end_now(net);
	}
	if (quiet && net->deferred)
		session_cancel_end(net);
	return quiet;
}

void net_go_on(struct net *net)
{
	if (net->resuming)
		session_order_end(net);
}

/* ---- out of the room */

struct taking {
	const struct net *net;
	struct tn_arena *arena;
	net_track_fn *track;
	void *arg;
};

static struct saved_timer take_timer(const struct net *net, uint64_t handle)
{
	struct timer_place place;

	if (!timers_place(net->timers, handle, &place))
		return (struct saved_timer){ 0 };
	return (struct saved_timer){ place.due_us, place.sequence, true };
}

static struct tn_str text_of(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static void take_peer(const struct net *net, const struct peer *p, struct saved_peer *v)
{
	*v = (struct saved_peer){ .addr = p->addr,
				  .node_id = p->node_id,
				  .session = p->session,
				  .next_dial_us = p->next_dial_us,
				  .apart_us = p->apart_us,
				  .last_up_us = p->last_up_us,
				  .used_us = p->used_us,
				  .zombie_until_us = p->zombie_until_us,
				  .failures = p->failures,
				  .zombies = p->zombies,
				  .state = p->state,
				  .kind = p->kind,
				  .why = p->why,
				  .wanted = p->wanted,
				  .configured = p->configured,
				  .legacy = p->legacy,
				  .self = p->self,
				  .recent = p->recent,
				  .timer = take_timer(net, p->timer) };
}

/* Frames by reference: the bytes are used before the node goes on. */
static int take_queue(const struct taking *t, const struct session *s, struct saved_session *v)
{
	const struct send_queue *q = &s->out;

	v->queue.v = tn_alloc(t->arena, q->count * sizeof *v->queue.v);
	if (!v->queue.v)
		return TN_ENOMEM;
	v->done = q->done;
	v->queue.n = q->count;
	for (uint32_t i = 0; i < q->count; i++) {
		const struct frame *f = q->entry[(q->first + i) & (q->room - 1)].frame;

		v->queue.v[i] = (struct saved_frame){ f->id, { f->line, f->n - 1 } };
	}
	return 0;
}

static int take_session(const struct taking *t, const struct session *s, struct saved_session *v)
{
	*v = (struct saved_session){ .sid = s->sid,
				     .node_id = s->node_id,
				     .features = s->features,
				     .begun_us = s->begun_us,
				     .up_us = s->up_us,
				     .heard_us = s->heard_us,
				     .paused_us = s->paused_us,
				     .score = s->score.milli,
				     .score_us = s->score.at_us,
				     .stuck_us = s->stuck_us,
				     .write_us = s->write_us,
				     .note_rtt = s->note[SESSION_RTT_US],
				     .note_useful = s->note[SESSION_USEFUL_MS],
				     .height = s->note[SESSION_HEIGHT],
				     .rtt_us = s->rtt_us,
				     .remote = s->remote,
				     .addr = s->addr,
				     .agent = text_of(s->agent),
				     .kept = { s->in.kept, (uint32_t)s->in.n },
				     .seen = s->in.cut.seen,
				     .room = s->in.room,
				     .early = s->in.early,
				     .skip_id = s->in.skip_id,
				     .pause_began_us = s->pause_began_us,
				     .yields = s->yields,
				     .skipping = s->in.skipping,
				     .peeked = s->in.peeked,
				     .state = s->state,
				     .slot = s->slot,
				     .outbound = s->outbound,
				     .legacy = s->legacy,
				     .manual = s->manual,
				     .masternode = s->masternode,
				     .heard_since = s->heard_since,
				     .has_peer = s->peer != NULL,
				     .timer = take_timer(t->net, s->timer) };
	if (s->peer)
		v->peer = s->peer->addr;
	v->conn = s->conn ? t->track(t->arg, s->conn, &session_events, (void *)(uintptr_t)s) : 0;
	return take_queue(t, s, v);
}

static int by_age(const void *a, const void *b)
{
	const struct saved_session *x = a, *y = b;

	if (x->begun_us != y->begun_us)
		return x->begun_us < y->begun_us ? -1 : 1;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

static struct saved_session *find(struct saved_net *all, const struct session *s)
{
	uint32_t i = 0;

	while (all->sessions.v[i].sid != s->sid)
		i++;
	return &all->sessions.v[i];
}

static void number_places(const struct net *net, struct saved_net *all)
{
	uint64_t place = 0;

	for (const struct session *s = net_first(net); s; s = net_next(s))
		find(all, s)->place = ++place;
	place = 0;
	for (const struct session *s = net->resuming; s; s = s->resume_next)
		find(all, s)->resume = ++place;
}

static int take_sessions(const struct taking *t, struct saved_net *all)
{
	uint32_t room = handles_count(t->net->sessions);

	all->sessions.v = tn_alloc(t->arena, room * sizeof *all->sessions.v);
	if (!all->sessions.v)
		return TN_ENOMEM;
	for (const struct session *s = NULL; (s = net_any(t->net, s));)
		if (s->state != LINK_CLOSING &&
		    take_session(t, s, &all->sessions.v[all->sessions.n++]))
			return TN_ENOMEM;
	all->coming.v = tn_alloc(t->arena, SAVED_COMING * sizeof *all->coming.v);
	if (!all->coming.v)
		return TN_ENOMEM;
	all->coming.n = handles_coming(t->net->sessions, &all->coming.v->sid, SAVED_COMING);
	qsort(all->sessions.v, all->sessions.n, sizeof *all->sessions.v, by_age);
	number_places(t->net, all);
	return 0;
}

static void take_score(void *arg, const struct tn_addr *ip, const struct score *score)
{
	struct saved_net *all = arg;

	all->scores.v[all->scores.n++] =
		(struct saved_score){ .ip = *ip, .at_us = score->at_us, .milli = score->milli };
}

static int take_scores(const struct taking *t, struct saved_net *all)
{
	const struct net *net = t->net;

	all->scores.v =
		tn_alloc(t->arena, (bans_scores(net->bans) + ENDED) * sizeof *all->scores.v);
	if (!all->scores.v)
		return TN_ENOMEM;
	bans_each_score(net->bans, take_score, all);
	for (unsigned i = 0; i < ENDED; i++) {
		const struct ended *e = &net->ended[(net->ended_next + i) % ENDED];

		if (!e->sid)
			continue;
		take_score(all, &e->ip, &e->score);
		all->scores.v[all->scores.n - 1].sid = e->sid;
		all->scores.v[all->scores.n - 1].ended_us = e->at_us;
	}
	return 0;
}

struct taking_bans {
	const struct taking *t;
	struct saved_net *all;
};

static int take_ban(void *arg, const struct ban *b)
{
	struct taking_bans *w = arg;
	struct saved_ban *v = &w->all->bans.v[w->all->bans.n++];
	size_t n = strnlen(b->why, sizeof b->why);
	const char *why = tn_copy_text(w->t->arena, b->why, n);

	*v = (struct saved_ban){ .bits = b->net.bits,
				 .until_s = b->until_s,
				 .points = b->points,
				 .why = { why, (uint32_t)n } };
	memcpy(v->ip.ip, b->net.ip, sizeof v->ip.ip);
	return why ? 0 : TN_ENOMEM;
}

/* Those that are over too: the wall clock may be set back. */
static int take_bans(const struct taking *t, struct saved_net *all)
{
	struct bans *bans = t->net->bans;
	struct taking_bans w = { t, all };

	all->bans.v = tn_alloc(t->arena, bans_count(bans) * sizeof *all->bans.v);
	return all->bans.v ? bans_each(bans, INT64_MIN, take_ban, &w) : TN_ENOMEM;
}

static int take_small(const struct taking *t, struct saved_net *all)
{
	const struct net *net = t->net;
	uint32_t peers = HASH_COUNT(net->peers);

	all->listeners.v = tn_alloc(t->arena, net->listeners * sizeof *all->listeners.v);
	all->votes.v = tn_alloc(t->arena, net->votes * sizeof *all->votes.v);
	all->peers.v = tn_alloc(t->arena, peers * sizeof *all->peers.v);
	if (!all->listeners.v || !all->votes.v || !all->peers.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < net->listeners; i++)
		all->listeners.v[all->listeners.n++].conn =
			t->track(t->arg, net->listener[i], &listener_events,
				 (void *)(uintptr_t)net);
	for (unsigned i = 0; i < net->votes; i++)
		all->votes.v[all->votes.n++] =
			(struct saved_vote){ net->vote[i].netgroup, net->vote[i].ip };
	for (const struct peer *p = NULL; (p = net_peer_next(net, p));)
		take_peer(net, p, &all->peers.v[all->peers.n++]);
	return 0;
}

int net_snapshot(const struct net *net, net_track_fn *track, void *arg, struct tn_arena *a,
		 struct tn_view *out, struct tn_error *err)
{
	struct taking t = { net, a, track, arg };
	struct saved_net all = { .node_id = net->node_id,
				 .self = net->self,
				 .self_known = net->self_known,
				 .self_sure = net->self_sure,
				 .want = take_timer(net, net->want_timer),
				 .stall = take_timer(net, net->stall_timer) };
	uint8_t *bytes;

	if (take_small(&t, &all) || take_scores(&t, &all) || take_bans(&t, &all) ||
	    take_sessions(&t, &all))
		return tn_fail(err, TN_ENOMEM, "no memory for the sessions");
	out->n = tn_bin_write(&saved_net_schema, &all, NULL, 0);
	out->p = bytes = tn_alloc(a, out->n);
	if (!bytes)
		return tn_fail(err, TN_ENOMEM, "no memory for the sessions");
	tn_bin_write(&saved_net_schema, &all, bytes, out->n);
	return 0;
}
