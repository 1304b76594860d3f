/* SPDX-License-Identifier: MIT
 * bench/inside.c - a whole node in this process, on libevent and real sockets
 */
#include "inside.h"

#include <stdio.h>

#include "crowd.h"
#include "store/store.h"

static void no_log(void *arg, enum env_log_level level, const char *line, size_t n)
{
	(void)arg;
	if (level == ENV_LOG_ERROR)
		fprintf(stderr, "%.*s\n", (int)n, line);
}

static int configure(struct inside *in, bool plugin, struct tn_error *err)
{
	char text[512];

	in->port = free_port();
	snprintf(text, sizeof text,
		 "network: { name = \"private\"; listen = [ \"127.0.0.1:%u\" ]; };\n"
		 "sessions: { inbound = 10000; };\nlog: { level = \"error\"; };\n"
		 "plugins: { %s };\n",
		 in->port, plugin ? "probe: { };" : "");
	in->texts = tn_arena_create(0);
	in->conf = conf_read_text(text, "bench", err);
	return in->conf && in->texts ? settings_read(in->conf, &in->set, in->texts, err) : -1;
}

void inside_start(struct inside *in, bool plugin)
{
	static const struct plug_builtin builtin = { "probe", &tn_plugin_desc_probe };
	struct tn_error err = { "no memory" };
	struct node_setup set = { .settings = &in->set,
				  .builtins = &builtin,
				  .builtin_count = 1,
				  .agent = "timenode/bench" };

	in->env = env_event_create(&err);
	if (!in->env || configure(in, plugin, &err))
		give_up("no node: %s", err.text);
	env_event_log_to(in->env, no_log, NULL);
	set.env = in->env;
	set.conf = in->conf;
	set.store = store_memory_create();
	in->node = node_create(&set, &err);
	if (!in->node || node_start(in->node, NULL, &err))
		give_up("no node: %s", err.text);
}

void inside_stop(struct inside *in)
{
	node_free(in->node);
	env_event_free(in->env);
	conf_free(in->conf);
	tn_arena_unref(in->texts);
}
