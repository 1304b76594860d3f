/* SPDX-License-Identifier: MIT
 * core/net/history.h - the last 20 state changes of a peer: what `why` prints
 */
#ifndef CORE_NET_HISTORY_H
#define CORE_NET_HISTORY_H

#include <stdint.h>

#include "net/state.h"

#define HISTORY_MAX 20
#define HISTORY_TEXT 120

struct history_entry {
	int64_t at_us;    /* wall clock */
	uint8_t from, to; /* enum link_state */
	char *reason;     /* owned */
};

struct history { /* zero is empty; a ring that grows up to HISTORY_MAX entries */
	struct history_entry *entry;
	uint8_t room, count, next;
};

/* The reason is copied, made printable and cut at HISTORY_TEXT bytes (then "..."). Without memory
 * the change is noted without its reason, or not at all.
 */
void history_add(struct history *, int64_t at_us, enum link_state from, enum link_state to,
		 const char *reason);
void history_clear(struct history *);

/* i = 0 is the oldest; NULL beyond the end. */
const struct history_entry *history_at(const struct history *, unsigned i);

#endif
