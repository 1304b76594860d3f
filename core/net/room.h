/* SPDX-License-Identifier: MIT
 * core/net/room.h - what the files of this room share; nobody outside includes it
 */
#ifndef CORE_NET_ROOM_H
#define CORE_NET_ROOM_H

#include "net/backoff.h"
#include "net/net.h"

#define READ_BYTES 65536u
#define BEFORE_HANDSHAKE_BYTES 4096u
#define ODD_LINE_BYTES 65536u /* unknown or broken lines are not kept beyond this */
#define PENDING_EXTRA 32u     /* inbound sessions beyond the slots, to be told why not */
#define HELD_MAX 32u          /* refused old dialers whose sockets are held */
#define HOLD_US 60000000u
#define LINGER_US 2000000u
/* Of one session in one turn: whoever has more lines here goes on in the next turn. */
#define TURN_ENCODED 65536u /* bytes that its lines made plugins encode */
#define TURN_US 1000u
#define TURN_LINES 8u  /* between two looks at the clock */
#define LINGER_MAX 64u /* sockets that wait for their last words to be read */
#define ZOMBIE_US 10000000u
#define LEGACY_DIAL_US 1000000u /* let the old node notice its end, within its 5 s */
#define PEERS_MAX 4096u
#define TOTALS_MAX 256u
#define ENDED 64u

enum slot_class { SLOT_IN, SLOT_OUT, SLOT_MASTERNODE, SLOT_MANUAL, SLOT_HELD, SLOT_CLASSES };

/* Sessions that share an address (all states), or an identity (UP ones). */
struct group {
	struct group *next; /* in its bucket */
	struct session *first;
	uint32_t count;
	uint8_t key[17]; /* 'i' + ip, or 'n' + node_id */
};

struct vote { /* of an outbound peer for our own address */
	uint64_t netgroup;
	struct tn_addr ip;
};

struct ended { /* a session that faults may still reach */
	uint64_t sid, at_us;
	struct tn_addr ip;
	struct score score;
};

struct net {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *set;
	bool has_genesis; /* a plugin told it; the configuration goes first */
	uint8_t genesis[32];
	struct names *names;
	struct bans *bans;
	struct handles *sessions;
	struct group **group; /* buckets, a power of two; each session is in two groups */
	uint32_t group_buckets, groups;
	struct peer *peers, *spare; /* spare: that nobody needs, by last use */
	struct net_rules rules;
	struct net_hooks hooks;
	void *hook_arg;

	struct env_conn **listener;
	uint32_t listeners;
	struct session *first, *last; /* primaries that are UP */
	struct session *dirty;        /* have frames to flush */
	struct session *resuming;     /* reading goes on at the end of the tick */
	struct session *closing;      /* marked, to be retired */
	uint32_t lingering;
	bool deferred; /* the end-of-tick call is ordered */
	uint64_t stall_timer, want_timer;

	uint64_t node_id;
	char agent[32];
	struct tn_addr self;
	bool self_known, self_sure; /* sure: configured, or listened on */
	struct vote vote[8];
	unsigned votes;

	char *feature[64];
	uint32_t feature_refs[64];

	uint32_t slots[SLOT_CLASSES];
	uint32_t up;
	struct net_counts counts;
	struct net_total *total;
	size_t totals;
	uint64_t off_ended;
	struct ended ended[ENDED];
	unsigned ended_next;

	bool stopping;
	void (*stopped)(void *);
	void *stopped_arg;
	unsigned handshake_id, ack_id, version_id;
	uint64_t encoded; /* bytes that were ever encoded */
	uint64_t read_us; /* instant of the read being worked on */
	uint8_t buffer[READ_BYTES + 64];
};

static inline uint64_t net_now(const struct net *n)
{
	return env_mono_us(n->env);
}

/* ---- session.c */
struct session *session_create(struct net *, bool outbound, const struct tn_addr *remote,
			       enum slot_class);
void session_rearm(struct session *); /* what to wait for, from its state */
void session_came_up(struct session *);
void session_set_timer(struct session *, uint64_t us, timer_fn *);
void session_order_end(struct net *); /* the end-of-tick call */
void session_cancel_end(struct net *);
void session_promote(struct session *);
void session_end_now(struct net *);        /* what would come at the end of the tick */
void session_list(struct session *);       /* primary, the last of those that are up */
void session_end_linger(struct session *); /* of a retired one: at once */

/* ---- group.c */
struct group *group_find(const struct net *, char type, const void *key, size_t n);
int group_join(struct net *, struct session *, char type);
void group_leave(struct net *, struct session *, char type);
void group_clear(struct net *);
struct group *group_of_ip(const struct net *, const struct tn_addr *);
struct group *group_of_id(const struct net *, const struct session *);

/* ---- line_in.c */
void line_readable(void *session);
void line_resume_all(struct net *);
void line_clear(struct net *, struct line_in *);

/* ---- flush.c */
void flush_session(struct session *);
void flush_dirty(struct net *);
void flush_writable(void *session);
void flush_discard(struct session *);
void flush_check_stuck(void *net); /* of stall_timer */

/* ---- handshake.c, judge.c */
void handshake_begin(struct session *); /* connected: send ours */
void handshake_message(struct session *, unsigned id, const struct tn_envelope *,
		       struct tn_view line);
bool handshake_owns(const struct net *, unsigned id);
void handshake_refuse(struct session *, const char *why);
void handshake_accept_legacy(struct session *);
void handshake_connected(void *session, int err);
void handshake_too_slow(void *session); /* of its timer */

/* ---- slots.c */
bool slots_full(const struct net *); /* the newcomer counted */
bool slots_make_room(struct net *);  /* false: everybody there is protected */

/* ---- legacy.c */
void legacy_inbound(struct session *); /* an old node's Handshake was good */
void legacy_came_up(struct session *); /* a dialed one answered */
void legacy_hold(struct session *, const char *why);
void legacy_ended(struct session *, bool came_up);
void legacy_zombie(void *session); /* of its timer */

/* ---- double.c */
bool double_admits(const struct session *); /* room for one more of this identity? */
void double_begin(struct session *second);
void double_heard(struct session *);

/* ---- dialer.c */
enum log_level dialer_level(const struct peer *);
void dialer_consider(struct net *, struct peer *);
void dialer_failed(struct net *, struct peer *, const char *why);
void dialer_ended(struct net *, const struct session *); /* who else leant on it */
void dialer_fill(struct net *);    /* ask for candidates while slots are free */
void dialer_fill_again(void *net); /* of want_timer */
void dialer_timed_out(void *session);
void dialer_look(void *peer); /* of its timer */

/* ---- listen.c */
extern const struct env_events session_events, listener_events;
int listen_start(struct net *, struct tn_error *);
void listen_stop(struct net *);

/* ---- peer.c */
const char *peer_text(const struct peer *, char buf[TN_ADDR_TEXT]);
struct peer *peer_find(const struct net *, const struct tn_addr *);
/* Made if new. NULL: no memory, or no room for somebody who is not a `must`: then the oldest
 * that is neither wanted nor linked gives way, in constant time. */
struct peer *peer_get(struct net *, const struct tn_addr *, bool must);
void peer_set(struct net *, struct peer *, enum link_state, const char *why);
void peer_want(struct net *, struct peer *, bool on); /* the only writer of p->wanted */
void peer_attach(struct net *, struct peer *, struct session *);
void peer_detach(struct net *, struct session *);
void peer_drop(struct net *, struct peer *);
struct session *peer_session(const struct net *, const struct peer *);

/* ---- self.c */
void self_reset(struct net *);
void self_vote(struct net *, const struct session *, const struct tn_str *your_ip);

/* ---- total.c */
void total_add(struct net *, struct session *);

#endif
