/* SPDX-License-Identifier: MIT
 * plugins/blocks/window_next.c - which blocks to ask of whom while catching up: what to do
 */
#include <string.h>

#include "window_impl.h"

static bool expire(struct window *w, uint64_t now)
{
	for (uint32_t i = 0; i < w->peers; i++) {
		struct peer *p = &w->peer[i];

		if (busy(p) && p->asked[p->n - 1].deadline <= now) {
			window_stall(w, p, now);
			return true;
		}
	}
	return false;
}

static bool deliver(struct window *w, struct window_act *out)
{
	struct slot *s;

	if (w->delivered >= last(w))
		return false;
	s = slot_at(w, w->delivered + 1);
	if (s->state != HELD)
		return false;
	s->state = DELIVERED;
	*out = (struct window_act){ .kind = WINDOW_DELIVER,
				    .peer = s->peer,
				    .from = ++w->delivered,
				    .bundle = s->bundle,
				    .index = s->index };
	return true;
}

static bool may_ask(const struct peer *p, uint64_t from, uint64_t now)
{
	return !p->aside && !busy(p) && p->height >= from && p->pause_until <= now;
}

static bool better(const struct peer *a, const struct peer *b, const struct slot *s)
{
	bool avoid_a = s->failed && s->avoid == a->id, avoid_b = s->failed && s->avoid == b->id;

	if (avoid_a != avoid_b)
		return avoid_b;
	if (a->stalls != b->stalls)
		return a->stalls < b->stalls;
	return a->pace_ms != b->pace_ms ? a->pace_ms < b->pace_ms : a->id < b->id;
}

/* The window does not move while a range is with somebody who is that slow: others, who would
 * have got it all meanwhile, are waited for rather.
 */
static bool in_the_way(const struct window *w, const struct peer *p, uint64_t from, uint64_t now)
{
	if (p->pace_ms <= w->conf.stall_ms / 2)
		return false;
	for (uint32_t i = 0; i < w->peers; i++) {
		const struct peer *q = &w->peer[i];

		if (!q->aside && !q->stalls && q->height >= from && q->pause_until <= now &&
		    q->pace_ms && q->pace_ms < p->pace_ms / 8)
			return true;
	}
	return false;
}

static struct peer *choose(const struct window *w, uint64_t from, uint64_t now)
{
	struct peer *best = NULL;

	for (uint32_t i = 0; i < w->peers; i++) {
		struct peer *p = &w->peer[i];

		if (may_ask(p, from, now) && !in_the_way(w, p, from, now) &&
		    (!best || better(p, best, slot_at(w, from))))
			best = p;
	}
	return best;
}

/* Room for one more request; the oldest that never was answered makes way. */
static struct range *push(struct peer *p)
{
	if (p->n == UNANSWERED) {
		memmove(p->asked, p->asked + 1, --p->n * sizeof *p->asked);
		p->forgotten++;
	}
	return &p->asked[p->n++];
}

static void ask(struct window *w, struct peer *p, uint64_t from, uint64_t now,
		struct window_act *out)
{
	struct range *r = push(p);
	uint64_t wait = 3 * p->took_ms > w->stall_ms ? 3 * p->took_ms : w->stall_ms, h = from;

	for (; h <= p->height && h - from < w->conf.chunk && h <= last(w); h++) {
		struct slot *s = slot_at(w, h);

		if (s->state != FREE)
			break;
		s->state = ASKED;
		s->peer = p->id;
		if (h == UINT64_MAX) {
			h++;
			break;
		}
	}
	if (wait > w->conf.stall_max_ms)
		wait = w->conf.stall_max_ms;
	*r = (struct range){ from, h - 1, now + wait, now, true };
	*out = (struct window_act){ .kind = WINDOW_ASK,
				    .peer = p->id,
				    .from = from,
				    .to = h - 1,
				    .deadline = r->deadline };
}

static bool anybody_idle(const struct window *w, uint64_t now)
{
	for (uint32_t i = 0; i < w->peers; i++)
		if (may_ask(&w->peer[i], w->tip + 1, now))
			return true;
	return false;
}

/* What is left at the end of the window grows while lower blocks connect: it is asked when it
 * is worth a request, or when nothing else is there.
 */
static bool too_short(const struct window *w, const struct peer *p, uint64_t from)
{
	uint64_t most = w->conf.span < w->conf.chunk ? w->conf.span : w->conf.chunk;

	return from > w->tip + 1 && p->height > last(w) && last(w) - from + 1 < most;
}

/* The lowest free height for which there is somebody. Beyond the limit of bytes only the
 * height is asked for that everything waits for.
 */
static bool ask_next(struct window *w, uint64_t now, struct window_act *out)
{
	bool full = w->held_bytes >= w->conf.bytes;

	if (!anybody_idle(w, now))
		return false;
	for (uint64_t h = w->tip; h < last(w); h++) {
		struct slot *s = slot_at(w, h + 1);
		struct peer *p;

		if (full && s->state == ASKED)
			return false;
		if (s->state != FREE)
			continue;
		p = choose(w, h + 1, now);
		if (p && too_short(w, p, h + 1))
			return false;
		if (p) {
			ask(w, p, h + 1, now, out);
			return true;
		}
		if (full)
			return false;
	}
	return false;
}

bool window_next(struct window *w, uint64_t now, struct window_act *out)
{
	w->now = now;
	if (w->todos == 0)
		expire(w, now);
	if (w->todos > 0) {
		*out = w->todo[0];
		memmove(w->todo, w->todo + 1, --w->todos * sizeof *w->todo);
		return true;
	}
	return deliver(w, out) || ask_next(w, now, out);
}

uint64_t window_wake(const struct window *w, uint64_t now)
{
	uint64_t at = UINT64_MAX;

	for (uint32_t i = 0; i < w->peers; i++) {
		const struct peer *p = &w->peer[i];

		if (busy(p) && p->asked[p->n - 1].deadline < at)
			at = p->asked[p->n - 1].deadline;
		if (!p->aside && !busy(p) && p->height > w->tip && p->pause_until > now &&
		    p->pause_until < at)
			at = p->pause_until;
	}
	return at;
}

uint64_t window_target(const struct window *w)
{
	uint64_t most = w->tip;

	for (uint32_t i = 0; i < w->peers; i++)
		if (!w->peer[i].aside && w->peer[i].height > most)
			most = w->peer[i].height;
	return most;
}

uint32_t window_asked(const struct window *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->peers; i++)
		n += busy(&w->peer[i]);
	return n;
}

uint32_t window_stall_ms(const struct window *w)
{
	return (uint32_t)w->stall_ms;
}
