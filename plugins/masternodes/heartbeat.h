/* SPDX-License-Identifier: MIT
 * plugins/masternodes/heartbeat.h - which heartbeats are believed, how ours are numbered, and
 * what was heard
 *
 * Pure: no clock, no chance, no host, no signature is computed here. doc/protocol.md 12. What
 * is remembered of an address lasts as long as this node runs; afterwards the age limit alone
 * stands between it and a replay, which then makes somebody look alive for BEAT_AGE_S at most.
 */
#ifndef PLUGINS_MASTERNODES_HEARTBEAT_H
#define PLUGINS_MASTERNODES_HEARTBEAT_H

#include "timenode/service/identity.h"
#include "timenode/types_masternode.h"

#define BEAT_AGE_S 180 /* older ones, or from further ahead, count for nothing */
#define BEAT_BURST 4   /* heartbeats of one address taken at once; then one each half interval */
#define BEAT_HISTORY 1000
#define BEAT_WITNESSES 7 /* of one heartbeat: witness.h */

/* ---- judging */

enum beat_fate {
	BEAT_GOOD,
	BEAT_ADDRESS,   /* not the text of an IPv4 address */
	BEAT_OURS,      /* our own name: our echo, or somebody else's lie */
	BEAT_UNKNOWN,   /* nobody of that address is registered */
	BEAT_OLD,       /* made too long ago */
	BEAT_FUTURE,    /* made too far ahead */
	BEAT_REPLAYED,  /* not newer than the last one of this address */
	BEAT_KEY,       /* signed with a key that is not this address's */
	BEAT_SEQUENCE,  /* its number does not grow */
	BEAT_OFTEN,     /* more than BEAT_BURST at once */
	BEAT_SIGNATURE, /* not made with the key inside; the caller finds out */
	BEAT_FATES
};

/* How the key is known to be that of the address. */
enum beat_by {
	BEAT_BY_KEY,    /* it is the registered one: who relays it does not matter */
	BEAT_BY_DIRECT, /* an old node, which makes a new key at each start, says so itself */
	BEAT_BY_PIN     /* the same key came from an old node on a session that is still up */
};

/* What comes under the registered key and what an old node says itself are kept apart: whoever
 * shares an address with a masternode must not be able to make it look dead. */
struct beat_lane {
	bool any;
	int64_t time;    /* of the last one taken */
	uint64_t due_us; /* of its budget */
};

struct beat_memory { /* of one address */
	uint32_t ip;
	struct beat_lane keyed, direct;
	struct tn_key key; /* of `keyed` and `sequence`: they say nothing of another one */
	uint64_t sequence; /* the highest one taken under it; never falls */
	uint64_t verified; /* the highest one that enough witnesses saw; never falls */
	bool pinned;
	uint64_t pin_session;
	struct tn_key pin;
};

struct beat_scene {
	const struct tn_heartbeat *beat;
	uint32_t ip;                 /* of beat->masternode_address, 0: that is none */
	uint32_t own_ip;             /* 0: not a masternode */
	const struct tn_key *key;    /* registered for ip, NULL: nobody is */
	bool signs;                  /* that one signs its announcements: no old node does */
	const struct beat_memory *m; /* NULL: nothing heard yet */
	uint32_t from_ip;            /* whom it came from */
	bool legacy;                 /* that is an old node */
	int64_t now_s;               /* wall clock */
	int64_t since_s;             /* what is relayed must not be older */
	uint64_t now_us;             /* monotonic */
	uint64_t interval_us;        /* between two heartbeats of one masternode */
};

/* Everything but the signature. *by is set when it is BEAT_GOOD. */
enum beat_fate beat_judge(const struct beat_scene *, enum beat_by *by);

/* What a good one changes, once its signature was found to be good: judge again before, for
 * another one may have come first. session: of an old node, kept with its key. */
void beat_take(struct beat_memory *, const struct beat_scene *, enum beat_by, uint64_t session);

/* A session ended: what was believed because of it. */
void beat_unpin(struct beat_memory *, uint64_t session);

/* ---- memory of all addresses: bounded, sorted by ip */

struct beat_table {
	struct beat_memory *v;
	uint32_t n, room;
};

/* TN_ENOMEM: as before. */
int beat_table_create(struct beat_table *, uint32_t room);
void beat_table_free(struct beat_table *);
struct beat_memory *beat_find(const struct beat_table *, uint32_t ip);
/* Found or made; when full, that of the least recent heartbeat makes room. */
struct beat_memory *beat_get(struct beat_table *, uint32_t ip);

/* ---- our own */

/* Kept on disk before a heartbeat is sent: no two ever have the same number. */
struct beat_own {
	uint64_t sequence;
	int64_t time;
};
extern const struct tn_schema beat_own_schema;

/* The next one: number and time grow, whatever the clock does. The number is the time unless
 * that would not grow; the time runs ahead of a clock that was set back as long as others
 * would still take it, and then follows the clock. */
struct beat_own beat_next(const struct beat_own *last, int64_t wall_s);

/* ---- history: the last ones taken, of everybody, our own included */

struct beat_entry {
	char address[TN_MN_ADDRESS_TEXT];
	uint32_t ip;
	uint64_t sequence;
	int64_t time;
	struct tn_hash hash;
	struct tn_key key;
	uint8_t by; /* enum beat_by */
	bool ours;
	bool verified; /* enough witnesses */
	uint8_t witnesses;
	struct tn_key witness[BEAT_WITNESSES];
	bool drawn; /* chosen: by the list of that time, for it costs a hash of each masternode */
	uint8_t choices;
	char chosen[BEAT_WITNESSES][TN_MN_ADDRESS_TEXT];
};

struct beat_history;

struct beat_history *beat_history_create(uint32_t room); /* NULL without memory */
void beat_history_free(struct beat_history *);           /* NULL is fine */
/* The oldest one makes room. Valid until the next. */
struct beat_entry *beat_history_add(struct beat_history *, const struct beat_entry *);
struct beat_entry *beat_history_find(struct beat_history *, const struct tn_hash *);
/* i from 0, newest first; NULL behind the end. */
const struct beat_entry *beat_history_at(const struct beat_history *, uint32_t i);
uint32_t beat_history_count(const struct beat_history *);

#endif
