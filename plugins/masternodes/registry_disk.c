/* SPDX-License-Identifier: MIT
 * plugins/masternodes/registry_disk.c - what is kept of the registry over a restart; addresses
 */
#include <string.h>

#include "registry_impl.h"
#include "timenode/types_tx.h"

/* ---- on disk */

int registry_changes(struct registry *g, const struct registry_out *out)
{
	int rc;

	while (g->gone_count) {
		rc = out->del(out->arg, g->gone[g->gone_count - 1]);
		if (rc)
			return rc;
		g->gone_count--;
	}
	for (uint32_t i = 0; i < g->count; i++) {
		struct mn_record *r = g->list[i];

		if (!r->dirty || r->heard)
			continue;
		rc = out->put(out->arg, r);
		if (rc)
			return rc;
		r->dirty = false;
		r->stored = true;
		r->stored_s = r->last_s;
	}
	return 0;
}

void registry_store(const struct mn_record *r, struct mn_time now, struct mn_stored *out)
{
	*out = (struct mn_stored){ .ip = r->ip,
				   .key = r->key,
				   .reward = { r->reward, (uint32_t)strlen(r->reward) },
				   .announced = r->announced,
				   .has_coin = r->has_coin,
				   .active = r->active,
				   .coin = r->coin,
				   .signed_at = r->signed_at,
				   .first_s = r->first_s,
				   .last_s = r->last_s,
				   .total_s = r->total_s,
				   .active_s = now.wall_s - registry_run_s(r, now.mono_us) };
}

/* Seconds from `then` to now, none if the clock was set back, at most ten years. */
static int64_t age_s(int64_t then, int64_t now)
{
	const int64_t most = INT64_C(10) * 366 * 86400;
	uint64_t age = (uint64_t)now - (uint64_t)then;

	if (then >= now)
		return 0;
	return age < (uint64_t)most ? (int64_t)age : most;
}

bool registry_restore(struct registry *g, const struct mn_stored *s, struct mn_time now)
{
	int64_t age = age_s(s->last_s, now.wall_s);
	struct mn_record *r;

	if (s->reward.n >= sizeof r->reward || s->announced > TN_TIER_GOLD || s->total_s < 0 ||
	    registry_get(g, s->ip) || g->count >= g->limits.max)
		return false;
	r = registry_insert(g, s->ip, now);
	if (!r)
		return false;
	r->heard = false;
	g->heard--;
	r->key = s->key;
	memcpy(r->reward, s->reward.p, s->reward.n);
	r->announced = (uint8_t)s->announced;
	r->has_coin = s->has_coin;
	r->coin = s->coin;
	r->signed_at = s->signed_at;
	r->first_s = s->first_s;
	r->last_s = r->stored_s = s->last_s;
	r->total_s = s->total_s;
	r->stored = true;
	r->life_us = r->claim_us = now.mono_us - age * 1000000;
	r->active = s->active && (uint64_t)age * 1000 <= g->limits.silence_ms;
	g->active += r->active;
	if (r->active)
		r->active_us = now.mono_us - age_s(s->active_s, now.wall_s) * 1000000;
	else if (s->active)
		r->total_s += age_s(s->active_s, s->last_s);
	return true;
}

/* clang-format off */
const struct tn_schema mn_stored_schema = TN_SCHEMA(struct mn_stored, TN_RECORD,
	TN_FIELD(struct mn_stored, ip),
	TN_FIELD(struct mn_stored, key),
	TN_FIELD_MAX(struct mn_stored, reward, TN_ADDRESS_TEXT - 1),
	TN_FIELD(struct mn_stored, announced),
	TN_FIELD(struct mn_stored, has_coin),
	TN_FIELD(struct mn_stored, active),
	TN_SUB(struct mn_stored, coin, &tn_wire_outpoint),
	TN_FIELD(struct mn_stored, signed_at),
	TN_FIELD(struct mn_stored, first_s),
	TN_FIELD(struct mn_stored, last_s),
	TN_FIELD(struct mn_stored, total_s),
	TN_FIELD(struct mn_stored, active_s));
/* clang-format on */

/* ---- addresses */

int mn_ip_parse(struct tn_str text, uint32_t *ip)
{
	struct tn_addr a;

	if (tn_addr_parse(&a, text.p, text.n) || !mn_ip_of(&a, ip))
		return TN_EBAD;
	return 0;
}

bool mn_ip_of(const struct tn_addr *a, uint32_t *ip)
{
	if (!tn_addr_is_v4(a))
		return false;
	*ip = (uint32_t)a->ip[12] << 24 | (uint32_t)a->ip[13] << 16 | (uint32_t)a->ip[14] << 8 |
	      a->ip[15];
	return true;
}

struct tn_addr mn_addr_of(uint32_t ip)
{
	struct tn_addr a = { .port = 0 };

	memset(a.ip + 10, 0xff, 2);
	for (int i = 0; i < 4; i++)
		a.ip[12 + i] = (uint8_t)(ip >> (24 - 8 * i));
	return a;
}

const char *mn_ip_text(uint32_t ip, char buf[TN_MN_ADDRESS_TEXT])
{
	struct tn_addr a = mn_addr_of(ip);
	char text[TN_ADDR_TEXT];

	memcpy(buf, tn_addr_ip_text(&a, text), TN_MN_ADDRESS_TEXT);
	return buf;
}
