/* SPDX-License-Identifier: MIT
 * t/fuzz/address.c - any text as an address of the chain, and as an amount
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/chain.h"

/* What is taken is what would have been written. */
static void check_address(struct tn_sha *s, const char *text, size_t n)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	char again[TN_ADDRESS_TEXT], digit;

	if (tn_address_parse(s, text, n, &digit, payload, NULL) != 0)
		return;
	MUST(digit == '0' || digit == '1');
	MUST(tn_address_text(s, digit, payload, again) == 0);
	MUST(strlen(again) == n && memcmp(again, text, n) == 0);
}

/* Every payload can be written, and read again. */
static void check_payload(struct tn_sha *s, const uint8_t *payload)
{
	uint8_t back[TN_ADDRESS_PAYLOAD];
	char text[TN_ADDRESS_TEXT], digit;

	MUST(tn_address_text(s, '1', payload, text) == 0 && strlen(text) < sizeof text);
	MUST(tn_address_parse(s, text, strlen(text), &digit, back, NULL) == 0);
	MUST(digit == '1' && memcmp(back, payload, sizeof back) == 0);
}

static void check_amount(const char *text, size_t n)
{
	char again[TN_AMOUNT_TEXT];
	uint64_t v, w;

	if (tn_amount_parse(&v, text, n) != 0)
		return;
	tn_amount_text(v, again);
	MUST(tn_amount_parse(&w, again, strlen(again)) == 0 && v == w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tn_sha *s = tn_sha_create();
	char *exact = malloc(n ? n : 1);

	MUST(s && exact);
	if (n)
		memcpy(exact, data, n);
	check_address(s, exact, n);
	check_amount(exact, n);
	if (n >= TN_ADDRESS_PAYLOAD)
		check_payload(s, data);
	free(exact);
	tn_sha_free(s);
	return 0;
}
