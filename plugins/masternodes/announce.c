/* SPDX-License-Identifier: MIT
 * plugins/masternodes/announce.c - announcements: ours to everybody, those of others judged
 *
 * Some seconds after a link is up (old nodes ignore what comes in the first five) and then
 * regularly. One that a new node signed goes on to other new nodes, once, when it says
 * something new: that a masternode lives is what heartbeats are for.
 */
#include <inttypes.h>
#include <string.h>

#include "judge.h"
#include "masternodes.h"
#include "text.h"

enum {
	FRESH_US = 5000000, /* an encoded announcement serves all links for so long */
	SIGNATURE_POINTS = 20
};

/* ---- ours */

void mn_announce_anew(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);

	if (st->announcement)
		tn_frame_unref(c, st->announcement);
	st->announcement = NULL;
}

static struct tn_frame *ours(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);
	char text[TN_MN_ADDRESS_TEXT];
	struct tn_announcement say;

	if (st->announcement && mn_now(c).mono_us - st->announced_us < FRESH_US)
		return st->announcement;
	mn_announce_anew(c);
	if (mn_self_claim(c, text, &say))
		return NULL;
	st->announcement = tn_make_frame(c, M_ANNOUNCE, &say);
	st->announced_us = mn_now(c).mono_us;
	return st->announcement;
}

void mn_announce(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	struct tn_frame *f = ours(c);

	(void)slot;
	if (f)
		tn_send_frame(c, sid, f);
}

void mn_announce_first(struct tn_ctx *c, void *arg)
{
	struct mn_slot *slot = arg;

	slot->first = (struct tn_timer){ 0 };
	mn_announce(c, slot->sid, slot);
}

/* ---- theirs: what is told of it */

static void say_new(struct tn_ctx *c, struct tn_sid from, const struct mn_record *r)
{
	TN_LOG(c, TN_INFO, from, "Masternode %s is new here: %s, paid at %s", r->text,
	       mn_tier_text(r->announced), r->reward);
}

static void say_key(struct tn_ctx *c, struct tn_sid from, const struct mn_record *r,
		    const struct mn_record *was)
{
	char old[65], new[65];

	TN_LOG(c, TN_WARN, from, "Masternode %s has another key: %.16s... was %.16s...", r->text,
	       mn_hex_text(r->key.b, sizeof r->key.b, new),
	       mn_hex_text(was->key.b, sizeof was->key.b, old));
}

static void say_changed(struct tn_ctx *c, struct tn_sid from, const struct mn_record *r,
			const struct mn_record *was)
{
	if (memcmp(&r->key, &was->key, sizeof r->key) != 0)
		say_key(c, from, r, was);
	if (strcmp(r->reward, was->reward) != 0)
		TN_LOG(c, TN_INFO, from, "Masternode %s is paid at %s now, was %s", r->text,
		       r->reward, was->reward);
	if (r->announced != was->announced)
		TN_LOG(c, TN_INFO, from, "Masternode %s says that it is %s now, was %s", r->text,
		       mn_tier_text(r->announced), mn_tier_text(was->announced));
}

/* ---- theirs: what it does */

static tn_verdict verdict_of(enum mn_fate fate)
{
	switch (fate) {
	case MN_NEW:
	case MN_SAME:
	case MN_CHANGED:
		return TN_TAKEN;
	case MN_KEY:
		return tn_refuse(R_KEY);
	case MN_STALE:
		return tn_refuse(R_REPLAYED);
	case MN_BARE:
		return tn_refuse(R_SIGNATURE);
	case MN_OFTEN:
		return tn_refuse(R_CHANGED);
	case MN_FULL:
		return tn_refuse(R_FULL);
	case MN_UNKNOWN:
		break;
	}
	return tn_refuse(R_UNMET);
}

/* It goes on when it says something new, to those who understand the signature. */
static void pass_on(struct tn_ctx *c, const struct tn_msg *m)
{
	static const struct tn_filter new_nodes = { .none_of = TN_S_LEGACY };

	if (tn_relay(c, &new_nodes, m) >= 0)
		tn_metric(c, C_RELAYED, 1);
}

static void after(struct tn_ctx *c, const struct tn_msg *m, const struct mn_claim *claim,
		  enum mn_fate fate, const struct mn_record *was)
{
	const struct mn_record *r = registry_find(mn_state(c)->registry, claim->ip);

	tn_metric(c, C_TAKEN, 1);
	if (!r || (fate == MN_SAME && was->active))
		return;
	if (fate == MN_NEW) {
		say_new(c, m->from, r);
		mn_contact_met(c, r->ip);
	} else if (fate == MN_CHANGED) {
		say_changed(c, m->from, r, was);
	}
	if (!was->active && fate != MN_NEW)
		TN_LOG(c, TN_INFO, m->from, "Masternode %s is active again", r->text);
	if (fate != MN_SAME)
		mn_keep_soon(c);
	mn_collateral_look(c, r);
	mn_changed(c);
	if (claim->signed_at && fate != MN_SAME)
		pass_on(c, m);
}

static bool is_usable(struct tn_ctx *c, uint32_t ip)
{
	const struct tn_addr a = mn_addr_of(ip);

	return tn_usable(c, &a);
}

/* A name of somebody else: worth a dial, if this peer may still tell us any. */
static void hint(struct tn_ctx *c, struct mn_slot *slot, uint32_t ip, uint32_t from_ip)
{
	if (ip && slot && is_usable(c, ip) && tn_bucket_take(&slot->hints, 1, tn_now_us(c)))
		registry_hear(mn_state(c)->registry, ip, from_ip ? from_ip : UINT32_MAX, mn_now(c));
}

static tn_verdict refuse_signature(struct tn_ctx *c, const struct tn_msg *m)
{
	if (!(m->flags & TN_MSG_LEGACY))
		tn_fault(c, m->from, SIGNATURE_POINTS, "an announcement with a wrong signature");
	return tn_refuse(R_SIGNATURE);
}

/* What the registry would say to a relayed one, before a signature is checked for it. */
static enum mn_fate foresee(struct tn_ctx *c, const struct mn_claim *claim)
{
	const struct mn_record *r = registry_find(mn_state(c)->registry, claim->ip);

	if (!r || (r->heard && !r->pinned))
		return MN_UNKNOWN;
	if (memcmp(&r->key, &claim->key, sizeof r->key) != 0)
		return MN_KEY;
	return claim->signed_at > r->signed_at ? MN_SAME : MN_STALE;
}

static tn_verdict take(struct tn_ctx *c, const struct tn_msg *m, const struct judge_scene *s,
		       const struct mn_claim *claim, bool direct)
{
	struct mn_state *st = mn_state(c);
	struct mn_record was;
	enum mn_fate fate = direct ? MN_SAME : foresee(c, claim);

	if (fate == MN_UNKNOWN || fate == MN_KEY)
		hint(c, tn_slot(c, m->from), claim->ip, s->from_ip);
	if (fate != MN_SAME)
		return verdict_of(fate);
	if (judge_signature(st->sha, s) != JUDGE_GOOD)
		return refuse_signature(c, m);
	fate = registry_claim(st->registry, claim, direct, mn_now(c), &was);
	if (fate == MN_NEW || fate == MN_SAME || fate == MN_CHANGED)
		after(c, m, claim, fate, &was);
	return verdict_of(fate);
}

static tn_verdict refuse(struct tn_ctx *c, const struct tn_msg *m, enum judge_verdict v,
			 const struct mn_claim *claim, uint32_t from_ip)
{
	switch (v) {
	case JUDGE_OURS:
		return tn_refuse(R_OURS);
	case JUDGE_REWARD:
		return tn_refuse(R_REWARD);
	case JUDGE_OLD:
		return tn_refuse(R_OLD);
	case JUDGE_FUTURE:
		return tn_refuse(R_FUTURE);
	case JUDGE_SIGNATURE:
		return refuse_signature(c, m);
	case JUDGE_ADDRESS:
	case JUDGE_GOOD:
		break;
	}
	hint(c, tn_slot(c, m->from), claim->ip, from_ip);
	return tn_refuse(R_ADDRESS);
}

/* Three a minute of a peer about itself; about others as many as there may be others. */
static bool in_time(struct tn_ctx *c, struct tn_sid from, bool direct)
{
	struct mn_slot *slot = tn_slot(c, from);

	return slot && tn_bucket_take(direct ? &slot->own : &slot->relayed, 1, tn_now_us(c));
}

tn_verdict mn_on_announcement(struct tn_ctx *c, const struct tn_msg *m)
{
	struct mn_state *st = mn_state(c);
	struct judge_scene s = { .said = m->body,
				 .network = st->net.name,
				 .digit = st->net.digit,
				 .now_s = tn_wall_s(c),
				 .since_s = mn_since(c) };
	struct tn_session who;
	struct mn_claim claim;
	enum judge_verdict v;
	bool direct;

	if (tn_session(c, m->from, &who))
		return TN_BROKEN;
	if (!mn_ip_of(&who.addr, &s.from_ip))
		s.from_ip = 0;
	if (mn_own_ip(c, &s.own_ip))
		s.own_ip = 0;
	v = judge_claim(st->sha, &s, &claim, &direct);
	if (!in_time(c, m->from, direct))
		return tn_refuse(R_OFTEN);
	if (v == JUDGE_GOOD && !is_usable(c, claim.ip)) /* of our own network, say */
		return tn_refuse(R_ADDRESS);
	return v == JUDGE_GOOD ? take(c, m, &s, &claim, direct)
			       : refuse(c, m, v, &claim, s.from_ip);
}
