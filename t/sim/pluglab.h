/* SPDX-License-Identifier: MIT
 * t/sim/pluglab.h - net room, bus and plugin host in the simulator, without control room
 *
 * For tests of the bus and the host with plugins made for one test.
 */
#ifndef SIM_PLUGLAB_H
#define SIM_PLUGLAB_H

#include "plug/plug.h"
#include "sim/netlab.h"

struct pluglab {
	struct netlab *lab;
	struct plug *plug;
	struct store *store;
	struct conf *conf;
	unsigned fatals; /* a plugin without which a node shall not run has failed */
	char fatal[80];
};

/* conf: the whole file, plugins' groups included. Plugins are loaded and started, the net
 * is started; a refusal ends the test. */
struct pluglab *pluglab_create(struct world *, const char *name, const char *ip, const char *conf,
			       const struct plug_builtin *, size_t n);
void pluglab_free(struct pluglab *);

/* Two of them in a world of their own, linked: a dialed b. */
struct plugpair {
	struct world *world;
	struct pluglab *a, *b;
};
struct plugpair plugpair_create(uint64_t seed, const char *plugins, const struct plug_builtin *,
				size_t n);
void plugpair_free(struct plugpair *);
void plugpair_run(struct plugpair *, uint64_t ms);

struct session *pluglab_session(struct pluglab *); /* the only one that is up */
struct tn_ctx *pluglab_ctx(struct pluglab *, const char *plugin);

/* A line as it is, without LF; counted under `name`. */
void pluglab_say(struct pluglab *, const char *name, const char *line);

/* What becomes of something that ends with a ticket; why: room for the text, or NULL. */
struct outcome {
	bool done;
	int result;
	char *why;
	size_t room;
};
struct tn_ticket outcome_promise(struct tn_ctx *, struct outcome *);
bool outcome_wait(struct world *, struct outcome *); /* false: no word within a minute */

/* From the account of that session, received side. */
uint64_t pluglab_count(struct pluglab *, const char *name, enum account_count);
uint64_t pluglab_refused(struct pluglab *, const char *name, enum account_way, const char *reason);
uint64_t pluglab_off(struct pluglab *); /* of that session and all that ended */

#endif
