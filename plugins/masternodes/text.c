/* SPDX-License-Identifier: MIT
 * plugins/masternodes/text.c - what people write and read: hexadecimal digits, coins, tiers
 */
#include "text.h"

#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int mn_hex_parse(struct tn_str text, uint8_t *out, size_t n)
{
	if (text.n != 2 * n)
		return TN_EINVAL;
	for (size_t i = 0; i < n; i++) {
		int hi = digit(text.p[2 * i]), lo = digit(text.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return TN_EINVAL;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

const char *mn_hex_text(const uint8_t *p, size_t n, char *buf)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		buf[2 * i] = digits[p[i] >> 4];
		buf[2 * i + 1] = digits[p[i] & 15];
	}
	buf[2 * n] = '\0';
	return buf;
}

int mn_coin_parse(struct tn_str text, struct tn_outpoint *out)
{
	const size_t id = 2 * sizeof out->txid.b;
	struct tn_outpoint o;
	uint64_t vout = 0;

	if (text.n < id + 2 || text.n > id + 11 || text.p[id] != ':' ||
	    mn_hex_parse((struct tn_str){ text.p, (uint32_t)id }, o.txid.b, sizeof o.txid.b))
		return TN_EINVAL;
	for (size_t i = id + 1; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return TN_EINVAL;
		vout = 10 * vout + (uint64_t)(text.p[i] - '0');
	}
	if (vout > UINT32_MAX)
		return TN_EINVAL;
	o.vout = (uint32_t)vout;
	*out = o;
	return 0;
}

static const char *const tiers[] = { "Free", "Bronze", "Silver", "Gold" };

int mn_tier_parse(struct tn_str text, uint8_t *out)
{
	for (uint8_t i = 0; i < sizeof tiers / sizeof *tiers; i++)
		if (text.n == strlen(tiers[i]) && !memcmp(text.p, tiers[i], text.n)) {
			*out = i;
			return 0;
		}
	return TN_EINVAL;
}

const char *mn_tier_text(uint32_t tier)
{
	return tier < sizeof tiers / sizeof *tiers ? tiers[tier] : "?";
}
