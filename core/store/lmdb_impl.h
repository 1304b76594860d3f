/* SPDX-License-Identifier: MIT
 * core/store/lmdb_impl.h - the LMDB store's parts; only this room includes it
 */
#ifndef CORE_STORE_LMDB_IMPL_H
#define CORE_STORE_LMDB_IMPL_H

#include <lmdb.h>

#include "store/store_impl.h"

struct lmdb {
	struct store store;
	MDB_env *env;
	MDB_txn *read;    /* one read transaction, renewed when there is something new */
	bool reading;     /* it is open */
	unsigned readers; /* uses of it under way: a scan's callback may read too */
	MDB_dbi meta;
	MDB_dbi db[STORE_DBS_MAX];
	uint64_t map_size;
	int lock; /* held while open */
	char *dir;
};

/* Opens lock and environment, checks the file, the network and the format; lmdb_undo
 * takes back what it did, also after a failure.
 */
int lmdb_begin(struct lmdb *, const char *network, struct tn_error *);
void lmdb_undo(struct lmdb *);

/* Databases are made here, so that a name and its format are always written together. */
int lmdb_declare(struct lmdb *, const char *name, uint16_t version, MDB_dbi *, struct tn_error *);

/* Pages in use, in bytes. */
uint64_t lmdb_used(const struct lmdb *);

/* Makes the file at least `size` bytes long (cut: exactly). 0 or an errno. */
int lmdb_resize(const struct lmdb *, uint64_t size, bool cut);

/* Makes the file long enough for `size` bytes, and if that is not so yet, for many more: each
 * change of its length makes the next sync longer. */
int lmdb_grow(const struct lmdb *, uint64_t size);

/* The sentence for an LMDB or system error: what happened and what to do. */
int lmdb_fail(const struct lmdb *, int rc, struct tn_error *);

#endif
