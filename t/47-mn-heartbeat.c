/* SPDX-License-Identifier: MIT
 * t/47-mn-heartbeat.c - a heartbeat is believed only from who can make it, once, and in time
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/heartbeat.h"

#define NOW INT64_C(1766102400)
#define SECOND UINT64_C(1000000)
#define MINUTE (60 * SECOND)

static const uint32_t IP = 0xcb007107, OTHER = 0xc6336409; /* 203.0.113.7, 198.51.100.9 */

static struct tn_secret key_a, key_b;

static struct tn_heartbeat make(uint64_t sequence, int64_t time, const struct tn_secret *key)
{
	return (struct tn_heartbeat){ .masternode_address = { "203.0.113.7", 11 },
				      .sequence_number = sequence,
				      .timestamp = time,
				      .masternode_pubkey = key->key };
}

/* A scene in which the heartbeat is good. */
static struct beat_scene scene(const struct tn_heartbeat *h, const struct beat_memory *m)
{
	return (struct beat_scene){ .beat = h,
				    .ip = IP,
				    .own_ip = OTHER,
				    .key = &key_a.key,
				    .m = m,
				    .from_ip = OTHER,
				    .now_s = NOW,
				    .now_us = 1000 * MINUTE,
				    .interval_us = MINUTE };
}

static enum beat_fate judge(const struct beat_scene *s)
{
	enum beat_by by;

	return beat_judge(s, &by);
}

/* ---- masternode.md 12 of the recorded facts: the bytes that are signed */

static void hex(const char *text, uint8_t *out)
{
	for (size_t i = 0; text[2 * i]; i++) {
		char two[3] = { text[2 * i], text[2 * i + 1], 0 };

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

static void vectors(struct tn_sha *sha)
{
	struct tn_heartbeat h = make(1, NOW, &key_a);
	struct tn_attestation t = { .witness_address = { "198.51.100.9", 12 },
				    .witness_timestamp = NOW + 1 };
	struct tn_hash digest, want;
	uint8_t sig[64];

	tn_heartbeat_sign(sha, &key_a, &h);
	hex("e51e402a28f649ff9b6333183476b48a748d9dcbe540fcf4102f49ba73de5f35", want.b);
	tn_signed_heartbeat(sha, &h, &digest);
	is_mem(digest.b, want.b, 32, "digest of the heartbeat");
	hex("e2d7a93b9809ca8c074e03ef101a6a5209de10276056b4cd65edb1a6c1d8d85e"
	    "72436cdb0f3f85cbf190653ce0a01222a7658044f34a09c431a3bd408b1ccb02",
	    sig);
	is_mem(h.signature.b, sig, 64, "its signature");
	tn_heartbeat_hash(sha, &h, &t.heartbeat_hash);
	hex("be7975211df80a7a06b091829a14354084c70f76b31d39efbb48c25449a70f30", want.b);
	is_mem(t.heartbeat_hash.b, want.b, 32, "its hash");
	tn_attestation_sign(sha, &key_b, &t);
	hex("27f0d9a303105942ae676704ff9355a2dae38efa50d73ad5c65415d296b15af8"
	    "dc6fb02ffffc405baed50c8f7175ba99589d633080591a3fcbf04770f8a6c709",
	    sig);
	is_mem(t.signature.b, sig, 64, "signature of an attestation of it");
}

/* ---- every refusal alone, in an otherwise good scene */

static void refusals(void)
{
	struct tn_heartbeat h = make(2, NOW, &key_a);
	struct beat_scene s = scene(&h, NULL);
	enum beat_by by = BEAT_BY_PIN;

	ok(beat_judge(&s, &by) == BEAT_GOOD && by == BEAT_BY_KEY, "the registered key, relayed");
	s.ip = 0;
	is_uint(judge(&s), BEAT_ADDRESS, "no IPv4 address");
	s = scene(&h, NULL);
	s.own_ip = IP;
	is_uint(judge(&s), BEAT_OURS, "our own name");
	s = scene(&h, NULL);
	s.key = NULL;
	is_uint(judge(&s), BEAT_UNKNOWN, "not registered");
	s = scene(&h, NULL);
	s.key = &key_b.key;
	is_uint(judge(&s), BEAT_KEY, "another key than the registered one");
	s.from_ip = IP;
	is_uint(judge(&s), BEAT_KEY, "even from there, when that is a new node");
	s.legacy = true;
	is_uint(judge(&s), BEAT_GOOD, "an old node may, from there");
	s.from_ip = OTHER;
	is_uint(judge(&s), BEAT_KEY, "but not from elsewhere");
}

static void ages(void)
{
	static const struct {
		int64_t time;
		enum beat_fate want;
	} t[] = { { NOW - 180, BEAT_GOOD }, { NOW - 181, BEAT_OLD },
		  { NOW + 180, BEAT_GOOD }, { NOW + 181, BEAT_FUTURE },
		  { INT64_MIN, BEAT_OLD },  { INT64_MAX, BEAT_FUTURE },
		  { 0, BEAT_OLD },          { -NOW, BEAT_OLD } };

	for (unsigned i = 0; i < sizeof t / sizeof *t; i++) {
		struct tn_heartbeat h = make(2, t[i].time, &key_a);
		struct beat_scene s = scene(&h, NULL);

		is_uint(judge(&s), t[i].want, "made at %lld", (long long)t[i].time);
	}
	for (int i = 0; i < 2; i++) { /* a clock that is nonsense is no reason to misbehave */
		struct tn_heartbeat h = make(2, i ? INT64_MIN : INT64_MAX, &key_a);
		struct beat_scene s = scene(&h, NULL);

		s.now_s = i ? INT64_MAX : INT64_MIN;
		is_uint(judge(&s), i ? BEAT_OLD : BEAT_FUTURE, "with a clock at the other end");
	}
}

static void take(struct beat_memory *m, const struct tn_heartbeat *h, int64_t now_s)
{
	struct beat_scene s = scene(h, m);
	enum beat_by by;

	s.now_s = now_s;
	s.now_us = 1000 * MINUTE + (uint64_t)(now_s - NOW) * SECOND;
	if (beat_judge(&s, &by))
		bail_out("not a good heartbeat");
	beat_take(m, &s, by, 0);
}

static void replays(void)
{
	struct beat_memory m = { .ip = IP };
	struct tn_heartbeat h = make(100, NOW, &key_a);
	struct beat_scene s = scene(&h, &m);

	take(&m, &h, NOW);
	s.now_us += MINUTE;
	is_uint(judge(&s), BEAT_REPLAYED, "the same one again");
	h.timestamp--;
	h.sequence_number++;
	is_uint(judge(&s), BEAT_REPLAYED, "an older one, whatever its number");
	h.timestamp = NOW + 1;
	h.sequence_number = 100;
	is_uint(judge(&s), BEAT_SEQUENCE, "a newer one with the same number");
	h.sequence_number = 99;
	is_uint(judge(&s), BEAT_SEQUENCE, "or a lower one");
	h.sequence_number = 101;
	is_uint(judge(&s), BEAT_GOOD, "newer and higher");
	take(&m, &h, NOW + 1);
	is_uint(m.sequence, 101, "the number is remembered");
	h = make(0, NOW, &key_a);
	m = (struct beat_memory){ .ip = IP };
	take(&m, &h, NOW);
	h.timestamp++;
	is_uint(judge(&s), BEAT_SEQUENCE, "0 after 0");
}

/* Within a minute a few, then one each half minute: nobody makes others carry a flood. */
static void often(void)
{
	struct beat_memory m = { .ip = IP };
	unsigned taken = 0, later = 0;

	for (int64_t i = 0; i < 150; i++) {
		struct tn_heartbeat h = make((uint64_t)(NOW + i), NOW + i, &key_a);
		struct beat_scene s = scene(&h, &m);

		if (judge(&s) == BEAT_GOOD) {
			take(&m, &h, NOW);
			taken++;
		} else {
			later += judge(&s) == BEAT_OFTEN;
		}
	}
	is_uint(taken, BEAT_BURST, "of 150 at once so many are taken");
	is_uint(later, 150 - BEAT_BURST, "the others came too often");
	for (int64_t i = 0; i < 600; i++) {
		struct tn_heartbeat h = make((uint64_t)(NOW + 150 + i), NOW + 150 + i, &key_a);
		struct beat_scene s = scene(&h, &m);

		s.now_s += 150 + i;
		s.now_us += (uint64_t)(150 + i) * SECOND;
		if (judge(&s) == BEAT_GOOD) {
			take(&m, &h, NOW + 150 + i);
			taken++;
		}
	}
	ok(taken <= 2 * BEAT_BURST + 20 && taken >= 20 + BEAT_BURST, "and %u in ten minutes",
	   taken);
}

/* ---- old nodes */

static void pins(void)
{
	struct beat_memory m = { .ip = IP };
	struct tn_heartbeat h = make(1, NOW, &key_b);
	struct beat_scene s = scene(&h, &m);
	enum beat_by by;

	is_uint(judge(&s), BEAT_KEY, "an old node's random key, relayed: nobody knows it");
	s.legacy = true;
	s.from_ip = IP;
	ok(beat_judge(&s, &by) == BEAT_GOOD && by == BEAT_BY_DIRECT, "from itself it is believed");
	beat_take(&m, &s, by, 77);
	is_uint(judge(&s), BEAT_REPLAYED, "once");
	h.timestamp++;
	is_uint(judge(&s), BEAT_GOOD, "its number is 1 for ever");
	s.legacy = false;
	s.from_ip = OTHER;
	ok(beat_judge(&s, &by) == BEAT_GOOD && by == BEAT_BY_PIN, "then also relayed");
	beat_unpin(&m, 76);
	is_uint(judge(&s), BEAT_GOOD, "as long as its session is up");
	beat_unpin(&m, 77);
	is_uint(judge(&s), BEAT_KEY, "and no longer");
}

/* Whoever shares the address of a masternode can speak the old protocol from there. */
static void neighbour(void)
{
	struct beat_memory m = { .ip = IP };
	struct tn_heartbeat lie = make(UINT64_MAX, NOW + 180, &key_b), h = make(7, NOW, &key_a);
	struct beat_scene s = scene(&lie, &m);
	enum beat_by by;

	s.legacy = true;
	s.from_ip = IP;
	for (unsigned i = 0; i < 8; i++, lie.timestamp++, s.now_s++)
		if (!beat_judge(&s, &by))
			beat_take(&m, &s, by, 1);
	s = scene(&h, &m);
	is_uint(judge(&s), BEAT_GOOD,
		"a lie from the same address does not silence the key's owner");
	is_uint(m.sequence, 0, "nor does it count as a number");
	s = scene(&lie, NULL);
	s.legacy = true;
	s.from_ip = IP;
	s.signs = true;
	s.now_s = lie.timestamp;
	is_uint(judge(&s), BEAT_KEY, "where the owner signs what it says nobody speaks for it");
}

/* The address had another key for a while, whose owner wished its next one ill. */
static void owners(void)
{
	struct beat_memory m = { .ip = IP };
	struct tn_heartbeat last = make(UINT64_MAX, NOW + 150, &key_b), h = make(7, NOW, &key_a);
	struct beat_scene s = scene(&last, &m);
	enum beat_by by;

	s.key = &key_b.key;
	ok(beat_judge(&s, &by) == BEAT_GOOD && by == BEAT_BY_KEY, "the highest number there is");
	beat_take(&m, &s, by, 0);
	s = scene(&h, &m);
	ok(beat_judge(&s, &by) == BEAT_GOOD, "another key begins anew");
	beat_take(&m, &s, by, 0);
	is_uint(m.sequence, 7, "with its own numbers");
	is_uint(judge(&s), BEAT_REPLAYED, "each of them once");
}

/* From ten minutes to one, by a reload. */
static void shorter(void)
{
	struct beat_memory m = { .ip = IP };
	unsigned taken = 0;

	for (unsigned i = 0; i < BEAT_BURST + 8; i++) {
		struct tn_heartbeat h = make((uint64_t)NOW + i, NOW + i, &key_a);
		struct beat_scene s = scene(&h, &m);
		enum beat_by by;

		s.interval_us = i < BEAT_BURST ? 10 * MINUTE : MINUTE;
		if (beat_judge(&s, &by))
			continue;
		beat_take(&m, &s, by, 0);
		taken++;
	}
	is_uint(taken, 2 * BEAT_BURST, "the budget of a longer interval does not silence anybody");
}

/* ---- the table */

static void table(void)
{
	struct beat_table t;
	struct beat_memory *m;
	bool sorted = true;

	if (beat_table_create(&t, 100))
		bail_out("no memory");
	for (uint32_t i = 0; i < 1000; i++) {
		m = beat_get(&t, i * 2654435761u);
		m->keyed.time = i;
	}
	is_uint(t.n, 100, "the table is bounded");
	for (uint32_t i = 1; i < t.n; i++)
		sorted = sorted && t.v[i - 1].ip < t.v[i].ip;
	ok(sorted, "and sorted");
	for (uint32_t i = 900; i < 1000; i++)
		sorted = sorted && beat_find(&t, i * 2654435761u);
	ok(sorted && !beat_find(&t, 899 * 2654435761u), "the most recent are there");
	ok(beat_get(&t, 950 * 2654435761u)->keyed.time == 950, "found, not made anew");
	beat_table_free(&t);
}

/* ---- ours */

/* What we send, judged by who hears all of it and has a right clock. */
static unsigned heard(const int64_t *clock, unsigned n, int64_t step)
{
	struct beat_own own = { 0, 0 };
	struct beat_memory m = { .ip = IP };
	unsigned good = 0;
	bool grows = true;

	for (unsigned i = 0; i < n; i++) {
		struct beat_own next = beat_next(&own, clock[i]);
		struct tn_heartbeat h = make(next.sequence, next.time, &key_a);
		struct beat_scene s = scene(&h, &m);
		enum beat_by by;

		s.now_s = NOW + i * step;
		s.now_us += i * (uint64_t)step * SECOND;
		grows = grows && next.sequence > own.sequence;
		own = next;
		if (!beat_judge(&s, &by)) {
			beat_take(&m, &s, by, 0);
			good++;
		}
	}
	ok(grows, "numbers grow whatever the clock does");
	return good;
}

static void own(void)
{
	int64_t right[10], back[10], far[10], zero[2] = { 0, -5 };

	for (int i = 0; i < 10; i++) {
		right[i] = NOW + i * 60;
		back[i] = NOW + i * 60 - (i > 3 ? 100 : 0);  /* set right by 100 s */
		far[i] = NOW + i * 60 + (i < 3 ? 86400 : 0); /* a day ahead, then right */
	}
	is_uint(heard(right, 10, 60), 10, "ten heartbeats, all heard");
	is_uint(heard(back, 10, 60), 10, "all, though the clock went back by 100 s");
	is_uint(heard(far, 10, 60), 7, "those of a clock that was set right after a day ahead");
	heard(zero, 2, 60);
	ok(beat_next(&(struct beat_own){ NOW + 5, NOW - 100 }, NOW).sequence == NOW + 6,
	   "a stored number is never used again");
}

/* ---- history */

static void history(void)
{
	struct beat_history *h = beat_history_create(10);
	struct beat_entry e = { .ip = IP };
	bool good = true;

	ok(!beat_history_at(h, 0) && !beat_history_find(h, &e.hash), "nothing yet");
	for (uint8_t i = 0; i < 25; i++) {
		e.sequence = i;
		e.hash.b[0] = i;
		good = good && beat_history_add(h, &e)->sequence == i;
	}
	is_uint(beat_history_count(h), 10, "the last ten");
	for (uint32_t i = 0; i < 10; i++)
		good = good && beat_history_at(h, i)->sequence == 24 - i;
	ok(good, "newest first");
	ok(!beat_history_at(h, 10), "and no more");
	e.hash.b[0] = 15;
	ok(beat_history_find(h, &e.hash) && beat_history_find(h, &e.hash)->sequence == 15,
	   "found by hash");
	e.hash.b[0] = 14;
	ok(!beat_history_find(h, &e.hash), "older ones are gone");
	beat_history_free(h);
}

int main(void)
{
	struct tn_sha *sha = tn_sha_create();
	uint8_t seed[32];

	for (int i = 0; i < 32; i++)
		seed[i] = (uint8_t)i;
	tn_secret_from_seed(&key_a, seed);
	memset(seed, 7, sizeof seed);
	tn_secret_from_seed(&key_b, seed);
	vectors(sha);
	refusals();
	ages();
	replays();
	often();
	pins();
	neighbour();
	owners();
	shorter();
	table();
	own();
	history();
	tn_sha_free(sha);
	return done_testing();
}
