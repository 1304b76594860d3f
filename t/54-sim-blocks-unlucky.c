/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-unlucky.c - honest peers whose answers do not fit any more: one that goes back
 * while it is asked, again and again, and those that answer what an earlier build has asked
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"

#define SECOND 1000000u

static void run_ms(struct world *w, unsigned ms)
{
	world_run(w, world_now(w) + (uint64_t)ms * 1000);
}

struct heard { /* log lines of a node */
	unsigned blamed, closed;
};

static bool has(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

static void on_line(void *arg, enum env_log_level level, const char *line, size_t n)
{
	struct heard *h = arg;

	(void)level;
	h->blamed += has(line, n, "sent or said");
	h->closed += has(line, n, "misbehaviour") || has(line, n, "Banned");
}

struct asks {
	struct pluglab *l;
	uint64_t before;
};

static bool has_not_asked(void *arg)
{
	const struct asks *a = arg;

	return pluglab_count(a->l, "GetBlocks", COUNT_SENT) == a->before;
}

/* a - b - c. b goes back to 40 while a's request is under way, and then takes the blocks of c
 * again: at a's next request it has said 60 and has nothing once more.
 */
static void goes_back(void)
{
	struct world *w = world_create(71);
	struct chaingen *g = chainlab_gen(71, 3), *same = chainlab_gen(71, 3);
	struct pluglab *c = chainlab_create(w, "c", "70.0.0.3", "", "");
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "\"70.0.0.3\"", "");
	struct pluglab *a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\"", "");
	struct heard heard = { 0, 0 };

	world_log_to(a->lab->env, on_line, &heard);
	world_link_block(w, a->lab->env, b->lab->env, true);
	chainlab_feed(w, a, same, 40);
	chainlab_feed(w, c, g, 60);
	run_ms(w, 130000);
	is_uint(chainlab_tip(b).height, 60, "b has what c has");
	world_link_block(w, a->lab->env, b->lab->env, false);
	for (unsigned i = 1; i <= 6; i++) {
		struct asks asks = { a, i > 1 ? pluglab_count(a, "GetBlocks", COUNT_SENT) : 0 };

		if (i == 1) /* until there is a session to count */
			while (!net_count_up(a->lab->net))
				run_ms(w, 1);
		ok(world_run_while(w, has_not_asked, &asks, world_now(w) + 900u * SECOND),
		   "a asks for the blocks above 40");
		world_link_block(w, a->lab->env, b->lab->env, true);
		world_link_block(w, b->lab->env, c->lab->env, true);
		free(chainlab_ask(w, b, "chain", "{\"action\":\"rollback\",\"height\":40}"));
		world_link_block(w, a->lab->env, b->lab->env, false);
		run_ms(w, 3000);
		world_link_block(w, b->lab->env, c->lab->env, false);
		is_uint(chainlab_tip(a).height, 40, "and gets none, for b has gone back");
		if (i < 3)
			is_uint(heard.blamed, 0, "%u in a row are no lie", i);
	}
	ok(heard.blamed <= 2, "blamed %u times", heard.blamed);
	is_uint(heard.closed, 0, "and never banned or hung up on");
	run_ms(w, 800000);
	is_uint(chainlab_tip(a).height, 60, "when b rests, a takes its blocks");
	is_uint(pluglab_off(a) + pluglab_off(b) + pluglab_off(c), 0, "all accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	pluglab_free(c);
	chaingen_free(g);
	chaingen_free(same);
	world_free(w);
}

/* Two peers with a chain, slow to answer; the plugin is upgraded quicker than they do. */
static unsigned upgraded(uint64_t seed)
{
	struct world *w = world_create(seed);
	struct chaingen *g = chainlab_gen(seed, 2), *same = chainlab_gen(seed, 2);
	struct pluglab *c = chainlab_create(w, "c", "70.0.0.3", "", "");
	struct pluglab *b = chainlab_create(w, "b", "60.0.0.2", "", "");
	struct pluglab *a;
	struct heard heard = { 0, 0 };
	struct tn_error err = { "" };

	chainlab_feed(w, b, g, 300);
	chainlab_feed(w, c, same, 300);
	a = chainlab_create(w, "a", "50.0.0.1", "\"60.0.0.2\", \"70.0.0.3\"", "window = 4;");
	world_log_to(a->lab->env, on_line, &heard);
	run_ms(w, 2000);
	world_lag(b->lab->env, 150000);
	world_lag(c->lab->env, 100000);
	for (unsigned i = 0; i < 40; i++) {
		if (plug_upgrade(a->plug, "blocks", &err))
			bail_out("upgrade: %s", err.text);
		run_ms(w, 90 + (unsigned)(seed * 7 + i * 53) % 400);
	}
	world_lag(b->lab->env, 0);
	world_lag(c->lab->env, 0);
	run_ms(w, 200000);
	is_uint(chainlab_tip(a).height, 300, "seed %u: all blocks are there in the end",
		(unsigned)seed);
	is_uint(heard.closed, 0, "nobody is hung up on");
	is_uint(pluglab_off(a) + pluglab_off(b) + pluglab_off(c), 0, "all accounts balance");
	pluglab_free(a);
	pluglab_free(b);
	pluglab_free(c);
	chaingen_free(g);
	chaingen_free(same);
	world_free(w);
	return heard.blamed;
}

int main(void)
{
	unsigned blamed = 0;

	goes_back();
	for (uint64_t seed = 1; seed <= 4; seed++)
		blamed += upgraded(seed);
	is_uint(blamed, 0, "nobody is blamed for answers to an earlier build");
	return done_testing();
}
