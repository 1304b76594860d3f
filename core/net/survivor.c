/* SPDX-License-Identifier: MIT
 * core/net/survivor.c - one of two sessions ends, and exactly one side ends it
 */
#include "net/survivor.h"

static struct survivor_answer wait_for(uint64_t again_us, bool probe, const char *why)
{
	return (struct survivor_answer){ SURVIVOR_WAIT, again_us, probe, why };
}

static struct survivor_answer drop(enum survivor_act act, const char *why)
{
	return (struct survivor_answer){ .act = act, .why = why };
}

static bool same_direction(const struct survivor_question *q)
{
	return q->first.outbound == q->second.outbound;
}

/* Two dials of one side: the side that was dialed decides, for it alone sees the double
 * when the dialer has lost the older one without a word. An old node never decides.
 */
static bool is_ours_to_decide(const struct survivor_question *q)
{
	if (!q->peer_id)
		return true;
	return same_direction(q) ? !q->first.outbound : q->own_id > q->peer_id;
}

static struct survivor_answer decide(const struct survivor_question *q)
{
	bool same = same_direction(q);
	uint64_t limit = same ? SURVIVOR_PROBE_US : SURVIVOR_PATIENCE_US;

	if (q->first.heard && !q->peer_id && q->age_us < SURVIVOR_GUEST_US)
		return wait_for(SURVIVOR_GUEST_US - q->age_us, false,
				"short second session of an old node");
	if (q->first.heard)
		return drop(SURVIVOR_DROP_SECOND, "double: the older session is alive");
	if (q->age_us < limit)
		return wait_for(limit - q->age_us, true, "double: the older session is probed");
	if (same || q->second.heard)
		return drop(SURVIVOR_DROP_FIRST, "double: the older session is silent");
	return drop(SURVIVOR_DROP_SECOND, "double: both sessions are silent");
}

/* The peer should have decided by now. When it did not it does not see a double, and
 * only what is silent here can be the one it has lost: never end one that speaks.
 */
static struct survivor_answer leave_to_peer(const struct survivor_question *q)
{
	uint64_t limit = SURVIVOR_PROBE_US + (same_direction(q) ? SURVIVOR_PATIENCE_US : 0);

	if (q->age_us < limit)
		return wait_for(limit - q->age_us, !q->first.heard, "double: the peer decides");
	if (!q->first.heard && q->second.heard)
		return drop(SURVIVOR_DROP_FIRST, "double: the peer has lost the older session");
	return wait_for(UINT64_MAX, !q->first.heard, "double: the peer decides");
}

struct survivor_answer survivor_rule(const struct survivor_question *q)
{
	if (!q->peer_id && !same_direction(q))
		return wait_for(UINT64_MAX, false, "an old node may have one session each way");
	return is_ours_to_decide(q) ? decide(q) : leave_to_peer(q);
}
