/* SPDX-License-Identifier: MIT
 * core/net/judge.h - may this peer be ours? the reasons why not, in their order
 *
 * Hard incompatibility first, then ourselves, bans, room (doc/protocol.md 4.3).
 */
#ifndef CORE_NET_JUDGE_H
#define CORE_NET_JUDGE_H

#include "net/room.h"

/* true: refuse, with the reason that both ends will see. */
bool judge_handshake(const struct session *, const struct tn_handshake *, char *why, size_t room);
bool judge_ack(const struct session *, const struct tn_ack *, char *why, size_t room);

bool judge_whitelisted(const struct net *, const struct tn_addr *);

/* The ban that keeps this address out now; NULL: none, or whitelisted (an operator's ban
 * counts all the same). */
const struct ban *judge_banned(const struct net *, const struct tn_addr *);

#endif
