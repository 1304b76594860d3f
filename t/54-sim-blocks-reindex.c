/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-reindex.c - a reindex and the disk
 *
 * Blocks become durable many at a time, though never more than REINDEX_LEAD of them wait; the
 * answer is of what is on the disk.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "plugins/blocks/blocks.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"

enum { BLOCKS_MAX = 700, HOUR = 3600 };

struct story {
	struct fleet *f;
	struct fleet_node *n;
	struct chaingen *g;
	struct tn_arena *arena;
	const struct tn_block *block[BLOCKS_MAX];
	uint64_t top;
	/* of the command under way */
	bool done;
	int code;
	char why[300];
	/* while it runs */
	uint64_t lead, least; /* blocks ahead of the disk, at most; what the disk held */
};

static struct plug *plug_of(const struct story *s)
{
	return node_plug(s->n->node);
}

static uint64_t tip_of(const struct story *s)
{
	return chain_tip(plug_of(s)).height;
}

static bool lower(void *arg)
{
	struct story *s = arg;

	return tip_of(s) < s->top;
}

static void wait_while(struct story *s, bool (*fn)(void *), const char *what)
{
	uint64_t limit = world_now(s->f->world) + (uint64_t)HOUR * 1000000;

	if (!world_run_while(s->f->world, fn, s, limit))
		bail_out("%s", what);
}

static void offer(struct story *s, const struct tn_block *b)
{
	s->block[b->header.height] = b;
	s->top = b->header.height;
	chain_offer(plug_of(s), b, s->arena);
}

static struct story *begin(uint64_t seed, uint64_t blocks)
{
	struct story *s = calloc(1, sizeof *s);

	s->f = fleet_create(seed);
	s->n = fleet_add(s->f, "50.0.0.1",
			 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
			 "plugins: { blocks: { }; };");
	s->arena = tn_arena_create((size_t)256 << 20);
	s->g = chainlab_gen(seed, 4);
	fleet_start(s->n);
	while (s->top < blocks)
		offer(s, chaingen_next(s->g, s->arena));
	wait_while(s, lower, "the blocks do not connect");
	fleet_run(s->f, 5000000); /* all of it is on the disk */
	return s;
}

static void end(struct story *s)
{
	fleet_free(s->f);
	chaingen_free(s->g);
	tn_arena_unref(s->arena);
	free(s);
}

static void is_answer(struct story *s, const char *args, const char *want, const char *name)
{
	char *text = chain_ask(s->f->world, plug_of(s), "chain", args);

	ok(strstr(text, want), "%s (%s)", name, text);
	free(text);
}

static void no_row(void *arg, const char *json, size_t n)
{
	(void)arg, (void)json, (void)n;
}

static void on_end(void *arg, int code, const char *why)
{
	struct story *s = arg;

	s->done = true;
	s->code = code;
	snprintf(s->why, sizeof s->why, "%s", why ? why : "");
}

static void begin_reindex(struct story *s)
{
	struct plug_reply reply = { .row = no_row, .end = on_end, .arg = s };
	const char *args = "{\"action\":\"reindex\"}";
	struct tn_view in = { (const uint8_t *)args, strlen(args) };
	struct tn_error err = { "" };
	uint64_t running;

	s->done = false;
	if (plug_command_run(plug_of(s), plug_command_find(plug_of(s), "chain"), &reply, in,
			     &running, &err) != PLUG_LATER)
		bail_out("no reindex: %s", err.text);
}

/* ---- the disk */

/* The tip as the disk has it, and whether a reindex is under way there. */
static uint64_t on_disk(struct story *s, bool *rebuilds)
{
	struct disk_row r;
	const void *v;
	const struct meta *m;

	disk_read(s->n->disk, "blocks", "meta", 0, &r);
	if (tn_bin_read(&meta_schema, (struct tn_view){ r.val, r.val_n }, s->arena, &v, NULL))
		bail_out("the tip's row");
	m = v;
	*rebuilds = m->rebuild || m->wiping;
	return m->tip.height;
}

/* Once the disk knows of the reindex. */
static bool watch(void *arg)
{
	struct story *s = arg;
	bool rebuilds;
	uint64_t disk = on_disk(s, &rebuilds), tip = tip_of(s);

	if (rebuilds && tip > disk && tip - disk > s->lead)
		s->lead = tip - disk;
	return !s->done;
}

static void many_at_a_time(void)
{
	struct story *s = begin(41, 600);
	uint64_t commits = disk_commits(s->n->disk);

	begin_reindex(s);
	wait_while(s, watch, "it does not end");
	commits = disk_commits(s->n->disk) - commits;
	is_uint(tip_of(s), 600, "a reindex of 600 blocks");
	ok(commits < 30, "the disk is written to %d times for them", (int)commits);
	is_answer(s, "{\"action\":\"verify\"}", "{\"height\":600,", "and the chain verifies");
	s->lead = 0;
	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s);
	wait_while(s, watch, "it does not end");
	ok(s->lead > 32 && s->lead <= REINDEX_LEAD, "on a slow disk %d blocks wait for it at most",
	   (int)s->lead);
	is_uint(tip_of(s), 600, "and the end is reached");
	world_slow_disk(s->n->env, 0);
	is_answer(s, "{\"action\":\"verify\"}", "{\"height\":600,", "as before");
	end(s);
}

static bool not_done(void *arg)
{
	return !((struct story *)arg)->done;
}

static void answered_is_durable(void)
{
	struct story *s = begin(42, 400); /* the first of them are on the disk before */
	bool rebuilds;

	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s);
	wait_while(s, not_done, "it does not end");
	is_int(s->code, 0, "a reindex on a slow disk is answered");
	fleet_cut(s->n);
	is_uint(on_disk(s, &rebuilds), 400, "a power cut in that moment loses no block");
	ok(!rebuilds, "and nothing is left to do");
	world_slow_disk(s->n->env, 0);
	fleet_start(s->n);
	is_uint(tip_of(s), 400, "the next start has all");
	ok(!state_of(chain_ctx(plug_of(s)))->maintain, "and does not go on with it");
	is_answer(s, "{\"action\":\"verify\"}", "{\"height\":400,", "it verifies");
	end(s);
}

/* Blocks connect again, and are not on the disk. */
static bool not_up(void *arg)
{
	struct story *s = arg;

	if (tip_of(s) < s->least)
		s->least = tip_of(s);
	return s->least || tip_of(s) < s->top;
}

static bool rebuilding(void *arg)
{
	return state_of(chain_ctx(plug_of(arg)))->maintain;
}

static void full_at_the_end(void)
{
	struct story *s = begin(43, 400); /* the first of them are on the disk */

	s->least = s->top;
	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s);
	wait_while(s, not_up, "it does not come up");
	ok(!s->done, "all blocks are connected, and there is no answer yet");
	disk_full(s->n->disk, true);
	wait_while(s, not_done, "it does not end");
	is_int(s->code, TN_EIO, "the disk takes no more: that is the answer (%s)", s->why);
	fleet_crash(s->n);
	disk_full(s->n->disk, false);
	world_slow_disk(s->n->env, 0);
	fleet_start(s->n);
	ok(rebuilding(s), "the next start goes on");
	wait_while(s, rebuilding, "it does not end");
	is_answer(s, "{\"action\":\"verify\"}", "{\"height\":400,", "to the end");
	end(s);
}

int main(void)
{
	many_at_a_time();
	answered_is_durable();
	full_at_the_end();
	return done_testing();
}
