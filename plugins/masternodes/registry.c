/* SPDX-License-Identifier: MIT
 * plugins/masternodes/registry.c - who is a masternode: what is said, believed and forgotten
 */
#include "registry_impl.h"

#include <stdlib.h>
#include <string.h>

#define DIAL_FIRST_MS 10000
#define DIAL_LAST_MS 3600000
#define STORE_S 60 /* a sign of life alone is written once in this time */

struct registry *registry_create(const struct mn_limits *l)
{
	struct registry *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->limits = *l;
	g->told = calloc(1 << 16, sizeof *g->told);
	if (g->told)
		return g;
	free(g);
	return NULL;
}

void registry_free(struct registry *g)
{
	if (!g)
		return;
	for (uint32_t i = 0; i < g->count; i++)
		free(g->list[i]);
	free(g->list);
	free(g->gone);
	free(g->shown);
	free(g->told);
	free(g);
}

void registry_limits(struct registry *g, const struct mn_limits *l)
{
	g->limits = *l;
}

uint32_t registry_count(const struct registry *g)
{
	return g->count;
}

uint32_t registry_active(const struct registry *g)
{
	return g->active;
}

const struct mn_record *registry_at(const struct registry *g, uint32_t i)
{
	return i < g->count ? g->list[i] : NULL;
}

/* ---- the sorted list */

/* Index of the first one that is not before `text`. */
static uint32_t place_of(const struct registry *g, const char *text)
{
	uint32_t lo = 0, hi = g->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (strcmp(g->list[mid]->text, text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct mn_record *registry_get(const struct registry *g, uint32_t ip)
{
	char text[TN_MN_ADDRESS_TEXT];
	uint32_t at = place_of(g, mn_ip_text(ip, text));

	return at < g->count && g->list[at]->ip == ip ? g->list[at] : NULL;
}

const struct mn_record *registry_find(const struct registry *g, uint32_t ip)
{
	return registry_get(g, ip);
}

/* A failure leaves its row on the disk, where it ages. */
static void note_gone(struct registry *g, uint32_t ip)
{
	if (g->gone_count == g->gone_room) {
		uint32_t room = g->gone_room ? 2 * g->gone_room : 16;
		uint32_t *more = realloc(g->gone, room * sizeof *more);

		if (!more)
			return;
		g->gone = more;
		g->gone_room = room;
	}
	g->gone[g->gone_count++] = ip;
}

static void unnote_gone(struct registry *g, uint32_t ip)
{
	for (uint32_t i = 0; i < g->gone_count; i++)
		if (g->gone[i] == ip) {
			g->gone[i] = g->gone[--g->gone_count];
			return;
		}
}

static uint32_t group_of(uint32_t ip)
{
	return ip >> 16;
}

/* It is heard no more, or goes. */
static void forget_teller(struct registry *g, struct mn_record *r)
{
	if (r->told_by)
		g->told[group_of(r->told_by)]--;
	r->told_by = 0;
}

void registry_drop(struct registry *g, struct mn_record *r)
{
	if (r->stored)
		note_gone(g, r->ip);
	registry_unshow(g, r);
	forget_teller(g, r);
	g->active -= r->active;
	g->heard -= r->heard;
	free(r);
}

static void remove_at(struct registry *g, uint32_t i)
{
	registry_drop(g, g->list[i]);
	memmove(&g->list[i], &g->list[i + 1], (--g->count - i) * sizeof(struct mn_record *));
}

static bool grow(struct registry *g)
{
	uint32_t room = g->room ? 2 * g->room : 64;
	struct mn_record **more;

	if (g->count < g->room)
		return true;
	more = realloc(g->list, room * sizeof(struct mn_record *));
	if (!more)
		return false;
	g->list = more;
	g->room = room;
	return true;
}

struct mn_record *registry_insert(struct registry *g, uint32_t ip, struct mn_time now)
{
	struct mn_record *r = grow(g) ? calloc(1, sizeof *r) : NULL;
	uint32_t at;

	if (!r)
		return NULL;
	*r = (struct mn_record){ .ip = ip,
				 .heard = true,
				 .life_us = now.mono_us,
				 .changed_us = INT64_MIN,
				 .first_s = now.wall_s,
				 .dialed_us = INT64_MIN };
	mn_ip_text(ip, r->text);
	at = place_of(g, r->text);
	memmove(&g->list[at + 1], &g->list[at], (g->count - at) * sizeof(struct mn_record *));
	g->list[at] = r;
	g->count++;
	g->heard++;
	unnote_gone(g, ip);
	return r;
}

/* ---- room */

/* Is a to go rather than b? Heard ones first: those that failed, then the oldest. */
static bool goes_first(const struct mn_record *a, const struct mn_record *b)
{
	if (a->heard != b->heard)
		return a->heard;
	if (a->heard && a->fails != b->fails)
		return a->fails > b->fails;
	return a->life_us < b->life_us;
}

enum victims { ANY, OF_GROUP, HEARD };

/* Makes room for one: false when everything that could go is alive or pinned. */
static bool evict(struct registry *g, enum victims of, uint32_t group)
{
	uint32_t worst = g->count;

	for (uint32_t i = 0; i < g->count; i++) {
		const struct mn_record *r = g->list[i];

		if (r->active || r->pinned || (of == HEARD && !r->heard) ||
		    (of == OF_GROUP && (r->heard || group_of(r->ip) != group)))
			continue;
		if (worst == g->count || goes_first(r, g->list[worst]))
			worst = i;
	}
	if (worst == g->count)
		return false;
	remove_at(g, worst);
	return true;
}

static uint32_t count_group(const struct registry *g, uint32_t group)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->count; i++)
		n += !g->list[i]->heard && !g->list[i]->pinned && group_of(g->list[i]->ip) == group;
	return n;
}

static bool room_in_group(struct registry *g, uint32_t ip)
{
	if (!g->limits.group_max || count_group(g, group_of(ip)) < g->limits.group_max)
		return true;
	return evict(g, OF_GROUP, group_of(ip));
}

/* For an address that spoke itself. */
static struct mn_record *make_met(struct registry *g, uint32_t ip, struct mn_time now)
{
	if (!room_in_group(g, ip) || (g->count >= g->limits.max && !evict(g, ANY, 0)))
		return NULL;
	return registry_insert(g, ip, now);
}

/* ---- what is said */

static bool same_key(const struct tn_key *a, const struct tn_key *b)
{
	return !memcmp(a->b, b->b, sizeof a->b);
}

static bool same_coin(const struct mn_record *r, const struct mn_claim *c)
{
	if (!r->has_coin || !c->has_coin)
		return r->has_coin == c->has_coin;
	return r->coin.vout == c->coin.vout &&
	       !memcmp(r->coin.txid.b, c->coin.txid.b, sizeof c->coin.txid.b);
}

static bool same(const struct mn_record *r, const struct mn_claim *c)
{
	return same_key(&r->key, &c->key) && !strcmp(r->reward, c->reward) &&
	       r->announced == c->tier && same_coin(r, c);
}

static void set_alive(struct registry *g, struct mn_record *r, struct mn_time now)
{
	if (!r->active) {
		r->active = true;
		r->active_us = now.mono_us;
		g->active++;
		r->dirty = true;
	}
	r->life_us = now.mono_us;
	r->last_s = now.wall_s;
	r->fails = 0;
	if (r->last_s - r->stored_s >= STORE_S || r->last_s < r->stored_s)
		r->dirty = true;
}

static void take(struct registry *g, struct mn_record *r, const struct mn_claim *c)
{
	registry_unshow(g, r);
	if (!same_key(&r->key, &c->key)) /* what the other one signed says nothing of it */
		r->signed_at = 0;
	r->key = c->key;
	memcpy(r->reward, c->reward, sizeof r->reward);
	r->announced = c->tier;
	r->has_coin = c->has_coin;
	r->coin = c->coin;
	r->dirty = true;
}

/* May this be taken from somebody else than the address itself? */
static enum mn_fate judge_relayed(const struct mn_record *r, const struct mn_claim *c)
{
	if (!c->signed_at || !r || (r->heard && !r->pinned))
		return MN_UNKNOWN;
	if (!same_key(&r->key, &c->key))
		return MN_KEY;
	return c->signed_at > r->signed_at ? MN_SAME : MN_STALE;
}

/* At most MN_CLAIM_AGE_S apart, whatever a peer says. */
static bool is_near(uint64_t a, uint64_t b)
{
	return a - b <= MN_CLAIM_AGE_S || b - a <= MN_CLAIM_AGE_S;
}

/* A wrong clock is no lie as long as it goes on as ours does. */
static enum mn_fate judge_again(const struct mn_record *r, const struct mn_claim *c, bool alive,
				struct mn_time now)
{
	uint64_t passed = (uint64_t)(now.mono_us - r->claim_us) / 1000000;

	if (is_near((uint64_t)c->signed_at, (uint64_t)now.wall_s))
		return c->signed_at >= r->signed_at || !alive ? MN_SAME : MN_STALE;
	return c->signed_at > r->signed_at &&
			       is_near((uint64_t)c->signed_at, (uint64_t)r->signed_at + passed)
		       ? MN_SAME
		       : MN_STALE;
}

/* May this be taken from a session with the address, behind which there may be others? */
static enum mn_fate judge_direct(const struct registry *g, const struct mn_record *r,
				 const struct mn_claim *c, struct mn_time now)
{
	bool alive;

	if (!r || r->heard || c->ours)
		return MN_SAME;
	alive = r->active && registry_silence_ms(r, now) <= g->limits.silence_ms;
	if (!same_key(&r->key, &c->key))
		return alive ? MN_KEY : MN_SAME;
	if (!r->signed_at)
		return MN_SAME;
	return c->signed_at ? judge_again(r, c, alive, now) : MN_BARE;
}

static enum mn_fate judge_change(const struct registry *g, const struct mn_record *r,
				 const struct mn_claim *c, struct mn_time now)
{
	if (r->pinned && !same_key(&r->key, &c->key))
		return MN_KEY;
	if (r->heard)
		return MN_NEW;
	if (same(r, c))
		return MN_SAME;
	if (!c->ours && r->changed_us != INT64_MIN && (r->signed_at || !c->signed_at) &&
	    now.mono_us - r->changed_us < (int64_t)g->limits.change_ms * 1000)
		return MN_OFTEN;
	return MN_CHANGED;
}

/* A heard one that now spoke itself. */
static enum mn_fate meet(struct registry *g, struct mn_record *r)
{
	if (!r->pinned && !room_in_group(g, r->ip))
		return MN_FULL;
	r->heard = false;
	g->heard--;
	forget_teller(g, r);
	return MN_NEW;
}

enum mn_fate registry_claim(struct registry *g, const struct mn_claim *c, bool direct,
			    struct mn_time now, struct mn_record *was)
{
	struct mn_record *r = registry_get(g, c->ip);
	enum mn_fate fate = direct ? judge_direct(g, r, c, now) : judge_relayed(r, c);

	if (was)
		*was = r ? *r : (struct mn_record){ 0 };
	if (fate != MN_SAME)
		return fate;
	if (!r)
		r = make_met(g, c->ip, now);
	if (!r)
		return MN_FULL;
	fate = judge_change(g, r, c, now);
	if (fate == MN_NEW)
		fate = meet(g, r);
	if (fate > MN_CHANGED)
		return fate;
	if (fate != MN_SAME)
		take(g, r, c);
	if (fate == MN_CHANGED)
		r->changed_us = now.mono_us;
	if (c->signed_at) {
		r->dirty = r->dirty || r->signed_at != c->signed_at;
		r->signed_at = c->signed_at;
		r->claim_us = now.mono_us;
	}
	set_alive(g, r, now);
	return fate;
}

bool registry_hear(struct registry *g, uint32_t ip, uint32_t told_by, struct mn_time now)
{
	struct mn_record *r = registry_get(g, ip);

	if (r) {
		if (r->heard)
			r->life_us = now.mono_us;
		return false;
	}
	if (told_by && g->told[group_of(told_by)] >= g->limits.told_max)
		return false;
	if ((g->heard >= g->limits.heard_max || g->count >= g->limits.max) && !evict(g, HEARD, 0))
		return false;
	r = registry_insert(g, ip, now);
	if (!r)
		return false;
	r->told_by = told_by;
	g->told[group_of(told_by)] += told_by != 0;
	return true;
}

/* All that it said goes; it is as if only heard of. */
static void unlearn(struct registry *g, struct mn_record *r)
{
	struct mn_record left = { .ip = r->ip,
				  .heard = true,
				  .life_us = r->life_us,
				  .changed_us = INT64_MIN,
				  .first_s = r->first_s,
				  .dialed_us = INT64_MIN };

	if (r->stored)
		note_gone(g, r->ip);
	registry_unshow(g, r);
	g->active -= r->active;
	g->heard += !r->heard;
	memcpy(left.text, r->text, sizeof left.text);
	*r = left;
}

int registry_pin(struct registry *g, uint32_t ip, const struct tn_key *key, struct mn_time now)
{
	struct mn_record *r = registry_get(g, ip);

	if (!r && g->count >= g->limits.max && !evict(g, ANY, 0))
		return TN_EFULL;
	if (!r)
		r = registry_insert(g, ip, now);
	if (!r)
		return TN_ENOMEM;
	if (!r->heard && !same_key(&r->key, key))
		unlearn(g, r);
	r->key = *key;
	r->pinned = true;
	return 0;
}

void registry_unpin_all(struct registry *g)
{
	for (uint32_t i = 0; i < g->count; i++)
		g->list[i]->pinned = false;
}

/* ---- life */

static int64_t silence_us(const struct mn_record *r, struct mn_time now)
{
	return now.mono_us > r->life_us ? now.mono_us - r->life_us : 0;
}

uint64_t registry_silence_ms(const struct mn_record *r, struct mn_time now)
{
	return (uint64_t)silence_us(r, now) / 1000;
}

int64_t registry_run_s(const struct mn_record *r, int64_t until_us)
{
	return r->active && until_us > r->active_us ? (until_us - r->active_us) / 1000000 : 0;
}

uint64_t registry_uptime_s(const struct mn_record *r, struct mn_time now)
{
	return (uint64_t)(r->total_s + registry_run_s(r, now.mono_us));
}

bool registry_alive(struct registry *g, uint32_t ip, struct mn_time now)
{
	struct mn_record *r = registry_get(g, ip);
	bool woke;

	if (!r || r->heard)
		return false;
	woke = !r->active;
	set_alive(g, r, now);
	return woke;
}

/* What it was active for ends with its last sign of life. */
static void set_inactive(struct registry *g, struct mn_record *r)
{
	r->total_s += registry_run_s(r, r->life_us);
	r->active = false;
	r->dirty = true;
	g->active--;
}

bool registry_silent(struct registry *g, uint32_t ip, struct mn_time now)
{
	struct mn_record *r = registry_get(g, ip);

	if (!r || !r->active)
		return false;
	if (now.mono_us > r->life_us)
		r->life_us = now.mono_us;
	set_inactive(g, r);
	return true;
}

uint32_t registry_check(struct registry *g, struct mn_time now, registry_gone_fn *gone, void *arg)
{
	int64_t silence = (int64_t)g->limits.silence_ms * 1000;
	int64_t forget = (int64_t)g->limits.forget_ms * 1000;
	uint32_t n = 0;

	for (uint32_t i = g->count; i-- > 0;) {
		struct mn_record *r = g->list[i];

		if (r->active && silence_us(r, now) > silence) {
			set_inactive(g, r);
			gone(arg, r, false);
			n++;
		}
		if (r->active || r->pinned || silence_us(r, now) <= forget)
			continue;
		gone(arg, r, true);
		remove_at(g, i);
		n++;
	}
	return n;
}

/* ---- whom to dial */

static int64_t wait_us(const struct mn_record *r)
{
	int64_t ms = DIAL_FIRST_MS;

	for (uint32_t i = 1; i < r->fails && ms < DIAL_LAST_MS; i++)
		ms *= 2;
	return 1000 * (ms < DIAL_LAST_MS ? ms : DIAL_LAST_MS);
}

static bool is_due(const struct mn_record *r, struct mn_time now)
{
	return r->heard && (r->dialed_us == INT64_MIN || now.mono_us - r->dialed_us >= wait_us(r));
}

const struct mn_record *registry_next_dial(const struct registry *g, struct mn_time now)
{
	const struct mn_record *best = NULL;
	uint32_t heard = g->heard; /* not yet seen */

	for (uint32_t i = 0; heard && i < g->count; i++) {
		const struct mn_record *r = g->list[i];

		heard -= r->heard;
		if (!is_due(r, now))
			continue;
		if (!best || r->pinned > best->pinned ||
		    (r->pinned == best->pinned && r->dialed_us < best->dialed_us))
			best = r;
	}
	return best;
}

/* Counts as a failure until it has spoken. */
void registry_dialed(struct registry *g, uint32_t ip, struct mn_time now)
{
	struct mn_record *r = registry_get(g, ip);

	if (!r)
		return;
	r->dialed_us = now.mono_us;
	r->fails++;
}
