/* SPDX-License-Identifier: MIT
 * plugins/masternodes/collateral.c - is a paid tier paid for: a coin of exactly that amount, at
 * the address that gets the share, named by the masternode itself and unspent on our chain
 *
 * One lookup of the coin that is named, never a search. A coin proves one masternode: the one
 * whose own key the coin is paid to; else the one that named it first here.
 */
#include <string.h>

#include "masternodes.h"
#include "text.h"

enum { LOOKS = 256 }; /* in one tick: each is a read of one key */

static bool proven(struct tn_ctx *c, const struct mn_record *r)
{
	return r->collateral || mn_conf(c)->trust_announced_tier;
}

uint8_t mn_tier_of(struct tn_ctx *c, const struct mn_record *r)
{
	return !r->heard && proven(c, r) ? r->announced : TN_TIER_FREE;
}

static bool same_coin(const struct mn_record *a, const struct mn_record *b)
{
	return a->has_coin && b->has_coin && a->coin.vout == b->coin.vout &&
	       !memcmp(a->coin.txid.b, b->coin.txid.b, sizeof a->coin.txid.b);
}

/* Everybody can read which coin another one names, and name it too: but not own it. */
static bool owns(struct tn_ctx *c, const struct mn_record *r)
{
	char own[TN_ADDRESS_TEXT];

	return !tn_address_of_key(mn_state(c)->sha, mn_state(c)->net.digit, &r->key, own) &&
	       !strcmp(own, r->reward);
}

static bool yields(struct tn_ctx *c, const struct mn_record *to, const struct mn_record *r)
{
	return owns(c, to) && !owns(c, r);
}

/* It was r's all along: whoever named it before loses it. */
static void drop_others(struct tn_ctx *c, const struct mn_record *r)
{
	struct registry *g = mn_state(c)->registry;

	for (uint32_t i = 0; i < registry_count(g); i++) {
		const struct mn_record *o = registry_at(g, i);

		if (o == r || !o->collateral || !same_coin(o, r))
			continue;
		registry_set_collateral(g, o->ip, false);
		TN_LOG(c, TN_INFO, TN_NOBODY, "Masternode %s has named the coin of %s", o->text,
		       r->text);
	}
}

static bool taken(struct tn_ctx *c, const struct mn_record *r)
{
	const struct registry *g = mn_state(c)->registry;

	for (uint32_t i = 0; i < registry_count(g); i++) {
		const struct mn_record *o = registry_at(g, i);

		if (o != r && o->collateral && same_coin(o, r) && !yields(c, r, o))
			return true;
	}
	return false;
}

static bool is_there(struct tn_ctx *c, const struct mn_record *r)
{
	struct tn_svc chain = tn_need(c, N_CHAIN);
	struct tn_coin coin;

	if (r->heard || !r->has_coin || r->announced == TN_TIER_FREE)
		return false;
	if (tn_chain_coin(chain, &r->coin, tn_scratch(c), &coin) ||
	    coin.value != tn_tier_collateral(r->announced))
		return false;
	return coin.script.n == strlen(r->reward) &&
	       !memcmp(coin.script.p, r->reward, coin.script.n) && !taken(c, r);
}

bool mn_collateral_look(struct tn_ctx *c, const struct mn_record *r)
{
	bool was = r->collateral, is = is_there(c, r);

	if (was == is)
		return false;
	registry_set_collateral(mn_state(c)->registry, r->ip, is);
	if (is)
		drop_others(c, r);
	TN_LOG(c, TN_INFO, TN_NOBODY, "Masternode %s, which says that it is %s, %s", r->text,
	       mn_tier_text(r->announced),
	       is ? "has shown its collateral" : "has its collateral no more");
	return !mn_conf(c)->trust_announced_tier;
}

void mn_collateral_tick(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);
	uint32_t n = registry_count(st->registry), looks = 0;
	bool changed = false;

	for (uint32_t i = 0; i < n && looks < LOOKS; i++) {
		const struct mn_record *r = registry_at(st->registry, st->collateral_from++ % n);

		if (!r->has_coin)
			continue;
		looks++;
		changed |= mn_collateral_look(c, r);
	}
	if (changed)
		mn_changed(c);
}

static void look(struct tn_ctx *c, void *arg)
{
	(void)arg;
	mn_state(c)->look = (struct tn_timer){ 0 };
	mn_collateral_tick(c);
}

/* The chain has moved: soon, and once for many blocks. */
void mn_on_block(struct tn_ctx *c, const void *payload)
{
	(void)payload;
	if (!mn_state(c)->look.v)
		mn_state(c)->look = tn_after(c, 1000, look, NULL);
}
