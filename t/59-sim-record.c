/* SPDX-License-Identifier: MIT
 * t/59-sim-record.c - simulated nodes are recorded in the middle of storms and run again
 *
 * No arguments: what make check runs. A seed: that one, with the first difference.
 * SEEDS and FIRST_SEED in the environment: so many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env/record_file.h"
#include "lib/builtins.h"
#include "lib/tap.h"
#include "record.h"
#include "rerun.h"
#include "sim/chaos.h"
#include "sim/peer_old.h"
#include "sim/rng.h"
#include "sim/storm.h"

#define SECOND UINT64_C(1000000)
#define NODES 6
#define OLD 2    /* nodes of December 2025 among them */
#define TAKES 40 /* recordings of one run, at most */

static const struct plug_builtin builtins[] = {
	{ "pingpong", &tn_plugin_desc_pingpong },
	{ "peers", &tn_plugin_desc_peers },
};

struct take { /* one recording */
	char path[512];
	unsigned node;
	uint64_t ends_s; /* when it is stopped, unless the node goes down first */
};

struct scene {
	struct fleet *fleet;
	struct storm *storm;
	struct rng rng;
	uint64_t seed, now_s;
	struct take take[TAKES];
	unsigned takes;
	struct peer_old *old[OLD];
	struct chaos *chaos;
	struct tn_view line[8];
	struct chaos_lines lines;
	int running[NODES]; /* index of a node's take, -1: none */
};

struct sums {
	uint64_t runs, same, turns, counters, crashed;
	uint64_t garbled, refused, told, other, other_told;
};

/* They dial the first nodes; the second one is known to nobody. */
static void add_old(struct scene *s)
{
	static const char *const ip[OLD] = { "45.90.7.9", "45.91.7.9" };
	static const char *const known[] = { "45.10.7.9", "45.11.7.9", "45.12.7.9" };
	struct tn_error err;

	for (unsigned i = 0; i < OLD; i++) {
		struct peer_old_conf conf = { .ip = ip[i],
					      .port = 24100,
					      .known = known,
					      .knows = 3,
					      .dials = s->seed % 2 == i,
					      .broadcast_us = 20 * SECOND };
		struct tn_addr at;

		tn_addr_parse(&at, ip[i], strlen(ip[i]));
		s->old[i] = peer_old_create(world_node(s->fleet->world, ip[i], &at), &conf, &err);
		if (!s->old[i])
			bail_out("%s", err.text);
	}
}

static struct tn_addr address(const char *text)
{
	struct tn_addr a;

	if (tn_addr_parse(&a, text, strlen(text)))
		bail_out("%s is no address", text);
	return a;
}

/* One that sends anything, in pieces. */
static void add_chaos(struct scene *s)
{
	static const char *const text[] = {
		"{\"Ping\":{\"nonce\":1,\"timestamp\":2}}",
		"{\"Pong\":{\"nonce\":1,\"timestamp\":2}}",
		"{\"GetPeers\":null}",
		"\"GetPeers\"",
		"{\"PeersResponse\":[\"9.9.9.9\"]}",
		"{\"NobodyKnowsIt\":1}",
		"{\"BlockVote\":[",
		"no message",
	};
	struct chaos_conf conf = { .seed = s->seed,
				   .listen = address("60.1.2.3:24100"),
				   .target = { address("45.10.7.9:24100"),
					       address("45.13.7.9:24100") },
				   .targets = 2,
				   .lines = &s->lines,
				   .until_us = 1000 * SECOND };
	struct tn_error err;

	s->lines = (struct chaos_lines){ s->line, sizeof text / sizeof *text };
	for (size_t i = 0; i < s->lines.n; i++)
		s->line[i] = (struct tn_view){ (const uint8_t *)text[i], strlen(text[i]) };
	s->chaos = chaos_create(world_node(s->fleet->world, "chaos", &conf.listen), &conf, &err);
	if (!s->chaos)
		bail_out("%s", err.text);
}

static void build(struct scene *s)
{
	char ip[32], conf[2048];

	s->fleet = fleet_create(s->seed);
	for (unsigned i = 0; i < NODES; i++) {
		size_t n = (size_t)snprintf(conf, sizeof conf,
					    "network: { name = \"testnet\"; dial_rule = \"%s\"; "
					    "listen = [ \"45.%u.7.9\" ]; connect = [ ",
					    i % 3 ? "lower" : "any", 10 + i);

		for (unsigned k = 1; k < 4; k++)
			n += (size_t)snprintf(conf + n, sizeof conf - n, "%s\"45.%u.7.9\"",
					      k > 1 ? ", " : "", 10 + (i + k) % NODES);
		snprintf(
			conf + n, sizeof conf - n,
			", \"45.90.7.9\" ]; }; plugins: { pingpong: { interval = \"7s\"; }; peers: { }; };");
		snprintf(ip, sizeof ip, "45.%u.7.9", 10 + i);
		fleet_add(s->fleet, ip, conf);
		s->running[i] = -1;
	}
	add_old(s);
	add_chaos(s);
	s->storm = storm_create(s->fleet, s->seed);
	for (unsigned i = 0; i < NODES; i++)
		fleet_start(&s->fleet->node[i]);
}

static void begin(struct scene *s, unsigned i)
{
	struct take *t = &s->take[s->takes];
	struct tn_error err;

	snprintf(t->path, sizeof t->path, "%s/%llu-%u.tnr", tap_tmpdir(),
		 (unsigned long long)s->seed, s->takes);
	t->node = i;
	t->ends_s = s->now_s + rng_range(&s->rng, 5, 200);
	if (record_begin(s->fleet->node[i].node, t->path, 0, &err))
		bail_out("%s", err.text);
	s->running[i] = (int)s->takes++;
}

static bool second(void *arg)
{
	struct scene *s = arg;

	s->now_s++;
	for (unsigned i = 0; i < NODES; i++) {
		struct node *node = s->fleet->node[i].node;
		int k = s->running[i];

		if (k >= 0 && node && s->now_s >= s->take[k].ends_s) {
			record_end(node, "by the test");
			s->running[i] = -1;
		} else if (k < 0 && node && s->takes < TAKES && !rng_range(&s->rng, 0, 60)) {
			begin(s, i);
		}
	}
	return true;
}

/* It is recorded up to there. */
static bool down(void *arg, unsigned i)
{
	((struct scene *)arg)->running[i] = -1;
	return true;
}

static void compare(struct scene *s, const struct take *t, struct sums *sum, bool loud)
{
	struct rerun_setup set = { .path = t->path,
				   .builtins = builtins,
				   .builtin_count = sizeof builtins / sizeof *builtins };
	struct rerun_report report;
	struct tn_error err = { "" };
	int rc = rerun(&set, &report, &err);

	if (rc) { /* it went down before its recording began */
		if (!strstr(err.text, "ends before it began"))
			diag("seed %llu: %s: %s", (unsigned long long)s->seed, t->path, err.text);
		else
			sum->crashed++;
		return;
	}
	sum->runs++;
	sum->same += rerun_same(&report) && !report.cut;
	sum->turns += report.result.turns;
	sum->counters += report.recorded.n;
	sum->crashed += !strcmp(report.why, "the node is gone");
	if (loud || !rerun_same(&report) || report.cut)
		diag("seed %llu, node %u, entry %llu: %s", (unsigned long long)s->seed, t->node,
		     (unsigned long long)report.result.at,
		     report.result.differences ? report.result.first : report.why);
	rerun_report_clear(&report);
}

/* ---- files from anybody: entries that no node has written must do no harm */

static void change(struct rng *rng, struct record_entry *e, uint8_t *copy)
{
	if (e->bytes.n)
		memcpy(copy, e->bytes.p, e->bytes.n);
	e->bytes.p = copy;
	switch (rng_range(rng, 0, 5)) {
	case 0:
		e->id = rng_range(rng, 0, 20);
		break;
	case 1:
		e->a = rng_range(rng, 0, 1) ? rng_range(rng, 0, 300) : UINT64_MAX;
		break;
	case 2:
		e->b = rng_range(rng, 0, 1) ? rng_range(rng, 0, 300) : UINT64_MAX;
		break;
	case 3:
		e->bytes.n = rng_range(rng, 0, e->bytes.n);
		break;
	default:
		if (e->bytes.n)
			copy[rng_range(rng, 0, e->bytes.n - 1)] = (uint8_t)rng_range(rng, 0, 255);
	}
}

static void garble(const char *from, const char *to, struct rng *rng)
{
	struct record_reader r;
	struct record_entry e;
	struct tn_error err;
	struct record_writer *w;

	unlink(to);
	w = record_writer_open(to, 0, &err);
	if (!w || record_read_file(&r, from, &err))
		bail_out("%s", err.text);
	while (record_next(&r, &e, &err) == 1) {
		unsigned odds = e.kind < RECORD_BEGIN ? 10 : 200;
		uint8_t *copy = malloc(e.bytes.n + 1);

		if (!rng_range(rng, 0, odds))
			change(rng, &e, copy);
		if (rng_range(rng, 0, 500))
			record_put(w, &e);
		if (!rng_range(rng, 0, 500))
			record_put(w, &e);
		free(copy);
	}
	record_reader_clear(&r);
	record_writer_close(w, &err);
}

static void abuse(struct scene *s, struct sums *sum, unsigned times)
{
	struct rerun_setup set = { .builtins = builtins,
				   .builtin_count = sizeof builtins / sizeof *builtins };
	struct rerun_report report;
	struct tn_error err;
	char path[600];

	snprintf(path, sizeof path, "%s/garbled", tap_tmpdir());
	set.path = path;
	for (unsigned i = 0; i < times && s->takes; i++) {
		garble(s->take[i % s->takes].path, path, &s->rng);
		sum->garbled++;
		if (rerun(&set, &report, &err)) {
			sum->refused++;
			continue;
		}
		sum->told += !rerun_same(&report);
		rerun_report_clear(&report);
	}
}

/* The same file, another node. */
static void without(struct scene *s, struct sums *sum)
{
	struct rerun_setup set = { .path = s->take[0].path,
				   .without = "pingpong",
				   .builtins = builtins,
				   .builtin_count = sizeof builtins / sizeof *builtins };
	struct rerun_report report;
	struct tn_error err;

	if (rerun(&set, &report, &err))
		return;
	sum->other++;
	sum->other_told += !rerun_same(&report) && report.result.differences;
	rerun_report_clear(&report);
}

static void run(uint64_t seed, struct sums *sum, bool loud)
{
	struct scene s = { .seed = seed };
	struct storm_watch watch = { second, down, &s };

	rng_seed(&s.rng, seed, 91);
	build(&s);
	storm_rage(s.storm, 900 * SECOND, &watch);
	storm_heal(s.storm);
	storm_calm(s.storm, 240 * SECOND, &watch);
	storm_free(s.storm);
	chaos_free(s.chaos);
	for (unsigned i = 0; i < OLD; i++)
		peer_old_free(s.old[i]);
	fleet_free(s.fleet);
	abuse(&s, sum, 15);
	without(&s, sum);
	for (unsigned i = 0; i < s.takes; i++) {
		compare(&s, &s.take[i], sum, loud);
		if (!loud)
			unlink(s.take[i].path);
	}
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	uint64_t first = number("FIRST_SEED", 1), seeds = number("SEEDS", 20);
	struct sums sum = { 0 };

	if (argc > 1) {
		first = strtoull(argv[1], NULL, 10);
		seeds = 1;
	}
	for (uint64_t i = 0; i < seeds; i++)
		run(first + i, &sum, argc > 1);
	is_uint(sum.same, sum.runs, "every recording is replayed the same");
	ok(sum.runs >= 10 * seeds, "%llu recordings", (unsigned long long)sum.runs);
	ok(sum.crashed > 0, "%llu of nodes that went down", (unsigned long long)sum.crashed);
	ok(sum.turns > 1000 * seeds, "%llu turns", (unsigned long long)sum.turns);
	ok(sum.counters > 100 * seeds, "%llu counters", (unsigned long long)sum.counters);
	ok(sum.other > 0 && sum.other_told == sum.other, "another node is told apart, %llu times",
	   (unsigned long long)sum.other_told);
	ok(sum.refused > 0 && sum.told > sum.garbled / 4,
	   "of %llu garbled files %llu are refused, %llu differ", (unsigned long long)sum.garbled,
	   (unsigned long long)sum.refused, (unsigned long long)sum.told);
	return done_testing();
}
