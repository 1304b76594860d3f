/* SPDX-License-Identifier: MIT
 * plugins/peers/book.c - a bounded book of addresses that no single source can fill
 */
#include "book.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKET = 8, SOURCE_SHARE = 8, GROUP_SHARE = 8, FEWEST = 2, RETRY_S = 600, WEEK_S = 604800 };

const struct tn_schema entry_schema =
	TN_SCHEMA(struct entry, TN_RECORD, TN_FIELD(struct entry, addr),
		  TN_FIELD(struct entry, source), TN_FIELD(struct entry, last_seen),
		  TN_FIELD(struct entry, last_success), TN_FIELD(struct entry, last_try),
		  TN_FIELD(struct entry, successes), TN_FIELD(struct entry, fails),
		  TN_FIELD(struct entry, dead_until), TN_FIELD(struct entry, tried));

struct place {
	struct entry e;
	uint32_t next; /* of the hash chain, + 1 */
	bool stored;
};

/* One bit for each place. Most places of most books are empty, and of the others few have
 * changed or were ever reached: a walk looks at one bit in 64 places' stead. */
enum mark { USED, CHANGED, REACHED, MARKS };

struct table { /* buckets of BUCKET places, from `first` on */
	uint32_t first, buckets, reach;
};

struct book {
	uint64_t key[2];
	struct place *place;
	uint32_t places, count;
	uint64_t *mark[MARKS];
	uint32_t *chain; /* by hash of the address: place + 1 */
	uint32_t chains; /* a power of two */
	struct table fresh, tried;
	struct tn_addr *gone; /* stored once, not in the book any more */
	uint32_t gones;       /* at most as many as places */
};

/* ---- keyed hash: who does not know the key cannot aim at a bucket */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

static uint64_t keyed(const struct book *b, uint64_t a, uint64_t c, uint64_t d)
{
	return mix(mix(mix(mix(b->key[0], a), c), d), b->key[1]);
}

static uint64_t word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t hash_addr(const struct book *b, const struct tn_addr *a)
{
	return keyed(b, word(a->ip), word(a->ip + 8), a->port);
}

static uint32_t fresh_bucket(const struct book *b, const struct tn_addr *a,
			     const struct tn_addr *source)
{
	uint64_t from = tn_addr_group(source);
	uint64_t which = keyed(b, tn_addr_group(a), from, 1) % b->fresh.reach;

	return (uint32_t)(keyed(b, from, which, 2) % b->fresh.buckets);
}

static uint32_t tried_bucket(const struct book *b, const struct tn_addr *a)
{
	uint64_t which = hash_addr(b, a) % b->tried.reach;

	return (uint32_t)(keyed(b, tn_addr_group(a), which, 3) % b->tried.buckets);
}

static struct place *bucket_of(const struct book *b, bool tried, const struct tn_addr *a,
			       const struct tn_addr *source)
{
	const struct table *t = tried ? &b->tried : &b->fresh;
	uint32_t i = tried ? tried_bucket(b, a) : fresh_bucket(b, a, source);

	return &b->place[t->first + i * BUCKET];
}

/* ---- life */

static bool make_marks(struct book *b)
{
	uint32_t words = b->places / 64 + 1;

	b->mark[0] = calloc((size_t)words * MARKS, sizeof **b->mark);
	for (int m = 1; b->mark[0] && m < MARKS; m++)
		b->mark[m] = b->mark[m - 1] + words;
	return b->mark[0] != NULL;
}

static uint32_t share(uint32_t buckets, uint32_t part)
{
	uint32_t n = buckets / part;

	if (n < FEWEST)
		n = FEWEST;
	return n < buckets ? n : buckets;
}

struct book *book_create(uint32_t max, const uint64_t key[2])
{
	struct book *b = calloc(1, sizeof *b);
	uint32_t buckets = max / BUCKET;

	if (!b || buckets < 2) {
		free(b);
		return NULL;
	}
	b->key[0] = key[0];
	b->key[1] = key[1];
	b->tried.buckets = buckets / 4 ? buckets / 4 : 1;
	b->fresh.buckets = buckets - b->tried.buckets;
	b->tried.first = b->fresh.buckets * BUCKET;
	b->fresh.reach = share(b->fresh.buckets, SOURCE_SHARE);
	b->tried.reach = share(b->tried.buckets, GROUP_SHARE);
	b->places = buckets * BUCKET;
	for (b->chains = 16; b->chains < b->places;)
		b->chains *= 2;
	b->place = calloc(b->places, sizeof *b->place);
	b->chain = calloc(b->chains, sizeof *b->chain);
	b->gone = calloc(b->places, sizeof *b->gone);
	if (b->place && b->chain && b->gone && make_marks(b))
		return b;
	book_free(b);
	return NULL;
}

void book_free(struct book *b)
{
	if (!b)
		return;
	free(b->place);
	free(b->chain);
	free(b->gone);
	free(b->mark[0]);
	free(b);
}

uint32_t book_count(const struct book *b)
{
	return b->count;
}

uint32_t book_max(const struct book *b)
{
	return b->places;
}

uint32_t book_source_max(const struct book *b)
{
	return b->fresh.reach * BUCKET;
}

/* ---- marks */

static uint32_t number_of(const struct book *b, const struct place *p)
{
	return (uint32_t)(p - b->place);
}

static bool has(const struct book *b, enum mark m, const struct place *p)
{
	uint32_t i = number_of(b, p);

	return b->mark[m][i / 64] >> i % 64 & 1;
}

static void set(struct book *b, enum mark m, const struct place *p, bool on)
{
	uint32_t i = number_of(b, p);
	uint64_t bit = UINT64_C(1) << i % 64;

	b->mark[m][i / 64] = on ? b->mark[m][i / 64] | bit : b->mark[m][i / 64] & ~bit;
}

/* The first marked place from number i on; NULL: none. */
static struct place *marked(const struct book *b, enum mark m, uint32_t i)
{
	uint64_t word;

	if (i >= b->places)
		return NULL;
	word = b->mark[m][i / 64] & UINT64_MAX << i % 64;
	for (i /= 64; !word; word = b->mark[m][i])
		if (++i > (b->places - 1) / 64)
			return NULL;
	return &b->place[i * 64 + (uint32_t)__builtin_ctzll(word)];
}

/* ---- places */

static uint32_t *chain_of(const struct book *b, const struct tn_addr *a)
{
	return &b->chain[hash_addr(b, a) & (b->chains - 1)];
}

static struct place *find(const struct book *b, const struct tn_addr *a)
{
	uint32_t i = *chain_of(b, a);

	while (i && tn_addr_cmp(&b->place[i - 1].e.addr, a))
		i = b->place[i - 1].next;
	return i ? &b->place[i - 1] : NULL;
}

const struct entry *book_find(const struct book *b, const struct tn_addr *a)
{
	struct place *p = find(b, a);

	return p ? &p->e : NULL;
}

static void unlink_place(struct book *b, struct place *p)
{
	uint32_t me = (uint32_t)(p - b->place) + 1, *at = chain_of(b, &p->e.addr);

	while (*at != me)
		at = &b->place[*at - 1].next;
	*at = p->next;
	for (int m = 0; m < MARKS; m++)
		set(b, (enum mark)m, p, false);
	p->stored = false;
	b->count--;
}

static void link_place(struct book *b, struct place *p, const struct entry *e)
{
	uint32_t *at = chain_of(b, &e->addr);

	p->e = *e;
	set(b, USED, p, true);
	set(b, REACHED, p, e->last_success != 0);
	p->next = *at;
	*at = (uint32_t)(p - b->place) + 1;
	b->count++;
}

/* Each address is in the list once: it was stored once. The list is as long as the book;
 * when it is full of others, one stale row stays in the database and is read again. */
static void remember_gone(struct book *b, const struct place *p)
{
	if (p->stored && b->gones < b->places)
		b->gone[b->gones++] = p->e.addr;
}

static void evict(struct book *b, struct place *p)
{
	remember_gone(b, p);
	unlink_place(b, p);
}

static bool is_useless(const struct entry *e, int64_t now)
{
	if (e->dead_until)
		return e->dead_until <= now;
	if (e->fails >= 3 && !e->last_success)
		return true;
	return e->last_seen + BOOK_STALE_S < now && e->last_success + BOOK_STALE_S < now;
}

/* A free place, or that of the entry which is useless the longest; NULL: none. */
static struct place *make_room(struct book *b, struct place *bucket, int64_t now)
{
	struct place *worst = NULL;

	for (struct place *p = bucket; p < bucket + BUCKET; p++) {
		if (!has(b, USED, p))
			return p;
		if (is_useless(&p->e, now) && (!worst || p->e.last_seen < worst->e.last_seen))
			worst = p;
	}
	if (worst)
		evict(b, worst);
	return worst;
}

static bool put(struct book *b, const struct entry *e, int64_t now, bool stored)
{
	struct place *p = make_room(b, bucket_of(b, e->tried, &e->addr, &e->source), now);

	if (!p)
		return false;
	link_place(b, p, e);
	p->stored = stored;
	set(b, CHANGED, p, !stored);
	return true;
}

/* ---- what happens to an address */

bool book_add(struct book *b, const struct tn_addr *a, const struct tn_addr *source, int64_t now)
{
	struct entry e = { .addr = *a, .source = *source, .last_seen = now };
	struct place *p = find(b, a);

	if (!p)
		return put(b, &e, now, false);
	if (!p->e.tried && p->e.last_seen + 3600 < now) { /* an hour: not a write per mention */
		p->e.last_seen = now;
		set(b, CHANGED, p, true);
	}
	return false;
}

bool book_restore(struct book *b, const struct entry *e)
{
	if (find(b, &e->addr))
		return false;
	if (put(b, e, 0, true))
		return true;
	if (b->gones < b->places) /* a smaller book than it was: the row goes */
		b->gone[b->gones++] = e->addr;
	return false;
}

void book_drop(struct book *b, const struct tn_addr *a)
{
	struct place *p = find(b, a);

	if (p)
		evict(b, p);
}

/* Back to the new table, to let a newcomer in; lost if its bucket there is full. */
static void demote(struct book *b, struct place *p, int64_t now)
{
	struct entry e = p->e;
	bool stored = p->stored;

	unlink_place(b, p);
	e.tried = false;
	if (put(b, &e, now, stored))
		set(b, CHANGED, find(b, &e.addr), true);
	else if (stored && b->gones < b->places)
		b->gone[b->gones++] = e.addr;
}

/* The tried table lets a newcomer in only for one that failed since it last worked. */
static struct place *tried_room(struct book *b, const struct tn_addr *a, int64_t now)
{
	struct place *bucket = bucket_of(b, true, a, a);
	struct place *p = make_room(b, bucket, now), *worst = NULL;

	if (p)
		return p;
	for (p = bucket; p < bucket + BUCKET; p++)
		if (p->e.fails && (!worst || p->e.fails > worst->e.fails))
			worst = p;
	if (worst)
		demote(b, worst, now);
	return worst;
}

static void promote(struct book *b, struct place *p, int64_t now)
{
	struct entry e = p->e;
	bool stored = p->stored;
	struct place *to;

	/* Out first: the one that makes room for it may want its place. */
	unlink_place(b, p);
	to = tried_room(b, &e.addr, now);
	e.tried = to != NULL;
	if (!to)
		to = make_room(b, bucket_of(b, false, &e.addr, &e.source), now);
	link_place(b, to, &e);
	to->stored = stored;
	set(b, CHANGED, to, true);
}

void book_good(struct book *b, const struct tn_addr *a, int64_t now)
{
	struct place *p = find(b, a);

	if (!p) {
		book_add(b, a, a, now);
		p = find(b, a);
	}
	if (!p)
		return;
	p->e.last_seen = p->e.last_success = p->e.last_try = now;
	p->e.successes += p->e.successes < UINT32_MAX;
	p->e.fails = 0;
	p->e.dead_until = 0;
	set(b, CHANGED, p, true);
	set(b, REACHED, p, true);
	if (!p->e.tried)
		promote(b, p, now);
}

void book_fail(struct book *b, const struct tn_addr *a, int64_t now)
{
	struct place *p = find(b, a);

	if (!p)
		return;
	p->e.fails += p->e.fails < UINT32_MAX;
	p->e.last_try = now;
	set(b, CHANGED, p, true);
	if (p->e.fails >= BOOK_FAILS && p->e.last_success + WEEK_S < now)
		p->e.dead_until = now + BOOK_DEAD_S;
}

/* ---- questions */

static bool is_dead(const struct entry *e, int64_t now)
{
	return e->dead_until > now;
}

bool book_may_dial(const struct entry *e, int64_t now)
{
	uint32_t doubled = e->fails > 8 ? 8 : e->fails;

	if (is_dead(e, now))
		return false;
	return !e->fails || now - e->last_try >= (int64_t)RETRY_S << (doubled - 1);
}

bool book_is_good(const struct entry *e, int64_t now)
{
	return e->last_success && now - e->last_success < WEEK_S && !is_dead(e, now);
}

static const struct entry *next(const struct book *b, enum mark m, const struct entry *after)
{
	const struct place *p = (const void *)after;

	p = marked(b, m, p ? number_of(b, p) + 1 : 0);
	return p ? &p->e : NULL;
}

const struct entry *book_next(const struct book *b, const struct entry *after)
{
	return next(b, USED, after);
}

const struct entry *book_next_reached(const struct book *b, const struct entry *after)
{
	return next(b, REACHED, after);
}

/* ---- what to store */

static int put_changed(struct book *b, const struct book_out *out)
{
	int rc = 0;

	for (struct place *p = marked(b, CHANGED, 0); p && !rc;
	     p = marked(b, CHANGED, number_of(b, p) + 1)) {
		rc = out->put(out->arg, &p->e);
		p->stored = p->stored || !rc;
		set(b, CHANGED, p, rc != 0);
	}
	return rc;
}

int book_changes(struct book *b, const struct book_out *out)
{
	int rc = 0;

	while (b->gones && !rc) {
		const struct tn_addr *a = &b->gone[b->gones - 1];
		struct place *p = find(b, a);

		if (p) { /* it came back: the row is written, not deleted */
			set(b, CHANGED, p, true);
			b->gones--;
			continue;
		}
		rc = out->del(out->arg, a);
		b->gones -= !rc;
	}
	return rc ? rc : put_changed(b, out);
}
