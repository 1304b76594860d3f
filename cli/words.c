/* SPDX-License-Identifier: MIT
 * cli/words.c - the words behind a command as named arguments
 *
 * Commands that are named here take words by position, any others KEY=VALUE.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define PLACES 4

/* `need` words at least; a last name that ends in "..." takes all that is left; one that begins
 * with # is a number. */
struct command_row {
	const char *name, *usage;
	int need;
	const char *place[PLACES];
};

static const struct command_row commands[] = {
	{ "status", "", 0, { NULL } },
	{ "stop", "", 0, { NULL } },
	{ "reload", "", 0, { NULL } },
	{ "plugins", "", 0, { NULL } },
	{ "peers", "", 0, { NULL } },
	{ "banlist", "", 0, { NULL } },
	{ "audit", "", 0, { NULL } },
	{ "messages", "", 0, { NULL } },
	{ "metrics", "", 0, { NULL } },
	{ "top", "", 0, { NULL } },
	{ "help", " [COMMAND]", 0, { "command" } },
	{ "why", " IP", 1, { "ip" } },
	{ "addnode", " ADDR", 1, { "addr" } },
	{ "disconnect", " IP[:PORT]", 1, { "addr" } },
	{ "unban", " ADDR|SUBNET", 1, { "addr" } },
	{ "ban", " ADDR|SUBNET [DURATION] [REASON...]", 1, { "addr", "duration", "reason..." } },
	{ "plugin", " load|unload|upgrade NAME", 2, { "action", "name" } },
	{ "getblockcount", "", 0, { NULL } },
	{ "getbestblockhash", "", 0, { NULL } },
	{ "getblockchaininfo", "", 0, { NULL } },
	{ "gettxoutsetinfo", "", 0, { NULL } },
	{ "masternodestatus", "", 0, { NULL } },
	{ "getattestationstats", "", 0, { NULL } },
	{ "getbalance", "", 0, { NULL } },
	{ "getmempoolinfo", "", 0, { NULL } },
	{ "getblockhash", " HEIGHT", 1, { "#height" } },
	{ "getblock", " HEIGHT|HASH", 1, { "#block" } },
	{ "getblockheader", " HEIGHT|HASH", 1, { "#block" } },
	{ "getaddressbalance", " ADDRESS", 1, { "address" } },
	{ "getaddressutxos",
	  " ADDRESS [LIMIT [TXID N]]",
	  1,
	  { "address", "#limit", "txid", "#n" } },
	{ "getaddresstxids",
	  " ADDRESS [START [END [LIMIT]]]",
	  1,
	  { "address", "#start", "#end", "#limit" } },
	{ "gettxout", " TXID N", 2, { "txid", "#n" } },
	{ "getrawtransaction", " TXID", 1, { "txid" } },
	{ "chain",
	  " verify [quick] | reindex [quick] | rollback HEIGHT | import FILE | export FILE",
	  1,
	  { "action", "#chain" } },
	{ "listunspent", " [MINCONF [MAXCONF]]", 0, { "#minconf", "#maxconf" } },
	{ "sendtoaddress",
	  " ADDRESS AMOUNT [final [SECONDS]]",
	  2,
	  { "address", "amount", "wait", "#seconds" } },
	{ "mergeutxos",
	  " [MIN [MAX [final [SECONDS]]]]",
	  0,
	  { "#min", "#max", "wait", "#seconds" } },
	{ "createrawtransaction", " TXID:VOUT,... ADDRESS=AMOUNT,...", 2, { "inputs", "outputs" } },
	{ "signrawtransaction", " HEX|JSON", 1, { "tx" } },
	{ "decoderawtransaction", " HEX|JSON", 1, { "tx" } },
	{ "sendrawtransaction",
	  " HEX|JSON [final [SECONDS]] [allowhighfees]",
	  1,
	  { "tx", "#push", "#push", "#push" } },
	{ "gettransaction", " TXID", 1, { "txid" } },
	{ "getrawmempool", " [COUNT]", 0, { "#count" } },
	{ "validateaddress", " ADDRESS", 1, { "address" } },
	{ "masternodelist", " [all|active|inactive|heard]", 0, { "which" } },
	{ "backupwallet", " FILE", 1, { "file" } },
	{ "getheartbeathistory", " [ADDRESS [LIMIT]]", 0, { "address", "#limit" } },
	{ "record", " start [FILE [SIZE]]|stop|status", 1, { "action", "file", "size" } },
	{ "loglevel", " [SUBSYSTEM] LEVEL", 1, { "subsystem", "level" } },
};

static const struct command_row *find(const char *command)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, command) == 0)
			return &commands[i];
	return NULL;
}

static bool put(json_object *args, const char *key, json_object *value)
{
	if (value && json_object_object_add(args, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

/* Words with one blank between. */
static json_object *join(char *const *word, int words)
{
	json_object *text;
	size_t n = 1;
	char *p;

	for (int i = 0; i < words; i++)
		n += strlen(word[i]) + 1;
	p = calloc(1, n);
	if (!p)
		return NULL;
	for (int i = 0; i < words; i++) {
		if (i)
			strcat(p, " ");
		strcat(p, word[i]);
	}
	text = json_object_new_string(p);
	free(p);
	return text;
}

/* A place that these words leave out: `ban ADDR REASON`, `loglevel LEVEL`. */
static bool leaves_out(const char *place, const char *word, int left)
{
	if (strcmp(place, "duration") == 0)
		return word[0] < '0' || word[0] > '9';
	return strcmp(place, "subsystem") == 0 && left == 1;
}

static int usage(const struct command_row *c, struct cli_error *err)
{
	return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "usage: timenode-cli %s%s", c->name,
			c->usage);
}

/* Numbers, true and false as JSON reads them; any other word is a text. */
static json_object *value_of(const char *word)
{
	json_tokener *t = json_tokener_new();
	json_object *v;
	size_t n = strlen(word);

	if (!t)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	v = json_tokener_parse_ex(t, word, (int)n + 1); /* its NUL ends a number */
	json_tokener_free(t);
	if (json_object_is_type(v, json_type_double) || json_object_is_type(v, json_type_boolean))
		return v;
	/* One that is too large would be the largest: the daemon shall see and refuse it. */
	if (json_object_is_type(v, json_type_int) &&
	    strcmp(json_object_to_json_string(v), word) == 0)
		return v;
	json_object_put(v);
	return json_object_new_string(word);
}

/* What a place that is not just named stands for. */
static const char *key_of(const char *place, const char *word)
{
	if (strcmp(place, "#block") == 0)
		return strlen(word) == 64 ? "hash" : "height";
	if (strcmp(place, "#chain") == 0)
		return strcmp(word, "quick") == 0         ? "quick"
		       : word[strspn(word, "0123456789")] ? "file"
							  : "height";
	if (strcmp(place, "#push") == 0)
		return strcmp(word, "allowhighfees") == 0 ? "allowhighfees"
		       : word[strspn(word, "0123456789")] ? "wait"
							  : "seconds";
	return place + 1;
}

/* The daemon has another working directory. */
static json_object *path_of(const char *word)
{
	char path[4096];
	size_t n = 0;

	if (word[0] != '/') {
		if (!getcwd(path, sizeof(path) - 1))
			return NULL;
		n = strlen(path);
		path[n++] = '/';
	}
	snprintf(path + n, sizeof(path) - n, "%s", word);
	return json_object_new_string(path);
}

static bool put_typed(json_object *args, const char *place, const char *word)
{
	const char *key = key_of(place, word);

	if (strcmp(key, "quick") == 0 || strcmp(key, "allowhighfees") == 0)
		return put(args, key, json_object_new_boolean(true));
	if (strcmp(key, "file") == 0)
		return put(args, key, path_of(word));
	if (strcmp(key, "hash") == 0 || strcmp(key, "wait") == 0)
		return put(args, key, json_object_new_string(word));
	return put(args, key, value_of(word));
}

static int by_place(json_object *args, const struct command_row *c, char *const *word, int words,
		    struct cli_error *err)
{
	int at = 0;

	if (words < c->need)
		return usage(c, err);
	for (int i = 0; i < PLACES && c->place[i] && at < words; i++) {
		size_t n = strcspn(c->place[i], ".");
		bool all = c->place[i][n] == '.';
		char key[32];

		if (leaves_out(c->place[i], word[at], words - at))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)n, c->place[i]);
		if (key[0] == '#' ? !put_typed(args, key, word[at])
				  : !put(args, key, join(word + at, all ? words - at : 1)))
			return cli_fail(err, CLI_USAGE, CLI_CODE_IO, "no memory");
		at = all ? words : at + 1;
	}
	return at == words ? CLI_DONE : usage(c, err);
}

static int by_key(json_object *args, char *const *word, int words, struct cli_error *err)
{
	for (int i = 0; i < words; i++) {
		const char *eq = strchr(word[i], '=');
		char key[64];

		if (!eq || eq == word[i] || (size_t)(eq - word[i]) >= sizeof(key))
			return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
					"\"%s\": this command takes KEY=VALUE arguments", word[i]);
		snprintf(key, sizeof(key), "%.*s", (int)(eq - word[i]), word[i]);
		if (json_object_object_get_ex(args, key, NULL))
			return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "%s is given twice", key);
		if (!put(args, key, value_of(eq + 1)))
			return cli_fail(err, CLI_USAGE, CLI_CODE_IO, "no memory");
	}
	return CLI_DONE;
}

/* One row with many members: a list reads better than columns. */
bool words_list(const char *command)
{
	static const char *const lists[] = { "status",
					     "getblock",
					     "getblockheader",
					     "getblockchaininfo",
					     "getattestationstats",
					     "masternodestatus",
					     "getbalance",
					     "sendtoaddress",
					     "mergeutxos",
					     "createrawtransaction",
					     "signrawtransaction",
					     "sendrawtransaction",
					     "decoderawtransaction",
					     "gettransaction",
					     "getmempoolinfo",
					     "validateaddress" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(command, lists[i]) == 0)
			return true;
	return false;
}

/* What needs no daemon, or more than one of its commands. */
static const struct {
	const char *command, *args, *help;
} own[] = {
	{ "top", "", "a live screen of what the node does" },
	{ "wire", "OPERATION",
	  "decodes, encodes and checks lines of the protocol, without a node" },
};

bool words_help_own(const char *command, json_object *rows)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		json_object *row;

		if (command && strcmp(command, own[i].command) != 0)
			continue;
		row = json_object_new_object();
		any = row && put(row, "command", json_object_new_string(own[i].command)) &&
		      put(row, "args", json_object_new_string(own[i].args)) &&
		      put(row, "help", json_object_new_string(own[i].help)) &&
		      put(row, "plugin", json_object_new_string(""));
		if (!any || json_object_array_add(rows, row) != 0)
			json_object_put(row);
	}
	return any;
}

void words_help_usage(json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i), *name = NULL;
		const struct command_row *c = NULL;

		if (json_object_object_get_ex(row, "command", &name))
			c = find(json_object_get_string(name));
		if (c)
			put(row, "args", json_object_new_string(c->usage + (c->usage[0] == ' ')));
	}
}

json_object *words_to_args(const char *command, char *const *word, int words, struct cli_error *err)
{
	const struct command_row *c = find(command);
	json_object *args = json_object_new_object();
	int rc;

	if (!args) {
		cli_fail(err, CLI_USAGE, CLI_CODE_IO, "no memory");
		return NULL;
	}
	rc = c ? by_place(args, c, word, words, err) : by_key(args, word, words, err);
	if (rc == CLI_DONE)
		return args;
	json_object_put(args);
	return NULL;
}
