/* SPDX-License-Identifier: MIT
 * t/56-sim-chaos.c - honest nodes beside peers that do anything
 *
 * Three honest nodes keep their sessions and their pings, every message has a fate, and
 * nothing is left behind when the others are gone. With numbers as arguments: first seed
 * and how many.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/vector.h"
#include "sim/chaos.h"
#include "sim/fleet.h"

#define SECOND 1000000ull
#define HONEST 3
#define CHAOS 2

static const char *const honest_ip[HONEST] = { "50.28.104.50", "69.167.168.176", "165.84.215.117" };
static const char *const chaos_ip[CHAOS] = { "60.1.2.3", "200.7.7.7" };

struct scene {
	struct fleet *fleet;
	struct chaos *chaos[CHAOS];
	char what[200]; /* the first thing that is wrong */
};

static struct tn_addr address(const char *ip)
{
	struct tn_addr a;

	tn_addr_parse(&a, ip, strlen(ip));
	a.port = 24100;
	return a;
}

static void add_honest(struct scene *s, unsigned i)
{
	/* small limits are met more often; bans would end the game early */
	static const char *const sessions =
		"sessions: { line_max = \"128K\"; unfinished_session = \"128K\";"
		" unfinished_node = \"512K\"; queue_session = \"128K\"; stall = \"5s\"; };";
	char conf[1024];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; dial_rule = \"%s\";"
		 " connect = [ \"%s\", \"%s\" ]; }; %s score: { %s };"
		 " plugins: { pingpong: { interval = \"5s\"; }; peers: { }; %s };",
		 honest_ip[i], s->fleet->seed % 3 ? "lower" : "any", honest_ip[(i + 1) % HONEST],
		 honest_ip[(i + 2) % HONEST], s->fleet->seed % 2 ? sessions : "",
		 s->fleet->seed % 4 ? "ban = 1000000" : "", i == 2 ? "keeper: { };" : "");
	fleet_add(s->fleet, honest_ip[i], conf);
}

static void add_chaos(struct scene *s, unsigned i, const struct chaos_lines *lines, uint64_t us)
{
	struct chaos_conf conf = { .seed = s->fleet->seed * CHAOS + i,
				   .listen = address(chaos_ip[i]),
				   .targets = HONEST,
				   .lines = lines };
	struct tn_error err;
	struct env *env = world_node(s->fleet->world, "chaos", &conf.listen);

	for (unsigned k = 0; k < HONEST; k++)
		conf.target[k] = address(honest_ip[k]);
	conf.until_us = env_mono_us(env) + us;
	s->chaos[i] = chaos_create(env, &conf, &err);
	if (!s->chaos[i])
		bail_out("%s", err.text);
}

static void wrong(struct scene *s, unsigned i, const char *what, int64_t got)
{
	if (!s->what[0])
		snprintf(s->what, sizeof s->what, "n%u: %s (%lld)", i, what, (long long)got);
}

/* Integer member `key` of the row of `ip` in a command's answer; -1: no such row. */
static int64_t about(struct fleet_node *n, const char *cmd, const char *ip, const char *key)
{
	char *text = fleet_ask(n, cmd, NULL);
	json_object *rows = text ? json_tokener_parse(text) : NULL, *v;
	int64_t got = -1;

	for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i);

		if (json_object_object_get_ex(row, "ip", &v) &&
		    !strcmp(json_object_get_string(v), ip) &&
		    json_object_object_get_ex(row, key, &v) && json_object_get_int64(v) > got)
			got = json_object_get_int64(v);
	}
	json_object_put(rows);
	free(text);
	return got;
}

static void check_links(struct scene *s, int64_t least_up_s)
{
	for (unsigned i = 0; i < HONEST; i++)
		for (unsigned k = 0; k < HONEST; k++) {
			struct fleet_node *n = &s->fleet->node[i];

			if (i == k)
				continue;
			if (about(n, "peers", honest_ip[k], "up_s") < least_up_s)
				wrong(s, i, honest_ip[k], about(n, "peers", honest_ip[k], "up_s"));
			if (about(n, "rtt", honest_ip[k], "missed") != 0)
				wrong(s, i, "missed pings",
				      about(n, "rtt", honest_ip[k], "missed"));
		}
}

static void check_audit(struct scene *s)
{
	for (unsigned i = 0; i < HONEST; i++)
		if (fleet_off(&s->fleet->node[i]))
			wrong(s, i, "audit is off", fleet_off(&s->fleet->node[i]));
}

static void check_zero(struct scene *s)
{
	static const char *const key[] = { "partial_bytes", "queued_bytes", "handshaking", "held",
					   "legacy" };

	for (unsigned i = 0; i < HONEST; i++)
		for (unsigned k = 0; k < sizeof key / sizeof *key; k++)
			if (fleet_number(&s->fleet->node[i], "status", 0, key[k], -1))
				wrong(s, i, key[k],
				      fleet_number(&s->fleet->node[i], "status", 0, key[k], -1));
}

/* What the chaos has reached, so that the test cannot go blind. */
struct reach {
	uint64_t dials, accepts, handshakes, lines, thefts, ends, doubles, refused;
};

static void count(struct scene *s, struct reach *r)
{
	for (unsigned i = 0; i < CHAOS; i++) {
		struct chaos_counts c = chaos_counts(s->chaos[i]);

		r->dials += c.dials;
		r->accepts += c.accepts;
		r->handshakes += c.handshakes;
		r->lines += c.lines;
		r->thefts += c.thefts;
	}
	for (unsigned i = 0; i < HONEST; i++) {
		struct fleet_node *n = &s->fleet->node[i];

		r->ends += (uint64_t)fleet_number(n, "status", 0, "ends", 0);
		r->doubles += (uint64_t)fleet_number(n, "status", 0, "doubles", 0);
		r->refused += (uint64_t)fleet_number(n, "status", 0, "refused", 0);
	}
}

static bool play(uint64_t seed, const struct chaos_lines *lines, struct reach *r)
{
	struct scene s = { .fleet = fleet_create(seed) };
	bool good;

	world_knobs(s.fleet->world)->latency_max_us = 80000;
	world_knobs(s.fleet->world)->segment = true;
	for (unsigned i = 0; i < HONEST; i++)
		add_honest(&s, i);
	for (unsigned i = 0; i < HONEST; i++)
		fleet_start(&s.fleet->node[i]);
	fleet_run(s.fleet, 20 * SECOND);
	for (unsigned i = 0; i < CHAOS; i++)
		add_chaos(&s, i, lines, 600 * SECOND);
	for (unsigned i = 0; i < 10; i++) {
		fleet_run(s.fleet, 60 * SECOND);
		check_audit(&s);
	}
	fleet_run(s.fleet, 140 * SECOND);
	check_links(&s, 740);
	check_audit(&s);
	check_zero(&s);
	count(&s, r);
	good = !s.what[0];
	if (!good) {
		fleet_blame(s.fleet, "t/56-sim-chaos.t");
		diag("seed %llu: %s", (unsigned long long)seed, s.what);
	}
	for (unsigned i = 0; i < CHAOS; i++)
		chaos_free(s.chaos[i]);
	fleet_free(s.fleet);
	return good;
}

static void keep_line(json_object *record, void *arg)
{
	struct chaos_lines *lines = arg;
	size_t n;
	uint8_t *p = vector_line(record, &n);

	lines->v = realloc(lines->v, (lines->n + 1) * sizeof *lines->v);
	lines->v[lines->n++] = (struct tn_view){ p, n };
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	unsigned runs = argc > 2 ? (unsigned)atoi(argv[2]) : argc > 1 ? 1 : 100, good = 0;
	struct chaos_lines lines = { NULL, 0 };
	struct reach r = { 0 };

	vectors_each(NULL, "messages.jsonl", keep_line, &lines);
	vectors_each(NULL, "bad-lines.jsonl", keep_line, &lines);
	for (uint64_t seed = first; seed < first + runs; seed++)
		good += play(seed, &lines, &r);
	is_uint(good, runs, "honest sessions and pings, audits and memory in every run");
	ok(r.dials > runs * 100 && r.accepts > runs && r.handshakes > runs * 100,
	   "%llu dials there, %llu back, %llu handshakes", (unsigned long long)r.dials,
	   (unsigned long long)r.accepts, (unsigned long long)r.handshakes);
	ok(r.lines > runs * 500 && r.ends > runs * 50, "%llu lines, %llu sessions ended",
	   (unsigned long long)r.lines, (unsigned long long)r.ends);
	ok(r.thefts && r.doubles && r.refused, "%llu stolen ids, %llu doubles, %llu refusals",
	   (unsigned long long)r.thefts, (unsigned long long)r.doubles,
	   (unsigned long long)r.refused);
	for (size_t i = 0; i < lines.n; i++)
		free((void *)(uintptr_t)lines.v[i].p);
	free(lines.v);
	return done_testing();
}
