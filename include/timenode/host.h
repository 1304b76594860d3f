/* SPDX-License-Identifier: MIT
 * timenode/host.h - what a plugin may ask of the node
 *
 * Loop thread only, except where a job is named. Each call belongs to the plugin whose ctx it gets; whatever
 * it registers goes when the plugin goes. A row number is an index into the
 * caller's own table; a wrong one is TN_EINVAL, never a crash.
 */
#ifndef TIMENODE_HOST_H
#define TIMENODE_HOST_H

#include "timenode/plugin.h"
#include "timenode/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sessions */

enum {                    /* tn_session.flags, also filter bits */
       TN_S_OUTBOUND = 1, /* we dialed */
       TN_S_LEGACY = 2,   /* an old node: none of our extensions */
       TN_S_MASTERNODE = 4,
       TN_S_MANUAL = 8 /* configured or added by the operator */
};

struct tn_session { /* a copy, filled up to `size` */
	uint32_t size;
	uint32_t flags;      /* TN_S_ */
	struct tn_addr addr; /* canonical; the port is the dialable one, 0 = unknown */
	uint64_t up_us;      /* since when, monotonic */
	uint64_t quiet_ms;   /* no line read, not counting our own pauses */
	uint64_t queued;     /* bytes waiting to be sent */
	uint64_t node_id;    /* 0: an old node */
	char agent[32];
};

struct tn_net_info { /* a copy, filled up to `size`: the network this node is on */
	uint32_t size;
	bool has_genesis;       /* network.genesis is set */
	char name[16];          /* "mainnet", "testnet", "private" */
	int64_t genesis_time;   /* network.genesis_time; 0 but on a private network */
	struct tn_hash genesis; /* network.genesis: what peers' is compared with */
};

/* Facts that plugins know and the core decides by (eviction, slots, tables). */
enum tn_note { TN_NOTE_RTT_US, TN_NOTE_USEFUL_MS, TN_NOTE_HEIGHT, TN_NOTE_MASTERNODE };

struct tn_filter { /* whom a broadcast reaches; NULL or {0}: every primary session */
	struct tn_sid except;
	uint32_t all_of, none_of; /* TN_S_ bits */
	bool (*also)(struct tn_ctx *, struct tn_sid, void *slot, void *arg);
	void *arg;
};

/* Non-zero ends the iteration and is its result. */
typedef int tn_each_fn(struct tn_ctx *, struct tn_sid, void *slot, void *arg);
typedef void tn_timer_fn(struct tn_ctx *, void *arg);
typedef void tn_pulse_fn(struct tn_ctx *, struct tn_sid, void *slot);

/* ---- question and answer. The wire has no ids: the first message of type
 * `expect` on that session that `match` accepts is the answer. done() is called
 * exactly once, whatever happens, at the latest before stop() is; a late answer
 * goes to the row's handler.
 */
struct tn_reply {
	int status;               /* 0, TN_ETIME, TN_EGONE, TN_EBAD (refused before us) */
	uint32_t elapsed_us;      /* handed to the kernel -> last byte read */
	const struct tn_msg *msg; /* NULL unless status is 0 */
};
/* The verdict counts for the answer; it is ignored without one. */
typedef tn_verdict tn_reply_fn(struct tn_ctx *, struct tn_sid, void *slot, const struct tn_reply *,
			       uint64_t tag);
struct tn_question {
	const void *body;      /* of row `send`; NULL for a unit */
	uint32_t bytes;        /* sizeof *body, 0 for a unit */
	uint16_t send, expect; /* rows of `messages` */
	uint32_t timeout_ms;
	uint64_t tag;                                  /* comes back in match and done */
	bool (*match)(const void *body, uint64_t tag); /* NULL: any */
	tn_reply_fn *done;
};

/* ---- jobs: a pure function on a thread of the pool. run() gets a copy of `in` and an `out`
 * that begins at zero; both are the host's and aligned for any type. It may read what
 * pointers inside `in` lead to within `keep` (held, may be NULL) and constant data, may call
 * libtimenode, and must not touch anything else: no ctx, no store, no variable, no clock.
 * done() comes exactly once, on the loop, at the latest before the plugin's stop() returns.
 * status: 0, or TN_EGONE: the plugin stops, `out` is NULL. The simulator runs each job twice,
 * on two copies, and fails when the outputs differ in a byte.
 */
#define TN_JOB_BYTES_MAX (64u << 20) /* in and out together */
struct tn_job {
	const char *name; /* constant text, for logs: "verify" */
	void (*run)(const void *in, void *out);
	void (*done)(struct tn_ctx *, int status, const void *in, void *out);
	const void *in;
	uint32_t in_bytes, out_bytes;
	struct tn_arena *keep; /* nothing may be allocated from it meanwhile */
};

/* ---- storage: a batch is written whole or not at all */
struct tn_batch;
typedef int tn_scan_fn(struct tn_ctx *, struct tn_view key, struct tn_view val, void *arg);

/* A promise is finished exactly once, at the latest with TN_EGONE before the
 * plugin's stop() ends: its arg is freed there, nowhere else.
 */
typedef void tn_finish_fn(struct tn_ctx *, int result, const void *payload, void *arg);

struct tn_svc {
	const void *ops;
	struct tn_ctx *self;
};               /* ops NULL: gone */
struct tn_frame; /* an encoded line, counted, shared by receivers */

enum tn_level { TN_ERROR, TN_WARN, TN_INFO, TN_DEBUG };
enum tn_dial { TN_DIAL_CANDIDATE, TN_DIAL_MASTERNODE, TN_DIAL_MANUAL };

struct tn_host {
	uint32_t size;
	uint16_t major, minor;

	uint64_t (*now_us)(struct tn_ctx *); /* monotonic */
	int64_t (*wall_s)(struct tn_ctx *);  /* Unix seconds */
	void (*random)(struct tn_ctx *, void *p, size_t n);
	struct tn_arena *(*scratch)(struct tn_ctx *);   /* reset when the callback returns */
	struct tn_arena *(*arena_new)(struct tn_ctx *); /* the caller's reference */

	/* sessions: TN_EGONE for a stale sid. close() only marks: down() follows when
	 * the callback has returned. find(): the primary session of an address (port 0:
	 * any of that ip), TN_NOBODY if none. each() visits what was up at its start and
	 * still is, in the order the sessions came up. fault() adds to the peer's score and
	 * reaches it for 10 minutes after its session ended. */
	int (*session)(struct tn_ctx *, struct tn_sid, struct tn_session *, size_t);
	void *(*slot)(struct tn_ctx *, struct tn_sid);
	int (*each)(struct tn_ctx *, const struct tn_filter *, tn_each_fn *, void *);
	uint32_t (*count)(struct tn_ctx *, const struct tn_filter *);
	struct tn_sid (*find)(struct tn_ctx *, const struct tn_addr *);
	int (*close)(struct tn_ctx *, struct tn_sid, const char *why);
	int (*fault)(struct tn_ctx *, struct tn_sid, unsigned points, const char *why);
	int (*note)(struct tn_ctx *, struct tn_sid, enum tn_note, int64_t);

	/* dial(): put an address forward (want) or take it back. 0, TN_EBUSY (connected or
	 * known already), TN_EFULL, TN_EINVAL (not usable here, or our own). usable(): may
	 * this address be dialed and gossiped on this network? port 0 becomes the network's.
	 * self(): our own address, TN_ENOENT while unknown. */
	int (*dial)(struct tn_ctx *, const struct tn_addr *, enum tn_dial, bool want);
	bool (*usable)(struct tn_ctx *, const struct tn_addr *);
	int (*self)(struct tn_ctx *, struct tn_addr *);

	/* sending; every refusal is counted in the account. `bytes` is sizeof *body, checked
	 * against the row's schema; 0 for a unit. send: 0, TN_EGONE, TN_ESKIP (feature, old
	 * node), TN_EFULL (its queue), TN_EBUSY (one bulk answer at a time, pace).
	 * broadcast and relay: the number of receivers, or an error. relay takes effect when
	 * the verdict is TAKEN and never reaches the origin. */
	int (*send)(struct tn_ctx *, struct tn_sid, unsigned row, const void *body, uint32_t bytes);
	int (*broadcast)(struct tn_ctx *, const struct tn_filter *, unsigned row, const void *body,
			 uint32_t bytes);
	int (*relay)(struct tn_ctx *, const struct tn_filter *, const struct tn_msg *);
	int (*ask_peer)(struct tn_ctx *, struct tn_sid, const struct tn_question *);
	struct tn_frame *(*frame)(struct tn_ctx *, unsigned row, const void *body, uint32_t bytes);
	int (*send_frame)(struct tn_ctx *, struct tn_sid, struct tn_frame *);
	int (*broadcast_frame)(struct tn_ctx *, const struct tn_filter *, struct tn_frame *);
	void (*frame_unref)(struct tn_frame *);

	/* LATER: hold() inside the handler, then return TN_LATER. held() lends the message
	 * until settle() or the deadline, which settles it as refused(timeout). */
	struct tn_hold (*hold)(struct tn_ctx *, const struct tn_msg *);
	const struct tn_msg *(*held)(struct tn_ctx *, struct tn_hold);
	int (*settle)(struct tn_ctx *, struct tn_hold, tn_verdict);

	/* A promise to be called back once; 0 ms = 30 s. cmd_hold: the command's answer comes
	 * later, finish() ends it with a code and a `const char *` text or NULL. */
	struct tn_ticket (*promise)(struct tn_ctx *, uint32_t ms, tn_finish_fn *, void *);
	struct tn_ticket (*cmd_hold)(struct tn_ctx *, struct tn_cmd *, uint32_t ms);
	int (*finish)(struct tn_ctx *, struct tn_ticket, int result, const void *payload);

	/* pulse: fn for every primary session each `ms`, counted from its up(). */
	struct tn_timer (*after)(struct tn_ctx *, uint64_t ms, tn_timer_fn *, void *);
	struct tn_timer (*every)(struct tn_ctx *, uint64_t ms, tn_timer_fn *, void *);
	struct tn_timer (*pulse)(struct tn_ctx *, uint64_t ms, tn_pulse_fn *);
	int (*cancel)(struct tn_ctx *, struct tn_timer);

	struct tn_svc (*need)(struct tn_ctx *, unsigned row);
	void (*tell)(struct tn_ctx *, unsigned row, const void *payload);
	int (*ask)(struct tn_ctx *, unsigned row, void *payload, struct tn_error *);

	/* get sees what was committed and, if given, what `batch` holds; the value is lent
	 * until the callback returns. TN_ENOENT: no such key. scan goes from `from` (empty:
	 * the first) in key order; non-zero ends it and is its result. commit: 0 = accepted, every
	 * get and scan sees it from now on; the ticket (may be 0) is finished when it is durable,
	 * or with an error if it never will be. TN_EFULL: the disk is behind, the batch is still
	 * the caller's: commit it later (when an earlier ticket has finished) or abandon it; the
	 * ticket stays open. TN_EINVAL: not a batch of the caller's, one that was lent by an ask
	 * or committed already included; nothing happens. Any other error takes the batch too;
	 * to finish the ticket then, once more or at last, does no harm.
	 * While a plugin answers an `ask` it may put, del and get in the batches of whoever asks
	 * (their pointer comes in the payload), in its own databases only; whoever asks commits
	 * or abandons all of it. */
	int (*get)(struct tn_ctx *, struct tn_batch *, unsigned db, struct tn_view key,
		   struct tn_view *val);
	int (*scan)(struct tn_ctx *, unsigned db, struct tn_view from, tn_scan_fn *, void *);
	struct tn_batch *(*batch)(struct tn_ctx *);
	int (*put)(struct tn_ctx *, struct tn_batch *, unsigned db, struct tn_view key,
		   struct tn_view val);
	int (*del)(struct tn_ctx *, struct tn_batch *, unsigned db, struct tn_view key);
	int (*commit)(struct tn_ctx *, struct tn_batch *, struct tn_ticket durable);
	void (*abandon)(struct tn_ctx *, struct tn_batch *);

	int (*row)(struct tn_ctx *, struct tn_cmd *, const void *row, uint32_t bytes);
	void (*metric)(struct tn_ctx *, unsigned metric, int64_t v);
	void (*log)(struct tn_ctx *, enum tn_level, struct tn_sid, const char *fmt, ...)
		__attribute__((format(printf, 4, 5)));

	/* Since 0.2. 0, TN_EFULL (too many jobs or bytes under way: later), TN_EBUSY (the
	 * plugin is about to be unloaded), TN_EGONE (it does not run), TN_EINVAL, TN_ENOMEM,
	 * TN_EIO (no thread). Only after 0 done() is called. */
	int (*work)(struct tn_ctx *, const struct tn_job *);

	/* Since 0.2. network(): what the configuration says of the network. 0, or TN_EINVAL. */
	int (*network)(struct tn_ctx *, struct tn_net_info *, size_t);

	/* Since 0.3. data_dir(): the node's directory, without a slash at its end, for the few
	 * whole files that a plugin keeps (timenode/file.h; in start and in commands only: it
	 * blocks, and init also runs where nothing may be written). 0, TN_ENOENT: this host keeps no files (the simulator, a replay), TN_EFULL:
	 * room is too small. */
	int (*data_dir)(struct tn_ctx *, char *buf, size_t room);

	/* Since 0.4. commit() of a batch that is not urgent: the writer may leave it for up to
	 * `ms` and write all that came meanwhile in one transaction. For a stream of batches,
	 * each of which touches the same pages. A commit() by anybody takes it along. */
	int (*commit_within)(struct tn_ctx *, struct tn_batch *, uint32_t ms,
			     struct tn_ticket durable);

	/* Since 0.4. Hash of this network's genesis block, from whoever knows it: from now on
	 * it is sent in handshakes, and a peer with another one is refused there. 0, or
	 * TN_EINVAL when the configuration has another one. */
	int (*tell_genesis)(struct tn_ctx *, const struct tn_hash *);

	/* Since 0.4. frame() of a line that a job has written with tn_line_write: this row's name, one line,
	 * its LF may be missing. Only that much is looked at: the body is the plugin's word. NULL
	 * without memory, or if it is no such line. */
	struct tn_frame *(*frame_line)(struct tn_ctx *, unsigned row, struct tn_view line);
};

/* clang-format off */
#define TN_NO_TICKET ((struct tn_ticket){ 0 })
#define TN_VIEW(x) ((struct tn_view){ (const uint8_t *)&(x), sizeof(x) })
#define TN_HAS(ctx, member) \
	((ctx)->host->size >= offsetof(struct tn_host, member) + sizeof((ctx)->host->member))

/* Wrappers, so that plugin code reads like calls. No logic. Where a body is passed,
 * its size goes along.
 */
#define TN_LOG(c, lv, sid, ...) ((c)->host->log((c), lv, sid, __VA_ARGS__))
#define tn_send(c, s, row, body) ((c)->host->send((c), s, row, body, sizeof *(body)))
#define tn_send_unit(c, s, row) ((c)->host->send((c), s, row, NULL, 0))
#define tn_broadcast(c, f, row, body) ((c)->host->broadcast((c), f, row, body, sizeof *(body)))
#define tn_broadcast_unit(c, f, row) ((c)->host->broadcast((c), f, row, NULL, 0))
#define tn_make_frame(c, row, body) ((c)->host->frame((c), row, body, sizeof *(body)))
#define tn_row(c, cmd, r) ((c)->host->row((c), cmd, r, sizeof *(r)))
#define TN_BODY(x) .body = &(x), .bytes = sizeof(x)

static inline uint64_t tn_now_us(struct tn_ctx *c) { return c->host->now_us(c); }
static inline int64_t tn_wall_s(struct tn_ctx *c) { return c->host->wall_s(c); }
static inline uint64_t tn_random64(struct tn_ctx *c) { uint64_t v; c->host->random(c, &v, sizeof v); return v; }
static inline struct tn_arena *tn_scratch(struct tn_ctx *c) { return c->host->scratch(c); }
static inline struct tn_arena *tn_arena_new(struct tn_ctx *c) { return c->host->arena_new(c); }
static inline int tn_session(struct tn_ctx *c, struct tn_sid s, struct tn_session *o) { return c->host->session(c, s, o, sizeof *o); }
static inline void *tn_slot(struct tn_ctx *c, struct tn_sid s) { return c->host->slot(c, s); }
static inline int tn_each(struct tn_ctx *c, const struct tn_filter *f, tn_each_fn *fn, void *a) { return c->host->each(c, f, fn, a); }
static inline uint32_t tn_count(struct tn_ctx *c, const struct tn_filter *f) { return c->host->count(c, f); }
static inline struct tn_sid tn_find(struct tn_ctx *c, const struct tn_addr *a) { return c->host->find(c, a); }
static inline int tn_close(struct tn_ctx *c, struct tn_sid s, const char *why) { return c->host->close(c, s, why); }
static inline int tn_fault(struct tn_ctx *c, struct tn_sid s, unsigned p, const char *why) { return c->host->fault(c, s, p, why); }
static inline int tn_note(struct tn_ctx *c, struct tn_sid s, enum tn_note n, int64_t v) { return c->host->note(c, s, n, v); }
static inline int tn_dial(struct tn_ctx *c, const struct tn_addr *a, enum tn_dial k, bool w) { return c->host->dial(c, a, k, w); }
static inline bool tn_usable(struct tn_ctx *c, const struct tn_addr *a) { return c->host->usable(c, a); }
static inline int tn_self(struct tn_ctx *c, struct tn_addr *a) { return c->host->self(c, a); }
static inline int tn_relay(struct tn_ctx *c, const struct tn_filter *f, const struct tn_msg *m) { return c->host->relay(c, f, m); }
static inline int tn_ask_peer(struct tn_ctx *c, struct tn_sid s, const struct tn_question *q) { return c->host->ask_peer(c, s, q); }
static inline int tn_send_frame(struct tn_ctx *c, struct tn_sid s, struct tn_frame *f) { return c->host->send_frame(c, s, f); }
static inline int tn_broadcast_frame(struct tn_ctx *c, const struct tn_filter *f, struct tn_frame *x) { return c->host->broadcast_frame(c, f, x); }
static inline struct tn_frame *tn_frame_line(struct tn_ctx *c, unsigned row, const void *line, size_t n) { struct tn_view v = { (const uint8_t *)line, n }; return c->host->frame_line(c, row, v); }
static inline void tn_frame_unref(struct tn_ctx *c, struct tn_frame *x) { c->host->frame_unref(x); }
static inline struct tn_hold tn_hold(struct tn_ctx *c, const struct tn_msg *m) { return c->host->hold(c, m); }
static inline const struct tn_msg *tn_held(struct tn_ctx *c, struct tn_hold h) { return c->host->held(c, h); }
static inline int tn_settle(struct tn_ctx *c, struct tn_hold h, tn_verdict v) { return c->host->settle(c, h, v); }
static inline struct tn_ticket tn_promise(struct tn_ctx *c, uint32_t ms, tn_finish_fn *f, void *a) { return c->host->promise(c, ms, f, a); }
static inline struct tn_ticket tn_cmd_hold(struct tn_ctx *c, struct tn_cmd *m, uint32_t ms) { return c->host->cmd_hold(c, m, ms); }
static inline int tn_finish(struct tn_ctx *c, struct tn_ticket t, int r, const void *p) { return c->host->finish(c, t, r, p); }
static inline struct tn_timer tn_after(struct tn_ctx *c, uint64_t ms, tn_timer_fn *f, void *a) { return c->host->after(c, ms, f, a); }
static inline struct tn_timer tn_every(struct tn_ctx *c, uint64_t ms, tn_timer_fn *f, void *a) { return c->host->every(c, ms, f, a); }
static inline struct tn_timer tn_pulse(struct tn_ctx *c, uint64_t ms, tn_pulse_fn *f) { return c->host->pulse(c, ms, f); }
static inline int tn_cancel(struct tn_ctx *c, struct tn_timer t) { return c->host->cancel(c, t); }
static inline int tn_work(struct tn_ctx *c, const struct tn_job *j) { return c->host->work(c, j); }
static inline struct tn_svc tn_need(struct tn_ctx *c, unsigned row) { return c->host->need(c, row); }
static inline void tn_tell(struct tn_ctx *c, unsigned row, const void *p) { c->host->tell(c, row, p); }
static inline int tn_ask(struct tn_ctx *c, unsigned row, void *p, struct tn_error *e) { return c->host->ask(c, row, p, e); }
static inline int tn_get(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view k, struct tn_view *v) { return c->host->get(c, b, db, k, v); }
static inline int tn_scan(struct tn_ctx *c, unsigned db, struct tn_view from, tn_scan_fn *f, void *a) { return c->host->scan(c, db, from, f, a); }
static inline struct tn_batch *tn_batch(struct tn_ctx *c) { return c->host->batch(c); }
static inline int tn_put(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view k, struct tn_view v) { return c->host->put(c, b, db, k, v); }
static inline int tn_del(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view k) { return c->host->del(c, b, db, k); }
static inline int tn_commit(struct tn_ctx *c, struct tn_batch *b, struct tn_ticket t) { return c->host->commit(c, b, t); }
static inline int tn_commit_within(struct tn_ctx *c, struct tn_batch *b, uint32_t ms, struct tn_ticket t) { return c->host->commit_within(c, b, ms, t); }
static inline void tn_abandon(struct tn_ctx *c, struct tn_batch *b) { c->host->abandon(c, b); }
static inline int tn_network_info(struct tn_ctx *c, struct tn_net_info *o) { return c->host->network(c, o, sizeof *o); }
static inline int tn_tell_genesis(struct tn_ctx *c, const struct tn_hash *h) { return c->host->tell_genesis(c, h); }
static inline int tn_data_dir(struct tn_ctx *c, char *buf, size_t room) { return c->host->data_dir(c, buf, room); }
static inline void tn_metric(struct tn_ctx *c, unsigned m, int64_t v) { c->host->metric(c, m, v); }

/* clang-format on */
/* Stored values are bincode by schema, never raw structs (padding, layout). */
static inline int tn_put_as(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view k,
			    const struct tn_schema *s, const void *obj)
{
	size_t n = tn_bin_write(s, obj, NULL, 0);
	uint8_t *p = (uint8_t *)tn_alloc(tn_scratch(c), n);
	struct tn_view v = { p, n };

	if (!p)
		return TN_ENOMEM;
	tn_bin_write(s, obj, p, n);
	return tn_put(c, b, db, k, v);
}

/* Keys sort as bytes: numbers in keys are big-endian. */
/* clang-format off */
static inline void tn_be16(uint8_t *p, uint16_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static inline void tn_be32(uint8_t *p, uint32_t v) { tn_be16(p, (uint16_t)(v >> 16)); tn_be16(p + 2, (uint16_t)v); }
static inline void tn_be64(uint8_t *p, uint64_t v) { tn_be32(p, (uint32_t)(v >> 32)); tn_be32(p + 4, (uint32_t)v); }
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
