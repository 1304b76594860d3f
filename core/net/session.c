/* SPDX-License-Identifier: MIT
 * core/net/session.c - the life of a session: created, up, closing, gone
 *
 * Closing is in two steps. net_close marks, so that whoever is working on the session
 * can return; the end of the tick retires it (down, closed, next of its identity) and
 * then destroys it, at once or after its last words were flushed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/room.h"

static void end_of_tick(void *arg);

const char *session_dir(const struct session *s)
{
	return s->outbound ? "[OUTBOUND]" : "[INBOUND]";
}

uint64_t session_quiet_ms(const struct session *s, uint64_t now_us)
{
	uint64_t silent = now_us - s->heard_us;
	uint64_t paused = s->paused_us + (s->pauses ? now_us - s->pause_began_us : 0);

	return silent > paused ? (silent - paused) / 1000 : 0;
}

static uint64_t queued_of(void *arg, unsigned id)
{
	return send_queue_count(arg, id);
}

uint64_t session_off(const struct session *s)
{
	return account_off(&s->account, queued_of, (void *)(uintptr_t)&s->out);
}

struct session *session_create(struct net *net, bool outbound, const struct tn_addr *remote,
			       enum slot_class slot)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->net = net;
	s->outbound = outbound;
	s->remote = s->addr = *remote;
	s->state = outbound ? LINK_DIALING : LINK_HANDSHAKING;
	s->slot = (uint8_t)slot;
	s->begun_us = s->heard_us = net_now(net);
	s->sid = handles_add(net->sessions, s);
	if (!s->sid || group_join(net, s, 'i')) {
		handles_remove(net->sessions, s->sid);
		free(s);
		return NULL;
	}
	net->slots[slot]++;
	return s;
}

void session_rearm(struct session *s)
{
	bool read = s->state == LINK_HANDSHAKING || s->state == LINK_UP;
	bool write = s->stuck_us != 0;

	if (s->retired && s->linger)
		read = true; /* read and forget, until the peer has seen our end */
	if (s->conn && s->state != LINK_DIALING)
		s->net->env->ops->arm(s->conn, read && !s->pauses, write);
}

void session_set_timer(struct session *s, uint64_t us, timer_fn *fn)
{
	timers_cancel(s->net->timers, s->timer);
	s->timer = fn ? timers_add(s->net->timers, us, fn, s) : 0;
}

/* ---- up */

static void list_append(struct net *net, struct session *s)
{
	s->prev = net->last;
	s->next = NULL;
	*(net->last ? &net->last->next : &net->first) = s;
	net->last = s;
	net->up++;
}

static void list_remove(struct net *net, struct session *s)
{
	*(s->prev ? &s->prev->next : &net->first) = s->next;
	*(s->next ? &s->next->prev : &net->last) = s->prev;
	net->up--;
}

void session_list(struct session *s)
{
	s->primary = true;
	list_append(s->net, s);
}

/* Somebody else behind the same address may claim the same port: who was first stays. */
static bool is_taken(const struct session *s)
{
	const struct session *first = peer_session(s->net, s->peer);

	return first && first != s && first->primary;
}

/* The session that counts for its peer: plugins learn of it. */
void session_promote(struct session *s)
{
	struct net *net = s->net;

	session_list(s);
	if (s->peer && !is_taken(s)) {
		s->peer->session = s->sid;
		peer_set(net, s->peer, LINK_UP,
			 s->outbound ? "session up, we dialed" : "session up, they dialed");
	}
	if (net->hooks.up)
		net->hooks.up(net->hook_arg, s);
}

static bool has_primary(const struct net *net, const struct session *s)
{
	const struct group *g = group_of_id(net, s);
	const struct session *o;

	for (o = g ? g->first : NULL; o; o = o->id_next)
		if (o->primary)
			return true;
	return false;
}

void session_came_up(struct session *s)
{
	struct net *net = s->net;
	bool second = has_primary(net, s);
	char ip[TN_ADDR_TEXT];

	if (s->state == LINK_CLOSING)
		return; /* its Ack could not be sent */
	session_set_timer(s, 0, NULL);
	s->state = LINK_UP;
	s->up_us = s->heard_us = net_now(net);
	if (group_join(net, s, 'n')) {
		net_close(net, s, "no memory");
		return;
	}
	if (s->peer && !is_taken(s)) {
		s->peer->node_id = s->node_id;
		s->peer->legacy = s->legacy;
	}
	net_log(net, LOG_LEVEL_INFO, s, "Handshake completed with %s",
		tn_addr_ip_text(&s->remote, ip));
	net_log(net, LOG_LEVEL_INFO, s, "Starting message loop for %s (port: %u)",
		tn_addr_ip_text(&s->remote, ip), s->remote.port);
	session_rearm(s);
	if (net->hooks.opened)
		net->hooks.opened(net->hook_arg, s);
	if (second)
		double_begin(s);
	else
		session_promote(s);
	if (s->outbound && net->hooks.dialed)
		net->hooks.dialed(net->hook_arg, &s->addr, 0);
}

/* ---- the end */

static void mark(struct session *s, const char *why)
{
	struct net *net = s->net;

	s->why = strdup(why);
	s->state = LINK_CLOSING;
	session_set_timer(s, 0, NULL);
	if (s->conn)
		net->env->ops->arm(s->conn, false, false);
	s->closing_next = net->closing;
	net->closing = s;
	session_order_end(net);
}

static const char *why_of(const struct session *s)
{
	return s->why ? s->why : "closed";
}

void net_close(struct net *net, struct session *s, const char *fmt, ...)
{
	char why[HISTORY_TEXT + 1];
	va_list ap;

	(void)net;
	if (s->state == LINK_CLOSING)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	mark(s, why);
}

void net_close_flush(struct net *net, struct session *s, const char *why)
{
	if (s->state == LINK_CLOSING)
		return;
	s->linger = s->conn && s->state != LINK_DIALING;
	net_close(net, s, "%s", why);
}

/* A refusal has been logged already, where it was decided. */
static void log_end(struct session *s, bool was_up)
{
	bool refused = !was_up && !s->outbound && (s->linger || s->slot == SLOT_HELD);
	char at[TN_ADDR_TEXT];

	enum log_level level = was_up ? LOG_LEVEL_INFO : dialer_level(s->outbound ? s->peer : NULL);

	net_log(s->net, refused ? LOG_LEVEL_DEBUG : level, s, "%s %s: %s",
		was_up ? "Connection closed with" : "No session with", tn_addr_text(&s->remote, at),
		why_of(s));
}

/* Who else of this identity is UP? The longest-standing one takes over. */
static void promote_next(struct net *net, const struct session *gone)
{
	struct group *g = group_of_id(net, gone);
	struct session *o = g ? g->first : NULL;

	while (o && (o == gone || !session_is_up(o)))
		o = o->id_next;
	if (!o)
		return;
	session_set_timer(o, 0, NULL);
	session_promote(o);
}

static void remember_ended(struct net *net, const struct session *s)
{
	net->ended[net->ended_next++ % ENDED] =
		(struct ended){ s->sid, net_now(net), s->remote, s->score };
}

/* What its peer record learns from its end. */
static void tell_peer(struct session *s, bool came_up)
{
	struct net *net = s->net;
	struct peer *p = s->peer;
	bool counted = p && p->session == s->sid;
	bool zombie = s->legacy && s->outbound && !s->heard_since;
	bool good = came_up && !zombie && net_now(net) - s->up_us >= BACKOFF_SUCCESS_US;

	if (!came_up && s->outbound)
		net->counts.dial_failures++;
	if (s->outbound && !came_up && net->hooks.dialed)
		net->hooks.dialed(net->hook_arg, &s->addr, TN_EIO);
	if (s->legacy || (s->outbound && p && p->legacy))
		legacy_ended(s, came_up);
	if (!counted) {
		if (p)
			peer_set(net, p, p->state, why_of(s)); /* a word for `why` */
		return;
	}
	p->session = 0;
	if (good) {
		p->failures = 0;
		p->recent = true;
		p->last_up_us = net_now(net);
	}
	if (came_up)
		p->apart_us = net_now(net);
	if (!good && s->outbound)
		dialer_failed(net, p, why_of(s));
	else
		peer_set(net, p, LINK_IDLE, why_of(s));
}

static void retire(struct session *s)
{
	struct net *net = s->net;
	bool came_up = s->up_us != 0, was_primary = s->primary;
	struct peer *p = s->peer;

	s->retired = true;
	log_end(s, came_up);
	if (s->primary) {
		s->primary = false;
		list_remove(net, s);
		if (net->hooks.down)
			net->hooks.down(net->hook_arg, s);
	}
	if (came_up && net->hooks.closed)
		net->hooks.closed(net->hook_arg, s);
	net->slots[s->slot]--;
	net->counts.ends += came_up;
	remember_ended(net, s);
	tell_peer(s, came_up);
	if (came_up) {
		group_leave(net, s, 'n');
		if (was_primary)
			promote_next(net, s);
	}
	group_leave(net, s, 'i');
	if (p)
		dialer_consider(net, p);
	if (came_up)
		dialer_ended(net, s);
}

static void unlist(struct net *net, struct session *s)
{
	struct session **at;

	for (at = &net->dirty; s->dirty && *at; at = &(*at)->dirty_next)
		if (*at == s) {
			*at = s->dirty_next;
			break;
		}
	for (at = &net->resuming; s->resume && *at; at = &(*at)->resume_next)
		if (*at == s) {
			*at = s->resume_next;
			break;
		}
}

static void destroy(struct session *s)
{
	struct net *net = s->net;
	char at[TN_ADDR_TEXT];
	uint64_t off;

	session_set_timer(s, 0, NULL);
	unlist(net, s);
	flush_discard(s);
	off = session_off(s);
	if (off) {
		net->off_ended += off;
		net_log(net, LOG_LEVEL_ERROR, s,
			"audit: %llu messages of %s have no fate: please report this",
			(unsigned long long)off, tn_addr_text(&s->remote, at));
	}
	total_add(net, s);
	line_clear(net, &s->in);
	net->env->ops->close(s->conn, false);
	handles_remove(net->sessions, s->sid);
	peer_detach(net, s);
	free(s->why);
	free(s);
}

void session_end_linger(struct session *s)
{
	struct net *net = s->net;

	net->lingering--;
	destroy(s);
	session_order_end(net); /* it may have been the last one that net_stop waits for */
}

static void linger_over(void *arg)
{
	struct session *s = arg;

	s->timer = 0;
	session_end_linger(s);
}

static void linger_readable(void *arg)
{
	struct session *s = arg;
	long n = s->net->env->ops->read(s->conn, s->net->buffer, READ_BYTES);

	if (n == 0 || (n < 0 && n != -EAGAIN))
		session_end_linger(s);
}

static void linger_writable(void *arg)
{
	struct session *s = arg;

	flush_session(s);
}

static const struct env_events linger_events = { .readable = linger_readable,
						 .writable = linger_writable };

static void linger(struct session *s)
{
	struct net *net = s->net;

	net->lingering++;
	net->env->ops->adopt(s->conn, &linger_events, s);
	session_set_timer(s, LINGER_US, linger_over);
	flush_session(s);
	session_rearm(s);
}

/* Whoever is refused counts nowhere any more, so these sockets need a bound of their
 * own: beyond it the last words are written and not waited for.
 */
static void finish(struct session *s)
{
	struct net *net = s->net;

	if (s->linger && (net->stopping || net->lingering < LINGER_MAX)) {
		linger(s);
		return;
	}
	if (s->linger)
		flush_session(s);
	destroy(s);
}

static void check_stopped(struct net *net)
{
	void (*fn)(void *) = net->stopped;

	if (!net->stopping || !fn || handles_count(net->sessions))
		return;
	net->stopped = NULL;
	fn(net->stopped_arg);
}

static void end_of_tick(void *arg)
{
	struct net *net = arg;
	struct session *s;

	net->deferred = false;
	line_resume_all(net);
	while ((s = net->closing)) {
		net->closing = s->closing_next;
		retire(s);
		finish(s);
	}
	flush_dirty(net);
	check_stopped(net);
}

void session_order_end(struct net *net)
{
	if (net->deferred)
		return;
	net->deferred = !net->env->ops->defer(net->env, end_of_tick, net);
}

void session_end_now(struct net *net)
{
	session_cancel_end(net);
	end_of_tick(net);
}

void session_cancel_end(struct net *net)
{
	net->env->ops->undefer(net->env, end_of_tick, net);
	net->deferred = false;
}
