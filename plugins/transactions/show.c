/* SPDX-License-Identifier: MIT
 * plugins/transactions/show.c - transactions: one that is known, raw ones made, signed, explained
 */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timenode/value.h"
#include "voting.h"

/* ---- what a transaction shows */

struct in_row {
	struct tn_str txid;
	uint32_t vout;
	struct tn_str from; /* whose key signed; "": nobody */
};
static const struct tn_schema in_schema =
	TN_SCHEMA(struct in_row, TN_RECORD, TN_FIELD(struct in_row, txid),
		  TN_FIELD(struct in_row, vout), TN_FIELD(struct in_row, from));
struct out_row {
	struct tn_str amount, to;
};
static const struct tn_schema out_schema =
	TN_SCHEMA(struct out_row, TN_RECORD, TN_FIELD(struct out_row, amount),
		  TN_FIELD(struct out_row, to));

struct vote_row {
	struct tn_str voter;
	bool approve;
	int64_t time;
	struct tn_str signature;
};
static const struct tn_schema vote_schema =
	TN_SCHEMA(struct vote_row, TN_RECORD, TN_FIELD(struct vote_row, voter),
		  TN_FIELD(struct vote_row, approve), TN_FIELD(struct vote_row, time),
		  TN_FIELD(struct vote_row, signature));

struct vote_list {
	struct vote_row *v;
	uint32_t n;
};
struct in_list {
	struct in_row *v;
	uint32_t n;
};
struct out_list {
	struct out_row *v;
	uint32_t n;
};

static struct tn_str signer(struct tn_ctx *c, const struct tn_txin *in)
{
	char buf[TN_ADDRESS_TEXT];

	return show_script(c, input_owner(c, in, buf));
}

static int list_ends(struct tn_ctx *c, const struct tn_tx *tx, struct in_list *in,
		     struct out_list *out)
{
	in->v = tn_alloc(tn_scratch(c), (tx->inputs.n + (size_t)1) * sizeof *in->v);
	out->v = tn_alloc(tn_scratch(c), (tx->outputs.n + (size_t)1) * sizeof *out->v);
	if (!in->v || !out->v)
		return TN_ENOMEM;
	for (in->n = 0; in->n < tx->inputs.n; in->n++) {
		const struct tn_txin *from = &tx->inputs.v[in->n];

		in->v[in->n] = (struct in_row){ show_hash(c, &from->previous_output.txid),
						from->previous_output.vout, signer(c, from) };
	}
	for (out->n = 0; out->n < tx->outputs.n; out->n++) {
		const struct tn_txout *to = &tx->outputs.v[out->n];

		out->v[out->n] = (struct out_row){ show_amount(c, to->value),
						   show_script(c, to->script_pubkey) };
	}
	return 0;
}

/* ---- gettransaction */

struct tx_args {
	struct tn_str txid;
};
const struct tn_schema show_tx_args_schema =
	TN_SCHEMA(struct tx_args, TN_RECORD, TN_FIELD_MAX(struct tx_args, txid, 4096));

struct tx_row {
	struct tn_str txid, state;
	uint64_t confirmations, height;
	struct tn_str blockhash;
	int64_t time, since;
	uint64_t size;
	struct tn_str amount, fee;
	bool final;
	int64_t final_at;
	uint32_t votes, quorum, voters;
	struct vote_list voted;
	struct in_list vin;
	struct out_list vout;
	struct tn_str hex;
};
const struct tn_schema show_tx_schema = TN_SCHEMA(
	struct tx_row, TN_RECORD, TN_FIELD(struct tx_row, txid), TN_FIELD(struct tx_row, state),
	TN_FIELD(struct tx_row, confirmations), TN_FIELD(struct tx_row, height),
	TN_FIELD(struct tx_row, blockhash), TN_FIELD(struct tx_row, time),
	TN_FIELD(struct tx_row, since), TN_FIELD(struct tx_row, size),
	TN_FIELD(struct tx_row, amount), TN_FIELD(struct tx_row, fee),
	TN_FIELD(struct tx_row, final), TN_FIELD(struct tx_row, final_at),
	TN_FIELD(struct tx_row, votes), TN_FIELD(struct tx_row, quorum),
	TN_FIELD(struct tx_row, voters), TN_LISTOF(struct tx_row, voted, &vote_schema, 0),
	TN_LISTOF(struct tx_row, vin, &in_schema, 0),
	TN_LISTOF(struct tx_row, vout, &out_schema, 0), TN_FIELD_MAX(struct tx_row, hex, 0));

static struct tn_str signature_text(struct tn_ctx *c, const struct tn_sig *sig)
{
	char *text = tn_alloc(tn_scratch(c), 2 * sizeof sig->b + 1);

	for (size_t i = 0; text && i < sizeof sig->b; i++)
		snprintf(text + 2 * i, 3, "%02x", sig->b[i]);
	return show_text(text ? text : "");
}

static int list_votes(struct tn_ctx *c, const struct tn_vote *v, uint32_t n, struct tx_row *r)
{
	r->voted.v = tn_alloc(tn_scratch(c), (n + (size_t)1) * sizeof *r->voted.v);
	if (!r->voted.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		r->voted.v[r->voted.n++] =
			(struct vote_row){ v[i].voter, v[i].approve, v[i].timestamp,
					   signature_text(c, &v[i].signature) };
	return 0;
}

/* Of one that has left the mempool its certificate is kept for a while. */
static int known_votes(struct tn_ctx *c, const struct tn_hash *txid, struct tx_row *r)
{
	struct voting_votes known;

	if (voting_votes(c, txid, tn_scratch(c), &known))
		return TN_ENOMEM;
	r->final = known.final;
	r->final_at = known.at;
	r->voters = known.voters;
	r->quorum = known.voters ? known.quorum : 0;
	for (uint32_t i = 0; i < known.n; i++)
		r->votes += known.vote[i].approve;
	return list_votes(c, known.vote, known.n, r);
}

static int put_tx(struct tn_ctx *c, struct tn_cmd *cmd, const struct tn_tx *tx, struct tx_row *r)
{
	uint64_t sum = 0;

	tn_tx_outputs(tx, &sum);
	r->time = tx->timestamp;
	r->size = tn_bin_write(&tn_wire_tx, tx, NULL, 0);
	r->amount = show_amount(c, sum);
	if (list_ends(c, tx, &r->vin, &r->vout))
		return TN_ENOMEM;
	r->hex = rawtx_write(tn_scratch(c), tx);
	return tn_row(c, cmd, r);
}

static int put_pooled(struct tn_ctx *c, struct tn_cmd *cmd, const struct pool_tx *e)
{
	struct tx_row r = { .txid = show_hash(c, &e->txid),
			    .blockhash = show_text(""),
			    .since = e->since,
			    .fee = show_amount(c, e->fee) };

	if (known_votes(c, &e->txid, &r))
		return TN_ENOMEM;
	r.final = e->flags & POOL_FINAL;
	r.final_at = r.final ? e->final_at : 0;
	r.state = show_text(e->flags & POOL_FINAL ? "final" : "pending");
	return put_tx(c, cmd, &e->tx, &r);
}

static int put_placed(struct tn_ctx *c, struct tn_cmd *cmd, const struct tn_hash *txid,
		      uint64_t height, uint32_t index, struct tn_error *err)
{
	struct tn_svc chain = tn_need(c, N_CHAIN);
	struct tn_arena *a = tn_arena_new(c);
	const struct tn_block *b;
	struct tn_hash hash;
	struct tn_tip tip;
	struct tx_row r = { .txid = show_hash(c, txid),
			    .state = show_text("confirmed"),
			    .height = height,
			    .fee = show_text("") };
	int rc = a ? tn_chain_block_at(chain, height, a, &b) : TN_ENOMEM;

	if (!rc)
		rc = tn_chain_hash_at(chain, height, &hash);
	if (!rc)
		rc = tn_chain_tip(chain, &tip);
	if (!rc && index >= b->transactions.n)
		rc = TN_EIO;
	if (!rc)
		rc = known_votes(c, txid, &r);
	if (!rc) {
		r.blockhash = show_hash(c, &hash);
		r.confirmations = tip.height - height + 1;
		rc = put_tx(c, cmd, &b->transactions.v[index], &r);
	}
	tn_arena_unref(a);
	return rc ? tn_fail(err, rc, "the block cannot be read") : 0;
}

int cmd_gettransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct tx_args *a = args;
	const struct pool_tx *e;
	struct tn_hash txid;
	uint64_t height;
	uint32_t index;
	int rc = rawtx_hash(a->txid, &txid, err);

	if (rc)
		return rc;
	e = pool_find(state_of(c)->pool, &txid);
	if (e)
		return put_pooled(c, cmd, e);
	if (!tn_chain_tx_at(tn_need(c, N_CHAIN), &txid, &height, &index))
		return put_placed(c, cmd, &txid, height, index, err);
	return tn_fail(err, TN_ENOENT,
		       "no such transaction, neither in the mempool nor on the chain: it was never "
		       "here, was refused, or has expired");
}

/* ---- what its inputs are worth */

static int worth_one(struct tn_ctx *c, const struct tn_tx *tx, uint32_t i, struct worth *w)
{
	struct coin_view coin;
	int rc = coin_find(c, &tx->inputs.v[i].previous_output, tn_scratch(c), &coin);

	if (rc)
		return rc == TN_ENOENT ? 0 : rc;
	if (!tn_add_u64(&w->in, w->in, coin.value))
		return TN_EBAD;
	w->known++;
	w->good += !tn_spend_verify(state_of(c)->sha, tx, i, coin.script, NULL);
	return 0;
}

int worth_of(struct tn_ctx *c, const struct tn_tx *tx, struct worth *out)
{
	int rc;

	*out = (struct worth){ .in = 0 };
	rc = tn_tx_outputs(tx, &out->out);
	for (uint32_t i = 0; i < tx->inputs.n && !rc; i++)
		rc = worth_one(c, tx, i, out);
	return rc;
}

static struct tn_str fee_of(struct tn_ctx *c, const struct tn_tx *tx, const struct worth *w)
{
	if (!tx->inputs.n || w->known < tx->inputs.n || w->in < w->out)
		return show_text("");
	return show_amount(c, w->in - w->out);
}

/* Signatures of so many inputs are checked on the loop. */
static int few_inputs(const struct tn_tx *tx, struct tn_error *err)
{
	if (tx->inputs.n <= PAY_INPUTS)
		return 0;
	return tn_fail(err, TN_EINVAL, "more than %d inputs", PAY_INPUTS);
}

/* ---- decoderawtransaction */

const struct tn_schema show_raw_args_schema =
	TN_SCHEMA(struct raw_args, TN_RECORD, TN_FIELD_MAX(struct raw_args, tx, 0));

struct raw_row {
	struct tn_str txid;
	uint32_t version, locktime;
	int64_t time;
	uint64_t size;
	struct tn_str amount, fee;
	bool complete;
	struct in_list vin;
	struct out_list vout;
};
const struct tn_schema show_raw_schema =
	TN_SCHEMA(struct raw_row, TN_RECORD, TN_FIELD(struct raw_row, txid),
		  TN_FIELD(struct raw_row, version), TN_FIELD(struct raw_row, locktime),
		  TN_FIELD(struct raw_row, time), TN_FIELD(struct raw_row, size),
		  TN_FIELD(struct raw_row, amount), TN_FIELD(struct raw_row, fee),
		  TN_FIELD(struct raw_row, complete), TN_LISTOF(struct raw_row, vin, &in_schema, 0),
		  TN_LISTOF(struct raw_row, vout, &out_schema, 0));

int cmd_decoderawtransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			     struct tn_error *err)
{
	const struct raw_args *a = args;
	const struct tn_tx *tx;
	struct raw_row r = { .version = 0 };
	struct tn_hash txid;
	struct worth w;
	int rc = rawtx_read(a->tx, tn_scratch(c), &tx, err);

	if (!rc)
		rc = few_inputs(tx, err);
	if (rc)
		return rc;
	if (worth_of(c, tx, &w))
		return tn_fail(err, TN_EINVAL, "its amounts overflow, or there is no chain");
	if (tn_txid(state_of(c)->sha, tx, &txid) || list_ends(c, tx, &r.vin, &r.vout))
		return TN_ENOMEM;
	r.txid = show_hash(c, &txid);
	r.version = tx->version;
	r.locktime = tx->lock_time;
	r.time = tx->timestamp;
	r.size = tn_bin_write(&tn_wire_tx, tx, NULL, 0);
	r.amount = show_amount(c, w.out);
	r.fee = fee_of(c, tx, &w);
	r.complete = tx->inputs.n && w.good == tx->inputs.n;
	return tn_row(c, cmd, &r);
}

/* ---- createrawtransaction */

struct make_args {
	struct tn_str inputs, outputs;
};
const struct tn_schema make_args_schema =
	TN_SCHEMA(struct make_args, TN_RECORD, TN_FIELD_MAX(struct make_args, inputs, 0),
		  TN_FIELD_MAX(struct make_args, outputs, 0));
struct make_row {
	struct tn_str hex, amount, fee;
};
const struct tn_schema make_schema =
	TN_SCHEMA(struct make_row, TN_RECORD, TN_FIELD_MAX(struct make_row, hex, 0),
		  TN_FIELD(struct make_row, amount), TN_FIELD(struct make_row, fee));

static int put_inputs(struct tn_ctx *c, struct tn_tx *tx, struct tn_str text, struct tn_error *err)
{
	struct rawtx_inputs in;
	int rc = rawtx_inputs(text, tn_scratch(c), &in, err);

	if (rc)
		return rc;
	tx->inputs.v = tn_alloc(tn_scratch(c), in.at.n * sizeof *tx->inputs.v);
	if (!tx->inputs.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < in.at.n; i++)
		tx->inputs.v[i] = (struct tn_txin){ in.at.v[i], { NULL, 0 }, UINT32_MAX };
	tx->inputs.n = in.at.n;
	return few_inputs(tx, err);
}

static int put_outputs(struct tn_ctx *c, struct tn_tx *tx, struct tn_str text, struct tn_error *err)
{
	struct rawtx_outputs out;
	int rc = rawtx_outputs(text, tn_scratch(c), &out, err);

	if (rc)
		return rc;
	tx->outputs.v = tn_alloc(tn_scratch(c), out.pay.n * sizeof *tx->outputs.v);
	if (!tx->outputs.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < out.pay.n && !rc; i++) {
		struct tn_str to = out.pay.v[i].address;
		struct tn_txout *o = &tx->outputs.v[tx->outputs.n++];

		o->script_pubkey = (struct tn_bytes){ (const uint8_t *)to.p, to.n };
		rc = pay_address_check(c, to, err);
		if (!rc)
			rc = spend_amount(out.pay.v[i].amount, &o->value, err);
	}
	return rc;
}

/* What is not paid out is the fee: nobody should find that out afterwards. */
static int check_fee(struct tn_ctx *c, const struct tn_tx *tx, struct worth *w,
		     struct tn_error *err)
{
	char in[TN_AMOUNT_TEXT], out[TN_AMOUNT_TEXT], fee[TN_AMOUNT_TEXT];

	if (worth_of(c, tx, w))
		return tn_fail(err, TN_EINVAL, "its amounts overflow, or there is no chain");
	if (w->known < tx->inputs.n)
		return tn_fail(err, TN_ENOENT,
			       "%u of %u inputs are no coins that this node knows: spent, or never "
			       "there; listunspent shows own ones",
			       tx->inputs.n - w->known, tx->inputs.n);
	if (w->in < w->out || w->in - w->out < tn_fee_min(w->out))
		return tn_fail(err, TN_EINVAL,
			       "the inputs are worth %s, the outputs %s and the fee at least %s",
			       tn_amount_text(w->in, in), tn_amount_text(w->out, out),
			       tn_amount_text(tn_fee_min(w->out), fee));
	return 0;
}

int cmd_createrawtransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			     struct tn_error *err)
{
	const struct make_args *a = args;
	struct tn_tx tx = { .version = 1, .timestamp = tn_wall_s(c) };
	struct make_row r;
	struct worth w;
	int rc = put_inputs(c, &tx, a->inputs, err);

	if (!rc)
		rc = put_outputs(c, &tx, a->outputs, err);
	if (!rc)
		rc = check_fee(c, &tx, &w, err);
	if (rc)
		return rc;
	r = (struct make_row){ rawtx_write(tn_scratch(c), &tx), show_amount(c, w.out),
			       fee_of(c, &tx, &w) };
	return tn_row(c, cmd, &r);
}

/* ---- signrawtransaction */

static int sign_with_identity(void *arg, struct tn_view msg, struct tn_sig *out)
{
	return tn_identity_sign(*(struct tn_svc *)arg, msg, out);
}

static int find_own(struct tn_ctx *c, const struct tn_tx *tx, bool *mine, uint32_t *n)
{
	*n = 0;
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		struct coin_view coin;
		int rc = coin_find(c, &tx->inputs.v[i].previous_output, tn_scratch(c), &coin);

		if (rc && rc != TN_ENOENT)
			return rc;
		mine[i] = !rc && wallet_owns(c, coin.script);
		*n += mine[i];
	}
	return 0;
}

int sign_own(struct tn_ctx *c, struct tn_tx *tx, struct tn_arena *a, uint32_t *n,
	     struct tn_error *err)
{
	struct tn_svc identity = tn_need(c, N_IDENTITY);
	bool *mine = tn_alloc(tn_scratch(c), tx->inputs.n + (size_t)1);
	struct wallet_view v;
	int rc = mine ? find_own(c, tx, mine, n) : TN_ENOMEM;

	wallet_view(c, &v);
	if (!rc && *n)
		rc = spend_sign(state_of(c)->sha, tx, mine, &v.key, sign_with_identity, &identity,
				a);
	if (rc)
		return tn_fail(err, rc, "it cannot be signed: %s", tn_code_text(rc));
	return 0;
}

struct sign_row {
	struct tn_str hex;
	bool complete;
	uint32_t signed_inputs, inputs;
	struct tn_str txid;
};
const struct tn_schema sign_schema =
	TN_SCHEMA(struct sign_row, TN_RECORD, TN_FIELD_MAX(struct sign_row, hex, 0),
		  TN_FIELD(struct sign_row, complete), TN_FIELD(struct sign_row, signed_inputs),
		  TN_FIELD(struct sign_row, inputs), TN_FIELD(struct sign_row, txid));

int cmd_signrawtransaction(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			   struct tn_error *err)
{
	const struct raw_args *a = args;
	const struct tn_tx *raw;
	const void *copy;
	struct sign_row r;
	struct wallet_view v;
	struct tn_hash txid;
	struct worth w;
	struct tn_tx *tx;
	int rc = rawtx_read(a->tx, tn_scratch(c), &raw, err);

	if (!rc)
		rc = few_inputs(raw, err);
	if (rc)
		return rc;
	if (tn_clone(&tn_wire_tx, raw, tn_scratch(c), &copy))
		return TN_ENOMEM;
	tx = (struct tn_tx *)(uintptr_t)copy; /* ours alone */
	r = (struct sign_row){ .inputs = tx->inputs.n };
	rc = sign_own(c, tx, tn_scratch(c), &r.signed_inputs, err);
	if (rc)
		return rc;
	wallet_view(c, &v);
	if (!r.signed_inputs)
		return tn_fail(
			err, TN_ENOENT,
			"none of its inputs is an unspent coin of %s; listunspent shows those",
			v.address);
	if (worth_of(c, tx, &w) || tn_txid(state_of(c)->sha, tx, &txid))
		return tn_fail(err, TN_EINVAL, "its amounts overflow");
	r.hex = rawtx_write(tn_scratch(c), tx);
	r.complete = w.good == tx->inputs.n;
	r.txid = show_hash(c, &txid);
	return tn_row(c, cmd, &r);
}
