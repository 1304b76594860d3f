/* SPDX-License-Identifier: MIT
 * core/store/overlay.c - what is accepted and not yet durable, over what is
 *
 * One node for each key, with key and value lent from the batch that changed it last; the
 * batch's number is its mark. So a read looks at one map however many batches wait.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_impl.h"

struct lending {
	struct map_node *list; /* by `left` */
	uint64_t number;
};

static int lend(void *arg, const struct map_node *k)
{
	struct lending *l = arg;
	struct map_node *n = map_node_lent(k->db, k->key, k->val, l->number);

	if (!n)
		return TN_ENOMEM;
	n->left = l->list;
	l->list = n;
	return 0;
}

/* All nodes first: then nothing can fail. */
int overlay_add(struct store *s, struct store_batch *b)
{
	struct lending l = { NULL, ++s->accepted };
	int rc = map_each(&b->map, lend, &l);
	struct map_node *n;

	b->number = l.number;
	while ((n = l.list)) {
		l.list = n->left;
		n->left = NULL;
		if (rc)
			free(n);
		else
			map_link(&s->overlay, n);
	}
	return rc;
}

struct dropping {
	struct store *s;
	uint64_t number;
};

static int drop_one(void *arg, const struct map_node *k)
{
	const struct dropping *d = arg;
	const struct map_node *n = map_find(&d->s->overlay, k->db, k->key);

	if (n && n->mark == d->number)
		map_remove(&d->s->overlay, k->db, k->key);
	return 0;
}

/* Batches end in their order, so that the latest is the last. */
void overlay_drop(struct store *s, const struct store_batch *b)
{
	struct dropping d = { s, b->number };

	if (b->number == s->accepted)
		map_clear(&s->overlay);
	else
		map_each(&b->map, drop_one, &d);
}

int overlay_get(const struct store *s, int db, struct tn_view key, struct tn_arena *a,
		struct tn_view *val)
{
	const struct map_node *n = map_find(&s->overlay, db, key);
	uint8_t *p;

	if (!n)
		return 1;
	if (!n->val.p)
		return TN_ENOENT;
	p = tn_alloc(a, n->val.n);
	if (!p)
		return TN_ENOMEM;
	if (n->val.n)
		memcpy(p, n->val.p, n->val.n);
	*val = (struct tn_view){ p, n->val.n };
	return 0;
}

/* ---- scan: two ordered lists as one */

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

static int give_next(struct scan *x)
{
	const struct map_node *n = x->next;

	x->next = map_from(&x->s->overlay, n->db, n->key, true);
	if (x->next && x->next->db != x->db)
		x->next = NULL;
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
	struct scan x = { s, db, map_from(&s->overlay, db, from, false), fn, arg };
	int rc;

	if (x.next && x.next->db != db)
		x.next = NULL;
	rc = s->ops->scan(s, db, from, on_row, &x);
	while (!rc && x.next)
		rc = give_next(&x);
	return rc;
}
