/* SPDX-License-Identifier: MIT
 * plugins/transactions/spend.h - which coins pay for what, and the transaction that says so
 *
 * Pure: the same coins, amount and time give the same transaction. The fee of this network is a
 * part of all that is paid out, change included (tn_fee_min), so what is cheapest is what
 * spends the least: of the ways that are looked at the one with the lowest sum of
 * coins is taken. An amount is never rounded, and change that would be dust goes to the fee.
 */
#ifndef PLUGINS_TRANSACTIONS_SPEND_H
#define PLUGINS_TRANSACTIONS_SPEND_H

#include "timenode/chain.h"

enum spend_rank { /* lower ones are spent first */
		  SPEND_CONFIRMED,
		  SPEND_FINAL, /* an output of a transaction that is final */
		  SPEND_CHANGE /* of an own one that is not final yet */
};

struct spend_coin {
	struct tn_outpoint at;
	uint64_t value;
	uint32_t rank; /* enum spend_rank */
};

struct spend_plan {
	const struct spend_coin **coin; /* in the order of the inputs; the array is the arena's */
	uint32_t n;
	uint64_t in, pay, fee, change; /* in = pay + fee + change; change 0: no such output */
};

/* The least fee when all of `in` but the fee is paid out; may be more than `in`. */
uint64_t spend_fee(uint64_t in);
/* The most that can be paid with coins of this sum, without change; 0: nothing. */
uint64_t spend_most(uint64_t in);

/* Coins for an amount, at most `most` of them, a coin of a higher rank only when lower ones do
 * not suffice. 0, and
 *   TN_EINVAL  the amount is 0 or dust
 *   TN_ENOENT  there is not enough; out->in is the sum of all
 *   TN_EFULL   there is, but not in so few coins; out->in is the sum of the `most` largest
 *   TN_EBAD    the coins' sum does not fit: such coins cannot be
 *   TN_ENOMEM
 */
int spend_select(const struct spend_coin *coin, uint32_t n, uint64_t amount, uint32_t most,
		 struct tn_arena *, struct spend_plan *out);

/* Confirmed and final coins into one, the smallest first: at least `least`, at most `most`.
 * plan->pay goes to the owner again. 0, TN_ENOENT (out->n: how many there are), TN_EBAD (all
 * that they are worth goes to the fee; or their sum does not fit), TN_ENOMEM.
 */
int spend_merge(const struct spend_coin *coin, uint32_t n, uint32_t least, uint32_t most,
		struct tn_arena *, struct spend_plan *out);

/* The transaction of a plan, not signed: the payment first, then the change. Scripts are
 * borrowed. 0 or TN_ENOMEM.
 */
int spend_build(const struct spend_plan *, struct tn_bytes to, struct tn_bytes change_to,
		int64_t now, struct tn_arena *, struct tn_tx **out);

/* Whoever has the secret. 0 or a code, which ends the signing. */
typedef int spend_sign_fn(void *arg, struct tn_view msg, struct tn_sig *);

/* Signs the inputs with mine[i], all when mine is NULL; scripts lie in the arena. 0,
 * TN_ENOMEM, or the code of sign. tx may be signed in part then.
 */
int spend_sign(struct tn_sha *, struct tn_tx *tx, const bool *mine, const struct tn_key *,
	       spend_sign_fn *sign, void *arg, struct tn_arena *);

/* "12.5" in satoshis, as somebody typed it. 0, or TN_EINVAL with what is wrong with it. */
int spend_amount(struct tn_str text, uint64_t *out, struct tn_error *);

#endif
