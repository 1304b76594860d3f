/* SPDX-License-Identifier: MIT
 * core/ctl/impl.h - what the files of this room share; nobody else includes it
 */
#ifndef CORE_CTL_IMPL_H
#define CORE_CTL_IMPL_H

#include "config.h"

#include <string.h>

#include "ctl/ctl.h"

#define CTL_LINE_MAX 65536u             /* bytes of a request line, its LF excluded */
#define CTL_CLIENTS_MAX 16u             /* connected at a time */
#define CTL_HELD_MAX 64u                /* commands whose answer comes later */
#define CTL_OUT_HIGH 65536u             /* queued for a client: no more of its requests are run */
#define CTL_OUT_MAX (32u * 1024 * 1024) /* queued for a client: it is cut off */
#define CTL_QUEUED_MAX (64u * 1024 * 1024) /* the same over all clients */
#define CTL_STALL_US 30000000u             /* a client that takes nothing for so long is cut off */
#define CTL_PARAMS 3u
#define CTL_ID_MAX 96u

struct client;
struct request;

/* ---- commands: one table a file, found through command.c */

struct param {
	const char *name;
	bool optional;
};

struct command {
	const char *name, *help;
	struct param param[CTL_PARAMS]; /* in the order in which people write them */
	bool changes;                   /* worth a log line */
	bool outside;                   /* no part of a recording: it starts and ends them */
	/* Writes its rows; 0, PLUG_LATER (its end will come) or an error with the reason. */
	int (*run)(struct request *, struct tn_error *);
};

/* Each table ends with a row without a name. */
extern const struct command command_node[];   /* cmd_node.c */
extern const struct command command_plugin[]; /* cmd_plugin.c */
extern const struct command command_peers[];  /* cmd_peers.c */
extern const struct command command_why[];    /* cmd_why.c */
extern const struct command command_audit[];  /* cmd_audit.c */
extern const struct command command_help[];   /* command.c */

const struct command *command_find(const char *name);
/* The core's commands in the order of the tables; NULL at the end. */
const struct command *command_at(size_t i);
/* TN_ENOENT; the text names the command that is near, of all, plugins' included. */
int command_unknown(struct plug *, const char *word, struct tn_error *);

/* ---- one control room */

struct ctl {
	struct ctl_setup set;
	uint64_t begun_us;
	struct env_conn *listener;
	struct client *clients;
	unsigned client_count, client_last; /* the number given out last, for the log */
	uint64_t queued;                    /* bytes of all clients */
	struct request *held;
	unsigned held_count;
	uint64_t quit_timer;
};

/* Ends the node from the loop, when the answer has been written. */
void ctl_order_quit(struct ctl *);

/* ---- requests (request.c) */

/* Text that only grows; `bad` remembers that memory was missing once. */
struct text {
	char *p;
	size_t n, room;
	bool bad;
};

struct request {
	struct ctl *ctl;
	struct request *prev, *next; /* of those held */
	uint64_t running;            /* of a held command */
	ctl_reply_fn *fn;
	void *arg;
	const char *value[CTL_PARAMS]; /* by the command's params, NULL: absent; while it runs */
	struct text out;               /* the line being written */
	bool comma;                    /* a member stands before the next one */
	bool lost;                     /* a row could not be written: no memory */
	char id[CTL_ID_MAX];           /* as JSON */
};

/* What this caller still waits for is dropped without a word. */
void request_drop_of(struct ctl *, ctl_reply_fn *, void *arg);
void request_drop_all(struct ctl *); /* each is told that the node ends */
/* plug_leave, answered when the plugin has gone. */
int request_leave(struct request *, const char *plugin, enum plug_leave, struct tn_error *);
/* The end of a command that changed the bans: when they are on the disk. 0, PLUG_LATER, or an
 * error: the change holds until restart only. */
int request_bans_saved(struct request *, struct tn_error *);
bool request_waits(const struct ctl *, ctl_reply_fn *, const void *arg);

/* ---- replies (reply.c). A row is reply_row, members, reply_send. */

void reply_row(struct request *);
void reply_text(struct request *, const char *key, const char *value); /* NULL: null */
void reply_ip(struct request *, const char *key, const struct tn_addr *);
void reply_u64(struct request *, const char *key, uint64_t);
void reply_i64(struct request *, const char *key, int64_t);
void reply_bool(struct request *, const char *key, bool);
void reply_null(struct request *, const char *key);
void reply_time(struct request *, const char *key, int64_t wall_us); /* UTC, as in the log */
void reply_open(struct request *, const char *key);                  /* a nested object */
void reply_close(struct request *);
void reply_send(struct request *);
void reply_raw(struct request *, const char *json, size_t n); /* a whole row */
/* The last line: {"end":0}, or an error when code is not 0. */
void reply_end(struct request *, int code, const char *error);

/* Comma separated words in buf; what does not fit is left out whole. */
void reply_join(char *buf, size_t room, const char *word);

/* ---- accounts (cmd_audit.c) */
uint64_t audit_off(const struct net *); /* 0: every message has its fate */

/* ---- clients (client.c) */
extern const struct env_events client_events;
struct client *client_create(struct ctl *, struct env_conn *); /* NULL: no memory */
void client_free(struct client *);

#endif
