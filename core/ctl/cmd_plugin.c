/* SPDX-License-Identifier: MIT
 * core/ctl/cmd_plugin.c - plugins, and load, unload and upgrade of one
 */
#include <stdio.h>

#include "ctl/impl.h"

static void give_messages(struct request *r, const struct plug_info *p)
{
	char text[2048] = "";

	for (unsigned i = 0; i < p->messages.rows; i++) {
		const struct tn_message *m = plug_row(&p->messages, i);

		if (m->claim == TN_OWN)
			reply_join(text, sizeof(text), m->name);
	}
	reply_text(r, "messages", text);
}

/* A want stands in parentheses. */
static void give_needs(struct request *r, const struct plug_info *p)
{
	char text[512] = "", word[64];

	for (unsigned i = 0; i < p->needs.rows; i++) {
		const struct tn_need *n = plug_row(&p->needs, i);

		snprintf(word, sizeof(word), n->want == TN_WANT ? "(%.48s)" : "%.48s", n->name);
		reply_join(text, sizeof(text), word);
	}
	reply_text(r, "needs", text);
}

static int run_plugins(struct request *r, struct tn_error *err)
{
	struct plug_info p;

	(void)err;
	for (size_t i = 0; plug_info(r->ctl->set.plug, i, &p); i++) {
		reply_row(r);
		reply_text(r, "name", p.name);
		reply_text(r, "version", p.version);
		reply_text(r, "state", p.state);
		reply_text(r, "path", p.path);
		give_messages(r, &p);
		give_needs(r, &p);
		reply_u64(r, "pending", p.pending);
		reply_u64(r, "calls", p.overrun.calls);
		reply_u64(r, "slow", p.overrun.slow);
		reply_u64(r, "worst_us", p.overrun.worst_us);
		reply_text(r, "summary", p.summary);
		reply_text(r, "reason", p.reason ? p.reason : "");
		reply_u64(r, "retry_s", (p.retry_us + 999999) / 1000000);
		reply_send(r);
	}
	return 0;
}

/* ---- metrics */

static void give_times(struct request *r, const struct plug_metric *m)
{
	const struct {
		const char *key;
		uint64_t v;
	} part[] = { { "last", m->last_us }, { "min", m->min_us }, { "max", m->max_us } };

	if (m->kind == TN_M_TIMES && m->times)
		reply_u64(r, "times", m->times);
	else
		reply_null(r, "times");
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		if (m->kind == TN_M_TIMES && m->times)
			reply_u64(r, part[i].key, part[i].v);
		else
			reply_null(r, part[i].key);
	}
}

static int run_metrics(struct request *r, struct tn_error *err)
{
	static const char *const kind[] = { "count", "gauge", "times" };
	struct plug_metric m;

	(void)err;
	for (size_t i = 0; plug_metric(r->ctl->set.plug, i, &m); i++) {
		reply_row(r);
		reply_text(r, "plugin", m.plugin);
		reply_text(r, "name", m.name);
		reply_text(r, "kind", m.kind <= TN_M_TIMES ? kind[m.kind] : "?");
		reply_i64(r, "value", m.value);
		give_times(r, &m);
		reply_text(r, "help", m.help ? m.help : "");
		reply_send(r);
	}
	return 0;
}

/* ---- load, unload, upgrade */

static int run_plugin(struct request *r, struct tn_error *err)
{
	const char *action = r->value[0], *name = r->value[1];

	if (strcmp(action, "load") == 0)
		return plug_load(r->ctl->set.plug, name, err);
	if (strcmp(action, "unload") == 0)
		return request_leave(r, name, PLUG_UNLOAD, err);
	if (strcmp(action, "upgrade") == 0)
		return request_leave(r, name, PLUG_UPGRADE, err);
	return tn_fail(err, TN_EINVAL, "plugin \"%.40s\": the actions are load, unload and upgrade",
		       action);
}

const struct command command_plugin[] = {
	{ .name = "plugins", .help = "loaded plugins in the order of loading", .run = run_plugins },
	{ .name = "metrics", .help = "what the plugins count and time", .run = run_metrics },
	{ .name = "plugin",
	  .help = "load, unload or upgrade a plugin by name",
	  .param = { { "action", false }, { "name", false } },
	  .changes = true,
	  .run = run_plugin },
	{ .name = NULL },
};
