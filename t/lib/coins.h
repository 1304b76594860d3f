/* SPDX-License-Identifier: MIT
 * t/lib/coins.h - a set of unspent coins in memory, as a test's own truth
 */
#ifndef T_LIB_COINS_H
#define T_LIB_COINS_H

#include "timenode/judge.h"

struct coins;

struct coins *coins_create(void); /* ends the program without memory */
void coins_free(struct coins *);
size_t coins_count(const struct coins *);
uint64_t coins_worth(const struct coins *); /* sum of their values */

/* A tn_coin_fn: arg is the set. */
int coins_find(void *arg, const struct tn_outpoint *, struct tn_coin *out);

/* First del, then put. false: it takes what is not there or puts what is; the set is then
 * of no more use.
 */
bool coins_apply(struct coins *, const struct tn_delta *);

/* UTXO-set hash of all. */
void coins_hash(const struct coins *, struct tn_hash *out);

#endif
