/* SPDX-License-Identifier: MIT
 * plugins/masternodes/registry.h - who is a masternode: a bounded table that no flood can turn over
 *
 * Pure: no clock, no chance, no host. Times are arguments: the monotonic one decides about
 * silence, the wall clock is for people and for the disk. A masternode is its IPv4 address,
 * here in host order; the order of the table is that of the address texts, byte by byte.
 *
 * What is believed of an address comes from itself: from a session with that address, or from
 * a claim that is signed with the key it gave in such a session. Everything else only makes a
 * *heard* record, which is worth a dial and nothing more.
 *
 * Others may sit behind the same address. As long as the key that is known is alive, no other
 * takes its place; and once that key has signed, nothing counts in its name that is not signed
 * or that was said before.
 *
 * Full: the oldest heard record goes first, then the one that was silent for longest; an
 * active one never goes, nor one that the operator pinned. So whoever owns few addresses
 * can push out heard records only, and of those only as many as the limits below say.
 */
#ifndef PLUGINS_MASTERNODES_REGISTRY_H
#define PLUGINS_MASTERNODES_REGISTRY_H

#include "timenode/chain.h"
#include "timenode/service/identity.h"
#include "timenode/types_chain.h"
#include "timenode/types_masternode.h"

#define MN_CLAIM_AGE_S 180 /* a signed claim that is passed on counts so long, and so far ahead */

struct mn_time {
	int64_t mono_us; /* never goes back */
	int64_t wall_s;  /* may jump */
};

struct mn_limits {
	uint32_t max;        /* records */
	uint32_t group_max;  /* of one /16; 0: no limit (a private network is one group) */
	uint32_t heard_max;  /* heard records */
	uint32_t told_max;   /* heard records that one /16 of tellers may fill */
	uint64_t silence_ms; /* then it is inactive */
	uint64_t forget_ms;  /* inactive for so long: removed */
	uint64_t change_ms;  /* from one change of key, tier, reward or coin to the next */
};

struct mn_record { /* read by everybody, written by registry.c only */
	uint32_t ip;
	char text[TN_MN_ADDRESS_TEXT];
	bool heard;  /* nothing below up to `coin` is known (a pinned key is) */
	bool pinned; /* the operator gave its key: no other is taken */
	struct tn_key key;
	char reward[TN_ADDRESS_TEXT]; /* "" when heard */
	uint8_t announced;            /* enum tn_tier_tag: what it says */
	bool has_coin;                /* it names its collateral */
	struct tn_outpoint coin;
	int64_t signed_at; /* time in its newest signed claim; 0: none yet */
	int64_t claim_us;  /* when that came */

	bool active;
	bool collateral;         /* registry_set_collateral: the coin is there */
	bool shown;              /* it was the first to show the coin that it names, and holds it */
	uint32_t told_by;        /* who told us of a heard one */
	int64_t life_us;         /* last sign of life; of a heard one: when it was made */
	int64_t active_us;       /* since when it is active without a break */
	int64_t changed_us;      /* last change of what it says; INT64_MIN: none */
	int64_t first_s, last_s; /* wall clock: first seen, last sign of life */
	int64_t total_s;         /* active before active_us, all together */
	int64_t dialed_us;       /* registry_dialed; INT64_MIN: never */
	uint32_t fails;          /* dials in a row that found nothing */

	int64_t stored_s; /* for registry_changes */
	bool dirty, stored;
};

struct registry;

struct registry *registry_create(const struct mn_limits *);        /* NULL without memory */
void registry_free(struct registry *);                             /* NULL is fine */
void registry_limits(struct registry *, const struct mn_limits *); /* from now on */

uint32_t registry_count(const struct registry *);
uint32_t registry_active(const struct registry *);
/* i from 0, in the order of the texts. NULL behind the end. Valid until the next call that
 * adds or removes. */
const struct mn_record *registry_at(const struct registry *, uint32_t i);
const struct mn_record *registry_find(const struct registry *, uint32_t ip);

/* ---- what is said of an address */

struct mn_claim {
	uint32_t ip;
	struct tn_key key;
	char reward[TN_ADDRESS_TEXT];
	uint8_t tier;
	bool has_coin;
	struct tn_outpoint coin;
	int64_t signed_at; /* 0: not signed. The caller has verified the signature */
	bool ours;         /* this node speaks of itself: only a pinned key limits it */
};

enum mn_fate {
	MN_NEW,     /* taken: first word of this address itself */
	MN_SAME,    /* taken: nothing new but that it lives */
	MN_CHANGED, /* taken: key, tier, reward address or coin are others now */
	/* from here on nothing was changed */
	MN_KEY,    /* another key is pinned, or alive; or it is relayed with a key it never gave */
	MN_STALE,  /* not newer than what we have: a replay */
	MN_BARE,   /* not signed, and this key has signed before */
	MN_OFTEN,  /* it changed a moment ago */
	MN_FULL,   /* no room for it */
	MN_UNKNOWN /* relayed, and the address has never been met: see registry_hear */
};

/* direct: it came on a session with that very address. Else it must be signed. Taken: it is
 * active from now on. *was (may be NULL): the record before, all zero for a new one. */
enum mn_fate registry_claim(struct registry *, const struct mn_claim *, bool direct, struct mn_time,
			    struct mn_record *was);

/* Somebody (0: the operator) says that there is a masternode. True: it is new here. */
bool registry_hear(struct registry *, uint32_t ip, uint32_t told_by, struct mn_time);

/* The operator says what key an address has; the record is there from then on and is never
 * evicted or forgotten. A known one with another key loses all it had said. */
int registry_pin(struct registry *, uint32_t ip, const struct tn_key *, struct mn_time);
void registry_unpin_all(struct registry *);

/* ---- life */

/* A valid sign of life of a known address that is not heard: true if it has become active. */
bool registry_alive(struct registry *, uint32_t ip, struct mn_time);
/* The address says goodbye, or we know better: inactive at once. */
bool registry_silent(struct registry *, uint32_t ip, struct mn_time);

/* Ends what was silent for too long; gone() for each that becomes inactive (removed false)
 * or is removed. Returns how many. */
typedef void registry_gone_fn(void *arg, const struct mn_record *, bool removed);
uint32_t registry_check(struct registry *, struct mn_time, registry_gone_fn *, void *arg);

/* ---- what proves its tier. Who has shown a coin holds it, over a restart and while the coin is
 * away for some blocks, until it names another one, or is forgotten: no other one has it. */

/* Its coin is there, or not. There: whoever held it does no more. */
void registry_set_collateral(struct registry *, uint32_t ip, bool there);
const struct mn_record *registry_coin_holder(const struct registry *, const struct tn_outpoint *);

/* Milliseconds since the last sign of life, never negative. */
uint64_t registry_silence_ms(const struct mn_record *, struct mn_time);
/* Seconds it was active, all together. */
uint64_t registry_uptime_s(const struct mn_record *, struct mn_time);

/* ---- whom to dial, to hear it from itself */

/* A heard (or pinned, never met) record whose turn it is: the one that waits for longest;
 * 10 s after a first failure, doubled up to an hour. NULL: none. */
const struct mn_record *registry_next_dial(const struct registry *, struct mn_time);
void registry_dialed(struct registry *, uint32_t ip, struct mn_time); /* an attempt begins */

/* ---- on disk: what changed since the last call. A sign of life alone counts once a minute.
 * Non-zero ends it; what was not handed out stays. */
struct registry_out {
	int (*put)(void *arg, const struct mn_record *);
	int (*del)(void *arg, uint32_t ip);
	void *arg;
};
int registry_changes(struct registry *, const struct registry_out *);

#define MN_STORED_SHOWN 256u

/* What the database holds of a record that is not heard. */
struct mn_stored {
	uint32_t ip;
	struct tn_key key;
	struct tn_str reward;
	uint32_t announced; /* MN_STORED_SHOWN added: it holds its coin */
	bool has_coin, active;
	struct tn_outpoint coin;
	int64_t signed_at, first_s, last_s, total_s;
	int64_t active_s; /* since when, on the wall clock */
};
extern const struct tn_schema mn_stored_schema;
/* Borrows the record's text. */
void registry_store(const struct mn_record *, struct mn_time, struct mn_stored *);

/* Active as long as the wall clock since its last sign of life allows. false: no memory, it is
 * there already, or it makes no sense. There may be more than the limit has room for. */
bool registry_restore(struct registry *, const struct mn_stored *, struct mn_time);
/* Then the limit counts again, and what goes, goes from the disk too: those that were silent
 * for longest first, the active ones last. Returns how many went, or TN_ENOMEM. */
int registry_trim(struct registry *);

/* ---- addresses */

/* "203.0.113.7", or with a port, which old nodes may add. 0 or TN_EBAD. */
int mn_ip_parse(struct tn_str text, uint32_t *ip);
/* false: not IPv4. */
bool mn_ip_of(const struct tn_addr *, uint32_t *ip);
struct tn_addr mn_addr_of(uint32_t ip); /* port 0 */
const char *mn_ip_text(uint32_t ip, char buf[TN_MN_ADDRESS_TEXT]);

#endif
