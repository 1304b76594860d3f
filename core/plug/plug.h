/* SPDX-License-Identifier: MIT
 * core/plug/plug.h - plugins: found, checked, ordered, started, reloaded, unloaded
 *
 * Makes the bus and owns it. Load: file -> check (each refusal its own sentence) ->
 * claims -> init; start in the order of needs; up() for every open session. Unload in
 * one written order (doc/plugins.md). All on the loop.
 */
#ifndef CORE_PLUG_PLUG_H
#define CORE_PLUG_PLUG_H

#include "bus/bus.h"
#include "plug/command.h"
#include "store/store.h"

struct plug;

/* A descriptor linked in (tests, simulator); it goes the same way from check on. */
struct plug_builtin {
	const char *name;
	const struct tn_plugin *desc;
};

struct plug_setup {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *settings; /* live; top.plugin_dir, top.run_dir */
	struct net *net;
	struct store *store;                 /* NULL: plugins with databases are refused */
	const struct plug_builtin *builtins; /* looked at before files; must outlive the plug */
	size_t builtin_count;
	bool (*is_reserved)(const char *command); /* not for plugins, the core has it; or NULL */
	bool has_files; /* plugins may keep files in settings' top.data_dir */
	/* A plugin without which the node shall not run (TN_PF_CRITICAL) fails, or one that it
	 * needs. Called once, on the loop, nothing of a plugin on the stack. NULL: such a one
	 * is put into quarantine like any other. */
	void (*fatal)(void *arg, const char *why);
	void *fatal_arg;
};

struct plug *plug_create(const struct plug_setup *, struct tn_error *);
/* Stops and unloads what is left; NULL is fine. Before net_free. */
void plug_free(struct plug *);
struct bus *plug_bus(const struct plug *);

/* Loads, checks and inits every group of `plugins` in c, in the order of needs; none is
 * started. The file is the group's `path`, else PLUGIN_DIR/NAME.so. The first fault undoes
 * everything and is the reason. c must live until plug_reload_commit gave another one or
 * plug_free. c may be NULL: no plugin. */
int plug_load_all(struct plug *, const struct conf *, struct tn_error *);

/* --check-config: the same checks without init. Nothing stays loaded. */
int plug_check_all(struct plug *, const struct conf *, struct tn_error *);

/* Starts what is loaded, providers first, then says which names nobody owns. A refused
 * start undoes the started ones and is the reason. */
int plug_start_all(struct plug *, struct tn_error *);
void plug_stop_all(struct plug *, enum tn_why); /* in reverse order; unloads too */

/* At run time: load and start one whose group is in the configuration (or whose file is
 * there: defaults); or stop and unload one. TN_EBUSY with the names of running dependants
 * or when it is on the call stack; TN_ENOENT. */
int plug_load(struct plug *, const char *name, struct tn_error *);
int plug_unload(struct plug *, const char *name, struct tn_error *);

/* Replaces a running one by what its file is now, in this turn of the loop (swap.c):
 * sessions stay up, what it saved is handed over. Any error leaves the old one running. Here
 * and in plug_unload jobs under way end with TN_EGONE; their file stays mapped as long as a
 * thread is in it. */
int plug_upgrade(struct plug *, const char *name, struct tn_error *);

/* The same two, but with time: a plugin with jobs or commits under way gets no more jobs and is
 * let finish them, for up to PLUG_DRAIN_S; if they last longer it runs on (TN_EBUSY). PLUG_LATER: end()
 * will be called once, with the code and, unless that is 0, the reason. */
#define PLUG_DRAIN_S 10
enum plug_leave { PLUG_UNLOAD, PLUG_UPGRADE };
typedef void plug_end_fn(void *arg, int code, const char *text);
int plug_leave(struct plug *, const char *name, enum plug_leave, plug_end_fn *end, void *arg,
	       struct tn_error *);
void plug_leave_drop(struct plug *, void *arg); /* it goes on, but nobody is told any more */

/* Replaces all by fresh instances of themselves: what upgrade does, with the code that
 * runs. When they have stopped and before the fresh ones begin, `turn` is called with what
 * each hands over (in load order) and may put something else in its place; an error of it
 * lets the old ones go on. Any other error means that a plugin is in quarantine. */
struct plug_saved {
	const char *name; /* of the plugin */
	bool is;          /* false: it hands over nothing */
	struct tn_view bytes;
};
typedef int plug_refresh_fn(void *arg, struct plug_saved *, unsigned n, struct tn_error *);
int plug_refresh(struct plug *, plug_refresh_fn *turn, void *arg, struct tn_error *);

/* Reload in two steps. check: every plugin's options are read from c and its
 * check() asked; options that need a restart keep their old value and are named to `say`
 * ("plugins.peers.book_max"), also groups that came or went (may be NULL). Then either
 * commit (conf changes, reloaded() is called) or abort. */
int plug_reload_check(struct plug *, const struct conf *, void (*say)(void *arg, const char *key),
		      void *arg, struct tn_error *);
void plug_reload_commit(struct plug *);
void plug_reload_abort(struct plug *);

/* ---- tables for the control room, in load order */

struct plug_info {
	const char *name, *version, *summary, *license;
	const char *state; /* "loaded", "running", "stopping", "draining", "quarantined" */
	const char *path;  /* "" = built in */
	struct tn_table messages, needs, options, metrics;
	const void *conf; /* filled values, for conf_print */
	struct bus_overrun overrun;
	uint32_t pending;   /* questions, holds, promises, timers, batches and jobs of its own */
	const char *reason; /* of the quarantine, else NULL */
	uint64_t retry_us;  /* until it is tried again */
};
/* i from 0; false at the end. Borrowed until the next load or unload. */
bool plug_info(const struct plug *, size_t i, struct plug_info *);

/* A row of any of a descriptor's tables; NULL behind the end. */
const void *plug_row(const struct tn_table *, unsigned i);

struct plug_metric {
	const char *plugin, *name, *help;
	uint8_t kind; /* enum tn_mkind */
	bool in_status;
	int64_t value;                           /* count: sum; gauge: the last; times: the mean */
	uint64_t times, last_us, min_us, max_us; /* TN_M_TIMES only */
};
/* i counts over all plugins; false at the end. */
bool plug_metric(const struct plug *, size_t i, struct plug_metric *);

#endif
