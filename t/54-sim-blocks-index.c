/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-index.c - the index by address, and rows that follow from no block
 *
 * Beside the node the test keeps its own list of every output and of who touched which
 * script, straight from the blocks.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"

enum { BLOCKS_MAX = 200, MADE_MAX = 20000, SCRIPTS_MAX = 64 };

struct made { /* an output */
	struct tn_outpoint o;
	struct tn_bytes script;
	uint64_t value, height;
	bool coinbase, spent;
};
struct touch {
	struct tn_bytes script;
	struct tn_hash txid;
	uint64_t height;
	uint32_t place;
};
struct story {
	struct fleet *f;
	struct fleet_node *n;
	struct chaingen *g;
	struct tn_arena *arena; /* keeps all blocks */
	const struct tn_block *block[BLOCKS_MAX];
	uint64_t top;

	/* the truth */
	struct made made[MADE_MAX];
	struct touch touch[MADE_MAX];
	struct tn_bytes script[SCRIPTS_MAX];
	unsigned mades, touches, scripts;
};

static struct plug *plug_of(const struct story *s)
{
	return node_plug(s->n->node);
}

static bool same(struct tn_bytes a, struct tn_bytes b)
{
	return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

/* ---- the truth */

static void touched(struct story *s, struct tn_bytes script, const struct tn_hash *txid,
		    uint64_t height, uint32_t place)
{
	unsigned i = 0;

	for (unsigned k = s->touches; k-- > 0 && s->touch[k].height == height;)
		if (s->touch[k].place == place && same(s->touch[k].script, script))
			return;
	s->touch[s->touches++] = (struct touch){ script, *txid, height, place };
	while (i < s->scripts && !same(s->script[i], script))
		i++;
	if (i == s->scripts)
		s->script[s->scripts++] = script;
}

static struct made *find_made(struct story *s, const struct tn_outpoint *o)
{
	for (unsigned i = s->mades; i-- > 0;)
		if (s->made[i].o.vout == o->vout && !memcmp(&s->made[i].o.txid, &o->txid, 32))
			return &s->made[i];
	bail_out("a block spends what is not there");
}

static void learn_tx(struct story *s, const struct tn_block *b, uint32_t place, struct tn_sha *sha)
{
	const struct tn_tx *tx = &b->transactions.v[place];
	struct tn_hash txid;

	tn_txid(sha, tx, &txid);
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		struct made *m = find_made(s, &tx->inputs.v[i].previous_output);

		m->spent = true;
		touched(s, m->script, &txid, b->header.height, place);
	}
	for (uint32_t k = 0; k < tx->outputs.n; k++) {
		const struct tn_txout *o = &tx->outputs.v[k];

		s->made[s->mades++] = (struct made){ { txid, k },      o->script_pubkey, o->value,
						     b->header.height, place == 0,       false };
		touched(s, o->script_pubkey, &txid, b->header.height, place);
	}
	if (s->mades > MADE_MAX - 100 || s->touches > MADE_MAX - 100 || s->scripts == SCRIPTS_MAX)
		bail_out("too much");
}

static void learn(struct story *s, uint64_t top)
{
	struct tn_sha *sha = tn_sha_create();

	s->mades = s->touches = s->scripts = 0;
	for (uint64_t h = 0; h <= top; h++)
		for (uint32_t i = 0; i < s->block[h]->transactions.n; i++)
			learn_tx(s, s->block[h], i, sha);
	tn_sha_free(sha);
}

/* ---- the node's answers against it */

static bool fits(const struct made *m, const struct tn_placed_coin *p)
{
	return p->outpoint.vout == m->o.vout && !memcmp(&p->outpoint.txid, &m->o.txid, 32) &&
	       p->coin.value == m->value && p->coin.height == m->height &&
	       p->coin.coinbase == m->coinbase && same(p->coin.script, m->script);
}

static bool is_unspent(const struct story *s, const struct tn_placed_coin *p)
{
	for (unsigned i = 0; i < s->mades; i++)
		if (!s->made[i].spent && fits(&s->made[i], p))
			return true;
	return false;
}

static unsigned unspent_of(const struct story *s, struct tn_bytes script, uint64_t *sum)
{
	unsigned n = 0;

	*sum = 0;
	for (unsigned i = 0; i < s->mades; i++)
		if (!s->made[i].spent && same(s->made[i].script, script)) {
			*sum += s->made[i].value;
			n++;
		}
	return n;
}

/* Page by page. 0: as it should be. */
static unsigned coins_wrong(struct story *s, struct tn_bytes script)
{
	struct tn_arena *a = tn_arena_create((size_t)16 << 20);
	struct tn_placed_coins page;
	struct tn_outpoint last;
	unsigned got = 0, wrong = 0;
	uint64_t sum = 0, want;

	do {
		if (chain_coins_of(plug_of(s), script, got ? &last : NULL, 7, a, &page))
			return 1000;
		for (uint32_t i = 0; i < page.coins.n; i++) {
			wrong += !is_unspent(s, &page.coins.v[i]);
			wrong += got && tn_outpoint_cmp_text(&last, &page.coins.v[i].outpoint) >= 0;
			last = page.coins.v[i].outpoint;
			sum += page.coins.v[i].coin.value;
			got++;
		}
	} while (page.coins.n == 7);
	tn_arena_unref(a);
	return wrong + (got != unspent_of(s, script, &want)) + (sum != want);
}

static char *expected_txs(const struct story *s, struct tn_bytes script, uint64_t top)
{
	char *text = calloc(1, s->touches * 160 + 16);
	size_t n = (size_t)sprintf(text, "[");

	for (unsigned i = 0; i < s->touches; i++) {
		const struct touch *t = &s->touch[i];

		if (!same(t->script, script))
			continue;
		n += (size_t)sprintf(text + n, "%s{ \"txid\": \"", n > 1 ? ", " : " ");
		for (unsigned k = 0; k < 32; k++)
			n += (size_t)sprintf(text + n, "%02x", t->txid.b[k]);
		n += (size_t)sprintf(text + n,
				     "\", \"height\": %d, \"index\": %d, \"confirmations\": %d }",
				     (int)t->height, (int)t->place, (int)(top - t->height + 1));
	}
	sprintf(text + n, " ]");
	return text;
}

static unsigned txs_wrong(struct story *s, struct tn_bytes script, uint64_t top)
{
	char args[200], *want = expected_txs(s, script, top), *got;
	unsigned wrong;

	snprintf(args, sizeof args, "{\"address\":\"%.*s\"}", (int)script.n,
		 (const char *)script.p);
	got = fleet_ask(s->n, "getaddresstxids", args);
	wrong = !got || strcmp(got, want);
	if (wrong)
		diag("got %.300s\nwant %.300s", got ? got : "nothing", want);
	free(got);
	free(want);
	return wrong;
}

static unsigned balance_wrong(struct story *s, struct tn_bytes script, uint64_t top)
{
	char args[200], want[200], *got;
	uint64_t sum;
	unsigned n = unspent_of(s, script, &sum), wrong;

	snprintf(args, sizeof args, "{\"address\":\"%.*s\"}", (int)script.n,
		 (const char *)script.p);
	snprintf(want, sizeof want, "{\"balance\":%llu,\"txouts\":%u,\"height\":%d}",
		 (unsigned long long)sum, n, (int)top);
	got = chain_ask(s->f->world, plug_of(s), "getaddressbalance", args);
	wrong = strcmp(got, want) != 0;
	if (wrong)
		diag("got %s want %s", got, want);
	free(got);
	return wrong;
}

static void is_index(struct story *s, uint64_t top, const char *name)
{
	unsigned wrong = 0;

	learn(s, top);
	for (unsigned i = 0; i < s->scripts; i++)
		wrong += coins_wrong(s, s->script[i]) + txs_wrong(s, s->script[i], top) +
			 balance_wrong(s, s->script[i], top);
	is_uint(chain_tip(plug_of(s)).height, top, "%s: height %d", name, (int)top);
	ok(!wrong && s->scripts > 3, "%s: coins, transactions and sums of all %u addresses", name,
	   s->scripts);
}

static void is_answer(struct story *s, const char *cmd, const char *args, const char *want,
		      const char *name)
{
	char *text = chain_ask(s->f->world, plug_of(s), cmd, args);

	ok(strstr(text, want), "%s (%s)", name, text);
	free(text);
}

static void verifies(struct story *s, const char *name)
{
	is_answer(s, "chain", "{\"action\":\"verify\"}", "{\"height\":", name);
}

/* ---- the node */

static void configure(struct story *s, const char *options)
{
	snprintf(s->n->conf_text, sizeof s->n->conf_text,
		 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
		 "plugins: { blocks: { %s }; };",
		 options);
}

static bool lower(void *arg)
{
	struct story *s = arg;

	return chain_tip(plug_of(s)).height < s->top;
}

static void wait_top(struct story *s)
{
	if (!world_run_while(s->f->world, lower, s, world_now(s->f->world) + 600000000))
		bail_out("it does not come to height %d", (int)s->top);
}

static void restart(struct story *s, const char *options)
{
	if (!fleet_stop(s->n))
		bail_out("it does not stop");
	configure(s, options);
	fleet_start(s->n);
}

static bool building(void *arg)
{
	struct tn_placed_coins page;
	struct story *s = arg;
	struct tn_arena *a = tn_arena_create((size_t)1 << 20);
	int rc = chain_coins_of(plug_of(s), s->script[0], NULL, 1, a, &page);

	tn_arena_unref(a);
	return rc == TN_ENOENT;
}

static void wait_index(struct story *s)
{
	if (!world_run_while(s->f->world, building, s, world_now(s->f->world) + 600000000))
		bail_out("the index does not come");
}

static void grow(struct story *s, struct chaingen *g, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct tn_block *b = chaingen_next(g, s->arena);

		s->top = b->header.height;
		s->block[s->top] = b;
		chain_offer(plug_of(s), b, s->arena);
	}
}

static struct story *begin(uint64_t seed, const char *options)
{
	struct story *s = calloc(1, sizeof *s);

	s->f = fleet_create(seed);
	s->n = fleet_add(s->f, "50.0.0.1", "");
	configure(s, options);
	s->arena = tn_arena_create((size_t)256 << 20);
	s->g = chainlab_gen(seed, 6);
	s->block[0] = chaingen_genesis(s->g);
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

/* ---- the tests */

static void follows(void)
{
	struct story *s = begin(11, "address_index = true;");
	struct chaingen *other;

	grow(s, s->g, 40);
	wait_top(s);
	is_index(s, 40, "blocks connect");
	verifies(s, "and the index is what the blocks say");
	other = chaingen_fork(s->g, 5);
	grow(s, s->g, 8);
	wait_top(s);
	is_index(s, 48, "more");
	grow(s, other, 9);
	wait_top(s);
	is_index(s, 49, "another branch, nine for eight");
	verifies(s, "after which it verifies");
	is_answer(s, "chain", "{\"action\":\"rollback\",\"height\":25}", "{\"height\":25,", "back");
	is_index(s, 25, "taken back");
	verifies(s, "and that verifies");
	is_answer(s, "chain", "{\"action\":\"reindex\"}", "{\"height\":25,", "reindex");
	is_index(s, 25, "made anew");
	verifies(s, "as before");
	fleet_cut(s->n);
	fleet_start(s->n);
	is_index(s, chain_tip(plug_of(s)).height, "after a power cut");
	chaingen_free(other);
	end(s);
}

static void comes_and_goes(void)
{
	struct story *s = begin(12, "");

	grow(s, s->g, 60);
	wait_top(s);
	learn(s, 60);
	ok(building(s), "off: coins by address are no call");
	is_answer(s, "getaddressbalance", "{\"address\":\"x\"}", "error -5 there is no index",
		  "and the commands say so");
	restart(s, "address_index = true;");
	is_answer(s, "getaddressutxos", "{\"address\":\"x\"}",
		  "the address index is being built: height", "turned on: it is being built");
	is_answer(s, "chain", "{\"action\":\"verify\"}", "the address index is being built",
		  "which verify waits for");
	fleet_crash(s->n); /* in the midst of it */
	fleet_start(s->n);
	wait_index(s);
	is_index(s, 60, "built, over a crash");
	verifies(s, "and it verifies");
	grow(s, s->g, 5);
	wait_top(s);
	is_index(s, 65, "and goes on with the chain");
	restart(s, "");
	ok(building(s), "turned off: not answered");
	grow(s, s->g, 5);
	fleet_run(s->f, 5000000);
	for (uint64_t h = 66; h <= s->top; h++)
		chain_offer(plug_of(s), s->block[h], s->arena);
	wait_top(s);
	verifies(s, "and removed: nothing of it is left over");
	restart(s, "address_index = true;");
	wait_index(s);
	is_index(s, 70, "turned on again: with the blocks of between");
	verifies(s, "and it verifies");
	end(s);
}

/* ---- surplus rows */

static void change(struct story *s, const char *db, struct tn_view key, const struct tn_view *val)
{
	if (!fleet_stop(s->n))
		bail_out("it does not stop");
	disk_write(s->n->disk, "blocks", db, key, val);
	fleet_start(s->n);
}

/* A row that is there, to be copied to where it does not belong. */
static struct disk_row row_of(struct story *s, const char *db, uint64_t skip)
{
	struct disk_row r;

	if (!fleet_stop(s->n))
		bail_out("it does not stop");
	disk_read(s->n->disk, "blocks", db, skip, &r);
	fleet_start(s->n);
	return r;
}

/* The row's key, changed in one byte, with the same value. */
static void surplus(struct story *s, const char *db, uint64_t skip, unsigned at, uint8_t flip)
{
	struct disk_row r = row_of(s, db, skip);
	struct tn_view val = { r.val, r.val_n }, key = { r.key, r.key_n };
	char want[80];

	if (at >= r.key_n)
		bail_out("a short key in %s", db);
	r.key[at] ^= flip;
	change(s, db, key, &val);
	snprintf(want, sizeof want, "database %s: ", db);
	is_answer(s, "chain", "{\"action\":\"verify\",\"quick\":true}", want,
		  "a surplus row is found and named");
	change(s, db, key, NULL);
	is_answer(s, "chain", "{\"action\":\"verify\",\"quick\":true}", "{\"height\":30,",
		  "without it the chain verifies");
}

/* A coin that was spent, stored again, as it was. */
static void spent_coin(struct story *s)
{
	uint8_t key[TN_COIN_KEY], val[200];
	struct tn_coin coin;
	unsigned i = 0;
	struct tn_view k, v;

	while (!s->made[i].spent)
		i++;
	coin = (struct tn_coin){ s->made[i].value, s->made[i].height, s->made[i].coinbase,
				 s->made[i].script };
	k = (struct tn_view){ key, tn_coin_key(&s->made[i].o, key) };
	v = (struct tn_view){ val, tn_bin_write(&tn_store_coin, &coin, val, sizeof val) };
	change(s, "coin", k, &v);
	is_answer(s, "chain", "{\"action\":\"verify\",\"quick\":true}", "which is still stored",
		  "a spent coin that is stored is found and named");
	change(s, "coin", k, NULL);
}

static void missing(struct story *s, const char *db)
{
	struct disk_row r = row_of(s, db, 5);
	struct tn_view val = { r.val, r.val_n }, key = { r.key, r.key_n };

	change(s, db, key, NULL);
	is_answer(s, "chain", "{\"action\":\"verify\",\"quick\":true}", "error -",
		  "a row that is missing is found");
	change(s, db, key, &val);
}

static void rows(void)
{
	static const struct {
		const char *db;
		uint64_t skip;
		unsigned at; /* byte of the key */
		uint8_t flip;
	} list[] = { { "hash", 3, 4, 85 },        { "tx", 9, 0, 85 },
		     { "index", 4, 0, 85 },       { "undo", 4, 0, 85 },
		     { "coin", 5, 0, 85 },        { "coin", 5, 32, 8 },
		     { "coin", 5, 32, 64 },       { "address", 6, 0, 85 },
		     { "address", 6, 40, 85 },    { "address_tx", 7, 0, 85 },
		     { "address_tx", 7, 39, 85 }, { "address_tx", 7, 43, 112 } };
	struct story *s = begin(13, "address_index = true;");

	grow(s, s->g, 30);
	wait_top(s);
	learn(s, 30);
	for (unsigned i = 0; i < sizeof list / sizeof *list; i++)
		surplus(s, list[i].db, list[i].skip, list[i].at, list[i].flip);
	spent_coin(s);
	missing(s, "hash");
	missing(s, "tx");
	missing(s, "coin");
	missing(s, "address");
	missing(s, "address_tx");
	verifies(s, "and at the end all is as it was");
	end(s);
}

/* The disk is full, then it is not: nothing was taken that is not there, nothing is torn. */
static void full_disk(void)
{
	struct story *s = begin(14, "address_index = true;");
	uint64_t accepted;

	grow(s, s->g, 20);
	wait_top(s);
	fleet_run(s->f, 2000000);
	disk_full(s->n->disk, true);
	grow(s, s->g, 5);
	fleet_run(s->f, 2000000);
	ok(disk_failures(s->n->disk) > 0, "the disk was full");
	accepted = chain_tip(plug_of(s)).height;
	grow(s, s->g, 3);
	fleet_run(s->f, 2000000);
	is_uint(chain_tip(plug_of(s)).height, accepted, "and the chain takes no more blocks");
	fleet_crash(s->n);
	disk_full(s->n->disk, false);
	fleet_start(s->n);
	is_index(s, 20, "with room again it stands where the disk was");
	verifies(s, "and nothing is torn");
	for (uint64_t h = 21; h <= s->top; h++)
		chain_offer(plug_of(s), s->block[h], s->arena);
	wait_top(s);
	is_index(s, s->top, "and goes on");
	end(s);
}

int main(void)
{
	full_disk();
	follows();
	comes_and_goes();
	rows();
	return done_testing();
}
