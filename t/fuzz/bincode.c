/* SPDX-License-Identifier: MIT
 * t/fuzz/bincode.c - the first byte chooses a message, the rest is its binary form
 *
 * What is taken is written to the same bytes, and survives JSON.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/value.h"
#include "timenode/wire.h"

static void by_json(const struct tn_schema *s, const void *value, struct tn_arena *a)
{
	size_t n = tn_json_write(s, value, NULL, 0);
	char *text = malloc(n);
	const void *back;

	MUST(text && tn_json_write(s, value, text, n) == n);
	MUST(tn_json_read(s, (struct tn_view){ (uint8_t *)text, n }, a, &back, NULL, NULL) == 0);
	MUST(!value || tn_compare(s, value, back) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct tn_schema *s = n ? tn_message_schema(data[0] % TN_MESSAGES) : NULL;
	struct tn_arena *a;
	const void *value;
	uint8_t *back;

	if (!s)
		return 0;
	a = tn_arena_create(0);
	back = malloc(n);
	MUST(a && back);
	if (tn_bin_read(s, (struct tn_view){ data + 1, n - 1 }, a, &value, NULL) == 0) {
		MUST(tn_bin_write(s, value, back, n - 1) == n - 1);
		MUST(memcmp(back, data + 1, n - 1) == 0);
		by_json(s, value, a);
	}
	free(back);
	tn_arena_unref(a);
	return 0;
}
