/* SPDX-License-Identifier: MIT
 * core/plug/host.c - the table that plugins call; thin: the work is elsewhere
 */
#include <stdio.h>
#include <string.h>

#include "plug/impl.h"

#define ARENA_LIMIT ((size_t)256 << 20)

static struct plug *plug_of(struct tn_ctx *c)
{
	return plugin_of(c)->plug;
}

static struct bus_member *member_of(struct tn_ctx *c)
{
	return plugin_of(c)->member;
}

static struct session *up_session(struct tn_ctx *c, struct tn_sid sid)
{
	struct session *s = net_session(plug_of(c)->net, sid.v);

	return s && session_is_up(s) ? s : NULL;
}

/* ---- time, chance, memory */

static uint64_t now_us(struct tn_ctx *c)
{
	return env_mono_us(plug_of(c)->env);
}

static int64_t wall_s(struct tn_ctx *c)
{
	int64_t us = env_wall_us(plug_of(c)->env);

	return us / 1000000 - (us % 1000000 < 0);
}

static void random_bytes(struct tn_ctx *c, void *p, size_t n)
{
	env_random(plug_of(c)->env, p, n);
}

static struct tn_arena *scratch(struct tn_ctx *c)
{
	return bus_scratch(plug_of(c)->bus);
}

static struct tn_arena *arena_new(struct tn_ctx *c)
{
	(void)c;
	return tn_arena_create(ARENA_LIMIT);
}

/* ---- sessions */

static uint32_t flags_of(const struct session *s)
{
	return (s->outbound ? TN_S_OUTBOUND : 0u) | (s->legacy ? TN_S_LEGACY : 0u) |
	       (s->masternode ? TN_S_MASTERNODE : 0u) | (s->manual ? TN_S_MANUAL : 0u);
}

/* Also for one that is just closing: down() wants to know who it was. */
static int session(struct tn_ctx *c, struct tn_sid sid, struct tn_session *out, size_t size)
{
	struct session *s = net_session(plug_of(c)->net, sid.v);
	struct tn_session all = { .size = sizeof all };

	if (!s)
		return TN_EGONE;
	all.flags = flags_of(s);
	all.addr = s->addr;
	all.up_us = s->up_us;
	all.quiet_ms = session_quiet_ms(s, now_us(c));
	all.queued = s->out.bytes;
	all.node_id = s->node_id;
	memcpy(all.agent, s->agent, sizeof all.agent);
	memcpy(out, &all, size < sizeof all ? size : sizeof all);
	return 0;
}

static void *slot(struct tn_ctx *c, struct tn_sid sid)
{
	struct session *s = up_session(c, sid);

	return s ? slots_get(plugin_of(c), s) : NULL;
}

static int each(struct tn_ctx *c, const struct tn_filter *f, tn_each_fn *fn, void *arg)
{
	struct session *s;
	int rc = 0;

	for (s = net_first(plug_of(c)->net); s && !rc; s = net_next(s))
		if (bus_matches(member_of(c), f, s))
			rc = fn(c, (struct tn_sid){ s->sid }, slots_get(plugin_of(c), s), arg);
	return rc;
}

static bool is_all(const struct tn_filter *f)
{
	return !f || (!f->except.v && !f->all_of && !f->none_of && !f->also);
}

static uint32_t count(struct tn_ctx *c, const struct tn_filter *f)
{
	struct session *s;
	uint32_t n = 0;

	if (is_all(f))
		return net_count_up(plug_of(c)->net);
	for (s = net_first(plug_of(c)->net); s; s = net_next(s))
		n += bus_matches(member_of(c), f, s);
	return n;
}

static struct tn_sid find(struct tn_ctx *c, const struct tn_addr *a)
{
	struct session *s = net_find(plug_of(c)->net, a);

	return s ? (struct tn_sid){ s->sid } : TN_NOBODY;
}

static int close_session(struct tn_ctx *c, struct tn_sid sid, const char *why)
{
	struct session *s = up_session(c, sid);

	if (!s)
		return TN_EGONE;
	net_close(plug_of(c)->net, s, "%s", why);
	return 0;
}

static int fault(struct tn_ctx *c, struct tn_sid sid, unsigned points, const char *why)
{
	return net_fault(plug_of(c)->net, sid.v, points, why);
}

static int note(struct tn_ctx *c, struct tn_sid sid, enum tn_note n, int64_t v)
{
	struct session *s = up_session(c, sid);

	if (!s)
		return TN_EGONE;
	switch (n) {
	case TN_NOTE_RTT_US:
		session_set_note(s, SESSION_RTT_US, v);
		return 0;
	case TN_NOTE_USEFUL_MS:
		session_set_note(s, SESSION_USEFUL_MS, v);
		return 0;
	case TN_NOTE_HEIGHT:
		session_set_note(s, SESSION_HEIGHT, v);
		return 0;
	case TN_NOTE_MASTERNODE:
		session_set_masternode(s, v != 0);
		return 0;
	}
	return TN_EINVAL;
}

static int dial(struct tn_ctx *c, const struct tn_addr *a, enum tn_dial kind, bool want)
{
	switch (kind) {
	case TN_DIAL_CANDIDATE:
		return net_dial(plug_of(c)->net, a, PEER_CANDIDATE, want);
	case TN_DIAL_MASTERNODE:
		return net_dial(plug_of(c)->net, a, PEER_MASTERNODE, want);
	case TN_DIAL_MANUAL:
		return net_dial(plug_of(c)->net, a, PEER_MANUAL, want);
	}
	return TN_EINVAL;
}

static bool usable(struct tn_ctx *c, const struct tn_addr *a)
{
	return net_usable(plug_of(c)->net, a);
}

static int self(struct tn_ctx *c, struct tn_addr *out)
{
	return net_self(plug_of(c)->net, out);
}

/* ---- messages */

static int send_one(struct tn_ctx *c, struct tn_sid sid, unsigned row, const void *body,
		    uint32_t bytes)
{
	return bus_send(member_of(c), sid.v, row, body, bytes);
}

static int broadcast(struct tn_ctx *c, const struct tn_filter *f, unsigned row, const void *body,
		     uint32_t bytes)
{
	return bus_broadcast(member_of(c), f, row, body, bytes);
}

static int relay(struct tn_ctx *c, const struct tn_filter *f, const struct tn_msg *m)
{
	return bus_relay(member_of(c), f, m);
}

static int ask_peer(struct tn_ctx *c, struct tn_sid sid, const struct tn_question *q)
{
	return bus_ask_peer(member_of(c), sid.v, q);
}

/* A tn_frame is a frame: plugins only ever have the pointer. */
static struct tn_frame *frame(struct tn_ctx *c, unsigned row, const void *body, uint32_t bytes)
{
	return (struct tn_frame *)(void *)bus_frame(member_of(c), row, body, bytes);
}

static struct tn_frame *frame_line(struct tn_ctx *c, unsigned row, struct tn_view line)
{
	return (struct tn_frame *)(void *)bus_frame_line(member_of(c), row, line);
}

static int send_frame(struct tn_ctx *c, struct tn_sid sid, struct tn_frame *f)
{
	return bus_send_frame(member_of(c), sid.v, (struct frame *)(void *)f);
}

static int broadcast_frame(struct tn_ctx *c, const struct tn_filter *filter, struct tn_frame *f)
{
	return bus_broadcast_frame(member_of(c), filter, (struct frame *)(void *)f);
}

static void free_frame(struct tn_frame *f)
{
	frame_unref((struct frame *)(void *)f);
}

static struct tn_hold hold(struct tn_ctx *c, const struct tn_msg *m)
{
	return (struct tn_hold){ bus_hold(member_of(c), m) };
}

static const struct tn_msg *held(struct tn_ctx *c, struct tn_hold h)
{
	return bus_held(member_of(c), h.v);
}

static int settle(struct tn_ctx *c, struct tn_hold h, tn_verdict v)
{
	return bus_settle(member_of(c), h.v, v);
}

/* ---- promises, timers and jobs */

static struct tn_ticket promise(struct tn_ctx *c, uint32_t ms, tn_finish_fn *fn, void *arg)
{
	return (struct tn_ticket){ ticket_promise(plugin_of(c), ms, fn, arg) };
}

static struct tn_ticket cmd_hold(struct tn_ctx *c, struct tn_cmd *cmd, uint32_t ms)
{
	uint64_t t = 0;

	if (cmd && command_owner(cmd) == plugin_of(c))
		t = ticket_command(plugin_of(c), cmd, ms);
	if (t)
		command_hold(cmd, t);
	return (struct tn_ticket){ t };
}

static int finish(struct tn_ctx *c, struct tn_ticket t, int result, const void *payload)
{
	return ticket_finish(plug_of(c), t.v, result, payload);
}

static struct tn_timer after(struct tn_ctx *c, uint64_t ms, tn_timer_fn *fn, void *arg)
{
	return (struct tn_timer){ plug_timer_add(plugin_of(c), ms, false, fn, arg) };
}

static struct tn_timer every(struct tn_ctx *c, uint64_t ms, tn_timer_fn *fn, void *arg)
{
	return (struct tn_timer){ plug_timer_add(plugin_of(c), ms, true, fn, arg) };
}

static struct tn_timer pulse(struct tn_ctx *c, uint64_t ms, tn_pulse_fn *fn)
{
	return (struct tn_timer){ plug_timer_pulse(plugin_of(c), ms, fn) };
}

static int cancel(struct tn_ctx *c, struct tn_timer t)
{
	return plug_timer_cancel(plugin_of(c), t.v);
}

static int work(struct tn_ctx *c, const struct tn_job *j)
{
	return job_work(plugin_of(c), j);
}

/* ---- services and events */

static struct tn_svc need(struct tn_ctx *c, unsigned row)
{
	return service_find(plugin_of(c), row);
}

static void tell(struct tn_ctx *c, unsigned row, const void *payload)
{
	const struct tn_emits *e = plug_row(&plugin_of(c)->desc.emits, row);

	if (e)
		event_tell(plug_of(c), e->name, e->size, payload);
}

static int ask(struct tn_ctx *c, unsigned row, void *payload, struct tn_error *err)
{
	const struct tn_emits *e = plug_row(&plugin_of(c)->desc.emits, row);

	return e ? event_ask(plugin_of(c), e->name, e->size, payload, err) : TN_EINVAL;
}

/* ---- the network */

static int network(struct tn_ctx *c, struct tn_net_info *out, size_t size)
{
	const struct settings *set = plug_of(c)->settings;
	struct tn_net_info all = { .size = sizeof all };

	if (!out || !size)
		return TN_EINVAL;
	snprintf(all.name, sizeof all.name, "%.*s", (int)set->network.name.n, set->network.name.p);
	all.genesis_time = (int64_t)set->network.genesis_time;
	all.has_genesis = set->has_genesis;
	memcpy(all.genesis.b, set->genesis, sizeof all.genesis.b);
	memcpy(out, &all, size < sizeof all ? size : sizeof all);
	return 0;
}

static int tell_genesis(struct tn_ctx *c, const struct tn_hash *hash)
{
	return hash ? net_tell_genesis(plug_of(c)->net, hash->b) : TN_EINVAL;
}

static int data_dir(struct tn_ctx *c, char *buf, size_t room)
{
	const struct plug *pl = plug_of(c);
	struct tn_str dir = pl->settings->top.data_dir;

	if (!pl->has_files || !dir.n)
		return TN_ENOENT;
	if (!buf || dir.n >= room)
		return TN_EFULL;
	memcpy(buf, dir.p, dir.n);
	buf[dir.n] = '\0';
	return 0;
}

/* ---- storage */

static int get(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view key,
	       struct tn_view *val)
{
	return data_get(plugin_of(c), b, db, key, val);
}

static int scan(struct tn_ctx *c, unsigned db, struct tn_view from, tn_scan_fn *fn, void *arg)
{
	return data_scan(plugin_of(c), db, from, fn, arg);
}

static struct tn_batch *batch(struct tn_ctx *c)
{
	return data_batch(plugin_of(c));
}

static int put(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view key,
	       struct tn_view val)
{
	return data_put(plugin_of(c), b, db, key, val);
}

static int del(struct tn_ctx *c, struct tn_batch *b, unsigned db, struct tn_view key)
{
	return data_del(plugin_of(c), b, db, key);
}

static int commit(struct tn_ctx *c, struct tn_batch *b, struct tn_ticket durable)
{
	return data_commit(plugin_of(c), b, 0, durable.v);
}

static int commit_within(struct tn_ctx *c, struct tn_batch *b, uint32_t ms,
			 struct tn_ticket durable)
{
	return data_commit(plugin_of(c), b, ms, durable.v);
}

static void abandon(struct tn_ctx *c, struct tn_batch *b)
{
	data_abandon(plugin_of(c), b);
}

/* ---- what people see */

static int row(struct tn_ctx *c, struct tn_cmd *cmd, const void *obj, uint32_t bytes)
{
	return command_row(plugin_of(c), cmd, obj, bytes);
}

static void metric(struct tn_ctx *c, unsigned index, int64_t v)
{
	metric_add(plugin_of(c), index, v);
}

static enum log_level level_of(enum tn_level l)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };

	return (unsigned)l <= TN_DEBUG ? levels[l] : LOG_LEVEL_DEBUG;
}

static void log_text(struct tn_ctx *, enum tn_level, struct tn_sid, const char *, ...)
	__attribute__((format(printf, 4, 5)));

/* With a session the line is led by its direction, and repeats are counted per peer and
 * kind of line: a plugin's format is part of the subject, because ours is always the same. */
static void log_text(struct tn_ctx *c, enum tn_level lv, struct tn_sid sid, const char *fmt, ...)
{
	struct plugin *p = plugin_of(c);
	struct session *s = net_session(p->plug->net, sid.v);
	char text[512], subject[160], addr[TN_ADDR_TEXT];
	va_list ap;

	if (!logger_wants(p->plug->log, p->name, level_of(lv)))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(subject, sizeof subject, "%s %s %s", p->name,
		 s ? tn_addr_text(&s->remote, addr) : "", fmt);
	log_line(p->plug->log, p->name, level_of(lv), subject, "%s%s%s", s ? session_dir(s) : "",
		 s ? " " : "", text);
}

const struct tn_host plug_host = {
	.size = sizeof(struct tn_host),
	.major = TN_ABI_MAJOR,
	.minor = TN_ABI_MINOR,
	.now_us = now_us,
	.wall_s = wall_s,
	.random = random_bytes,
	.scratch = scratch,
	.arena_new = arena_new,
	.session = session,
	.slot = slot,
	.each = each,
	.count = count,
	.find = find,
	.close = close_session,
	.fault = fault,
	.note = note,
	.dial = dial,
	.usable = usable,
	.self = self,
	.send = send_one,
	.broadcast = broadcast,
	.relay = relay,
	.ask_peer = ask_peer,
	.frame = frame,
	.send_frame = send_frame,
	.broadcast_frame = broadcast_frame,
	.frame_unref = free_frame,
	.hold = hold,
	.held = held,
	.settle = settle,
	.promise = promise,
	.cmd_hold = cmd_hold,
	.finish = finish,
	.after = after,
	.every = every,
	.pulse = pulse,
	.cancel = cancel,
	.need = need,
	.tell = tell,
	.ask = ask,
	.get = get,
	.scan = scan,
	.batch = batch,
	.put = put,
	.del = del,
	.commit = commit,
	.abandon = abandon,
	.row = row,
	.metric = metric,
	.log = log_text,
	.work = work,
	.network = network,
	.data_dir = data_dir,
	.commit_within = commit_within,
	.tell_genesis = tell_genesis,
	.frame_line = frame_line,
};
