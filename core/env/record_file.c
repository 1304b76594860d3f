/* SPDX-License-Identifier: MIT
 * core/env/record_file.c - the file of a recording: written by the block, read and checked
 */
#include "config.h"

#include "env/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "timenode/file.h"

#define HEAD_BYTES 16u
#define BLOCK_HEAD 16u
#define FILE_MAX ((size_t)4 << 30)

static const char magic[12] = "TIMENODE-REC";

enum {
	ID = RECORD_IS | RECORD_HAS_ID,
	A = RECORD_IS | RECORD_HAS_A,
	B = RECORD_IS | RECORD_HAS_B,
	BYTES = RECORD_IS | RECORD_HAS_BYTES
};

static const struct {
	unsigned shape;
	const char *text;
} kinds[RECORD_KINDS] = {
	[RECORD_VERSION] = { BYTES, "version" },
	[RECORD_CONF] = { BYTES, "configuration" },
	[RECORD_CLOCK] = { ID | A, "clocks" },
	[RECORD_STATE] = { ID | BYTES, "state" },
	[RECORD_STORE] = { ID | A | BYTES, "stored value" },
	[RECORD_SAVED] = { A | BYTES, "plugin's state" },
	[RECORD_BEGIN] = { A, "beginning" },
	[RECORD_READABLE] = { ID | A, "bytes came" },
	[RECORD_WRITABLE] = { ID | A, "room to send" },
	[RECORD_CONNECTED] = { ID | A | B, "end of a connect" },
	[RECORD_ACCEPTED] = { ID | A | B | BYTES, "connection from outside" },
	[RECORD_WAKE] = { A, "wake-up" },
	[RECORD_DEFERRED] = { A, "end of a turn" },
	[RECORD_COMMAND] = { A | BYTES, "command" },
	[RECORD_DONE] = { ID | A | B, "end of a job" },
	[RECORD_MONO] = { A, "reading of the clock" },
	[RECORD_WALL] = { A, "reading of the wall clock" },
	[RECORD_RANDOM] = { BYTES, "random bytes" },
	[RECORD_READ] = { ID | A | BYTES, "read" },
	[RECORD_WRITE] = { ID | A | B | BYTES, "write" },
	[RECORD_CONNECT] = { ID | BYTES, "connect" },
	[RECORD_CLOSE] = { ID | A, "close" },
	[RECORD_SHUT] = { ID, "end of sending" },
	[RECORD_SUBMIT] = { ID | A, "job" },
	[RECORD_CPU] = { A, "reading of processor time" },
	[RECORD_COUNTER] = { A | BYTES, "counter" },
	[RECORD_END] = { A | BYTES, "end" },
};

unsigned record_shape(uint8_t kind)
{
	return kind < RECORD_KINDS ? kinds[kind].shape : 0;
}

const char *record_kind_text(uint8_t kind)
{
	return record_shape(kind) ? kinds[kind].text : "?";
}

void record_put_addr(uint8_t to[RECORD_ADDR], const struct tn_addr *a)
{
	memcpy(to, a->ip, 16);
	to[16] = (uint8_t)(a->port >> 8);
	to[17] = (uint8_t)a->port;
}

bool record_get_addr(struct tn_addr *a, struct tn_view from)
{
	if (from.n < RECORD_ADDR)
		return false;
	memset(a, 0, sizeof *a); /* its padding is part of a key */
	memcpy(a->ip, from.p, 16);
	a->port = (uint16_t)(from.p[16] << 8 | from.p[17]);
	return true;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* ---- writing */

struct record_writer {
	int fd, err;
	uint32_t number, n;
	uint64_t max, written;
	char why[120];
	uint8_t block[BLOCK_HEAD + RECORD_BLOCK];
};

static void fail_write(struct record_writer *w, int err)
{
	if (w->err)
		return;
	w->err = err;
	snprintf(w->why, sizeof w->why, "%s", strerror(err));
}

static void write_all(struct record_writer *w, const uint8_t *p, size_t n)
{
	while (n && !w->err) {
		ssize_t put = write(w->fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			fail_write(w, put ? errno : ENOSPC);
			return;
		}
		p += put;
		n -= (size_t)put;
	}
}

/* The number is under the checksum too: a block that is missing is seen. */
static uint64_t sum_of(const uint8_t *block, size_t n)
{
	return XXH3_64bits_withSeed(block + BLOCK_HEAD, n, get32(block + 4));
}

void record_flush(struct record_writer *w)
{
	if (!w->n)
		return;
	put32(w->block, w->n);
	put32(w->block + 4, w->number++);
	put64(w->block + 8, sum_of(w->block, w->n));
	write_all(w, w->block, BLOCK_HEAD + w->n);
	w->written += BLOCK_HEAD + w->n;
	w->n = 0;
}

struct record_writer *record_writer_open(const char *path, uint64_t max, struct tn_error *err)
{
	struct record_writer *w = calloc(1, sizeof *w);
	uint8_t head[HEAD_BYTES];

	if (!w) {
		tn_fail(err, TN_ENOMEM, "no memory for a recording");
		return NULL;
	}
	w->max = max < RECORD_MIN ? RECORD_MIN : max;
	w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0) {
		tn_fail(err, TN_EIO, "cannot make %.150s: %s", path, strerror(errno));
		free(w);
		return NULL;
	}
	memcpy(head, magic, sizeof magic);
	put32(head + 12, RECORD_FORMAT);
	write_all(w, head, sizeof head);
	w->written = sizeof head;
	return w;
}

static void put_bytes(struct record_writer *w, const uint8_t *p, size_t n)
{
	while (n) {
		size_t room = RECORD_BLOCK - w->n, some = n < room ? n : room;

		memcpy(w->block + BLOCK_HEAD + w->n, p, some);
		w->n += (uint32_t)some;
		p += some;
		n -= some;
		if (w->n == RECORD_BLOCK)
			record_flush(w);
	}
}

static size_t put_number(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

static void put_head(struct record_writer *w, const struct record_entry *e)
{
	unsigned shape = record_shape(e->kind);
	uint8_t head[48];
	size_t n = 0;

	head[n++] = e->kind;
	if (shape & RECORD_HAS_ID)
		n += put_number(head + n, e->id);
	if (shape & RECORD_HAS_A)
		n += put_number(head + n, e->a);
	if (shape & RECORD_HAS_B)
		n += put_number(head + n, e->b);
	if (shape & RECORD_HAS_BYTES)
		n += put_number(head + n, e->bytes.n);
	put_bytes(w, head, n);
}

void record_put(struct record_writer *w, const struct record_entry *e)
{
	put_head(w, e);
	if (record_shape(e->kind) & RECORD_HAS_BYTES)
		put_bytes(w, e->bytes.p, e->bytes.n);
}

void record_put_pieces(struct record_writer *w, const struct record_entry *e, const struct iovec *v)
{
	size_t left = e->bytes.n;

	put_head(w, e);
	for (; left; v++) {
		size_t some = v->iov_len < left ? v->iov_len : left;

		put_bytes(w, v->iov_base, some);
		left -= some;
	}
}

uint64_t record_written(const struct record_writer *w)
{
	return w->written + w->n;
}

bool record_full(const struct record_writer *w)
{
	return record_written(w) >= w->max;
}

const char *record_failed(const struct record_writer *w)
{
	return w->err ? w->why : NULL;
}

int record_writer_close(struct record_writer *w, struct tn_error *err)
{
	int rc = 0;

	if (!w)
		return 0;
	record_flush(w);
	if (close(w->fd))
		fail_write(w, errno);
	if (w->err)
		rc = tn_fail(err, TN_EIO, "the recording is not complete: %s", w->why);
	free(w);
	return rc;
}

/* ---- reading */

static int check_head(const uint8_t *p, size_t n, const char *path, struct tn_error *err)
{
	if (n < HEAD_BYTES || memcmp(p, magic, sizeof magic))
		return tn_fail(err, TN_EBAD, "%.150s is no recording of timenode", path);
	if (get32(p + 12) != RECORD_FORMAT)
		return tn_fail(err, TN_EBAD, "%.150s has format %u, this program reads %u", path,
			       (unsigned)get32(p + 12), RECORD_FORMAT);
	return 0;
}

/* One block to the end of the stream. 1, 0: cut off, TN_EBAD. */
static int take_block(struct record_reader *r, const uint8_t *p, size_t left, uint32_t number,
		      struct tn_error *err)
{
	uint32_t n;

	if (left < BLOCK_HEAD)
		return 0;
	n = get32(p);
	if (n == 0 || n > RECORD_BLOCK || get32(p + 4) != number)
		return tn_fail(err, TN_EBAD, "damaged: block %u has a bad head", (unsigned)number);
	if (left - BLOCK_HEAD < n)
		return 0;
	if (get64(p + 8) != sum_of(p, n))
		return tn_fail(err, TN_EBAD, "damaged: the checksum of block %u is wrong",
			       (unsigned)number);
	memcpy(r->stream + r->n, p + BLOCK_HEAD, n);
	r->n += n;
	return 1;
}

static int take_blocks(struct record_reader *r, const uint8_t *p, size_t left, struct tn_error *err)
{
	uint32_t number = 0;

	while (left) {
		size_t before = r->n;
		int rc = take_block(r, p, left, number++, err);

		if (rc < 0)
			return rc;
		if (rc == 0) {
			r->cut = true;
			return 0;
		}
		p += BLOCK_HEAD + (r->n - before);
		left -= BLOCK_HEAD + (r->n - before);
	}
	return 0;
}

int record_read_file(struct record_reader *r, const char *path, struct tn_error *err)
{
	char *text;
	size_t n;
	int rc = tn_file_read(path, FILE_MAX, &text, &n, err);

	*r = (struct record_reader){ 0 };
	if (rc)
		return rc;
	rc = check_head((const uint8_t *)text, n, path, err);
	if (!rc) {
		r->stream = malloc(n);
		if (!r->stream)
			rc = tn_fail(err, TN_ENOMEM, "no memory for %.150s", path);
	}
	if (!rc)
		rc = take_blocks(r, (const uint8_t *)text + HEAD_BYTES, n - HEAD_BYTES, err);
	free(text);
	if (rc)
		record_reader_clear(r);
	return rc;
}

void record_reader_clear(struct record_reader *r)
{
	free(r->stream);
	*r = (struct record_reader){ 0 };
}

static bool get_number(const struct record_reader *r, size_t *at, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t c;

		if (*at == r->n)
			return false;
		c = r->stream[(*at)++];
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

/* 1 with the place behind it, 0: it is not whole, TN_EBAD: no such kind. */
static int decode(const struct record_reader *r, struct record_entry *e, size_t *at)
{
	unsigned shape;
	uint64_t n;

	*at = r->at;
	*e = (struct record_entry){ 0 };
	if (*at == r->n)
		return 0;
	e->kind = r->stream[(*at)++];
	shape = record_shape(e->kind);
	if (!shape)
		return TN_EBAD;
	if ((shape & RECORD_HAS_ID && !get_number(r, at, &e->id)) ||
	    (shape & RECORD_HAS_A && !get_number(r, at, &e->a)) ||
	    (shape & RECORD_HAS_B && !get_number(r, at, &e->b)))
		return 0;
	if (!(shape & RECORD_HAS_BYTES))
		return 1;
	if (!get_number(r, at, &n) || n > r->n - *at)
		return 0;
	e->bytes = (struct tn_view){ r->stream + *at, n };
	*at += n;
	return 1;
}

int record_next(struct record_reader *r, struct record_entry *e, struct tn_error *err)
{
	size_t at;
	int rc = decode(r, e, &at);

	if (rc < 0)
		return tn_fail(err, TN_EBAD, "damaged: entry %llu is of no known kind",
			       (unsigned long long)r->number + 1);
	if (rc == 0) {
		r->cut = r->cut || r->at != r->n;
		return 0;
	}
	r->at = at;
	r->number++;
	return 1;
}

int record_peek(const struct record_reader *r, struct record_entry *e)
{
	size_t at;

	return decode(r, e, &at);
}
