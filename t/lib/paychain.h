/* SPDX-License-Identifier: MIT
 * t/lib/paychain.h - a chain whose coins a test can spend, and payments of them
 *
 * Every block pays its reward in equal coins to one key. A payment is what the test says it is, right or
 * wrong, signed or not. Whatever fails ends the program.
 */
#ifndef T_LIB_PAYCHAIN_H
#define T_LIB_PAYCHAIN_H

#include "timenode/chain.h"
#include "timenode/judge.h"

struct paychain {
	struct tn_network net;
	struct tn_sha *sha;
	struct tn_tip tip;
	struct tn_secret key[4];
	char address[4][TN_ADDRESS_TEXT];
};

struct paycoin {
	struct tn_outpoint at;
	uint64_t value;
	unsigned owner; /* of paychain's keys */
};

void paychain_begin(struct paychain *, const char *network, uint64_t seed);
void paychain_end(struct paychain *);

/* The block after the tip with these transactions, which pay `fees` together; its coinbase pays
 * n coins to owner 0, the same to each and the rest to the last. It becomes the tip; coins
 * (may be NULL) gets them.
 */
const struct tn_block *paychain_next(struct paychain *, struct tn_arena *, const struct tn_tx *txs,
				     uint32_t count, uint64_t fees, struct paycoin *coins,
				     uint32_t n);

/* Spends coins, all signed, to n outputs of the same value for owner `to`, the fee is what is
 * left over; serial makes it differ from others. */
struct tn_tx *pay(struct paychain *, struct tn_arena *, const struct paycoin *from, uint32_t count,
		  uint64_t value, uint32_t n, unsigned to, int64_t serial);
/* The same to one output less the least fee; *change is the coin it makes. */
struct tn_tx *pay_on(struct paychain *, struct tn_arena *, const struct paycoin *from,
		     struct paycoin *change);
void pay_sign(struct paychain *, struct tn_arena *, struct tn_tx *, const struct paycoin *from);
struct tn_hash pay_txid(struct paychain *, const struct tn_tx *);
/* {"TransactionBroadcast":...}, in the arena. */
const char *pay_line(struct tn_arena *, const struct tn_tx *);

#endif
