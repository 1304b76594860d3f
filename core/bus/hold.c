/* SPDX-License-Identifier: MIT
 * core/bus/hold.c - LATER: messages whose verdict is still owed, and what they cost
 *
 * A hold ends by settle(), by its deadline (refused(timeout)) or with its plugin
 * (refused(unloaded)). If its session ends first, the account gets refused(gone) and the
 * hold lives on without it: the work under way may still be relayed.
 */
#include <stdlib.h>
#include <string.h>

#include "bus/impl.h"

enum { LATER_MS = 5000, LATER_MS_MAX = 30000 };

/* ---- byte budgets: a session that holds too much is not read from */

static bool over_budget(const struct bus *b, const struct bus_peer *p)
{
	return p->held_bytes > b->settings->sessions.unfinished_session ||
	       b->held_bytes > b->settings->sessions.unfinished_node;
}

static void pause_bytes(struct bus *b, struct bus_peer *p)
{
	if (p->paused || !over_budget(b, p))
		return;
	p->paused = true;
	p->paused_next = b->paused;
	b->paused = p;
	net_pause(b->net, p->s);
}

static void resume_bytes(struct bus *b)
{
	struct bus_peer **at = &b->paused, *p;

	while ((p = *at)) {
		if (over_budget(b, p)) {
			at = &p->paused_next;
			continue;
		}
		*at = p->paused_next;
		p->paused = false;
		net_resume(b->net, p->s);
	}
}

static void forget_paused(struct bus *b, struct bus_peer *p)
{
	struct bus_peer **at = &b->paused;

	while (*at && *at != p)
		at = &(*at)->paused_next;
	if (*at)
		*at = p->paused_next;
}

/* ---- the window of one message type */

static void window_add(struct bus *b, struct bus_msg *m)
{
	struct peer_row *r = gate_row(peer_of(m->s), m->id, ACCOUNT_IN);
	uint32_t window = m->row->window ? m->row->window : 1;

	if (!r)
		return; /* no memory for a row: the byte budget remains */
	r->waiting++;
	if (r->paused || r->waiting < window)
		return;
	r->paused = true;
	net_pause(b->net, m->s);
}

static void window_sub(struct bus *b, struct bus_msg *m)
{
	struct peer_row *r = gate_row(peer_of(m->s), m->id, ACCOUNT_IN);
	uint32_t window = m->row->window ? m->row->window : 1;

	if (!r || !r->waiting)
		return;
	r->waiting--;
	if (!r->paused || r->waiting >= window)
		return;
	r->paused = false;
	net_resume(b->net, m->s);
}

/* ---- lists */

static void link_member(struct hold *h)
{
	struct bus_member *m = h->m.owner;

	h->next = m->holds;
	if (h->next)
		h->next->prev = h;
	m->holds = h;
	m->held++;
}

static void unlink_member(struct hold *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		h->m.owner->holds = h->next;
	if (h->next)
		h->next->prev = h->prev;
	h->m.owner->held--;
}

static void link_peer(struct bus *b, struct hold *h)
{
	struct bus_peer *p = peer_of(h->m.s);

	h->peer_next = p->holds;
	if (h->peer_next)
		h->peer_next->peer_prev = h;
	p->holds = h;
	p->bulk_held = (uint16_t)(p->bulk_held + !!(h->m.row->flags & TN_BULK));
	p->held_bytes += h->bytes;
	account_wait(&h->m.s->account, h->m.id, 1);
	window_add(b, &h->m);
	pause_bytes(b, p);
}

static void unlink_peer(struct hold *h)
{
	struct bus_peer *p = peer_of(h->m.s);

	if (h->peer_prev)
		h->peer_prev->peer_next = h->peer_next;
	else
		p->holds = h->peer_next;
	if (h->peer_next)
		h->peer_next->peer_prev = h->peer_prev;
	h->peer_prev = h->peer_next = NULL;
	p->bulk_held = (uint16_t)(p->bulk_held - !!(h->m.row->flags & TN_BULK));
	p->held_bytes -= h->bytes;
	account_wait(&h->m.s->account, h->m.id, -1);
}

/* ---- life */

static void hold_free(struct hold *h)
{
	tn_arena_unref(h->m.msg.arena);
	free(h->m.relay);
	free(h);
}

uint64_t bus_hold(struct bus_member *m, const struct tn_msg *msg)
{
	struct bus *b = m->bus;
	struct bus_msg *now = b->current;
	struct hold *h;

	if (!now || msg != &now->msg || now->owner != m || now->hold)
		return 0;
	h = calloc(1, sizeof *h + msg->line.n);
	if (!h)
		return 0;
	h->handle = handles_add(b->holds, h);
	if (!h->handle) {
		free(h);
		return 0;
	}
	h->m = *now;
	h->m.e = NULL;
	h->m.relay = NULL;
	memcpy(h->line, msg->line.p, msg->line.n);
	h->m.msg.line.p = h->line;
	tn_arena_ref(msg->arena);
	h->bytes = msg->line.n + tn_arena_used(msg->arena);
	now->hold = h;
	return h->handle;
}

void hold_drop(struct hold *h)
{
	if (!h)
		return;
	handles_remove(h->m.owner->bus->holds, h->handle);
	hold_free(h);
}

/* Out of every list; the caller gives the message its fate and frees it. */
static void hold_take(struct bus *b, struct hold *h)
{
	timers_cancel(b->timers, h->timer);
	handles_remove(b->holds, h->handle);
	unlink_member(h);
	b->held_bytes -= h->bytes;
	if (h->m.s) {
		unlink_peer(h);
		window_sub(b, &h->m);
	}
	resume_bytes(b);
}

static void hold_refuse(struct bus *b, struct hold *h, unsigned reason)
{
	hold_take(b, h);
	dispatch_refuse(b, &h->m, reason);
	hold_free(h);
}

static void on_deadline(void *arg)
{
	struct hold *h = arg;
	struct bus *b = h->m.owner->bus;

	h->timer = 0;
	net_log(b->net, LOG_LEVEL_DEBUG, h->m.s, "%s: no verdict for %s in time", h->m.owner->name,
		h->m.row->name);
	hold_refuse(b, h, REASON_TIMEOUT);
}

void hold_keep(struct bus *b, struct bus_msg *m)
{
	struct hold *h = m->hold;
	uint32_t ms = m->row->later_ms ? m->row->later_ms : LATER_MS;

	if (h->settled) {
		dispatch_finish(b, m, h->verdict);
		hold_drop(h);
		return;
	}
	h->m.relay = m->relay;
	m->relay = NULL;
	h->m.hold = NULL;
	h->waiting = true;
	link_member(h);
	b->held_bytes += h->bytes;
	link_peer(b, h);
	h->timer = timers_add(b->timers, (ms < LATER_MS_MAX ? ms : LATER_MS_MAX) * UINT64_C(1000),
			      on_deadline, h);
	if (!h->timer)
		hold_refuse(b, h, REASON_MEMORY);
}

static struct hold *find(struct bus_member *m, uint64_t handle)
{
	struct hold *h = handles_get(m->bus->holds, handle);

	return h && h->m.owner == m ? h : NULL;
}

const struct tn_msg *bus_held(struct bus_member *m, uint64_t handle)
{
	struct hold *h = find(m, handle);

	return h ? &h->m.msg : NULL;
}

int bus_settle(struct bus_member *m, uint64_t handle, tn_verdict v)
{
	struct bus *b = m->bus;
	struct hold *h = find(m, handle);

	if (!h || h->settled)
		return TN_EGONE;
	if (v == TN_LATER)
		return TN_EINVAL;
	if (!h->waiting) {
		h->settled = true;
		h->verdict = v;
		return 0;
	}
	hold_take(b, h);
	dispatch_finish(b, &h->m, v);
	hold_free(h);
	return 0;
}

void hold_session_ended(struct bus *b, struct bus_peer *p)
{
	struct hold *h;

	forget_paused(b, p);
	p->paused = false;
	while ((h = p->holds)) {
		struct session *s = h->m.s;

		unlink_peer(h);
		account_refuse(&s->account, h->m.id, ACCOUNT_IN, b->reason_gone);
		h->m.s = NULL;
	}
}

void bus_end_holds(struct bus_member *m)
{
	while (m->holds)
		hold_refuse(m->bus, m->holds, REASON_UNLOADED);
}
