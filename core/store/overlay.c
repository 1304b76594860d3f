/* SPDX-License-Identifier: MIT
 * core/store/overlay.c - what is accepted and not yet durable, over what is
 *
 * Layers, the newest first. A large batch is one by itself. The nodes of small ones move to
 * the first one's map until a group of them goes to the writer. So nothing here takes long,
 * however many changes a batch has; a read looks at a few maps, and what a group has made
 * durable goes as a whole. The writer writes layers: each key once, and in order.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_impl.h"

enum { LARGE = 4096 }; /* changes */

struct layer {
	struct layer *older;
	struct map *map; /* its first batch's */
	uint64_t last;   /* number of the latest batch in it */
	bool closed;
};

static struct layer *add_layer(struct store *s, struct map *map)
{
	struct layer *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->map = map;
	l->last = s->accepted;
	l->older = s->overlay;
	s->overlay = l;
	return l;
}

int overlay_add(struct store *s, struct store_batch *b)
{
	bool large = b->changes >= LARGE;
	struct layer *l = s->overlay;

	if (large || !l || l->closed) {
		l = add_layer(s, &b->map);
		if (!l)
			return TN_ENOMEM;
		l->closed = large;
	} else {
		map_unite(l->map, &b->map);
		b->write = NULL;
	}
	b->number = l->last = ++s->accepted;
	return 0;
}

void overlay_close(struct store *s)
{
	if (s->overlay)
		s->overlay->closed = true;
}

static void drop_from(struct layer **at)
{
	struct layer *l;

	while ((l = *at)) {
		*at = l->older;
		free(l);
	}
}

void overlay_drop(struct store *s, const struct store_batch *last)
{
	struct layer **at = &s->overlay;

	while (*at && (*at)->last > last->number)
		at = &(*at)->older;
	drop_from(at);
}

void overlay_free(struct store *s)
{
	drop_from(&s->overlay);
}

static const struct map_node *find(const struct store *s, int db, struct tn_view key)
{
	const struct map_node *n = NULL;

	for (const struct layer *l = s->overlay; l && !n; l = l->older)
		n = map_find(l->map, db, key);
	return n;
}

int overlay_get(const struct store *s, int db, struct tn_view key, struct tn_arena *a,
		struct tn_view *val)
{
	const struct map_node *n = find(s, db, key);
	uint8_t *p;

	if (!n)
		return 1;
	if (!n->val.p)
		return TN_ENOENT;
	p = tn_copy_bytes(a, n->val.p, n->val.n);
	if (!p)
		return TN_ENOMEM;
	*val = (struct tn_view){ p, n->val.n };
	return 0;
}

/* ---- scan: ordered lists as one */

struct scan {
	struct store *s;
	int db;
	const struct map_node *next; /* of the overlay */
	store_scan_fn *fn;
	void *arg;
};

static int order(struct tn_view a, struct tn_view b)
{
	size_t shorter = a.n < b.n ? a.n : b.n;
	int c = shorter ? memcmp(a.p, b.p, shorter) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* The first row at or behind a key; of several layers' the newest. */
static const struct map_node *first_from(const struct store *s, int db, struct tn_view key,
					 bool after)
{
	const struct map_node *best = NULL;

	for (const struct layer *l = s->overlay; l; l = l->older) {
		const struct map_node *n = map_from(l->map, db, key, after);

		if (n && n->db == db && (!best || order(n->key, best->key) < 0))
			best = n;
	}
	return best;
}

static int give_next(struct scan *x)
{
	const struct map_node *n = x->next;

	x->next = first_from(x->s, x->db, n->key, true);
	return n->val.p ? x->fn(x->arg, n->key, n->val) : 0;
}

static int on_row(void *arg, struct tn_view key, struct tn_view val)
{
	struct scan *x = arg;
	int rc = 0, c = 1;

	while (!rc && x->next && (c = order(x->next->key, key)) < 0)
		rc = give_next(x);
	if (!rc && x->next && c == 0)
		return give_next(x); /* in place of it */
	return rc ? rc : x->fn(x->arg, key, val);
}

int overlay_scan(struct store *s, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	struct scan x = { s, db, first_from(s, db, from, false), fn, arg };
	int rc = s->ops->scan(s, db, from, on_row, &x);

	while (!rc && x.next)
		rc = give_next(&x);
	return rc;
}
