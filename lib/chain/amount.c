/* SPDX-License-Identifier: MIT
 * lib/chain/amount.c - amounts as text
 */
#include <inttypes.h>
#include <stdio.h>

#include "chain/chain.h"

#define DECIMALS 8

const char *tn_amount_text(uint64_t amount, char buf[TN_AMOUNT_TEXT])
{
	snprintf(buf, TN_AMOUNT_TEXT, "%" PRIu64 ".%08" PRIu64, amount / TN_COIN, amount % TN_COIN);
	return buf;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits from text[*i] on, appended to *v; how many. Stops in front of the overflow. */
static size_t take_digits(const char *text, size_t n, size_t *i, uint64_t *v, bool *fits)
{
	size_t start = *i;

	for (; *i < n && is_digit(text[*i]); ++*i)
		*fits = *fits && tn_mul_u64(v, *v, 10) &&
			tn_add_u64(v, *v, (uint64_t)(text[*i] - '0'));
	return *i - start;
}

int tn_amount_parse(uint64_t *out, const char *text, size_t n)
{
	uint64_t v = 0;
	size_t i = 0, decimals = 0;
	bool fits = true;

	if (take_digits(text, n, &i, &v, &fits) == 0)
		return TN_EINVAL;
	if (i < n && text[i] == '.') {
		i++;
		decimals = take_digits(text, n, &i, &v, &fits);
		if (decimals == 0 || decimals > DECIMALS)
			return TN_EINVAL;
	}
	if (i < n)
		return TN_EINVAL;
	for (; decimals < DECIMALS; decimals++)
		fits = fits && tn_mul_u64(&v, v, 10);
	if (!fits)
		return TN_EBAD;
	*out = v;
	return 0;
}
