/* SPDX-License-Identifier: MIT
 * t/51-sim-net.c - sessions of two nodes in the simulator: who dials, doubles, refusals
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/netlab.h"

#define SECOND 1000000u

static struct netlab *node(struct world *w, const char *name, const char *ip, const char *more,
			   const char *other)
{
	char conf[1024];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ \"%s\" ]; %s };",
		 ip, other, more);
	return netlab_create(w, name, ip, conf);
}

struct pair {
	struct world *world;
	struct netlab *a, *b;
};

static struct pair make(uint64_t seed, const char *ip_a, const char *ip_b, const char *more)
{
	struct pair p = { .world = world_create(seed) };

	p.a = node(p.world, "a", ip_a, more, ip_b);
	p.b = node(p.world, "b", ip_b, more, ip_a);
	netlab_start(p.a);
	netlab_start(p.b);
	return p;
}

static void end(struct pair *p)
{
	netlab_free(p->a);
	netlab_free(p->b);
	world_free(p->world);
}

static bool apart(void *arg)
{
	struct pair *p = arg;

	return !netlab_single(p->a) || !netlab_single(p->b);
}

/* The lower address dials, at once, whatever the text order says. */
static void direction(const char *low, const char *high)
{
	struct pair p = make(1, low, high, "");
	bool up = !world_run_while(p.world, apart, &p, world_now(p.world) + SECOND);

	up = netlab_single(p.a) && netlab_single(p.b);
	ok(up, "%s and %s are linked within a second", low, high);
	if (up) {
		ok(netlab_single(p.a)->outbound && !netlab_single(p.b)->outbound, "%s dialed", low);
		world_run(p.world, world_now(p.world) + 600 * SECOND);
		ok(p.a->ups == 1 && p.a->downs == 0 && p.b->ups == 1,
		   "and nothing changed in 10 min");
	} else {
		world_log_print(p.a->env, stderr);
	}
	end(&p);
}

static bool link_is_same(struct pair *p)
{
	struct session *a = netlab_single(p->a), *b = netlab_single(p->b);

	return a && b && a->outbound != b->outbound;
}

static bool balanced(struct pair *p)
{
	struct session *a = netlab_single(p->a), *b = netlab_single(p->b);

	return !net_off_ended(p->a->net) && !net_off_ended(p->b->net) && (!a || !session_off(a)) &&
	       (!b || !session_off(b));
}

/* Both dial in the same instant: one session is left, the same one, and it lasts. */
static void collisions(void)
{
	unsigned doubles = 0, good = 0, lasting = 0, even = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct pair p =
			make(seed, "50.28.104.50", "69.167.168.176", "dial_rule = \"any\";");
		bool same;

		world_run(p.world, world_now(p.world) + 12 * SECOND);
		doubles += p.a->most > 1 || p.b->most > 1;
		same = link_is_same(&p);
		good += same;
		world_run(p.world, world_now(p.world) + 600 * SECOND);
		lasting += link_is_same(&p) && p.a->most <= 2 && p.b->most <= 2;
		even += balanced(&p);
		if (!same && good + 3 > seed) {
			diag("seed %u: no single session", (unsigned)seed);
			world_log_print(p.a->env, stderr);
			world_log_print(p.b->env, stderr);
		}
		end(&p);
	}
	ok(doubles >= 150, "%u of 200 runs had two sessions past the handshake", doubles);
	is_uint(good, 200, "each ends with the same single session on both ends");
	is_uint(lasting, 200, "which is still the only one after 10 minutes");
	is_uint(even, 200, "every message is accounted for");
}

int main(void)
{
	direction("50.28.104.50", "69.167.168.176");
	direction("9.0.0.1", "10.0.0.1");
	direction("50.28.104.50", "165.84.215.117");
	collisions();
	return done_testing();
}
