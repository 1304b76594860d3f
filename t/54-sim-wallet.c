/* SPDX-License-Identifier: MIT
 * t/54-sim-wallet.c - own coins are those of the chain, whatever happens to it; payments at one
 * instant never share a coin
 *
 * SEEDS=N: so many random runs, 6 without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/rng.h"
#include "sim/txlab.h"
#include "transactions/wallet.h"

enum { COINS = 12, TRUTH = 2000 };

struct scene {
	struct world *w;
	struct paychain chain; /* its address 3 is the node's own */
	struct tn_arena *a;
	struct pluglab *node;
	struct paycoin coin[COINS];
	int64_t serial;
};

static struct tn_ctx *ctx(struct scene *s)
{
	return txlab_ctx(s->node);
}

static void begin(struct scene *s, uint64_t seed)
{
	struct wallet_view v;

	memset(s, 0, sizeof *s);
	s->w = world_create(seed);
	s->a = tn_arena_create((size_t)512 << 20);
	paychain_begin(&s->chain, "testnet", seed);
	s->node = txlab_create(s->w, "node", "60.0.0.9", "", "");
	txlab_block(s->w, s->node, paychain_next(&s->chain, s->a, NULL, 0, 0, s->coin, COINS),
		    s->a);
	txlab_run(s->w, 500);
	wallet_view(ctx(s), &v);
	if (!v.address[0])
		bail_out("the node has no key");
	snprintf(s->chain.address[3], sizeof s->chain.address[3], "%s", v.address);
}

static void end(struct scene *s)
{
	pluglab_free(s->node);
	paychain_end(&s->chain);
	tn_arena_unref(s->a);
	world_free(s->w);
}

/* ---- the truth: own coins from the blocks alone */

struct truth {
	struct paycoin coin[TRUTH];
	unsigned n;
	uint64_t sum;
};

static void spend(struct truth *t, const struct tn_outpoint *at)
{
	for (unsigned i = 0; i < t->n; i++)
		if (!memcmp(&t->coin[i].at, at, sizeof *at)) {
			t->sum -= t->coin[i].value;
			t->coin[i] = t->coin[--t->n];
			return;
		}
}

static void add_block(struct scene *s, struct truth *t, const struct tn_block *b)
{
	for (uint32_t i = 0; i < b->transactions.n; i++) {
		const struct tn_tx *tx = &b->transactions.v[i];
		struct tn_hash id = pay_txid(&s->chain, tx);

		for (uint32_t k = 0; k < tx->inputs.n; k++)
			spend(t, &tx->inputs.v[k].previous_output);
		for (uint32_t k = 0; k < tx->outputs.n; k++) {
			struct tn_bytes to = tx->outputs.v[k].script_pubkey;

			if (to.n != strlen(s->chain.address[3]) ||
			    memcmp(to.p, s->chain.address[3], to.n) != 0)
				continue;
			t->coin[t->n++] = (struct paycoin){ { id, k }, tx->outputs.v[k].value, 3 };
			t->sum += tx->outputs.v[k].value;
		}
	}
}

static void find_truth(struct scene *s, struct truth *t)
{
	struct tn_tip tip = chainlab_tip(s->node);

	t->n = 0;
	t->sum = 0;
	for (uint64_t h = 1; h <= tip.height; h++) {
		struct tn_arena *a = tn_arena_create(0);
		const struct tn_block *b;

		if (tn_chain_block_at(tn_need(ctx(s), N_CHAIN), h, a, &b))
			bail_out("no block %d", (int)h);
		add_block(s, t, b);
		tn_arena_unref(a);
	}
}

/* Every coin of the truth is a confirmed one of the wallet, and no other is. */
static bool is_right(struct scene *s)
{
	static struct truth t;
	const struct wallet_coin *e = NULL;
	struct wallet_view v;
	unsigned confirmed = 0, found = 0;
	uint64_t sum = 0;

	find_truth(s, &t);
	wallet_view(ctx(s), &v);
	while ((e = wallet_next(ctx(s), e))) {
		if (!e->confirmed)
			continue;
		confirmed++;
		sum += e->value;
		for (unsigned i = 0; i < t.n; i++)
			found += !memcmp(&t.coin[i].at, &e->at, sizeof e->at) &&
				 t.coin[i].value == e->value;
	}
	if (confirmed == t.n && found == t.n && sum == t.sum && v.height == v.tip &&
	    !wallet_ready(ctx(s), NULL))
		return true;
	diag("wallet: %u coins, %u right, at %d of %d; the chain has %u", confirmed, found,
	     (int)v.height, (int)v.tip, t.n);
	return false;
}

/* ---- steps */

static void fund(struct scene *s, unsigned from, uint64_t value, uint32_t n)
{
	struct tn_tx *tx = pay(&s->chain, s->a, &s->coin[from], 1, value, n, 3, ++s->serial);

	txlab_block(s->w, s->node,
		    paychain_next(&s->chain, s->a, tx, 1, s->coin[from].value - n * value, NULL, 1),
		    s->a);
}

static char *ask(struct scene *s, const char *cmd, const char *args)
{
	return chainlab_ask(s->w, s->node, cmd, args);
}

static bool command(struct scene *s, const char *cmd, const char *args)
{
	char *text = ask(s, cmd, args);
	bool good = strncmp(text, "error", 5) != 0;

	free(text);
	return good;
}

static void back(struct scene *s, uint64_t to)
{
	char args[60];

	snprintf(args, sizeof args, "{\"action\":\"rollback\",\"height\":%d}", (int)to);
	free(ask(s, "chain", args));
	txlab_run(s->w, 500);
	s->chain.tip = chainlab_tip(s->node);
}

static void reload(struct scene *s, const char *plugin)
{
	struct tn_error err = { "" };

	if (plug_unload(s->node->plug, plugin, &err) || plug_load(s->node->plug, plugin, &err))
		bail_out("%s: %s", plugin, err.text);
	txlab_run(s->w, 500);
}

/* The oldest of the mempool into a block. */
static void block(struct scene *s, bool with)
{
	struct pool_tx *e = with ? pool_next(txlab_pool(s->node), NULL) : NULL;
	const void *copy = NULL;

	if (e && tn_clone(&tn_wire_tx, &e->tx, s->a, &copy))
		bail_out("no memory");
	txlab_block(s->w, s->node,
		    paychain_next(&s->chain, s->a, copy, e != NULL, e ? e->fee : 0, NULL, 1), s->a);
}

/* ---- what an owner sees */

static void basics(void)
{
	struct tn_error err = { "" };
	struct scene s;
	char *text;

	begin(&s, 1);
	ok(is_right(&s), "a new wallet has nothing");
	fund(&s, 0, 100000, 5);
	txlab_run(s.w, 500);
	ok(is_right(&s), "paid five times by a block");
	back(&s, 1);
	ok(is_right(&s), "which is taken back");
	fund(&s, 0, 100000, 5);
	fund(&s, 1, 200000, 3);
	is_int(plug_unload(s.node->plug, "transactions", &err), 0, "the plugin goes %s", err.text);
	fund(&s, 2, 300000, 2);
	is_int(plug_load(s.node->plug, "transactions", &err), 0, "and comes back %s", err.text);
	txlab_run(s.w, 500);
	ok(is_right(&s), "with what it has missed");
	is_int(plug_unload(s.node->plug, "transactions", &err), 0, "it goes again %s", err.text);
	back(&s, 2);
	fund(&s, 3, 400000, 4);
	is_int(plug_load(s.node->plug, "transactions", &err), 0, "and the chain moves %s",
	       err.text);
	txlab_run(s.w, 2000);
	ok(is_right(&s), "another branch: read anew");
	text = ask(&s, "chain", "{\"action\":\"reindex\"}");
	ok(strstr(text, "\"height\":3,"), "a reindex (%s)", text);
	free(text);
	txlab_run(s.w, 2000);
	ok(is_right(&s), "gives the same");
	end(&s);
}

/* ---- many payments before any of them is in the mempool */

struct answer {
	unsigned done, good;
	char text[64][400];
};

static void on_row(void *arg, const char *json, size_t n)
{
	struct answer *a = arg;

	snprintf(a->text[a->good++ % 64], sizeof a->text[0], "%.*s", (int)n, json);
}

static void on_end(void *arg, int code, const char *text)
{
	(void)code, (void)text;
	((struct answer *)arg)->done++;
}

static void at_once(struct scene *s, unsigned n, struct answer *out)
{
	const struct plug_reply reply = { on_row, on_end, out };
	char args[200];
	uint64_t running;

	snprintf(args, sizeof args, "{\"address\":\"%s\",\"amount\":\"0.0005\"}",
		 s->chain.address[1]);
	for (unsigned i = 0; i < n; i++) {
		const struct tn_command *c = plug_command_find(s->node->plug, "sendtoaddress");
		struct tn_view view = { (const uint8_t *)args, strlen(args) };
		struct tn_error err = { "" };
		int rc = plug_command_run(s->node->plug, c, &reply, view, &running, &err);

		out->done += rc != PLUG_LATER;
	}
	txlab_run(s->w, 5000);
}

static void instant(void)
{
	struct answer a = { 0 };
	struct scene s;
	unsigned shared = 0, inputs = 0;

	begin(&s, 2);
	world_slow_jobs(s.node->lab->env, 50000);
	fund(&s, 0, 100000, 20);
	txlab_run(s.w, 500);
	at_once(&s, 30, &a);
	is_uint(a.done, 30, "every command is answered");
	is_uint(a.good, 20, "as many payments as there are coins");
	for (struct pool_tx *e = NULL; (e = pool_next(txlab_pool(s.node), e));) {
		inputs += e->tx.inputs.n;
		shared += e->tx.inputs.n != 1;
	}
	is_uint(inputs, 20, "each with a coin of its own");
	is_uint(shared, 0, "and no more");
	at_once(&s, 1, &a);
	is_uint(a.good, 21, "then the change of one of them");
	end(&s);
}

/* ---- anything may happen to the chain */

static void step(struct scene *s, struct rng *r)
{
	char args[200];
	uint64_t height = s->chain.tip.height;

	switch (rng_range(r, 0, 9)) {
	case 0:
	case 1: {
		unsigned i = (unsigned)rng_range(r, 0, COINS - 1);
		struct tn_arena *a = tn_arena_create(0);
		struct tn_coin coin;

		if (!tn_chain_coin(tn_need(ctx(s), N_CHAIN), &s->coin[i].at, a, &coin))
			fund(s, i, rng_range(r, 20000, 90000), (uint32_t)rng_range(r, 1, 9));
		tn_arena_unref(a);
		break;
	}
	case 2:
	case 3:
		snprintf(args, sizeof args, "{\"address\":\"%s\",\"amount\":\"0.000%d\"}",
			 s->chain.address[rng_range(r, 0, 3)], (int)rng_range(r, 100, 900));
		command(s, "sendtoaddress", args);
		break;
	case 4:
		command(s, "mergeutxos", "{\"min\":2,\"max\":4}");
		break;
	case 5:
	case 6:
	case 7:
		block(s, rng_range(r, 0, 4) > 0);
		break;
	case 8:
		if (height > 3)
			back(s, height - rng_range(r, 1, 2));
		break;
	default:
		reload(s, "transactions");
	}
}

static void random_chain(unsigned seed)
{
	unsigned wrong = 0;
	struct scene s;
	struct rng r;

	begin(&s, 100 + seed);
	rng_seed(&r, seed, 9);
	for (unsigned i = 0; i < 60; i++) {
		step(&s, &r);
		txlab_run(s.w, 500);
		wrong += !is_right(&s);
	}
	is_uint(wrong, 0, "seed %u: own coins are those of the chain, at height %d", seed,
		(int)s.chain.tip.height);
	end(&s);
}

int main(void)
{
	const char *seeds = getenv("SEEDS");

	basics();
	instant();
	for (unsigned i = 1; i <= (seeds ? (unsigned)atoi(seeds) : 6); i++)
		random_chain(i);
	return done_testing();
}
