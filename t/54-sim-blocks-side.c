/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-side.c - branches beside the chain: over restarts, bounded, gone when too deep
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"

enum { BLOCKS_MAX = 1200, BRANCH_MAX = 40 };

struct story {
	struct fleet *f;
	struct fleet_node *n;
	struct chaingen *g;
	struct tn_arena *arena;
};

static struct plug *plug_of(const struct story *s)
{
	return node_plug(s->n->node);
}

static void configure(struct story *s, const char *options)
{
	snprintf(s->n->conf_text, sizeof s->n->conf_text,
		 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
		 "plugins: { blocks: { %s }; };",
		 options);
}

static struct story *begin(uint64_t seed, const char *options, uint32_t txs)
{
	struct story *s = calloc(1, sizeof *s);

	s->f = fleet_create(seed);
	s->n = fleet_add(s->f, "50.0.0.1", "");
	configure(s, options);
	s->arena = tn_arena_create((size_t)512 << 20);
	s->g = chainlab_gen(seed, txs);
	fleet_start(s->n);
	return s;
}

static void end(struct story *s)
{
	fleet_free(s->f);
	chaingen_free(s->g);
	tn_arena_unref(s->arena);
	free(s);
}

static const struct tn_block *grow(struct story *s, struct chaingen *g, unsigned n)
{
	const struct tn_block *b = NULL;

	while (n-- > 0) {
		b = chaingen_next(g, s->arena);
		chain_offer(plug_of(s), b, s->arena);
		if (n % 16 == 0)
			fleet_run(s->f, 2000000);
	}
	fleet_run(s->f, 2000000); /* the disk too */
	return b;
}

static int64_t beside(struct story *s)
{
	return fleet_number(s->n, "getblockchaininfo", 0, "sideblocks", -1);
}

struct rows {
	unsigned n;
	uint64_t bytes;
};

static int count_row(void *arg, struct tn_view key, struct tn_view val)
{
	struct rows *r = arg;

	(void)key;
	r->n++;
	r->bytes += val.n;
	return 0;
}

static int side_db(struct store *st)
{
	struct tn_error err = { "" };
	int db = store_db(st, "blocks.side", 1, &err);

	if (db < 0)
		bail_out("%s", err.text);
	return db;
}

/* What is on the disk; the node is down meanwhile. */
static struct rows rows_of(struct story *s, bool start)
{
	struct rows r = { 0, 0 };
	struct store *st;

	fleet_run(s->f, 2000000);
	if (s->n->node)
		fleet_cut(s->n);
	st = disk_store(s->n->disk);
	store_scan(st, side_db(st), (struct tn_view){ NULL, 0 }, count_row, &r);
	store_close(st);
	if (start)
		fleet_start(s->n);
	return r;
}

static void is_tip(struct story *s, const struct tn_block *b, const char *name)
{
	struct tn_tip tip = chain_tip(plug_of(s));
	struct tn_sha *sha = tn_sha_create();
	struct tn_hash hash;

	tn_block_hash(sha, &b->header, &hash);
	is_uint(tip.height, b->header.height, "%s: its height", name);
	is_mem(&tip.hash, &hash, sizeof hash, "and its hash");
	tn_sha_free(sha);
}

static void verifies(struct story *s)
{
	char *text = chain_ask(s->f->world, plug_of(s), "chain", "{\"action\":\"verify\"}");

	ok(strstr(text, "{\"height\":"), "and the chain verifies (%s)", text);
	free(text);
}

/* The branch's end comes after the restart; its beginning nobody sends again. */
static void survives(void)
{
	struct story *s = begin(31, "", 4);
	const struct tn_block *ours, *theirs;
	struct chaingen *other;

	grow(s, s->g, 20);
	other = chaingen_fork(s->g, 9);
	ours = grow(s, s->g, 5);
	grow(s, other, 4);
	is_int(beside(s), 4, "a shorter branch lies beside the chain");
	is_uint(rows_of(s, true).n, 4, "and on the disk");
	is_int(beside(s), 4, "after a power cut it is there again");
	is_tip(s, ours, "beside the chain that it was");
	theirs = grow(s, other, 2);
	is_tip(s, theirs, "with two more blocks it is the longer one and takes the place");
	is_int(beside(s), 5, "of ours, which lies beside it now");
	verifies(s);
	is_uint(rows_of(s, true).n, 5, "on the disk too");
	theirs = grow(s, s->g, 3);
	is_tip(s, theirs, "which, after another power cut, comes back");
	is_int(beside(s), 6, "and the other lies there");
	verifies(s);
	chaingen_free(other);
	end(s);
}

static void rolled_back(void)
{
	struct story *s = begin(32, "", 3);
	struct chaingen *other;
	char *text;

	grow(s, s->g, 20);
	other = chaingen_fork(s->g, 9);
	grow(s, s->g, 5);
	grow(s, other, 4);
	text = chain_ask(s->f->world, plug_of(s), "chain",
			 "{\"action\":\"rollback\",\"height\":15}");
	free(text);
	is_int(beside(s), 0, "a branch whose parent is gone goes too");
	is_uint(rows_of(s, true).n, 0, "from the disk as well");
	chaingen_free(other);
	end(s);
}

static void too_deep(void)
{
	struct story *s = begin(33, "", 1);
	struct chaingen *other;

	grow(s, s->g, 10);
	other = chaingen_fork(s->g, 9);
	grow(s, s->g, 8);
	grow(s, other, 5);
	is_int(beside(s), 5, "a branch from height 10");
	grow(s, s->g, 992);
	is_uint(chain_tip(plug_of(s)).height, 1010, "the chain goes on");
	is_int(beside(s), 5, "a thousand blocks above it may still change");
	grow(s, s->g, 1);
	is_int(beside(s), 0, "one more and it cannot");
	is_uint(rows_of(s, true).n, 0, "so nothing is kept");
	chaingen_free(other);
	end(s);
}

static void bounded(void)
{
	struct story *s = begin(34, "side_max = \"20K\";", 4);
	const struct tn_block *theirs;
	struct chaingen *other;
	struct rows r;

	grow(s, s->g, 20);
	other = chaingen_fork(s->g, 9);
	grow(s, s->g, 31);
	theirs = grow(s, other, 29);
	r = rows_of(s, true);
	ok(r.n < 29 && r.bytes <= 20480, "side_max holds on the disk: %u blocks, %d bytes", r.n,
	   (int)r.bytes);
	is_int(beside(s), r.n, "and at the start");
	(void)theirs;
	fleet_cut(s->n);
	configure(s, "side_max = \"2K\";");
	fleet_start(s->n);
	r = rows_of(s, true);
	ok(r.bytes <= 2048, "a lower one after a restart: %u blocks, %d bytes", r.n, (int)r.bytes);
	verifies(s);
	chaingen_free(other);
	end(s);
}

/* What is on the disk may be anything. */
static void spoilt_rows(void)
{
	struct story *s = begin(35, "", 4);
	struct chaingen *other;
	const struct tn_block *b;
	struct tn_error err = { "" };
	struct store_batch *batch;
	struct store *st;
	struct tn_hash key = { { 7 } };
	uint8_t bytes[300] = { 1 };
	int64_t before;

	grow(s, s->g, 20);
	other = chaingen_fork(s->g, 9);
	grow(s, s->g, 3);
	grow(s, other, 2);
	before = beside(s);
	fleet_cut(s->n);
	st = disk_store(s->n->disk);
	batch = store_batch(st);
	store_put(batch, side_db(st), TN_VIEW(key), (struct tn_view){ bytes, sizeof bytes });
	key.b[0] = 8;
	store_put(batch, side_db(st), TN_VIEW(key), (struct tn_view){ bytes, 3 });
	store_put(batch, side_db(st), (struct tn_view){ bytes, 5 },
		  (struct tn_view){ bytes, sizeof bytes });
	if (store_commit(batch, &err))
		bail_out("%s", err.text);
	store_close(st);
	fleet_start(s->n);
	is_int(beside(s), before, "rows that are no blocks are not taken");
	is_uint(rows_of(s, true).n, (unsigned)before, "and removed");
	b = grow(s, other, 2);
	is_tip(s, b, "the branch is well");
	chaingen_free(other);
	end(s);
}

static int64_t fleet_metric_of(struct story *s, const char *name)
{
	struct plug_metric m;

	for (size_t i = 0; plug_metric(plug_of(s), i, &m); i++)
		if (!strcmp(m.plugin, "blocks") && !strcmp(m.name, name))
			return m.value;
	return -1;
}

/* One row of the node that is down: cut short, or a byte of it is another. */
static void damage(struct story *s, const struct tn_block *b, unsigned kind)
{
	struct store *st = disk_store(s->n->disk);
	struct store_batch *batch = store_batch(st);
	struct tn_sha *sha = tn_sha_create();
	struct tn_error err = { "" };
	struct tn_view val;
	struct tn_hash hash;
	uint8_t *copy;

	tn_block_hash(sha, &b->header, &hash);
	if (store_get(st, side_db(st), TN_VIEW(hash), s->arena, &val))
		bail_out("no such row");
	copy = tn_alloc(s->arena, val.n);
	memcpy(copy, val.p, val.n);
	if (kind == 0)
		val.n -= 7;
	else
		copy[kind == 1 ? val.n - 1 : val.n / 2] ^= 1;
	store_put(batch, side_db(st), TN_VIEW(hash), (struct tn_view){ copy, val.n });
	if (store_commit(batch, &err))
		bail_out("%s", err.text);
	store_close(st);
	tn_sha_free(sha);
}

static struct fleet_node *add_peer(struct story *s)
{
	struct fleet_node *n = fleet_add(
		s->f, "60.0.0.2",
		"network: { name = \"testnet\"; listen = [ \"60.0.0.2\" ]; dial_rule = \"any\"; "
		"connect = [ \"50.0.0.1\" ]; }; plugins: { blocks: { }; };");

	fleet_start(n);
	return n;
}

/* A block of a branch is not in the store any more as it came: it and what builds on it go, and are
 * fetched again.
 */
static void damaged(unsigned kind, const char *name)
{
	struct story *s = begin(50 + kind, "", 4);
	const struct tn_block *ours, *theirs[4], *common[20];
	struct chaingen *other;
	struct fleet_node *peer;

	for (unsigned i = 0; i < 20; i++)
		common[i] = grow(s, s->g, 1);
	other = chaingen_fork(s->g, 9);
	ours = grow(s, s->g, 3);
	for (unsigned i = 0; i < 4; i++)
		theirs[i] = chaingen_next(other, s->arena);
	for (unsigned i = 0; i < 2; i++)
		chain_offer(plug_of(s), theirs[i], s->arena);
	is_uint(rows_of(s, false).n, 2, "%s: two blocks beside the chain", name);
	damage(s, theirs[0], kind);
	fleet_start(s->n);
	for (unsigned i = 2; i < 4; i++)
		chain_offer(plug_of(s), theirs[i], s->arena);
	fleet_run(s->f, 2000000);
	is_tip(s, ours, "a damaged branch is not taken");
	is_int(beside(s), 0, "and does not lie there any more");
	is_uint(rows_of(s, true).n, 0, "on the disk neither");
	peer = add_peer(s);
	for (unsigned i = 0; i < 20; i++)
		chain_offer(node_plug(peer->node), common[i], s->arena);
	for (unsigned i = 0; i < 4; i++)
		chain_offer(node_plug(peer->node), theirs[i], s->arena);
	fleet_run(s->f, 240000000);
	is_tip(s, theirs[3], "from a peer it comes again, and is taken");
	is_int(beside(s), 3, "ours lies beside it");
	verifies(s);
	chaingen_free(other);
	end(s);
}

/* The peer with the branch is there all the time: it is not blamed. */
static void damaged_and_asked(void)
{
	struct story *s = begin(55, "", 4);
	const struct tn_block *theirs[4], *common[20];
	struct chaingen *other;
	struct fleet_node *peer;

	for (unsigned i = 0; i < 20; i++)
		common[i] = grow(s, s->g, 1);
	other = chaingen_fork(s->g, 9);
	grow(s, s->g, 3);
	for (unsigned i = 0; i < 4; i++)
		theirs[i] = chaingen_next(other, s->arena);
	for (unsigned i = 0; i < 2; i++)
		chain_offer(plug_of(s), theirs[i], s->arena);
	rows_of(s, false);
	damage(s, theirs[1], 1);
	fleet_start(s->n);
	peer = add_peer(s);
	for (unsigned i = 0; i < 20; i++)
		chain_offer(node_plug(peer->node), common[i], s->arena);
	for (unsigned i = 0; i < 4; i++)
		chain_offer(node_plug(peer->node), theirs[i], s->arena);
	fleet_run(s->f, 300000000);
	is_tip(s, theirs[3], "a branch that was damaged is fetched anew from whoever has it");
	is_int(fleet_metric_of(s, "blocks_refused"), 0, "and nobody is blamed");
	verifies(s);
	chaingen_free(other);
	end(s);
}

/* What one node has at a height, to another. */
static void give_copy(struct story *from, struct story *to, uint64_t height)
{
	const struct tn_block *b;

	if (chain_block_at(plug_of(from), height, from->arena, &b))
		bail_out("no block %d", (int)height);
	chain_offer(plug_of(to), b, from->arena);
	fleet_run(to->f, 100000);
}

/* The same block on another parent. */
static const struct tn_block *on_top(const struct tn_block *parent, const struct tn_block *b,
				     struct tn_arena *a)
{
	struct tn_block *copy = tn_alloc(a, sizeof *copy);
	struct tn_sha *sha = tn_sha_create();

	*copy = *b;
	tn_block_hash(sha, &parent->header, &copy->header.previous_hash);
	tn_sha_free(sha);
	return copy;
}

/* A branch that breaks a rule, found out after a restart, leaves nothing behind. */
static void spoilt_branch(void)
{
	struct story *s = begin(36, "", 4);
	const struct tn_block *ours, *good, *bad = NULL;
	struct chaingen *other;

	grow(s, s->g, 20);
	other = chaingen_fork(s->g, 9);
	ours = grow(s, s->g, 3);
	good = chaingen_next(other, s->arena);
	for (unsigned i = 0; i < CHAINGEN_BAD && !bad; i++)
		if (chaingen_bad(i)->fault == TN_FAULT_COIN_UNKNOWN)
			bad = chaingen_spoil(i, good, s->arena);
	if (!bad)
		bail_out("no such fault");
	chain_offer(plug_of(s), bad, s->arena);
	for (unsigned i = 0; i < 2; i++) {
		bad = on_top(bad, chaingen_next(other, s->arena), s->arena);
		chain_offer(plug_of(s), bad, s->arena);
	}
	fleet_run(s->f, 2000000);
	is_int(beside(s), 3, "what a block spends is not looked at beside the chain");
	is_uint(rows_of(s, true).n, 3, "so it is kept");
	bad = on_top(bad, chaingen_next(other, s->arena), s->arena);
	chain_offer(plug_of(s), bad, s->arena);
	fleet_run(s->f, 2000000);
	is_tip(s, ours, "but only until the branch is the longer one: ours stays");
	is_int(beside(s), 0, "and nothing of the other is kept");
	is_uint(rows_of(s, true).n, 0, "nowhere");
	end(s);
	chaingen_free(other);
}

/* Payments of both branches spend coins from below the fork, and coins of their own. */
static void reorganise(unsigned depth)
{
	struct story *s = begin(40 + depth, "", 3), *other = begin(40 + depth, "", 3);
	struct chaingen *branch;
	const struct tn_block *b = NULL;
	char *got, *want;

	grow(s, s->g, 20);
	branch = chaingen_fork(s->g, 1);
	chaingen_free(other->g);
	other->g = NULL;
	grow(s, s->g, depth);
	for (uint64_t h = 1; h <= 20; h++)
		give_copy(s, other, h);
	for (unsigned i = 0; i <= depth; i++) {
		b = chaingen_next(branch, s->arena);
		chain_offer(plug_of(s), b, s->arena);
		chain_offer(plug_of(other), b, s->arena);
		if (i % 16 == 0) {
			fleet_run(s->f, 1000000);
			fleet_run(other->f, 1000000);
		}
	}
	fleet_run(s->f, 60000000);
	fleet_run(other->f, 10000000);
	is_tip(s, b, "the other branch, one longer, is taken");
	is_int(fleet_metric_of(s, "reorganisations"), 1, "by one reorganisation, %u deep", depth);
	got = chain_ask(s->f->world, plug_of(s), "gettxoutsetinfo", "{}");
	want = chain_ask(other->f->world, plug_of(other), "gettxoutsetinfo", "{}");
	is_str(got, want, "the coins are those of a node that saw nothing else");
	verifies(s);
	free(got);
	free(want);
	chaingen_free(branch);
	end(other);
	end(s);
}

int main(void)
{
	reorganise(1);
	reorganise(10);
	reorganise(1000);
	survives();
	rolled_back();
	too_deep();
	bounded();
	spoilt_rows();
	spoilt_branch();
	damaged(0, "cut short");
	damaged(1, "another reward");
	damaged(2, "another payment");
	damaged_and_asked();
	return done_testing();
}
