/* SPDX-License-Identifier: MIT
 * explorer - libtimenode without a node: reads blocks, checks them, makes and signs a payment
 *
 * usage: explorer blocks FILE
 *        explorer pay SEED NETWORK TXID:NUMBER AMOUNT ADDRESS TIME
 *
 * FILE is what `timenode-cli chain export` wrote: JSON, a block a line, or bincode. SEED and
 * TXID are 64 hexadecimal digits, TIME is in Unix seconds. Compiles as C11 and as C++17.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <timenode/chain.h>
#include <timenode/file.h>

#define FILE_MAX ((size_t)1 << 30)
#define BLOCK_MEMORY ((size_t)256 << 20) /* of one decoded block */

static void print_hex(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", p[i]);
}

static int read_hex(const char *text, size_t n, uint8_t out[32])
{
	char byte[3] = { 0, 0, 0 }, *end;

	if (n != 64)
		return TN_EINVAL;
	for (size_t i = 0; i < 32; i++) {
		memcpy(byte, text + 2 * i, 2);
		out[i] = (uint8_t)strtoul(byte, &end, 16);
		if (end != byte + 2)
			return TN_EINVAL;
	}
	return 0;
}

/* ---- blocks */

/* The coin that an input spends is not in the block. Its script is the text of the owner's
 * address, and the owner's key leads script_sig: so much can be checked without the coin.
 */
static int check_input(struct tn_sha *s, char digit, const struct tn_tx *tx, uint32_t i)
{
	const struct tn_bytes sig = tx->inputs.v[i].script_sig;
	char address[TN_ADDRESS_TEXT];
	struct tn_bytes coin;
	struct tn_key key;
	int rc;

	if (sig.n != TN_SCRIPT_SIG_BYTES)
		return TN_EBAD;
	memcpy(key.b, sig.p, sizeof key.b);
	rc = tn_address_of_key(s, digit, &key, address);
	if (rc)
		return rc;
	coin.p = (const uint8_t *)address;
	coin.n = (uint32_t)strlen(address);
	return tn_spend_verify(s, tx, i, coin, NULL);
}

static int print_block(struct tn_sha *s, const struct tn_block *b)
{
	struct tn_hash hash, root;
	unsigned signatures = 0, good = 0;
	int rc = tn_block_hash(s, &b->header, &hash);

	if (!rc)
		rc = tn_block_merkle(s, b, &root);
	if (rc)
		return rc;
	for (uint32_t t = 0; t < b->transactions.n; t++)
		for (uint32_t i = 0; i < b->transactions.v[t].inputs.n; i++) {
			signatures++;
			good += !check_input(s, '0', &b->transactions.v[t], i) ||
				!check_input(s, '1', &b->transactions.v[t], i);
		}
	printf("%" PRIu64 " ", b->header.height);
	print_hex(hash.b, sizeof hash.b);
	printf(" %" PRIu32 " transactions, merkle root %s, %u of %u signatures\n",
	       b->transactions.n,
	       memcmp(root.b, b->header.merkle_root.b, sizeof root.b) ? "WRONG" : "good", good,
	       signatures);
	return 0;
}

/* The next block of the file: its bytes go to *one, and *in moves behind them. */
static int next_block(struct tn_view *in, bool json, struct tn_view *one)
{
	struct tn_cut cut = { 0 };
	size_t head = json ? 0 : 8, n = 0;

	if (json)
		n = tn_cut_line(&cut, in->p, in->n);
	for (size_t i = head; i > 0 && in->n >= head; i--) /* the lowest byte comes first */
		n = n << 8 | in->p[i - 1];
	if (n == 0 || in->n < head || n > in->n - head)
		return TN_EBAD;
	one->p = in->p + head;
	one->n = n;
	in->p += head + n;
	in->n -= head + n;
	return 0;
}

static int show_one(struct tn_sha *s, struct tn_view one, bool json, struct tn_error *err)
{
	struct tn_arena *a = tn_arena_create(BLOCK_MEMORY);
	const void *b = NULL;
	int rc = TN_ENOMEM;

	if (a && json)
		rc = tn_json_read(&tn_wire_block, one, a, &b, NULL, err);
	else if (a)
		rc = tn_bin_read(&tn_wire_block, one, a, &b, err);
	if (!rc)
		rc = print_block(s, (const struct tn_block *)b);
	tn_arena_unref(a);
	return rc;
}

static int blocks(struct tn_sha *s, const char *path, struct tn_error *err)
{
	struct tn_view in = { NULL, 0 }, one;
	char *text;
	bool json;
	int rc = tn_file_read(path, FILE_MAX, &text, &in.n, err);

	if (rc)
		return rc;
	in.p = (const uint8_t *)text;
	json = in.n >= 8 && !memchr(text, 0, 8); /* a length below 2^56 has a zero byte */
	while (!rc && in.n > 0) {
		rc = next_block(&in, json, &one);
		if (rc)
			tn_fail(err, rc, "%s: its last block is not whole", path);
		else
			rc = show_one(s, one, json, err);
	}
	free(text);
	return rc;
}

/* ---- a payment */

/* A payment of one coin to one address, signed, as the line that goes over the wire. */
static int print_payment(struct tn_sha *s, const struct tn_secret *k, struct tn_tx *tx)
{
	uint8_t sig[TN_SCRIPT_SIG_BYTES];
	struct tn_hash txid;
	size_t n;
	char *line;
	int rc = tn_spend_sign(s, k, tx, 0, sig);

	tx->inputs.v[0].script_sig.p = sig;
	tx->inputs.v[0].script_sig.n = sizeof sig;
	if (!rc)
		rc = tn_txid(s, tx, &txid); /* of the signed one: script_sig is part of it */
	if (rc)
		return rc;
	n = tn_line_write("TransactionBroadcast", &tn_wire_tx, tx, NULL, 0);
	line = (char *)malloc(n);
	if (!line)
		return TN_ENOMEM;
	tn_line_write("TransactionBroadcast", &tn_wire_tx, tx, line, n);
	printf("txid ");
	print_hex(txid.b, sizeof txid.b);
	printf("\n%.*s", (int)n, line);
	free(line);
	return 0;
}

static int fill_payment(struct tn_sha *s, const struct tn_network *net, char **arg,
			struct tn_txin *in, struct tn_txout *out, struct tn_error *err)
{
	const char *colon = strchr(arg[0], ':');
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	char digit;
	int rc;

	if (!colon || read_hex(arg[0], (size_t)(colon - arg[0]), in->previous_output.txid.b))
		return tn_fail(err, TN_EINVAL, "%s: not TXID:NUMBER", arg[0]);
	in->previous_output.vout = (uint32_t)strtoul(colon + 1, NULL, 10);
	in->sequence = UINT32_MAX;
	if (tn_amount_parse(&out->value, arg[1], strlen(arg[1])))
		return tn_fail(err, TN_EINVAL, "%s: not an amount", arg[1]);
	rc = tn_address_parse(s, arg[2], strlen(arg[2]), &digit, payload, err);
	if (!rc && digit != net->digit)
		rc = tn_fail(err, TN_EINVAL, "%s: not an address of %s", arg[2], net->name);
	out->script_pubkey.p = (const uint8_t *)arg[2];
	out->script_pubkey.n = (uint32_t)strlen(arg[2]);
	return rc;
}

static int pay(struct tn_sha *s, char **arg, struct tn_error *err)
{
	char mine[TN_ADDRESS_TEXT];
	struct tn_network net;
	struct tn_secret k;
	struct tn_txout out;
	struct tn_txin in;
	struct tn_tx tx;
	uint8_t seed[32];
	int rc;

	memset(&tx, 0, sizeof tx);
	memset(&in, 0, sizeof in);
	memset(&out, 0, sizeof out);
	if (read_hex(arg[0], strlen(arg[0]), seed))
		return tn_fail(err, TN_EINVAL, "SEED: not 64 hexadecimal digits");
	if (tn_network_find(arg[1], &net))
		return tn_fail(err, TN_EINVAL, "%s: not mainnet, testnet or private", arg[1]);
	rc = fill_payment(s, &net, arg + 2, &in, &out, err);
	if (rc)
		return rc;
	tx.version = 1;
	tx.inputs.v = &in;
	tx.inputs.n = 1;
	tx.outputs.v = &out;
	tx.outputs.n = 1;
	tx.timestamp = strtoll(arg[5], NULL, 10);
	tn_secret_from_seed(&k, seed);
	rc = tn_address_of_key(s, net.digit, &k.key, mine);
	if (!rc)
		printf("from %s, fee of %" PRIu64 " satoshis at least\n", mine,
		       tn_fee_min(out.value));
	if (!rc)
		rc = print_payment(s, &k, &tx);
	tn_secret_wipe(&k);
	return rc;
}

int main(int argc, char **argv)
{
	struct tn_sha *s = tn_sha_create();
	struct tn_error err = { "" };
	int rc = TN_EINVAL;

	if (!s)
		tn_fail(&err, rc, "no memory, or no SHA-256 in libcrypto");
	else if (argc == 3 && !strcmp(argv[1], "blocks"))
		rc = blocks(s, argv[2], &err);
	else if (argc == 8 && !strcmp(argv[1], "pay"))
		rc = pay(s, argv + 2, &err);
	else
		tn_fail(&err, rc,
			"blocks FILE, or pay SEED NETWORK TXID:NUMBER AMOUNT ADDRESS TIME");
	tn_sha_free(s);
	if (rc)
		fprintf(stderr, "explorer: %s\n", err.text[0] ? err.text : tn_code_text(rc));
	return rc ? 1 : 0;
}
