/* SPDX-License-Identifier: MIT
 * core/replay_main.c - timenode-replay: a fresh node runs on a recording and must do the same
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "rerun.h"

/* What the process answers. */
enum { SAME = 0, DIFFERS = 1, USAGE = 2 };

extern const struct tn_plugin tn_plugin_desc_pingpong, tn_plugin_desc_peers, tn_plugin_desc_blocks,
	tn_plugin_desc_masternodes, tn_plugin_desc_transactions;

static const struct plug_builtin builtins[] = {
	{ "pingpong", &tn_plugin_desc_pingpong },
	{ "peers", &tn_plugin_desc_peers },
	{ "blocks", &tn_plugin_desc_blocks },
	{ "masternodes", &tn_plugin_desc_masternodes },
	{ "transactions", &tn_plugin_desc_transactions },
};

static const char usage[] =
	"usage: timenode-replay [options] FILE\n"
	"  -v, --verbose       the log lines of the replayed node, and every counter\n"
	"  --log-level LEVEL   error, warn, info or debug, instead of the recorded one\n"
	"  --plugin-dir DIR    where plugins are that this program does not contain\n"
	"  --without PLUGIN    leave this one out\n"
	"  --version, --help\n"
	"Exit codes: 0 the same, 1 it differs, 2 usage, or the file cannot be replayed.\n";

struct options {
	struct rerun_setup set;
	bool verbose, help, version;
};

static int bad(const char *what, const char *word)
{
	fprintf(stderr, "timenode-replay: %s%s\n%s", what, word, usage);
	return USAGE;
}

static const char **text_option(struct options *o, const char *word)
{
	if (strcmp(word, "--log-level") == 0)
		return &o->set.log_level;
	if (strcmp(word, "--plugin-dir") == 0)
		return &o->set.plugin_dir;
	return strcmp(word, "--without") == 0 ? &o->set.without : NULL;
}

static bool flag_option(struct options *o, const char *word)
{
	if (strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0)
		o->verbose = true;
	else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		o->help = true;
	else if (strcmp(word, "--version") == 0)
		o->version = true;
	else
		return false;
	return true;
}

static int read_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		const char **text = text_option(o, argv[i]);

		if (text && i + 1 == argc)
			return bad("a value is missing behind ", argv[i]);
		if (text)
			*text = argv[++i];
		else if (!flag_option(o, argv[i]) && argv[i][0] == '-' && argv[i][1])
			return bad("unknown option ", argv[i]);
		else if (argv[i][0] != '-' && o->set.path)
			return bad("one file at a time: ", argv[i]);
		else if (argv[i][0] != '-')
			o->set.path = argv[i];
	}
	if (o->set.log_level && log_level_of(o->set.log_level, strlen(o->set.log_level)) < 0)
		return bad("no such log level: ", o->set.log_level);
	if (!o->set.path && !o->help && !o->version)
		return bad("which file?", "");
	return SAME;
}

static void print_line(void *arg, const char *line, size_t n)
{
	(void)arg;
	printf("%.*s\n", (int)n, line);
}

/* ---- the report */

static void print_counter(void *arg, const char *name, int64_t recorded, int64_t replayed)
{
	(void)arg;
	printf("differs: %s: recorded %lld, replayed %lld\n", name, (long long)recorded,
	       (long long)replayed);
}

static void print_all(const struct counters *c)
{
	for (size_t i = 0; i < c->n; i++)
		printf("  %-60s %lld\n", c->v[i].name, (long long)c->v[i].value);
}

static void print_head(const struct options *o, const struct rerun_report *r)
{
	uint64_t us = r->ended_us - r->begun_us;

	printf("%s: %s, %llu turns", o->set.path, r->version, (unsigned long long)r->result.turns);
	if (r->cut)
		printf(", cut off: what is whole was replayed, without counters at its end\n");
	else
		printf(" in %llu.%06llu s, ended: %s\n", (unsigned long long)(us / 1000000),
		       (unsigned long long)(us % 1000000), r->why);
	if (r->no_store)
		printf("not all that the node had stored is in it\n");
}

static void print_first(const struct rerun_report *r)
{
	uint64_t us = r->result.mono_us - r->begun_us;

	if (!r->result.differences)
		return;
	printf("first difference: entry %llu, %llu.%06llu s after the beginning: %s\n",
	       (unsigned long long)r->result.at, (unsigned long long)(us / 1000000),
	       (unsigned long long)(us % 1000000), r->result.first);
	printf("differences: %llu\n", (unsigned long long)r->result.differences);
}

static int print_report(const struct options *o, const struct rerun_report *r)
{
	bool same = rerun_same(r);

	print_head(o, r);
	print_first(r);
	if (!r->cut)
		counters_compare(&r->recorded, &r->replayed, print_counter, NULL);
	if (o->verbose)
		print_all(&r->replayed);
	if (!r->cut)
		printf("counters: %zu recorded, %zu replayed\n", r->recorded.n, r->replayed.n);
	printf("%s\n", same ? "the same" : "it differs");
	return same ? SAME : DIFFERS;
}

int main(int argc, char **argv)
{
	struct options o = { .set = { .builtins = builtins,
				      .builtin_count = sizeof builtins / sizeof *builtins } };
	struct rerun_report report;
	struct tn_error err = { "" };
	int code = read_options(argc, argv, &o);

	if (code != SAME)
		return code;
	if (o.help || o.version) {
		fputs(o.help ? usage : "timenode-replay " PACKAGE_VERSION "\n", stdout);
		return SAME;
	}
	if (o.verbose)
		o.set.log = print_line;
	if (rerun(&o.set, &report, &err)) {
		fprintf(stderr, "timenode-replay: %s\n", err.text);
		return USAGE;
	}
	code = print_report(&o, &report);
	rerun_report_clear(&report);
	return fflush(stdout) ? USAGE : code;
}
