/* SPDX-License-Identifier: MIT
 * lib/chain/spend.c - signatures that spend coins
 */
#include <stdlib.h>

#include "chain/chain.h"

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

int tn_signed_spend(struct tn_sha *s, const struct tn_tx *tx, uint32_t input,
		    uint8_t out[TN_SPEND_BYTES])
{
	struct tn_hash bare, outputs;

	if (input >= tx->inputs.n)
		return TN_EINVAL;
	if (hash_bare(s, tx, &bare) != 0 || hash_outputs(s, tx, &outputs) != 0)
		return TN_ENOMEM;
	memcpy(out, bare.b, 32);
	put_le32(out + 32, input);
	memcpy(out + 36, outputs.b, 32);
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
static int check_owner(struct tn_sha *s, const struct tn_key *key, struct tn_bytes coin,
		       struct tn_error *err)
{
	char text[TN_ADDRESS_TEXT];
	char digit = coin.n > 4 ? (char)coin.p[4] : '?';

	if (digit != '0' && digit != '1')
		return tn_fail(err, TN_EBAD, "the coin's script is no address");
	if (tn_address_of_key(s, digit, key, text) != 0)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (coin.n != strlen(text) || memcmp(coin.p, text, coin.n) != 0)
		return tn_fail(err, TN_EBAD, "not the key of the coin's address");
	return 0;
}

int tn_spend_verify(struct tn_sha *s, const struct tn_tx *tx, uint32_t input, struct tn_bytes coin,
		    struct tn_error *err)
{
	uint8_t msg[TN_SPEND_BYTES];
	const struct tn_bytes *script;
	struct tn_key key;
	struct tn_sig sig;
	int code = tn_signed_spend(s, tx, input, msg);

	if (code != 0)
		return tn_fail(err, code, "%s", tn_code_text(code));
	script = &tx->inputs.v[input].script_sig;
	if (script->n != TN_SCRIPT_SIG_BYTES)
		return tn_fail(err, TN_EBAD, "a script_sig of %u bytes, not %d",
			       (unsigned)script->n, TN_SCRIPT_SIG_BYTES);
	memcpy(key.b, script->p, sizeof key.b);
	memcpy(sig.b, script->p + sizeof key.b, sizeof sig.b);
	code = check_owner(s, &key, coin, err);
	if (code != 0)
		return code;
	if (!tn_verify_strict(&key, msg, sizeof msg, &sig))
		return tn_fail(err, TN_EBAD, "the signature does not fit");
	return 0;
}
