/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-edges.c - Ed25519 on odd points: our verdict is that of the plain equation
 *
 * libcrypto checks the same equation as the reference (canonical s, no cofactor, R compared
 * as bytes) by other code and looks at no point before. The signatures are made so that for each
 * mixture of small-order parts in key and R some fit and some do not.
 */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "timenode/chain.h"

typedef uint8_t point[32];

static const char *const torsion_hex[8] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};

/* Other ways to write small points that decode: not canonical, or a sign where x is 0. */
static const char *const other_hex[] = {
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static bool witness(const struct tn_key *key, const void *msg, size_t n, const struct tn_sig *sig)
{
	EVP_PKEY *pk = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->b, sizeof key->b);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	if (!pk || !ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pk) != 1)
		bail_out("libcrypto");
	good = EVP_DigestVerify(ctx, sig->b, sizeof sig->b, msg, n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pk);
	return good;
}

static void from_hex(point out, const char *hex)
{
	if (sodium_hex2bin(out, 32, hex, 64, NULL, NULL, NULL) != 0)
		bail_out("hex");
}

/* [a]B + t; a = 0 is the small point itself. */
static void make_point(point out, const uint8_t a[32], const point t)
{
	if (sodium_is_zero(a, 32)) {
		memcpy(out, t, 32);
		return;
	}
	if (crypto_scalarmult_ed25519_base_noclamp(out, a) != 0 ||
	    crypto_core_ed25519_add(out, out, t) != 0)
		bail_out("no point");
}

static void draw(uint8_t out[32], const char *what, unsigned i)
{
	uint8_t wide[64];
	char text[64];

	snprintf(text, sizeof text, "%s %u", what, i);
	crypto_hash_sha512(wide, (const uint8_t *)text, strlen(text));
	crypto_core_ed25519_scalar_reduce(out, wide);
}

/* s = r + k a, as a signer would who forgot that key and R hold more than multiples of B. */
static void make_sig(struct tn_sig *sig, const struct tn_key *key, const uint8_t a[32],
		     const uint8_t r[32], const char *msg)
{
	crypto_hash_sha512_state h;
	uint8_t wide[64], k[32], ka[32];

	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, sig->b, 32);
	crypto_hash_sha512_update(&h, key->b, 32);
	crypto_hash_sha512_update(&h, (const uint8_t *)msg, strlen(msg));
	crypto_hash_sha512_final(&h, wide);
	crypto_core_ed25519_scalar_reduce(k, wide);
	crypto_core_ed25519_scalar_mul(ka, k, a);
	crypto_core_ed25519_scalar_add(sig->b + 32, r, ka);
}

/* Strictly, as it is defined: neither point of small order, and the key is what its point is written
 * as once more. */
static bool strict_witness(const struct tn_key *key, const struct tn_sig *sig)
{
	point a, t;

	from_hex(t, torsion_hex[0]);
	if (crypto_core_ed25519_add(a, key->b, t) != 0 || memcmp(a, key->b, sizeof a) != 0)
		return false;
	for (unsigned i = 0; i < 8; i++) {
		from_hex(t, torsion_hex[i]);
		if (memcmp(t, key->b, sizeof t) == 0 || memcmp(t, sig->b, sizeof t) == 0)
			return false;
	}
	return true;
}

struct score {
	unsigned tried, taken, differ, strict, strict_odd;
};

static void judge(struct score *s, const struct tn_key *key, const struct tn_sig *sig,
		  const char *msg, bool odd)
{
	bool want = witness(key, msg, strlen(msg), sig);
	bool strict = tn_verify_strict(key, msg, strlen(msg), sig);

	s->tried++;
	s->taken += want;
	s->differ += tn_verify(key, msg, strlen(msg), sig) != want;
	s->differ += strict != (want && strict_witness(key, sig));
	s->strict += strict;
	s->strict_odd += strict && odd;
}

/* Key a B + T, R = r B + U, for every T and U; either multiple of B may be none. */
static struct score sweep(bool a_none, bool r_none, unsigned messages)
{
	struct score s = { 0, 0, 0, 0, 0 };
	uint8_t a[32] = { 0 }, r[32] = { 0 };
	struct tn_key key;
	struct tn_sig sig;
	char msg[32];
	point t;

	for (unsigned i = 0; i < 64 * messages; i++) {
		if (!a_none)
			draw(a, "a", i);
		if (!r_none)
			draw(r, "r", i);
		snprintf(msg, sizeof msg, "message %u", i);
		from_hex(t, torsion_hex[i % 8]);
		make_point(key.b, a, t);
		from_hex(t, torsion_hex[i / 8 % 8]);
		make_point(sig.b, r, t);
		make_sig(&sig, &key, a, r, msg);
		judge(&s, &key, &sig, msg, a_none || r_none);
	}
	return s;
}

static void check_sweep(const char *name, struct score s)
{
	is_uint(s.differ, 0, "%s: one verdict on %u signatures", name, s.tried);
	ok(s.taken > s.tried / 32 && s.taken < s.tried / 2, "%s: %u of them good", name, s.taken);
	is_uint(s.strict_odd, 0, "%s: strictly none of small order", name);
}

/* Keys that are written oddly, with every R that could fit. */
static void odd_writing(void)
{
	struct score s = { 0, 0, 0, 0, 0 };
	uint8_t zero[32] = { 0 };
	struct tn_key key;
	struct tn_sig sig;
	char msg[32];

	for (unsigned i = 0; i < 6 * 14 * 4; i++) {
		unsigned r = i / 6 % 14;

		snprintf(msg, sizeof msg, "message %u", i);
		from_hex(key.b, other_hex[i % 6]);
		from_hex(sig.b, r < 8 ? torsion_hex[r] : other_hex[r - 8]);
		make_sig(&sig, &key, zero, zero, msg);
		judge(&s, &key, &sig, msg, true);
	}
	is_uint(s.differ, 0, "odd writing: one verdict on %u signatures", s.tried);
	ok(s.taken > 6, "odd writing: %u of them good", s.taken);
	is_uint(s.strict, 0, "odd writing: strictly none");
}

/* s and s + L are the same number; the second is refused. */
static void not_reduced(void)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
					   0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
					   0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	struct tn_key key = { { 1 } };
	struct tn_sig sig = { { 1 } };

	ok(tn_verify(&key, "x", 1, &sig), "identity signs anything with s = 0");
	memcpy(sig.b + 32, order, sizeof order);
	ok(!tn_verify(&key, "x", 1, &sig), "and not with s = L");
	sig.b[32]++;
	ok(!tn_verify(&key, "x", 1, &sig), "nor above");
}

static void many(void)
{
	enum { N = 40 };
	uint8_t seed[32] = { 7 };
	struct tn_secret k;
	struct tn_sig sig[N];
	struct tn_check check[N];
	bool good[N];
	unsigned wrong = 0;

	tn_secret_from_seed(&k, seed);
	for (unsigned i = 0; i < N; i++) {
		tn_sign(&k, seed, i % 32, &sig[i]);
		sig[i].b[i] ^= i % 3 == 0;
		check[i] = (struct tn_check){ &k.key, &sig[i], { seed, i % 32 } };
	}
	is_uint(tn_verify_many(check, N, good), N - 14, "of forty, fourteen are spoilt");
	for (unsigned i = 0; i < N; i++)
		wrong += good[i] != (i % 3 != 0);
	is_uint(wrong, 0, "and the verdicts are theirs");
	is_uint(tn_verify_many(NULL, 0, NULL), 0, "of none, none");
	tn_secret_wipe(&k);
	ok(sodium_is_zero((const uint8_t *)&k, sizeof k), "a wiped secret is gone");
}

int main(void)
{
	struct score plain;

	if (sodium_init() < 0)
		bail_out("libsodium");
	plain = sweep(false, false, 4);
	check_sweep("mixed order", plain);
	ok(plain.strict > 0, "mixed order: %u strictly good", plain.strict);
	check_sweep("key of small order", sweep(true, false, 2));
	check_sweep("R of small order", sweep(false, true, 2));
	check_sweep("both", sweep(true, true, 4));
	odd_writing();
	not_reduced();
	many();
	return done_testing();
}
