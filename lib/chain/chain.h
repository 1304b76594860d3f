/* SPDX-License-Identifier: MIT
 * lib/chain/chain.h - what the files of lib/chain share
 */
#ifndef LIB_CHAIN_CHAIN_H
#define LIB_CHAIN_CHAIN_H

#include <string.h>

#include "timenode/chain.h"
#include "timenode/util.h"

/* Adds a value's bincode to the digest under way. */
void sha_add_value(struct tn_sha *s, const struct tn_schema *schema, const void *value);

/* Little-endian, as everything that is hashed or signed. */
static inline void put_le32(uint8_t out[4], uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static inline void put_le64(uint8_t out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static inline uint64_t get_le64(const uint8_t in[8])
{
	uint64_t v = 0;

	for (unsigned i = 8; i-- > 0;)
		v = v << 8 | in[i];
	return v;
}

static inline void sha_add_le64(struct tn_sha *s, uint64_t v)
{
	uint8_t b[8];

	put_le64(b, v);
	tn_sha_add(s, b, sizeof b);
}

#endif
