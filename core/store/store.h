/* SPDX-License-Identifier: MIT
 * core/store/store.h - named databases of bytes: what plugins and the ban list keep
 *
 * Two implementations: lmdb.c and memory.c, with the same order and the same answers. A
 * batch is applied whole or not at all. With an environment (store_write_behind) a commit is
 * accepted at once, every read sees it from then on, and the environment's writer thread
 * makes it durable, in the order of the commits and with as many of them in one
 * transaction as have come meanwhile. Without one a commit is a transaction of its own.
 * One thread, the loop, uses a store.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "timenode/base.h"

#define STORE_DBS_MAX 64
#define STORE_NAME_MAX 48        /* [a-z0-9._-], not "meta" */
#define STORE_KEY_MAX 511        /* and at least one byte */
#define STORE_VAL_MAX (1u << 30) /* an empty value is fine */

struct env;
struct timers;
struct store;
struct store_batch;

typedef int store_scan_fn(void *arg, struct tn_view key, struct tn_view val);

/* dir must exist. map_size in bytes; `network` is remembered in the store and must
 * match: another network's data is refused, never overwritten. NULL with the reason
 * (corrupt file, no permission, other network, in use) and what to do.
 * In dir: data.mdb and lock.mdb are LMDB's (mdb_copy makes a backup of a running node);
 * `lock` keeps every other process out. Call it after the last fork().
 */
struct store *store_lmdb_open(const char *dir, uint64_t map_size, const char *network,
			      struct tn_error *);
struct store *store_memory_create(void); /* NULL without memory */

/* Waits for what was accepted and tells of it. NULL is fine; open batches must be gone. */
void store_close(struct store *);

/* From now on commits are written behind. Both must outlive the store; without timers (NULL)
 * no commit is patient. */
void store_write_behind(struct store *, struct env *, struct timers *);
/* Blocks until all that was accepted is written, and reported. */
void store_settle(struct store *);
/* As if a commit had failed for this reason: for whoever replays one that did. */
void store_fail(struct store *, const char *why);

/* Bytes that may be accepted and not yet durable; a larger batch is taken when nothing waits. */
#define STORE_AHEAD_MAX ((uint64_t)64 << 20)
void store_ahead_max(struct store *, uint64_t bytes);
uint64_t store_ahead(const struct store *);

/* Opens or makes database `name` ("peers.book") with a value format version: another
 * version stored is TN_EBAD, and nothing is changed. The same name again gives the same
 * number. Returns a number >= 0, or an error: TN_EFULL beyond STORE_DBS_MAX, TN_EINVAL
 * for a name that is none, TN_EBUSY from inside a scan, TN_EIO.
 */
int store_db(struct store *, const char *name, uint16_t version, struct tn_error *);

/* Databases that are open, by number: 0 to store_dbs() - 1. */
int store_dbs(const struct store *);
const char *store_db_name(const struct store *, int db, uint16_t *version);

/* The value is copied into the arena. 0, TN_ENOENT, TN_EIO, TN_ENOMEM, TN_EINVAL (no
 * such database, or a key that cannot be one).
 */
int store_get(struct store *, int db, struct tn_view key, struct tn_arena *, struct tn_view *val);

/* Key order (as bytes) from `from` on (empty: the first). Key and value are lent for the
 * call. fn may read the store but not commit to it. Non-zero from fn ends it and is the
 * result.
 */
int store_scan(struct store *, int db, struct tn_view from, store_scan_fn *, void *arg);

/* What a batch holds so far is seen by store_batch_get only. The last put or del of a key
 * counts. TN_EINVAL changes nothing; after TN_ENOMEM the batch cannot be committed.
 */
struct store_batch *store_batch(struct store *); /* NULL without memory */
int store_put(struct store_batch *, int db, struct tn_view key, struct tn_view val);
int store_del(struct store_batch *, int db, struct tn_view key); /* no such key is fine */
/* 0 with *val (NULL p: deleted in the batch), lent until the batch changes; TN_ENOENT: the
 * batch does not touch it.
 */
int store_batch_get(const struct store_batch *, int db, struct tn_view key, struct tn_view *val);
void store_abandon(struct store_batch *); /* NULL is fine */

/* 0: accepted; told (may be NULL) will be called from the loop, once, with 0 when it is
 * durable or with the reason why it never will be; without an environment it is called before
 * this returns. Where the host died first (in the simulator) store_close tells TN_EGONE.
 *
 * TN_EFULL: too much waits for the disk already. Nothing has happened and the batch is still
 * the caller's: commit it later, when an earlier one has been told, or abandon it. On any other
 * error it is gone and told is not called.
 *
 * After any such failure, here or behind (TN_EIO: disk or map full, bad file; TN_ENOMEM;
 * TN_EBUSY: from inside a scan) the store accepts no more batches and says so each time, for
 * they might rest on the one that is missing; those accepted after it are told the reason. What
 * is durable can still be read.
 */
typedef void store_told_fn(void *arg, int rc, const char *why);
int store_commit_told(struct store_batch *, store_told_fn *, void *arg, struct tn_error *);
/* A patient one: the writer may leave it for up to `ms`. In a stream of batches most pages are
 * touched again and again; each is written once for all that are in one transaction. It is
 * taken along earlier by a commit that is not patient (their order stays), by a settle, or when
 * a quarter of what may wait does. */
int store_commit_within(struct store_batch *, uint32_t ms, store_told_fn *, void *arg,
			struct tn_error *);
/* store_commit_told for whoever waits for nothing: the batch is gone in any case. */
int store_commit(struct store_batch *, struct tn_error *);

/* The reason why it takes no more batches, NULL while it does. */
const char *store_failed(const struct store *);

#endif
