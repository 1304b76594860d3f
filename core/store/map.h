/* SPDX-License-Identifier: MIT
 * core/store/map.h - an ordered map from (database, key) to value, in memory
 *
 * A treap: what a batch collects and what the memory store holds. Its order is that of
 * LMDB: by database, then by the bytes of the key, a prefix first.
 */
#ifndef CORE_STORE_MAP_H
#define CORE_STORE_MAP_H

#include "store/store.h"

struct map_node {
	struct map_node *left, *right;
	uint64_t rank;
	int db;
	struct tn_view key, val; /* both behind the node; val.p NULL: a deletion */
};

struct map {
	struct map_node *root;
	uint64_t ranks; /* state of the generator of ranks */
};

/* {0} is an empty map. */
void map_clear(struct map *);

/* A copy of key and value (val.p NULL: a deletion), not in any map. NULL without memory. */
struct map_node *map_node(int db, struct tn_view key, struct tn_view val);

/* Puts the node in, in place of one with its key. Cannot fail. */
void map_link(struct map *, struct map_node *);
void map_remove(struct map *, int db, struct tn_view key); /* absent is fine */

/* Takes any node out; NULL if the map is empty. The caller frees it. */
struct map_node *map_pop(struct map *);

const struct map_node *map_find(const struct map *, int db, struct tn_view key);

/* The first node at or behind (db, key), of any database. With `after`: behind it. */
const struct map_node *map_from(const struct map *, int db, struct tn_view key, bool after);

/* For stores that are one map: store_get, store_scan, and one node of a batch, which the map
 * takes: it replaces what has its key, or it is a deletion. Only map_get can fail. */
int map_get(const struct map *, int db, struct tn_view key, struct tn_arena *, struct tn_view *val);
int map_scan(const struct map *, int db, struct tn_view from, store_scan_fn *, void *arg);
void map_apply(struct map *, struct map_node *);

#endif
