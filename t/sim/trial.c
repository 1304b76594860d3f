/* SPDX-License-Identifier: MIT
 * t/sim/trial.c - draws a network from a seed and takes it through storm and calm
 */
#include "config.h"

#include "sim/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/queue.h"
#include "sim/rng.h"

#define SECOND UINT64_C(1000000)
#define STORM_S 1080
#define HEALING_S 120
#define CALM_S 240
#define STREAM 78 /* of the seed: the network's shape */

struct run {
	const struct trial_setup *setup;
	struct trial *out;
	struct rng rng;
	struct fleet *fleet;
	struct storm *storm;
	struct check check;
	struct storm_watch watch;
	bool ever_up[FLEET_MAX];
	int64_t missed, gone, stray; /* pings, when calm began */
};

static uint64_t draw(struct run *r, uint64_t low, uint64_t high)
{
	return rng_range(&r->rng, low, high);
}

/* ---- the network */

/* First numbers of one, two and three digits: their order as text is another one. */
static void address(struct run *r, unsigned i, char *buf, size_t room)
{
	static const uint8_t first[] = { 5, 9, 23, 45, 69, 99, 104, 139, 151, 165, 188, 212 };

	snprintf(buf, room, "%u.%u.%u.%u", first[(i * 5 + r->setup->seed) % 12],
		 (unsigned)draw(r, 30, 60), i, (unsigned)draw(r, 1, 254));
}

/* Everybody knows some neighbours on a ring and is known by them, and some more far off,
 * not always mutually. */
static void draw_wants(struct run *r)
{
	unsigned n = r->setup->nodes;

	for (unsigned i = 0; i < n; i++) {
		for (unsigned d = 1; d <= 2; d++)
			r->check.want[i][(i + d) % n] = r->check.want[(i + d) % n][i] = true;
		r->check.want[i][(i + draw(r, 3, n - 3)) % n] = true;
	}
}

/* What a node believes of its own address: mostly the truth, else nothing or nonsense. */
static const char *own_address(struct run *r)
{
	static const char *const wrong[] = { "local_ip = \"3.3.3.3\"; ",
					     "local_ip = \"220.0.0.1\"; " };

	return draw(r, 0, 5) ? "" : wrong[draw(r, 0, 1)];
}

static void add_node(struct run *r, unsigned i, char ip[][32])
{
	static const char *const rules[] = { "lower", "higher", "any" };
	bool mixed = r->setup->seed % 4 == 0, unknown = draw(r, 0, 5) == 0;
	char conf[2048];
	size_t n = (size_t)snprintf(
		conf, sizeof conf,
		"network: { name = \"testnet\"; listen = [ \"%s\" ]; dial_rule = \"%s\"; %s"
		"connect = [ ",
		unknown ? "0.0.0.0" : ip[i], rules[mixed ? draw(r, 0, 2) : 0], own_address(r));

	for (unsigned j = 0, some = 0; j < r->setup->nodes; j++)
		if (r->check.want[i][j])
			n += (size_t)snprintf(conf + n, sizeof conf - n, "%s\"%s\"",
					      some++ ? ", " : "", ip[j]);
	snprintf(conf + n, sizeof conf - n,
		 " ]; }; plugins: { pingpong: { interval = \"30s\"; }; peers: { }; };");
	fleet_add(r->fleet, ip[i], conf);
}

static void build(struct run *r)
{
	char ip[FLEET_MAX][32];

	r->fleet = fleet_create(r->setup->seed);
	r->fleet->rules = r->setup->rules;
	if (r->setup->trace) {
		world_trace(r->fleet->world, r->setup->trace);
		r->fleet->log_level = "debug";
	}
	draw_wants(r);
	for (unsigned i = 0; i < r->setup->nodes; i++)
		address(r, i, ip[i], sizeof ip[i]);
	for (unsigned i = 0; i < r->setup->nodes; i++)
		add_node(r, i, ip);
	r->check.fleet = r->fleet;
	if (r->setup->faults)
		r->storm = storm_create(r->fleet, r->setup->seed);
	r->check.storm = r->storm;
	for (unsigned i = 0; i < r->setup->nodes; i++) {
		fleet_start(&r->fleet->node[i]);
		if (draw(r, 0, 1))
			fleet_run(r->fleet, draw(r, 0, SECOND / 2));
	}
}

/* ---- what was done, for the report */

static uint64_t received(const struct account *a)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < a->rows; i++)
		n += a->row[i].received;
	return n;
}

static void count_messages(struct run *r, unsigned i)
{
	const struct net *net = node_net(r->fleet->node[i].node);
	const struct net_total *t;

	for (const struct session *s = NULL; (s = net_any(net, s));)
		r->out->messages += received(&s->account);
	for (size_t k = 0; (t = net_total(net, k)); k++)
		r->out->messages += received(&t->account);
}

static bool second(void *arg)
{
	struct run *r = arg;

	for (unsigned i = 0; i < r->fleet->nodes; i++)
		r->out->node_seconds += r->fleet->node[i].node != NULL;
	return check_now(&r->check);
}

static bool down(void *arg, unsigned i)
{
	struct run *r = arg;

	count_messages(r, i);
	return check_node(&r->check, i);
}

/* ---- calm */

static int64_t sum(struct run *r, const char *metric)
{
	int64_t n = 0;

	for (unsigned i = 0; i < r->fleet->nodes; i++)
		n += fleet_metric(&r->fleet->node[i], metric);
	return n;
}

static void calm_begins(struct run *r)
{
	check_calm_begins(&r->check);
	r->missed = sum(r, "pingpong.pings_missed");
	r->gone = sum(r, "pingpong.pings_gone");
	r->stray = sum(r, "pingpong.pongs_unmatched");
}

static bool calm_ends(struct run *r)
{
	if (!check_calm_ends(&r->check))
		return false;
	if (sum(r, "pingpong.pings_missed") == r->missed &&
	    sum(r, "pingpong.pings_gone") == r->gone &&
	    sum(r, "pingpong.pongs_unmatched") == r->stray)
		return check_empty(&r->check);
	snprintf(r->check.broken, sizeof r->check.broken,
		 "pings were not matched while all was calm");
	return false;
}

static bool with_faults(struct run *r)
{
	uint64_t end = world_now(r->fleet->world) + r->setup->hours * 3600 * SECOND;

	while (world_now(r->fleet->world) < end) {
		if (!storm_rage(r->storm, STORM_S * SECOND, &r->watch))
			return false;
		storm_heal(r->storm);
		check_healed(&r->check);
		if (!storm_calm(r->storm, HEALING_S * SECOND, &r->watch) ||
		    !check_linked(&r->check))
			return false;
		calm_begins(r);
		if (!storm_calm(r->storm, CALM_S * SECOND, &r->watch) || !calm_ends(r))
			return false;
	}
	return true;
}

/* Looks once a minute: nothing is expected to happen. */
static bool without_faults(struct run *r)
{
	uint64_t minutes = (uint64_t)r->setup->hours * 60;

	check_healed(&r->check);
	fleet_run(r->fleet, 60 * SECOND);
	calm_begins(r);
	for (uint64_t i = 0; i < minutes; i++) {
		fleet_run(r->fleet, 60 * SECOND);
		r->out->node_seconds += 60 * r->fleet->nodes;
		if (!check_now(&r->check))
			return false;
	}
	return check_linked(&r->check) && calm_ends(r);
}

/* ---- the end */

static bool take_down(struct run *r)
{
	for (unsigned i = 0; i < r->fleet->nodes; i++) {
		if (!down(r, i))
			return false;
		if (!fleet_stop(&r->fleet->node[i])) {
			snprintf(r->check.broken, sizeof r->check.broken,
				 "%s did not stop within 5 s", r->fleet->node[i].name);
			return false;
		}
	}
	fleet_run(r->fleet, 200 * SECOND);
	if (world_impure(r->fleet->world)) {
		snprintf(r->check.broken, sizeof r->check.broken, "%.200s",
			 world_impure_text(r->fleet->world));
		return false;
	}
	if (world_streams(r->fleet->world) == 0)
		return true;
	snprintf(r->check.broken, sizeof r->check.broken, "%u streams are left of stopped nodes",
		 world_streams(r->fleet->world));
	return false;
}

static void blame(struct run *r)
{
	const struct check *c = &r->check;
	uint64_t at = world_now(r->fleet->world);

	fprintf(stderr, "# seed %llu at %llu.%06llu s: %s\n", (unsigned long long)r->setup->seed,
		(unsigned long long)(at / SECOND), (unsigned long long)(at % SECOND), c->broken);
	if (r->setup->again)
		fprintf(stderr, "# again, with a trace: %s %llu\n", r->setup->again,
			(unsigned long long)r->setup->seed);
	world_trace_print(r->fleet->world, stderr, r->fleet->node[c->a].env,
			  r->fleet->node[c->b].env);
}

struct trial trial_run(const struct trial_setup *setup)
{
	struct trial out = { .good = false };
	struct run *r = sim_alloc(sizeof *r);

	r->setup = setup;
	r->out = &out;
	r->watch = (struct storm_watch){ second, down, r };
	rng_seed(&r->rng, setup->seed, STREAM);
	build(r);
	out.good = (setup->faults ? with_faults(r) : without_faults(r)) && take_down(r);
	if (!out.good && !setup->quiet)
		blame(r);
	snprintf(out.broken, sizeof out.broken, "%s", r->check.broken);
	out.pairs = r->check.pairs_linked;
	out.doubles = r->check.doubles;
	out.told = r->check.doubles_told;
	out.matched = r->check.pings_matched;
	out.hash = world_hash(r->fleet->world);
	for (int k = 0; r->storm && k < STORM_FAULTS; k++)
		out.fired[k] = storm_fired(r->storm, (enum storm_fault)k);
	storm_free(r->storm);
	fleet_free(r->fleet);
	free(r);
	return out;
}

void trial_add(struct trial *sum, const struct trial *t)
{
	sum->node_seconds += t->node_seconds;
	sum->messages += t->messages;
	sum->pairs += t->pairs;
	sum->doubles += t->doubles;
	sum->told += t->told;
	sum->matched += t->matched;
	for (int k = 0; k < STORM_FAULTS; k++)
		sum->fired[k] += t->fired[k];
}
