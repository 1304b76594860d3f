/* SPDX-License-Identifier: MIT
 * t/55-sim-old.c - a day beside a node of December 2025, in every role and address order
 *
 * Never more than 90 s without a ping of ours that it answered, and it never bans us.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/fleet.h"
#include "sim/peer_old.h"

#define SECOND 1000000ull
#define DAY (86400 * SECOND)

struct old {
	struct fleet *fleet;
	struct fleet_node *us;
	struct env *their_env;
	struct peer_old *them;
	const char *our_ip, *their_ip;
};

enum role { THEY_DIAL = 1, WE_DIAL = 2 };

static struct old make(const char *ours, const char *theirs, int role, uint64_t broadcast_us,
		       const char *more)
{
	struct old o = { .fleet = fleet_create(21), .our_ip = ours, .their_ip = theirs };
	char conf[512];
	struct tn_addr ip;
	struct tn_error err;

	/* Lines are cut where a network cuts them, and the pieces come apart: whatever of
	 * ours is longer than a segment would be torn there, and blamed on us. */
	world_knobs(o.fleet->world)->segment = false;
	world_knobs(o.fleet->world)->mss = 1448;
	world_knobs(o.fleet->world)->gap_max_us = 500000;
	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s%s%s ];%s };"
		 " log: { levels: { pingpong = \"debug\"; }; };"
		 " plugins: { pingpong: { }; peers: { }; };",
		 ours, role & WE_DIAL ? "\"" : "", role & WE_DIAL ? theirs : "",
		 role & WE_DIAL ? "\"" : "", more);
	o.us = fleet_add(o.fleet, ours, conf);
	tn_addr_parse(&ip, theirs, strlen(theirs));
	o.their_env = world_node(o.fleet->world, "old", &ip);
	o.them = peer_old_create(o.their_env,
				 &(struct peer_old_conf){ .ip = theirs,
							  .port = 24100,
							  .known = &o.our_ip,
							  .knows = (role & THEY_DIAL) != 0,
							  .dials = (role & THEY_DIAL) != 0,
							  .broadcast_us = broadcast_us },
				 &err);
	if (!o.them)
		bail_out("%s", err.text);
	fleet_start(o.us);
	return o;
}

/* Told by the node's own line for each matched ping, to the microsecond. */
struct gap {
	const struct world *world;
	uint64_t last_us, longest_us, matched;
};

static void note_gap(struct gap *g)
{
	uint64_t now = world_now(g->world);

	if (now - g->last_us > g->longest_us)
		g->longest_us = now - g->last_us;
	g->last_us = now;
}

static void log_seen(void *arg, enum env_log_level level, const char *line, size_t n)
{
	struct gap *g = arg;

	(void)level;
	if (!memmem(line, n, "Pong matches!", 13))
		return;
	note_gap(g);
	g->matched++;
}

static void watch(struct old *o, struct gap *g)
{
	*g = (struct gap){ .world = o->fleet->world, .last_us = world_now(o->fleet->world) };
	world_log_to(o->us->env, log_seen, g);
}

static void unwatch(struct old *o, struct gap *g)
{
	world_log_to(o->us->env, NULL, NULL);
	note_gap(g);
}

static bool check_gap(struct old *o, const struct gap *g, const char *what)
{
	bool good = ok(g->longest_us <= 90 * SECOND, "%s: longest gap %llu.%03llu s", what,
		       (unsigned long long)(g->longest_us / SECOND),
		       (unsigned long long)(g->longest_us % SECOND / 1000));

	return good & is_int((int64_t)g->matched, fleet_metric(o->us, "pingpong.pings_matched"),
			     "%s: each matched ping was seen", what);
}

static void leave(struct old *o)
{
	peer_old_free(o->them);
	fleet_free(o->fleet);
}

static void day(const char *ours, const char *theirs, int role, uint64_t broadcast_us)
{
	struct old o = make(ours, theirs, role, broadcast_us, "");
	struct peer_old_about a;
	struct peer_old_counts c;
	struct gap gap;
	char what[128];
	bool good = true;

	watch(&o, &gap);
	fleet_run(o.fleet, DAY);
	unwatch(&o, &gap);
	a = peer_old_about(o.them, ours);
	c = peer_old_counts(o.them);
	snprintf(what, sizeof what, "we %s, they %s, %s%s%s", ours, theirs,
		 role & WE_DIAL ? "we know them " : "", role & THEY_DIAL ? "they know us " : "",
		 broadcast_us ? "broadcasts" : "");
	good &= check_gap(&o, &gap, what);
	good &= is_uint(a.bans, 0, "%s: banned 0 times", what);
	good &= is_uint(a.faults, 0, "%s: nothing of ours was a violation", what);
	good &= is_int(fleet_off(o.us), 0, "%s: every message is accounted for", what);
	note("dialed %u accepted %u rejected %u violations %u torn %u", a.opened[PEER_OLD_DIALED],
	     a.opened[PEER_OLD_ACCEPTED], a.rejected, a.faults, c.torn);
	if (!good) {
		diag("last unparsable there: %s", c.unparsable_text);
		fleet_blame(o.fleet, "t/55-sim-old.t");
	}
	leave(&o);
}

/* One that waits for 90 s before its first dial: the round trips come on top. */
static void too_patient(void)
{
	struct old o =
		make("69.167.168.176", "50.28.104.50", WE_DIAL, 0, " passive_wait = \"90s\";");
	struct gap gap;

	watch(&o, &gap);
	fleet_run(o.fleet, 300 * SECOND);
	unwatch(&o, &gap);
	ok(gap.longest_us > 90 * SECOND && gap.longest_us < 91 * SECOND,
	   "waiting for 90 s is a gap of %llu us, and seen", (unsigned long long)gap.longest_us);
	leave(&o);
}

/* It is for them to dial and they never do; then nobody answers our first two dials. */
static void bad_start(void)
{
	struct old o = make("69.167.168.176", "50.28.104.50", WE_DIAL, 0, "");
	struct gap gap;

	watch(&o, &gap);
	world_door(o.fleet->world, o.us->env, o.their_env, WORLD_SILENT);
	fleet_run(o.fleet, 80500000); /* 60 + 10 + 0.25 + 10 s and a part of the back-off */
	is_int(fleet_number(o.us, "status", 0, "dials", -1), 2, "two dials have failed");
	world_door(o.fleet->world, o.us->env, o.their_env, WORLD_OPEN);
	fleet_run(o.fleet, 300 * SECOND);
	unwatch(&o, &gap);
	ok(gap.longest_us > 80 * SECOND, "a gap of more than 80 s");
	check_gap(&o, &gap, "two dials without an answer");
	leave(&o);
}

int main(void)
{
	/* text order and numeric order agree, both ways, and disagree, both ways */
	static const char *const pair[][2] = {
		{ "50.28.104.50", "69.167.168.176" },
		{ "69.167.168.176", "50.28.104.50" },
		{ "9.0.0.1", "12.0.0.1" },
		{ "12.0.0.1", "9.0.0.1" },
		{ "165.84.215.117", "50.28.104.50" },
		{ "50.28.104.50", "165.84.215.117" },
	};

	for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
		for (int role = 1; role <= 3; role++) {
			/* they alone know the other and will not dial (Rule D): nobody can */
			if (role == THEY_DIAL && strcmp(pair[i][1], pair[i][0]) > 0)
				continue;
			for (uint64_t b = 0; b <= 2 * SECOND; b += 2 * SECOND)
				day(pair[i][0], pair[i][1], role, b);
		}
	too_patient();
	bad_start();
	return done_testing();
}
