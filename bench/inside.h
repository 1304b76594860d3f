/* SPDX-License-Identifier: MIT
 * bench/inside.h - a whole node in this process, on libevent and real sockets
 */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include "figure.h"

#include "env/event.h"
#include "node.h"
#include "timenode/host.h"

struct inside {
	struct env *env;
	struct node *node;
	struct tn_arena *texts;
	struct conf *conf;
	struct settings set;
	uint16_t port;
};

/* With the plugin "probe" of plugin.c, or with none. */
void inside_start(struct inside *, bool plugin);
void inside_stop(struct inside *);

/* What the plugin calls; NULL: nothing. */
struct inside_hooks {
	void (*up)(void *arg), (*down)(void *arg);
	void *arg;
};
extern struct inside_hooks inside_hooks;
extern struct tn_ctx *inside_ctx; /* of the plugin, while it runs */
extern const struct tn_plugin tn_plugin_desc_probe;

/* Forty messages it owns, none decoded; the 41st row is PeersResponse, which it sends. */
enum { FORTY = 40, ROW_PEERS = FORTY };
tn_verdict inside_switch(unsigned row, struct tn_ctx *, const struct tn_msg *);
extern uint64_t inside_calls; /* of their handlers */

#endif
