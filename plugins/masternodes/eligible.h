/* SPDX-License-Identifier: MIT
 * plugins/masternodes/eligible.h - who is paid for a period, in which order, and how much
 *
 * Pure. A period is the time from one block's slot to the next. Paid is whoever was active for
 * all of it, says where to, and is of a tier; in the order of the address texts, by weight.
 * Two nodes whose lists agree pay the same, to the satoshi.
 */
#ifndef PLUGINS_MASTERNODES_ELIGIBLE_H
#define PLUGINS_MASTERNODES_ELIGIBLE_H

#include "timenode/chain.h"

enum eligible_why {
	ELIGIBLE,
	ELIGIBLE_UNMET,   /* only heard of: it never spoke for itself */
	ELIGIBLE_SILENT,  /* not active */
	ELIGIBLE_LATE,    /* active since after the beginning of the period */
	ELIGIBLE_NOWHERE, /* its reward address is none of this network */
	ELIGIBLE_WHYS
};

struct eligible_one {
	struct tn_str address;
	bool met, active;
	uint64_t active_ms;    /* without a break, until now */
	bool reward_ok;        /* its reward address is one of this network */
	uint8_t tier;          /* what is believed */
	enum eligible_why why; /* out */
	uint64_t share;        /* out: in satoshis, 0 unless ELIGIBLE */
};

/* period_ms: how long ago the period began. */
enum eligible_why eligible_why(const struct eligible_one *, uint64_t period_ms);
/* "was active for the whole period"...: a sentence for people, of constant text. */
const char *eligible_text(enum eligible_why);

/* Sets `why` and `share` of each of a list that is sorted by address and has none twice, for
 * `total` satoshis. *rest goes to nobody: below the number paid, or all of it when nobody is
 * eligible. Returns how many are, TN_EINVAL for another order, TN_ENOMEM, TN_EBAD (overflow). */
int eligible_split(struct eligible_one *, uint32_t n, uint64_t period_ms, uint64_t total,
		   uint64_t *rest);

#endif
