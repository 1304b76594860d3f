/* SPDX-License-Identifier: MIT
 * t/47-mn-eligible.c - who is paid, in which order, and how much
 */
#include <string.h>

#include "lib/tap.h"
#include "masternodes/eligible.h"

static struct tn_str str(const char *s)
{
	return (struct tn_str){ s, (uint32_t)strlen(s) };
}

static struct eligible_one one(const char *address, uint8_t tier)
{
	return (struct eligible_one){ .address = str(address),
				      .met = true,
				      .active = true,
				      .active_ms = 1000000,
				      .reward_ok = true,
				      .tier = tier };
}

static void reasons(void)
{
	struct eligible_one e = one("10.0.0.1", TN_TIER_FREE);

	is_uint(eligible_why(&e, 600000), ELIGIBLE, "active for the whole period");
	e.active_ms = 600000;
	is_uint(eligible_why(&e, 600000), ELIGIBLE, "since its very beginning");
	e.active_ms = 599999;
	is_uint(eligible_why(&e, 600000), ELIGIBLE_LATE, "a millisecond later");
	e = one("10.0.0.1", TN_TIER_GOLD);
	e.active = false;
	is_uint(eligible_why(&e, 0), ELIGIBLE_SILENT, "not active");
	e = one("10.0.0.1", TN_TIER_FREE);
	e.reward_ok = false;
	is_uint(eligible_why(&e, 0), ELIGIBLE_NOWHERE, "nowhere to pay to");
	e.met = false;
	is_uint(eligible_why(&e, 0), ELIGIBLE_UNMET, "only heard of");
	for (int i = 0; i < ELIGIBLE_WHYS; i++)
		ok(*eligible_text((enum eligible_why)i), "reason %d has a text", i);
	is_str(eligible_text(ELIGIBLE_WHYS), "", "and there is no other");
}

static void shares(void)
{
	struct eligible_one e[] = { one("10.0.0.1", TN_TIER_FREE), one("10.0.0.12", TN_TIER_GOLD),
				    one("10.0.0.2", TN_TIER_FREE), one("9.0.0.1", TN_TIER_BRONZE) };
	uint64_t rest = 1, sum = 0;

	e[2].active = false;
	is_int(eligible_split(e, 4, 600000, TN_BASE_REWARD, &rest), 3, "three of four are paid");
	is_uint(e[0].share, TN_BASE_REWARD * 100 / 101100, "Free");
	is_uint(e[1].share, TN_BASE_REWARD * 1000 / 1011, "Gold");
	is_uint(e[2].share, 0, "not active: nothing");
	is_uint(e[3].share, TN_BASE_REWARD * 1000 / 101100, "Bronze");
	for (int i = 0; i < 4; i++)
		sum += e[i].share;
	ok(sum + rest == TN_BASE_REWARD && rest < 3, "a rest of %u goes to nobody", (unsigned)rest);
	for (int i = 0; i < 4; i++)
		e[i].active = false;
	is_int(eligible_split(e, 4, 0, 77, &rest), 0, "nobody");
	ok(rest == 77 && !e[1].share, "then nothing is paid");
	is_int(eligible_split(e, 0, 0, 77, &rest), 0, "an empty list");
	e[0].address = str("9.9.9.9");
	is_int(eligible_split(e, 4, 0, 77, &rest), TN_EINVAL, "a list in another order is refused");
	e[0].address = e[1].address;
	is_int(eligible_split(e, 4, 0, 77, &rest), TN_EINVAL, "or with an address twice");
}

/* Only Free ones share equally, and as many as there may be fit. */
static void many(void)
{
	static struct eligible_one e[10000];
	static char text[10000][8];
	uint64_t rest;
	bool equal = true;

	for (int i = 0; i < 10000; i++) {
		text[i][0] = (char)('0' + i / 1000);
		text[i][1] = (char)('0' + i / 100 % 10);
		text[i][2] = (char)('0' + i / 10 % 10);
		text[i][3] = (char)('0' + i % 10);
		e[i] = one(text[i], TN_TIER_FREE);
	}
	is_int(eligible_split(e, 10000, 600000, TN_BASE_REWARD, &rest), 10000, "ten thousand");
	for (int i = 0; i < 10000; i++)
		equal = equal && e[i].share == TN_BASE_REWARD / 10000;
	ok(equal && !rest, "share equally");
}

int main(void)
{
	reasons();
	shares();
	many();
	return done_testing();
}
