/* SPDX-License-Identifier: MIT
 * plugins/masternodes/beats.h - heartbeats, attestations and links at work: what their files share
 *
 *   links.c   the ring of active masternodes, whom to dial, to whom a message goes on
 *   beats.c   our own heartbeats, and those that come
 *   attest.c  attestations, ours and those that come
 *   beat_commands.c  getheartbeathistory, getattestationstats
 *   handover.c  what was heard, over an upgrade
 *
 * What is decided lies in heartbeat.c, witness.c, mesh.c and eligible.c, which are pure.
 */
#ifndef PLUGINS_MASTERNODES_BEATS_H
#define PLUGINS_MASTERNODES_BEATS_H

#include "heartbeat.h"
#include "masternodes.h"
#include "mesh.h"
#include "witness.h"

/* The active masternodes as they were when somebody last looked after a change. */
struct mn_ring {
	struct tn_str *text; /* sorted; they lie in `texts` */
	char (*texts)[TN_MN_ADDRESS_TEXT];
	uint32_t n, room;
	uint32_t me; /* this node's place, or the one it would have */
	bool in;     /* it is among them */
};

struct mn_beats {
	struct mn_ring ring;
	bool stale;      /* the ring is to be made anew */
	uint32_t stride; /* mesh_stride of all known */
	struct beat_table memory;
	struct beat_history *history;
	struct witness_waiting *early;
	struct beat_own own;
	uint64_t storing; /* the number that goes to the disk now, 0: none */
	uint32_t phase;   /* second of the interval in which ours are made */
	uint64_t salt;    /* of whom a message goes on to */
	struct tn_timer timer;
	struct tn_addr wanted[2 * MESH_TARGETS]; /* what we asked the core to dial */
	uint32_t wanteds;
	uint64_t refused[BEAT_FATES], unwitnessed[WITNESS_FATES];
	uint64_t sent, taken, verified, made, counted, waited, passed;
};

/* ---- life: of all four files. reloaded, changed: the registry is another one now. */

int mn_beats_init(struct tn_ctx *, struct tn_error *);
int mn_beats_start(struct tn_ctx *, struct tn_error *);
void mn_beats_reloaded(struct tn_ctx *); /* our next heartbeat is at the new interval */
void mn_beats_fini(struct tn_ctx *);
void mn_beats_up(struct tn_ctx *, struct tn_sid, struct mn_slot *);
void mn_beats_down(struct tn_ctx *, struct tn_sid, struct mn_slot *);
void mn_beats_changed(struct tn_ctx *);

/* Silence that makes inactive: what is configured, times the stride. */
uint64_t mn_beats_silence_ms(struct tn_ctx *);

/* ---- messages */

tn_verdict mn_on_heartbeat(struct tn_ctx *, const struct tn_msg *);
tn_verdict mn_on_attestation(struct tn_ctx *, const struct tn_msg *);

/* ---- links.c */

int mn_links_start(struct tn_ctx *);
void mn_links_stop(struct tn_ctx *); /* the core dials them no more for us */
void mn_links_free(struct tn_ctx *);

/* Current; valid until the next change of the registry. */
const struct mn_ring *mn_ring(struct tn_ctx *);
/* Place of an address, TN_ENOENT: not among them. */
int mn_ring_place(const struct mn_ring *, uint32_t ip, uint32_t *place);

/* Chooses to whom a message goes on: not where it came from, nor to the address it is about.
 * Then the filter says yes to those. */
void mn_links_choose(struct tn_ctx *, struct tn_sid origin, uint32_t not_ip,
		     const struct tn_hash *);
bool mn_links_chosen(struct tn_ctx *, struct tn_sid, void *slot, void *arg);
/* A filter: masternodes of the ring and old nodes. */
bool mn_links_ring(struct tn_ctx *, struct tn_sid, void *slot, void *arg);
/* The session to a masternode, or on the way to it. TN_NOBODY: none. */
struct tn_sid mn_links_route(struct tn_ctx *, uint32_t to);

/* ---- between beats.c and attest.c */

uint64_t mn_beat_interval_s(struct tn_ctx *);
uint32_t mn_strict_ip(struct tn_str); /* 0: not exactly the text of an IPv4 address */
const struct tn_key *mn_key_of(struct tn_ctx *, uint32_t ip); /* NULL: never met */
bool mn_is_far(struct tn_ctx *, uint32_t ip, int64_t time);

/* A heartbeat is in the history: attest it if we are chosen, count what came early. */
void mn_attest(struct tn_ctx *, struct beat_entry *);

/* A signature under way on the pool. */
struct mn_check {
	struct tn_key key;
	struct tn_sig sig;
	struct tn_hash digest;
	struct tn_hold hold;
	struct witness_early early; /* of an attestation whose message is gone */
};
struct mn_checked {
	bool good;
};
int mn_check_work(struct tn_ctx *, const struct mn_check *,
		  void (*done)(struct tn_ctx *, int, const void *, void *));

/* The forger is whoever sent it: a new node relays nothing that it has not verified. */
void mn_forged(struct tn_ctx *, const struct tn_msg *);

/* ---- handover.c */

int mn_save(struct tn_ctx *, struct tn_arena *, struct tn_view *, struct tn_error *);
int mn_restore(struct tn_ctx *, struct tn_view saved, struct tn_error *);

/* ---- commands */

struct mn_history_args {
	struct tn_str address;
	uint64_t limit;
	bool has_address, has_limit;
};
extern const struct tn_schema mn_history_args_schema, mn_history_row_schema, mn_stats_row_schema;
int mn_cmd_history(struct tn_ctx *, struct tn_cmd *, const void *args, struct tn_error *);
int mn_cmd_stats(struct tn_ctx *, struct tn_cmd *, const void *args, struct tn_error *);

#endif
