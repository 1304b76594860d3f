/* SPDX-License-Identifier: MIT
 * t/27-core-options.c - the command line, word by word
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "options.h"

#define WORDS 12

/* Splits a line at blanks; "_" stands for an empty word. */
static int parse(const char *line, struct options *o, struct tn_error *err)
{
	static char empty[1];
	char copy[256];
	char *argv[WORDS + 2] = { (char *)(uintptr_t) "timenoded" };
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok(copy, " "); w && argc <= WORDS; w = strtok(NULL, " "))
		argv[argc++] = strcmp(w, "_") == 0 ? empty : w;
	err->text[0] = 0;
	return options_read(argc, argv, o, err);
}

static void actions(void)
{
	static const struct {
		const char *line;
		enum options_action want;
	} row[] = {
		{ "", OPTIONS_RUN },
		{ "--daemon", OPTIONS_RUN },
		{ "--check-config", OPTIONS_CHECK },
		{ "--print-config", OPTIONS_PRINT },
		{ "--version", OPTIONS_VERSION },
		{ "--help", OPTIONS_HELP },
		{ "-h", OPTIONS_HELP },
	};
	struct options o;
	struct tn_error err;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		is_int(parse(row[i].line, &o, &err), 0, "\"%s\" is read", row[i].line);
		is_int(o.action, row[i].want, "\"%s\": what to do", row[i].line);
		is_int(o.daemon, strcmp(row[i].line, "--daemon") == 0, "\"%s\": daemon",
		       row[i].line);
	}
}

static void values(void)
{
	struct tn_error err;
	struct options o;
	char *argv[] = { (char *)(uintptr_t) "timenoded",   (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t) "/etc/a b",    (char *)(uintptr_t) "--pid-file=x=y",
			 (char *)(uintptr_t) "--log-level", (char *)(uintptr_t) "debug" };

	is_int(options_read(6, argv, &o, &err), 0, "values in both forms");
	is_str(o.config, "/etc/a b", "-c");
	is_str(o.pid_file, "x=y", "--pid-file keeps a second =");
	is_str(o.log_level, "debug", "--log-level");
	is_uint(o.node_id, 0, "no preset");

	options_read(1, argv, &o, &err);
	ok(!o.config && !o.pid_file && !o.log_level, "nothing asked, nothing set");
}

/* Each refusal names the word that is wrong. */
static void refusals(void)
{
	static const char *const row[][2] = {
		{ "--nonsense", "unknown option --nonsense" },
		{ "timenode.conf",
		  "unknown word timenode.conf: a configuration file is named with -c FILE" },
		{ "-cx", "unknown option -cx" },
		{ "--conf x", "unknown option --conf" },
		{ "-c", "-c needs a value" },
		{ "--pid-file _", "--pid-file needs a value" },
		{ "--pid-file=", "--pid-file needs a value" },
		{ "--daemon=yes", "--daemon takes no value" },
		{ "--log-level loud",
		  "--log-level loud: the levels are error, warn, info and debug" },
		{ "--node-id 0 --p2p-port 9000", "--node-id 0: not a number from 1 to 99" },
		{ "--node-id 100 --p2p-port 9000", "--node-id 100: not a number from 1 to 99" },
		{ "--node-id -1 --p2p-port 9000", "--node-id -1: not a number from 1 to 99" },
		{ "--node-id 1x --p2p-port 9000", "--node-id 1x: not a number from 1 to 99" },
		{ "--node-id 1 --p2p-port 65536", "--p2p-port 65536: not a port from 1 to 65535" },
		{ "--node-id 1 --p2p-port 4294967297",
		  "--p2p-port 4294967297: not a port from 1 to 65535" },
		{ "--node-id 1", "--node-id and --p2p-port go together" },
		{ "--p2p-port 9000", "--node-id and --p2p-port go together" },
		{ "-c f --node-id 1 --p2p-port 9000",
		  "--node-id is a configuration of its own: not with -c" },
		{ "--node-id 3 --p2p-port 2",
		  "--p2p-port 2 is too low for --node-id 3: instance 1 would have no port" },
		{ "--node-id 1 --p2p-port 65529",
		  "--p2p-port 65529 is too high for --node-id 1: instance 8 would have no port" },
	};
	struct options o;
	struct tn_error err;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		is_int(parse(row[i][0], &o, &err), TN_EINVAL, "refused: %s", row[i][0]);
		is_str(err.text, row[i][1], "its reason");
	}
	is_int(parse("--node-id 3 --p2p-port 3", &o, &err), 0, "the lowest port");
	is_int(parse("--node-id 1 --p2p-port 65528", &o, &err), 0, "the highest port");
}

static void private_node(void)
{
	static const char want[] =
		"data_dir = \"/users/a\\\"b/.timenode/private/2\";\n"
		"run_dir = \"/users/a\\\"b/.timenode/private/2\";\n"
		"network: {\n"
		"\tname = \"private\";\n"
		"\tlisten = [ \"127.0.0.1:24302\" ];\n"
		"\tlocal_ip = \"127.0.0.1:24302\";\n"
		"\tconnect = [ \"127.0.0.1:24301\", \"127.0.0.1:24303\", \"127.0.0.1:24304\", "
		"\"127.0.0.1:24305\", \"127.0.0.1:24306\", \"127.0.0.1:24307\", \"127.0.0.1:24308\" ];\n"
		"};\n"
		"plugins: {\n"
		"\tpingpong: { };\n"
		"\tpeers: { };\n"
		"};\n";
	struct tn_error err;
	struct options o;
	char buf[1024];

	is_int(parse("--node-id 2 --p2p-port 24302", &o, &err), 0, "instance 2");
	is_int(options_private(&o, "/users/a\"b", buf, sizeof(buf), &err), 0, "its configuration");
	is_str(buf, want, "listens on its port, looks for the other seven");
	is_int(options_private(&o, "/users/a\"b", buf, sizeof(want), &err), 0, "just fits");
	is_int(options_private(&o, "/users/a\"b", buf, sizeof(want) - 1, &err), TN_EINVAL,
	       "one byte less does not");
	is_int(options_private(&o, "home", buf, sizeof(buf), &err), TN_EINVAL, "no relative home");
	is_int(options_private(&o, NULL, buf, sizeof(buf), &err), TN_EINVAL, "no home at all");

	parse("--node-id 12 --p2p-port 24312", &o, &err);
	is_int(options_private(&o, "/h", buf, sizeof(buf), &err), 0, "an instance above 8");
	ok(strstr(buf, "[ \"127.0.0.1:24301\", ") && strstr(buf, ", \"127.0.0.1:24308\" ]"),
	   "looks for 1 to 8, all of them");
}

int main(void)
{
	actions();
	values();
	refusals();
	private_node();
	return done_testing();
}
