/* SPDX-License-Identifier: MIT
 * t/sim/fleet.c - whole nodes in the simulator
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fleet.h"

extern const struct tn_plugin tn_plugin_desc_pingpong, tn_plugin_desc_peers, tn_plugin_desc_keeper,
	tn_plugin_desc_blocks, tn_plugin_desc_masternodes, tn_plugin_desc_liar,
	tn_plugin_desc_transactions;

static const struct plug_builtin builtins[] = {
	{ "pingpong", &tn_plugin_desc_pingpong },
	{ "peers", &tn_plugin_desc_peers },
	{ "keeper", &tn_plugin_desc_keeper },
	{ "blocks", &tn_plugin_desc_blocks },
	{ "masternodes", &tn_plugin_desc_masternodes },
	{ "liar", &tn_plugin_desc_liar },
	{ "transactions", &tn_plugin_desc_transactions },
};

struct fleet *fleet_create(uint64_t seed)
{
	struct fleet *f = calloc(1, sizeof *f);

	f->seed = seed;
	f->world = world_create(seed);
	return f;
}

struct fleet_node *fleet_add(struct fleet *f, const char *ip, const char *conf)
{
	struct fleet_node *n = &f->node[f->nodes];

	n->fleet = f;
	tn_addr_parse(&n->ip, ip, strlen(ip));
	snprintf(n->name, sizeof n->name, "n%u", f->nodes++);
	snprintf(n->conf_text, sizeof n->conf_text, "%s", conf);
	n->disk = disk_create();
	n->env = world_node(f->world, n->name, &n->ip);
	return n;
}

static void give_up(const char *what, const struct tn_error *err)
{
	fprintf(stderr, "# fleet: %s: %s\n", what, err->text);
	abort();
}

static void dismantle(struct fleet_node *n)
{
	node_free(n->node);
	n->node = NULL;
	conf_free(n->conf);
	n->conf = NULL;
	tn_arena_unref(n->arena);
	n->arena = NULL;
}

bool fleet_try(struct fleet_node *n, struct tn_error *err)
{
	struct settings set;

	world_power(n->fleet->world, n->env, true);
	n->arena = tn_arena_create(0);
	n->conf = conf_read_text(n->conf_text, n->name, err);
	if (!n->conf || settings_read(n->conf, &set, n->arena, err))
		give_up("configuration", err);
	n->store = disk_store(n->disk);
	n->node = node_create(&(struct node_setup){ .env = n->env,
						    .conf = n->conf,
						    .settings = &set,
						    .store = n->store,
						    .builtins = builtins,
						    .builtin_count =
							    sizeof builtins / sizeof *builtins,
						    .log_level = n->fleet->log_level,
						    .rules = n->fleet->rules,
						    .agent = "timenode/sim" },
			      err);
	if (n->node && !node_start(n->node, NULL, err))
		return true;
	dismantle(n);
	return false;
}

void fleet_start(struct fleet_node *n)
{
	struct tn_error err;

	if (!fleet_try(n, &err))
		give_up("start", &err);
}

void fleet_crash(struct fleet_node *n)
{
	world_kill(n->env);
	dismantle(n);
}

void fleet_cut(struct fleet_node *n)
{
	world_power(n->fleet->world, n->env, false);
	dismantle(n);
}

static void stopped(void *arg)
{
	*(bool *)arg = true;
}

static bool still(void *arg)
{
	return !*(bool *)arg;
}

bool fleet_stop(struct fleet_node *n)
{
	bool done = false;

	node_stop(n->node, stopped, &done);
	world_run_while(n->fleet->world, still, &done, world_now(n->fleet->world) + 5000000);
	dismantle(n);
	return done;
}

void fleet_free(struct fleet *f)
{
	for (unsigned i = 0; f && i < f->nodes; i++) {
		if (f->node[i].node)
			fleet_crash(&f->node[i]);
		disk_free(f->node[i].disk);
	}
	if (f)
		world_free(f->world);
	free(f);
}

void fleet_run(struct fleet *f, uint64_t us)
{
	world_run(f->world, world_now(f->world) + us);
}

/* ---- questions */

struct answer {
	struct json_object *rows;
	bool failed;
};

static void reply(void *arg, const char *json, size_t n, bool last)
{
	struct answer *a = arg;
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o = json_tokener_parse_ex(tok, json, (int)n), *row;

	if (!last && json_object_object_get_ex(o, "row", &row))
		json_object_array_add(a->rows, json_object_get(row));
	if (last && json_object_object_get_ex(o, "error", &row))
		a->failed = true;
	json_object_put(o);
	json_tokener_free(tok);
}

static struct json_object *rows_of(struct fleet_node *n, const char *cmd, const char *args)
{
	struct answer a = { json_object_new_array(), false };
	char line[256];

	snprintf(line, sizeof line, "{\"id\":1,\"cmd\":\"%s\",\"args\":%s}", cmd,
		 args ? args : "{}");
	if (node_command(n->node, line, reply, &a) || a.failed) {
		json_object_put(a.rows);
		return NULL;
	}
	return a.rows;
}

char *fleet_ask(struct fleet_node *n, const char *cmd, const char *args)
{
	struct json_object *rows = rows_of(n, cmd, args);
	char *text = rows ? strdup(json_object_to_json_string(rows)) : NULL;

	json_object_put(rows);
	return text;
}

int64_t fleet_number(struct fleet_node *n, const char *cmd, unsigned i, const char *key,
		     int64_t missing)
{
	struct json_object *rows = rows_of(n, cmd, NULL), *v = NULL;
	struct json_object *row = rows ? json_object_array_get_idx(rows, i) : NULL;
	int64_t got = missing;

	if (row && json_object_object_get_ex(row, key, &v))
		got = json_object_get_int64(v);
	json_object_put(rows);
	return got;
}

int64_t fleet_metric(struct fleet_node *n, const char *name)
{
	return fleet_number(n, "status", 0, name, -1);
}

unsigned fleet_up(struct fleet_node *n)
{
	struct json_object *rows = rows_of(n, "peers", NULL), *v;
	unsigned up = 0;

	for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
		if (json_object_object_get_ex(json_object_array_get_idx(rows, i), "state", &v))
			up += !strcmp(json_object_get_string(v), "up");
	json_object_put(rows);
	return up;
}

uint64_t fleet_missing(const struct fleet_node *n)
{
	const struct net *net = node_net(n->node);
	uint64_t off = net_off_ended(net);

	for (const struct session *s = NULL; (s = net_any(net, s));)
		off += session_off(s);
	return off;
}

int64_t fleet_off(struct fleet_node *n)
{
	struct json_object *rows = rows_of(n, "audit", NULL), *v;
	int64_t off = rows ? 0 : 1;

	for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
		bool has =
			json_object_object_get_ex(json_object_array_get_idx(rows, i), "off_by", &v);

		off += has ? llabs(json_object_get_int64(v)) : 1;
	}
	json_object_put(rows);
	return off;
}

void fleet_blame(struct fleet *f, const char *test)
{
	fprintf(stderr, "# seed %llu failed; again: %s %llu\n", (unsigned long long)f->seed, test,
		(unsigned long long)f->seed);
	for (unsigned i = 0; i < f->nodes; i++)
		world_log_print(f->node[i].env, stderr);
}
