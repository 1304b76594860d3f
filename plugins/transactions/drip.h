/* SPDX-License-Identifier: MIT
 * plugins/transactions/drip.h - votes that wait for an old node, which takes ten a second
 *
 * Pure. A short queue of each session. The host sends so many a second; what has waited too long
 * to be of use is shed before anything else, then the oldest; all that is shed is counted.
 */
#ifndef PLUGINS_TRANSACTIONS_DRIP_H
#define PLUGINS_TRANSACTIONS_DRIP_H

#include "timenode/service/identity.h"
#include "timenode/types_tx.h"

#define DRIP_MAX 64
#define DRIP_MS 30000
#define DRIP_A_SECOND 8

struct drip_vote {
	struct tn_vote vote; /* its voter is `name` */
	char name[TN_MN_ADDRESS_TEXT];
	uint64_t until;
};

struct drip {
	struct drip_vote v[DRIP_MAX];
	uint32_t first, n;
};

/* Returns how many were shed for it. A voter's name that is too long: shed. */
uint32_t drip_add(struct drip *, const struct tn_vote *, uint64_t now_ms);
/* The next one of use, lent until the next call; *shed: those before it that were not. */
const struct tn_vote *drip_next(struct drip *, uint64_t now_ms, uint32_t *shed);

#endif
