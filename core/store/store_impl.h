/* SPDX-License-Identifier: MIT
 * core/store/store_impl.h - what the two stores share; only this room includes it
 */
#ifndef CORE_STORE_IMPL_H
#define CORE_STORE_IMPL_H

#include "env/env.h"
#include "env/timer.h"
#include "store/map.h"
#include "store/store.h"

struct store_batch {
	struct store *store;
	struct map map;
	const struct map *write; /* that; NULL: one before it in its group has all of it */
	uint64_t changes;        /* how often it was changed */
	uint64_t bytes;          /* what it costs while it waits */
	uint64_t number;         /* in the order of acceptance */
	bool torn;               /* a change is missing: memory ran out */
	store_told_fn *told;
	void *arg;
	struct store_batch *next; /* in a queue or group */
};

struct store_queue {
	struct store_batch *first, **end; /* end NULL: never used */
};

/* Arguments are checked before these are called: databases exist, keys have a size that
 * can be, names are well formed.
 */
struct store_ops {
	/* Opens or makes the one that will have number store.dbs. */
	int (*db)(struct store *, const char *name, uint16_t version, struct tn_error *);
	int (*get)(struct store *, int db, struct tn_view key, struct tn_arena *, struct tn_view *);
	int (*scan)(struct store *, int db, struct tn_view from, store_scan_fn *, void *arg);
	/* Applies what a list of batches is to write in its order, or nothing. On the writer thread
	 * where there is one; reads go on meanwhile. */
	int (*commit)(struct store *, const struct store_batch *, struct tn_error *);
	/* What was committed last must be read from now on; the loop has heard of it. */
	void (*fresh)(struct store *);
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

	struct env *env;           /* NULL: commits are written at once */
	struct layer *overlay;     /* accepted, not durable; the newest first */
	uint64_t ahead, ahead_max; /* bytes of those */
	uint64_t accepted, begun;  /* batches */
	struct store_queue queue;  /* waits for a group */
	struct timers *timers;     /* NULL: nothing in it is patient */
	uint64_t patience;         /* timer: the first of those in it runs out */
	uint64_t due_us;           /* when that is */
	uint64_t queued;           /* bytes in it */
	bool urgent;               /* it waits for nothing but its turn */
	struct group *groups;      /* with the writer, the oldest first */
	unsigned under_way;
	uint64_t written; /* groups */

	/* the writer thread's alone */
	bool write_failed;
	struct tn_error write_why;
};

/* ---- overlay.c */

/* All of a batch, or nothing: TN_ENOMEM. Takes as long as the batch is small. */
int overlay_add(struct store *, struct store_batch *);
/* Batches that come from now on will end later than those before. */
void overlay_close(struct store *);
/* All that came up to this batch has ended: what was read here is durable, or will never be. */
void overlay_drop(struct store *, const struct store_batch *last);
void overlay_free(struct store *);
/* 0 with *val copied, TN_ENOENT: deleted, 1: not in there; TN_ENOMEM. */
int overlay_get(const struct store *, int db, struct tn_view key, struct tn_arena *,
		struct tn_view *val);
/* The scan of the implementation with the overlay's rows among its own. */
int overlay_scan(struct store *, int db, struct tn_view from, store_scan_fn *, void *arg);

/* ---- writer.c */

/* Accepts it: it is told when it is durable. Written at the latest `ms` from now, if there is
 * room with the writer. */
void writer_take(struct store *, struct store_batch *, uint32_t ms);
void writer_hurry(struct store *);  /* the patient ones too */
void writer_settle(struct store *); /* until nothing is under way */
void writer_close(struct store *);  /* and what will never be written is forgotten */

#endif
