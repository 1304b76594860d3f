/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-rules.c - networks, amounts, rewards, fees, spending
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "timenode/chain.h"

struct bed {
	struct tn_sha *sha;
	struct tn_arena *arena;
};

static void is_hex(const void *got, size_t n, const char *want, const char *name)
{
	char text[256];

	if (n * 2 + 1 > sizeof text)
		bail_out("too long to show");
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)got)[i]);
	is_str(text, want, "%s", name);
}

static void count_up(uint8_t seed[32], uint8_t from)
{
	for (unsigned i = 0; i < 32; i++)
		seed[i] = (uint8_t)(from + i);
}

static struct tn_bytes bytes(const char *text)
{
	return (struct tn_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

static void test_networks(struct bed *b)
{
	struct tn_network main, test, own;
	const struct tn_block *block;
	struct tn_hash h;
	int64_t t;

	is_int(tn_network_find("mainnet", &main), 0, "mainnet");
	is_int(tn_network_find("testnet", &test), 0, "testnet");
	is_int(tn_network_find("private", &own), 0, "private");
	is_int(tn_network_find("Mainnet", &main), TN_ENOENT, "names are exact");
	is_int(main.p2p_port + test.p2p_port + own.p2p_port, 24000 + 24100 + 24200, "ports");
	ok(main.digit == '1' && test.digit == '0' && own.digit == '0', "digits");
	is_int(tn_slot_time(&test, 1723, &t), 0, "a height's slot");
	is_int(t, 1764547200 + 600 * 1723, "begins then");
	is_uint(tn_slot_at(&test, t), 1723, "and holds its beginning");
	is_uint(tn_slot_at(&test, t - 1), 1722, "not the second before");
	is_uint(tn_slot_at(&test, INT64_MIN), 0, "nothing before genesis");
	is_uint(tn_slot_at(&test, INT64_MAX), (INT64_MAX - INT64_C(1764547200)) / 600,
		"the end of time");
	is_int(tn_slot_time(&test, UINT64_MAX / 600, &t), TN_EBAD, "a slot behind it");
	is_int(tn_slot_time(&test, UINT64_MAX, &t), TN_EBAD, "or far behind it");
	own.genesis_time = INT64_MIN;
	is_uint(tn_slot_at(&own, INT64_MAX), UINT64_MAX / 5, "the longest chain");
	is_int(tn_slot_time(&own, UINT64_MAX / 5, &t), 0, "has a last slot");
	is_int(t, INT64_MAX, "at the end of time");
	own.genesis_time = 1764547200;
	is_int(tn_genesis(b->sha, &own, b->arena, &block), 0, "private genesis");
	tn_block_hash(b->sha, &block->header, &h);
	is_hex(h.b, 32, "062446a00f5dc1aa0c842ce4e1beb400ee89ead29c247c14a44921dd7b5e1dea",
	       "is testnet's if its time is");
}

static void test_amounts(void)
{
	static const struct {
		const char *text;
		int code;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, TN_COIN },
		{ "12.5", 0, 1250000000 },
		{ "0.00000001", 0, 1 },
		{ "000.10", 0, 10000000 },
		{ "184467440737.09551615", 0, UINT64_MAX },
		{ "184467440737.09551616", TN_EBAD, 0 },
		{ "184467440738", TN_EBAD, 0 },
		{ "99999999999999999999999999", TN_EBAD, 0 },
		{ "1.000000000", TN_EINVAL, 0 },
		{ "", TN_EINVAL, 0 },
		{ ".5", TN_EINVAL, 0 },
		{ "5.", TN_EINVAL, 0 },
		{ "-1", TN_EINVAL, 0 },
		{ "1e3", TN_EINVAL, 0 },
		{ " 1", TN_EINVAL, 0 },
		{ "1.2.3", TN_EINVAL, 0 },
	};
	char buf[TN_AMOUNT_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t v = 0;
		int code = tn_amount_parse(&v, cases[i].text, strlen(cases[i].text));

		ok(code == cases[i].code && v == cases[i].value, "amount '%s'", cases[i].text);
	}
	is_str(tn_amount_text(UINT64_MAX, buf), "184467440737.09551615", "the largest");
	is_str(tn_amount_text(5, buf), "0.00000005", "a small one");
}

static void test_rewards(struct bed *b)
{
	uint64_t four[4], three[3] = { 100, 100, 100 }, rest, big[2] = { UINT64_MAX, 1 };
	uint64_t none[2] = { 0, 0 };
	struct tn_reward r[2] = { { { "TIME0a", 6 }, TN_BASE_REWARD }, { { "b", 1 }, 1000000 } };
	struct tn_tx tx;

	for (uint32_t i = 0; i < 4; i++)
		four[i] = tn_tier_weight(i);
	is_int(tn_reward_split(TN_BASE_REWARD, four, 4, four, &rest), 0, "one of each tier");
	ok(four[0] == 9000900 && four[1] == 90009000 && four[2] == 900090009 &&
		   four[3] == 9000900090,
	   "by weight");
	is_uint(rest, 1, "what is left over");
	is_int(tn_reward_split(TN_BASE_REWARD, three, 3, three, &rest), 0, "three free ones");
	ok(three[0] == 3333333333 && three[2] == 3333333333 && rest == 1, "alike");
	is_int(tn_reward_split(1, big, 2, big, &rest), TN_EBAD, "weights that overflow");
	is_int(tn_reward_split(UINT64_MAX, big + 1, 1, big, &rest), 0, "the most there is");
	is_uint(big[0], UINT64_MAX, "for one");
	big[0] = 2;
	is_int(tn_reward_split(UINT64_MAX, big, 1, big, &rest), TN_EBAD,
	       "a product that overflows");
	is_uint(big[0], 2, "and nothing was written");
	is_int(tn_reward_split(1, none, 2, none, &rest), TN_EINVAL, "no weight");
	is_int(tn_reward_split(1, none, 0, none, &rest), TN_EINVAL, "nobody");
	is_uint(tn_tier_weight(4), 0, "no fifth tier");
	is_uint(tn_tier_collateral(TN_TIER_GOLD), 100000 * TN_COIN, "gold");
	ok(tn_rewards_old_ok(r, 2), "100.01 TIME are stored");
	r[1].value++;
	ok(!tn_rewards_old_ok(r, 2), "not a satoshi more");
	r[0].value = TN_BASE_REWARD - 2000001;
	ok(tn_rewards_old_ok(r, 2) && !tn_rewards_old_ok(r, 1), "99.99 and no less");
	r[0].value = UINT64_MAX;
	ok(!tn_rewards_old_ok(r, 2), "nor a sum that overflows");
	is_int(tn_coinbase(r, 2, 77, b->arena, &tx), 0, "a coinbase");
	ok(tx.version == 1 && tx.inputs.n == 0 && tx.outputs.n == 2 && tx.timestamp == 77 &&
		   tx.outputs.v[1].value == 1000001 && tx.outputs.v[0].script_pubkey.n == 6,
	   "pays the list");
}

/* Two inputs and two outputs that are in order. */
struct pair {
	struct tn_txin in[2];
	struct tn_txout out[2];
	struct tn_tx tx;
};

static void fill_pair(struct pair *p)
{
	memset(p, 0, sizeof *p);
	p->in[1].previous_output.vout = 1;
	p->out[0].value = 1000000;
	p->out[1].value = TN_DUST;
	p->tx.version = 1;
	p->tx.inputs.v = p->in;
	p->tx.inputs.n = 2;
	p->tx.outputs.v = p->out;
	p->tx.outputs.n = 2;
}

static void refused(struct pair *p, const char *want, const char *name)
{
	struct tn_error err = { "" };

	is_int(tn_tx_check(&p->tx, &err), TN_EBAD, "%s", name);
	is_str(err.text, want, "%s: why", name);
	fill_pair(p);
}

static void test_tx(void)
{
	static uint8_t large[TN_TX_BYTES];
	struct tn_error err = { "" };
	struct pair p;

	fill_pair(&p);
	is_int(tn_tx_check(&p.tx, &err), 0, "a transaction in order");
	p.out[1].value = 0;
	is_int(tn_tx_check(&p.tx, &err), 0, "an output of nothing");
	p.out[1].value = TN_DUST - 1;
	refused(&p, "an output below 546 satoshis", "dust");
	p.in[1].previous_output.vout = 0;
	refused(&p, "a coin is spent twice", "an input twice");
	p.tx.inputs.n = 0;
	refused(&p, "no inputs", "a coinbase");
	p.out[0].value = UINT64_MAX - TN_DUST + 1;
	refused(&p, "the outputs overflow", "an overflow");
	p.in[0].script_sig = (struct tn_bytes){ large, TN_TX_BYTES - 32 - 2 * 48 - 2 * 16 };
	is_int(tn_tx_check(&p.tx, &err), 0, "a million bytes");
	p.in[0].script_sig.n++;
	refused(&p, "more than 1000000 bytes", "one more");
}

static void test_fee(void)
{
	struct tn_error err = { "" };
	uint64_t fee = 7;
	struct pair p;

	is_uint(tn_fee_min(0), 1000, "the least fee");
	is_uint(tn_fee_min(1000999), 1000, "just not more");
	is_uint(tn_fee_min(1001000), 1001, "a thousandth");
	fill_pair(&p);
	is_int(tn_tx_fee(&p.tx, 1000546 + 1000, &fee, &err), 0, "enough");
	is_uint(fee, 1000, "the fee");
	fee = 7;
	is_int(tn_tx_fee(&p.tx, 1000546 + 999, &fee, &err), TN_EBAD, "a satoshi short");
	is_int(tn_tx_fee(&p.tx, 1000545, &fee, &err), TN_EBAD, "more out than in");
	is_str(err.text, "1000545 in, 1000546 out", "says so");
	is_uint(fee, 7, "and nothing was written");
	ok(tn_tx_old_ok(&p.tx), "little moves");
	p.out[0].value = 2 * TN_COIN - TN_DUST;
	ok(tn_tx_old_ok(&p.tx), "1 TIME for each input");
	p.out[0].value++;
	ok(!tn_tx_old_ok(&p.tx), "not a satoshi more");
	p.out[0].value = UINT64_MAX;
	ok(!tn_tx_old_ok(&p.tx), "nor an overflow");
}

/* Appendix A4 and A13. */
static void test_spend(struct bed *b)
{
	uint8_t seed[32], msg[TN_SPEND_BYTES], script[TN_SCRIPT_SIG_BYTES];
	char address[TN_ADDRESS_TEXT];
	struct tn_error err = { "" };
	struct tn_secret k;
	struct tn_hash id;
	struct pair p;

	fill_pair(&p);
	p.tx.inputs.n = 1;
	memset(p.in[0].previous_output.txid.b, 0x11, 32);
	p.in[0].previous_output.vout = 1;
	p.in[0].script_sig = bytes("\xaa\xbb");
	p.in[0].sequence = UINT32_MAX;
	p.out[0] = (struct tn_txout){ 123456789, bytes("TIME0abc") };
	p.out[1] = (struct tn_txout){ 1000, { NULL, 0 } };
	p.tx.timestamp = 1766100000;
	tn_txid(b->sha, &p.tx, &id);
	is_hex(id.b, 32, "8dd6d21e72a8d14665d0c35661a51fc497af5ade93f747bcd075ab22068a8acb",
	       "the sample's txid");
	is_int(tn_signed_spend(b->sha, &p.tx, 0, msg), 0, "what spends");
	is_hex(msg, sizeof msg,
	       "82145b4f62d52d9b3525ce5461e7a74aafe12c601d2ebe7711831b817154f2d200000000"
	       "4be4971be6d911bf237c0568b45a273a2e877723912f5275079f3f87e0f13727",
	       "is signed");
	count_up(seed, 1);
	tn_secret_from_seed(&k, seed);
	is_int(tn_spend_sign(b->sha, &k, &p.tx, 0, script), 0, "signed");
	is_hex(script + 32, 64,
	       "ec6b9a3da2eec2a720f022486c6cfe24f5ab3c3e6aaa9693a1a0b1147e102279"
	       "dde00a598c5a308b2d8928c26740bcbbee51e05a9e92590a2aa0a7d74b9fb603",
	       "the signature");
	p.in[0].script_sig = (struct tn_bytes){ script, sizeof script };
	tn_txid(b->sha, &p.tx, &id);
	is_hex(id.b, 32, "86a490d489862d2f61d222f53859fbb29ad62dc5b1846a63dd93bb6b4a1f144b",
	       "and the final txid");
	tn_address_of_key(b->sha, '1', &k.key, address);
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes(address), &err), 0, "on mainnet");
	tn_address_of_key(b->sha, '0', &k.key, address);
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes(address), &err), 0, "and on testnet");
	address[20] ^= 1;
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes(address), &err), TN_EBAD, "another address");
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes("genesis"), &err), TN_EBAD, "no address");
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes(""), &err), TN_EBAD, "no script");
	is_int(tn_spend_verify(b->sha, &p.tx, 1, bytes(address), &err), TN_EINVAL, "no such input");
	address[20] ^= 1;
	p.out[1].value++;
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes(address), &err), TN_EBAD, "another output");
	is_str(err.text, "the signature does not fit", "says so");
	p.out[1].value--;
	p.in[0].script_sig.n--;
	is_int(tn_spend_verify(b->sha, &p.tx, 0, bytes(address), &err), TN_EBAD, "a byte short");
}

/* Appendix A7: roots of up to five, and the ambiguity that the header warns of. */
static void test_merkle(struct bed *b)
{
	static const char *const roots[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"280da67c8e8748ab69754f3d02fc53dbd75ca8c79f71dbd883d907e4a2984d85",
		"57e51ce843b052212c291d0ffc3ab275c53b456b9252ba980b5942d9b39687b0",
		"95e23c44c43c55e462794296bbf77a84de762afbc43551a5cef4187ee082b674",
		"92dfca6f2fd288c0bd63ae6b005baf99572e96cc84b92b1cfad92a7012f0a1fa",
		"0893538e8429bade13d296903e87461ff0d834e8931cfd1ce5b9a16a7989a4cd"
	};
	struct tn_hash id[6], root, twice;

	for (uint32_t i = 0; i < 5; i++) {
		struct tn_txout out = { i, { NULL, 0 } };
		struct tn_tx tx = { .version = 1, .lock_time = i };

		tx.outputs.v = &out;
		tx.outputs.n = 1;
		tn_txid(b->sha, &tx, &id[i]);
	}
	for (size_t n = 0; n <= 5; n++) {
		tn_merkle_root(b->sha, id, n, &root);
		is_hex(root.b, 32, roots[n], "a root");
	}
	id[3] = id[2];
	tn_merkle_root(b->sha, id, 3, &root);
	tn_merkle_root(b->sha, id, 4, &twice);
	is_mem(&root, &twice, sizeof root, "the end repeated gives the same root");
}

/* Appendix A8, with the other way to feed it. */
static void test_coinset(struct bed *b)
{
	struct tn_utxo c[3] = { { .outpoint.vout = 2, .value = 5, .script_pubkey = bytes("a") },
				{ .outpoint.vout = 10, .value = 6, .script_pubkey = bytes("bc") },
				{ .outpoint.vout = 0, .value = 7 } };
	static const char want[] =
		"3c19635a6fb86a80f4c21a343d80f0a7f9bde20500bf619cfd5d25b8ccbe49a2";
	struct tn_hash h;

	memset(c[0].outpoint.txid.b, 0x11, 32);
	memset(c[1].outpoint.txid.b, 0x11, 32);
	memset(c[2].outpoint.txid.b, 0x10, 32);
	is_int(tn_coinset_hash(b->sha, c, 3, &h), 0, "a set of coins");
	is_hex(h.b, 32, want, "sorted as text");
	tn_sha_begin(b->sha);
	tn_coinset_add(b->sha, &c[2]);
	tn_coinset_add(b->sha, &c[1]);
	tn_coinset_add(b->sha, &c[0]);
	is_int(tn_sha_end(b->sha, &h), 0, "one by one");
	is_hex(h.b, 32, want, "the same");
	ok(tn_outpoint_cmp_text(&c[1].outpoint, &c[0].outpoint) < 0 &&
		   tn_outpoint_cmp_text(&c[0].outpoint, &c[2].outpoint) > 0 &&
		   tn_outpoint_cmp_text(&c[0].outpoint, &c[0].outpoint) == 0,
	   "10 before 2");
}

/* A value whose bincode is longer than what is kept between two. */
static void test_large(struct bed *b)
{
	uint8_t *script = calloc(1, 3 << 20);
	struct pair p;
	struct tn_hash one, two, small, again;

	if (!script)
		bail_out("no memory");
	fill_pair(&p);
	tn_txid(b->sha, &p.tx, &small);
	p.in[0].script_sig = (struct tn_bytes){ script, 3 << 20 };
	is_int(tn_txid(b->sha, &p.tx, &one), 0, "a large transaction");
	script[(3 << 20) - 1] = 1;
	is_int(tn_txid(b->sha, &p.tx, &two), 0, "with another last byte");
	ok(memcmp(&one, &two, sizeof one) != 0, "has another txid");
	fill_pair(&p);
	tn_txid(b->sha, &p.tx, &again);
	is_mem(&small, &again, sizeof small, "a small one is as before");
	free(script);
}

/* A voter's text that is longer than any address, and the cut of a small buffer. */
static void test_long_voter(void)
{
	char voter[5000];
	struct tn_vote v = { .voter = { voter, sizeof voter }, .approve = true };
	uint8_t seed[32], cut[40];
	struct tn_secret k;

	memset(voter, 'v', sizeof voter);
	memset(cut, 0xee, sizeof cut);
	count_up(seed, 9);
	tn_secret_from_seed(&k, seed);
	is_uint(tn_signed_vote(&v, cut, 35), 32 + sizeof voter + 9, "the size of a long vote");
	ok(cut[34] == 'v' && cut[35] == 0xee, "no byte behind the room");
	is_int(tn_vote_sign(&k, &v), 0, "a long vote");
	is_int(tn_vote_verify(&k.key, &v), 0, "verifies");
	voter[4999] = 'w';
	is_int(tn_vote_verify(&k.key, &v), TN_EBAD, "to its last byte");
	ok(!tn_block_vote_verify(&k.key, &v.txid, true, (struct tn_bytes){ v.signature.b, 63 }),
	   "63 bytes are no signature");
}

int main(void)
{
	struct bed b = { tn_sha_create(), tn_arena_create(0) };

	if (!b.sha || !b.arena)
		bail_out("no memory");
	test_networks(&b);
	test_amounts();
	test_rewards(&b);
	test_tx();
	test_fee();
	test_spend(&b);
	test_merkle(&b);
	test_coinset(&b);
	test_large(&b);
	test_long_voter();
	tn_sha_free(b.sha);
	tn_sha_free(NULL);
	tn_arena_unref(b.arena);
	return done_testing();
}
