/* SPDX-License-Identifier: MIT
 * plugins/transactions/subscribe.h - who wants to hear of which coins
 *
 * Pure. A subscription is an id of the subscriber's choice with addresses and outpoints. They are
 * found by outpoint and by address, through a keyed hash: a change costs as much as there are
 * subscribers for it, however many others there are. Bounded in the number of a subscriber's
 * subscriptions and of what they watch, and in the memory of all.
 */
#ifndef PLUGINS_TRANSACTIONS_SUBSCRIBE_H
#define PLUGINS_TRANSACTIONS_SUBSCRIBE_H

#include "timenode/types_tx.h"

#define SUBSCRIBE_TEXT 64 /* bytes of an id, of an address */

struct subscribe_limits {
	uint64_t count;   /* subscriptions of one subscriber */
	uint64_t watched; /* addresses and outpoints in them */
	uint64_t bytes;   /* of memory, all subscribers together */
};

struct subscriptions;
struct subscriber; /* one session; made by its first subscription */

/* key: secret, so that nobody can choose addresses that collide. NULL without memory. */
struct subscriptions *subscriptions_create(const struct subscribe_limits *, const uint64_t key[2]);
void subscriptions_free(struct subscriptions *); /* NULL is fine; with all subscribers */
void subscriptions_limit(struct subscriptions *, const struct subscribe_limits *);

/* One of the same id is replaced, or stays when this one cannot be taken. *who is NULL at first.
 * 0, and
 *   TN_EINVAL  an id or address that is empty or longer than SUBSCRIBE_TEXT, or nothing in it
 *   TN_EFULL   this subscriber has as much as it may
 *   TN_EBUSY   all of them together have
 *   TN_ENOMEM
 */
int subscribe(struct subscriptions *, struct subscriber **who, uint64_t session,
	      const struct tn_subscription *);
/* 0 or TN_ENOENT. */
int unsubscribe(struct subscriptions *, struct subscriber *who, struct tn_str id);
/* All of a session's; *who becomes NULL. */
void unsubscribe_all(struct subscriptions *, struct subscriber **who);

/* Calls fn once for each subscriber of this outpoint or of this address (empty: unknown), in the
 * order of their subscriptions, outpoints first; returns how many. fn changes nothing here.
 */
typedef void subscriber_fn(void *arg, uint64_t session);
uint32_t subscribers_each(struct subscriptions *, const struct tn_outpoint *,
			  struct tn_bytes address, subscriber_fn *, void *arg);

/* Would fn be called? */
bool subscribers_any(const struct subscriptions *, const struct tn_outpoint *,
		     struct tn_bytes address);

struct subscribe_sums {
	uint32_t subscribers, subscriptions, watched;
	uint64_t bytes;
};
const struct subscribe_sums *subscriptions_sums(const struct subscriptions *);

#endif
