/* SPDX-License-Identifier: MIT
 * plugins/masternodes/masternodes.h - what the files of this plugin share
 *
 *   masternodes.c  descriptor, life             service.c     identity, masternodes
 *   own.c          this node as a masternode    keyfile.c     the wallet file
 *   announce.c     announcements out and in     judge.c       what becomes of one (pure)
 *   list.c         GetMasternodes, the answer   contact.c     dials whom it was told of
 *   collateral.c   is a tier paid for           commands.c    what operators see
 *   registry.c registry_coins.c registry_disk.c  who is there (pure)   keep.c  it in the store
 *   voters.c       the configured voter set     text.c        hexadecimal digits, tiers
 *   beats.h        heartbeats, attestations, links, who is paid: with its own list
 */
#ifndef PLUGINS_MASTERNODES_MASTERNODES_H
#define PLUGINS_MASTERNODES_MASTERNODES_H

#include "eligible.h"
#include "registry.h"
#include "timenode/host.h"
#include "timenode/service/chain.h"
#include "timenode/service/identity.h"
#include "timenode/service/masternodes.h"
#include "timenode/util.h"
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
	struct tn_sid sid;
	struct tn_timer first; /* our first announcement on it */
	struct tn_bucket own, relayed, hints;
	/* links.c */
	uint32_t ip; /* 0: not IPv4 */
	bool legacy, noted, chosen;
	bool dialed;      /* by us, because it is a masternode */
	int64_t stray_us; /* no link of the ring since then; 0: it is one */
};

struct mn_self { /* this node, as the configuration has it */
	bool on;
	bool has_ip; /* else network.local_ip, or what peers report */
	uint32_t ip;
	uint8_t tier;
	char reward[TN_ADDRESS_TEXT]; /* "": the wallet's */
	bool has_coin;
	struct tn_outpoint coin;
};

#define MN_CONTACTS 16

struct mn_contact { /* somebody we were told of and dial */
	uint32_t ip;
	bool met;
	int64_t until_us; /* 0: nobody */
};

struct mn_state {
	struct tn_sha *sha;
	struct tn_network net;
	struct tn_wallet wallet;
	struct tn_arena *voters_memory;
	struct tn_voter_set voters;
	struct registry *registry;
	struct mn_beats *beats; /* beats.h */
	struct mn_self self;
	struct tn_frame *announcement;      /* ours, encoded; NULL: none */
	struct tn_frame *list, *short_list; /* answers to GetMasternodes; NULL: to be made */
	int64_t announced_us, listed_us;    /* when these were made */
	struct tn_timer check, announce, ask, look; /* look: at collaterals, soon */
	struct mn_time start;                       /* when the plugin started */
	bool fresh;           /* and not in the place of another build of it */
	struct tn_timer save; /* of the registry, soon */
	bool list_old;        /* the registry has changed since */
	struct mn_contact contact[MN_CONTACTS];
	struct tn_batch *late;    /* the store had no room for it */
	uint32_t collateral_from; /* where the next look at collaterals begins */
	uint32_t collateral_due;  /* how many are to be looked at soon */
	uint32_t said_ip;         /* our address, as the log has it; 0: none */
};

enum { M_ANNOUNCE, M_GET, M_LIST, M_HEARTBEAT, M_ATTESTATION };
enum { N_CHAIN };
enum { E_CHANGED };
enum {
	R_ADDRESS,
	R_OURS,
	R_OFTEN,
	R_REWARD,
	R_SIGNATURE,
	R_OLD,
	R_FUTURE,
	R_KEY,
	R_REPLAYED,
	R_CHANGED,
	R_FULL,
	R_UNMET,
	R_SEQUENCE,
	R_CHOSEN,
	R_TWICE,
	R_EARLY,
	R_OVERLOAD
};
enum { D_REGISTRY, D_KEY, D_BEAT };
enum { C_KNOWN, C_ACTIVE, C_TRUST, C_TAKEN, C_RELAYED };

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

/* What was signed before this time, and not said by its masternode itself, may be a replay of
 * what we heard in an earlier life: such words are not kept one by one. Soon after the start
 * alone; then all of it is too old. INT64_MIN: no limit. */
static inline int64_t mn_since(struct tn_ctx *c)
{
	const struct mn_time *start = &mn_state(c)->start;
	bool young = mn_now(c).mono_us - start->mono_us < MN_CLAIM_AGE_S * INT64_C(1000000);

	return mn_state(c)->fresh && young ? start->wall_s : INT64_MIN;
}

/* ---- own.c */

/* What a configuration says of this node: 0, or TN_EINVAL with the reason. */
int mn_self_parse(struct tn_ctx *, const struct mn_conf *, struct mn_self *, struct tn_error *);
/* May it be one? TN_EINVAL with the reason: its address cannot be reached on this network. */
int mn_self_allowed(struct tn_ctx *, struct tn_error *);
/* This node's address as a masternode: 0, or TN_ENOENT when it is none, or does not know it, or
 * it is not of this network. */
int mn_own_ip(struct tn_ctx *, uint32_t *ip);
/* What it says of itself, signed now; texts borrow. 0, TN_ENOENT (see above), TN_ENOMEM. */
int mn_self_claim(struct tn_ctx *, char ip_text[TN_MN_ADDRESS_TEXT], struct tn_announcement *);
/* Keeps our own record alive and up to date. */
void mn_self_live(struct tn_ctx *);

/* ---- announce.c */

tn_verdict mn_on_announcement(struct tn_ctx *, const struct tn_msg *);
void mn_announce(struct tn_ctx *, struct tn_sid, void *slot); /* a tn_pulse_fn */
void mn_announce_first(struct tn_ctx *, void *slot);          /* a tn_timer_fn */
/* What is sent from now on is made anew. */
void mn_announce_anew(struct tn_ctx *);

/* ---- list.c */

tn_msg_fn mn_on_get;
void mn_ask(struct tn_ctx *, struct tn_sid, void *slot); /* a tn_pulse_fn */
void mn_list_free(struct tn_ctx *);

/* ---- contact.c */

void mn_contact_tick(struct tn_ctx *, void *); /* a tn_timer_fn */
void mn_contact_met(struct tn_ctx *, uint32_t ip);
void mn_contact_end(struct tn_ctx *);
/* Where a masternode listens: the network's port, on a private network ours. */
struct tn_addr mn_dial_addr(struct tn_ctx *, uint32_t ip);

/* ---- collateral.c */

/* The tier that is believed of it. */
uint8_t mn_tier_of(struct tn_ctx *, const struct mn_record *);
/* Looks whether the coin of one record is there. True: what is believed changed. */
bool mn_collateral_look(struct tn_ctx *, const struct mn_record *);
void mn_collateral_tick(struct tn_ctx *); /* some of them, round and round */
void mn_collateral_all(struct tn_ctx *);  /* all of them, soon */
/* Why the tier that it announces is not believed. */
void mn_collateral_why(struct tn_ctx *, const struct mn_record *, char *buf, size_t room);
tn_tell_fn mn_on_block;

/* ---- keep.c */

void mn_keep_save(struct tn_ctx *, void *); /* a tn_timer_fn */
/* What somebody says of itself has changed: a crash shall not bring back what was before. */
void mn_keep_soon(struct tn_ctx *);
int mn_keep_load(struct tn_ctx *, struct tn_error *);

/* ---- masternodes.c */

/* The active set, a key or who is known is another one: tells it, counts it. */
void mn_changed(struct tn_ctx *);

/* ---- service.c */

enum eligible_why mn_eligible(struct tn_ctx *, const struct mn_record *);
uint16_t mn_flags(struct tn_ctx *, const struct mn_record *);
extern const struct tn_identity_ops mn_identity_ops;
extern const struct tn_masternodes_ops mn_masternodes_ops;

/* ---- commands.c */

extern const struct tn_schema mn_list_args_schema, mn_list_row_schema, mn_status_row_schema,
	mn_backup_args_schema, mn_backup_row_schema;
tn_cmd_fn mn_cmd_list, mn_cmd_status, mn_cmd_backup;

#endif
