/* SPDX-License-Identifier: MIT
 * core/store/memory.c - a store in memory: the simulator's, gone with the process
 */
#include "config.h"

#include <stdlib.h>

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

static struct map *map_of(struct store *s)
{
	return &((struct memory *)s)->map;
}

static int memory_get(struct store *s, int db, struct tn_view key, struct tn_arena *a,
		      struct tn_view *val)
{
	return map_get(map_of(s), db, key, a, val);
}

static int memory_scan(struct store *s, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	return map_scan(map_of(s), db, from, fn, arg);
}

/* Copies first, so that nothing can fail half-way. */
static int memory_commit(struct store *s, const struct store_batch *b, struct tn_error *err)
{
	struct map copy = { 0 };

	for (; b; b = b->next)
		if (b->write && map_copy(&copy, b->write)) {
			map_clear(&copy);
			return tn_fail(err, TN_ENOMEM, "no memory");
		}
	map_apply(map_of(s), &copy);
	return 0;
}

static void memory_fresh(struct store *s)
{
	(void)s;
}

static void memory_close(struct store *s)
{
	map_clear(map_of(s));
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
