/* SPDX-License-Identifier: MIT
 * lib/chain/spend.c - signatures that spend coins
 */
#include <stdlib.h>

#include "chain/judge.h"

/* Txid of the transaction with every script_sig empty. */
static int hash_bare(struct tn_sha *s, const struct tn_tx *tx, struct tn_hash *out)
{
	struct tn_tx bare = *tx;
	int code;

	bare.inputs.v = calloc(tx->inputs.n + (size_t)1, sizeof *bare.inputs.v);
	if (!bare.inputs.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		bare.inputs.v[i].previous_output = tx->inputs.v[i].previous_output;
		bare.inputs.v[i].sequence = tx->inputs.v[i].sequence;
	}
	code = tn_txid(s, &bare, out);
	free(bare.inputs.v);
	return code;
}

static int hash_outputs(struct tn_sha *s, const struct tn_tx *tx, struct tn_hash *out)
{
	tn_sha_begin(s);
	sha_add_le64(s, tx->outputs.n);
	for (uint32_t i = 0; i < tx->outputs.n; i++)
		sha_add_value(s, &tn_wire_txout, &tx->outputs.v[i]);
	return tn_sha_end(s, out);
}

int spend_digest(struct tn_sha *s, const struct tn_tx *tx, struct tn_spend_digest *out)
{
	return hash_bare(s, tx, &out->bare) || hash_outputs(s, tx, &out->outputs) ? TN_ENOMEM : 0;
}

static void spend_message(const struct tn_spend_digest *d, uint32_t input,
			  uint8_t out[TN_SPEND_BYTES])
{
	memcpy(out, d->bare.b, 32);
	put_le32(out + 32, input);
	memcpy(out + 36, d->outputs.b, 32);
}

int tn_signed_spend(struct tn_sha *s, const struct tn_tx *tx, uint32_t input,
		    uint8_t out[TN_SPEND_BYTES])
{
	struct tn_spend_digest d;

	if (input >= tx->inputs.n)
		return TN_EINVAL;
	if (spend_digest(s, tx, &d) != 0)
		return TN_ENOMEM;
	spend_message(&d, input, out);
	return 0;
}

int tn_spend_sign(struct tn_sha *s, const struct tn_secret *k, const struct tn_tx *tx,
		  uint32_t input, uint8_t out[TN_SCRIPT_SIG_BYTES])
{
	uint8_t msg[TN_SPEND_BYTES];
	struct tn_sig sig;
	int code = tn_signed_spend(s, tx, input, msg);

	if (code != 0)
		return code;
	tn_sign(k, msg, sizeof msg, &sig);
	memcpy(out, k->key.b, sizeof k->key.b);
	memcpy(out + sizeof k->key.b, sig.b, sizeof sig.b);
	return 0;
}

/* Is the coin's script the address of that key, on the network that the script names? */
static int check_owner(struct tn_sha *s, const struct tn_key *key, struct tn_bytes coin)
{
	char text[TN_ADDRESS_TEXT];
	char digit = coin.n > 4 ? (char)coin.p[4] : '?';

	if (digit != '0' && digit != '1')
		return TN_EBAD;
	if (tn_address_of_key(s, digit, key, text) != 0)
		return TN_ENOMEM;
	return coin.n == strlen(text) && memcmp(coin.p, text, coin.n) == 0 ? 0 : TN_EBAD;
}

int tn_spend_judge(struct tn_sha *s, const struct tn_spend_digest *d, uint32_t input,
		   struct tn_bytes script, struct tn_bytes coin, uint32_t *fault)
{
	uint8_t msg[TN_SPEND_BYTES];
	struct tn_key key;
	struct tn_sig sig;
	int code;

	*fault = TN_FAULT_SCRIPT;
	if (script.n != TN_SCRIPT_SIG_BYTES)
		return TN_EBAD;
	memcpy(key.b, script.p, sizeof key.b);
	memcpy(sig.b, script.p + sizeof key.b, sizeof sig.b);
	*fault = TN_FAULT_OWNER;
	code = check_owner(s, &key, coin);
	if (code)
		return code;
	*fault = TN_FAULT_SIGNATURE;
	spend_message(d, input, msg);
	if (!tn_verify_strict(&key, msg, sizeof msg, &sig))
		return TN_EBAD;
	*fault = TN_FAULT_NONE;
	return 0;
}

int tn_tx_digest(struct tn_sha *s, const struct tn_tx *tx, struct tn_spend_digest *out)
{
	return spend_digest(s, tx, out);
}

int spend_judge(struct tn_sha *s, const struct tn_spend_digest *d, const struct tn_tx *tx,
		uint32_t input, struct tn_bytes coin, uint32_t *fault)
{
	return tn_spend_judge(s, d, input, tx->inputs.v[input].script_sig, coin, fault);
}

int tn_spend_verify(struct tn_sha *s, const struct tn_tx *tx, uint32_t input, struct tn_bytes coin,
		    struct tn_error *err)
{
	struct tn_spend_digest d;
	uint32_t fault;
	int code;

	if (input >= tx->inputs.n)
		return tn_fail(err, TN_EINVAL, "%s", tn_code_text(TN_EINVAL));
	if (spend_digest(s, tx, &d) != 0)
		return tn_fail(err, TN_ENOMEM, "no memory");
	code = spend_judge(s, &d, tx, input, coin, &fault);
	if (code == TN_EBAD)
		return tn_fail(err, code, "%s", tn_block_fault_text(fault));
	return code ? tn_fail(err, code, "no memory") : 0;
}

static int check_chunk(struct tn_sha *s, const struct tn_block *b, const struct tn_block_facts *f,
		       const struct tn_spent *spent, uint32_t n, struct tn_block_verdict *out)
{
	uint32_t fault;

	for (uint32_t i = 0; i < n; i++) {
		const struct tn_spent *p = &spent[i];
		int code = spend_judge(s, &tn_facts_digests(f)[p->tx], &b->transactions.v[p->tx],
				       p->input, p->coin.script, &fault);

		if (code)
			return code == TN_EBAD ? judge_say(out, fault, p->tx, p->input) : code;
	}
	return 0;
}

void tn_spends_check(const struct tn_block *b, const struct tn_block_facts *f,
		     const struct tn_spent *spent, uint32_t n, struct tn_block_verdict *out)
{
	struct tn_sha *s = tn_sha_create();

	*out = (struct tn_block_verdict){ 0, TN_FAULT_NONE, TN_NO_TX, TN_NO_TX };
	out->code = s ? check_chunk(s, b, f, spent, n, out) : TN_ENOMEM;
	tn_sha_free(s);
}
