/* SPDX-License-Identifier: MIT
 * t/11-lib-addr.c - addresses and subnets
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "timenode/base.h"

static struct tn_addr at(const char *text)
{
	struct tn_addr a;

	if (tn_addr_parse(&a, text, strlen(text)) != 0)
		bail_out("cannot read %s", text);
	return a;
}

static void good(void)
{
	static const struct {
		const char *text, *again, *ip;
		unsigned port;
	} t[] = {
		{ "1.2.3.4", "1.2.3.4", "1.2.3.4", 0 },
		{ "1.2.3.4:24100", "1.2.3.4:24100", "1.2.3.4", 24100 },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0", 0 },
		{ "255.255.255.255:65535", "255.255.255.255:65535", "255.255.255.255", 65535 },
		{ "::", "::", "::", 0 },
		{ "::1", "::1", "::1", 0 },
		{ "[::1]:24100", "[::1]:24100", "::1", 24100 },
		{ "2001:DB8:0:0:0:0:0:7", "2001:db8::7", "2001:db8::7", 0 },
		{ "::ffff:1.2.3.4", "1.2.3.4", "1.2.3.4", 0 },
		{ "::ffff:102:304", "1.2.3.4", "1.2.3.4", 0 },
		{ "[::ffff:1.2.3.4]:1", "1.2.3.4:1", "1.2.3.4", 1 },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
	};
	char buf[TN_ADDR_TEXT];
	unsigned i;

	for (i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct tn_addr a = at(t[i].text);

		is_str(tn_addr_text(&a, buf), t[i].again, "%s", t[i].text);
		is_str(tn_addr_ip_text(&a, buf), t[i].ip, "%s without port", t[i].text);
		is_uint(a.port, t[i].port, "%s: its port", t[i].text);
	}
}

/* Each value of a byte in each place, and each port: as libc writes them. */
static void digits(void)
{
	char buf[TN_ADDR_TEXT], ip[INET_ADDRSTRLEN], text[TN_ADDR_TEXT];
	struct tn_addr a = at("1.2.3.4");
	unsigned differ = 0;

	for (unsigned i = 0; i < 65536; i++) {
		for (unsigned k = 0; k < 4; k++)
			a.ip[12 + k] = (uint8_t)(i + 67 * k);
		a.port = (uint16_t)i;
		inet_ntop(AF_INET, a.ip + 12, ip, sizeof ip);
		snprintf(text, sizeof text, i ? "%s:%u" : "%s", ip, i);
		differ += strcmp(tn_addr_text(&a, buf), text) != 0;
		differ += strcmp(tn_addr_ip_text(&a, buf), ip) != 0;
	}
	is_uint(differ, 0, "every number is written as libc writes it");
}

static void bad(void)
{
	static const char *const t[] = {
		"",
		" ",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"01.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4:",
		"1.2.3.4:0",
		"1.2.3.4:65536",
		"1.2.3.4:024100",
		"1.2.3.4:-1",
		"1.2.3.4:+1",
		"1.2.3.4:1x",
		"1.2.3.4:999999",
		"a.b.c.d",
		"localhost",
		"localhost:24100",
		"0x7f.0.0.1",
		"127.1",
		"2130706433",
		":::",
		"1::2::3",
		"::g",
		"fe80::1%eth0",
		"[::1]",
		"[::1]:",
		"[::1]:0",
		"[1.2.3.4]:5",
		"[::1]24100",
		"[]:1",
		"[::1",
		"::1]:5",
		"[",
		"[]",
		":",
		":5",
		"1.2.3.4:5:6",
		"[::1]]:5",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"1.2.3.4/8",
	};
	struct tn_addr a, untouched;
	unsigned i;

	memset(&a, 0x5a, sizeof a);
	untouched = a;
	for (i = 0; i < sizeof t / sizeof t[0]; i++)
		is_int(tn_addr_parse(&a, t[i], strlen(t[i])), TN_EINVAL, "refused: \"%s\"", t[i]);
	is_int(tn_addr_parse(&a, "1.2.3.4\0", 8), TN_EINVAL, "refused: a NUL behind it");
	is_int(tn_addr_parse(&a, "1.2.3.4", 6), TN_EINVAL, "refused: cut before its end");
	is_int(tn_addr_parse(&a, NULL, 0), TN_EINVAL, "refused: nothing");
	is_mem(&a, &untouched, sizeof a, "a refusal writes nothing");
	is_int(tn_addr_parse(&a, "1.2.3.4:567", 9), 0, "only n bytes count");
	is_uint(a.port, 5, "so the port is short");
}

static void order(void)
{
	/* From the lowest to the highest: as numbers, not as text. */
	static const char *const t[] = {
		"0.0.0.0",        "9.0.0.1",         "10.0.0.1",    "50.28.104.50",
		"165.84.215.117", "255.255.255.255", "::",          "::1",
		"::fffe:0:0",     "2001:db8::",      "2001:db8::1", "ffff::",
	};
	unsigned i, j, wrong = 0;
	struct tn_addr a, b;

	for (i = 0; i < sizeof t / sizeof t[0]; i++)
		for (j = 0; j < sizeof t / sizeof t[0]; j++) {
			int got, want = (i > j) - (i < j);

			a = at(t[i]);
			b = at(t[j]);
			b.port = 7; /* ports do not count here */
			got = tn_addr_cmp_ip(&a, &b);
			wrong += (got > 0) - (got < 0) != want;
		}
	is_uint(wrong, 0, "numeric order, IPv4 first");
	a = at("1.2.3.4:9");
	b = at("1.2.3.4:10");
	ok(tn_addr_cmp(&a, &b) < 0 && tn_addr_cmp(&b, &a) > 0, "then by port");
	ok(tn_addr_cmp(&a, &a) == 0, "equal");
	b = at("1.2.3.5:1");
	ok(tn_addr_cmp(&a, &b) < 0, "the address counts before the port");
}

enum { UNSPEC = 1, LOOP = 2, PRIV = 4, OUT = 8 };

static const struct {
	const char *text;
	unsigned kind;
} kind[] = {
	{ "0.0.0.0", UNSPEC },
	{ "::", UNSPEC },
	{ "0.0.0.1", 0 },
	{ "127.0.0.1", LOOP },
	{ "127.255.0.9", LOOP },
	{ "::1", LOOP },
	{ "::2", 0 },
	{ "126.255.255.255", OUT },
	{ "128.0.0.1", OUT },
	{ "10.0.0.0", PRIV },
	{ "10.255.255.255", PRIV },
	{ "11.0.0.0", OUT },
	{ "172.15.255.255", OUT },
	{ "172.16.0.0", PRIV },
	{ "172.31.255.255", PRIV },
	{ "172.32.0.0", OUT },
	{ "192.168.1.1", PRIV },
	{ "192.169.0.0", OUT },
	{ "100.63.255.255", OUT },
	{ "100.64.0.0", 0 },
	{ "100.127.255.255", 0 },
	{ "100.128.0.0", OUT },
	{ "169.254.1.1", 0 },
	{ "192.0.2.1", 0 },
	{ "198.51.100.1", 0 },
	{ "203.0.113.1", 0 },
	{ "198.18.0.1", 0 },
	{ "198.19.255.255", 0 },
	{ "198.20.0.0", OUT },
	{ "223.255.255.255", OUT },
	{ "224.0.0.1", 0 },
	{ "239.1.1.1", 0 },
	{ "240.0.0.1", 0 },
	{ "255.255.255.255", 0 },
	{ "50.28.104.50", OUT },
	{ "fc00::1", PRIV },
	{ "fdff::1", PRIV },
	{ "fe00::1", 0 },
	{ "fe80::1", 0 },
	{ "ff02::1", 0 },
	{ "2001:db8::1", 0 },
	{ "2001:db9::1", OUT },
	{ "2001::1", 0 },
	{ "2002::1", 0 },
	{ "2a00:1450::1", OUT },
	{ "3fff::1", 0 },
	{ "4000::1", 0 },
	{ "1fff::1", 0 },
	{ "64:ff9b::1.2.3.4", 0 },
};

static void kinds(void)
{
	unsigned i, got;

	for (i = 0; i < sizeof kind / sizeof kind[0]; i++) {
		struct tn_addr a = at(kind[i].text);

		got = (tn_addr_is_unspecified(&a) ? UNSPEC : 0) |
		      (tn_addr_is_loopback(&a) ? LOOP : 0) | (tn_addr_is_private(&a) ? PRIV : 0) |
		      (tn_addr_routable(&a) ? OUT : 0);
		is_uint(got, kind[i].kind, "%s: what it is", kind[i].text);
	}
}

static bool same_group(const char *x, const char *y)
{
	struct tn_addr a = at(x), b = at(y);

	return tn_addr_group(&a) == tn_addr_group(&b);
}

static void groups(void)
{
	struct tn_addr a = at("1.2.3.4"), b = at("::1");

	ok(tn_addr_is_v4(&a) && !tn_addr_is_v4(&b), "families");
	ok(same_group("1.2.3.4:5", "1.2.255.255"), "one /16 of IPv4");
	ok(!same_group("1.2.3.4", "1.3.3.4"), "two of them");
	ok(!same_group("1.2.3.4", "2.2.3.4"), "two far ones");
	ok(same_group("2a00:1450::1", "2a00:1450:ffff::"), "one /32 of IPv6");
	ok(!same_group("2a00:1450::1", "2a00:1451::1"), "two of them");
	ok(!same_group("0.1.0.0", "0:1::"), "never one of both families");
}

static bool has(const char *subnet, const char *addr)
{
	struct tn_addr a = at(addr);
	struct tn_subnet s;

	if (tn_subnet_parse(&s, subnet, strlen(subnet)) != 0)
		bail_out("cannot read %s", subnet);
	return tn_subnet_has(&s, &a);
}

static void subnets(void)
{
	static const char *const t[] = {
		"",
		"/8",
		"127.0.0.0/",
		"127.0.0.1/8",
		"127.0.0.0/33",
		"127.0.0.0/08",
		"127.0.0.0/-1",
		"127.0.0.0/8/8",
		"127.0.0.0/8 ",
		"::1/127",
		"::/129",
		"x/8",
		"127.0.0.0:5/8",
		"[::]/0",
		"10.0.0.0/256",
	};
	struct tn_subnet s;
	unsigned i;

	for (i = 0; i < sizeof t / sizeof t[0]; i++)
		is_int(tn_subnet_parse(&s, t[i], strlen(t[i])), TN_EINVAL, "refused: %s", t[i]);
	ok(has("127.0.0.0/8", "127.255.1.1:5"), "inside");
	ok(!has("127.0.0.0/8", "128.0.0.0"), "outside");
	ok(has("10.1.2.3", "10.1.2.3") && !has("10.1.2.3", "10.1.2.2"), "one address");
	ok(has("10.1.2.128/25", "10.1.2.255") && !has("10.1.2.128/25", "10.1.2.127"), "odd bits");
	ok(has("0.0.0.0/0", "9.9.9.9") && !has("0.0.0.0/0", "::1"), "all of IPv4 alone");
	ok(has("::/0", "::1") && !has("::/0", "9.9.9.9"), "all of IPv6 alone");
	ok(has("::1", "::1") && !has("::1", "::2"), "one IPv6 address");
	ok(has("2001:db8::/33", "2001:db8:7fff::") && !has("2001:db8::/33", "2001:db8:8000::"),
	   "bits in the middle of a byte");
	ok(has("::ffff:10.0.0.0/104", "10.9.9.9"), "the mapped form");
	ok(tn_subnet_parse(&s, "127.0.0.0/8", 11) == 0 && s.bits == 104, "bits of the 128");
}

int main(void)
{
	good();
	digits();
	bad();
	order();
	kinds();
	groups();
	subnets();
	return done_testing();
}
