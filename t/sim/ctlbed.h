/* SPDX-License-Identifier: MIT
 * t/sim/ctlbed.h - a simulated node with a plugin whose commands a test can steer
 *
 * Commands of the plugin `tester`: `echo` gives back its arguments as a row; `many` gives
 * n rows with `bytes` of text each; `later` ends after `ms` with a row and `code`; `fail`
 * gives a row and then an error.
 */
#ifndef SIM_CTLBED_H
#define SIM_CTLBED_H

#include <json-c/json.h>

#include "node.h"
#include "sim/world.h"

struct bed {
	struct world *world;
	struct env *env;
	struct conf *conf;
	struct tn_arena *arena;
	struct node *node;
	bool quit; /* the node asked to be ended */
};

/* A node at `ip` of the world, on the private network, `agent` as its agent, listening and
 * with its control socket at "ctl". `extra` goes into the network group. */
void bed_open(struct bed *, struct world *, const char *ip, const char *extra, const char *agent);
void bed_close(struct bed *);

struct answer {
	json_object **line;
	unsigned n, room, lasts;
	bool late; /* a line after the last one, or one that is no JSON object */
};

void answer_add(void *answer, const char *json, size_t n, bool last); /* a node_reply_fn */
void answer_clear(struct answer *);
/* Member of a line's row, NULL if it has none; text: "" if it has none. */
json_object *answer_row(const struct answer *, unsigned i, const char *key);
const char *answer_text(const struct answer *, unsigned i, const char *key);
int64_t answer_int(const struct answer *, unsigned i, const char *key);
/* Of the last line: 0 for {"end":0}, the code of an error, 1 if it is neither. */
int answer_code(const struct answer *);
const char *answer_error(const struct answer *);

/* Runs a request and the world until the answer is whole, or for a virtual minute. Returns
 * answer_code. The answer must be zero or used before: it is cleared. */
int bed_ask(struct bed *, struct answer *, const char *line);

/* Counts the node's log lines with this text from now on; NULL: no more. */
struct bed_grep {
	const char *word;
	unsigned n;
};
void bed_grep(struct bed *, struct bed_grep *);

#endif
