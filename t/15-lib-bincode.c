/* SPDX-License-Identifier: MIT
 * t/15-lib-bincode.c - bincode by table: layout, bounds, lies about lengths
 *
 * The recorded binary forms are compared in t/17-lib-vectors.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tables.h"
#include "lib/tap.h"

static struct tn_arena *arena;

static int get(const struct tn_schema *s, const uint8_t *p, size_t n, const void **obj)
{
	struct tn_error err = { "" };
	int code;

	tn_arena_reset(arena);
	code = tn_bin_read(s, (struct tn_view){ p, n }, arena, obj, &err);
	if (code != 0 && (*obj || !strstr(err.text, "at byte")))
		fail("a failure leaves no object and says where: %s", err.text);
	return code;
}

static const char text[] =
	"{\"flag\":true,\"small\":2,\"word\":3,\"big\":4,\"number\":-2,\"text\":\"ab\","
	"\"blob\":[9],\"hash\":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
	"0,0,0,0,0,0,0,2],\"key\":[3,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
	"0,0,0,0,0,0,0,0,4],\"addr\":\"1.2.3.4:258\",\"maybe\":5,"
	"\"names\":[\"x\",\"\"],\"extra\":1,\"extras\":[\"never in binary\"]}";

/* The same, byte by byte. */
static const uint8_t layout[] = {
	1,    2, 3, 0, 0, 0, 4, 0, 0, 0,   0,   0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 1, 0, 0, 0,    0,    0,    0,    0,    9,    1,
	0,    0, 0, 0, 0, 0, 0, 0, 0, 0,   0,   0, 0, 0, 0,    0,    0,    0,    0,    0,    0,
	0,    0, 0, 0, 0, 0, 0, 0, 0, 2,   32,  0, 0, 0, 0,    0,    0,    0,    3,    0,    0,
	0,    0, 0, 0, 0, 0, 0, 0, 0, 0,   0,   0, 0, 0, 0,    0,    0,    0,    0,    0,    0,
	0,    0, 0, 0, 0, 0, 0, 4, 0, 0,   0,   0, 0, 0, 0,    0,    0,    0,    0xff, 0xff, 1,
	2,    3, 4, 2, 1, 1, 5, 0, 0, 0,   0,   0, 0, 0, 1,    2,    0,    0,    0,    0,    0,
	0,    0, 1, 0, 0, 0, 0, 0, 0, 0,   'x', 0, 0, 0, 0,    0,    0,    0,    0,
};
enum { KEY_AT = 73, TEXT_AT = 22, NAMES_AT = 141 };

static const struct everything *sample(struct tn_arena *a)
{
	struct tn_view in = { (const uint8_t *)text, strlen(text) };
	const void *obj;

	if (tn_json_read(&everything_table, in, a, &obj, NULL, NULL) != 0)
		bail_out("cannot read the sample");
	return obj;
}

static void layouts(void)
{
	struct tn_arena *a = tn_arena_create(0);
	const struct everything *e = sample(a), *back = NULL;
	const void *obj;
	uint8_t buf[sizeof layout + 8];
	unsigned wrong = 0;
	size_t i;

	is_uint(tn_bin_write(&everything_table, e, NULL, 0), sizeof layout, "its size");
	for (i = 0; i <= sizeof layout; i++) {
		memset(buf, '#', sizeof buf);
		wrong += tn_bin_write(&everything_table, e, buf, i) != sizeof layout;
		wrong += memcmp(buf, layout, i) != 0 || buf[i] != '#';
	}
	is_uint(wrong, 0, "nothing is written beyond any room");
	is_mem(buf, layout, sizeof layout, "the layout");
	is_int(get(&everything_table, layout, sizeof layout, &obj), 0, "read");
	back = obj;
	ok(back->flag && back->small == 2 && back->word == 3 && back->big == 4 &&
		   back->number == -2 && back->maybe == 5 && back->has_maybe,
	   "the numbers");
	ok(back->text.n == 2 && memcmp(back->text.p, "ab", 2) == 0, "the text");
	ok(back->blob.n == 1 && back->blob.p[0] == 9, "the bytes");
	ok(back->hash.b[31] == 2 && back->key.b[31] == 4, "hash and key");
	ok(tn_addr_cmp(&back->addr, &e->addr) == 0, "the address");
	ok(back->has_names && back->names.n == 2 && back->names.v[1].n == 0, "the list");
	ok(!back->has_extra && !back->has_extras, "extensions are not in it");
	tn_arena_unref(a);
}

static void cuts(void)
{
	const void *obj;
	uint8_t more[sizeof layout + 1];
	unsigned wrong = 0;
	size_t i;

	for (i = 0; i < sizeof layout; i++) {
		uint8_t *exact = malloc(i + 1);

		/* An allocation of its own, so that a read beyond the end is seen. */
		if (!exact)
			bail_out("no memory");
		memcpy(exact, layout, i);
		wrong += get(&everything_table, exact, i, &obj) != TN_EBAD;
		free(exact);
	}
	is_uint(wrong, 0, "cut at any byte it is refused");
	memcpy(more, layout, sizeof layout);
	more[sizeof layout] = 0;
	is_int(get(&everything_table, more, sizeof more, &obj), TN_EBAD, "a byte too many");
}

static void changed(size_t at, uint8_t to, int code, const char *what)
{
	uint8_t copy[sizeof layout];
	const void *obj;

	memcpy(copy, layout, sizeof copy);
	copy[at] = to;
	is_int(get(&everything_table, copy, sizeof copy, &obj), code, "%s", what);
}

static void lies(void)
{
	uint8_t huge[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const void *obj;

	changed(0, 2, TN_EBAD, "a bool of 2");
	changed(TEXT_AT, 200, TN_EBAD, "a text beyond the end");
	changed(TEXT_AT + 7, 0x80, TN_EBAD, "a text of 2^63 bytes");
	changed(TEXT_AT + 8, 0xff, TN_EBAD, "a text that is not UTF-8");
	changed(KEY_AT, 31, TN_EBAD, "a key of 31 bytes");
	changed(KEY_AT + 8, 77, 0, "another key is fine");
	changed(NAMES_AT - 1, 2, TN_EBAD, "an option of 2");
	changed(NAMES_AT, 4, TN_EBAD, "more elements than the limit");
	changed(NAMES_AT + 4, 1, TN_EBAD, "2^32 elements");
	is_int(get(&tn_wire_peers, huge, sizeof huge, &obj), TN_EBAD, "2^64 - 1 elements");
	ok(tn_arena_used(arena) <= 64, "for which nothing was allocated");
	is_int(get(&tn_wire_peers, NULL, 0, &obj), TN_EBAD, "nothing at all");
	is_int(get(&tn_schema_unit, NULL, 0, &obj), 0, "which is what a unit has");
	is_int(get(&tn_schema_unit, huge, 1, &obj), TN_EBAD, "and no more");
}

static void choices(void)
{
	const struct tn_schema *s =
		tn_message_schema((unsigned)tn_message_find("UTXOStateUpdate", 15));
	uint8_t in[36 + 4 + 32 + 8] = { 0 };
	const void *obj;

	is_int(get(s, in, 40, &obj), 0, "a unit alternative");
	is_int(get(s, in, 41, &obj), TN_EBAD, "with a byte too many");
	in[36] = 1;
	is_int(get(s, in, sizeof in, &obj), 0, "an alternative with a record");
	is_int(get(s, in, sizeof in - 1, &obj), TN_EBAD, "too short");
	in[36] = 5;
	is_int(get(s, in, sizeof in, &obj), TN_EBAD, "an alternative that is not there");
	in[36] = 1;
	in[39] = 1;
	is_int(get(s, in, sizeof in, &obj), TN_EBAD, "one far away");
}

int main(void)
{
	arena = tn_arena_create(0);
	layouts();
	cuts();
	lies();
	choices();
	tn_arena_unref(arena);
	return done_testing();
}
