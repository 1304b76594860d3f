/* SPDX-License-Identifier: MIT
 * plugins/blocks/service.c - the service chain (timenode/service/chain.h)
 */
#include "address.h"

static int op_tip(struct tn_ctx *c, struct tn_tip *out)
{
	*out = state_of(c)->tip;
	return 0;
}

static int op_hash_at(struct tn_ctx *c, uint64_t height, struct tn_hash *out)
{
	struct index index;
	int rc = chain_index(c, height, &index);

	if (!rc)
		*out = index.hash;
	return rc;
}

static int op_block_at(struct tn_ctx *c, uint64_t height, struct tn_arena *a,
		       const struct tn_block **out)
{
	return chain_has(c, height) ? store_block(c, NULL, height, a, out) : TN_ENOENT;
}

static int op_coin(struct tn_ctx *c, const struct tn_outpoint *o, struct tn_arena *a,
		   struct tn_coin *out)
{
	return chain_coin(c, o, a, out);
}

static int op_tx_at(struct tn_ctx *c, const struct tn_hash *txid, uint64_t *height, uint32_t *index)
{
	struct tn_tx_place p;
	int rc = chain_place(c, txid, &p);

	if (rc)
		return rc;
	*height = p.height;
	*index = p.index;
	return 0;
}

static int code_of(enum fate fate)
{
	switch (fate) {
	case FATE_CONNECTED:
	case FATE_GOOD:
	case FATE_KNOWN:
		return 0;
	case FATE_RULE:
	case FATE_BAD:
	case FATE_ORPHAN:
	case FATE_SIDE:
	case FATE_DEEP:
		return TN_EBAD;
	case FATE_GONE:
		return TN_EGONE;
	case FATE_BUSY:
		break;
	}
	return TN_EBUSY;
}

/* Of a block that was there before: it may lie beside the chain, or not be on the disk yet. */
static enum fate known_as(struct tn_ctx *c, const struct trial *t)
{
	uint64_t height;

	if (store_height(c, NULL, &t->hash, &height))
		return FATE_SIDE;
	return t->dry || height <= state_of(c)->safe ? FATE_KNOWN : FATE_BUSY;
}

static void end_service(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	if (fate == FATE_KNOWN) {
		fate = known_as(c, t);
		why = "it is not on the disk yet";
	}
	if (fate == FATE_ORPHAN || fate == FATE_SIDE || fate == FATE_DEEP)
		why = "it does not follow the tip";
	if (fate == FATE_CONNECTED)
		tn_broadcast(c, NULL, M_ANNOUNCE, t->block);
	tn_finish(c, t->ticket, code_of(fate), code_of(fate) ? why : NULL);
}

static void begin(struct tn_ctx *c, const struct tn_block *b, struct tn_arena *owner,
		  struct tn_ticket ticket, bool dry)
{
	struct trial t = { .block = b,
			   .owner = owner,
			   .ticket = ticket,
			   .end = end_service,
			   .bytes = tn_bin_write(&tn_wire_block, b, NULL, 0),
			   .producer = true,
			   .dry = dry,
			   .durable = !dry };

	if (road_begin(c, &t))
		tn_finish(c, ticket, TN_EBUSY, "too many blocks are waiting");
}

static void op_check(struct tn_ctx *c, const struct tn_block *b, struct tn_arena *owner,
		     struct tn_ticket ticket)
{
	begin(c, b, owner, ticket, true);
}

static void op_submit(struct tn_ctx *c, const struct tn_block *b, struct tn_arena *owner,
		      struct tn_ticket ticket)
{
	begin(c, b, owner, ticket, false);
}

static int op_coins_of(struct tn_ctx *c, struct tn_bytes script, const struct tn_outpoint *after,
		       uint32_t limit, struct tn_arena *a, struct tn_placed_coins *out)
{
	struct tn_error err;
	int rc = address_usable(c, &err);

	if (rc)
		return rc;
	return address_coins(c, script, after, limit < TN_COINS_OF_MAX ? limit : TN_COINS_OF_MAX, a,
			     out);
}

const struct tn_chain_ops chain_ops = { sizeof chain_ops, op_tip,    op_hash_at,
					op_block_at,      op_coin,   op_tx_at,
					op_check,         op_submit, op_coins_of };
