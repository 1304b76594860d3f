/* SPDX-License-Identifier: MIT
 * t/sim/liar.c - a plugin in place of blocks that lies to whoever asks for the chain
 */
#include "sim/liar.h"

#include <string.h>

enum {
	M_GET_HEIGHT,
	M_HEIGHT,
	M_GET_HASH,
	M_HASH,
	M_GET_BLOCKS,
	M_BLOCKS,
	M_GET_RANGE,
	M_RANGE,
	M_ANNOUNCE
};
enum { MORE = 5 }; /* blocks that it says it has and has not */
enum { WAY_SHIFTED, WAY_MORE, WAY_BACKWARDS, WAY_TWICE, WAYS };

enum { HASH_LATE_MS = 15000, BLOCKS_LATE_MS = 55000, LATE = 64 };

struct conf {
	uint64_t kind;
};

struct late { /* an answer */
	struct tn_sid to;
	unsigned row;
	uint64_t height;
	bool waits;
};

struct state {
	struct tn_sha *sha;
	const struct tn_block *block[LIAR_BLOCKS]; /* by height */
	struct tn_arena *arena[LIAR_BLOCKS];
	uint64_t top;
	unsigned turn;
	uint64_t heard;
	struct tn_tip best;
	struct late late[LATE];
};

const char *liar_name(enum liar_kind kind)
{
	static const char *const name[LIAR_KINDS] = {
		[LIAR_HEIGHT] = "height",     [LIAR_SIGNATURE] = "signature",
		[LIAR_MUTATED] = "mutated",   [LIAR_WITHHOLD] = "withheld",
		[LIAR_GENESIS] = "genesis",   [LIAR_RANGE] = "range",
		[LIAR_ANNOUNCE] = "announce", [LIAR_EMPTY] = "empty",
		[LIAR_DRIP] = "drip",
	};

	return name[kind];
}

static struct state *state_of(struct tn_ctx *c)
{
	return c->state;
}

static bool is(struct tn_ctx *c, enum liar_kind kind)
{
	return ((const struct conf *)c->conf)->kind == kind;
}

/* ---- what the test does with it */

static void give(struct tn_ctx *c, const struct tn_block *b, struct tn_arena *a)
{
	struct state *st = state_of(c);
	uint64_t h = b->header.height;

	if (h >= LIAR_BLOCKS)
		return;
	if (a)
		tn_arena_ref(a);
	tn_arena_unref(st->arena[h]);
	st->arena[h] = a;
	st->block[h] = b;
	st->top = h;
}

static void announce(struct tn_ctx *c, const struct tn_block *b)
{
	tn_broadcast(c, NULL, M_ANNOUNCE, b);
}

static uint64_t heard(struct tn_ctx *c, struct tn_tip *best)
{
	*best = state_of(c)->best;
	return state_of(c)->heard;
}

static const struct liar_ops liar_ops = { give, announce, heard };

/* ---- answers */

static uint64_t told_height(struct tn_ctx *c)
{
	if (is(c, LIAR_HEIGHT))
		return UINT64_MAX;
	return state_of(c)->top + (is(c, LIAR_WITHHOLD) || is(c, LIAR_EMPTY) ? MORE : 0);
}

static tn_verdict on_height(struct tn_ctx *c, const struct tn_msg *m)
{
	struct tn_height h = { told_height(c) };

	tn_send(c, m->from, M_HEIGHT, &h);
	return TN_TAKEN;
}

static bool has(const struct state *st, uint64_t h)
{
	return h <= st->top && st->block[h];
}

static void answer_hash(struct tn_ctx *c, struct tn_sid to, uint64_t height);
static void answer(struct tn_ctx *c, struct tn_sid to, unsigned row, uint64_t from, uint64_t last);

static void on_late(struct tn_ctx *c, void *arg)
{
	struct late *l = arg;

	l->waits = false;
	if (l->row == M_HASH)
		answer_hash(c, l->to, l->height);
	else
		answer(c, l->to, l->row, l->height, l->height);
}

/* Does it wait? Those whose genesis block is asked for do not. */
static bool later(struct tn_ctx *c, struct tn_sid to, unsigned row, uint64_t height, uint64_t ms)
{
	struct state *st = state_of(c);
	unsigned i = 0;

	if (!is(c, LIAR_DRIP) || height == 0)
		return false;
	while (i < LATE && st->late[i].waits)
		i++;
	if (i == LATE)
		return true;
	st->late[i] = (struct late){ to, row, height, true };
	tn_after(c, ms, on_late, &st->late[i]);
	return true;
}

/* Above its middle the withholder is on a branch that nobody knows. */
static void answer_hash(struct tn_ctx *c, struct tn_sid to, uint64_t height)
{
	struct state *st = state_of(c);
	struct tn_block_hash_at at = { .height = height, .has_hash = has(st, height) };

	if (at.has_hash && tn_block_hash(st->sha, &st->block[height]->header, &at.hash))
		return;
	if ((is(c, LIAR_WITHHOLD) && height > st->top / 2) ||
	    (is(c, LIAR_GENESIS) && height == 0)) {
		at.has_hash = true;
		at.hash.b[0] ^= 0x55;
	}
	tn_send(c, to, M_HASH, &at);
}

static tn_verdict on_hash(struct tn_ctx *c, const struct tn_msg *m)
{
	uint64_t height = ((const struct tn_height *)m->body)->height;

	if (!later(c, m->from, M_HASH, height, HASH_LATE_MS))
		answer_hash(c, m->from, height);
	return TN_TAKEN;
}

static void add(struct tn_blocks *list, const struct state *st, uint64_t h)
{
	struct tn_block *to = (struct tn_block *)(uintptr_t)list->blocks.v;

	if (has(st, h))
		to[list->blocks.n++] = *st->block[h];
}

static void fill(struct tn_blocks *list, const struct state *st, uint64_t from, uint64_t to)
{
	for (uint64_t h = from; h <= to && h <= st->top; h++)
		add(list, st, h);
}

/* Each time in another way. */
static void fill_wrong(struct tn_blocks *list, struct state *st, uint64_t from, uint64_t to)
{
	switch (st->turn++ % WAYS) {
	case WAY_SHIFTED:
		fill(list, st, from > 2 ? from - 2 : from + 2, to);
		break;
	case WAY_MORE:
		fill(list, st, from, to);
		add(list, st, to > 3 ? to - 3 : 0);
		break;
	case WAY_BACKWARDS:
		for (uint64_t h = to < st->top ? to : st->top; h >= from; h--)
			add(list, st, h);
		break;
	case WAY_TWICE:
		add(list, st, from);
		fill(list, st, from, to);
		break;
	}
}

static void answer(struct tn_ctx *c, struct tn_sid to, unsigned row, uint64_t from, uint64_t last)
{
	struct state *st = state_of(c);
	struct tn_blocks list = { { NULL, 0 } };

	if (is(c, LIAR_WITHHOLD) && last > st->top / 2)
		return;
	list.blocks.v = tn_alloc(tn_scratch(c), (LIAR_BLOCKS + 1) * sizeof *list.blocks.v);
	if (!list.blocks.v || from > last)
		return;
	if (is(c, LIAR_RANGE))
		fill_wrong(&list, st, from, last);
	else if (!is(c, LIAR_EMPTY))
		fill(&list, st, from, last);
	tn_send(c, to, row, &list);
}

static tn_verdict answer_range(struct tn_ctx *c, const struct tn_msg *m, unsigned row)
{
	const struct tn_range *r = m->body;

	if (!later(c, m->from, row, r->start, BLOCKS_LATE_MS))
		answer(c, m->from, row, r->start, r->end);
	return TN_TAKEN;
}

static tn_verdict on_blocks(struct tn_ctx *c, const struct tn_msg *m)
{
	return answer_range(c, m, M_BLOCKS);
}

static tn_verdict on_range(struct tn_ctx *c, const struct tn_msg *m)
{
	return answer_range(c, m, M_RANGE);
}

static tn_verdict on_announce(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_block *b = m->body;
	struct state *st = state_of(c);
	struct tn_tip tip = { .height = b->header.height };

	if (tn_block_hash(st->sha, &b->header, &tip.hash))
		return TN_BROKEN;
	st->heard++;
	if (tip.height > st->best.height ||
	    (tip.height == st->best.height && memcmp(&tip.hash, &st->best.hash, 32) < 0))
		st->best = tip;
	return TN_TAKEN;
}

static int init(struct tn_ctx *c, struct tn_error *err)
{
	state_of(c)->sha = tn_sha_create();
	return state_of(c)->sha ? 0 : tn_fail(err, TN_ENOMEM, "no memory");
}

static void fini(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	for (unsigned i = 0; i < LIAR_BLOCKS; i++)
		tn_arena_unref(st->arena[i]);
	tn_sha_free(st->sha);
}

TN_PLUGIN = {
	TN_HEAD("liar", "1", "lies about the chain"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct conf),
	.offers = TN_ROWS(struct tn_offer, { "liar", 1, 0, &liar_ops }),
	.messages = TN_ROWS(
		struct tn_message,
		[M_GET_HEIGHT] = { "GetBlockHeight", &tn_schema_unit, on_height, TN_OWN,
				   .max = 64 },
		[M_HEIGHT] = { "BlockHeightResponse", &tn_wire_height, NULL, TN_OWN, .max = 128 },
		[M_GET_HASH] = { "GetBlockHash", &tn_wire_height, on_hash, TN_OWN, .max = 128 },
		[M_HASH] = { "BlockHashResponse", &tn_wire_block_hash_at, NULL, TN_OWN,
			     .max = 512 },
		[M_GET_BLOCKS] = { "GetBlocks", &tn_wire_range, on_blocks, TN_OWN, .max = 128 },
		[M_BLOCKS] = { "BlocksResponse", &tn_wire_blocks, NULL, TN_OWN, .max = 0 },
		[M_GET_RANGE] = { "GetBlockRange", &tn_wire_block_range, on_range, TN_OWN,
				  .max = 256 },
		[M_RANGE] = { "BlockRangeResponse", &tn_wire_blocks, NULL, TN_OWN, .max = 0 },
		[M_ANNOUNCE] = { "BlockAnnouncement", &tn_wire_block, on_announce, TN_OWN,
				 .max = 12 << 20 }),
	.options = TN_ROWS(struct tn_option,
			   TN_OPT(struct conf, kind, "0", 0, LIAR_KINDS - 1, "enum liar_kind")),
	.init = init,
	.fini = fini,
};
