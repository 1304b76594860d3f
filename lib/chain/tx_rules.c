/* SPDX-License-Identifier: MIT
 * lib/chain/tx_rules.c - size, dust, fee and repeated inputs
 */
#include <inttypes.h>
#include <stdlib.h>

#include "chain/chain.h"

uint64_t tn_fee_min(uint64_t outputs)
{
	return outputs / 1000 > TN_FEE_MIN ? outputs / 1000 : TN_FEE_MIN;
}

int tn_tx_outputs(const struct tn_tx *tx, uint64_t *sum)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < tx->outputs.n; i++)
		if (!tn_add_u64(&v, v, tx->outputs.v[i].value))
			return TN_EBAD;
	*sum = v;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct tn_outpoint *left = a, *right = b;
	int order = memcmp(left->txid.b, right->txid.b, sizeof left->txid.b);

	return order != 0 ? order : (left->vout > right->vout) - (left->vout < right->vout);
}

/* Is a coin spent twice? 1, 0 or TN_ENOMEM. */
static int spends_twice(const struct tn_tx *tx)
{
	struct tn_outpoint *o = calloc(tx->inputs.n + (size_t)1, sizeof *o);
	int twice = 0;

	if (!o)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < tx->inputs.n; i++)
		o[i] = tx->inputs.v[i].previous_output;
	qsort(o, tx->inputs.n, sizeof *o, compare);
	for (uint32_t i = 1; i < tx->inputs.n && !twice; i++)
		twice = compare(&o[i - 1], &o[i]) == 0;
	free(o);
	return twice;
}

static bool has_dust(const struct tn_tx *tx)
{
	for (uint32_t i = 0; i < tx->outputs.n; i++)
		if (tx->outputs.v[i].value > 0 && tx->outputs.v[i].value < TN_DUST)
			return true;
	return false;
}

int tn_tx_check(const struct tn_tx *tx, struct tn_error *err)
{
	uint64_t sum;
	int twice;

	if (tn_bin_write(&tn_wire_tx, tx, NULL, 0) > TN_TX_BYTES)
		return tn_fail(err, TN_EBAD, "more than %d bytes", TN_TX_BYTES);
	if (tx->inputs.n == 0)
		return tn_fail(err, TN_EBAD, "no inputs");
	if (tn_tx_outputs(tx, &sum) != 0)
		return tn_fail(err, TN_EBAD, "the outputs overflow");
	if (has_dust(tx))
		return tn_fail(err, TN_EBAD, "an output below %d satoshis", TN_DUST);
	twice = spends_twice(tx);
	if (twice < 0)
		return tn_fail(err, TN_ENOMEM, "no memory");
	return twice ? tn_fail(err, TN_EBAD, "a coin is spent twice") : 0;
}

int tn_tx_fee(const struct tn_tx *tx, uint64_t inputs, uint64_t *fee, struct tn_error *err)
{
	uint64_t sum, paid;

	if (tn_tx_outputs(tx, &sum) != 0)
		return tn_fail(err, TN_EBAD, "the outputs overflow");
	if (!tn_sub_u64(&paid, inputs, sum))
		return tn_fail(err, TN_EBAD, "%" PRIu64 " in, %" PRIu64 " out", inputs, sum);
	if (paid < tn_fee_min(sum))
		return tn_fail(err, TN_EBAD, "a fee of %" PRIu64 ", %" PRIu64 " is the least", paid,
			       tn_fee_min(sum));
	*fee = paid;
	return 0;
}

bool tn_tx_old_ok(const struct tn_tx *tx)
{
	uint64_t sum;

	return tn_tx_outputs(tx, &sum) == 0 && sum <= TN_COIN * tx->inputs.n;
}
