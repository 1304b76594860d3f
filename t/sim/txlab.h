/* SPDX-License-Identifier: MIT
 * t/sim/txlab.h - nodes with the plugin transactions in the simulator, on a chain whose coins
 * the test can spend
 */
#ifndef SIM_TXLAB_H
#define SIM_TXLAB_H

#include "lib/paychain.h"
#include "sim/chainlab.h"
#include "transactions/inside.h"

/* connect: "" or a list of addresses in quotes; options: of the plugin's group; voters: of
 * masternodes, may be "". */
struct pluglab *txlab_create(struct world *, const char *name, const char *ip, const char *connect,
			     const char *options);
/* A node that says what it is told to, and has none of these plugins. */
struct pluglab *txlab_mouth(struct world *, const char *ip, const char *connect);

struct tn_ctx *txlab_ctx(struct pluglab *);
struct pool *txlab_pool(struct pluglab *);
int64_t txlab_metric(struct pluglab *, const char *name);

/* Runs until fn says so or ms have passed; the result is fn's. */
bool txlab_until(struct world *, uint64_t ms, bool (*fn)(void *), void *);
void txlab_run(struct world *, uint64_t ms);

/* As its operator: what became of it. */
int txlab_submit(struct world *, struct pluglab *, const struct tn_tx *, char *why, size_t room);

/* The next block of the chain into a node. */
void txlab_block(struct world *, struct pluglab *, const struct tn_block *, struct tn_arena *);

/* Refusals of a message by a node, for that reason, over all its sessions. */
uint64_t txlab_refused(struct pluglab *, const char *name, const char *reason);
uint64_t txlab_received(struct pluglab *, const char *name);
/* To the session with that address. */
void txlab_say(struct pluglab *, const char *name, const char *line);

#endif
