/* SPDX-License-Identifier: MIT
 * plugins/transactions/commands.c - balance, coins, the mempool, addresses
 *
 * Names and arguments are those of the field. Amounts are texts of TIME with eight decimals: a
 * number with a point would be rounded by whoever reads it.
 */
#include "commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts */

struct tn_str show_text(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

struct tn_str show_amount(struct tn_ctx *c, uint64_t amount)
{
	char buf[TN_AMOUNT_TEXT];
	const char *text = tn_amount_text(amount, buf);
	char *copy = tn_copy_text(tn_scratch(c), text, strlen(text));

	return show_text(copy ? copy : "");
}

struct tn_str show_hash(struct tn_ctx *c, const struct tn_hash *h)
{
	return rawtx_hex(tn_scratch(c), h->b, sizeof h->b);
}

struct tn_str show_script(struct tn_ctx *c, struct tn_bytes script)
{
	bool plain = script.n > 0 && script.n <= 128;
	char *copy;

	for (uint32_t i = 0; i < script.n && plain; i++)
		plain = script.p[i] > 0x20 && script.p[i] < 0x7f;
	if (!plain)
		return rawtx_hex(tn_scratch(c), script.p, script.n);
	copy = tn_copy_text(tn_scratch(c), (const char *)script.p, script.n);
	return show_text(copy ? copy : "");
}

/* ---- addresses */

static int network_of(struct tn_ctx *c, struct tn_network *net)
{
	struct tn_net_info info;

	if (tn_network_info(c, &info) || tn_network_find(info.name, net))
		return TN_EGONE;
	return 0;
}

int pay_address_check(struct tn_ctx *c, struct tn_str text, struct tn_error *err)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	struct tn_error why = { "" };
	struct tn_network net;
	char digit = 0;

	if (network_of(c, &net))
		return tn_fail(err, TN_EGONE, "this node does not know its network");
	if (tn_address_parse(state_of(c)->sha, text.p, text.n, &digit, payload, &why))
		return tn_fail(err, TN_EINVAL,
			       "no address of %s: %.80s (one looks like TIME%c and some 33 letters "
			       "and digits)",
			       net.name, why.text, net.digit);
	if (digit != net.digit)
		return tn_fail(
			err, TN_EINVAL,
			"that is an address of another network: those of %s begin with TIME%c",
			net.name, net.digit);
	return 0;
}

struct address_args {
	struct tn_str address;
};
static const struct tn_schema address_args_schema =
	TN_SCHEMA(struct address_args, TN_RECORD, TN_FIELD_MAX(struct address_args, address, 4096));
struct address_row {
	struct tn_str address;
	bool isvalid, ismine;
	struct tn_str scriptPubKey, reason;
};
static const struct tn_schema address_row_schema =
	TN_SCHEMA(struct address_row, TN_RECORD, TN_FIELD(struct address_row, address),
		  TN_FIELD(struct address_row, isvalid), TN_FIELD(struct address_row, ismine),
		  TN_FIELD(struct address_row, scriptPubKey), TN_FIELD(struct address_row, reason));

static int cmd_validateaddress(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			       struct tn_error *err)
{
	const struct address_args *a = args;
	struct tn_bytes script = { (const uint8_t *)a->address.p, a->address.n };
	struct address_row r = { .address = a->address, .scriptPubKey = { "", 0 } };
	struct tn_error why = { "" };
	int rc = pay_address_check(c, a->address, &why);

	if (rc == TN_EGONE)
		return tn_fail(err, rc, "%s", why.text);
	r.isvalid = rc == 0;
	r.ismine = r.isvalid && wallet_owns(c, script);
	r.reason = show_text(why.text);
	if (r.isvalid)
		r.scriptPubKey = rawtx_hex(tn_scratch(c), script.p, script.n);
	return tn_row(c, cmd, &r);
}

/* ---- own coins */

void pay_sums(struct tn_ctx *c, struct pay_sums *out)
{
	const struct wallet_coin *e = NULL;

	*out = (struct pay_sums){ .coins = 0 };
	while ((e = wallet_next(c, e))) {
		enum wallet_kind kind = wallet_kind(c, e);

		if (tn_add_u64(&out->of[kind], out->of[kind], e->value))
			out->coins += kind < COIN_PENDING;
	}
}

struct balance_row {
	struct tn_str address, balance, confirmed, final, change, pending, spending;
	uint32_t coins;
	uint64_t height, blocks;
	bool ready;
};
static const struct tn_schema balance_schema =
	TN_SCHEMA(struct balance_row, TN_RECORD, TN_FIELD(struct balance_row, address),
		  TN_FIELD(struct balance_row, balance), TN_FIELD(struct balance_row, confirmed),
		  TN_FIELD(struct balance_row, final), TN_FIELD(struct balance_row, change),
		  TN_FIELD(struct balance_row, pending), TN_FIELD(struct balance_row, spending),
		  TN_FIELD(struct balance_row, coins), TN_FIELD(struct balance_row, height),
		  TN_FIELD(struct balance_row, blocks), TN_FIELD(struct balance_row, ready));

static int cmd_getbalance(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			  struct tn_error *err)
{
	struct wallet_view v;
	struct balance_row r;
	struct pay_sums s;
	int rc = wallet_ready(c, err);

	(void)args;
	if (rc && rc != TN_EBUSY)
		return rc;
	wallet_view(c, &v);
	pay_sums(c, &s);
	r = (struct balance_row){ .address = show_text(v.address),
				  .confirmed = show_amount(c, s.of[COIN_CONFIRMED]),
				  .final = show_amount(c, s.of[COIN_FINAL]),
				  .change = show_amount(c, s.of[COIN_CHANGE]),
				  .pending = show_amount(c, s.of[COIN_PENDING]),
				  .spending = show_amount(c, s.of[COIN_TAKEN]),
				  .coins = s.coins,
				  .height = v.height,
				  .blocks = v.tip,
				  .ready = !rc };
	r.balance = show_amount(c, s.of[COIN_CONFIRMED] + s.of[COIN_FINAL] + s.of[COIN_CHANGE]);
	return tn_row(c, cmd, &r);
}

struct unspent_args {
	uint64_t minconf, maxconf;
	bool has_minconf, has_maxconf;
};
static const struct tn_schema unspent_args_schema =
	TN_SCHEMA(struct unspent_args, TN_RECORD,
		  TN_FIELD_IF(struct unspent_args, minconf, 0, has_minconf, TN_F_NULL),
		  TN_FIELD_IF(struct unspent_args, maxconf, 0, has_maxconf, TN_F_NULL));
struct unspent_row {
	struct tn_str txid;
	uint32_t vout;
	struct tn_str address, amount;
	uint64_t confirmations;
	struct tn_str state;
	bool spendable, safe, coinbase;
};
static const struct tn_schema unspent_schema =
	TN_SCHEMA(struct unspent_row, TN_RECORD, TN_FIELD(struct unspent_row, txid),
		  TN_FIELD(struct unspent_row, vout), TN_FIELD(struct unspent_row, address),
		  TN_FIELD(struct unspent_row, amount), TN_FIELD(struct unspent_row, confirmations),
		  TN_FIELD(struct unspent_row, state), TN_FIELD(struct unspent_row, spendable),
		  TN_FIELD(struct unspent_row, safe), TN_FIELD(struct unspent_row, coinbase));

/* By height, those of the mempool behind, then by outpoint. */
static int by_height(const void *pa, const void *pb)
{
	const struct wallet_coin *a = *(const struct wallet_coin *const *)pa;
	const struct wallet_coin *b = *(const struct wallet_coin *const *)pb;
	int order;

	if (a->confirmed != b->confirmed)
		return a->confirmed ? -1 : 1;
	if (a->confirmed && a->height != b->height)
		return a->height < b->height ? -1 : 1;
	order = memcmp(a->at.txid.b, b->at.txid.b, sizeof a->at.txid.b);
	return order ? order : (a->at.vout > b->at.vout) - (a->at.vout < b->at.vout);
}

static uint64_t depth_of(const struct wallet_coin *e, uint64_t tip)
{
	return e->confirmed && tip >= e->height ? tip - e->height + 1 : 0;
}

static int put_unspent(struct tn_ctx *c, struct tn_cmd *cmd, const struct wallet_coin *e,
		       const struct wallet_view *v)
{
	static const char *const states[] = { [COIN_CONFIRMED] = "confirmed",
					      [COIN_FINAL] = "final",
					      [COIN_CHANGE] = "change",
					      [COIN_PENDING] = "pending" };
	enum wallet_kind kind = wallet_kind(c, e);
	struct unspent_row r = { .txid = show_hash(c, &e->at.txid),
				 .vout = e->at.vout,
				 .address = show_text(v->address),
				 .amount = show_amount(c, e->value),
				 .confirmations = depth_of(e, v->tip),
				 .state = show_text(states[kind]),
				 .spendable = kind < COIN_PENDING,
				 .safe = kind <= COIN_FINAL,
				 .coinbase = e->coinbase };

	return tn_row(c, cmd, &r);
}

static int cmd_listunspent(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			   struct tn_error *err)
{
	const struct unspent_args *a = args;
	uint64_t most = a->has_maxconf ? a->maxconf : UINT64_MAX;
	const struct wallet_coin *e = NULL, **list;
	struct wallet_view v;
	uint32_t n = 0;
	int rc = wallet_ready(c, err);

	if (rc)
		return rc;
	wallet_view(c, &v);
	list = malloc(((size_t)v.coins + 1) * sizeof *list);
	if (!list)
		return TN_ENOMEM;
	while ((e = wallet_next(c, e))) {
		uint64_t depth = depth_of(e, v.tip);

		if (depth >= a->minconf && depth <= most && wallet_kind(c, e) != COIN_TAKEN)
			list[n++] = e;
	}
	if (n)
		qsort(list, n, sizeof *list, by_height);
	for (uint32_t i = 0; i < n && !rc; i++)
		rc = put_unspent(c, cmd, list[i], &v);
	free(list);
	return rc;
}

/* ---- the mempool */

struct pool_row {
	bool loaded;
	uint32_t size, final, approved;
	uint64_t usage, maxmempool;
	struct tn_str fees, mempoolminfee, minrelaytxfee;
};
static const struct tn_schema pool_schema =
	TN_SCHEMA(struct pool_row, TN_RECORD, TN_FIELD(struct pool_row, loaded),
		  TN_FIELD(struct pool_row, size), TN_FIELD(struct pool_row, final),
		  TN_FIELD(struct pool_row, approved), TN_FIELD(struct pool_row, usage),
		  TN_FIELD(struct pool_row, maxmempool), TN_FIELD(struct pool_row, fees),
		  TN_FIELD(struct pool_row, mempoolminfee),
		  TN_FIELD(struct pool_row, minrelaytxfee));

static int cmd_getmempoolinfo(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			      struct tn_error *err)
{
	const struct pool_sums *s = pool_sums(state_of(c)->pool);
	struct pool_row r = { true,
			      s->count,
			      s->final,
			      s->approved,
			      s->bytes,
			      conf_of(c)->pool_max,
			      show_amount(c, s->fees),
			      show_amount(c, TN_FEE_MIN),
			      show_amount(c, TN_FEE_MIN) };

	(void)args, (void)err;
	return tn_row(c, cmd, &r);
}

struct raw_pool_args {
	uint64_t count;
	bool has_count;
};
static const struct tn_schema raw_pool_args_schema =
	TN_SCHEMA(struct raw_pool_args, TN_RECORD,
		  TN_FIELD_IF(struct raw_pool_args, count, 0, has_count, TN_F_NULL));
struct raw_pool_row {
	struct tn_str txid, state;
	uint32_t size;
	struct tn_str fee;
	int64_t time;
	uint32_t votes, voters;
};
static const struct tn_schema raw_pool_schema =
	TN_SCHEMA(struct raw_pool_row, TN_RECORD, TN_FIELD(struct raw_pool_row, txid),
		  TN_FIELD(struct raw_pool_row, state), TN_FIELD(struct raw_pool_row, size),
		  TN_FIELD(struct raw_pool_row, fee), TN_FIELD(struct raw_pool_row, time),
		  TN_FIELD(struct raw_pool_row, votes), TN_FIELD(struct raw_pool_row, voters));

enum { RAW_POOL = 1000, RAW_POOL_MAX = 100000 };

static int cmd_getrawmempool(struct tn_ctx *c, struct tn_cmd *cmd, const void *args,
			     struct tn_error *err)
{
	const struct raw_pool_args *a = args;
	uint64_t left = a->has_count ? a->count : RAW_POOL;
	const struct pool_tx *e = NULL;
	int rc = 0;

	if (left > RAW_POOL_MAX)
		return tn_fail(err, TN_EINVAL, "at most %d at a time", RAW_POOL_MAX);
	while (!rc && left-- && (e = pool_next(state_of(c)->pool, e))) {
		struct raw_pool_row r = { .txid = show_hash(c, &e->txid),
					  .size = e->bytes,
					  .fee = show_amount(c, e->fee),
					  .time = e->since,
					  .votes = e->votes,
					  .voters = e->voters };

		r.state = show_text(e->flags & POOL_FINAL ? "final" : "pending");
		rc = tn_row(c, cmd, &r);
	}
	return rc;
}

/* ---- the table */

const struct tn_command pay_commands[PAY_COMMANDS] = {
	{ "getbalance", "what this node's own key owns", NULL, &balance_schema, cmd_getbalance },
	{ "listunspent", "its coins", &unspent_args_schema, &unspent_schema, cmd_listunspent },
	{ "sendtoaddress", "pays an amount to an address", &send_args_schema, &send_schema,
	  cmd_sendtoaddress },
	{ "mergeutxos", "makes one coin of many small ones", &merge_args_schema, &merge_schema,
	  cmd_mergeutxos },
	{ "createrawtransaction", "a transaction of given inputs and outputs, not signed",
	  &make_args_schema, &make_schema, cmd_createrawtransaction },
	{ "signrawtransaction", "signs the inputs that are own coins", &show_raw_args_schema,
	  &sign_schema, cmd_signrawtransaction },
	{ "sendrawtransaction", "checks a transaction and sends it to everybody", &push_args_schema,
	  &send_schema, cmd_sendrawtransaction },
	{ "decoderawtransaction", "explains a transaction", &show_raw_args_schema, &show_raw_schema,
	  cmd_decoderawtransaction },
	{ "gettransaction", "a transaction, its votes and what became of it", &show_tx_args_schema,
	  &show_tx_schema, cmd_gettransaction },
	{ "getmempoolinfo", "how full the mempool is", NULL, &pool_schema, cmd_getmempoolinfo },
	{ "getrawmempool", "transactions in the mempool", &raw_pool_args_schema, &raw_pool_schema,
	  cmd_getrawmempool },
	{ "validateaddress", "is it an address of this network, and whose", &address_args_schema,
	  &address_row_schema, cmd_validateaddress },
};
