/* SPDX-License-Identifier: MIT
 * t/55-sim-old.c - a day beside a node of December 2025, in every role and address order
 *
 * Never more than 90 s without a ping of ours that it answered, and it never bans us.
 */
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
	struct peer_old *them;
	const char *our_ip, *their_ip;
};

enum role { THEY_DIAL = 1, WE_DIAL = 2 };

static struct old make(const char *ours, const char *theirs, int role, uint64_t broadcast_us)
{
	struct old o = { .fleet = fleet_create(21), .our_ip = ours, .their_ip = theirs };
	char conf[512];
	struct tn_addr ip;
	struct tn_error err;
	struct env *env;

	/* Lines are cut where a network cuts them, and the pieces come apart: whatever of
	 * ours is longer than a segment would be torn there, and blamed on us. */
	world_knobs(o.fleet->world)->segment = false;
	world_knobs(o.fleet->world)->mss = 1448;
	world_knobs(o.fleet->world)->gap_max_us = 500000;
	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s%s%s ]; };"
		 " plugins: { pingpong: { }; peers: { }; };",
		 ours, role & WE_DIAL ? "\"" : "", role & WE_DIAL ? theirs : "",
		 role & WE_DIAL ? "\"" : "");
	o.us = fleet_add(o.fleet, ours, conf);
	tn_addr_parse(&ip, theirs, strlen(theirs));
	env = world_node(o.fleet->world, "old", &ip);
	o.them = peer_old_create(env,
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

/* The longest time in which the number of matched pings did not grow. */
static uint64_t longest_gap(struct old *o, uint64_t during)
{
	struct world *w = o->fleet->world;
	uint64_t last = world_now(w), end = last + during, longest = 0;
	int64_t matched = 0;

	while (world_now(w) < end) {
		int64_t now;

		world_run(w, world_now(w) + 5 * SECOND);
		now = fleet_metric(o->us, "pingpong.pings_matched");
		if (now > matched) {
			matched = now;
			last = world_now(w);
		}
		if (world_now(w) - last > longest)
			longest = world_now(w) - last;
	}
	return longest;
}

static void day(const char *ours, const char *theirs, int role, uint64_t broadcast_us)
{
	struct old o = make(ours, theirs, role, broadcast_us);
	uint64_t gap = longest_gap(&o, DAY);
	struct peer_old_about a = peer_old_about(o.them, ours);
	struct peer_old_counts c = peer_old_counts(o.them);
	char what[128];
	bool good = true;

	snprintf(what, sizeof what, "we %s, they %s, %s%s%s", ours, theirs,
		 role & WE_DIAL ? "we know them " : "", role & THEY_DIAL ? "they know us " : "",
		 broadcast_us ? "broadcasts" : "");
	good &= ok(gap <= 90 * SECOND, "%s: longest gap %u s", what, (unsigned)(gap / SECOND));
	good &= is_uint(a.bans, 0, "%s: banned 0 times", what);
	good &= is_uint(a.faults, 0, "%s: nothing of ours was a violation", what);
	good &= is_int(fleet_off(o.us), 0, "%s: every message is accounted for", what);
	note("dialed %u accepted %u rejected %u violations %u torn %u", a.opened[PEER_OLD_DIALED],
	     a.opened[PEER_OLD_ACCEPTED], a.rejected, a.faults, c.torn);
	if (!good) {
		diag("last unparsable there: %s", c.unparsable_text);
		fleet_blame(o.fleet, "t/55-sim-old.t");
	}
	peer_old_free(o.them);
	fleet_free(o.fleet);
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
	return done_testing();
}
