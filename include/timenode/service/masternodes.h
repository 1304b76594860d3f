/* SPDX-License-Identifier: MIT
 * timenode/service/masternodes.h - who is a masternode, who is alive, who votes and is paid;
 * offered by the plugin masternodes
 *
 * A masternode's name is the text of its IPv4 address, without a port. Lists are copies in the
 * caller's arena, sorted by that text byte by byte (tn_texts_sort): they do not change under
 * whoever works with them. The active list is this node's own view and differs from node to
 * node for a while; only the voter set may decide anything.
 */
#ifndef TIMENODE_SERVICE_MASTERNODES_H
#define TIMENODE_SERVICE_MASTERNODES_H

#include "timenode/chain.h"
#include "timenode/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_MASTERNODES_MAJOR 1
#define TN_MASTERNODES_MINOR 0

enum {                      /* tn_mn.flags */
       TN_MN_ACTIVE = 1,    /* alive: heard of within its silence limit */
       TN_MN_DIRECT = 2,    /* key, tier and reward address came from itself */
       TN_MN_ELIGIBLE = 4,  /* active for the whole period: may be paid */
       TN_MN_COLLATERAL = 8 /* a matching coin was seen, or announced tiers are trusted */
};

struct tn_mn {
	struct tn_str address; /* "203.0.113.7" */
	struct tn_str reward;  /* payment address, where its share goes */
	struct tn_key key;     /* announced: signs its votes and heartbeats */
	uint8_t tier;          /* enum tn_tier_tag: what is believed, Free when in doubt */
	uint8_t announced;     /* what it says */
	uint16_t flags;        /* TN_MN_ */
	uint32_t silent_s;     /* since its last sign of life */
};

struct tn_mn_set {
	TN_LIST(struct tn_mn) mn;
	int32_t me; /* index of this node, -1: not among them */
};

struct tn_voter {
	struct tn_str address;
	struct tn_key key;
};

struct tn_voter_set {
	TN_LIST(struct tn_voter) voter;
	int32_t me;
};

struct tn_masternodes_ops {
	uint32_t size;
	/* Everybody known, or only those with all of these flags. 0 or TN_ENOMEM. */
	int (*list)(struct tn_ctx *, uint16_t all_of, struct tn_arena *, struct tn_mn_set *);
	/* The key announced by an address: 0 or TN_ENOENT. */
	int (*key_of)(struct tn_ctx *, struct tn_str address, struct tn_key *);
	/* Who votes on what comes into the block at this height. 0, or TN_ENOENT: nobody is
	 * named in the configuration, so nothing can become final. */
	int (*voters)(struct tn_ctx *, uint64_t height, struct tn_arena *, struct tn_voter_set *);
};

/* tell: the active set changed, somebody's key did, or somebody came or went. */
#define TN_EV_MASTERNODES "masternodes.changed"
struct tn_ev_masternodes {
	uint32_t active, known;
};

/* clang-format off */
#define TN_MASTERNODES_NEED(want) { "masternodes", TN_MASTERNODES_MAJOR, TN_MASTERNODES_MINOR, want }
#define TN_MASTERNODES_(s) ((const struct tn_masternodes_ops *)(s).ops)

static inline int tn_mn_list(struct tn_svc s, uint16_t all_of, struct tn_arena *a, struct tn_mn_set *out) { return s.ops ? TN_MASTERNODES_(s)->list(s.self, all_of, a, out) : TN_EGONE; }
static inline int tn_mn_key_of(struct tn_svc s, struct tn_str address, struct tn_key *out) { return s.ops ? TN_MASTERNODES_(s)->key_of(s.self, address, out) : TN_EGONE; }
static inline int tn_mn_voters(struct tn_svc s, uint64_t height, struct tn_arena *a, struct tn_voter_set *out) { return s.ops ? TN_MASTERNODES_(s)->voters(s.self, height, a, out) : TN_EGONE; }
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
