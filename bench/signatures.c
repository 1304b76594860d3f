/* SPDX-License-Identifier: MIT
 * bench/signatures.c - how fast all processors check the signatures of a file of blocks
 *
 * usage: signatures FILE SECONDS. FILE is bincode as `chain export` writes it. Printed:
 * blocks, their bytes, their signatures, and signatures a second with nothing else done: the
 * same check as the node's, one thread for each processor; the last number is of a second
 * of one processor, which does not depend on who else runs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timenode/judge.h"

enum { KEYS = 64, THREADS = 64 };

struct work {
	struct tn_txin in[KEYS];
	uint8_t script[KEYS][TN_SCRIPT_SIG_BYTES];
	struct tn_tx tx;
	struct tn_block block;
	struct tn_block_facts *facts;
	struct tn_spent spent[KEYS];
	char address[KEYS][TN_ADDRESS_TEXT];
	_Atomic uint64_t checked;
	double end;
};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench/signatures: %s\n", what);
	exit(1);
}

static double clock_s(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the file */

static void count(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint64_t blocks = 0, bytes = 0, signatures = 0;
	struct tn_arena *a = tn_arena_create((size_t)256 << 20);
	uint8_t length[8];

	while (f && fread(length, 1, 8, f) == 8) {
		uint32_t n = (uint32_t)length[0] | (uint32_t)length[1] << 8 |
			     (uint32_t)length[2] << 16 | (uint32_t)length[3] << 24;
		uint8_t *p = tn_alloc(a, n);
		const struct tn_block *b;
		const void *v;

		if (!p || fread(p, 1, n, f) != n ||
		    tn_bin_read(&tn_wire_block, (struct tn_view){ p, n }, a, &v, NULL))
			give_up("no file of blocks");
		b = v;
		for (uint32_t i = 0; i < b->transactions.n; i++)
			signatures += b->transactions.v[i].inputs.n;
		blocks++;
		bytes += n;
		tn_arena_reset(a);
	}
	if (!f || !blocks)
		give_up("the file cannot be read");
	fclose(f);
	tn_arena_unref(a);
	printf("%llu %llu %llu ", (unsigned long long)blocks, (unsigned long long)bytes,
	       (unsigned long long)signatures);
}

/* ---- the rate */

/* One transaction with inputs of as many owners. */
static void sign_all(struct work *w, struct tn_sha *sha)
{
	struct tn_txin *in = w->in;

	w->tx.version = 1;
	w->tx.inputs.v = in;
	w->tx.inputs.n = KEYS;
	w->block.transactions.v = &w->tx;
	w->block.transactions.n = 1;
	w->facts = calloc(1, tn_block_facts_bytes(&w->block));
	if (!w->facts)
		give_up("no memory");
	w->facts->txs = 1;
	for (uint32_t i = 0; i < KEYS; i++) {
		uint8_t seed[32] = { (uint8_t)i, 1 };
		struct tn_secret key;

		tn_secret_from_seed(&key, seed);
		tn_address_of_key(sha, '0', &key.key, w->address[i]);
		tn_spend_sign(sha, &key, &w->tx, i, w->script[i]);
		w->spent[i] = (struct tn_spent){ .input = i, .maker = TN_NO_TX };
		w->spent[i].coin.script = (struct tn_bytes){ (const uint8_t *)w->address[i],
							     (uint32_t)strlen(w->address[i]) };
	}
	for (uint32_t i = 0; i < KEYS; i++)
		in[i].script_sig = (struct tn_bytes){ w->script[i], TN_SCRIPT_SIG_BYTES };
}

/* What the signatures sign, as the judge computes it: of the transaction with empty scripts. */
static void digest(struct work *w)
{
	struct tn_spend_digest *d =
		(struct tn_spend_digest *)(void *)(tn_facts_txids(w->facts) + 1);
	uint8_t msg[TN_SPEND_BYTES];
	struct tn_sha *sha = tn_sha_create();

	if (!sha || tn_signed_spend(sha, &w->block.transactions.v[0], 0, msg))
		give_up("no memory");
	memcpy(d->bare.b, msg, 32);
	memcpy(d->outputs.b, msg + 36, 32);
	tn_sha_free(sha);
}

static void *check(void *arg)
{
	struct work *w = arg;
	struct tn_block_verdict v;

	do {
		tn_spends_check(&w->block, w->facts, w->spent, KEYS, &v);
		if (v.code)
			give_up("a signature does not fit");
		atomic_fetch_add(&w->checked, KEYS);
	} while (clock_s(CLOCK_MONOTONIC) < w->end);
	return NULL;
}

static void measure(double seconds)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	struct work *w = calloc(1, sizeof *w);
	struct tn_sha *sha = tn_sha_create();
	pthread_t thread[THREADS];
	double begun, cpu;

	if (!w || !sha)
		give_up("no memory");
	sign_all(w, sha);
	digest(w);
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	begun = clock_s(CLOCK_MONOTONIC);
	w->end = begun + seconds;
	n = n < 1 ? 1 : n > THREADS ? THREADS : n;
	for (long i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, check, w))
			give_up("no thread");
	for (long i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	begun = clock_s(CLOCK_MONOTONIC) - begun;
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.0f %.0f\n", (double)w->checked / begun, (double)w->checked / cpu);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		give_up("usage: signatures FILE SECONDS");
	count(argv[1]);
	measure(atof(argv[2]));
	return 0;
}
