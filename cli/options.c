/* SPDX-License-Identifier: MIT
 * cli/options.c - the command line of timenode-cli
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define TIMEOUT_MS 30000
#define TIMEOUT_MAX_S 86400.0
#define NODE_MAX 99

typedef int take_fn(struct cli_options *, const char *value, struct cli_error *);

struct option_row {
	const char *name;
	bool valued;
	take_fn *take;
};

int cli_fail(struct cli_error *err, int result, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->code = code;
	return result;
}

static int take_config(struct cli_options *o, const char *value, struct cli_error *err)
{
	(void)err;
	o->config = value;
	return CLI_DONE;
}

static int take_socket(struct cli_options *o, const char *value, struct cli_error *err)
{
	(void)err;
	o->socket = value;
	return CLI_DONE;
}

static int take_node_id(struct cli_options *o, const char *value, struct cli_error *err)
{
	size_t n = strlen(value);
	unsigned long v = n <= 2 && strspn(value, "0123456789") == n ? strtoul(value, NULL, 10) : 0;

	if (v < 1 || v > NODE_MAX)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
				"--node-id %s: not a number from 1 to %d", value, NODE_MAX);
	o->node_id = (unsigned)v;
	return CLI_DONE;
}

/* Digits and a point only: strtod alone would take "inf" and "0x1p3". */
static int take_timeout(struct cli_options *o, const char *value, struct cli_error *err)
{
	char *end = NULL;
	double s = strspn(value, "0123456789.") == strlen(value) ? strtod(value, &end) : -1;

	if (s < 0.001 || s > TIMEOUT_MAX_S || !end || *end)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
				"--timeout %s: not a number of seconds from 0.001 to 86400", value);
	o->timeout_ms = (unsigned)(s * 1000);
	return CLI_DONE;
}

static int take_json(struct cli_options *o, const char *value, struct cli_error *err)
{
	(void)value;
	(void)err;
	o->json = true;
	return CLI_DONE;
}

static int take_once(struct cli_options *o, const char *value, struct cli_error *err)
{
	(void)value;
	(void)err;
	o->once = true;
	return CLI_DONE;
}

static int take_help(struct cli_options *o, const char *value, struct cli_error *err)
{
	(void)value;
	(void)err;
	o->help = true;
	return CLI_DONE;
}

static int take_version(struct cli_options *o, const char *value, struct cli_error *err)
{
	(void)value;
	(void)err;
	o->version = true;
	return CLI_DONE;
}

static const struct option_row rows[] = {
	{ "-c", true, take_config },         { "--config", true, take_config },
	{ "--socket", true, take_socket },   { "--node-id", true, take_node_id },
	{ "--timeout", true, take_timeout }, { "--json", false, take_json },
	{ "--once", false, take_once },      { "-h", false, take_help },
	{ "--help", false, take_help },      { "--version", false, take_version },
};

const char *options_usage(void)
{
	return "usage: timenode-cli [options] COMMAND [arguments]\n"
	       "\n"
	       "  -c, --config FILE  the daemon's configuration: its run_dir holds the socket\n"
	       "  --socket PATH      the control socket itself (or $TIMENODE_SOCKET)\n"
	       "  --node-id N        instance N of a private network on this host\n"
	       "  --json             {\"rows\":[...]} or {\"error\":...,\"code\":...} on stdout\n"
	       "  --timeout S        seconds to wait for the daemon [30]\n"
	       "  --once             top: print once and end\n"
	       "  --version, --help\n"
	       "\n"
	       "  help               every command of the running daemon, plugins' included\n"
	       "  status             peers              why IP            audit\n"
	       "  top                messages           metrics           disconnect IP[:PORT]\n"
	       "  plugins            plugin load NAME   plugin unload NAME\n"
	       "  plugin upgrade NAME\n"
	       "  addnode ADDR       ban ADDR|SUBNET [DURATION] [REASON...]\n"
	       "  unban ADDR|SUBNET  banlist            loglevel [SUBSYSTEM] LEVEL\n"
	       "  stop               reload\n"
	       "  Commands of plugins take KEY=VALUE arguments.\n"
	       "\n"
	       "Exit codes: 0 done, 1 refused, 2 usage or no daemon.\n";
}

/* The row of a word; *value is set to what follows "=", else NULL. */
static const struct option_row *find(const char *word, const char **value)
{
	const char *eq = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
	size_t n = eq ? (size_t)(eq - word) : strlen(word);

	*value = eq ? eq + 1 : NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == n && memcmp(rows[i].name, word, n) == 0)
			return &rows[i];
	return NULL;
}

/* The option at argv[*i]; *i is left on its last word. */
static int take(struct cli_options *o, int argc, char **argv, int *i, struct cli_error *err)
{
	const char *value;
	const struct option_row *row = find(argv[*i], &value);

	if (!row)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
				"unknown option %s: --help lists them", argv[*i]);
	if (!row->valued && value)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "%s takes no value", row->name);
	if (row->valued && !value && *i + 1 < argc)
		value = argv[++*i];
	if (row->valued && (!value || !*value))
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "%s needs a value", row->name);
	return row->take(o, value, err);
}

static int agree(const struct cli_options *o, struct cli_error *err)
{
	if ((o->config != NULL) + (o->socket != NULL) + (o->node_id != 0) > 1)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
				"--config, --socket and --node-id each name a daemon: give one");
	if (o->once && (!o->command || strcmp(o->command, "top") != 0))
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "--once belongs to top");
	if (!o->command && !o->help && !o->version)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
				"a command is missing: help lists those of the daemon, "
				"--help the options");
	return CLI_DONE;
}

/* Options may stand anywhere; behind "--" there are none. */
int options_read(int argc, char **argv, struct cli_options *o, struct cli_error *err)
{
	bool all = false;
	int kept = 0, rc;

	*o = (struct cli_options){ .timeout_ms = TIMEOUT_MS };
	for (int i = 1; i < argc; i++) {
		if (all || argv[i][0] != '-' || !argv[i][1]) {
			argv[kept++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			all = true;
			continue;
		}
		rc = take(o, argc, argv, &i, err);
		if (rc != CLI_DONE)
			return rc;
	}
	o->command = kept > 0 ? argv[0] : NULL;
	o->word = argv + 1;
	o->words = kept > 0 ? kept - 1 : 0;
	return agree(o, err);
}
