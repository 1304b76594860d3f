/* SPDX-License-Identifier: MIT
 * t/sim/txlab.c - nodes with the plugin transactions in the simulator
 */
#include "sim/txlab.h"

#include <stdio.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "plug/impl.h"

static const struct plug_builtin builtins[] = { { "blocks", &tn_plugin_desc_blocks },
						{ "masternodes", &tn_plugin_desc_masternodes },
						{ "transactions", &tn_plugin_desc_transactions },
						{ "pingpong", &tn_plugin_desc_pingpong } };

struct pluglab *txlab_create(struct world *w, const char *name, const char *ip, const char *connect,
			     const char *options)
{
	char conf[2048];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; }; "
		 "plugins: { pingpong: { }; blocks: { }; masternodes: { }; "
		 "transactions: { %s }; };",
		 ip, connect, options);
	return pluglab_create(w, name, ip, conf, builtins, 4);
}

struct pluglab *txlab_mouth(struct world *w, const char *ip, const char *connect)
{
	char conf[1024];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; }; "
		 "plugins: { pingpong: { }; };",
		 ip, connect);
	return pluglab_create(w, ip, ip, conf, builtins, 4);
}

struct tn_ctx *txlab_ctx(struct pluglab *l)
{
	return pluglab_ctx(l, "transactions");
}

struct pool *txlab_pool(struct pluglab *l)
{
	return state_of(txlab_ctx(l))->pool;
}

int64_t txlab_metric(struct pluglab *l, const char *name)
{
	struct plug_metric m;

	for (size_t i = 0; plug_metric(l->plug, i, &m); i++)
		if (!strcmp(m.plugin, "transactions") && !strcmp(m.name, name))
			return m.value;
	return -1;
}

struct pending {
	bool (*fn)(void *);
	void *arg;
};

static bool not_yet(void *arg)
{
	struct pending *p = arg;

	return !p->fn(p->arg);
}

bool txlab_until(struct world *w, uint64_t ms, bool (*fn)(void *), void *arg)
{
	struct pending p = { fn, arg };

	return fn(arg) || (world_run_while(w, not_yet, &p, world_now(w) + ms * 1000), fn(arg));
}

void txlab_run(struct world *w, uint64_t ms)
{
	world_run(w, world_now(w) + ms * 1000);
}

int txlab_submit(struct world *w, struct pluglab *l, const struct tn_tx *tx, char *why, size_t room)
{
	struct outcome out = { .why = why, .room = room };
	struct tn_arena *a = tn_arena_create(0);
	const void *copy;

	if (!a || tn_clone(&tn_wire_tx, tx, a, &copy))
		bail_out("no memory");
	intake_submit(txlab_ctx(l), copy, a, outcome_promise(txlab_ctx(l), &out));
	tn_arena_unref(a);
	if (!outcome_wait(w, &out))
		bail_out("no word about a transaction");
	return out.result;
}

void txlab_block(struct world *w, struct pluglab *l, const struct tn_block *b, struct tn_arena *a)
{
	char why[240];

	if (chainlab_submit(w, l, b, a, why, sizeof why))
		bail_out("block %d: %s", (int)b->header.height, why);
}

static const struct account_row *row_of(struct pluglab *l, const struct session *s,
					const char *name)
{
	unsigned id = names_find(net_names(l->lab->net), name, strlen(name));

	for (unsigned i = 0; i < s->account.rows; i++)
		if (s->account.row[i].id == id)
			return &s->account.row[i];
	return NULL;
}

uint64_t txlab_refused(struct pluglab *l, const char *name, const char *reason)
{
	uint64_t n = 0;

	for (struct session *s = net_any(l->lab->net, NULL); s; s = net_any(l->lab->net, s)) {
		const struct account_row *r = row_of(l, s, name);

		for (unsigned i = 0; r && i < r->refusals; i++)
			if (r->refusal[i].way == ACCOUNT_IN &&
			    !strcmp(reasons_text(net_names(l->lab->net), r->refusal[i].reason),
				    reason))
				n += r->refusal[i].count;
	}
	return n;
}

uint64_t txlab_received(struct pluglab *l, const char *name)
{
	uint64_t n = 0;

	for (struct session *s = net_any(l->lab->net, NULL); s; s = net_any(l->lab->net, s)) {
		const struct account_row *r = row_of(l, s, name);

		n += r ? r->received : 0;
	}
	return n;
}

void txlab_say(struct pluglab *l, const char *name, const char *line)
{
	pluglab_say(l, name, line);
}
