/* SPDX-License-Identifier: MIT
 * core/net/evict.h - inbound slots are full: who gives way to a newcomer
 *
 * Pure; the idea is Bitcoin Core's. Nobody can be sure of a place by one property that is
 * cheap to fake in number: some candidates are protected by a netgroup order that only
 * this node knows, some by the lowest round-trip time, some by what they brought lately,
 * half of the rest by how long they have been here. Of those that remain the youngest of
 * the largest netgroup goes, which hits whoever fills the slots.
 */
#ifndef CORE_NET_EVICT_H
#define CORE_NET_EVICT_H

#include "timenode/base.h"

#define EVICT_BY_GROUP 4
#define EVICT_BY_RTT 8
#define EVICT_BY_USE 4
#define EVICT_BY_HEIGHT 4

struct evict_candidate { /* an inbound session that may go */
	uint64_t sid;
	uint64_t netgroup;
	uint64_t keyed;     /* evict_key of it */
	uint64_t useful_us; /* when it last brought something, 0 = never */
	uint64_t up_us;     /* since when it is up */
	int64_t height;     /* best it announced, 0 = none */
	uint32_t rtt_us;    /* lowest, 0 = unknown */
};

/* The order of netgroups that only the holder of `key` can know. */
uint64_t evict_key(uint64_t netgroup, uint64_t key);

/* The sid of the one that goes, 0: all are protected. Reorders v. */
uint64_t evict_choose(struct evict_candidate *v, size_t n);

#endif
