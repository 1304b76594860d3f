/* SPDX-License-Identifier: MIT
 * plugins/masternodes/eligible.c - who is paid for a period, in which order, and how much
 */
#include "eligible.h"

#include <stdlib.h>
#include <string.h>

enum eligible_why eligible_why(const struct eligible_one *e, uint64_t period_ms)
{
	if (!e->met)
		return ELIGIBLE_UNMET;
	if (!e->active)
		return ELIGIBLE_SILENT;
	if (!e->reward_ok)
		return ELIGIBLE_NOWHERE;
	return e->active_ms < period_ms ? ELIGIBLE_LATE : ELIGIBLE;
}

const char *eligible_text(enum eligible_why why)
{
	static const char *const text[ELIGIBLE_WHYS] = {
		[ELIGIBLE] = "active for the whole period",
		[ELIGIBLE_UNMET] = "only heard of, it has not spoken for itself",
		[ELIGIBLE_SILENT] = "not active",
		[ELIGIBLE_LATE] = "not active since the beginning of the period",
		[ELIGIBLE_NOWHERE] = "its reward address is none of this network",
	};

	return (unsigned)why < ELIGIBLE_WHYS ? text[why] : "";
}

static bool is_above(struct tn_str a, struct tn_str b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c ? c > 0 : a.n > b.n;
}

static bool is_sorted(const struct eligible_one *e, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (!is_above(e[i].address, e[i - 1].address))
			return false;
	return true;
}

/* Those that are not paid have weight 0, which changes nothing for the others. */
static int split(struct eligible_one *e, uint32_t n, uint64_t total, uint64_t *rest)
{
	uint64_t *weight = calloc(n ? n : 1, sizeof *weight);
	int rc;

	if (!weight)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		weight[i] = e[i].why == ELIGIBLE ? tn_tier_weight(e[i].tier) : 0;
	rc = tn_reward_split(total, weight, n, weight, rest);
	for (uint32_t i = 0; !rc && i < n; i++)
		e[i].share = weight[i];
	free(weight);
	return rc;
}

int eligible_split(struct eligible_one *e, uint32_t n, uint64_t period_ms, uint64_t total,
		   uint64_t *rest)
{
	int paid = 0, rc;

	if (!is_sorted(e, n))
		return TN_EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		e[i].share = 0;
		e[i].why = eligible_why(&e[i], period_ms);
		paid += e[i].why == ELIGIBLE;
	}
	if (!paid) {
		*rest = total;
		return 0;
	}
	rc = split(e, n, total, rest);
	return rc ? rc : paid;
}
