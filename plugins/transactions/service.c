/* SPDX-License-Identifier: MIT
 * plugins/transactions/service.c - the service mempool (timenode/service/mempool.h)
 */
#include "inside.h"

struct picking {
	struct tn_ctx *c;
	struct tn_arena *a;
	struct tn_template *out;
	size_t left;
	struct tn_seen *in; /* txids picked */
};

static bool is_in(const struct picking *p, const struct pool_tx *e)
{
	return tn_seen_has(p->in, e->txid.b, sizeof e->txid.b);
}

/* A parent that did not fit keeps its children out. */
static bool has_parents(const struct picking *p, const struct pool_tx *e)
{
	for (uint32_t i = 0; i < e->tx.inputs.n; i++) {
		const struct pool_tx *parent =
			pool_find(state_of(p->c)->pool, &e->tx.inputs.v[i].previous_output.txid);

		if (parent && !is_in(p, parent))
			return false;
	}
	return true;
}

static int pick(struct picking *p, const struct pool_tx *e)
{
	const void *copy;

	if (e->bytes > p->left || !has_parents(p, e))
		return 0;
	if (!tn_add_u64(&p->out->fees, p->out->fees, e->fee))
		return 0;
	if (tn_clone(&tn_wire_tx, &e->tx, p->a, &copy))
		return TN_ENOMEM;
	p->out->tx.v[p->out->tx.n++] = *(const struct tn_tx *)copy;
	p->left -= e->bytes;
	tn_seen_add(p->in, e->txid.b, sizeof e->txid.b);
	return 0;
}

/* Final ones, then approved ones: whoever is final has only final parents. */
static int pick_all(struct picking *p)
{
	const struct pool *pool = state_of(p->c)->pool;
	int rc = 0;

	for (const struct pool_tx *e = pool_next(pool, NULL); e && !rc; e = pool_next(pool, e))
		if (e->flags & POOL_FINAL)
			rc = pick(p, e);
	for (const struct pool_tx *e = pool_next(pool, NULL); e && !rc; e = pool_next(pool, e))
		if (e->flags & POOL_APPROVED && !(e->flags & POOL_FINAL))
			rc = pick(p, e);
	return rc;
}

static int op_template(struct tn_ctx *c, struct tn_arena *a, size_t max, struct tn_template *out)
{
	const struct pool_sums *sums = pool_sums(state_of(c)->pool);
	uint64_t key[2] = { tn_random64(c), tn_random64(c) };
	struct picking p = { .c = c, .a = a, .out = out, .left = max };
	int rc = TN_ENOMEM;

	*out = (struct tn_template){ .fees = 0 };
	out->tx.v = tn_alloc(a, (sums->count + 1) * sizeof *out->tx.v);
	p.in = tn_seen_create(sums->count + 1, key, sizeof key);
	if (out->tx.v && p.in)
		rc = pick_all(&p);
	tn_seen_free(p.in);
	return rc;
}

const struct tn_mempool_ops mempool_ops = { sizeof mempool_ops, op_template, voting_allows };
