/* SPDX-License-Identifier: MIT
 * plugins/blocks/side_rows.c - the rows of blocks beside the chain: written behind, read again
 */
#include "side.h"

enum { AGAIN_MS = 100 };

void side_forget_unwritten(struct side *s, struct entry *e)
{
	if (!e->unwritten)
		return;
	tn_arena_unref(e->keep);
	e->unwritten = NULL;
	e->keep = NULL;
	s->unwritten--;
}

bool side_open_batch(struct tn_ctx *c)
{
	struct side *s = side_of(c);

	if (!s->batch)
		s->batch = tn_batch(c);
	return s->batch != NULL;
}

static void on_again(struct tn_ctx *c, void *arg)
{
	(void)arg;
	side_of(c)->timer = (struct tn_timer){ 0 };
	side_flush(c);
}

/* A disk that is behind keeps them waiting. */
void side_flush(struct tn_ctx *c)
{
	struct side *s = side_of(c);

	tn_metric(c, C_SIDE, s->n);
	if (!s->batch)
		return;
	if (tn_commit(c, s->batch, TN_NO_TICKET) != TN_EFULL)
		s->batch = NULL;
	else if (!s->timer.v)
		s->timer = tn_after(c, AGAIN_MS, on_again, NULL);
}

int side_put(struct tn_ctx *c, const struct tn_hash *hash, const struct tn_block *b)
{
	struct side *s = side_of(c);

	return side_open_batch(c)
		       ? tn_put_as(c, s->batch, D_SIDE, TN_VIEW(*hash), &tn_wire_block, b)
		       : TN_ENOMEM;
}

int side_write_row(struct tn_ctx *c, struct entry *e)
{
	int rc = e->unwritten ? side_put(c, &e->hash, e->unwritten) : 0;

	if (!rc)
		side_forget_unwritten(side_of(c), e);
	return rc;
}

static void write_some(struct tn_ctx *c);

static void on_write(struct tn_ctx *c, void *arg)
{
	(void)arg;
	side_of(c)->writing = (struct tn_timer){ 0 };
	write_some(c);
}

static void write_later(struct tn_ctx *c, uint64_t ms)
{
	struct side *s = side_of(c);

	if (s->unwritten && !s->writing.v)
		s->writing = tn_after(c, ms, on_write, NULL);
}

void side_write_soon(struct tn_ctx *c)
{
	write_later(c, 0);
}

/* As many as fit into a turn, one in any case. Without memory: again later. */
static void write_some(struct tn_ctx *c)
{
	struct side *s = side_of(c);
	int budget = TURN_US;

	for (struct entry *e = s->entries; e && s->unwritten; e = e->hh.next) {
		if (!e->unwritten)
			continue;
		if (must_wait(&budget, e->bytes))
			break;
		budget -= 10 + cost_of(e->bytes);
		if (side_write_row(c, e)) {
			write_later(c, AGAIN_MS);
			break;
		}
	}
	side_write_soon(c);
	side_flush(c);
}

uint64_t side_bytes(struct tn_ctx *c, const struct tn_hash *hash)
{
	const struct entry *e = side_find(side_of(c), hash);

	return e ? e->bytes : 0;
}

int side_block(struct tn_ctx *c, const struct tn_hash *hash, struct tn_arena *a,
	       const struct tn_block **out)
{
	struct side *s = side_of(c);
	struct entry *e = side_find(s, hash);
	struct tn_hash is;
	const void *v;
	int rc = e ? side_write_row(c, e) : TN_ENOENT;

	if (rc)
		return rc;
	rc = store_read(c, s->batch, D_SIDE, TN_VIEW(*hash), &tn_wire_block, a, &v);
	if (rc)
		return rc == TN_ENOENT ? TN_EBAD : rc;
	*out = v;
	if (tn_block_hash(state_of(c)->sha, &(*out)->header, &is))
		return TN_ENOMEM;
	return same_hash(&is, hash) ? 0 : TN_EBAD;
}
