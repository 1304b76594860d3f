/* SPDX-License-Identifier: MIT
 * t/sim/chainlab.c - nodes with the plugin blocks in the simulator
 */
#include "sim/chainlab.h"

#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "plug/impl.h"

static const struct plug_builtin builtins[] = { { "blocks", &tn_plugin_desc_blocks },
						{ "pingpong", &tn_plugin_desc_pingpong } };

struct chaingen *chainlab_gen(uint64_t seed, uint32_t txs)
{
	struct chaingen_conf conf = { .seed = seed, .txs = txs, .masternodes = 3 };

	tn_network_find("testnet", &conf.net);
	return chaingen_create(&conf);
}

struct pluglab *chainlab_create(struct world *w, const char *name, const char *ip,
				const char *connect, const char *options)
{
	char conf[1024];

	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"%s\" ]; connect = [ %s ]; }; "
		 "plugins: { pingpong: { }; blocks: { %s }; };",
		 ip, connect, options);
	return pluglab_create(w, name, ip, conf, builtins, 2);
}

static const struct tn_chain_ops *ops(void)
{
	const struct tn_offer *o = tn_plugin_desc_blocks.offers.row;

	return o->ops;
}

struct tn_ctx *chain_ctx(struct plug *p)
{
	return &life_find(p, "blocks")->ctx;
}

struct tn_tip chain_tip(struct plug *p)
{
	struct tn_tip tip;

	ops()->tip(chain_ctx(p), &tip);
	return tip;
}

struct tn_tip chainlab_tip(struct pluglab *l)
{
	return chain_tip(l->plug);
}

int chain_hash_at(struct plug *p, uint64_t height, struct tn_hash *out)
{
	return ops()->hash_at(chain_ctx(p), height, out);
}

int chain_block_at(struct plug *p, uint64_t height, struct tn_arena *a, const struct tn_block **out)
{
	return ops()->block_at(chain_ctx(p), height, a, out);
}

void chain_offer(struct plug *p, const struct tn_block *b, struct tn_arena *a)
{
	ops()->submit(chain_ctx(p), b, a, TN_NO_TICKET);
}

int chain_coins_of(struct plug *p, struct tn_bytes script, const struct tn_outpoint *after,
		   uint32_t limit, struct tn_arena *a, struct tn_placed_coins *out)
{
	return ops()->coins_of(chain_ctx(p), script, after, limit, a, out);
}

static uint16_t row_of(const char *name)
{
	const struct tn_table *t = &tn_plugin_desc_blocks.messages;
	const struct tn_message *m = t->row;

	for (uint16_t i = 0; i < t->rows; i++)
		if (!strcmp(m[i].name, name))
			return i;
	bail_out("no message %s", name);
}

int chain_ask_peer(struct plug *p, const char *ip, const char *send, const char *expect,
		   const void *body, uint32_t bytes, tn_reply_fn *done, uint64_t tag)
{
	struct tn_question q = { .body = body,
				 .bytes = bytes,
				 .send = row_of(send),
				 .expect = row_of(expect),
				 .timeout_ms = 20000,
				 .tag = tag,
				 .done = done };
	struct tn_addr addr;

	tn_addr_parse(&addr, ip, strlen(ip));
	addr.port = 0;
	return tn_ask_peer(chain_ctx(p), tn_find(chain_ctx(p), &addr), &q);
}

static int give(struct world *w, struct pluglab *l, const struct tn_block *b, struct tn_arena *a,
		bool dry, char *why, size_t room)
{
	struct tn_ctx *c = pluglab_ctx(l, "blocks");
	struct outcome out = { .why = why, .room = room };
	struct tn_ticket t = outcome_promise(c, &out);

	(dry ? ops()->check : ops()->submit)(c, b, a, t);
	if (!outcome_wait(w, &out))
		bail_out("no word about block %d", (int)b->header.height);
	return out.result;
}

int chainlab_submit(struct world *w, struct pluglab *l, const struct tn_block *b,
		    struct tn_arena *a, char *why, size_t room)
{
	return give(w, l, b, a, false, why, room);
}

int chainlab_check(struct world *w, struct pluglab *l, const struct tn_block *b, struct tn_arena *a,
		   char *why, size_t room)
{
	return give(w, l, b, a, true, why, room);
}

void chainlab_feed(struct world *w, struct pluglab *l, struct chaingen *g, unsigned n)
{
	char why[200];

	for (unsigned i = 0; i < n; i++) {
		struct tn_arena *a = tn_arena_create(0);
		const struct tn_block *b = chaingen_next(g, a);

		if (chainlab_submit(w, l, b, a, why, sizeof why))
			bail_out("block %d: %s", (int)b->header.height, why);
		tn_arena_unref(a);
	}
}

/* ---- commands */

struct answer {
	bool done;
	char *text;
};

static void on_row(void *arg, const char *json, size_t n)
{
	struct answer *a = arg;

	free(a->text);
	a->text = strndup(json, n);
}

static void on_end(void *arg, int code, const char *text)
{
	struct answer *a = arg;

	a->done = true;
	if (!code)
		return;
	free(a->text);
	a->text = calloc(1, strlen(text) + 32);
	sprintf(a->text, "error %d %s", code, text);
}

static bool unanswered(void *arg)
{
	return !((struct answer *)arg)->done;
}

char *chain_ask(struct world *w, struct plug *p, const char *cmd, const char *args)
{
	struct answer a = { false, NULL };
	struct plug_reply reply = { .row = on_row, .end = on_end, .arg = &a };
	const struct tn_command *row = plug_command_find(p, cmd);
	struct tn_view in = { (const uint8_t *)args, strlen(args) };
	struct tn_error err = { "" };
	uint64_t running;
	int rc;

	if (!row)
		bail_out("no command %s", cmd);
	rc = plug_command_run(p, row, &reply, in, &running, &err);
	if (rc == PLUG_LATER)
		world_run_while(w, unanswered, &a, world_now(w) + 600000000);
	else
		on_end(&a, rc, err.text);
	if (!a.done)
		bail_out("command %s does not end", cmd);
	return a.text ? a.text : strdup("");
}

char *chainlab_ask(struct world *w, struct pluglab *l, const char *cmd, const char *args)
{
	return chain_ask(w, l->plug, cmd, args);
}

char *chainlab_coins(struct world *w, struct pluglab *l)
{
	char *text = chainlab_ask(w, l, "gettxoutsetinfo", "{}");
	char *at = strstr(text, "\"hash\":\"");

	if (!at)
		bail_out("gettxoutsetinfo: %s", text);
	memmove(text, at + 8, 64);
	text[64] = 0;
	return text;
}

int64_t chain_metric(struct plug *p, const char *name)
{
	struct plug_metric m;

	for (size_t i = 0; plug_metric(p, i, &m); i++)
		if (!strcmp(m.plugin, "blocks") && !strcmp(m.name, name))
			return m.value;
	return -1;
}

int64_t chainlab_metric(struct pluglab *l, const char *name)
{
	return chain_metric(l->plug, name);
}
