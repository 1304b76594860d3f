/* SPDX-License-Identifier: MIT
 * lib/chain/keys.c - Ed25519 that takes what the reference takes
 *
 * libsodium is asked first. Up to 1.0.18 it checks the same equation as the reference and
 * refuses more, so its yes stands; its no stands too unless the key or R is one of the odd
 * points that it refuses unseen. Those are judged here, by the equation written out.
 */
#include <sodium.h>

#include "base/point.h"
#include "chain/chain.h"

/* Whether a later one still does is not known, so it is not asked. */
#define SODIUM_CHECKS_EXACTLY (SODIUM_LIBRARY_VERSION_MAJOR <= 10)

typedef uint8_t point[32];

/* The points of order 1, 2, 4 and 8. */
static const point torsion[8] = {
	{ 0x01 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x00 },
	{ [31] = 0x80 },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x85 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0xfa },
};

void tn_secret_from_seed(struct tn_secret *out, const uint8_t seed[32])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(out->key.b, sk, seed);
	memcpy(out->seed, seed, sizeof out->seed);
	sodium_memzero(sk, sizeof sk);
}

void tn_secret_wipe(struct tn_secret *s)
{
	sodium_memzero(s, sizeof *s);
}

void tn_sign(const struct tn_secret *s, const void *msg, size_t n, struct tn_sig *out)
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	memcpy(sk, s->seed, sizeof s->seed);
	memcpy(sk + sizeof s->seed, s->key.b, sizeof s->key.b);
	crypto_sign_detached(out->b, NULL, msg, n, sk);
	sodium_memzero(sk, sizeof sk);
}

bool tn_key_decodes(const struct tn_key *key)
{
	return point_decodes(key->b);
}

static bool small_order(const point p)
{
	for (unsigned i = 0; i < 8; i++)
		if (memcmp(p, torsion[i], sizeof torsion[i]) == 0)
			return true;
	return false;
}

/* s < L = 2^252 + 27742317777372353535851937790883648493, from the top byte down. */
static bool below_order(const uint8_t s[32])
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
					   0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
					   0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };

	for (unsigned i = 32; i-- > 0;)
		if (s[i] != order[i])
			return s[i] < order[i];
	return false;
}

/* k = SHA-512(R, key as it was given, message) modulo L. */
static void challenge(uint8_t k[32], const struct tn_key *key, const void *msg, size_t n,
		      const struct tn_sig *sig)
{
	crypto_hash_sha512_state h;
	uint8_t wide[crypto_hash_sha512_BYTES];

	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, sig->b, 32);
	crypto_hash_sha512_update(&h, key->b, sizeof key->b);
	crypto_hash_sha512_update(&h, msg, n);
	crypto_hash_sha512_final(&h, wide);
	crypto_core_ed25519_scalar_reduce(k, wide);
}

/* out = [k]t for a point of small order. */
static void multiply_small(point out, const uint8_t k[32], const point t)
{
	memcpy(out, torsion[0], sizeof torsion[0]);
	for (unsigned i = k[0] & 7; i > 0; i--)
		crypto_core_ed25519_add(out, out, t);
}

/* out = [k]a for any point. libsodium multiplies in the group of prime order alone, so a is
 * taken apart: exactly one of the eight differences a - t lies there.
 */
static bool multiply(point out, const uint8_t k[32], const point a)
{
	point rest, part;

	for (unsigned i = 0; i < 8; i++) {
		crypto_core_ed25519_sub(rest, a, torsion[i]);
		multiply_small(part, k, torsion[i]);
		if (memcmp(rest, torsion[0], sizeof rest) == 0 || sodium_is_zero(k, 32)) {
			memcpy(out, part, sizeof part);
			return true;
		}
		if (crypto_scalarmult_ed25519_noclamp(out, k, rest) == 0)
			return crypto_core_ed25519_add(out, out, part) == 0;
	}
	return false;
}

/* Is R = [s]B - [k]A, byte for byte? a: the key, written canonically. */
static bool equation_holds(const struct tn_key *key, const point a, const void *msg, size_t n,
			   const struct tn_sig *sig)
{
	uint8_t k[32];
	point ka, r;

	if (!below_order(sig->b + 32))
		return false;
	challenge(k, key, msg, n, sig);
	memcpy(r, torsion[0], sizeof r);
	if (!sodium_is_zero(sig->b + 32, 32) &&
	    crypto_scalarmult_ed25519_base_noclamp(r, sig->b + 32) != 0)
		return false;
	if (!multiply(ka, k, a) || crypto_core_ed25519_sub(r, r, ka) != 0)
		return false;
	return memcmp(r, sig->b, sizeof r) == 0;
}

/* Does libsodium look at such a point at all? It compares y alone, whatever the sign: not that of
 * a point of small order, and below p. Only where x is 0 can a sign be written wrongly, and
 * those two points are of small order.
 */
static bool ordinary(const point p)
{
	point y;
	unsigned i = 30;

	memcpy(y, p, sizeof y);
	y[31] &= 0x7f;
	if (small_order(y))
		return false;
	while (i > 0 && y[i] == 0xff)
		i--;
	return y[31] != 0x7f || i > 0 || y[0] < 0xed;
}

bool tn_verify(const struct tn_key *key, const void *msg, size_t n, const struct tn_sig *sig)
{
	point a;

	if (SODIUM_CHECKS_EXACTLY) {
		if (crypto_sign_verify_detached(sig->b, msg, n, key->b) == 0)
			return true;
		if (ordinary(sig->b) && ordinary(key->b))
			return false;
	}
	if (crypto_core_ed25519_add(a, key->b, torsion[0]) != 0)
		return false;
	return equation_holds(key, a, msg, n, sig);
}

/* A key that is a point of small order, or not written canonically, is not ordinary; of all others that
 * tn_verify takes none is either. So it need not be decoded once more to see that.
 */
bool tn_verify_strict(const struct tn_key *key, const void *msg, size_t n, const struct tn_sig *sig)
{
	return !small_order(sig->b) && ordinary(key->b) && tn_verify(key, msg, n, sig);
}

size_t tn_verify_many(const struct tn_check *check, size_t n, bool *good)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct tn_check *c = &check[i];

		good[i] = tn_verify(c->key, c->msg.p, c->msg.n, c->sig);
		count += good[i];
	}
	return count;
}

static const void *copy(struct tn_arena *a, const void *p, size_t n)
{
	void *to = tn_alloc(a, n);

	if (to && n)
		memcpy(to, p, n);
	return to;
}

int tn_checks_copy(struct tn_arena *a, const struct tn_check *check, size_t n,
		   struct tn_checks *out)
{
	struct tn_check *v = tn_alloc(a, n * sizeof *v);

	if (!v)
		return TN_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		v[i].key = copy(a, check[i].key, sizeof *check[i].key);
		v[i].sig = copy(a, check[i].sig, sizeof *check[i].sig);
		v[i].msg.p = copy(a, check[i].msg.p, check[i].msg.n);
		v[i].msg.n = check[i].msg.n;
		if (!v[i].key || !v[i].sig || !v[i].msg.p)
			return TN_ENOMEM;
	}
	*out = (struct tn_checks){ v, n };
	return 0;
}

void tn_checks_run(const void *in, void *out)
{
	const struct tn_checks *c = in;

	tn_verify_many(c->check, c->n, out);
}
