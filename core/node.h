/* SPDX-License-Identifier: MIT
 * core/node.h - one node, assembled and dismantled
 *
 * A process may hold many: main.c makes one on libevent, the simulator a hundred
 * on a virtual clock. Nothing here is global.
 */
#ifndef CORE_NODE_H
#define CORE_NODE_H

#include "conf/settings.h"
#include "env/env.h"
#include "plug/plug.h"

struct net;
struct net_rules;
struct node;
struct store;

struct node_setup {
	struct env *env;
	const struct conf *conf;             /* parsed file; lives until node_reload took another */
	const struct settings *settings;     /* copied; texts must outlive the node */
	struct store *store;                 /* the node owns it from here on */
	const struct plug_builtin *builtins; /* looked at before files; may be NULL */
	size_t builtin_count;
	const char *log_level;         /* wins over log.level, also at a reload; NULL: none */
	const char *agent;             /* "timenode/0.1.0" */
	const struct net_rules *rules; /* net/net.h; NULL: the node's own */
	bool has_files;                /* plugins may keep files in settings' top.data_dir */
};

/* Everything but traffic: loads and checks the plugins the configuration names. The
 * first fault is the reason. NULL with the reason; the store is then closed too.
 */
struct node *node_create(const struct node_setup *, struct tn_error *);

/* Listens, starts plugins, dials; with a control socket at `ctl_path` unless NULL.
 * 0 or an error with the reason.
 */
int node_start(struct node *, const char *ctl_path, struct tn_error *);

/* The plugins' group of --print-config, every option with its value. Returns the bytes
 * needed, writes at most room and a NUL if that fits too.
 */
size_t node_print_plugins(const struct node *, char *buf, size_t room);

/* SIGHUP: checks and takes over what may change while running; all or nothing. The
 * reason of a refusal, or a list of the keys that wait for a restart, goes to the log.
 * 0 or TN_EINVAL with the reason.
 */
int node_reload(struct node *, const struct conf *, struct tn_error *);

/* Goodbye: plugins stop, queues are flushed for up to 2 s, then fn(arg) is called on
 * the loop. Once; a second call does nothing.
 */
void node_stop(struct node *, void (*fn)(void *arg), void *arg);

/* Whose code runs now on the loop: see bus_now. And on this thread of the pool, if it is one:
 * false on any other. Both for a signal handler. */
bool node_now(const struct node *, struct bus_now *);
bool node_now_job(const struct node *, struct bus_now *);

/* NULL is fine. After node_stop's fn, or at once (a crash of a simulated node). */
void node_free(struct node *);

/* Its sessions and accounts, for the simulator: to be read only. */
struct net *node_net(struct node *);
struct plug *node_plug(struct node *);

/* Asks the owner of the loop to end it: the control command `stop` (fault NULL), or a plugin
 * without which the node shall not run has failed (fault: which and why; lent).
 */
void node_on_quit(struct node *, void (*fn)(void *arg, const char *fault), void *arg);

/* What the control command `reload` does: the same as SIGHUP. 0 or the reason. */
void node_on_reload(struct node *, int (*fn)(void *arg, struct tn_error *), void *arg);

/* One control command as the socket would run it: each row and the end are JSON texts
 * given to fn (last = true with {"end":0} or {"error":...}). For tests and the simulator.
 */
typedef void node_reply_fn(void *arg, const char *json, size_t n, bool last);
int node_command(struct node *, const char *line, node_reply_fn *, void *arg);

#endif
