/* SPDX-License-Identifier: MIT
 * plugins/masternodes/registry_coins.c - which masternode a coin proves: the one that has shown
 * it, one for each coin
 */
#include <stdlib.h>
#include <string.h>

#include "registry_impl.h"

static int order(const struct tn_outpoint *a, const struct tn_outpoint *b)
{
	int c = memcmp(a->txid.b, b->txid.b, sizeof a->txid.b);

	return c ? c : (a->vout > b->vout) - (a->vout < b->vout);
}

/* Index of the first one that is not before `coin`. */
static uint32_t place_of(const struct registry *g, const struct tn_outpoint *coin)
{
	uint32_t lo = 0, hi = g->shown_count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (order(&g->shown[mid]->coin, coin) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct mn_record *holder(const struct registry *g, const struct tn_outpoint *coin)
{
	uint32_t at = place_of(g, coin);

	return at < g->shown_count && !order(&g->shown[at]->coin, coin) ? g->shown[at] : NULL;
}

const struct mn_record *registry_coin_holder(const struct registry *g,
					     const struct tn_outpoint *coin)
{
	return holder(g, coin);
}

static bool grow(struct registry *g)
{
	uint32_t room = g->shown_room ? 2 * g->shown_room : 16;
	struct mn_record **more;

	if (g->shown_count < g->shown_room)
		return true;
	more = realloc(g->shown, room * sizeof(struct mn_record *));
	if (!more)
		return false;
	g->shown = more;
	g->shown_room = room;
	return true;
}

bool registry_show(struct registry *g, struct mn_record *r)
{
	uint32_t at;

	if (r->shown)
		return true;
	if (holder(g, &r->coin) || !grow(g))
		return false;
	at = place_of(g, &r->coin);
	memmove(&g->shown[at + 1], &g->shown[at],
		(g->shown_count - at) * sizeof(struct mn_record *));
	g->shown[at] = r;
	g->shown_count++;
	return r->shown = true;
}

void registry_unshow(struct registry *g, struct mn_record *r)
{
	uint32_t at = place_of(g, &r->coin);

	r->collateral = false;
	if (!r->shown)
		return;
	r->shown = false;
	r->dirty = true;
	memmove(&g->shown[at], &g->shown[at + 1],
		(--g->shown_count - at) * sizeof(struct mn_record *));
}

void registry_set_collateral(struct registry *g, uint32_t ip, bool there)
{
	struct mn_record *r = registry_get(g, ip), *was;

	if (!r)
		return;
	if (there && !r->shown) {
		was = holder(g, &r->coin);
		if (was)
			registry_unshow(g, was);
		r->dirty = registry_show(g, r) || r->dirty;
	}
	r->collateral = there && r->shown;
}
