/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-damage.c - a damaged store, and the way out of it
 *
 * One byte of a row changed, anywhere: `chain verify` finds it, or the node does not start. A
 * reindex that meets a damaged block stops below it and leaves nothing behind; one that a full
 * disk stops goes on; while it removes rows, nobody is told of what is left of them.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "plugins/blocks/blocks.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"

enum { BLOCKS_MAX = 700, FLIPS = 128 };

struct story {
	struct fleet *f;
	struct fleet_node *n;
	struct chaingen *g;
	struct tn_arena *arena;
	const struct tn_block *block[BLOCKS_MAX];
	uint64_t top;
};

static struct plug *plug_of(const struct story *s)
{
	return node_plug(s->n->node);
}

static bool lower(void *arg)
{
	struct story *s = arg;

	return chain_tip(plug_of(s)).height < s->top;
}

static void offer(struct story *s, uint64_t from)
{
	for (uint64_t h = from; h <= s->top; h++)
		chain_offer(plug_of(s), s->block[h], s->arena);
	if (!world_run_while(s->f->world, lower, s, world_now(s->f->world) + 600000000))
		bail_out("the blocks do not connect");
}

static struct story *begin(uint64_t seed, uint64_t blocks)
{
	struct story *s = calloc(1, sizeof *s);

	s->f = fleet_create(seed);
	s->n = fleet_add(s->f, "50.0.0.1",
			 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
			 "plugins: { blocks: { address_index = true; }; };");
	s->arena = tn_arena_create((size_t)256 << 20);
	s->g = chainlab_gen(seed, 6);
	s->top = blocks;
	for (uint64_t h = 1; h <= blocks; h++)
		s->block[h] = chaingen_next(s->g, s->arena);
	fleet_start(s->n);
	offer(s, 1);
	return s;
}

static void end(struct story *s)
{
	fleet_free(s->f);
	chaingen_free(s->g);
	tn_arena_unref(s->arena);
	free(s);
}

/* ---- rows */

static void write_row(struct story *s, const char *db, const struct disk_row *r)
{
	struct tn_view key = { r->key, r->key_n }, val = { r->val, r->val_n };

	disk_write(s->n->disk, "blocks", db, key, &val);
}

/* ---- the checks */

static void is_answer(struct story *s, const char *cmd, const char *args, const char *want,
		      const char *name)
{
	char *text = chain_ask(s->f->world, plug_of(s), cmd, args);

	ok(strstr(text, want), "%s (%s)", name, text);
	free(text);
}

static bool verifies(struct story *s)
{
	char *text = chain_ask(s->f->world, plug_of(s), "chain",
			       "{\"action\":\"verify\",\"quick\":true}");
	bool clean = strstr(text, "{\"height\":") != NULL;

	free(text);
	return clean;
}

/* The node is not running, before and after. */
static bool is_found(struct story *s)
{
	struct tn_error err = { "" };
	bool clean;

	if (!fleet_try(s->n, &err))
		return true;
	clean = verifies(s);
	if (!fleet_stop(s->n))
		bail_out("it does not stop");
	return !clean; /* whatever the height: a tip that moved is no chain of these rows */
}

/* A bit of every byte of the row's first `n` (0: of all), or of FLIPS of them. */
static void flip(struct story *s, const char *db, uint64_t skip, size_t n)
{
	struct disk_row r;
	size_t step;
	unsigned missed = 0, flips = 0;

	disk_read(s->n->disk, "blocks", db, skip, &r);
	n = n ? n : r.val_n;
	step = n / FLIPS + 1;
	for (size_t at = 0; at < n; at += step, flips++) {
		r.val[at] ^= 4;
		write_row(s, db, &r);
		if (!is_found(s)) {
			diag("%s, byte %zu of %zu", db, at, r.val_n);
			missed++;
		}
		r.val[at] ^= 4;
	}
	write_row(s, db, &r);
	ok(flips && !missed, "%s, row %d: each of %u changed bytes is found", db, (int)skip, flips);
}

/* A row that is longer or shorter than it should be. */
static void length(struct story *s, const char *db, uint64_t skip)
{
	struct disk_row r;

	disk_read(s->n->disk, "blocks", db, skip, &r);
	r.val_n++;
	write_row(s, db, &r);
	ok(is_found(s), "%s: a byte too many is found", db);
	r.val_n -= 2;
	write_row(s, db, &r);
	ok(is_found(s), "%s: a byte too few is found", db);
	r.val_n++;
	write_row(s, db, &r);
}

static void stop(struct story *s)
{
	if (!fleet_stop(s->n))
		bail_out("it does not stop");
}

static void any_byte(void)
{
	static const struct {
		const char *db;
		uint64_t skip;
	} list[] = { { "block", 6 }, { "block", 0 }, { "index", 6 },    { "index", 0 },
		     { "undo", 9 },  { "undo", 0 },  { "hash", 3 },     { "tx", 9 },
		     { "coin", 11 }, { "coin", 40 }, { "address", 11 }, { "address_tx", 7 } };
	struct story *s = begin(21, 12);

	ok(verifies(s), "a chain that verifies");
	stop(s);
	for (unsigned i = 0; i < sizeof list / sizeof *list; i++) {
		flip(s, list[i].db, list[i].skip, 0);
		length(s, list[i].db, list[i].skip);
	}
	flip(s, "meta", 1, 88); /* genesis, tip and the number of coins; behind them: a reindex */
	ok(!is_found(s), "and at the end all is as it was");
	end(s);
}

/* ---- reindex */

/* `cut`: the row is no block at all, else one byte of it is another. */
static void damaged_block(bool cut)
{
	struct story *s = begin(22, 20);
	struct disk_row r;

	stop(s);
	disk_read(s->n->disk, "blocks", "block", 7, &r);
	if (cut)
		r.val_n /= 2;
	else
		r.val[r.val_n / 2] ^= 1;
	write_row(s, "block", &r);
	fleet_start(s->n);
	is_answer(s, "chain", "{\"action\":\"verify\"}",
		  "error -10 block 7: ", "block 7 is damaged");
	is_answer(s, "chain", "{\"action\":\"reindex\"}",
		  "error -10 block 7: ", "a reindex stops there");
	is_uint(chain_tip(plug_of(s)).height, 6, "below it");
	is_answer(s, "chain", "{\"action\":\"verify\"}", "{\"height\":6,",
		  "and leaves nothing that follows from no block");
	stop(s);
	fleet_start(s->n);
	is_uint(chain_tip(plug_of(s)).height, 6, "the next start as well");
	offer(s, 7);
	is_answer(s, "chain", "{\"action\":\"verify\"}", "{\"height\":20,",
		  "with the blocks from elsewhere all is well");
	end(s);
}

struct asked {
	bool done;
};

static void no_row(void *arg, const char *json, size_t n)
{
	(void)arg, (void)json, (void)n;
}

static void on_end(void *arg, int code, const char *why)
{
	(void)code, (void)why;
	((struct asked *)arg)->done = true;
}

static void begin_reindex(struct story *s, struct asked *a)
{
	struct plug_reply reply = { .row = no_row, .end = on_end, .arg = a };
	static const char args[] = "{\"action\":\"reindex\"}";
	struct tn_view in = { (const uint8_t *)args, sizeof args - 1 };
	struct tn_error err = { "" };
	uint64_t running;

	if (plug_command_run(plug_of(s), plug_command_find(plug_of(s), "chain"), &reply, in,
			     &running, &err) != PLUG_LATER)
		bail_out("no reindex: %s", err.text);
}

static bool below_ten(void *arg)
{
	return chain_tip(plug_of(arg)).height < 10;
}

static bool not_done(void *arg)
{
	return !((struct asked *)arg)->done;
}

static bool rebuilding(void *arg)
{
	return state_of(chain_ctx(plug_of(arg)))->maintain;
}

static void full_disk(void)
{
	struct story *s = begin(23, 600);
	struct asked a = { false };
	uint64_t limit;

	fleet_run(s->f, 5000000); /* all of it is on the disk */
	begin_reindex(s, &a);
	limit = world_now(s->f->world) + 600000000;
	if (!world_run_while(s->f->world, below_ten, s, limit))
		bail_out("no reindex");
	disk_full(s->n->disk, true);
	if (!world_run_while(s->f->world, not_done, &a, limit))
		bail_out("it does not end");
	ok(chain_tip(plug_of(s)).height < s->top / 2,
	   "a reindex that finds the disk full ends early");
	fleet_crash(s->n);
	disk_full(s->n->disk, false);
	fleet_start(s->n);
	if (!world_run_while(s->f->world, rebuilding, s, world_now(s->f->world) + 600000000))
		bail_out("it does not end");
	is_answer(s, "chain", "{\"action\":\"verify\"}", "{\"height\":600,",
		  "the next start goes on with it, without any peer");
	end(s);
}

/* Rows of what was the chain are still there, and are nobody's business. */
static void while_it_removes(void)
{
	struct story *s = begin(24, 390);
	struct asked a = { false };
	const struct tn_block *b;
	struct tn_hash hash;
	uint64_t running = world_now(s->f->world) + 600000000;
	char *coinbase, last[80], args[160], *text;

	text = chain_ask(s->f->world, plug_of(s), "getblock", "{\"height\":390}");
	coinbase = strstr(text, "\"tx\":[\"");
	if (!coinbase)
		bail_out("%s", text);
	snprintf(last, sizeof last, "%.64s", coinbase + 7);
	free(text);
	begin_reindex(s, &a);
	is_uint(chain_tip(plug_of(s)).height, 0, "a reindex begins at genesis");
	is_answer(s, "getblock", "{\"height\":390}", "error -5 Block not found", "getblock");
	is_answer(s, "getblockheader", "{\"height\":1}", "error -5 Block not found",
		  "getblockheader");
	is_answer(s, "getblockhash", "{\"height\":390}", "error -5 no block at height",
		  "getblockhash");
	snprintf(args, sizeof args, "{\"txid\":\"%s\",\"n\":0}", last);
	is_answer(s, "gettxout", args, "error -5 no such coin", "gettxout");
	snprintf(args, sizeof args, "{\"txid\":\"%s\"}", last);
	is_answer(s, "getrawtransaction", args, "error -5 no such transaction",
		  "getrawtransaction");
	is_answer(s, "gettxoutsetinfo", "{}", "error -3 ", "gettxoutsetinfo");
	is_answer(s, "getaddressbalance", "{\"address\":\"x\"}", "error -5 ", "an address");
	is_answer(s, "chain", "{\"action\":\"verify\"}", "error -3 ", "chain verify");
	is_answer(s, "chain", "{\"action\":\"export\",\"file\":\"/nonexistent\"}", "error -3 ",
		  "chain export");
	is_int(chain_hash_at(plug_of(s), 390, &hash), TN_ENOENT, "chain.hash_at");
	is_int(chain_block_at(plug_of(s), 390, s->arena, &b), TN_ENOENT, "chain.block_at");
	if (!world_run_while(s->f->world, not_done, &a, running))
		bail_out("it does not end");
	is_answer(s, "chain", "{\"action\":\"verify\"}", "{\"height\":390,",
		  "at the end all is as it was");
	end(s);
}

int main(void)
{
	any_byte();
	damaged_block(false);
	damaged_block(true);
	full_disk();
	while_it_removes();
	return done_testing();
}
