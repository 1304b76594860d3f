/* SPDX-License-Identifier: MIT
 * plugins/masternodes/own.c - this node as a masternode: what it may say of itself
 */
#include <string.h>

#include "masternodes.h"
#include "text.h"

/* ---- configuration */

static int parse_reward(struct tn_ctx *c, struct tn_str text, struct mn_self *out,
			struct tn_error *err)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	struct tn_error why;
	char digit;

	if (!text.n)
		return 0;
	if (text.n >= sizeof out->reward ||
	    tn_address_parse(mn_state(c)->sha, text.p, text.n, &digit, payload, &why))
		return tn_fail(err, TN_EINVAL, "reward: \"%.*s\" is no payment address",
			       (int)text.n, text.p);
	if (digit != mn_state(c)->net.digit)
		return tn_fail(err, TN_EINVAL, "reward: %.*s is an address of another network",
			       (int)text.n, text.p);
	memcpy(out->reward, text.p, text.n);
	return 0;
}

static int parse_address(const struct mn_conf *conf, struct mn_self *out, struct tn_error *err)
{
	char text[TN_MN_ADDRESS_TEXT];

	if (!conf->address.n)
		return 0;
	if (mn_ip_parse(conf->address, &out->ip) ||
	    conf->address.n != strlen(mn_ip_text(out->ip, text)))
		return tn_fail(err, TN_EINVAL, "address: \"%.*s\" is no IPv4 address",
			       (int)conf->address.n, conf->address.p);
	out->has_ip = true;
	return 0;
}

int mn_self_parse(struct tn_ctx *c, const struct mn_conf *conf, struct mn_self *out,
		  struct tn_error *err)
{
	int rc;

	*out = (struct mn_self){ .on = conf->masternode };
	rc = parse_address(conf, out, err);
	if (!rc)
		rc = parse_reward(c, conf->reward, out, err);
	if (rc)
		return rc;
	if (mn_tier_parse(conf->tier, &out->tier))
		return tn_fail(err, TN_EINVAL,
			       "tier: \"%.*s\" is none of Free, Bronze, Silver and Gold",
			       (int)conf->tier.n, conf->tier.p);
	out->has_coin = conf->collateral.n != 0;
	if (out->has_coin && mn_coin_parse(conf->collateral, &out->coin))
		return tn_fail(err, TN_EINVAL,
			       "collateral: \"%.*s\" is not TXID:NUMBER with 64 hexadecimal digits",
			       (int)conf->collateral.n, conf->collateral.p);
	if (out->has_coin && out->tier == TN_TIER_FREE)
		return tn_fail(err, TN_EINVAL, "collateral: the tier Free has none");
	return 0;
}

/* ---- the address */

static int address(struct tn_ctx *c, uint32_t *ip)
{
	const struct mn_self *self = &mn_state(c)->self;
	struct tn_addr me;

	if (!self->on)
		return TN_ENOENT;
	if (self->has_ip) {
		*ip = self->ip;
		return 0;
	}
	return tn_self(c, &me) || !mn_ip_of(&me, ip) ? TN_ENOENT : 0;
}

int mn_self_allowed(struct tn_ctx *c, struct tn_error *err)
{
	char text[TN_MN_ADDRESS_TEXT];
	struct tn_addr a;
	uint32_t ip;

	if (address(c, &ip)) /* not known yet: peers will say */
		return 0;
	a = mn_addr_of(ip);
	if (tn_usable(c, &a))
		return 0;
	return tn_fail(
		err, TN_EINVAL,
		"no masternode with the address %s: nobody on %s can reach it; set `address` "
		"or network.local_ip to the public IPv4 address of this host",
		mn_ip_text(ip, text), mn_state(c)->net.name);
}

int mn_own_ip(struct tn_ctx *c, uint32_t *ip)
{
	struct tn_addr a;
	uint32_t own;

	if (address(c, &own))
		return TN_ENOENT;
	a = mn_addr_of(own);
	if (!tn_usable(c, &a))
		return TN_ENOENT;
	*ip = own;
	return 0;
}

/* ---- what it says of itself */

static const char *reward_of(struct tn_ctx *c)
{
	const struct mn_state *st = mn_state(c);

	return st->self.reward[0] ? st->self.reward : st->wallet.address;
}

int mn_self_claim(struct tn_ctx *c, char ip_text[TN_MN_ADDRESS_TEXT], struct tn_announcement *out)
{
	const struct mn_state *st = mn_state(c);
	const char *reward = reward_of(c);
	uint32_t ip;

	if (mn_own_ip(c, &ip))
		return TN_ENOENT;
	mn_ip_text(ip, ip_text);
	*out = (struct tn_announcement){ .address = { ip_text, (uint32_t)strlen(ip_text) },
					 .reward_address = { reward, (uint32_t)strlen(reward) },
					 .tier.tag = st->self.tier,
					 .timestamp = tn_wall_s(c),
					 .collateral_txid = st->self.coin.txid,
					 .collateral_vout = st->self.coin.vout,
					 .has_collateral_txid = st->self.has_coin,
					 .has_collateral_vout = st->self.has_coin };
	return tn_announcement_sign(st->sha, &st->wallet.secret, st->net.name, out);
}

/* It is announced under another address from now on; what the old one was goes silent. */
static void say_address(struct tn_ctx *c, uint32_t ip)
{
	struct mn_state *st = mn_state(c);
	char text[TN_MN_ADDRESS_TEXT];

	if (st->said_ip)
		registry_silent(st->registry, st->said_ip, mn_now(c));
	st->said_ip = ip;
	TN_LOG(c, TN_INFO, TN_NOBODY, "This node is masternode %s, %s, paid at %s",
	       mn_ip_text(ip, text), mn_tier_text(st->self.tier), reward_of(c));
}

void mn_self_live(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);
	struct mn_claim claim = { .tier = st->self.tier,
				  .key = st->wallet.secret.key,
				  .has_coin = st->self.has_coin,
				  .coin = st->self.coin,
				  .ours = true };
	const struct mn_record *r;
	bool woke;

	if (mn_own_ip(c, &claim.ip))
		return;
	memcpy(claim.reward, reward_of(c), strlen(reward_of(c)) + 1);
	if (st->said_ip != claim.ip)
		say_address(c, claim.ip);
	r = registry_find(st->registry, claim.ip);
	woke = !r || !r->active;
	if (registry_claim(st->registry, &claim, true, mn_now(c), NULL) == MN_SAME && !woke)
		return;
	r = registry_find(st->registry, claim.ip);
	if (r)
		mn_collateral_look(c, r);
	mn_changed(c);
}
