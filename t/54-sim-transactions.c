/* SPDX-License-Identifier: MIT
 * t/54-sim-transactions.c - the mempool in the simulator: accepted, refused, relayed, kept, and
 * blocks that come and go
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/txlab.h"

#define TX "TransactionBroadcast"

enum { COINS = 150 };

/* Two nodes with the same chain, and a mouth at the first one. */
struct scene {
	struct world *w;
	struct paychain chain;
	struct tn_arena *a;
	struct pluglab *node, *other, *mouth;
	struct paycoin coin[COINS];
};

static bool other_is_there(void *arg)
{
	struct scene *s = arg;

	return netlab_up(s->node->lab) == 2 && netlab_up(s->other->lab) == 1 &&
	       netlab_up(s->mouth->lab) == 1 && chainlab_tip(s->other).height == 1;
}

static void begin_with(struct scene *s, uint64_t seed, const char *options)
{
	memset(s, 0, sizeof *s);
	s->w = world_create(seed);
	s->a = tn_arena_create((size_t)256 << 20);
	paychain_begin(&s->chain, "testnet", seed);
	s->node = txlab_create(s->w, "node", "60.0.0.9", "", options);
	txlab_block(s->w, s->node, paychain_next(&s->chain, s->a, NULL, 0, 0, s->coin, COINS),
		    s->a);
	s->other = txlab_create(s->w, "other", "50.0.0.2", "\"60.0.0.9\"", options);
	s->mouth = txlab_mouth(s->w, "50.0.0.3", "\"60.0.0.9\"");
	if (!txlab_until(s->w, 60000, other_is_there, s))
		bail_out("the nodes do not meet");
}

static void begin(struct scene *s, uint64_t seed)
{
	begin_with(s, seed, "");
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->node) + pluglab_off(s->other) + pluglab_off(s->mouth), 0,
		"every message has its fate");
	pluglab_free(s->mouth);
	pluglab_free(s->other);
	pluglab_free(s->node);
	paychain_end(&s->chain);
	tn_arena_unref(s->a);
	world_free(s->w);
}

static void say(struct scene *s, const struct tn_tx *tx)
{
	txlab_say(s->mouth, TX, pay_line(s->a, tx));
}

static bool has(struct scene *s, struct pluglab *l, const struct tn_tx *tx)
{
	struct tn_hash id = pay_txid(&s->chain, tx);

	return pool_find(txlab_pool(l), &id);
}

static unsigned reserved(struct scene *s, struct pluglab *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < COINS; i++)
		n += pool_spender(txlab_pool(l), &s->coin[i].at) != NULL;
	return n;
}

/* ---- a good one */

static void good(void)
{
	struct tn_tx *tx, *second;
	struct scene s;

	begin(&s, 1);
	tx = pay(&s.chain, s.a, s.coin, 2, 60000000, 2, 1, 1);
	say(&s, tx);
	txlab_run(s.w, 3000);
	ok(has(&s, s.node, tx), "a payment is in the pool");
	is_uint(reserved(&s, s.node), 2, "its coins are reserved");
	ok(has(&s, s.other, tx), "it was passed on");
	is_uint(txlab_received(s.other, TX), 1, "once");
	is_uint(txlab_received(s.mouth, TX), 0, "and not back");
	is_int(txlab_metric(s.node, "accepted"), 1, "it is counted");
	say(&s, tx);
	txlab_run(s.w, 1000);
	is_uint(txlab_refused(s.node, TX, "transactions.known"), 1,
		"the same one again is refused");
	second = pay(&s.chain, s.a, s.coin + 1, 2, 60000000, 2, 2, 2);
	say(&s, second);
	txlab_run(s.w, 1000);
	ok(!has(&s, s.node, second), "another payment of one of the coins is not taken");
	is_uint(txlab_refused(s.node, TX, "transactions.conflict"), 1, "refused with its reason");
	is_int(txlab_metric(s.node, "conflicts"), 1, "and counted");
	is_uint(reserved(&s, s.node), 2, "the coin that was free stays free");
	is_uint(txlab_received(s.other, TX), 1, "and nobody hears of it");
	end(&s);
}

/* ---- bad ones */

static struct tn_tx *plain(struct scene *s)
{
	return pay(&s->chain, s->a, s->coin, 1, s->coin[0].value - 1000000, 1, 1, 1);
}

static struct tn_tx *bad_form(struct scene *s)
{
	struct tn_tx *tx = plain(s);

	tx->inputs.n = 0;
	return tx;
}

/* Two outputs that wrap around to nearly nothing: 10.2, 15. */
static struct tn_tx *bad_wrap(struct scene *s)
{
	return pay(&s->chain, s->a, s->coin, 1, UINT64_C(1) << 63, 2, 1, 1);
}

static struct tn_tx *bad_huge(struct scene *s)
{
	return pay(&s->chain, s->a, s->coin, 1, UINT64_C(1) << 63, 1, 1, 1);
}

static struct tn_tx *bad_twice(struct scene *s)
{
	struct paycoin from[2] = { s->coin[0], s->coin[0] };

	return pay(&s->chain, s->a, from, 2, s->coin[0].value - 1000000, 2, 1, 1);
}

static struct tn_tx *bad_dust(struct scene *s)
{
	return pay(&s->chain, s->a, s->coin, 1, 545, 1, 1, 1);
}

static struct tn_tx *bad_large(struct scene *s)
{
	struct tn_tx *tx = plain(s);
	uint8_t *script = tn_alloc(s->a, 1000000);

	tx->outputs.v[0].script_pubkey = (struct tn_bytes){ script, 1000000 };
	pay_sign(&s->chain, s->a, tx, s->coin);
	return tx;
}

static struct tn_tx *bad_overspent(struct scene *s)
{
	return pay(&s->chain, s->a, s->coin, 1, s->coin[0].value + 1, 1, 1, 1);
}

static struct tn_tx *bad_fee(struct scene *s)
{
	uint64_t value = s->coin[0].value - 999;

	return pay(&s->chain, s->a, s->coin, 1, value, 1, 1, 1);
}

/* 1000 satoshis, but less than a thousandth of what is paid out. */
static struct tn_tx *bad_share(struct scene *s)
{
	return pay(&s->chain, s->a, s->coin, 1, s->coin[0].value - 1000, 1, 1, 1);
}

static struct tn_tx *bad_unsigned(struct scene *s)
{
	struct tn_tx *tx = plain(s);

	tx->inputs.v[0].script_sig.n = 0;
	return tx;
}

static struct tn_tx *bad_signature(struct scene *s)
{
	struct tn_tx *tx = plain(s);

	((uint8_t *)(uintptr_t)tx->inputs.v[0].script_sig.p)[95] ^= 1;
	return tx;
}

/* Signed well, by somebody who does not own the coin. */
static struct tn_tx *bad_owner(struct scene *s)
{
	struct tn_tx *tx = plain(s);
	struct paycoin claim = s->coin[0];

	claim.owner = 2;
	pay_sign(&s->chain, s->a, tx, &claim);
	return tx;
}

/* The outputs were changed after it was signed. */
static struct tn_tx *bad_changed(struct scene *s)
{
	struct tn_tx *tx = plain(s);

	tx->outputs.v[0].value--;
	return tx;
}

/* A second input whose signature is that of the first one. */
static struct tn_tx *bad_copied(struct scene *s)
{
	struct tn_tx *tx = pay(&s->chain, s->a, s->coin, 2, s->coin[0].value, 1, 1, 1);

	tx->inputs.v[1].script_sig = tx->inputs.v[0].script_sig;
	return tx;
}

static struct tn_tx *bad_spent(struct scene *s)
{
	struct paycoin none = s->coin[0];

	none.at.vout = COINS;
	return pay(&s->chain, s->a, &none, 1, none.value - 1000000, 1, 1, 1);
}

static struct tn_tx *bad_orphan(struct scene *s)
{
	struct paycoin none = s->coin[0];

	none.at.txid.b[0] ^= 1;
	return pay(&s->chain, s->a, &none, 1, none.value - 1000000, 1, 1, 1);
}

static const struct {
	const char *what, *reason;
	struct tn_tx *(*make)(struct scene *);
	bool rule; /* breaks one: counted so */
} bads[] = {
	{ "no inputs", "form", bad_form, true },
	{ "outputs that wrap", "form", bad_wrap, true },
	{ "an output that no block may hold", "form", bad_huge, true },
	{ "a coin twice", "twice", bad_twice, true },
	{ "dust", "dust", bad_dust, true },
	{ "too large", "large", bad_large, true },
	{ "overspending", "overspent", bad_overspent, true },
	{ "a fee of 999", "fee", bad_fee, true },
	{ "a fee below a thousandth", "fee", bad_share, true },
	{ "unsigned", "unsigned", bad_unsigned, true },
	{ "a bad signature", "signature", bad_signature, true },
	{ "not the owner's", "signature", bad_owner, true },
	{ "changed after signing", "signature", bad_changed, true },
	{ "a copied signature", "signature", bad_copied, true },
	{ "an output that never was", "spent", bad_spent, true },
	{ "a coin that is not known", "orphan", bad_orphan, false },
};

static void bad_one(unsigned i)
{
	char reason[60];
	struct scene s;

	begin(&s, 100 + i);
	snprintf(reason, sizeof reason, "transactions.%s", bads[i].reason);
	say(&s, bads[i].make(&s));
	txlab_run(s.w, 2000);
	is_uint(txlab_refused(s.node, TX, reason), 1, "%s: refused(%s)", bads[i].what, reason);
	is_uint(pool_sums(txlab_pool(s.node))->count, 0, "%s: not in the pool", bads[i].what);
	is_uint(reserved(&s, s.node), 0, "%s: nothing is reserved", bads[i].what);
	is_uint(txlab_received(s.other, TX), 0, "%s: nobody hears of it", bads[i].what);
	is_int(txlab_metric(s.node, "tx_refused"), bads[i].rule, "%s: counted", bads[i].what);
	say(&s, pay(&s.chain, s.a, s.coin, 2, s.coin[0].value, 1, 3, 9));
	txlab_run(s.w, 2000);
	is_uint(reserved(&s, s.node), 2, "%s: a good payment of the coins is taken then",
		bads[i].what);
	end(&s);
}

/* The operator hears the reason in words. */
static void submitted(void)
{
	char why[240];
	struct scene s;
	struct tn_tx *tx;

	begin(&s, 3);
	tx = plain(&s);
	is_int(txlab_submit(s.w, s.node, bad_fee(&s), why, sizeof why), TN_EBAD,
	       "a payment of the operator with a low fee is refused");
	is_str(why, "the fee is too low", "in words");
	is_int(txlab_submit(s.w, s.node, bad_orphan(&s), why, sizeof why), TN_ENOENT,
	       "one of a coin that is not known too");
	is_int(txlab_submit(s.w, s.node, tx, why, sizeof why), 0, "a good one is taken");
	txlab_run(s.w, 2000);
	ok(has(&s, s.other, tx), "and sent to others");
	is_uint(txlab_received(s.mouth, TX), 1, "to all of them");
	is_int(txlab_submit(s.w, s.node, pay(&s.chain, s.a, s.coin, 1, 1000, 1, 1, 7), why,
			    sizeof why),
	       TN_EBUSY, "a second one of the same coin is not");
	end(&s);
}

static bool is_alone(void *arg)
{
	return netlab_up(((struct scene *)arg)->mouth->lab) == 0;
}

/* A peer that sends rubbish is charged for it and goes in the end. */
static void charged(void)
{
	struct scene s;

	begin(&s, 4);
	for (int i = 0; i < 6; i++) {
		struct tn_tx *tx = plain(&s);

		tx->timestamp = 10 + i;
		say(&s, tx); /* signed for another timestamp */
	}
	ok(txlab_until(s.w, 1000, is_alone, &s), "bad signatures end a session");
	txlab_run(s.w, 1000);
	is_int(txlab_metric(s.node, "tx_refused"), 6, "all are counted");
	is_uint(reserved(&s, s.node), 0, "and reserve nothing");
	end(&s);
}

/* ---- chains of payments */

static void chain_of(unsigned n, bool backwards)
{
	struct tn_tx **tx = calloc(n, sizeof *tx);
	struct paycoin coin;
	unsigned here = 0, there = 0;
	struct scene s;

	begin(&s, 5 + backwards);
	coin = s.coin[0];
	for (unsigned i = 0; i < n; i++)
		tx[i] = pay_on(&s.chain, s.a, &coin, &coin);
	for (unsigned i = 0; i < n; i++)
		say(&s, tx[backwards ? n - 1 - i : i]);
	txlab_run(s.w, 20000);
	for (unsigned i = 0; i < n; i++) {
		here += has(&s, s.node, tx[i]);
		there += has(&s, s.other, tx[i]);
	}
	is_uint(here, n, "a chain of %u payments%s", n, backwards ? ", the last one first" : "");
	is_uint(there, n, "at the other one too");
	if (!backwards)
		is_uint(txlab_refused(s.node, TX, "transactions.orphan"), 0,
			"none of them was taken for an orphan");
	end(&s);
	free(tx);
}

/* ---- blocks */

static char *ask(struct scene *s, const char *cmd, const char *args)
{
	return chainlab_ask(s->w, s->node, cmd, args);
}

static void reload(struct pluglab *l)
{
	struct tn_error err = { "" };

	is_int(plug_unload(l->plug, "transactions", &err), 0, "the plugin goes %s", err.text);
	is_int(plug_load(l->plug, "transactions", &err), 0, "and comes back %s", err.text);
}

static void blocks(void)
{
	struct tn_tx *first, *child, *rival, *loser, *loser_child, block_tx[2];
	struct paycoin coin;
	struct scene s;

	begin(&s, 8);
	first = pay_on(&s.chain, s.a, &s.coin[0], &coin);
	child = pay_on(&s.chain, s.a, &coin, &coin);
	loser = pay_on(&s.chain, s.a, &s.coin[1], &coin);
	loser_child = pay_on(&s.chain, s.a, &coin, &coin);
	rival = pay(&s.chain, s.a, &s.coin[1], 1, s.coin[1].value / 2, 1, 2, 3);
	say(&s, first);
	say(&s, child);
	say(&s, loser);
	say(&s, loser_child);
	txlab_run(s.w, 3000);
	is_uint(pool_sums(txlab_pool(s.node))->count, 4, "four payments wait");
	block_tx[0] = *first;
	block_tx[1] = *rival;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 2,
				  tn_fee_min(s.coin[0].value) +
					  (s.coin[1].value - s.coin[1].value / 2),
				  NULL, 1),
		    s.a);
	txlab_run(s.w, 3000);
	ok(!has(&s, s.node, first), "what a block contains leaves the pool");
	ok(has(&s, s.node, child), "its child stays");
	ok(!has(&s, s.node, loser), "what contradicts it leaves too");
	ok(!has(&s, s.node, loser_child), "with its child");
	ok(has(&s, s.other, child) && !has(&s, s.other, first), "so at the other node");
	say(&s, loser);
	txlab_run(s.w, 1000);
	is_uint(txlab_refused(s.node, TX, "transactions.spent"), 1, "it does not come back");
	free(ask(&s, "chain", "{\"action\":\"rollback\",\"height\":1}"));
	is_uint(chainlab_tip(s.node).height, 1, "the block is taken off the chain");
	txlab_run(s.w, 100);
	ok(has(&s, s.node, first) && has(&s, s.node, rival), "what was in it comes back");
	ok(has(&s, s.node, child), "and its child is still there");
	is_uint(pool_sums(txlab_pool(s.node))->count, 3, "nothing else");
	ok(same_hash(&pool_next(txlab_pool(s.node), NULL)->txid, &(struct tn_hash){ { 0 } }) ||
		   pool_next(txlab_pool(s.node), NULL)->order <
			   pool_spender(txlab_pool(s.node),
					&(struct tn_outpoint){ pay_txid(&s.chain, first), 0 })
				   ->order,
	   "parents stand before children");
	end(&s);
}

static void kept(void)
{
	struct paycoin coin;
	struct tn_tx *tx[20], block_tx[1];
	unsigned n = 0;
	struct scene s;

	begin(&s, 9);
	coin = s.coin[0];
	for (unsigned i = 0; i < 20; i++) {
		tx[i] = pay_on(&s.chain, s.a, &coin, &coin);
		say(&s, tx[i]);
	}
	txlab_run(s.w, 3000);
	free(ask(&s, "chain", "{\"action\":\"rollback\",\"height\":1}"));
	reload(s.node);
	for (unsigned i = 0; i < 20; i++)
		n += has(&s, s.node, tx[i]);
	is_uint(n, 20, "a restart keeps the pool");
	block_tx[0] = *tx[0];
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 1, tn_fee_min(s.coin[0].value), NULL, 1),
		    s.a);
	reload(s.node);
	is_uint(pool_sums(txlab_pool(s.node))->count, 19, "but not what a block contains");
	free(ask(&s, "chain", "{\"action\":\"rollback\",\"height\":1}"));
	reload(s.node);
	is_uint(pool_sums(txlab_pool(s.node))->count, 20,
		"which is back after the block was taken off, a restart at once or not");
	end(&s);
}

/* ---- who comes later */

static bool has_all(void *arg)
{
	struct scene *s = arg;

	return pool_sums(txlab_pool(s->other))->count == COINS;
}

static void pending(void)
{
	struct scene s;

	begin_with(&s, 10, "serve_max = \"64K\";");
	pluglab_free(s.other);
	for (unsigned i = 0; i < COINS; i++)
		say(&s, pay(&s.chain, s.a, &s.coin[i], 1, s.coin[i].value / 2, 1, 1, i));
	txlab_run(s.w, 5000);
	is_uint(pool_sums(txlab_pool(s.node))->count, COINS, "a pool of %d payments", COINS);
	s.other = txlab_create(s.w, "other", "50.0.0.2", "\"60.0.0.9\"", "");
	ok(txlab_until(s.w, 200000, has_all, &s),
	   "who comes later learns all of it, %u answers of 64 KiB",
	   (unsigned)txlab_received(s.other, "PendingTransactionsResponse"));
	ok(txlab_received(s.other, "PendingTransactionsResponse") > 1, "in more than one answer");
	end(&s);
}

/* ---- a network without signatures */

static void unsigned_ones(void)
{
	struct scene s;
	struct tn_tx *tx;

	begin_with(&s, 11, "accept_unsigned = true;");
	tx = bad_unsigned(&s);
	say(&s, tx);
	txlab_run(s.w, 2000);
	ok(has(&s, s.node, tx) && has(&s, s.other, tx),
	   "accept_unsigned: an unsigned one is taken");
	is_int(txlab_metric(s.node, "accept_unsigned"), 1, "and status says that it is on");
	say(&s, bad_signature(&s));
	txlab_run(s.w, 2000);
	is_uint(txlab_refused(s.node, TX, "transactions.signature"), 1,
		"a wrong signature is not, though none is needed");
	tx = pay(&s.chain, s.a, &s.coin[5], 1, 1000, 1, 1, 1);
	tx->timestamp = 77;
	say(&s, tx);
	txlab_run(s.w, 2000);
	is_uint(txlab_refused(s.node, TX, "transactions.signature"), 2,
		"nor one of something else");
	end(&s);
}

int main(void)
{
	good();
	for (unsigned i = 0; i < sizeof bads / sizeof *bads; i++)
		bad_one(i);
	submitted();
	charged();
	chain_of(100, false);
	chain_of(100, true);
	blocks();
	kept();
	pending();
	unsigned_ones();
	return done_testing();
}
