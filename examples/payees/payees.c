/* SPDX-License-Identifier: MIT
 * payees - counts payments per address, in step with the chain
 *
 * What it derives from a block goes into the batch that connects the block, so the two are on
 * the disk together or not at all. `mark` says up to which block the totals are: a node that
 * had a chain before this plugin came is caught up with a few blocks at a time, and until then
 * new blocks are left alone.
 */
#include <inttypes.h>
#include <string.h>
#include <timenode/chain.h>
#include <timenode/host.h>
#include <timenode/service/chain.h>

struct total { /* as stored: payee -> */
	uint64_t payments, sum, last;
};
static const struct tn_schema total_schema =
	TN_SCHEMA(struct total, TN_RECORD, TN_FIELD(struct total, payments),
		  TN_FIELD(struct total, sum), TN_FIELD(struct total, last));

struct mark { /* as stored: up to which block the totals are */
	uint64_t blocks;
};
static const struct tn_schema mark_schema =
	TN_SCHEMA(struct mark, TN_RECORD, TN_FIELD(struct mark, blocks));

struct row {
	struct tn_str address;
	uint64_t payments;
	struct tn_str sum;
	uint64_t last;
};
static const struct tn_schema row_schema =
	TN_SCHEMA(struct row, TN_RECORD, TN_FIELD(struct row, address),
		  TN_FIELD(struct row, payments), TN_FIELD(struct row, sum),
		  TN_FIELD(struct row, last));

struct args {
	struct tn_str address;
	uint64_t limit;
	bool has_address, has_limit;
};
static const struct tn_schema args_schema =
	TN_SCHEMA(struct args, TN_RECORD,
		  TN_FIELD_IF(struct args, address, 64, has_address, TN_F_NULL),
		  TN_FIELD_IF(struct args, limit, 0, has_limit, TN_F_NULL));

struct counted { /* message */
	uint64_t blocks;
};
static const struct tn_schema counted_schema =
	TN_SCHEMA(struct counted, TN_RECORD, TN_FIELD(struct counted, blocks));

struct conf {
	uint64_t at_once, at_least;
};
struct state {
	uint64_t blocks; /* counted: heights 0 .. blocks - 1 */
	uint64_t heard;  /* the most that a peer has counted */
	struct tn_timer timer;
};
struct saved {
	uint64_t format, heard;
};
static const struct tn_schema saved_schema =
	TN_SCHEMA(struct saved, TN_RECORD, TN_FIELD(struct saved, format),
		  TN_FIELD(struct saved, heard));

enum { M_COUNTED };
enum { D_TOTALS, D_MARK };
enum { N_CHAIN };
enum { C_PAYMENTS, C_BLOCKS, C_HEARD };

static const uint8_t mark_key[1] = { 'b' };

static int get_total(struct tn_ctx *c, struct tn_batch *b, struct tn_view key, struct total *out)
{
	struct tn_view v;
	const void *t;
	int rc = tn_get(c, b, D_TOTALS, key, &v);

	memset(out, 0, sizeof *out);
	if (rc == TN_ENOENT)
		return 0;
	if (!rc)
		rc = tn_bin_read(&total_schema, v, tn_scratch(c), &t, NULL);
	if (!rc)
		*out = *(const struct total *)t;
	return rc;
}

static int pay(struct tn_ctx *c, struct tn_batch *b, const struct tn_txout *o, uint64_t height,
	       bool back)
{
	struct tn_view key = { o->script_pubkey.p, o->script_pubkey.n };
	struct total t;
	int rc;

	if (!key.n)
		return 0;
	rc = get_total(c, b, key, &t);
	if (rc)
		return rc;
	if (back) {
		t.payments--;
		t.sum -= o->value;
	} else {
		t.payments++;
		t.sum += o->value;
		t.last = height;
	}
	return t.payments ? tn_put_as(c, b, D_TOTALS, key, &total_schema, &t)
			  : tn_del(c, b, D_TOTALS, key);
}

static int put_mark(struct tn_ctx *c, struct tn_batch *b, uint64_t blocks)
{
	const struct mark m = { blocks };

	return tn_put_as(c, b, D_MARK, TN_VIEW(mark_key), &mark_schema, &m);
}

static int get_mark(struct tn_ctx *c, struct tn_batch *b, uint64_t *blocks)
{
	struct tn_view v;
	const void *m;
	int rc = tn_get(c, b, D_MARK, TN_VIEW(mark_key), &v);

	*blocks = 0;
	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	rc = tn_bin_read(&mark_schema, v, tn_scratch(c), &m, NULL);
	if (!rc)
		*blocks = ((const struct mark *)m)->blocks;
	return rc;
}

static int count(struct tn_ctx *c, struct tn_batch *b, const struct tn_block *block, bool back)
{
	const uint64_t h = block->header.height;

	for (uint32_t i = 0; i < block->transactions.n; i++) {
		const struct tn_tx *tx = &block->transactions.v[i];

		for (uint32_t k = 0; k < tx->outputs.n; k++) {
			int rc = pay(c, b, &tx->outputs.v[k], h, back);

			if (rc)
				return rc;
		}
	}
	return put_mark(c, b, back ? h : h + 1);
}

static int on_connect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *e = payload;
	uint64_t blocks;
	int rc = get_mark(c, e->batch, &blocks);

	if (!rc && blocks == e->block->header.height)
		rc = count(c, e->batch, e->block, false);
	return rc ? tn_fail(err, rc, "payments of the block cannot be counted") : 0;
}

static int on_disconnect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *e = payload;
	uint64_t blocks;
	int rc = get_mark(c, e->batch, &blocks);

	if (!rc && blocks == e->block->header.height + 1)
		rc = count(c, e->batch, e->block, true);
	return rc ? tn_fail(err, rc, "payments of the block cannot be taken back") : 0;
}

static int wipe(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *batch)
{
	(void)val;
	return tn_del(c, batch, D_TOTALS, key);
}

/* The chain is made anew from its blocks: each of them comes to on_connect again. */
static int on_reset(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	const struct tn_ev_block *e = payload;
	int rc = tn_scan(c, D_TOTALS, (struct tn_view){ 0 }, wipe, e->batch);

	if (!rc)
		rc = put_mark(c, e->batch, 0);
	return rc ? tn_fail(err, rc, "totals cannot be removed") : 0;
}

static void show(struct tn_ctx *c)
{
	struct state *st = c->state;

	get_mark(c, NULL, &st->blocks);
	tn_metric(c, C_BLOCKS, (int64_t)st->blocks);
}

static void on_connected(struct tn_ctx *c, const void *payload)
{
	const struct tn_ev_block *e = payload;
	struct state *st = c->state;
	struct counted m;

	for (uint32_t i = 0; i < e->block->transactions.n; i++)
		tn_metric(c, C_PAYMENTS, e->block->transactions.v[i].outputs.n);
	show(c);
	m.blocks = st->blocks;
	tn_broadcast(c, NULL, M_COUNTED, &m);
}

static void on_disconnected(struct tn_ctx *c, const void *payload)
{
	(void)payload;
	show(c);
}

/* Some blocks into a batch of our own. */
static int count_some(struct tn_ctx *c, struct tn_batch *b, uint64_t from, uint64_t to)
{
	const struct tn_block *block;
	int rc = 0;

	for (uint64_t h = from; !rc && h <= to; h++) {
		rc = tn_chain_block_at(tn_need(c, N_CHAIN), h, tn_scratch(c), &block);
		if (!rc)
			rc = count(c, b, block, false);
	}
	return rc;
}

/* What the chain had before this plugin came. Until it is counted the mark keeps on_connect out. */
static void catch_up(struct tn_ctx *c, void *arg)
{
	const struct conf *conf = c->conf;
	const struct state *st = c->state;
	struct tn_batch *b;
	struct tn_tip tip;
	uint64_t to;
	int rc;

	(void)arg;
	show(c);
	if (tn_chain_tip(tn_need(c, N_CHAIN), &tip) || st->blocks > tip.height)
		return;
	to = st->blocks + conf->at_once - 1;
	b = tn_batch(c);
	rc = b ? count_some(c, b, st->blocks, to < tip.height ? to : tip.height) : TN_ENOMEM;
	if (rc && b)
		tn_abandon(c, b);
	if (!rc && (rc = tn_commit(c, b, TN_NO_TICKET)) == TN_EFULL)
		tn_abandon(c, b); /* the disk is behind: the next turn tries again */
	if (rc)
		TN_LOG(c, TN_WARN, TN_NOBODY, "no block counted from %" PRIu64 " on: %s",
		       st->blocks, tn_code_text(rc));
	show(c);
}

static tn_verdict on_counted(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct counted *k = m->body;
	struct state *st = c->state;

	if (k->blocks > st->heard)
		st->heard = k->blocks;
	tn_metric(c, C_HEARD, (int64_t)st->heard);
	return TN_TAKEN;
}

static void up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	const struct state *st = c->state;
	const struct counted m = { st->blocks };

	(void)slot;
	tn_send(c, s, M_COUNTED, &m);
}

struct listing {
	struct tn_cmd *cmd;
	uint64_t left, at_least;
};

static int add_row(struct tn_ctx *c, struct tn_cmd *cmd, struct tn_view key, const struct total *t)
{
	char *text = tn_alloc(tn_scratch(c), TN_AMOUNT_TEXT);
	struct row r = { { (const char *)key.p, (uint32_t)key.n }, t->payments, { 0 }, t->last };

	if (!text)
		return TN_ENOMEM;
	r.sum.p = tn_amount_text(t->sum, text);
	r.sum.n = (uint32_t)strlen(text);
	return tn_row(c, cmd, &r);
}

static int list_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct listing *l = arg;
	const void *v;
	int rc = tn_bin_read(&total_schema, val, tn_scratch(c), &v, NULL);

	if (rc || ((const struct total *)v)->payments < l->at_least)
		return rc;
	if (!l->left--)
		return 1;
	return add_row(c, l->cmd, key, v);
}

static int payees(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct args *a = args;
	const struct conf *conf = c->conf;
	struct listing l = { cmd, a->has_limit ? a->limit : 10, conf->at_least };
	struct tn_view key = { (const uint8_t *)a->address.p, a->address.n };
	struct total t;
	int rc;

	if (a->has_address) {
		rc = get_total(c, NULL, key, &t);
		if (!rc && !t.payments)
			return tn_fail(err, TN_ENOENT,
				       "nobody has paid %.*s: without address= all are listed",
				       (int)a->address.n, a->address.p);
		if (!rc)
			rc = add_row(c, cmd, key, &t);
	} else {
		rc = tn_scan(c, D_TOTALS, (struct tn_view){ 0 }, list_one, &l);
	}
	return rc < 0 ? tn_fail(err, rc, "the totals cannot be read") : 0;
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	struct state *st = c->state;

	show(c);
	st->timer = tn_every(c, 100, catch_up, NULL);
	return st->timer.v ? 0 : tn_fail(err, TN_ENOMEM, "no memory for a timer");
}

static int save(struct tn_ctx *c, struct tn_arena *a, struct tn_view *out, struct tn_error *err)
{
	const struct state *st = c->state;
	const struct saved s = { 1, st->heard };
	size_t n = tn_bin_write(&saved_schema, &s, NULL, 0);
	uint8_t *p = tn_alloc(a, n);

	if (!p)
		return tn_fail(err, TN_ENOMEM, "no memory");
	tn_bin_write(&saved_schema, &s, p, n);
	*out = (struct tn_view){ p, n };
	return 0;
}

static int restore(struct tn_ctx *c, struct tn_view in, struct tn_error *err)
{
	struct state *st = c->state;
	const void *v;
	int rc = tn_bin_read(&saved_schema, in, tn_scratch(c), &v, err);

	if (rc)
		return rc;
	st->heard = ((const struct saved *)v)->heard;
	TN_LOG(c, TN_INFO, TN_NOBODY, "restored: heard of %" PRIu64 " blocks", st->heard);
	return 0;
}

TN_PLUGIN = {
	TN_HEAD("payees", "1.0", "counts payments per address"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct conf),
	.needs = TN_ROWS(struct tn_need, [N_CHAIN] = TN_CHAIN_NEED(TN_NEED)),
	.listens =
		TN_ROWS(struct tn_listen,
			{ TN_EV_CONNECT, sizeof(struct tn_ev_block), NULL, on_connect },
			{ TN_EV_DISCONNECT, sizeof(struct tn_ev_block), NULL, on_disconnect },
			{ TN_EV_RESET, sizeof(struct tn_ev_block), NULL, on_reset },
			{ TN_EV_CONNECTED, sizeof(struct tn_ev_block), on_connected, NULL },
			{ TN_EV_DISCONNECTED, sizeof(struct tn_ev_block), on_disconnected, NULL }),
	.messages = TN_ROWS(struct tn_message, [M_COUNTED] = { "PayeesCounted", &counted_schema,
							       on_counted, TN_OWN, .max = 128,
							       .rate = 20, .feature = "payees" }),
	.options = TN_ROWS(struct tn_option,
			   TN_OPT(struct conf, at_once, "100", 1, 10000, "blocks counted per turn"),
			   TN_OPT(struct conf, at_least, "1", 1, 1000000,
				  "payments that make a row of `payees`")),
	.commands = TN_ROWS(struct tn_command, { "payees", "payments per address", &args_schema,
						 &row_schema, payees }),
	.metrics = TN_ROWS(struct tn_metric,
			   [C_PAYMENTS] = { "payments", "payments counted live", TN_M_COUNT, 1 },
			   [C_BLOCKS] = { "blocks", "blocks counted", TN_M_GAUGE, 1 },
			   [C_HEARD] = { "heard", "most blocks a peer counted", TN_M_GAUGE, 1 }),
	.dbs = TN_ROWS(struct tn_dbdef, [D_TOTALS] = { "totals", &total_schema, 1 },
		       [D_MARK] = { "mark", &mark_schema, 1 }),
	.start = start,
	.up = up,
	.save = save,
	.restore = restore,
};
