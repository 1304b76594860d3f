/* SPDX-License-Identifier: MIT
 * t/28-record-file.c - the file of a recording: what is written is read, and damage is seen
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/record_file.h"
#include "lib/tap.h"

#define ENTRIES 400
#define LARGE 200000u /* over the ends of several blocks */

static uint8_t large[LARGE];

static const char *path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), name);
	return path;
}

/* Every kind, numbers of every length, bytes of every size that matters. */
static struct record_entry sample(unsigned i)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 300, 65535, 65536, LARGE };
	struct record_entry e = { .kind = 0 };
	unsigned kind = 0, k = i;

	while (!record_shape((uint8_t)kind) || k--)
		kind = (kind + 1) % RECORD_KINDS;
	e.kind = (uint8_t)kind;
	if (record_shape(e.kind) & RECORD_HAS_ID)
		e.id = UINT64_C(1) << i % 64;
	if (record_shape(e.kind) & RECORD_HAS_A)
		e.a = i % 3 ? i : UINT64_MAX - i;
	if (record_shape(e.kind) & RECORD_HAS_B)
		e.b = UINT64_C(0x0102030405060708) * i;
	if (record_shape(e.kind) & RECORD_HAS_BYTES)
		e.bytes = (struct tn_view){ large, i % 13 ? sizes[i % 5] : sizes[i % 8] };
	return e;
}

static void write_sample(const char *path, unsigned entries)
{
	struct tn_error err;
	struct record_writer *w = record_writer_open(path, 0, &err);

	if (!w)
		bail_out("%s", err.text);
	for (unsigned i = 0; i < entries; i++) {
		struct record_entry e = sample(i);

		record_put(w, &e);
	}
	is_int(record_writer_close(w, &err), 0, "%u entries are written", entries);
}

static bool equal(const struct record_entry *a, const struct record_entry *b)
{
	return a->kind == b->kind && a->id == b->id && a->a == b->a && a->b == b->b &&
	       a->bytes.n == b->bytes.n &&
	       (!a->bytes.n || !memcmp(a->bytes.p, b->bytes.p, a->bytes.n));
}

/* How many of the sample's entries it has, in order; all else is a failure. */
static unsigned read_sample(struct record_reader *r)
{
	struct record_entry e, want, peeked;
	struct tn_error err;
	unsigned n = 0;
	int rc;

	for (;;) {
		int seen = record_peek(r, &peeked);

		rc = record_next(r, &e, &err);
		want = sample(n);
		if (rc != 1 || seen != 1 || !equal(&e, &want) || !equal(&e, &peeked))
			break;
		n++;
	}
	ok(rc == 0, "%u entries are read, then it ends", n);
	is_uint(r->number, n, "and they are counted");
	return n;
}

static void test_whole(void)
{
	const char *path = path_of("whole");
	struct record_reader r;
	struct tn_error err;
	struct stat st;

	write_sample(path, ENTRIES);
	ok(!stat(path, &st) && (st.st_mode & 07777) == 0600, "its mode is 0600");
	is_int(record_read_file(&r, path, &err), 0, "it is read");
	is_uint(read_sample(&r), ENTRIES, "all of it");
	ok(!r.cut, "it is whole");
	record_reader_clear(&r);
	ok(!record_writer_open(path, 0, &err), "a file that is there is left alone: %s", err.text);
	is_int(record_read_file(&r, path_of("nothing"), &err), TN_ENOENT, "there is no such file");
}

static void put_file(const char *path, const char *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		bail_out("cannot write %s", path);
}

/* Whatever bit is another one. */
static void test_flipped(void)
{
	struct record_reader r;
	struct tn_error err;
	size_t n, bad = 0, tried = 0;
	char *file;

	write_sample(path_of("small"), 60);
	file = tap_slurp(path_of("small"), &n);
	for (size_t at = 0; at < n; at += at < 80 ? 1 : 997)
		for (unsigned bit = 0; bit < 8; bit++) {
			int rc;

			file[at] = (char)(file[at] ^ 1 << bit);
			put_file(path_of("flipped"), file, n);
			rc = record_read_file(&r, path_of("flipped"), &err);
			bad += rc == TN_EBAD;
			/* Only a length can look as if the end was missing. */
			if (!rc && r.cut && at >= 16)
				bad++;
			record_reader_clear(&r);
			file[at] = (char)(file[at] ^ 1 << bit);
			tried++;
		}
	is_uint(bad, tried, "every bit that is another one is seen");
	free(file);
}

/* Killed at any byte: what is whole is there, and that something is missing is known. */
static void test_cut(void)
{
	struct record_reader r;
	struct record_entry e;
	struct tn_error err;
	size_t n, good = 0, tried = 0;
	char *file = tap_slurp(path_of("small"), &n);

	for (size_t size = 16; size < n; size += 61) {
		unsigned k = 0;
		bool same = true;

		put_file(path_of("cut"), file, size);
		if (record_read_file(&r, path_of("cut"), &err))
			bail_out("%s", err.text);
		while (record_next(&r, &e, &err) == 1) {
			struct record_entry want = sample(k++);

			same = same && equal(&e, &want);
		}
		good += same && k < 60 && (r.cut || size == 16);
		tried++;
		record_reader_clear(&r);
	}
	is_uint(good, tried, "cut anywhere, the beginning is good");
	for (size_t size = 0; size < 16; size++) {
		put_file(path_of("cut"), file, size);
		good -= record_read_file(&r, path_of("cut"), &err) == TN_EBAD;
	}
	is_uint(good, tried - 16, "less than a head is no recording");
	free(file);
}

/* Blocks in another order, or one that is missing, have right checksums. */
static void test_blocks(void)
{
	size_t n, first = 16, second = 16 + 16 + RECORD_BLOCK, third = second + 16 + RECORD_BLOCK;
	char *file, *other = malloc(4 * RECORD_BLOCK);
	struct record_reader r;
	struct tn_error err;

	write_sample(path_of("long"), ENTRIES);
	file = tap_slurp(path_of("long"), &n);
	ok(n > third + 100, "a file of several blocks");
	memcpy(other, file, third);
	memcpy(other + first, file + second, 16 + RECORD_BLOCK);
	memcpy(other + second, file + first, 16 + RECORD_BLOCK);
	put_file(path_of("swapped"), other, third);
	is_int(record_read_file(&r, path_of("swapped"), &err), TN_EBAD, "swapped: %s", err.text);
	memcpy(other + first, file + second, 16 + RECORD_BLOCK);
	put_file(path_of("missing"), other, first + 16 + RECORD_BLOCK);
	is_int(record_read_file(&r, path_of("missing"), &err), TN_EBAD, "missing: %s", err.text);
	free(file);
	free(other);
}

static void test_bound(void)
{
	const char *path = path_of("bound");
	struct tn_error err;
	struct record_writer *w = record_writer_open(path, 2 * RECORD_MIN, &err);
	const struct record_entry e = { .kind = RECORD_RANDOM, .bytes = { large, 1000 } };
	unsigned n = 0;

	for (; w && !record_full(w) && n < 100000; n++)
		record_put(w, &e);
	ok(n > 2000 && n < 2200, "it is full after %u entries of 1000 bytes", n);
	is_int(record_writer_close(w, &err), 0, "and still good");
	unlink(path);
	w = record_writer_open(path, 1, &err);
	ok(w && !record_full(w), "a bound too small for a beginning is raised");
	record_writer_close(w, NULL);
}

/* A disk that takes no more. */
static void test_failure(void)
{
	const struct rlimit little = { 300000, 300000 };
	const struct record_entry e = { .kind = RECORD_RANDOM, .bytes = { large, LARGE } };
	struct tn_error err = { "" };
	struct record_writer *w;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &little))
		bail_out("no limit");
	w = record_writer_open(path_of("failure"), 0, &err);
	for (int i = 0; w && i < 5; i++)
		record_put(w, &e);
	ok(w && record_failed(w), "a failed write is known: %s", w ? record_failed(w) : "");
	is_int(record_writer_close(w, &err), TN_EIO, "and told at the end: %s", err.text);
}

int main(void)
{
	for (unsigned i = 0; i < LARGE; i++)
		large[i] = (uint8_t)(i * 7 + i / 256);
	for (int64_t v = -3; v < 4; v++)
		is_int(record_unzigzag(record_zigzag(v)), v, "zigzag of %d", (int)v);
	is_int(record_unzigzag(record_zigzag(INT64_MIN)), INT64_MIN, "zigzag of the lowest");
	test_whole();
	test_flipped();
	test_cut();
	test_blocks();
	test_bound();
	test_failure();
	return done_testing();
}
