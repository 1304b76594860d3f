/* SPDX-License-Identifier: MIT
 * lib/chain/address.c - addresses as text
 */
#include "chain/chain.h"

#define PREFIX "TIME"
#define BODY (sizeof PREFIX) /* prefix and digit: where base58 begins */

enum {
	RAW = TN_ADDRESS_PAYLOAD + 4,
	DIGITS = 35, /* 58^33 > 256^24, in steps of five */
	FIVE_DIGITS = 58 * 58 * 58 * 58 * 58,
	LIMBS = RAW / 4
};

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

int tn_address_payload(struct tn_sha *s, const struct tn_key *key, uint8_t out[TN_ADDRESS_PAYLOAD])
{
	struct tn_hash h;

	if (tn_sha256(s, key->b, sizeof key->b, &h) != 0)
		return TN_ENOMEM;
	memcpy(out, h.b, TN_ADDRESS_PAYLOAD);
	return 0;
}

static int checksum(struct tn_sha *s, const uint8_t payload[TN_ADDRESS_PAYLOAD], uint8_t out[4])
{
	struct tn_hash h;

	if (tn_sha256(s, payload, TN_ADDRESS_PAYLOAD, &h) != 0 ||
	    tn_sha256(s, h.b, sizeof h.b, &h) != 0)
		return TN_ENOMEM;
	memcpy(out, h.b, 4);
	return 0;
}

/* A zero byte in front is a '1' in front, and stands for nothing in the number. */
static size_t leading(const char *p, size_t n, char c)
{
	size_t i = 0;

	while (i < n && p[i] == c)
		i++;
	return i;
}

/* Divides the number, its highest limb first, by 58^5; the rest of it. */
static uint32_t divide(uint32_t limb[LIMBS])
{
	uint64_t rest = 0;

	for (unsigned i = 0; i < LIMBS; i++) {
		rest = rest << 32 | limb[i];
		limb[i] = (uint32_t)(rest / FIVE_DIGITS);
		rest %= FIVE_DIGITS;
	}
	return (uint32_t)rest;
}

/* Every payment's keys come by here: five digits at a time. */
static void base58_write(const uint8_t raw[RAW], char *out)
{
	uint32_t limb[LIMBS] = { 0 };
	uint8_t digit[DIGITS];
	size_t zeros = leading((const char *)raw, RAW, '\0'), first = 0;

	for (unsigned i = 0; i < RAW; i++)
		limb[i / 4] = limb[i / 4] << 8 | raw[i];
	for (size_t d = DIGITS; d > 0;) {
		uint32_t five = divide(limb);

		for (unsigned i = 0; i < 5; i++, five /= 58)
			digit[--d] = (uint8_t)(five % 58);
	}
	while (first < DIGITS && digit[first] == 0)
		first++;
	memset(out, alphabet[0], zeros);
	out += zeros;
	for (; first < DIGITS; first++)
		*out++ = alphabet[digit[first]];
	*out = '\0';
}

/* Value of a base58 character, or 58. */
static unsigned value_of(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (unsigned)(at - alphabet) : 58;
}

/* 0; 1 if it stands for another number of bytes than RAW; 2 if it is not base58. */
static int base58_read(const char *p, size_t n, uint8_t raw[RAW])
{
	size_t ones = leading(p, n, alphabet[0]), zeros;
	bool overflow = false;

	memset(raw, 0, RAW);
	for (size_t i = 0; i < n; i++) {
		unsigned carry = value_of(p[i]);

		if (carry == 58)
			return 2;
		for (size_t b = RAW; b-- > 0; carry >>= 8) {
			carry += raw[b] * 58U;
			raw[b] = (uint8_t)carry;
		}
		overflow = overflow || carry > 0;
	}
	zeros = leading((const char *)raw, RAW, '\0');
	return overflow || zeros != ones;
}

int tn_address_text(struct tn_sha *s, char digit, const uint8_t payload[TN_ADDRESS_PAYLOAD],
		    char buf[TN_ADDRESS_TEXT])
{
	uint8_t raw[RAW];

	if (checksum(s, payload, raw + TN_ADDRESS_PAYLOAD) != 0)
		return TN_ENOMEM;
	memcpy(raw, payload, TN_ADDRESS_PAYLOAD);
	memcpy(buf, PREFIX, strlen(PREFIX));
	buf[strlen(PREFIX)] = digit;
	base58_write(raw, buf + BODY);
	return 0;
}

int tn_address_of_key(struct tn_sha *s, char digit, const struct tn_key *key,
		      char buf[TN_ADDRESS_TEXT])
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];

	if (tn_address_payload(s, key, payload) != 0)
		return TN_ENOMEM;
	return tn_address_text(s, digit, payload, buf);
}

static const char *fault_of(const char *text, size_t n, uint8_t raw[RAW])
{
	static const char *const faults[] = { NULL, "not 24 bytes", "not base58" };

	if (n < strlen(PREFIX) || memcmp(text, PREFIX, strlen(PREFIX)) != 0)
		return "prefix";
	if (n < BODY || (text[BODY - 1] != '0' && text[BODY - 1] != '1'))
		return "network digit";
	return faults[base58_read(text + BODY, n - BODY, raw)];
}

int tn_address_parse(struct tn_sha *s, const char *text, size_t n, char *digit,
		     uint8_t payload[TN_ADDRESS_PAYLOAD], struct tn_error *err)
{
	uint8_t raw[RAW], sum[4];
	const char *fault = fault_of(text, n, raw);

	if (fault)
		return tn_fail(err, TN_EBAD, "%s", fault);
	if (checksum(s, raw, sum) != 0)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (memcmp(sum, raw + TN_ADDRESS_PAYLOAD, sizeof sum) != 0)
		return tn_fail(err, TN_EBAD, "bad checksum");
	*digit = text[BODY - 1];
	memcpy(payload, raw, TN_ADDRESS_PAYLOAD);
	return 0;
}
