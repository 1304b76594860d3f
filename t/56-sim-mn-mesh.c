/* SPDX-License-Identifier: MIT
 * t/56-sim-mn-mesh.c - masternodes that come, go and lie: the others agree who is alive
 *
 * Some are killed, the network comes apart and heals, one of them forges whatever it can.
 * Afterwards every node has the same active set, that of those who run, and every key is the
 * one its owner has. Arguments: first seed, how many seeds (2), masternodes (24), and any word:
 * then they have all met before. The long form is `1 100 100 met`: about 40 s of a core a seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/beats.h"
#include "plug/impl.h"
#include "sim/fleet.h"
#include "sim/rng.h"

#define SECOND 1000000ull
#define MINUTE (60 * SECOND)
#define MOST 100

struct scene {
	struct fleet *fleet;
	struct rng rng;
	unsigned n, liar;
	bool introduced;
	char ip[MOST][16];
	bool up[MOST], side[MOST];
	char what[200]; /* the first thing that is wrong */
};

static struct tn_ctx *ctx(struct scene *s, unsigned i)
{
	return &life_find(node_plug(s->fleet->node[i].node), "masternodes")->ctx;
}

static struct mn_state *state(struct scene *s, unsigned i)
{
	return mn_state(ctx(s, i));
}

static uint32_t ip_of(struct scene *s, unsigned i)
{
	uint32_t ip = 0;

	mn_ip_parse((struct tn_str){ s->ip[i], (uint32_t)strlen(s->ip[i]) }, &ip);
	return ip;
}

static void wrong(struct scene *s, const char *what, unsigned at, unsigned about, long long got)
{
	if (!s->what[0])
		snprintf(s->what, sizeof s->what, "%s: at n%u about n%u (%lld)", what, at, about,
			 got);
}

static unsigned draw(struct scene *s, unsigned n)
{
	return (unsigned)rng_range(&s->rng, 0, n - 1);
}

/* ---- the network */

static void add(struct scene *s, unsigned i)
{
	char conf[1024];

	snprintf(s->ip[i], sizeof s->ip[i], "%u.%u.7.7", 20 + i % 100, 1 + i % 50);
	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ \"%s\" ]; };"
		 "log: { level = \"warn\"; };"
		 "plugins: { pingpong: { }; masternodes: { masternode = true; }; };",
		 s->ip[i], s->ip[i ? draw(s, i) : 0]);
	fleet_add(s->fleet, s->ip[i], conf);
}

/* As if all had met all before: for the long form, in which a hundred would take as long to
 * meet as for all the rest. */
static void introduce(struct scene *s, unsigned at)
{
	for (unsigned i = 0; s->introduced && i < s->n; i++) {
		struct mn_claim claim = { .ip = ip_of(s, i) };

		if (!s->up[i] || i == at)
			continue;
		claim.key = state(s, i)->wallet.secret.key;
		registry_claim(state(s, at)->registry, &claim, true, mn_now(ctx(s, at)), NULL);
	}
	mn_changed(ctx(s, at));
}

static void start(struct scene *s, unsigned i)
{
	fleet_start(&s->fleet->node[i]);
	s->up[i] = true;
}

static void kill_some(struct scene *s, unsigned k)
{
	while (k) {
		unsigned i = draw(s, s->n);

		if (!s->up[i] || i == s->liar)
			continue;
		fleet_crash(&s->fleet->node[i]);
		s->up[i] = false;
		k--;
	}
}

static void part(struct scene *s, bool blocked)
{
	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = 0; k < s->n; k++)
			if (i != k && s->side[i] != s->side[k])
				world_link_block(s->fleet->world, s->fleet->node[i].env,
						 s->fleet->node[k].env, blocked);
}

/* ---- what each believes */

static const struct mn_record *record(struct scene *s, unsigned at, unsigned about)
{
	return registry_find(state(s, at)->registry, ip_of(s, about));
}

static bool thinks_alive(struct scene *s, unsigned at, unsigned about)
{
	const struct mn_record *r = record(s, at, about);

	return r && !r->heard && r->active;
}

static unsigned disagreements(struct scene *s, bool parted)
{
	unsigned n = 0;

	for (unsigned at = 0; at < s->n; at++)
		for (unsigned about = 0; about < s->n; about++) {
			bool here = !parted || s->side[at] == s->side[about];

			if (s->up[at] && at != about)
				n += thinks_alive(s, at, about) != (s->up[about] && here);
		}
	return n;
}

struct waiting {
	struct scene *s;
	bool parted;
	uint64_t next;
};

static bool still_apart(void *arg)
{
	struct waiting *w = arg;

	if (world_now(w->s->fleet->world) < w->next)
		return true;
	w->next += SECOND;
	return disagreements(w->s, w->parted) > 0;
}

/* Runs until all agree, and tells how long that took. */
static uint64_t agree(struct scene *s, const char *what, bool parted, uint64_t limit)
{
	struct world *w = s->fleet->world;
	uint64_t from = world_now(w);
	struct waiting wait = { s, parted, from };

	world_run_while(w, still_apart, &wait, from + limit);
	if (disagreements(s, parted))
		wrong(s, what, 0, 0, disagreements(s, parted));
	return (world_now(w) - from) / SECOND;
}

/* Of one that does not run any more, too. */
static void check_key(struct scene *s, unsigned about, const struct tn_key *key)
{
	for (unsigned at = 0; at < s->n; at++) {
		const struct mn_record *r = s->up[at] ? record(s, at, about) : NULL;

		if (r && memcmp(&r->key, key, sizeof *key) != 0)
			wrong(s, "another key", at, about, 0);
	}
}

static void check_keys(struct scene *s)
{
	for (unsigned about = 0; about < s->n; about++)
		if (s->up[about])
			check_key(s, about, &state(s, about)->wallet.secret.key);
}

/* ---- lies: of all that one node can say about others, on all its sessions */

static void say(struct scene *s, const char *name, const struct tn_schema *schema, const void *body)
{
	struct net *net = node_net(s->fleet->node[s->liar].node);
	char line[2048];
	size_t n = tn_line_write(name, schema, body, line, sizeof line);
	struct tn_view v = { (const uint8_t *)line, n - 1 };
	struct frame *f = frame_copy(names_add(net_names(net), name), v);

	for (struct session *to = net_first(net); to; to = net_next(to))
		net_send(net, to, f, 0, false);
	frame_unref(f);
}

/* The dead one's last heartbeat, byte for byte, as the liar has kept it. */
static void replay(struct scene *s, unsigned dead, const struct tn_secret *key)
{
	const struct beat_history *h = state(s, s->liar)->beats->history;
	struct tn_heartbeat beat = { .masternode_address = { s->ip[dead],
							     (uint32_t)strlen(s->ip[dead]) } };
	const struct beat_entry *e;

	for (uint32_t i = 0; (e = beat_history_at(h, i)); i++)
		if (e->ip == ip_of(s, dead))
			break;
	if (!e)
		return;
	beat.sequence_number = e->sequence;
	beat.timestamp = e->time;
	tn_heartbeat_sign(state(s, s->liar)->sha, key, &beat);
	say(s, "HeartbeatBroadcast", &tn_wire_heartbeat, &beat);
}

/* The liar's key for somebody else, signed with it and not signed at all. */
static void claim(struct scene *s, unsigned about)
{
	struct mn_state *me = state(s, s->liar);
	struct tn_announcement a = { .address = { s->ip[about], (uint32_t)strlen(s->ip[about]) },
				     .tier.tag = TN_TIER_GOLD,
				     .public_key = me->wallet.secret.key,
				     .timestamp = tn_wall_s(ctx(s, s->liar)) };

	a.reward_address =
		(struct tn_str){ me->wallet.address, (uint32_t)strlen(me->wallet.address) };
	say(s, "MasternodeAnnouncement", &tn_wire_announcement, &a);
	tn_announcement_sign(me->sha, &me->wallet.secret, "testnet", &a);
	say(s, "MasternodeAnnouncement", &tn_wire_announcement, &a);
}

static void lie(struct scene *s, unsigned about, const struct tn_key *its_key, bool forge)
{
	struct mn_state *me = state(s, s->liar);
	struct tn_heartbeat h = { .masternode_address = { s->ip[about],
							  (uint32_t)strlen(s->ip[about]) },
				  .sequence_number = UINT64_MAX,
				  .timestamp = tn_wall_s(ctx(s, s->liar)) + 100 };
	struct tn_attestation t = { .witness_address = h.masternode_address,
				    .witness_timestamp = h.timestamp };
	tn_heartbeat_sign(me->sha, &me->wallet.secret, &h); /* with its own key */
	say(s, "HeartbeatBroadcast", &tn_wire_heartbeat, &h);
	tn_heartbeat_hash(me->sha, &h, &t.heartbeat_hash);
	tn_attestation_sign(me->sha, &me->wallet.secret, &t);
	say(s, "HeartbeatAttestation", &tn_wire_attestation, &t);
	claim(s, about);
	if (!forge) /* that one costs it points */
		return;
	h.masternode_pubkey = *its_key; /* or with the right one, which it cannot sign with */
	say(s, "HeartbeatBroadcast", &tn_wire_heartbeat, &h);
}

/* ---- the play */

static void tell_lies(struct scene *s, unsigned dead, const struct tn_secret *dead_key, uint64_t us)
{
	struct world *w = s->fleet->world;
	uint64_t until = world_now(w) + us;

	for (unsigned round = 0; world_now(w) < until; round++) {
		unsigned victim = draw(s, s->n);

		if (dead < s->n) {
			lie(s, dead, &dead_key->key, round % 5 == 0);
			replay(s, dead, dead_key);
		}
		if (s->up[victim] && victim != s->liar)
			lie(s, victim, &state(s, victim)->wallet.secret.key, round == 7);
		fleet_run(s->fleet, 7 * SECOND);
	}
}

static unsigned pick(struct scene *s)
{
	unsigned i;

	do
		i = draw(s, s->n);
	while (!s->up[i] || i == s->liar);
	return i;
}

static struct scene begin(uint64_t seed, unsigned n, bool introduced)
{
	struct scene s = { .fleet = fleet_create(seed), .n = n, .introduced = introduced };

	rng_seed(&s.rng, seed, 56);
	s.liar = draw(&s, n);
	world_knobs(s.fleet->world)->latency_max_us = 150000;
	world_knobs(s.fleet->world)->jobs_once = introduced; /* the short form runs them twice */
	for (unsigned i = 0; i < n; i++) {
		add(&s, i);
		s.side[i] = draw(&s, 2);
	}
	for (unsigned i = 0; i < n; i++)
		start(&s, i);
	for (unsigned i = 0; i < n; i++)
		introduce(&s, i);
	return s;
}

struct times {
	uint64_t met, parted, healed, again;
};

static bool play(uint64_t seed, unsigned n, bool introduced, struct times *most)
{
	struct scene s = begin(seed, n, introduced);
	struct tn_secret dead_key;
	struct times t;
	uint64_t silence;
	unsigned dead;
	bool good;

	if (introduced)
		fleet_run(s.fleet, 2 * MINUTE);
	t.met = agree(&s, "not met", false, 30 * MINUTE);
	silence = mn_beats_silence_ms(ctx(&s, s.liar)) * 1000 + 30 * SECOND;
	dead = pick(&s);
	dead_key = state(&s, dead)->wallet.secret;
	fleet_crash(&s.fleet->node[dead]);
	s.up[dead] = false;
	kill_some(&s, n / 10);
	part(&s, true);
	t.parted = agree(&s, "parted, not agreed", true, silence + 90 * SECOND);
	part(&s, false);
	t.healed = agree(&s, "healed, not agreed", false, 5 * MINUTE);
	tell_lies(&s, dead, &dead_key, 2 * MINUTE);
	if (disagreements(&s, false))
		wrong(&s, "a lie was believed", 0, dead, disagreements(&s, false));
	check_key(&s, dead, &dead_key.key);
	check_keys(&s);
	for (unsigned i = 0; i < n; i++)
		if (!s.up[i])
			start(&s, i);
	t.again = agree(&s, "started again, not agreed", false, 5 * MINUTE);
	check_keys(&s);
	good = !s.what[0];
	if (!good) {
		fleet_blame(s.fleet, "t/56-sim-mn-mesh.t");
		diag("seed %llu: %s", (unsigned long long)seed, s.what);
	}
	most->met = t.met > most->met ? t.met : most->met;
	most->again = t.again > most->again ? t.again : most->again;
	most->parted = t.parted > most->parted ? t.parted : most->parted;
	most->healed = t.healed > most->healed ? t.healed : most->healed;
	fleet_free(s.fleet);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	unsigned runs = argc > 2 ? (unsigned)atoi(argv[2]) : argc > 1 ? 1 : 2, good = 0;
	unsigned n = argc > 3 ? (unsigned)atoi(argv[3]) : 24;
	struct times most = { 0 };

	for (uint64_t seed = first; seed < first + runs; seed++) {
		good += play(seed, n < MOST ? n : MOST, argc > 4, &most);
		if (runs > 5)
			note("%u of %u good", good, (unsigned)(seed - first + 1));
	}
	is_uint(good, runs, "%u masternodes agree in every run, whatever one of them says", n);
	note("agreed at most %llu s after the start, %llu s after parting, %llu s after healing, "
	     "%llu s after those that were gone came back",
	     (unsigned long long)most.met, (unsigned long long)most.parted,
	     (unsigned long long)most.healed, (unsigned long long)most.again);
	return done_testing();
}
