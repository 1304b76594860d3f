/* SPDX-License-Identifier: MIT
 * core/options.c - the command line of timenoded, as a pure function
 */
#include "config.h"

#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Takes a value (NULL for a flag) into the options. */
typedef int take_fn(struct options *, const char *value, struct tn_error *);

struct option_row {
	const char *name; /* as written, with its dashes */
	bool valued;
	take_fn *take;
};

static int take_config(struct options *o, const char *value, struct tn_error *err)
{
	(void)err;
	o->config = value;
	return 0;
}

static int take_pid_file(struct options *o, const char *value, struct tn_error *err)
{
	(void)err;
	o->pid_file = value;
	return 0;
}

static int take_log_level(struct options *o, const char *value, struct tn_error *err)
{
	if (log_level_of(value, strlen(value)) < 0)
		return tn_fail(err, TN_EINVAL,
			       "--log-level %s: the levels are error, warn, info and debug", value);
	o->log_level = value;
	return 0;
}

static int take_plugin_dir(struct options *o, const char *value, struct tn_error *err)
{
	(void)err;
	o->plugin_dir = value;
	return 0;
}

static int take_record(struct options *o, const char *value, struct tn_error *err)
{
	(void)err;
	o->record = value;
	return 0;
}

static int take_check(struct options *o, const char *value, struct tn_error *err)
{
	(void)value;
	(void)err;
	o->action = OPTIONS_CHECK;
	return 0;
}

static int take_print(struct options *o, const char *value, struct tn_error *err)
{
	(void)value;
	(void)err;
	o->action = OPTIONS_PRINT;
	return 0;
}

static int take_version(struct options *o, const char *value, struct tn_error *err)
{
	(void)value;
	(void)err;
	o->action = OPTIONS_VERSION;
	return 0;
}

static int take_help(struct options *o, const char *value, struct tn_error *err)
{
	(void)value;
	(void)err;
	o->action = OPTIONS_HELP;
	return 0;
}

static int take_daemon(struct options *o, const char *value, struct tn_error *err)
{
	(void)value;
	(void)err;
	o->daemon = true;
	return 0;
}

/* Decimal digits only: strtoul alone would take " +7" and "-1". */
static int number(const char *text, unsigned long max, unsigned long *out)
{
	size_t n = strlen(text);

	if (n == 0 || n > 9 || strspn(text, "0123456789") != n)
		return TN_EINVAL;
	*out = strtoul(text, NULL, 10);
	return *out >= 1 && *out <= max ? 0 : TN_EINVAL;
}

static int take_node_id(struct options *o, const char *value, struct tn_error *err)
{
	unsigned long v;

	if (number(value, OPTIONS_NODE_MAX, &v) < 0)
		return tn_fail(err, TN_EINVAL, "--node-id %s: not a number from 1 to %d", value,
			       OPTIONS_NODE_MAX);
	o->node_id = (unsigned)v;
	return 0;
}

static int take_p2p_port(struct options *o, const char *value, struct tn_error *err)
{
	unsigned long v;

	if (number(value, 65535, &v) < 0)
		return tn_fail(err, TN_EINVAL, "--p2p-port %s: not a port from 1 to 65535", value);
	o->p2p_port = (uint16_t)v;
	return 0;
}

static const struct option_row rows[] = {
	{ "-c", true, take_config },
	{ "--config", true, take_config },
	{ "--check-config", false, take_check },
	{ "--print-config", false, take_print },
	{ "--daemon", false, take_daemon },
	{ "--pid-file", true, take_pid_file },
	{ "--node-id", true, take_node_id },
	{ "--p2p-port", true, take_p2p_port },
	{ "--log-level", true, take_log_level },
	{ "--plugin-dir", true, take_plugin_dir },
	{ "--record", true, take_record },
	{ "--version", false, take_version },
	{ "-h", false, take_help },
	{ "--help", false, take_help },
};

const char *options_usage(void)
{
	return "usage: timenoded [options]\n"
	       "  -c, --config FILE   read FILE instead of the default configuration file\n"
	       "  --check-config      check the configuration and the plugins it names, start nothing\n"
	       "  --print-config      print the whole configuration as it applies, start nothing\n"
	       "  --daemon            go to the background once everything is up\n"
	       "  --pid-file FILE     instead of timenode.pid in run_dir\n"
	       "  --node-id N --p2p-port P\n"
	       "                      instance N of a private network on this host: listens on\n"
	       "                      127.0.0.1:P, looks for instances 1 to 8\n"
	       "  --log-level LEVEL   error, warn, info or debug\n"
	       "  --plugin-dir DIR    instead of plugin_dir of the configuration\n"
	       "  --record FILE       record everything from the start, for timenode-replay\n"
	       "  --version, --help\n"
	       "Exit codes: 0 done, 1 failed at run time, 2 usage or configuration.\n";
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

/* Things that only make sense together, or exclude each other. */
static int agree(const struct options *o, struct tn_error *err)
{
	if ((o->node_id != 0) != (o->p2p_port != 0))
		return tn_fail(err, TN_EINVAL, "--node-id and --p2p-port go together");
	if (o->node_id && o->config)
		return tn_fail(err, TN_EINVAL,
			       "--node-id is a configuration of its own: not with -c");
	if (o->node_id && o->p2p_port <= o->node_id - 1)
		return tn_fail(err, TN_EINVAL,
			       "--p2p-port %u is too low for --node-id %u: "
			       "instance 1 would have no port",
			       o->p2p_port, o->node_id);
	if (o->node_id && o->p2p_port - o->node_id + OPTIONS_NODES > 65535)
		return tn_fail(err, TN_EINVAL,
			       "--p2p-port %u is too high for --node-id %u: "
			       "instance %d would have no port",
			       o->p2p_port, o->node_id, OPTIONS_NODES);
	return 0;
}

int options_read(int argc, char *const argv[], struct options *out, struct tn_error *err)
{
	memset(out, 0, sizeof(*out));
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct option_row *row = find(argv[i], &value);
		int rc;

		if (!row)
			return tn_fail(err, TN_EINVAL,
				       argv[i][0] == '-'
					       ? "unknown option %s"
					       : "unknown word %s: a configuration file is "
						 "named with -c FILE",
				       argv[i]);
		if (!row->valued && value)
			return tn_fail(err, TN_EINVAL, "%s takes no value", row->name);
		if (row->valued && !value && ++i < argc)
			value = argv[i];
		if (row->valued && (!value || !*value))
			return tn_fail(err, TN_EINVAL, "%s needs a value", row->name);
		rc = row->take(out, value, err);
		if (rc < 0)
			return rc;
	}
	return agree(out, err);
}

/* Text that only grows while it fits; `full` remembers that it did not. */
struct text {
	char *p;
	size_t n, room;
	bool full;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->n, t->room - t->n, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->room - t->n)
		t->full = true;
	else
		t->n += (size_t)n;
}

/* A path in quotes as libconfig reads it. */
static void add_dir(struct text *t, const char *key, const char *home, unsigned node_id)
{
	add(t, "%s = \"", key);
	for (const char *p = home; *p; p++)
		add(t, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	add(t, "/.timenode/private/%u\";\n", node_id);
}

static void add_connect(struct text *t, const struct options *o)
{
	const char *comma = "";

	add(t, "\tconnect = [ ");
	for (unsigned i = 1; i <= OPTIONS_NODES; i++) {
		if (i == o->node_id)
			continue;
		add(t, "%s\"127.0.0.1:%u\"", comma, o->p2p_port - o->node_id + i);
		comma = ", ";
	}
	add(t, " ];\n");
}

int options_private(const struct options *o, const char *home, char *buf, size_t room,
		    struct tn_error *err)
{
	struct text t = { .p = buf, .room = room };

	if (!home || home[0] != '/')
		return tn_fail(err, TN_EINVAL, "--node-id needs a home directory: set HOME");
	add_dir(&t, "data_dir", home, o->node_id);
	add_dir(&t, "run_dir", home, o->node_id);
	add(&t, "network: {\n\tname = \"private\";\n");
	add(&t, "\tlisten = [ \"127.0.0.1:%u\" ];\n", o->p2p_port);
	add(&t, "\tlocal_ip = \"127.0.0.1:%u\";\n", o->p2p_port);
	add_connect(&t, o);
	add(&t, "};\nplugins: {\n\tpingpong: { };\n\tpeers: { };\n};\n");
	if (t.full)
		return tn_fail(err, TN_EINVAL, "the home directory's path is too long");
	return 0;
}
