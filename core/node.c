/* SPDX-License-Identifier: MIT
 * core/node.c - one node, assembled and dismantled
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "node_private.h"
#include "record.h"

/* ---- the log of a node goes out through its environment */

/* For people: a replay says it again at its own time. */
static int64_t wall(void *arg)
{
	struct env *env = ((struct node *)arg)->env;
	int64_t now;

	env->quiet++;
	now = env_wall_us(env);
	env->quiet--;
	return now;
}

static void write_log(void *arg, enum log_level level, const char *line, size_t n)
{
	struct node *node = arg;

	node->env->ops->log(node->env, (enum env_log_level)level, line, n);
}

static int set_level(void *arg, const char *subsystem, const char *word, struct tn_error *err)
{
	struct node *node = arg;
	int level = log_level_of(word, strlen(word));

	if (level < 0)
		return tn_fail(err, TN_EINVAL, "log.levels.%s: no such level", subsystem);
	return logger_level(node->log, subsystem, (enum log_level)level);
}

static void apply_log(struct node *node)
{
	const struct settings_log *set = &node->set.log;
	int level = node->log_level ? log_level_of(node->log_level, strlen(node->log_level))
				    : log_level_of(set->level.p, set->level.n);
	struct tn_error err;

	logger_repeat(node->log, set->repeat);
	logger_level(node->log, NULL, level < 0 ? LOG_LEVEL_INFO : (enum log_level)level);
	if (node->conf)
		conf_each_text(node->conf, "log.levels", set_level, node, &err);
}

void node_tick_log(void *arg)
{
	struct node *node = arg;

	logger_tick(node->log);
	node->log_timer = timers_add(node->timers, 5000000, node_tick_log, node);
}

static void quit(void *arg)
{
	struct node *node = arg;

	if (node->quit)
		node->quit(node->quit_arg, NULL);
}

static void fail(void *arg, const char *why)
{
	struct node *node = arg;

	if (node->quit)
		node->quit(node->quit_arg, why);
}

static int reload(void *arg, struct tn_error *err)
{
	struct node *node = arg;

	if (!node->reload)
		return tn_fail(err, TN_ENOENT,
			       "this node was started without a file to read again");
	return node->reload(node->reload_arg, err);
}

/* ---- made */

static int make_base(struct node *node, struct tn_error *err)
{
	struct log_out out = { wall, write_log, node };

	node->timers = timers_create(node->env);
	node->log = logger_create(&out);
	if (!node->timers || !node->log)
		return tn_fail(err, TN_ENOMEM, "no memory for a node");
	if (node->store)
		store_write_behind(node->store, node->env, node->timers);
	apply_log(node);
	return 0;
}

static int remember_asked(struct node *node, struct tn_error *err)
{
	struct settings said;

	node->asked = node->set.top;
	if (!node->conf)
		return 0;
	node->asked_texts = tn_arena_create(0);
	if (!node->asked_texts)
		return tn_fail(err, TN_ENOMEM, "no memory for a node");
	if (settings_read(node->conf, &said, node->asked_texts, err))
		return TN_EINVAL;
	node->asked = said.top;
	return 0;
}

static int make_rooms(struct node *node, const struct node_setup *s, struct tn_error *err)
{
	node->net = net_create(&(struct net_setup){ .env = node->env,
						    .timers = node->timers,
						    .log = node->log,
						    .settings = &node->set,
						    .store = node->store,
						    .agent = s->agent,
						    .rules = s->rules },
			       err);
	if (!node->net)
		return TN_EINVAL;
	node->plug = plug_create(&(struct plug_setup){ .env = node->env,
						       .timers = node->timers,
						       .log = node->log,
						       .settings = &node->set,
						       .net = node->net,
						       .store = node->store,
						       .builtins = s->builtins,
						       .builtin_count = s->builtin_count,
						       .is_reserved = ctl_has_command,
						       .has_files = s->has_files,
						       .fatal = fail,
						       .fatal_arg = node },
				 err);
	if (!node->plug || plug_load_all(node->plug, node->conf, err))
		return TN_EINVAL;
	node->ctl = ctl_create(&(struct ctl_setup){ .env = node->env,
						    .timers = node->timers,
						    .log = node->log,
						    .settings = &node->set,
						    .net = node->net,
						    .plug = node->plug,
						    .agent = s->agent,
						    .quit = quit,
						    .reload = reload,
						    .record = record_command,
						    .arg = node },
			       err);
	return node->ctl ? 0 : TN_EINVAL;
}

struct node *node_create(const struct node_setup *setup, struct tn_error *err)
{
	struct node *node = calloc(1, sizeof *node);

	if (!node) {
		store_close(setup->store);
		tn_fail(err, TN_ENOMEM, "no memory for a node");
		return NULL;
	}
	node->env = setup->env;
	node->conf = setup->conf;
	node->set = *setup->settings;
	node->store = setup->store;
	node->log_level = setup->log_level;
	node->agent = setup->agent;
	if (make_base(node, err) || remember_asked(node, err) || make_rooms(node, setup, err)) {
		node_free(node);
		return NULL;
	}
	return node;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	record_end(node, "the node is gone");
	ctl_free(node->ctl);
	plug_free(node->plug);
	net_free(node->net);
	store_close(node->store);
	logger_free(node->log);
	timers_free(node->timers);
	tn_arena_unref(node->texts);
	tn_arena_unref(node->asked_texts);
	free(node);
}

int node_start(struct node *node, const char *ctl_path, struct tn_error *err)
{
	int r = 0;

	if (ctl_path)
		r = ctl_listen(node->ctl, ctl_path, err);
	if (!r)
		r = plug_start_all(node->plug, err);
	if (!r)
		r = net_start(node->net, err);
	if (!r)
		node->log_timer = timers_add(node->timers, 5000000, node_tick_log, node);
	return r;
}

/* ---- --print-config */

/* The reserved key: not an option of the plugin, but without it another file would load. */
static size_t print_path(const struct node *node, const char *name, char *buf, size_t room)
{
	static const struct tn_option row[] = {
		{ "path", "", "the file, instead of NAME.so in plugin_dir", 0, 0, 0, TN_O_TEXT, 1 },
	};
	struct tn_table table = { row, sizeof *row, 1 };
	struct tn_error err;
	struct tn_str path;
	char group[64];
	bool bad;

	snprintf(group, sizeof group, "plugins.%s", name);
	path.p = node->conf ? conf_text(node->conf, group, "path", &bad, &err) : NULL;
	if (!path.p)
		return 0;
	path.n = (uint32_t)strlen(path.p);
	return conf_print(table, &path, 2, buf, room);
}

static size_t print_one(const struct node *node, const struct plug_info *info, char *buf,
			size_t room)
{
	size_t n = (size_t)snprintf(buf, room, "\t%s: {\n", info->name);

	n += print_path(node, info->name, n < room ? buf + n : NULL, n < room ? room - n : 0);
	n += conf_print(info->options, info->conf, 2, n < room ? buf + n : NULL,
			n < room ? room - n : 0);
	return n + (size_t)snprintf(n < room ? buf + n : NULL, n < room ? room - n : 0, "\t};\n");
}

size_t node_print_plugins(const struct node *node, char *buf, size_t room)
{
	size_t n = (size_t)snprintf(buf, room, "plugins: {\n");
	struct plug_info info;

	for (size_t i = 0; plug_info(node->plug, i, &info); i++)
		n += print_one(node, &info, n < room ? buf + n : NULL, n < room ? room - n : 0);
	return n + (size_t)snprintf(n < room ? buf + n : NULL, n < room ? room - n : 0, "};\n");
}

/* ---- reload */

/* What a running node cannot change keeps its value. */
static void keep_fixed(const struct settings *old, struct settings *now)
{
	now->top = old->top;
	now->store = old->store;
	now->loop = old->loop;
	now->network.name = old->network.name;
	now->network.listen = old->network.listen;
	now->network.genesis = old->network.genesis;
	now->network.genesis_time = old->network.genesis_time;
	now->net = old->net;
	now->default_port = old->default_port;
	now->has_genesis = old->has_genesis;
	memcpy(now->genesis, old->genesis, sizeof now->genesis);
}

/* Texts that were kept must not end with the arena they came from. */
static int copy_fixed(struct settings *now, struct tn_arena *a)
{
	struct tn_str *text[] = { &now->top.data_dir, &now->top.run_dir, &now->top.plugin_dir,
				  &now->network.name, &now->network.genesis };
	size_t listen = now->network.listen.n * sizeof *now->network.listen.v;
	struct tn_addr *v = tn_alloc(a, listen);

	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		text[i]->p = tn_copy_text(a, text[i]->p ? text[i]->p : "", text[i]->n);
		if (!text[i]->p)
			return TN_ENOMEM;
	}
	if (!v)
		return TN_ENOMEM;
	if (listen)
		memcpy(v, now->network.listen.v, listen);
	now->network.listen.v = v;
	return 0;
}

static void say_restart(void *arg, const char *key)
{
	struct node *node = arg;

	log_line(node->log, "node", LOG_LEVEL_WARN, key, "reload: %s waits for a restart", key);
}

static int read_again(struct node *node, const struct conf *conf, struct settings *now,
		      struct tn_arena *a, struct tn_error *err)
{
	struct settings was = node->set;
	const char *key[16];
	size_t keys;

	if (settings_read(conf, now, a, err))
		return TN_EINVAL;
	was.top = node->asked;
	keys = settings_restart_keys(&was, now, key, 16);
	for (size_t i = 0; i < keys && i < 16; i++)
		say_restart(node, key[i]);
	keep_fixed(&node->set, now);
	if (copy_fixed(now, a))
		return tn_fail(err, TN_ENOMEM, "no memory for the new settings");
	return plug_reload_check(node->plug, conf, say_restart, node, err);
}

int node_reload(struct node *node, const struct conf *conf, struct tn_error *err)
{
	struct tn_arena *a = tn_arena_create(0);
	struct settings now;
	int r;

	record_end(node, "the configuration is read again");
	r = a ? read_again(node, conf, &now, a, err) : tn_fail(err, TN_ENOMEM, "no memory");

	if (r) {
		log_line(node->log, "node", LOG_LEVEL_ERROR, "",
			 "reload refused, nothing changed: %s", err->text);
		tn_arena_unref(a);
		return r;
	}
	plug_reload_commit(node->plug);
	node->set = now;
	node->conf = conf;
	tn_arena_unref(node->texts);
	node->texts = a;
	apply_log(node);
	net_reload(node->net);
	log_line(node->log, "node", LOG_LEVEL_INFO, "", "configuration reloaded");
	return 0;
}

/* ---- the end */

static void net_stopped(void *arg)
{
	struct node *node = arg;
	uint64_t off = net_off_ended(node->net);

	if (off)
		log_line(node->log, "node", LOG_LEVEL_ERROR, "", "audit: off by %llu",
			 (unsigned long long)off);
	else
		log_line(node->log, "node", LOG_LEVEL_INFO, "",
			 "audit: every message accounted for");
	if (node->stopped)
		node->stopped(node->stopped_arg);
}

void node_stop(struct node *node, void (*fn)(void *arg), void *arg)
{
	if (node->stopping)
		return;
	node->stopping = true;
	node->stopped = fn;
	node->stopped_arg = arg;
	record_end(node, "the node stops");
	plug_stop_all(node->plug, TN_STOP_EXIT);
	net_stop(node->net, "shutting down", net_stopped, node);
}

struct net *node_net(struct node *node)
{
	return node->net;
}

struct plug *node_plug(struct node *node)
{
	return node->plug;
}

void node_on_quit(struct node *node, void (*fn)(void *arg, const char *fault), void *arg)
{
	node->quit = fn;
	node->quit_arg = arg;
}

void node_on_reload(struct node *node, int (*fn)(void *arg, struct tn_error *), void *arg)
{
	node->reload = fn;
	node->reload_arg = arg;
}

bool node_now(const struct node *node, struct bus_now *now)
{
	return bus_now(plug_bus(node->plug), now);
}

bool node_now_job(const struct node *node, struct bus_now *now)
{
	const struct env_job *j =
		node->env->ops->running ? node->env->ops->running(node->env) : NULL;

	if (!j || !j->owner)
		return false;
	*now = (struct bus_now){ .plugin = j->owner, .handler = "job", .message = j->name };
	return true;
}

int node_command(struct node *node, const char *line, node_reply_fn *fn, void *arg)
{
	return ctl_run(node->ctl, line, strlen(line), fn, arg);
}
