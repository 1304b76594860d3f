/* SPDX-License-Identifier: MIT
 * plugins/masternodes/registry_disk.c - what is kept of the registry over a restart; addresses
 */
#include <stdlib.h>
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
				   .announced = r->announced | (r->shown ? MN_STORED_SHOWN : 0),
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
	uint32_t tier = s->announced & ~MN_STORED_SHOWN;
	struct mn_record *r;

	if (s->reward.n >= sizeof r->reward || tier > TN_TIER_GOLD || s->total_s < 0 ||
	    registry_get(g, s->ip))
		return false;
	r = registry_insert(g, s->ip, now);
	if (!r)
		return false;
	r->heard = false;
	g->heard--;
	r->key = s->key;
	memcpy(r->reward, s->reward.p, s->reward.n);
	r->announced = (uint8_t)tier;
	r->has_coin = s->has_coin;
	r->coin = s->coin;
	if (s->has_coin && s->announced & MN_STORED_SHOWN)
		registry_show(g, r);
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

/* ---- more than there is room for */

/* Who goes first; no two are equal. */
static int longer_silent(const struct mn_record *a, const struct mn_record *b)
{
	if (a->active != b->active)
		return a->active - b->active;
	if (a->life_us != b->life_us)
		return a->life_us < b->life_us ? -1 : 1;
	return (a->ip > b->ip) - (a->ip < b->ip);
}

static int cmp(const void *a, const void *b)
{
	return longer_silent(*(struct mn_record *const *)a, *(struct mn_record *const *)b);
}

/* The last one that goes when n have to. */
static int find_last(const struct registry *g, uint32_t n, struct mn_record *out)
{
	struct mn_record **order = malloc(g->count * sizeof(struct mn_record *));

	if (!order)
		return TN_ENOMEM;
	memcpy(order, g->list, g->count * sizeof(struct mn_record *));
	qsort(order, g->count, sizeof(struct mn_record *), cmp);
	*out = *order[n - 1];
	free(order);
	return 0;
}

int registry_trim(struct registry *g)
{
	uint32_t n = g->count > g->limits.max ? g->count - g->limits.max : 0, kept = 0;
	struct mn_record last;

	if (!n)
		return 0;
	if (find_last(g, n, &last))
		return TN_ENOMEM;
	for (uint32_t i = 0; i < g->count; i++) {
		if (longer_silent(g->list[i], &last) <= 0)
			registry_drop(g, g->list[i]);
		else
			g->list[kept++] = g->list[i];
	}
	g->count = kept;
	return (int)n;
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
