/* SPDX-License-Identifier: MIT
 * plugins/transactions/siphash.h - SipHash-2-4: a hash that nobody without the key can steer
 *
 * After Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). For tables whose keys
 * peers choose.
 */
#ifndef PLUGINS_TRANSACTIONS_SIPHASH_H
#define PLUGINS_TRANSACTIONS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t sip_rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = sip_rotate(v[1], 13) ^ v[0];
		v[3] = sip_rotate(v[3], 16) ^ v[2];
		v[0] = sip_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = sip_rotate(v[1], 17) ^ v[2];
		v[3] = sip_rotate(v[3], 21) ^ v[0];
		v[2] = sip_rotate(v[2], 32);
	}
}

static inline uint64_t siphash(const uint64_t key[2], const uint8_t *p, size_t n)
{
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575),
			  key[1] ^ UINT64_C(0x646f72616e646f6d),
			  key[0] ^ UINT64_C(0x6c7967656e657261),
			  key[1] ^ UINT64_C(0x7465646279746573) };
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++) {
		word |= (uint64_t)p[i] << 8 * (i % 8);
		if (i % 8 != 7)
			continue;
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
		word = 0;
	}
	word |= (uint64_t)n << 56;
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
