/* SPDX-License-Identifier: MIT
 * t/sim/pluglab.c - net room, bus and plugin host in the simulator, without control room
 */
#include "sim/pluglab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "plug/impl.h"

static void on_fatal(void *arg, const char *why)
{
	struct pluglab *l = arg;

	l->fatals++;
	snprintf(l->fatal, sizeof l->fatal, "%s", why);
}

static struct plug *make_plug(struct pluglab *l, const struct plug_builtin *b, size_t n,
			      struct tn_error *err)
{
	struct plug_setup set = { .env = l->lab->env,
				  .timers = l->lab->timers,
				  .log = l->lab->log,
				  .settings = &l->lab->set,
				  .net = l->lab->net,
				  .store = l->store,
				  .builtins = b,
				  .builtin_count = n,
				  .fatal = on_fatal,
				  .fatal_arg = l };

	return plug_create(&set, err);
}

struct pluglab *pluglab_create(struct world *w, const char *name, const char *ip, const char *conf,
			       const struct plug_builtin *b, size_t n)
{
	struct pluglab *l = calloc(1, sizeof *l);
	struct tn_error err = { "" };

	l->lab = netlab_create(w, name, ip, conf);
	l->conf = conf_read_text(conf, "pluglab", &err);
	l->store = store_memory_create();
	if (l->store)
		store_write_behind(l->store, l->lab->env, l->lab->timers);
	l->plug = make_plug(l, b, n, &err);
	if (!l->conf || !l->store || !l->plug || plug_load_all(l->plug, l->conf, &err) ||
	    plug_start_all(l->plug, &err))
		bail_out("%s: %s", name, err.text);
	netlab_start(l->lab);
	return l;
}

void pluglab_free(struct pluglab *l)
{
	if (!l)
		return;
	plug_free(l->plug);
	netlab_free(l->lab);
	store_close(l->store);
	conf_free(l->conf);
	free(l);
}

static bool apart(void *arg)
{
	struct plugpair *p = arg;

	return !pluglab_session(p->a) || !pluglab_session(p->b);
}

struct plugpair plugpair_create(uint64_t seed, const char *plugins, const struct plug_builtin *b,
				size_t n)
{
	struct plugpair p = { .world = world_create(seed) };
	char conf[2048];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; }; plugins: { %s };",
		 plugins);
	p.b = pluglab_create(p.world, "b", "60.0.0.2", conf, b, n);
	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; connect = [ "
		 "\"60.0.0.2\" ]; }; plugins: { %s };",
		 plugins);
	p.a = pluglab_create(p.world, "a", "50.0.0.1", conf, b, n);
	world_run_while(p.world, apart, &p, world_now(p.world) + 10000000);
	if (apart(&p)) {
		world_log_print(p.a->lab->env, stderr);
		bail_out("the two nodes did not meet");
	}
	return p;
}

void plugpair_free(struct plugpair *p)
{
	pluglab_free(p->a);
	pluglab_free(p->b);
	world_free(p->world);
}

void plugpair_run(struct plugpair *p, uint64_t ms)
{
	world_run(p->world, world_now(p->world) + ms * 1000);
}

struct session *pluglab_session(struct pluglab *l)
{
	return netlab_single(l->lab);
}

struct tn_ctx *pluglab_ctx(struct pluglab *l, const char *plugin)
{
	return &life_find(l->plug, plugin)->ctx;
}

static unsigned id_of(struct pluglab *l, const char *name)
{
	return names_find(net_names(l->lab->net), name, strlen(name));
}

void pluglab_say(struct pluglab *l, const char *name, const char *line)
{
	struct tn_view v = { (const uint8_t *)line, strlen(line) };
	struct frame *f = frame_copy(names_add(net_names(l->lab->net), name), v);

	if (net_send(l->lab->net, pluglab_session(l), f, 0, false))
		bail_out("cannot send %s", line);
	frame_unref(f);
}

static const struct account_row *row_of(struct pluglab *l, const char *name)
{
	static const struct account_row none;
	const struct session *s = pluglab_session(l);
	unsigned id = id_of(l, name);

	for (unsigned i = 0; s && i < s->account.rows; i++)
		if (s->account.row[i].id == id)
			return &s->account.row[i];
	return &none;
}

uint64_t pluglab_count(struct pluglab *l, const char *name, enum account_count which)
{
	const struct account_row *r = row_of(l, name);

	switch (which) {
	case COUNT_RECEIVED:
		return r->received;
	case COUNT_HANDLED:
		return r->handled;
	case COUNT_UNKNOWN:
		return r->unknown;
	case COUNT_MALFORMED:
		return r->malformed;
	case COUNT_OFFERED:
		return r->offered;
	case COUNT_SENT:
		return r->sent;
	case COUNT_DISCARDED:
		return r->discarded;
	}
	return 0;
}

uint64_t pluglab_refused(struct pluglab *l, const char *name, enum account_way way,
			 const char *reason)
{
	const struct account_row *r = row_of(l, name);
	uint64_t n = 0;

	for (unsigned i = 0; i < r->refusals; i++)
		if (r->refusal[i].way == way &&
		    !strcmp(reasons_text(net_names(l->lab->net), r->refusal[i].reason), reason))
			n += r->refusal[i].count;
	return n;
}

uint64_t pluglab_off(struct pluglab *l)
{
	uint64_t off = net_off_ended(l->lab->net);

	for (struct session *s = net_any(l->lab->net, NULL); s; s = net_any(l->lab->net, s))
		off += session_off(s);
	return off;
}

/* ---- tickets */

static void on_done(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	struct outcome *o = arg;

	(void)c;
	o->done = true;
	o->result = result;
	if (o->why && o->room)
		snprintf(o->why, o->room, "%s", payload ? (const char *)payload : "");
}

static bool is_open(void *arg)
{
	return !((struct outcome *)arg)->done;
}

struct tn_ticket outcome_promise(struct tn_ctx *c, struct outcome *o)
{
	return tn_promise(c, 600000, on_done, o);
}

bool outcome_wait(struct world *w, struct outcome *o)
{
	return world_run_while(w, is_open, o, world_now(w) + 60000000);
}
