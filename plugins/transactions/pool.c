/* SPDX-License-Identifier: MIT
 * plugins/transactions/pool.c - the mempool: transactions that no block contains yet
 *
 * Parents and children are not linked: the table of reserved coins finds a child by its parent's
 * output, the table of txids a parent by its child's input.
 */
#include "pool_entry.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "heap.h"

struct pool {
	struct pool_limits limits;
	struct pool_sums sums;
	uint64_t key[2];
	struct entry *by_txid;
	struct spend *by_coin;
	struct entry
		*list; /* in the order of a block; utlist's, so its head's `before` is the last */
	struct entry *cursor; /* the last one that pool_restore's additions came to */
	struct heap cheap;    /* evictable ones, the one that pays least first */
	struct heap old;      /* those that expire, the next first */
	int64_t back, front;  /* orders given out */
	int64_t restoring, restored;
	uint64_t stamp;
};

/* ---- hashes: txids and outpoints are chosen by others, so they are mixed with a secret */

static unsigned hash_of(const struct pool *p, const struct tn_hash *h, uint32_t vout)
{
	uint64_t a, b;

	memcpy(&a, h->b, sizeof a);
	memcpy(&b, h->b + 8, sizeof b);
	a = ((a ^ p->key[0]) + (b ^ vout) * p->key[1]) * p->key[1];
	return (unsigned)(a >> 32);
}

static struct entry *find(const struct pool *p, const struct tn_hash *txid)
{
	struct entry *e;

	HASH_FIND_BYHASHVALUE(hh, p->by_txid, txid, sizeof *txid, hash_of(p, txid, 0), e);
	return e;
}

static struct spend *find_spend(const struct pool *p, const struct tn_outpoint *at)
{
	struct spend *s;

	HASH_FIND_BYHASHVALUE(hh, p->by_coin, at, sizeof *at, hash_of(p, &at->txid, at->vout), s);
	return s;
}

/* ---- orders: both total, for no two have the same place */

static bool pays_less(const void *a_, const void *b_)
{
	const struct entry *a = a_, *b = b_;

	if (a->out.rate != b->out.rate)
		return a->out.rate < b->out.rate;
	return a->out.order > b->out.order; /* who came first stays */
}

static bool expires_before(const void *a_, const void *b_)
{
	const struct entry *a = a_, *b = b_;

	if (a->out.until != b->out.until)
		return a->out.until < b->out.until;
	return a->out.order < b->out.order;
}

/* ---- life */

struct pool *pool_create(const struct pool_limits *limits, const uint64_t key[2])
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->limits = *limits;
	p->key[0] = key[0];
	p->key[1] = key[1] | 1;
	p->cheap = (struct heap){ .at = offsetof(struct entry, in_cheap), .less = pays_less };
	p->old = (struct heap){ .at = offsetof(struct entry, in_old), .less = expires_before };
	return p;
}

void pool_free(struct pool *p)
{
	struct entry *e, *next;

	if (!p)
		return;
	HASH_CLEAR(hh, p->by_coin);
	HASH_CLEAR(hh, p->by_txid);
	for (e = p->list; e; e = next) {
		next = e->after;
		entry_free(e);
	}
	heap_free(&p->cheap);
	heap_free(&p->old);
	free(p);
}

void pool_limit(struct pool *p, const struct pool_limits *limits)
{
	p->limits = *limits;
}

const struct pool_sums *pool_sums(const struct pool *p)
{
	return &p->sums;
}

/* ---- looking */

struct pool_tx *pool_find(const struct pool *p, const struct tn_hash *txid)
{
	struct entry *e = find(p, txid);

	return e ? &e->out : NULL;
}

struct pool_tx *pool_spender(const struct pool *p, const struct tn_outpoint *at)
{
	const struct spend *s = find_spend(p, at);

	return s ? &s->by->out : NULL;
}

const struct tn_txout *pool_output(const struct pool *p, const struct tn_outpoint *at,
				   struct pool_tx **maker)
{
	struct entry *e = find(p, &at->txid);

	if (!e || at->vout >= e->out.tx.outputs.n)
		return NULL;
	if (maker)
		*maker = &e->out;
	return &e->out.tx.outputs.v[at->vout];
}

struct pool_tx *pool_next(const struct pool *p, const struct pool_tx *t)
{
	struct entry *e = t ? entry_of(t)->after : p->list;

	return e ? &e->out : NULL;
}

struct pool_tx *pool_child(const struct pool *p, const struct pool_tx *t, uint32_t *at)
{
	while (*at < t->tx.outputs.n) {
		struct tn_outpoint o = { t->txid, (*at)++ };
		struct pool_tx *child = pool_spender(p, &o);

		if (child)
			return child;
	}
	return NULL;
}

bool pool_parents_have(const struct pool *p, const struct pool_tx *t, uint32_t flags)
{
	for (uint32_t i = 0; i < t->tx.inputs.n; i++) {
		const struct entry *e = find(p, &t->tx.inputs.v[i].previous_output.txid);

		if (e && !(e->out.flags & flags))
			return false;
	}
	return true;
}

/* ---- in and out of the tables */

static void guard(struct pool *p, struct entry *e)
{
	heap_remove(&p->cheap, e);
	heap_remove(&p->old, e);
}

static void release_coins(struct pool *p, struct entry *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		HASH_DEL(p->by_coin, &e->spend[i]);
}

static int reserve_coins(struct pool *p, struct entry *e)
{
	for (uint32_t i = 0; i < e->out.tx.inputs.n; i++) {
		struct spend *s = &e->spend[i];

		HASH_ADD_BYHASHVALUE(hh, p->by_coin, at, sizeof s->at,
				     hash_of(p, &s->at.txid, s->at.vout), s);
		if (s->lost) {
			release_coins(p, e, i);
			return TN_ENOMEM;
		}
	}
	return 0;
}

static void place(struct pool *p, struct entry *e, bool restored)
{
	if (!restored || !p->restoring) {
		e->out.order = ++p->back;
		DL_APPEND2(p->list, e, before, after);
		return;
	}
	e->out.order = p->restored++;
	p->restoring--;
	if (p->cursor)
		DL_APPEND_ELEM2(p->list, p->cursor, e, before, after);
	else
		DL_PREPEND2(p->list, e, before, after);
	p->cursor = e;
}

static void unlink_entry(struct pool *p, struct entry *e)
{
	if (p->cursor == e)
		p->cursor = e == p->list ? NULL : e->before;
	DL_DELETE2(p->list, e, before, after);
	HASH_DEL(p->by_txid, e);
	release_coins(p, e, e->out.tx.inputs.n);
	guard(p, e);
	p->sums.count--;
	p->sums.bytes -= e->out.mem;
	p->sums.fees -= e->out.fee;
	p->sums.final -= !!(e->out.flags & POOL_FINAL);
	p->sums.approved -= !!(e->out.flags & POOL_APPROVED);
}

/* All that descend from those on the list, appended to it. A stamp marks who is on it. */
static void add_descendants(struct pool *p, struct entry *todo)
{
	struct entry *last = todo;

	while (last->todo)
		last = last->todo;
	for (; todo; todo = todo->todo) {
		uint32_t at = 0;
		struct pool_tx *child;

		while ((child = pool_child(p, &todo->out, &at))) {
			struct entry *e = entry_of(child);

			if (e->stamp == p->stamp)
				continue;
			e->stamp = p->stamp;
			e->todo = NULL;
			last->todo = e;
			last = e;
		}
	}
}

static struct entry *with_descendants(struct pool *p, struct entry *e)
{
	p->stamp++;
	e->stamp = p->stamp;
	e->todo = NULL;
	add_descendants(p, e);
	return e;
}

/* Unlinks a todo list; the result has those that came last in a block first. */
static struct pool_tx *unlink_all(struct pool *p, struct entry *todo, struct pool_tx *gone)
{
	for (struct entry *e = todo; e; e = e->todo) {
		unlink_entry(p, e);
		e->out.next = gone;
		gone = &e->out;
	}
	return gone;
}

/* ---- adding */

static struct entry *rival_of(const struct pool *p, const struct tn_tx *tx)
{
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		const struct spend *s = find_spend(p, &tx->inputs.v[i].previous_output);

		if (s)
			return s->by;
	}
	return NULL;
}

static bool has_parents(const struct pool *p, const struct pool_want *w)
{
	for (uint32_t i = 0; i < w->tx->inputs.n; i++)
		if (w->coin[i].unconfirmed &&
		    !pool_output(p, &w->tx->inputs.v[i].previous_output, NULL))
			return false;
	return true;
}

struct room { /* what goes to make some */
	struct entry *todo, *last;
	struct entry *stash; /* taken from the heap: back into it if all was in vain */
	uint32_t count;
	size_t bytes;
};

static bool is_too_much(const struct pool *p, const struct room *r, const struct entry *e)
{
	return p->sums.count - r->count + 1 > p->limits.count ||
	       p->sums.bytes - r->bytes + e->out.mem > p->limits.bytes;
}

static void take_victim(struct pool *p, struct room *r, struct entry *v)
{
	heap_remove(&p->cheap, v);
	v->stashed = r->stash;
	r->stash = v;
	if (v->stamp == p->stamp)
		return; /* goes with another victim */
	v->stamp = p->stamp;
	v->todo = NULL;
	if (r->last)
		r->last->todo = v;
	else
		r->todo = v;
	add_descendants(p, v);
	for (; v; v = v->todo) {
		r->count++;
		r->bytes += v->out.mem;
		r->last = v;
	}
}

static bool descends_from_victim(const struct pool *p, const struct entry *e)
{
	for (uint32_t i = 0; i < e->out.tx.inputs.n; i++) {
		const struct entry *parent = find(p, &e->out.tx.inputs.v[i].previous_output.txid);

		if (parent && parent->stamp == p->stamp)
			return true;
	}
	return false;
}

/* Who must go for e; nothing has gone yet. False: it cannot be done. */
static bool make_room(struct pool *p, const struct entry *e, struct room *r)
{
	bool fits = true;

	p->stamp++;
	while (fits && is_too_much(p, r, e)) {
		struct entry *v = p->cheap.n ? p->cheap.v[0] : NULL;

		fits = v && v->out.rate < e->out.rate;
		if (fits)
			take_victim(p, r, v);
	}
	fits = fits && !descends_from_victim(p, e);
	while (!fits && r->stash) {
		struct entry *v = r->stash;

		r->stash = v->stashed;
		heap_add(&p->cheap, v);
	}
	return fits;
}

/* There is memory for all of it, or nothing has happened. */
static int enter(struct pool *p, struct entry *e)
{
	if (!heap_reserve(&p->cheap, p->sums.count + 1) ||
	    !heap_reserve(&p->old, p->sums.count + 1))
		return TN_ENOMEM;
	HASH_ADD_BYHASHVALUE(hh, p->by_txid, out.txid, sizeof e->out.txid,
			     hash_of(p, &e->out.txid, 0), e);
	if (e->lost)
		return TN_ENOMEM;
	if (reserve_coins(p, e)) {
		HASH_DEL(p->by_txid, e);
		return TN_ENOMEM;
	}
	return 0;
}

static int judge(const struct pool *p, const struct pool_want *w, struct pool_added *out)
{
	struct entry *rival;

	if (find(p, &w->txid))
		return TN_EINVAL;
	rival = rival_of(p, w->tx);
	if (rival) {
		out->rival = &rival->out;
		return TN_EBUSY;
	}
	return has_parents(p, w) ? 0 : TN_ENOENT;
}

static void settle_in(struct pool *p, struct entry *e, bool restored)
{
	place(p, e, restored);
	heap_add(&p->cheap, e);
	if (!(e->out.flags & POOL_OWN))
		heap_add(&p->old, e);
	p->sums.count++;
	p->sums.bytes += e->out.mem;
	p->sums.fees += e->out.fee;
}

int pool_add(struct pool *p, const struct pool_want *w, struct pool_added *out)
{
	struct room room = { .todo = NULL };
	struct entry *e;
	int rc;

	*out = (struct pool_added){ .tx = NULL };
	rc = judge(p, w, out);
	if (rc)
		return rc;
	e = entry_create(w);
	if (!e)
		return TN_ENOMEM;
	rc = make_room(p, e, &room) ? enter(p, e) : TN_EFULL;
	if (rc) {
		for (; rc == TN_ENOMEM && room.stash; room.stash = room.stash->stashed)
			heap_add(&p->cheap, room.stash);
		entry_free(e);
		return rc;
	}
	settle_in(p, e, w->restored);
	out->gone = unlink_all(p, room.todo, NULL);
	out->tx = &e->out;
	return 0;
}

void pool_restore(struct pool *p, uint32_t n)
{
	p->front -= n;
	p->restored = p->front;
	p->restoring = n;
	p->cursor = NULL;
}

/* ---- what becomes of it */

int pool_approve(struct pool *p, struct pool_tx *t)
{
	struct entry *e = entry_of(t);

	if (!pool_parents_have(p, t, POOL_APPROVED | POOL_FINAL))
		return TN_EINVAL;
	p->sums.approved += !(t->flags & POOL_APPROVED);
	t->flags |= POOL_APPROVED;
	guard(p, e);
	return 0;
}

int pool_finalize(struct pool *p, struct pool_tx *t, int64_t now)
{
	struct entry *e = entry_of(t);

	if (!pool_parents_have(p, t, POOL_FINAL))
		return TN_EINVAL;
	if (t->flags & POOL_FINAL)
		return 0;
	p->sums.final++;
	t->flags |= POOL_FINAL;
	t->final_at = now;
	guard(p, e);
	return 0;
}

struct pool_tx *pool_remove(struct pool *p, struct pool_tx *t)
{
	return unlink_all(p, with_descendants(p, entry_of(t)), NULL);
}

struct pool_tx *pool_confirm(struct pool *p, struct pool_tx *t)
{
	struct entry *e = entry_of(t);

	e->todo = NULL;
	return unlink_all(p, e, NULL);
}

struct pool_tx *pool_expire(struct pool *p, int64_t now)
{
	struct entry *e = p->old.n ? p->old.v[0] : NULL;

	return e && e->out.until <= now ? pool_remove(p, &e->out) : NULL;
}

void pool_dispose(struct pool_tx *list)
{
	struct pool_tx *next;

	for (; list; list = next) {
		next = list->next;
		entry_free(entry_of(list));
	}
}
