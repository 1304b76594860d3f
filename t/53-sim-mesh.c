/* SPDX-License-Identifier: MIT
 * t/53-sim-mesh.c - whole nodes in the simulator: a mesh comes up and stays
 *
 * With a number as argument: that seed only, for a failure to be seen again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/fleet.h"

#define SECOND 1000000u

static void address(char *buf, size_t room, unsigned i)
{
	snprintf(buf, room, "%u.28.104.%u", 50 + i * 3, 50 + i);
}

/* Every node is configured with every other one. */
static struct fleet *mesh(uint64_t seed, unsigned nodes, const char *network, const char *plugins)
{
	struct fleet *f = fleet_create(seed);
	char conf[2048], ip[32];

	for (unsigned i = 0; i < nodes; i++) {
		size_t n;

		address(ip, sizeof ip, i);
		n = (size_t)snprintf(conf, sizeof conf,
				     "network: { name = \"testnet\"; listen = [ \"%s\" ]; %s"
				     " connect = [ ",
				     ip, network);
		for (unsigned j = 0; j < nodes; j++) {
			char other[32];

			address(other, sizeof other, j);
			if (j != i)
				n += (size_t)snprintf(conf + n, sizeof conf - n, "%s\"%s\"",
						      j == (i == 0) ? "" : ", ", other);
		}
		snprintf(conf + n, sizeof conf - n, " ]; }; plugins: { %s };", plugins);
		fleet_add(f, ip, conf);
	}
	for (unsigned i = 0; i < nodes; i++)
		fleet_start(&f->node[i]);
	return f;
}

static unsigned all_up(struct fleet *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->nodes; i++)
		n += fleet_up(&f->node[i]);
	return n;
}

static int64_t sum(struct fleet *f, const char *metric)
{
	int64_t n = 0;

	for (unsigned i = 0; i < f->nodes; i++)
		n += fleet_metric(&f->node[i], metric);
	return n;
}

static int64_t off(struct fleet *f)
{
	int64_t n = 0;

	for (unsigned i = 0; i < f->nodes; i++)
		n += fleet_off(&f->node[i]);
	return n;
}

static int64_t status(struct fleet *f, const char *key)
{
	int64_t n = 0;

	for (unsigned i = 0; i < f->nodes; i++)
		n += fleet_number(&f->node[i], "status", 0, key, -1000);
	return n;
}

/* Four nodes, an hour: six sessions that came up once, and every ping matched. */
static void an_hour(void)
{
	struct fleet *f = mesh(1, 4, "", "pingpong: { interval = \"30s\"; }; peers: { };");
	bool good;

	fleet_run(f, 2 * SECOND);
	good = is_uint(all_up(f), 12, "six sessions, seen from both ends, after two seconds");
	fleet_run(f, 3600ull * SECOND);
	good &= is_uint(all_up(f), 12, "still six an hour later");
	good &= is_int(status(f, "ends"), 0, "no session has ended");
	good &= is_int(status(f, "connects"), 6, "only six connects were ever made");
	good &= is_int(status(f, "handshake_failures"), 0, "no handshake failed");
	fleet_run(f, 5 * SECOND);
	good &= ok(sum(f, "pingpong.pings_sent") >= 12 * 120, "%d pings were sent",
		   (int)sum(f, "pingpong.pings_sent"));
	good &= is_int(sum(f, "pingpong.pings_sent"), sum(f, "pingpong.pings_matched"),
		       "every ping matched");
	good &= is_int(off(f), 0, "every message is accounted for");
	if (!good)
		fleet_blame(f, "t/53-sim-mesh.t");
	fleet_free(f);
}

/* Both sides dial at once: one session is left and no ping was lost on it. */
static bool collide(uint64_t seed, bool *doubled)
{
	struct fleet *f =
		mesh(seed, 2, "dial_rule = \"any\";", "pingpong: { interval = \"1s\"; };");
	bool good = true;

	fleet_run(f, 12 * SECOND);
	good &= fleet_up(&f->node[0]) == 1 && fleet_up(&f->node[1]) == 1;
	fleet_run(f, 60 * SECOND);
	good &= fleet_up(&f->node[0]) == 1 && fleet_up(&f->node[1]) == 1;
	good &= sum(f, "pingpong.pings_missed") == 0;
	good &= off(f) == 0;
	*doubled = status(f, "doubles") > 0;
	if (!good)
		fleet_blame(f, "t/53-sim-mesh.t");
	fleet_free(f);
	return good;
}

static void collisions(uint64_t first, unsigned runs)
{
	unsigned doubles = 0, good = 0;

	for (uint64_t seed = first; seed < first + runs; seed++) {
		bool doubled = false;

		good += collide(seed, &doubled);
		doubles += doubled;
	}
	ok(doubles >= runs * 3 / 4, "%u of %u runs had two sessions past the handshake", doubles,
	   runs);
	is_uint(good, runs, "each ends with one session, no ping lost, all accounted for");
}

/* Leaving out the plugin leaves out its messages and nothing else. */
static void without_ping(void)
{
	struct fleet *f = mesh(2, 3, "", "peers: { };");

	fleet_run(f, 600 * SECOND);
	is_uint(all_up(f), 6, "three sessions without pingpong");
	is_int(status(f, "ends"), 0, "none has ended");
	is_int(fleet_metric(&f->node[0], "pingpong.pings_sent"), -1, "no such metric");
	is_int(off(f), 0, "every message is accounted for");
	fleet_free(f);
}

/* A node is killed and comes back, again and again. */
static void restarts(void)
{
	struct fleet *f = mesh(3, 4, "", "pingpong: { interval = \"30s\"; }; peers: { };");
	unsigned complete = 0;

	fleet_run(f, 30 * SECOND);
	for (unsigned i = 0; i < 12; i++) {
		struct fleet_node *n = &f->node[i % 4];

		if (i & 1)
			ok(fleet_stop(n), "a clean stop");
		else
			fleet_crash(n);
		fleet_run(f, (1 + i * 7) * SECOND);
		fleet_start(n);
		fleet_run(f, 120 * SECOND);
		complete += all_up(f) == 12;
	}
	if (!is_uint(complete, 12, "the mesh was complete 120 s after each restart") ||
	    !is_int(off(f), 0, "every message is accounted for"))
		fleet_blame(f, "t/53-sim-mesh.t");
	fleet_free(f);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		collisions(strtoull(argv[1], NULL, 10), 1);
		return done_testing();
	}
	an_hour();
	collisions(1, 200);
	without_ping();
	restarts();
	return done_testing();
}
