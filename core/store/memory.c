/* SPDX-License-Identifier: MIT
 * core/store/memory.c - a store in memory: the simulator's, gone with the process
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_impl.h"

struct memory {
	struct store store;
	struct map map;
};

/* Every database is there, and empty. */
static int memory_db(struct store *s, const char *name, uint16_t version, struct tn_error *err)
{
	(void)s;
	(void)name;
	(void)version;
	(void)err;
	return 0;
}

static int memory_get(struct store *s, int db, struct tn_view key, struct tn_arena *a,
		      struct tn_view *val)
{
	const struct map_node *n = map_find(&((struct memory *)s)->map, db, key);
	uint8_t *p;

	if (!n)
		return TN_ENOENT;
	p = tn_alloc(a, n->val.n);
	if (!p)
		return TN_ENOMEM;
	if (n->val.n)
		memcpy(p, n->val.p, n->val.n);
	*val = (struct tn_view){ p, n->val.n };
	return 0;
}

static int memory_scan(struct store *s, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	const struct map *map = &((struct memory *)s)->map;
	const struct map_node *n = map_from(map, db, from, false);
	int rc = 0;

	while (rc == 0 && n && n->db == db) {
		rc = fn(arg, n->key, n->val);
		n = map_from(map, db, n->key, true);
	}
	return rc;
}

/* Copies first, so that nothing can fail half-way. */
static int memory_commit(struct store *s, const struct store_batch *b, struct tn_error *err)
{
	struct map copy = { 0 };

	for (; b; b = b->next)
		if (map_copy(&copy, &b->map)) {
			map_clear(&copy);
			return tn_fail(err, TN_ENOMEM, "no memory");
		}
	map_apply(&((struct memory *)s)->map, &copy);
	return 0;
}

static void memory_fresh(struct store *s)
{
	(void)s;
}

static void memory_close(struct store *s)
{
	map_clear(&((struct memory *)s)->map);
	free(s);
}

struct store *store_memory_create(void)
{
	static const struct store_ops ops = { memory_db,     memory_get,   memory_scan,
					      memory_commit, memory_fresh, memory_close };
	struct memory *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->store.ops = &ops;
	return &m->store;
}
