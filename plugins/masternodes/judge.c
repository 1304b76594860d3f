/* SPDX-License-Identifier: MIT
 * plugins/masternodes/judge.c - an announcement, before the registry is asked
 */
#include "judge.h"

#include <string.h>

#include "timenode/util.h"

static bool is_signed(const struct tn_announcement *said)
{
	return said->has_signature || said->has_timestamp;
}

static bool take_reward(struct tn_sha *sha, const struct judge_scene *s, struct mn_claim *out)
{
	struct tn_str text = s->said->reward_address;
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	char digit;

	if (text.n >= sizeof out->reward ||
	    tn_address_parse(sha, text.p, text.n, &digit, payload, NULL) || digit != s->digit)
		return false;
	memcpy(out->reward, text.p, text.n);
	out->reward[text.n] = '\0';
	return true;
}

/* How far apart, whatever a peer says. */
static uint64_t distance(int64_t from, int64_t to)
{
	return (uint64_t)to - (uint64_t)from;
}

static enum judge_verdict judge_time(const struct judge_scene *s)
{
	int64_t t = s->said->timestamp;

	if (t < s->since_s)
		return JUDGE_OLD;
	if (t <= s->now_s)
		return distance(t, s->now_s) > MN_CLAIM_AGE_S ? JUDGE_OLD : JUDGE_GOOD;
	return distance(s->now_s, t) > MN_CLAIM_AGE_S ? JUDGE_FUTURE : JUDGE_GOOD;
}

enum judge_verdict judge_claim(struct tn_sha *sha, const struct judge_scene *s,
			       struct mn_claim *claim, bool *direct)
{
	const struct tn_announcement *said = s->said;
	bool by_key = said->has_signature;

	*claim = (struct mn_claim){ .key = said->public_key, .tier = (uint8_t)said->tier.tag };
	*direct = false;
	if (mn_ip_parse(said->address, &claim->ip))
		return JUDGE_ADDRESS;
	if (claim->ip == s->own_ip)
		return JUDGE_OURS;
	*direct = s->from_ip && s->from_ip == claim->ip;
	if (!*direct && !by_key)
		return JUDGE_ADDRESS;
	if (!take_reward(sha, s, claim))
		return JUDGE_REWARD;
	if (!is_signed(said)) /* an old node; a coin that it names is nobody's word */
		return JUDGE_GOOD;
	claim->signed_at = said->timestamp;
	claim->has_coin = said->has_collateral_txid;
	if (claim->has_coin)
		claim->coin = (struct tn_outpoint){ said->collateral_txid, said->collateral_vout };
	/* Its own clock may be wrong: who sits on the address needs no time. */
	return *direct ? JUDGE_GOOD : judge_time(s);
}

enum judge_verdict judge_signature(struct tn_sha *sha, const struct judge_scene *s)
{
	if (!is_signed(s->said))
		return JUDGE_GOOD;
	return tn_announcement_verify(sha, s->network, s->said) ? JUDGE_SIGNATURE : JUDGE_GOOD;
}
