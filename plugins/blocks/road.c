/* SPDX-License-Identifier: MIT
 * plugins/blocks/road.c - the one way of every block: trials, one at a time, in slices
 *
 *   alone -> facts -> place -> (back ...) -> (next -> coins -> signatures -> write -> seal ...) -> commit
 *                                                 next of a block beside the chain: fetch -> look -> enter
 *
 * Everything between place and commit happens inside of one batch that nobody else sees: a
 * branch is checked whole before the current one is touched, and a refusal costs an abandoned
 * batch. A turn of the loop does about TURN_US of work, then a timer goes on.
 */
#include "blocks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BEHIND_MS = 5 };
enum { DONE = 100 }; /* of a step: the fate is known */

static int finish(struct trial *t, enum fate fate)
{
	t->fate = fate;
	return DONE;
}

/* ---- is it worth looking at, and where does it belong */

bool road_knows(struct tn_ctx *c, const struct tn_header *h, const struct tn_hash *hash)
{
	uint64_t height;

	if (!store_height(c, NULL, hash, &height))
		return true;
	return side_has(c, hash) && !same_hash(&h->previous_hash, &state_of(c)->tip.hash);
}

static step_fn facts, place, back, next, fetch, look, enter, coins, signatures, write, seal, commit;

static int alone(struct tn_ctx *c, struct trial *t, int *budget)
{
	struct state *st = state_of(c);

	*budget -= 5;
	t->began_us = tn_now_us(c);
	if (!t->block) {
		t->step = place;
		return 0;
	}
	if (tn_block_hash(st->sha, &t->block->header, &t->hash))
		return TN_ENOMEM;
	if (road_knows(c, &t->block->header, &t->hash))
		return finish(t, FATE_KNOWN);
	if (tn_seen_has(st->bad, t->hash.b, sizeof t->hash.b)) {
		tn_fail(&t->why, TN_EBAD, "was found bad before");
		return finish(t, FATE_BAD);
	}
	t->step = facts;
	return 0;
}

static const struct tn_block_rules *rules_of(struct tn_ctx *c, const struct trial *t)
{
	return t->producer ? &state_of(c)->own_rules : &state_of(c)->rules;
}

/* A large block takes a thread some milliseconds. */
static int facts(struct tn_ctx *c, struct trial *t, int *budget)
{
	int rc = TN_ESKIP;

	if (!t->facts && !t->sent && t->bytes >= JOB_BLOCK_MIN)
		rc = jobs_alone(c, t);
	t->sent = true;
	if (rc == TN_LATER)
		return rc;
	if (!t->facts && must_wait(budget, t->bytes))
		return TN_EBUSY;
	if (!t->facts) {
		*budget -= 20 + cost_of(t->bytes);
		t->facts = facts_of(rules_of(c, t), t->block, t->work);
	}
	if (!t->facts)
		return TN_ENOMEM;
	t->step = place;
	t->sent = false;
	t->fault = t->facts->verdict.fault;
	return t->facts->verdict.code ? tn_block_verdict_fail(&t->why, &t->facts->verdict) : 0;
}

static int plan_branch(struct tn_ctx *c, struct trial *t)
{
	enum fate fate = t->dry ? FATE_ORPHAN : side_keep(c, t);
	int rc;

	if (fate != FATE_SIDE)
		return finish(t, fate);
	rc = side_branch(c, t);
	if (rc)
		return rc;
	if (!side_is_better(c, t, &t->why))
		return finish(t, FATE_SIDE);
	TN_LOG(c, TN_WARN, TN_NOBODY,
	       "Reorganisation: from height %" PRIu64 " back to %" PRIu64 ", then to %" PRIu64,
	       state_of(c)->tip.height, t->fork, t->block->header.height);
	return 0;
}

static int place(struct tn_ctx *c, struct trial *t, int *budget)
{
	const struct state *st = state_of(c);
	int rc = 0;

	if (must_wait(budget, t->bytes)) /* it may be copied */
		return TN_EBUSY;
	if (st->failed) {
		tn_fail(&t->why, TN_EIO, STORE_FAILED);
		return finish(t, FATE_BUSY);
	}
	t->step = back;
	t->fork = st->tip.height;
	if (!t->block)
		t->fork = t->to;
	else if (!same_hash(&t->block->header.previous_hash, &st->tip.hash)) {
		*budget -= cost_of(t->bytes);
		rc = plan_branch(c, t);
	}
	if (rc)
		return rc;
	t->at = st->tip;
	t->coins = st->coins;
	t->legacy = st->legacy;
	t->batch = tn_batch(c);
	st->clock->begun = st->clock->now;
	return t->batch ? 0 : TN_ENOMEM;
}

/* ---- inside of the batch */

static int keep_moved(struct moved ***end, const struct tn_block *b, const struct tn_hash *hash,
		      struct tn_arena *arena, uint64_t bytes)
{
	struct moved *m = calloc(1, sizeof *m);

	if (!m)
		return TN_ENOMEM;
	*m = (struct moved){ NULL, b, *hash, tn_arena_ref(arena), bytes };
	**end = m;
	*end = &m->next;
	return 0;
}

static int ask(struct tn_ctx *c, struct trial *t, unsigned row, const struct tn_block *b,
	       const struct tn_hash *hash, struct tn_arena *arena)
{
	struct tn_ev_block ev = { b, hash, arena, t->batch };
	int rc = tn_ask(c, row, &ev, &t->why);

	return rc && rc != TN_EBAD ? TN_EIO : rc; /* a listener's own trouble is nobody's fault */
}

/* Of those that tell a changed body from a bad block. */
static bool is_body_fault(uint32_t fault)
{
	return fault != TN_FAULT_NONE && fault < TN_FAULT_PARENT;
}

static int too_large(struct tn_ctx *c, struct trial *t)
{
	if (t->moved_bytes <= conf_of(c)->reorg_max)
		return 0;
	return tn_fail(&t->why, TN_EFULL, "the other branch needs more than reorg_max at once");
}

/* The block below `height` is the tip inside of the batch. */
static int step_down(struct tn_ctx *c, struct trial *t)
{
	const struct revert *r = &t->revert;
	struct index below;
	int rc = revert_seal(c, &t->revert, t->batch);

	if (!rc)
		rc = ask(c, t, E_DISCONNECT, r->block, &r->index.hash, r->arena);
	if (!rc)
		rc = keep_moved(&t->gone_end, r->block, &r->index.hash, r->arena, r->index.bytes);
	if (!rc)
		rc = store_index(c, t->batch, t->at.height - 1, &below);
	if (rc)
		return rc;
	if (t->legacy == t->at.height)
		t->legacy = NO_LEGACY;
	t->coins += (uint64_t)revert_change(r);
	t->moved_bytes += r->index.bytes;
	t->at = (struct tn_tip){ t->at.height - 1, below.hash, below.time };
	tn_arena_unref(t->revert.arena);
	t->revert = (struct revert){ 0 };
	return too_large(c, t);
}

static int begin_back(struct tn_ctx *c, struct trial *t, int *budget)
{
	struct index index;
	int rc = store_index(c, t->batch, t->at.height, &index);

	if (!rc && must_wait(budget, index.bytes))
		return TN_EBUSY;
	*budget -= 20 + (rc ? 0 : cost_of(index.bytes));
	return revert_begin(c, &t->revert, t->batch, t->at.height, &t->why);
}

static int back(struct tn_ctx *c, struct trial *t, int *budget)
{
	int rc = 0;

	if (t->at.height == t->fork) {
		t->step = next;
		return 0;
	}
	if (!t->revert.arena)
		return begin_back(c, t, budget);
	if (!t->revert.w.ready && must_wait(budget, t->revert.index.bytes))
		return TN_EBUSY;
	rc = revert_write(c, &t->revert, t->batch, budget);
	return rc ? rc : step_down(c, t);
}

/* The last one to come is always the trial's own block. */
static int next(struct tn_ctx *c, struct trial *t, int *budget)
{
	uint32_t all = t->adds ? t->adds : t->block != NULL;

	(void)budget;
	if (t->added == all) {
		t->step = commit;
		return 0;
	}
	t->apply.arena = tn_arena_new(c);
	t->step = t->added + 1 < t->adds ? fetch : enter;
	return t->apply.arena ? 0 : TN_ENOMEM;
}

/* What is stored of a block beside the chain is not that block: it goes, with all that build on it,
 * and whoever has it is asked again as for any branch. */
static int damaged(struct tn_ctx *c, struct trial *t, const char *what)
{
	const struct tn_hash hash = t->add[t->added];
	char text[HASH_TEXT];

	TN_LOG(c, TN_WARN, TN_NOBODY,
	       "Block %.16s beside the chain is damaged in the store, its branch is dropped: %s",
	       hash_text(&hash, text), what);
	side_spoil(c, &hash);
	tn_fail(&t->why, TN_EIO, "a block that it builds on was damaged in the store");
	return finish(t, FATE_ORPHAN);
}

static int fetch(struct tn_ctx *c, struct trial *t, int *budget)
{
	const struct tn_hash *hash = &t->add[t->added];
	uint64_t bytes = side_bytes(c, hash);
	int rc;

	if (must_wait(budget, bytes))
		return TN_EBUSY;
	*budget -= 10 + cost_of(bytes);
	t->aside = tn_arena_new(c);
	rc = t->aside ? side_block(c, hash, t->aside, &t->beside) : TN_ENOMEM;
	if (rc == TN_EBAD)
		return damaged(c, t, "it cannot be read");
	t->step = look;
	return rc == TN_ENOENT ? TN_EIO : rc;
}

/* By itself: it was good when it came, so that only its rows can have changed. */
static int look(struct tn_ctx *c, struct trial *t, int *budget)
{
	uint64_t bytes = side_bytes(c, &t->add[t->added]);
	int rc = TN_ESKIP;

	if (!t->beside_facts && !t->sent && bytes >= JOB_BLOCK_MIN)
		rc = jobs_alone(c, t);
	t->sent = true;
	if (rc == TN_LATER)
		return rc;
	if (!t->beside_facts && must_wait(budget, bytes))
		return TN_EBUSY;
	if (!t->beside_facts) {
		*budget -= 20 + cost_of(bytes);
		t->beside_facts = facts_of(rules_of(c, t), t->beside, t->apply.arena);
	}
	if (!t->beside_facts)
		return TN_ENOMEM;
	t->sent = false;
	t->step = enter;
	return is_body_fault(t->beside_facts->verdict.fault)
		       ? damaged(c, t, tn_block_fault_text(t->beside_facts->verdict.fault))
		       : 0;
}

static int enter(struct tn_ctx *c, struct trial *t, int *budget)
{
	const struct tn_block *b = t->beside ? t->beside : t->block;
	struct tn_arena *arena = t->apply.arena;
	int rc = apply_begin(rules_of(c, t), &t->apply, b, t->beside ? t->beside_facts : t->facts,
			     arena, &t->why);

	t->apply.owner = t->beside ? t->aside : t->owner;
	t->apply.ahead = t->beside || !t->ahead.n ? NULL : &t->ahead;
	t->beside = NULL;
	t->beside_facts = NULL;
	if (!rc)
		rc = apply_parent(c, &t->apply, &t->at, &t->why);
	*budget -= 10;
	t->step = coins;
	return rc;
}

static int coins(struct tn_ctx *c, struct trial *t, int *budget)
{
	int rc = apply_coins(c, &t->apply, t->batch, budget, &t->why);

	if (!rc)
		t->step = t->trusted ? write : signatures;
	return rc;
}

static int signatures(struct tn_ctx *c, struct trial *t, int *budget)
{
	struct apply *a = &t->apply;
	int rc = a->todo ? 0 : ahead_take(c, t);

	if (rc) {
		a->todo = NULL; /* again when they are */
		return rc;
	}
	if (!t->sent && a->todos - a->checked > JOB_SPENDS_MIN) {
		t->sent = true;
		rc = jobs_signatures(c, t);
		if (rc == TN_LATER)
			return rc;
	}
	if (t->jobs.verdict.code) {
		a->verdict = t->jobs.verdict;
		rc = tn_block_verdict_fail(&t->why, &a->verdict);
	} else {
		rc = apply_signatures(c, a, budget, &t->why);
	}
	if (rc && (rc != TN_EBAD || !legacy_keeps(c, t)))
		return rc;
	t->sent = false;
	t->jobs = (struct jobs){ 0 };
	t->step = write;
	return 0;
}

static int write(struct tn_ctx *c, struct trial *t, int *budget)
{
	int rc;

	if (!t->apply.w.ready && must_wait(budget, t->apply.facts->bytes))
		return TN_EBUSY;
	rc = apply_write(c, &t->apply, t->batch, budget);

	if (!rc)
		t->step = seal;
	return rc;
}

static int seal(struct tn_ctx *c, struct trial *t, int *budget)
{
	struct apply *a = &t->apply;
	int rc = 0;

	while (!rc && a->sealed < SEAL_PARTS) {
		if (must_wait(budget, a->facts->bytes))
			return TN_EBUSY;
		*budget -= 10 + cost_of(a->facts->bytes) / 2;
		rc = apply_seal(c, a, t->batch);
	}
	if (!rc)
		rc = ask(c, t, E_CONNECT, a->block, &a->facts->hash, a->owner);
	if (!rc)
		rc = keep_moved(&t->come_end, a->block, &a->facts->hash, a->owner, a->facts->bytes);
	if (rc)
		return rc;
	legacy_sealed(c, t);
	t->coins += (uint64_t)apply_change(a);
	t->moved_bytes += a->facts->bytes;
	t->at = (struct tn_tip){ a->block->header.height, a->facts->hash,
				 a->block->header.timestamp };
	tn_arena_unref(a->arena);
	tn_arena_unref(t->aside);
	t->aside = NULL;
	*a = (struct apply){ 0 };
	t->added++;
	t->step = next;
	return too_large(c, t);
}

/* ---- the end of it */

static int commit(struct tn_ctx *c, struct trial *t, int *budget)
{
	int rc;

	if (t->dry)
		return finish(t, FATE_GOOD);
	rc = landing_commit(c, t);
	if (rc == TN_EFULL) { /* the disk is behind */
		state_of(c)->road.behind = true;
		*budget = 0;
		return TN_EBUSY;
	}
	return rc ? rc : finish(t, FATE_CONNECTED);
}

/* ---- one after the other */

static void on_turn(struct tn_ctx *c, void *arg)
{
	(void)arg;
	state_of(c)->road.timer = (struct tn_timer){ 0 };
	road_run(c);
}

static void again_soon(struct tn_ctx *c)
{
	struct road *r = &state_of(c)->road;

	if (!r->timer.v)
		r->timer = tn_after(c, r->behind ? BEHIND_MS : 0, on_turn, NULL);
	r->behind = false;
}

/* What a step's failure means. Only a fault that condemns the hash is remembered: a changed body
 * must not keep the true one out.
 */
static void judge_failure(struct tn_ctx *c, struct trial *t, int rc)
{
	struct state *st = state_of(c);
	const struct tn_block_facts *facts = t->apply.block ? t->apply.facts : t->facts;
	const struct tn_hash *bad = &t->hash;

	t->loose = facts && facts->loose;
	t->fate = rc == TN_EBAD ? FATE_RULE : FATE_BUSY;
	if (!t->why.text[0])
		tn_fail(&t->why, rc, "%s", rc == TN_EIO ? STORE_FAILED : tn_code_text(rc));
	if (t->apply.block) {
		t->fault = t->apply.verdict.fault;
		bad = t->apply.facts ? &t->apply.facts->hash : bad;
	}
	if (rc == TN_EBAD && t->loose && t->aside)
		side_spoil(c, bad); /* the true body may be another one */
	if (rc != TN_EBAD || t->dry || t->loose || !tn_block_fault_final(t->fault))
		return;
	if (t->block && bad != &t->hash) /* the one that builds on it is no better */
		tn_seen_add(st->bad, t->hash.b, sizeof t->hash.b);
	tn_seen_add(st->bad, bad->b, sizeof bad->b);
	side_spoil(c, bad);
}

static int run_steps(struct tn_ctx *c, struct trial *t, int *budget)
{
	int rc = 0;

	while (!rc) {
		rc = *budget > 0 ? t->step(c, t, budget) : TN_EBUSY;
		if (rc < 0 && rc != TN_EBUSY) {
			judge_failure(c, t, rc);
			rc = DONE;
		}
	}
	return rc;
}

static struct trial *take_first(struct road *r)
{
	struct trial *t = r->first;

	r->first = t->next;
	if (!r->first)
		r->last = &r->first;
	t->next = NULL;
	r->waiting -= t->bytes;
	return t;
}

void road_run(struct tn_ctx *c)
{
	struct road *r = &state_of(c)->road;
	int budget = TURN_US;

	if (r->running || r->stopped)
		return;
	r->running = true;
	while (r->first && !r->first->elsewhere) {
		int rc;

		ahead_run(c, &budget);
		rc = run_steps(c, r->first, &budget);

		if (rc == TN_EBUSY) {
			again_soon(c);
			break;
		}
		if (rc == TN_LATER) {
			ahead_run(c, &budget);
			break;
		}
		if (r->first->fate == FATE_CONNECTED)
			landing_connected(c, take_first(r));
		else
			trial_close(c, take_first(r));
	}
	r->running = false;
}

void road_resume(struct tn_ctx *c, struct trial *t)
{
	t->elsewhere = false;
	road_run(c);
}

int road_begin(struct tn_ctx *c, const struct trial *want)
{
	struct road *r = &state_of(c)->road;
	struct trial *t;

	if (r->stopped || state_of(c)->failed || maintain_shuts(c, want->arg) ||
	    (r->first && r->waiting + want->bytes > conf_of(c)->waiting_max))
		return TN_EFULL;
	t = malloc(sizeof *t);
	if (!t)
		return TN_ENOMEM;
	*t = *want;
	t->work = tn_arena_new(c);
	if (!t->work) {
		free(t);
		return TN_ENOMEM;
	}
	if (t->owner)
		tn_arena_ref(t->owner);
	t->serial = ++r->serial;
	t->step = alone;
	t->gone_end = &t->gone;
	t->come_end = &t->come;
	*r->last = t;
	r->last = &t->next;
	r->waiting += t->bytes;
	again_soon(c);
	return 0;
}

void road_init(struct road *r)
{
	*r = (struct road){ .serial = 0 };
	r->last = &r->first;
	r->landing_end = &r->landing;
}

bool road_is_idle(struct tn_ctx *c)
{
	return !state_of(c)->road.first;
}

void road_stop(struct tn_ctx *c)
{
	struct road *r = &state_of(c)->road;

	r->stopped = true;
	while (r->first) {
		r->first->fate = FATE_GONE;
		trial_close(c, take_first(r));
	}
}
