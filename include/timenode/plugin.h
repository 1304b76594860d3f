/* SPDX-License-Identifier: MIT
 * timenode/plugin.h - what a plugin says about itself, as constant data
 *
 * A plugin exports one object, tn_plugin_desc, that the host reads before any
 * of the plugin's code runs. Everything the host could be asked for at run time
 * by name is a row here and an index there: what is not in a table cannot be
 * sent, counted, configured or called.
 *
 * Tables carry their stride, so a row may grow at its end within one major.
 * Rows are written `[INDEX] = { ... }` with the same enum that the code uses.
 *
 * ABI history:
 *   0.0  2026-11  first; unstable until the consensus plugin has landed on it
 *   0.1  2026-11  save and restore at the end of tn_plugin; files of 0.0 still load
 *   0.2  2026-11  work and network at the end of tn_host: jobs on the pool, which network
 *   0.3  2026-11  data_dir at the end of tn_host: where a plugin keeps files
 *   0.4  2026-11  commit_within (batches that need not be durable at once), tell_genesis (what
 *                 handshakes compare), frame_line (lines that a job has written)
 */
#ifndef TIMENODE_PLUGIN_H
#define TIMENODE_PLUGIN_H

#include "timenode/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_MAGIC 0x544e504cu /* "TNPL" */
#define TN_ABI_MAJOR 0
#define TN_ABI_MINOR 4

/* ---- handles: values, never pointers; a stale one is TN_EGONE, never a crash */

struct tn_sid {
	uint64_t v;
}; /* a session: generation << 32 | index */
struct tn_hold {
	uint64_t v;
}; /* a message whose verdict is still owed */
struct tn_ticket {
	uint64_t v;
}; /* somebody's promise; whoever has the value may finish it */
struct tn_timer {
	uint64_t v;
};

#define TN_NOBODY ((struct tn_sid){ 0 })

/* ---- the plugin's side of the host: three typed pointers and a table */

struct tn_host;

struct tn_ctx {
	const struct tn_host *host;
	void *state;      /* state_bytes, zeroed before init */
	const void *conf; /* conf_bytes, filled and checked from `options` */
};

/* ---- a message as a handler sees it; borrowed until the handler returns */

enum {
	TN_MSG_CANONICAL = 1, /* its bytes are what our encoder would write */
	TN_MSG_SECONDARY = 2, /* came on a second session of this peer */
	TN_MSG_LEGACY = 4     /* the sender is a node without our extensions */
};

struct tn_msg {
	struct tn_sid from;
	uint64_t rx_us;         /* monotonic; when its last byte was read */
	struct tn_view line;    /* as received, without the LF */
	const void *body;       /* decoded by the row's schema; NULL for a unit or no schema */
	struct tn_arena *arena; /* owns body */
	uint16_t row;           /* of the claiming plugin's `messages` */
	uint16_t flags;         /* TN_MSG_ bits */
};

/* A verdict is one of these; a refusal carries a row of `reasons`. */
typedef uint32_t tn_verdict;
enum {
	TN_PASS,   /* gates: go on. From an owner it is a bug and counts as broken */
	TN_TAKEN,  /* done */
	TN_LATER,  /* a hold was taken; tn_settle brings the verdict */
	TN_BROKEN, /* our own failure, not the peer's: refused(broken) */
	TN_REFUSED /* see tn_refuse */
};

static inline tn_verdict tn_refuse(unsigned reason)
{
	return (tn_verdict)TN_REFUSED | reason << 8;
}

typedef tn_verdict tn_msg_fn(struct tn_ctx *, const struct tn_msg *);

/* ---- tables */

struct tn_table {
	const void *row;
	uint16_t stride, rows;
};
#define TN_ROWS(T, ...)                                                \
	{                                                              \
		(const T[]){ __VA_ARGS__ }, sizeof(T),                 \
			sizeof((const T[]){ __VA_ARGS__ }) / sizeof(T) \
	}

/* The kind is also the order: gates, then the owner, then the watchers. */
enum tn_claim {
	TN_GATE, /* may refuse (PASS goes on); `schema` optional */
	TN_OWN,  /* one plugin per name; decides; may send it */
	TN_WATCH /* after the verdict, which it cannot change */
};

enum {
	TN_DEDUP = 1,         /* identical lines are refused before decoding */
	TN_NOT_LEGACY = 2,    /* never sent to an old node */
	TN_BULK = 4,          /* its answer is large: one at a time per session */
	TN_CLOSE_IF_FULL = 8, /* a receiver too slow for it is closed, else counted */
	TN_HIDDEN = 16        /* answers only: refused(unasked) when nobody asked */
};

struct tn_message {
	const char *name;
	const struct tn_schema *schema;
	tn_msg_fn *on;       /* NULL: only sent, or only awaited by tn_ask_peer */
	uint8_t claim;       /* enum tn_claim */
	uint8_t flags;       /* TN_DEDUP... */
	uint16_t rate;       /* received per second and session, 0 = no limit */
	uint32_t max;        /* bytes of the line, 0 = the node's line_max */
	uint32_t window;     /* LATERs of this type before the peer is paused; 0 = 1 */
	uint32_t later_ms;   /* a LATER's deadline, 0 = 5000, at most 30000 */
	uint16_t pace;       /* sent per second to an old node, 0 = no limit */
	const char *feature; /* goes only to peers that named it; [a-z0-9-], up to 32 */
};

/* A need that cannot be met refuses the load; a want may be absent or come later. */
enum { TN_NEED, TN_WANT };
struct tn_need {
	const char *name;
	uint16_t major, minor;
	uint8_t want;
};
struct tn_offer {
	const char *name;
	uint16_t major, minor;
	const void *ops;
};

/* Events: a `tell` cannot fail and changes no verdict; an `ask` can refuse. */
typedef void tn_tell_fn(struct tn_ctx *, const void *payload);
typedef int tn_ask_fn(struct tn_ctx *, void *payload, struct tn_error *);
struct tn_listen {
	const char *name; /* one that nobody emits is no fault: its plugin may come later */
	uint32_t size;    /* of the payload as compiled here: checked at load */
	tn_tell_fn *tell;
	tn_ask_fn *ask;
};
struct tn_emits {
	const char *name;
	uint32_t size;
};

enum tn_opt {
	TN_O_BOOL = 1, /* bool */
	TN_O_INT,      /* uint64_t */
	TN_O_SIZE,     /* uint64_t, bytes: "16M" */
	TN_O_MS,       /* uint64_t, milliseconds: "90s", "1h" */
	TN_O_TEXT,     /* struct tn_str */
	TN_O_ADDRS,    /* struct tn_addrs; port 0 where none was given */
	TN_O_TEXTS     /* struct tn_texts */
};
struct tn_addrs {
	const struct tn_addr *v;
	uint32_t n;
};
struct tn_texts {
	const struct tn_str *v;
	uint32_t n;
};

struct tn_option {
	const char *key, *def, *help; /* def as it would stand in the file, without quotes;
					 * lists: comma separated */
	int64_t lo, hi;               /* of the value, or of the text's length; 0, 0 = any */
	uint32_t off;                 /* into the plugin's conf struct */
	uint8_t type;                 /* enum tn_opt */
	uint8_t fixed;                /* 1: needs a restart, reload refuses to change it */
};

/* The member's type chooses the kind; a number with a unit says which. */
/* clang-format off */
#define TN_OPT_KIND(T, m) _Generic(((T *)0)->m, bool: TN_O_BOOL, uint64_t: TN_O_INT, \
	struct tn_str: TN_O_TEXT, struct tn_addrs: TN_O_ADDRS, struct tn_texts: TN_O_TEXTS)
#define TN_OPT_NUMBER(T, m, kind) _Generic(((T *)0)->m, uint64_t: (kind))
#define TN_OPT(T, m, def, lo, hi, help) \
	{ #m, def, help, lo, hi, offsetof(T, m), TN_OPT_KIND(T, m), 0 }
#define TN_OPT_MS(T, m, def, lo, hi, help) \
	{ #m, def, help, lo, hi, offsetof(T, m), TN_OPT_NUMBER(T, m, TN_O_MS), 0 }
#define TN_OPT_SIZE(T, m, def, lo, hi, help) \
	{ #m, def, help, lo, hi, offsetof(T, m), TN_OPT_NUMBER(T, m, TN_O_SIZE), 0 }
/* clang-format on */

struct tn_cmd;
typedef int tn_cmd_fn(struct tn_ctx *, struct tn_cmd *, const void *args, struct tn_error *);
struct tn_command {
	const char *name, *help;
	const struct tn_schema *args; /* NULL: none */
	const struct tn_schema *row;  /* one result row: a table for people, JSON for programs */
	tn_cmd_fn *run;               /* 0, an error, or TN_LATER (> 0) after cmd_hold;
					 * NULL: prints the slot of every session by `row`, led by
					 * the session's ip, port and dir */
};

enum tn_mkind { TN_M_COUNT, TN_M_GAUGE, TN_M_TIMES };
struct tn_metric {
	const char *name, *help;
	uint8_t kind;
	uint8_t in_status;
};

struct tn_reason {
	const char *name, *help;
};

/* `value` lets the host dump and check a database; NULL: bytes. */
struct tn_dbdef {
	const char *name;
	const struct tn_schema *value;
	uint16_t version;
};

enum tn_why { TN_STOP_EXIT, TN_STOP_UNLOAD, TN_STOP_SWAP, TN_STOP_FAULT };

enum {
	TN_PF_CRITICAL = 1, /* its fault, or that of one it needs, stops the node */
	TN_PF_NATIVE = 2    /* uses the real loop (HTTP); not in the simulator */
};

struct tn_plugin {
	uint32_t magic;
	uint16_t abi_major, abi_minor;
	uint32_t size;
	uint32_t flags;
	const char *name, *version, *license, *summary;
	/* Sizes of the structs behind ctx->state and ctx->conf: nothing checks what code that
	 * forgot them writes there. */
	uint32_t state_bytes, conf_bytes;
	uint32_t slot_bytes; /* per session, zeroed when it begins */
	struct tn_table needs, offers, messages, listens, emits, options, commands, metrics, dbs,
		reasons;

	/* All optional, all on the loop. init: checks and allocates, may not send;
	 * fini undoes it, always. stop undoes a start that succeeded.
	 * Between start and stop, up() is called once for each primary session,
	 * those already open included, and down() once for each up(), also before
	 * stop(). So a plugin learns of sessions in one way only.
	 */
	int (*init)(struct tn_ctx *, struct tn_error *);
	int (*start)(struct tn_ctx *, struct tn_error *);
	/* Reload in two steps: every plugin checks the new values (already valid by
	 * `options`) and may refuse; only if none did, ctx->conf changes and
	 * reloaded() is called. check() changes nothing.
	 */
	int (*check)(struct tn_ctx *, const void *conf, struct tn_error *);
	void (*reloaded)(struct tn_ctx *);
	void (*up)(struct tn_ctx *, struct tn_sid, void *slot);
	void (*down)(struct tn_ctx *, struct tn_sid, void *slot);
	void (*stop)(struct tn_ctx *, enum tn_why);
	void (*fini)(struct tn_ctx *);

	/* Since 0.1. Upgrade while the node runs: the new build is loaded and init'ed, then in
	 * one turn of the loop: old save, down()s, stop(TN_STOP_SWAP); new start, restore,
	 * up()s. Sessions stay up and keep their handles, so a saved tn_sid means the same
	 * session afterwards. save: bytes by a schema of the plugin's own, allocated from the
	 * arena; an error leaves the old build running. restore: fills state and slots (they
	 * are there already); what it gets may come from another version, and an error brings
	 * the old build back, started and restored with its own bytes. Without save nothing is
	 * handed over. Options, claims and the values of metrics of the same name and kind are
	 * carried over by the host; questions and promises of the old build end with TN_EGONE,
	 * its holds settle as refused(unloaded) once the new one runs.
	 */
	int (*save)(struct tn_ctx *, struct tn_arena *, struct tn_view *out, struct tn_error *);
	int (*restore)(struct tn_ctx *, struct tn_view saved, struct tn_error *);
};

#ifdef TN_BUILTIN /* same source, linked into the binary; TN_BUILTIN is the plugin's name */
#define TN_CAT_(a, b) a##b
#define TN_CAT(a, b) TN_CAT_(a, b)
#define TN_DESC TN_CAT(tn_plugin_desc_, TN_BUILTIN)
#else
#define TN_DESC tn_plugin_desc
#endif
extern TN_API const struct tn_plugin TN_DESC;
#define TN_PLUGIN TN_API const struct tn_plugin TN_DESC
#define TN_HEAD(nm, ver, sum) TN_HEAD_UNDER("MIT", nm, ver, sum)
#define TN_HEAD_UNDER(lic, nm, ver, sum)                                              \
	.magic = TN_MAGIC, .abi_major = TN_ABI_MAJOR, .abi_minor = TN_ABI_MINOR,      \
	.size = sizeof(struct tn_plugin), .name = nm, .version = ver, .license = lic, \
	.summary = sum

#ifdef __cplusplus
}
#endif
#endif
