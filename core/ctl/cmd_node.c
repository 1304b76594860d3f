/* SPDX-License-Identifier: MIT
 * core/ctl/cmd_node.c - status, stop, reload, record, loglevel
 */
#include <stdio.h>

#include "ctl/impl.h"

/* ---- status */

static void give_identity(struct request *r)
{
	const struct ctl *ctl = r->ctl;
	const char *slash = strchr(ctl->set.agent, '/');
	const struct settings *s = ctl->set.settings;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)s->network.name.n,
		 s->network.name.p ? s->network.name.p : "");
	reply_text(r, "version", slash ? slash + 1 : ctl->set.agent);
	reply_text(r, "network", name);
	reply_u64(r, "node_id", net_node_id(ctl->set.net));
	reply_u64(r, "uptime_s", (env_mono_us(ctl->set.env) - ctl->begun_us) / 1000000);
}

static void give_addresses(struct request *r)
{
	const struct settings *s = r->ctl->set.settings;
	char text[512] = "", one[TN_ADDR_TEXT] = "";
	struct tn_addr self;

	for (uint32_t i = 0; i < s->network.listen.n; i++)
		reply_join(text, sizeof(text), tn_addr_text(&s->network.listen.v[i], one));
	reply_text(r, "listen", text);
	one[0] = '\0';
	if (net_self(r->ctl->set.net, &self) == 0)
		tn_addr_text(&self, one);
	reply_text(r, "local_ip", one);
}

static void give_plugins(struct request *r)
{
	struct plug_info p;
	char text[1024] = "";

	for (size_t i = 0; plug_info(r->ctl->set.plug, i, &p); i++)
		reply_join(text, sizeof(text), p.name);
	reply_text(r, "plugins", text);
}

static void give_audit(struct request *r)
{
	uint64_t off = audit_off(r->ctl->set.net);
	char text[40];

	snprintf(text, sizeof(text), "off by %llu", (unsigned long long)off);
	reply_text(r, "audit", off ? text : "ok");
}

static void give_counts(struct request *r, const struct net_counts *n)
{
	reply_u64(r, "dials", n->dials);
	reply_u64(r, "dial_failures", n->dial_failures);
	reply_u64(r, "handshake_failures", n->handshake_failures);
	reply_u64(r, "connects", n->connects);
	reply_u64(r, "ends", n->ends);
	reply_u64(r, "doubles", n->doubles);
	reply_u64(r, "evicted", n->evicted);
	reply_u64(r, "accepted", n->accepted);
	reply_u64(r, "refused", n->refused);
	reply_u64(r, "partial_bytes", n->partial_bytes);
	reply_u64(r, "queued_bytes", n->queued_bytes);
	reply_u64(r, "handshaking", n->handshaking);
	reply_u64(r, "held", n->held);
	reply_u64(r, "bans", bans_count(net_bans(r->ctl->set.net)));
}

/* What decides who may be a peer. */
static void give_policy(struct request *r)
{
	static const char *const rules[] = { "lower", "higher", "any" };
	const struct settings *s = r->ctl->set.settings;

	reply_text(r, "dial_rule", (unsigned)s->rule < 3 ? rules[s->rule] : "?");
	reply_bool(r, "strict_network", s->network.strict_network);
	reply_bool(r, "genesis", net_genesis(r->ctl->set.net) != NULL);
}

static void give_metrics(struct request *r)
{
	struct plug_metric m;
	char key[100];

	for (size_t i = 0; plug_metric(r->ctl->set.plug, i, &m); i++) {
		if (!m.in_status)
			continue;
		snprintf(key, sizeof(key), "%.40s.%.56s", m.plugin, m.name);
		reply_i64(r, key, m.value);
	}
}

/* How long the loop was not there for others, and who held it last. */
static void give_loop(struct request *r)
{
	static const char *const bins[ENV_TURN_BINS] = { "loop_1ms", "loop_10ms", "loop_100ms",
							 "loop_1s", "loop_longer" };
	struct env *env = r->ctl->set.env;
	struct env_turns t;

	if (!env->ops->turns)
		return;
	env->ops->turns(env, &t);
	for (unsigned i = 0; i < ENV_TURN_BINS; i++)
		reply_u64(r, bins[i], t.bin[i]);
	reply_u64(r, "loop_worst_us", t.worst_us);
	reply_text(r, "loop_held", bus_last_stall(plug_bus(r->ctl->set.plug)));
}

static int run_status(struct request *r, struct tn_error *err)
{
	struct net_counts n;

	(void)err;
	net_counts(r->ctl->set.net, &n);
	reply_row(r);
	give_identity(r);
	give_addresses(r);
	reply_u64(r, "in", n.in);
	reply_u64(r, "out", n.out);
	reply_u64(r, "masternodes", n.masternodes);
	reply_u64(r, "legacy", n.legacy);
	give_plugins(r);
	give_audit(r);
	give_counts(r, &n);
	give_policy(r);
	give_loop(r);
	give_metrics(r);
	reply_send(r);
	return 0;
}

/* ---- the rest */

static int run_stop(struct request *r, struct tn_error *err)
{
	(void)err;
	ctl_order_quit(r->ctl);
	return 0;
}

static int run_reload(struct request *r, struct tn_error *err)
{
	const struct ctl_setup *set = &r->ctl->set;

	if (!set->reload)
		return tn_fail(err, TN_ENOENT, "this node has no configuration file to read again");
	return set->reload(set->arg, err);
}

/* Those that write lines: rooms of the core, and plugins. */
static const char *const rooms[] = { "main", "node", "net", "bus", "plug", "ctl", "record" };

static int check_subsystem(const struct request *r, const char *word, struct tn_error *err)
{
	struct plug_info p;
	const char *near;

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
		if (strcmp(rooms[i], word) == 0)
			return 0;
	for (size_t i = 0; plug_info(r->ctl->set.plug, i, &p); i++)
		if (strcmp(p.name, word) == 0)
			return 0;
	near = conf_nearest(word, rooms, sizeof(rooms) / sizeof(rooms[0]));
	return tn_fail(
		err, TN_ENOENT, "no subsystem \"%.40s\"%s%s%s", word,
		near ? ", do you mean \""
		     : ": they are main, node, net, bus, plug, ctl, record and the loaded plugins",
		near ? near : "", near ? "\"?" : "");
}

static int run_loglevel(struct request *r, struct tn_error *err)
{
	const char *subsystem = r->value[0], *word = r->value[1];
	int level = log_level_of(word, strlen(word)), rc;

	if (level < 0)
		return tn_fail(err, TN_EINVAL,
			       "no log level \"%.40s\": they are error, warn, info and debug",
			       word);
	rc = subsystem ? check_subsystem(r, subsystem, err) : 0;
	if (rc < 0)
		return rc;
	rc = logger_level(r->ctl->set.log, subsystem, (enum log_level)level);
	if (rc == TN_EFULL)
		return tn_fail(err, rc, "%d subsystems have a level of their own already",
			       LOG_LEVELS_MAX);
	if (rc < 0)
		return tn_fail(err, rc, "\"%.40s\" cannot be the name of a subsystem", subsystem);
	return 0;
}

static int run_record(struct request *r, struct tn_error *err)
{
	const struct ctl_setup *set = &r->ctl->set;
	struct ctl_recording now;
	int rc;

	if (!set->record)
		return tn_fail(err, TN_ENOENT, "this node cannot be recorded");
	rc = set->record(set->arg, r->value[0], r->value[1], r->value[2], &now, err);
	if (rc)
		return rc;
	reply_row(r);
	reply_text(r, "state", now.state);
	reply_text(r, "file", now.file);
	reply_u64(r, "bytes", now.bytes);
	reply_u64(r, "max", now.max);
	reply_u64(r, "turns", now.turns);
	reply_send(r);
	return 0;
}

const struct command command_node[] = {
	{ .name = "status", .help = "the node in one row", .run = run_status },
	{ .name = "stop", .help = "end the node", .changes = true, .run = run_stop },
	{ .name = "reload",
	  .help = "read the configuration again, as SIGHUP does",
	  .changes = true,
	  .run = run_reload },
	{ .name = "record",
	  .help = "start, stop or status: all traffic and decisions into a file for timenode-replay",
	  .param = { { "action", false }, { "file", true }, { "size", true } },
	  .changes = true,
	  .outside = true,
	  .run = run_record },
	{ .name = "loglevel",
	  .help = "error, warn, info or debug, for all subsystems or one, until restart or reload",
	  .param = { { "subsystem", true }, { "level", false } },
	  .changes = true,
	  .run = run_loglevel },
	{ .name = NULL },
};
