/* SPDX-License-Identifier: MIT
 * plugins/blocks/announce.c - BlockAnnouncement: judged first, then relayed, once
 */
#include "serve.h"

#include <inttypes.h>

enum { OWED_MS = 1000 };

/* What a peer is charged for a block that breaks a rule. Old nodes pass on what they do not
 * look at themselves, and a clock may go wrong. */
unsigned points_of(struct tn_ctx *c, struct tn_sid s, uint32_t fault)
{
	struct tn_session who = { 0 };

	if (!tn_session(c, s, &who) && who.flags & TN_S_LEGACY)
		return 5;
	return fault == TN_FAULT_PARENT || fault == TN_FAULT_FUTURE ? 10 : 50;
}

static tn_verdict verdict_of(enum fate fate)
{
	switch (fate) {
	case FATE_CONNECTED:
	case FATE_SIDE:
	case FATE_GOOD:
		return TN_TAKEN;
	case FATE_KNOWN:
		return tn_refuse(R_KNOWN);
	case FATE_ORPHAN:
		return tn_refuse(R_ORPHAN);
	case FATE_RULE:
		return tn_refuse(R_RULE);
	case FATE_BAD:
		return tn_refuse(R_BAD);
	case FATE_DEEP:
		return tn_refuse(R_DEEP);
	case FATE_BUSY:
	case FATE_GONE:
		break;
	}
	return tn_refuse(R_BUSY);
}

static void end_announced(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	const struct tn_msg *m = tn_held(c, t->hold);
	struct tn_filter others = { .except = t->from };

	if (fate == FATE_GONE)
		return; /* the host settles what is held */
	if (fate == FATE_RULE || fate == FATE_BAD) {
		TN_LOG(c, TN_WARN, t->from, "Refused block %" PRIu64 ": %s",
		       t->block->header.height, why);
		tn_fault(c, t->from, points_of(c, t->from, t->fault), "announced a bad block");
	}
	if (fate == FATE_CONNECTED && m)
		tn_relay(c, &others, m);
	if (fate == FATE_ORPHAN || fate == FATE_SIDE)
		sync_hint(c, t->from, t->block->header.height);
	tn_settle(c, t->hold, verdict_of(fate));
}

tn_verdict on_announce(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_block *b = m->body;
	struct trial t = { .block = b,
			   .owner = m->arena,
			   .from = m->from,
			   .end = end_announced,
			   .bytes = m->line.n,
			   .durable = true };
	struct state *st = state_of(c);
	struct tn_hash hash;

	if (tn_block_hash(st->sha, &b->header, &hash))
		return TN_BROKEN;
	if (road_knows(c, &b->header, &hash))
		return tn_refuse(R_KNOWN);
	t.hold = tn_hold(c, m);
	if (!t.hold.v)
		return TN_BROKEN;
	return road_begin(c, &t) ? tn_refuse(R_BUSY) : TN_LATER;
}

/* ---- what came by asking: those who follow us have not heard of it */

static bool is_behind(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	struct slot *p = slot;
	uint64_t height = *(const uint64_t *)arg;

	(void)c;
	(void)sid;
	if (!p->checked || p->height >= height || p->told >= height)
		return false;
	p->told = height;
	return true;
}

void announce_frame(struct tn_ctx *c, struct tn_frame *f, uint64_t height)
{
	struct tn_filter behind = { .also = is_behind, .arg = &height };

	tn_broadcast_frame(c, &behind, f);
}

static void announce_tip(struct tn_ctx *c)
{
	struct range r = { state_of(c)->tip.height, state_of(c)->tip.height, 0 };
	struct tn_frame *f;
	struct index index;

	if (store_index(c, NULL, r.end, &index))
		return;
	r.text = index.text;
	if (encode_wants(c, &r)) {
		encode_announce(c, &r);
		return;
	}
	f = serve_encode(c, M_ANNOUNCE, &r);
	if (!f)
		return;
	announce_frame(c, f, r.end);
	tn_frame_unref(c, f);
}

static void on_owed(struct tn_ctx *c, void *arg)
{
	struct state *st = state_of(c);

	(void)arg;
	st->owed = (struct tn_timer){ 0 };
	if (st->safe == st->tip.height && road_is_idle(c))
		announce_tip(c);
	else
		announce_owe(c);
}

void announce_owe(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	if (!st->owed.v)
		st->owed = tn_after(c, OWED_MS, on_owed, NULL);
}
