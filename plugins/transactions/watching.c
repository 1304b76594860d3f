/* SPDX-License-Identifier: MIT
 * plugins/transactions/watching.c - states of coins for peers, subscriptions
 *
 * Not there yet: every message of it is refused.
 */
#include "transactions.h"

void coin_changed(struct tn_ctx *c, const struct coin_change *change)
{
	(void)c, (void)change;
}

bool coins_watched(struct tn_ctx *c)
{
	(void)c;
	return false;
}

int watching_start(struct tn_ctx *c, struct tn_error *err)
{
	(void)c, (void)err;
	return 0;
}

void watching_stop(struct tn_ctx *c)
{
	(void)c;
}

void watching_up(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	(void)c, (void)s, (void)slot;
}

void watching_down(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	(void)c, (void)s, (void)slot;
}

tn_verdict on_state_query(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}

tn_verdict on_state_notice(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}

tn_verdict on_state_update(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}

tn_verdict on_subscribe(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}

tn_verdict on_unsubscribe(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}
