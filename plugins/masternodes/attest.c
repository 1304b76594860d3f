/* SPDX-License-Identifier: MIT
 * plugins/masternodes/attest.c - attestations, ours and those that come
 *
 * Where each masternode is linked with each, a witness tells all of them at once and nobody
 * passes it on. Where they are more, the attestation goes to the masternode whose heartbeat it
 * attests, from link to link along the ring: seven of them would weigh more than the heartbeat
 * if everybody had to carry them.
 */
#include <string.h>

#include "beats.h"

static struct mn_beats *beats_of(struct tn_ctx *c)
{
	return mn_state(c)->beats;
}

static bool is_full(struct tn_ctx *c)
{
	return mn_ring(c)->n <= MESH_FULL;
}

static void send_on(struct tn_ctx *c, const struct tn_attestation *t, const struct beat_entry *e,
		    struct tn_sid from)
{
	struct tn_sid to;

	if (e->ours)
		return;
	to = mn_links_route(c, e->ip);
	if (to.v && to.v != from.v && !tn_send(c, to, M_ATTESTATION, t))
		beats_of(c)->passed++;
}

static void count(struct tn_ctx *c, struct beat_entry *e, const struct tn_key *key)
{
	struct mn_beats *b = beats_of(c);

	b->counted++;
	b->verified += witness_count(e, key, beat_find(&b->memory, e->ip));
}

/* ---- ours */

static bool is_chosen(struct tn_ctx *c, struct beat_entry *e, struct tn_str *name,
		      char text[TN_MN_ADDRESS_TEXT])
{
	const struct mn_ring *r = mn_ring(c);
	uint32_t ip;

	if (e->ours || mn_own_ip(c, &ip) || !mn_is_far(c, e->ip, e->time))
		return false;
	mn_ip_text(ip, text);
	*name = (struct tn_str){ text, (uint32_t)strlen(text) };
	return !witness_chosen(mn_state(c)->sha, e, r->text, r->n, *name);
}

static void make(struct tn_ctx *c, struct beat_entry *e)
{
	struct tn_filter ring = { .also = mn_links_ring };
	struct tn_attestation t = { .heartbeat_hash = e->hash, .witness_timestamp = tn_wall_s(c) };
	char text[TN_MN_ADDRESS_TEXT];

	if (!is_chosen(c, e, &t.witness_address, text) ||
	    tn_attestation_sign(mn_state(c)->sha, &mn_state(c)->wallet.secret, &t))
		return;
	beats_of(c)->made++;
	count(c, e, &t.witness_pubkey);
	if (is_full(c))
		tn_broadcast(c, &ring, M_ATTESTATION, &t);
	else
		send_on(c, &t, e, TN_NOBODY);
}

/* ---- those that come */

static tn_verdict refuse(struct tn_ctx *c, enum witness_fate fate)
{
	static const uint8_t reason[WITNESS_FATES] = {
		[WITNESS_ADDRESS] = R_ADDRESS,  [WITNESS_OURS] = R_OURS,
		[WITNESS_EARLY_BEAT] = R_EARLY, [WITNESS_UNKNOWN] = R_UNMET,
		[WITNESS_KEY] = R_KEY,          [WITNESS_OLD] = R_OLD,
		[WITNESS_FUTURE] = R_FUTURE,    [WITNESS_CHOSEN] = R_CHOSEN,
		[WITNESS_TWICE] = R_TWICE,      [WITNESS_SIGNATURE] = R_SIGNATURE,
	};

	beats_of(c)->unwitnessed[fate]++;
	return tn_refuse(reason[fate]);
}

/* Without the signature. */
static enum witness_fate judge(struct tn_ctx *c, const struct tn_attestation *t)
{
	struct mn_beats *b = beats_of(c);
	const struct mn_ring *r = mn_ring(c);
	struct witness_scene s = { .attestation = t,
				   .ip = mn_strict_ip(t->witness_address),
				   .now_s = tn_wall_s(c) };
	struct beat_entry *beat = beat_history_find(b->history, &t->heartbeat_hash);
	enum witness_fate fate;

	s.beat = beat;
	s.key = mn_key_of(c, s.ip);
	s.m = beat_find(&b->memory, s.ip);
	mn_own_ip(c, &s.own_ip);
	fate = witness_judge(&s);
	if (!fate && witness_chosen(mn_state(c)->sha, beat, r->text, r->n, t->witness_address))
		fate = WITNESS_CHOSEN;
	return fate;
}

static tn_verdict take(struct tn_ctx *c, const struct tn_attestation *t, struct tn_sid from)
{
	enum witness_fate fate = judge(c, t); /* again: much may have happened */
	struct beat_entry *e = beat_history_find(beats_of(c)->history, &t->heartbeat_hash);

	if (fate || !e)
		return refuse(c, fate);
	count(c, e, &t->witness_pubkey);
	if (!is_full(c))
		send_on(c, t, e, from);
	return TN_TAKEN;
}

static void on_checked(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct mn_check *in = in_;
	const struct mn_checked *out = out_;
	const struct tn_msg *m = tn_held(c, in->hold);

	if (status || !m)
		return;
	if (!out->good)
		mn_forged(c, m);
	tn_settle(c, in->hold,
		  out->good ? take(c, m->body, m->from) : refuse(c, WITNESS_SIGNATURE));
}

/* Its message has its verdict: what is wrong with it now is only counted here. */
static void on_checked_early(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct mn_check *in = in_;
	const struct mn_checked *out = out_;
	struct tn_attestation t = in->early.attestation;

	if (status)
		return;
	t.witness_address.p = in->early.address;
	if (out->good)
		take(c, &t, (struct tn_sid){ in->early.session });
	else
		refuse(c, WITNESS_SIGNATURE);
}

static int check_of(struct tn_ctx *c, const struct tn_attestation *t, struct mn_check *in)
{
	*in = (struct mn_check){ .key = t->witness_pubkey, .sig = t->signature };
	return tn_signed_attestation(mn_state(c)->sha, t, &in->digest);
}

static tn_verdict wait(struct tn_ctx *c, const struct tn_msg *m)
{
	struct mn_beats *b = beats_of(c);

	if (!witness_wait(b->early, m->body, m->from.v, tn_now_us(c)))
		return refuse(c, WITNESS_EARLY_BEAT);
	b->waited++;
	return TN_TAKEN;
}

tn_verdict mn_on_attestation(struct tn_ctx *c, const struct tn_msg *m)
{
	enum witness_fate fate = judge(c, m->body);
	struct mn_check in;

	if (fate == WITNESS_EARLY_BEAT)
		return wait(c, m);
	if (fate)
		return refuse(c, fate);
	if (check_of(c, m->body, &in))
		return TN_BROKEN;
	in.hold = tn_hold(c, m);
	if (!in.hold.v)
		return TN_BROKEN;
	if (mn_check_work(c, &in, on_checked))
		tn_settle(c, in.hold, tn_refuse(R_OVERLOAD));
	return TN_LATER;
}

void mn_attest(struct tn_ctx *c, struct beat_entry *e)
{
	struct witness_early early;
	struct mn_check in;

	make(c, e);
	while (witness_take(beats_of(c)->early, &e->hash, tn_now_us(c), &early)) {
		enum witness_fate fate = judge(c, &early.attestation);

		if (fate)
			refuse(c, fate);
		else if (!check_of(c, &early.attestation, &in)) {
			in.early = early;
			mn_check_work(c, &in, on_checked_early);
		}
	}
}
