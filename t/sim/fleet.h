/* SPDX-License-Identifier: MIT
 * t/sim/fleet.h - whole nodes in the simulator: the real core with built-in plugins
 *
 * A fleet is a world with nodes that can be started, stopped and restarted. What a
 * node says of itself is read through its control commands, as an operator would.
 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include "net/net.h"
#include "node.h"
#include "sim/disk.h"
#include "sim/world.h"

#define FLEET_MAX 128

struct fleet_node {
	struct fleet *fleet;
	struct env *env;
	struct tn_addr ip;
	char name[16];
	char conf_text[8192];
	struct conf *conf;
	struct tn_arena *arena;
	struct node *node;   /* NULL: not running */
	struct store *store; /* the node's own, while it runs */
	struct disk *disk;   /* what its stores have committed, over restarts */
};

struct fleet {
	struct world *world;
	uint64_t seed;
	struct fleet_node node[FLEET_MAX];
	unsigned nodes;
	const struct net_rules *rules; /* of nodes started from now on; NULL: their own */
	const char *log_level;         /* the same; NULL: as configured */
};

struct fleet *fleet_create(uint64_t seed);
void fleet_free(struct fleet *); /* NULL is fine; crashes what still runs */

/* A host with this address; conf is libconfig text (network, plugins...). Not started. */
struct fleet_node *fleet_add(struct fleet *, const char *ip, const char *conf);
void fleet_start(struct fleet_node *);
/* The same, but a node that refuses to start is an answer: false and the reason. */
bool fleet_try(struct fleet_node *, struct tn_error *);
void fleet_crash(struct fleet_node *); /* at once; its system resets the streams */
void fleet_cut(struct fleet_node *);   /* its power: nobody is told; until fleet_start */
bool fleet_stop(struct fleet_node *);  /* cleanly, within 5 virtual seconds */
void fleet_run(struct fleet *, uint64_t us);

/* Sum of what its accounts miss, as `audit` has it, read without a command. */
uint64_t fleet_missing(const struct fleet_node *);

/* Runs a control command; the rows as one JSON array text (malloc), NULL on an error. */
char *fleet_ask(struct fleet_node *, const char *cmd, const char *args_json);

/* Integer member of row `i` of a command's rows; `missing` if there is none. */
int64_t fleet_number(struct fleet_node *, const char *cmd, unsigned i, const char *key,
		     int64_t missing);

/* A metric from `status` ("pingpong.matched"). */
int64_t fleet_metric(struct fleet_node *, const char *name);

/* Sessions that are up, from `peers`. */
unsigned fleet_up(struct fleet_node *);

/* Sum of |off_by| over all rows of `audit`, and of what ended: 0 = every message has a
 * fate. */
int64_t fleet_off(struct fleet_node *);

/* Prints the last log lines of all nodes and how to see this run again. */
void fleet_blame(struct fleet *, const char *test);

#endif
