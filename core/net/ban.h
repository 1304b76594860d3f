/* SPDX-License-Identifier: MIT
 * core/net/ban.h - bans by address and by subnet: bounded, persisted, listed, lifted
 *
 * Also the scores of addresses (they outlive a session by design: that is what a ban
 * is about). Both tables are keyed by canonical address, bounded, and the entry that
 * matters least is evicted. Bans are written through to the store, when there is one.
 */
#ifndef CORE_NET_BAN_H
#define CORE_NET_BAN_H

#include "store/store.h"

struct bans;

struct ban {
	struct tn_subnet net; /* one address has bits = 128 */
	int64_t until_s;      /* Unix seconds */
	uint32_t points;      /* 0: by the operator */
	char why[80];
};

/* Loads what the store holds (NULL: memory only); expired ones are dropped. */
struct bans *bans_create(struct store *, uint32_t max, int64_t now_s, struct tn_error *);
void bans_free(struct bans *); /* NULL is fine */

/* 0, TN_EFULL (only operator's bans are left to evict), TN_EIO (kept in memory). A longer
 * ban of the same net replaces a shorter one, never the other way round; the operator's
 * always replaces.
 */
int bans_add(struct bans *, const struct ban *, int64_t now_s);
int bans_lift(struct bans *, const struct tn_subnet *); /* TN_ENOENT */

/* Whoever must know that all changes so far survive a crash: 0, they do; 1, fn will be called
 * from the loop, once, with 0 or TN_EIO and the reason, unless bans_forget or bans_free comes
 * first; TN_EFULL (too much waits for the disk already), TN_EIO, TN_ENOMEM: it is not known.
 */
typedef void bans_saved_fn(void *arg, int rc, const char *why);
int bans_when_saved(struct bans *, bans_saved_fn *, void *arg, struct tn_error *);
void bans_forget(struct bans *, const void *arg);

/* The ban that covers this address now, NULL if none; valid until the next change.
 * A hash look-up per prefix length in use, not a scan.
 */
const struct ban *bans_find(struct bans *, const struct tn_addr *, int64_t now_s);

/* In the order of addresses. Non-zero ends it. */
int bans_each(struct bans *, int64_t now_s, int (*fn)(void *arg, const struct ban *), void *arg);
uint32_t bans_count(const struct bans *);

/* Points of an address: adds, returns the sum after decay. Bounded at 4 * max entries. */
uint32_t bans_score(struct bans *, const struct tn_addr *, unsigned points, uint64_t now_us,
		    uint64_t half_life_us);

/* All points, the longest untouched first; and back: 0 or TN_ENOMEM. For snapshots. */
struct score;
uint32_t bans_scores(const struct bans *);
void bans_each_score(const struct bans *,
		     void (*fn)(void *arg, const struct tn_addr *, const struct score *),
		     void *arg);
int bans_put_score(struct bans *, const struct tn_addr *, const struct score *);

/* In place of those that are there, in memory only: what the store did not take is known. */
int bans_replace(struct bans *, const struct ban *, uint32_t n);

#endif
