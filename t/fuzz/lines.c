/* SPDX-License-Identifier: MIT
 * t/fuzz/lines.c - the first byte chooses a message, the rest is its body: every decoder
 *
 * All variants agree; what is taken is written, read and written to the same bytes, and
 * memory stays within the promise of timenode/schema.h.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/value.h"
#include "timenode/wire.h"
#include "wire/bulk.h"

static size_t largest(const struct tn_schema *s)
{
	size_t most = 0, k;
	unsigned i;

	for (i = 0; i < s->fields; i++) {
		const struct tn_field *f = &s->field[i];

		k = f->of ? largest(f->of) : 0;
		if (f->kind == TN_K_LIST && f->of->size > k)
			k = f->of->size;
		most = k > most ? k : most;
	}
	return most;
}

static void again(const struct tn_schema *s, const void *value, bool canonical, const uint8_t *text,
		  size_t n)
{
	struct tn_arena *a = tn_arena_create(0);
	size_t m = tn_json_write(s, value, NULL, 0);
	char *one = malloc(m);
	const void *back;
	bool told;

	MUST(a && one && tn_json_write(s, value, one, m) == m);
	MUST(tn_json_read(s, (struct tn_view){ (uint8_t *)one, m }, a, &back, &told, NULL) == 0);
	MUST(told);
	MUST(!value || tn_compare(s, value, back) == 0);
	MUST(canonical == (m == n && memcmp(one, text, n) == 0));
	free(one);
	tn_arena_unref(a);
}

static void variants(const struct tn_schema *s, struct tn_view in, int want, const void *value,
		     const char *reason)
{
	static const char *const name[] = { "none", "portable", "sse2", "avx2" };
	struct tn_arena *a = tn_arena_create(0);
	struct tn_error err = { "" };
	const void *got;
	unsigned i;

	for (i = 0; i < sizeof name / sizeof name[0]; i++) {
		int code = tn_json_read_by(name[i], s, in, a, &got, NULL, &err);

		if (code == TN_ENOENT)
			continue;
		MUST(code == want);
		MUST(code == 0 || strcmp(err.text, reason) == 0);
		MUST(code != 0 || !value || tn_compare(s, got, value) == 0);
	}
	tn_arena_unref(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct tn_schema *s = n ? tn_message_schema(data[0] % TN_MESSAGES) : NULL;
	struct tn_view in = { data + 1, n - 1 };
	struct tn_error err = { "" };
	struct tn_arena *a;
	const void *value;
	bool canonical;
	int code;

	if (!s)
		return 0;
	a = tn_arena_create(0);
	MUST(a);
	code = tn_json_read(s, in, a, &value, &canonical, &err);
	MUST(tn_arena_used(a) <= 256 + s->size + in.n * (4 * largest(s) + 16));
	variants(s, in, code, value, err.text);
	if (code == 0)
		again(s, value, canonical, in.p, in.n);
	tn_arena_unref(a);
	return 0;
}
