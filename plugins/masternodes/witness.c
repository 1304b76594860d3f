/* SPDX-License-Identifier: MIT
 * plugins/masternodes/witness.c - who attests a heartbeat, and which attestations count
 */
#include "witness.h"

#include <string.h>

/* ---- who is chosen */

struct ranked {
	struct tn_hash rank;
	uint32_t index;
};

static int rank_of(struct tn_sha *sha, const struct tn_hash *beat, struct tn_str address,
		   struct tn_hash *out)
{
	tn_sha_begin(sha);
	tn_sha_add(sha, beat->b, sizeof beat->b);
	tn_sha_add(sha, address.p, address.n);
	return tn_sha_end(sha, out);
}

static bool same_text(struct tn_str a, struct tn_str b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* Keeps the lowest WITNESSES, in order. */
static unsigned keep(struct ranked best[WITNESSES], unsigned n, const struct ranked *r)
{
	unsigned at = n;

	while (at && memcmp(r->rank.b, best[at - 1].rank.b, sizeof r->rank.b) < 0)
		at--;
	if (at == WITNESSES)
		return n;
	if (n < WITNESSES)
		n++;
	memmove(&best[at + 1], &best[at], (n - 1 - at) * sizeof *best);
	best[at] = *r;
	return n;
}

/* As far into the list as the hash is into all hashes: one address more or less moves it by
 * one place at most. */
static uint32_t window_of(const struct tn_hash *beat, uint32_t n)
{
	uint64_t part = (uint64_t)beat->b[0] << 24 | (uint64_t)beat->b[1] << 16 |
			(uint64_t)beat->b[2] << 8 | beat->b[3];

	return n > WITNESS_WINDOW ? (uint32_t)(part * n >> 32) : 0;
}

int witness_choose(struct tn_sha *sha, const struct tn_hash *beat, const struct tn_str *address,
		   uint32_t n, struct tn_str subject, uint32_t out[WITNESSES])
{
	const uint32_t first = window_of(beat, n), asked = n > WITNESS_WINDOW ? WITNESS_WINDOW : n;
	struct ranked best[WITNESSES], r;
	unsigned found = 0;

	for (uint32_t i = 0; i < asked; i++) {
		r.index = (first + i) % n;
		if (same_text(address[r.index], subject))
			continue;
		if (rank_of(sha, beat, address[r.index], &r.rank))
			return TN_ENOMEM;
		found = keep(best, found, &r);
	}
	for (unsigned i = 0; i < found; i++)
		out[i] = best[i].index;
	return (int)found;
}

/* Texts that are no address's are of nobody who could witness. */
static int draw(struct tn_sha *sha, struct beat_entry *e, const struct tn_str *address, uint32_t n)
{
	struct tn_str subject = { e->address, (uint32_t)strlen(e->address) };
	uint32_t chosen[WITNESSES];
	int found = witness_choose(sha, &e->hash, address, n, subject, chosen);

	if (found < 0)
		return found;
	for (int i = 0; i < found; i++) {
		struct tn_str text = address[chosen[i]];

		if (text.n >= sizeof e->chosen[0])
			continue;
		memcpy(e->chosen[e->choices], text.p, text.n);
		e->chosen[e->choices++][text.n] = '\0';
	}
	e->drawn = true;
	return 0;
}

int witness_chosen(struct tn_sha *sha, struct beat_entry *beat, const struct tn_str *address,
		   uint32_t n, struct tn_str witness)
{
	int rc = beat->drawn ? 0 : draw(sha, beat, address, n);

	if (rc)
		return rc;
	for (unsigned i = 0; i < beat->choices; i++)
		if (same_text((struct tn_str){ beat->chosen[i], (uint32_t)strlen(beat->chosen[i]) },
			      witness))
			return 0;
	return TN_ENOENT;
}

/* ---- judging */

static bool same_key(const struct tn_key *a, const struct tn_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static bool has_attested(const struct beat_entry *b, const struct tn_key *key)
{
	if (same_key(&b->key, key)) /* whose heart it is knows best and is no witness */
		return true;
	for (unsigned i = 0; i < b->witnesses; i++)
		if (same_key(&b->witness[i], key))
			return true;
	return false;
}

static bool is_its_key(const struct witness_scene *s)
{
	const struct tn_key *key = &s->attestation->witness_pubkey;

	return same_key(key, s->key) || (s->m && s->m->pinned && same_key(key, &s->m->pin));
}

static enum witness_fate judge_age(int64_t time, int64_t now)
{
	if (time <= now)
		return (uint64_t)now - (uint64_t)time > BEAT_AGE_S ? WITNESS_OLD : WITNESS_GOOD;
	return (uint64_t)time - (uint64_t)now > BEAT_AGE_S ? WITNESS_FUTURE : WITNESS_GOOD;
}

enum witness_fate witness_judge(const struct witness_scene *s)
{
	enum witness_fate fate = judge_age(s->attestation->witness_timestamp, s->now_s);

	if (!s->ip)
		return WITNESS_ADDRESS;
	if (s->ip == s->own_ip)
		return WITNESS_OURS;
	if (!s->key)
		return WITNESS_UNKNOWN;
	if (!is_its_key(s))
		return WITNESS_KEY;
	if (fate)
		return fate;
	if (!s->beat)
		return WITNESS_EARLY_BEAT;
	return has_attested(s->beat, &s->attestation->witness_pubkey) ? WITNESS_TWICE
								      : WITNESS_GOOD;
}

bool witness_count(struct beat_entry *b, const struct tn_key *key, struct beat_memory *subject)
{
	if (b->witnesses == WITNESSES)
		return false;
	b->witness[b->witnesses++] = *key;
	if (b->witnesses < WITNESS_QUORUM || b->verified)
		return false;
	b->verified = true;
	if (subject && b->by == BEAT_BY_KEY && b->sequence > subject->verified)
		subject->verified = b->sequence;
	return true;
}

/* ---- early ones */

static uint32_t share_of(const struct witness_waiting *w, uint64_t session, uint64_t now_us)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < WITNESS_EARLY; i++)
		n += w->v[i].session == session && w->v[i].until_us > now_us;
	return n;
}

bool witness_wait(struct witness_waiting *w, const struct tn_attestation *t, uint64_t session,
		  uint64_t now_us)
{
	struct witness_early *e = &w->v[w->next];

	if (t->witness_address.n >= sizeof e->address ||
	    share_of(w, session, now_us) >= WITNESS_EARLY_EACH)
		return false;
	w->next = (w->next + 1) % WITNESS_EARLY;
	*e = (struct witness_early){ .attestation = *t,
				     .session = session,
				     .until_us = now_us + WITNESS_EARLY_MS * 1000ull };
	memcpy(e->address, t->witness_address.p, t->witness_address.n);
	return true;
}

bool witness_take(struct witness_waiting *w, const struct tn_hash *beat, uint64_t now_us,
		  struct witness_early *out)
{
	for (uint32_t i = 0; i < WITNESS_EARLY; i++) {
		struct witness_early *e = &w->v[i];

		if (e->until_us <= now_us || memcmp(e->attestation.heartbeat_hash.b, beat->b, 32))
			continue;
		*out = *e;
		out->attestation.witness_address.p = out->address;
		e->until_us = 0;
		return true;
	}
	return false;
}
