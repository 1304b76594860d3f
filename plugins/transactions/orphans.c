/* SPDX-License-Identifier: MIT
 * plugins/transactions/orphans.c - transactions that spend a coin nobody here knows yet
 */
#include "orphans.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->lost = true)
#include <uthash.h>
#include <utlist.h>

struct kept {
	struct orphan out; /* first: the two convert */
	struct parent *parent;
	struct peer *peer;
	struct kept *after, *before;       /* all of them, the oldest first */
	struct kept *sibling, *sibling_up; /* of one parent */
	struct kept *mine, *mine_up;       /* of one peer */
	bool lost;
	UT_hash_handle hh;
};

struct parent { /* that is missing */
	struct tn_hash txid;
	struct kept *list;
	bool lost;
	UT_hash_handle hh;
};

struct peer {
	uint64_t sid;
	struct kept *list;
	uint32_t n;
	size_t bytes;
	bool lost;
	UT_hash_handle hh;
};

struct orphans {
	struct orphan_limits limits;
	uint64_t key[2];
	struct kept *list, *by_txid;
	struct parent *parents;
	struct peer *peers;
	uint32_t n;
	size_t bytes;
};

/* Others choose the txids: the secret keeps them from falling together. */
static unsigned hash_of(const struct orphans *o, const struct tn_hash *h)
{
	uint64_t a, b;

	memcpy(&a, h->b, sizeof a);
	memcpy(&b, h->b + 8, sizeof b);
	return (unsigned)(((a ^ o->key[0]) + b * o->key[1]) * o->key[1] >> 32);
}

struct orphans *orphans_create(const struct orphan_limits *limits, const uint64_t key[2])
{
	struct orphans *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->limits = *limits;
	o->key[0] = key[0];
	o->key[1] = key[1] | 1;
	return o;
}

void orphan_free(struct orphan *t)
{
	struct kept *k = (struct kept *)t;

	if (!k)
		return;
	tn_arena_unref(k->out.owner);
	free(k);
}

/* ---- the two lists beside the one of all */

static struct parent *find_parent(struct orphans *o, const struct tn_hash *txid)
{
	struct parent *p;

	HASH_FIND_BYHASHVALUE(hh, o->parents, txid, sizeof *txid, hash_of(o, txid), p);
	return p;
}

static struct parent *want_parent(struct orphans *o, const struct tn_hash *txid)
{
	struct parent *p = find_parent(o, txid);

	if (p)
		return p;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->txid = *txid;
	HASH_ADD_BYHASHVALUE(hh, o->parents, txid, sizeof p->txid, hash_of(o, txid), p);
	if (!p->lost)
		return p;
	free(p);
	return NULL;
}

static void drop_parent(struct orphans *o, struct parent *p)
{
	if (!p || p->list)
		return;
	HASH_DEL(o->parents, p);
	free(p);
}

static struct peer *want_peer(struct orphans *o, uint64_t sid)
{
	struct peer *p;

	HASH_FIND(hh, o->peers, &sid, sizeof sid, p);
	if (p)
		return p;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->sid = sid;
	HASH_ADD(hh, o->peers, sid, sizeof p->sid, p);
	if (!p->lost)
		return p;
	free(p);
	return NULL;
}

static void drop_peer(struct orphans *o, struct peer *p)
{
	if (!p || p->n)
		return;
	HASH_DEL(o->peers, p);
	free(p);
}

static void unlink_kept(struct orphans *o, struct kept *k)
{
	HASH_DEL(o->by_txid, k);
	DL_DELETE2(o->list, k, before, after);
	DL_DELETE2(k->parent->list, k, sibling_up, sibling);
	DL_DELETE2(k->peer->list, k, mine_up, mine);
	k->peer->n--;
	k->peer->bytes -= k->out.bytes;
	drop_peer(o, k->peer);
	drop_parent(o, k->parent);
	o->n--;
	o->bytes -= k->out.bytes;
}

static void drop(struct orphans *o, struct kept *k)
{
	unlink_kept(o, k);
	orphan_free(&k->out);
}

void orphans_free(struct orphans *o)
{
	if (!o)
		return;
	while (o->list)
		drop(o, o->list);
	free(o);
}

static void shrink(struct orphans *o, size_t more)
{
	while (o->list && (o->n + 1 > o->limits.count || o->bytes + more > o->limits.bytes))
		drop(o, o->list);
}

void orphans_limit(struct orphans *o, const struct orphan_limits *limits)
{
	o->limits = *limits;
}

uint32_t orphans_count(const struct orphans *o)
{
	return o->n;
}

size_t orphans_bytes(const struct orphans *o)
{
	return o->bytes;
}

/* ---- in and out */

static int enter(struct orphans *o, struct kept *k)
{
	k->parent = want_parent(o, &k->out.parent);
	k->peer = want_peer(o, k->out.from);
	if (k->parent && k->peer)
		HASH_ADD_BYHASHVALUE(hh, o->by_txid, out.txid, sizeof k->out.txid,
				     hash_of(o, &k->out.txid), k);
	if (!k->parent || !k->peer || k->lost) {
		drop_parent(o, k->parent);
		drop_peer(o, k->peer);
		return TN_ENOMEM;
	}
	DL_APPEND2(o->list, k, before, after);
	DL_APPEND2(k->parent->list, k, sibling_up, sibling);
	DL_APPEND2(k->peer->list, k, mine_up, mine);
	k->peer->n++;
	k->peer->bytes += k->out.bytes;
	o->n++;
	o->bytes += k->out.bytes;
	return 0;
}

/* A peer's own oldest ones make room for its newest: it has so many places, and a quarter of the
 * memory, or one of whatever size. */
static void shrink_peer(struct orphans *o, uint64_t sid, size_t more)
{
	struct peer *peer;

	for (;;) {
		HASH_FIND(hh, o->peers, &sid, sizeof sid, peer);
		if (!peer ||
		    (peer->n < o->limits.per_peer && peer->bytes + more <= o->limits.bytes / 4))
			return;
		drop(o, peer->list);
	}
}

int orphans_add(struct orphans *o, const struct orphan *want)
{
	struct kept *k;

	HASH_FIND_BYHASHVALUE(hh, o->by_txid, &want->txid, sizeof want->txid,
			      hash_of(o, &want->txid), k);
	if (k)
		return TN_EBUSY;
	if (!o->limits.count || !o->limits.per_peer || want->bytes > o->limits.bytes)
		return TN_EFULL;
	shrink_peer(o, want->from, want->bytes);
	shrink(o, want->bytes);
	k = calloc(1, sizeof *k);
	if (!k)
		return TN_ENOMEM;
	k->out = *want;
	if (enter(o, k)) {
		free(k);
		return TN_ENOMEM;
	}
	tn_arena_ref(k->out.owner);
	return 0;
}

struct orphan *orphans_take(struct orphans *o, const struct tn_hash *parent)
{
	struct parent *p = find_parent(o, parent);
	struct orphan *first = NULL, **end = &first;

	while (p) {
		struct kept *k = p->list;
		bool last = !k->sibling;

		unlink_kept(o, k);
		k->out.next = NULL;
		*end = &k->out;
		end = &k->out.next;
		if (last)
			break;
	}
	return first;
}

/* All are kept equally long, so the oldest are the first to go. */
uint32_t orphans_expire(struct orphans *o, int64_t now)
{
	uint32_t n = 0;

	for (; o->list && o->list->out.until <= now; n++)
		drop(o, o->list);
	return n;
}
