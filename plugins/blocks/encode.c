/* SPDX-License-Identifier: MIT
 * plugins/blocks/encode.c - large answers, written by the pool
 *
 * A block of 2 MB takes some 20 ms to become a line. The question is held meanwhile, so its sender
 * is not read from and has one answer under way at most. The bytes are
 * copied out of the store when the job is sent: what it says was true then. A branch that is left
 * meanwhile makes it stale, and the questions begin anew.
 */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

enum { UNDER_WAY_MAX = 2, ENCODINGS_MAX = 16, ENVELOPE = 128 };

struct waiter {
	struct waiter *next;
	struct tn_hold hold;
};

struct encoding { /* one answer; without waiters it is an announcement, for many */
	struct encoding *next;
	uint64_t serial;
	unsigned row;
	struct range range;
	struct waiter *waiters, **last;
	bool sent, stale;
};

struct encode {
	struct encoding *first; /* in the order they came */
	unsigned n, under_way;
	uint64_t serial;
};

struct encode *encode_create(void)
{
	return calloc(1, sizeof(struct encode));
}

static void encoding_free(struct encoding *e)
{
	while (e->waiters) {
		struct waiter *w = e->waiters;

		e->waiters = w->next;
		free(w);
	}
	free(e);
}

void encode_free(struct encode *s)
{
	while (s && s->first) {
		struct encoding *e = s->first;

		s->first = e->next;
		encoding_free(e);
	}
	free(s);
}

static void unlink_encoding(struct encode *s, struct encoding *e)
{
	struct encoding **at = &s->first;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	s->n--;
	s->under_way -= e->sent;
}

void encode_stop(struct tn_ctx *c)
{
	struct encode *s = state_of(c)->encode;

	while (s->first) {
		struct encoding *e = s->first;

		unlink_encoding(s, e);
		encoding_free(e);
	}
}

/* ---- on a thread */

struct lines_in {
	uint64_t serial;
	const char *name;
	const struct tn_view *block; /* bincode; in keep */
	uint32_t blocks, room;
	bool alone; /* the body is the only block, no list */
};

struct lines_out {
	int32_t code;
	uint32_t n;
	char line[];
};

static int read_blocks(const struct lines_in *in, struct tn_arena *a, struct tn_blocks *out)
{
	const void *v;
	int rc = 0;

	out->blocks.v = tn_alloc(a, (in->blocks + 1) * sizeof *out->blocks.v);
	out->blocks.n = 0;
	for (uint32_t i = 0; out->blocks.v && !rc && i < in->blocks; i++) {
		rc = tn_bin_read(&tn_wire_block, in->block[i], a, &v, NULL);
		if (!rc)
			out->blocks.v[out->blocks.n++] = *(const struct tn_block *)v;
	}
	return out->blocks.v ? rc : TN_ENOMEM;
}

static void write_line(const void *in_, void *out_)
{
	const struct lines_in *in = in_;
	struct lines_out *out = out_;
	struct tn_arena *a = tn_arena_create(0);
	struct tn_blocks list;
	size_t n = 0;

	out->code = a ? read_blocks(in, a, &list) : TN_ENOMEM;
	if (!out->code && in->alone)
		n = tn_line_write(in->name, &tn_wire_block, list.blocks.v, out->line, in->room);
	else if (!out->code)
		n = tn_line_write(in->name, &tn_wire_blocks, &list, out->line, in->room);
	if (n > in->room)
		out->code = TN_EBAD; /* the index and the block do not agree */
	out->n = (uint32_t)n;
	tn_arena_unref(a);
}

/* ---- on the loop */

static const char *name_of(unsigned row)
{
	return row == M_BLOCK    ? "BlockResponse"
	       : row == M_BLOCKS ? "BlocksResponse"
	       : row == M_RANGE  ? "BlockRangeResponse"
				 : "BlockAnnouncement";
}

static struct encoding *by_serial(const struct encode *s, uint64_t serial)
{
	struct encoding *e = s->first;

	while (e && e->serial != serial)
		e = e->next;
	return e;
}

static struct waiter *take_waiter(struct encoding *e)
{
	struct waiter *w = e->waiters;

	e->waiters = w->next;
	return w;
}

/* Everybody who waits gets it, or the verdict without it. */
static void answer_all(struct tn_ctx *c, struct encoding *e, struct tn_frame *f)
{
	while (e->waiters) {
		struct waiter *w = take_waiter(e);
		const struct tn_msg *m = tn_held(c, w->hold);

		if (m && f)
			tn_send_frame(c, m->from, f);
		tn_settle(c, w->hold, f ? TN_TAKEN : TN_BROKEN);
		free(w);
	}
}

static void begin_again(struct tn_ctx *c, struct encoding *e)
{
	if (e->row == M_ANNOUNCE)
		announce_owe(c);
	while (e->waiters) {
		struct waiter *w = take_waiter(e);

		serve_again(c, w->hold, e->row);
		free(w);
	}
	encoding_free(e);
}

/* It is out of the list. */
static void give(struct tn_ctx *c, struct encoding *e, struct tn_frame *f)
{
	if (f && e->row == M_ANNOUNCE)
		announce_frame(c, f, e->range.end);
	answer_all(c, e, f);
	if (f && e->row != M_ANNOUNCE)
		serve_keep(c, f, e->row, &e->range);
	else if (f)
		tn_frame_unref(c, f);
	encoding_free(e);
}

static void run(struct tn_ctx *c);

static void on_line(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct lines_in *in = in_;
	const struct lines_out *out = out_;
	struct encode *s = state_of(c)->encode;
	struct encoding *e = by_serial(s, in->serial);
	struct tn_frame *f = NULL;

	if (!e)
		return;
	unlink_encoding(s, e);
	if (status) { /* the plugin stops */
		encoding_free(e);
		return;
	}
	if (e->stale) {
		begin_again(c, e);
	} else {
		if (!out->code)
			f = tn_frame_line(c, e->row, out->line, out->n);
		give(c, e, f);
	}
	run(c);
}

/* The blocks' bytes as they are stored. */
static int copy_blocks(struct tn_ctx *c, const struct range *r, struct tn_arena *a,
		       struct lines_in *in)
{
	uint32_t n = (uint32_t)(r->end - r->start + 1);
	struct tn_view *v = tn_alloc(a, n * sizeof *v), val;

	for (in->blocks = 0; v && in->blocks < n; in->blocks++) {
		struct key8 k = key_of_height(r->start + in->blocks);
		uint8_t *p = NULL;

		if (tn_get(c, NULL, D_BLOCK, TN_VIEW(k), &val))
			return TN_EIO;
		p = tn_alloc(a, val.n + 1);
		if (!p)
			return TN_ENOMEM;
		memcpy(p, val.p, val.n);
		v[in->blocks] = (struct tn_view){ p, val.n };
	}
	in->block = v;
	return v ? 0 : TN_ENOMEM;
}

static int send_job(struct tn_ctx *c, struct encoding *e)
{
	struct tn_arena *a = tn_arena_new(c);
	struct lines_in in = { .serial = e->serial,
			       .name = name_of(e->row),
			       .alone = e->row == M_BLOCK || e->row == M_ANNOUNCE };
	struct tn_job job = { .name = "answer",
			      .run = write_line,
			      .done = on_line,
			      .in = &in,
			      .in_bytes = sizeof in,
			      .keep = a };
	int rc = a ? copy_blocks(c, &e->range, a, &in) : TN_ENOMEM;

	if (!rc) {
		in.room = (uint32_t)(e->range.text + in.blocks + ENVELOPE);
		job.out_bytes = (uint32_t)sizeof(struct lines_out) + in.room;
		rc = tn_work(c, &job);
	}
	tn_arena_unref(a);
	return rc;
}

/* Nobody writes for those who are gone. */
static void drop_gone(struct tn_ctx *c, struct encoding *e)
{
	struct waiter **at = &e->waiters, *w;

	while ((w = *at)) {
		const struct tn_msg *m = tn_held(c, w->hold);
		struct tn_session who;

		if (m && !tn_session(c, m->from, &who)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		tn_settle(c, w->hold, tn_refuse(R_BUSY));
		free(w);
	}
	e->last = at;
}

static struct encoding *first_unsent(const struct encode *s)
{
	struct encoding *e = s->first;

	while (e && e->sent)
		e = e->next;
	return e;
}

/* One of those that wait. false: it waits on. */
static bool run_one(struct tn_ctx *c, struct encoding *e)
{
	struct encode *s = state_of(c)->encode;
	int rc;

	drop_gone(c, e);
	if (e->stale || (!e->waiters && e->row != M_ANNOUNCE)) {
		unlink_encoding(s, e);
		begin_again(c, e);
		return true;
	}
	rc = send_job(c, e);
	if (!rc) {
		e->sent = true;
		s->under_way++;
		return true;
	}
	if (rc == TN_EFULL && s->under_way)
		return false;
	/* no thread will do it: so it is done here, once */
	unlink_encoding(s, e);
	give(c, e, serve_encode(c, e->row, &e->range));
	return true;
}

static void run(struct tn_ctx *c)
{
	struct encode *s = state_of(c)->encode;
	struct encoding *e;

	while (s->under_way < UNDER_WAY_MAX && (e = first_unsent(s)))
		if (!run_one(c, e))
			return;
}

/* ---- asked */

bool encode_wants(struct tn_ctx *c, const struct range *r)
{
	return r->start <= r->end && r->text >= ENCODE_MIN && TN_HAS(c, frame_line);
}

static struct encoding *find(const struct encode *s, unsigned row, const struct range *r)
{
	struct encoding *e = s->first;

	while (e &&
	       (e->stale || e->row != row || e->range.start != r->start || e->range.end != r->end))
		e = e->next;
	return e;
}

static struct encoding *add(struct encode *s, unsigned row, const struct range *r)
{
	struct encoding *e = s->n < ENCODINGS_MAX ? calloc(1, sizeof *e) : NULL;
	struct encoding **at = &s->first;

	if (!e)
		return NULL;
	e->serial = ++s->serial;
	e->row = row;
	e->range = *r;
	e->last = &e->waiters;
	while (*at)
		at = &(*at)->next;
	*at = e;
	s->n++;
	return e;
}

static bool join(struct encode *s, unsigned row, const struct range *r, struct tn_hold hold)
{
	struct encoding *e = find(s, row, r);
	struct waiter *w = hold.v ? calloc(1, sizeof *w) : NULL;

	if (!e && w)
		e = add(s, row, r);
	if (!e || !w) {
		free(w);
		return false;
	}
	w->hold = hold;
	*e->last = w;
	e->last = &w->next;
	return true;
}

bool encode_wait(struct tn_ctx *c, struct tn_hold hold, unsigned row, const struct range *r)
{
	if (!join(state_of(c)->encode, row, r, hold))
		return false;
	run(c);
	return true;
}

void encode_announce(struct tn_ctx *c, const struct range *r)
{
	struct encode *s = state_of(c)->encode;

	if (find(s, M_ANNOUNCE, r))
		return;
	if (add(s, M_ANNOUNCE, r))
		run(c);
	else
		announce_owe(c);
}

void encode_forget(struct tn_ctx *c, uint64_t above)
{
	struct encode *s = state_of(c)->encode;

	for (struct encoding *e = s ? s->first : NULL; e; e = e->next)
		e->stale = e->stale || e->range.end > above;
}
