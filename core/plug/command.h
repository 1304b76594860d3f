/* SPDX-License-Identifier: MIT
 * core/plug/command.h - commands of plugins, for whoever runs them (the control room)
 *
 * Rows come as JSON texts written by the command's own schema. A command without code
 * prints the slot of every session, led by ip, port and dir.
 */
#ifndef CORE_PLUG_COMMAND_H
#define CORE_PLUG_COMMAND_H

#include "timenode/plugin.h"

struct plug;
struct plugin;

/* One running command. The caller fills `row`, `end` and `arg`, keeps the object until
 * the end, and leaves the rest zero.
 */
struct tn_cmd {
	void (*row)(void *arg, const char *json, size_t n);
	/* Only after plug_command_run said PLUG_LATER: exactly once; text "" when code is 0. */
	void (*end)(void *arg, int code, const char *text);
	void *arg;

	struct plugin *owner; /* from here on the plugin host's */
	const struct tn_command *command;
	uint64_t ticket;
	bool running;
};

enum { PLUG_LATER = 1 };

/* Command rows in load order, then table order: NULL at the end. `after` NULL: the first.
 * *owner (may be NULL) gets the plugin's name. */
const struct tn_command *plug_command_next(struct plug *, const struct tn_command *after,
					   const char **owner);
/* NULL: no running plugin has it. */
const struct tn_command *plug_command_find(struct plug *, const char *name);

/* args: JSON text of the arguments, empty for none; checked against the schema of the
 * command. 0: done; PLUG_LATER: end() follows; or an error with the reason, rows that
 * came before it included. */
int plug_command_run(struct plug *, const struct tn_command *, struct tn_cmd *, struct tn_view args,
		     struct tn_error *);

/* The one who asked has gone: no row and no end will come any more. */
void plug_command_drop(struct plug *, struct tn_cmd *);

#endif
