/* SPDX-License-Identifier: MIT
 * plugins/transactions/votes.c - the vote book
 */
#include "votes.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct about { /* a transaction */
	UT_hash_handle hh;
	struct tn_hash txid;
	struct said *votes; /* by voter, ascending */
	uint32_t approve, reject;
	bool known, final;
};

struct said {                       /* a vote */
	struct said *next;          /* about the same transaction */
	struct said *older, *newer; /* early ones of this voter; unused when the body is here */
	struct about *about;
	uint32_t voter;
	bool approve;
	int64_t timestamp;
	struct tn_sig signature;
	uint64_t came;
};

struct voter {
	struct tn_key key;
	char *name;
	uint32_t name_n;
	struct said *oldest, *newest; /* early */
	uint32_t early;
};

struct votes {
	struct votes_conf conf;
	struct voter *voter;
	uint32_t n, quorum;
	int me;
	struct about *abouts;
	uint32_t early, said;
	uint64_t sets;
};

uint32_t votes_quorum(uint32_t n)
{
	return n ? (uint32_t)(((uint64_t)n * 2 + 2) / 3) : 1;
}

struct votes *votes_create(const struct votes_conf *conf)
{
	struct votes *v = calloc(1, sizeof *v);

	if (!v)
		return NULL;
	v->conf = *conf;
	v->quorum = votes_quorum(0);
	v->me = -1;
	return v;
}

void votes_limits(struct votes *v, const struct votes_conf *conf)
{
	v->conf = *conf;
}

/* ---- early votes: a list of each voter's, the oldest first */

static void early_add(struct votes *v, struct said *s)
{
	struct voter *by = &v->voter[s->voter];

	s->newer = NULL;
	s->older = by->newest;
	if (by->newest)
		by->newest->newer = s;
	else
		by->oldest = s;
	by->newest = s;
	by->early++;
	v->early++;
}

static void early_remove(struct votes *v, struct said *s)
{
	struct voter *by = &v->voter[s->voter];

	*(s->older ? &s->older->newer : &by->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &by->newest) = s->older;
	s->older = s->newer = NULL;
	by->early--;
	v->early--;
}

static uint32_t share(const struct votes *v)
{
	uint32_t each = v->n ? v->conf.early_all / v->n : 0;

	if (each > v->conf.early)
		each = v->conf.early;
	return each ? each : 1;
}

/* ---- transactions */

static struct about *find(const struct votes *v, const struct tn_hash *txid)
{
	struct about *a;

	HASH_FIND(hh, v->abouts, txid, sizeof *txid, a);
	return a;
}

static struct about *find_or_make(struct votes *v, const struct tn_hash *txid)
{
	struct about *a = find(v, txid);

	if (a)
		return a;
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->txid = *txid;
	HASH_ADD(hh, v->abouts, txid, sizeof a->txid, a);
	return a;
}

static void about_free(struct votes *v, struct about *a)
{
	HASH_DELETE(hh, v->abouts, a);
	free(a);
}

static void count(struct about *a, const struct said *s, uint32_t by)
{
	*(s->approve ? &a->approve : &a->reject) += by;
}

static void said_free(struct votes *v, struct said *s)
{
	struct about *a = s->about;

	if (!a->known)
		early_remove(v, s);
	count(a, s, (uint32_t)-1);
	LL_DELETE(a->votes, s);
	v->said--;
	free(s);
}

/* It goes with its last vote, unless its body is here. */
static void said_drop(struct votes *v, struct said *s)
{
	struct about *a = s->about;

	said_free(v, s);
	if (!a->votes && !a->known)
		about_free(v, a);
}

static void settle(const struct votes *v, struct about *a)
{
	a->final |= v->n && a->approve >= v->quorum;
}

static enum votes_state state_of_about(const struct votes *v, const struct about *a)
{
	if (a->final)
		return VOTES_FINAL;
	return v->n && a->reject > v->n - v->quorum ? VOTES_REJECTED : VOTES_OPEN;
}

static void voters_free(struct voter *voter, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(voter[i].name);
	free(voter);
}

void votes_free(struct votes *v)
{
	struct about *a, *next;

	if (!v)
		return;
	HASH_ITER(hh, v->abouts, a, next) {
		while (a->votes)
			said_free(v, a->votes);
		about_free(v, a);
	}
	voters_free(v->voter, v->n);
	free(v);
}

/* ---- the set */

uint64_t votes_sets(const struct votes *v)
{
	return v->sets;
}

uint32_t votes_voters(const struct votes *v)
{
	return v->n;
}

int votes_me(const struct votes *v)
{
	return v->me;
}

static int voter_find(const struct voter *voter, uint32_t n, struct tn_str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (voter[i].name_n == name.n && !memcmp(voter[i].name, name.p, name.n))
			return (int)i;
	return -1;
}

int votes_voter(const struct votes *v, struct tn_str name)
{
	return voter_find(v->voter, v->n, name);
}

const struct tn_key *votes_key(const struct votes *v, uint32_t voter)
{
	return &v->voter[voter].key;
}

struct tn_str votes_name(const struct votes *v, uint32_t voter)
{
	return (struct tn_str){ v->voter[voter].name, v->voter[voter].name_n };
}

static struct voter *voters_copy(const struct tn_voter_set *set)
{
	struct voter *voter = calloc(set->voter.n ? set->voter.n : 1, sizeof *voter);

	for (uint32_t i = 0; voter && i < set->voter.n; i++) {
		const struct tn_voter *from = &set->voter.v[i];

		voter[i].key = from->key;
		voter[i].name_n = from->address.n;
		voter[i].name = malloc(from->address.n + 1);
		if (!voter[i].name) {
			voters_free(voter, i);
			return NULL;
		}
		memcpy(voter[i].name, from->address.p, from->address.n);
	}
	return voter;
}

/* Where an old voter stands in the new set, if its votes are still its votes. */
static int moved_to(const struct voter *old, const struct voter *voter, uint32_t n)
{
	int at = voter_find(voter, n, (struct tn_str){ old->name, old->name_n });

	if (at >= 0 && memcmp(&voter[at].key, &old->key, sizeof old->key))
		return -1;
	return at;
}

static bool same_set(const struct votes *v, const struct tn_voter_set *set)
{
	if (set->voter.n != v->n || set->me != v->me)
		return false;
	for (uint32_t i = 0; i < v->n; i++)
		if (votes_voter(v, set->voter.v[i].address) != (int)i ||
		    memcmp(&v->voter[i].key, &set->voter.v[i].key, sizeof v->voter[i].key))
			return false;
	return true;
}

static int by_voter(const struct said *a, const struct said *b)
{
	return (a->voter > b->voter) - (a->voter < b->voter);
}

static void drop_departed(struct votes *v, const int *to)
{
	struct about *a, *next;
	struct said *s, *after;

	HASH_ITER(hh, v->abouts, a, next) {
		for (s = a->votes; s; s = after) {
			after = s->next;
			if (to[s->voter] < 0)
				said_drop(v, s);
		}
	}
}

static void renumber(struct votes *v, const int *to, struct voter *voter)
{
	struct about *a, *next;
	struct said *s;

	for (uint32_t i = 0; i < v->n; i++) {
		if (to[i] < 0)
			continue;
		voter[to[i]].oldest = v->voter[i].oldest;
		voter[to[i]].newest = v->voter[i].newest;
		voter[to[i]].early = v->voter[i].early;
	}
	HASH_ITER(hh, v->abouts, a, next) {
		LL_FOREACH(a->votes, s)
			s->voter = (uint32_t)to[s->voter];
		LL_SORT(a->votes, by_voter);
	}
}

static void shrink_early(struct votes *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		while (v->voter[i].early > share(v))
			said_drop(v, v->voter[i].oldest);
}

int votes_set(struct votes *v, const struct tn_voter_set *set)
{
	struct about *a, *next;
	struct voter *voter;
	int *to;

	if (same_set(v, set))
		return 0;
	voter = voters_copy(set);
	to = malloc((v->n ? v->n : 1) * sizeof *to);
	if (!voter || !to) {
		if (voter)
			voters_free(voter, set->voter.n);
		free(to);
		return TN_ENOMEM;
	}
	for (uint32_t i = 0; i < v->n; i++)
		to[i] = moved_to(&v->voter[i], voter, set->voter.n);
	drop_departed(v, to);
	renumber(v, to, voter);
	voters_free(v->voter, v->n);
	free(to);
	v->voter = voter;
	v->n = set->voter.n;
	v->me = set->me;
	v->sets++;
	v->quorum = votes_quorum(v->n);
	HASH_ITER(hh, v->abouts, a, next)
		settle(v, a);
	shrink_early(v);
	return 0;
}

/* ---- votes */

static struct said *said_by(const struct about *a, uint32_t voter)
{
	struct said *s;

	LL_FOREACH(a->votes, s)
		if (s->voter == voter)
			return s;
	return NULL;
}

enum votes_fate votes_look(const struct votes *v, const struct tn_vote *vote)
{
	int voter = votes_voter(v, vote->voter);
	const struct about *a;
	const struct said *s;

	if (voter < 0)
		return VOTES_NOBODY;
	a = find(v, &vote->txid);
	if (!a)
		return VOTES_NEW;
	s = said_by(a, (uint32_t)voter);
	if (s && (s->approve || !vote->approve))
		return VOTES_TWICE;
	return a->final && a->known ? VOTES_LATE : VOTES_NEW;
}

static void fill(struct said *s, const struct tn_vote *vote, uint64_t now)
{
	s->approve = vote->approve;
	s->timestamp = vote->timestamp;
	s->signature = vote->signature;
	s->came = now;
}

static struct said *said_make(struct votes *v, struct about *a, uint32_t voter)
{
	struct said *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->about = a;
	s->voter = voter;
	LL_INSERT_INORDER(a->votes, s, by_voter);
	v->said++;
	if (!a->known)
		early_add(v, s);
	return s;
}

enum votes_fate votes_add(struct votes *v, const struct tn_vote *vote, uint64_t now)
{
	enum votes_fate fate = votes_look(v, vote);
	struct about *a;
	struct said *s;
	uint32_t voter;

	if (fate != VOTES_NEW)
		return fate;
	voter = (uint32_t)votes_voter(v, vote->voter);
	a = find_or_make(v, &vote->txid);
	if (!a)
		return VOTES_NOMEM;
	s = said_by(a, voter);
	if (s)
		count(a, s, (uint32_t)-1); /* a rejection that becomes an approval */
	else
		s = said_make(v, a, voter);
	if (!s) {
		if (!a->votes && !a->known)
			about_free(v, a);
		return VOTES_NOMEM;
	}
	fill(s, vote, now);
	count(a, s, 1);
	settle(v, a);
	while (v->voter[voter].early > share(v))
		said_drop(v, v->voter[voter].oldest);
	return VOTES_NEW;
}

int votes_known(struct votes *v, const struct tn_hash *txid)
{
	struct about *a = find_or_make(v, txid);
	struct said *s;

	if (!a)
		return TN_ENOMEM;
	if (a->known)
		return 0;
	LL_FOREACH(a->votes, s)
		early_remove(v, s);
	a->known = true;
	return 0;
}

int votes_final(struct votes *v, const struct tn_hash *txid)
{
	struct about *a;
	int rc = votes_known(v, txid);

	if (rc)
		return rc;
	a = find(v, txid);
	a->final = true;
	return 0;
}

void votes_forget(struct votes *v, const struct tn_hash *txid)
{
	struct about *a = find(v, txid);

	if (!a)
		return;
	while (a->votes)
		said_free(v, a->votes);
	about_free(v, a);
}

void votes_expire(struct votes *v, uint64_t now)
{
	for (uint32_t i = 0; i < v->n; i++) {
		struct said *s;

		while ((s = v->voter[i].oldest) && now - s->came >= v->conf.early_ms)
			said_drop(v, s);
	}
}

/* ---- questions */

struct votes_count votes_count(const struct votes *v, const struct tn_hash *txid)
{
	const struct about *a = find(v, txid);
	struct votes_count c = { .n = v->n, .quorum = v->quorum };

	if (!a)
		return c;
	c.state = state_of_about(v, a);
	c.known = a->known;
	c.approve = a->approve;
	c.reject = a->reject;
	return c;
}

bool votes_has(const struct votes *v, const struct tn_hash *txid, uint32_t voter)
{
	const struct about *a = find(v, txid);

	return a && said_by(a, voter);
}

static int copy_vote(const struct votes *v, const struct said *s, struct tn_arena *arena,
		     struct tn_vote *out)
{
	const struct voter *by = &v->voter[s->voter];
	const char *name = tn_copy_text(arena, by->name, by->name_n);

	if (!name)
		return TN_ENOMEM;
	*out = (struct tn_vote){ .txid = s->about->txid,
				 .voter = { name, by->name_n },
				 .approve = s->approve,
				 .timestamp = s->timestamp,
				 .signature = s->signature };
	return 0;
}

int votes_list(const struct votes *v, const struct tn_hash *txid, bool all, struct tn_arena *arena,
	       struct votes_list *out)
{
	const struct about *a = find(v, txid);
	const struct said *s;
	int rc = 0;

	*out = (struct votes_list){ .votes = { NULL, 0 } };
	if (!a)
		return 0;
	out->votes.v = tn_alloc(arena, (a->approve + a->reject) * sizeof *out->votes.v);
	if (!out->votes.v)
		return TN_ENOMEM;
	for (s = a->votes; s && !rc; s = s->next)
		if (s->approve || all)
			rc = copy_vote(v, s, arena, &out->votes.v[out->votes.n++]);
	return rc;
}

uint32_t votes_early(const struct votes *v)
{
	return v->early;
}

size_t votes_bytes(const struct votes *v)
{
	return sizeof *v + v->n * (sizeof(struct voter) + 16) + v->said * sizeof(struct said) +
	       HASH_COUNT(v->abouts) * sizeof(struct about) + HASH_OVERHEAD(hh, v->abouts);
}
