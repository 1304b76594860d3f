/* SPDX-License-Identifier: MIT
 * lib/chain/judge.h - what the steps of judging a block share
 */
#ifndef LIB_CHAIN_JUDGE_H
#define LIB_CHAIN_JUDGE_H

#include "chain/chain.h"
#include "timenode/judge.h"

#define AMOUNT_MAX ((uint64_t)INT64_MAX)

/* Fills the verdict; TN_EBAD. */
int judge_say(struct tn_block_verdict *v, uint32_t fault, uint32_t tx, uint32_t input);

/* Sum that stays within AMOUNT_MAX. */
static inline bool add_amount(uint64_t *sum, uint64_t v)
{
	return tn_add_u64(&v, *sum, v) && v <= AMOUNT_MAX && (*sum = v, true);
}

int spend_digest(struct tn_sha *s, const struct tn_tx *tx, struct tn_spend_digest *out);

/* 0, TN_ENOMEM, or TN_EBAD and which of TN_FAULT_SCRIPT, _OWNER, _SIGNATURE. */
int spend_judge(struct tn_sha *s, const struct tn_spend_digest *d, const struct tn_tx *tx,
		uint32_t input, struct tn_bytes coin, uint32_t *fault);

#endif
