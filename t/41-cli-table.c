/* SPDX-License-Identifier: MIT
 * t/41-cli-table.c - rows as columns: titles, alignment, durations, what a terminal gets
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/tap.h"

/* What is printed for these rows. */
static char *print(const char *rows, bool vertical)
{
	json_object *o = json_tokener_parse(rows);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!o || !f)
		bail_out("bad rows: %s", rows);
	table_print(f, o, vertical);
	fclose(f);
	json_object_put(o);
	return text;
}

static void prints(const char *rows, bool vertical, const char *want, const char *what)
{
	char *got = print(rows, vertical);

	is_str(got, want, "%s", what);
	free(got);
}

/* One value of a key. */
static void shows(const char *key, const char *value, const char *want)
{
	char rows[200], *got;

	snprintf(rows, sizeof rows, "[{\"%s\":%s}]", key, value);
	got = print(rows, true);
	ok(strchr(got, ' ') && got[strlen(got) - 1] == '\n', "%s is printed", rows);
	got[strlen(got) - 1] = '\0';
	is_str(strchr(got, ' ') + 2, want, "%s: %s", key, value);
	free(got);
}

int main(void)
{
	prints("[]", false, "", "no rows, no line");
	prints("[{\"ip\":\"1.2.3.4\",\"port\":24100,\"x\":\"a\"},"
	       "{\"ip\":\"10.20.30.40\",\"port\":1,\"x\":\"bcd\"}]",
	       false,
	       "ip            port  x\n"
	       "1.2.3.4      24100  a\n"
	       "10.20.30.40      1  bcd\n",
	       "texts left, numbers right, no blanks at the end");
	prints("[{\"up_s\":5,\"n\":1},{\"up_s\":90061,\"n\":100}]", false,
	       "   up    n\n"
	       "   5s    1\n"
	       "1d01h  100\n",
	       "a duration loses its unit and is a number too");
	prints("[{\"a\":1},{\"a\":\"x\"},{\"b\":2,\"a\":3},{\"a\":3,\"b\":2}]", false,
	       "a\n1\nx\n\nb  a\n2  3\n\na  b\n3  2\n", "other keys, another table");
	prints("[{\"name\":\"\\u00e9\\u00e9\",\"n\":1},{\"name\":\"abc\",\"n\":2}]", false,
	       "name  n\n\xc3\xa9\xc3\xa9    1\nabc   2\n", "characters are counted, not bytes");
	prints("[{\"a\":1,\"longer\":\"x\"}]", true, "a       1\nlonger  x\n", "a list");
	prints("[{\"n\":null,\"x\":1},{\"n\":5,\"x\":1}]", false, "n  x\n-  1\n5  1\n",
	       "a hole in a column of numbers");

	shows("x", "true", "yes");
	shows("x", "false", "no");
	shows("x", "null", "-");
	shows("x", "\"\"", "-");
	shows("x", "{}", "-");
	shows("x", "18446744073709551615", "18446744073709551615");
	shows("x", "-5", "-5");
	shows("refused", "{\"rate\":3,\"no-owner\":14}", "rate:3 no-owner:14");
	shows("x", "[1,\"b\"]", "1,b");
	shows("x", "\"a\\u001b[31m\\n\\u009b1m\\u007f\"", "a?[31m??1m?");
	shows("x", "\"\\u00a0\\u00e9\"", "\xc2\xa0\xc3\xa9");
	shows("rtt_us", "0", "-");
	shows("rtt_us", "850", "850us");
	shows("rtt_us", "12345", "12.3ms");
	shows("rtt_us", "1250000", "1.25s");
	shows("quiet_ms", "250", "250.0ms");
	shows("up_s", "0", "0s");
	shows("up_s", "59", "59s");
	shows("up_s", "725", "12m05s");
	shows("up_s", "7380", "2h03m");
	shows("up_s", "18446744073709551615", "213503982d08h");
	shows("up_s", "-3", "-3");
	shows("up_s", "\"soon\"", "soon");
	shows("up_s", "null", "-");
	shows("_s", "61", "61");
	return done_testing();
}
