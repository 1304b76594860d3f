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

/* Where a command's output goes. The struct is copied; `arg` must live until the end of
 * the command or plug_command_drop.
 */
struct plug_reply {
	void (*row)(void *arg, const char *json, size_t n);
	/* Only after plug_command_run said PLUG_LATER: exactly once; text "" when code is 0. */
	void (*end)(void *arg, int code, const char *text);
	void *arg;
};

enum { PLUG_LATER = 1 };

/* Command rows in load order, then table order: NULL at the end. `after` NULL: the first.
 * *owner (may be NULL) gets the plugin's name. */
const struct tn_command *plug_command_next(struct plug *, const struct tn_command *after,
					   const char **owner);
/* NULL: no running plugin has it. */
const struct tn_command *plug_command_find(struct plug *, const char *name);

/* args: JSON text of the arguments, empty for none; checked against the schema of the
 * command. 0: done; PLUG_LATER: end() follows and *running is its handle until then; or an
 * error with the reason, perhaps after some rows.
 */
int plug_command_run(struct plug *, const struct tn_command *, const struct plug_reply *,
		     struct tn_view args, uint64_t *running, struct tn_error *);

/* The one who asked has gone: no row and no end will come any more. Stale: no harm. */
void plug_command_drop(struct plug *, uint64_t running);

#endif
