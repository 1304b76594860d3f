/* SPDX-License-Identifier: MIT
 * plugins/masternodes/service.c - the services identity and masternodes
 */
#include <string.h>

#include "masternodes.h"

/* ---- identity */

static int op_get(struct tn_ctx *c, struct tn_identity *out)
{
	const struct tn_wallet *w = &mn_state(c)->wallet;
	uint32_t ip;

	if (!w->address[0]) /* not started */
		return TN_EGONE;
	*out = (struct tn_identity){ .key = w->secret.key };
	memcpy(out->payment, w->address, sizeof out->payment);
	if (!mn_own_ip(c, &ip))
		mn_ip_text(ip, out->address);
	return 0;
}

static int op_sign(struct tn_ctx *c, struct tn_view msg, struct tn_sig *out)
{
	const struct tn_wallet *w = &mn_state(c)->wallet;

	if (!w->address[0])
		return TN_EGONE;
	tn_sign(&w->secret, msg.p, msg.n, out);
	return 0;
}

const struct tn_identity_ops mn_identity_ops = { sizeof mn_identity_ops, op_get, op_sign };

/* ---- masternodes */

static int copy(struct tn_arena *a, const char *text, struct tn_str *out)
{
	out->n = (uint32_t)strlen(text);
	out->p = tn_copy_text(a, text, out->n);
	return out->p ? 0 : TN_ENOMEM;
}

/* For the block of the next slot: active since this one began. */
static uint64_t period_ms(struct tn_ctx *c)
{
	const struct tn_network *net = &mn_state(c)->net;
	int64_t now = tn_wall_s(c), begin;

	if (tn_slot_time(net, tn_slot_at(net, now), &begin) || begin > now)
		return 0;
	return (uint64_t)(now - begin) * 1000;
}

enum eligible_why mn_eligible(struct tn_ctx *c, const struct mn_record *r)
{
	int64_t active_us = mn_now(c).mono_us - r->active_us;
	const struct eligible_one one = {
		.met = !r->heard,
		.active = r->active,
		.active_ms = active_us > 0 ? (uint64_t)active_us / 1000 : 0,
		.reward_ok = r->reward[0] != '\0', /* looked at when it was said: judge.c */
		.tier = mn_tier_of(c, r),
	};

	return eligible_why(&one, period_ms(c));
}

uint16_t mn_flags(struct tn_ctx *c, const struct mn_record *r)
{
	bool proven = r->collateral || mn_conf(c)->trust_announced_tier;

	return (uint16_t)((r->active ? TN_MN_ACTIVE : 0) | (r->heard ? 0 : TN_MN_DIRECT) |
			  (mn_eligible(c, r) == ELIGIBLE ? TN_MN_ELIGIBLE : 0) |
			  (proven && !r->heard ? TN_MN_COLLATERAL : 0));
}

static int fill(struct tn_ctx *c, const struct mn_record *r, struct tn_arena *a, struct tn_mn *out)
{
	uint64_t silent = registry_silence_ms(r, mn_now(c)) / 1000;

	*out = (struct tn_mn){ .key = r->key,
			       .announced = r->announced,
			       .flags = mn_flags(c, r),
			       .silent_s = silent < UINT32_MAX ? (uint32_t)silent : UINT32_MAX };
	out->tier = mn_tier_of(c, r);
	return copy(a, r->text, &out->address) || copy(a, r->reward, &out->reward) ? TN_ENOMEM : 0;
}

static int op_list(struct tn_ctx *c, uint16_t all_of, struct tn_arena *a, struct tn_mn_set *out)
{
	const struct registry *g = mn_state(c)->registry;
	uint32_t me = 0, n = registry_count(g);
	bool known = !mn_own_ip(c, &me);

	*out = (struct tn_mn_set){ .me = -1 };
	out->mn.v = tn_alloc(a, (n + 1) * sizeof *out->mn.v);
	if (!out->mn.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct mn_record *r = registry_at(g, i);

		if ((mn_flags(c, r) & all_of) != all_of)
			continue;
		if (known && r->ip == me)
			out->me = (int32_t)out->mn.n;
		if (fill(c, r, a, &out->mn.v[out->mn.n++]))
			return TN_ENOMEM;
	}
	return 0;
}

static int op_key_of(struct tn_ctx *c, struct tn_str address, struct tn_key *out)
{
	const struct mn_record *r;
	uint32_t ip;

	if (mn_ip_parse(address, &ip))
		return TN_ENOENT;
	r = registry_find(mn_state(c)->registry, ip);
	if (!r || (r->heard && !r->pinned))
		return TN_ENOENT;
	*out = r->key;
	return 0;
}

static int op_voters(struct tn_ctx *c, uint64_t height, struct tn_arena *a,
		     struct tn_voter_set *out)
{
	const struct tn_voter_set *set = &mn_state(c)->voters;
	const struct tn_key *key = &mn_state(c)->wallet.secret.key;

	(void)height; /* one set for all heights until blocks change it */
	*out = (struct tn_voter_set){ .me = -1 };
	if (!set->voter.n)
		return TN_ENOENT;
	out->voter.v = tn_alloc(a, set->voter.n * sizeof *out->voter.v);
	if (!out->voter.v)
		return TN_ENOMEM;
	for (; out->voter.n < set->voter.n; out->voter.n++) {
		const struct tn_voter *from = &set->voter.v[out->voter.n];
		struct tn_voter *to = &out->voter.v[out->voter.n];

		to->key = from->key;
		if (copy(a, from->address.p, &to->address))
			return TN_ENOMEM;
		if (!memcmp(&from->key, key, sizeof *key))
			out->me = (int32_t)out->voter.n;
	}
	return 0;
}

const struct tn_masternodes_ops mn_masternodes_ops = { sizeof mn_masternodes_ops, op_list,
						       op_key_of, op_voters };
