/* SPDX-License-Identifier: MIT
 * t/26-core-conf-bad.c - one wrong file for each kind of mistake, and what is said of it
 *
 * The messages are part of the program's face: a change here is a change for people.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/settings.h"
#include "lib/tap.h"

#if defined TN_SANITIZED
/* libconfig 1.5 loses a text that stands before a syntax error. */
TN_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}
#endif

static const struct {
	const char *file;
	int line;
	const char *text;
} bad[] = {
	{ "address-bad", 4,
	  "network.listen: found \"127.0.0.300\", expected an address, as \"192.0.2.7:24100\" or \"[2001:db8::7]:24100\"" },
	{ "address-port", 2,
	  "network.connect: found \"127.0.0.1:70000\", expected an address, as \"192.0.2.7:24100\" or \"[2001:db8::7]:24100\"" },
	{ "address-twice", 2,
	  "network.listen: found 127.0.0.1:24100 twice, expected each address once" },
	{ "address-unspecified", 2,
	  "network.connect: found 0.0.0.0:24100, expected the address of a peer" },
	{ "bool-as-number", 2, "network.strict_network: found 1, expected true or false" },
	{ "bool-as-text", 2, "network.strict_network: found \"yes\", expected true or false" },
	{ "bracket-crossed", 3, "found }, but the [ of line 3 is still open" },
	{ "bracket-extra", 3, "this } closes nothing" },
	{ "bracket-open", 2, "this { is never closed" },
	{ "byte", 2, "found the byte ', expected key = value;" },
	{ "comment-open", 2, "this comment never ends: expected */" },
	{ "deep", 2, "nested more than 16 deep" },
	{ "dial-rule", 2, "network.dial_rule: found \"highest\", expected lower, higher or any" },
	{ "duplicate-group", 3, "found store a second time, expected each key once" },
	{ "duplicate", 5, "found level a second time, expected each key once" },
	{ "escape", 2,
	  "network.name: found \"\\x1b[31m\\xc3\\xa9\\x0a\", expected mainnet, testnet or private" },
	{ "fraction", 2,
	  "sessions.outbound: found the fraction 1.5, expected a number from 0 to 10000" },
	{ "genesis-digit", 2,
	  "network.genesis: found \"g0000000000000000000000000000000000000000000000000...\", expected 64 hex digits, or \"\"" },
	{ "genesis-short", 2, "network.genesis: found \"00ff\", expected 64 hex digits, or \"\"" },
	{ "genesis-time", 2,
	  "network.genesis_time: found a time, expected none: only a private network has one of its own" },
	{ "group-expected", 2, "network: found \"testnet\", expected a group { ... }" },
	{ "hex-number", 2, "found 0x10, expected a decimal number" },
	{ "include", 3, "@include is not taken: everything stands in one file" },
	{ "int-as-text", 2, "sessions.inbound: found \"112\", expected a number from 0 to 10000" },
	{ "int-negative", 2, "score.close: found -1, expected a number from 1 to 1000000" },
	{ "int-over", 2, "sessions.max_per_ip: found 10001, expected a number from 1 to 10000" },
	{ "int-under", 2, "sessions.max_per_ip: found 0, expected a number from 1 to 10000" },
	{ "level", 2, "log.level: found \"verbose\", expected error, warn, info or debug" },
	{ "levels-list", 2,
	  "log.levels: found a list, expected a group, as levels: { net = \"debug\"; };" },
	{ "levels-type", 2, "log.levels.net: found 3, expected a text" },
	{ "levels-word", 4, "log.levels.net: found \"loud\", expected error, warn, info or debug" },
	{ "list-as-text", 2,
	  "network.connect: found \"192.0.2.7\", expected a list of 0 to 1000 addresses, as [ \"192.0.2.7\", \"[2001:db8::7]:24100\" ]" },
	{ "list-item", 2, "network.whitelist: found 5, expected a text in this list" },
	{ "list-mixed", 2, "found values of several types in [ ], expected all of one" },
	{ "local-ip", 2,
	  "network.local_ip: found \"node.example.org\", expected an address, or \"\" (names are not looked up: write the address)" },
	{ "log-file", 2,
	  "log.to: found \"file\" without log.file, expected log.file to name the file" },
	{ "log-to", 2, "log.to: found \"stdout\", expected stderr, file or syslog" },
	{ "name-listed", 2,
	  "network.connect: found \"seed.example.org:24100\", expected an address (names are not looked up: write the address)" },
	{ "network", 2, "network.name: found \"regtest\", expected mainnet, testnet or private" },
	{ "nul-byte", 2, "found a NUL byte, expected text" },
	{ "number-cut", 2, "the number 5000000000 is too large as it stands: write 5000000000L" },
	{ "number-large", 2, "the number 99999999999999999999L is too large" },
	{ "pair-ban", 2, "score.ban: found 300, expected at least that of close, 400" },
	{ "pair-queue", 3,
	  "sessions.queue_session: found 4M, expected at least that of line_max, 16M" },
	{ "plugin-no-group", 2, "plugins.pingpong: found true, expected a group { ... }" },
	{ "plugins-no-group", 2, "plugins: found a list, expected a group { ... }" },
	{ "size-over", 2,
	  "sessions.line_max: found \"17M\", expected a size from 64K to 16M, as \"16M\"" },
	{ "size-unit", 2,
	  "store.map_size: found \"16GB\", expected a size from 1M to 1T, as \"16M\"" },
	{ "subnet-bits", 2,
	  "network.whitelist: found \"10.1.2.3/8\", expected an address or a subnet without host bits, as \"192.0.2.0/24\" (names are not looked up)" },
	{ "subnet-name", 2,
	  "network.whitelist: found \"friends.example.org\", expected an address or a subnet without host bits, as \"192.0.2.0/24\" (names are not looked up)" },
	{ "syntax", 2,
	  "syntax error at or before \"data_dir\", expected key = value; or group: { ... };" },
	{ "text-as-list", 2, "data_dir: found a list, expected a text of 0 to 1000 bytes" },
	{ "text-as-number", 2, "network.name: found 24100, expected a text of 1 to 16 bytes" },
	{ "text-long", 2,
	  "run_dir: found \"/long/long/long/long/long/long/long/long/long/long...\", expected a text of 0 to 90 bytes" },
	{ "text-nul", 2, "found \\x00 in a text, expected no NUL byte" },
	{ "text-open", 2, "this text does not end on its line: expected a closing \"" },
	{ "time-over", 2,
	  "network.passive_wait: found \"2h\", expected a time from 0s to 1h, as \"90s\"" },
	{ "time-under", 2,
	  "sessions.stall: found 99, expected a time from 100ms to 1h, as \"90s\"" },
	{ "time-unit", 2,
	  "network.passive_wait: found \"90 s\", expected a time from 0s to 1h, as \"90s\"" },
	{ "tls", 2,
	  "found the unknown key \"tls_cert\" in network, expected one of name, listen, local_ip, "
	  "dial_rule, passive_wait, strict_network, connect, genesis, genesis_time, whitelist" },
	{ "unknown-far", 2,
	  "found the unknown key \"colour\", expected one of data_dir, run_dir, plugin_dir, network, "
	  "sessions, score, store, loop, log, plugins" },
	{ "unknown-group", 2, "found the unknown key \"networks\", expected perhaps \"network\"" },
	{ "unknown-many", 2,
	  "found the unknown key \"colour\" in sessions, expected one of outbound, inbound, masternodes, max_per_ip, stall, line_max, unfinished_session, unfinished_node, queue_session, ..." },
	{ "unknown-near", 4,
	  "found the unknown key \"pasive_wait\" in network, expected perhaps \"passive_wait\"" },
	{ "unquoted-address", 2, "found 127.0.0.1, expected quotes around it: \"127.0.0.1\"" },
	{ "unquoted-size", 2, "found 16G, expected quotes around it: \"16G\"" },
	{ "unquoted-text", 3, "found mainnet, expected quotes around it: \"mainnet\"" },
};
enum { BAD = sizeof bad / sizeof *bad };

static void enter_data(void)
{
	char *dir = tap_source("t/data/conf");

	if (chdir(dir) != 0)
		bail_out("cannot enter %s", dir);
	free(dir);
}

static void check_file(const char *name, const char *want)
{
	struct tn_arena *a = tn_arena_create(0);
	struct tn_error err = { "accepted" };
	struct settings s;
	struct conf *c = conf_read_file(name, &err);

	if (c)
		settings_read(c, &s, a, &err);
	is_str(err.text, want, "%s", name);
	conf_free(c);
	tn_arena_unref(a);
}

static void test_files(void)
{
	for (unsigned i = 0; i < BAD; i++) {
		char name[80], want[300];

		snprintf(name, sizeof name, "bad-%s.conf", bad[i].file);
		snprintf(want, sizeof want, "%s:%d: %s", name, bad[i].line, bad[i].text);
		check_file(name, want);
	}
}

/* A file that is not in the table is not tested. */
static void test_all_listed(void)
{
	DIR *d = opendir(".");
	const struct dirent *e;
	unsigned files = 0;

	if (!d)
		bail_out("cannot list the data");
	while ((e = readdir(d)))
		files += strncmp(e->d_name, "bad-", 4) == 0;
	closedir(d);
	is_uint(files, BAD, "every wrong file has its message");
}

static void test_no_file(void)
{
	char path[400], *big, want[500];
	FILE *f;

	check_file("none.conf", "none.conf: cannot open: No such file or directory");
	check_file("..", "..: cannot read: Is a directory");
	snprintf(path, sizeof path, "%s/big", tap_tmpdir());
	f = fopen(path, "w");
	big = malloc((1 << 20) + 1);
	if (!f || !big)
		bail_out("cannot write %s", path);
	memset(big, '\n', (1 << 20) + 1);
	fwrite(big, 1, (1 << 20) + 1, f);
	fclose(f);
	snprintf(want, sizeof want, "%s: found more than 1 MiB, expected a configuration", path);
	check_file(path, want);
	is_int(truncate(path, 1 << 20), 0, "one byte less");
	check_file(path, "accepted");
	free(big);
}

int main(void)
{
	enter_data();
	test_files();
	test_all_listed();
	test_no_file();
	return done_testing();
}
