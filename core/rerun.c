/* SPDX-License-Identifier: MIT
 * core/rerun.c - a fresh node runs on a recording
 */
#include "config.h"

#include "rerun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env/record.h"
#include "net/snapshot.h"
#include "node_private.h"
#include "record.h"

#define SAVED_MAX 64

struct run {
	const struct rerun_setup *set;
	struct rerun_report *report;
	struct record_reader reader;
	struct tn_view conf, net, node, failed;
	struct tn_view saved[SAVED_MAX]; /* name, NUL, bytes */
	bool saved_is[SAVED_MAX];
	unsigned saves;
	uint64_t mono_us;
	size_t store_from; /* where in the stream the databases are */
	struct store *store;
	struct env *env;
	struct node *node_made;
	struct tn_arena *arena;
	struct conf *parsed;
	struct counters before;
};

static void copy_text(char *to, size_t room, struct tn_view v)
{
	snprintf(to, room, "%.*s", (int)(v.n < room ? v.n : room), (const char *)v.p);
}

/* ---- what the file begins with */

static void take_state(struct run *r, const struct record_entry *e)
{
	if (e->id == RECORD_STATE_NET)
		r->net = e->bytes;
	else if (e->id == RECORD_STATE_NODE)
		r->node = e->bytes;
	else if (e->id == RECORD_STATE_FAILED)
		r->failed = e->bytes;
	else if (e->id == RECORD_STATE_NO_STORE)
		r->report->no_store = true;
}

static void take_saved(struct run *r, const struct record_entry *e)
{
	if (r->saves == SAVED_MAX || !e->bytes.n || !memchr(e->bytes.p, 0, e->bytes.n))
		return;
	r->saved_is[r->saves] = e->a != 0;
	r->saved[r->saves++] = e->bytes;
}

static void take_clock(struct run *r, const struct record_entry *e)
{
	r->mono_us = r->report->begun_us = r->report->ended_us = e->id;
	r->report->begun_wall_us = (int64_t)e->a;
	r->store_from = r->reader.at;
}

static void take(struct run *r, const struct record_entry *e)
{
	if (e->kind == RECORD_VERSION)
		copy_text(r->report->version, sizeof r->report->version, e->bytes);
	else if (e->kind == RECORD_CONF)
		r->conf = e->bytes;
	else if (e->kind == RECORD_CLOCK)
		take_clock(r, e);
	else if (e->kind == RECORD_STATE)
		take_state(r, e);
	else if (e->kind == RECORD_SAVED)
		take_saved(r, e);
}

static int take_head(struct run *r, struct tn_error *err)
{
	struct record_entry e;
	int rc;

	while ((rc = record_peek(&r->reader, &e)) == 1 && e.kind < RECORD_BEGIN) {
		record_next(&r->reader, &e, err);
		take(r, &e);
	}
	if (rc != 1 || !r->conf.p || !r->net.p || !r->store_from)
		return tn_fail(err, TN_EBAD, "%.150s: the recording ends before it began",
			       r->set->path);
	return 0;
}

/* ---- the store */

static int put_value(struct store_batch *b, const struct record_entry *e)
{
	struct tn_view key = { e->bytes.p, e->a }, val;

	if (e->a > e->bytes.n)
		return TN_EBAD;
	val = (struct tn_view){ e->bytes.p + e->a, e->bytes.n - e->a };
	return e->id < STORE_DBS_MAX ? store_put(b, (int)e->id, key, val) : TN_EBAD;
}

/* They have the numbers that they had: in the order of the file. */
static int open_db(struct run *r, const struct record_entry *e, struct tn_error *err)
{
	char name[STORE_NAME_MAX + 1];
	uint16_t version;
	int db;

	if (e->id < RECORD_STATE_DB)
		return 0;
	if (e->bytes.n < 3 || e->bytes.n - 2 > STORE_NAME_MAX)
		return tn_fail(err, TN_EBAD, "damaged: a database without a name");
	version = (uint16_t)(e->bytes.p[0] << 8 | e->bytes.p[1]);
	copy_text(name, sizeof name, (struct tn_view){ e->bytes.p + 2, e->bytes.n - 2 });
	name[e->bytes.n - 2] = '\0';
	db = store_db(r->store, name, version, err);
	if (db >= 0 && (uint64_t)db != e->id - RECORD_STATE_DB)
		return tn_fail(err, TN_EBAD, "damaged: database %s has another number", name);
	return db < 0 ? TN_EBAD : 0;
}

struct wipe {
	struct store_batch *batch;
	int db;
};

static int wipe_key(void *arg, struct tn_view key, struct tn_view val)
{
	struct wipe *w = arg;

	(void)val;
	return store_del(w->batch, w->db, key);
}

/* What is stored is what the file has, and nothing else. */
static int fill_store(struct run *r, struct tn_error *err)
{
	struct record_reader at = r->reader;
	struct wipe w = { NULL, 0 };
	struct record_entry e;
	int rc;

	store_settle(r->store);
	w.batch = store_batch(r->store);
	rc = w.batch ? 0 : TN_ENOMEM;
	for (; !rc && w.db < store_dbs(r->store); w.db++)
		rc = store_scan(r->store, w.db, (struct tn_view){ NULL, 0 }, wipe_key, &w);
	at.at = r->store_from;
	while (!rc && record_next(&at, &e, err) == 1 && e.kind < RECORD_BEGIN) {
		if (e.kind == RECORD_STATE)
			rc = open_db(r, &e, err);
		else if (e.kind == RECORD_STORE)
			rc = put_value(w.batch, &e);
	}
	if (rc) {
		store_abandon(w.batch);
		return tn_fail(err, rc, "the stored values of the recording make no sense");
	}
	rc = store_commit(w.batch, err);
	store_settle(r->store);
	return rc;
}

/* ---- the node */

/* The group "\tNAME: {" to "\t};", as node_print_plugins writes it. */
static void leave_out(char *text, const char *name)
{
	char begin[80];
	char *from, *to;

	snprintf(begin, sizeof begin, "\n\t%s: {\n", name);
	from = strstr(text, begin);
	to = from ? strstr(from, "\n\t};\n") : NULL;
	if (to)
		memmove(from, to + 4, strlen(to + 4) + 1);
}

static int read_conf(struct run *r, struct settings *set, struct tn_error *err)
{
	char *text = tn_copy_text(r->arena, (const char *)r->conf.p, r->conf.n);

	if (!text)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (r->set->without)
		leave_out(text, r->set->without);
	r->parsed = conf_read_text(text, "the recorded configuration", err);
	if (!r->parsed || settings_read(r->parsed, set, r->arena, err))
		return TN_EINVAL;
	if (r->set->plugin_dir)
		set->top.plugin_dir =
			(struct tn_str){ r->set->plugin_dir, (uint32_t)strlen(r->set->plugin_dir) };
	return 0;
}

/* A start without network, as that of the recorded one was before its sessions. */
static int make_node(struct run *r, struct tn_error *err)
{
	struct settings set;
	int rc = read_conf(r, &set, err);

	if (rc) {
		store_close(r->store);
		return rc;
	}
	r->node_made = node_create(&(struct node_setup){ .env = r->env,
							 .conf = r->parsed,
							 .settings = &set,
							 .store = r->store,
							 .builtins = r->set->builtins,
							 .builtin_count = r->set->builtin_count,
							 .log_level = r->set->log_level,
							 .agent = r->report->version },
				   err);
	return r->node_made ? plug_start_all(r->node_made->plug, err) : TN_EINVAL;
}

static uint64_t get_u64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static struct env_conn *make_conn(void *arg, uint64_t number, const struct tn_addr *with,
				  const struct env_events *events, void *of)
{
	return env_replay_conn(((struct run *)arg)->env, number, with, events, of);
}

/* What this plugin handed over then. */
static void find_saved(const struct run *r, struct plug_saved *v)
{
	v->is = false;
	v->bytes = (struct tn_view){ NULL, 0 };
	for (unsigned i = 0; i < r->saves; i++) {
		size_t name = strlen((const char *)r->saved[i].p) + 1;

		if (strcmp((const char *)r->saved[i].p, v->name) != 0)
			continue;
		v->is = r->saved_is[i];
		v->bytes = (struct tn_view){ r->saved[i].p + name, r->saved[i].n - name };
	}
}

/* All plugins stand still: here the recording began. */
static int on_turn(void *arg, struct plug_saved *v, unsigned n, struct tn_error *err)
{
	struct run *r = arg;
	struct node *node = r->node_made;
	struct timer_place at;
	int rc;

	for (unsigned i = 0; i < n; i++)
		find_saved(r, &v[i]);
	rc = fill_store(r, err);
	if (r->failed.p)
		store_fail(r->store, "the recorded store had failed");
	if (!rc)
		rc = net_restore(node->net, r->net, make_conn, r, err);
	if (!rc && r->node.n == 16) {
		at = (struct timer_place){ get_u64(r->node.p), get_u64(r->node.p + 8) };
		node->log_timer = timers_add_at(node->timers, &at, node_tick_log, node);
	}
	if (!rc)
		rc = counters_take(&r->before, node->net);
	if (!rc)
		rc = env_replay_enter(r->env, err);
	if (!rc)
		net_go_on(node->net);
	return rc;
}

static void no_reply(void *arg, const char *json, size_t n, bool last)
{
	(void)arg, (void)json, (void)n, (void)last;
}

static void on_command(void *arg, struct tn_view line)
{
	struct run *r = arg;
	char *text = strndup((const char *)line.p, line.n);

	if (text)
		node_command(r->node_made, text, no_reply, NULL);
	free(text);
}

/* ---- the end */

static void add_change(void *arg, const char *name, int64_t before, int64_t after)
{
	counters_add(arg, name, strlen(name), after - before);
}

static void take_end(struct run *r)
{
	struct rerun_report *report = r->report;
	struct record_entry e;

	report->cut = true;
	while (record_next(&r->reader, &e, NULL) == 1) {
		if (e.kind == RECORD_COUNTER)
			counters_add(&report->recorded, (const char *)e.bytes.p, e.bytes.n,
				     record_unzigzag(e.a));
		if (e.kind != RECORD_END)
			continue;
		report->cut = false;
		report->ended_us = e.a;
		copy_text(report->why, sizeof report->why, e.bytes);
	}
	counters_sort(&report->recorded);
}

static int run(struct run *r, struct tn_error *err)
{
	struct counters now = { 0 };
	int rc = make_node(r, err);

	if (!rc)
		rc = plug_refresh(r->node_made->plug, on_turn, r, err);
	if (rc)
		return rc;
	env_replay_leave(r->env);
	rc = env_replay_run(r->env, on_command, r, err);
	if (rc)
		return rc;
	env_replay_result(r->env, &r->report->result);
	rc = counters_take(&now, r->node_made->net);
	counters_compare(&r->before, &now, add_change, &r->report->replayed);
	counters_clear(&now);
	take_end(r);
	return rc;
}

static void clear(struct run *r)
{
	node_free(r->node_made);
	env_replay_free(r->env);
	conf_free(r->parsed);
	tn_arena_unref(r->arena);
	counters_clear(&r->before);
	record_reader_clear(&r->reader);
}

static int prepare(struct run *r, struct tn_error *err)
{
	int rc = record_read_file(&r->reader, r->set->path, err);

	if (!rc)
		rc = take_head(r, err);
	if (rc)
		return rc;
	r->arena = tn_arena_create((size_t)1 << 26);
	r->env = env_replay_create(&r->reader, r->mono_us, r->report->begun_wall_us);
	r->store = store_memory_create();
	if (!r->arena || !r->env || !r->store)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (r->set->log)
		env_replay_log_to(r->env, r->set->log, r->set->log_arg);
	return fill_store(r, err);
}

int rerun(const struct rerun_setup *set, struct rerun_report *report, struct tn_error *err)
{
	struct run r = { .set = set, .report = report };
	int rc;

	*report = (struct rerun_report){ .cut = true };
	rc = prepare(&r, err);
	if (rc)
		store_close(r.store);
	else
		rc = run(&r, err);
	clear(&r);
	if (rc)
		rerun_report_clear(report);
	return rc;
}

static void note_difference(void *arg, const char *name, int64_t a, int64_t b)
{
	(void)name, (void)a, (void)b;
	*(bool *)arg = false;
}

bool rerun_same(const struct rerun_report *report)
{
	bool same = report->result.differences == 0;

	if (!report->cut)
		counters_compare(&report->recorded, &report->replayed, note_difference, &same);
	return same;
}

void rerun_report_clear(struct rerun_report *report)
{
	counters_clear(&report->recorded);
	counters_clear(&report->replayed);
}
