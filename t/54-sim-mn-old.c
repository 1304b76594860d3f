/* SPDX-License-Identifier: MIT
 * t/54-sim-mn-old.c - a masternode of December 2025, which signs with a key made at each start
 *
 * It is believed on its own session alone, its key for as long as that is up; what it is told
 * it knows, and not too much of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/beats.h"
#include "plug/impl.h"
#include "sim/fleet.h"
#include "sim/old_scene.h"

static const char *const our_ip = "50.0.0.1", *const old_ip = "60.0.0.2",
			 *const third_ip = "70.0.0.3";

struct play {
	struct fleet *fleet;
	struct fleet_node *us, *third;
	struct raw raw;
	struct tn_sha *sha;
	struct tn_secret wallet, key; /* the old node's, and the one of this start */
	char line[4096];
};

static struct fleet_node *add(struct play *p, const char *ip, const char *connect)
{
	char conf[512];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; };"
		 "plugins: { masternodes: { masternode = true; }; };",
		 ip, connect);
	return fleet_add(p->fleet, ip, conf);
}

static void make_key(struct tn_secret *k, uint8_t n)
{
	uint8_t seed[32];

	memset(seed, n, sizeof seed);
	tn_secret_from_seed(k, seed);
}

/* The old node accepts: its Ack, and it asks for peers at once. */
static void accept_us(struct play *p)
{
	unsigned before = p->raw.accepts;

	for (int i = 0; i < 200 && p->raw.accepts == before; i++)
		fleet_run(p->fleet, SECOND);
	raw_write(&p->raw, "{\"Ack\":{\"message_type\":\"Handshake\"}}\n\"GetPeers\"\n");
	fleet_run(p->fleet, SECOND);
	is_uint(fleet_up(p->us), 2, "the old node is up, and the third one");
}

static void say(struct play *p, const char *name, const struct tn_schema *schema, const void *body)
{
	size_t n = tn_line_write(name, schema, body, p->line, sizeof p->line);

	p->line[n] = '\0';
	raw_write(&p->raw, p->line);
	fleet_run(p->fleet, SECOND);
}

static void announce(struct play *p)
{
	struct tn_announcement a = { .address = { old_ip, (uint32_t)strlen(old_ip) },
				     .public_key = p->wallet.key };
	char reward[TN_ADDRESS_TEXT];

	tn_address_of_key(p->sha, '0', &p->wallet.key, reward);
	a.reward_address = (struct tn_str){ reward, (uint32_t)strlen(reward) };
	say(p, "MasternodeAnnouncement", &tn_wire_announcement, &a);
}

static struct mn_state *state(struct fleet_node *n)
{
	return mn_state(&life_find(node_plug(n->node), "masternodes")->ctx);
}

static int64_t wall(struct play *p)
{
	return tn_wall_s(&life_find(node_plug(p->us->node), "masternodes")->ctx);
}

static struct tn_heartbeat beat(struct play *p)
{
	struct tn_heartbeat h = { .masternode_address = { old_ip, (uint32_t)strlen(old_ip) },
				  .sequence_number = 1,
				  .timestamp = wall(p) };

	tn_heartbeat_sign(p->sha, &p->key, &h);
	say(p, "HeartbeatBroadcast", &tn_wire_heartbeat, &h);
	return h;
}

static const struct mn_record *record(struct fleet_node *n)
{
	uint32_t ip;

	mn_ip_parse((struct tn_str){ old_ip, (uint32_t)strlen(old_ip) }, &ip);
	return registry_find(state(n)->registry, ip);
}

static const struct beat_entry *newest(struct fleet_node *n)
{
	static const struct beat_entry none = { .ours = true };
	const struct beat_history *h = state(n)->beats->history;
	const struct beat_entry *e;

	for (uint32_t i = 0; (e = beat_history_at(h, i)); i++)
		if (!strcmp(e->address, old_ip))
			return e;
	return &none;
}

/* Callbacks hold a pointer to p->raw: it stays where it is. */
static void begin(struct play *p)
{
	struct tn_addr at = raw_addr(old_ip);

	p->fleet = fleet_create(5);
	p->sha = tn_sha_create();
	make_key(&p->wallet, 1);
	make_key(&p->key, 2);
	raw_listen(&p->raw, world_node(p->fleet->world, "old", &at), old_ip);
	p->us = add(p, our_ip, "\"60.0.0.2\", \"70.0.0.3\"");
	p->third = add(p, third_ip, "");
	/* it would dial the old one too, which holds one session here */
	world_door(p->fleet->world, p->third->env, p->raw.env, WORLD_SILENT);
	fleet_start(p->third);
	fleet_start(p->us);
	accept_us(p);
	announce(p);
}

/* ---- what it says */

static void believed(struct play *p)
{
	uint64_t was = state(p->us)->beats->taken;
	struct tn_heartbeat h;

	ok(record(p->us) && record(p->us)->active && !record(p->us)->heard,
	   "its own word makes it a masternode");
	h = beat(p);
	is_uint(newest(p->us)->time, h.timestamp, "a heartbeat with a key that nobody announced");
	ok(newest(p->us)->by == BEAT_BY_DIRECT && state(p->us)->beats->taken == was + 1,
	   "is taken from itself");
	ok(newest(p->third)->ours, "and not relayed to who cannot judge it");
	fleet_run(p->fleet, 60 * SECOND);
	h = beat(p);
	is_uint(newest(p->us)->time, h.timestamp, "another one with number 1 too");
	ok(memcmp(&record(p->us)->key, &p->wallet.key, 32) == 0,
	   "its key is still the announced one");
}

/* A third node repeats what the old one said, while its session is up, and when it is not. */
static void relayed(struct play *p)
{
	struct mn_state *st = state(p->us);
	struct tn_heartbeat h = { .masternode_address = { old_ip, (uint32_t)strlen(old_ip) },
				  .sequence_number = 1 };
	struct beat_scene s = { .beat = &h,
				.ip = record(p->us)->ip,
				.key = &record(p->us)->key,
				.from_ip = 1,
				.interval_us = 60 * SECOND };
	enum beat_by by;

	fleet_run(p->fleet, 60 * SECOND);
	h.timestamp = s.now_s = wall(p);
	s.now_us = world_now(p->fleet->world);
	h.masternode_pubkey = p->key.key;
	s.m = beat_find(&st->beats->memory, s.ip);
	ok(beat_judge(&s, &by) == BEAT_GOOD && by == BEAT_BY_PIN, "its key is pinned");
	p->raw.env->ops->close(p->raw.conn, false);
	p->raw.conn = NULL;
	p->raw.up = false;
	fleet_run(p->fleet, 2 * SECOND);
	is_uint(beat_judge(&s, &by), BEAT_KEY, "until its session ends");
}

static void restarted(struct play *p)
{
	struct tn_heartbeat h;

	make_key(&p->key, 3);
	accept_us(p);
	fleet_run(p->fleet, 60 * SECOND);
	h = beat(p);
	is_uint(newest(p->us)->time, h.timestamp, "after its restart another key is believed");
}

static void forged(struct play *p)
{
	int64_t was = newest(p->us)->time;
	struct tn_heartbeat h = { .masternode_address = { third_ip, 8 },
				  .sequence_number = 9,
				  .timestamp = wall(p) };

	fleet_run(p->fleet, 60 * SECOND);
	h.timestamp = wall(p);
	tn_heartbeat_sign(p->sha, &p->key, &h);
	say(p, "HeartbeatBroadcast", &tn_wire_heartbeat, &h);
	is_uint(state(p->us)->beats->refused[BEAT_KEY], 1, "of others it says nothing that counts");
	h.masternode_address = (struct tn_str){ old_ip, (uint32_t)strlen(old_ip) };
	say(p, "HeartbeatBroadcast", &tn_wire_heartbeat, &h); /* signed for another address */
	ok(newest(p->us)->time == was && state(p->us)->beats->refused[BEAT_SIGNATURE] == 1,
	   "nor does a signature that does not fit");
	is_uint(fleet_up(p->us), 2, "but that costs an old node nothing");
}

/* ---- what it is told */

struct told {
	unsigned lines, beats, attestations, announcements, other;
};

static void count(char *got, struct told *t)
{
	char *rest = NULL;

	for (char *line = strtok_r(got, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		t->lines++;
		if (!strncmp(line, "{\"HeartbeatBroadcast\":", 22))
			t->beats++;
		else if (!strncmp(line, "{\"HeartbeatAttestation\":", 24))
			t->attestations++;
		else if (!strncmp(line, "{\"MasternodeAnnouncement\":", 26))
			t->announcements++;
		else if (strcmp(line, "\"GetMasternodes\"") != 0)
			diag("%u: %s", ++t->other, line);
	}
}

static void told(struct play *p)
{
	struct told t = { 0 };

	for (int i = 0; i < 10; i++) {
		p->raw.n = 0;
		beat(p);
		fleet_run(p->fleet, 59 * SECOND);
		count(p->raw.got, &t);
	}
	ok(t.beats >= 18 && t.beats <= 22, "in ten minutes %u heartbeats, ours and the third one's",
	   t.beats);
	ok(t.attestations >= 9 && t.attestations <= 40,
	   "%u attestations, of its own heartbeats and others", t.attestations);
	ok(t.announcements >= 9 && t.announcements <= 11, "%u announcements", t.announcements);
	is_uint(t.other, 0, "and nothing else but questions, of %u lines", t.lines);
}

int main(void)
{
	static struct play p;

	begin(&p);
	believed(&p);
	relayed(&p);
	restarted(&p);
	forged(&p);
	told(&p);
	is_uint(fleet_missing(p.us) + fleet_missing(p.third), 0, "every message has a fate");
	raw_end(&p.raw);
	fleet_free(p.fleet);
	tn_sha_free(p.sha);
	return done_testing();
}
