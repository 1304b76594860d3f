/* SPDX-License-Identifier: MIT
 * t/26-core-conf.c - units, nearest names, groups of a file, tables, printing
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_impl.h"
#include "lib/tap.h"

/* ---- helpers */

static struct conf *parse(const char *text)
{
	struct tn_error err;
	struct conf *c = conf_read_text(text, "test.conf", &err);

	if (!c)
		bail_out("%s", err.text);
	return c;
}

static void is_addr(const struct tn_addr *a, const char *want)
{
	char buf[TN_ADDR_TEXT];

	is_str(tn_addr_text(a, buf), want, "address %s", want);
}

/* ---- values */

static void test_units(void)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} times[] = { { "0", 0 },        { "250ms", 250 },
		      { "90s", 90000 },  { "10m", 600000 },
		      { "1h", 3600000 }, { "7d", 604800000 },
		      { "500", 500 },    { "0s", 0 },
		      { "007s", 7000 },  { "9223372036854775807", INT64_MAX } };
	static const char *const bad_times[] = { "",
						 "s",
						 " 1s",
						 "1s ",
						 "1 s",
						 "-1s",
						 "+1s",
						 "1.5h",
						 "1S",
						 "1w",
						 "0x1",
						 "9223372036854775808",
						 "9223372036854776s",
						 "99999999999999999999" };
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = { { "0", 0 },
		      { "17", 17 },
		      { "4K", 4096 },
		      { "16M", 16u << 20 },
		      { "2G", 2ull << 30 },
		      { "1T", 1ull << 40 },
		      { "8388607T", 8388607ull << 40 } };
	static const char *const bad_sizes[] = { "", "K", "16m", "16MB", "1.5G", "-1", "8388608T" };
	uint64_t v;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		ok(conf_parse_ms(times[i].text, &v) == 0 && v == times[i].ms, "time %s",
		   times[i].text);
	for (size_t i = 0; i < sizeof bad_times / sizeof *bad_times; i++)
		is_int(conf_parse_ms(bad_times[i], &v), TN_EINVAL, "no time: \"%s\"", bad_times[i]);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		ok(conf_parse_size(sizes[i].text, &v) == 0 && v == sizes[i].bytes, "size %s",
		   sizes[i].text);
	for (size_t i = 0; i < sizeof bad_sizes / sizeof *bad_sizes; i++)
		is_int(conf_parse_size(bad_sizes[i], &v), TN_EINVAL, "no size: \"%s\"",
		       bad_sizes[i]);
}

static void test_unit_texts(void)
{
	uint64_t v = 1, back, wrong = 0;
	char buf[CONF_NUMBER_MAX];

	for (unsigned i = 0; i < 2000; i++) {
		v = v * 6364136223846793005u + 1442695040888963407u;
		for (unsigned shift = 1; shift < 64; shift += 13) {
			uint64_t n = (v >> shift) * (i % 3 == 0 ? 1024 : 1000);

			if (n > INT64_MAX)
				continue;
			wrong += conf_parse_ms(conf_ms_text(n, buf), &back) != 0 || back != n;
			wrong += conf_parse_size(conf_size_text(n, buf), &back) != 0 || back != n;
		}
	}
	is_uint(wrong, 0, "what is written is read again");
	is_str(conf_ms_text(90000, buf), "90s", "in the largest unit that fits");
	is_str(conf_ms_text(86400000, buf), "1d", "a day");
	is_str(conf_ms_text(0, buf), "0s", "no time");
	is_str(conf_size_text(16u << 20, buf), "16M", "a size");
	is_str(conf_size_text(0, buf), "0", "no size");
	is_str(conf_size_text(1025, buf), "1025", "an odd size");
}

static void test_nearest(void)
{
	static const char *const names[] = { "listen", "local_ip", "connect", "to",
					     "passive_wait" };
	const size_t n = sizeof names / sizeof *names;

	is_str(conf_nearest("lisen", names, n), "listen", "a letter less");
	is_str(conf_nearest("listten", names, n), "listen", "a letter more");
	is_str(conf_nearest("cunnect", names, n), "connect", "another letter");
	is_str(conf_nearest("ilsten", names, n), "listen", "two exchanged");
	is_str(conf_nearest("pasiv_wiat", names, n), "passive_wait", "three changes");
	is_str(conf_nearest("xyzsive_waits", names, n), NULL, "four are too many");
	is_str(conf_nearest("ot", names, n), "to", "a short word");
	is_str(conf_nearest("x", names, n), NULL, "not everything is near a short name");
	is_str(conf_nearest("", names, n), NULL, "nothing is near to nothing");
	is_str(conf_nearest("listen", names, 0), NULL, "no names");
}

/* ---- a file and its groups */

static int list_group(void *arg, const char *name, int line)
{
	char *list = arg;
	size_t n = strlen(list);

	snprintf(list + n, 200 - n, "%s:%d ", name, line);
	return strcmp(name, "stop") == 0 ? 7 : 0;
}

static int list_text(void *arg, const char *key, const char *value, struct tn_error *err)
{
	char *list = arg;
	size_t n = strlen(list);

	snprintf(list + n, 200 - n, "%s=%s ", key, value);
	return *value ? 0 : tn_fail(err, TN_EINVAL, "empty");
}

static void test_lookups(void)
{
	struct conf *c = parse("a = 5;\nplugins: {\n  x: { path = \"/p\"; n = 1; };\n\n  y: { };\n"
			       "  z = 1;\n  stop: { };\n  w: { };\n};\n"
			       "t: { k = \"v\"; l = \"w\"; };\nu: { k = \"\"; l = \"w\"; };\n");
	struct tn_error err = { "" };
	char list[200] = "", where[160];
	bool bad = true;

	ok(conf_has(c, "plugins") && conf_has(c, "plugins.x") && conf_has(c, ""), "groups");
	ok(!conf_has(c, "a") && !conf_has(c, "plugins.z") && !conf_has(c, "none"), "no groups");
	is_int(conf_each_group(c, "plugins", list_group, list), 7, "each group, until told to end");
	is_str(list, "x:3 y:5 stop:7 ", "in file order, with lines");
	is_int(conf_each_group(c, "none", list_group, list), 0, "no such group, no call");
	is_str(conf_text(c, "plugins.x", "path", &bad, &err), "/p", "a text");
	ok(!bad, "is not bad");
	is_str(conf_text(c, "plugins.y", "path", &bad, &err), NULL, "none");
	ok(!bad, "is not bad either");
	is_str(conf_text(c, "plugins.x", "n", &bad, &err), NULL, "a number");
	ok(bad, "is bad");
	is_str(err.text, "test.conf:3: plugins.x.n: found 1, expected a text", "and told");
	is_str(conf_where(c, "plugins.x", "n", where), "test.conf:3", "where it stands");
	is_str(conf_where(c, "plugins", "q", where), "test.conf", "where nothing stands");
	*list = 0;
	is_int(conf_each_text(c, "t", list_text, list, &err), 0, "each text");
	is_str(list, "k=v l=w ", "in file order");
	is_int(conf_each_text(c, "u", list_text, list, &err), TN_EINVAL, "until one is refused");
	is_int(conf_each_text(c, "plugins.x", list_text, list, &err), TN_EINVAL, "no text");
	is_str(err.text, "test.conf:3: plugins.x.n: found 1, expected a text", "is told");
	conf_free(c);
	conf_free(NULL);
}

/* ---- tables */

struct sample {
	bool b;
	uint64_t i, s, t;
	struct tn_str text;
	struct tn_addrs addrs;
	struct tn_texts texts;
};

/* clang-format off */
static const struct tn_option sample_rows[] = {
	TN_OPT(struct sample, b, "true", 0, 0, "a flag"),
	TN_OPT(struct sample, i, "5000000000", 1, INT64_MAX, "a number"),
	TN_OPT_SIZE(struct sample, s, "16M", 0, 0, ""),
	TN_OPT_MS(struct sample, t, "90s", 1000, 100000, "a time\nof two lines"),
	TN_OPT(struct sample, text, "a \"b\"\\c\x01", 0, 0, NULL),
	TN_OPT(struct sample, addrs, "127.0.0.1:7,::1, 10.0.0.1", 0, 3, "addresses"),
	{ "texts", "one,two words", "texts", 0, 0, offsetof(struct sample, texts), TN_O_TEXTS, 1 },
};
/* clang-format on */

static struct tn_table table_of(const struct tn_option *rows, unsigned n)
{
	return (struct tn_table){ rows, sizeof *rows, (uint16_t)n };
}

static const struct tn_table sample_table = { sample_rows, sizeof *sample_rows,
					      sizeof sample_rows / sizeof *sample_rows };

static void test_fill(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct sample s;
	struct tn_error err = { "" };
	struct conf *c = parse("g: { i = 7; texts = (\"x\"); path = \"/p\"; };");
	static const char *const also[] = { "path", NULL };

	memset(&s, 0, sizeof s);
	is_int(conf_fill(NULL, "g", sample_table, NULL, &s, a, &err), 0, "defaults");
	ok(s.b && s.i == 5000000000 && s.s == 16 << 20 && s.t == 90000, "numbers");
	is_str(s.text.p, "a \"b\"\\c\x01", "text");
	is_uint(s.text.n, 8, "its length");
	is_uint(s.addrs.n, 3, "addresses");
	is_addr(&s.addrs.v[0], "127.0.0.1:7");
	is_addr(&s.addrs.v[1], "::1");
	is_addr(&s.addrs.v[2], "10.0.0.1");
	ok(s.texts.n == 2 && strcmp(s.texts.v[1].p, "two words") == 0, "texts");
	is_int(conf_fill(c, "g", sample_table, also, &s, a, &err), 0, "from a file");
	ok(s.i == 7 && s.t == 90000 && s.texts.n == 1, "what it gives, else the default");
	is_int(conf_fill(c, "g", sample_table, NULL, &s, a, &err), TN_EINVAL, "an unknown key");
	is_str(err.text,
	       "test.conf:1: found the unknown key \"path\" in g, expected one of b, i, s, t, text, "
	       "addrs, texts",
	       "is told");
	is_int(conf_fill(c, "none", sample_table, NULL, &s, a, &err), 0, "an absent group");
	is_uint(s.i, 5000000000, "has the defaults");
	conf_free(c);
	tn_arena_unref(a);
}

static void is_unsound(struct tn_option row, const char *want)
{
	const struct tn_option rows[] = { sample_rows[0], row };
	struct tn_error err = { "" };

	is_int(conf_check_table(table_of(rows, 2), sizeof(struct sample), &err), TN_EINVAL,
	       "an unsound row");
	is_str(err.text, want, "is told");
}

static void test_check_table(void)
{
	struct tn_option o = sample_rows[1];
	struct tn_error err = { "" };

	is_int(conf_check_table(sample_table, sizeof(struct sample), &err), 0, "a sound table");
	is_int(conf_check_table((struct tn_table){ NULL, 0, 0 }, 0, &err), 0, "none at all");
	is_int(conf_check_table((struct tn_table){ sample_rows, 8, 2 }, 99, &err), TN_EINVAL,
	       "a stride that is too small");
	is_int(conf_check_table(sample_table, offsetof(struct sample, texts) + 15, &err), TN_EINVAL,
	       "a struct that is too small");
	is_str(err.text, "option texts: lies outside of its struct", "is told");
	o.key = "Big";
	is_unsound(
		o,
		"option 1: a key is up to 40 of a-z 0-9 _, begins with a letter and is not path");
	o.key = "path";
	is_unsound(
		o,
		"option 1: a key is up to 40 of a-z 0-9 _, begins with a letter and is not path");
	o.key = "b";
	is_unsound(o, "option b: declared twice");
	o.key = "i";
	o.type = 0;
	is_unsound(o, "option i: unknown type 0");
	o.type = TN_O_INT;
	o.off = 4;
	is_unsound(o, "option i: is not aligned");
	o.off = UINT32_MAX - 7;
	is_unsound(o, "option i: lies outside of its struct");
	o = sample_rows[1];
	o.lo = 2;
	o.hi = 1;
	is_unsound(o, "option i: its range is empty or negative");
	o = sample_rows[1];
	o.def = "0";
	is_unsound(o, "the default of i: found \"0\", expected a number from 1 to "
		      "9223372036854775807");
	o = sample_rows[5];
	o.def = "127.0.0.1, localhost";
	is_unsound(o,
		   "the default of addrs: found \"localhost\", expected an address (names are not "
		   "looked up: write the address)");
}

static void test_print(void)
{
	static const char want[] =
		"\t# a flag\n\tb = true;\n"
		"\t# a number\n\ti = 5000000000L;\n"
		"\ts = \"16M\";\n"
		"\t# a time\n\t# of two lines\n\tt = \"90s\";\n"
		"\ttext = \"a \\\"b\\\"\\\\c\\x01\";\n"
		"\t# addresses\n\taddrs = [ \"127.0.0.1:7\", \"::1\", \"10.0.0.1\" ];\n"
		"\t# texts (restart)\n\ttexts = [ \"one\", \"two words\" ];\n";
	char buf[2000];
	size_t n = conf_print(sample_table, NULL, 1, buf, sizeof buf);
	struct sample s, t;
	struct tn_arena *a = tn_arena_create(0);
	struct conf *c;
	unsigned wrong = 0;

	buf[n] = 0;
	is_str(buf, want, "defaults as they would stand in a file");
	c = parse(buf);
	memset(&s, 0, sizeof s);
	memset(&t, 0, sizeof t);
	conf_fill(c, "", sample_table, NULL, &s, a, NULL);
	conf_fill(NULL, "", sample_table, NULL, &t, a, NULL);
	for (unsigned i = 0; i < sample_table.rows; i++)
		wrong += !conf_same(&sample_rows[i], &s, &t);
	is_uint(wrong, 0, "and read back the same");
	is_str(conf_fixed_changed(sample_table, &s, &t), NULL, "nothing fixed has changed");
	t.i = 1;
	is_str(conf_fixed_changed(sample_table, &s, &t), NULL, "a live option may");
	t.texts.n = 1;
	is_str(conf_fixed_changed(sample_table, &s, &t), "texts", "a fixed one is named");
	memset(buf, '!', sizeof buf);
	is_uint(conf_print(sample_table, NULL, 1, buf, 10), n, "little room: the size needed");
	is_mem(buf, "\t# a flag\n!!", 12, "and nothing behind it");
	conf_free(c);
	tn_arena_unref(a);
}

int main(void)
{
	test_units();
	test_unit_texts();
	test_nearest();
	test_lookups();
	test_fill();
	test_check_table();
	test_print();
	return done_testing();
}
