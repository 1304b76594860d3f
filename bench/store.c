/* SPDX-License-Identifier: MIT
 * bench/store.c - what a durable commit and a read cost, beside what the disk itself costs
 *
 * usage: store DIR [ROUNDS]. Rounds are interleaved; medians, the tenth part from below, and their
 * ratios are printed:
 *   sync     append 4 KiB to a file, fdatasync
 *   2 MB     the share of 4 KiB when 500 of them are appended, then fdatasync: the disk's own limit
 *   lmdb     a block, or 500, in a transaction of LMDB alone, with full sync
 *   block    commit a block of 4000 bytes, wait on the loop until it is durable
 *   500      a block's share when six batches of 500 are given one after the other
 *   read     a block that was read before, copied out
 */
#include "config.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "env/event.h"
#include "store/store.h"

enum {
	BLOCK = 4000,
	WIDE = 500,
	PER_ROUND = 20,
	WIDE_PER_ROUND = 4,
	STREAM = 6,
	READS = 20000,
	MOST = 199
};

struct bench {
	struct env *env;
	struct store *s;
	int db, file;
	unsigned waiting; /* batches that are not durable */
	MDB_env *raw;
	MDB_dbi dbi;
	uint64_t height;
	char block[4096];
};

static void give_up(const char *what)
{
	fprintf(stderr, "bench/store: %s\n", what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put(struct bench *b, struct store_batch *batch)
{
	uint8_t key[8];

	b->height++;
	for (unsigned i = 0; i < 8; i++)
		key[i] = (uint8_t)(b->height >> (56 - 8 * i));
	memcpy(b->block, key, 8);
	if (store_put(batch, b->db, (struct tn_view){ key, 8 },
		      (struct tn_view){ (const uint8_t *)b->block, BLOCK }))
		give_up("no memory");
}

static void on_told(void *arg, int rc, const char *why)
{
	struct bench *b = arg;

	if (rc)
		give_up(why);
	if (--b->waiting == 0)
		env_event_stop(b->env);
}

/* Nanoseconds until all of some batches, given one after the other, are durable. */
static double commit(struct bench *b, unsigned batches, unsigned blocks)
{
	uint64_t begun = now_ns();
	struct tn_error err;

	b->waiting = batches;
	for (unsigned k = 0; k < batches; k++) {
		struct store_batch *batch = store_batch(b->s);

		for (unsigned i = 0; i < blocks; i++)
			put(b, batch);
		if (store_commit_told(batch, on_told, b, &err))
			give_up(err.text);
	}
	if (env_event_run(b->env, &err))
		give_up(err.text);
	return (double)(now_ns() - begun);
}

static void raw_open(struct bench *b, const char *dir)
{
	char path[1000];
	MDB_txn *txn;

	snprintf(path, sizeof path, "%s/raw", dir);
	mkdir(path, 0700);
	if (mdb_env_create(&b->raw) || mdb_env_set_mapsize(b->raw, (size_t)8 << 30) ||
	    mdb_env_open(b->raw, path, MDB_NOTLS, 0600) || mdb_txn_begin(b->raw, NULL, 0, &txn) ||
	    mdb_dbi_open(txn, NULL, 0, &b->dbi) || mdb_txn_commit(txn))
		give_up("LMDB alone");
}

static double raw_commit(struct bench *b, unsigned blocks)
{
	uint64_t begun = now_ns();
	MDB_txn *txn;

	if (mdb_txn_begin(b->raw, NULL, 0, &txn))
		give_up("LMDB alone");
	for (unsigned i = 0; i < blocks; i++) {
		uint8_t key[8];
		MDB_val k = { 8, key }, v = { BLOCK, b->block };

		b->height++;
		for (unsigned n = 0; n < 8; n++)
			key[n] = (uint8_t)(b->height >> (56 - 8 * n));
		if (mdb_put(txn, b->dbi, &k, &v, 0))
			give_up("LMDB alone");
	}
	if (mdb_txn_commit(txn))
		give_up("LMDB alone");
	return (double)(now_ns() - begun);
}

static double append(struct bench *b)
{
	uint64_t begun = now_ns();

	if (write(b->file, b->block, sizeof b->block) != sizeof b->block || fdatasync(b->file))
		give_up("the file cannot be written");
	return (double)(now_ns() - begun);
}

static double append_wide(struct bench *b)
{
	uint64_t begun = now_ns();

	for (unsigned i = 0; i < WIDE; i++)
		if (write(b->file, b->block, sizeof b->block) != sizeof b->block)
			give_up("the file cannot be written");
	if (fdatasync(b->file))
		give_up("the file cannot be written");
	return (double)(now_ns() - begun) / WIDE;
}

/* Of one read; the keys are those of the last 1000 blocks. */
static double reads(struct bench *b, struct tn_arena *a)
{
	uint64_t begun = now_ns();
	struct tn_view v;

	for (unsigned i = 0; i < READS; i++) {
		uint64_t h = b->height - i * 7919u % 1000;
		uint8_t key[8];

		for (unsigned k = 0; k < 8; k++)
			key[k] = (uint8_t)(h >> (56 - 8 * k));
		if (store_get(b->s, b->db, (struct tn_view){ key, 8 }, a, &v) || v.n != BLOCK)
			give_up("a block is missing");
		tn_arena_reset(a);
	}
	return (double)(now_ns() - begun) / READS;
}

static int order(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* The median, and the tenth part from below: what it costs where nobody disturbs. */
struct figure {
	double median, low;
};

static struct figure figure_of(double *v, unsigned n)
{
	qsort(v, n, sizeof *v, order);
	return (struct figure){ v[n / 2], v[n / 10] };
}

static void begin(struct bench *b, const char *dir)
{
	struct tn_error err;
	char path[1000];

	b->env = env_event_create(&err);
	snprintf(path, sizeof path, "%s/store", dir);
	mkdir(path, 0700);
	b->s = store_lmdb_open(path, UINT64_C(8) << 30, "bench", &err);
	if (!b->env || !b->s)
		give_up(err.text);
	b->db = store_db(b->s, "bench.blocks", 1, &err);
	store_write_behind(b->s, b->env, NULL);
	snprintf(path, sizeof path, "%s/file", dir);
	b->file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (b->file < 0 || b->db < 0)
		give_up("cannot make the files");
	memset(b->block, 'b', sizeof b->block);
	raw_open(b, dir);
	commit(b, 1, WIDE);
	commit(b, 1, WIDE);
}

struct figures {
	double sync[MOST * PER_ROUND], block[MOST * PER_ROUND], raw[MOST * PER_ROUND];
	double wide[MOST * WIDE_PER_ROUND], raw_wide[MOST * WIDE_PER_ROUND], read[MOST];
	double sync_wide[MOST * WIDE_PER_ROUND];
};

/* Blocks of the raw store take numbers of the same row: reads look at the last of ours. */
static void one_round(struct bench *b, struct figures *f, unsigned r, struct tn_arena *a)
{
	uint64_t own;

	for (unsigned i = r * PER_ROUND; i < (r + 1) * PER_ROUND; i++) {
		f->sync[i] = append(b);
		f->raw[i] = raw_commit(b, 1);
		f->block[i] = commit(b, 1, 1);
	}
	for (unsigned i = r * WIDE_PER_ROUND; i < (r + 1) * WIDE_PER_ROUND; i++)
		f->raw_wide[i] = raw_commit(b, WIDE) / WIDE;
	for (unsigned i = r * WIDE_PER_ROUND; i < (r + 1) * WIDE_PER_ROUND; i++)
		f->sync_wide[i] = append_wide(b);
	for (unsigned i = r * WIDE_PER_ROUND; i < (r + 1) * WIDE_PER_ROUND; i++)
		f->wide[i] = commit(b, STREAM, WIDE) / (STREAM * WIDE);
	own = b->height;
	reads(b, a);
	f->read[r] = reads(b, a);
	b->height = own;
}

static void line(const char *what, struct figure f, struct figure base, bool rate, const char *aim)
{
	double median = rate ? base.median / f.median : f.median / base.median;
	double low = rate ? base.low / f.low : f.low / base.low;

	printf("%-26s %9.1f %9.1f us  %7.2f %7.2f  %s\n", what, f.median / 1000, f.low / 1000,
	       median, low, aim);
}

static void print(struct figures *f, unsigned rounds)
{
	unsigned n = rounds * PER_ROUND, w = rounds * WIDE_PER_ROUND;
	struct figure sync = figure_of(f->sync, n), block = figure_of(f->block, n);
	struct figure raw = figure_of(f->raw, n), raw_wide = figure_of(f->raw_wide, w);
	struct figure wide = figure_of(f->wide, w), hot = figure_of(f->read, rounds);

	printf("%-26s %9s %9s     %7s %7s\n", "", "median", "10 %", "ratios", "");
	line("append 4 KiB, fdatasync", sync, sync, false, "");
	line("LMDB alone, one block", raw, sync, false, "times that");
	line("one block a commit", block, sync, false, "times that; aim: at most 2");
	line("append 2 MB, fdatasync", figure_of(f->sync_wide, w), block, true,
	     "times the rate of one");
	line("LMDB alone, 500 blocks", raw_wide, raw, true, "times the rate of one");
	line("500 blocks a commit", wide, block, true, "times the rate of one; aim: at least 75");
	printf("%-26s %9.0f %9.0f ns  %17saim: at most 500\n", "hot read", hot.median, hot.low, "");
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 15;
	struct figures *f = malloc(sizeof *f);
	struct tn_arena *a = tn_arena_create(0);
	struct bench b = { 0 };

	if (argc < 2 || !rounds || rounds > MOST || !f)
		give_up("usage: store DIR [ROUNDS]");
	begin(&b, argv[1]);
	for (unsigned r = 0; r < rounds; r++)
		one_round(&b, f, r, a);
	print(f, rounds);
	store_close(b.s);
	mdb_env_close(b.raw);
	env_event_free(b.env);
	close(b.file);
	tn_arena_unref(a);
	free(f);
	return 0;
}
