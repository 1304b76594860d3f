/* SPDX-License-Identifier: MIT
 * plugins/blocks/maintain.c - `chain rollback` and `chain reindex`, in steps
 *
 * A rollback goes down in batches of STEP blocks. A reindex removes everything that is derived
 * from the blocks and connects them again; it survives an end of the node at any moment,
 * because the tip's row says that it is under way. While one of them runs, no other
 * block is taken.
 *
 * A reindex commits as an import does, many blocks becoming durable together, and is never more
 * than REINDEX_LEAD blocks ahead of the disk: that bounds what waits in memory and what a power
 * cut makes it do again, and one that takes no more is noticed soon, whatever is left to do.
 *
 * `quick` trusts signatures: those of a stored block were checked before it was stored, the block's
 * hash covers its transactions with their signatures, and that it still does is looked at. Two
 * kinds of blocks are not trusted: those from the first one of the old network on, for only
 * signatures tell which the first is, and those that a reindex that was cut off had not come to,
 * for its mark of the first may be missing.
 */
#include "address.h"
#include "commands.h"

#include <inttypes.h>
#include <stdlib.h>

enum { STEP = 200, WIPE = 2000, AHEAD = 32, BEHIND_MS = 5 };

enum stage { /* of a reindex */
	     WIPES,
	     CLIMBS,
	     TRIMS, /* removes what is above a damaged block */
	     LANDS  /* its last commit is on its way to the disk */
};

struct maintain {
	struct tn_cmd *cmd; /* NULL: gone on with after a restart */
	struct tn_ticket ticket;
	struct tn_timer timer;
	uint64_t to;
	enum stage stage;
	uint64_t next;    /* reindex: the next block to begin */
	uint64_t trusted; /* quick: signatures up to this height were checked before */
	unsigned ahead;
	bool failed;
	bool damaged; /* a block: those above it are of no use. Else our own trouble */
	struct tn_error why;
};

const struct tn_schema chain_schema =
	TN_SCHEMA(struct chain_row, TN_RECORD, TN_FIELD(struct chain_row, height),
		  TN_FIELD(struct chain_row, blocks), TN_FIELD(struct chain_row, transactions),
		  TN_FIELD(struct chain_row, coins));

static void forget(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	if (st->maintain)
		tn_cancel(c, st->maintain->timer);
	free(st->maintain);
	st->maintain = NULL;
}

bool maintain_shuts(struct tn_ctx *c, const void *arg)
{
	const struct state *st = state_of(c);

	return st->address_build || (st->maintain && arg != st->maintain);
}

void maintain_free(struct tn_ctx *c)
{
	forget(c);
}

static void end(struct tn_ctx *c, struct maintain *m, int rc)
{
	struct state *st = state_of(c);
	struct chain_row r = { .height = st->tip.height, .coins = st->coins };
	struct tn_ticket ticket = m->ticket;
	struct tn_error why = m->why;

	if (!rc && m->cmd)
		rc = tn_row(c, m->cmd, &r);
	forget(c);
	tn_finish(c, ticket, rc, why.text[0] ? why.text : NULL);
}

static struct maintain *create(struct tn_ctx *c, struct tn_cmd *cmd, struct tn_error *err)
{
	struct state *st = state_of(c);
	struct maintain *m;

	if (st->maintain || st->verify || st->address_build || st->failed) {
		tn_fail(err, TN_EBUSY,
			st->failed          ? STORE_FAILED
			: st->address_build ? "the address index is being built: again in a moment"
					    : "another one is under way");
		return NULL;
	}
	m = calloc(1, sizeof *m);
	if (m && cmd) {
		m->cmd = cmd;
		m->ticket = tn_cmd_hold(c, cmd, CMD_MS);
	}
	if (!m || (cmd && !m->ticket.v)) {
		free(m);
		tn_fail(err, TN_ENOMEM, "no memory");
		return NULL;
	}
	st->maintain = m;
	return m;
}

/* ---- rollback */

static void go_down(struct tn_ctx *c, struct maintain *m);

static void on_down(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	struct maintain *m = t->arg;

	if (fate == FATE_GONE || state_of(c)->maintain != m)
		return;
	if (fate != FATE_CONNECTED) {
		tn_fail(&m->why, TN_EIO, "at height %" PRIu64 ": %.200s", state_of(c)->tip.height,
			why);
		end(c, m, TN_EIO);
		return;
	}
	go_down(c, m);
}

static void go_down(struct tn_ctx *c, struct maintain *m)
{
	uint64_t height = state_of(c)->tip.height;
	struct trial t = { .end = on_down, .arg = m, .durable = true };

	if (height <= m->to) {
		end(c, m, 0);
		return;
	}
	t.to = height - m->to > STEP ? height - STEP : m->to;
	if (road_begin(c, &t))
		end(c, m, TN_EBUSY);
}

int rollback_begin(struct tn_ctx *c, struct tn_cmd *cmd, uint64_t height, struct tn_error *err)
{
	struct maintain *m;

	if (height > state_of(c)->tip.height)
		return tn_fail(err, TN_EINVAL, "the tip is at height %" PRIu64,
			       state_of(c)->tip.height);
	m = create(c, cmd, err);
	if (!m)
		return TN_EBUSY;
	m->to = height;
	TN_LOG(c, TN_WARN, TN_NOBODY, "Going back from height %" PRIu64 " to %" PRIu64,
	       state_of(c)->tip.height, height);
	go_down(c, m);
	return TN_LATER;
}

/* ---- reindex */

static void go_up(struct tn_ctx *c, struct maintain *m);

static int write_meta(struct tn_ctx *c, struct tn_batch *b)
{
	const struct state *st = state_of(c);
	int rc = b ? store_put_meta(c, b, &st->tip, st->coins) : TN_ENOMEM;

	if (!rc)
		rc = tn_commit(c, b, TN_NO_TICKET);
	else if (b)
		tn_abandon(c, b);
	if (rc == TN_EFULL)
		tn_abandon(c, b);
	return rc;
}

static void fail(struct maintain *m, int code, const char *what)
{
	if (m->failed)
		return;
	m->failed = true;
	tn_fail(&m->why, code, "%s", what);
}

static void end_rebuild(struct tn_ctx *c, struct maintain *m)
{
	const struct state *st = state_of(c);
	struct tn_error why = { "" };

	if (m->failed)
		TN_LOG(c, TN_ERROR, TN_NOBODY, "Reindex stopped at height %" PRIu64 ": %s",
		       st->tip.height, m->why.text);
	else
		TN_LOG(c, TN_INFO, TN_NOBODY, "Reindex done: height %" PRIu64, st->tip.height);
	end(c, m, !m->failed ? 0 : st->failed ? TN_EIO : TN_EBAD);
	if (address_resume(c, &why))
		TN_LOG(c, TN_ERROR, TN_NOBODY, "The address index cannot be made: %s", why.text);
}

static void on_trim(struct tn_ctx *c, void *arg);

/* Our own trouble leaves the mark: the next start goes on from here. Else the end is told when
 * it is on the disk, and all that was committed before it with it. */
static void stop_rebuild(struct tn_ctx *c, struct maintain *m)
{
	int rc;

	if (m->failed && !m->damaged) {
		end_rebuild(c, m);
		return;
	}
	state_of(c)->rebuild = 0;
	rc = landing_mark(c);
	if (rc == TN_EFULL) { /* the disk is behind: again */
		m->timer = tn_after(c, BEHIND_MS, on_trim, m);
		rc = m->timer.v ? 0 : TN_ENOMEM;
	} else if (!rc) {
		m->stage = LANDS;
	}
	if (!rc)
		return;
	fail(m, rc, tn_code_text(rc));
	end_rebuild(c, m);
}

/* 0: nothing was left to remove; 1: some was; or an error. */
static int wipe_some(struct tn_ctx *c, const unsigned *db, unsigned n, struct tn_view from)
{
	struct tn_batch *b = tn_batch(c);
	unsigned removed = 0;
	int rc = b ? store_wipe(c, b, db, n, from, WIPE, &removed) : TN_ENOMEM;

	if (rc || !removed) {
		if (b)
			tn_abandon(c, b);
		return rc;
	}
	rc = tn_commit(c, b, TN_NO_TICKET);
	if (rc == TN_EFULL) /* the disk is behind: again */
		tn_abandon(c, b);
	return rc && rc != TN_EFULL ? rc : 1;
}

/* Blocks above one that is damaged follow from nothing. */
static void on_trim(struct tn_ctx *c, void *arg)
{
	static const unsigned blocks = D_BLOCK;
	struct key8 above = key_of_height(state_of(c)->tip.height + 1);
	struct maintain *m = arg;
	int rc = m->damaged ? wipe_some(c, &blocks, 1, TN_VIEW(above)) : 0;

	m->stage = TRIMS;
	m->timer = rc > 0 ? tn_after(c, 0, on_trim, m) : (struct tn_timer){ 0 };
	if (!m->timer.v)
		stop_rebuild(c, m);
}

static void on_up(struct tn_ctx *c, struct trial *t, enum fate fate, const char *why)
{
	struct maintain *m = t->arg;

	if (fate == FATE_GONE || state_of(c)->maintain != m)
		return;
	m->ahead--;
	if (fate != FATE_CONNECTED && fate != FATE_KNOWN && !m->failed) {
		m->failed = true;
		m->damaged = fate != FATE_BUSY;
		tn_fail(&m->why, TN_EBAD, "block %" PRIu64 ": %.200s", t->block->header.height,
			why);
	}
	go_up(c, m);
}

static int begin_one(struct tn_ctx *c, struct maintain *m)
{
	struct tn_arena *a = tn_arena_new(c);
	struct trial t = { .owner = a, .end = on_up, .arg = m, .trusted = m->next <= m->trusted };
	int rc = a ? store_block(c, NULL, m->next, a, &t.block) : TN_ENOMEM;

	if (!rc)
		rc = road_begin(c, &t);
	tn_arena_unref(a);
	if (rc)
		return rc;
	m->next++;
	m->ahead++;
	return 0;
}

/* maintain_landed goes on. Over an upgrade nobody may wait for what was committed before. */
static bool waits_for_disk(const struct state *st, const struct maintain *m)
{
	return st->road.landing && m->next > st->safe + REINDEX_LEAD;
}

static void go_up(struct tn_ctx *c, struct maintain *m)
{
	const struct state *st = state_of(c);

	m->stage = CLIMBS;
	while (!m->failed && m->next <= st->rebuild && m->ahead < AHEAD && !waits_for_disk(st, m)) {
		int rc = begin_one(c, m);

		if (!rc)
			continue;
		m->failed = true;
		m->damaged = rc == TN_EBAD || rc == TN_ENOENT;
		tn_fail(&m->why, rc, "block %" PRIu64 ": %s", m->next,
			m->damaged ? "it cannot be read" : tn_code_text(rc));
	}
	if (!m->ahead && (m->failed || m->next > st->rebuild))
		on_trim(c, m);
}

void maintain_landed(struct tn_ctx *c)
{
	const struct state *st = state_of(c);
	struct maintain *m = st->maintain;

	if (!m || (m->stage != CLIMBS && m->stage != LANDS))
		return;
	if (st->failed)
		fail(m, TN_EIO, STORE_FAILED);
	if (m->stage == CLIMBS)
		go_up(c, m);
	else if (!st->road.landing)
		end_rebuild(c, m);
}

static void on_wipe(struct tn_ctx *c, void *arg)
{
	static const unsigned derived[] = { D_COIN, D_TX,      D_UNDO,      D_INDEX,
					    D_HASH, D_ADDRESS, D_ADDRESS_TX };
	struct maintain *m = arg;
	int rc = wipe_some(c, derived, sizeof derived / sizeof *derived, (struct tn_view){ 0 });

	if (!rc) {
		state_of(c)->wiping = false;
		rc = store_put_genesis(c, &m->why);
		if (!rc) {
			m->next = 1;
			go_up(c, m);
			return;
		}
	}
	m->timer = rc > 0 ? tn_after(c, 0, on_wipe, m) : (struct tn_timer){ 0 };
	if (!m->timer.v)
		end(c, m, rc < 0 ? rc : TN_ENOMEM);
}

static int ask_reset(struct tn_ctx *c, struct tn_batch *b, struct tn_error *err)
{
	struct tn_ev_block ev = { .batch = b };

	return tn_ask(c, E_RESET, &ev, err);
}

static void begin_wipe(struct tn_ctx *c)
{
	struct state *st = state_of(c);

	if (st->rebuild < st->tip.height) /* else one that was cut off knows of more */
		st->rebuild = st->tip.height;
	st->wiping = true;
	st->tip = (struct tn_tip){ 0, st->genesis_hash, st->genesis->header.timestamp };
	st->coins = 0;
	st->legacy = NO_LEGACY;
	landing_reset(c);
	serve_forget(c, 0);
}

/* Before begin_wipe. */
static uint64_t trusted_height(const struct state *st)
{
	return st->legacy <= st->tip.height ? st->legacy - (st->legacy > 0) : st->tip.height;
}

int reindex_begin(struct tn_ctx *c, struct tn_cmd *cmd, bool quick, struct tn_error *err)
{
	struct tn_batch *b;
	struct maintain *m;
	int rc;

	if (!road_is_idle(c))
		return tn_fail(err, TN_EBUSY, "blocks are being judged: again in a moment");
	m = create(c, cmd, err);
	if (!m)
		return TN_EBUSY;
	b = tn_batch(c);
	rc = b ? ask_reset(c, b, &m->why) : TN_ENOMEM;
	if (rc) {
		if (b)
			tn_abandon(c, b);
		end(c, m, rc);
		return TN_LATER;
	}
	m->trusted = quick ? trusted_height(state_of(c)) : 0;
	begin_wipe(c);
	TN_LOG(c, TN_WARN, TN_NOBODY, "Reindex of %" PRIu64 " blocks", state_of(c)->rebuild);
	rc = legacy_put_mark(c, b, NO_LEGACY);
	rc = rc ? rc : write_meta(c, b);
	m->timer = rc ? (struct tn_timer){ 0 } : tn_after(c, 0, on_wipe, m);
	if (!m->timer.v)
		end(c, m, rc ? rc : TN_ENOMEM);
	return TN_LATER;
}

/* Whether it was a quick one is not stored: what is left of it is checked whole. */
int maintain_resume(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = state_of(c);
	struct maintain *m;

	if (!st->rebuild && !st->wiping)
		return 0;
	m = create(c, NULL, err);
	if (!m)
		return TN_ENOMEM;
	TN_LOG(c, TN_WARN, TN_NOBODY, "Reindex goes on: height %" PRIu64 " of %" PRIu64,
	       st->tip.height, st->rebuild);
	if (st->wiping) {
		m->timer = tn_after(c, 0, on_wipe, m);
		return m->timer.v ? 0 : tn_fail(err, TN_ENOMEM, "no memory");
	}
	m->next = st->tip.height + 1;
	go_up(c, m);
	return 0;
}

/* ---- the command */

struct chain_args {
	struct tn_str action;
	struct tn_str file;
	uint64_t height;
	bool quick, has_file, has_height, has_quick;
};
const struct tn_schema chain_args_schema =
	TN_SCHEMA(struct chain_args, TN_RECORD, TN_FIELD_MAX(struct chain_args, action, 16),
		  TN_FIELD_IF(struct chain_args, file, 1000, has_file, TN_F_NULL),
		  TN_FIELD_IF(struct chain_args, height, 0, has_height, TN_F_NULL),
		  TN_FIELD_IF(struct chain_args, quick, 0, has_quick, TN_F_NULL));

static bool is(struct tn_str s, const char *word)
{
	return s.n == __builtin_strlen(word) && !__builtin_memcmp(s.p, word, s.n);
}

int cmd_chain(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct chain_args *a = args;

	if (is(a->action, "verify"))
		return verify_begin(c, cmd, !a->quick, err);
	if (is(a->action, "reindex"))
		return reindex_begin(c, cmd, a->quick, err);
	if (is(a->action, "rollback") && a->has_height)
		return rollback_begin(c, cmd, a->height, err);
	if (is(a->action, "import") || is(a->action, "export"))
		return transfer_begin(c, cmd, a->file, is(a->action, "import"), err);
	return tn_fail(
		err, TN_EINVAL,
		"the actions are verify, reindex, rollback HEIGHT, import FILE, export FILE");
}
