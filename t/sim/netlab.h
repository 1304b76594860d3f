/* SPDX-License-Identifier: MIT
 * t/sim/netlab.h - the net room alone in the simulator, under a bus that takes everything
 *
 * For what sessions do before any plugin exists. A lab node counts what came up, what
 * went down and what it was given, and answers "probe" with a Ping of its own.
 */
#ifndef SIM_NETLAB_H
#define SIM_NETLAB_H

#include "net/net.h"
#include "sim/world.h"

struct netlab {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	struct tn_arena *arena;
	struct settings set;
	struct net *net;
	unsigned ups, downs, lines, probes, doubles, dialed_ok, dialed_bad;
	unsigned most; /* sessions UP at the same time */
	bool verbose;
};

/* conf: libconfig text; the address is the host's in the world. Not started. */
struct netlab *netlab_create(struct world *, const char *name, const char *ip, const char *conf);
void netlab_free(struct netlab *);
void netlab_start(struct netlab *);

/* The only session that is UP, NULL if there is none or more than one. */
struct session *netlab_single(const struct netlab *);
unsigned netlab_up(const struct netlab *); /* sessions that are UP, secondary ones included */

/* Sends a Ping on a session; counted as offered. */
void netlab_ping(struct netlab *, struct session *, uint64_t nonce);

#endif
