/* SPDX-License-Identifier: MIT
 * lib/base/addr.c - addresses: parse, print, compare, classify
 */
#include "timenode/base.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

enum { V4_BITS = 96 }; /* of an IPv4 address in its mapped form */

bool tn_addr_is_v4(const struct tn_addr *a)
{
	return memcmp(a->ip, mapped, sizeof mapped) == 0;
}

/* One address without port; *colon tells whether it was written as IPv6. */
static int parse_ip(uint8_t ip[16], const char *text, size_t n, bool *colon)
{
	char copy[INET6_ADDRSTRLEN];

	if (n == 0 || n >= sizeof copy || memchr(text, '\0', n))
		return TN_EINVAL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	*colon = strchr(copy, ':') != NULL;
	if (*colon)
		return inet_pton(AF_INET6, copy, ip) == 1 ? 0 : TN_EINVAL;
	memcpy(ip, mapped, sizeof mapped);
	return inet_pton(AF_INET, copy, ip + 12) == 1 ? 0 : TN_EINVAL;
}

/* Decimal without sign or leading zero, from 0 to max. */
static int parse_number(unsigned *out, const char *text, size_t n, unsigned max)
{
	unsigned v = 0;
	size_t i;

	if (n == 0 || n > 5 || (n > 1 && text[0] == '0'))
		return TN_EINVAL;
	for (i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return TN_EINVAL;
		v = v * 10 + (unsigned)(text[i] - '0');
	}
	if (v > max)
		return TN_EINVAL;
	*out = v;
	return 0;
}

/* Where the port's colon is: behind "]" for IPv6, the only colon for IPv4. */
static const char *find_port(const char *text, size_t n)
{
	const char *colon = memchr(text, ':', n);

	if (n && text[0] == '[') {
		const char *end = memchr(text, ']', n);

		return end && end + 1 < text + n && end[1] == ':' ? end + 1 : NULL;
	}
	if (colon && memchr(colon + 1, ':', (size_t)(text + n - colon - 1)))
		return NULL;
	return colon;
}

int tn_addr_parse(struct tn_addr *out, const char *text, size_t n)
{
	struct tn_addr a = { .port = 0 };
	const char *port = n ? find_port(text, n) : NULL;
	size_t ip_n = port ? (size_t)(port - text) : n;
	bool bracket = port && text[0] == '[', colon;
	unsigned number = 0;

	if (port) {
		if (parse_number(&number, port + 1, n - ip_n - 1, 65535) != 0 || number == 0)
			return TN_EINVAL;
		a.port = (uint16_t)number;
	}
	if (bracket) {
		text++;
		ip_n -= 2;
	}
	if (parse_ip(a.ip, text, ip_n, &colon) != 0 || (bracket && !colon))
		return TN_EINVAL;
	*out = a;
	return 0;
}

/* By hand: log lines and answers print an address each, and inet_ntop goes through printf. */
static char *put_number(char *to, unsigned v)
{
	char digit[10];
	size_t n = 0;

	do
		digit[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*to++ = digit[--n];
	return to;
}

/* Returns where its NUL is. */
static char *put_ip(char *to, const struct tn_addr *a)
{
	if (!tn_addr_is_v4(a)) {
		inet_ntop(AF_INET6, a->ip, to, INET6_ADDRSTRLEN);
		return to + strlen(to);
	}
	for (int i = 12; i < 16; i++) {
		to = put_number(to, a->ip[i]);
		*to++ = '.';
	}
	*--to = '\0';
	return to;
}

const char *tn_addr_ip_text(const struct tn_addr *a, char buf[TN_ADDR_TEXT])
{
	put_ip(buf, a);
	return buf;
}

const char *tn_addr_text(const struct tn_addr *a, char buf[TN_ADDR_TEXT])
{
	char *to = buf;

	if (a->port == 0)
		return tn_addr_ip_text(a, buf);
	if (!tn_addr_is_v4(a))
		*to++ = '[';
	to = put_ip(to, a);
	if (!tn_addr_is_v4(a))
		*to++ = ']';
	*to++ = ':';
	*put_number(to, a->port) = '\0';
	return buf;
}

int tn_addr_cmp_ip(const struct tn_addr *a, const struct tn_addr *b)
{
	bool a4 = tn_addr_is_v4(a), b4 = tn_addr_is_v4(b);

	if (a4 != b4)
		return a4 ? -1 : 1;
	return memcmp(a->ip, b->ip, sizeof a->ip);
}

int tn_addr_cmp(const struct tn_addr *a, const struct tn_addr *b)
{
	int order = tn_addr_cmp_ip(a, b);

	if (order)
		return order;
	return (a->port > b->port) - (a->port < b->port);
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

struct range4 {
	uint8_t ip[4];
	uint8_t bits;
};

struct range6 {
	uint8_t ip[6];
	uint8_t bits;
};

static uint32_t word4(const uint8_t ip[4])
{
	return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

/* No range is shorter than one bit. */
static bool in_range4(const struct tn_addr *a, const struct range4 *r, size_t n)
{
	uint32_t ip = word4(a->ip + 12);

	for (size_t i = 0; i < n; i++)
		if ((ip ^ word4(r[i].ip)) >> (32 - r[i].bits) == 0)
			return true;
	return false;
}

bool tn_addr_is_unspecified(const struct tn_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(tn_addr_is_v4(a) ? a->ip + 12 : a->ip, zero, tn_addr_is_v4(a) ? 4 : 16) == 0;
}

bool tn_addr_is_loopback(const struct tn_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (tn_addr_is_v4(a))
		return a->ip[12] == 127;
	return memcmp(a->ip, one, sizeof one) == 0;
}

bool tn_addr_is_private(const struct tn_addr *a)
{
	static const struct range4 rfc1918[] = { { { 10, 0, 0, 0 }, 8 },
						 { { 172, 16, 0, 0 }, 12 },
						 { { 192, 168, 0, 0 }, 16 } };

	if (tn_addr_is_v4(a))
		return in_range4(a, rfc1918, sizeof rfc1918 / sizeof rfc1918[0]);
	return (a->ip[0] & 0xfe) == 0xfc;
}

static bool routable4(const struct tn_addr *a)
{
	static const struct range4 special[] = {
		{ { 0, 0, 0, 0 }, 8 },       /* this network */
		{ { 100, 64, 0, 0 }, 10 },   /* shared, RFC 6598 */
		{ { 127, 0, 0, 0 }, 8 },     /* loopback */
		{ { 169, 254, 0, 0 }, 16 },  /* link-local */
		{ { 192, 0, 0, 0 }, 24 },    /* protocol assignments */
		{ { 192, 0, 2, 0 }, 24 },    /* documentation */
		{ { 192, 88, 99, 0 }, 24 },  /* 6to4 relays, withdrawn */
		{ { 198, 18, 0, 0 }, 15 },   /* benchmarking */
		{ { 198, 51, 100, 0 }, 24 }, /* documentation */
		{ { 203, 0, 113, 0 }, 24 },  /* documentation */
		{ { 224, 0, 0, 0 }, 4 },     /* multicast */
		{ { 240, 0, 0, 0 }, 4 },     /* reserved, broadcast */
	};

	return !tn_addr_is_private(a) && !in_range4(a, special, sizeof special / sizeof special[0]);
}

static bool routable6(const struct tn_addr *a)
{
	static const struct range6 special[] = {
		{ { 0x20, 0x01, 0, 0 }, 23 },       /* assignments: Teredo, benchmarking, ORCHID */
		{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
		{ { 0x20, 0x02 }, 16 },             /* 6to4, withdrawn */
		{ { 0x3f, 0xff }, 20 },             /* documentation */
	};
	size_t i;

	if ((a->ip[0] & 0xe0) != 0x20) /* global unicast is 2000::/3 */
		return false;
	for (i = 0; i < sizeof special / sizeof special[0]; i++)
		if (same_bits(a->ip, special[i].ip, special[i].bits))
			return false;
	return true;
}

bool tn_addr_routable(const struct tn_addr *a)
{
	return tn_addr_is_v4(a) ? routable4(a) : routable6(a);
}

uint64_t tn_addr_group(const struct tn_addr *a)
{
	const uint8_t *p = a->ip;

	if (tn_addr_is_v4(a))
		return (uint64_t)4 << 32 | (uint64_t)p[12] << 8 | p[13];
	return (uint64_t)6 << 32 | (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 |
	       (uint64_t)p[2] << 8 | p[3];
}

static bool host_bits_zero(const uint8_t ip[16], unsigned bits)
{
	unsigned i;

	for (i = bits; i < 128; i++)
		if (ip[i / 8] >> (7 - i % 8) & 1)
			return false;
	return true;
}

int tn_subnet_parse(struct tn_subnet *out, const char *text, size_t n)
{
	const char *slash = n ? memchr(text, '/', n) : NULL;
	size_t ip_n = slash ? (size_t)(slash - text) : n;
	struct tn_subnet s;
	unsigned bits = 128;
	bool colon;

	if (parse_ip(s.ip, text, ip_n, &colon) != 0)
		return TN_EINVAL;
	if (slash) {
		unsigned base = colon ? 0 : V4_BITS;

		if (parse_number(&bits, slash + 1, n - ip_n - 1, 128 - base) != 0)
			return TN_EINVAL;
		bits += base;
	}
	if (!host_bits_zero(s.ip, bits))
		return TN_EINVAL;
	s.bits = (uint8_t)bits;
	*out = s;
	return 0;
}

/* A short IPv6 prefix such as ::/0 does not mean IPv4 as well. */
bool tn_subnet_has(const struct tn_subnet *s, const struct tn_addr *a)
{
	if (s->bits < V4_BITS && tn_addr_is_v4(a))
		return false;
	return same_bits(s->ip, a->ip, s->bits);
}
