/* SPDX-License-Identifier: MIT
 * t/14-lib-json.c - JSON by table: what is taken, what is refused, what is written
 *
 * The recorded lines (t/17-lib-vectors.c) cover the reference's own messages; here are
 * the kinds and shapes that none of them has, and the limits that are ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tables.h"
#include "lib/tap.h"

#define ZEROS32 "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"
#define HEAD                                                                                     \
	"{\"flag\":true,\"small\":255,\"word\":4294967295,\"big\":18446744073709551615,"         \
	"\"number\":-9223372036854775808,\"text\":\"\\\"\\\\\\u0001\xc3\xa9\",\"blob\":[0,255]," \
	"\"hash\":" ZEROS32 ",\"key\":" ZEROS32 ",\"addr\":\"[::1]:5\","
#define FULL HEAD "\"maybe\":7,\"names\":[\"a\",\"\"],\"extra\":9,\"extras\":[]}"
#define BARE HEAD "\"maybe\":null,\"names\":null}"

static struct tn_arena *arena;

/* Reads text by a table; the object or NULL, *canonical as told. */
static const void *get(const struct tn_schema *s, const char *text, bool *canonical)
{
	struct tn_view in = { (const uint8_t *)text, strlen(text) };
	const void *obj;
	bool told;

	tn_arena_reset(arena);
	if (tn_json_read(s, in, arena, &obj, canonical ? canonical : &told, NULL) != 0)
		return NULL;
	return obj;
}

static char written[4096];

static const char *put(const struct tn_schema *s, const void *obj)
{
	size_t n = tn_json_write(s, obj, written, sizeof written - 1);

	if (n >= sizeof written)
		bail_out("the text is too long for this test");
	written[n] = '\0';
	return written;
}

/* Is taken and written as `again`; canonical exactly if that is the same text. */
static void taken(const struct tn_schema *s, const char *text, const char *again, const char *what)
{
	bool canonical = strcmp(text, again) != 0;
	const void *obj = get(s, text, &canonical);

	if (!isnt_null(obj, "%s: taken", what))
		return;
	is_str(put(s, obj), again, "%s: written", what);
	ok(canonical == (strcmp(text, again) == 0), "%s: canonical", what);
}

static void refused(const struct tn_schema *s, const char *text, const char *what)
{
	struct tn_view in = { (const uint8_t *)text, strlen(text) };
	const void *obj = text;
	bool canonical = true;
	struct tn_error err = { "" };

	tn_arena_reset(arena);
	is_int(tn_json_read(s, in, arena, &obj, &canonical, &err), TN_EBAD, "refused: %s", what);
	ok(!obj && !canonical && strstr(err.text, "byte"), "%s: \"%s\"", what, err.text);
}

static void everything(void)
{
	const struct everything *e = get(&everything_table, FULL, NULL);

	if (!isnt_null(e, "one of every kind"))
		return;
	ok(e->flag && e->small == 255 && e->word == UINT32_MAX && e->big == UINT64_MAX &&
		   e->number == INT64_MIN,
	   "its numbers");
	is_uint(e->text.n, 5, "its text");
	is_mem(e->text.p, "\"\\\x01\xc3\xa9", 5, "with escapes");
	ok(e->blob.n == 2 && e->blob.p[1] == 255, "its bytes");
	ok(e->addr.port == 5 && e->addr.ip[15] == 1, "its address");
	ok(e->has_maybe && e->maybe == 7 && e->has_extra && e->extra == 9, "its options");
	ok(e->has_names && e->names.n == 2 && e->names.v[0].n == 1 && e->names.v[1].n == 0, "list");
	ok(e->has_extras && e->extras.n == 0, "an empty list is there");
	taken(&everything_table, FULL, FULL, "everything");
	taken(&everything_table, BARE, BARE, "options left out");
	taken(&everything_table, HEAD "\"maybe\":1,\"names\":[],\"extras\":[\"x\"]}",
	      HEAD "\"maybe\":1,\"names\":[],\"extras\":[\"x\"]}", "one extension of two");
}

static void optional(void)
{
	const struct everything *e;

	taken(&everything_table, HEAD "\"names\":null}", BARE, "an option that is missing");
	taken(&everything_table, HEAD "\"maybe\":null,\"names\":null,\"extra\":null}", BARE,
	      "an extension that is null");
	taken(&everything_table, HEAD "\"maybe\":null,\"names\":null,\"extras\":[],\"extra\":1}",
	      HEAD "\"maybe\":null,\"names\":null,\"extra\":1,\"extras\":[]}",
	      "extensions out of order");
	taken(&everything_table, HEAD "\"extra\":1,\"maybe\":null,\"names\":null}",
	      HEAD "\"maybe\":null,\"names\":null,\"extra\":1}", "an extension before its place");
	e = get(&everything_table, HEAD "\"maybe\":null,\"names\":null,\"extra\":null}", NULL);
	ok(e && !e->has_extra && !e->has_maybe, "null clears the presence");
	refused(&everything_table, HEAD "\"extra\":1,\"extra\":1,\"maybe\":null,\"names\":null}",
		"an extension twice");
	refused(&everything_table, HEAD "\"maybe\":null,\"maybe\":null,\"names\":null}",
		"null twice");
	refused(&everything_table, HEAD "\"maybe\":nul,\"names\":null}", "half a null");
	refused(&everything_table, HEAD "\"maybe\":nullx,\"names\":null}", "more than null");
	refused(&everything_table, HEAD "\"maybe\":\"\",\"names\":null}", "an option of its own");
}

/* In an array every member has its place, but extensions have none. */
static void arrays(void)
{
#define ARRAY                                                             \
	"[true,255,4294967295,18446744073709551615,-9223372036854775808," \
	"\"\\\"\\\\\\u0001\xc3\xa9\",[0,255]," ZEROS32 "," ZEROS32 ",\"[::1]:5\""
	taken(&everything_table, ARRAY ",null,null]", BARE, "a record as array");
	taken(&everything_table, " " ARRAY " , null , null ] ", BARE, "with white space");
	refused(&everything_table, ARRAY ",null]", "too short");
	refused(&everything_table, ARRAY ",null,null,1]", "extensions do not count");
	refused(&everything_table, ARRAY ",null,null,]", "a comma too many");
	refused(&everything_table, "[]", "empty");
#undef ARRAY
}

static void limits(void)
{
	static const struct tn_field bytes_field[] = { { "b", NULL, 0, 3, 0, TN_K_BYTES, 0, 0 } };
	static const struct tn_schema bytes = { "b", bytes_field, sizeof(struct tn_bytes),
						1,   0,           TN_PLAIN };
	char text[80];

	taken(&everything_table, HEAD "\"maybe\":null,\"names\":[\"a\",\"b\",\"c\"]}",
	      HEAD "\"maybe\":null,\"names\":[\"a\",\"b\",\"c\"]}", "three elements of three");
	refused(&everything_table, HEAD "\"maybe\":null,\"names\":[\"a\",\"b\",\"c\",\"d\"]}",
		"four elements");
	snprintf(text, sizeof text, "\"%064d\"", 0);
	taken(&tn_schema_word, text, text, "64 bytes of 64");
	snprintf(text, sizeof text, "\"%065d\"", 0);
	refused(&tn_schema_word, text, "65 bytes");
	snprintf(text, sizeof text, "\"%064d\\n\"", 0);
	refused(&tn_schema_word, text, "65 bytes, one escaped");
	taken(&bytes, "[1,2,3]", "[1,2,3]", "three bytes of three");
	taken(&bytes, "[]", "[]", "no bytes");
	taken(&bytes, " [ 1 , 2 ] ", "[1,2]", "bytes with white space");
	refused(&bytes, "[1,2,3,4]", "four bytes");
	refused(&bytes, "[1,2", "bytes without an end");
	refused(&bytes, "[1,]", "bytes with a comma too many");
	refused(&bytes, "[,1]", "a comma first");
	refused(&bytes, "[1 2]", "no comma");
	refused(&bytes, "[256]", "no byte");
	refused(&bytes, "[1000]", "no byte at all");
	refused(&bytes, "[01]", "a needless zero");
	refused(&bytes, "[1.0]", "a float");
	refused(&bytes, "\"ab\"", "text for bytes");
}

static void addresses(void)
{
	static const struct tn_field field[] = { { "a", NULL, 0, 0, 0, TN_K_ADDR, 0, 0 } };
	static const struct tn_schema addr = { "a", field, sizeof(struct tn_addr), 1, 0, TN_PLAIN };

	taken(&addr, "\"1.2.3.4:5\"", "\"1.2.3.4:5\"", "an address");
	taken(&addr, "\"::FFFF:1.2.3.4\"", "\"1.2.3.4\"", "another form of one");
	taken(&addr, "\"\\u0031.2.3.4\"", "\"1.2.3.4\"", "escapes in one");
	refused(&addr, "\"localhost\"", "a name");
	refused(&addr, "\"\"", "no address");
	refused(&addr, "5", "a number");
	refused(&addr, "\"1.2.3.4                                                      \"", "long");
}

static void ignored(void)
{
	static const char *const good[] = {
		"null",
		"true",
		"-0",
		"0.5e+10",
		"1E5",
		"-1e-9",
		"\"\\ud800\"",
		"\"\\/\\b\"",
		"{}",
		"[]",
		"[[],{},[{}]]",
		"{\"a\":{\"b\":[1,2]},\"a\":0}",
		" [ 1 , { \"a\" : 2 } ] ",
	};
	static const char *const bad[] = {
		"",          "nul",
		"tru",       "-",
		"1.",        ".5",
		"1e",        "1e+",
		"00",        "+1",
		"[1,]",      "[,1]",
		"{,}",       "{\"a\"}",
		"{\"a\":}",  "{\"a\":1,}",
		"{1:2}",     "[1}",
		"{\"a\":1]", "[",
		"\"\\x\"",   "\"\\u12\"",
		"\"a",       "[[[[",
		"1 2",       "{\"a\":1 \"b\":2}",
		"'a'",       "\x7f",
		"\"\x1f\"",
	};
	char text[200];
	unsigned i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(text, sizeof text, "{\"x\":%s,\"nonce\":1,\"timestamp\":2}", good[i]);
		taken(&tn_wire_ping, text, "{\"nonce\":1,\"timestamp\":2}", text);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text, "{\"x\":%s,\"nonce\":1,\"timestamp\":2}", bad[i]);
		refused(&tn_wire_ping, text, text);
	}
}

/* A million brackets: no recursion, little memory. */
static void deep(void)
{
	enum { DEEP = 1000000 };
	static const char before[] = "{\"x\":", after[] = ",\"nonce\":1,\"timestamp\":2}";
	size_t n = sizeof before - 1 + 2 * DEEP + sizeof after - 1;
	char *text = malloc(n + 1), *p = text;
	const struct tn_ping *ping;

	if (!text)
		bail_out("no memory");
	p += sprintf(p, "%s", before);
	memset(p, '[', DEEP);
	memset(p + DEEP, ']', DEEP);
	memcpy(p + 2 * DEEP, after, sizeof after);
	ping = get(&tn_wire_ping, text, NULL);
	ok(ping && ping->timestamp == 2, "a million brackets in a field that nobody wants");
	ok(tn_arena_used(arena) < n / 4 + 4096, "cost less than a quarter of the line");
	text[sizeof before - 1 + DEEP - 1] = '{';
	ok(!get(&tn_wire_ping, text, NULL), "one of them of another kind");
	free(text);
}

/* Both kinds in turn, deeper than what is remembered without growing. */
static void alternating(void)
{
	enum { DEEP = 5000 };
	static const char after[] = ",\"nonce\":1,\"timestamp\":2}";
	char *text = malloc(16 + DEEP * 8 + sizeof after), *p;
	unsigned i;

	if (!text)
		bail_out("no memory");
	p = text + sprintf(text, "{\"x\":");
	for (i = 0; i < DEEP; i++)
		p += sprintf(p, "[{\"a\":");
	*p++ = '0';
	for (i = 0; i < DEEP; i++)
		p += sprintf(p, "}]");
	memcpy(p, after, sizeof after);
	isnt_null(get(&tn_wire_ping, text, NULL), "arrays and objects in turn");
	memcpy(p - 4, "]}", 2);
	ok(!get(&tn_wire_ping, text, NULL), "the last but one closed the wrong way");
	free(text);
}

static void utf8(void)
{
	refused(&tn_schema_string, "\"\xff\"", "no UTF-8");
	refused(&tn_schema_string, "\"\xed\xa0\x80\"", "a raw surrogate");
	refused(&tn_schema_string, "\"\\n\xc3\"", "half a character behind an escape");
	taken(&tn_schema_string, "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"", "four bytes");
	taken(&tn_schema_string, "\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\"", "a pair");
	taken(&tn_schema_string, "\"\\u0000\\u001f\\n\"", "\"\\u0000\\u001f\\n\"", "escapes kept");
	taken(&tn_schema_string, "\"\\u001F\"", "\"\\u001f\"", "capital digits");
	taken(&tn_schema_string, "\"\\u000a\"", "\"\\n\"", "a short form is due");
	taken(&tn_schema_string, "\"\\/\"", "\"/\"", "a needless escape");
	taken(&tn_schema_string, "\"\\u0022\"", "\"\\\"\"", "a quote as number");
}

/* No byte is written beyond the room, and the size is always told. */
static void room(void)
{
	const void *obj = get(&everything_table, FULL, NULL);
	size_t n = strlen(FULL), i;
	char buf[sizeof FULL + 8];
	unsigned wrong = 0;

	for (i = 0; i <= n; i++) {
		memset(buf, '#', sizeof buf);
		wrong += tn_json_write(&everything_table, obj, buf, i) != n;
		wrong += memcmp(buf, FULL, i) != 0 || buf[i] != '#';
	}
	is_uint(wrong, 0, "every room from 0 to the size");
	is_uint(tn_json_write(&everything_table, obj, NULL, 0), n, "no room at all");
}

static void memory(void)
{
	struct tn_arena *small = tn_arena_create(sizeof(struct everything) + 64);
	struct tn_view in = { (const uint8_t *)FULL, strlen(FULL) };
	const void *obj;

	is_int(tn_json_read(&everything_table, in, small, &obj, NULL, NULL), TN_ENOMEM,
	       "an arena that is too small");
	ok(!obj, "gives nothing");
	tn_arena_unref(small);
	is_int(tn_json_read(&tn_schema_unit, (struct tn_view){ (const uint8_t *)"null", 4 }, arena,
			    &obj, NULL, NULL),
	       0, "a unit is null");
	ok(!obj, "and has no object");
	refused(&tn_schema_unit, "{}", "a unit with a body");
	is_str(put(&tn_schema_unit, NULL), "null", "a unit written");
	is_int(tn_json_read(&tn_wire_ping, (struct tn_view){ NULL, 0 }, arena, &obj, NULL, NULL),
	       TN_EBAD, "nothing at all");
}

/* The reference has no limit for a text: it takes these, and we do up to 1 MiB. */
static void long_texts(void)
{
	enum { LIMIT = 1024 * 1024 };
	static const struct {
		const char *name, *head, *tail;
	} with[] = {
		{ "Ack", "{\"message_type\":\"", "\"}" },
		{ "Handshake", "{\"magic\":[84,73,77,69],\"protocol_version\":1,\"network\":\"",
		  "\"}" },
		{ "TransactionRejected", "{\"txid\":" ZEROS32 ",\"reason\":\"", "\"}" },
		{ "PeersResponse", "[\"", "\"]" },
		{ "Subscribe", "{\"outpoints\":[],\"id\":\"\",\"addresses\":[\"", "\"]}" },
		{ "Unsubscribe", "\"", "\"" },
		{ "BlockCommit", "{\"block_hash\":" ZEROS32 ",\"height\":5,\"signatures\":[[\"",
		  "\",[]]]}" },
	};
	char *text = malloc(LIMIT + 2), *line = malloc(LIMIT + 256);

	if (!text || !line)
		bail_out("no memory");
	memset(text, 'a', LIMIT + 1);
	text[LIMIT + 1] = '\0';
	for (unsigned i = 0; i < sizeof with / sizeof with[0]; i++) {
		int index = tn_message_find(with[i].name, strlen(with[i].name));
		const struct tn_schema *s = tn_message_schema((unsigned)index);

		sprintf(line, "%s%.*s%s", with[i].head, LIMIT, text, with[i].tail);
		isnt_null(get(s, line, NULL), "%s: a text of 1 MiB", with[i].name);
		sprintf(line, "%s%.*s%s", with[i].head, LIMIT + 1, text, with[i].tail);
		refused(s, line, with[i].name);
	}
	free(text);
	free(line);
}

int main(void)
{
	arena = tn_arena_create(0);
	everything();
	optional();
	arrays();
	limits();
	addresses();
	ignored();
	deep();
	long_texts();
	alternating();
	utf8();
	room();
	memory();
	tn_arena_unref(arena);
	return done_testing();
}
