/* SPDX-License-Identifier: MIT
 * t/59-sim-exhaustive.c - two nodes, every combination: never apart for long, never double for long
 *
 * The real net room on both sides. First every configuration: rules, what each believes of
 * its own address, who can be reached, who knows whom, who starts first. Then every order
 * of the first messages, after starts, lost ends and crashes, whoever has the higher id.
 * Then one of the two is an old node. States of both nodes are told apart after each event.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/netlab.h"
#include "sim/peer_old.h"

#define SECOND UINT64_C(1000000)
#define MS 1000u
#define APART_US (120 * SECOND)
#define TWO_US (12 * SECOND)
#define OLD_GAP_US (60 * SECOND)
#define IP_A "50.28.104.50"
#define IP_B "69.167.168.176"
#define SET (1u << 20)

/* ---- the states seen */

struct states {
	uint64_t seen[SET];
	uint64_t n, runs;
};

static void add_state(struct states *s, uint64_t hash)
{
	uint64_t at = (hash ^ hash >> 29) % SET;

	hash = hash ? hash : 1;
	while (s->seen[at] && s->seen[at] != hash)
		at = (at + 1) % SET;
	if (s->seen[at] || s->n > SET / 2)
		return;
	s->seen[at] = hash;
	s->n++;
}

static uint64_t mix(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t state_of(const struct netlab *lab, uint64_t hash)
{
	for (const struct session *s = NULL; (s = net_any(lab->net, s));)
		hash = mix(hash, (uint64_t)s->state << 8 | s->outbound | s->primary << 1 |
					 s->heard_since << 2 | s->legacy << 3);
	for (struct peer *p = net_peer_next(lab->net, NULL); p; p = net_peer_next(lab->net, p))
		hash = mix(hash, (uint64_t)p->state << 16 | p->why << 8 | p->wanted | p->self << 1 |
					 p->legacy << 2 | (p->links & 7) << 3);
	return hash;
}

/* ---- two nodes under observation */

struct duel {
	struct states *states;
	struct world *world;
	struct netlab *a, *b;
	uint64_t two_since_us, two_us; /* the longest */
	const uint8_t *delay;          /* choices for the next pieces */
	unsigned delays, drawn;
	char what[160];
};

/* The peer is its node_id: what is left of one that crashed is another one. */
static unsigned up_with(const struct netlab *lab, const struct netlab *other)
{
	unsigned n = 0;

	for (const struct session *s = NULL; (s = net_any(lab->net, s));)
		n += session_is_up(s) && s->node_id == net_node_id(other->net);
	return n;
}

/* Asked before each event. */
static bool observe(void *arg)
{
	struct duel *d = arg;
	unsigned a = up_with(d->a, d->b), b = up_with(d->b, d->a);
	uint64_t now = world_now(d->world);

	add_state(d->states, state_of(d->b, state_of(d->a, 7)));
	if (a < 2 && b < 2)
		d->two_since_us = now;
	if (now - d->two_since_us > d->two_us)
		d->two_us = now - d->two_since_us;
	return true;
}

static void live(struct duel *d, uint64_t us)
{
	world_run_while(d->world, observe, d, world_now(d->world) + us);
}

static struct netlab *make(struct duel *d, const char *name, const char *ip, const char *more,
			   const char *connect)
{
	char conf[512];

	snprintf(conf, sizeof conf, "network: { name = \"testnet\"; connect = [ %s%s%s ]; %s };",
		 *connect ? "\"" : "", connect, *connect ? "\"" : "", more);
	return netlab_create(d->world, name, ip, conf);
}

static void begin(struct duel *d, uint64_t seed)
{
	d->world = world_create(seed);
	world_knobs(d->world)->segment = false;
	d->two_since_us = world_now(d->world);
}

static void end(struct duel *d)
{
	netlab_free(d->a);
	netlab_free(d->b);
	world_free(d->world);
}

static bool is_linked(const struct duel *d)
{
	const struct session *a = netlab_single(d->a), *b = netlab_single(d->b);

	return a && b && a->outbound != b->outbound;
}

static bool judge(struct duel *d, unsigned *shown)
{
	bool good = is_linked(d) && d->two_us <= TWO_US && !net_off_ended(d->a->net) &&
		    !net_off_ended(d->b->net);

	if (good || (*shown)++ >= 3)
		return good;
	diag("%s: %u and %u sessions, two for %u ms", d->what, netlab_up(d->a), netlab_up(d->b),
	     (unsigned)(d->two_us / 1000));
	world_log_print(d->a->env, stderr);
	world_log_print(d->b->env, stderr);
	return good;
}

/* ---- every configuration */

enum own { OWN_RIGHT, OWN_UNKNOWN, OWN_LOW, OWN_HIGH, OWN_PEERS, OWNS };
enum reach { REACH_BOTH, REACH_A_TO_B, REACH_B_TO_A, REACHES };

static const char *const rule_word[] = { "lower", "higher", "any" };
static const char *const own_word[] = { "right", "unknown", "too low", "too high", "the other's" };
static const char *const reach_word[] = { "both", "a to b", "b to a" };
static const char *const know_word[] = { "both know", "a knows", "b knows" };

struct config {
	unsigned rule[2], own[2], reach, refused, know, start;
};

static void settings(const struct config *c, unsigned i, char *buf, size_t room)
{
	const char *ip[] = { IP_A, IP_B };
	char own[64] = "";

	if (c->own[i] == OWN_LOW)
		snprintf(own, sizeof own, "local_ip = \"3.3.3.3\";");
	else if (c->own[i] == OWN_HIGH)
		snprintf(own, sizeof own, "local_ip = \"220.0.0.1\";");
	else if (c->own[i] == OWN_PEERS)
		snprintf(own, sizeof own, "local_ip = \"%s\";", ip[!i]);
	snprintf(buf, room, "dial_rule = \"%s\"; listen = [ \"%s\" ]; %s", rule_word[c->rule[i]],
		 c->own[i] == OWN_UNKNOWN ? "0.0.0.0" : ip[i], own);
}

static bool config_good(struct states *states, const struct config *c, unsigned *shown)
{
	static const uint64_t gap_us[] = { 0, 30 * MS, 40 * SECOND };
	struct duel d = { .states = states };
	char a[192], b[192];
	bool good;

	begin(&d, 1);
	settings(c, 0, a, sizeof a);
	settings(c, 1, b, sizeof b);
	d.a = make(&d, "a", IP_A, a, c->know == 2 ? "" : IP_B);
	d.b = make(&d, "b", IP_B, b, c->know == 1 ? "" : IP_A);
	if (c->reach != REACH_BOTH)
		world_door(d.world, c->reach == REACH_A_TO_B ? d.b->env : d.a->env,
			   c->reach == REACH_A_TO_B ? d.a->env : d.b->env,
			   c->refused ? WORLD_REFUSED : WORLD_SILENT);
	netlab_start(d.a);
	live(&d, gap_us[c->start]);
	netlab_start(d.b);
	live(&d, APART_US);
	snprintf(d.what, sizeof d.what, "rules %s, %s; own %s, %s; %s%s, %s, start %u",
		 rule_word[c->rule[0]], rule_word[c->rule[1]], own_word[c->own[0]],
		 own_word[c->own[1]], reach_word[c->reach], c->refused ? " (refused)" : "",
		 know_word[c->know], c->start);
	good = judge(&d, shown);
	end(&d);
	states->runs++;
	return good;
}

/* Who knows the other has a way to it. */
static bool is_possible(const struct config *c)
{
	if (c->refused && c->reach == REACH_BOTH)
		return false; /* the same as not refused */
	return c->know == 0 || c->reach == REACH_BOTH ||
	       c->know == (c->reach == REACH_A_TO_B ? 1u : 2u);
}

/* The n-th configuration: its digits. */
static struct config config_of(unsigned n)
{
	struct config c;

	c.rule[0] = n % 3, n /= 3;
	c.rule[1] = n % 3, n /= 3;
	c.own[0] = n % OWNS, n /= OWNS;
	c.own[1] = n % OWNS, n /= OWNS;
	c.reach = n % REACHES, n /= REACHES;
	c.refused = n % 2, n /= 2;
	c.know = n % 3, n /= 3;
	c.start = n % 3;
	return c;
}

#define CONFIGS (3 * 3 * OWNS * OWNS * REACHES * 2 * 3 * 3)

static void configurations(struct states *states, unsigned slow)
{
	unsigned good = 0, all = 0, shown = 0;

	for (unsigned n = 0; n < CONFIGS; n += slow) {
		struct config c = config_of(n);

		if (!is_possible(&c))
			continue;
		all++;
		good += config_good(states, &c, &shown);
	}
	is_uint(good, all, "each of %u configurations is linked once within 120 s", all);
	ok(slow > 1 || all == 7425, "none was left out");
}

/* ---- every order of messages */

static uint64_t choose(void *arg, uint64_t drawn_us)
{
	static const uint64_t way[] = { 1 * MS, 40 * MS, 2500 * MS };
	struct duel *d = arg;

	if (d->drawn >= d->delays)
		return drawn_us;
	return way[d->delay[d->drawn++]];
}

enum scene { SCENE_START, SCENE_LOST_A, SCENE_LOST_B, SCENE_CRASH, SCENE_POWER, SCENES };
static const char *const scene_word[] = { "both start", "a lost its end", "b lost its end",
					  "b crashed", "b lost power" };

#define AGAIN "dial_rule = \"any\"; listen = [ \"" IP_B "\" ];"

static void upset(struct duel *d, enum scene scene)
{
	if (scene == SCENE_LOST_A) {
		world_reset(d->world, d->a->env, d->b->env, false);
	} else if (scene == SCENE_LOST_B) {
		world_reset(d->world, d->b->env, d->a->env, false);
	} else if (scene >= SCENE_CRASH) {
		struct env *host = d->b->env;

		world_power(d->world, host, scene == SCENE_CRASH);
		netlab_free(d->b);
		world_power(d->world, host, true);
		d->b = make(d, "b2", IP_B, AGAIN, IP_A);
		netlab_start(d->b);
	}
}

/* One order: digits of n choose how long each of the first pieces is on its way. */
static bool order_good(struct states *states, enum scene scene, uint64_t seed, unsigned n,
		       unsigned pieces, unsigned *shown)
{
	struct duel d = { .states = states, .delays = pieces };
	uint8_t delay[16];
	bool good;

	snprintf(d.what, sizeof d.what, "%s, seed %u, order %u", scene_word[scene], (unsigned)seed,
		 n);
	for (unsigned i = 0; i < pieces; i++, n /= 3)
		delay[i] = (uint8_t)(n % 3);
	d.delay = delay;
	begin(&d, seed);
	d.a = make(&d, "a", IP_A, "dial_rule = \"any\"; listen = [ \"" IP_A "\" ];", IP_B);
	d.b = make(&d, "b", IP_B, AGAIN, IP_A);
	if (scene == SCENE_START)
		world_delay_by(d.world, choose, &d);
	netlab_start(d.a);
	netlab_start(d.b);
	if (scene != SCENE_START) {
		live(&d, 30 * SECOND);
		world_delay_by(d.world, choose, &d);
		upset(&d, scene);
	}
	live(&d, APART_US);
	good = judge(&d, shown);
	end(&d);
	states->runs++;
	return good;
}

static unsigned power(unsigned base, unsigned n)
{
	return n ? base * power(base, n - 1) : 1;
}

static void orders(struct states *states, unsigned pieces, uint64_t seeds)
{
	for (int scene = 0; scene < SCENES; scene++) {
		unsigned good = 0, shown = 0, all = 0;

		for (uint64_t seed = 1; seed <= seeds; seed++)
			for (unsigned n = 0; n < power(3, pieces); n++, all++)
				good += order_good(states, (enum scene)scene, seed, n, pieces,
						   &shown);
		is_uint(good, all, "%s: each of %u orders ends with one session", scene_word[scene],
			all);
	}
}

/* ---- an old node on the other side */

static struct peer_old *make_old(struct env *env, unsigned us, bool dials, bool shut)
{
	static const char *const ip[] = { IP_A, IP_B };
	const char *known[] = { ip[us] };
	struct tn_error err;
	struct peer_old *old = peer_old_create(env,
					       &(struct peer_old_conf){ .ip = ip[!us],
									.port = 24100,
									.known = known,
									.knows = dials,
									.dials = dials,
									.shut_overwritten = shut },
					       &err);

	if (!old)
		bail_out("%s", err.text);
	return old;
}

struct watch {
	struct duel *duel;
	uint64_t since_us, longest_us; /* without a session */
};

static bool observe_old(void *arg)
{
	struct watch *w = arg;
	uint64_t now = world_now(w->duel->world);

	add_state(w->duel->states, state_of(w->duel->a, 9));
	if (netlab_up(w->duel->a))
		w->since_us = now;
	if (now - w->since_us > w->longest_us)
		w->longest_us = now - w->since_us;
	return true;
}

/* Which of the two addresses is ours, and whether it shuts what it overwrites; then as
 * above, we being `a`. */
struct old_config {
	unsigned us, shut;
	struct config c;
};

static struct old_config old_config(unsigned n)
{
	struct old_config o = { .us = n % 2, .shut = n / 2 % 2 };

	n /= 4;
	o.c.rule[0] = o.c.rule[1] = n % 3, n /= 3;
	o.c.own[0] = o.c.own[1] = n % OWNS, n /= OWNS;
	o.c.reach = n % REACHES, n /= REACHES;
	o.c.refused = n % 2, n /= 2;
	o.c.know = n % 3;
	return o;
}

#define OLD_CONFIGS (2 * 2 * 3 * OWNS * REACHES * 2 * 3)

/* An old node dials only whom it knows, and only if its own address is the lower text. */
static bool is_old_possible(const struct old_config *o)
{
	bool we = o->c.know != 2 && o->c.reach != REACH_B_TO_A;
	bool they = o->c.know != 1 && o->c.reach != REACH_A_TO_B && o->us == 1;

	return (we || they) && !(o->c.refused && o->c.reach == REACH_BOTH);
}

static bool old_good(struct states *states, const struct old_config *o, uint64_t seed,
		     unsigned *shown)
{
	static const char *const ip[] = { IP_A, IP_B };
	const struct config *c = &o->c;
	struct duel d = { .states = states };
	struct watch w = { .duel = &d };
	struct peer_old *old;
	struct env *them;
	struct tn_addr at;
	char more[192];
	uint64_t limit_us;

	begin(&d, seed);
	settings(c, o->us, more, sizeof more);
	d.a = make(&d, "a", ip[o->us], more, c->know == 2 ? "" : ip[!o->us]);
	tn_addr_parse(&at, ip[!o->us], strlen(ip[!o->us]));
	them = world_node(d.world, "old", &at);
	old = make_old(them, o->us, c->know != 1, o->shut);
	if (c->reach != REACH_BOTH)
		world_door(d.world, c->reach == REACH_A_TO_B ? them : d.a->env,
			   c->reach == REACH_A_TO_B ? d.a->env : them,
			   c->refused ? WORLD_REFUSED : WORLD_SILENT);
	netlab_start(d.a);
	limit_us = world_now(d.world) + APART_US;
	world_run_while(d.world, observe_old, &w, limit_us);
	w.longest_us = 0;
	world_run_while(d.world, observe_old, &w, limit_us + 3600 * SECOND);
	if (w.longest_us > OLD_GAP_US && (*shown)++ < 3) {
		diag("old node; rule %s; own %s; %s, %s: apart for %u s", rule_word[c->rule[0]],
		     own_word[c->own[0]], reach_word[c->reach], know_word[c->know],
		     (unsigned)(w.longest_us / SECOND));
		world_log_print(d.a->env, stderr);
	}
	peer_old_free(old);
	netlab_free(d.a);
	world_free(d.world);
	states->runs++;
	return w.longest_us <= OLD_GAP_US;
}

static void old_nodes(struct states *states, uint64_t seeds)
{
	unsigned good = 0, all = 0, shown = 0;

	for (unsigned n = 0; n < OLD_CONFIGS; n++) {
		struct old_config o = old_config(n);

		for (uint64_t seed = 1; is_old_possible(&o) && seed <= seeds; seed++, all++)
			good += old_good(states, &o, seed, &shown);
	}
	is_uint(good, all, "an old node: none of %u runs is apart for a minute", all);
	ok(all == 510 * seeds, "none was left out");
}

int main(void)
{
	struct states *states = calloc(1, sizeof *states);
	const char *env = getenv("TN_SLOW"); /* under a checker: less of everything */
	unsigned slow = env && atoi(env) > 1 ? (unsigned)atoi(env) : 1;

	configurations(states, slow);
	orders(states, slow > 1 ? 4 : 7, 4);
	old_nodes(states, slow > 1 ? 1 : 10);
	note("%llu runs, %llu different states of the two", (unsigned long long)states->runs,
	     (unsigned long long)states->n);
	ok(states->n >= (slow > 1 ? 200 : 900) && states->n < SET / 2,
	   "and all of them were told apart");
	free(states);
	return done_testing();
}
