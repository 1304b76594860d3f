/* SPDX-License-Identifier: MIT
 * cli/cli.h - what the files of timenode-cli share
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the program answers (spec of the command line: timenode-cli --help). */
enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2 };

struct cli_error {
	char text[400];
	int code; /* of the daemon's error; our own failures are CLI_CODE_IO */
};

#define CLI_CODE_USAGE -4
#define CLI_CODE_IO -9

/* Text and code; returns `result`, so that `return cli_fail(...)` is one statement. */
int cli_fail(struct cli_error *, int result, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- options.c: the command line */

struct cli_options {
	const char *config, *socket, *command;
	char *const *word; /* behind the command: options are taken out */
	int words;
	unsigned node_id; /* 0: not given */
	unsigned timeout_ms;
	bool json, once, help, version;
};

/* Moves the words in argv together. CLI_DONE or CLI_USAGE with the reason. */
int options_read(int argc, char **argv, struct cli_options *, struct cli_error *);
const char *options_usage(void);

/* ---- place.c: where the daemon's socket is. path has `room` bytes. */
int place_find(const struct cli_options *, char *path, size_t room, struct cli_error *);

/* ---- words.c: words behind a command as the arguments of its request. NULL with the
 * reason; the caller puts the object. */
json_object *words_to_args(const char *command, char *const *word, int words, struct cli_error *);

/* Are a command's rows shown as lists of members, one a line? */
bool words_list(const char *command);

/* Adds rows of `help` for what is the client's own: for all, or for `command`. Was there one? */
bool words_help_own(const char *command, json_object *rows);

/* In rows of `help`: arguments as they are written behind timenode-cli. */
void words_help_usage(json_object *rows);

/* ---- client.c: one request and its answer. Rows are appended to `rows` (an array).
 * CLI_DONE, CLI_REFUSED (the daemon's error) or CLI_USAGE (no daemon, no sense, no answer
 * within the time-out, which begins again with each line). */
int client_call(const char *path, const char *command, json_object *args, unsigned timeout_ms,
		json_object *rows, struct cli_error *);

/* ---- table.c: rows for people. Consecutive rows with the same keys are one table. */
void table_print(FILE *, json_object *rows, bool vertical);

/* ---- top.c, top_compare.c: a live screen of what one node does */

/* Until it is ended; once with --once, --json or without a terminal. The exit code. */
int top_run(const struct cli_options *, const char *path, struct cli_error *);

struct top_sample {                             /* three answers of one moment */
	json_object *status, *messages, *peers; /* the first row; arrays of rows */
	double at_s;
};

/* {"node":{},"messages":[],"peers":[]} from two samples, busiest first; NULL: no memory. */
json_object *top_compare(const struct top_sample *was, const struct top_sample *is);
void top_print(FILE *, json_object *top, unsigned rows); /* for people, so many lines at most */

#endif
