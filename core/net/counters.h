/* SPDX-License-Identifier: MIT
 * core/net/counters.h - the account of the whole node as a list of named numbers
 *
 * "192.0.2.1 in Ping handled": address, who dialed, message, fate. Live sessions and
 * ended ones are one. Two lists of one node are compared to say what came between.
 */
#ifndef CORE_NET_COUNTERS_H
#define CORE_NET_COUNTERS_H

#include "net/net.h"

#define COUNTER_TEXT 224

struct counter {
	char name[COUNTER_TEXT];
	int64_t value;
};

struct counters { /* sorted by name, each name once */
	struct counter *v;
	size_t n, room;
};

int counters_take(struct counters *, const struct net *); /* 0 or TN_ENOMEM */
int counters_add(struct counters *, const char *name, size_t n, int64_t value);
void counters_sort(struct counters *); /* after counters_add */
void counters_clear(struct counters *);

/* fn for each name whose values differ; one that is missing is 0. */
void counters_compare(const struct counters *before, const struct counters *after,
		      void (*fn)(void *arg, const char *name, int64_t before, int64_t after),
		      void *arg);

#endif
