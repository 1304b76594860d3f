/* SPDX-License-Identifier: MIT
 * t/54-sim-mn-coin.c - a paid tier on a real chain: the plugins masternodes and blocks together;
 * the coin comes, is spent, comes back by a reorganisation, goes again, with restarts in between
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/paychain.h"
#include "lib/tap.h"
#include "masternodes/beats.h"
#include "sim/chainlab.h"

enum { OWNER = 1, EACH = 20, COINS = 11 * EACH };

#define BRONZE (1000 * TN_COIN)
#define A_IP 0x32000001u
#define LATE_IP 0x0a0a0a0au /* "10.10.10.10", which is before the others in every order */

static const struct plug_builtin builtins[] = { { "masternodes", &tn_plugin_desc_masternodes },
						{ "blocks", &tn_plugin_desc_blocks } };

struct scene {
	struct world *w;
	struct tn_arena *a;
	struct paychain chain;
	const struct tn_block *block[64];
	unsigned blocks;
	struct paycoin coin[COINS], proof;
	struct pluglab *judge, *one;
};

/* ---- the chain */

static void add(struct scene *s, const struct tn_tx *tx, uint64_t fee)
{
	struct paycoin *coin = s->blocks * EACH < COINS ? &s->coin[s->blocks * EACH] : NULL;

	s->block[s->blocks++] = paychain_next(&s->chain, s->a, tx, tx ? 1 : 0, fee, coin, EACH);
}

/* So that a coin of exactly that amount is OWNER's: output 0 of a payment not yet in a block. */
static struct tn_tx *make_proof(struct scene *s)
{
	struct tn_tx *tx;
	uint64_t in = 0;
	uint32_t n = 0;

	while (in < BRONZE + tn_fee_min(BRONZE))
		in += s->coin[n++].value;
	tx = pay(&s->chain, s->a, s->coin, n, BRONZE, 1, OWNER, 1);
	s->proof = (struct paycoin){ { pay_txid(&s->chain, tx), 0 }, BRONZE, OWNER };
	return tx;
}

static uint64_t fee_of(const struct tn_tx *tx, uint64_t each)
{
	return tx->inputs.n * each - tx->outputs.v[0].value;
}

/* ---- nodes */

static void run(struct scene *s, uint64_t seconds)
{
	world_run(s->w, world_now(s->w) + seconds * 1000000);
}

static bool apart(void *arg)
{
	struct scene *s = arg;

	return !pluglab_session(s->judge) || !pluglab_session(s->one);
}

static void hex(const struct tn_hash *h, char out[65])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", h->b[i]);
}

static void start(struct scene *s, const char *tier)
{
	char conf[1024], id[65];

	hex(&s->proof.at.txid, id);
	s->judge = pluglab_create(s->w, "judge", "60.0.0.2",
				  "network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; };"
				  "plugins: { blocks: { }; masternodes: { }; };",
				  builtins, 2);
	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; connect = [ "
		 "\"60.0.0.2\" ]; }; plugins: { blocks: { }; masternodes: { masternode = true; "
		 "tier = \"%s\"; reward = \"%s\"; collateral = \"%s:0\"; }; };",
		 tier, s->chain.address[OWNER], id);
	s->one = pluglab_create(s->w, "one", "50.0.0.1", conf, builtins, 2);
	if (!world_run_while(s->w, apart, s, world_now(s->w) + 10000000))
		bail_out("the nodes do not meet");
}

static bool is_behind(void *arg)
{
	struct scene *s = arg;
	struct tn_hash tip = s->chain.tip.hash;

	return memcmp(chainlab_tip(s->judge).hash.b, tip.b, 32) != 0 ||
	       memcmp(chainlab_tip(s->one).hash.b, tip.b, 32) != 0;
}

/* A third node has the chain as it is now, and both get it from there. */
static void follow(struct scene *s)
{
	struct pluglab *source =
		chainlab_create(s->w, "source", "70.0.0.3", "\"60.0.0.2\", \"50.0.0.1\"", "");
	char why[200] = "";

	for (unsigned i = 0; i < s->blocks; i++)
		if (chainlab_submit(s->w, source, s->block[i], s->a, why, sizeof why))
			bail_out("block %u: %s", i + 1, why);
	if (!world_run_while(s->w, is_behind, s, world_now(s->w) + 300000000))
		bail_out("the nodes do not follow");
	pluglab_free(source);
	run(s, 2);
}

static void begin(struct scene *s)
{
	memset(s, 0, sizeof *s);
	s->w = world_create(3);
	s->a = tn_arena_create((size_t)64 << 20);
	paychain_begin(&s->chain, "testnet", 3);
	for (unsigned i = 0; i < 11; i++)
		add(s, NULL, 0);
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->judge) + pluglab_off(s->one), 0, "every message has a fate");
	pluglab_free(s->one);
	pluglab_free(s->judge);
	paychain_end(&s->chain);
	tn_arena_unref(s->a);
	world_free(s->w);
}

static struct tn_ctx *masternodes(struct pluglab *l)
{
	return pluglab_ctx(l, "masternodes");
}

static uint8_t tier(struct pluglab *l, uint32_t ip)
{
	const struct mn_record *r = registry_find(mn_state(masternodes(l))->registry, ip);

	return r ? mn_tier_of(masternodes(l), r) : 99;
}

/* What the judge and the masternode itself believe, and what this one tells its operator. */
static void is_seen(struct scene *s, uint8_t want, const char *why, const char *what)
{
	char *status = chainlab_ask(s->w, s->one, "masternodestatus", "{}");

	is_uint(tier(s->judge, A_IP), want, "%s: the tier at another node", what);
	is_uint(tier(s->one, A_IP), want, "%s: and at itself", what);
	ok(strstr(status, why) != NULL, "%s: \"%s\" in %s", what, why, status);
	free(status);
}

/* The plugin goes and comes: what it knew is what the store has. */
static void restart(struct scene *s, struct pluglab *l)
{
	struct tn_error err = { "" };

	if (plug_unload(l->plug, "masternodes", &err) || plug_load(l->plug, "masternodes", &err))
		bail_out("restart: %s", err.text);
	run(s, 2);
}

static void restart_all(struct scene *s)
{
	restart(s, s->judge);
	restart(s, s->one);
}

/* ---- what is tested */

static const char not_there[] = "counts as Free: the coin that `collateral` names is spent, or not";
static const char paid[] = "\"tier\":\"Bronze\",\"announced\":\"Bronze\",\"collateral\":true";

static void life_of_a_coin(void)
{
	struct scene s;
	struct paychain before, with;
	struct tn_tx *tx, *spend;
	struct paycoin change;
	unsigned fork, spent;

	begin(&s);
	tx = make_proof(&s);
	start(&s, "Bronze");
	follow(&s);
	run(&s, 10);
	is_seen(&s, TN_TIER_FREE, not_there, "before its payment");
	restart_all(&s);
	is_seen(&s, TN_TIER_FREE, not_there, "and after a restart");

	before = s.chain;
	fork = s.blocks;
	add(&s, tx, fee_of(tx, 5 * TN_COIN));
	follow(&s);
	is_seen(&s, TN_TIER_BRONZE, paid, "paid in a block");
	restart_all(&s);
	is_seen(&s, TN_TIER_BRONZE, paid, "and after a restart, at once");

	with = s.chain;
	spent = s.blocks;
	spend = pay_on(&s.chain, s.a, &s.proof, &change);
	add(&s, spend, BRONZE - spend->outputs.v[0].value);
	follow(&s);
	is_seen(&s, TN_TIER_FREE, not_there, "spent in a block");
	restart_all(&s);
	is_seen(&s, TN_TIER_FREE, not_there, "and after a restart");

	s.chain = with; /* two blocks in the place of the one that spends it */
	s.blocks = spent;
	add(&s, NULL, 0);
	add(&s, NULL, 0);
	follow(&s);
	is_seen(&s, TN_TIER_BRONZE, paid, "a reorganisation brings it back");
	restart_all(&s);
	is_seen(&s, TN_TIER_BRONZE, paid, "and after a restart");

	s.chain = before; /* four blocks without the payment */
	s.blocks = fork;
	for (unsigned i = 0; i < 4; i++)
		add(&s, NULL, 0);
	follow(&s);
	is_seen(&s, TN_TIER_FREE, not_there, "a reorganisation without its payment");
	restart_all(&s);
	is_seen(&s, TN_TIER_FREE, not_there, "and after a restart");
	end(&s);
}

static void other_amount(void)
{
	struct scene s;
	struct tn_tx *tx;

	begin(&s);
	tx = make_proof(&s);
	add(&s, tx, fee_of(tx, 5 * TN_COIN));
	start(&s, "Silver");
	follow(&s);
	run(&s, 10);
	is_seen(&s, TN_TIER_FREE, "is of 1000.00000000 TIME, and Silver needs exactly 10000",
		"another amount");
	end(&s);
}

/* Another one that names the same coin, which is at neither's own wallet. */
static void claim_too(struct scene *s)
{
	struct registry *g = mn_state(masternodes(s->judge))->registry;
	struct mn_claim c = { .ip = LATE_IP,
			      .key = { { 1 } },
			      .tier = TN_TIER_BRONZE,
			      .has_coin = true,
			      .coin = s->proof.at };

	strcpy(c.reward, s->chain.address[OWNER]);
	registry_claim(g, &c, true, mn_now(masternodes(s->judge)), NULL);
	mn_collateral_look(masternodes(s->judge), registry_find(g, LATE_IP));
}

static void one_coin_for_two(void)
{
	struct scene s;
	struct paychain with;
	struct tn_tx *tx, *spend;
	struct paycoin change;
	unsigned spent;

	begin(&s);
	tx = make_proof(&s);
	add(&s, tx, fee_of(tx, 5 * TN_COIN));
	start(&s, "Bronze");
	follow(&s);
	run(&s, 10);
	claim_too(&s);
	ok(tier(s.judge, A_IP) == TN_TIER_BRONZE && tier(s.judge, LATE_IP) == TN_TIER_FREE,
	   "two name one cold coin: it proves the first one");
	restart(&s, s.judge);
	run(&s, 60);
	ok(tier(s.judge, A_IP) == TN_TIER_BRONZE && tier(s.judge, LATE_IP) == TN_TIER_FREE,
	   "also after a restart");
	with = s.chain;
	spent = s.blocks;
	spend = pay_on(&s.chain, s.a, &s.proof, &change);
	add(&s, spend, BRONZE - spend->outputs.v[0].value);
	follow(&s);
	restart(&s, s.judge);
	ok(tier(s.judge, A_IP) == TN_TIER_FREE && tier(s.judge, LATE_IP) == TN_TIER_FREE,
	   "spent, it proves none");
	s.chain = with;
	s.blocks = spent;
	add(&s, NULL, 0);
	add(&s, NULL, 0);
	follow(&s);
	ok(tier(s.judge, A_IP) == TN_TIER_BRONZE && tier(s.judge, LATE_IP) == TN_TIER_FREE,
	   "brought back, the first one again");
	end(&s);
}

int main(void)
{
	life_of_a_coin();
	other_amount();
	one_coin_for_two();
	return done_testing();
}
