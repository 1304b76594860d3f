/* SPDX-License-Identifier: MIT
 * core/store/store_impl.h - what the two stores share; only this room includes it
 */
#ifndef CORE_STORE_IMPL_H
#define CORE_STORE_IMPL_H

#include "store/map.h"
#include "store/store.h"

/* Arguments are checked before these are called: databases exist, keys have a size that
 * can be, names are well formed.
 */
struct store_ops {
	/* Opens or makes the one that will have number store.dbs. */
	int (*db)(struct store *, const char *name, uint16_t version, struct tn_error *);
	int (*get)(struct store *, int db, struct tn_view key, struct tn_arena *, struct tn_view *);
	int (*scan)(struct store *, int db, struct tn_view from, store_scan_fn *, void *arg);
	/* Applies the whole map or nothing; what is left of it is freed by the caller. */
	int (*commit)(struct store *, struct map *, struct tn_error *);
	void (*close)(struct store *);
};

/* The head of both. */
struct store {
	const struct store_ops *ops;
	struct {
		char name[STORE_NAME_MAX + 1];
		uint16_t version;
	} db[STORE_DBS_MAX];
	int dbs;           /* opened so far */
	unsigned scanning; /* scans under way */
	bool failed;
	struct tn_error why;
};

#endif
