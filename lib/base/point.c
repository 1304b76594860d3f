/* SPDX-License-Identifier: MIT
 * lib/base/point.c - which 32 bytes the reference reads as an Ed25519 public key
 *
 * libsodium's own check, crypto_core_ed25519_is_valid_point, refuses much that the
 * reference takes. Its addition refuses exactly what is not on the curve.
 */
#include "base/point.h"

#include <sodium.h>

bool point_decodes(const uint8_t b[32])
{
	static const uint8_t identity[32] = { 1 };
	uint8_t sum[32];

	return crypto_core_ed25519_add(sum, b, identity) == 0;
}
