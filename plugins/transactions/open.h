/* SPDX-License-Identifier: MIT
 * plugins/transactions/open.h - what is not final yet, and when to ask about it
 *
 * Pure. Each has a time at which it is due: after `first`, then after twice as long each time,
 * up to `most`. Those that wait equally long stand in one line, so that the next is found at once.
 */
#ifndef PLUGINS_TRANSACTIONS_OPEN_H
#define PLUGINS_TRANSACTIONS_OPEN_H

#include "timenode/schema.h"

struct open;
struct open *open_create(uint64_t first_ms, uint64_t most_ms); /* NULL without memory */
void open_free(struct open *);                                 /* NULL is fine */

/* A transaction; `since` microseconds, whatever they count. Already there: nothing. 0 or
 * TN_ENOMEM. */
int open_add(struct open *, const struct tn_hash *, uint64_t since, uint64_t now_ms);
/* Not any more; *since (may be NULL) as given. TN_ENOENT: it was not there. */
int open_remove(struct open *, const struct tn_hash *, uint64_t *since);
bool open_has(const struct open *, const struct tn_hash *);
/* The next that is due: it goes on to its next, longer wait. false: none. */
bool open_due(struct open *, uint64_t now_ms, struct tn_hash *out);
/* It is due soon again: in `first`. */
void open_hurry(struct open *, const struct tn_hash *, uint64_t now_ms);
/* Calls fn for the first n in the order in which they will be due; fn changes nothing here. */
void open_each(const struct open *, uint32_t n, void (*fn)(void *, const struct tn_hash *), void *);
uint32_t open_count(const struct open *);

#endif
