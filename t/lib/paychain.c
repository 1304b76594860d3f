/* SPDX-License-Identifier: MIT
 * t/lib/paychain.c - a chain whose coins a test can spend, and payments of them
 */
#include "lib/paychain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rng.h"

static void *need(void *p)
{
	if (p)
		return p;
	fputs("paychain: no memory\n", stderr);
	abort();
}

static void well(int rc)
{
	if (rc) {
		fprintf(stderr, "paychain: %s\n", tn_code_text(rc));
		abort();
	}
}

void paychain_begin(struct paychain *p, const char *network, uint64_t seed)
{
	struct tn_arena *a = need(tn_arena_create(0));
	const struct tn_block *genesis;
	struct rng keys;
	uint8_t s[32];

	memset(p, 0, sizeof *p);
	p->sha = need(tn_sha_create());
	well(tn_network_find(network, &p->net));
	well(tn_genesis(p->sha, &p->net, a, &genesis));
	well(tn_block_hash(p->sha, &genesis->header, &p->tip.hash));
	p->tip.time = genesis->header.timestamp;
	rng_seed(&keys, seed, 77);
	for (unsigned i = 0; i < 4; i++) {
		rng_fill(&keys, s, sizeof s);
		tn_secret_from_seed(&p->key[i], s);
		well(tn_address_of_key(p->sha, p->net.digit, &p->key[i].key, p->address[i]));
	}
	tn_arena_unref(a);
}

void paychain_end(struct paychain *p)
{
	tn_sha_free(p->sha);
}

static struct tn_bytes script_of(const struct paychain *p, unsigned owner)
{
	return (struct tn_bytes){ (const uint8_t *)p->address[owner],
				  (uint32_t)strlen(p->address[owner]) };
}

static void pay_rewards(struct paychain *p, struct tn_arena *a, struct tn_block *b, uint32_t n)
{
	uint64_t share = b->header.block_reward / n;

	b->masternode_rewards.v = need(tn_alloc(a, n * sizeof *b->masternode_rewards.v));
	b->masternode_rewards.n = n;
	for (uint32_t i = 0; i < n; i++)
		b->masternode_rewards.v[i] =
			(struct tn_reward){ { p->address[0], (uint32_t)strlen(p->address[0]) },
					    i + 1 < n ? share
						      : b->header.block_reward - share * (n - 1) };
	well(tn_coinbase(b->masternode_rewards.v, n, b->header.timestamp, a,
			 &b->transactions.v[0]));
}

const struct tn_block *paychain_next(struct paychain *p, struct tn_arena *a,
				     const struct tn_tx *txs, uint32_t count, uint64_t fees,
				     struct paycoin *coins, uint32_t n)
{
	struct tn_block *b = need(tn_alloc(a, sizeof *b));
	struct tn_hash id;

	b->header = (struct tn_header){ .version = 1,
					.height = p->tip.height + 1,
					.previous_hash = p->tip.hash,
					.block_reward = TN_BASE_REWARD + fees };
	well(tn_slot_time(&p->net, b->header.height, &b->header.timestamp));
	b->transactions.v = need(tn_alloc(a, (count + 1) * sizeof *b->transactions.v));
	b->transactions.n = count + 1;
	pay_rewards(p, a, b, n);
	if (count)
		memcpy(b->transactions.v + 1, txs, count * sizeof *txs);
	well(tn_block_merkle(p->sha, b, &b->header.merkle_root));
	well(tn_block_hash(p->sha, &b->header, &p->tip.hash));
	p->tip.height++;
	p->tip.time = b->header.timestamp;
	id = pay_txid(p, &b->transactions.v[0]);
	for (uint32_t i = 0; coins && i < n; i++)
		coins[i] =
			(struct paycoin){ { id, i }, b->transactions.v[0].outputs.v[i].value, 0 };
	return b;
}

void pay_sign(struct paychain *p, struct tn_arena *a, struct tn_tx *tx, const struct paycoin *from)
{
	for (uint32_t i = 0; i < tx->inputs.n; i++)
		tx->inputs.v[i].script_sig = (struct tn_bytes){ NULL, 0 };
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		uint8_t *script = need(tn_alloc(a, TN_SCRIPT_SIG_BYTES));

		well(tn_spend_sign(p->sha, &p->key[from[i].owner], tx, i, script));
		tx->inputs.v[i].script_sig = (struct tn_bytes){ script, TN_SCRIPT_SIG_BYTES };
	}
}

struct tn_tx *pay(struct paychain *p, struct tn_arena *a, const struct paycoin *from,
		  uint32_t count, uint64_t value, uint32_t n, unsigned to, int64_t serial)
{
	struct tn_tx *tx = need(tn_alloc(a, sizeof *tx));

	*tx = (struct tn_tx){ .version = 1, .timestamp = serial };
	tx->inputs.v = need(tn_alloc(a, count * sizeof *tx->inputs.v));
	tx->inputs.n = count;
	for (uint32_t i = 0; i < count; i++)
		tx->inputs.v[i] = (struct tn_txin){ from[i].at, { NULL, 0 }, UINT32_MAX };
	tx->outputs.v = need(tn_alloc(a, n * sizeof *tx->outputs.v));
	tx->outputs.n = n;
	for (uint32_t i = 0; i < n; i++)
		tx->outputs.v[i] = (struct tn_txout){ value, script_of(p, to) };
	pay_sign(p, a, tx, from);
	return tx;
}

struct tn_tx *pay_on(struct paychain *p, struct tn_arena *a, const struct paycoin *from,
		     struct paycoin *change)
{
	uint64_t left = from->value - tn_fee_min(from->value);
	struct tn_tx *tx = pay(p, a, from, 1, left, 1, from->owner, 1);

	*change = (struct paycoin){ { pay_txid(p, tx), 0 }, left, from->owner };
	return tx;
}

struct tn_hash pay_txid(struct paychain *p, const struct tn_tx *tx)
{
	struct tn_hash id;

	well(tn_txid(p->sha, tx, &id));
	return id;
}

const char *pay_line(struct tn_arena *a, const struct tn_tx *tx)
{
	static const char head[] = "{\"TransactionBroadcast\":";
	size_t n = tn_json_write(&tn_wire_tx, tx, NULL, 0);
	char *line = need(tn_alloc(a, n + sizeof head + 1));

	memcpy(line, head, sizeof head - 1);
	tn_json_write(&tn_wire_tx, tx, line + sizeof head - 1, n);
	memcpy(line + sizeof head - 1 + n, "}", 2);
	return line;
}
