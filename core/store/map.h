/* SPDX-License-Identifier: MIT
 * core/store/map.h - an ordered map from (database, key) to value, in memory
 *
 * A treap: what a batch collects and what the memory store holds. Its order is that of
 * LMDB: by database, then by the bytes of the key, a prefix first. Nodes come from malloc one
 * by one (map_link); or they lie in chunks of the map, which only grows and goes at once
 * however many they are (map_put); or they lie in chunks of other maps (map_unite). One map
 * uses one of the three.
 */
#ifndef CORE_STORE_MAP_H
#define CORE_STORE_MAP_H

#include "store/store.h"

struct map_node {
	struct map_node *left, *right;
	uint64_t order; /* database and first bytes of the key: most comparisons end there */
	uint32_t rank;
	int db;
	struct tn_view key, val; /* behind the node; val.p NULL: a deletion */
};

struct map_chunk;

struct map {
	struct map_node *root;
	uint64_t ranks; /* state of the generator of ranks */
	struct map_chunk *chunk;
};

/* {0} is an empty map. */
void map_clear(struct map *);

/* In place of what was there: a copy of key and value (val.p NULL: a deletion). 0 or TN_ENOMEM. */
int map_put(struct map *, int db, struct tn_view key, struct tn_view val);

/* All nodes of one, which map_put made, go into the other, in place of those with their keys. They still
 * lie in the chunks of the first: before those are freed, the other is forgotten or cleared with its
 * root set to NULL. The maps' ranks must have begun from different numbers (map.ranks), or the tree
 * may become deep. Cannot fail. */
void map_unite(struct map *, struct map *from);

/* Of a node that is in no map: it is one of that database from now on. */
void map_rename(struct map_node *, int db);
/* Puts the node in, in place of one with its key. Cannot fail. */
void map_link(struct map *, struct map_node *);
void map_remove(struct map *, int db, struct tn_view key); /* absent is fine */

/* Takes any node out; NULL if the map is empty. The caller frees it. */
struct map_node *map_pop(struct map *);

/* Copies of all nodes, by malloc, into another map: 0 or TN_ENOMEM. Then what they say is done there:
 * deletions take the node of their key away; *changes is empty afterwards. */
int map_copy(struct map *to, const struct map *from);
void map_apply(struct map *, struct map *changes);

const struct map_node *map_find(const struct map *, int db, struct tn_view key);

/* Every node in order; non-zero from fn ends it and is the result. */
typedef int map_each_fn(void *arg, const struct map_node *);
int map_each(const struct map *, map_each_fn *, void *arg);

/* The first node at or behind (db, key), of any database. With `after`: behind it. */
const struct map_node *map_from(const struct map *, int db, struct tn_view key, bool after);

/* For stores that are one map: store_get and store_scan. */
int map_get(const struct map *, int db, struct tn_view key, struct tn_arena *, struct tn_view *val);
int map_scan(const struct map *, int db, struct tn_view from, store_scan_fn *, void *arg);

#endif
