/* SPDX-License-Identifier: MIT
 * core/node_private.h - a node from inside: for node.c, record.c and rerun.c
 */
#ifndef CORE_NODE_PRIVATE_H
#define CORE_NODE_PRIVATE_H

#include "node.h"

struct recording;

struct node {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	struct settings set;
	struct tn_arena *texts; /* of the settings, once reloaded */
	struct store *store;
	struct net *net;
	struct plug *plug;
	struct ctl *ctl;
	const struct conf *conf;
	const char *log_level, *agent;
	void (*quit)(void *arg, const char *fault);
	void *quit_arg;
	int (*reload)(void *arg, struct tn_error *);
	void *reload_arg;
	void (*stopped)(void *arg);
	void *stopped_arg;
	uint64_t log_timer;
	struct recording *recording; /* record.c; NULL: none */
	bool stopping;
};

void node_tick_log(void *node); /* of log_timer */

#endif
