/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-damage.c - one byte of a row changed, anywhere: `chain verify` finds it, or the
 * node does not start
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"

enum { BLOCKS = 12, FLIPS = 128 };

struct story {
	struct fleet *f;
	struct fleet_node *n;
	struct chaingen *g;
	struct tn_arena *arena;
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

static struct story *begin(void)
{
	struct story *s = calloc(1, sizeof *s);

	s->f = fleet_create(21);
	s->n = fleet_add(s->f, "50.0.0.1",
			 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
			 "plugins: { blocks: { address_index = true; }; };");
	s->arena = tn_arena_create((size_t)64 << 20);
	s->g = chainlab_gen(21, 6);
	s->top = BLOCKS;
	fleet_start(s->n);
	for (unsigned i = 0; i < BLOCKS; i++)
		chain_offer(plug_of(s), chaingen_next(s->g, s->arena), s->arena);
	if (!world_run_while(s->f->world, lower, s, world_now(s->f->world) + 600000000))
		bail_out("the blocks do not connect");
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

struct row {
	uint8_t key[100], val[8192];
	size_t key_n, val_n;
	uint64_t skip;
};

static int take(void *arg, struct tn_view key, struct tn_view val)
{
	struct row *r = arg;

	if (r->skip-- > 0)
		return 0;
	if (key.n > sizeof r->key || val.n > sizeof r->val)
		bail_out("a long row");
	memcpy(r->key, key.p, key.n);
	memcpy(r->val, val.p, val.n);
	r->key_n = key.n;
	r->val_n = val.n;
	return 1;
}

static int open_db(struct store *st, const char *db)
{
	struct tn_error err = { "" };
	char name[80];
	int n;

	snprintf(name, sizeof name, "blocks.%s", db);
	n = store_db(st, name, 1, &err);
	if (n < 0)
		bail_out("%s: %s", name, err.text);
	return n;
}

static void read_row(struct story *s, const char *db, struct row *r)
{
	struct store *st = disk_store(s->n->disk);

	if (store_scan(st, open_db(st, db), (struct tn_view){ NULL, 0 }, take, r) != 1)
		bail_out("no such row in %s", db);
	store_close(st);
}

static void write_row(struct story *s, const char *db, const struct row *r)
{
	struct store *st = disk_store(s->n->disk);
	struct tn_error err = { "" };
	int n = open_db(st, db);
	struct store_batch *b = store_batch(st);

	if (store_put(b, n, (struct tn_view){ r->key, r->key_n },
		      (struct tn_view){ r->val, r->val_n }) ||
	    store_commit(b, &err))
		bail_out("%s: %s", db, err.text);
	store_close(st);
}

/* ---- the checks */

static bool verifies(struct story *s)
{
	char *text = chain_ask(s->f->world, plug_of(s), "chain",
			       "{\"action\":\"verify\",\"quick\":true}");
	bool clean = strstr(text, "{\"height\":12,") != NULL;

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
	return !clean;
}

/* A bit of every byte of the row's first `n` (0: of all), or of FLIPS of them. */
static void flip(struct story *s, const char *db, uint64_t skip, size_t n)
{
	struct row r = { .skip = skip };
	size_t step;
	unsigned missed = 0, flips = 0;

	read_row(s, db, &r);
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
	struct row r = { .skip = skip };

	read_row(s, db, &r);
	r.val_n++;
	write_row(s, db, &r);
	ok(is_found(s), "%s: a byte too many is found", db);
	r.val_n -= 2;
	write_row(s, db, &r);
	ok(is_found(s), "%s: a byte too few is found", db);
	r.val_n++;
	write_row(s, db, &r);
}

int main(void)
{
	static const struct {
		const char *db;
		uint64_t skip;
	} list[] = { { "block", 6 }, { "block", 0 }, { "index", 6 },    { "index", 0 },
		     { "undo", 9 },  { "undo", 0 },  { "hash", 3 },     { "tx", 9 },
		     { "coin", 11 }, { "coin", 40 }, { "address", 11 }, { "address_tx", 7 } };
	struct story *s = begin();

	ok(verifies(s), "a chain that verifies");
	if (!fleet_stop(s->n))
		bail_out("it does not stop");
	for (unsigned i = 0; i < sizeof list / sizeof *list; i++) {
		flip(s, list[i].db, list[i].skip, 0);
		length(s, list[i].db, list[i].skip);
	}
	flip(s, "meta", 1, 88); /* genesis, tip and the number of coins; behind them: a reindex */
	ok(!is_found(s), "and at the end all is as it was");
	end(s);
	return done_testing();
}
