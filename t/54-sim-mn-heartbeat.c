/* SPDX-License-Identifier: MIT
 * t/54-sim-mn-heartbeat.c - heartbeats and attestations at a node with the plugin: each that
 * does not count is refused with its reason and changes nothing
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "masternodes/beats.h"
#include "sim/pluglab.h"

#define BEAT "HeartbeatBroadcast"
#define ATTEST "HeartbeatAttestation"
#define MASTERNODES 8

static const struct plug_builtin builtins[] = { { "masternodes", &tn_plugin_desc_masternodes } };

/* a speaks to b; b is a masternode itself and knows some others, which nobody plays. */
struct scene {
	struct plugpair p;
	struct tn_sha *sha;
	struct tn_secret key[MASTERNODES];
	char text[MASTERNODES][16];
	char line[4096];
};

static struct mn_state *state(struct scene *s)
{
	return pluglab_ctx(s->p.b, "masternodes")->state;
}

static struct mn_time now(struct scene *s)
{
	return mn_now(pluglab_ctx(s->p.b, "masternodes"));
}

static int64_t wall(struct scene *s)
{
	return now(s).wall_s;
}

static const struct mn_record *record(struct scene *s, unsigned i)
{
	uint32_t ip;

	if (mn_ip_parse((struct tn_str){ s->text[i], (uint32_t)strlen(s->text[i]) }, &ip))
		return NULL;
	return registry_find(state(s)->registry, ip);
}

/* As if it had announced itself and been silent since. */
static void enroll(struct scene *s, unsigned i)
{
	struct mn_claim claim = { .key = s->key[i].key };

	mn_ip_parse((struct tn_str){ s->text[i], (uint32_t)strlen(s->text[i]) }, &claim.ip);
	if (registry_claim(state(s)->registry, &claim, true, now(s), NULL) != MN_NEW)
		bail_out("cannot register %s", s->text[i]);
	registry_silent(state(s)->registry, claim.ip, now(s));
}

static bool apart(void *arg)
{
	struct plugpair *p = arg;

	return !pluglab_session(p->a) || !pluglab_session(p->b);
}

static struct plugpair meet(void)
{
	struct plugpair p = { .world = world_create(1) };

	p.b = pluglab_create(p.world, "b", "60.0.0.2",
			     "network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; };"
			     "plugins: { masternodes: { masternode = true; }; };",
			     builtins, 1);
	p.a = pluglab_create(p.world, "a", "50.0.0.1",
			     "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ];"
			     " connect = [ \"60.0.0.2\" ]; }; plugins: { masternodes: { }; };",
			     builtins, 1);
	if (world_run_while(p.world, apart, &p, world_now(p.world) + 10000000))
		return p;
	bail_out("the two nodes did not meet");
}

static struct scene begin(void)
{
	struct scene s = { .sha = tn_sha_create(), .p = meet() };
	uint8_t seed[32];

	for (unsigned i = 0; i < MASTERNODES; i++) {
		memset(seed, (int)i + 1, sizeof seed);
		tn_secret_from_seed(&s.key[i], seed);
		snprintf(s.text[i], sizeof s.text[i], "80.0.%u.1", i & 255);
		if (i < MASTERNODES - 1) /* the last one is not registered */
			enroll(&s, i);
	}
	plugpair_run(&s.p, 5200);
	return s;
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->p.a) + pluglab_off(s->p.b), 0, "every message has a fate");
	ok(!world_impure(s->p.world), "jobs are pure: %s", world_impure_text(s->p.world));
	plugpair_free(&s->p);
	tn_sha_free(s->sha);
}

/* ---- what is said */

static struct tn_heartbeat beat(struct scene *s, unsigned i)
{
	struct tn_heartbeat h = { .masternode_address = { s->text[i],
							  (uint32_t)strlen(s->text[i]) },
				  .sequence_number = (uint64_t)wall(s),
				  .timestamp = wall(s) };

	tn_heartbeat_sign(s->sha, &s->key[i], &h);
	return h;
}

/* How often the plugin gave that reason. */
static uint64_t refusals(struct scene *s, const char *name, const char *reason)
{
	char full[64];

	snprintf(full, sizeof full, "masternodes.%s", reason);
	return pluglab_refused(s->p.b, name, ACCOUNT_IN, full) +
	       pluglab_refused(s->p.b, name, ACCOUNT_IN, reason);
}

static size_t write_line(struct scene *s, const char *name, const struct tn_schema *schema,
			 const void *body)
{
	size_t n = tn_line_write(name, schema, body, s->line, sizeof s->line) - 1;

	s->line[n] = '\0';
	return n;
}

static void say(struct scene *s, const char *name, const struct tn_schema *schema, const void *body)
{
	write_line(s, name, schema, body);
	pluglab_say(s->p.a, name, s->line);
	plugpair_run(&s->p, 500);
}

static void say_beat(struct scene *s, const struct tn_heartbeat *h)
{
	say(s, BEAT, &tn_wire_heartbeat, h);
}

static unsigned active(struct scene *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MASTERNODES - 1; i++)
		n += record(s, i)->active;
	return n;
}

static void refused(struct scene *s, const struct tn_heartbeat *h, const char *reason,
		    const char *what)
{
	uint64_t was = refusals(s, BEAT, reason), is;
	uint64_t handled = pluglab_count(s->p.b, BEAT, COUNT_HANDLED);
	unsigned alive = active(s);

	say_beat(s, h);
	is = refusals(s, BEAT, reason);
	ok(is == was + 1 && pluglab_count(s->p.b, BEAT, COUNT_HANDLED) == handled &&
		   active(s) == alive,
	   "%s: refused(%s), nothing changed", what, reason);
}

static void taken(struct scene *s, const struct tn_heartbeat *h, const char *what)
{
	uint64_t was = pluglab_count(s->p.b, BEAT, COUNT_HANDLED);

	say_beat(s, h);
	is_uint(pluglab_count(s->p.b, BEAT, COUNT_HANDLED), was + 1, "%s", what);
}

static void resign(struct scene *s, unsigned key, struct tn_heartbeat *h)
{
	tn_heartbeat_sign(s->sha, &s->key[key], h);
}

/* ---- heartbeats */

static void beats(void)
{
	struct scene s = begin();
	struct tn_heartbeat h = beat(&s, 0), bad;

	is_uint(active(&s), 0, "nobody looks alive");
	taken(&s, &h, "a heartbeat signed with the announced key, relayed by somebody else");
	ok(record(&s, 0)->active && active(&s) == 1,
	   "makes its masternode look alive, and no other");
	refused(&s, &h, "duplicate", "the same line again");
	plugpair_run(&s.p, 2000);
	bad = beat(&s, 0);
	bad.signature.b[40] ^= 1;
	refused(&s, &bad, "signature", "a forged signature");
	bad = beat(&s, 1);
	bad.sequence_number++;
	refused(&s, &bad, "signature", "a number changed after signing");
	bad = h;
	bad.timestamp--;
	resign(&s, 0, &bad);
	refused(&s, &bad, "replayed", "an older one");
	bad = beat(&s, 1);
	bad.timestamp = state(&s)->start.wall_s - 1;
	resign(&s, 1, &bad);
	refused(&s, &bad, "old", "made before this node started, which may have heard it");
	bad = beat(&s, 1);
	bad.timestamp -= 181;
	resign(&s, 1, &bad);
	refused(&s, &bad, "old", "made too long ago");
	bad.timestamp = INT64_MIN;
	resign(&s, 1, &bad);
	refused(&s, &bad, "old", "made before all time");
	bad = beat(&s, 1);
	bad.timestamp += 190;
	resign(&s, 1, &bad);
	refused(&s, &bad, "future", "made too far ahead");
	bad = beat(&s, 1);
	resign(&s, 2, &bad);
	refused(&s, &bad, "key", "signed by another masternode");
	bad = beat(&s, 7);
	refused(&s, &bad, "unmet", "of an address that is not registered");
	bad = beat(&s, 1);
	bad.masternode_address = (struct tn_str){ "60.0.0.2", 8 };
	resign(&s, 1, &bad);
	refused(&s, &bad, "ours", "in the name of the node itself");
	bad.masternode_address = (struct tn_str){ "80.0.1.1:24100", 14 };
	resign(&s, 1, &bad);
	refused(&s, &bad, "address", "an address with a port");
	bad.masternode_address = (struct tn_str){ "080.0.1.1", 9 };
	resign(&s, 1, &bad);
	refused(&s, &bad, "address", "an address written otherwise");
	bad = beat(&s, 0);
	bad.sequence_number = h.sequence_number;
	resign(&s, 0, &bad);
	refused(&s, &bad, "sequence", "with a number that does not grow");
	is_uint(active(&s), 1, "still one looks alive");
	end(&s);
}

static uint64_t malformed(struct scene *s)
{
	const struct session *b = pluglab_session(s->p.b);
	uint64_t n = 0;

	for (unsigned i = 0; b && i < b->account.rows; i++)
		n += b->account.row[i].malformed;
	return n;
}

static void truncated(void)
{
	struct scene s = begin();
	struct tn_heartbeat h = beat(&s, 0);
	size_t n = write_line(&s, BEAT, &tn_wire_heartbeat, &h);
	size_t at[] = { 30, 60, n / 2, n - 3, n - 1 };
	char cut[4096];

	for (unsigned i = 0; i < 5; i++) {
		snprintf(cut, at[i] + 1, "%s", s.line);
		pluglab_say(s.p.a, BEAT, cut);
		plugpair_run(&s.p, 500);
		is_uint(malformed(&s), i + 1, "cut at %zu of %zu", at[i], n);
	}
	is_uint(pluglab_count(s.p.b, BEAT, COUNT_HANDLED), 0, "none of them is taken");
	is_uint(active(&s), 0, "nor makes anybody look alive");
	end(&s);
}

static void flood(void)
{
	struct scene s = begin();
	struct tn_heartbeat h;
	uint64_t was;

	taken(&s, (h = beat(&s, 1), &h), "one masternode");
	for (int64_t i = 0; i < 150; i++) {
		h = beat(&s, 0);
		h.timestamp += i;
		h.sequence_number += (uint64_t)i;
		resign(&s, 0, &h);
		write_line(&s, BEAT, &tn_wire_heartbeat, &h);
		pluglab_say(s.p.a, BEAT, s.line);
		plugpair_run(&s.p, 20);
	}
	was = pluglab_count(s.p.b, BEAT, COUNT_HANDLED);
	ok(was <= 1 + BEAT_BURST + 1, "of 150 of another in 3 s %u are taken", (unsigned)was - 1);
	ok(refusals(&s, BEAT, "often") >= 100, "the others came too often");
	plugpair_run(&s.p, 30000);
	taken(&s, (h = beat(&s, 1), &h), "the first one is heard all the same");
	end(&s);
}

/* ---- attestations: who is chosen is found as the document says */

static void list_of(struct scene *s, struct tn_str *list, uint32_t *n)
{
	*n = 0;
	for (unsigned i = 0; i < MASTERNODES - 1; i++)
		if (record(s, i)->active)
			list[(*n)++] = (struct tn_str){ s->text[i], (uint32_t)strlen(s->text[i]) };
	list[(*n)++] = (struct tn_str){ "60.0.0.2", 8 };
	tn_texts_sort(list, *n);
}

static void enliven(struct scene *s)
{
	struct tn_heartbeat h;

	for (unsigned i = 0; i < MASTERNODES - 1; i++) {
		h = beat(s, i);
		say_beat(s, &h);
	}
	plugpair_run(&s->p, 30000);
	is_uint(active(s), MASTERNODES - 1, "seven masternodes look alive");
}

static struct tn_attestation attest(struct scene *s, const struct tn_heartbeat *h, unsigned i)
{
	struct tn_attestation t = { .witness_address = { s->text[i], (uint32_t)strlen(s->text[i]) },
				    .witness_timestamp = wall(s) };

	tn_heartbeat_hash(s->sha, h, &t.heartbeat_hash);
	tn_attestation_sign(s->sha, &s->key[i], &t);
	return t;
}

static void not_counted(struct scene *s, const struct tn_attestation *t, const char *reason,
			const char *what)
{
	uint64_t was = refusals(s, ATTEST, reason);
	uint64_t counted = state(s)->beats->counted;

	say(s, ATTEST, &tn_wire_attestation, t);
	ok(refusals(s, ATTEST, reason) == was + 1 && state(s)->beats->counted == counted,
	   "%s: refused(%s), not counted", what, reason);
}

static const struct beat_entry *entry(struct scene *s, const struct tn_heartbeat *h)
{
	struct tn_hash hash;

	tn_heartbeat_hash(s->sha, h, &hash);
	return beat_history_find(state(s)->beats->history, &hash);
}

static void attestations(void)
{
	struct scene s = begin();
	struct tn_heartbeat h;
	struct tn_attestation t, bad;
	struct tn_str list[MASTERNODES + 1];
	uint32_t n, out[WITNESSES];

	enliven(&s);
	h = beat(&s, 0);
	taken(&s, &h, "a heartbeat");
	list_of(&s, list, &n);
	is_int(witness_choose(s.sha, &entry(&s, &h)->hash, list, n, h.masternode_address, out),
	       WITNESSES, "of eight masternodes all seven others are its witnesses");
	is_uint(entry(&s, &h)->witnesses, 1, "the node itself is one and has attested it");
	is_uint(pluglab_count(s.p.b, ATTEST, COUNT_OFFERED), 0, "a is no masternode: not told");
	t = attest(&s, &h, 1);
	bad = t;
	bad.signature.b[0] ^= 1;
	not_counted(&s, &bad, "signature", "a forged one");
	bad = attest(&s, &h, 0);
	not_counted(&s, &bad, "twice", "by the heartbeat's own key");
	bad = attest(&s, &h, 7);
	not_counted(&s, &bad, "unmet", "by nobody that is registered");
	bad = t;
	bad.witness_pubkey = s.key[2].key;
	not_counted(&s, &bad, "key", "with another's key");
	bad = t;
	bad.witness_timestamp -= 200;
	tn_attestation_sign(s.sha, &s.key[1], &bad);
	not_counted(&s, &bad, "old", "made too long ago");
	ok(!entry(&s, &h)->verified, "one witness is not enough");
	say(&s, ATTEST, &tn_wire_attestation, &t);
	ok(!entry(&s, &h)->verified, "nor are two");
	bad = attest(&s, &h, 1);
	bad.witness_timestamp++;
	tn_attestation_sign(s.sha, &s.key[1], &bad);
	not_counted(&s, &bad, "twice", "the same witness again");
	t = attest(&s, &h, 2);
	say(&s, ATTEST, &tn_wire_attestation, &t);
	ok(entry(&s, &h)->verified && entry(&s, &h)->witnesses == 3, "three are");
	is_uint(state(&s)->beats->verified, 1, "a verified heartbeat");
	t = attest(&s, &h, 3);
	say(&s, ATTEST, &tn_wire_attestation, &t);
	is_uint(state(&s)->beats->verified, 1, "which is counted once");
	end(&s);
}

static void early(void)
{
	struct scene s = begin();
	struct tn_heartbeat h;
	struct tn_attestation t;

	enliven(&s);
	h = beat(&s, 0);
	for (unsigned i = 1; i < 4; i++) {
		t = attest(&s, &h, i);
		t.signature.b[9] ^= i == 3; /* the last one is forged */
		say(&s, ATTEST, &tn_wire_attestation, &t);
	}
	is_uint(state(&s)->beats->waited, 3, "three attestations before their heartbeat wait");
	taken(&s, &h, "the heartbeat comes");
	is_uint(entry(&s, &h)->witnesses, 3, "two of them count, and our own");
	ok(entry(&s, &h)->verified, "so it is verified");
	for (unsigned i = 0; i < 100; i++) {
		t.heartbeat_hash.b[0]++;
		write_line(&s, ATTEST, &tn_wire_attestation, &t);
		pluglab_say(s.p.a, ATTEST, s.line);
		plugpair_run(&s.p, 20);
	}
	plugpair_run(&s.p, 500);
	is_uint(refusals(&s, ATTEST, "early"), 100 - WITNESS_EARLY_EACH,
		"of a flood of them only a share waits");
	end(&s);
}

/* ---- ours */

static void own(void)
{
	struct scene s = begin();
	struct mn_beats *b = state(&s)->beats;
	const struct beat_entry *e;
	bool grows = true;
	uint64_t last = UINT64_MAX;

	plugpair_run(&s.p, 600000);
	is_uint(b->sent, 10, "a heartbeat each minute");
	is_uint(pluglab_count(s.p.b, BEAT, COUNT_SENT), 10, "to everybody");
	for (uint32_t i = 0; (e = beat_history_at(b->history, i)); i++) {
		grows = grows && e->ours && e->sequence < last;
		last = e->sequence;
	}
	ok(grows, "their numbers grow");
	world_wall_offset(s.p.b->lab->env, -3600 * INT64_C(1000000));
	plugpair_run(&s.p, 600000);
	last = UINT64_MAX;
	for (uint32_t i = 0; (e = beat_history_at(b->history, i)); i++) {
		grows = grows && e->sequence < last;
		last = e->sequence;
	}
	ok(grows && beat_history_count(b->history) >= 19, "also when the clock goes back an hour");
	end(&s);
}

/* A disk that takes longer than an interval: each number is on it before it is sent, and is
 * sent once. */
static void slow_disk(void)
{
	struct plugpair p = { .world = world_create(1) };
	const char *conf =
		"network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; };"
		"plugins: { masternodes: { masternode = true; heartbeat_every = \"1s\"; }; };";
	uint64_t last = UINT64_MAX;
	const struct beat_entry *e;
	struct mn_beats *b;
	bool once = true;

	p.b = pluglab_create(p.world, "b", "60.0.0.2", conf, builtins, 1);
	b = ((struct mn_state *)pluglab_ctx(p.b, "masternodes")->state)->beats;
	world_slow_disk(p.b->lab->env, 1500000);
	plugpair_run(&p, 60000);
	ok(b->sent > 10, "heartbeats go on: %u in a minute", (unsigned)b->sent);
	for (uint32_t i = 0; (e = beat_history_at(b->history, i)); i++) {
		once = once && e->sequence < last;
		last = e->sequence;
	}
	ok(once, "none has the number of another");
	plugpair_free(&p);
}

int main(void)
{
	beats();
	truncated();
	flood();
	attestations();
	early();
	own();
	slow_disk();
	return done_testing();
}
