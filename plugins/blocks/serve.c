/* SPDX-License-Identifier: MIT
 * plugins/blocks/serve.c - answers to peers; encoded ranges are kept for the next one who asks
 */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

enum { RANGE_MAX = 101, KEPT = 32 };

struct kept { /* an encoded answer */
	struct tn_frame *frame;
	unsigned row;
	uint64_t start, end; /* the blocks in it */
	uint64_t text;
	uint64_t used;
};

struct serve {
	struct kept kept[KEPT];
	uint64_t bytes, clock;
};

struct serve *serve_create(void)
{
	return calloc(1, sizeof(struct serve));
}

static void drop(struct tn_ctx *c, struct serve *s, struct kept *k)
{
	if (!k->frame)
		return;
	tn_frame_unref(c, k->frame);
	s->bytes -= k->text;
	*k = (struct kept){ .frame = NULL };
}

void serve_forget(struct tn_ctx *c, uint64_t above)
{
	struct serve *s = state_of(c)->serve;

	for (unsigned i = 0; s && i < KEPT; i++)
		if (s->kept[i].frame && s->kept[i].end > above)
			drop(c, s, &s->kept[i]);
	encode_forget(c, above);
}

void serve_free(struct tn_ctx *c, struct serve *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < KEPT; i++)
		drop(c, s, &s->kept[i]);
	free(s);
}

/* The last block that peers may hear of: what is not on the disk may be gone tomorrow. */
static uint64_t top_of(struct tn_ctx *c)
{
	const struct state *st = state_of(c);

	return st->safe < st->tip.height ? st->safe : st->tip.height;
}

/* TN_ENOENT also for what is too fresh. */
static int told_index(struct tn_ctx *c, uint64_t height, struct index *out)
{
	return height > top_of(c) ? TN_ENOENT : store_index(c, NULL, height, out);
}

/* ---- ranges */

/* What of it is answered: within the chain, at most 101 blocks and serve_max of text, but one
 * block in any case. Heights are compared, never added to what a peer said. */
static int clamp(struct tn_ctx *c, const struct tn_range *want, struct range *out)
{
	uint64_t top = top_of(c);
	uint64_t last = want->end < top ? want->end : top;
	struct index index;

	*out = (struct range){ 1, 0, 0 };
	if (want->start > last)
		return 0;
	if (last - want->start >= RANGE_MAX)
		last = want->start + RANGE_MAX - 1;
	out->start = want->start;
	for (uint64_t h = want->start; h <= last; h++) {
		int rc = store_index(c, NULL, h, &index);

		if (rc)
			return rc;
		if (h > want->start && out->text + index.text > conf_of(c)->serve_max)
			break;
		out->text += index.text;
		out->end = h;
	}
	return 0;
}

static struct tn_frame *encode_one(struct tn_ctx *c, unsigned row, uint64_t height,
				   struct tn_arena *a)
{
	const struct tn_block *b;

	return store_block(c, NULL, height, a, &b) ? NULL : tn_make_frame(c, row, b);
}

static struct tn_frame *encode_list(struct tn_ctx *c, unsigned row, const struct range *r,
				    struct tn_arena *a)
{
	uint32_t n = r->start > r->end ? 0 : (uint32_t)(r->end - r->start + 1);
	struct tn_blocks list = { { tn_alloc(a, (n + 1) * sizeof *list.blocks.v), 0 } };
	const struct tn_block *b;

	if (!list.blocks.v)
		return NULL;
	while (list.blocks.n < n && !store_block(c, NULL, r->start + list.blocks.n, a, &b))
		list.blocks.v[list.blocks.n++] = *b;
	return list.blocks.n == n ? tn_make_frame(c, row, &list) : NULL;
}

struct tn_frame *serve_encode(struct tn_ctx *c, unsigned row, const struct range *r)
{
	struct tn_arena *a = tn_arena_new(c);
	struct tn_frame *f = NULL;

	if (a && (row == M_BLOCK || row == M_ANNOUNCE))
		f = encode_one(c, row, r->start, a);
	else if (a)
		f = encode_list(c, row, r, a);
	tn_arena_unref(a);
	return f;
}

static struct kept *find(struct serve *s, unsigned row, const struct range *r)
{
	for (unsigned i = 0; i < KEPT; i++) {
		struct kept *k = &s->kept[i];

		if (k->frame && k->row == row && k->start == r->start && k->end == r->end)
			return k;
	}
	return NULL;
}

static struct kept *oldest(struct serve *s)
{
	struct kept *found = NULL;

	for (unsigned i = 0; i < KEPT; i++)
		if (s->kept[i].frame && (!found || s->kept[i].used < found->used))
			found = &s->kept[i];
	return found;
}

static struct kept *empty(struct serve *s)
{
	for (unsigned i = 0; i < KEPT; i++)
		if (!s->kept[i].frame)
			return &s->kept[i];
	return NULL;
}

void serve_keep(struct tn_ctx *c, struct tn_frame *f, unsigned row, const struct range *r)
{
	struct serve *s = state_of(c)->serve;
	uint64_t max = conf_of(c)->serve_cache;
	struct kept *k;

	if (!r->text || r->text > max || (row == M_BLOCK && r->text < ENCODE_MIN)) {
		tn_frame_unref(c, f);
		return;
	}
	while (!empty(s) || s->bytes + r->text > max)
		drop(c, s, oldest(s));
	k = empty(s);
	*k = (struct kept){ f, row, r->start, r->end, r->text, ++s->clock };
	s->bytes += r->text;
}

/* What a question names, as far as it is answered. */
static tn_verdict range_of(struct tn_ctx *c, const struct tn_msg *m, unsigned row, struct range *r)
{
	const struct tn_height *at = m->body;
	struct tn_range one = { 0 };

	if (row != M_BLOCK)
		return clamp(c, m->body, r) ? TN_BROKEN : TN_TAKEN;
	one.start = one.end = at->height;
	if (clamp(c, &one, r))
		return TN_BROKEN;
	return r->start > r->end ? tn_refuse(R_UNKNOWN) : TN_TAKEN;
}

/* false: it is for the pool, nothing was done. */
static bool at_once(struct tn_ctx *c, const struct tn_msg *m, unsigned row, struct range *r,
		    tn_verdict *v)
{
	struct serve *s = state_of(c)->serve;
	struct tn_frame *f;
	struct kept *k;

	*v = range_of(c, m, row, r);
	if (*v != TN_TAKEN)
		return true;
	k = find(s, row, r);
	if (k) {
		k->used = ++s->clock;
		tn_send_frame(c, m->from, k->frame);
		return true;
	}
	if (encode_wants(c, r))
		return false;
	f = serve_encode(c, row, r);
	if (!f) {
		*v = TN_BROKEN;
		return true;
	}
	tn_send_frame(c, m->from, f);
	serve_keep(c, f, row, r);
	return true;
}

static tn_verdict give(struct tn_ctx *c, const struct tn_msg *m, unsigned row)
{
	struct range r;
	tn_verdict v;

	if (at_once(c, m, row, &r, &v))
		return v;
	return encode_wait(c, tn_hold(c, m), row, &r) ? TN_LATER : tn_refuse(R_BUSY);
}

void serve_again(struct tn_ctx *c, struct tn_hold hold, unsigned row)
{
	const struct tn_msg *m = tn_held(c, hold);
	struct range r;
	tn_verdict v;

	if (!m)
		return;
	if (at_once(c, m, row, &r, &v))
		tn_settle(c, hold, v);
	else if (!encode_wait(c, hold, row, &r))
		tn_settle(c, hold, tn_refuse(R_BUSY));
}

tn_verdict serve_blocks(struct tn_ctx *c, const struct tn_msg *m)
{
	return give(c, m, M_BLOCKS);
}

tn_verdict serve_range(struct tn_ctx *c, const struct tn_msg *m)
{
	return give(c, m, M_RANGE);
}

tn_verdict serve_block(struct tn_ctx *c, const struct tn_msg *m)
{
	return give(c, m, M_BLOCK);
}

/* ---- one hash, one number */

tn_verdict serve_genesis(struct tn_ctx *c, const struct tn_msg *m)
{
	tn_send(c, m->from, M_GENESIS, &state_of(c)->genesis_hash);
	return TN_TAKEN;
}

tn_verdict serve_height(struct tn_ctx *c, const struct tn_msg *m)
{
	struct tn_height h = { top_of(c) };

	if (h.height < state_of(c)->tip.height) /* or it would ask again in a minute only */
		announce_owe(c);
	tn_send(c, m->from, M_HEIGHT, &h);
	return TN_TAKEN;
}

tn_verdict serve_hash(struct tn_ctx *c, const struct tn_msg *m)
{
	struct tn_block_hash_at at = { .height = ((const struct tn_height *)m->body)->height };
	struct index index;
	int rc = told_index(c, at.height, &index);

	if (rc && rc != TN_ENOENT)
		return TN_BROKEN;
	at.has_hash = !rc;
	if (!rc)
		at.hash = index.hash;
	tn_send(c, m->from, M_HASH, &at);
	return TN_TAKEN;
}

tn_verdict serve_consensus(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_consensus_query *q = m->body;
	struct tn_consensus_answer a = { .height = q->height };
	struct index index;
	int rc = told_index(c, q->height, &index);

	if (rc && rc != TN_ENOENT)
		return TN_BROKEN;
	if (!rc) {
		a.their_hash = index.hash;
		a.agrees = same_hash(&index.hash, &q->block_hash);
	}
	tn_send(c, m->from, M_CONSENSUS_ANSWER, &a);
	return TN_TAKEN;
}

/* ---- the coins */

static void give_coins_hash(struct tn_ctx *c, int rc, const struct coinset_result *r,
			    const struct coinset_waiter *w)
{
	const struct tn_msg *m = tn_held(c, w->hold);
	struct tn_utxo_set_hash body = { r->hash, r->height, r->count };

	if (!rc && r->height > top_of(c))
		rc = TN_EBUSY; /* coins of a tip that is not on the disk yet */
	if (m && !rc)
		tn_send(c, m->from, M_COINS_HASH, &body);
	tn_settle(c, w->hold, rc ? tn_refuse(R_BUSY) : TN_TAKEN);
}

tn_verdict serve_coins_hash(struct tn_ctx *c, const struct tn_msg *m)
{
	struct coinset_waiter w = { .fn = give_coins_hash, .hold = tn_hold(c, m) };

	if (coinset_want(c, &w))
		tn_settle(c, w.hold, tn_refuse(R_BUSY));
	return TN_LATER;
}

struct gathering {
	struct tn_arena *arena;
	struct tn_utxo *v;
	uint32_t n, room;
	uint64_t text, max;
};

/* Bytes of the UTF-8 character at p, 0 if there is none. */
static uint32_t character(const uint8_t *p, uint32_t n)
{
	for (uint32_t k = 1; k <= 4 && k <= n; k++)
		if (tn_utf8_valid(p, k))
			return k;
	return 0;
}

/* The script's text, as the reference writes it: what is no UTF-8 becomes U+FFFD. */
static int address_of(struct tn_arena *a, struct tn_bytes script, struct tn_str *out)
{
	char *p = tn_alloc(a, 3 * (size_t)script.n + 1);
	uint32_t n = 0, k;

	if (!p)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < script.n; i += k ? k : 1) {
		k = character(script.p + i, script.n - i);
		memcpy(p + n, k ? (const char *)script.p + i : "\xef\xbf\xbd", k ? k : 3);
		n += k ? k : 3;
	}
	*out = (struct tn_str){ p, n };
	return 0;
}

static int gather(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct gathering *g = arg;
	struct tn_utxo *u;
	const void *v;

	(void)c;
	if (g->n == g->room)
		return 1;
	u = &g->v[g->n++];
	if (tn_coin_key_read(key, &u->outpoint) ||
	    tn_bin_read(&tn_store_coin, val, g->arena, &v, NULL))
		return TN_EBAD;
	u->value = ((const struct tn_coin *)v)->value;
	u->script_pubkey = ((const struct tn_coin *)v)->script;
	if (address_of(g->arena, u->script_pubkey, &u->address))
		return TN_ENOMEM;
	g->text += tn_json_write(&tn_wire_utxo, u, NULL, 0) + 1;
	return g->text > g->max ? 1 : 0;
}

/* All of them or none: a part of the set would be a false answer. */
tn_verdict serve_coins(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = state_of(c);
	struct gathering g = { .max = conf_of(c)->serve_max };
	struct tn_utxos set;
	int rc;

	if (st->tip.height > top_of(c) || st->wiping)
		return tn_refuse(R_BUSY);
	if (st->coins > g.max / 150) /* no coin has a shorter text */
		return tn_refuse(R_SIZE);
	g.arena = tn_arena_new(c);
	g.room = (uint32_t)st->coins + 1;
	g.v = g.arena ? tn_alloc(g.arena, g.room * sizeof *g.v) : NULL;
	rc = g.v ? tn_scan(c, D_COIN, (struct tn_view){ 0 }, gather, &g) : TN_ENOMEM;
	set.utxos.v = g.v;
	set.utxos.n = g.n;
	if (!rc)
		tn_send(c, m->from, M_COINS, &set);
	tn_arena_unref(g.arena);
	if (rc > 0)
		return tn_refuse(R_SIZE);
	return rc ? TN_BROKEN : TN_TAKEN;
}
