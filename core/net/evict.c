/* SPDX-License-Identifier: MIT
 * core/net/evict.c - who gives way when inbound slots are full
 */
#include <stdlib.h>

#include "net/evict.h"

uint64_t evict_key(uint64_t netgroup, uint64_t key)
{
	uint64_t x = netgroup ^ key; /* splitmix64: a keyed order, not a secret */

	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

typedef int compare_fn(const void *, const void *);

/* The best stand last. What is equal is ordered by age, the elders being better, and then
 * by sid, so that a run is deterministic and no property that nobody has protects anyone
 * young.
 */
static int by_age(const struct evict_candidate *a, const struct evict_candidate *b)
{
	if (a->up_us != b->up_us)
		return a->up_us > b->up_us ? -1 : 1;
	return a->sid < b->sid ? -1 : a->sid > b->sid;
}

#define ORDER(name, less, more)                                 \
	static int name(const void *pa, const void *pb)         \
	{                                                       \
		const struct evict_candidate *a = pa, *b = pb;  \
                                                                \
		return (less) ? -1 : (more) ? 1 : by_age(a, b); \
	}

static uint32_t rtt_or_worst(const struct evict_candidate *c)
{
	return c->rtt_us ? c->rtt_us : UINT32_MAX;
}

ORDER(by_keyed, a->keyed<b->keyed, a->keyed> b->keyed)
ORDER(by_rtt, rtt_or_worst(a) > rtt_or_worst(b), rtt_or_worst(a) < rtt_or_worst(b))
ORDER(by_use, a->useful_us<b->useful_us, a->useful_us> b->useful_us)
ORDER(by_height, a->height<b->height, a->height> b->height)
ORDER(by_uptime, a->up_us > b->up_us, a->up_us < b->up_us)
ORDER(by_netgroup, a->netgroup<b->netgroup, a->netgroup> b->netgroup)

static size_t protect(struct evict_candidate *v, size_t n, compare_fn *order, size_t k)
{
	qsort(v, n, sizeof *v, order);
	return n > k ? n - k : 0;
}

static uint64_t youngest(const struct evict_candidate *v, size_t n, uint64_t *since)
{
	uint64_t sid = 0;

	*since = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].up_us >= *since) {
			*since = v[i].up_us;
			sid = v[i].sid;
		}
	return sid;
}

/* Of equally large groups the one with the youngest member. */
static uint64_t of_largest_group(struct evict_candidate *v, size_t n)
{
	size_t largest = 0, run;
	uint64_t sid = 0, since = 0;

	qsort(v, n, sizeof *v, by_netgroup);
	for (size_t i = 0; i < n; i += run) {
		uint64_t at, one;

		for (run = 1; i + run < n && v[i + run].netgroup == v[i].netgroup; run++)
			;
		one = youngest(v + i, run, &at);
		if (run > largest || (run == largest && at > since)) {
			largest = run;
			since = at;
			sid = one;
		}
	}
	return sid;
}

uint64_t evict_choose(struct evict_candidate *v, size_t n)
{
	n = protect(v, n, by_keyed, EVICT_BY_GROUP);
	n = protect(v, n, by_rtt, EVICT_BY_RTT);
	n = protect(v, n, by_use, EVICT_BY_USE);
	n = protect(v, n, by_height, EVICT_BY_HEIGHT);
	n = protect(v, n, by_uptime, n / 2);
	return of_largest_group(v, n);
}
