/* SPDX-License-Identifier: MIT
 * t/lib/chaingen.c - chains of any length from a seed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chaingen.h"
#include "sim/rng.h"

enum { POOL = 20000, INPUTS = 3, OUTPUTS = 4, FUND_INPUTS = 64, FUND_OUTPUTS = 2000 };
#define LEAST (20 * (uint64_t)TN_FEE_MIN) /* a coin that is worth a payment */

struct purse {
	struct tn_outpoint at;
	uint64_t value;
	uint32_t owner;
};

struct chaingen {
	struct chaingen_conf conf;
	struct rng chance;
	struct tn_tip tip;
	struct tn_sha *sha;
	struct tn_arena *own; /* keeps genesis */
	const struct tn_block *genesis;
	struct tn_secret key[CHAINGEN_WALLETS];
	char address[CHAINGEN_WALLETS][TN_ADDRESS_TEXT];
	uint64_t weight[CHAINGEN_WALLETS];
	struct purse pool[POOL];
	uint32_t coins;
	struct tn_arena *now; /* of the block under way */
	uint64_t fees;
};

static _Noreturn void give_up(void)
{
	fputs("chaingen: no memory\n", stderr);
	abort();
}

static void *need(void *p)
{
	if (!p)
		give_up();
	return p;
}

static void make_wallets(struct chaingen *g)
{
	struct rng keys;
	uint8_t seed[32];

	rng_seed(&keys, g->conf.seed, 1);
	for (uint32_t i = 0; i < CHAINGEN_WALLETS; i++) {
		rng_fill(&keys, seed, sizeof seed);
		tn_secret_from_seed(&g->key[i], seed);
		if (tn_address_of_key(g->sha, g->conf.net.digit, &g->key[i].key, g->address[i]))
			give_up();
		g->weight[i] = tn_tier_weight(i % 4);
	}
}

struct chaingen *chaingen_create(const struct chaingen_conf *conf)
{
	struct chaingen *g = need(calloc(1, sizeof *g));

	g->conf = *conf;
	g->sha = need(tn_sha_create());
	g->own = need(tn_arena_create(0));
	rng_seed(&g->chance, conf->seed, 2);
	make_wallets(g);
	if (tn_genesis(g->sha, &conf->net, g->own, &g->genesis) != 0 ||
	    tn_block_hash(g->sha, &g->genesis->header, &g->tip.hash) != 0)
		give_up();
	g->tip.time = g->genesis->header.timestamp;
	return g;
}

struct chaingen *chaingen_fork(const struct chaingen *from, uint64_t branch)
{
	struct chaingen *g = need(malloc(sizeof *g));

	*g = *from;
	g->sha = need(tn_sha_create());
	tn_arena_ref(g->own);
	rng_seed(&g->chance, g->conf.seed ^ g->tip.height, 2 + branch);
	return g;
}

void chaingen_free(struct chaingen *g)
{
	if (!g)
		return;
	tn_sha_free(g->sha);
	tn_arena_unref(g->own);
	free(g);
}

const struct tn_block *chaingen_genesis(const struct chaingen *g)
{
	return g->genesis;
}

struct tn_tip chaingen_tip(const struct chaingen *g)
{
	return g->tip;
}

static struct tn_bytes script_of(const struct chaingen *g, uint32_t owner)
{
	const char *text = g->address[owner];
	size_t n = strlen(text);

	return (struct tn_bytes){ (const uint8_t *)need(tn_copy_text(g->now, text, n)),
				  (uint32_t)n };
}

/* A random coin out of the pool; later ones more often, so that coins of the same block and of
 * the last one are spent too.
 */
static bool draw_coin(struct chaingen *g, struct purse *out)
{
	uint32_t from = rng_range(&g->chance, 0, 3) == 0 && g->coins > 20 ? g->coins - 20 : 0;
	uint32_t i;

	if (g->coins == 0)
		return false;
	i = (uint32_t)rng_range(&g->chance, from, g->coins - 1);
	*out = g->pool[i];
	g->pool[i] = g->pool[--g->coins];
	return true;
}

/* What does not fit any more is never spent. */
static void keep_coin(struct chaingen *g, struct purse coin)
{
	if (coin.value >= LEAST && g->coins < POOL)
		g->pool[g->coins++] = coin;
}

static void sign_inputs(struct chaingen *g, struct tn_tx *tx, const struct purse *from)
{
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		uint8_t *script = need(tn_alloc(g->now, TN_SCRIPT_SIG_BYTES));

		if (g->conf.old)
			continue; /* what was filled in is empty */
		if (!g->conf.unsigned_spends &&
		    tn_spend_sign(g->sha, &g->key[from[i].owner], tx, i, script) != 0)
			give_up();
		if (g->conf.unsigned_spends) /* txids stay different: by the inputs */
			memcpy(script, g->key[from[i].owner].key.b, 32);
		tx->inputs.v[i].script_sig = (struct tn_bytes){ script, TN_SCRIPT_SIG_BYTES };
	}
}

/* The sum less a fee, a little above the least one, in random parts. */
static void pay_out(struct chaingen *g, struct tn_tx *tx, uint64_t sum, uint32_t *owner)
{
	uint64_t fee = tn_fee_min(sum) + rng_range(&g->chance, 0, 500), left = sum - fee;

	g->fees += fee;
	for (uint32_t i = 0; i < tx->outputs.n; i++) {
		uint64_t part = left / (tx->outputs.n - i);

		if (i + 1 < tx->outputs.n)
			part -= rng_range(&g->chance, 0, part / 4);
		owner[i] = (uint32_t)rng_range(&g->chance, 0, CHAINGEN_WALLETS - 1);
		tx->outputs.v[i] = (struct tn_txout){ part, script_of(g, owner[i]) };
		left -= part;
	}
}

/* Sixteen bytes of the block make a coin each: no block changes more of them. */
static void add_dust(struct tn_tx *tx, uint32_t dust)
{
	uint32_t n = tx->outputs.n;

	if (tx->outputs.v[0].value <= dust)
		return;
	tx->outputs.v[0].value -= dust;
	for (uint32_t i = 0; i < dust; i++)
		tx->outputs.v[n + i] = (struct tn_txout){ 1, { NULL, 0 } };
	tx->outputs.n += dust;
}

/* More outputs than inputs as long as coins are few. */
static bool make_payment(struct chaingen *g, int64_t time, struct tn_tx *tx, uint32_t dust)
{
	struct purse from[INPUTS];
	uint32_t owner[OUTPUTS], want, n = 0, outputs;
	uint64_t sum = 0;
	struct tn_hash id;

	want = g->coins > 4 * g->conf.txs ? (uint32_t)rng_range(&g->chance, 1, INPUTS) : 1;
	while (n < want && draw_coin(g, &from[n]))
		sum += from[n++].value;
	if (n == 0)
		return false;
	*tx = (struct tn_tx){ .version = 1, .timestamp = time };
	tx->inputs.v = need(tn_alloc(g->now, n * sizeof *tx->inputs.v));
	tx->inputs.n = n;
	for (uint32_t i = 0; i < n; i++)
		tx->inputs.v[i] = (struct tn_txin){ from[i].at, { NULL, 0 }, UINT32_MAX };
	outputs = want > 1 ? (uint32_t)rng_range(&g->chance, 1, 3) : OUTPUTS;
	tx->outputs.n = outputs;
	tx->outputs.v = need(tn_alloc(g->now, (outputs + dust) * sizeof *tx->outputs.v));
	pay_out(g, tx, sum, owner);
	add_dust(tx, dust);
	sign_inputs(g, tx, from);
	if (tn_txid(g->sha, tx, &id) != 0)
		give_up();
	for (uint32_t i = 0; i < outputs; i++)
		keep_coin(g, (struct purse){ { id, i }, tx->outputs.v[i].value, owner[i] });
	return true;
}

/* What these coins pay of a fund, at a time: 0 while it is less than a coin. */
static uint32_t fund_share(const struct chaingen_fund *f, uint64_t sum)
{
	uint64_t n = f->count < FUND_OUTPUTS ? f->count : FUND_OUTPUTS;

	while (n > 0 && n * f->value + tn_fee_min(sum) > sum)
		n = (sum - tn_fee_min(sum)) / f->value < n ? (sum - tn_fee_min(sum)) / f->value
							   : n - 1;
	return (uint32_t)n;
}

/* Coins to it, and the rest back to one of our own. */
static void fund_outputs(struct chaingen *g, struct tn_tx *tx, const struct chaingen_fund *f,
			 uint32_t n, uint64_t sum)
{
	uint64_t rest = sum - n * f->value - tn_fee_min(sum);
	struct tn_str to = { f->address, (uint32_t)strlen(f->address) };
	const char *text = need(tn_copy_text(g->now, to.p, to.n));

	tx->outputs.n = n + (rest >= LEAST);
	tx->outputs.v = need(tn_alloc(g->now, (n + 1) * sizeof *tx->outputs.v));
	for (uint32_t i = 0; i < n; i++)
		tx->outputs.v[i] = (struct tn_txout){ f->value, { (const uint8_t *)text, to.n } };
	if (rest >= LEAST)
		tx->outputs.v[n] = (struct tn_txout){ rest, script_of(g, 0) };
	g->fees += tn_fee_min(sum) + (rest >= LEAST ? 0 : rest);
}

static bool make_fund(struct chaingen *g, int64_t time, struct chaingen_fund *f, struct tn_tx *tx)
{
	struct purse from[FUND_INPUTS];
	uint32_t n = 0, paid;
	uint64_t sum = 0;
	struct tn_hash id;

	while (n < FUND_INPUTS && sum < f->count * f->value * 2 && draw_coin(g, &from[n]))
		sum += from[n++].value;
	paid = n > 0 ? fund_share(f, sum) : 0;
	for (uint32_t i = 0; paid == 0 && i < n; i++)
		keep_coin(g, from[i]);
	if (paid == 0)
		return false;
	*tx = (struct tn_tx){ .version = 1, .timestamp = time };
	tx->inputs.v = need(tn_alloc(g->now, n * sizeof *tx->inputs.v));
	tx->inputs.n = n;
	for (uint32_t i = 0; i < n; i++)
		tx->inputs.v[i] = (struct tn_txin){ from[i].at, { NULL, 0 }, UINT32_MAX };
	fund_outputs(g, tx, f, paid, sum);
	sign_inputs(g, tx, from);
	if (tn_txid(g->sha, tx, &id) != 0)
		give_up();
	if (tx->outputs.n > paid)
		keep_coin(g, (struct purse){ { id, paid }, tx->outputs.v[paid].value, 0 });
	f->count -= paid;
	return true;
}

static uint32_t make_funds(struct chaingen *g, int64_t time, struct tn_tx *tx)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < CHAINGEN_FUNDS; i++)
		if (g->conf.fund[i].count > 0 && make_fund(g, time, &g->conf.fund[i], &tx[n]))
			n++;
	return n;
}

uint64_t chaingen_owed(const struct chaingen *g)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < CHAINGEN_FUNDS; i++)
		n += g->conf.fund[i].count;
	return n;
}

static void pay_rewards(struct chaingen *g, struct tn_block *b)
{
	uint32_t n = g->conf.masternodes;
	struct tn_reward *list = need(tn_alloc(g->now, n * sizeof *list));
	uint64_t share[CHAINGEN_WALLETS], rest;
	struct tn_tx *pay = &b->transactions.v[0];

	b->header.block_reward = TN_BASE_REWARD + g->fees;
	if (tn_reward_split(b->header.block_reward, g->weight, n, share, &rest) != 0)
		give_up();
	for (uint32_t i = 0; i < n; i++) {
		struct tn_bytes to = script_of(g, i);

		list[i] = (struct tn_reward){ { (const char *)to.p, to.n }, share[i] };
	}
	b->masternode_rewards.v = list;
	b->masternode_rewards.n = n;
	if (tn_coinbase(list, n, b->header.timestamp, g->now, pay) != 0)
		give_up();
}

static void keep_rewards(struct chaingen *g, const struct tn_block *b)
{
	const struct tn_tx *pay = &b->transactions.v[0];
	struct tn_hash id;

	if (tn_txid(g->sha, pay, &id) != 0)
		give_up();
	for (uint32_t i = 0; i < pay->outputs.n; i++)
		keep_coin(g, (struct purse){ { id, i }, pay->outputs.v[i].value, i });
}

static int root_of(struct chaingen *g, struct tn_block *b)
{
	if (g->conf.old && b->header.height % 2 == 0)
		return tn_txid(g->sha, &b->transactions.v[0], &b->header.merkle_root);
	return tn_block_merkle(g->sha, b, &b->header.merkle_root);
}

const struct tn_block *chaingen_next(struct chaingen *g, struct tn_arena *a)
{
	struct tn_block *b = need(tn_alloc(a, sizeof *b));
	uint32_t n = 1;

	g->now = a;
	g->fees = 0;
	b->header = (struct tn_header){ .version = 1,
					.height = g->tip.height + 1,
					.previous_hash = g->tip.hash };
	if (tn_slot_time(&g->conf.net, b->header.height, &b->header.timestamp) != 0)
		give_up();
	b->transactions.v =
		need(tn_alloc(a, (g->conf.txs + 1 + CHAINGEN_FUNDS) * sizeof *b->transactions.v));
	n += make_funds(g, b->header.timestamp - 1, &b->transactions.v[n]);
	for (uint32_t i = 0;
	     i < g->conf.txs &&
	     make_payment(g, b->header.timestamp - 1, &b->transactions.v[n],
			  i == 0 && b->header.height <= g->conf.dust_blocks ? g->conf.dust : 0);
	     i++)
		n++;
	b->transactions.n = n;
	pay_rewards(g, b);
	keep_rewards(g, b);
	if (root_of(g, b) != 0 || tn_block_hash(g->sha, &b->header, &g->tip.hash) != 0)
		give_up();
	g->tip.height++;
	g->tip.time = b->header.timestamp;
	return b;
}
