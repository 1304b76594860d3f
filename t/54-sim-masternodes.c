/* SPDX-License-Identifier: MIT
 * t/54-sim-masternodes.c - two nodes in the simulator: announced, believed as far as the coin
 * goes, silent after three minutes and not before, the same after a crash
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "masternodes/beats.h"
#include "sim/pluglab.h"
#include "timenode/service/chain.h"

#define ID "aa00000000000000000000000000000000000000000000000000000000000000"
#define TIME_A "TIME08sCbGZYLhzyQCFuo22hyevhvD27TL9aY9"

/* ---- a chain of which there is but one coin */

struct coins {
	bool there;
	struct tn_coin coin;
};

static int op_coin(struct tn_ctx *c, const struct tn_outpoint *o, struct tn_arena *a,
		   struct tn_coin *out)
{
	const struct coins *k = c->state;

	(void)a;
	if (!k->there || o->vout != 7 || o->txid.b[0] != 0xaa)
		return TN_ENOENT;
	*out = k->coin;
	return 0;
}

static const struct tn_chain_ops coin_ops = { .size = sizeof coin_ops, .coin = op_coin };

static const struct tn_plugin coins_desc = {
	TN_HEAD("coins", "1.0", "a chain with one coin"),
	.state_bytes = sizeof(struct coins),
	.offers = TN_ROWS(struct tn_offer, { "chain", TN_CHAIN_MAJOR, TN_CHAIN_MINOR, &coin_ops }),
	.emits = TN_ROWS(struct tn_emits, { TN_EV_CONNECTED, sizeof(struct tn_ev_block) }),
};

static const struct plug_builtin builtins[] = { { "masternodes", &tn_plugin_desc_masternodes },
						{ "coins", &coins_desc } };

/* ---- two nodes: a dials b and says of itself what `options` are */

struct scene {
	struct world *world;
	struct pluglab *a, *b;
};

static bool apart(void *arg)
{
	struct scene *s = arg;

	return !pluglab_session(s->a) || !pluglab_session(s->b);
}

static struct scene begin(const char *options)
{
	struct scene s = { .world = world_create(11) };
	char conf[1024];

	s.b = pluglab_create(
		s.world, "b", "60.0.0.2",
		"network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; }; plugins: { "
		"masternodes: { }; coins: { }; };",
		builtins, 2);
	snprintf(
		conf, sizeof conf,
		"network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; connect = [ "
		"\"60.0.0.2\" ]; }; plugins: { coins: { }; masternodes: { masternode = true; %s }; };",
		options);
	s.a = pluglab_create(s.world, "a", "50.0.0.1", conf, builtins, 2);
	world_run_while(s.world, apart, &s, world_now(s.world) + 10000000);
	return s;
}

static void run(struct scene *s, uint64_t seconds)
{
	world_run(s->world, world_now(s->world) + seconds * 1000000);
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->a) + pluglab_off(s->b), 0, "every message has a fate");
	pluglab_free(s->a);
	pluglab_free(s->b);
	world_free(s->world);
}

/* What b has of a. */
static const struct mn_record *seen(struct scene *s)
{
	return registry_find(mn_state(pluglab_ctx(s->b, "masternodes"))->registry, 0x32000001);
}

static uint8_t tier(struct scene *s)
{
	const struct mn_record *r = seen(s);

	return r ? mn_tier_of(pluglab_ctx(s->b, "masternodes"), r) : 99;
}

/* A block comes, after which the coin is like this. */
static void coin(struct scene *s, bool there, uint64_t value, const char *script)
{
	struct tn_ctx *c = pluglab_ctx(s->b, "coins");
	const struct tn_ev_block none = { NULL, NULL, NULL, NULL };

	*(struct coins *)c->state = (struct coins){
		there,
		{ .value = value, .script = { (const uint8_t *)script, (uint32_t)strlen(script) } }
	};
	tn_tell(c, 0, &none);
	run(s, 2);
}

/* ---- what is tested */

static void alive(void)
{
	struct scene s = begin("");
	struct tn_ctx *b = pluglab_ctx(s.b, "masternodes");
	struct tn_arena *arena = tn_arena_create(0);
	struct tn_mn_set set;

	run(&s, 5);
	ok(!seen(&s) || seen(&s)->heard,
	   "not announced in the first five seconds, which old nodes ignore");
	run(&s, 2);
	ok(seen(&s) && seen(&s)->active && !seen(&s)->heard, "then it is there and active");
	ok(!memcmp(&seen(&s)->key, &mn_state(pluglab_ctx(s.a, "masternodes"))->wallet.secret.key,
		   32),
	   "with its key");
	ok(seen(&s)->signed_at != 0, "which it has signed with");
	run(&s, 600);
	is_uint(pluglab_count(s.a, "MasternodeAnnouncement", COUNT_SENT), 11,
		"one announcement a minute after the first");
	is_uint(pluglab_count(s.b, "MasternodeAnnouncement", COUNT_HANDLED), 11, "all taken");
	is_int(mn_masternodes_ops.list(b, TN_MN_ACTIVE | TN_MN_DIRECT, arena, &set), 0,
	       "the service");
	ok(set.mn.n == 1 && set.me == -1 && !strcmp(set.mn.v[0].address.p, "50.0.0.1"), "lists it");
	pluglab_free(s.a);
	s.a = NULL;
	run(&s, 120);
	ok(seen(&s)->active, "two minutes without it are no silence");
	run(&s, 60 + 60 + 30);
	ok(!seen(&s)->active, "three are, one check later at most");
	ok(!mn_masternodes_ops.list(b, TN_MN_ACTIVE, arena, &set) && !set.mn.n,
	   "and it is listed no more");
	run(&s, 3600);
	ok(!seen(&s), "after an hour it is forgotten");
	tn_arena_unref(arena);
	pluglab_free(s.b);
	world_free(s.world);
}

static void collateral(void)
{
	const uint64_t bronze = 1000 * TN_COIN;
	struct scene s =
		begin("tier = \"Bronze\"; reward = \"" TIME_A "\"; collateral = \"" ID ":7\";");
	struct mn_record *r;

	run(&s, 10);
	ok(seen(&s) && seen(&s)->announced == TN_TIER_BRONZE, "it says Bronze");
	is_uint(tier(&s), TN_TIER_FREE, "and counts as Free without its coin");
	coin(&s, true, bronze, TIME_A);
	is_uint(tier(&s), TN_TIER_BRONZE, "the coin comes: Bronze");
	coin(&s, true, bronze + 1, TIME_A);
	is_uint(tier(&s), TN_TIER_FREE, "one satoshi more is not it");
	coin(&s, true, bronze - 1, TIME_A);
	is_uint(tier(&s), TN_TIER_FREE, "nor one less");
	coin(&s, true, bronze, "TIME0another");
	is_uint(tier(&s), TN_TIER_FREE, "nor somebody else's");
	coin(&s, true, bronze, TIME_A);
	is_uint(tier(&s), TN_TIER_BRONZE, "there again");
	/* Another one names the same coin. */
	r = (struct mn_record *)seen(&s);
	{
		struct mn_state *st = mn_state(pluglab_ctx(s.b, "masternodes"));
		struct mn_claim c = { .ip = 0x46000001,
				      .key = { { 1 } },
				      .tier = r->announced,
				      .has_coin = true,
				      .coin = r->coin };

		memcpy(c.reward, r->reward, sizeof c.reward);
		registry_claim(st->registry, &c, true, mn_now(pluglab_ctx(s.b, "masternodes")),
			       NULL);
		mn_collateral_look(pluglab_ctx(s.b, "masternodes"),
				   registry_find(st->registry, c.ip));
		ok(!registry_find(st->registry, c.ip)->collateral,
		   "one coin proves one masternode");
	}
	coin(&s, false, 0, "");
	is_uint(tier(&s), TN_TIER_FREE, "spent: Free");
	end(&s);
}

/* The plugin is replaced while the node runs: what was heard does not count again. */
static void upgraded(void)
{
	struct scene s = begin("");
	struct mn_state *st;
	struct beat_entry last;
	struct beat_scene again;
	struct tn_heartbeat h;
	struct tn_error err = { "" };
	int64_t signed_at;
	uint32_t heard;
	enum beat_by by;

	run(&s, 400);
	st = mn_state(pluglab_ctx(s.b, "masternodes"));
	heard = beat_history_count(st->beats->history);
	ok(heard > 4, "heartbeats were heard");
	last = *beat_history_at(st->beats->history, 0);
	signed_at = seen(&s)->signed_at;
	is_int(plug_upgrade(s.b->plug, "masternodes", &err), 0, "another build takes over: %s",
	       err.text);
	st = mn_state(pluglab_ctx(s.b, "masternodes"));
	is_uint(beat_history_count(st->beats->history), heard, "its history is as long");
	ok(!strcmp(beat_history_at(st->beats->history, 0)->address, last.address) &&
		   !memcmp(&beat_history_at(st->beats->history, 0)->hash, &last.hash, 32),
	   "and ends with the same");
	ok(seen(&s) && seen(&s)->active && seen(&s)->signed_at == signed_at,
	   "who was active is, and its last announcement is known");
	h = (struct tn_heartbeat){ .masternode_pubkey = last.key,
				   .sequence_number = last.sequence,
				   .timestamp = last.time };
	again = (struct beat_scene){ .beat = &h,
				     .ip = last.ip,
				     .key = &last.key,
				     .m = beat_find(&st->beats->memory, last.ip),
				     .now_s = last.time + 1,
				     .now_us = world_now(s.world),
				     .interval_us = 60000000 };
	ok(again.m && beat_judge(&again, &by) == BEAT_REPLAYED, "a replay stays one");
	run(&s, 400);
	ok(seen(&s)->active && beat_history_count(st->beats->history) > heard + 4,
	   "and the next ones are heard");
	end(&s);
}

/* Everybody can read which coin it names, and be quicker. */
static void stolen(void)
{
	const uint64_t bronze = 1000 * TN_COIN;
	struct scene s = begin("tier = \"Bronze\"; collateral = \"" ID ":7\";");
	struct tn_ctx *b = pluglab_ctx(s.b, "masternodes");
	struct registry *g = mn_state(b)->registry;
	const char *own = mn_state(pluglab_ctx(s.a, "masternodes"))->wallet.address;
	struct mn_claim c = {
		.ip = 0x46000001, .key = { { 1 } }, .tier = TN_TIER_BRONZE, .has_coin = true
	};

	coin(&s, true, bronze, own);
	c.coin.vout = 7;
	c.coin.txid.b[0] = 0xaa;
	strcpy(c.reward, own);
	registry_claim(g, &c, true, mn_now(b), NULL);
	mn_collateral_look(b, registry_find(g, c.ip));
	ok(registry_find(g, c.ip)->collateral, "who names a coin first, and is alone, has it");
	run(&s, 10);
	is_uint(tier(&s), TN_TIER_BRONZE, "whose key owns the coin is Bronze all the same");
	ok(!registry_find(g, c.ip)->collateral, "and the other one no more");
	mn_collateral_look(b, registry_find(g, c.ip));
	ok(!registry_find(g, c.ip)->collateral && seen(&s)->collateral, "nor at the next look");
	end(&s);
}

/* ---- which intervals a reload changes: each of those that the manual says so of */

static void no_key(void *arg, const char *key)
{
	(void)arg;
	bail_out("a reload did not take %s", key);
}

/* masternode: of a; its options. */
static struct conf *reload(struct pluglab *l, const char *masternode, const char *options)
{
	struct tn_error err = { "" };
	char text[1024];
	struct conf *c;

	snprintf(text, sizeof text, "plugins: { coins: { }; masternodes: { %s %s }; };", masternode,
		 options);
	c = conf_read_text(text, "new.conf", &err);
	if (!c || plug_reload_check(l->plug, c, no_key, NULL, &err))
		bail_out("reload: %s", err.text);
	plug_reload_commit(l->plug);
	return c;
}

static uint64_t taken(struct scene *s)
{
	return pluglab_count(s->b, "MasternodeAnnouncement", COUNT_HANDLED);
}

static void reloaded(void)
{
	struct scene s = begin("");
	const char *of_a = "masternode = true;";
	struct conf *c[5];
	uint64_t was;

	run(&s, 70);
	ok(taken(&s) == 2, "an announcement a minute");
	c[0] = reload(s.a, of_a, "announce_every = \"5s\"; ask_every = \"20s\";");
	c[1] = reload(s.b, "", "announce_every = \"5s\";");
	was = pluglab_count(s.a, "GetMasternodes", COUNT_SENT);
	run(&s, 60);
	ok(taken(&s) >= 2 + 11,
	   "announce_every: one in five seconds, all taken on the link that was there");
	ok(pluglab_count(s.a, "GetMasternodes", COUNT_SENT) >= was + 2, "ask_every");
	c[2] = reload(s.a, of_a, "announce_every = \"5s\"; tier = \"Bronze\";");
	run(&s, 20);
	is_uint(seen(&s)->announced, TN_TIER_BRONZE, "its first change");
	c[3] = reload(s.a, of_a, "announce_every = \"5s\"; tier = \"Silver\";");
	run(&s, 20);
	is_uint(seen(&s)->announced, TN_TIER_BRONZE, "the next one comes too soon");
	c[4] = reload(s.b, "",
		      "announce_every = \"5s\"; change_every = \"0s\"; silence = \"30s\"; "
		      "check_every = \"2s\"; forget = \"60s\";");
	run(&s, 20);
	is_uint(seen(&s)->announced, TN_TIER_SILVER, "change_every: and then does not");
	pluglab_free(s.a);
	run(&s, 23);
	ok(seen(&s)->active, "silent for less than thirty seconds");
	run(&s, 10);
	ok(seen(&s) && !seen(&s)->active, "silence and check_every: it is inactive");
	run(&s, 32);
	ok(!seen(&s), "forget: it is forgotten");
	pluglab_free(s.b);
	world_free(s.world);
	for (unsigned i = 0; i < 5; i++)
		conf_free(c[i]);
}

int main(void)
{
	alive();
	upgraded();
	stolen();
	reloaded();
	collateral();
	return done_testing();
}
