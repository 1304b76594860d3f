/* SPDX-License-Identifier: MIT
 * t/sim/paylab.c - masternodes that vote on payments, in the simulator
 */
#include "sim/paylab.h"

#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "plug/impl.h"
#include "sim/chainlab.h"
#include "sim/rng.h"
#include "transactions/transactions.h"

enum { FEE = 100000, START_S = 30 };

static struct tn_ctx *ctx_of(struct paylab *l, unsigned node, const char *plugin)
{
	return &life_find(node_plug(l->f->node[node].node), plugin)->ctx;
}

struct tn_ctx *paylab_ctx(struct paylab *l, unsigned node)
{
	return ctx_of(l, node, "transactions");
}

/* ---- the fleet */

static void ip_of(char *buf, size_t room, unsigned i)
{
	snprintf(buf, room, "%u.28.104.%u", 50 + i * 3, 50 + i);
}

/* Everybody dials everybody: doubles end by themselves. */
static void conf_of_node(char *buf, size_t room, unsigned i, unsigned nodes, const char *voters)
{
	char ip[32];
	size_t n;

	ip_of(ip, sizeof ip, i);
	n = (size_t)snprintf(buf, room,
			     "network: { name = \"testnet\"; listen = [ \"%s\" ]; "
			     "local_ip = \"%s\"; connect = [ ",
			     ip, ip);
	for (unsigned j = 0, more = 0; j < nodes; j++) {
		ip_of(ip, sizeof ip, j);
		if (j != i)
			n += (size_t)snprintf(buf + n, room - n, "%s\"%s\"", more++ ? ", " : "",
					      ip);
	}
	snprintf(buf + n, room - n,
		 " ]; }; plugins: { pingpong: { }; blocks: { }; masternodes: { masternode = true; "
		 "voters = [ %s ]; }; transactions: { }; };",
		 voters);
}

static void key_text(struct paylab *l, unsigned node, char *buf, size_t room)
{
	const struct tn_offer *o = tn_plugin_desc_masternodes.offers.row;
	struct tn_identity own;
	char ip[32];
	size_t n;

	while (strcmp(o->name, "identity"))
		o++;
	if (((const struct tn_identity_ops *)o->ops)->get(ctx_of(l, node, "masternodes"), &own))
		bail_out("no identity");
	ip_of(ip, sizeof ip, node);
	n = (size_t)snprintf(buf, room, "\"%s=", ip);
	for (unsigned i = 0; i < sizeof own.key.b; i++)
		n += (size_t)snprintf(buf + n, room - n, "%02x", own.key.b[i]);
	snprintf(buf + n, room - n, "\"");
}

/* A node draws its key at its first start: so all start twice, the second time as voters. */
static void make_fleet(struct paylab *l, uint64_t seed, unsigned nodes, unsigned voters)
{
	char conf[sizeof l->f->node[0].conf_text], ip[32], list[6000] = "";

	l->f = fleet_create(seed);
	for (unsigned i = 0; i < nodes; i++) {
		ip_of(ip, sizeof ip, i);
		conf_of_node(conf, sizeof conf, i, nodes, "");
		fleet_add(l->f, ip, conf);
		fleet_start(&l->f->node[i]);
	}
	fleet_run(l->f, 1000000);
	for (unsigned i = 0; i < voters; i++) {
		size_t n = strlen(list);

		n += (size_t)snprintf(list + n, sizeof list - n, "%s", i ? ", " : "");
		key_text(l, i, list + n, sizeof list - n);
	}
	for (unsigned i = 0; i < nodes; i++)
		fleet_stop(&l->f->node[i]);
	for (unsigned i = 0; i < nodes; i++) {
		struct fleet_node *n = &l->f->node[i];

		conf_of_node(n->conf_text, sizeof n->conf_text, i, nodes, list);
		fleet_start(n);
	}
}

/* ---- the chain */

static void make_owner(struct paylab *l, uint64_t seed)
{
	struct rng r;
	uint8_t bytes[32];

	rng_seed(&r, seed, 4711);
	rng_fill(&r, bytes, sizeof bytes);
	tn_secret_from_seed(&l->owner, bytes);
	if (tn_address_of_key(l->sha, '0', &l->owner.key, l->address))
		bail_out("no memory");
}

static void note_coins(struct paylab *l, const struct tn_tx *tx)
{
	size_t n = strlen(l->address);
	struct tn_hash id;

	if (tn_txid(l->sha, tx, &id))
		bail_out("no memory");
	for (uint32_t i = 0; i < tx->outputs.n; i++)
		if (tx->outputs.v[i].script_pubkey.n == n &&
		    !memcmp(tx->outputs.v[i].script_pubkey.p, l->address, n))
			l->coin[l->coins++] = (struct tn_outpoint){ id, i };
}

static void make_chain(struct paylab *l, uint64_t seed, uint32_t coins)
{
	struct chaingen_conf conf = { .seed = seed, .txs = 0, .masternodes = 1 };

	conf.fund[0].count = coins;
	conf.fund[0].value = PAYLAB_COIN;
	memcpy(conf.fund[0].address, l->address, sizeof l->address);
	tn_network_find("testnet", &conf.net);
	l->chain = chaingen_create(&conf);
	l->coin = calloc(coins, sizeof *l->coin);
	while (chaingen_owed(l->chain)) {
		struct tn_arena *a = tn_arena_create((size_t)16 << 20);
		const struct tn_block *b = chaingen_next(l->chain, a);

		l->height = b->header.height;
		if (l->height >= PAYLAB_BLOCKS)
			bail_out("too many blocks");
		l->block[l->height] = b;
		l->block_arena[l->height] = a;
		for (uint32_t i = 1; i < b->transactions.n; i++)
			note_coins(l, &b->transactions.v[i]);
	}
	if (l->coins != coins)
		bail_out("%u coins of %u", l->coins, coins);
}

void paylab_feed(struct paylab *l, unsigned node)
{
	struct plug *p = node_plug(l->f->node[node].node);

	for (uint64_t h = chain_tip(p).height + 1; h <= l->height; h++)
		chain_offer(p, l->block[h], l->block_arena[h]);
	for (unsigned i = 0; i < 600 && chain_tip(p).height < l->height; i++)
		fleet_run(l->f, 100000);
	if (chain_tip(p).height < l->height)
		bail_out("node %u does not get the chain", node);
}

static bool is_linked(struct paylab *l)
{
	for (unsigned i = 0; i < l->f->nodes; i++)
		if (fleet_up(&l->f->node[i]) < l->f->nodes - 1)
			return false;
	return true;
}

struct paylab *paylab_create(uint64_t seed, unsigned nodes, unsigned voters, uint32_t coins)
{
	struct paylab *l = calloc(1, sizeof *l);

	l->sha = tn_sha_create();
	make_owner(l, seed);
	make_chain(l, seed, coins);
	make_fleet(l, seed, nodes, voters);
	for (unsigned i = 0; i < nodes; i++)
		paylab_feed(l, i);
	for (unsigned i = 0; i < START_S && !is_linked(l); i++)
		fleet_run(l->f, 1000000);
	fleet_run(l->f, 2000000);
	return l;
}

void paylab_free(struct paylab *l)
{
	fleet_free(l->f);
	for (uint64_t h = 0; h <= l->height; h++)
		tn_arena_unref(l->block_arena[h]);
	chaingen_free(l->chain);
	free(l->coin);
	tn_sha_free(l->sha);
	free(l);
}

/* ---- payments */

uint64_t paylab_change(uint64_t value)
{
	return value - value / 4 - FEE;
}

struct payment paylab_pay(struct paylab *l, struct tn_outpoint coin, uint64_t value, uint32_t salt)
{
	struct payment p = { .arena = tn_arena_create(0) };
	struct tn_tx *tx = tn_alloc(p.arena, sizeof *tx);
	const char *to = tn_copy_text(p.arena, l->address, strlen(l->address));
	struct tn_bytes script = { (const uint8_t *)to, (uint32_t)strlen(to) };
	uint8_t *sig = tn_alloc(p.arena, TN_SCRIPT_SIG_BYTES);

	*tx = (struct tn_tx){ .version = 1, .lock_time = salt, .timestamp = 1767225600 };
	tx->inputs.v = tn_alloc(p.arena, sizeof *tx->inputs.v);
	tx->inputs.n = 1;
	tx->inputs.v[0] = (struct tn_txin){ .previous_output = coin, .sequence = UINT32_MAX };
	tx->outputs.v = tn_alloc(p.arena, 2 * sizeof *tx->outputs.v);
	tx->outputs.n = 2;
	tx->outputs.v[0] = (struct tn_txout){ value / 4, script };
	tx->outputs.v[1] = (struct tn_txout){ paylab_change(value), script };
	if (tn_spend_sign(l->sha, &l->owner, tx, 0, sig))
		bail_out("cannot sign");
	tx->inputs.v[0].script_sig = (struct tn_bytes){ sig, TN_SCRIPT_SIG_BYTES };
	if (tn_txid(l->sha, tx, &p.txid))
		bail_out("no memory");
	p.tx = tx;
	return p;
}

void payment_free(struct payment *p)
{
	tn_arena_unref(p->arena);
	p->arena = NULL;
}

void paylab_submit(struct paylab *l, unsigned node, const struct payment *p)
{
	if (l->f->node[node].node)
		intake_submit(paylab_ctx(l, node), p->tx, p->arena, TN_NO_TICKET);
}

enum pay_state paylab_state(struct paylab *l, unsigned node, const struct tn_hash *txid)
{
	struct tn_ctx *c = paylab_ctx(l, node);
	const struct pool_tx *e = pool_find(state_of(c)->pool, txid);
	uint64_t height;
	uint32_t index;

	if (e)
		return e->flags & POOL_FINAL ? PAY_FINAL : PAY_PENDING;
	return tn_chain_tx_at(tn_need(c, N_CHAIN), txid, &height, &index) ? PAY_ABSENT
									  : PAY_CONFIRMED;
}

unsigned paylab_count(struct paylab *l, const struct payment *p, enum pay_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->f->nodes; i++)
		n += l->f->node[i].node && paylab_state(l, i, &p->txid) == state;
	return n;
}

uint64_t paylab_approvals(struct paylab *l, unsigned node, const struct tn_hash *txid)
{
	struct tn_arena *a = tn_arena_create(0);
	struct voting_votes v;
	uint64_t mask = 0;
	char ip[32];

	if (voting_votes(paylab_ctx(l, node), txid, a, &v))
		bail_out("no votes");
	for (uint32_t i = 0; i < v.n; i++)
		for (unsigned j = 0; j < l->f->nodes; j++) {
			ip_of(ip, sizeof ip, j);
			if (v.vote[i].approve && v.vote[i].voter.n == strlen(ip) &&
			    !memcmp(v.vote[i].voter.p, ip, strlen(ip)))
				mask |= UINT64_C(1) << j;
		}
	tn_arena_unref(a);
	return mask;
}

int64_t paylab_metric(struct paylab *l, unsigned node, const char *name)
{
	struct plug_metric m;

	for (size_t i = 0; plug_metric(node_plug(l->f->node[node].node), i, &m); i++)
		if (!strcmp(m.plugin, "transactions") && !strcmp(m.name, name))
			return m.value;
	return -1;
}

/* ---- trouble */

void paylab_cut(struct paylab *l, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		fleet_cut(&l->f->node[i]);
}

void paylab_start(struct paylab *l, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		fleet_start(&l->f->node[i]);
}

void paylab_part(struct paylab *l, uint64_t side)
{
	for (unsigned i = 0; i < l->f->nodes; i++)
		for (unsigned j = i + 1; j < l->f->nodes; j++)
			if ((side >> i & 1) != (side >> j & 1))
				world_link_block(l->f->world, l->f->node[i].env, l->f->node[j].env,
						 true);
}

void paylab_heal(struct paylab *l)
{
	for (unsigned i = 0; i < l->f->nodes; i++)
		for (unsigned j = i + 1; j < l->f->nodes; j++)
			world_link_block(l->f->world, l->f->node[i].env, l->f->node[j].env, false);
}
