/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-large.c - large blocks are read, judged and written on threads: served, shown,
 * reorganised. Jobs take two seconds here, so what is done without one is found at once.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "plug/impl.h"
#include "sim/chainlab.h"

#define MS UINT64_C(1000)
#define SECOND (1000 * MS)
#define LAG (2 * SECOND)

enum { BLOCKS = 5, DUST = 9500 };

struct stage {
	struct world *w;
	struct chaingen *g;
	struct tn_arena *arena;
	struct pluglab *a, *b, *c; /* b and c dialed a, all have the chain */
};

static void run(struct stage *s, uint64_t us)
{
	world_run(s->w, world_now(s->w) + us);
}

static void feed(struct stage *s, struct pluglab *l, const struct tn_block *b)
{
	char why[240] = "";

	if (chainlab_submit(s->w, l, b, s->arena, why, sizeof why))
		bail_out("block %d: %s", (int)b->header.height, why);
}

static struct stage begin(uint64_t seed)
{
	struct chaingen_conf conf = {
		.seed = seed, .txs = 1, .masternodes = 3, .dust = DUST, .dust_blocks = 20
	};
	struct stage s = { .w = world_create(seed), .arena = tn_arena_create((size_t)256 << 20) };

	tn_network_find("testnet", &conf.net);
	s.g = chaingen_create(&conf);
	s.a = chainlab_create(s.w, "a", "50.0.0.1", "", "");
	s.b = chainlab_create(s.w, "b", "60.0.0.2", "\"50.0.0.1\"", "");
	s.c = chainlab_create(s.w, "c", "70.0.0.3", "\"50.0.0.1\"", "");
	world_link_block(s.w, s.a->lab->env, s.b->lab->env, true);
	world_link_block(s.w, s.a->lab->env, s.c->lab->env, true);
	for (unsigned i = 0; i < BLOCKS; i++) {
		const struct tn_block *b = chaingen_next(s.g, s.arena);

		feed(&s, s.a, b);
		feed(&s, s.b, b);
		feed(&s, s.c, b);
	}
	world_link_block(s.w, s.a->lab->env, s.b->lab->env, false);
	world_link_block(s.w, s.a->lab->env, s.c->lab->env, false);
	run(&s, 150 * SECOND);
	if (!pluglab_session(s.b) || !pluglab_session(s.c))
		bail_out("they did not meet");
	world_slow_jobs(s.a->lab->env, LAG);
	return s;
}

static void end(struct stage *s)
{
	run(s, 10 * SECOND);
	is_uint(pluglab_off(s->a) + pluglab_off(s->b) + pluglab_off(s->c), 0,
		"all accounts balance");
	pluglab_free(s->b);
	pluglab_free(s->c);
	pluglab_free(s->a);
	tn_arena_unref(s->arena);
	chaingen_free(s->g);
	world_free(s->w);
}

static unsigned jobs(struct stage *s)
{
	return life_find(s->a->plug, "blocks")->job_count;
}

/* ---- asking */

struct got {
	bool done;
	int status;
	uint64_t at_us;
	uint32_t blocks;
	struct tn_hash merkle;
};

static struct stage *now_; /* of the case that runs, for its callback */

static tn_verdict on_answer(struct tn_ctx *c, struct tn_sid sid, void *slot,
			    const struct tn_reply *r, uint64_t tag)
{
	struct got *g = (struct got *)(uintptr_t)tag;
	const struct tn_block *b = r->msg ? r->msg->body : NULL;

	(void)c, (void)sid, (void)slot;
	g->done = true;
	g->status = r->status;
	g->at_us = world_now(now_->w);
	if (b && r->msg->row == 8) { /* BlockResponse; else a list */
		g->blocks = 1;
	} else if (b) {
		const struct tn_blocks *list = r->msg->body;

		g->blocks = list->blocks.n;
		b = g->blocks ? list->blocks.v : NULL;
	}
	if (b)
		g->merkle = b->header.merkle_root;
	return TN_TAKEN;
}

static void ask_block(struct pluglab *l, uint64_t height, struct got *g)
{
	struct tn_height at = { height };

	*g = (struct got){ 0 };
	if (chain_ask_peer(l->plug, "50.0.0.1", "BlockRequest", "BlockResponse", &at, sizeof at,
			   on_answer, (uintptr_t)g))
		bail_out("not asked");
}

static void ask_range(struct pluglab *l, uint64_t start, uint64_t end_, struct got *g)
{
	struct tn_range r = { start, end_ };

	*g = (struct got){ 0 };
	if (chain_ask_peer(l->plug, "50.0.0.1", "GetBlockRange", "BlockRangeResponse", &r, sizeof r,
			   on_answer, (uintptr_t)g))
		bail_out("not asked");
}

/* What a has at a height is what was got. */
static void is_block(struct stage *s, const struct got *g, uint64_t height, const char *name)
{
	const struct tn_block *b = NULL;

	chain_block_at(s->a->plug, height, s->arena, &b);
	ok(g->done && !g->status && b && !memcmp(&g->merkle, &b->header.merkle_root, 32), "%s",
	   name);
}

/* Two who ask for the same wait for one job; who comes later needs none. */
static void served(void)
{
	struct stage s = begin(61);
	struct got one, two;
	uint64_t asked = world_now(s.w);

	now_ = &s;
	ask_block(s.b, 4, &one);
	ask_block(s.c, 4, &two);
	run(&s, SECOND);
	is_uint(jobs(&s), 1, "a block that two ask for is one job");
	ok(!one.done && !two.done, "and nothing is said before it is done");
	run(&s, 3 * SECOND);
	is_block(&s, &one, 4, "it is the block for the one");
	is_block(&s, &two, 4, "and for the other");
	ok(one.at_us - asked >= LAG && two.at_us - asked < 2 * LAG, "after one job's time");
	ask_block(s.c, 4, &two);
	run(&s, SECOND);
	is_block(&s, &two, 4, "asked for again it is there without a job");
	ask_range(s.b, 2, 5, &one);
	ask_range(s.c, 3, 5, &two);
	run(&s, SECOND);
	is_uint(jobs(&s), 2, "ranges are jobs too");
	run(&s, 5 * SECOND);
	is_block(&s, &one, 2, "the first of a range");
	is_block(&s, &two, 3, "and of the other");
	is_uint(one.blocks + two.blocks, 7, "of four blocks and of three");
	end(&s);
}

/* One who asks faster than it is answered gets no more done for him. */
static void greedy(void)
{
	struct stage s = begin(62);
	uint64_t handled = pluglab_count(s.b, "BlockResponse", COUNT_RECEIVED);
	char line[64];

	now_ = &s;
	for (unsigned i = 0; i < 40; i++) {
		snprintf(line, sizeof line, "{\"BlockRequest\":%u}", 2 + i % 4);
		pluglab_say(s.b, "BlockRequest", line);
	}
	run(&s, SECOND);
	is_uint(jobs(&s), 1, "of forty requests of one peer one is under way");
	run(&s, 60 * SECOND);
	is_uint(jobs(&s), 0, "in the end all are done");
	ok(pluglab_count(s.b, "BlockResponse", COUNT_RECEIVED) > handled, "and answered");
	end(&s);
}

/* The branch is left while its block is being written. */
static void reorganised_meanwhile(void)
{
	struct stage s = begin(63);
	struct chaingen *other = chaingen_fork(s.g, 5);
	const struct tn_block *ours = chaingen_next(s.g, s.arena), *theirs, *last;
	struct got g;

	now_ = &s;
	feed(&s, s.a, ours);
	run(&s, 30 * SECOND);
	theirs = chaingen_next(other, s.arena);
	last = chaingen_next(other, s.arena);
	world_slow_jobs(s.a->lab->env, 0);
	chain_offer(s.a->plug, theirs, s.arena);
	run(&s, SECOND);
	world_slow_jobs(s.a->lab->env, 10 * SECOND);
	ask_block(s.b, 6, &g);
	run(&s, SECOND);
	is_uint(jobs(&s), 1, "a block is being written");
	world_slow_jobs(s.a->lab->env, 0);
	chain_offer(s.a->plug, last, s.arena);
	run(&s, 3 * SECOND);
	is_uint(chainlab_tip(s.a).height, 7, "when its branch is left");
	ok(!g.done, "before it was said");
	run(&s, 20 * SECOND);
	is_block(&s, &g, 6, "what is said is the block of the new branch");
	ok(memcmp(&g.merkle, &theirs->header.merkle_root, 32) == 0, "the other one's");
	ask_block(s.c, 6, &g);
	run(&s, 5 * SECOND);
	is_block(&s, &g, 6, "and nobody gets the old one later");
	chaingen_free(other);
	end(&s);
}

/* The plugin goes, or the one who asked. */
static void unloaded(void)
{
	struct stage s = begin(64);
	struct tn_error err = { "" };
	struct got g;

	now_ = &s;
	ask_block(s.b, 4, &g);
	run(&s, SECOND);
	is_uint(jobs(&s), 1, "a block is being written");
	world_slow_jobs(s.a->lab->env, 0);
	is_int(plug_unload(s.a->plug, "blocks", &err), 0, "when the plugin goes %s", err.text);
	run(&s, 5 * SECOND);
	is_int(plug_load(s.a->plug, "blocks", &err), 0, "and comes back %s", err.text);
	run(&s, 30 * SECOND);
	ok(g.done, "the question has ended (%d)", g.status);
	world_slow_jobs(s.a->lab->env, LAG);
	ask_block(s.c, 4, &g);
	run(&s, SECOND);
	is_uint(jobs(&s), 1, "another one asks");
	world_reset(s.w, s.a->lab->env, s.c->lab->env, true);
	run(&s, 10 * SECOND);
	is_uint(jobs(&s), 0, "and is gone before the answer");
	ask_block(s.b, 4, &g);
	run(&s, 5 * SECOND);
	is_block(&s, &g, 4, "others are answered");
	end(&s);
}

/* ---- commands */

static char *ask(struct stage *s, const char *cmd, const char *args, bool slow)
{
	uint64_t asked = world_now(s->w);
	char *text = chainlab_ask(s->w, s->a, cmd, args);

	ok((world_now(s->w) - asked >= LAG) == slow, "%s %s is %s", cmd, args,
	   slow ? "a job" : "done at once");
	return text;
}

static void shown(void)
{
	struct stage s = begin(65);
	char args[128], txid[65] = "", *text, *at;

	now_ = &s;
	text = ask(&s, "getblock", "{\"height\":4}", true);
	ok(strstr(text, "\"height\":4,") && strstr(text, "\"nTx\":2,"), "the block: %.300s", text);
	at = strstr(text, "\"tx\":[\"");
	if (at && strstr(at, "\",\""))
		memcpy(txid, strstr(at, "\",\"") + 3, 64);
	free(text);
	text = ask(&s, "getblock", "{\"height\":1}", false);
	ok(strstr(text, "\"height\":1,"), "a small one: %.80s", text);
	free(text);
	text = ask(&s, "getblockheader", "{\"height\":4}", true);
	ok(strstr(text, "\"nTx\":2}") && !strstr(text, "\"tx\":"), "the header: %.400s", text);
	free(text);
	snprintf(args, sizeof args, "{\"txid\":\"%s\"}", txid);
	text = ask(&s, "getrawtransaction", args, true);
	ok(strstr(text, "\"height\":4,") && strstr(text, "\"index\":1,"), "its payment: %.300s",
	   text);
	ok(strlen(text) > 2 * DUST * 16, "with all of its outputs");
	free(text);
	text = chainlab_ask(s.w, s.a, "getblock", "{\"height\":99}");
	ok(strstr(text, "error") && strstr(text, "Block not found"), "none there: %s", text);
	free(text);
	end(&s);
}

/* ---- a reorganisation */

static bool is_below(void *arg)
{
	struct stage *s = arg;

	return chainlab_tip(s->a).height != BLOCKS + 5;
}

static bool at_tip_of(struct stage *s, const struct chaingen *g)
{
	struct tn_tip has = chainlab_tip(s->a), is = chaingen_tip(g);

	return memcmp(&has.hash, &is.hash, sizeof is.hash) == 0;
}

static void reorganised(void)
{
	struct stage s = begin(66);
	struct chaingen *other = chaingen_fork(s.g, 5);
	uint64_t offered;
	char *text;

	now_ = &s;
	world_slow_jobs(s.a->lab->env, 0);
	for (unsigned i = 0; i < 4; i++)
		feed(&s, s.a, chaingen_next(s.g, s.arena));
	for (unsigned i = 0; i < 3; i++)
		chain_offer(s.a->plug, chaingen_next(other, s.arena), s.arena);
	run(&s, 10 * SECOND);
	is_int(chainlab_metric(s.a, "side_blocks"), 3, "three blocks beside the chain");
	offered = world_now(s.w);
	world_slow_jobs(s.a->lab->env, LAG);
	for (unsigned i = 0; i < 2;
	     i++) /* of the same height the one with the lower hash is better */
		chain_offer(s.a->plug, chaingen_next(other, s.arena), s.arena);
	ok(world_run_while(s.w, is_below, &s, offered + 60 * SECOND), "their branch is taken");
	ok(at_tip_of(&s, other), "whole");
	ok(world_now(s.w) - offered >= 5 * LAG,
	   "its blocks were judged again as jobs, one after the other");
	run(&s, 5 * SECOND);
	is_int(chainlab_metric(s.a, "side_blocks"), 4, "ours lie beside it");
	text = chainlab_ask(s.w, s.a, "chain", "{\"action\":\"verify\"}");
	ok(strstr(text, "{\"height\":10,"), "and the chain verifies (%s)", text);
	free(text);
	world_slow_jobs(s.a->lab->env, 0);
	feed(&s, s.a, chaingen_next(s.g, s.arena));
	chain_offer(s.a->plug, chaingen_next(s.g, s.arena), s.arena);
	run(&s, 10 * SECOND);
	ok(at_tip_of(&s, s.g), "from there ours come back");
	chaingen_free(other);
	end(&s);
}

int main(void)
{
	served();
	greedy();
	reorganised_meanwhile();
	unloaded();
	shown();
	reorganised();
	return done_testing();
}
