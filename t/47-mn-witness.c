/* SPDX-License-Identifier: MIT
 * t/47-mn-witness.c - witnesses are chosen by hash, known and counted once
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/witness.h"

#define NOW INT64_C(1766102400)
#define MOST 300

static struct tn_str list[MOST];
static char text[MOST][24];

static void fill(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		snprintf(text[i], sizeof text[i], "10.0.%u.%u", i / 200, i % 200 + 1);
		list[i] = (struct tn_str){ text[i], (uint32_t)strlen(text[i]) };
	}
	tn_texts_sort(list, n);
}

static struct tn_hash beat_of(uint8_t i)
{
	struct tn_hash h = { { i } };

	return h;
}

/* ---- choosing */

static bool holds(const uint32_t *v, int n, uint32_t x)
{
	for (int i = 0; i < n; i++)
		if (v[i] == x)
			return true;
	return false;
}

/* The same seven, found the slow way. */
static bool is_lowest(struct tn_sha *sha, const struct tn_hash *beat, uint32_t n, uint32_t subject,
		      const uint32_t *out, int got)
{
	struct tn_hash rank[MOST];
	uint8_t in[64];
	int below;

	for (uint32_t i = 0; i < n; i++) {
		memcpy(in, beat->b, 32);
		memcpy(in + 32, list[i].p, list[i].n);
		tn_sha256(sha, in, 32 + list[i].n, &rank[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		below = 0;
		for (uint32_t k = 0; k < n; k++)
			below += k != subject && memcmp(rank[k].b, rank[i].b, 32) < 0;
		if (holds(out, got, i) != (i != subject && below < WITNESSES))
			return false;
		if (i != subject && below < WITNESSES && out[below] != i)
			return false;
	}
	return true;
}

static void choosing(struct tn_sha *sha)
{
	static const uint32_t size[] = { 1, 2, 3, 8, 9, 50, 300 };
	uint32_t out[WITNESSES], times[MOST] = { 0 }, least = UINT32_MAX, most = 0;
	struct tn_hash beat;
	bool good = true;
	int got;

	for (unsigned s = 0; s < sizeof size / sizeof *size; s++) {
		fill(size[s]);
		beat = beat_of((uint8_t)s);
		got = witness_choose(sha, &beat, list, size[s], list[0], out);
		is_int(got, size[s] - 1 < WITNESSES ? (int)size[s] - 1 : WITNESSES,
		       "of %u masternodes", size[s]);
		good = good && is_lowest(sha, &beat, size[s], 0, out, got);
	}
	ok(good, "the lowest hashes, in their order, never the heartbeat's own");
	for (unsigned i = 0; i < 250; i++) {
		beat = beat_of((uint8_t)i);
		got = witness_choose(sha, &beat, list, 50, list[i % 50], out);
		for (int k = 0; k < got; k++)
			times[out[k]]++;
	}
	for (uint32_t i = 0; i < 50; i++) {
		least = times[i] < least ? times[i] : least;
		most = times[i] > most ? times[i] : most;
	}
	ok(least > 15 && most < 60, "everybody's turn comes: %u to %u times of 250", least, most);
}

/* Two lists that differ in one address agree but for one witness. */
static void views(struct tn_sha *sha)
{
	struct tn_str shorter[MOST];
	uint32_t full[WITNESSES], less[WITNESSES], common;
	bool good = true;

	fill(50);
	for (uint8_t b = 0; b < 100; b++) {
		struct tn_hash beat = beat_of(b);
		uint32_t gone = b % 50, n = 0;

		for (uint32_t i = 0; i < 50; i++)
			if (i != gone)
				shorter[n++] = list[i];
		witness_choose(sha, &beat, list, 50, list[(gone + 1) % 50], full);
		witness_choose(sha, &beat, shorter, 49, list[(gone + 1) % 50], less);
		common = 0;
		for (unsigned i = 0; i < WITNESSES; i++)
			for (unsigned k = 0; k < WITNESSES; k++)
				common += list[full[i]].p == shorter[less[k]].p;
		good = good && common >= WITNESSES - 1;
	}
	ok(good, "one more or less in the list changes one witness at most");
}

static unsigned common(const struct tn_str *a, const uint32_t *v, const struct tn_str *b,
		       const uint32_t *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WITNESSES; i++)
		for (unsigned k = 0; k < WITNESSES; k++)
			n += a[v[i]].p == b[w[k]].p;
	return n;
}

/* A draw among very many costs as much as one among some. */
static void crowd(struct tn_sha *sha)
{
	enum { CROWD = 100000, DRAWS = 200 };
	struct tn_str *all = calloc(CROWD, sizeof *all), *less = calloc(CROWD, sizeof *less);
	char(*name)[24] = calloc(CROWD, sizeof *name);
	uint32_t out[WITNESSES], other[WITNESSES], wide = 0, low = CROWD, high = 0;
	unsigned same = 0;

	for (uint32_t i = 0; i < CROWD; i++) {
		snprintf(name[i], sizeof name[i], "10.%u.%u.%u", i / 40000, i / 200 % 200,
			 i % 200 + 1);
		all[i] = (struct tn_str){ name[i], (uint32_t)strlen(name[i]) };
	}
	tn_texts_sort(all, CROWD);
	memcpy(less, all + 1, (CROWD - 1) * sizeof *less); /* the first one is missing */
	for (uint32_t d = 0; d < DRAWS; d++) {
		struct tn_hash beat;

		tn_sha256(sha, &d, sizeof d, &beat);
		witness_choose(sha, &beat, all, CROWD, all[0], out);
		witness_choose(sha, &beat, less, CROWD - 1, all[0], other);
		same += common(all, out, less, other);
		for (unsigned i = 0; i < WITNESSES; i++) {
			uint32_t far = (out[i] + CROWD - out[0]) % CROWD;

			far = far < CROWD - far ? far : CROWD - far;
			wide = far > wide ? far : wide;
			low = out[i] < low ? out[i] : low;
			high = out[i] > high ? out[i] : high;
		}
	}
	ok(wide < WITNESS_WINDOW, "of 100,000 the witnesses are among %u neighbours: %u",
	   WITNESS_WINDOW, wide);
	ok(low < CROWD / 20 && high > CROWD - CROWD / 20, "which are anywhere: %u to %u", low,
	   high);
	ok(same > DRAWS * WITNESSES - 20, "lists that differ in one agree on nearly all: %u of %u",
	   same, DRAWS * WITNESSES);
	free(all);
	free(less);
	free(name);
}

/* ---- judging */

static struct tn_key key(uint8_t i)
{
	return (struct tn_key){ { i } };
}

static void judging(void)
{
	struct tn_key known = key(1);
	struct beat_entry beat = { .address = "10.0.0.9", .key = key(9) };
	struct beat_memory m = { .pinned = false };
	struct tn_attestation t = { .witness_address = { "10.0.0.1", 8 },
				    .witness_pubkey = known,
				    .witness_timestamp = NOW };
	struct witness_scene good = { .attestation = &t,
				      .ip = 1,
				      .own_ip = 2,
				      .beat = &beat,
				      .key = &known,
				      .m = &m,
				      .now_s = NOW };
	struct witness_scene s = good;

	is_uint(witness_judge(&s), WITNESS_GOOD, "a known witness");
	s.ip = 0;
	is_uint(witness_judge(&s), WITNESS_ADDRESS, "no IPv4 address");
	s = good;
	s.own_ip = 1;
	is_uint(witness_judge(&s), WITNESS_OURS, "our own name");
	s = good;
	s.key = NULL;
	is_uint(witness_judge(&s), WITNESS_UNKNOWN, "not registered");
	s = good;
	s.beat = NULL;
	is_uint(witness_judge(&s), WITNESS_EARLY_BEAT, "before its heartbeat");
	s = good;
	t.witness_timestamp = NOW - 181;
	is_uint(witness_judge(&s), WITNESS_OLD, "too old");
	t.witness_timestamp = INT64_MAX;
	is_uint(witness_judge(&s), WITNESS_FUTURE, "too far ahead");
	t.witness_timestamp = NOW;
	t.witness_pubkey = key(3);
	is_uint(witness_judge(&s), WITNESS_KEY, "another key");
	m.pin = key(3);
	is_uint(witness_judge(&s), WITNESS_KEY, "a pinned key that is none any more");
	m.pinned = true;
	is_uint(witness_judge(&s), WITNESS_GOOD, "a pinned key");
	t.witness_pubkey = known;
	witness_count(&beat, &known, NULL);
	is_uint(witness_judge(&s), WITNESS_TWICE, "that key again");
	t.witness_pubkey = known = beat.key;
	is_uint(witness_judge(&s), WITNESS_TWICE, "the heartbeat's own key under another name");
}

static void counting(void)
{
	struct beat_entry beat = { .sequence = 50 };
	struct beat_memory m = { .verified = 0 };
	unsigned verified = 0;

	for (uint8_t i = 1; i <= 9; i++) {
		struct tn_key k = key(i);

		verified += witness_count(&beat, &k, &m);
		if (i == WITNESS_QUORUM - 1)
			ok(!beat.verified && !m.verified, "two witnesses are not enough");
		if (i == WITNESS_QUORUM)
			ok(beat.verified && m.verified == 50, "three are");
	}
	is_uint(verified, 1, "a heartbeat is counted once");
	is_uint(beat.witnesses, WITNESSES, "and has seven witnesses at most");
	beat = (struct beat_entry){ .sequence = 49 };
	for (uint8_t i = 1; i <= 3; i++) {
		struct tn_key k = key(i);

		witness_count(&beat, &k, &m);
	}
	ok(beat.verified && m.verified == 50, "an older one is verified too and lowers nothing");
	beat = (struct beat_entry){ .sequence = 60, .by = BEAT_BY_DIRECT };
	for (uint8_t i = 1; i <= 3; i++) {
		struct tn_key k = key(i);

		witness_count(&beat, &k, &m);
	}
	is_uint(m.verified, 50, "an old node's number counts for nothing");
}

/* ---- early ones */

static void early(void)
{
	static struct witness_waiting w;
	struct tn_attestation t = { .heartbeat_hash = beat_of(1),
				    .witness_address = { "10.0.0.1", 8 } };
	struct witness_early got;
	struct tn_hash one = beat_of(1), two = beat_of(2);
	unsigned kept = 0, out = 0;

	for (unsigned i = 0; i < 1000; i++)
		kept += witness_wait(&w, &t, 7, 5);
	is_uint(kept, WITNESS_EARLY_EACH, "of a flood of one session so many are kept");
	t.heartbeat_hash = two;
	ok(witness_wait(&w, &t, 8, 5), "another session has its own share");
	ok(witness_take(&w, &two, 6, &got) && !witness_take(&w, &two, 6, &got), "taken out once");
	ok(got.session == 8 && got.attestation.witness_address.n == 8 &&
		   !memcmp(got.attestation.witness_address.p, "10.0.0.1", 8),
	   "with all that was in it");
	while (witness_take(&w, &one, 6, &got))
		out++;
	is_uint(out, WITNESS_EARLY_EACH, "all of them");
	for (uint64_t session = 1; session < 100; session++)
		for (unsigned i = 0; i < 5; i++)
			witness_wait(&w, &t, session, 10);
	for (out = 0; witness_take(&w, &two, 11, &got);)
		out++;
	is_uint(out, WITNESS_EARLY, "the ring is bounded");
	witness_wait(&w, &t, 1, 10);
	ok(!witness_take(&w, &two, 10 + WITNESS_EARLY_MS * 1000ull, &got),
	   "they do not wait for ever");
	t.witness_address = (struct tn_str){ "a text that is no address", 25 };
	ok(!witness_wait(&w, &t, 1, 10), "no address, no place");
}

/* Asked again it is the same answer, whatever the list is now: nobody makes us hash it twice. */
static void once(struct tn_sha *sha)
{
	struct beat_entry beat = { .hash = beat_of(9) };
	uint32_t out[WITNESSES];
	unsigned yes = 0, still = 0;
	int got;

	fill(50);
	memcpy(beat.address, text[3], strlen(text[3]) + 1);
	got = witness_choose(sha, &beat.hash, list, 50,
			     (struct tn_str){ text[3], (uint32_t)strlen(text[3]) }, out);
	for (uint32_t i = 0; i < 50; i++) {
		bool is = !witness_chosen(sha, &beat, list, 50, list[i]);

		yes += is == holds(out, got, i);
	}
	is_uint(yes, 50, "chosen is who has one of the lowest hashes");
	for (uint32_t i = 0; i < 50; i++)
		still += !witness_chosen(sha, &beat, NULL, 0, list[i]);
	is_uint(still, WITNESSES, "and stays so without the list");
}

int main(void)
{
	struct tn_sha *sha = tn_sha_create();

	choosing(sha);
	views(sha);
	crowd(sha);
	once(sha);
	judging();
	counting();
	early();
	tn_sha_free(sha);
	return done_testing();
}
