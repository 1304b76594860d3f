/* SPDX-License-Identifier: MIT
 * plugins/masternodes/text.h - what people write and read: hexadecimal digits, coins, tiers
 */
#ifndef PLUGINS_MASTERNODES_TEXT_H
#define PLUGINS_MASTERNODES_TEXT_H

#include "timenode/types_masternode.h"
#include "timenode/types_tx.h"

/* Exactly 2 * n digits. 0 or TN_EINVAL. */
int mn_hex_parse(struct tn_str, uint8_t *out, size_t n);
/* buf has room for 2 * n and NUL. Returns buf. */
const char *mn_hex_text(const uint8_t *, size_t n, char *buf);

/* "TXID:NUMBER". 0 or TN_EINVAL. */
int mn_coin_parse(struct tn_str, struct tn_outpoint *);

/* "Free", "Bronze"..., as on the wire: 0 or TN_EINVAL. */
int mn_tier_parse(struct tn_str, uint8_t *);
const char *mn_tier_text(uint32_t tier);

#endif
