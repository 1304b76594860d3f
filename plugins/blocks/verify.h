/* SPDX-License-Identifier: MIT
 * plugins/blocks/verify.h - rows that follow from no block, for verify.c
 */
#ifndef PLUGINS_BLOCKS_VERIFY_H
#define PLUGINS_BLOCKS_VERIFY_H

#include "blocks.h"

struct rows {          /* a scan over databases, in slices; zeroed: at its beginning */
	unsigned at;   /* which database */
	uint64_t n;    /* its rows so far */
	bool deep;     /* their number is wrong: which one is it? */
	uint8_t *last; /* the least key behind the last one; rows_free */
	size_t last_n;
	unsigned left;
	struct tn_error *why;
};

struct rows_want { /* how many there should be */
	uint64_t blocks, txs, coins, address_txs;
};

void rows_free(struct rows *);
/* Some more rows of the databases but the coins. 0: all are well; 1: there are more; TN_EBAD
 * with the database and the row, or another error.
 */
int rows_check(struct tn_ctx *, struct rows *, const struct rows_want *, struct tn_error *);
/* Which coin was made by no block? Like rows_check; 0: none is found. */
int rows_find_coin(struct tn_ctx *, struct rows *, struct tn_error *);

#endif
