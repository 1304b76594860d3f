/* SPDX-License-Identifier: MIT
 * core/record.c - a recording of a running node: started and ended; what its file begins with
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "env/record.h"
#include "net/counters.h"
#include "net/snapshot.h"
#include "node_private.h"
#include "record.h"

#define TRIES 100             /* turns until the node is between two turns */
#define STORE_MAX (16u << 20) /* stored values that go into a file */

struct recording {
	struct node *node;
	struct record_writer *w;
	struct env_record *env; /* NULL: it waits for the end of a turn */
	struct counters before;
	uint64_t store_bytes, max;
	unsigned tries;
	bool over; /* ended before it began */
	char path[];
};

static void put(struct recording *r, uint8_t kind, uint64_t id, uint64_t a, struct tn_view bytes)
{
	record_put(r->w, &(struct record_entry){ .kind = kind, .id = id, .a = a, .bytes = bytes });
}

static struct tn_view view(const char *text)
{
	return (struct tn_view){ (const uint8_t *)text, strlen(text) };
}

/* ---- what the file begins with */

/* As --print-config has it: with what the command line and reloads have changed. */
static int put_conf(struct recording *r, struct tn_error *err)
{
	struct node *node = r->node;
	size_t core = settings_print(&node->set, NULL, 0), all;
	char *text;

	all = core + node_print_plugins(node, NULL, 0);
	text = malloc(all + 1);
	if (!text)
		return tn_fail(err, TN_ENOMEM, "no memory for the configuration");
	settings_print(&node->set, text, core + 1);
	node_print_plugins(node, text + core, all - core + 1);
	put(r, RECORD_CONF, 0, 0, (struct tn_view){ (const uint8_t *)text, all });
	free(text);
	return 0;
}

struct dump {
	struct recording *r;
	int db;
};

static int put_value(void *arg, struct tn_view key, struct tn_view val)
{
	struct dump *d = arg;
	const struct iovec v[2] = { { (void *)(uintptr_t)key.p, key.n },
				    { (void *)(uintptr_t)val.p, val.n } };

	d->r->store_bytes += key.n + val.n;
	if (d->r->store_bytes > STORE_MAX)
		return TN_EFULL;
	record_put_pieces(d->r->w,
			  &(struct record_entry){ .kind = RECORD_STORE,
						  .id = (uint64_t)d->db,
						  .a = key.n,
						  .bytes.n = key.n + val.n },
			  v);
	return 0;
}

static void put_db(struct recording *r, int db)
{
	struct dump d = { r, db };
	uint8_t text[2 + STORE_NAME_MAX + 1];
	uint16_t version;
	const char *name = store_db_name(r->node->store, db, &version);

	text[0] = (uint8_t)(version >> 8);
	text[1] = (uint8_t)version;
	memcpy(text + 2, name, strlen(name));
	put(r, RECORD_STATE, RECORD_STATE_DB + (uint64_t)db, 0,
	    (struct tn_view){ text, 2 + strlen(name) });
	if (store_scan(r->node->store, db, (struct tn_view){ NULL, 0 }, put_value, &d))
		put(r, RECORD_STATE, RECORD_STATE_NO_STORE, 0, view(name));
}

static void put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * (7 - i));
}

static uint64_t track(void *arg, struct env_conn *c, const struct env_events *events, void *of)
{
	return env_record_track(((struct recording *)arg)->env, c, events, of);
}

static int put_state(struct recording *r, struct tn_error *err)
{
	struct tn_arena *a = tn_arena_create((size_t)1 << 30);
	struct node *node = r->node;
	struct timer_place at = { UINT64_MAX, 0 };
	struct tn_view net;
	uint8_t bytes[16];
	int rc = a ? net_snapshot(node->net, track, r, a, &net, err) : TN_ENOMEM;

	if (!rc)
		put(r, RECORD_STATE, RECORD_STATE_NET, 0, net);
	tn_arena_unref(a);
	if (rc)
		return rc;
	timers_place(node->timers, node->log_timer, &at);
	put_u64(bytes, at.due_us);
	put_u64(bytes + 8, at.sequence);
	put(r, RECORD_STATE, RECORD_STATE_NODE, 0, (struct tn_view){ bytes, sizeof bytes });
	if (store_failed(node->store))
		put(r, RECORD_STATE, RECORD_STATE_FAILED, 0, view(store_failed(node->store)));
	for (int i = 0; i < store_dbs(node->store); i++)
		put_db(r, i);
	return 0;
}

/* ---- the end */

static void put_counter(void *arg, const char *name, int64_t before, int64_t after)
{
	put(arg, RECORD_COUNTER, 0, record_zigzag(after - before), view(name));
}

static void put_trailer(struct recording *r, const char *why)
{
	struct counters now;

	if (!counters_take(&now, r->node->net))
		counters_compare(&r->before, &now, put_counter, r);
	counters_clear(&now);
	put(r, RECORD_END, 0, r->node->env->ops->mono_us(r->node->env), view(why));
}

static void recording_free(struct recording *r)
{
	counters_clear(&r->before);
	free(r);
}

void record_end(struct node *node, const char *why)
{
	struct recording *r = node->recording;
	struct tn_error err;
	uint64_t bytes, turns;

	if (!r)
		return;
	node->recording = NULL;
	if (!r->env) {
		record_writer_close(r->w, NULL);
		r->w = NULL;
		r->over = true; /* record_when_quiet frees it */
		return;
	}
	node->env->quiet++;
	put_trailer(r, why);
	node->env->quiet--;
	turns = env_record_turns(r->env);
	bytes = record_written(r->w);
	env_record_end(r->env);
	if (record_writer_close(r->w, &err))
		log_line(node->log, "record", LOG_LEVEL_ERROR, "", "Recording %s ended: %s",
			 r->path, err.text);
	else
		log_line(node->log, "record", LOG_LEVEL_INFO, "",
			 "Recording %s ended, %s: %llu turns, %llu bytes", r->path, why,
			 (unsigned long long)turns, (unsigned long long)bytes);
	recording_free(r);
}

static void on_full(void *arg)
{
	struct recording *r = arg;

	record_end(r->node, record_failed(r->w) ? "it cannot be written" : "it is full");
}

/* ---- the beginning */

/* The plugin's name as a C string, then what it hands over. */
static void put_saved(struct recording *r, const struct plug_saved *v)
{
	const struct iovec piece[2] = { { (void *)(uintptr_t)v->name, strlen(v->name) + 1 },
					{ (void *)(uintptr_t)v->bytes.p, v->bytes.n } };

	record_put_pieces(r->w,
			  &(struct record_entry){ .kind = RECORD_SAVED,
						  .a = v->is,
						  .bytes.n = piece[0].iov_len + v->bytes.n },
			  piece);
}

/* All plugins stand still. */
static int on_turn(void *arg, struct plug_saved *v, unsigned n, struct tn_error *err)
{
	struct recording *r = arg;
	struct node *node = r->node;
	int rc;

	store_settle(node->store); /* nothing may be under way */
	if (counters_take(&r->before, node->net))
		return tn_fail(err, TN_ENOMEM, "no memory for the counters");
	r->env = env_record_begin(node->env, r->w, on_full, r);
	if (!r->env)
		return tn_fail(err, TN_ENOMEM, "no memory");
	timers_rewake(node->timers);
	rc = put_state(r, err);
	if (rc) {
		env_record_end(r->env);
		r->env = NULL;
		return rc;
	}
	for (unsigned i = 0; i < n; i++)
		put_saved(r, &v[i]);
	env_record_turn(r->env, RECORD_BEGIN, (struct tn_view){ NULL, 0 });
	net_go_on(node->net);
	return 0;
}

static void give_up(struct recording *r, const char *why)
{
	struct node *node = r->node;

	log_line(node->log, "record", LOG_LEVEL_ERROR, "", "Recording %s did not begin: %s",
		 r->path, why);
	node->recording = NULL;
	record_writer_close(r->w, NULL);
	recording_free(r);
}

static void start(struct recording *r)
{
	struct node *node = r->node;
	struct env_record *env;
	struct tn_error err = { "" };
	int rc = put_conf(r, &err);

	if (!rc)
		rc = plug_refresh(node->plug, on_turn, r, &err);
	env = r->env;
	if (!env) {
		net_go_on(node->net);
		give_up(r, err.text);
		return;
	}
	log_line(node->log, "record", LOG_LEVEL_INFO, "", "Recording to %s, at most %llu bytes",
		 r->path, (unsigned long long)r->max);
	if (rc) /* a plugin did not come up again: what follows is not what was asked for */
		record_end(node, err.text);
	env_record_turn_over(env);
}

static void when_quiet(void *arg)
{
	struct recording *r = arg;
	struct node *node = r->node;

	if (r->over) {
		recording_free(r);
		return;
	}
	if (net_settle(node->net))
		start(r);
	else if (++r->tries >= TRIES)
		give_up(r, "the node never stands still: try again");
	else if (node->env->ops->defer(node->env, when_quiet, r))
		give_up(r, "no memory");
}

int record_begin(struct node *node, const char *path, uint64_t max, struct tn_error *err)
{
	size_t n = strlen(path) + 1;
	struct recording *r;

	if (node->recording)
		return tn_fail(err, TN_EBUSY, "a recording runs already: %.150s",
			       node->recording->path);
	r = calloc(1, sizeof *r + n);
	if (!r)
		return tn_fail(err, TN_ENOMEM, "no memory");
	memcpy(r->path, path, n);
	r->node = node;
	r->max = max ? max : RECORD_DEFAULT;
	r->w = record_writer_open(path, r->max, err);
	if (!r->w || node->env->ops->defer(node->env, when_quiet, r)) {
		record_writer_close(r->w, NULL);
		free(r);
		return TN_EIO;
	}
	put(r, RECORD_VERSION, 0, 0, view(node->agent));
	node->recording = r;
	return 0;
}

/* ---- for the control room */

static void status(const struct node *node, struct ctl_recording *out)
{
	const struct recording *r = node->recording;

	*out = (struct ctl_recording){ .state = r ? r->env ? "recording" : "starting" : "off" };
	if (!r)
		return;
	snprintf(out->file, sizeof out->file, "%s", r->path);
	out->bytes = record_written(r->w);
	out->max = r->max;
	out->turns = r->env ? env_record_turns(r->env) : 0;
}

/* DATA_DIR/record-SECONDS.tnr */
static void default_path(struct node *node, char *path, size_t room)
{
	const struct tn_str *dir = &node->set.top.data_dir;

	snprintf(path, room, "%.*s/record-%lld.tnr", (int)dir->n, dir->p ? dir->p : ".",
		 (long long)(env_wall_us(node->env) / 1000000));
}

static int command_start(struct node *node, const char *file, const char *size,
			 struct tn_error *err)
{
	char path[512];
	uint64_t max = 0;

	if (size && (conf_parse_size(size, &max) || max < RECORD_MIN))
		return tn_fail(err, TN_EINVAL, "\"%.40s\" is no size of at least 1M", size);
	if (file)
		snprintf(path, sizeof path, "%s", file);
	else
		default_path(node, path, sizeof path);
	if (path[0] != '/')
		return tn_fail(err, TN_EINVAL,
			       "the file needs a path from the root: the daemon has "
			       "another directory than you");
	if (strlen(path) == sizeof path - 1)
		return tn_fail(err, TN_EINVAL, "the file's path is too long");
	return record_begin(node, path, max, err);
}

int record_command(void *arg, const char *action, const char *file, const char *size,
		   struct ctl_recording *out, struct tn_error *err)
{
	struct node *node = arg;
	int rc = 0;

	if (strcmp(action, "start") == 0)
		rc = command_start(node, file, size, err);
	else if (strcmp(action, "stop") == 0 && !node->recording)
		rc = tn_fail(err, TN_ENOENT, "no recording runs");
	else if (strcmp(action, "stop") && strcmp(action, "status"))
		rc = tn_fail(err, TN_EINVAL,
			     "record \"%.40s\": the actions are start, stop and status", action);
	if (rc)
		return rc;
	status(node, out);
	if (strcmp(action, "stop") == 0)
		record_end(node, "by command");
	return 0;
}
