/* SPDX-License-Identifier: MIT
 * core/rerun.h - a fresh node runs on a recording; the same counters at its end?
 */
#ifndef CORE_RERUN_H
#define CORE_RERUN_H

#include "env/replay.h"
#include "net/counters.h"
#include "node.h"

struct rerun_setup {
	const char *path;
	const struct plug_builtin *builtins;
	size_t builtin_count;
	const char *plugin_dir; /* for plugins that are not built in; NULL: as configured */
	const char *without;    /* a plugin that is left out; NULL: none */
	const char *log_level;  /* NULL: as configured */
	void (*log)(void *arg, const char *line, size_t n); /* may be NULL */
	void *log_arg;
};

struct rerun_report {
	char version[64], why[160];
	uint64_t begun_us, ended_us; /* monotonic, of the recorded node */
	int64_t begun_wall_us;
	bool cut;      /* the file has no end: the good part was replayed, nothing to count */
	bool no_store; /* what the node had stored was too much for the file */
	struct replay_result result;
	struct counters recorded, replayed; /* changes from the beginning to the end */
};

/* 0: it was replayed, the report says with what result (rerun_report_clear). Else the reason:
 * TN_EBAD for a damaged file, TN_ENOENT, TN_EIO, TN_ENOMEM, TN_EINVAL: a plugin is missing. */
int rerun(const struct rerun_setup *, struct rerun_report *, struct tn_error *);
bool rerun_same(const struct rerun_report *);
void rerun_report_clear(struct rerun_report *);

#endif
