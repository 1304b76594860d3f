/* SPDX-License-Identifier: MIT
 * plugins/masternodes/judge.h - an announcement, before the registry is asked
 *
 * Pure but for the hashes of its arguments. Which of its fields can be believed, from whom.
 */
#ifndef PLUGINS_MASTERNODES_JUDGE_H
#define PLUGINS_MASTERNODES_JUDGE_H

#include "registry.h"

struct judge_scene {
	const struct tn_announcement *said;
	uint32_t from_ip; /* whom it came from, 0: not IPv4 */
	uint32_t own_ip;  /* 0: not a masternode */
	const char *network;
	char digit; /* of payment addresses */
	int64_t now_s;
	int64_t since_s; /* what is passed on must not be older */
};

enum judge_verdict {
	JUDGE_GOOD,
	JUDGE_ADDRESS,   /* no IPv4 address; or neither the sender's nor signed */
	JUDGE_OURS,      /* our own address */
	JUDGE_REWARD,    /* where its share goes is no payment address of this network */
	JUDGE_SIGNATURE, /* there is one, and it does not fit */
	JUDGE_OLD,
	JUDGE_FUTURE
};

/* Everything but the signature; *claim is filled, and *direct says that it came from that very
 * address. `claim->ip` is also set with JUDGE_ADDRESS when there is one: a hint. */
enum judge_verdict judge_claim(struct tn_sha *, const struct judge_scene *, struct mn_claim *claim,
			       bool *direct);

/* And now the signature, if there is one: costs some 100 us. JUDGE_GOOD or JUDGE_SIGNATURE. */
enum judge_verdict judge_signature(struct tn_sha *, const struct judge_scene *);

#endif
