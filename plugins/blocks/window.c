/* SPDX-License-Identifier: MIT
 * plugins/blocks/window.c - which blocks to ask of whom while catching up: what happened
 */
#include <stdlib.h>
#include <string.h>

#include "window_impl.h"

const char *window_reason_text(enum window_reason r)
{
	static const char *const text[WINDOW_REASONS] = {
		[WINDOW_UNASKED] = "blocks that nobody asked for",
		[WINDOW_EMPTY] = "has not the blocks it says it has",
		[WINDOW_RANGE] = "other blocks than asked",
		[WINDOW_ORDER] = "blocks out of order",
		[WINDOW_HEIGHT] = "a height that time has not reached",
		[WINDOW_BAD_BODY] = "a block whose body is not its own",
		[WINDOW_BAD_BLOCK] = "a block that breaks a rule",
	};

	return r < WINDOW_REASONS ? text[r] : "unknown";
}

struct window *window_create(const struct window_conf *conf, uint64_t tip)
{
	struct window *w;

	if (conf->span < 1 || conf->span > 10000 || conf->chunk < 1 || conf->chunk > 101 ||
	    conf->peers < 1 || conf->peers > 100000 || conf->stall_ms < 1 ||
	    conf->stall_max_ms < conf->stall_ms)
		return NULL;
	w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->conf = *conf;
	w->tip = w->delivered = tip;
	w->stall_ms = conf->stall_ms;
	w->todo_room = 2 * conf->span + 2 * conf->peers + 8;
	w->slot = calloc(conf->span, sizeof *w->slot);
	w->peer = calloc(conf->peers, sizeof *w->peer);
	w->bundle = calloc(conf->span, sizeof *w->bundle);
	w->todo = calloc(w->todo_room, sizeof *w->todo);
	if (w->slot && w->peer && w->bundle && w->todo)
		return w;
	window_free(w);
	return NULL;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	free(w->slot);
	free(w->peer);
	free(w->bundle);
	free(w->todo);
	free(w);
}

/* ---- what is to be done, in order. Room is enough for what one call can cause. */

static struct window_act *add(struct window *w, enum window_kind kind, uint64_t peer)
{
	struct window_act *a = &w->todo[w->todos < w->todo_room ? w->todos++ : w->todo_room - 1];

	*a = (struct window_act){ .kind = kind, .peer = peer };
	return a;
}

static void blame(struct window *w, uint64_t peer, enum window_reason why)
{
	add(w, WINDOW_BLAME, peer)->reason = why;
}

/* ---- slots */

static void unuse(struct window *w, uint64_t id)
{
	for (uint32_t i = 0; i < w->bundles; i++) {
		struct bundle *b = &w->bundle[i];

		if (b->id != id || --b->left > 0)
			continue;
		add(w, WINDOW_RELEASE, 0)->bundle = id;
		w->held_bytes -= b->bytes;
		*b = w->bundle[--w->bundles];
		return;
	}
}

static void empty(struct window *w, struct slot *s)
{
	if (s->state == HELD || s->state == DELIVERED)
		unuse(w, s->bundle);
	s->state = FREE;
}

/* Whose open request has this height in it; NULL: nobody's. */
static struct peer *asked_of(const struct window *w, uint64_t height)
{
	for (uint32_t i = 0; i < w->peers; i++) {
		const struct peer *p = &w->peer[i];

		if (busy(p) && p->asked[p->n - 1].from <= height && height <= p->asked[p->n - 1].to)
			return &w->peer[i];
	}
	return NULL;
}

static void fail_slot(struct window *w, uint64_t height, uint64_t peer)
{
	struct slot *s = slot_at(w, height);
	const struct peer *other = asked_of(w, height);

	empty(w, s);
	s->failed = true;
	s->avoid = peer;
	if (!other)
		return;
	s->state = ASKED; /* under way already: another's late answer had filled the slot */
	s->peer = other->id;
}

/* Blocks that were handed out come again. */
static void take_back(struct window *w)
{
	for (uint64_t h = w->tip; h < w->delivered; h++)
		if (slot_at(w, h + 1)->state == DELIVERED)
			slot_at(w, h + 1)->state = HELD;
	w->delivered = w->tip;
}

/* ---- peers */

static struct peer *find(const struct window *w, uint64_t id)
{
	for (uint32_t i = 0; i < w->peers; i++)
		if (w->peer[i].id == id)
			return &w->peer[i];
	return NULL;
}

bool window_height(struct window *w, uint64_t id, uint64_t height, uint64_t limit)
{
	struct peer *p = find(w, id);

	if (!p) {
		if (w->peers == w->conf.peers)
			return false;
		p = &w->peer[w->peers++];
		*p = (struct peer){ .id = id };
	}
	if (height > limit && height - limit > WINDOW_SLACK) {
		blame(w, id, WINDOW_HEIGHT);
		height = limit;
		p->liar = true;
	}
	p->height = height < limit ? height : limit;
	if (p->height < p->empty_from)
		p->empties = 0; /* it says itself that it has less now */
	p->aside = p->liar || p->left_until > w->now;
	return true;
}

/* What this range asked is free for others. */
static void close_range(struct window *w, struct peer *p, struct range *r)
{
	for (uint64_t h = r->from - 1; r->open && h < r->to; h++) {
		struct slot *s = slot_at(w, h + 1);

		if (h >= w->tip && s->state == ASKED && s->peer == p->id)
			s->state = FREE;
	}
	r->open = false;
}

static void set_aside(struct window *w, struct peer *p)
{
	if (busy(p))
		close_range(w, p, &p->asked[p->n - 1]);
	p->aside = true;
}

void window_before(struct window *w, uint64_t id)
{
	struct peer *p = find(w, id);

	if (p)
		p->forgotten = ASKED_BEFORE;
}

void window_gone(struct window *w, uint64_t id)
{
	struct peer *p = find(w, id);

	if (!p)
		return;
	set_aside(w, p);
	*p = w->peer[--w->peers];
}

void window_stall(struct window *w, struct peer *p, uint64_t now)
{
	struct range *r = &p->asked[p->n - 1];
	uint32_t shift = p->stalls < 5 ? p->stalls : 5;

	r->open = false;
	for (uint64_t h = r->from - 1; h < r->to; h++)
		if (h >= w->tip && slot_at(w, h + 1)->state == ASKED &&
		    slot_at(w, h + 1)->peer == p->id)
			fail_slot(w, h + 1, p->id);
	p->pause_until = now + (w->stall_ms << shift);
	p->stalls++;
	add(w, WINDOW_STALLED, p->id)->index = p->stalls;
	if (r->sent < w->doubled_at)
		return; /* asked when deadlines were shorter: that says nothing new */
	w->doubled_at = now;
	w->stall_ms *= 2;
	if (w->stall_ms > w->conf.stall_max_ms)
		w->stall_ms = w->conf.stall_max_ms;
}

void window_failed(struct window *w, uint64_t id, uint64_t from, uint64_t now)
{
	struct peer *p = find(w, id);

	if (p && busy(p) && p->asked[p->n - 1].from == from)
		window_stall(w, p, now);
}

/* ---- replies */

/* What it sent before stays: each block is judged anyway. */
static void condemn(struct window *w, struct peer *p, enum window_reason why)
{
	blame(w, p->id, why);
	p->liar = true;
	set_aside(w, p);
}

/* Which request is answered: the oldest that begins there and is long enough, or else the
 * oldest that begins there; without blocks, the oldest. Replies come in the order of
 * requests, so what stands before it is not waited for any more.
 */
static bool match(struct peer *p, const uint64_t *height, uint32_t n, struct range *out)
{
	uint32_t at = p->n;

	for (uint32_t i = p->n; i-- > 0;) {
		const struct range *r = &p->asked[i];
		bool fits = n <= r->to - r->from + 1;

		if (n == 0 || (r->from == height[0] && (fits || at == p->n)))
			at = i;
	}
	if (at == p->n)
		return false;
	*out = p->asked[at];
	p->n -= at + 1;
	memmove(p->asked, p->asked + at + 1, p->n * sizeof *p->asked);
	return true;
}

static bool contiguous(const uint64_t *height, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (height[i] != height[0] + i)
			return false;
	return true;
}

static uint64_t average(uint64_t before, uint64_t ms)
{
	return before ? (3 * before + ms) / 4 : ms;
}

/* Who gives one block of fifty is as slow as fifty such answers. */
static void measure(struct window *w, struct peer *p, const struct range *r, uint32_t n,
		    uint64_t now)
{
	uint64_t took = now - r->sent;

	p->took_ms = average(p->took_ms, took);
	p->pace_ms = average(p->pace_ms, took * (r->to - r->from + 1) / n);
	p->pause_until = 0;
	p->stalls = 0;
	p->empties = 0;
	w->stall_ms = w->stall_ms * 17 / 20;
	if (w->stall_ms < w->conf.stall_ms)
		w->stall_ms = w->conf.stall_ms;
}

/* Blocks for slots that still want one; what is left of the request is free again. */
static void store(struct window *w, struct peer *p, uint64_t bundle, uint64_t from, uint32_t n,
		  uint64_t bytes)
{
	struct bundle *b = &w->bundle[w->bundles];
	uint32_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t h = from + i;
		struct slot *s = slot_at(w, h);

		if (h <= w->tip || h > last(w) || s->state == HELD || s->state == DELIVERED)
			continue;
		*s = (struct slot){ .state = HELD, .peer = p->id, .bundle = bundle, .index = i };
		used++;
	}
	if (!used) {
		add(w, WINDOW_RELEASE, 0)->bundle = bundle;
		return;
	}
	*b = (struct bundle){ bundle, bytes, used };
	w->bundles++;
	w->held_bytes += bytes;
}

/* An honest peer may have gone to another branch, or back, since it told its height, and that
 * again at the next request. So it takes some in a row, each to a request that was sent after it
 * said again that it has these blocks, and then it is left alone for a time, no longer.
 */
static void reply_empty(struct window *w, struct peer *p, const struct range *r, uint64_t now)
{
	bool again = p->empties > 0 && now - p->empty_at < LEFT_MS;

	if (p->height >= r->from)
		p->height = r->from - 1;
	add(w, WINDOW_BEHIND, p->id)->from = p->height;
	if (again && r->sent < p->empty_at)
		return; /* asked before it said so */
	p->empties = again ? p->empties + 1 : 1;
	p->empty_at = now;
	p->empty_from = r->from;
	if (p->empties < EMPTIES)
		return;
	blame(w, p->id, WINDOW_EMPTY);
	set_aside(w, p);
	p->left_until = now + LEFT_MS;
	p->empties = 0;
}

/* An answer to a request that was given up long ago. */
static bool forgiven(struct peer *p)
{
	return p->forgotten > 0 && p->forgotten--;
}

/* The reason why this reply is of no use, or WINDOW_REASONS. */
static enum window_reason judge_reply(struct peer *p, const uint64_t *height, uint32_t n,
				      struct range *r)
{
	if (p->n == 0)
		return WINDOW_UNASKED;
	if (!match(p, height, n, r))
		return WINDOW_RANGE;
	if (!contiguous(height, n))
		return WINDOW_ORDER;
	return n > r->to - r->from + 1 ? WINDOW_RANGE : WINDOW_REASONS;
}

void window_reply(struct window *w, uint64_t id, uint64_t bundle, const uint64_t *height,
		  uint32_t n, uint64_t bytes, uint64_t now)
{
	struct peer *p = find(w, id);
	struct range r = { 0 };
	enum window_reason why = p ? judge_reply(p, height, n, &r) : WINDOW_UNASKED;

	w->now = now;
	if (p && r.from)
		close_range(w, p, &r);
	if (why == WINDOW_REASONS && n > 0 && !p->liar) {
		measure(w, p, &r, n, now);
		store(w, p, bundle, r.from, n, bytes);
		return;
	}
	add(w, WINDOW_RELEASE, 0)->bundle = bundle;
	if (!p || p->liar)
		return; /* gone, or known for what it is */
	if ((why == WINDOW_RANGE || why == WINDOW_UNASKED) && forgiven(p))
		return;
	if (why == WINDOW_REASONS)
		reply_empty(w, p, &r, now);
	else
		condemn(w, p, why);
}

/* ---- the tip */

/* One block of it was of no use, so the others are not waited for. */
static void drop_all_of(struct window *w, struct peer *p)
{
	set_aside(w, p);
	for (uint64_t h = w->tip; h < last(w); h++)
		if (slot_at(w, h + 1)->state == HELD && slot_at(w, h + 1)->peer == p->id)
			fail_slot(w, h + 1, p->id);
}

void window_judged(struct window *w, uint64_t height, enum window_fate fate)
{
	struct slot *s = slot_at(w, height);
	struct peer *p;
	uint64_t id;

	if (height != w->tip + 1 || height > w->delivered || s->state != DELIVERED)
		return;
	if (fate == WINDOW_GOOD) {
		empty(w, s);
		s->failed = false;
		w->tip = height;
		return;
	}
	take_back(w);
	if (fate == WINDOW_LATER)
		return;
	id = s->peer;
	p = find(w, id);
	if (p)
		set_aside(w, p);
	fail_slot(w, height, id);
	if (fate == WINDOW_NOT_ON_TIP) {
		add(w, WINDOW_BRANCH, id)->from = height;
		if (p)
			drop_all_of(w, p);
		return;
	}
	blame(w, id, fate == WINDOW_FAULT_BODY ? WINDOW_BAD_BODY : WINDOW_BAD_BLOCK);
	if (p) {
		p->liar = true;
		drop_all_of(w, p);
	}
}

void window_tip(struct window *w, uint64_t tip)
{
	take_back(
		w); /* at the same height too: what was on its way was judged upon another block */
	if (tip == w->tip)
		return;
	if (tip > w->tip && tip - w->tip < w->conf.span) {
		for (; w->tip < tip; w->tip++) {
			empty(w, slot_at(w, w->tip + 1));
			slot_at(w, w->tip + 1)->failed = false;
		}
	} else {
		for (uint32_t i = 0; i < w->conf.span; i++) {
			empty(w, &w->slot[i]);
			w->slot[i].failed = false;
		}
		for (uint32_t i = 0; i < w->peers; i++)
			for (uint32_t k = 0; k < w->peer[i].n; k++)
				w->peer[i].asked[k].open = false;
		w->tip = tip;
	}
	w->delivered = w->tip;
}
