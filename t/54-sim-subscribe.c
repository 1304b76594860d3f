/* SPDX-License-Identifier: MIT
 * t/54-sim-subscribe.c - a subscriber hears of every change in order and of none twice, or is closed;
 * floods of subscriptions stay within their bounds
 *
 * SEEDS=N: so many random runs, 6 without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "sim/rng.h"
#include "sim/txlab.h"

/* ---- a peer that listens */

enum { E_NOTICE, E_SUBSCRIBE, E_UNSUBSCRIBE, E_QUERY, E_ANSWER };
enum { HEARD = 4000 };

struct ear {
	struct tn_sid sid;
	unsigned ups, n, answered, states;
	struct tn_coin_change heard[HEARD];
};

static struct ear *ear_state(struct tn_ctx *c)
{
	return c->state;
}

static tn_verdict on_notice(struct tn_ctx *c, const struct tn_msg *m)
{
	struct ear *e = ear_state(c);

	e->heard[e->n++ % HEARD] = *(const struct tn_coin_change *)m->body;
	return TN_TAKEN;
}

static tn_verdict on_answer(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_coin_states *s = m->body;

	ear_state(c)->answered++;
	ear_state(c)->states = s->states.n;
	return TN_TAKEN;
}

static void ear_up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)slot;
	ear_state(c)->sid = s;
	ear_state(c)->ups++;
}

static const struct tn_plugin ear_desc = {
	TN_HEAD("ear", "1.0", "listens to what it subscribed to"),
	.state_bytes = sizeof(struct ear),
	.messages = TN_ROWS(
		struct tn_message,
		[E_NOTICE] = { "UTXOStateNotification", &tn_wire_coin_change, on_notice, TN_OWN },
		[E_SUBSCRIBE] = { "Subscribe", &tn_wire_subscription, NULL, TN_OWN },
		[E_UNSUBSCRIBE] = { "Unsubscribe", &tn_wire_text, NULL, TN_OWN },
		[E_QUERY] = { "UTXOStateQuery", &tn_wire_outpoints, NULL, TN_OWN },
		[E_ANSWER] = { "UTXOStateResponse", &tn_wire_coin_states, on_answer, TN_OWN }),
	.up = ear_up,
};

static const struct plug_builtin builtins[] = { { "blocks", &tn_plugin_desc_blocks },
						{ "masternodes", &tn_plugin_desc_masternodes },
						{ "transactions", &tn_plugin_desc_transactions },
						{ "pingpong", &tn_plugin_desc_pingpong },
						{ "ear", &ear_desc } };

/* ---- the scene: a node and listeners */

struct scene {
	struct world *w;
	struct paychain chain;
	struct tn_arena *a;
	struct pluglab *node, *lab;
	struct tn_ctx *ctx; /* of the ear */
	struct paycoin coin[1200];
	unsigned coins;
};

static struct ear *ear(struct scene *s)
{
	return ear_state(s->ctx);
}

static bool is_up(void *arg)
{
	return ear(arg)->ups > 0;
}

static void begin(struct scene *s, uint64_t seed, unsigned coins, const char *options)
{
	char conf[1024];

	memset(s, 0, sizeof *s);
	s->w = world_create(seed);
	s->a = tn_arena_create((size_t)512 << 20);
	s->coins = coins;
	paychain_begin(&s->chain, "testnet", seed);
	snprintf(conf, sizeof conf,
		 "network: { name = \"testnet\"; listen = [ \"60.0.0.9\" ]; }; "
		 "sessions: { line_max = \"256K\"; unfinished_session = \"256K\"; "
		 "queue_session = \"256K\"; }; "
		 "plugins: { pingpong: { }; blocks: { }; masternodes: { }; "
		 "transactions: { %s }; };",
		 options);
	s->node = pluglab_create(s->w, "node", "60.0.0.9", conf, builtins, 4);
	s->lab = pluglab_create(s->w, "ear", "50.0.0.3",
				"network: { name = \"testnet\"; listen = [ \"50.0.0.3\" ]; "
				"connect = [ \"60.0.0.9\" ]; }; "
				"plugins: { pingpong: { }; ear: { }; };",
				builtins, 5);
	s->ctx = pluglab_ctx(s->lab, "ear");
	txlab_block(s->w, s->node, paychain_next(&s->chain, s->a, NULL, 0, 0, s->coin, s->coins),
		    s->a);
	if (!txlab_until(s->w, 60000, is_up, s))
		bail_out("they do not meet");
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->node) + pluglab_off(s->lab), 0, "every message has its fate");
	pluglab_free(s->lab);
	pluglab_free(s->node);
	paychain_end(&s->chain);
	tn_arena_unref(s->a);
	world_free(s->w);
}

static void watch(struct scene *s, const char *id, const char *address,
		  const struct tn_outpoint *at, uint32_t n)
{
	struct tn_str text = { address, address ? (uint32_t)strlen(address) : 0 };
	struct tn_subscription want = { .id = { id, (uint32_t)strlen(id) } };

	want.addresses.v = &text;
	want.addresses.n = address != NULL;
	want.outpoints.v = (struct tn_outpoint *)(uintptr_t)at;
	want.outpoints.n = n;
	if (tn_send(s->ctx, ear(s)->sid, E_SUBSCRIBE, &want))
		bail_out("a subscription cannot be sent");
	txlab_run(s->w, 500);
}

static void submit(struct scene *s, const struct tn_tx *tx)
{
	char why[240];

	if (txlab_submit(s->w, s->node, tx, why, sizeof why))
		bail_out("a payment is refused: %s", why);
	txlab_run(s->w, 500);
}

static struct pool_tx *get(struct scene *s, const struct tn_tx *tx)
{
	struct tn_hash id = pay_txid(&s->chain, tx);

	return pool_find(txlab_pool(s->node), &id);
}

static void finalize(struct scene *s, const struct tn_tx *tx)
{
	if (fate_final(txlab_ctx(s->node), get(s, tx), 3, 4))
		bail_out("it does not become final");
	txlab_run(s->w, 500);
}

static void rollback(struct scene *s, uint64_t height)
{
	char args[60];

	snprintf(args, sizeof args, "{\"action\":\"rollback\",\"height\":%d}", (int)height);
	free(chainlab_ask(s->w, s->node, "chain", args));
	txlab_run(s->w, 500);
}

static bool is_zero(const struct tn_hash *h)
{
	static const struct tn_hash zero;

	return !memcmp(h, &zero, sizeof zero);
}

static const char *name_of(const struct tn_utxo_state *s)
{
	static const char *const name[] = { "Unspent", "Locked", "SpentPending", "SpentFinalized",
					    "Confirmed" };

	return s->tag == TN_UTXO_LOCKED && is_zero(&s->u.locked.txid) ? "gone" : name[s->tag];
}

/* All that was heard since, of coins with names: "a Unspent, b gone". */
struct named {
	const char *name;
	struct tn_outpoint at;
};

static void is_heard(struct scene *s, const struct named *coin, unsigned n, const char *want,
		     const char *what)
{
	char text[600] = "";

	for (unsigned i = 0; i < ear(s)->n; i++) {
		const struct tn_coin_change *h = &ear(s)->heard[i];
		const char *name = "?";

		for (unsigned k = 0; k < n; k++)
			if (!memcmp(&coin[k].at, &h->outpoint, sizeof h->outpoint))
				name = coin[k].name;
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %s", i ? ", " : "",
			 name, name_of(&h->new_state));
	}
	is_str(text, want, "%s", what);
	ear(s)->n = 0;
}

/* ---- one payment's whole life */

static void life(void)
{
	struct tn_tx *tx, *stranger, block_tx[1];
	struct paycoin change, other;
	struct named coin[4];
	struct scene s;

	begin(&s, 1, 2, "");
	tx = pay(&s.chain, s.a, &s.coin[0], 1, 100000, 1, 1, 1);
	change.at = (struct tn_outpoint){ pay_txid(&s.chain, tx), 0 };
	stranger = pay(&s.chain, s.a, &s.coin[1], 1, 200000, 1, 1, 2);
	other.at = (struct tn_outpoint){ pay_txid(&s.chain, stranger), 0 };
	coin[0] = (struct named){ "coin", s.coin[0].at };
	coin[1] = (struct named){ "paid", change.at };
	coin[2] = (struct named){ "second", s.coin[1].at };
	coin[3] = (struct named){ "other", other.at };
	watch(&s, "payee", s.chain.address[1], NULL, 0);
	watch(&s, "coins", NULL, (struct tn_outpoint[]){ s.coin[0].at, s.coin[1].at }, 2);
	watch(&s, "again", s.chain.address[1], &s.coin[0].at, 1);
	is_int(txlab_metric(s.node, "subscriptions"), 3, "three subscriptions");
	submit(&s, tx);
	is_heard(&s, coin, 4, "coin SpentPending", "accepted: the coin is being spent, told once");
	finalize(&s, tx);
	is_heard(&s, coin, 4, "coin SpentFinalized, paid Unspent", "final: and the payee has it");
	block_tx[0] = *tx;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 1, s.coin[0].value - 100000, NULL, 1),
		    s.a);
	txlab_run(s.w, 500);
	is_heard(&s, coin, 4, "coin Confirmed", "in a block: nothing that was known is told");
	block_tx[0] = *stranger;
	txlab_block(s.w, s.node,
		    paychain_next(&s.chain, s.a, block_tx, 1, s.coin[1].value - 200000, NULL, 1),
		    s.a);
	txlab_run(s.w, 500);
	is_heard(&s, coin, 4, "second Confirmed, other Unspent",
		 "one that was never in the mempool");
	rollback(&s, 2);
	is_heard(&s, coin, 4, "second SpentPending, other gone",
		 "its block goes: it is pending now");
	rollback(&s, 1);
	is_heard(&s, coin, 4, "coin SpentFinalized", "a final one stays final");
	end(&s);
}

/* ---- questions on the same session: states, then changes */

static void questions(void)
{
	struct paycoin change;
	struct tn_outpoint at[3];
	struct tn_outpoints ask = { { at, 3 } };
	struct scene s;
	struct tn_tx *tx;

	begin(&s, 2, 3, "");
	tx = pay_on(&s.chain, s.a, &s.coin[0], &change);
	submit(&s, tx);
	at[0] = s.coin[0].at;
	at[1] = s.coin[1].at;
	at[2] = (struct tn_outpoint){ { { 1 } }, 0 };
	tn_send(s.ctx, ear(&s)->sid, E_QUERY, &ask);
	txlab_run(s.w, 500);
	is_uint(ear(&s)->answered, 1, "a question is answered");
	is_uint(ear(&s)->states, 2, "with the coins that are known");
	ask.outpoints.v = tn_alloc(s.a, 1001 * sizeof at[0]);
	ask.outpoints.n = 1001;
	tn_send(s.ctx, ear(&s)->sid, E_QUERY, &ask);
	txlab_run(s.w, 500);
	is_uint(txlab_refused(s.node, "UTXOStateQuery", "transactions.states"), 1,
		"not for more than a thousand");
	end(&s);
}

/* ---- who cannot be told is closed */

static void slow(void)
{
	struct scene s;

	begin(&s, 3, 2, "");
	watch(&s, "all", s.chain.address[0], NULL, 0);
	world_pause(s.w, s.lab->lab->env, 20000000, false);
	txlab_block(s.w, s.node, paychain_next(&s.chain, s.a, NULL, 0, 0, NULL, 1200), s.a);
	txlab_run(s.w, 60000);
	ok(ear(&s)->n < 1200, "%u of 1200 changes arrive", ear(&s)->n);
	ok(ear(&s)->ups > 1, "and the session has ended: it came up again");
	is_int(txlab_metric(s.node, "subscriptions"), 0, "without subscriptions");
	end(&s);
	begin(&s, 4, 2, "");
	watch(&s, "all", s.chain.address[0], NULL, 0);
	txlab_block(s.w, s.node, paychain_next(&s.chain, s.a, NULL, 0, 0, NULL, 500), s.a);
	txlab_run(s.w, 5000);
	is_uint(ear(&s)->n, 500, "who reads is told everything");
	is_uint(ear(&s)->ups, 1, "on the one session");
	end(&s);
}

/* ---- refused in no silence */

static void refused(void)
{
	struct tn_outpoint many[60];
	struct scene s;

	begin(&s, 5, 2, "subscriptions = 3; subscribed = 50;");
	memset(many, 0, sizeof many);
	for (unsigned i = 0; i < 60; i++)
		many[i].vout = i;
	watch(&s, "a", NULL, many, 40);
	watch(&s, "a", NULL, many, 50);
	is_uint(ear(&s)->ups, 1, "as much as it may");
	is_int(txlab_metric(s.node, "subscribed"), 50, "one of the same name is replaced");
	watch(&s, "b", NULL, many, 1);
	txlab_run(s.w, 5000);
	ok(ear(&s)->ups > 1, "one more: closed");
	is_int(txlab_metric(s.node, "subscribed"), 0, "and all of it is gone");
	is_int(txlab_metric(s.node, "subscribers_closed"), 1, "counted");
	end(&s);
}

/* The plugin goes and comes back while the session could stay. */
static void reloaded(void)
{
	struct tn_error err = { "" };
	struct scene s;

	begin(&s, 7, 2, "");
	is_int(plug_unload(s.node->plug, "transactions", &err), 0, "the plugin goes %s", err.text);
	is_int(plug_load(s.node->plug, "transactions", &err), 0, "and comes back %s", err.text);
	txlab_run(s.w, 5000);
	is_uint(ear(&s)->ups, 1, "who has no subscription is not disturbed");
	watch(&s, "a", s.chain.address[0], NULL, 0);
	is_int(plug_unload(s.node->plug, "transactions", &err), 0, "it goes again %s", err.text);
	is_int(plug_load(s.node->plug, "transactions", &err), 0, "and comes back %s", err.text);
	txlab_run(s.w, 5000);
	ok(ear(&s)->ups > 1, "a subscriber is closed: it has to subscribe again");
	end(&s);
}

static void flood(void)
{
	struct tn_outpoint many[500];
	struct paycoin change;
	struct scene s;
	int64_t most = 0;

	begin(&s, 6, 2, "subscribed_max = \"256K\";");
	memset(many, 0, sizeof many);
	for (unsigned round = 0; round < 300; round++) {
		char id[16];

		snprintf(id, sizeof id, "%u", round);
		for (unsigned i = 0; i < 500; i++)
			many[i].vout = round * 500 + i;
		if (ear(&s)->sid.v) {
			struct tn_subscription want = { .id = { id, (uint32_t)strlen(id) } };

			want.outpoints.v = many;
			want.outpoints.n = 500;
			tn_send(s.ctx, ear(&s)->sid, E_SUBSCRIBE, &want);
		}
		txlab_run(s.w, 100);
		if (txlab_metric(s.node, "subscribed") > most)
			most = txlab_metric(s.node, "subscribed");
	}
	ok(most > 0 && most * 64 < 256 << 10, "a flood: %d watched at most", (int)most);
	ok(txlab_metric(s.node, "subscribers_closed") > 0, "it is closed each time");
	submit(&s, pay_on(&s.chain, s.a, &s.coin[0], &change));
	ok(pool_sums(txlab_pool(s.node))->count == 1, "payments are taken as ever");
	end(&s);
}

/* ---- anything may happen: what was told last of each coin is how it is, and nothing twice */

struct fact {
	struct tn_outpoint at;
	struct tn_utxo_state last;
	bool heard;
};

static struct fact *fact_of(struct fact *f, unsigned *n, const struct tn_outpoint *at)
{
	for (unsigned i = 0; i < *n; i++)
		if (!memcmp(&f[i].at, at, sizeof *at))
			return &f[i];
	f[*n] = (struct fact){ .at = *at };
	return &f[(*n)++];
}

static bool same_state(const struct tn_utxo_state *a, const struct tn_utxo_state *b)
{
	if (strcmp(name_of(a), name_of(b)) != 0)
		return false;
	if (a->tag == TN_UTXO_SPENT_PENDING)
		return !memcmp(&a->u.pending.txid, &b->u.pending.txid, 32);
	if (a->tag == TN_UTXO_SPENT_FINALIZED)
		return !memcmp(&a->u.finalized.txid, &b->u.finalized.txid, 32);
	return a->tag != TN_UTXO_CONFIRMED ||
	       (!memcmp(&a->u.confirmed.txid, &b->u.confirmed.txid, 32) &&
		a->u.confirmed.block_height == b->u.confirmed.block_height);
}

static unsigned take_facts(struct scene *s, struct fact *f, unsigned *n)
{
	unsigned twice = 0;

	for (unsigned i = 0; i < ear(s)->n; i++) {
		const struct tn_coin_change *h = &ear(s)->heard[i];
		struct fact *e = fact_of(f, n, &h->outpoint);

		twice += e->heard && same_state(&e->last, &h->new_state);
		e->last = h->new_state;
		e->heard = true;
	}
	ear(s)->n = 0;
	return twice;
}

static bool is_true(struct scene *s, const struct fact *f)
{
	struct tn_arena *a = tn_arena_create(0);
	struct coin_view v;
	int rc = coin_find(txlab_ctx(s->node), &f->at, a, &v);
	bool right;

	if (rc || !v.has_state)
		right = !f->heard || f->last.tag == TN_UTXO_CONFIRMED ||
			!strcmp(name_of(&f->last), "gone");
	else
		right = f->heard ? same_state(&f->last, &v.state) : v.state.tag == TN_UTXO_UNSPENT;
	if (!right)
		diag("vout %u: told %s, is %s", f->at.vout,
		     f->heard ? name_of(&f->last) : "nothing",
		     rc             ? "not there"
		     : !v.has_state ? "without a state"
				    : name_of(&v.state));
	tn_arena_unref(a);
	return right;
}

enum { STEPS = 60, COINS = 8 };

struct life {
	struct scene s;
	struct rng r;
	struct fact fact[1000];
	unsigned facts, twice, wrong;
	struct tn_tx *tx[STEPS];
	struct paycoin from[STEPS], to[STEPS];
	unsigned txs;
};

static void step_pay(struct life *l)
{
	struct paycoin *from = &l->from[l->txs];
	char why[240];

	*from = l->txs && rng_range(&l->r, 0, 1) ? l->to[rng_range(&l->r, 0, l->txs - 1)]
						 : l->s.coin[rng_range(&l->r, 0, COINS - 1)];
	if (from->value < 10000)
		return;
	l->tx[l->txs] = pay_on(&l->s.chain, l->s.a, from, &l->to[l->txs]);
	if (!txlab_submit(l->s.w, l->s.node, l->tx[l->txs], why, sizeof why))
		l->txs++;
}

static void step_final(struct life *l)
{
	unsigned i = l->txs ? (unsigned)rng_range(&l->r, 0, l->txs - 1) : 0;
	struct pool_tx *e = l->txs ? get(&l->s, l->tx[i]) : NULL;

	if (e)
		fate_final(txlab_ctx(l->s.node), e, 3, 4);
}

/* The first in the mempool, whose parents are in blocks; or nothing. */
static void step_block(struct life *l)
{
	struct pool_tx *e = pool_next(txlab_pool(l->s.node), NULL);
	struct tn_tx tx[1];
	bool with = e && rng_range(&l->r, 0, 3) > 0;
	uint64_t fee = with ? e->fee : 0;

	if (with) {
		const void *copy;

		if (tn_clone(&tn_wire_tx, &e->tx, l->s.a, &copy))
			bail_out("no memory");
		tx[0] = *(const struct tn_tx *)copy;
	}
	txlab_block(l->s.w, l->s.node, paychain_next(&l->s.chain, l->s.a, tx, with, fee, NULL, 1),
		    l->s.a);
}

static void step_back(struct life *l)
{
	struct tn_tip *tip = &l->s.chain.tip;
	uint64_t to = tip->height > 3 ? tip->height - rng_range(&l->r, 1, 2) : 1;

	if (tip->height == to)
		return;
	rollback(&l->s, to);
	*tip = chainlab_tip(l->s.node);
}

static void random_life(uint64_t seed)
{
	struct life *l = calloc(1, sizeof *l);

	begin(&l->s, 100 + seed, COINS, "");
	rng_seed(&l->r, seed, 5);
	watch(&l->s, "all", l->s.chain.address[0], NULL, 0);
	for (unsigned i = 0; i < COINS; i++)
		fact_of(l->fact, &l->facts, &l->s.coin[i].at);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned what = (unsigned)rng_range(&l->r, 0, 9);

		if (what < 4)
			step_pay(l);
		else if (what < 6)
			step_final(l);
		else if (what < 9)
			step_block(l);
		else
			step_back(l);
		txlab_run(l->s.w, 500);
		l->twice += take_facts(&l->s, l->fact, &l->facts);
		for (unsigned k = 0; k < l->facts; k++)
			l->wrong += !is_true(&l->s, &l->fact[k]);
	}
	is_uint(l->wrong, 0, "seed %u: what was told last is how it is, of %u coins",
		(unsigned)seed, l->facts);
	is_uint(l->twice, 0, "seed %u: nothing twice", (unsigned)seed);
	ok(l->facts > COINS, "and there was something to tell");
	end(&l->s);
	free(l);
}

int main(void)
{
	const char *seeds = getenv("SEEDS");

	life();
	questions();
	slow();
	refused();
	reloaded();
	flood();
	for (unsigned i = 1; i <= (seeds ? (unsigned)atoi(seeds) : 6); i++)
		random_life(i);
	return done_testing();
}
