/* SPDX-License-Identifier: MIT
 * core/net/peer.h - what we know of an address: why it is wanted, its back-off, its history
 *
 * One record per (ip, port), port 0 for somebody who only ever dialed us and does not
 * listen. It outlives sessions but owns none: sessions point here. Records are
 * bounded: what is neither wanted nor connected is evicted, oldest first.
 */
#ifndef CORE_NET_PEER_H
#define CORE_NET_PEER_H

#include <uthash.h>

#include "net/dial_rule.h"
#include "net/history.h"

enum peer_kind { PEER_CANDIDATE, PEER_MASTERNODE, PEER_MANUAL };

struct net;

struct peer {
	struct tn_addr addr;
	uint64_t node_id; /* of the last session, 0 = never seen or an old node */
	uint64_t session; /* sid of the one that counts: UP primary, else the latest; 0 none */
	uint64_t timer, next_dial_us; /* 0: none */
	uint64_t apart_us;            /* since when wanted and not linked */
	uint64_t last_up_us, used_us;
	uint64_t zombie_until_us; /* old node: its own dials are accepted until then */
	uint32_t failures, zombies;
	uint32_t links; /* sessions that point here */
	uint8_t state;  /* enum link_state, as `why` shows it */
	uint8_t kind;   /* enum peer_kind */
	bool wanted, configured, legacy, self,
		recent; /* recent: was up for 10 s since we know it */
	uint8_t why;    /* enum dial_why: the rule that decided last */
	struct history history;
	struct net *net;
	struct peer *spare_prev, *spare_next; /* while it is neither wanted nor linked */
	UT_hash_handle hh;
};

#endif
