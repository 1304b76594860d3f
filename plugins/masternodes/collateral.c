/* SPDX-License-Identifier: MIT
 * plugins/masternodes/collateral.c - is a paid tier paid for: a coin of exactly that amount, at
 * the address that gets the share, named by the masternode itself and unspent on our chain
 *
 * One lookup of the coin that is named, never a search. A coin proves one masternode: the one
 * whose own key the coin is paid to; else the one that showed it first here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "masternodes.h"
#include "text.h"

enum { LOOKS = 256, LOOK_MS = 1000, MORE_MS = 100 }; /* in one tick: each is a read of one key */

static bool proven(struct tn_ctx *c, const struct mn_record *r)
{
	return r->collateral || mn_conf(c)->trust_announced_tier;
}

uint8_t mn_tier_of(struct tn_ctx *c, const struct mn_record *r)
{
	return !r->heard && proven(c, r) ? r->announced : TN_TIER_FREE;
}

/* Everybody can read which coin another one names, and name it too: but not own it. */
static bool owns(struct tn_ctx *c, const struct mn_record *r)
{
	char own[TN_ADDRESS_TEXT];

	return !tn_address_of_key(mn_state(c)->sha, mn_state(c)->net.digit, &r->key, own) &&
	       !strcmp(own, r->reward);
}

/* Who holds its coin and does not yield it. NULL: nobody but itself. */
static const struct mn_record *taken_by(struct tn_ctx *c, const struct mn_record *r)
{
	const struct mn_record *o = registry_coin_holder(mn_state(c)->registry, &r->coin);

	return o && o != r && !(owns(c, r) && !owns(c, o)) ? o : NULL;
}

/* ---- is it there */

enum fault { NONE, UNNAMED, NO_CHAIN, NOT_THERE, AMOUNT, ADDRESS, TAKEN };

static enum fault find(struct tn_ctx *c, const struct mn_record *r, struct tn_coin *coin)
{
	struct tn_svc chain = tn_need(c, N_CHAIN);

	if (r->heard || !r->has_coin || r->announced == TN_TIER_FREE)
		return UNNAMED;
	if (!chain.ops)
		return NO_CHAIN;
	if (tn_chain_coin(chain, &r->coin, tn_scratch(c), coin))
		return NOT_THERE;
	if (coin->value != tn_tier_collateral(r->announced))
		return AMOUNT;
	if (coin->script.n != strlen(r->reward) ||
	    memcmp(coin->script.p, r->reward, coin->script.n))
		return ADDRESS;
	return taken_by(c, r) ? TAKEN : NONE;
}

void mn_collateral_why(struct tn_ctx *c, const struct mn_record *r, char *buf, size_t room)
{
	struct tn_coin coin;
	const char *tier = mn_tier_text(r->announced);

	switch (find(c, r, &coin)) {
	case UNNAMED:
		snprintf(buf, room, "`collateral` names no coin");
		return;
	case NO_CHAIN:
		snprintf(buf, room, "the plugin blocks, which has the coins, is not loaded");
		return;
	case NOT_THERE:
		snprintf(buf, room,
			 "the coin that `collateral` names is spent, or not on this chain");
		return;
	case AMOUNT:
		snprintf(buf, room,
			 "the coin that `collateral` names is of %" PRIu64 ".%08" PRIu64
			 " TIME, and %s needs exactly %" PRIu64,
			 coin.value / TN_COIN, coin.value % TN_COIN, tier,
			 tn_tier_collateral(r->announced) / TN_COIN);
		return;
	case ADDRESS:
		snprintf(buf, room,
			 "the coin that `collateral` names is not at its reward address");
		return;
	case TAKEN:
		snprintf(buf, room,
			 "the coin that `collateral` names was shown by masternode %s before",
			 taken_by(c, r)->text);
		return;
	case NONE:
		break;
	}
	snprintf(buf, room, "its collateral will be looked at in a moment");
}

/* It was r's all along: whoever showed it before loses it. */
static void say_lost(struct tn_ctx *c, const struct mn_record *r)
{
	const struct mn_record *o = registry_coin_holder(mn_state(c)->registry, &r->coin);

	if (o && o != r)
		TN_LOG(c, TN_INFO, TN_NOBODY, "Masternode %s has named the coin of %s", o->text,
		       r->text);
}

bool mn_collateral_look(struct tn_ctx *c, const struct mn_record *r)
{
	struct tn_coin coin;
	bool was = r->collateral, is = find(c, r, &coin) == NONE;

	if (was == is)
		return false;
	if (is)
		say_lost(c, r);
	registry_set_collateral(mn_state(c)->registry, r->ip, is);
	mn_keep_soon(c);
	TN_LOG(c, TN_INFO, TN_NOBODY, "Masternode %s, which says that it is %s, %s", r->text,
	       mn_tier_text(r->announced),
	       is ? "has shown its collateral" : "has its collateral no more");
	return !mn_conf(c)->trust_announced_tier;
}

/* ---- when */

void mn_collateral_tick(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);
	uint32_t n = registry_count(st->registry), looks = 0, i = 0;
	bool changed = false;

	for (; i < n && looks < LOOKS; i++) {
		const struct mn_record *r = registry_at(st->registry, st->collateral_from++ % n);

		if (!r->has_coin)
			continue;
		looks++;
		changed |= mn_collateral_look(c, r);
	}
	st->collateral_due -= i < st->collateral_due ? i : st->collateral_due;
	if (changed)
		mn_changed(c);
}

/* All of them once, some at a time. */
static void look(struct tn_ctx *c, void *arg)
{
	struct mn_state *st = mn_state(c);

	(void)arg;
	st->look = (struct tn_timer){ 0 };
	mn_collateral_tick(c);
	if (st->collateral_due)
		st->look = tn_after(c, MORE_MS, look, NULL);
}

void mn_collateral_all(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);

	st->collateral_due = registry_count(st->registry);
	if (!st->look.v)
		st->look = tn_after(c, LOOK_MS, look, NULL);
}

/* The chain has moved: soon, and once for many blocks. */
void mn_on_block(struct tn_ctx *c, const void *payload)
{
	(void)payload;
	mn_collateral_all(c);
}
