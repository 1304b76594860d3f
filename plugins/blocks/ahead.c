/* SPDX-License-Identifier: MIT
 * plugins/blocks/ahead.c - signatures of blocks whose turn has not come
 *
 * Does a signature fit? That depends on the transaction and on the script of the coin it
 * spends, and that script is part of what the coin's txid is the hash of. So the answer
 * is the same whatever becomes of the blocks before, and the pool can be asked while
 * those are being judged: catching up it is never idle. Whether the coin is there to be spent
 * is another question, asked when the block's turn has come: of the store, unless it had the
 * coin and no batch has touched it since. What could not be
 * found ahead, or did not fit, is looked at then as if nothing had been.
 */
#include "blocks.h"

#include <string.h>

enum { JOBS_AHEAD = 48, TRIALS_AHEAD = 32, COST_BLOCK = 100, COST_INPUT = 3 };

/* ---- scripts */

static const struct tn_bytes *script_in(const struct tn_block *b, const struct tn_block_facts *f,
					const struct tn_outpoint *o)
{
	const struct tn_hash *all = tn_facts_txids(f);
	const uint32_t *order = tn_facts_order(f);
	uint32_t low = 0, high = f->txs;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int side = memcmp(&o->txid, &all[order[mid]], sizeof o->txid);

		if (side == 0) {
			const struct tn_tx *tx = &b->transactions.v[order[mid]];

			return o->vout < tx->outputs.n ? &tx->outputs.v[o->vout].script_pubkey
						       : NULL;
		}
		if (side < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static unsigned bit_of(const struct tn_hash *txid)
{
	return (txid->b[0] | txid->b[1] << 8) % TXID_BITS;
}

/* Of a block whose facts are in order. */
static bool may_have(struct trial *t, const struct tn_hash *txid)
{
	const struct tn_hash *all = tn_facts_txids(t->facts);
	uint64_t *bits = t->ahead.txids;
	unsigned bit = bit_of(txid);

	for (uint32_t i = 0; !t->ahead.told && i < t->facts->txs; i++)
		bits[bit_of(&all[i]) / 64] |= (uint64_t)1 << bit_of(&all[i]) % 64;
	t->ahead.told = true;
	return bits[bit / 64] >> bit % 64 & 1;
}

static const struct tn_bytes *script_of(struct trial *t, const struct tn_outpoint *o)
{
	if (!t->facts || t->facts->verdict.code || !may_have(t, &o->txid))
		return NULL;
	return script_in(t->block, t->facts, o);
}

/* Blocks that wait before it make coins too; theirs live as long as their trials, ours
 * longer: a copy. */
static bool find_coin(struct tn_ctx *c, struct trial *t, const struct tn_outpoint *o,
		      struct tn_coin *out, bool *stored)
{
	const struct tn_bytes *found = script_of(t, o);
	uint8_t *p;

	for (struct trial *q = state_of(c)->road.first; q != t && !found; q = q->next)
		found = script_of(q, o);
	*stored = !found;
	if (!found)
		return !store_coin(c, NULL, o, t->work, out);
	p = tn_alloc(t->work, found->n);
	if (!p)
		return false;
	if (found->n)
		memcpy(p, found->p, found->n);
	out->script = (struct tn_bytes){ p, found->n };
	return true;
}

static void gather(struct tn_ctx *c, struct trial *t)
{
	const struct coin_clock *clock = state_of(c)->clock;
	struct ahead *a = &t->ahead;

	a->clock = state_of(c)->road.first->batch ? clock->begun : clock->now;
	for (uint32_t i = 1; i < t->block->transactions.n; i++) {
		const struct tn_tx *tx = &t->block->transactions.v[i];

		for (uint32_t k = 0; k < tx->inputs.n; k++) {
			struct tn_spent *s = &a->spent[a->n];

			*s = (struct tn_spent){ .tx = i, .input = k, .maker = TN_NO_TX };
			a->n += find_coin(c, t, &tx->inputs.v[k].previous_output, &s->coin,
					  &a->stored[a->n]);
		}
	}
}

/* ---- to the pool */

static bool is_wanted(const struct trial *t)
{
	return t->block && !t->trusted && !t->ahead.begun && t->bytes < JOB_BLOCK_MIN;
}

static void begin(struct tn_ctx *c, struct trial *t, int *budget)
{
	struct state *st = state_of(c);
	struct ahead *a = &t->ahead;
	struct spends what;

	a->begun = true;
	*budget -= COST_BLOCK + cost_of(t->bytes);
	if (!t->facts)
		t->facts = facts_of(t->producer ? &st->own_rules : &st->rules, t->block, t->work);
	if (!t->facts || t->facts->verdict.code || t->facts->inputs <= JOB_SPENDS_MIN)
		return;
	*budget -= COST_INPUT * (int)t->facts->inputs;
	a->spent = tn_alloc(t->work, t->facts->inputs * sizeof *a->spent);
	a->good = tn_alloc(t->work, t->facts->inputs * sizeof *a->good);
	a->stored = tn_alloc(t->work, t->facts->inputs * sizeof *a->stored);
	if (!a->spent || !a->good || !a->stored)
		return;
	gather(c, t);
	what = (struct spends){ t->serial, t->block, t->facts, t->owner, a->spent, a->n, true };
	a->left = jobs_ahead(c, &what);
	st->road.ahead += a->left;
}

void ahead_run(struct tn_ctx *c, int *budget)
{
	struct road *r = &state_of(c)->road;
	unsigned seen = 0;

	for (struct trial *t = r->first; t && seen < TRIALS_AHEAD; t = t->next, seen++)
		if (seen && r->ahead<JOBS_AHEAD && * budget> 0 && is_wanted(t))
			begin(c, t, budget);
}

void ahead_done(struct tn_ctx *c, uint64_t serial, uint32_t first, uint32_t good)
{
	struct road *r = &state_of(c)->road;
	struct trial *t = r->first;

	r->ahead--;
	while (t && t->serial != serial)
		t = t->next;
	if (!t)
		return;
	for (uint32_t i = 0; i < good; i++)
		t->ahead.good[first + i] = true;
	if (--t->ahead.left || !t->ahead.awaited)
		return; /* it may be waiting for the signatures of a block below it */
	t->ahead.awaited = false;
	road_resume(c, t);
}

/* ---- when its turn has come */

/* Is that input among those that were looked at? *at goes up to it. */
static bool seek(const struct ahead *a, uint32_t *at, uint32_t tx, uint32_t input)
{
	while (*at < a->n &&
	       (a->spent[*at].tx < tx || (a->spent[*at].tx == tx && a->spent[*at].input < input)))
		++*at;
	return *at < a->n && a->spent[*at].tx == tx && a->spent[*at].input == input;
}

static bool is_done(const struct ahead *a, uint32_t *at, const struct tn_spent *s)
{
	const struct tn_bytes *script;

	if (!seek(a, at, s->tx, s->input) || !a->good[*at])
		return false;
	script = &a->spent[*at].coin.script;
	return script->n == s->coin.script.n &&
	       (!script->n || memcmp(script->p, s->coin.script.p, script->n) == 0);
}

static uint32_t *place_of(struct coin_clock *k, const struct tn_outpoint *o)
{
	uint32_t h = o->vout * 2654435761u ^ (uint32_t)o->txid.b[0] ^ (uint32_t)o->txid.b[1] << 8;

	return &k->at[h % COIN_PLACES];
}

void ahead_touch(struct tn_ctx *c, const struct tn_outpoint *o)
{
	struct coin_clock *k = state_of(c)->clock;

	k->now += k->now != UINT32_MAX;
	*(o ? place_of(k, o) : &k->wiped) = k->now;
}

const struct tn_coin *ahead_coin(struct tn_ctx *c, struct ahead *a, uint32_t tx, uint32_t input,
				 const struct tn_outpoint *o)
{
	struct coin_clock *k = state_of(c)->clock;

	if (k->now == UINT32_MAX || k->wiped > a->clock || *place_of(k, o) > a->clock)
		return NULL;
	return seek(a, &a->at, tx, input) && a->stored[a->at] ? &a->spent[a->at].coin : NULL;
}

int ahead_take(struct tn_ctx *c, struct trial *t)
{
	struct apply *a = &t->apply;
	struct tn_spent *todo;
	uint32_t at = 0;

	(void)c;
	a->todo = a->judge.spent;
	a->todos = a->judge.n;
	if (a->block != t->block || !t->ahead.n)
		return 0;
	if (t->ahead.left) {
		t->elsewhere = t->ahead.awaited = true;
		return TN_LATER;
	}
	todo = tn_alloc(a->arena, a->judge.n * sizeof *todo);
	if (!todo)
		return TN_ENOMEM;
	a->todos = 0;
	for (uint32_t i = 0; i < a->judge.n; i++)
		if (!is_done(&t->ahead, &at, &a->judge.spent[i]))
			todo[a->todos++] = a->judge.spent[i];
	a->todo = todo;
	return 0;
}
