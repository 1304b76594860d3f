/* SPDX-License-Identifier: MIT
 * plugins/blocks/legacy.c - a chain that old nodes made, if legacy_chain keeps it
 *
 * What is given up for it and what is not is in doc/protocol.md 10.7. The height of the first such
 * block is a row in the store: without the option such a chain refuses the start, for this
 * node would hold to a chain that it does not take from anybody.
 */
#include "blocks.h"

#include <inttypes.h>
#include <string.h>

static const uint8_t mark_key[] = { 'l', 'e', 'g', 'a', 'c', 'y' };

int legacy_put_mark(struct tn_ctx *c, struct tn_batch *b, uint64_t first)
{
	struct tn_view key = { mark_key, sizeof mark_key };
	struct key8 val = key_of_height(first);

	return first == NO_LEGACY ? tn_del(c, b, D_META, key)
				  : tn_put(c, b, D_META, key, TN_VIEW(val));
}

int legacy_check(struct tn_ctx *c, struct tn_error *err)
{
	if (!conf_of(c)->legacy_chain || strcmp(state_of(c)->rules.net.name, "mainnet") != 0)
		return 0;
	return tn_fail(err, TN_EINVAL,
		       "legacy_chain is for private and test networks, not for mainnet");
}

int legacy_open(struct tn_ctx *c, struct tn_error *err)
{
	struct tn_view val;
	uint64_t first = 0;
	int rc = tn_get(c, NULL, D_META, (struct tn_view){ mark_key, sizeof mark_key }, &val);

	state_of(c)->legacy = NO_LEGACY;
	if (rc == TN_ENOENT)
		return 0;
	if (rc || val.n != 8)
		return tn_fail(err, TN_EBAD, "the mark of the old network's blocks cannot be read");
	for (unsigned i = 0; i < 8; i++)
		first = first << 8 | val.p[i];
	state_of(c)->legacy = first;
	if (conf_of(c)->legacy_chain)
		return 0;
	return tn_fail(err, TN_EBAD,
		       "the chain holds blocks of the old network from height %" PRIu64
		       " on, which only legacy_chain = true keeps (with it `chain rollback %" PRIu64
		       "` takes them back)",
		       first, first ? first - 1 : 0);
}

void legacy_say(struct tn_ctx *c)
{
	bool on = conf_of(c)->legacy_chain;

	tn_metric(c, C_LEGACY, on);
	if (on)
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "legacy_chain is on: blocks of the old network are kept, signed or not");
}

bool legacy_keeps(struct tn_ctx *c, struct trial *t)
{
	if (!conf_of(c)->legacy_chain || t->producer)
		return false;
	TN_LOG(c, TN_INFO, TN_NOBODY, "Block %" PRIu64 " of the old network is kept, although: %s",
	       t->apply.block->header.height, t->why.text);
	t->why.text[0] = 0;
	t->apply.verdict = (struct tn_block_verdict){ .code = 0 };
	t->apply.lax = true;
	return true;
}

void legacy_sealed(struct tn_ctx *c, struct trial *t)
{
	const struct apply *a = &t->apply;

	if (!a->lax && !a->facts->loose)
		return;
	tn_metric(c, C_LEGACY_BLOCKS, 1);
	if (t->legacy == NO_LEGACY)
		t->legacy = a->block->header.height;
}
