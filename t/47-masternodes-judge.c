/* SPDX-License-Identifier: MIT
 * t/47-masternodes-judge.c - announcements: forged, replayed, future, of another address or network
 */
#include <string.h>

#include "lib/tap.h"
#include "masternodes/judge.h"

#define NOW INT64_C(1800000000)

struct bench {
	struct tn_sha *sha;
	struct tn_secret key, other;
	char reward[TN_ADDRESS_TEXT], foreign[TN_ADDRESS_TEXT];
	struct tn_announcement said;
	struct judge_scene scene;
	struct mn_claim claim;
	bool direct;
};

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static void reset(struct bench *b)
{
	b->said = (struct tn_announcement){ .address = str("203.0.113.7"),
					    .reward_address = str(b->reward),
					    .public_key = b->key.key };
	b->scene = (struct judge_scene){ .said = &b->said,
					 .from_ip = 0xcb007107,
					 .network = "testnet",
					 .digit = '0',
					 .now_s = NOW };
}

static void sign(struct bench *b, int64_t when)
{
	b->said.timestamp = when;
	tn_announcement_sign(b->sha, &b->key, "testnet", &b->said);
}

static int judge(struct bench *b)
{
	int v = judge_claim(b->sha, &b->scene, &b->claim, &b->direct);

	return v == JUDGE_GOOD ? (int)judge_signature(b->sha, &b->scene) : v;
}

static void plain(struct bench *b)
{
	reset(b);
	is_int(judge(b), JUDGE_GOOD, "an old node's, of its own address");
	ok(b->direct && !b->claim.signed_at && !b->claim.has_coin, "direct, nothing signed");
	b->said.has_collateral_txid = b->said.has_collateral_vout = true;
	is_int(judge(b), JUDGE_GOOD, "with a coin that nobody signed");
	ok(!b->claim.has_coin, "which names nothing");
	b->scene.from_ip++;
	is_int(judge(b), JUDGE_ADDRESS, "of another address");
	is_uint(b->claim.ip, 0xcb007107, "which is heard of");
	b->scene.from_ip = 0;
	is_int(judge(b), JUDGE_ADDRESS, "over IPv6");
	reset(b);
	b->said.address = str("example.org");
	is_int(judge(b), JUDGE_ADDRESS, "no address at all");
	is_uint(b->claim.ip, 0, "of which nothing is heard");
	reset(b);
	b->scene.own_ip = 0xcb007107;
	is_int(judge(b), JUDGE_OURS, "our own");
	reset(b);
	b->said.reward_address = str(b->foreign);
	is_int(judge(b), JUDGE_REWARD, "paid on another network");
	b->said.reward_address = str("TIME0nonsense");
	is_int(judge(b), JUDGE_REWARD, "paid nowhere");
	b->said.reward_address.n = 0;
	is_int(judge(b), JUDGE_REWARD, "nor at nothing");
}

static void relayed(struct bench *b)
{
	reset(b);
	b->scene.from_ip = 1;
	sign(b, NOW);
	is_int(judge(b), JUDGE_GOOD, "passed on and signed");
	ok(!b->direct && b->claim.signed_at == NOW, "not direct");
	b->scene.network = "mainnet";
	is_int(judge(b), JUDGE_SIGNATURE, "signed for another network");
	b->scene.network = "testnet";
	sign(b, NOW - 180);
	is_int(judge(b), JUDGE_GOOD, "180 s old");
	sign(b, NOW - 181);
	is_int(judge(b), JUDGE_OLD, "181 s");
	sign(b, NOW + 181);
	is_int(judge(b), JUDGE_FUTURE, "from the future");
	sign(b, INT64_MIN);
	is_int(judge(b), JUDGE_OLD, "at the beginning of time");
	sign(b, INT64_MAX);
	is_int(judge(b), JUDGE_FUTURE, "at its end");
	b->scene.from_ip = 0xcb007107;
	is_int(judge(b), JUDGE_GOOD, "direct: its clock is its own affair");
}

/* Each field is under the signature. */
static void forged(struct bench *b)
{
	for (unsigned i = 0; i < 9; i++) {
		reset(b);
		b->said.has_collateral_txid = b->said.has_collateral_vout = i >= 6;
		sign(b, NOW);
		switch (i) {
		case 0:
			b->said.address = str("203.0.113.8");
			b->scene.from_ip = 0xcb007108;
			break;
		case 1:
			b->said.tier.tag = TN_TIER_GOLD;
			break;
		case 2:
			b->said.timestamp++;
			break;
		case 3:
			b->said.public_key = b->other.key;
			break;
		case 4:
			b->said.signature.b[40] ^= 1;
			break;
		case 5:
			b->said.has_collateral_txid = b->said.has_collateral_vout = true;
			break;
		case 6:
			b->said.collateral_txid.b[0]++;
			break;
		case 7:
			b->said.collateral_vout++;
			break;
		default:
			b->said.has_collateral_vout = false;
			break;
		}
		is_int(judge(b), JUDGE_SIGNATURE, "field %u was changed", i);
	}
	reset(b);
	sign(b, NOW);
	b->said.has_timestamp = false;
	is_int(judge(b), JUDGE_SIGNATURE, "a signature without its time");
	reset(b);
	sign(b, NOW);
	b->said.has_signature = false;
	is_int(judge(b), JUDGE_SIGNATURE, "a time without its signature");
	b->scene.from_ip = 1;
	is_int(judge(b), JUDGE_ADDRESS, "passed on like that");
}

/* A plain one has the bytes it always had; a signed one reads back as it was written. */
static void wire(struct bench *b)
{
	static const char begin[] = "{\"address\":\"203.0.113.7\",\"reward_address\":\"";
	struct tn_arena *a = tn_arena_create(0);
	const struct tn_announcement *back;
	char text[4096];
	const void *out;
	bool same = false;
	size_t n;

	reset(b);
	n = tn_json_write(&tn_wire_announcement, &b->said, text, sizeof text - 1);
	text[n] = '\0';
	ok(!strncmp(text, begin, strlen(begin)) && !strcmp(text + n - 2, "]}") &&
		   !strstr(text, "timestamp") && !strstr(text, "signature"),
	   "a plain one has no field of ours");
	b->said.has_collateral_txid = b->said.has_collateral_vout = true;
	b->said.collateral_vout = 7;
	sign(b, NOW);
	n = tn_json_write(&tn_wire_announcement, &b->said, text, sizeof text);
	is_int(tn_json_read(&tn_wire_announcement, (struct tn_view){ (uint8_t *)text, n }, a, &out,
			    &same, NULL),
	       0, "a signed one is read");
	back = out;
	ok(same && back->collateral_vout == 7 && back->timestamp == NOW, "as it was written");
	is_int(tn_announcement_verify(b->sha, "testnet", back), 0, "and fits");
	ok(n < 4096, "into the limit of its row");
	for (size_t cut = 0; cut < n; cut += 7)
		if (!tn_json_read(&tn_wire_announcement, (struct tn_view){ (uint8_t *)text, cut },
				  a, &out, NULL, NULL))
			fail("cut at %zu it is read", cut);
	tn_arena_unref(a);
}

int main(void)
{
	struct bench b = { .sha = tn_sha_create() };
	uint8_t seed[32] = { 1 };

	tn_secret_from_seed(&b.key, seed);
	seed[0]++;
	tn_secret_from_seed(&b.other, seed);
	tn_address_of_key(b.sha, '0', &b.key.key, b.reward);
	tn_address_of_key(b.sha, '1', &b.key.key, b.foreign);
	plain(&b);
	relayed(&b);
	forged(&b);
	wire(&b);
	tn_sha_free(b.sha);
	return done_testing();
}
