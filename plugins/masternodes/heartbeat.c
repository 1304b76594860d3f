/* SPDX-License-Identifier: MIT
 * plugins/masternodes/heartbeat.c - which heartbeats are believed, how ours are numbered, and
 * what was heard
 */
#include "heartbeat.h"

#include <stdlib.h>
#include <string.h>

static bool same_key(const struct tn_key *a, const struct tn_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* ---- judging */

/* In unsigned arithmetic, since a peer chose the time: the difference of two always fits. */
static enum beat_fate judge_age(int64_t time, int64_t now)
{
	if (time <= now)
		return (uint64_t)now - (uint64_t)time > BEAT_AGE_S ? BEAT_OLD : BEAT_GOOD;
	return (uint64_t)time - (uint64_t)now > BEAT_AGE_S ? BEAT_FUTURE : BEAT_GOOD;
}

/* An old node's own word counts on its own session. A new node signs with the key that it
 * announces; if it does not, something else speaks from its address: and somebody who calls
 * himself old, from the address of one that signs, is somebody else. */
static bool find_key(const struct beat_scene *s, enum beat_by *by)
{
	const struct tn_key *key = &s->beat->masternode_pubkey;

	if (same_key(key, s->key)) {
		*by = BEAT_BY_KEY;
		return true;
	}
	if (s->signs)
		return false;
	*by = s->legacy && s->from_ip == s->ip ? BEAT_BY_DIRECT : BEAT_BY_PIN;
	return *by == BEAT_BY_DIRECT || (s->m && s->m->pinned && same_key(key, &s->m->pin));
}

static const struct beat_lane *lane_of(const struct beat_memory *m, enum beat_by by)
{
	return by == BEAT_BY_KEY ? &m->keyed : &m->direct;
}

static enum beat_fate judge_memory(const struct beat_scene *s, enum beat_by by)
{
	const struct beat_lane *l = lane_of(s->m, by);
	uint64_t half = s->interval_us / 2;

	if (by == BEAT_BY_KEY && !same_key(&s->m->key, s->key))
		return BEAT_GOOD; /* whoever had the address before left no mark on it */
	if (l->any && s->beat->timestamp <= l->time)
		return BEAT_REPLAYED;
	/* an old node's number is 1 for ever */
	if (by == BEAT_BY_KEY && l->any && s->beat->sequence_number <= s->m->sequence)
		return BEAT_SEQUENCE;
	/* further ahead than a whole burst: the interval was a longer one */
	return l->due_us > s->now_us + (BEAT_BURST - 1) * half &&
			       l->due_us <= s->now_us + BEAT_BURST * half
		       ? BEAT_OFTEN
		       : BEAT_GOOD;
}

enum beat_fate beat_judge(const struct beat_scene *s, enum beat_by *by)
{
	enum beat_fate fate;

	if (!s->ip)
		return BEAT_ADDRESS;
	if (s->ip == s->own_ip)
		return BEAT_OURS;
	if (!s->key)
		return BEAT_UNKNOWN;
	fate = judge_age(s->beat->timestamp, s->now_s);
	if (fate)
		return fate;
	if (s->from_ip != s->ip && s->beat->timestamp < s->since_s)
		return BEAT_OLD;
	if (!find_key(s, by))
		return BEAT_KEY;
	return s->m ? judge_memory(s, *by) : BEAT_GOOD;
}

void beat_take(struct beat_memory *m, const struct beat_scene *s, enum beat_by by, uint64_t session)
{
	struct beat_lane *l = by == BEAT_BY_KEY ? &m->keyed : &m->direct;

	uint64_t half = s->interval_us / 2;

	if (by == BEAT_BY_KEY && !same_key(&m->key, s->key)) {
		*l = (struct beat_lane){ 0 };
		m->sequence = m->verified = 0;
		m->key = *s->key;
	}
	l->any = true;
	l->time = s->beat->timestamp;
	if (l->due_us < s->now_us || l->due_us > s->now_us + BEAT_BURST * half)
		l->due_us = s->now_us;
	l->due_us += half;
	if (by == BEAT_BY_KEY && s->beat->sequence_number > m->sequence)
		m->sequence = s->beat->sequence_number;
	if (by != BEAT_BY_DIRECT)
		return;
	m->pinned = true;
	m->pin_session = session;
	m->pin = s->beat->masternode_pubkey;
}

void beat_unpin(struct beat_memory *m, uint64_t session)
{
	if (m->pin_session == session)
		m->pinned = false;
}

/* ---- memory */

int beat_table_create(struct beat_table *t, uint32_t room)
{
	t->n = 0;
	t->room = room;
	t->v = calloc(room, sizeof *t->v);
	return t->v ? 0 : TN_ENOMEM;
}

void beat_table_free(struct beat_table *t)
{
	free(t->v);
	t->v = NULL;
}

static uint32_t place_of(const struct beat_table *t, uint32_t ip)
{
	uint32_t low = 0, high = t->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->v[mid].ip < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct beat_memory *beat_find(const struct beat_table *t, uint32_t ip)
{
	uint32_t at = place_of(t, ip);

	return at < t->n && t->v[at].ip == ip ? &t->v[at] : NULL;
}

static int64_t newest(const struct beat_memory *m)
{
	return m->keyed.time > m->direct.time ? m->keyed.time : m->direct.time;
}

static void drop_oldest(struct beat_table *t)
{
	uint32_t oldest = 0;

	for (uint32_t i = 1; i < t->n; i++)
		if (newest(&t->v[i]) < newest(&t->v[oldest]))
			oldest = i;
	t->n--;
	memmove(&t->v[oldest], &t->v[oldest + 1], (t->n - oldest) * sizeof *t->v);
}

struct beat_memory *beat_get(struct beat_table *t, uint32_t ip)
{
	struct beat_memory *m = beat_find(t, ip);
	uint32_t at;

	if (m)
		return m;
	if (t->n == t->room)
		drop_oldest(t);
	at = place_of(t, ip);
	m = &t->v[at];
	memmove(m + 1, m, (t->n - at) * sizeof *m);
	t->n++;
	*m = (struct beat_memory){ .ip = ip };
	return m;
}

/* ---- our own */

const struct tn_schema beat_own_schema =
	TN_SCHEMA(struct beat_own, TN_RECORD, TN_FIELD(struct beat_own, sequence),
		  TN_FIELD(struct beat_own, time));

struct beat_own beat_next(const struct beat_own *last, int64_t wall_s)
{
	struct beat_own own = { wall_s > 0 ? (uint64_t)wall_s : 0, wall_s };

	if (own.sequence <= last->sequence)
		own.sequence = last->sequence + 1;
	/* a little less than the limit, for clocks are not exact */
	if (own.time <= last->time && last->time - own.time < BEAT_AGE_S - 30)
		own.time = last->time + 1;
	return own;
}

/* ---- history */

/* Whoever attests what nobody knows makes us look at all of them: not at whole entries. */
struct beat_history {
	uint32_t room, n, next;
	uint64_t *tag; /* the beginning of each hash */
	struct beat_entry v[];
};

static uint64_t tag_of(const struct tn_hash *hash)
{
	uint64_t tag;

	memcpy(&tag, hash->b, sizeof tag);
	return tag;
}

struct beat_history *beat_history_create(uint32_t room)
{
	struct beat_history *h = calloc(1, sizeof *h + (size_t)room * sizeof h->v[0]);

	if (!h)
		return NULL;
	h->room = room;
	h->tag = calloc(room, sizeof *h->tag);
	if (h->tag)
		return h;
	free(h);
	return NULL;
}

void beat_history_free(struct beat_history *h)
{
	if (h)
		free(h->tag);
	free(h);
}

struct beat_entry *beat_history_add(struct beat_history *h, const struct beat_entry *e)
{
	struct beat_entry *at = &h->v[h->next];

	*at = *e;
	h->tag[h->next] = tag_of(&e->hash);
	h->next = (h->next + 1) % h->room;
	h->n += h->n < h->room;
	return at;
}

const struct beat_entry *beat_history_at(const struct beat_history *h, uint32_t i)
{
	return i < h->n ? &h->v[(h->next + h->room - 1 - i) % h->room] : NULL;
}

struct beat_entry *beat_history_find(struct beat_history *h, const struct tn_hash *hash)
{
	uint64_t tag = tag_of(hash);

	for (uint32_t i = h->n; i-- > 0;)
		if (h->tag[i] == tag && !memcmp(h->v[i].hash.b, hash->b, sizeof hash->b))
			return &h->v[i];
	return NULL;
}

uint32_t beat_history_count(const struct beat_history *h)
{
	return h->n;
}
