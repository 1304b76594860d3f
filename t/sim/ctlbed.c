/* SPDX-License-Identifier: MIT
 * t/sim/ctlbed.c - a simulated node with a plugin whose commands a test can steer
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/ctlbed.h"
#include "store/store.h"
#include "timenode/host.h"

struct args {
	uint64_t n, bytes, ms;
	int64_t code;
	struct tn_str text;
	bool has_n, has_bytes, has_ms, has_code, has_text;
};

struct row {
	uint64_t n;
	struct tn_str text;
};

static const struct tn_schema args_schema =
	TN_SCHEMA(struct args, TN_RECORD, TN_FIELD_IF(struct args, n, 0, has_n, TN_F_NULL),
		  TN_FIELD_IF(struct args, bytes, 0, has_bytes, TN_F_NULL),
		  TN_FIELD_IF(struct args, ms, 0, has_ms, TN_F_NULL),
		  TN_FIELD_IF(struct args, code, 0, has_code, TN_F_NULL),
		  TN_FIELD_IF(struct args, text, 1 << 16, has_text, TN_F_NULL));
static const struct tn_schema row_schema = TN_SCHEMA(struct row, TN_RECORD, TN_FIELD(struct row, n),
						     TN_FIELD_MAX(struct row, text, 1 << 16));

static int run_echo(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct args *a = args;
	struct row r = { a->n, a->text };

	(void)err;
	return tn_row(c, cmd, &r);
}

static int run_many(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct args *a = args;
	struct row r = { 0, { NULL, (uint32_t)a->bytes } };
	char *text = calloc(1, a->bytes + 1);
	int rc = 0;

	(void)err;
	memset(text, 'x', a->bytes);
	r.text.p = text;
	for (; !rc && r.n < a->n; r.n++)
		rc = tn_row(c, cmd, &r);
	free(text);
	return rc;
}

struct later { /* of the plugin's state: timers that are swept never come */
	struct later *next;
	struct tn_ticket ticket;
	struct tn_cmd *cmd;
	int code;
};

static void on_later(struct tn_ctx *c, void *arg)
{
	struct later *l = arg;
	struct row r = { 7, { "late", 4 } };

	tn_row(c, l->cmd, &r);
	tn_finish(c, l->ticket, l->code, l->code ? "it went wrong" : NULL);
}

static void fini(struct tn_ctx *c)
{
	struct later **list = c->state, *l;

	while ((l = *list)) {
		*list = l->next;
		free(l);
	}
}

static int run_later(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct args *a = args;
	struct later *l = calloc(1, sizeof *l), **list = c->state;

	(void)err;
	l->next = *list;
	*list = l;
	l->ticket = tn_cmd_hold(c, cmd, 30000);
	l->cmd = cmd;
	l->code = (int)a->code;
	if (!l->ticket.v)
		bail_out("no ticket");
	tn_after(c, a->ms, on_later, l);
	return TN_LATER;
}

static int run_fail(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct row r = { 1, { "before", 6 } };

	(void)args;
	tn_row(c, cmd, &r);
	return tn_fail(err, TN_EBUSY, "not \"now\"");
}

TN_API const struct tn_plugin tester;
TN_API const struct tn_plugin tester = {
	TN_HEAD("tester", "1.2", "commands for tests"),
	.state_bytes = sizeof(struct later *),
	.fini = fini,
	.commands = TN_ROWS(struct tn_command,
			    { "echo", "gives back", &args_schema, &row_schema, run_echo },
			    { "many", "many rows", &args_schema, &row_schema, run_many },
			    { "later", "ends later", &args_schema, &row_schema, run_later },
			    { "fail", "fails after a row", NULL, &row_schema, run_fail }),
};

static const struct plug_builtin builtins[] = { { "tester", &tester } };

static void on_quit(void *arg, const char *fault)
{
	((struct bed *)arg)->quit = !fault;
}

void bed_open(struct bed *b, struct world *w, const char *ip, const char *extra, const char *agent)
{
	struct settings set;
	struct tn_error err = { "" };
	struct tn_addr at;
	char text[1024];

	tn_addr_parse(&at, ip, strlen(ip));
	snprintf(text, sizeof text,
		 "data_dir = \"/none\"; run_dir = \"/none\";\n"
		 "network: { name = \"private\"; listen = [ \"%s\" ]; %s };\n"
		 "plugins: { tester: { }; };\n",
		 ip, extra);
	*b = (struct bed){ .world = w, .env = world_node(w, agent, &at) };
	b->arena = tn_arena_create(0);
	b->conf = conf_read_text(text, "bed", &err);
	if (!b->conf || settings_read(b->conf, &set, b->arena, &err))
		bail_out("configuration: %s", err.text);
	b->node = node_create(&(struct node_setup){ .env = b->env,
						    .conf = b->conf,
						    .settings = &set,
						    .store = store_memory_create(),
						    .builtins = builtins,
						    .builtin_count = 1,
						    .agent = agent },
			      &err);
	if (!b->node || node_start(b->node, "ctl", &err))
		bail_out("node: %s", err.text);
	node_on_quit(b->node, on_quit, b);
}

void bed_close(struct bed *b)
{
	node_free(b->node);
	conf_free(b->conf);
	tn_arena_unref(b->arena);
}

/* ---- answers */

void answer_add(void *arg, const char *json, size_t n, bool last)
{
	struct answer *a = arg;
	json_tokener *t = json_tokener_new();
	json_object *o = json_tokener_parse_ex(t, json, (int)n);

	if (a->lasts || !json_object_is_type(o, json_type_object) ||
	    json_tokener_get_parse_end(t) != n || memchr(json, '\n', n))
		a->late = true;
	json_tokener_free(t);
	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 16;
		a->line = realloc(a->line, a->room * sizeof *a->line);
	}
	a->line[a->n++] = o;
	a->lasts += last;
}

void answer_clear(struct answer *a)
{
	for (unsigned i = 0; i < a->n; i++)
		json_object_put(a->line[i]);
	free(a->line);
	*a = (struct answer){ 0 };
}

json_object *answer_row(const struct answer *a, unsigned i, const char *key)
{
	json_object *row = NULL, *v = NULL;

	if (i < a->n && json_object_object_get_ex(a->line[i], "row", &row))
		json_object_object_get_ex(row, key, &v);
	return v;
}

const char *answer_text(const struct answer *a, unsigned i, const char *key)
{
	json_object *v = answer_row(a, i, key);

	return v ? json_object_get_string(v) : "";
}

int64_t answer_int(const struct answer *a, unsigned i, const char *key)
{
	return json_object_get_int64(answer_row(a, i, key));
}

int answer_code(const struct answer *a)
{
	json_object *v;

	if (!a->n || a->lasts != 1 || a->late)
		return 1;
	if (json_object_object_get_ex(a->line[a->n - 1], "end", &v))
		return json_object_is_type(v, json_type_int) && !json_object_get_int(v) ? 0 : 1;
	if (!*answer_error(a) || !json_object_object_get_ex(a->line[a->n - 1], "code", &v))
		return 1;
	return json_object_get_int(v);
}

const char *answer_error(const struct answer *a)
{
	json_object *v;

	if (!a->n || !json_object_object_get_ex(a->line[a->n - 1], "error", &v))
		return "";
	return json_object_get_string(v);
}

static bool unfinished(void *arg)
{
	return !((struct answer *)arg)->lasts;
}

int bed_ask(struct bed *b, struct answer *a, const char *line)
{
	answer_clear(a);
	node_command(b->node, line, answer_add, a);
	if (!a->lasts)
		world_run_while(b->world, unfinished, a, world_now(b->world) + 60000000);
	return answer_code(a);
}

static void count_line(void *arg, enum env_log_level level, const char *line, size_t n)
{
	struct bed_grep *g = arg;

	(void)level;
	(void)n;
	g->n += strstr(line, g->word) != NULL;
}

void bed_grep(struct bed *b, struct bed_grep *g)
{
	world_log_to(b->env, g ? count_line : NULL, g);
}
