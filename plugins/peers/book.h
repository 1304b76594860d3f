/* SPDX-License-Identifier: MIT
 * plugins/peers/book.h - a bounded book of addresses that no single source can fill
 *
 * Pure: no clock, no chance, no host. Two tables as in Bitcoin Core's address manager: an
 * address that somebody told us lies in the *new* table, one that we once reached in the
 * *tried* table. Which bucket it lies in depends on a secret key, on the netgroup of the
 * address and, in the new table, of who told us: one netgroup of sources reaches only
 * book_source_max() places, whatever it sends. Within a full bucket only an entry that has
 * become useless makes room.
 */
#ifndef PLUGINS_PEERS_BOOK_H
#define PLUGINS_PEERS_BOOK_H

#include "timenode/schema.h"

struct entry { /* also what the database holds */
	struct tn_addr addr, source;
	int64_t last_seen;    /* wall seconds: somebody told us, or it was up */
	int64_t last_success; /* 0: never reached */
	int64_t last_try;
	uint32_t successes;
	uint32_t fails;     /* in a row */
	int64_t dead_until; /* tombstone: not asked, not given away, not told again */
	bool tried;
};
extern const struct tn_schema entry_schema;

/* Fails in a row after which an address that never worked is given up for a day. */
#define BOOK_FAILS 6
#define BOOK_DEAD_S 86400
#define BOOK_STALE_S (30 * 86400) /* not heard of for so long: may be replaced */

struct book;

/* max: entries in both tables together, at least 16. NULL without memory. */
struct book *book_create(uint32_t max, const uint64_t key[2]);
void book_free(struct book *); /* NULL is fine */

uint32_t book_count(const struct book *);
uint32_t book_max(const struct book *);        /* never more than was asked for */
uint32_t book_source_max(const struct book *); /* of one netgroup of sources, untried */

/* The entry, or NULL. Port 0 is a port like any other here. */
const struct entry *book_find(const struct book *, const struct tn_addr *);

/* Somebody told us of it. true: it is new in the book. */
bool book_add(struct book *, const struct tn_addr *, const struct tn_addr *source, int64_t now);
/* As it was stored: true if it found a place. */
bool book_restore(struct book *, const struct entry *);
/* We reached it (it is added if need be), or we did not. */
void book_good(struct book *, const struct tn_addr *, int64_t now);
void book_fail(struct book *, const struct tn_addr *, int64_t now);
void book_drop(struct book *, const struct tn_addr *);

/* May it be dialed now? Waits longer after each failure: 10 minutes, doubled up to a day. */
bool book_may_dial(const struct entry *, int64_t now);
/* May it be given to others: reached within the last week and not dead. */
bool book_is_good(const struct entry *, int64_t now);

/* In the order of places: NULL at the end. Costs what it returns, not the size of the book.
 * Reached: all that ever were; among them are all that book_is_good. */
const struct entry *book_next(const struct book *, const struct entry *after);
const struct entry *book_next_reached(const struct book *, const struct entry *after);

/* What changed since the last call: put(entry) for each changed one, del(addr) for each
 * that was stored once and has gone. Non-zero ends it; what was not handed out stays.
 */
struct book_out {
	int (*put)(void *arg, const struct entry *);
	int (*del)(void *arg, const struct tn_addr *);
	void *arg;
};
int book_changes(struct book *, const struct book_out *);

#endif
