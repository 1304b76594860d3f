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

/* One side, or both, cannot know who is lower: somebody dials all the same. */
static void own_address(const char *more_a, const char *more_b, const char *what)
{
	struct pair p = { .world = world_create(3) };
	unsigned limit = 65;

	p.a = node(p.world, "a", "50.28.104.50", more_a, "69.167.168.176");
	p.b = node(p.world, "b", "69.167.168.176", more_b, "50.28.104.50");
	netlab_start(p.a);
	netlab_start(p.b);
	world_run(p.world, world_now(p.world) + limit * SECOND);
	ok(link_is_same(&p), "%s: one session within %u s", what, limit);
	world_run(p.world, world_now(p.world) + 600 * SECOND);
	ok(link_is_same(&p) && p.a->most <= 2 && p.b->most <= 2, "%s: and it stays", what);
	if (!link_is_same(&p)) {
		world_log_print(p.a->env, stderr);
		world_log_print(p.b->env, stderr);
	}
	end(&p);
}

/* The lower one does not know the higher: a preference must not become a prohibition. */
static void one_sided(void)
{
	struct pair p = { .world = world_create(4) };

	p.a = node(p.world, "a", "50.28.104.50", "", "70.0.0.1");
	p.b = node(p.world, "b", "69.167.168.176", "", "50.28.104.50");
	netlab_start(p.a);
	netlab_start(p.b);
	world_run(p.world, world_now(p.world) + 55 * SECOND);
	is_uint(p.b->ups, 0, "the higher one waits for passive_wait");
	world_run(p.world, world_now(p.world) + 10 * SECOND);
	ok(link_is_same(&p) && netlab_single(p.b)->outbound, "then it dials itself");
	end(&p);
}

static void restart(void)
{
	struct pair p = make(5, "50.28.104.50", "69.167.168.176", "");

	world_run(p.world, world_now(p.world) + 30 * SECOND);
	ok(link_is_same(&p), "linked before the restart");
	netlab_free(p.b); /* a crash: no goodbye from the node, RST from its system */
	p.b = node(p.world, "b2", "69.167.168.176", "", "50.28.104.50");
	netlab_start(p.b);
	world_run(p.world, world_now(p.world) + 5 * SECOND);
	ok(link_is_same(&p), "linked again 5 s after the other side's restart");
	is_uint(p.a->downs, 1, "one end seen");
	is_uint(p.a->ups, 2, "two sessions seen");
	is_uint(net_off_ended(p.a->net), 0, "balanced");
	end(&p);
}

/* A node that is freed while the end of its tick is ordered: the loop turns on. */
static void freed_within_tick(void)
{
	struct pair p = make(7, "50.28.104.50", "69.167.168.176", "");

	world_run(p.world, world_now(p.world) + 30 * SECOND);
	net_close(p.b->net, netlab_single(p.b), "for the test");
	netlab_free(p.b);
	p.b = node(p.world, "b2", "69.167.168.176", "", "50.28.104.50");
	world_run(p.world, world_now(p.world) + 5 * SECOND);
	is_uint(p.a->downs, 1, "the other side has seen the end");
	end(&p);
}

/* The other node vanishes without a word and comes back under a new id: the old session
 * is a corpse. */
static void half_open(void)
{
	struct pair p = make(6, "50.28.104.50", "69.167.168.176", "");

	world_run(p.world, world_now(p.world) + 30 * SECOND);
	world_link_block(p.world, p.a->env, p.b->env, true);
	world_link_block(p.world, p.b->env, p.a->env, true);
	world_run(p.world, world_now(p.world) + 75 * SECOND);
	is_uint(netlab_up(p.a), 0, "a cut link is gone after 60 s at one end");
	is_uint(netlab_up(p.b), 0, "and at the other");
	world_link_block(p.world, p.a->env, p.b->env, false);
	world_link_block(p.world, p.b->env, p.a->env, false);
	world_run(p.world, world_now(p.world) + 120 * SECOND);
	ok(link_is_same(&p), "healed within 120 s");
	end(&p);
}

/* One end has lost the session without the other's knowledge and dials anew. What the
 * other end heard on it before the second one came is no sign of life: neither may the
 * newcomer be thrown out for a corpse, nor the corpse stay until keepalive finds it. */
static void corpses(void)
{
	unsigned linked = 0, prompt = 0, known[2] = { 0, 0 };

	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct pair p =
			make(seed, "50.28.104.50", "69.167.168.176", "dial_rule = \"any\";");
		unsigned doubles;

		world_run(p.world, world_now(p.world) + 60 * SECOND);
		doubles = p.a->doubles + p.b->doubles;
		known[net_node_id(p.a->net) < net_node_id(p.b->net)]++;
		world_reset(p.world, seed & 1 ? p.a->env : p.b->env, seed & 1 ? p.b->env : p.a->env,
			    false);
		world_run(p.world, world_now(p.world) + 12 * SECOND);
		linked += link_is_same(&p);
		world_run(p.world, world_now(p.world) + 60 * SECOND);
		prompt += p.a->doubles + p.b->doubles <= doubles + 2 && link_is_same(&p);
		end(&p);
	}
	ok(known[0] >= 5 && known[1] >= 5, "either side decides in some of them");
	is_uint(linked, 40, "linked once again within a handshake's time");
	is_uint(prompt, 40, "by one dial, and it stays");
}

static void stopping(void)
{
	struct pair p = make(7, "50.28.104.50", "69.167.168.176", "");
	struct peer *peer;
	bool told = false;
	const struct history_entry *h;

	world_run(p.world, world_now(p.world) + 5 * SECOND);
	for (uint64_t i = 0; i < 100; i++)
		netlab_ping(p.b, netlab_single(p.b), i);
	net_stop(p.b->net, "shutting down", NULL, NULL);
	world_run(p.world, world_now(p.world) + 1 * SECOND);
	is_uint(p.a->lines, 100, "what was queued before the goodbye has arrived");
	is_uint(p.a->downs, 1, "and the other side knows the end");
	peer = net_peer_next(p.a->net, NULL);
	for (unsigned i = 0; peer && (h = history_at(&peer->history, i)); i++)
		told = told || (h->reason && strstr(h->reason, "closed by peer"));
	ok(told, "`why` has the reason");
	end(&p);
}

int main(void)
{
	direction("50.28.104.50", "69.167.168.176");
	direction("9.0.0.1", "10.0.0.1");
	direction("50.28.104.50", "165.84.215.117");
	direction("2001:db8:1::7", "2001:db8:10::1");
	direction("200.1.2.3", "2001:db8::7");
	collisions();
	own_address("", "", "both know their address");
	own_address("local_ip = \"200.0.0.1\"", "", "both think they are higher");
	own_address("", "local_ip = \"9.0.0.1\"", "both think they are lower");
	own_address("local_ip = \"200.0.0.1\"", "local_ip = \"9.0.0.1\"", "both wrong");
	one_sided();
	restart();
	freed_within_tick();
	half_open();
	corpses();
	stopping();
	return done_testing();
}
