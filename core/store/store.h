/* SPDX-License-Identifier: MIT
 * core/store/store.h - named databases of bytes: what plugins and the ban list keep
 *
 * Two implementations: lmdb.c and memory.c (simulator). A batch is applied whole
 * or not at all; for now a commit is one synchronous transaction (the writer
 * thread of DESIGN 7 comes with the blocks plugin, which has much to write).
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "timenode/base.h"

struct store;
struct store_batch;

typedef int store_scan_fn(void *arg, struct tn_view key, struct tn_view val);

/* dir must exist. map_size in bytes; `network` is remembered in the store and must
 * match: another network's data is refused, never overwritten. NULL with the reason
 * (corrupt file, no permission, other network, in use) and what to do.
 */
struct store *store_lmdb_open(const char *dir, uint64_t map_size, const char *network,
			      struct tn_error *);
struct store *store_memory_create(void);
void store_close(struct store *); /* NULL is fine */

/* Opens or makes database `name` ("peers.book") with a value format version: another
 * version stored is TN_EBAD. Returns a number >= 0, or an error.
 */
int store_db(struct store *, const char *name, uint16_t version, struct tn_error *);

/* The value is copied into the arena. 0, TN_ENOENT, TN_EIO. */
int store_get(struct store *, int db, struct tn_view key, struct tn_arena *, struct tn_view *val);

/* Key order from `from` on (empty: the first). Key and value are lent for the call.
 * Non-zero from fn ends it and is the result.
 */
int store_scan(struct store *, int db, struct tn_view from, store_scan_fn *, void *arg);

/* What a batch holds so far is seen by store_batch_get only. */
struct store_batch *store_batch(struct store *); /* NULL without memory */
int store_put(struct store_batch *, int db, struct tn_view key, struct tn_view val);
int store_del(struct store_batch *, int db, struct tn_view key);
/* 0 with *val (NULL p: deleted in the batch), TN_ENOENT: the batch does not touch it. */
int store_batch_get(const struct store_batch *, int db, struct tn_view key, struct tn_view *val);
void store_abandon(struct store_batch *); /* NULL is fine */

/* Takes the batch whatever happens. 0 when durable; after TN_EIO (disk full, bad
 * file) the store accepts no more batches and says so each time.
 */
int store_commit(struct store_batch *, struct tn_error *);

#endif
