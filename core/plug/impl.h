/* SPDX-License-Identifier: MIT
 * core/plug/impl.h - what the files of this room share; nobody else includes it
 */
#ifndef CORE_PLUG_IMPL_H
#define CORE_PLUG_IMPL_H

#include "config.h"

#include "net/score.h"
#include "plug/plug.h"
#include "plug/pulse.h"

#define PLUG_NAME_MAX 32                  /* bytes of a plugin's name */
#define SWAP_BYTES_MAX ((size_t)64 << 20) /* that one build hands to the next */
#define QUARANTINE_POINTS 100u            /* of faults, halved each minute */
#define PLUG_MAX 64                       /* plugins at a time: a bit each in a session's slots */

enum plugin_state { PLUGIN_LOADED, PLUGIN_RUNNING, PLUGIN_STOPPING };

struct metric {
	int64_t value;
	uint64_t times, last_us, min_us, max_us, sum_us;
};

struct plugin {
	struct tn_ctx ctx; /* first: a ctx is its plugin */
	struct plug *plug;
	char name[PLUG_NAME_MAX + 1];
	char *path;            /* NULL: built in */
	struct tn_plugin desc; /* a copy; members newer than the file's are zero */
	struct code *code;     /* NULL: built in */
	unsigned index;        /* of slots */
	enum plugin_state state;
	bool inited;
	struct bus_member *member;
	struct tn_arena *conf_memory, *next_memory;
	struct tn_arena *first_memory; /* holds options that wait for a restart; may be NULL */
	bool keeps_old;                /* next_conf points into memory before it */
	void *next_conf;               /* staged by plug_reload_check */
	int *db;
	struct metric *metric;
	struct plug_timer *timers;
	struct ticket *tickets;
	struct tn_batch *batches;
	struct write *writes; /* committed, not durable yet */
	struct job *jobs;
	uint64_t job_bytes;
	uint32_t job_count;
	struct drain *drain; /* it waits for its jobs, to be unloaded or upgraded then */
	uint32_t pending;    /* timers, promises, batches, commits and jobs */
	struct score faults; /* see quarantine.c */
	char why[200];       /* it will be put away; "": it will not */
};

struct asking {
	const struct plugin *from, *to;
	struct asking *outer;
};

struct plug {
	struct env *env;
	struct timers *timers;
	struct logger *log;
	const struct settings *settings;
	struct net *net;
	struct store *store;
	struct bus *bus;
	const struct plug_builtin *builtins;
	bool (*is_reserved)(const char *command);
	size_t builtin_count;
	const struct conf *conf, *next_conf;
	struct plugin *list[PLUG_MAX]; /* providers before dependants */
	unsigned count;
	struct handles *timer_handles, *tickets;
	struct code *husks; /* files to be closed on a later tick */
	uint64_t husk_timer;
	struct ward *wards; /* in quarantine or on probation */
	uint64_t fault_timer;
	void (*fatal)(void *arg, const char *why);
	void *fatal_arg;
	struct asking *asking; /* the innermost listener that is being asked */
	bool given_up;         /* fatal was called */
	bool has_files;        /* plugins may keep files in data_dir */
	uint32_t serial;       /* of the last up() */
	unsigned events;       /* nesting */
};

static inline struct plugin *plugin_of(struct tn_ctx *c)
{
	return (struct plugin *)(void *)c;
}

extern const struct tn_host plug_host; /* host.c */

/* ---- check.c: nothing of the plugin's code runs. 0 or TN_EINVAL with one sentence. */
int check_file(const char *path, struct tn_error *);
/* The descriptor and its tables. *out: a copy that has every member this host knows. */
int check_desc(const struct tn_plugin *, const char *want, struct tn_plugin *out,
	       struct tn_error *);
/* Against the environment and those loaded already: name and commands are new, payload sizes agree. `but` (may
 * be NULL) is not looked at: it will be replaced. */
int check_among(const struct plug *, const struct tn_plugin *, const struct plugin *but,
		struct tn_error *);
/* check_rows.c */
int check_tables(const struct tn_plugin *, struct tn_error *);

/* ---- plug.c: as plug_load, from the quarantine */
int plug_load_now(struct plug *, const char *name, struct tn_error *);

/* ---- load.c */
/* Finds, opens, checks; neither claims nor init. `instead`: of whom it will take the place,
 * or NULL. NULL with the reason. */
struct plugin *load_open(struct plug *, const char *name, const struct conf *,
			 const struct plugin *instead, struct tn_error *);
/* Another instance of the same code; load_take_file when it takes its place. */
struct plugin *load_again(const struct plugin *, struct tn_error *);
void load_take_file(struct plugin *to, struct plugin *from);
void load_close(struct plugin *); /* frees it; the file is closed on a later tick */
void load_close_husks(struct plug *);
/* A mapped file, counted by its plugin and by jobs that run in it; NULL is fine. The last
 * one closes it: never from inside its own code. */
struct code *code_ref(struct code *);
void code_unref(struct code *);

/* ---- order.c: pure */
struct order_item {
	const char *name;
	struct tn_table needs, offers;
};
/* Fills at[] with indices, providers first, else in the given order. 0 or TN_EINVAL: a
 * missing need, or a cycle with its members by name. */
int order_sort(const struct order_item *, unsigned n, unsigned *at, struct tn_error *);
/* The provider of a need among n, -1: nobody. */
int order_provider(const struct order_item *, unsigned n, const struct tn_need *);

/* ---- life.c */
/* Slots and names; those of `instead` (may be NULL) follow by bus_replace. */
int life_claim(struct plugin *, const struct plugin *instead, struct tn_error *);
int life_init(struct plugin *, struct tn_error *);
int life_start(struct plugin *, struct tn_error *);
/* The halves of a start and a stop that a swap needs: start, restore (unless saved.p is
 * NULL) and up()s, with nothing left behind by a failure; down()s and stop, with nothing of
 * it under way but holds. */
int life_begin(struct plugin *, struct tn_view saved, struct tn_error *);
void life_halt(struct plugin *, enum tn_why);
void life_stop(struct plugin *, enum tn_why); /* down .. fini, claims; not load_close */
void life_leave(struct plugin *);             /* undoes life_init and life_claim */
int life_conf(struct plugin *, const struct conf *, void **values, struct tn_arena **,
	      struct tn_error *);
struct plugin *life_find(const struct plug *, const char *name);

void life_drop(struct plugin *, enum tn_why); /* stopped, out of the list, closed */

/* ---- swap.c */
int swap_save(struct plugin *, struct tn_arena *, struct tn_view *, struct tn_error *);
void swap_carry_metrics(const struct plugin *from, struct plugin *to);

/* ---- slots.c */
void slots_opened(struct plug *, struct session *);
void slots_closed(struct plug *, struct session *);
int slots_add_plugin(struct plugin *); /* for every open session */
void slots_drop_plugin(struct plugin *);
void slots_clear(struct plugin *); /* all of them are zero again; none is up */
void *slots_get(const struct plugin *, struct session *); /* NULL: none */
void slots_up(struct plugin *, struct session *);         /* calls up() unless it is up */
void slots_down(struct plugin *, struct session *);       /* calls down() if it is up */
uint32_t slots_serial(struct plugin *, struct session *); /* of its up(), 0: not up */

/* ---- event.c */
#define EVENT_DEPTH 8
void event_tell(struct plug *, const char *name, uint32_t size, const void *payload);
int event_ask(struct plugin *from, const char *name, uint32_t size, void *payload,
	      struct tn_error *);

/* ---- service.c */
struct tn_svc service_find(struct plugin *, unsigned need);
bool service_needs(const struct plugin *who, const struct plugin *p);
/* Running plugins that need `p`; their names into buf. */
unsigned service_dependants(const struct plugin *p, char *buf, size_t room);

/* ---- ticket.c */
struct ticket;
uint64_t ticket_promise(struct plugin *, uint32_t ms, tn_finish_fn *, void *arg);
uint64_t ticket_command(struct plugin *, struct tn_cmd *, uint32_t ms);
int ticket_finish(struct plug *, uint64_t, int result, const void *payload);
void ticket_finish_soon(struct plug *, uint64_t, int result); /* from the loop */
void ticket_sweep(struct plugin *);                           /* TN_EGONE */
struct tn_cmd *ticket_cmd(const struct plug *, uint64_t);     /* NULL: stale or no command's */

/* ---- timers.c */
uint64_t plug_timer_add(struct plugin *, uint64_t ms, bool repeat, tn_timer_fn *, void *arg);
uint64_t plug_timer_pulse(struct plugin *, uint64_t ms, tn_pulse_fn *);
int plug_timer_cancel(struct plugin *, uint64_t);
void plug_timer_sweep(struct plugin *);
void plug_timer_up(struct plugin *, struct session *); /* it joins every pulse */

/* ---- job.c */
int job_work(struct plugin *, const struct tn_job *);
void job_end(struct plugin *); /* each is done with TN_EGONE; a thread may still be in one */
const char *job_oldest(const struct plugin *); /* a name; NULL: none is under way */

/* ---- drain.c */
void drain_look(struct plugin *);   /* a job has ended */
void drain_cancel(struct plugin *); /* it goes in another way */

/* ---- quarantine.c: a plugin that fails too often is unloaded and tried again later */
void quarantine_fault(struct plugin *, const char *why); /* soon, from the loop */
void quarantine_points(struct plugin *, unsigned points, const char *what);
bool quarantine_has(const struct plug *, const char *name);
void quarantine_forget(struct plug *, const char *name); /* the operator decides now */
void quarantine_free(struct plug *);
/* The i-th that waits; false at the end. */
bool quarantine_info(const struct plug *, size_t i, struct plug_info *);

/* ---- data.c */
int data_open(struct plugin *, struct tn_error *);
void data_sweep(struct plugin *);
int data_get(struct plugin *, struct tn_batch *, unsigned db, struct tn_view key,
	     struct tn_view *val);
int data_scan(struct plugin *, unsigned db, struct tn_view from, tn_scan_fn *, void *arg);
struct tn_batch *data_batch(struct plugin *);
int data_put(struct plugin *, struct tn_batch *, unsigned db, struct tn_view key,
	     struct tn_view val);
int data_del(struct plugin *, struct tn_batch *, unsigned db, struct tn_view key);
int data_commit(struct plugin *, struct tn_batch *, uint32_t within_ms, uint64_t ticket);
void data_abandon(struct plugin *, struct tn_batch *);

/* ---- metric.c */
void metric_add(struct plugin *, unsigned row, int64_t v);

/* ---- command.c */
int command_row(struct plugin *, struct tn_cmd *, const void *row, uint32_t bytes);
void command_hold(struct tn_cmd *, uint64_t ticket);
void command_finish(struct tn_cmd *, int code, const char *text); /* frees it */
struct plugin *command_owner(const struct tn_cmd *);

#endif
