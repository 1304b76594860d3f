/* SPDX-License-Identifier: MIT
 * plugins/transactions/orphans.h - transactions that spend a coin nobody here knows yet
 *
 * Their parent may be on its way. Pure, bounded in number, in memory and for each peer; of a
 * peer that has too many, and of all, the oldest goes. Each waits for one missing parent: when
 * that has come it is judged again, and may wait for another.
 */
#ifndef PLUGINS_TRANSACTIONS_ORPHANS_H
#define PLUGINS_TRANSACTIONS_ORPHANS_H

#include "timenode/types_tx.h"

struct orphans;

struct orphan {
	const struct tn_tx *tx;
	struct tn_arena *owner; /* keeps tx; referenced */
	struct tn_hash txid;
	struct tn_hash parent; /* the transaction it waits for */
	uint64_t from;         /* who brought it: a session's handle */
	int64_t until;         /* Unix seconds */
	size_t bytes;          /* that it counts for */
	struct orphan *next;   /* in a list of orphans_take */
};

struct orphan_limits {
	uint32_t count, per_peer;
	size_t bytes;
};

struct orphans *orphans_create(const struct orphan_limits *, const uint64_t key[2]);
void orphans_free(struct orphans *); /* NULL is fine */
void orphans_limit(struct orphans *, const struct orphan_limits *);
uint32_t orphans_count(const struct orphans *);
size_t orphans_bytes(const struct orphans *);

/* A copy of *want, which lives until it is taken. 0; TN_EBUSY: it waits already; TN_EFULL: larger than
 * the limits; TN_ENOMEM. */
int orphans_add(struct orphans *, const struct orphan *want);
/* Those that wait for it, the first one first, and not kept any more: each for orphan_free. */
struct orphan *orphans_take(struct orphans *, const struct tn_hash *parent);
uint32_t orphans_expire(struct orphans *, int64_t now); /* how many */
void orphan_free(struct orphan *);

#endif
