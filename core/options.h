/* SPDX-License-Identifier: MIT
 * core/options.h - the command line of timenoded, as a pure function
 */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include "timenode/base.h"

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK, /* --check-config */
	OPTIONS_PRINT, /* --print-config */
	OPTIONS_VERSION,
	OPTIONS_HELP
};

/* Texts point into argv. */
struct options {
	enum options_action action;
	const char *config;     /* -c; NULL: the default place */
	const char *pid_file;   /* NULL: timenode.pid in run_dir */
	const char *log_level;  /* a level's word; NULL: the configuration's */
	const char *plugin_dir; /* NULL: the configuration's */
	const char *record;     /* a file to record into from the start; NULL: none */
	bool daemon;
	unsigned node_id; /* 0: no private preset */
	uint16_t p2p_port;
};

#define OPTIONS_NODES 8     /* instances that a private node looks for */
#define OPTIONS_NODE_MAX 99 /* the highest --node-id */

/* Long options as "--name value" or "--name=value". 0, or TN_EINVAL with a reason that
 * names the word; *out is then unspecified.
 */
int options_read(int argc, char *const argv[], struct options *out, struct tn_error *);

/* The text of --help. */
const char *options_usage(void);

/* The configuration that --node-id stands for, with data and
 * control socket below `home`. 0, or TN_EINVAL (the text does not fit; home is no absolute
 * path).
 */
int options_private(const struct options *, const char *home, char *buf, size_t room,
		    struct tn_error *);

#endif
