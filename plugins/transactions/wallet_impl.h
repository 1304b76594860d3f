/* SPDX-License-Identifier: MIT
 * plugins/transactions/wallet_impl.h - what the files of the wallet share
 *
 * wallet.c        events, and what commands ask
 * wallet_read.c   the key is found, the store is read into memory, the chain into the store
 * wallet_store.c  own coins on the disk; wallet_coins.c in memory
 */
#ifndef PLUGINS_TRANSACTIONS_WALLET_IMPL_H
#define PLUGINS_TRANSACTIONS_WALLET_IMPL_H

#include "wallet.h"
#include "wallet_store.h"

#include <string.h>

enum phase {
	KEYLESS, /* nobody offers an identity */
	LOADING, /* the store is read into memory */
	READING, /* the chain is read into the store */
	READY
};

struct wallet {
	enum phase phase;
	struct tn_identity id;
	struct wallet_meta meta;
	struct own_cursor cursor;
	struct wallet_coins *coins;
	bool waits; /* a turn is due */
	bool told;  /* that the chain is being read */
	bool swept; /* nothing is left of older generations */
};

static inline struct wallet *wallet_of(struct tn_ctx *c)
{
	return state_of(c)->wallet;
}

static inline struct tn_bytes wallet_script(const struct wallet *w)
{
	return (struct tn_bytes){ (const uint8_t *)w->id.payment, (uint32_t)strlen(w->id.payment) };
}

/* ---- wallet_read.c */

void wallet_again(struct tn_ctx *, uint64_t ms); /* a turn in so long, if none is due */
/* Memory is filled from the store anew. */
void wallet_load(struct tn_ctx *);
/* Memory follows the store in all that a block touches. */
void wallet_follow(struct tn_ctx *, const struct tn_block *, bool connected);
struct own_block wallet_part(const struct wallet *, const struct wallet_meta *,
			     const struct tn_block *);
void wallet_count(struct tn_ctx *); /* metrics */

#endif
