/* SPDX-License-Identifier: MIT
 * plugins/transactions/voting.c - votes, approvals, finality
 *
 * Not there yet: every message of it is refused.
 */
#include "transactions.h"

int voting_start(struct tn_ctx *c, struct tn_error *err)
{
	(void)c, (void)err;
	return 0;
}

void voting_stop(struct tn_ctx *c)
{
	(void)c;
}

void voting_up(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	(void)c, (void)s, (void)slot;
}

void voting_down(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	(void)c, (void)s, (void)slot;
}

void voting_accepted(struct tn_ctx *c, struct pool_tx *e)
{
	(void)c, (void)e;
}

void voting_unblocked(struct tn_ctx *c, struct pool_tx *child)
{
	(void)c, (void)child;
}

void voting_gone(struct tn_ctx *c, const struct pool_tx *e, enum gone why)
{
	(void)c, (void)e, (void)why;
}

int voting_allows(struct tn_ctx *c, const struct tn_block *b, struct tn_error *err)
{
	(void)c, (void)b;
	return tn_fail(err, TN_EBAD, "this node keeps no approvals yet");
}

static tn_verdict absent(void)
{
	return tn_refuse(R_ABSENT);
}

tn_verdict on_vote_request(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return absent();
}

tn_verdict on_vote(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return absent();
}

tn_verdict on_finalized(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return absent();
}

tn_verdict on_rejected(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return absent();
}
