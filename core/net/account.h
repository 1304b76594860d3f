/* SPDX-License-Identifier: MIT
 * core/net/account.h - conservation: every message received or offered has a fate
 *
 *   received = handled + refused(reason) + unknown + malformed + waiting
 *   offered  = sent + refused(reason) + discarded + queued
 *
 * Received is counted by the framer, fates where they happen, queued is taken from
 * the send queue itself: a message that is lost on its way cannot balance. Rows are
 * sparse: made on first use, sorted by message number.
 */
#ifndef CORE_NET_ACCOUNT_H
#define CORE_NET_ACCOUNT_H

#include "timenode/base.h"

enum account_way { ACCOUNT_IN, ACCOUNT_OUT };

struct account_refusal {
	uint16_t reason;
	uint16_t way; /* enum account_way */
	uint64_t count;
};

struct account_row {
	uint16_t id; /* of names.h */
	uint16_t refusals;
	struct account_refusal *refusal;
	uint64_t received, handled, unknown, malformed, waiting;
	uint64_t offered, sent, discarded;
};

struct account { /* zero is empty */
	struct account_row *row;
	uint16_t rows;
	uint64_t lost; /* counts for which there was no memory: never balances */
};

void account_clear(struct account *); /* frees the rows */

enum account_count {
	COUNT_RECEIVED,
	COUNT_HANDLED,
	COUNT_UNKNOWN,
	COUNT_MALFORMED,
	COUNT_OFFERED,
	COUNT_SENT,
	COUNT_DISCARDED
};
void account_add(struct account *, unsigned id, enum account_count);
void account_refuse(struct account *, unsigned id, enum account_way, unsigned reason);
void account_wait(struct account *, unsigned id, int change); /* +1 or -1 */

uint64_t account_refused(const struct account_row *, enum account_way);

/* What is missing: received minus its fates; offered minus its fates, where `queued`
 * is the number of frames of this row that lie in the queue. 0 is balanced.
 */
int64_t account_off_in(const struct account_row *);
int64_t account_off_out(const struct account_row *, uint64_t queued);

/* Adds the counts of one row to another; the refusals hang elsewhere. */
void account_add_row(struct account_row *to, const struct account_row *from);

/* Sum of |off| over all rows, `lost` included; queued(arg, id) gives the queue's count. */
uint64_t account_off(const struct account *, uint64_t (*queued)(void *arg, unsigned id), void *arg);

/* Adds all rows of `from` to `to` and empties `from`. */
void account_fold(struct account *to, struct account *from);

#endif
