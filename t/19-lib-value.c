/* SPDX-License-Identifier: MIT
 * t/19-lib-value.c - random values of every type go JSON, struct, bincode, struct, JSON;
 * copies, order and print
 *
 * With a number as its argument it does that many of every type instead of 10,000.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tables.h"
#include "lib/tap.h"
#include "timenode/value.h"

/* No line may be longer: the samples are bounded, and so is what the test takes. */
enum { ROOM = 1 << 18, ARENA = 1 << 22 };

struct trip {
	struct tn_arena *a, *other;
	char *text, *again;
	uint8_t *bin;
	size_t longest;
	unsigned failed, json, canonical, bincode, order, copies, different;
};

static void *room(void)
{
	void *p = malloc(ROOM);

	if (!p)
		bail_out("no memory");
	return p;
}

/* value -> JSON -> value: equal, canonical, the same text. */
static const void *by_json(const struct tn_schema *s, const void *value, struct trip *t, size_t *n)
{
	bool canonical = false;
	const void *back;

	*n = tn_json_write(s, value, t->text, ROOM);
	t->longest = *n > t->longest ? *n : t->longest;
	if (*n > ROOM || tn_json_read(s, (struct tn_view){ (uint8_t *)t->text, *n }, t->a, &back,
				      &canonical, NULL) != 0) {
		t->json++;
		return NULL;
	}
	t->canonical += !canonical;
	t->order += back && tn_compare(s, value, back) != 0;
	return back;
}

/* value -> bincode -> value -> JSON: the same text. */
static void by_bincode(const struct tn_schema *s, const void *value, size_t text_n, struct trip *t)
{
	size_t n = tn_bin_write(s, value, t->bin, ROOM);
	const void *back;

	if (n > ROOM || tn_bin_read(s, (struct tn_view){ t->bin, n }, t->a, &back, NULL) != 0) {
		t->bincode++;
		return;
	}
	t->bincode += tn_json_write(s, back, t->again, ROOM) != text_n ||
		      memcmp(t->again, t->text, text_n) != 0;
}

/* A copy outlives the original and has nothing of it. */
static void by_copy(const struct tn_schema *s, const void *value, size_t text_n, struct trip *t)
{
	const void *copy;

	if (tn_clone(s, value, t->other, &copy) != 0) {
		t->copies++;
		return;
	}
	t->copies += tn_compare(s, value, copy) != 0;
	tn_arena_reset(t->a);
	t->copies += tn_json_write(s, copy, t->again, ROOM) != text_n ||
		     memcmp(t->again, t->text, text_n) != 0;
}

/* The order agrees with the texts about equality, and both ways round. */
static void by_order(const struct tn_schema *s, const void *a, const void *b, struct trip *t)
{
	size_t an = tn_json_write(s, a, t->text, ROOM), bn = tn_json_write(s, b, t->again, ROOM);
	bool same = an == bn && memcmp(t->text, t->again, an) == 0;
	int order = tn_compare(s, a, b), back = tn_compare(s, b, a);

	t->order +=
		(order == 0) != same || (order < 0) != (back > 0) || (order == 0) != (back == 0);
	t->different += !same;
}

static void trip(const struct tn_schema *s, uint64_t *seed, bool extensions, struct trip *t)
{
	const void *value, *second, *back;
	size_t n;

	tn_arena_reset(t->a);
	tn_arena_reset(t->other);
	if (tn_sample(s, t->a, seed, extensions, &value) != 0 ||
	    tn_sample(s, t->a, seed, extensions, &second) != 0) {
		t->failed++;
		return;
	}
	by_order(s, value, second, t);
	back = by_json(s, value, t, &n);
	if (!back)
		return;
	if (!extensions)
		by_bincode(s, back, n, t);
	by_copy(s, back, n, t);
}

static void trips(const struct tn_schema *s, const char *name, unsigned long count)
{
	struct trip t = { .a = tn_arena_create(ARENA), .other = tn_arena_create(ARENA) };
	uint64_t seed = 0x74696d65;
	unsigned long i;

	t.text = room();
	t.again = room();
	t.bin = room();
	for (i = 0; i < count; i++)
		trip(s, &seed, i % 4 == 3, &t);
	is_uint(t.failed + t.json, 0, "%s: %lu samples are written and read", name, count);
	is_uint(t.canonical + t.order, 0, "%s: canonical, and equal to the original", name);
	is_uint(t.bincode, 0, "%s: the same text over bincode", name);
	is_uint(t.copies, 0, "%s: copies", name);
	ok(t.different > count / 2, "%s: samples differ (longest %zu)", name, t.longest);
	tn_arena_unref(t.a);
	tn_arena_unref(t.other);
	free(t.text);
	free(t.again);
	free(t.bin);
}

static bool shared(unsigned index)
{
	unsigned i;

	for (i = 0; i < index; i++)
		if (tn_message_schema(i) == tn_message_schema(index))
			return true;
	return false;
}

static void everything(unsigned long count)
{
	unsigned i, types = 0;

	for (i = 0; i < TN_MESSAGES; i++) {
		const struct tn_schema *s = tn_message_schema(i);

		if (s->shape == TN_UNIT || shared(i))
			continue;
		trips(s, tn_message_name(i), count);
		types++;
	}
	trips(&everything_table, "a member of every kind", count);
	is_uint(types, 34, "types of bodies");
}

/* What random values must bring up, or the round trips above mean little. */
static void variety(void)
{
	struct tn_arena *a = tn_arena_create(0);
	unsigned tags = 0, empty = 0, full = 0, absent = 0, extended = 0, i;
	uint64_t seed = 1, once, most = 0;
	const void *out, *again;

	for (i = 0; i < 500; i++) {
		const struct everything *e;

		tn_arena_reset(a);
		tn_sample(&tn_wire_utxo_state, a, &seed, false, &out);
		tags |= 1u << ((const struct tn_utxo_state *)out)->tag;
		once = seed;
		tn_sample(&everything_table, a, &seed, i % 2, &out);
		tn_sample(&everything_table, a, &once, i % 2, &again);
		e = out;
		if (once != seed || tn_compare(&everything_table, out, again) != 0)
			break;
		empty += e->blob.n == 0;
		full += e->has_names && e->names.n == 3;
		absent += !e->has_maybe;
		extended += e->has_extra && i % 2;
		most = e->big > most ? e->big : most;
	}
	is_uint(i, 500, "the same seed gives the same value");
	is_uint(tags, 31, "every alternative comes up");
	ok(empty && full && absent && extended && most == UINT64_MAX,
	   "so do empty and full lists, absent members, extensions, the largest number");
	tn_arena_unref(a);
}

/* One member after the other: each counts, absent ones do not. */
static void order(void)
{
	struct tn_utxo_state a = { .tag = TN_UTXO_UNSPENT }, b = { .tag = TN_UTXO_UNSPENT };
	struct tn_str ab = { "ab", 2 }, b1 = { "b", 1 };
	struct tn_block_vote v = { .height = 1 }, w = { .height = 1 };

	b.u.locked.locked_at = 7;
	is_int(tn_compare(&tn_wire_utxo_state, &a, &b), 0, "what is not meant does not count");
	a.tag = b.tag = TN_UTXO_LOCKED;
	ok(tn_compare(&tn_wire_utxo_state, &a, &b) < 0, "what is meant does");
	a.u.locked.locked_at = -1;
	ok(tn_compare(&tn_wire_utxo_state, &a, &b) < 0, "signed numbers are signed");
	a.tag = TN_UTXO_CONFIRMED;
	ok(tn_compare(&tn_wire_utxo_state, &a, &b) > 0, "the alternative comes first");
	ok(tn_compare(&tn_wire_text, &ab, &b1) < 0, "texts are bytes before lengths");
	w.round = 3;
	is_int(tn_compare(&tn_wire_block_vote, &v, &w), 0, "an absent member does not count");
	w.has_round = true;
	ok(tn_compare(&tn_wire_block_vote, &v, &w) < 0, "absent before present");
}

static void printed(void)
{
	static const char want[] =
		"version: 1\n"
		"inputs: 1\n"
		"  - previous_output:\n"
		"      txid: "
		"0700000000000000000000000000000000000000000000000000000000000000\n"
		"      vout: 4294967295\n"
		"    script_sig: 0aff\n"
		"    sequence: 2\n"
		"outputs: 0\n"
		"lock_time: 0\n"
		"timestamp: -5\n";
	struct tn_txin in = { { { { 7 } }, UINT32_MAX }, { (const uint8_t *)"\x0a\xff", 2 }, 2 };
	struct tn_tx tx = { 1, { &in, 1 }, { NULL, 0 }, 0, -5 };
	struct tn_str text = { "a\x1b[1m\"\xc3\xa9", 8 };
	struct tn_utxo_state state = { .tag = TN_UTXO_UNSPENT };
	char got[512];
	size_t n;

	n = tn_print(&tn_wire_tx, &tx, got, sizeof got);
	is_mem(got, want, n < sizeof want ? n : sizeof want - 1, "a transaction for people");
	is_uint(n, sizeof want - 1, "all of it");
	memset(got, '#', sizeof got);
	is_uint(tn_print(&tn_wire_tx, &tx, got, 20), n, "the size needed, whatever the room");
	ok(got[19] != '#' && got[20] == '#', "nothing beyond the room");
	n = tn_print(&tn_wire_text, &text, got, sizeof got - 1);
	got[n] = '\0';
	is_str(got, "\"a\\x1b[1m\\x22\xc3\xa9\"\n", "nothing moves the cursor");
	n = tn_print(&tn_wire_utxo_state, &state, got, sizeof got - 1);
	got[n] = '\0';
	is_str(got, "Unspent\n", "an alternative without members");
}

static void limits(void)
{
	struct tn_arena *small = tn_arena_create(64), *a = tn_arena_create(0);
	uint64_t seed = 5;
	const void *out;

	is_int(tn_sample(&tn_wire_block, small, &seed, false, &out), TN_ENOMEM,
	       "no room, no sample");
	ok(!out, "and nothing half made");
	tn_arena_reset(small);
	is_int(tn_sample(&tn_wire_block, a, &seed, false, &out), 0, "a block");
	is_int(tn_clone(&tn_wire_block, out, small, &out), TN_ENOMEM, "no room, no copy");
	ok(!out, "and nothing half copied");
	is_int(tn_clone(&tn_schema_unit, NULL, small, &out), 0, "a copy of nothing");
	tn_arena_unref(small);
	tn_arena_unref(a);
}

int main(int argc, char **argv)
{
	const char *slow = getenv("TN_SLOW");
	unsigned long count = 10000 / (slow && atoi(slow) > 1 ? (unsigned long)atoi(slow) : 1);

	if (argc > 1)
		count = strtoul(argv[1], NULL, 10);

	everything(count);
	variety();
	order();
	printed();
	limits();
	return done_testing();
}
