/* SPDX-License-Identifier: MIT
 * t/35-net-dial-rule.c - one side dials, and nobody waits for ever
 */
#include <string.h>

#include "lib/tap.h"
#include "net/dial_rule.h"

#define WAIT_US 90000000u

static struct tn_addr addr(const char *text, uint16_t port)
{
	struct tn_addr a = { { 0 }, 0 };

	if (tn_addr_parse(&a, text, strlen(text)))
		bail_out("no address: %s", text);
	if (!a.port)
		a.port = port;
	return a;
}

static struct dial_answer ask(enum conf_dial_rule rule, const struct tn_addr *local,
			      const struct tn_addr *peer, uint64_t waited)
{
	struct dial_question q = { rule, local, peer, false, waited, WAIT_US };

	return dial_rule(&q);
}

/* ---- pairs in numeric order: the first is the lower one */

static const struct pair {
	const char *low, *high;
} pairs[] = {
	{ "50.28.104.50", "69.167.168.176" },
	{ "9.0.0.1", "10.0.0.1" },
	{ "50.28.104.50", "165.84.215.117" },
	{ "127.0.0.1", "127.0.0.2" },
	{ "0.0.0.1", "255.255.255.254" },
	{ "2001:db8::9", "2001:db8::10" },
	{ "2001:db8::1", "2001:db8:1::" },
	{ "::1", "fe80::1" },
	{ "255.255.255.254", "::1" },
	{ "69.167.168.176", "2001:db8::7" },
	{ "10.0.0.1:24100", "10.0.0.1:24101" },
	{ "127.0.0.1:9", "127.0.0.1:24200" },
	{ "[2001:db8::7]:80", "[2001:db8::7]:24100" },
};

/* The side that the rule names dials at once; the other waits, and not for ever. */
static void decided(const char *what, enum conf_dial_rule rule, const struct tn_addr *dialer,
		    const struct tn_addr *other)
{
	struct dial_answer a = ask(rule, dialer, other, 0), b = ask(rule, other, dialer, 0);

	ok(a.dial && !b.dial, "%s: exactly one side dials", what);
	is_int(a.why, rule == DIAL_LOWER ? DIAL_WHY_LOWER : DIAL_WHY_HIGHER, "and says why");
	is_int(b.why, DIAL_WHY_THEIRS, "the other leaves it to them");
	is_uint(b.wait_us, WAIT_US, "for the passive wait");
	b = ask(rule, other, dialer, WAIT_US - 7);
	ok(!b.dial && b.wait_us == 7, "to its end");
	b = ask(rule, other, dialer, WAIT_US);
	ok(b.dial && b.why == DIAL_WHY_WAITED, "then it dials");
	b = ask(rule, other, dialer, UINT64_MAX);
	ok(b.dial, "and goes on dialing");
}

static void pair(const struct pair *p)
{
	struct tn_addr low = addr(p->low, 24100), high = addr(p->high, 24100);

	decided(p->low, DIAL_LOWER, &low, &high);
	decided(p->high, DIAL_HIGHER, &high, &low);
	ok(ask(DIAL_ANY, &low, &high, 0).dial && ask(DIAL_ANY, &high, &low, 0).dial,
	   "any: both dial");
}

/* ---- an own address that is not known: dial, whatever the rule */

static void unknown(const char *what, const struct tn_addr *local)
{
	static const char *const peers[] = { "50.28.104.50", "1.0.0.1", "2001:db8::7" };

	for (int rule = DIAL_LOWER; rule <= DIAL_ANY; rule++) {
		for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
			struct tn_addr peer = addr(peers[i], 24100);
			struct dial_answer a = ask(rule, local, &peer, 0);

			ok(a.dial, "%s: rule %d dials %s", what, rule, peers[i]);
			is_int(a.why, rule == DIAL_ANY ? DIAL_WHY_ANY : DIAL_WHY_UNKNOWN,
			       "and says why");
		}
	}
}

/* Both sides are wrong about themselves: one believed address each. */
static void mistaken(const char *a_believes, const char *b_believes)
{
	struct tn_addr a = addr("60.0.0.1", 24100), b = addr("70.0.0.1", 24100);
	struct tn_addr wrong_a = addr(a_believes, 24100), wrong_b = addr(b_believes, 24100);
	struct dial_answer of_a = ask(DIAL_LOWER, &wrong_a, &b, 0);
	struct dial_answer of_b = ask(DIAL_LOWER, &wrong_b, &a, 0);

	if (tn_addr_cmp(&wrong_a, &b) < 0) {
		ok(of_a.dial && of_b.dial, "both believe they are lower: both dial");
		return;
	}
	ok(!of_a.dial && !of_b.dial, "both believe they are higher: nobody dials at once");
	ok(of_a.wait_us <= WAIT_US && of_b.wait_us <= WAIT_US, "nor waits for ever");
	of_a = ask(DIAL_LOWER, &wrong_a, &b, of_a.wait_us);
	of_b = ask(DIAL_LOWER, &wrong_b, &a, of_b.wait_us);
	ok(of_a.dial && of_b.dial, "when the wait is over they do");
}

/* ---- ourselves, and two behind one address */

static void same_address(void)
{
	struct tn_addr a = addr("50.28.104.50", 24100), bare = a;

	bare.port = 0;
	for (int rule = DIAL_LOWER; rule <= DIAL_ANY; rule++) {
		struct dial_answer r = ask(rule, &a, &a, UINT64_MAX);

		ok(!r.dial && r.why == DIAL_WHY_SELF, "rule %d: never ourselves", rule);
		is_uint(r.wait_us, UINT64_MAX, "not later either");
		ok(ask(rule, &bare, &a, 0).dial, "without our own port we cannot know: dial");
		ok(ask(rule, &a, &bare, 0).dial, "nor without theirs");
		ok(ask(rule, &bare, &bare, 0).dial, "nor without both");
	}
}

static void ports_do_not_decide_between_hosts(void)
{
	struct tn_addr low = addr("9.0.0.1", 65535), high = addr("10.0.0.1", 1);

	decided("a lower address with a higher port", DIAL_LOWER, &low, &high);
	low.port = 0;
	decided("a lower address without a port", DIAL_LOWER, &low, &high);
}

static void mapped(void)
{
	struct tn_addr local = addr("::ffff:9.0.0.1", 24100), peer = addr("10.0.0.1", 24100);

	ok(ask(DIAL_LOWER, &local, &peer, 0).dial, "a mapped address is its IPv4 address");
	peer = addr("::1", 24100);
	ok(ask(DIAL_LOWER, &local, &peer, 0).dial, "and is below every IPv6 address");
}

static void old_nodes(void)
{
	struct tn_addr a = addr("70.0.0.1", 24100), b = addr("60.0.0.1", 24100);
	struct dial_question q = { DIAL_LOWER, &a, &b, true, 0, WAIT_US };

	ok(dial_rule(&q).dial, "an old node is dialed against the rule");
	is_int(dial_rule(&q).why, DIAL_WHY_LEGACY, "because it is old");
	q.rule = DIAL_HIGHER;
	ok(dial_rule(&q).dial, "and with it");
	q.peer = &a;
	ok(!dial_rule(&q).dial, "but never ourselves");
}

static void texts(void)
{
	is_str(dial_why_text(DIAL_WHY_LOWER), "we have lower IP", "the words of the log");
	for (int i = DIAL_WHY_LOWER; i <= DIAL_WHY_SELF; i++)
		for (int j = i + 1; j <= DIAL_WHY_SELF; j++)
			ok(strcmp(dial_why_text(i), dial_why_text(j)) != 0, "%d and %d differ", i,
			   j);
}

int main(void)
{
	struct tn_addr v4 = addr("0.0.0.0", 24100), v6 = addr("::", 24100);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		pair(&pairs[i]);
	unknown("unset", NULL);
	unknown("0.0.0.0", &v4);
	unknown("::", &v6);
	mistaken("99.0.0.1", "99.0.0.2");
	mistaken("9.0.0.1", "9.0.0.2");
	same_address();
	ports_do_not_decide_between_hosts();
	mapped();
	old_nodes();
	texts();
	return done_testing();
}
