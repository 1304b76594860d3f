/* SPDX-License-Identifier: MIT
 * plugins/transactions/subscribe.c - who wants to hear of which coins
 *
 * What is watched is an entry of a hash table, with a list of watches; a subscription is an array
 * of watches. Memory is counted as if no two shared an entry.
 */
#include "subscribe.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

enum { KEY = SUBSCRIBE_TEXT + 1, BUCKETS = 64 };
enum { KIND_OUTPOINT, KIND_ADDRESS };

struct watch {
	struct entry *entry;
	struct subscription *of;
	struct watch *next,
		*prev; /* of the entry, in the order they came; first->prev is the last */
};

struct entry {
	struct entry *next; /* in its bucket */
	struct watch *first;
	uint64_t hash;
	uint8_t n, key[KEY];
};

struct subscription {
	struct subscription *next;
	struct subscriber *who;
	uint64_t bytes;
	uint32_t n, id_n;
	char id[SUBSCRIBE_TEXT];
	struct watch watch[];
};

struct subscriber {
	struct subscriber *next, *prev;
	struct subscription *first;
	uint64_t session, told; /* number of the change that it was told last */
	uint64_t count, watched;
};

struct subscriptions {
	struct subscribe_limits limits;
	struct subscribe_sums sums;
	struct subscriber *first;
	struct entry **bucket;
	uint64_t mask, change;
	uint64_t entries;
	uint64_t key[2];
};

struct subscriptions *subscriptions_create(const struct subscribe_limits *limits,
					   const uint64_t key[2])
{
	struct subscriptions *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->bucket = calloc(BUCKETS, sizeof(struct entry *));
	if (!s->bucket) {
		free(s);
		return NULL;
	}
	s->mask = BUCKETS - 1;
	s->limits = *limits;
	memcpy(s->key, key, sizeof s->key);
	return s;
}

void subscriptions_limit(struct subscriptions *s, const struct subscribe_limits *limits)
{
	s->limits = *limits;
}

const struct subscribe_sums *subscriptions_sums(const struct subscriptions *s)
{
	return &s->sums;
}

/* ---- entries */

static uint8_t key_of_outpoint(const struct tn_outpoint *o, uint8_t key[KEY])
{
	key[0] = KIND_OUTPOINT;
	memcpy(key + 1, o->txid.b, sizeof o->txid.b);
	for (int i = 0; i < 4; i++)
		key[33 + i] = (uint8_t)(o->vout >> 8 * i);
	return 37;
}

static uint8_t key_of_address(const void *text, size_t n, uint8_t key[KEY])
{
	key[0] = KIND_ADDRESS;
	memcpy(key + 1, text, n);
	return (uint8_t)(n + 1);
}

static struct entry *find(const struct subscriptions *s, const uint8_t *key, uint8_t n,
			  uint64_t *hash)
{
	struct entry *e;

	*hash = siphash(s->key, key, n);
	for (e = s->bucket[*hash & s->mask]; e; e = e->next)
		if (e->hash == *hash && e->n == n && !memcmp(e->key, key, n))
			return e;
	return NULL;
}

/* Twice as many buckets; without memory it goes on with long ones. */
static void grow(struct subscriptions *s)
{
	uint64_t mask = 2 * s->mask + 1;
	struct entry **bucket = calloc(mask + 1, sizeof(struct entry *)), *e;

	if (!bucket)
		return;
	for (uint64_t i = 0; i <= s->mask; i++) {
		while ((e = s->bucket[i])) {
			s->bucket[i] = e->next;
			e->next = bucket[e->hash & mask];
			bucket[e->hash & mask] = e;
		}
	}
	free(s->bucket);
	s->bucket = bucket;
	s->mask = mask;
}

static struct entry *entry_for(struct subscriptions *s, const uint8_t *key, uint8_t n)
{
	uint64_t hash;
	struct entry *e = find(s, key, n, &hash);

	if (e)
		return e;
	e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	if (s->entries++ > s->mask)
		grow(s);
	e->hash = hash;
	e->n = n;
	memcpy(e->key, key, n);
	e->next = s->bucket[hash & s->mask];
	s->bucket[hash & s->mask] = e;
	return e;
}

static void drop_entry(struct subscriptions *s, struct entry *e)
{
	struct entry **at = &s->bucket[e->hash & s->mask];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	s->entries--;
	free(e);
}

/* ---- watches */

static bool watch(struct subscriptions *s, struct subscription *of, const uint8_t *key, uint8_t n)
{
	struct entry *e = entry_for(s, key, n);
	struct watch *w = &of->watch[of->n];

	if (!e)
		return false;
	*w = (struct watch){ .entry = e, .of = of, .prev = w };
	if (e->first) {
		w->prev = e->first->prev;
		w->prev->next = w;
		e->first->prev = w;
	} else {
		e->first = w;
	}
	of->n++;
	return true;
}

static void unwatch(struct subscriptions *s, struct watch *w)
{
	struct entry *e = w->entry;

	if (w == e->first)
		e->first = w->next;
	else
		w->prev->next = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else if (e->first)
		e->first->prev = w->prev;
	if (!e->first)
		drop_entry(s, e);
}

/* ---- subscriptions */

static void discard(struct subscriptions *s, struct subscription *u)
{
	for (uint32_t i = 0; i < u->n; i++)
		unwatch(s, &u->watch[i]);
	free(u);
}

static struct subscription **place_of(struct subscriber *who, struct tn_str id)
{
	struct subscription **at = &who->first;

	while (*at && ((*at)->id_n != id.n || memcmp((*at)->id, id.p, id.n) != 0))
		at = &(*at)->next;
	return at;
}

static void count(struct subscriptions *s, struct subscriber *who, const struct subscription *u,
		  bool more)
{
	uint32_t one = more ? 1 : (uint32_t)-1, watched = more ? u->n : (uint32_t)-u->n;

	s->sums.subscriptions += one;
	s->sums.watched += watched;
	s->sums.bytes += more ? u->bytes : -u->bytes;
	who->count += more ? 1 : (uint64_t)-1;
	who->watched += more ? u->n : -(uint64_t)u->n;
}

static void take_out(struct subscriptions *s, struct subscription **at)
{
	struct subscription *u = *at;

	*at = u->next;
	count(s, u->who, u, false);
	discard(s, u);
}

static bool is_text(struct tn_str t)
{
	return t.n > 0 && t.n <= SUBSCRIBE_TEXT;
}

static int check(const struct tn_subscription *want)
{
	if (!is_text(want->id) || want->addresses.n + (uint64_t)want->outpoints.n == 0)
		return TN_EINVAL;
	for (uint32_t i = 0; i < want->addresses.n; i++)
		if (!is_text(want->addresses.v[i]))
			return TN_EINVAL;
	return 0;
}

static uint64_t cost(uint64_t watched)
{
	return sizeof(struct subscription) +
	       watched * (sizeof(struct watch) + sizeof(struct entry) + 2 * sizeof(void *));
}

/* As if what it replaces were gone already. */
static int room_for(const struct subscriptions *s, const struct subscriber *who,
		    const struct subscription *old, uint64_t watched)
{
	const struct subscribe_limits *max = &s->limits;
	uint64_t less = old ? old->n : 0, bytes = s->sums.bytes - (old ? old->bytes : 0);

	if (who->count + !old > max->count || who->watched - less + watched > max->watched)
		return TN_EFULL;
	return bytes + cost(watched) > max->bytes ? TN_EBUSY : 0;
}

static struct subscription *make(struct subscriptions *s, struct subscriber *who,
				 const struct tn_subscription *want)
{
	uint64_t n = want->addresses.n + (uint64_t)want->outpoints.n;
	struct subscription *u = calloc(1, sizeof *u + n * sizeof u->watch[0]);
	uint8_t key[KEY], key_n;
	bool done = u != NULL;

	if (!u)
		return NULL;
	u->who = who;
	u->bytes = cost(n);
	u->id_n = want->id.n;
	memcpy(u->id, want->id.p, want->id.n);
	for (uint32_t i = 0; i < want->outpoints.n && done; i++) {
		key_n = key_of_outpoint(&want->outpoints.v[i], key);
		done = watch(s, u, key, key_n);
	}
	for (uint32_t i = 0; i < want->addresses.n && done; i++) {
		key_n = key_of_address(want->addresses.v[i].p, want->addresses.v[i].n, key);
		done = watch(s, u, key, key_n);
	}
	if (done)
		return u;
	discard(s, u);
	return NULL;
}

static struct subscriber *newcomer(struct subscriptions *s, uint64_t session)
{
	struct subscriber *who = calloc(1, sizeof *who);

	if (!who)
		return NULL;
	who->session = session;
	who->next = s->first;
	if (s->first)
		s->first->prev = who;
	s->first = who;
	s->sums.subscribers++;
	s->sums.bytes += sizeof *who;
	return who;
}

static int put(struct subscriptions *s, struct subscriber *who, const struct tn_subscription *want)
{
	struct subscription **at = place_of(who, want->id), *u;
	int rc = room_for(s, who, *at, want->addresses.n + (uint64_t)want->outpoints.n);

	if (rc)
		return rc;
	u = make(s, who, want);
	if (!u)
		return TN_ENOMEM;
	if (*at)
		take_out(s, at);
	u->next = *at;
	*at = u;
	count(s, who, u, true);
	return 0;
}

int subscribe(struct subscriptions *s, struct subscriber **who, uint64_t session,
	      const struct tn_subscription *want)
{
	int rc = check(want);

	if (rc)
		return rc;
	if (!*who)
		*who = newcomer(s, session);
	if (!*who)
		return TN_ENOMEM;
	rc = put(s, *who, want);
	if (!(*who)->first)
		unsubscribe_all(s, who);
	return rc;
}

int unsubscribe(struct subscriptions *s, struct subscriber *who, struct tn_str id)
{
	struct subscription **at = who ? place_of(who, id) : NULL;

	if (!at || !*at)
		return TN_ENOENT;
	take_out(s, at);
	return 0;
}

void unsubscribe_all(struct subscriptions *s, struct subscriber **pwho)
{
	struct subscriber *who = *pwho;

	*pwho = NULL;
	if (!who)
		return;
	while (who->first)
		take_out(s, &who->first);
	if (who->prev)
		who->prev->next = who->next;
	else
		s->first = who->next;
	if (who->next)
		who->next->prev = who->prev;
	s->sums.subscribers--;
	s->sums.bytes -= sizeof *who;
	free(who);
}

void subscriptions_free(struct subscriptions *s)
{
	if (!s)
		return;
	while (s->first) {
		struct subscriber *who = s->first;

		unsubscribe_all(s, &who);
	}
	free(s->bucket);
	free(s);
}

/* ---- who hears of it */

static uint32_t tell(struct subscriptions *s, const uint8_t *key, uint8_t n, subscriber_fn *fn,
		     void *arg)
{
	uint64_t hash;
	struct entry *e = find(s, key, n, &hash);
	uint32_t told = 0;

	for (struct watch *w = e ? e->first : NULL; w; w = w->next) {
		struct subscriber *who = w->of->who;

		if (who->told == s->change)
			continue;
		who->told = s->change;
		fn(arg, who->session);
		told++;
	}
	return told;
}

uint32_t subscribers_each(struct subscriptions *s, const struct tn_outpoint *o,
			  struct tn_bytes address, subscriber_fn *fn, void *arg)
{
	uint8_t key[KEY], n;
	uint32_t told;

	if (!s->entries)
		return 0;
	s->change++;
	n = key_of_outpoint(o, key);
	told = tell(s, key, n, fn, arg);
	if (address.n == 0 || address.n > SUBSCRIBE_TEXT)
		return told;
	n = key_of_address(address.p, address.n, key);
	return told + tell(s, key, n, fn, arg);
}

bool subscribers_any(const struct subscriptions *s, const struct tn_outpoint *o,
		     struct tn_bytes address)
{
	uint8_t key[KEY];
	uint64_t hash;

	if (!s->entries)
		return false;
	if (find(s, key, key_of_outpoint(o, key), &hash))
		return true;
	return address.n && address.n <= SUBSCRIBE_TEXT &&
	       find(s, key, key_of_address(address.p, address.n, key), &hash);
}
