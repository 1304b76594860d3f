/* SPDX-License-Identifier: MIT
 * plugins/blocks/side.h - what side.c, which knows how blocks beside the chain hang together, and
 * side_rows.c, which keeps their rows, share
 */
#ifndef PLUGINS_BLOCKS_SIDE_H
#define PLUGINS_BLOCKS_SIDE_H

#define HASH_NONFATAL_OOM 1
#include "blocks.h"

#include <uthash.h>

struct entry {
	struct tn_hash hash, parent;
	uint64_t height, bytes;
	uint64_t mark;                    /* of the last walk that came by */
	struct entry *prev, *next;        /* of the same parent */
	const struct tn_block *unwritten; /* its row is still to be written; in keep */
	struct tn_arena *keep;
	UT_hash_handle hh;
};

struct family { /* the blocks of one parent, which is on the chain or beside it */
	struct tn_hash parent;
	struct entry *first;
	UT_hash_handle hh;
};

struct side {
	struct entry *entries;
	struct family *families;
	uint32_t n;
	uint64_t bytes;
	uint64_t floor;         /* no block is lower */
	uint64_t walk;          /* the last one's mark */
	struct tn_batch *batch; /* rows on their way */
	struct tn_timer timer, writing;
	uint32_t unwritten;
};

static inline struct side *side_of(struct tn_ctx *c)
{
	return state_of(c)->side;
}

static inline struct entry *side_find(struct side *s, const struct tn_hash *hash)
{
	struct entry *e;

	HASH_FIND(hh, s->entries, hash, sizeof *hash, e);
	return e;
}

/* ---- side_rows.c */

bool side_open_batch(struct tn_ctx *); /* for rows that change; false without memory */
void side_flush(struct tn_ctx *);      /* commits it; a disk that is behind keeps it waiting */
int side_put(struct tn_ctx *, const struct tn_hash *, const struct tn_block *);
void side_write_soon(struct tn_ctx *); /* rows of entries that have none yet, in turns to come */
int side_write_row(struct tn_ctx *, struct entry *);
void side_forget_unwritten(struct side *, struct entry *);

#endif
