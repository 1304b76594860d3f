/* SPDX-License-Identifier: MIT
 * core/bus/bus.h - messages between the net room and plugins, each with one fate
 *
 * The bus takes what net_hooks.line brings through the gates (size, rate, duplicate,
 * plugins' gates), decodes it by the owner's schema, gives it to whoever asked, else to
 * the owner, then (if it was taken) to the watchers, and writes its fate into the
 * session's account. It also sends: single messages, broadcasts, relays, questions.
 *
 * A plugin is a `bus_member` here: its tables and its ctx. Per session the bus keeps one
 * small block (session.block); the plugin host's slots hang on it.
 */
#ifndef CORE_BUS_BUS_H
#define CORE_BUS_BUS_H

#include "net/net.h"
#include "timenode/host.h"

struct bus;
struct bus_member;

/* What the plugin host adds to net_hooks, and what the bus must ask it. */
struct bus_hooks {
	void (*opened)(void *arg, struct session *);
	void (*up)(void *arg, struct session *);
	void (*down)(void *arg, struct session *);
	void (*closed)(void *arg, struct session *); /* questions and holds have ended */
	void (*probe)(void *arg, struct session *);
	void (*dial_wanted)(void *arg, uint32_t slots);
	void (*dialed)(void *arg, const struct tn_addr *, int result);
	/* The member's slot of a session, NULL if it has none. `of`: bus_member_setup.of */
	void *(*slot)(void *arg, void *of, struct session *);
	/* A member failed: a BROKEN or invalid verdict, or it held the loop. May be NULL. */
	void (*failed)(void *arg, void *of, unsigned points, const char *what);
};

struct bus_setup {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *settings; /* live */
	struct net *net;
	const struct bus_hooks *hooks; /* must outlive the bus */
	void *arg;
};

/* Hooks itself into the net. NULL without memory. */
struct bus *bus_create(const struct bus_setup *, struct tn_error *);
/* Every member must have left; sessions must have ended or never be told again. */
void bus_free(struct bus *); /* NULL is fine */
struct net *bus_net(const struct bus *);
uint64_t bus_now_us(const struct bus *);

/* ---- members */

struct bus_member_setup {
	const char *name; /* texts and tables must outlive the member */
	struct tn_ctx *ctx;
	struct tn_table messages, reasons;
	void *of;                   /* for hooks.slot */
	struct bus_member *instead; /* whose names it may claim and gets by bus_replace */
};

/* Claims its names; handlers are called only after bus_activate. NULL with the reason: a
 * name that another plugin or the core owns, or a full table. */
struct bus_member *bus_join(struct bus *, const struct bus_member_setup *, struct tn_error *);
/* The same checks and nothing else: 0 or TN_EINVAL, TN_EFULL. */
int bus_may_join(const struct bus *, const struct bus_member_setup *, struct tn_error *);
void bus_activate(struct bus_member *, bool on);
/* Every name in its table becomes its own, from whoever has it now: the step of a swap,
 * and the way back. */
void bus_replace(struct bus_member *);
/* Step of an unload: open questions finish with TN_EGONE. */
void bus_end_questions(struct bus_member *);
/* Step of an unload: holds settle as refused(unloaded). */
void bus_end_holds(struct bus_member *);
void bus_leave(struct bus_member *);             /* the last step; NULL is fine */
uint32_t bus_pending(const struct bus_member *); /* its questions and holds */

/* Says once for each known name that no active member owns it (doc/architecture.md). */
void bus_say_unowned(struct bus *);
/* Name of the member that owns a message, NULL: nobody. */
const char *bus_owner(const struct bus *, unsigned id);

/* ---- calls into plugins: counted depth, scratch memory, time */

#define BUS_SLOW_US 20000   /* counted */
#define BUS_STALL_US 100000 /* one log line a minute */
/* A point each 100 ms, up to 25: of processor time. A call that used less of it may have been kept
 * waiting by this machine, unless it lasted so long: then it sleeps, or waits for somebody. */
#define BUS_BLOCKED_US 1000000
#define BUS_BROKEN_POINTS 11

struct bus_overrun { /* of one member */
	uint64_t calls, slow, stalls, worst_us, total_us;
};
struct bus_call {
	struct bus_member *member;
	const char *handler, *message; /* message may be NULL */
	uint64_t begun_us, inner_us;
	uint64_t begun_cpu_us, inner_cpu_us;
	struct bus_call *outer;
};

/* Around every call of a plugin's code. member NULL: only depth (the host's own work). */
void bus_enter(struct bus *, struct bus_call *, struct bus_member *, const char *handler,
	       const char *message);
void bus_exit(struct bus *, struct bus_call *);
/* Rates begin with full buckets and no line has been seen before: as in a bus just made. */
void bus_forget(struct bus *);
unsigned bus_depth(const struct bus *); /* 0: no plugin is being called */

/* Whose code runs now, for a signal handler on this thread: only reads, borrows all. */
struct bus_now {
	const char *plugin, *handler, *message; /* message may be NULL */
	const struct tn_addr *peer;             /* whose message is under way, or NULL */
};
bool bus_now(const struct bus *, struct bus_now *);
/* The last call that held the loop for BUS_STALL_US or more; "": none did. */
const char *bus_last_stall(const struct bus *);
struct tn_arena *bus_scratch(struct bus *); /* emptied when the outermost call returns */
struct bus_overrun bus_overrun(const struct bus_member *);

/* ---- sessions */

/* The plugin host's pointer in a session's block; NULL when the session has no block
 * (never opened, or no memory: such a session gets no slots and is closed). */
void **bus_slots(struct session *);

/* Primary session by filter: NULL matches all. The slot is asked for only with `also`. */
bool bus_matches(struct bus_member *, const struct tn_filter *, struct session *);

/* ---- what host.h promises, by the member's own rows; see there for codes */

int bus_send(struct bus_member *, uint64_t sid, unsigned row, const void *body, uint32_t bytes);
int bus_broadcast(struct bus_member *, const struct tn_filter *, unsigned row, const void *body,
		  uint32_t bytes);
int bus_relay(struct bus_member *, const struct tn_filter *, const struct tn_msg *);
struct frame *bus_frame(struct bus_member *, unsigned row, const void *body, uint32_t bytes);
struct frame *bus_frame_line(struct bus_member *, unsigned row, struct tn_view line);
int bus_send_frame(struct bus_member *, uint64_t sid, struct frame *);
int bus_broadcast_frame(struct bus_member *, const struct tn_filter *, struct frame *);

/* An error means that nothing was asked: done() is not called. */
int bus_ask_peer(struct bus_member *, uint64_t sid, const struct tn_question *);

uint64_t bus_hold(struct bus_member *, const struct tn_msg *); /* 0: not inside its handler */
const struct tn_msg *bus_held(struct bus_member *, uint64_t hold);
int bus_settle(struct bus_member *, uint64_t hold, tn_verdict);

#endif
