/* SPDX-License-Identifier: MIT
 * plugins/transactions/spend.c - which coins pay for what, and the transaction that says so
 */
#include "spend.h"

#include "timenode/util.h"

#include <stdlib.h>
#include <string.h>

#define SEQUENCE 0xffffffffu

/* ---- fees. With f for the fee, (in - f) / 1000 rounded down must not be above f, which is
 * in < 1001 f + 1000.
 */
uint64_t spend_fee(uint64_t in)
{
	uint64_t share = in < 1000 ? 0 : (in - 1000) / 1001 + 1;

	return share > TN_FEE_MIN ? share : TN_FEE_MIN;
}

uint64_t spend_most(uint64_t in)
{
	uint64_t fee = spend_fee(in);

	return in > fee ? in - fee : 0;
}

static bool suffices(uint64_t in, uint64_t amount)
{
	return in >= amount && in - amount >= tn_fee_min(amount);
}

/* ---- selection */

/* The largest first, so that the fewest are needed; every two coins differ in their outpoint. */
static int by_value(const void *pa, const void *pb)
{
	const struct spend_coin *a = *(const struct spend_coin *const *)pa;
	const struct spend_coin *b = *(const struct spend_coin *const *)pb;
	int order;

	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	order = memcmp(a->at.txid.b, b->at.txid.b, sizeof a->at.txid.b);
	return order ? order : (a->at.vout > b->at.vout) - (a->at.vout < b->at.vout);
}

struct pick {
	const struct spend_coin **v;
	uint32_t n;
	uint64_t sum;
};

static bool add(struct pick *p, const struct spend_coin *coin)
{
	p->v[p->n++] = coin;
	return tn_add_u64(&p->sum, p->sum, coin->value);
}

/* Coins of these ranks, sorted; v has room. */
static bool gather(const struct spend_coin *coin, uint32_t n, uint32_t rank, struct pick *out)
{
	bool fits = true;

	out->n = 0;
	out->sum = 0;
	for (uint32_t i = 0; i < n && fits; i++)
		if (coin[i].rank <= rank)
			fits = add(out, &coin[i]);
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_value);
	return fits;
}

/* Of sorted coins, how many of the first suffice each by itself. */
static uint32_t singles(const struct pick *all, uint64_t amount)
{
	uint32_t low = 0, high = all->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (suffices(all->v[mid]->value, amount))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The largest of those from `first` on until it is enough; then instead of the last one the
 * smallest that will do. None of the others can be left out: each is worth more than what is
 * left over. False: `most` of them are not enough; the sum is theirs.
 */
static bool largest(const struct pick *all, uint32_t first, uint64_t amount, uint32_t most,
		    struct pick *out)
{
	uint32_t i = first, last;
	uint64_t rest;

	out->n = 0;
	out->sum = 0;
	while (i < all->n && out->n < most && !suffices(out->sum, amount))
		add(out, all->v[i++]);
	if (!suffices(out->sum, amount))
		return false;
	rest = out->sum - all->v[i - 1]->value;
	last = all->n - 1;
	while (!suffices(rest + all->v[last]->value, amount))
		last--;
	out->v[out->n - 1] = all->v[last];
	out->sum = rest + all->v[last]->value;
	return true;
}

static bool choose(const struct pick *all, uint64_t amount, uint32_t most, struct pick *out)
{
	uint32_t alone = singles(all, amount);
	const struct spend_coin *one = alone ? all->v[alone - 1] : NULL;

	if (largest(all, alone, amount, most, out) && (!one || out->sum < one->value))
		return true;
	if (!one)
		return false;
	out->v[0] = one;
	out->n = 1;
	out->sum = one->value;
	return true;
}

static void settle(struct spend_plan *p, const struct pick *from, uint64_t amount)
{
	uint64_t most = spend_most(from->sum);

	*p = (struct spend_plan){ .coin = from->v, .n = from->n, .in = from->sum, .pay = amount };
	if (most - amount >= TN_DUST)
		p->change = most - amount;
	p->fee = p->in - p->pay - p->change;
}

int spend_select(const struct spend_coin *coin, uint32_t n, uint64_t amount, uint32_t most,
		 struct tn_arena *a, struct spend_plan *out)
{
	size_t room = ((size_t)n + 1) * sizeof(const struct spend_coin *);
	struct pick all = { tn_alloc(a, room), 0, 0 }, some = { tn_alloc(a, room), 0, 0 };

	*out = (struct spend_plan){ .coin = some.v };
	if (!all.v || !some.v)
		return TN_ENOMEM;
	if (amount < TN_DUST)
		return TN_EINVAL;
	for (uint32_t rank = SPEND_CONFIRMED; rank <= SPEND_CHANGE; rank++) {
		if (!gather(coin, n, rank, &all))
			return TN_EBAD;
		if (!choose(&all, amount, most, &some))
			continue;
		settle(out, &some, amount);
		return 0;
	}
	if (!suffices(all.sum, amount)) {
		out->in = all.sum;
		return TN_ENOENT;
	}
	out->in = some.sum;
	return TN_EFULL;
}

int spend_merge(const struct spend_coin *coin, uint32_t n, uint32_t least, uint32_t most,
		struct tn_arena *a, struct spend_plan *out)
{
	struct pick all = { tn_alloc(a, ((size_t)n + 1) * sizeof(const struct spend_coin *)), 0,
			    0 };
	uint32_t take;

	*out = (struct spend_plan){ .coin = all.v };
	if (!all.v)
		return TN_ENOMEM;
	if (!gather(coin, n, SPEND_FINAL, &all))
		return TN_EBAD;
	take = all.n < most ? all.n : most;
	out->n = all.n;
	if (take < least || !take)
		return TN_ENOENT;
	out->coin = all.v + (all.n - take);
	out->n = take;
	for (uint32_t i = 0; i < take; i++)
		out->in += out->coin[i]->value;
	out->pay = spend_most(out->in);
	out->fee = out->in - out->pay;
	return out->pay >= TN_DUST ? 0 : TN_EBAD;
}

/* ---- the transaction */

int spend_build(const struct spend_plan *p, struct tn_bytes to, struct tn_bytes change_to,
		int64_t now, struct tn_arena *a, struct tn_tx **out)
{
	struct tn_tx *tx = tn_alloc(a, sizeof *tx);

	if (!tx)
		return TN_ENOMEM;
	*tx = (struct tn_tx){ .version = 1, .timestamp = now };
	tx->inputs.v = tn_alloc(a, p->n * sizeof *tx->inputs.v);
	tx->outputs.v = tn_alloc(a, 2 * sizeof *tx->outputs.v);
	if (!tx->inputs.v || !tx->outputs.v)
		return TN_ENOMEM;
	tx->inputs.n = p->n;
	for (uint32_t i = 0; i < p->n; i++)
		tx->inputs.v[i] = (struct tn_txin){ p->coin[i]->at, { NULL, 0 }, SEQUENCE };
	tx->outputs.v[tx->outputs.n++] = (struct tn_txout){ p->pay, to };
	if (p->change)
		tx->outputs.v[tx->outputs.n++] = (struct tn_txout){ p->change, change_to };
	*out = tx;
	return 0;
}

static void le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* All inputs sign the same but for their number, which stands between the two hashes: those
 * are made once, for a transaction may have many inputs.
 */
int spend_sign(struct tn_sha *sha, struct tn_tx *tx, const bool *mine, const struct tn_key *key,
	       spend_sign_fn *sign, void *arg, struct tn_arena *a)
{
	uint8_t msg[TN_SPEND_BYTES];
	struct tn_sig sig;
	int rc = tn_signed_spend(sha, tx, 0, msg);

	for (uint32_t i = 0; i < tx->inputs.n && !rc; i++) {
		uint8_t *script;

		if (mine && !mine[i])
			continue;
		le32(msg + sizeof(struct tn_hash), i);
		script = tn_alloc(a, TN_SCRIPT_SIG_BYTES);
		rc = script ? sign(arg, (struct tn_view){ msg, sizeof msg }, &sig) : TN_ENOMEM;
		if (rc)
			break;
		memcpy(script, key->b, sizeof key->b);
		memcpy(script + sizeof key->b, sig.b, sizeof sig.b);
		tx->inputs.v[i].script_sig = (struct tn_bytes){ script, TN_SCRIPT_SIG_BYTES };
	}
	return rc;
}

/* ---- amounts that people type */

int spend_amount(struct tn_str text, uint64_t *out, struct tn_error *err)
{
	int rc = tn_amount_parse(out, text.p, text.n);

	if (rc == TN_EBAD)
		return tn_fail(err, TN_EINVAL, "there is not that much TIME");
	if (rc)
		return tn_fail(err, TN_EINVAL,
			       "an amount is TIME with at most eight decimals, like 12.5: digits "
			       "and one point, no sign, no exponent");
	if (*out < TN_DUST)
		return tn_fail(err, TN_EINVAL,
			       "the network takes no output below 0.00000546 TIME (dust)");
	return 0;
}
