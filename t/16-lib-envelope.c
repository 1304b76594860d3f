/* SPDX-License-Identifier: MIT
 * t/16-lib-envelope.c - lines, UTF-8, envelopes, whole lines out
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "timenode/wire.h"

static struct tn_view view(const char *text)
{
	return (struct tn_view){ (const uint8_t *)text, strlen(text) };
}

static void cutting(void)
{
	static const uint8_t text[] = "ab\n\ncde";
	struct tn_cut c = { 0 };
	uint8_t moved[8];

	is_uint(tn_cut_line(&c, text, 0), 0, "nothing there");
	is_uint(tn_cut_line(&c, text, 1), 0, "no LF yet");
	is_uint(c.seen, 1, "remembered");
	is_uint(tn_cut_line(&c, text, 1), 0, "nothing new");
	is_uint(tn_cut_line(&c, text, 7), 3, "a line");
	is_uint(tn_cut_line(&c, text + 3, 4), 1, "an empty line");
	is_uint(tn_cut_line(&c, text + 4, 3), 0, "a beginning");
	memcpy(moved, "\n\n\nfg\n", 6);
	is_uint(tn_cut_line(&c, moved, 6), 6, "bytes already looked at are not looked at again");
	is_uint(c.seen, 0, "and the next line begins anew");
}

/* Independent of the library: is cp a scalar value, and are these its bytes? */
static bool reference(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i = 0, k, len;

	while (i < n) {
		uint32_t cp;

		if (p[i] < 0x80) {
			i++;
			continue;
		}
		len = p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
		if (len == 0 || n - i < len)
			return false;
		cp = p[i] & (0x7fu >> len);
		for (k = 1; k < len; k++) {
			if (p[i + k] >> 6 != 2)
				return false;
			cp = cp << 6 | (p[i + k] & 0x3fu);
		}
		if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
			return false;
		i += len;
	}
	return true;
}

static void utf8(void)
{
	static const uint8_t odd[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
				       0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
				       0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff };
	enum { ODD = sizeof odd };
	unsigned wrong = 0, i, pad;
	uint8_t text[32];

	/* Every four bytes at the edges of the rules, at each place of a word. */
	for (i = 0; i < ODD * ODD * ODD * ODD; i++) {
		pad = i % 9;
		memset(text, 'a', sizeof text);
		text[pad] = odd[i % ODD];
		text[pad + 1] = odd[i / ODD % ODD];
		text[pad + 2] = odd[i / ODD / ODD % ODD];
		text[pad + 3] = odd[i / ODD / ODD / ODD];
		wrong += tn_utf8_valid(text, pad + 4) != reference(text, pad + 4);
		wrong += tn_utf8_valid(text, 24) != reference(text, 24);
	}
	is_uint(wrong, 0, "390625 texts judged as by a plain reading of the rules");
	ok(tn_utf8_valid(NULL, 0), "no text is text");
}

static void good(const char *line, const char *name, bool unit, const char *body, bool canonical)
{
	struct tn_envelope e;
	struct tn_error err = { "" };

	is_int(tn_envelope_read(view(line), &e, &err), 0, "taken: %s %s", line, err.text);
	is_str(e.name, name, "%s: the name", line);
	is_uint(e.name_n, strlen(name), "%s: its length", line);
	ok(e.unit == unit && e.canonical == canonical, "%s: unit and canonical", line);
	is_uint(e.body.n, strlen(body), "%s: size of the body", line);
	if (e.body.n == strlen(body) && e.body.n)
		is_mem(e.body.p, body, e.body.n, "%s: the body", line);
}

static void envelopes(void)
{
	static const char *const bad[] = {
		"",
		"\n",
		" ",
		"\r\n",
		"x",
		"5",
		"null",
		"[]",
		"[\"GetPeers\"]",
		"{}",
		"{",
		"{\"a",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":}",
		"{\"a\": }",
		"{\"a\":1",
		"{\"a\":1]",
		"{a:1}",
		"{,\"a\":1}",
		"\"a",
		"\"a\"b",
		"\"a\"\"b\"",
		"\"a\n\"",
		"\"\\x\"",
		"\"\\ud800\"",
		"\"\xff\"",
		"{\"\xff\":1}",
		"\x0b\"a\"",
		"\"a\"\x0c",
		"\xef\xbb\xbf\"a\"",
		"{1:2}",
		"{\"a\" 1}",
		"{\"a\"::}x",
	};
	struct tn_envelope e;
	struct tn_error err;
	unsigned i;

	good("\"GetPeers\"\n", "GetPeers", true, "", true);
	good("\"GetPeers\"", "GetPeers", true, "", true);
	good("\"GetPeers\"\r\n", "GetPeers", true, "", false);
	good(" \t\"GetPeers\" \n", "GetPeers", true, "", false);
	good("\"Get\\u0050eers\"\n", "GetPeers", true, "", false);
	good("{\"Ping\":{\"nonce\":1}}\n", "Ping", false, "{\"nonce\":1}", true);
	good("{ \"Ping\" : {} } \n", "Ping", false, "{}", false);
	good("{\"Ping\":{} }\n", "Ping", false, "{}", false);
	good("{\"Ping\" :5}\n", "Ping", false, "5", false);
	good("{\"\":not looked at}\n", "", false, "not looked at", true);
	good("\"\"\n", "", true, "", true);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		err.text[0] = '\0';
		is_int(tn_envelope_read(view(bad[i]), &e, &err), TN_EBAD, "refused: %s", bad[i]);
		ok(err.text[0], "%s: %s", bad[i], err.text);
	}
}

static void long_names(void)
{
	char line[400];
	struct tn_envelope e;

	memset(line, 'a', sizeof line);
	line[0] = '"';
	memcpy(line + 300, "\"\n", 3);
	is_int(tn_envelope_read(view(line), &e, NULL), 0, "a long name is still an envelope");
	is_uint(e.name_n, TN_NAME_MAX, "cut");
	is_uint(strlen(e.name), TN_NAME_MAX, "and ended");
	is_int(tn_envelope_peek((struct tn_view){ (uint8_t *)line, 90 }, &e), 0,
	       "is not waited for");
	is_uint(e.name_n, TN_NAME_MAX, "its beginning is known");
	memcpy(line + 1 + TN_NAME_MAX - 1, "\xc3\xa9", 2);
	is_int(tn_envelope_read(view(line), &e, NULL), 0, "a character at the cut");
	is_uint(e.name_n, TN_NAME_MAX - 1, "is left out whole");
	memcpy(line, "{\"", 2);
	memcpy(line + 300, "\":1}\n", 6);
	is_int(tn_envelope_read(view(line), &e, NULL), 0, "a long name with a body");
	is_uint(e.body.n, 1, "which is found");
}

static void peeking(void)
{
	static const char line[] = " { \"Pi\\u006eg\":{\"nonce\":1}}\n";
	static const char *const never[] = { "x",        "[",       "{x",        "{\"\\x",
					     "\"\\u00g", "\"a\x01", "\"\\udc00", "\"\\ud800a",
					     "null",     "{}",      "\x0b" };
	struct tn_envelope e;
	unsigned i, wrong = 0;

	for (i = 0; i < sizeof line; i++) {
		int want = i < strlen(" { \"Pi\\u006eg\"") ? TN_EBUSY : 0;
		uint8_t *exact = malloc(i + 1);

		if (!exact)
			bail_out("no memory");
		memcpy(exact, line, i);
		wrong += tn_envelope_peek((struct tn_view){ exact, i }, &e) != want;
		wrong += want == 0 && (e.name_n != 4 || strcmp(e.name, "Ping") != 0);
		free(exact);
	}
	is_uint(wrong, 0, "the name is known as soon as it is complete");
	for (i = 0; i < sizeof never / sizeof never[0]; i++)
		is_int(tn_envelope_peek(view(never[i]), &e), TN_EBAD, "never: %s", never[i]);
	is_int(tn_envelope_peek(view("\"GetPeers\""), &e), 0, "a unit");
	is_str(e.name, "GetPeers", "its name");
	is_int(tn_envelope_peek(view("\"\\ud83d"), &e), TN_EBUSY, "half a pair may become one");
}

static void bodies(void)
{
	struct tn_arena *a = tn_arena_create(0);
	const struct tn_schema *unit = &tn_schema_unit, *ping = &tn_wire_ping;
	static const struct {
		const char *line;
		bool unit;
		int code;
		bool canonical;
	} t[] = {
		{ "\"GetPeers\"\n", true, 0, true },
		{ "\"GetPeers\" \n", true, 0, false },
		{ "{\"GetPeers\":null}\n", true, 0, false },
		{ "{\"GetPeers\": null }\n", true, 0, false },
		{ "{\"GetPeers\":nul}\n", true, TN_EBAD, false },
		{ "{\"GetPeers\":null,}\n", true, TN_EBAD, false },
		{ "{\"GetPeers\":{}}\n", true, TN_EBAD, false },
		{ "\"Ping\"\n", false, TN_EBAD, false },
		{ "{\"Ping\":null}\n", false, TN_EBAD, false },
		{ "{\"Ping\":{\"nonce\":1,\"timestamp\":2}}\n", false, 0, true },
		{ "{\"Ping\":{\"nonce\":1,\"timestamp\":2}}\r\n", false, 0, false },
		{ "{\"P\\u0069ng\":{\"nonce\":1,\"timestamp\":2}}\n", false, 0, false },
		{ "{\"Ping\":{\"timestamp\":2,\"nonce\":1}}\n", false, 0, false },
		{ "{\"Ping\":{\"nonce\":1,\"timestamp\":2},\"x\":1}\n", false, TN_EBAD, false },
	};
	struct tn_envelope e;
	const void *obj;
	unsigned i;

	for (i = 0; i < sizeof t / sizeof t[0]; i++) {
		bool canonical = !t[i].canonical;

		if (tn_envelope_read(view(t[i].line), &e, NULL) != 0)
			bail_out("no envelope: %s", t[i].line);
		is_int(tn_envelope_body(&e, t[i].unit ? unit : ping, a, &obj, &canonical, NULL),
		       t[i].code, "body of %s", t[i].line);
		ok(canonical == t[i].canonical, "canonical: %s", t[i].line);
		ok((obj != NULL) == (t[i].code == 0 && !t[i].unit), "object of %s", t[i].line);
	}
	is_int(tn_envelope_body(&e, ping, a, &obj, NULL, NULL), TN_EBAD, "nobody asks");
	tn_arena_unref(a);
}

static void lines(void)
{
	struct tn_ping ping = { .nonce = UINT64_MAX, .timestamp = -1 };
	static const char want[] = "{\"Ping\":{\"nonce\":18446744073709551615,\"timestamp\":-1}}\n";
	char buf[100];
	unsigned wrong = 0;
	size_t i;

	for (i = 0; i < sizeof want; i++) {
		memset(buf, '#', sizeof buf);
		wrong += tn_line_write("Ping", &tn_wire_ping, &ping, buf, i) != sizeof want - 1;
		wrong += memcmp(buf, want, i) != 0 || buf[i] != '#';
	}
	is_uint(wrong, 0, "a line, never beyond its room");
	is_uint(tn_line_write("GetPeers", &tn_schema_unit, NULL, buf, sizeof buf), 11, "a unit");
	is_mem(buf, "\"GetPeers\"\n", 11, "is a bare string");
}

/* What our own handshake adds is not seen by those who do not know it. */
static void handshake(void)
{
	static const char line[] =
		"{\"magic\":[84,73,77,69],\"protocol_version\":1,\"network\":\"private\","
		"\"node_id\":18446744073709551615,\"listen_port\":24200,\"agent\":\"timenode/0.1\","
		"\"features\":[\"a-1\",\"b\"]}";
	static const char bare[] = "{\"magic\":[84,73,77,69],\"protocol_version\":1,"
				   "\"network\":\"private\"}";
	struct tn_arena *a = tn_arena_create(0);
	const struct tn_handshake *h;
	struct tn_handshake old;
	const void *obj;
	bool canonical;
	char buf[sizeof line];

	if (tn_json_read(&tn_wire_handshake, view(line), a, &obj, &canonical, NULL) != 0)
		bail_out("cannot read a handshake");
	h = obj;
	ok(canonical && h->has_node_id && h->node_id == UINT64_MAX && h->listen_port == 24200,
	   "ours");
	ok(h->has_features && h->features.n == 2 && !h->has_my_ip && !h->has_genesis, "its fields");
	is_uint(tn_json_write(&tn_wire_handshake, h, buf, sizeof buf), sizeof line - 1, "written");
	is_mem(buf, line, sizeof line - 1, "in the order of the fields");
	old = *h;
	old.has_node_id = old.has_listen_port = old.has_agent = old.has_features = false;
	is_uint(tn_json_write(&tn_wire_handshake, &old, buf, sizeof buf), sizeof bare - 1, "bare");
	is_mem(buf, bare, sizeof bare - 1, "as the reference sends it");
	tn_arena_unref(a);
}

int main(void)
{
	cutting();
	utf8();
	envelopes();
	long_names();
	peeking();
	bodies();
	lines();
	handshake();
	return done_testing();
}
