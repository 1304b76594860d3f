/* SPDX-License-Identifier: MIT
 * plugins/transactions/pool_entry.h - a transaction in the mempool, with its places in all tables
 *
 * One block of memory for each, so that the limit counts what is really taken.
 */
#ifndef PLUGINS_TRANSACTIONS_POOL_ENTRY_H
#define PLUGINS_TRANSACTIONS_POOL_ENTRY_H

#include "pool.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->lost = true)
#include <uthash.h>

struct spend { /* one reserved coin */
	struct tn_outpoint at;
	struct entry *by;
	bool lost;
	UT_hash_handle hh;
};

struct entry {
	struct pool_tx out; /* first: the two convert */
	struct pool_coin *coin;
	struct spend *spend;          /* one for each input */
	struct entry *after, *before; /* in the order of a block */
	uint32_t in_cheap, in_old;
	uint64_t stamp;               /* of a search that has met it */
	struct entry *todo, *stashed; /* lists of a search */
	bool lost;
	UT_hash_handle hh;
};

static inline struct entry *entry_of(const struct pool_tx *t)
{
	return (struct entry *)(uintptr_t)t;
}

struct entry *entry_create(const struct pool_want *); /* a copy; NULL without memory */
void entry_free(struct entry *);

#endif
