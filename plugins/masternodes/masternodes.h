/* SPDX-License-Identifier: MIT
 * plugins/masternodes/masternodes.h - what the files of this plugin share
 *
 *   masternodes.c  descriptor, life             keyfile.c   the wallet file
 *   service.c      identity, masternodes        voters.c    the configured voter set
 *   registry.c     who is there (pure)
 */
#ifndef PLUGINS_MASTERNODES_MASTERNODES_H
#define PLUGINS_MASTERNODES_MASTERNODES_H

#include "registry.h"
#include "timenode/host.h"
#include "timenode/service/chain.h"
#include "timenode/service/identity.h"
#include "timenode/service/masternodes.h"
#include "timenode/wire.h"

struct mn_conf {
	bool masternode, trust_announced_tier;
	struct tn_str address, tier, reward, collateral;
	struct tn_texts voters;
	uint64_t announce_first, announce_every, ask_every;
	uint64_t silence, check_every, forget, change_every;
	uint64_t registry_max;
	uint64_t heartbeat_every;
};

struct mn_slot { /* of a session */
	uint64_t unused;
	/* links.c */
	uint32_t ip; /* 0: not IPv4 */
	bool legacy, noted, chosen;
};

struct mn_state {
	struct tn_sha *sha;
	struct tn_network net;
	struct tn_wallet wallet;
	struct tn_arena *voters_memory;
	struct tn_voter_set voters;
	struct registry *registry;
	struct mn_beats *beats; /* beats.h */
};

enum { M_ANNOUNCE, M_GET, M_LIST, M_HEARTBEAT, M_ATTESTATION };
enum { N_CHAIN };
enum { E_CHANGED };
enum {
	R_UNREADY,
	R_ADDRESS,
	R_OURS,
	R_OFTEN,
	R_SIGNATURE,
	R_OLD,
	R_FUTURE,
	R_KEY,
	R_REPLAYED,
	R_UNMET,
	R_SEQUENCE,
	R_CHOSEN,
	R_TWICE,
	R_EARLY,
	R_OVERLOAD
};
enum { D_REGISTRY, D_KEY, D_BEAT };

static inline struct mn_state *mn_state(struct tn_ctx *c)
{
	return (struct mn_state *)c->state;
}

static inline const struct mn_conf *mn_conf(struct tn_ctx *c)
{
	return (const struct mn_conf *)c->conf;
}

static inline struct mn_time mn_now(struct tn_ctx *c)
{
	return (struct mn_time){ (int64_t)tn_now_us(c), tn_wall_s(c) };
}

/* This node's address as a masternode: 0, or TN_ENOENT when it is none or does not know it. */
int mn_own_ip(struct tn_ctx *, uint32_t *ip);

/* The active set, a key or who is known is another one: tells it, counts it. */
void mn_changed(struct tn_ctx *);

extern const struct tn_identity_ops mn_identity_ops;
extern const struct tn_masternodes_ops mn_masternodes_ops;

#endif
