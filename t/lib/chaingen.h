/* SPDX-License-Identifier: MIT
 * t/lib/chaingen.h - chains of any length from a seed: real payments, signatures, rewards
 *
 * A generator holds the tip and a bounded pool of coins that it can spend, so blocks stream
 * and its memory does not grow. The same settings give the same blocks. A fork of a generator
 * continues from the same tip with other payments, of the same coins.
 */
#ifndef T_LIB_CHAINGEN_H
#define T_LIB_CHAINGEN_H

#include "timenode/judge.h"

#define CHAINGEN_WALLETS 16
#define CHAINGEN_FUNDS 8

/* Coins for somebody else, paid as soon as the chain has enough. */
struct chaingen_fund {
	char address[TN_ADDRESS_TEXT];
	uint32_t count;
	uint64_t value; /* of each, in satoshis */
};

struct chaingen_conf {
	uint64_t seed;
	struct tn_network net;
	uint32_t txs; /* payments in a block; the first blocks have fewer, for want of coins */
	uint32_t masternodes; /* 1 to CHAINGEN_WALLETS, tiers in turn */
	uint32_t dust;        /* more outputs of the first payment, one satoshi each for nobody, */
	uint32_t dust_blocks; /* in so many blocks */
	bool unsigned_spends; /* quick: zeros where the signatures belong */
	bool old;             /* as old nodes make them: no script_sig, catch-up blocks */
	struct chaingen_fund fund[CHAINGEN_FUNDS]; /* count 0: none */
};

struct chaingen;

struct chaingen *chaingen_create(
	const struct chaingen_conf *); /* ends the program without memory */
struct chaingen *chaingen_fork(const struct chaingen *, uint64_t branch);
void chaingen_free(struct chaingen *);

const struct tn_block *chaingen_genesis(const struct chaingen *);
struct tn_tip chaingen_tip(const struct chaingen *);

/* Coins of all funds that are not paid yet. */
uint64_t chaingen_owed(const struct chaingen *);

/* The block after the tip, in the arena; it becomes the tip. */
const struct tn_block *chaingen_next(struct chaingen *, struct tn_arena *);

/* ---- blocks that are wrong in one way each */

struct chaingen_fault {
	const char *name;
	enum tn_block_fault fault; /* that the judge must find */
};

#define CHAINGEN_BAD 30
const struct chaingen_fault *chaingen_bad(unsigned i); /* i below CHAINGEN_BAD */

/* A copy of the block, wrong in way i and nowhere else up to there; the header fits the body
 * unless that is the fault. NULL: this block does not allow it (too few payments).
 */
const struct tn_block *chaingen_spoil(unsigned i, const struct tn_block *, struct tn_arena *);

#endif
