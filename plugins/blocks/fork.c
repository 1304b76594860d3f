/* SPDX-License-Identifier: MIT
 * plugins/blocks/fork.c - a peer is on another branch: where it leaves ours, and its blocks
 *
 * The last block in common is found by search (branch.h). From there the
 * peer's blocks are fetched in order and go the usual road, which keeps them beside the
 * chain until their branch is the better one. One peer at a time, the others wait in the order
 * they came; nothing that is missing or late ever takes a block of ours away.
 */
#include "blocks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "branch.h"

enum { ANSWER_MS = 20000, RANGE = 50, AGAIN_US = 60000000 };
enum { SECOND_US = 1000000, SLOW_S = 20, FAIR_S = 60, LOOK_MS = 5000 };

struct fork {
	struct tn_sid peer;
	struct branch_search where;
	uint64_t next, end; /* blocks still to be fetched */
	uint64_t last;      /* of the range under way */
	uint64_t serial, began_us, got;
	struct tn_timer look;
	bool broken;
};

static void search(struct tn_ctx *c);
static void fetch(struct tn_ctx *c);

/* ---- whose turn it is */

struct turn {
	struct tn_sid peer;
	uint64_t height, since_us;
};

static int find_first(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	const struct slot *p = slot;
	struct turn *t = arg;

	(void)c;
	if (p->wants && (!t->height || p->wants_us < t->since_us))
		*t = (struct turn){ sid, p->wants, p->wants_us };
	return 0;
}

static struct turn first_waiting(struct tn_ctx *c)
{
	struct turn t = { .height = 0 };

	tn_each(c, NULL, find_first, &t);
	return t;
}

/* While others wait: a block a second, and a minute at most. Whoever sends his branch in drops
 * must not keep the true one away.
 */
static bool has_had_its_time(struct tn_ctx *c, const struct fork *f)
{
	uint64_t s = (tn_now_us(c) - f->began_us) / SECOND_US;

	return s >= FAIR_S || (s >= SLOW_S && f->got < s);
}

static void end(struct tn_ctx *c, const char *why)
{
	struct state *st = state_of(c);
	struct fork *f = st->fork;
	struct slot *p = tn_slot(c, f->peer);
	struct turn t;

	TN_LOG(c, TN_DEBUG, f->peer, "the other branch: %s", why);
	if (p)
		p->fetching = false;
	tn_cancel(c, f->look);
	st->fork = NULL;
	free(f);
	while (!st->fork && (t = first_waiting(c)).height) {
		((struct slot *)tn_slot(c, t.peer))->wants = 0;
		fork_begin(c, t.peer, t.height);
	}
}

static void on_look(struct tn_ctx *c, void *arg)
{
	struct fork *f = state_of(c)->fork;

	(void)arg;
	f->look = (struct tn_timer){ 0 };
	if (has_had_its_time(c, f) && first_waiting(c).height)
		end(c, "too slow, and others wait");
	else
		f->look = tn_after(c, LOOK_MS, on_look, NULL);
}

void fork_stop(struct tn_ctx *c)
{
	struct fork *f = state_of(c)->fork;

	if (f)
		tn_cancel(c, f->look);
	free(f);
	state_of(c)->fork = NULL;
}

/* ---- the blocks */

/* Of a block's trial: which fetch it belongs to. Never NULL. */
static void *mark_of(const struct fork *f)
{
	return (void *)(uintptr_t)f->serial;
}

static void end_block(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	struct fork *f = state_of(c)->fork;

	if (!f || t->arg != mark_of(f) || fate == FATE_GONE)
		return;
	if (fate == FATE_RULE || fate == FATE_BAD) {
		TN_LOG(c, TN_WARN, f->peer, "Refused block %" PRIu64 " of another branch: %s",
		       t->block->header.height, why);
		tn_fault(c, f->peer, points_of(c, f->peer, t->fault), "a bad block of a branch");
	}
	if (fate == FATE_CONNECTED)
		announce_owe(c);
	f->broken =
		f->broken || (fate != FATE_SIDE && fate != FATE_CONNECTED && fate != FATE_KNOWN);
	if (t->block->header.height != f->last)
		return;
	f->next = f->last + 1;
	if (f->broken)
		end(c, "it cannot be taken");
	else
		fetch(c);
}

static bool fits(const struct tn_blocks *list, const struct fork *f)
{
	if (list->blocks.n > f->last - f->next + 1)
		return false;
	for (uint32_t i = 0; i < list->blocks.n; i++)
		if (list->blocks.v[i].header.height != f->next + i)
			return false;
	return true;
}

static void begin_blocks(struct tn_ctx *c, struct fork *f, const struct tn_msg *m)
{
	const struct tn_blocks *list = m->body;

	f->last = f->next + list->blocks.n - 1;
	f->got += list->blocks.n;
	for (uint32_t i = 0; i < list->blocks.n; i++) {
		struct trial t = { .block = &list->blocks.v[i],
				   .owner = m->arena,
				   .from = f->peer,
				   .end = end_block,
				   .arg = mark_of(f),
				   .bytes = m->line.n / list->blocks.n };

		if (!road_begin(c, &t))
			continue;
		f->broken = true;
		if (i == 0)
			end(c, "too many blocks wait");
		else
			f->last = f->next + i - 1;
		return;
	}
}

static tn_verdict on_range(struct tn_ctx *c, struct tn_sid sid, void *slot,
			   const struct tn_reply *r, uint64_t from)
{
	struct fork *f = state_of(c)->fork;

	(void)slot;
	if (!f || f->peer.v != sid.v || f->next != from)
		return TN_TAKEN;
	if (r->status) {
		end(c, "no answer");
		return TN_TAKEN;
	}
	if (!((const struct tn_blocks *)r->msg->body)->blocks.n) {
		/* It may have left that branch, or be about to: no lie. */
		end(c, "it has not these blocks");
		return TN_TAKEN;
	}
	if (!fits(r->msg->body, f)) {
		tn_fault(c, sid, 20, "other blocks than asked");
		end(c, "other blocks than asked");
		return tn_refuse(R_UNASKED);
	}
	begin_blocks(c, f, r->msg);
	return TN_TAKEN;
}

static void fetch(struct tn_ctx *c)
{
	struct fork *f = state_of(c)->fork;
	struct tn_range range = { f->next, 0 };
	struct tn_question q = { TN_BODY(range),      .send = M_GET_RANGE, .expect = M_RANGE,
				 .timeout_ms = 60000, .tag = f->next,      .done = on_range };

	if (f->next > f->end) {
		end(c, "all of it was fetched");
		return;
	}
	range.end = f->end - f->next >= RANGE ? f->next + RANGE - 1 : f->end;
	f->last = range.end;
	if (tn_ask_peer(c, f->peer, &q))
		end(c, "it cannot be asked");
}

/* ---- where it leaves ours */

static bool is_at(const void *body, uint64_t height)
{
	return ((const struct tn_block_hash_at *)body)->height == height;
}

static tn_verdict on_hash(struct tn_ctx *c, struct tn_sid sid, void *slot, const struct tn_reply *r,
			  uint64_t height)
{
	struct fork *f = state_of(c)->fork;
	const struct tn_block_hash_at *at;
	struct index index;
	bool same;

	(void)slot;
	if (!f || f->peer.v != sid.v)
		return TN_TAKEN;
	if (r->status || store_index(c, NULL, height, &index)) {
		end(c, "no answer");
		return TN_TAKEN;
	}
	at = r->msg->body;
	same = at->has_hash && same_hash(&at->hash, &index.hash);
	branch_search_answer(&f->where, height, same);
	search(c);
	return TN_TAKEN;
}

static void ask_hash(struct tn_ctx *c, struct fork *f, uint64_t height)
{
	struct tn_height at = { height };
	struct tn_question q = { TN_BODY(at),      .send = M_GET_HASH,
				 .expect = M_HASH, .timeout_ms = ANSWER_MS,
				 .tag = height,    .match = is_at,
				 .done = on_hash };

	if (tn_ask_peer(c, f->peer, &q))
		end(c, "it cannot be asked");
}

static void search(struct tn_ctx *c)
{
	struct fork *f = state_of(c)->fork;
	uint64_t height;

	if (branch_search_next(&f->where, &height)) {
		ask_hash(c, f, height);
		return;
	}
	if (branch_too_deep(&f->where)) {
		end(c, "it leaves ours too far below");
		return;
	}
	f->next = f->where.low + 1;
	fetch(c);
}

static void start(struct tn_ctx *c, struct tn_sid peer, struct slot *p, uint64_t height)
{
	struct state *st = state_of(c);
	struct fork *f = calloc(1, sizeof *f);

	if (!f)
		return;
	p->forked_us = tn_now_us(c);
	p->fetching = true;
	p->wants = 0;
	f->peer = peer;
	f->serial = ++st->forks;
	f->began_us = p->forked_us;
	f->end = p->height > height ? p->height : height;
	f->look = tn_after(c, LOOK_MS, on_look, NULL);
	branch_search(&f->where, st->tip.height, f->end);
	st->fork = f;
	TN_LOG(c, TN_INFO, peer, "It is on another branch at height %" PRIu64, height);
	search(c);
}

void fork_begin(struct tn_ctx *c, struct tn_sid peer, uint64_t height)
{
	struct state *st = state_of(c);
	struct slot *p = tn_slot(c, peer);
	uint64_t now = tn_now_us(c);

	if (st->maintain || !p || !p->checked || p->fetching || height <= 1 ||
	    (p->forked_us && now - p->forked_us < AGAIN_US))
		return;
	if (!st->fork) {
		start(c, peer, p, height);
		return;
	}
	p->wants_us = p->wants ? p->wants_us : now;
	p->wants = height;
}
