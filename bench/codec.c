/* SPDX-License-Identifier: MIT
 * bench/codec.c - decoding, encoding and transaction ids beside other libraries, as ratios
 *
 * usage: bench/codec [ROUNDS] WORKER... Makes the corpora, starts a process for each
 * library and asks all of them in random order, round after round. Printed are medians;
 * ratios are medians of the ratios within each round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "timenode/value.h"
#include "timenode/wire.h"

enum { WORKERS = 8, OPS = 24, CORPORA = 4, ROUNDS_MAX = 99, NAME = 40 };

static const struct {
	const char *name, *message;
	unsigned lines, passes, txs; /* transactions in a line */
} corpus[CORPORA] = {
	{ "ping", "Ping", 4096, 8, 0 },
	{ "vote", "TransactionVote", 512, 8, 0 },
	{ "tx 2/2", "TransactionBroadcast", 256, 8, 1 },
	{ "100x10 blocks", "BlocksResponse", 2, 1, 1000 },
};

struct op {
	unsigned worker, number;
	char name[NAME];
	double ns[CORPORA][ROUNDS_MAX];
};

struct bench {
	char path[CORPORA][64];
	size_t bytes[CORPORA];
	struct {
		FILE *to, *from;
	} worker[WORKERS];
	struct op op[OPS];
	unsigned workers, ops, rounds;
};

static void die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

/* ---- corpora */

static uint64_t draw(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static void *room(struct tn_arena *a, size_t n)
{
	void *p = tn_alloc(a, n);

	if (!p)
		die("no memory");
	return p;
}

static void fill(uint64_t *x, uint8_t *p, size_t n)
{
	while (n--)
		*p++ = (uint8_t)(draw(x) >> 16);
}

static struct tn_bytes some_bytes(struct tn_arena *a, uint64_t *x, uint32_t n)
{
	uint8_t *p = room(a, n);

	fill(x, p, n);
	return (struct tn_bytes){ p, n };
}

/* An input with a signature and a key, outputs with the text of an address. */
static void make_tx(struct tn_arena *a, uint64_t *x, struct tn_tx *t)
{
	unsigned i;

	t->version = 1;
	t->timestamp = 1766100000 + (int64_t)(draw(x) % 1000000);
	t->inputs.v = room(a, 2 * sizeof *t->inputs.v);
	t->outputs.v = room(a, 2 * sizeof *t->outputs.v);
	t->inputs.n = t->outputs.n = 2;
	for (i = 0; i < 2; i++) {
		fill(x, t->inputs.v[i].previous_output.txid.b, 32);
		t->inputs.v[i].previous_output.vout = (uint32_t)(draw(x) % 4);
		t->inputs.v[i].script_sig = some_bytes(a, x, 96);
		t->inputs.v[i].sequence = UINT32_MAX;
		t->outputs.v[i].value = draw(x) % 100000000000;
		t->outputs.v[i].script_pubkey = some_bytes(a, x, 25);
	}
}

static void make_block(struct tn_arena *a, uint64_t *x, struct tn_block *b)
{
	unsigned i;

	b->header.version = 1;
	b->header.height = draw(x) % 100000;
	fill(x, b->header.previous_hash.b, 64); /* the merkle root, too */
	b->header.timestamp = 1766100000;
	b->header.block_reward = 10000000000;
	b->transactions.v = room(a, 10 * sizeof *b->transactions.v);
	b->transactions.n = 10;
	for (i = 0; i < 10; i++)
		make_tx(a, x, &b->transactions.v[i]);
	b->masternode_rewards.v = room(a, 4 * sizeof *b->masternode_rewards.v);
	b->masternode_rewards.n = 4;
	for (i = 0; i < 4; i++)
		b->masternode_rewards.v[i] =
			(struct tn_reward){ { "TIME0K8fvSoVMcHRyXMoCVV4C1U3cWK1oDNRt8", 38 },
					    draw(x) % 10000000000 };
}

static const void *make_vote(struct tn_arena *a, uint64_t *x)
{
	struct tn_vote *v = room(a, sizeof *v);

	fill(x, v->txid.b, 32);
	v->voter = (struct tn_str){ "203.0.113.77", 12 };
	v->approve = true;
	v->timestamp = 1766100000;
	fill(x, v->signature.b, 64);
	return v;
}

/* Nonces stay below 2^53, or some of the others could not read them. */
static const void *make(unsigned kind, struct tn_arena *a, uint64_t *x)
{
	struct tn_blocks *blocks;
	struct tn_ping *ping;
	struct tn_tx *tx;

	if (kind == 0) {
		ping = room(a, sizeof *ping);
		*ping = (struct tn_ping){ draw(x) >> 11, 1766100000 };
		return ping;
	}
	if (kind == 1)
		return make_vote(a, x);
	if (kind == 2) {
		tx = room(a, sizeof *tx);
		make_tx(a, x, tx);
		return tx;
	}
	blocks = room(a, sizeof *blocks);
	blocks->blocks.v = room(a, 100 * sizeof *blocks->blocks.v);
	for (blocks->blocks.n = 0; blocks->blocks.n < 100; blocks->blocks.n++)
		make_block(a, x, &blocks->blocks.v[blocks->blocks.n]);
	return blocks;
}

static void write_corpus(struct bench *b, unsigned kind, const char *dir)
{
	const char *name = corpus[kind].message;
	const struct tn_schema *s =
		tn_message_schema((unsigned)tn_message_find(name, strlen(name)));
	struct tn_arena *a = tn_arena_create((size_t)64 << 20);
	uint64_t x = 88172645463325252u + kind;
	unsigned i;
	FILE *f;

	snprintf(b->path[kind], sizeof b->path[kind], "%s/corpus-%u", dir, kind);
	f = fopen(b->path[kind], "w");
	if (!f || !a)
		die("cannot write the corpus");
	for (i = 0; i < corpus[kind].lines; i++) {
		const void *value;
		size_t n;
		char *line;

		tn_arena_reset(a);
		value = make(kind, a, &x);
		n = tn_line_write(name, s, value, NULL, 0);
		line = room(a, n);
		tn_line_write(name, s, value, line, n);
		b->bytes[kind] += n;
		if (fwrite(line, 1, n, f) != n)
			die("cannot write the corpus");
	}
	fclose(f);
	tn_arena_unref(a);
}

/* ---- workers */

static void start(struct bench *b, const char *program)
{
	int to[2], from[2];
	unsigned i = b->workers++, k;
	char name[NAME];

	if (i == WORKERS || pipe(to) != 0 || pipe(from) != 0)
		die("no pipe");
	if (fork() == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execl(program, program, b->path[0], b->path[1], b->path[2], b->path[3], NULL);
		die("cannot start a worker");
	}
	close(to[0]);
	close(from[1]);
	b->worker[i].to = fdopen(to[1], "w");
	b->worker[i].from = fdopen(from[0], "r");
	for (k = 0; fgets(name, sizeof name, b->worker[i].from) && name[0] != '.'; k++) {
		if (b->ops == OPS)
			die("too many things to measure");
		name[strcspn(name, "\n")] = '\0';
		b->op[b->ops].worker = i;
		b->op[b->ops].number = k;
		strcpy(b->op[b->ops++].name, name);
	}
	if (k == 0)
		die("a worker gave up");
}

static double ask(struct bench *b, const struct op *op, unsigned kind)
{
	double ns;

	fprintf(b->worker[op->worker].to, "%u %u %u\n", op->number, kind, corpus[kind].passes);
	fflush(b->worker[op->worker].to);
	if (fscanf(b->worker[op->worker].from, "%lf", &ns) != 1)
		die("a worker is gone");
	return ns;
}

static void round_of(struct bench *b, unsigned round, uint64_t *x)
{
	unsigned order[OPS * CORPORA], n = b->ops * CORPORA, i;

	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n; i > 1; i--) {
		unsigned k = (unsigned)(draw(x) % i), was = order[k];

		order[k] = order[i - 1];
		order[i - 1] = was;
	}
	for (i = 0; i < n; i++) {
		struct op *op = &b->op[order[i] / CORPORA];
		unsigned kind = order[i] % CORPORA;

		op->ns[kind][round] = ask(b, op, kind);
	}
}

/* ---- results */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of v, or of v / by. */
static double median(const double *v, const double *by, unsigned n)
{
	double sorted[ROUNDS_MAX];
	unsigned i;

	for (i = 0; i < n; i++)
		sorted[i] = by ? by[i] / v[i] : v[i];
	qsort(sorted, n, sizeof sorted[0], by_value);
	return sorted[n / 2];
}

static const struct op *find(const struct bench *b, const char *name)
{
	unsigned i;

	for (i = 0; i < b->ops; i++)
		if (strcmp(b->op[i].name, name) == 0)
			return &b->op[i];
	return NULL;
}

static void print_op(const struct bench *b, const struct op *op, const struct op *to)
{
	unsigned k;

	printf("%-26s", op->name);
	for (k = 0; k < CORPORA; k++) {
		double ns = median(op->ns[k], NULL, b->rounds);

		printf(" %8.0f MB/s", (double)b->bytes[k] * 1e3 / ns);
		if (to)
			printf(" %5.2fx", median(op->ns[k], to->ns[k], b->rounds));
	}
	printf("\n");
}

static void print_all(const struct bench *b, const char *what, const char *other)
{
	const struct op *to = find(b, other);
	unsigned i, k;

	printf("\n%-26s", what);
	for (k = 0; k < CORPORA; k++)
		printf(" %*s", to ? 20 : 13, corpus[k].name);
	printf("\n");
	for (i = 0; i < b->ops; i++)
		if (strncmp(b->op[i].name, what, strlen(what)) == 0)
			print_op(b, &b->op[i], to);
	if (to)
		printf("ratios are to %s\n", other);
}

static void print_ids(const struct bench *b)
{
	const struct op *to = find(b, "txid libcrypto");
	unsigned i, k;

	printf("\n%-26s %*s %20s\n", "txid, each", 41 + 20, corpus[2].name, corpus[3].name);
	for (i = 0; i < b->ops; i++) {
		if (strncmp(b->op[i].name, "txid", 4) != 0)
			continue;
		printf("%-26s %*s", b->op[i].name, 41, "");
		for (k = 0; k < CORPORA; k++)
			if (corpus[k].txs)
				printf(" %10.0f ns %5.2fx",
				       median(b->op[i].ns[k], NULL, b->rounds) / corpus[k].lines /
					       corpus[k].txs,
				       median(b->op[i].ns[k], to->ns[k], b->rounds));
		printf("\n");
	}
	printf("ratios are to txid libcrypto, which hashes the same bytes ready made\n");
}

/* How often something else had the processor: gaps of more than 20 us in half a second. */
static void print_noise(void)
{
	struct timespec t;
	double start, last, now, lost = 0;
	unsigned gaps = 0;

	clock_gettime(CLOCK_MONOTONIC, &t);
	start = last = (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
		now = (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
		if (now - last > 20e3) {
			gaps++;
			lost += now - last;
		}
		last = now;
	} while (now - start < 5e8);
	printf("noise: %u gaps above 20 us in 0.5 s, %.1f ms lost\n", gaps, lost / 1e6);
}

int main(int argc, char **argv)
{
	static struct bench b;
	char dir[] = "bench-XXXXXX";
	uint64_t x = 0x2545f4914f6cdd1d;
	int at = 1;
	unsigned i;

	b.rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	at += b.rounds > 0;
	b.rounds = b.rounds == 0 ? 15 : b.rounds > ROUNDS_MAX ? ROUNDS_MAX : b.rounds;
	if (!mkdtemp(dir))
		die("no directory for the corpora");
	for (i = 0; i < CORPORA; i++)
		write_corpus(&b, i, dir);
	for (; at < argc; at++)
		start(&b, argv[at]);
	for (i = 0; i < CORPORA; i++)
		unlink(b.path[i]);
	rmdir(dir);
	print_noise();
	for (i = 0; i < b.rounds; i++)
		round_of(&b, i, &x);
	print_noise();
	printf("medians of %u rounds, all in random order in each\n", b.rounds);
	print_all(&b, "decode", find(&b, "decode simdjson") ? "decode simdjson" : "decode json-c");
	print_all(&b, "encode", "encode json-c");
	if (find(&b, "txid libcrypto"))
		print_ids(&b);
	return 0;
}
