/* SPDX-License-Identifier: MIT
 * plugins/blocks/transfer.c - `chain import FILE` and `chain export FILE`
 *
 * A file of blocks, either JSON, one a line, as in BlockResponse; or, for each block, the
 * length of its bincode in eight bytes, the lowest first, and the bincode. The first byte tells.
 * Files are read and written by jobs: the loop never waits for a disk. An imported
 * block goes the way of every other.
 */
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATH_MAX_ = 1024,
	PIECE = 1 << 20,
	RECORD_MAX = 16 << 20, /* a block of 2 MB as JSON is below that */
	AHEAD = 64
};

struct transfer {
	struct tn_cmd *cmd;
	struct tn_ticket ticket;
	char path[PATH_MAX_];
	uint64_t offset; /* in the file */
	uint8_t *buf;
	size_t at, n, room;
	bool json, eof, working, failed;
	bool started;   /* the format of an import is known; the file of an export is made */
	bool landing;   /* all blocks are accepted, and not all durable */
	unsigned ahead; /* blocks on the road */
	uint64_t blocks, next, last;
	struct tn_hash written; /* export: the last block that was gathered */
	struct tn_error why;
};

/* ---- on a thread: at an offset, so that a job run twice does the same */

struct piece_in {
	char path[PATH_MAX_];
	uint64_t offset;
	uint32_t n;
	uint8_t data[];
};
struct piece_out {
	int32_t error; /* an errno */
	uint32_t n;
	uint8_t data[];
};

static void read_piece(const void *in_, void *out_)
{
	const struct piece_in *in = in_;
	struct piece_out *out = out_;
	FILE *f = fopen(in->path, "rb");

	errno = f ? 0 : errno;
	if (!f || fseek(f, (long)in->offset, SEEK_SET))
		out->error = errno;
	else
		out->n = (uint32_t)fread(out->data, 1, in->n, f);
	if (f && ferror(f))
		out->error = errno ? errno : EIO;
	if (f)
		fclose(f);
}

static void write_piece(const void *in_, void *out_)
{
	const struct piece_in *in = in_;
	struct piece_out *out = out_;
	FILE *f = fopen(in->path, in->offset ? "r+b" : "wb");

	if (!f || fseek(f, (long)in->offset, SEEK_SET))
		out->error = errno;
	else
		out->n = (uint32_t)fwrite(in->data, 1, in->n, f);
	if (f && fclose(f))
		out->error = errno;
}

/* ---- on the loop */

void transfer_free(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	if (st->transfer)
		free(st->transfer->buf);
	free(st->transfer);
	st->transfer = NULL;
}

static void end(struct tn_ctx *c, struct transfer *x, int rc)
{
	struct chain_row r = { .height = state_of(c)->tip.height,
			       .blocks = x->blocks,
			       .coins = state_of(c)->coins };
	struct tn_ticket ticket = x->ticket;
	struct tn_error why = x->why;

	if (!rc)
		rc = tn_row(c, x->cmd, &r);
	transfer_free(c);
	tn_finish(c, ticket, rc, rc && why.text[0] ? why.text : NULL);
}

static int fail(struct transfer *x, int code, const char *what)
{
	x->failed = true;
	return tn_fail(&x->why, code, "%.100s: %.120s", x->path, what);
}

static int begin_job(struct tn_ctx *c, struct transfer *x, const struct piece_in *model,
		     const void *data, void (*done)(struct tn_ctx *, int, const void *, void *))
{
	size_t in_bytes = sizeof *model + (data ? model->n : 0);
	struct piece_in *in = tn_alloc(tn_scratch(c), in_bytes);
	struct tn_job job = { .name = data ? "write blocks" : "read blocks",
			      .run = data ? write_piece : read_piece,
			      .done = done,
			      .in = in,
			      .in_bytes = (uint32_t)in_bytes,
			      .out_bytes = (uint32_t)(sizeof(struct piece_out) +
						      (data ? 0 : model->n)) };
	int rc = TN_ENOMEM;

	if (in) {
		*in = *model;
		memcpy(in->path, x->path, sizeof in->path);
		if (data)
			memcpy(in->data, data, model->n);
		rc = TN_HAS(c, work) ? tn_work(c, &job) : TN_EINVAL;
	}
	x->working = !rc;
	return rc;
}

/* Whose job it was; NULL: the plugin stops. */
static struct transfer *job_done(struct tn_ctx *c, int status, const struct piece_out *out)
{
	struct transfer *x = state_of(c)->transfer;

	if (!x || status)
		return NULL;
	x->working = false;
	x->offset += out->n;
	return x;
}

/* ---- import */

static void pump(struct tn_ctx *c, struct transfer *x);

static bool append(struct transfer *x, const uint8_t *p, size_t n)
{
	if (x->at) {
		memmove(x->buf, x->buf + x->at, x->n - x->at);
		x->n -= x->at;
		x->at = 0;
	}
	if (x->n + n > x->room) {
		uint8_t *buf = realloc(x->buf, x->n + n);

		if (!buf)
			return false;
		x->buf = buf;
		x->room = x->n + n;
	}
	memcpy(x->buf + x->n, p, n);
	x->n += n;
	return true;
}

static void on_read(struct tn_ctx *c, int status, const void *in, void *out_)
{
	const struct piece_out *out = out_;
	struct transfer *x = job_done(c, status, out);

	(void)in;
	if (!x)
		return;
	x->eof = out->n == 0;
	if (out->error)
		fail(x, TN_EIO, strerror(out->error));
	else if (!append(x, out->data, out->n))
		fail(x, TN_ENOMEM, "no memory");
	pump(c, x);
}

/* A length may begin with the byte of a brace, but no length is so large that its last byte is not
 * zero, and there is none in a line of JSON. */
static bool begins_json(const uint8_t *p, size_t n)
{
	return n && *p == '{' && !memchr(p, 0, n < 8 ? n : 8);
}

/* A whole record, or n 0: not there yet. */
static struct tn_view next_record(struct transfer *x)
{
	const uint8_t *p = x->buf + x->at, *end;
	size_t n = x->n - x->at;
	uint64_t length = 0;

	if (!x->started && n < 8 && !x->eof)
		return (struct tn_view){ NULL, 0 };
	if (!x->started)
		x->json = begins_json(p, n);
	x->started = true;
	if (x->json) {
		end = n ? memchr(p, '\n', n) : NULL;
		length = end ? (uint64_t)(end - p) : x->eof ? n : 0;
		x->at += length + (end != NULL);
		return (struct tn_view){ p, length };
	}
	if (n < 8)
		return (struct tn_view){ NULL, 0 };
	for (unsigned i = 8; i-- > 0;)
		length = length << 8 | p[i];
	if (length == 0 || length > RECORD_MAX) /* a file of zeros is what a crash may leave */
		return (struct tn_view){ NULL, 1 };
	if (length > n - 8)
		return (struct tn_view){ NULL, 0 };
	x->at += 8 + length;
	return (struct tn_view){ p + 8, length };
}

static void end_imported(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	struct transfer *x = state_of(c)->transfer;

	if (!x || x != t->arg || fate == FATE_GONE)
		return;
	x->ahead--;
	if (fate == FATE_CONNECTED || fate == FATE_KNOWN || fate == FATE_SIDE) {
		x->blocks += fate == FATE_CONNECTED;
	} else if (!x->failed) {
		x->failed = true;
		tn_fail(&x->why, TN_EBAD, "block %" PRIu64 ": %.200s", t->block->header.height,
			fate == FATE_ORPHAN ? "its parent is not there" : why);
	}
	pump(c, x);
}

static int begin_block(struct tn_ctx *c, struct transfer *x, struct tn_view record)
{
	struct tn_arena *a = tn_arena_new(c);
	struct trial t = { .owner = a, .end = end_imported, .arg = x, .bytes = record.n };
	struct tn_error err = { "no memory" };
	const void *b;
	int rc = TN_ENOMEM;

	if (a)
		rc = x->json ? tn_json_read(&tn_wire_block, record, a, &b, NULL, &err)
			     : tn_bin_read(&tn_wire_block, record, a, &b, &err);
	if (rc) {
		fail(x, rc, err.text);
	} else {
		t.block = b;
		rc = road_begin(c, &t);
		x->ahead += !rc;
	}
	tn_arena_unref(a);
	return rc;
}

/* Records become blocks on the road; with few left, the next piece is read. */
static void begin_blocks(struct tn_ctx *c, struct transfer *x)
{
	while (!x->failed && x->ahead < AHEAD) {
		size_t before = x->at;
		struct tn_view record = next_record(x);

		if (record.n == 0 && x->at == before)
			return;
		if (!record.p)
			fail(x, TN_EBAD, "this is no file of blocks");
		else if (record.n && begin_block(c, x, record) == TN_EFULL) {
			x->at = before; /* the road is full: its end calls again */
			if (!x->ahead)
				fail(x, TN_EBUSY, "no block is taken just now");
			return;
		}
	}
}

static void pump(struct tn_ctx *c, struct transfer *x)
{
	struct piece_in piece = { .offset = x->offset, .n = PIECE };

	begin_blocks(c, x);
	if (!x->failed && !x->working && !x->eof && x->ahead < AHEAD) {
		if (x->n - x->at > RECORD_MAX)
			fail(x, TN_EBAD, "this is no file of blocks");
		else if (begin_job(c, x, &piece, NULL, on_read))
			fail(x, TN_EBUSY, "it cannot be read just now");
	}
	if (x->working || x->ahead)
		return;
	if (!x->failed && x->n > x->at)
		fail(x, TN_EBAD, "it ends within a block");
	if (x->landing)
		return;
	x->landing = landing_awaited(c);
	if (!x->landing)
		transfer_landed(c);
}

/* The answer comes when all of it is on the disk. */
void transfer_landed(struct tn_ctx *c)
{
	struct state *st = state_of(c);
	struct transfer *x = st->transfer;

	if (!x)
		return;
	if (st->failed && !x->failed)
		fail(x, TN_EIO, "the store takes no blocks any more");
	end(c, x, x->failed ? TN_EBAD : 0);
}

/* ---- export */

/* The records of a block behind those that are there. As bincode it is copied as it is stored. */
static bool append_bincode(struct transfer *x, struct tn_view block)
{
	uint8_t length[8];

	for (unsigned i = 0; i < sizeof length; i++)
		length[i] = (uint8_t)((uint64_t)block.n >> 8 * i);
	return append(x, length, sizeof length) && append(x, block.p, block.n);
}

static int append_json(struct transfer *x, struct tn_view block, uint64_t text, struct tn_arena *a)
{
	const void *b;
	char *p = tn_alloc(a, text + 1);
	int rc = p ? tn_bin_read(&tn_wire_block, block, a, &b, &x->why) : TN_ENOMEM;

	if (rc)
		return rc;
	if (tn_json_write(&tn_wire_block, b, p, text) != text)
		return fail(x, TN_EBAD, "a block is damaged in the store: chain verify names it");
	p[text] = '\n';
	return append(x, (const uint8_t *)p, text + 1) ? 0 : TN_ENOMEM;
}

/* Behind the one before it? Not if the chain has gone over to another branch meanwhile. */
static bool follows(struct tn_ctx *c, struct transfer *x, struct tn_view block)
{
	struct tn_view head = { block.p, HEADER_BYTES };
	const struct tn_header *h;
	const void *v;

	if (tn_bin_read(&tn_wire_header, head, tn_scratch(c), &v, NULL))
		return false;
	h = v;
	return (x->next == 1 || same_hash(&h->previous_hash, &x->written)) &&
	       !tn_block_hash(state_of(c)->sha, h, &x->written);
}

static int gather(struct tn_ctx *c, struct transfer *x)
{
	struct key8 k = key_of_height(x->next);
	struct index index;
	struct tn_view block;
	struct tn_arena *a;
	int rc;

	if (chain_index(c, x->next, &index) || tn_get(c, NULL, D_BLOCK, TN_VIEW(k), &block))
		return fail(x, TN_EBUSY, "the chain changed meanwhile: again, under another name");
	if (block.n != index.bytes || block.n < HEADER_BYTES)
		return fail(x, TN_EBAD, "a block is damaged in the store: chain verify names it");
	if (!follows(c, x, block))
		return fail(x, TN_EBUSY, "the chain changed meanwhile: again, under another name");
	if (!x->json)
		return append_bincode(x, block) ? 0 : TN_ENOMEM;
	a = tn_arena_new(c);
	rc = a ? append_json(x, block, index.text, a) : TN_ENOMEM;
	tn_arena_unref(a);
	return rc;
}

static void write_on(struct tn_ctx *c, struct transfer *x);

static void on_written(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct piece_in *in = in_;
	const struct piece_out *out = out_;
	struct transfer *x = job_done(c, status, out);

	if (!x)
		return;
	if (out->error || out->n != in->n) {
		end(c, x,
		    fail(x, TN_EIO, out->error ? strerror(out->error) : "not all was written"));
		return;
	}
	write_on(c, x);
}

static void write_on(struct tn_ctx *c, struct transfer *x)
{
	struct piece_in piece = { .offset = x->offset };
	int rc = 0;

	x->n = x->at = 0;
	while (!rc && x->next <= x->last && x->n < PIECE) {
		rc = gather(c, x);
		x->next += !rc;
		x->blocks += !rc;
	}
	if (rc || (!x->n && x->started)) {
		end(c, x, rc);
		return;
	}
	x->started = true; /* of a chain without blocks the file is empty, but there */
	piece.n = (uint32_t)x->n;
	rc = begin_job(c, x, &piece, x->n ? x->buf : (const uint8_t *)"", on_written);
	if (rc)
		end(c, x, rc);
}

static void on_looked(struct tn_ctx *c, int status, const void *in, void *out_)
{
	const struct piece_out *out = out_;
	struct transfer *x = job_done(c, status, out);

	(void)in;
	if (!x)
		return;
	if (out->error != ENOENT) {
		end(c, x, fail(x, TN_EBUSY, "there is something of that name"));
		return;
	}
	write_on(c, x);
}

/* ---- begin */

int transfer_begin(struct tn_ctx *c, struct tn_cmd *cmd, struct tn_str path, bool import,
		   struct tn_error *err)
{
	struct piece_in look = { .n = 1 };
	struct state *st = state_of(c);
	struct transfer *x;

	if (!path.n || path.p[0] != '/' || path.n >= PATH_MAX_ || memchr(path.p, 0, path.n))
		return tn_fail(err, TN_EINVAL, "an absolute path is needed");
	if (st->transfer)
		return tn_fail(err, TN_EBUSY, "another one is under way");
	if (st->maintain)
		return tn_fail(err, TN_EBUSY, "a reindex or a rollback is under way");
	if (st->failed && import)
		return tn_fail(err, TN_EIO, STORE_FAILED);
	x = calloc(1, sizeof *x);
	if (!x)
		return tn_fail(err, TN_ENOMEM, "no memory");
	memcpy(x->path, path.p, path.n);
	x->cmd = cmd;
	x->ticket = tn_cmd_hold(c, cmd, CMD_MS);
	x->json = path.n > 6 && !memcmp(path.p + path.n - 6, ".jsonl", 6);
	x->next = 1;
	x->last = st->tip.height;
	st->transfer = x;
	if (import)
		pump(c, x);
	else if (begin_job(c, x, &look, NULL, on_looked))
		end(c, x, TN_EBUSY);
	return TN_LATER;
}
