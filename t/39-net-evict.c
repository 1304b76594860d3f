/* SPDX-License-Identifier: MIT
 * t/39-net-evict.c - who gives way when inbound slots are full
 */
#include <string.h>

#include "lib/tap.h"
#include "net/evict.h"

#define MANY 112
#define PROTECTED (EVICT_BY_GROUP + EVICT_BY_RTT + EVICT_BY_USE + EVICT_BY_HEIGHT)

/* Everybody in a netgroup of its own, each a second younger than the one before. */
static size_t plain(struct evict_candidate *v, size_t n)
{
	memset(v, 0, n * sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct evict_candidate){ .sid = i + 1,
						 .netgroup = i,
						 .keyed = evict_key(i, 99),
						 .up_us = (i + 1) * 1000000 };
	return n;
}

/* The one with this property is never chosen, however young it is and however alone the
 * property is. */
static void spared(const char *what, void (*give)(struct evict_candidate *))
{
	struct evict_candidate v[MANY];
	size_t n = plain(v, MANY);

	give(&v[MANY - 1]);
	ok(evict_choose(v, n) != MANY, "%s protects the youngest", what);
	n = plain(v, MANY);
	is_uint(evict_choose(v, n), MANY, "without %s the youngest goes", what);
}

static void low_rtt(struct evict_candidate *c)
{
	c->rtt_us = 10;
}

static void useful(struct evict_candidate *c)
{
	c->useful_us = 5;
}

static void high(struct evict_candidate *c)
{
	c->height = 7;
}

static void keyed(struct evict_candidate *c)
{
	c->keyed = UINT64_MAX;
}

/* One operator's swarm from one netgroup: it evicts itself, again and again. */
static void swarm(void)
{
	struct evict_candidate v[MANY], all[MANY];
	unsigned own = 0;

	plain(all, MANY);
	for (size_t i = 40; i < MANY; i++) {
		all[i].netgroup = 1000;
		all[i].keyed = evict_key(1000, 99);
	}
	for (unsigned round = 0; round < 500; round++) {
		uint64_t gone;

		memcpy(v, all, sizeof v);
		gone = evict_choose(v, MANY);
		own += all[gone - 1].netgroup == 1000;
		all[gone - 1] = (struct evict_candidate){ .sid = gone,
							  .netgroup = 1000,
							  .keyed = evict_key(1000, 99),
							  .up_us = (1000 + round) * 1000000ull };
	}
	is_uint(own, 500, "500 newcomers of one netgroup displace only each other");
}

static void few(void)
{
	struct evict_candidate v[MANY];

	is_uint(evict_choose(v, 0), 0, "nobody to choose from");
	is_uint(evict_choose(v, plain(v, PROTECTED)), 0, "as many as are protected: nobody goes");
	ok(evict_choose(v, plain(v, PROTECTED + 1)) != 0, "one more: somebody goes");
}

static void deterministic(void)
{
	struct evict_candidate v[MANY], w[MANY];

	plain(v, MANY);
	for (size_t i = 0; i < MANY; i++)
		v[i].up_us = 5; /* equal in everything but the sid */
	for (size_t i = 0; i < MANY; i++)
		w[i] = v[MANY - 1 - i];
	is_uint(evict_choose(v, MANY), evict_choose(w, MANY), "the order of the list is no matter");
	ok(evict_key(1, 2) != evict_key(1, 3), "another key, another order");
}

int main(void)
{
	spared("a low round-trip time", low_rtt);
	spared("use", useful);
	spared("height", high);
	spared("the keyed order", keyed);
	swarm();
	few();
	deterministic();
	return done_testing();
}
