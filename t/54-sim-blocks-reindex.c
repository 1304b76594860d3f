/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-reindex.c - a reindex and the disk; a quick one, and signatures that it trusts
 *
 * Blocks become durable many at a time, though never more than REINDEX_LEAD of them wait; the
 * answer is of what is on the disk. A quick reindex looks at no signature that was looked at before,
 * and at all that were not: the old network's, and those of a reindex that was cut off.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void configure(struct story *s, bool legacy)
{
	snprintf(s->n->conf_text, sizeof s->n->conf_text,
		 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
		 "plugins: { blocks: { legacy_chain = %s; }; };",
		 legacy ? "true" : "false");
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

static struct story *begin(uint64_t seed, uint64_t blocks, bool legacy)
{
	struct story *s = calloc(1, sizeof *s);

	s->f = fleet_create(seed);
	s->n = fleet_add(s->f, "50.0.0.1", "");
	configure(s, legacy);
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

static void stop(struct story *s)
{
	if (!fleet_stop(s->n))
		bail_out("it does not stop");
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

static void begin_reindex(struct story *s, bool quick)
{
	struct plug_reply reply = { .row = no_row, .end = on_end, .arg = s };
	const char *args =
		quick ? "{\"action\":\"reindex\",\"quick\":true}" : "{\"action\":\"reindex\"}";
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
	struct story *s = begin(41, 600, false);
	uint64_t commits = disk_commits(s->n->disk);

	begin_reindex(s, false);
	wait_while(s, watch, "it does not end");
	commits = disk_commits(s->n->disk) - commits;
	is_uint(tip_of(s), 600, "a reindex of 600 blocks");
	ok(commits < 30, "the disk is written to %d times for them", (int)commits);
	is_answer(s, "{\"action\":\"verify\"}", "{\"height\":600,", "and the chain verifies");
	s->lead = 0;
	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s, true);
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
	struct story *s = begin(42, 400, false); /* the first of them are on the disk before */
	bool rebuilds;

	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s, false);
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
	struct story *s = begin(43, 400, false); /* the first of them are on the disk */

	s->least = s->top;
	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s, false);
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

/* ---- signatures */

static const struct tn_block *badly_signed(struct story *s)
{
	const struct tn_block *b = chaingen_next(s->g, s->arena);
	unsigned i = 0;

	while (chaingen_bad(i)->fault != TN_FAULT_SIGNATURE)
		i++;
	b = chaingen_spoil(i, b, s->arena);
	if (!b)
		bail_out("no payment to spoil");
	return b;
}

/* As a file: what a node is given as its own has to be signed in any case. */
static void import(struct story *s, const struct tn_block *b)
{
	size_t n = tn_bin_write(&tn_wire_block, b, NULL, 0);
	uint8_t *p = tn_alloc(s->arena, 8 + n);
	const char *tmp = getenv("TMPDIR");
	char file[100], args[200];
	int fd;

	snprintf(file, sizeof file, "%.60s/tn-reindex-XXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(file);
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)n >> 8 * i);
	tn_bin_write(&tn_wire_block, b, p + 8, n);
	if (fd < 0 || write(fd, p, 8 + n) != (ssize_t)(8 + n) || close(fd))
		bail_out("%s", file);
	snprintf(args, sizeof args, "{\"action\":\"import\",\"file\":\"%s\"}", file);
	is_answer(s, args, "\"blocks\":1,", "legacy_chain keeps a block of the old network");
	unlink(file);
	s->top = b->header.height;
}

/* Twenty good blocks, then one whose signature does not fit; a row says that it is the first. */
static struct story *begin_old(uint64_t seed)
{
	struct story *s = begin(seed, 20, true);

	import(s, badly_signed(s));
	return s;
}

/* The mark is lost: for this node all were checked. */
static struct story *begin_trusting(uint64_t seed)
{
	static const uint8_t mark[] = "legacy";
	struct story *s = begin_old(seed);

	stop(s);
	disk_write(s->n->disk, "blocks", "meta", (struct tn_view){ mark, 6 }, NULL);
	configure(s, false);
	fleet_start(s->n);
	return s;
}

static void is_trusted(void)
{
	struct story *s = begin_trusting(44);

	is_answer(s, "{\"action\":\"reindex\",\"quick\":true}", "{\"height\":21,",
		  "a quick reindex does not check a signature again");
	is_answer(s, "{\"action\":\"reindex\"}", "error -10 block 21: transaction ",
		  "one that is not quick does");
	is_uint(tip_of(s), 20, "and stops below it");
	end(s);
}

static bool not_begun(void *arg)
{
	bool rebuilds;

	on_disk(arg, &rebuilds);
	return !rebuilds;
}

static void cut_off(void)
{
	struct story *s = begin_trusting(45);

	world_slow_disk(s->n->env, 3000000);
	begin_reindex(s, true);
	wait_while(s, not_begun, "no reindex");
	fleet_crash(s->n);
	world_slow_disk(s->n->env, 0);
	fleet_start(s->n);
	ok(rebuilding(s), "a quick reindex that was cut off goes on");
	wait_while(s, rebuilding, "it does not end");
	is_uint(tip_of(s), 20, "and checks what is left");
	is_answer(s, "{\"action\":\"verify\"}", "{\"height\":20,", "which verifies");
	end(s);
}

static void keeps_the_mark(void)
{
	struct story *s = begin_old(46);
	struct tn_error err = { "" };

	is_answer(s, "{\"action\":\"reindex\",\"quick\":true}", "{\"height\":21,",
		  "a quick reindex of a chain of the old network");
	is_uint(state_of(chain_ctx(plug_of(s)))->legacy, 21, "knows its first block");
	stop(s);
	configure(s, false);
	ok(!fleet_try(s->n, &err) && strstr(err.text, "from height 21 on"),
	   "and its row is stored: without legacy_chain no start (%s)", err.text);
	end(s);
}

/* Where the row of a block has these bytes. */
static size_t find(const struct disk_row *r, struct tn_bytes what)
{
	for (size_t at = 0; what.n && at + what.n <= r->val_n; at++)
		if (!memcmp(r->val + at, what.p, what.n))
			return at;
	bail_out("no signature in the row");
}

/* Not checked is not unseen: the block's hash covers it. */
static void changed_on_the_disk(void)
{
	struct story *s = begin(47, 20, false);
	struct disk_row r;
	struct tn_view key;

	stop(s);
	disk_read(s->n->disk, "blocks", "block", 15, &r);
	r.val[find(&r, s->block[15]->transactions.v[1].inputs.v[0].script_sig) + 90] ^= 1;
	key = (struct tn_view){ r.key, r.key_n };
	disk_write(s->n->disk, "blocks", "block", key, &(struct tn_view){ r.val, r.val_n });
	fleet_start(s->n);
	is_answer(s, "{\"action\":\"reindex\",\"quick\":true}", "error -10 block 15: ",
		  "a signature that the disk has changed is found by a quick reindex as well");
	is_uint(tip_of(s), 14, "which stops below it");
	end(s);
}

int main(void)
{
	many_at_a_time();
	answered_is_durable();
	full_at_the_end();
	is_trusted();
	cut_off();
	keeps_the_mark();
	changed_on_the_disk();
	return done_testing();
}
