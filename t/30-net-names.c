/* SPDX-License-Identifier: MIT
 * t/30-net-names.c - message names and refusal reasons as numbers
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/names.h"

static unsigned find(const struct names *t, const char *name)
{
	return names_find(t, name, strlen(name));
}

static void wire_names(struct names *t)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < TN_MESSAGES; i++) {
		const char *name = tn_message_name(i);

		wrong += find(t, name) != NAME_FIRST + i;
		wrong += strcmp(names_text(t, NAME_FIRST + i), name) != 0;
	}
	is_uint(wrong, 0, "the 47 names have their places in the order of the wire");
	is_uint(names_count(t), NAME_FIRST + TN_MESSAGES, "and nothing else is there");
	is_uint(find(t, "Ping"), NAME_FIRST + 30, "Ping is number 30 of the enum");
	is_uint(find(t, "ping"), NAME_UNKNOWN, "case matters");
	is_uint(find(t, "Pin"), NAME_UNKNOWN, "a prefix is another name");
	is_uint(names_find(t, "Pinging", 4), NAME_FIRST + 30, "the length counts, not a NUL");
	is_uint(names_find(t, "", 0), NAME_UNKNOWN, "the empty name is unknown");
	is_str(names_text(t, NAME_NONE), "-", "no envelope has a dash");
	is_str(names_text(t, NAME_UNKNOWN), "?", "unknown has a question mark");
	is_str(names_text(t, 60000), "?", "so has a number out of range");
}

static void own_names(struct names *t)
{
	char longest[TN_NAME_MAX + 2];
	unsigned id = names_add(t, "HelloWorld");

	is_uint(id, NAME_FIRST + TN_MESSAGES, "a new name gets the next number");
	is_uint(names_add(t, "HelloWorld"), id, "and keeps it");
	is_uint(names_add(t, "Pong"), NAME_FIRST + 31, "a name of the wire is not made again");
	is_uint(find(t, "HelloWorld"), id, "it is found");
	memset(longest, 'x', sizeof(longest));
	longest[TN_NAME_MAX + 1] = '\0';
	is_uint(names_add(t, longest), 0, "a name no envelope can carry is refused");
	longest[TN_NAME_MAX] = '\0';
	isnt_null(names_text(t, names_add(t, longest)), "the longest one is taken");
	is_str(names_text(t, find(t, longest)), longest, "whole");
}

static void full_table(struct names *t)
{
	unsigned had = names_count(t), wrong = 0, id = 1;
	char name[16];

	for (unsigned i = had; i < NAME_MAX; i++) {
		snprintf(name, sizeof(name), "N%u", i);
		id = names_add(t, name);
		wrong += id != i;
	}
	is_uint(wrong, 0, "%u more names fit", NAME_MAX - had);
	is_uint(names_add(t, "OneMore"), 0, "then the table is full");
	is_uint(find(t, "OneMore"), NAME_UNKNOWN, "and the name stays unknown");
	is_uint(names_add(t, "N511"), 511, "what is there can still be asked for");
	for (unsigned i = had; i < NAME_MAX; i++) {
		snprintf(name, sizeof(name), "N%u", i);
		wrong += find(t, name) != i || strcmp(names_text(t, i), name) != 0;
	}
	is_uint(wrong, 0, "every name is found under its number in a full table");
}

static void limits(struct names *t)
{
	unsigned ping = find(t, "Ping"), pong = find(t, "Pong");

	is_uint(names_smallest_max(t), UINT32_MAX, "no limits at first");
	is_uint(names_max(t, ping), 0, "0 stands for the node's own limit");
	names_set_max(t, ping, 65536);
	names_set_max(t, pong, 300);
	is_uint(names_max(t, ping), 65536, "a limit is kept");
	is_uint(names_smallest_max(t), 300, "the smallest one is known");
	names_set_max(t, pong, 0);
	is_uint(names_smallest_max(t), 65536, "also after one was lifted");
	names_set_max(t, NAME_UNKNOWN, 5);
	names_set_max(t, NAME_MAX + 7, 5);
	is_uint(names_smallest_max(t), 65536, "unknown and absent names have no limit");
	is_uint(names_max(t, NAME_MAX + 7), 0, "not even when asked");
	names_set_max(t, ping, 0);
	is_uint(names_smallest_max(t), UINT32_MAX, "none again");
}

static void reasons(struct names *t)
{
	static const char *const core[] = { "no-owner",  "handshake", "size",    "rate",
					    "duplicate", "unasked",   "busy",    "timeout",
					    "broken",    "unloaded",  "feature", "legacy",
					    "full",      "blank",     "utf8",    "oversize",
					    "cut",       "memory" };
	char text[16];
	unsigned r, wrong = 0;

	is_uint(sizeof(core) / sizeof(core[0]), REASON_CORE, "the test knows all core reasons");
	for (r = 0; r < REASON_CORE; r++)
		is_str(reasons_text(t, r), core[r], "reason %u", r);
	r = reasons_add(t, "peers.too-many");
	is_uint(r, REASON_CORE, "a plugin's reason is added");
	is_str(reasons_text(t, r), "peers.too-many", "with its text");
	is_uint(reasons_add(t, "peers.too-many"), r, "once");
	is_uint(reasons_add(t, "busy"), REASON_BUSY, "the core's are found");
	is_str(reasons_text(t, 60000), "?", "an unknown reason has a text too");
	for (unsigned i = r + 1; i < 1024; i++) {
		snprintf(text, sizeof(text), "p.%u", i);
		wrong += reasons_add(t, text) != i;
	}
	is_uint(wrong, 0, "1024 reasons have room");
	is_uint(reasons_add(t, "p.more"), REASON_BROKEN, "a full table answers broken");
}

int main(void)
{
	struct names *t = names_create();

	isnt_null(t, "a table is made");
	wire_names(t);
	limits(t);
	own_names(t);
	full_table(t);
	reasons(t);
	names_free(t);
	names_free(NULL);
	return done_testing();
}
