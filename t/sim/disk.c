/* SPDX-License-Identifier: MIT
 * t/sim/disk.c - a memory store whose content outlives it
 */
#include "sim/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/queue.h"
#include "store/store_impl.h"

struct disk {
	struct map map;
	struct {
		char name[STORE_NAME_MAX + 1];
		uint16_t version;
	} db[STORE_DBS_MAX];
	int dbs;
	bool full;
	uint64_t commits, failures;
};

struct disk_store {
	struct store store;
	struct disk *disk;
	int at[STORE_DBS_MAX]; /* number in this store -> on the disk */
};

static struct disk_store *of(struct store *s)
{
	return (struct disk_store *)(void *)s;
}

static int disk_db(struct store *s, const char *name, uint16_t version, struct tn_error *err)
{
	struct disk *d = of(s)->disk;
	int i = 0;

	while (i < d->dbs && strcmp(d->db[i].name, name) != 0)
		i++;
	if (i == d->dbs) {
		snprintf(d->db[i].name, sizeof d->db[i].name, "%s", name);
		d->db[i].version = version;
		d->dbs++;
	}
	if (d->db[i].version != version)
		return tn_fail(err, TN_EBAD, "database %s is stored in another format", name);
	of(s)->at[s->dbs] = i;
	return 0;
}

static int disk_get(struct store *s, int db, struct tn_view key, struct tn_arena *a,
		    struct tn_view *val)
{
	return map_get(&of(s)->disk->map, of(s)->at[db], key, a, val);
}

static int disk_scan(struct store *s, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	return map_scan(&of(s)->disk->map, of(s)->at[db], from, fn, arg);
}

static int disk_commit(struct store *s, const struct store_batch *b, struct tn_error *err)
{
	struct disk *d = of(s)->disk;

	if (d->full) {
		d->failures++;
		return tn_fail(err, TN_EIO, "no space left on the simulated disk");
	}
	for (; b; b = b->next) {
		struct map copy = { 0 }, placed = { 0 };
		struct map_node *n;

		if (b->write && map_copy(&copy, b->write))
			abort();
		while ((n = map_pop(&copy))) {
			map_rename(n, of(s)->at[n->db]);
			map_link(&placed, n);
		}
		map_apply(&d->map, &placed);
	}
	d->commits++;
	return 0;
}

static void disk_fresh(struct store *s)
{
	(void)s;
}

static void disk_close(struct store *s)
{
	free(s);
}

struct disk *disk_create(void)
{
	return sim_alloc(sizeof(struct disk));
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	map_clear(&d->map);
	free(d);
}

struct store *disk_store(struct disk *d)
{
	static const struct store_ops ops = { disk_db,     disk_get,   disk_scan,
					      disk_commit, disk_fresh, disk_close };
	struct disk_store *s = sim_alloc(sizeof *s);

	s->store.ops = &ops;
	s->disk = d;
	return &s->store;
}

void disk_full(struct disk *d, bool full)
{
	d->full = full;
}

uint64_t disk_commits(const struct disk *d)
{
	return d->commits;
}

uint64_t disk_failures(const struct disk *d)
{
	return d->failures;
}

/* ---- rows */

static int open_db(struct store *s, const char *plugin, const char *db)
{
	struct tn_error err = { "" };
	char name[STORE_NAME_MAX + 1];
	int n;

	snprintf(name, sizeof name, "%s.%s", plugin, db);
	n = store_db(s, name, 1, &err);
	if (n < 0)
		bail_out("%s: %s", name, err.text);
	return n;
}

struct taking {
	uint64_t skip;
	struct disk_row *row;
};

static int take_row(void *arg, struct tn_view key, struct tn_view val)
{
	struct taking *t = arg;
	struct disk_row *r = t->row;

	if (t->skip-- > 0)
		return 0;
	if (key.n > sizeof r->key || val.n > sizeof r->val)
		bail_out("a long row");
	memcpy(r->key, key.p, key.n);
	memcpy(r->val, val.p, val.n);
	r->key_n = key.n;
	r->val_n = val.n;
	return 1;
}

void disk_read(struct disk *d, const char *plugin, const char *db, uint64_t skip,
	       struct disk_row *row)
{
	struct store *s = disk_store(d);
	struct taking t = { skip, row };

	if (store_scan(s, open_db(s, plugin, db), (struct tn_view){ NULL, 0 }, take_row, &t) != 1)
		bail_out("no such row in %s.%s", plugin, db);
	store_close(s);
}

void disk_write(struct disk *d, const char *plugin, const char *db, struct tn_view key,
		const struct tn_view *val)
{
	struct store *s = disk_store(d);
	int n = open_db(s, plugin, db);
	struct store_batch *b = store_batch(s);
	struct tn_error err = { "" };

	if ((val ? store_put(b, n, key, *val) : store_del(b, n, key)) || store_commit(b, &err))
		bail_out("%s.%s: %s", plugin, db, err.text);
	store_close(s);
}
