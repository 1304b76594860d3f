/* SPDX-License-Identifier: MIT
 * core/ctl/ctl.h - the control room: commands of people and programs, over a Unix socket
 *
 * Newline JSON: {"id":1,"cmd":"peers","args":{}} is answered by {"id":1,"row":{...}} lines
 * and {"id":1,"end":0} or {"id":1,"error":"text","code":-5}. A plugin's
 * commands are found by name like the core's own.
 */
#ifndef CORE_CTL_H
#define CORE_CTL_H

#include "plug/plug.h"

struct ctl;

struct ctl_recording {     /* `record status` */
	const char *state; /* "off", "starting", "recording" */
	char file[512];
	uint64_t bytes, max, turns;
};

struct ctl_setup {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *settings; /* live */
	struct net *net;
	struct plug *plug;
	const char *agent; /* "timenode/0.1.0" */
	/* `stop`: ask the owner of the loop to end the node. */
	void (*quit)(void *arg);
	/* `reload`: the same as SIGHUP; 0 or an error with the reason. May be NULL. */
	int (*reload)(void *arg, struct tn_error *);
	/* `record`: file and size may be NULL. *out is how it stood before a stop. May be NULL. */
	int (*record)(void *arg, const char *action, const char *file, const char *size,
		      struct ctl_recording *out, struct tn_error *);
	void *arg;
};

struct ctl *ctl_create(const struct ctl_setup *, struct tn_error *);
void ctl_free(struct ctl *); /* NULL is fine; clients are cut off. Before plug_free. */

/* Is it a command of the core? A plugin's of that name would never be reached. */
bool ctl_has_command(const char *name);

/* Mode 0600. 0, TN_EBUSY (a live daemon is there) or another error with the reason. */
int ctl_listen(struct ctl *, const char *path, struct tn_error *);

/* One request line without a socket: tests and the simulator. fn gets each answer line
 * (no LF); last = true exactly once, possibly after this call returned (a held command).
 * fn must not run another request. 0 (done, or its end comes later), or the code of the
 * error that fn was given.
 */
typedef void ctl_reply_fn(void *arg, const char *json, size_t n, bool last);
int ctl_run(struct ctl *, const char *line, size_t n, ctl_reply_fn *, void *arg);

#endif
