/* SPDX-License-Identifier: MIT
 * plugins/transactions/intake.c - the one way of every transaction
 *
 * Not there yet: every message of it is refused.
 */
#include "transactions.h"

tn_verdict on_tx(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}

tn_verdict on_get_pending(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_ABSENT);
}

void intake_submit(struct tn_ctx *c, const struct tn_tx *tx, struct tn_arena *owner,
		   struct tn_ticket t)
{
	(void)tx, (void)owner;
	tn_finish(c, t, TN_EGONE, "this node judges no transactions yet");
}

int coin_find(struct tn_ctx *c, const struct tn_outpoint *at, struct tn_arena *a,
	      struct coin_view *out)
{
	(void)c, (void)at, (void)a, (void)out;
	return TN_EGONE;
}

int fate_approved(struct tn_ctx *c, struct pool_tx *e)
{
	(void)c;
	return pool_approve(state_of(c)->pool, e);
}

int fate_final(struct tn_ctx *c, struct pool_tx *e, uint32_t votes, uint32_t voters)
{
	(void)votes, (void)voters;
	return pool_finalize(state_of(c)->pool, e, tn_wall_s(c));
}

void fate_rejected(struct tn_ctx *c, struct pool_tx *e, const char *why)
{
	(void)why;
	pool_dispose(pool_remove(state_of(c)->pool, e));
}

int keep_put(struct tn_ctx *c, struct tn_batch *b, struct pool_tx *e)
{
	(void)c, (void)b, (void)e;
	return TN_EGONE;
}

static int op_template(struct tn_ctx *c, struct tn_arena *a, size_t max, struct tn_template *out)
{
	(void)c, (void)a, (void)max, (void)out;
	return TN_EGONE;
}

const struct tn_mempool_ops mempool_ops = { sizeof mempool_ops, op_template, voting_allows };
