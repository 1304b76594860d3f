/* SPDX-License-Identifier: MIT
 * plugins/transactions/pending.c - GetPendingTransactions: asked of each peer, answered in parts
 *
 * One answer is bounded. Who asks again gets what comes after it, until he has been through all;
 * so a node that comes back learns a pool of any size, and asks as long as answers bring news.
 */
#include <string.h>

#include "inside.h"

enum { ASK_MS = 30000, ROUNDS = 64, TEXT_LEAST = 200 };

/* ---- answering */

static const struct pool_tx *beginning(struct tn_ctx *c, const struct pending_slot *s)
{
	const struct pool *p = state_of(c)->pool;
	const struct pool_tx *e = s->goes_on ? pool_find(p, &s->next) : NULL;

	return e ? e : pool_next(p, NULL);
}

static size_t text_of(const struct pool_tx *e)
{
	return tn_json_write(&tn_wire_tx, &e->tx, NULL, 0) + 1;
}

tn_verdict on_get_pending(struct tn_ctx *c, const struct tn_msg *m)
{
	struct slot *slot = tn_slot(c, m->from);
	const struct pool *p = state_of(c)->pool;
	size_t text = 0, room = conf_of(c)->serve_max / TEXT_LEAST + 1; /* no text is shorter */
	const struct pool_tx *e;
	struct tn_txs out = { { NULL, 0 } };

	if (!slot)
		return TN_BROKEN;
	out.txs.v = tn_alloc(tn_scratch(c), room * sizeof *out.txs.v);
	if (!out.txs.v)
		return TN_BROKEN;
	for (e = beginning(c, &slot->pending); e; e = pool_next(p, e)) {
		text += text_of(e);
		if (out.txs.n == room || (out.txs.n && text > conf_of(c)->serve_max))
			break;
		out.txs.v[out.txs.n++] = e->tx;
	}
	slot->pending.goes_on = e != NULL;
	if (e)
		slot->pending.next = e->txid;
	tn_send(c, m->from, M_PENDING, &out);
	return TN_TAKEN;
}

/* ---- asking */

static tn_verdict on_answer(struct tn_ctx *c, struct tn_sid s, void *slot, const struct tn_reply *r,
			    uint64_t tag)
{
	(void)slot, (void)tag;
	if (!r->msg)
		return TN_PASS;
	intake_feed(c, s, r->msg->body, r->msg->arena);
	return TN_TAKEN;
}

void pending_ask(struct tn_ctx *c, struct tn_sid s)
{
	struct slot *slot = tn_slot(c, s);
	struct tn_question q = {
		.send = M_GET_PENDING, .expect = M_PENDING, .timeout_ms = ASK_MS, .done = on_answer
	};

	if (!slot || slot->pending.asked++ >= ROUNDS)
		return;
	tn_ask_peer(c, s, &q);
}

/* An old node answers with all it has, none of it signed. */
void pending_up(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	struct tn_session who = { 0 };

	if (tn_session(c, s, &who) || (who.flags & TN_S_LEGACY && !conf_of(c)->accept_unsigned))
		return;
	slot->pending.asked = 0;
	pending_ask(c, s);
}
