/* SPDX-License-Identifier: MIT
 * core/store/map.c - an ordered map from (database, key) to value, in memory
 */
#include "config.h"

#include "store/map.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_FIRST = 512, CHUNK_MOST = 64 << 10 };

struct place {
	uint64_t order;
	struct tn_view key;
};

/* A key that is another's beginning, or that but for zeros, may have the same. */
static uint64_t order_of(int db, struct tn_view key)
{
	uint8_t b[8] = { (uint8_t)db };
	uint64_t v = 0;

	if (key.n)
		memcpy(b + 1, key.p, key.n < 7 ? key.n : 7);
	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | b[i];
	return v;
}

static struct place place_of(int db, struct tn_view key)
{
	return (struct place){ order_of(db, key), key };
}

static int compare_keys(struct tn_view a, struct tn_view b)
{
	size_t shorter = a.n < b.n ? a.n : b.n;
	int c = shorter ? memcmp(a.p, b.p, shorter) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static inline int compare(const struct place *a, const struct map_node *n)
{
	if (a->order != n->order)
		return a->order < n->order ? -1 : 1;
	return compare_keys(a->key, n->key);
}

/* ---- nodes */

static size_t node_bytes(struct tn_view key, struct tn_view val)
{
	return sizeof(struct map_node) + key.n + val.n + 1;
}

static struct map_node *fill(struct map_node *n, int db, struct tn_view key, struct tn_view val)
{
	uint8_t *p = (uint8_t *)(n + 1);

	*n = (struct map_node){ .order = order_of(db, key), .db = db, .key = { p, key.n } };
	if (key.n)
		memcpy(p, key.p, key.n);
	if (val.p)
		n->val = (struct tn_view){ p + key.n, val.n };
	if (val.n)
		memcpy(p + key.n, val.p, val.n);
	return n;
}

static struct map_node *copy_of(const struct map_node *from)
{
	struct map_node *n = malloc(node_bytes(from->key, from->val));

	return n ? fill(n, from->db, from->key, from->val) : NULL;
}

struct map_chunk {
	struct map_chunk *next;
	size_t used, room;
	_Alignas(struct map_node) uint8_t memory[];
};

/* A small batch costs little, a large one few chunks. */
static struct map_chunk *add_chunk(struct map *m, size_t n)
{
	size_t room = m->chunk ? 2 * m->chunk->room : CHUNK_FIRST;
	struct map_chunk *c;

	room = room > CHUNK_MOST ? CHUNK_MOST : room;
	c = malloc(sizeof *c + (n > room ? n : room));
	if (!c)
		return NULL;
	*c = (struct map_chunk){ m->chunk, 0, n > room ? n : room };
	m->chunk = c;
	return c;
}

static void *take_room(struct map *m, size_t n)
{
	const size_t align = _Alignof(struct map_node);
	struct map_chunk *c = m->chunk;
	void *p;

	n = (n + align - 1) / align * align;
	if (!c || c->room - c->used < n)
		c = add_chunk(m, n);
	if (!c)
		return NULL;
	p = c->memory + c->used;
	c->used += n;
	return p;
}

/* Ranks do not depend on keys, so no choice of keys makes the tree deep; xorshift64*. */
static uint32_t next_rank(struct map *m)
{
	uint64_t x = m->ranks ? m->ranks : 0x9e3779b97f4a7c15u;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	m->ranks = x;
	return (uint32_t)(x * 0x2545f4914f6cdd1du >> 32);
}

/* Nodes below that place into *low, those above it into *high; the one that is there, if any. */
static struct map_node *split(struct map_node *t, const struct place *at, struct map_node **low,
			      struct map_node **high)
{
	while (t) {
		int c = compare(at, t);

		if (c == 0) {
			*low = t->left;
			*high = t->right;
			return t;
		}
		if (c < 0) {
			*high = t;
			high = &t->left;
			t = t->left;
		} else {
			*low = t;
			low = &t->right;
			t = t->right;
		}
	}
	*low = *high = NULL;
	return NULL;
}

static struct map_node *merge(struct map_node *low, struct map_node *high)
{
	struct map_node *root, **place = &root;

	while (low && high) {
		if (low->rank >= high->rank) {
			*place = low;
			place = &low->right;
			low = low->right;
		} else {
			*place = high;
			place = &high->left;
			high = high->left;
		}
	}
	*place = low ? low : high;
	return root;
}

/* Where the node of that key hangs, or the empty place where the search ended. */
static struct map_node **find_link(struct map *m, const struct place *p)
{
	struct map_node **at = &m->root;

	while (*at) {
		int c = compare(p, *at);

		if (c == 0)
			break;
		at = c < 0 ? &(*at)->left : &(*at)->right;
	}
	return at;
}

void map_rename(struct map_node *n, int db)
{
	n->db = db;
	n->order = order_of(db, n->key);
}

/* As if it had always been there. */
static void stand_in(struct map_node *n, const struct map_node *old)
{
	n->left = old->left;
	n->right = old->right;
	n->rank = old->rank;
}

void map_link(struct map *m, struct map_node *n)
{
	struct place p = { n->order, n->key };
	struct map_node **at = &m->root, *old = NULL;

	n->rank = next_rank(m);
	while (*at && (*at)->rank >= n->rank) {
		int c = compare(&p, *at);

		if (c == 0) {
			old = *at;
			break;
		}
		at = c < 0 ? &(*at)->left : &(*at)->right;
	}
	if (old)
		stand_in(n, old);
	else
		old = split(*at, &p, &n->left, &n->right);
	*at = n;
	if (old && !m->chunk)
		free(old);
}

/* As deep as the trees are. */
static struct map_node *unite(struct map_node *old, struct map_node *fresh)
{
	struct map_node *root, *low, *high, *same;
	struct place p;

	if (!old || !fresh)
		return old ? old : fresh;
	root = fresh->rank > old->rank ? fresh : old;
	p = (struct place){ root->order, root->key };
	same = split(root == old ? fresh : old, &p, &low, &high);
	if (root == old) {
		if (same) {
			stand_in(same, old);
			root = same;
		}
		root->left = unite(root->left, low);
		root->right = unite(root->right, high);
	} else {
		root->left = unite(low, root->left);
		root->right = unite(high, root->right);
	}
	return root;
}

void map_unite(struct map *m, struct map *from)
{
	m->root = unite(m->root, from->root);
	from->root = NULL;
}

int map_put(struct map *m, int db, struct tn_view key, struct tn_view val)
{
	struct map_node *n = take_room(m, node_bytes(key, val));

	if (!n)
		return TN_ENOMEM;
	map_link(m, fill(n, db, key, val));
	return 0;
}

void map_remove(struct map *m, int db, struct tn_view key)
{
	struct place p = place_of(db, key);
	struct map_node **at = find_link(m, &p), *old = *at;

	if (!old)
		return;
	*at = merge(old->left, old->right);
	free(old);
}

struct map_node *map_pop(struct map *m)
{
	struct map_node *n = m->root;

	if (!n)
		return NULL;
	m->root = merge(n->left, n->right);
	n->left = n->right = NULL;
	return n;
}

void map_clear(struct map *m)
{
	struct map_chunk *c;
	struct map_node *n;

	if (m->chunk)
		m->root = NULL;
	while ((c = m->chunk)) {
		m->chunk = c->next;
		free(c);
	}
	while ((n = map_pop(m)))
		free(n);
}

/* As deep as the tree is: its ranks are random, so that is a few times the logarithm. */
static int walk(const struct map_node *n, map_each_fn *fn, void *arg)
{
	int rc = 0;

	for (; n && !rc; n = n->right) {
		rc = walk(n->left, fn, arg);
		if (!rc)
			rc = fn(arg, n);
	}
	return rc;
}

int map_each(const struct map *m, map_each_fn *fn, void *arg)
{
	return walk(m->root, fn, arg);
}

static int copy_one(void *to, const struct map_node *n)
{
	struct map_node *c = copy_of(n);

	if (!c)
		return TN_ENOMEM;
	map_link(to, c);
	return 0;
}

int map_copy(struct map *to, const struct map *from)
{
	return map_each(from, copy_one, to);
}

void map_apply(struct map *m, struct map *changes)
{
	struct map_node *n;

	while ((n = map_pop(changes))) {
		if (n->val.p) {
			map_link(m, n);
		} else {
			map_remove(m, n->db, n->key);
			free(n);
		}
	}
}

const struct map_node *map_find(const struct map *m, int db, struct tn_view key)
{
	struct place p = place_of(db, key);
	const struct map_node *n = m->root;
	int c;

	while (n && (c = compare(&p, n)))
		n = c < 0 ? n->left : n->right;
	return n;
}

const struct map_node *map_from(const struct map *m, int db, struct tn_view key, bool after)
{
	const struct map_node *n = m->root, *best = NULL;
	struct place p = place_of(db, key);

	while (n) {
		int c = compare(&p, n);

		if (c < 0 || (c == 0 && !after)) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}

/* ---- a store that is one map */

int map_get(const struct map *m, int db, struct tn_view key, struct tn_arena *a,
	    struct tn_view *val)
{
	const struct map_node *n = map_find(m, db, key);
	uint8_t *p;

	if (!n)
		return TN_ENOENT;
	p = tn_copy_bytes(a, n->val.p, n->val.n);
	if (!p)
		return TN_ENOMEM;
	*val = (struct tn_view){ p, n->val.n };
	return 0;
}

int map_scan(const struct map *m, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	const struct map_node *n = map_from(m, db, from, false);
	int rc = 0;

	while (rc == 0 && n && n->db == db) {
		rc = fn(arg, n->key, n->val);
		n = map_from(m, db, n->key, true);
	}
	return rc;
}
