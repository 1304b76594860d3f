/* SPDX-License-Identifier: MIT
 * cli/main.c - timenode-cli: one command to a running timenoded
 */
#include "config.h"

#include <string.h>

#include "cli.h"
#include "wire.h"

#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static int print_json(const char *key, json_object *value, int code)
{
	json_object *doc = json_object_new_object();
	const char *text = NULL;

	if (doc && value && json_object_object_add(doc, key, json_object_get(value)) == 0 &&
	    (code == 0 || json_object_object_add(doc, "code", json_object_new_int(code)) == 0))
		text = json_object_to_json_string_ext(doc, PLAIN);
	if (text)
		puts(text);
	json_object_put(doc);
	return text ? CLI_DONE : CLI_USAGE;
}

static int complain(const struct cli_options *o, const struct cli_error *err, int result)
{
	json_object *text;

	if (!o->json) {
		fprintf(stderr, "timenode-cli: %s\n", err->text);
		return result;
	}
	text = json_object_new_string(err->text);
	print_json("error", text, err->code);
	json_object_put(text);
	return result;
}

/* Rows that came before an error are shown to people; a program gets the error alone. */
static void print_rows(const struct cli_options *o, json_object *rows, int result)
{
	if (!o->json)
		table_print(stdout, rows, words_list(o->command));
	else if (result == CLI_DONE)
		print_json("rows", rows, 0);
}

static int call(const struct cli_options *o, const char *path, json_object *args)
{
	struct cli_error err = { "", 0 };
	json_object *rows = json_object_new_array();
	int result;

	if (!rows) {
		cli_fail(&err, 0, CLI_CODE_IO, "no memory");
		return complain(o, &err, CLI_USAGE);
	}
	result = client_call(path, o->command, args, o->timeout_ms, rows, &err);
	if (!o->json && strcmp(o->command, "help") == 0) {
		words_help_usage(rows);
		if (!o->words)
			words_help_own(NULL, rows);
	}
	print_rows(o, rows, result);
	if (result != CLI_DONE)
		complain(o, &err, result);
	json_object_put(rows);
	return result;
}

static int top(const struct cli_options *o, const char *path)
{
	struct cli_error err = { "", 0 };
	int result = top_run(o, path, &err);

	return result == CLI_DONE ? result : complain(o, &err, result);
}

/* `help top`: the daemon knows nothing of it. */
static bool own_help(const struct cli_options *o)
{
	json_object *rows = json_object_new_array();
	bool own = rows && strcmp(o->command, "help") == 0 && o->words == 1 &&
		   words_help_own(o->word[0], rows);

	if (own)
		print_rows(o, rows, CLI_DONE);
	json_object_put(rows);
	return own;
}

static int run(const struct cli_options *o)
{
	struct cli_error err = { "", 0 };
	json_object *args = words_to_args(o->command, o->word, o->words, &err);
	char path[4096];
	int result = args ? place_find(o, path, sizeof(path), &err) : CLI_USAGE;

	if (result == CLI_DONE && strcmp(o->command, "top") == 0)
		result = top(o, path);
	else
		result = result == CLI_DONE ? call(o, path, args) : complain(o, &err, result);
	json_object_put(args);
	return result;
}

static int daemon_command(int argc, char **argv)
{
	struct cli_options o;
	struct cli_error err;
	int result = options_read(argc, argv, &o, &err);

	if (result != CLI_DONE)
		complain(&o, &err, result);
	else if (o.help)
		fputs(options_usage(), stdout);
	else if (o.version)
		puts("timenode-cli " PACKAGE_VERSION);
	else if (own_help(&o))
		result = CLI_DONE;
	else
		result = run(&o);
	return result;
}

/* `wire` needs no daemon, and its words are its own. */
int main(int argc, char **argv)
{
	bool offline = argc > 1 && strcmp(argv[1], "wire") == 0;
	int result = offline ? wire_main(argc - 2, argv + 2) : daemon_command(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("timenode-cli: cannot write the answer");
		return CLI_USAGE;
	}
	return result;
}
