/* SPDX-License-Identifier: MIT
 * t/paygen.c - keys, wallet files and signed payments for tests of whole nodes
 *
 * usage: paygen address SEED
 *        paygen wallet SEED FILE
 *        paygen pay SEED COUNT CHAIN <blocks.jsonl
 *        paygen rate SECONDS
 *
 * SEED is a number that the key comes from. address: prints the payment address. wallet: writes
 * a wallet file and prints the public key as hex. pay: finds the coins that the blocks (lines of
 * chaingen) pay to the address; one coin each for COUNT payments, and one for CHAIN payments
 * of which each spends the last one's change. A line each: the txid as hex, a tab, the message.
 * rate: how many signatures of votes this processor verifies in a second, and in a second of its
 * own time (others may want it too).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/rng.h"
#include "timenode/chain.h"

enum { FEE = 100000, LINE_ROOM = 64 << 20 };

struct coin {
	struct tn_outpoint at;
	uint64_t value;
};

struct maker {
	struct tn_sha *sha;
	struct tn_network net;
	struct tn_secret key;
	char address[TN_ADDRESS_TEXT];
	uint8_t seed[32];
	struct coin *coin;
	size_t coins, room, used;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "paygen: %s\n", what);
	exit(2);
}

static void *need(void *p)
{
	if (!p)
		die("no memory");
	return p;
}

static void make_key(struct maker *m, const char *number)
{
	struct rng r;

	rng_seed(&r, strtoull(number, NULL, 10), 77);
	rng_fill(&r, m->seed, sizeof m->seed);
	tn_secret_from_seed(&m->key, m->seed);
	m->sha = need(tn_sha_create());
	tn_network_find("private", &m->net);
	if (tn_address_of_key(m->sha, m->net.digit, &m->key.key, m->address))
		die("no memory");
}

static int wallet(struct maker *m, const char *path)
{
	struct tn_wallet w;
	struct tn_error err = { "" };

	if (tn_wallet_make(m->sha, &m->net, m->seed, 0, NULL, &w) || tn_wallet_save(&w, path, &err))
		die(err.text);
	for (unsigned i = 0; i < sizeof m->key.key.b; i++)
		printf("%02x", m->key.key.b[i]);
	printf("\n");
	return 0;
}

/* ---- coins */

static void keep_coin(struct maker *m, struct coin c)
{
	if (m->coins == m->room) {
		m->room = m->room ? 2 * m->room : 1024;
		m->coin = need(realloc(m->coin, m->room * sizeof *m->coin));
	}
	m->coin[m->coins++] = c;
}

static void find_in_tx(struct maker *m, const struct tn_tx *tx)
{
	size_t n = strlen(m->address);
	struct tn_hash id;

	if (tn_txid(m->sha, tx, &id))
		die("no memory");
	for (uint32_t i = 0; i < tx->outputs.n; i++) {
		const struct tn_txout *o = &tx->outputs.v[i];

		if (o->script_pubkey.n == n && !memcmp(o->script_pubkey.p, m->address, n))
			keep_coin(m, (struct coin){ { id, i }, o->value });
	}
}

static void find_coins(struct maker *m, FILE *in)
{
	char *line = need(malloc(LINE_ROOM));

	while (fgets(line, LINE_ROOM, in)) {
		struct tn_arena *a = need(tn_arena_create((size_t)256 << 20));
		struct tn_error err = { "" };
		const void *p;
		const struct tn_block *b;

		if (tn_json_read(&tn_wire_block, (struct tn_view){ (uint8_t *)line, strlen(line) },
				 a, &p, NULL, &err))
			die(err.text);
		b = p;
		for (uint32_t i = 0; i < b->transactions.n; i++)
			find_in_tx(m, &b->transactions.v[i]);
		tn_arena_unref(a);
	}
	free(line);
}

/* ---- payments */

static void print_tx(struct maker *m, const struct tn_tx *tx, const struct tn_hash *id)
{
	size_t n = tn_json_write(&tn_wire_tx, tx, NULL, 0);
	char *text = need(malloc(n + 1));

	(void)m;
	tn_json_write(&tn_wire_tx, tx, text, n);
	text[n] = 0;
	for (unsigned i = 0; i < sizeof id->b; i++)
		printf("%02x", id->b[i]);
	printf("\t{\"TransactionBroadcast\":%s}\n", text);
	free(text);
}

/* A little to itself, the rest back to itself: returns the second one. */
static struct coin pay(struct maker *m, struct coin from)
{
	struct tn_bytes script = { (const uint8_t *)m->address, (uint32_t)strlen(m->address) };
	uint64_t part = from.value / 200, fee = FEE;
	uint8_t sig[TN_SCRIPT_SIG_BYTES];
	struct tn_txin in = { .previous_output = from.at, .sequence = UINT32_MAX };
	struct tn_txout out[2];
	struct tn_tx tx = { .version = 1, .inputs = { &in, 1 }, .outputs = { out, 2 } };
	struct tn_hash id;

	if (fee < from.value / 900)
		fee = from.value / 900;
	out[0] = (struct tn_txout){ part, script };
	out[1] = (struct tn_txout){ from.value - part - fee, script };
	if (from.value < part + fee + TN_DUST || tn_spend_sign(m->sha, &m->key, &tx, 0, sig))
		die("a coin that is too small");
	in.script_sig = (struct tn_bytes){ sig, sizeof sig };
	if (tn_txid(m->sha, &tx, &id))
		die("no memory");
	print_tx(m, &tx, &id);
	return (struct coin){ { id, 1 }, out[1].value };
}

static struct coin next_coin(struct maker *m)
{
	if (m->used == m->coins)
		die("the blocks do not pay so many coins");
	return m->coin[m->used++];
}

static int payments(struct maker *m, unsigned long count, unsigned long chain)
{
	struct coin at;

	find_coins(m, stdin);
	for (unsigned long i = 0; i < count; i++)
		pay(m, next_coin(m));
	if (chain)
		at = next_coin(m);
	for (unsigned long i = 0; i < chain; i++)
		at = pay(m, at);
	return 0;
}

/* ---- the floor of a benchmark */

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int rate(struct maker *m, double wanted)
{
	struct tn_vote v = { .voter = { "127.0.0.1", 9 }, .approve = true, .timestamp = 1 };
	double begun, now, used;
	unsigned long n = 0;

	if (tn_vote_sign(&m->key, &v))
		die("no memory");
	begun = now = seconds(CLOCK_MONOTONIC);
	used = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (; now - begun < wanted; now = seconds(CLOCK_MONOTONIC))
		for (unsigned i = 0; i < 32; i++, n++)
			if (tn_vote_verify(&m->key.key, &v))
				die("a good signature is bad");
	used = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
	return printf("%.0f %.0f\n", (double)n / (now - begun), (double)n / used) < 0;
}

static int run(struct maker *m, int argc, char **argv)
{
	if (!strcmp(argv[1], "address"))
		return printf("%s\n", m->address) < 0;
	if (!strcmp(argv[1], "rate"))
		return rate(m, strtod(argv[2], NULL));
	if (!strcmp(argv[1], "wallet") && argc == 4)
		return wallet(m, argv[3]);
	if (!strcmp(argv[1], "pay") && argc == 5)
		return payments(m, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	die("see the top of t/paygen.c");
}

int main(int argc, char **argv)
{
	struct maker m = { .sha = NULL };
	int rc;

	if (argc < 3)
		die("see the top of t/paygen.c");
	make_key(&m, argv[2]);
	rc = run(&m, argc, argv);
	free(m.coin);
	tn_sha_free(m.sha);
	return rc;
}
