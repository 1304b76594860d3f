/* SPDX-License-Identifier: MIT
 * plugins/masternodes/witness.h - who attests a heartbeat, and which attestations count
 *
 * Pure but for the SHA-256 of its arguments. doc/protocol.md 12. Of each heartbeat that is
 * relayed WITNESSES masternodes are asked for a signature by its hash alone: nobody chooses
 * his own. An attestation makes nobody look alive and lowers nothing; it is counted, once for
 * each key, and WITNESS_QUORUM of them make a heartbeat verified, once.
 */
#ifndef PLUGINS_MASTERNODES_WITNESS_H
#define PLUGINS_MASTERNODES_WITNESS_H

#include "heartbeat.h"

#define WITNESSES BEAT_WITNESSES
#define WITNESS_QUORUM 3
#define WITNESS_WINDOW 512     /* masternodes among whom the witnesses of one heartbeat are drawn */
#define WITNESS_EARLY 256      /* attestations kept that came before their heartbeat */
#define WITNESS_EARLY_EACH 32  /* of one session */
#define WITNESS_EARLY_MS 30000 /* so long */

/* ---- who is chosen */

/* The masternodes whose SHA-256(heartbeat hash, address text) is lowest, the lowest first: into
 * `out`, as indexes into the list. The heartbeat's own is left out. Of a longer list only
 * WITNESS_WINDOW neighbours are asked, beginning where the hash says, so that a draw costs the
 * same however many there are. Two lists that differ in one address agree on all others, but
 * for those at an end of the window. Returns how many, or TN_ENOMEM. */
int witness_choose(struct tn_sha *, const struct tn_hash *beat, const struct tn_str *address,
		   uint32_t n, struct tn_str subject, uint32_t out[WITNESSES]);

/* ---- judging an attestation of a heartbeat in the history */

enum witness_fate {
	WITNESS_GOOD,
	WITNESS_ADDRESS,    /* not the text of an IPv4 address */
	WITNESS_OURS,       /* our own name */
	WITNESS_EARLY_BEAT, /* its heartbeat is not known: yet, perhaps */
	WITNESS_UNKNOWN,    /* no such masternode */
	WITNESS_KEY,        /* not that masternode's key */
	WITNESS_OLD,        /* made too long ago */
	WITNESS_FUTURE,     /* made too far ahead */
	WITNESS_CHOSEN,     /* not one of the witnesses of that heartbeat */
	WITNESS_TWICE,      /* that key has attested it */
	WITNESS_SIGNATURE,  /* not made with the key inside; the caller finds out */
	WITNESS_FATES
};

struct witness_scene {
	const struct tn_attestation *attestation;
	uint32_t ip;                   /* of its witness_address, 0: that is none */
	uint32_t own_ip;               /* 0: not a masternode */
	const struct beat_entry *beat; /* NULL: not in the history */
	const struct tn_key *key;      /* registered for ip, NULL: nobody is */
	const struct beat_memory *m;   /* of ip: a pinned key does too; NULL: none */
	int64_t now_s;
};

/* All but the signature and WITNESS_CHOSEN, which costs hashes: see witness_chosen. */
enum witness_fate witness_judge(const struct witness_scene *);

/* Is this address chosen? The list is asked once for each heartbeat: whatever is sent to us
 * later, and however it changes. 0, TN_ENOENT or TN_ENOMEM. */
int witness_chosen(struct tn_sha *, struct beat_entry *, const struct tn_str *address, uint32_t n,
		   struct tn_str witness);

/* Counts a good one whose signature was found to be good: judge again before. True: it makes
 * the heartbeat verified; `subject` (may be NULL), what is remembered of the heartbeat's
 * address, then has its number as verified unless it had a higher one. */
bool witness_count(struct beat_entry *, const struct tn_key *, struct beat_memory *subject);

/* ---- early ones: a bounded ring, in which one session has a share */

struct witness_early {
	struct tn_attestation attestation; /* its text is `address` */
	char address[TN_MN_ADDRESS_TEXT];
	uint64_t session;
	uint64_t until_us; /* 0: nothing here */
};

struct witness_waiting {
	struct witness_early v[WITNESS_EARLY];
	uint32_t next;
};

/* false: that session has its share already, or the address is too long to be one. */
bool witness_wait(struct witness_waiting *, const struct tn_attestation *, uint64_t session,
		  uint64_t now_us);
/* Takes out one that attests this heartbeat and is not too old: true, until there is none. */
bool witness_take(struct witness_waiting *, const struct tn_hash *beat, uint64_t now_us,
		  struct witness_early *out);

#endif
