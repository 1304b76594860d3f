/* SPDX-License-Identifier: MIT
 * core/net/dial_rule.c - who dials, and until when the other side may be waited for
 */
#include "net/dial_rule.h"

static struct dial_answer dial(enum dial_why why)
{
	return (struct dial_answer){ .dial = true, .why = why };
}

/* Without a port on both sides two nodes behind one address cannot be told apart. */
static bool is_comparable(const struct tn_addr *local, const struct tn_addr *peer)
{
	if (!local || tn_addr_is_unspecified(local))
		return false;
	return tn_addr_cmp_ip(local, peer) != 0 || (local->port && peer->port);
}

static struct dial_answer by_order(const struct dial_question *q, int order)
{
	if (q->rule == DIAL_LOWER && order < 0)
		return dial(DIAL_WHY_LOWER);
	if (q->rule == DIAL_HIGHER && order > 0)
		return dial(DIAL_WHY_HIGHER);
	if (q->waited_us >= q->passive_wait_us)
		return dial(DIAL_WHY_WAITED);
	return (struct dial_answer){ .wait_us = q->passive_wait_us - q->waited_us,
				     .why = DIAL_WHY_THEIRS };
}

struct dial_answer dial_rule(const struct dial_question *q)
{
	bool comparable = is_comparable(q->local, q->peer);
	int order = comparable ? tn_addr_cmp(q->local, q->peer) : 0;

	if (comparable && order == 0)
		return (struct dial_answer){ .wait_us = UINT64_MAX, .why = DIAL_WHY_SELF };
	if (q->legacy)
		return dial(DIAL_WHY_LEGACY);
	if (q->rule == DIAL_ANY)
		return dial(DIAL_WHY_ANY);
	if (!comparable)
		return dial(DIAL_WHY_UNKNOWN);
	return by_order(q, order);
}

const char *dial_why_text(enum dial_why why)
{
	switch (why) {
	case DIAL_WHY_LOWER:
		return "we have lower IP";
	case DIAL_WHY_HIGHER:
		return "we have higher IP";
	case DIAL_WHY_ANY:
		return "both sides dial";
	case DIAL_WHY_UNKNOWN:
		return "our own IP is not known";
	case DIAL_WHY_LEGACY:
		return "an old node serves only who dials it";
	case DIAL_WHY_WAITED:
		return "we waited and nobody came";
	case DIAL_WHY_THEIRS:
		return "it is for them to dial";
	case DIAL_WHY_SELF:
		break;
	}
	return "it is ourselves";
}
