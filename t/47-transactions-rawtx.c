/* SPDX-License-Identifier: MIT
 * t/47-transactions-rawtx.c - raw transactions and lists as people type them: forms, faults, and 200,000
 * damaged ones, each read or refused with a reason
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/rng.h"
#include "timenode/value.h"
#include "transactions/rawtx.h"

#define ID "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static void test_hash(void)
{
	struct tn_hash h;

	is_int(rawtx_hash(str(ID), &h, NULL), 0, "a txid");
	is_uint(h.b[1], 0x11, "first byte first");
	is_uint(h.b[31], 0xff, "either case");
	is_int(rawtx_hash(str(ID "0"), &h, NULL), TN_EINVAL, "one digit more");
	is_int(rawtx_hash(str(""), &h, NULL), TN_EINVAL, "none");
}

/* ---- inputs */

static void test_inputs(void)
{
	static const struct {
		const char *text;
		unsigned want; /* 0: refused */
	} in[] = { { ID ":0", 1 },
		   { ID ":0," ID ":4294967295", 2 },
		   { " " ID ":7 , " ID ":8 ", 2 },
		   { "[{\"txid\":\"" ID "\",\"vout\":3}]", 1 },
		   { " [ { \"vout\" : 3 , \"txid\" : \"" ID "\" } ] ", 1 },
		   { "[{\"txid\":\"" ID "\",\"vout\":3},{\"txid\":\"" ID "\",\"vout\":4}]", 2 },
		   { "[{\"txid\":\"" ID "\",\"vout\":3,\"sequence\":1}]", 1 },
		   { "", 0 },
		   { ",", 0 },
		   { ID, 0 },
		   { ID ":", 0 },
		   { ":0", 0 },
		   { ID ":0,", 0 },
		   { ID ":-1", 0 },
		   { ID ":4294967296", 0 },
		   { ID ":99999999999999999999999", 0 },
		   { ID ":0x1", 0 },
		   { ID ":0:0", 0 },
		   { ID ":0," ID ":0", 0 },
		   { "[]", 0 },
		   { "[{}]", 0 },
		   { "[{\"txid\":\"" ID "\"}]", 0 },
		   { "[{\"txid\":\"" ID "\",\"vout\":3}", 0 },
		   { "[{\"txid\":\"" ID "\",\"vout\":3}]x", 0 },
		   { "[{\"txid\":\"12\",\"vout\":3}]", 0 },
		   { "{\"txid\":\"" ID "\",\"vout\":3}", 0 } };

	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		struct tn_arena *a = tn_arena_create(0);
		struct tn_error err = { "" };
		struct rawtx_inputs list;
		int rc = rawtx_inputs(str(in[i].text), a, &list, &err);

		is_int(rc, in[i].want ? 0 : TN_EINVAL, "inputs \"%s\" %s", in[i].text, err.text);
		if (!rc)
			is_uint(list.at.n, in[i].want, "so many");
		tn_arena_unref(a);
	}
}

static void test_outputs(void)
{
	static const struct {
		const char *text;
		unsigned want;
		const char *first, *amount;
	} in[] = { { "TIME0a=1", 1, "TIME0a", "1" },
		   { "TIME0a=1.5,TIME0b=2", 2, "TIME0a", "1.5" },
		   { "{\"TIME0a\":1}", 1, "TIME0a", "1" },
		   { "{\"TIME0a\":\"1.5\",\"TIME0b\":2}", 2, "TIME0a", "1.5" },
		   { "[{\"TIME0a\":\"1e400\"},{\"TIME0b\":2}]", 2, "TIME0a", "1e400" },
		   { " { \"TIME0a\" : 0.1 } ", 1, "TIME0a", "0.1" },
		   { "", 0, NULL, NULL },
		   { "=", 0, NULL, NULL },
		   { "TIME0a", 0, NULL, NULL },
		   { "TIME0a=", 0, NULL, NULL },
		   { "TIME0a=1,", 0, NULL, NULL },
		   { "{}", 0, NULL, NULL },
		   { "[]", 0, NULL, NULL },
		   { "{\"TIME0a\":}", 0, NULL, NULL },
		   { "{\"TIME0a\":1", 0, NULL, NULL },
		   { "{\"TIME0a\":1}}", 0, NULL, NULL },
		   { "{\"TIME\\u0030a\":1}", 0, NULL, NULL },
		   { "{TIME0a:1}", 0, NULL, NULL } };

	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		struct tn_arena *a = tn_arena_create(0);
		struct tn_error err = { "" };
		struct rawtx_outputs list;
		int rc = rawtx_outputs(str(in[i].text), a, &list, &err);

		is_int(rc, in[i].want ? 0 : TN_EINVAL, "outputs \"%s\" %s", in[i].text, err.text);
		if (!rc) {
			is_uint(list.pay.n, in[i].want, "so many");
			is_mem(list.pay.v[0].address.p, in[i].first, strlen(in[i].first), "to");
			is_uint(list.pay.v[0].amount.n, strlen(in[i].amount), "so much text");
			is_mem(list.pay.v[0].amount.p, in[i].amount, strlen(in[i].amount),
			       "so much");
		}
		tn_arena_unref(a);
	}
}

/* ---- whole transactions, there and back */

static const struct tn_tx *sample(struct tn_arena *a, uint64_t *seed)
{
	const void *tx;

	if (tn_sample(&tn_wire_tx, a, seed, false, &tx))
		bail_out("no memory");
	return tx;
}

static char *json_of(struct tn_arena *a, const struct tn_tx *tx)
{
	size_t n = tn_json_write(&tn_wire_tx, tx, NULL, 0);
	char *text = tn_alloc(a, n + 1);

	tn_json_write(&tn_wire_tx, tx, text, n);
	return text;
}

static void test_there_and_back(void)
{
	unsigned wrong = 0;
	uint64_t seed = 3;

	for (unsigned i = 0; i < 500; i++) {
		struct tn_arena *a = tn_arena_create(0);
		const struct tn_tx *tx = sample(a, &seed), *back = NULL;

		wrong += rawtx_read(rawtx_write(a, tx), a, &back, NULL) ||
			 tn_compare(&tn_wire_tx, tx, back) != 0;
		wrong += rawtx_read(str(json_of(a, tx)), a, &back, NULL) ||
			 tn_compare(&tn_wire_tx, tx, back) != 0;
		tn_arena_unref(a);
	}
	is_uint(wrong, 0, "500 random transactions, as hex and as JSON");
}

/* ---- damage */

static void damage(struct rng *r, char *p, uint32_t n)
{
	static const char letters[] = "0f:,={}[]\"\\ tv1-.x\x80";

	for (uint64_t k = rng_range(r, 1, 4); n && k; k--)
		p[rng_range(r, 0, n - 1)] = letters[rng_range(r, 0, sizeof letters - 2)];
}

static unsigned read_one(unsigned how, struct tn_str text, struct tn_arena *a)
{
	struct tn_error err = { "" };
	struct rawtx_outputs out;
	struct rawtx_inputs in;
	const struct tn_tx *tx;
	int rc = how == 0   ? rawtx_inputs(text, a, &in, &err)
		 : how == 1 ? rawtx_outputs(text, a, &out, &err)
			    : rawtx_read(text, a, &tx, &err);

	return rc && !err.text[0];
}

static void test_damaged(void)
{
	static const char *const lists[] = { ID ":0," ID ":1", "[{\"txid\":\"" ID "\",\"vout\":3}]",
					     "TIME0a=1.5,TIME0b=2",
					     "{\"TIME0a\":\"1.5\",\"TIME0b\":2}" };
	unsigned silent = 0;
	uint64_t seed = 5;
	struct rng r;

	rng_seed(&r, 12, 0);
	for (unsigned i = 0; i < 200000; i++) {
		struct tn_arena *a = tn_arena_create(0);
		unsigned how = i % 20 ? i % 4 / 2 : 2;
		const char *from = how < 2  ? lists[i % 4]
				   : i % 40 ? json_of(a, sample(a, &seed))
					    : rawtx_write(a, sample(a, &seed)).p;
		uint32_t n = (uint32_t)strlen(from);
		char *copy = malloc(n + 1); /* exact: a byte too far is found by a sanitizer */

		memcpy(copy, from, n);
		damage(&r, copy, n);
		silent += read_one(how, (struct tn_str){ copy, (uint32_t)rng_range(&r, 0, n) }, a);
		free(copy);
		tn_arena_unref(a);
	}
	is_uint(silent, 0, "200,000 damaged ones: read, or refused with a reason");
}

int main(void)
{
	test_hash();
	test_inputs();
	test_outputs();
	test_there_and_back();
	test_damaged();
	return done_testing();
}
