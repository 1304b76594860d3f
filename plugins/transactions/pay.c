/* SPDX-License-Identifier: MIT
 * plugins/transactions/pay.c - transactions sent, and what becomes of them
 *
 * A payment holds its coins from the moment they are chosen until the mempool has reserved them or has
 * refused it, so two commands at one instant never choose the same. The command is answered when
 * the mempool has it or, when that is wished, when it is final.
 */
#include "commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timenode/value.h"

enum kind { KIND_SEND, KIND_MERGE };
enum { PAYMENTS = 256, FINAL_S = 30, FINAL_S_MAX = 3600 };

struct payment {
	struct payment *next, *prev;
	enum kind kind;
	struct tn_cmd *cmd;
	struct tn_ticket ticket; /* of the command */
	struct tn_timer timer;   /* it waits to be final, not for ever */
	struct tn_arena *arena;  /* keeps tx */
	const struct tn_tx *tx;
	struct tn_hash txid;
	uint64_t in, pay, fee, change;
	uint64_t final_ms; /* 0: need not be final */
	bool waits;        /* in the mempool, to be final */
};

struct pay {
	struct payment *first;
	unsigned count;
};

int pay_start(struct tn_ctx *c, struct tn_error *err)
{
	state_of(c)->pay = calloc(1, sizeof(struct pay));
	return state_of(c)->pay ? 0 : tn_fail(err, TN_ENOMEM, "no memory");
}

/* ---- life of a payment */

static struct payment *create(struct tn_ctx *c, struct tn_cmd *cmd, struct tn_error *err)
{
	struct pay *all = state_of(c)->pay;
	struct payment *p;

	if (all->count >= PAYMENTS) {
		tn_fail(err, TN_EFULL, "%d payments are under way: wait for one", PAYMENTS);
		return NULL;
	}
	p = calloc(1, sizeof *p);
	if (p)
		p->arena = tn_arena_new(c);
	if (!p || !p->arena) {
		free(p);
		tn_fail(err, TN_ENOMEM, "no memory");
		return NULL;
	}
	p->cmd = cmd;
	p->next = all->first;
	if (all->first)
		all->first->prev = p;
	all->first = p;
	all->count++;
	return p;
}

static void discard(struct tn_ctx *c, struct payment *p)
{
	struct pay *all = state_of(c)->pay;

	if (p->timer.v)
		tn_cancel(c, p->timer);
	if (p->next)
		p->next->prev = p->prev;
	if (p->prev)
		p->prev->next = p->next;
	else
		all->first = p->next;
	all->count--;
	tn_arena_unref(p->arena);
	free(p);
}

static void hold(struct tn_ctx *c, const struct payment *p, bool on)
{
	for (uint32_t i = 0; i < p->tx->inputs.n; i++)
		wallet_hold(c, &p->tx->inputs.v[i].previous_output, on);
}

void pay_stop(struct tn_ctx *c)
{
	struct pay *all = state_of(c)->pay;

	if (!all)
		return;
	while (all->first)
		discard(c, all->first);
	free(all);
	state_of(c)->pay = NULL;
}

/* ---- answers */

struct send_row {
	struct tn_str txid, state, amount, fee, change;
	uint32_t inputs, votes, voters;
};
const struct tn_schema send_schema =
	TN_SCHEMA(struct send_row, TN_RECORD, TN_FIELD(struct send_row, txid),
		  TN_FIELD(struct send_row, state), TN_FIELD(struct send_row, amount),
		  TN_FIELD(struct send_row, fee), TN_FIELD(struct send_row, change),
		  TN_FIELD(struct send_row, inputs), TN_FIELD(struct send_row, votes),
		  TN_FIELD(struct send_row, voters));
struct merge_row {
	struct tn_str txid, state;
	uint32_t merged_count;
	struct tn_str total_value, fee, final_value;
};
const struct tn_schema merge_schema =
	TN_SCHEMA(struct merge_row, TN_RECORD, TN_FIELD(struct merge_row, txid),
		  TN_FIELD(struct merge_row, state), TN_FIELD(struct merge_row, merged_count),
		  TN_FIELD(struct merge_row, total_value), TN_FIELD(struct merge_row, fee),
		  TN_FIELD(struct merge_row, final_value));

static int put_row(struct tn_ctx *c, const struct payment *p, const char *state)
{
	const struct pool_tx *e = pool_find(state_of(c)->pool, &p->txid);
	struct send_row r = { show_hash(c, &p->txid),    show_text(state),
			      show_amount(c, p->pay),    show_amount(c, p->fee),
			      show_amount(c, p->change), p->tx->inputs.n,
			      e ? e->votes : 0,          e ? e->voters : 0 };
	struct merge_row m = { r.txid, r.state, r.inputs, show_amount(c, p->in), r.fee, r.amount };

	return p->kind == KIND_MERGE ? tn_row(c, p->cmd, &m) : tn_row(c, p->cmd, &r);
}

static void end(struct tn_ctx *c, struct payment *p, const char *state, int code, const char *why)
{
	struct tn_ticket ticket = p->ticket;

	if (state)
		put_row(c, p, state);
	discard(c, p);
	tn_finish(c, ticket, code, why);
}

/* The command's end names the transaction: it may be in the mempool whatever the end. */
static void end_badly(struct tn_ctx *c, struct payment *p, const char *state, int code,
		      const char *why)
{
	struct tn_error text = { "" };
	struct tn_str txid = show_hash(c, &p->txid);

	tn_fail(&text, code, "%.*s: %s", (int)txid.n, txid.p, why);
	end(c, p, state, code, text.text);
}

static bool is_final(struct tn_ctx *c, const struct payment *p)
{
	const struct pool_tx *e = pool_find(state_of(c)->pool, &p->txid);

	return e && e->flags & POOL_FINAL;
}

static void on_time(struct tn_ctx *c, void *arg)
{
	struct payment *p = arg;

	p->timer = (struct tn_timer){ 0 };
	end_badly(c, p, "pending", TN_ETIME,
		  "sent, and not final yet: gettransaction shows its votes");
}

static void on_submitted(struct tn_ctx *c, int rc, const void *why, void *arg)
{
	struct payment *p = arg;

	if (!state_of(c)->pay)
		return;
	hold(c, p, false);
	if (rc) {
		struct tn_error text = { "" };

		tn_fail(&text, rc, "not sent: %s", why ? (const char *)why : tn_code_text(rc));
		end(c, p, NULL, rc, text.text);
		return;
	}
	if (!p->final_ms || is_final(c, p)) {
		end(c, p, is_final(c, p) ? "final" : "pending", 0, NULL);
		return;
	}
	p->waits = true;
	p->timer = tn_after(c, p->final_ms, on_time, p);
	if (!p->timer.v)
		on_time(c, p);
}

static struct payment *waiting_for(struct tn_ctx *c, const struct tn_hash *txid)
{
	struct payment *p = state_of(c)->pay ? state_of(c)->pay->first : NULL;

	while (p && (!p->waits || !same_hash(&p->txid, txid)))
		p = p->next;
	return p;
}

void pay_final(struct tn_ctx *c, const void *payload)
{
	const struct tn_ev_final *ev = payload;
	struct payment *p;

	while ((p = waiting_for(c, ev->txid)))
		end(c, p, "final", 0, NULL);
}

void pay_gone(struct tn_ctx *c, const struct pool_tx *e, enum gone why)
{
	static const char *const reasons[] = { [GONE_CONFLICT] =
						       "a block spends one of its coins otherwise",
					       [GONE_EVICTED] =
						       "the mempool was full of better paid ones",
					       [GONE_EXPIRED] = "it expired without being final",
					       [GONE_REJECTED] = "the voters rejected it" };
	struct payment *p;

	while ((p = waiting_for(c, &e->txid))) {
		if (why == GONE_CONFIRMED)
			end(c, p, "confirmed", 0, NULL);
		else
			end_badly(c, p, NULL, TN_EBAD, reasons[why]);
	}
}

/* ---- how long to wait */

static int read_wait(struct payment *p, struct tn_str wait, bool has_seconds, uint64_t seconds,
		     struct tn_error *err)
{
	bool final = wait.n == 5 && !memcmp(wait.p, "final", 5);

	if (wait.n && !final && !(wait.n == 8 && !memcmp(wait.p, "accepted", 8)))
		return tn_fail(err, TN_EINVAL,
			       "what is there to wait for? \"final\", or nothing of the kind");
	if (has_seconds && (!final || !seconds || seconds > FINAL_S_MAX))
		return tn_fail(err, TN_EINVAL, "\"final\" waits for 1 to %d seconds", FINAL_S_MAX);
	if (final)
		p->final_ms = 1000 * (has_seconds ? seconds : FINAL_S);
	return 0;
}

/* ---- under way */

static int submit(struct tn_ctx *c, struct payment *p, struct tn_error *err)
{
	struct tn_ticket done;

	if (tn_txid(state_of(c)->sha, p->tx, &p->txid))
		return TN_ENOMEM;
	p->ticket = tn_cmd_hold(c, p->cmd, PAY_MS);
	done = p->ticket.v ? tn_promise(c, PAY_MS, on_submitted, p) : TN_NO_TICKET;
	if (!done.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	hold(c, p, true);
	intake_submit(c, p->tx, p->arena, done); /* p may be gone by now */
	return TN_LATER;
}

static int begin(struct tn_ctx *c, struct payment *p, const struct spend_plan *plan,
		 struct tn_bytes to, struct tn_error *err)
{
	struct wallet_view v;
	struct tn_bytes own;
	struct tn_tx *tx;
	uint32_t signed_n;
	char *text;
	int rc;

	wallet_view(c, &v);
	text = tn_copy_text(p->arena, v.address, strlen(v.address));
	if (!text)
		return TN_ENOMEM;
	own = (struct tn_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
	rc = spend_build(plan, to.n ? to : own, own, tn_wall_s(c), p->arena, &tx);
	if (!rc)
		rc = sign_own(c, tx, p->arena, &signed_n, err);
	if (rc)
		return rc;
	if (signed_n != tx->inputs.n)
		return tn_fail(err, TN_EBUSY, "a coin has just been spent: try again");
	p->tx = tx;
	p->in = plan->in;
	p->pay = plan->pay;
	p->fee = plan->fee;
	p->change = plan->change;
	return submit(c, p, err);
}

/* What may be spent, into the payment's arena: all of it, or the first `few` confirmed coins. */
static int gather(struct tn_ctx *c, struct payment *p, uint32_t few, struct spend_coin **out,
		  uint32_t *n)
{
	const enum wallet_kind below = few ? COIN_FINAL : COIN_PENDING;
	const struct wallet_coin *e = NULL;
	struct wallet_view v;

	wallet_view(c, &v);
	*n = 0;
	if (!few || few > v.coins)
		few = v.coins;
	*out = tn_alloc(p->arena, ((size_t)few + 1) * sizeof **out);
	if (!*out)
		return TN_ENOMEM;
	while (*n < few && (e = wallet_next(c, e))) {
		enum wallet_kind kind = wallet_kind(c, e);

		if (kind < below)
			(*out)[(*n)++] = (struct spend_coin){ e->at, e->value, kind };
	}
	return 0;
}

/* ---- sendtoaddress */

struct send_args {
	struct tn_str address, amount, wait;
	uint64_t seconds;
	bool has_wait, has_seconds;
};
const struct tn_schema send_args_schema =
	TN_SCHEMA(struct send_args, TN_RECORD, TN_FIELD_MAX(struct send_args, address, 4096),
		  TN_FIELD_MAX(struct send_args, amount, 4096),
		  TN_FIELD_IF(struct send_args, wait, 64, has_wait, TN_F_NULL),
		  TN_FIELD_IF(struct send_args, seconds, 0, has_seconds, TN_F_NULL));

static int not_enough(struct tn_ctx *c, uint64_t amount, struct tn_error *err)
{
	char want[TN_AMOUNT_TEXT], most[TN_AMOUNT_TEXT], pending[TN_AMOUNT_TEXT],
		taken[TN_AMOUNT_TEXT];
	uint64_t have;
	struct pay_sums s;

	pay_sums(c, &s);
	have = s.of[COIN_CONFIRMED] + s.of[COIN_FINAL] + s.of[COIN_CHANGE];
	return tn_fail(err, TN_ENOENT,
		       "insufficient funds for %s and its fee: at most %s can be paid now; %s is "
		       "pending and may be spent when it is final, %s is being spent; getbalance",
		       tn_amount_text(amount, want), tn_amount_text(spend_most(have), most),
		       tn_amount_text(s.of[COIN_PENDING], pending),
		       tn_amount_text(s.of[COIN_TAKEN], taken));
}

static int too_many(const struct spend_plan *plan, struct tn_error *err)
{
	char most[TN_AMOUNT_TEXT];

	return tn_fail(err, TN_EFULL,
		       "that takes more than %d coins, which one transaction may spend: mergeutxos "
		       "makes larger ones, or send at most %s",
		       PAY_INPUTS, tn_amount_text(spend_most(plan->in), most));
}

static int select_from(struct tn_ctx *c, struct payment *p, uint32_t few, uint64_t amount,
		       struct spend_plan *plan)
{
	struct spend_coin *coin;
	uint32_t n;
	int rc = gather(c, p, few, &coin, &n);

	return rc ? rc : spend_select(coin, n, amount, PAY_INPUTS, p->arena, plan);
}

/* A wallet of very many coins chooses among its oldest ones, as long as they will do: to sort all
 * of them would hold up the loop. */
static int select_coins(struct tn_ctx *c, struct payment *p, uint64_t amount,
			struct spend_plan *plan, struct tn_error *err)
{
	struct wallet_view v;
	int rc = TN_ENOENT;

	wallet_view(c, &v);
	if (v.coins > PAY_CHOICE)
		rc = select_from(c, p, PAY_CHOICE, amount, plan);
	if (rc == TN_ENOENT || rc == TN_EFULL)
		rc = select_from(c, p, 0, amount, plan);
	if (rc == TN_ENOENT)
		return not_enough(c, amount, err);
	if (rc == TN_EFULL)
		return too_many(plan, err);
	return rc;
}

static int send(struct tn_ctx *c, struct payment *p, const struct send_args *a,
		struct tn_error *err)
{
	struct spend_plan plan;
	struct tn_bytes to;
	uint64_t amount;
	char *copy;
	int rc = read_wait(p, a->wait, a->has_seconds, a->seconds, err);

	if (!rc)
		rc = pay_address_check(c, a->address, err);
	if (!rc)
		rc = spend_amount(a->amount, &amount, err);
	if (!rc)
		rc = wallet_ready(c, err);
	if (!rc)
		rc = select_coins(c, p, amount, &plan, err);
	if (rc)
		return rc;
	copy = tn_copy_text(p->arena, a->address.p, a->address.n);
	to = (struct tn_bytes){ (const uint8_t *)copy, a->address.n };
	return copy ? begin(c, p, &plan, to, err) : TN_ENOMEM;
}

int cmd_sendtoaddress(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct payment *p = create(c, cmd, err);
	int rc = p ? send(c, p, args, err) : TN_EFULL;

	if (p && rc != TN_LATER)
		discard(c, p);
	return rc;
}

/* ---- mergeutxos */

struct merge_args {
	uint64_t min, max, seconds;
	struct tn_str wait;
	bool has_min, has_max, has_wait, has_seconds;
};
const struct tn_schema merge_args_schema =
	TN_SCHEMA(struct merge_args, TN_RECORD,
		  TN_FIELD_IF(struct merge_args, min, 0, has_min, TN_F_NULL),
		  TN_FIELD_IF(struct merge_args, max, 0, has_max, TN_F_NULL),
		  TN_FIELD_IF(struct merge_args, wait, 64, has_wait, TN_F_NULL),
		  TN_FIELD_IF(struct merge_args, seconds, 0, has_seconds, TN_F_NULL));

enum { MERGE_MIN = 2, MERGE_MAX = 100 };

static int plan_merge(struct tn_ctx *c, struct payment *p, uint64_t least, uint64_t most,
		      struct spend_plan *plan, struct tn_error *err)
{
	struct spend_coin *coin;
	uint32_t n;
	int rc = gather(c, p, 0, &coin, &n);

	if (!rc)
		rc = spend_merge(coin, n, (uint32_t)least, (uint32_t)most, p->arena, plan);
	if (rc == TN_ENOENT)
		return tn_fail(err, rc,
			       "not enough coins to merge: %u are confirmed or final, at least "
			       "%" PRIu64 " are wanted; listunspent",
			       plan->n, least);
	if (rc == TN_EBAD)
		return tn_fail(err, rc, "these coins are worth no more than the fee");
	return rc;
}

static int merge(struct tn_ctx *c, struct payment *p, const struct merge_args *a,
		 struct tn_error *err)
{
	uint64_t least = a->has_min ? a->min : MERGE_MIN;
	uint64_t most = a->has_max ? a->max : least > MERGE_MAX ? least : MERGE_MAX;
	struct spend_plan plan;
	int rc = read_wait(p, a->wait, a->has_seconds, a->seconds, err);

	if (rc)
		return rc;
	if (least < MERGE_MIN || most < least || most > PAY_INPUTS)
		return tn_fail(err, TN_EINVAL,
			       "at least %d coins are merged, at most %d, and the least number "
			       "comes first",
			       MERGE_MIN, PAY_INPUTS);
	rc = wallet_ready(c, err);
	if (!rc)
		rc = plan_merge(c, p, least, most, &plan, err);
	p->kind = KIND_MERGE;
	return rc ? rc : begin(c, p, &plan, (struct tn_bytes){ NULL, 0 }, err);
}

int cmd_mergeutxos(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct payment *p = create(c, cmd, err);
	int rc = p ? merge(c, p, args, err) : TN_EFULL;

	if (p && rc != TN_LATER)
		discard(c, p);
	return rc;
}

/* ---- sendrawtransaction */

struct push_args {
	struct tn_str tx, wait;
	uint64_t seconds;
	bool allowhighfees, has_wait, has_seconds, has_high;
};
const struct tn_schema push_args_schema =
	TN_SCHEMA(struct push_args, TN_RECORD, TN_FIELD_MAX(struct push_args, tx, 0),
		  TN_FIELD_IF(struct push_args, wait, 64, has_wait, TN_F_NULL),
		  TN_FIELD_IF(struct push_args, seconds, 0, has_seconds, TN_F_NULL),
		  TN_FIELD_IF(struct push_args, allowhighfees, 0, has_high, TN_F_NULL));

/* A forgotten change output would be a gift to whoever makes the block. */
static int check_gift(const struct tn_tx *tx, const struct worth *w, bool allowed,
		      struct tn_error *err)
{
	char fee[TN_AMOUNT_TEXT];
	uint64_t most = 10 * tn_fee_min(w->out);

	if (allowed || w->known < tx->inputs.n || w->in < w->out)
		return 0;
	if (most < TN_COIN / 100)
		most = TN_COIN / 100;
	if (w->in - w->out <= most)
		return 0;
	return tn_fail(err, TN_EINVAL,
		       "not sent: its fee would be %s; is an output for the change missing? "
		       "allowhighfees=true sends it",
		       tn_amount_text(w->in - w->out, fee));
}

static int push(struct tn_ctx *c, struct payment *p, const struct push_args *a,
		struct tn_error *err)
{
	const struct tn_tx *tx;
	const void *copy;
	struct worth w;
	int rc = read_wait(p, a->wait, a->has_seconds, a->seconds, err);

	if (!rc)
		rc = rawtx_read(a->tx, tn_scratch(c), &tx, err);
	if (rc)
		return rc;
	if (tx->inputs.n > PAY_INPUTS)
		return tn_fail(err, TN_EINVAL, "more than %d inputs", PAY_INPUTS);
	if (worth_of(c, tx, &w))
		return tn_fail(err, TN_EINVAL, "its amounts overflow, or there is no chain");
	rc = check_gift(tx, &w, a->has_high && a->allowhighfees, err);
	if (rc)
		return rc;
	if (tn_clone(&tn_wire_tx, tx, p->arena, &copy))
		return TN_ENOMEM;
	p->tx = copy;
	p->in = w.in;
	p->pay = w.out;
	p->fee = w.in > w.out ? w.in - w.out : 0;
	return submit(c, p, err);
}

int cmd_sendrawtransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			   struct tn_error *err)
{
	struct payment *p = create(c, cmd, err);
	int rc = p ? push(c, p, args, err) : TN_EFULL;

	if (p && rc != TN_LATER)
		discard(c, p);
	return rc;
}
