/* SPDX-License-Identifier: MIT
 * plugins/blocks/sync.c - heights of peers, and catching up with them
 *
 * window.c decides which blocks to ask of whom; here it is told what happened, and what it
 * wants is done. No peer is asked for blocks before its genesis block was found to be ours.
 */
#include "blocks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "window.h"

enum {
	HEIGHT_MS = 60000,
	ANSWER_MS = 20000,
	CHUNK = 50,
	PEERS = 512,
	STALL_MS = 10000,
	STALL_MAX_MS = 60000,
	SAY_US = 10000000,
	BEHIND = 3 /* blocks: less is not worth a word */
};

struct bundle { /* a reply; its number is its place + 1 */
	struct tn_arena *arena;
	const struct tn_blocks *list;
	uint64_t bytes; /* of a block, about */
};

struct sync {
	struct window *w;
	struct tn_timer wake;
	struct tn_hash tip;  /* that the window knows of */
	uint64_t generation; /* of what was delivered: an older trial means nothing */
	uint64_t started_us; /* sessions that are older may have been asked by another build */
	struct bundle *bundle;
	uint32_t bundles;
	bool acting, stopped;
	bool stuck; /* our own trouble: a pause */

	/* progress */
	bool behind;
	uint64_t said_us, since_us, since_height;
};

struct delivered {
	uint64_t generation, height;
};

static void act(struct tn_ctx *c);

static struct sync *sync_of(struct tn_ctx *c)
{
	return state_of(c)->sync;
}

static uint64_t now_ms(struct tn_ctx *c)
{
	return tn_now_us(c) / 1000;
}

struct sync *sync_create(void)
{
	return calloc(1, sizeof(struct sync));
}

/* ---- bundles */

static uint64_t keep_bundle(struct sync *s, const struct tn_msg *m)
{
	const struct tn_blocks *list = m->body;
	uint32_t i = 0;

	while (i < s->bundles && s->bundle[i].arena)
		i++;
	if (i == s->bundles) {
		struct bundle *b = realloc(s->bundle, (i + 16) * sizeof *b);

		if (!b)
			return 0;
		s->bundle = b;
		for (; s->bundles < i + 16; s->bundles++)
			b[s->bundles].arena = NULL;
	}
	s->bundle[i] =
		(struct bundle){ tn_arena_ref(m->arena), list, m->line.n / (list->blocks.n + 1) };
	return i + 1;
}

static void release(struct sync *s, uint64_t id)
{
	struct bundle *b = &s->bundle[id - 1];

	tn_arena_unref(b->arena);
	b->arena = NULL;
}

void sync_free(struct sync *s)
{
	if (!s)
		return;
	window_free(s->w);
	for (uint32_t i = 0; i < s->bundles; i++)
		tn_arena_unref(s->bundle[i].arena);
	free(s->bundle);
	free(s);
}

/* ---- progress */

static void measure(struct tn_ctx *c, uint64_t target)
{
	struct sync *s = sync_of(c);
	uint64_t height = state_of(c)->tip.height, us = tn_now_us(c) - s->since_us;
	uint64_t done = height > s->since_height ? height - s->since_height : 0;
	uint64_t rate = s->behind && us ? done * 1000000 / us : 0;

	tn_metric(c, C_TARGET, (int64_t)target);
	tn_metric(c, C_RATE, (int64_t)rate);
	tn_metric(c, C_LEFT, rate ? (int64_t)((target - height) / rate) : 0);
	if (!s->behind || tn_now_us(c) - s->said_us < SAY_US)
		return;
	TN_LOG(c, TN_INFO, TN_NOBODY,
	       "Synchronising: height %" PRIu64 " of %" PRIu64 " (%" PRIu64 " blocks/s)", height,
	       target, rate);
	s->said_us = s->since_us = tn_now_us(c);
	s->since_height = height;
}

static void show_progress(struct tn_ctx *c)
{
	struct sync *s = sync_of(c);
	uint64_t height = state_of(c)->tip.height, target = sync_target(c);

	if (!s->behind && target >= height + BEHIND) {
		s->behind = true;
		s->since_us = s->said_us = tn_now_us(c);
		s->since_height = height;
		TN_LOG(c, TN_INFO, TN_NOBODY, "Synchronising from height %" PRIu64 " to %" PRIu64,
		       height, target);
	}
	if (s->behind && target == height) {
		s->behind = false;
		TN_LOG(c, TN_INFO, TN_NOBODY, "Synchronised: height %" PRIu64, height);
	}
	measure(c, target);
}

uint64_t sync_target(struct tn_ctx *c)
{
	const struct sync *s = sync_of(c);
	uint64_t target = s->w ? window_target(s->w) : 0, height = state_of(c)->tip.height;

	return target > height ? target : height;
}

/* ---- blocks */

static enum window_fate fate_for(const struct trial *t, enum fate fate)
{
	switch (fate) {
	case FATE_CONNECTED:
	case FATE_GOOD:
		return WINDOW_GOOD;
	case FATE_RULE:
		return t->fault && (t->loose || !tn_block_fault_final(t->fault)) &&
				       t->fault != TN_FAULT_FUTURE
			       ? WINDOW_FAULT_BODY
			       : WINDOW_FAULT_BLOCK;
	case FATE_BAD:
		return WINDOW_FAULT_BLOCK;
	case FATE_SIDE:
	case FATE_ORPHAN:
	case FATE_DEEP:
	case FATE_KNOWN:
		return WINDOW_NOT_ON_TIP;
	case FATE_BUSY:
	case FATE_GONE:
		break;
	}
	return WINDOW_LATER;
}

static void end_synced(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	struct delivered *d = t->arg, was = *d;
	struct sync *s = sync_of(c);

	free(d);
	if (fate == FATE_GONE || was.generation != s->generation)
		return;
	if (fate == FATE_CONNECTED) {
		s->tip = t->hash;
		announce_owe(c);
	} else {
		TN_LOG(c, TN_DEBUG, t->from, "block %" PRIu64 ": %s", was.height, why);
		s->generation++;
	}
	window_judged(s->w, was.height, fate_for(t, fate));
	act(c);
}

static void deliver(struct tn_ctx *c, const struct window_act *a)
{
	struct sync *s = sync_of(c);
	const struct bundle *b = &s->bundle[a->bundle - 1];
	struct delivered *d = malloc(sizeof *d);
	struct trial t = { .block = &b->list->blocks.v[a->index],
			   .owner = b->arena,
			   .from = { a->peer },
			   .end = end_synced,
			   .arg = d,
			   .bytes = b->bytes };

	if (d)
		*d = (struct delivered){ s->generation, a->from };
	if (d && !road_begin(c, &t))
		return;
	free(d); /* the wake-up tries again */
	s->generation++;
	s->stuck = true;
	window_judged(s->w, state_of(c)->tip.height + 1, WINDOW_LATER);
}

static void got(struct tn_ctx *c, struct tn_sid from, const struct tn_msg *m)
{
	struct sync *s = sync_of(c);
	const struct tn_blocks *list = m->body;
	uint64_t *height = tn_alloc(tn_scratch(c), (list->blocks.n + 1) * sizeof *height);
	uint64_t id = height ? keep_bundle(s, m) : 0;

	if (!id)
		return; /* no memory: the deadline will tell */
	for (uint32_t i = 0; i < list->blocks.n; i++)
		height[i] = list->blocks.v[i].header.height;
	window_reply(s->w, from.v, id, height, list->blocks.n, m->line.n, now_ms(c));
	act(c);
}

static tn_verdict on_blocks(struct tn_ctx *c, struct tn_sid sid, void *slot,
			    const struct tn_reply *r, uint64_t from)
{
	(void)slot;
	if (!sync_of(c)->w)
		return TN_TAKEN;
	if (r->status) {
		window_failed(sync_of(c)->w, sid.v, from, now_ms(c));
		act(c);
		return TN_TAKEN;
	}
	got(c, sid, r->msg);
	return TN_TAKEN;
}

tn_verdict sync_late_blocks(struct tn_ctx *c, const struct tn_msg *m)
{
	if (!sync_of(c)->w)
		return tn_refuse(R_UNASKED);
	got(c, m->from, m);
	return TN_TAKEN;
}

static void ask_blocks(struct tn_ctx *c, const struct window_act *a)
{
	struct tn_range range = { a->from, a->to };
	uint64_t now = now_ms(c);
	struct tn_question q = {
		TN_BODY(range),
		.send = M_GET_BLOCKS,
		.expect = M_BLOCKS,
		.timeout_ms = (uint32_t)(a->deadline > now ? a->deadline - now : 1),
		.tag = a->from,
		.done = on_blocks
	};

	if (tn_ask_peer(c, (struct tn_sid){ a->peer }, &q))
		window_failed(sync_of(c)->w, a->peer, a->from, now);
}

/* For the log: which one it was. */
static const char *peer_text(struct tn_ctx *c, struct tn_sid sid, char text[TN_ADDR_TEXT])
{
	struct tn_session who;

	return tn_session(c, sid, &who) ? "a peer that has gone" : tn_addr_ip_text(&who.addr, text);
}

static void blame(struct tn_ctx *c, const struct window_act *a)
{
	static const unsigned points[WINDOW_REASONS] = {
		[WINDOW_UNASKED] = 10,  [WINDOW_EMPTY] = 10,  [WINDOW_RANGE] = 20,
		[WINDOW_ORDER] = 20,    [WINDOW_HEIGHT] = 20, [WINDOW_BAD_BODY] = 50,
		[WINDOW_BAD_BLOCK] = 50
	};
	struct tn_sid peer = { a->peer };
	char text[TN_ADDR_TEXT];

	TN_LOG(c, TN_WARN, peer, "Synchronisation: %s sent or said: %s", peer_text(c, peer, text),
	       window_reason_text(a->reason));
	tn_fault(c, peer, points[a->reason], window_reason_text(a->reason));
}

static void do_one(struct tn_ctx *c, const struct window_act *a)
{
	struct slot *slot;

	switch (a->kind) {
	case WINDOW_ASK:
		ask_blocks(c, a);
		break;
	case WINDOW_DELIVER:
		deliver(c, a);
		break;
	case WINDOW_RELEASE:
		release(sync_of(c), a->bundle);
		break;
	case WINDOW_BLAME:
		blame(c, a);
		break;
	case WINDOW_STALLED:
		TN_LOG(c, TN_DEBUG, ((struct tn_sid){ a->peer }), "no blocks in time");
		break;
	case WINDOW_BEHIND:
		slot = tn_slot(c, (struct tn_sid){ a->peer });
		if (slot)
			slot->height = a->from;
		break;
	case WINDOW_BRANCH:
		fork_begin(c, (struct tn_sid){ a->peer }, a->from);
		break;
	}
}

static void on_wake(struct tn_ctx *c, void *arg)
{
	struct sync *s = sync_of(c);

	(void)arg;
	s->wake = (struct tn_timer){ 0 };
	s->stuck = false;
	act(c);
}

static void set_wake(struct tn_ctx *c)
{
	struct sync *s = sync_of(c);
	uint64_t now = now_ms(c), at = window_wake(s->w, now);

	tn_cancel(c, s->wake);
	s->wake = (struct tn_timer){ 0 };
	if (s->stuck)
		at = now + 1000;
	if (at != UINT64_MAX)
		s->wake = tn_after(c, at > now ? at - now : 1, on_wake, NULL);
}

static void act(struct tn_ctx *c)
{
	struct sync *s = sync_of(c);
	struct window_act a;

	if (s->acting || s->stopped)
		return;
	s->acting = true;
	while (!s->stuck && window_next(s->w, now_ms(c), &a))
		do_one(c, &a);
	s->acting = false;
	set_wake(c);
	show_progress(c);
}

void sync_moved(struct tn_ctx *c)
{
	struct sync *s = sync_of(c);
	const struct tn_tip *tip = &state_of(c)->tip;

	if (!s->w || s->stopped || same_hash(&s->tip, &tip->hash))
		return;
	s->tip = tip->hash;
	s->generation++;
	window_tip(s->w, tip->height);
	act(c);
}

/* ---- heights */

/* What an earlier build of this plugin asked is answered to us. */
static void meet(struct tn_ctx *c, struct tn_sid sid, struct slot *p)
{
	struct tn_session who = { 0 };

	p->met = true;
	if (!tn_session(c, sid, &who) && who.up_us < sync_of(c)->started_us)
		window_before(sync_of(c)->w, sid.v);
}

static void take_height(struct tn_ctx *c, struct tn_sid sid, struct slot *p)
{
	struct sync *s = sync_of(c);
	uint64_t limit = tn_slot_at(&state_of(c)->rules.net, tn_wall_s(c));

	if (!p->checked || p->fetching || s->stopped)
		return;
	if (window_height(s->w, sid.v, p->height, limit + 1) && !p->met)
		meet(c, sid, p);
	act(c);
}

static tn_verdict on_height(struct tn_ctx *c, struct tn_sid sid, void *slot,
			    const struct tn_reply *r, uint64_t tag)
{
	struct slot *p = slot;

	(void)tag;
	if (r->status)
		return TN_TAKEN; /* old nodes that dialed us are silent */
	p->height = ((const struct tn_height *)r->msg->body)->height;
	tn_note(c, sid, TN_NOTE_HEIGHT, p->height > INT64_MAX ? INT64_MAX : (int64_t)p->height);
	take_height(c, sid, p);
	return TN_TAKEN;
}

static void ask_height(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	struct tn_question q = {
		.send = M_GET_HEIGHT, .expect = M_HEIGHT, .timeout_ms = ANSWER_MS, .done = on_height
	};

	(void)slot;
	tn_ask_peer(c, sid, &q);
}

void sync_hint(struct tn_ctx *c, struct tn_sid sid, uint64_t height)
{
	struct slot *p = tn_slot(c, sid);

	if (!p)
		return;
	if (height > p->height)
		p->height = height;
	if (height <= state_of(c)->tip.height + 1) {
		fork_begin(c, sid, height);
		return;
	}
	take_height(c, sid, p);
}

/* ---- is it on our network at all */

static bool is_genesis(const void *body, uint64_t height)
{
	return ((const struct tn_block_hash_at *)body)->height == height;
}

static tn_verdict on_genesis(struct tn_ctx *c, struct tn_sid sid, void *slot,
			     const struct tn_reply *r, uint64_t tag)
{
	const struct tn_block_hash_at *at;
	struct slot *p = slot;

	(void)tag;
	if (r->status)
		return TN_TAKEN;
	at = r->msg->body;
	if (!at->has_hash)
		return TN_TAKEN; /* it has no chain yet */
	if (!same_hash(&at->hash, &state_of(c)->genesis_hash)) {
		tn_close(c, sid, "another genesis block");
		return TN_TAKEN;
	}
	p->checked = true;
	take_height(c, sid, p);
	return TN_TAKEN;
}

static void ask_genesis(struct tn_ctx *c, struct tn_sid sid)
{
	struct tn_height zero = { 0 };
	struct tn_question q = { TN_BODY(zero),           .send = M_GET_HASH,  .expect = M_HASH,
				 .timeout_ms = ANSWER_MS, .match = is_genesis, .done = on_genesis };

	tn_ask_peer(c, sid, &q);
}

/* ---- life */

static void on_minute(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	struct slot *p = slot;

	if (!p->checked)
		ask_genesis(c, sid);
	ask_height(c, sid, slot);
}

void sync_up(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	on_minute(c, sid, slot);
}

void sync_down(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	(void)slot;
	window_gone(sync_of(c)->w, sid.v);
	act(c);
}

int sync_start(struct tn_ctx *c)
{
	struct sync *s = sync_of(c);
	struct window_conf conf = { .span = (uint32_t)conf_of(c)->window,
				    .chunk = CHUNK,
				    .peers = PEERS,
				    .stall_ms = STALL_MS,
				    .stall_max_ms = STALL_MAX_MS,
				    .bytes = conf_of(c)->waiting_max / 2 };

	window_free(s->w); /* started again, after an upgrade that failed */
	s->w = window_create(&conf, state_of(c)->tip.height);
	s->tip = state_of(c)->tip.hash;
	s->started_us = tn_now_us(c);
	s->stopped = false;
	return s->w && tn_pulse(c, HEIGHT_MS, on_minute).v ? 0 : TN_ENOMEM;
}

void sync_stop(struct tn_ctx *c)
{
	sync_of(c)->stopped = true;
}
