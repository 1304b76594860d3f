/* SPDX-License-Identifier: MIT
 * plugins/blocks/landing.c - how a trial ends: committed, told, and on the disk
 *
 * A commit is accepted at once and durable later, in the order of the commits. Up to st->safe our
 * chain is the one on the disk: peers are told of no more, so that whatever they heard
 * is still there after a power cut. A branch that is left makes it fall to the fork at once; it
 * rises again when the batch of the new one has landed.
 */
#include "blocks.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	DURABLE_MS = 600000,
	PATIENCE_MS = 500 /* of a block that is not the last of those that wait */
};

struct landing { /* a commit that is not durable yet; the promise's */
	struct landing *next;
	struct trial *trial; /* waits for it; NULL: nobody does */
	uint64_t fork, top;  /* the last block that stayed; the tip */
	bool accepted;
	bool transfer; /* an import ends with it */
};

void moved_free(struct moved *m)
{
	while (m) {
		struct moved *next = m->next;

		tn_arena_unref(m->arena);
		free(m);
		m = next;
	}
}

static void free_trial(struct tn_ctx *c, struct trial *t)
{
	if (t->batch)
		tn_abandon(c, t->batch);
	moved_free(t->gone);
	moved_free(t->come);
	tn_arena_unref(t->apply.arena);
	tn_arena_unref(t->revert.arena);
	tn_arena_unref(t->aside);
	tn_arena_unref(t->work);
	tn_arena_unref(t->owner);
	free(t);
}

static void tell_all(struct tn_ctx *c, unsigned row, const struct moved *m)
{
	for (; m; m = m->next) {
		struct tn_ev_block ev = { m->block, &m->hash, m->arena, NULL };

		tn_tell(c, row, &ev);
	}
}

static void count(struct tn_ctx *c, const struct trial *t)
{
	for (const struct moved *m = t->gone; m; m = m->next)
		tn_metric(c, C_DISCONNECTED, 1);
	for (const struct moved *m = t->come; m; m = m->next)
		tn_metric(c, C_CONNECTED, 1);
	if (t->gone && t->come)
		tn_metric(c, C_REORGS, 1);
	tn_metric(c, C_CONNECT_US, (int64_t)(tn_now_us(c) - t->began_us));
	plugin_count(c);
}

static void storage_failed(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	if (!st->failed)
		TN_LOG(c, TN_ERROR, TN_NOBODY,
		       "the store takes no blocks any more: the chain stops at height %" PRIu64,
		       st->tip.height);
	st->failed = true;
}

void trial_close(struct tn_ctx *c, struct trial *t)
{
	if (t->fate == FATE_RULE || t->fate == FATE_BAD)
		tn_metric(c, C_REFUSED, 1);
	t->end(c, t, t->fate, t->why.text);
	if (t->landing.v) /* never committed: nobody else has the ticket */
		tn_finish(c, t->landing, TN_EGONE, NULL);
	free_trial(c, t);
}

/* ---- what is on the disk */

static void queue(struct road *r, struct landing *l)
{
	*r->landing_end = l;
	r->landing_end = &l->next;
}

static void unqueue(struct road *r, struct landing *l)
{
	struct landing **at = &r->landing;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	if (r->landing_end == &l->next)
		r->landing_end = at;
}

/* Those still on their way may leave the chain below it. */
static void raise(struct tn_ctx *c, uint64_t top)
{
	struct state *st = state_of(c);

	for (const struct landing *l = st->road.landing; l; l = l->next)
		top = l->fork < top ? l->fork : top;
	st->safe = top;
}

static void on_durable(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	struct landing *l = arg;
	struct trial *t = l->trial;

	(void)payload;
	if (l->accepted)
		unqueue(&state_of(c)->road, l);
	if (l->accepted && !result)
		raise(c, l->top);
	if (result && result != TN_EGONE)
		storage_failed(c);
	if (l->transfer && result != TN_EGONE)
		transfer_landed(c);
	if (l->accepted && result != TN_EGONE)
		maintain_landed(c);
	if (t)
		t->landing = TN_NO_TICKET;
	free(l);
	if (!t || !t->landed)
		return; /* whatever keeps it from the disk, the road ends it */
	if (result)
		t->fate = result == TN_EGONE ? FATE_GONE : FATE_BUSY;
	trial_close(c, t);
}

static struct landing *new_landing(struct tn_ctx *c, struct trial *t, uint64_t fork, uint64_t top,
				   struct tn_ticket *ticket)
{
	struct landing *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	*l = (struct landing){ .trial = t, .fork = fork, .top = top };
	*ticket = tn_promise(c, DURABLE_MS, on_durable, l);
	if (ticket->v)
		return l;
	free(l);
	return NULL;
}

static void accept(struct tn_ctx *c, struct landing *l)
{
	struct state *st = state_of(c);

	l->accepted = true;
	queue(&st->road, l);
	if (l->fork < st->safe)
		st->safe = l->fork;
}

/* The ticket is made once, whatever number of attempts the commit takes. */
static int prepare(struct tn_ctx *c, struct trial *t)
{
	if (t->lands)
		return 0;
	t->lands = new_landing(c, t, t->fork, t->at.height, &t->landing);
	if (!t->lands)
		return TN_ENOMEM;
	if (t->legacy != state_of(c)->legacy && legacy_put_mark(c, t->batch, t->legacy))
		return TN_ENOMEM;
	return store_put_meta(c, t->batch, &t->at, t->coins);
}

bool landing_awaited(struct tn_ctx *c)
{
	struct landing *l = state_of(c)->road.landing;

	while (l && l->next)
		l = l->next;
	if (l)
		l->transfer = true;
	return l != NULL;
}

/* One of many: while an import, a reindex or catching up goes on, the blocks of half a second
 * become durable together, and a page that all of them touch is written once. Nobody hears of them
 * before. A reindex stands still when it is too far ahead of the disk: half way there the disk
 * is told to begin, so that both go on. */
static bool may_wait(struct tn_ctx *c, const struct trial *t)
{
	if (state_of(c)->maintain && t->at.height % (REINDEX_LEAD / 2) == 0)
		return false;
	return t->next && !t->durable && !t->announce && !t->producer && TN_HAS(c, commit_within);
}

int landing_commit(struct tn_ctx *c, struct trial *t)
{
	struct state *st = state_of(c);
	int rc = prepare(c, t);

	if (rc)
		return rc;
	rc = may_wait(c, t) ? tn_commit_within(c, t->batch, PATIENCE_MS, t->landing)
			    : tn_commit(c, t->batch, t->landing);
	if (rc == TN_EFULL)
		return rc;
	t->batch = NULL;
	if (rc) {
		storage_failed(c);
		return TN_EIO;
	}
	accept(c, t->lands);
	if (!t->durable) {
		t->lands->trial = NULL;
		t->landing = TN_NO_TICKET;
	}
	st->tip = t->at;
	st->coins = t->coins;
	st->legacy = t->legacy;
	return 0;
}

void landing_connected(struct tn_ctx *c, struct trial *t)
{
	struct moved *gone = t->gone, *come = t->come;

	side_moved(c, t);
	count(c, t);
	t->gone = t->come = NULL;
	if (gone)
		serve_forget(c, t->fork);
	tell_all(c, E_DISCONNECTED, gone);
	tell_all(c, E_CONNECTED, come);
	moved_free(gone);
	moved_free(come);
	t->landed = true;
	if (!t->landing.v)
		trial_close(c, t);
	sync_moved(c);
}

void landing_reset(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	for (struct landing *l = st->road.landing; l; l = l->next)
		l->fork = l->top = 0;
	st->safe = 0;
}

/* Commits are durable in their order: when this one is, so are those before it. */
int landing_mark(struct tn_ctx *c)
{
	struct state *st = state_of(c);
	struct tn_batch *b = tn_batch(c);
	struct tn_ticket ticket = TN_NO_TICKET;
	struct landing *l = NULL;
	int rc = b ? store_put_meta(c, b, &st->tip, st->coins) : TN_ENOMEM;

	if (!rc)
		l = new_landing(c, NULL, st->safe, st->tip.height, &ticket);
	rc = l ? tn_commit(c, b, ticket) : TN_ENOMEM;
	if (!rc) {
		accept(c, l);
		return 0;
	}
	if (l && rc == TN_EFULL)
		tn_finish(c, ticket, TN_EGONE, NULL);
	if (b)
		tn_abandon(c, b);
	return rc;
}

/* ---- over an upgrade: what the old build has committed may still be on its way */

struct handover {
	uint64_t safe;
};
static const struct tn_schema handover_schema =
	TN_SCHEMA(struct handover, TN_RECORD, TN_FIELD(struct handover, safe));

int landing_save(struct tn_ctx *c, struct tn_arena *a, struct tn_view *out, struct tn_error *err)
{
	struct handover h = { state_of(c)->safe };
	size_t n = tn_bin_write(&handover_schema, &h, NULL, 0);
	uint8_t *p = tn_alloc(a, n);

	if (!p)
		return tn_fail(err, TN_ENOMEM, "no memory");
	tn_bin_write(&handover_schema, &h, p, n);
	*out = (struct tn_view){ p, n };
	return 0;
}

int landing_restore(struct tn_ctx *c, struct tn_view saved, struct tn_error *err)
{
	struct state *st = state_of(c);
	const void *v;
	uint64_t safe = 0;
	int rc;

	if (!tn_bin_read(&handover_schema, saved, tn_scratch(c), &v, NULL))
		safe = ((const struct handover *)v)->safe;
	if (safe >= st->tip.height)
		return 0;
	st->safe = safe;
	rc = landing_mark(c);
	return rc && rc != TN_EFULL ? tn_fail(err, rc, "the store takes no writes") : 0;
}
