/* SPDX-License-Identifier: MIT
 * t/47-transactions-subscribe.c - who hears of what, in which order, and the limits; against a model
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/rng.h"
#include "transactions/siphash.h"
#include "transactions/subscribe.h"

static const struct subscribe_limits wide = { 64, 10000, 16 << 20 };
static const uint64_t secret[2] = { 11, 12 };

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static struct tn_bytes bytes(const char *text)
{
	return (struct tn_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

static struct tn_outpoint coin(uint8_t tx, uint32_t vout)
{
	return (struct tn_outpoint){ { { tx } }, vout };
}

struct heard {
	uint64_t session[64];
	uint32_t n;
};

static void hear(void *arg, uint64_t session)
{
	struct heard *h = arg;

	h->session[h->n++ % 64] = session;
}

static int ask(struct subscriptions *s, struct subscriber **who, uint64_t session, const char *id,
	       const char *address, const struct tn_outpoint *at)
{
	struct tn_str one = str(address ? address : "");
	struct tn_outpoint point = at ? *at : coin(0, 0);
	struct tn_subscription want = { .id = str(id) };

	want.addresses.v = &one;
	want.addresses.n = address != NULL;
	want.outpoints.v = &point;
	want.outpoints.n = at != NULL;
	return subscribe(s, who, session, &want);
}

static void is_heard(struct subscriptions *s, struct tn_outpoint at, const char *address,
		     const char *want, const char *name)
{
	struct heard h = { .n = 0 };
	char text[200] = "";
	uint32_t n = subscribers_each(s, &at, bytes(address), hear, &h);

	for (uint32_t i = 0; i < h.n; i++)
		sprintf(text + strlen(text), "%s%d", i ? " " : "", (int)h.session[i]);
	is_str(text, want, "%s", name);
	is_uint(n, h.n, "and so many are counted");
	ok(subscribers_any(s, &at, bytes(address)) == (n > 0), "known beforehand");
}

static void test_hash(void)
{
	static const uint64_t key[2] = { UINT64_C(0x0706050403020100),
					 UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t in[15];

	for (uint8_t i = 0; i < sizeof in; i++)
		in[i] = i;
	ok(siphash(key, in, 15) == UINT64_C(0xa129ca6149be45e5),
	   "SipHash-2-4, its paper's example");
	ok(siphash(key, in, 8) == UINT64_C(0x93f5f5799a932462), "of whole words too");
	ok(siphash(key, in, 0) == UINT64_C(0x726fdb47dd0e0e31), "of nothing");
}

static void test_who(void)
{
	struct subscriptions *s = subscriptions_create(&wide, secret);
	struct subscriber *a = NULL, *b = NULL, *c = NULL;
	struct tn_outpoint p = coin(1, 0), q = coin(1, 1);

	is_heard(s, p, "TIME0x", "", "nobody");
	ask(s, &a, 1, "one", "TIME0x", &p);
	ask(s, &b, 2, "one", NULL, &p);
	ask(s, &c, 3, "one", "TIME0x", NULL);
	is_heard(s, p, "TIME0x", "1 2 3", "outpoint, then address; each once");
	is_heard(s, p, "", "1 2", "an address that is not known");
	is_heard(s, q, "TIME0x", "1 3", "another coin of the address");
	is_heard(s, q, "TIME0y", "", "neither");
	ask(s, &a, 1, "two", "TIME0x", &q);
	is_heard(s, q, "TIME0x", "1 3", "two subscriptions of one peer: once");
	is_int(unsubscribe(s, a, str("one")), 0, "one goes");
	is_heard(s, p, "TIME0x", "2 3 1", "the other one stays");
	is_int(unsubscribe(s, a, str("one")), TN_ENOENT, "it cannot go twice");
	is_int(unsubscribe(s, a, str("")), TN_ENOENT, "nor one without a name");
	is_int(unsubscribe(s, NULL, str("two")), TN_ENOENT, "nor of who has none");
	ask(s, &b, 2, "one", "TIME0y", NULL);
	is_heard(s, p, "", "", "replaced: not the old one");
	is_heard(s, q, "TIME0y", "1 2", "but the new one");
	unsubscribe_all(s, &a);
	unsubscribe_all(s, &b);
	is_heard(s, q, "TIME0x", "3", "whoever has gone hears nothing");
	unsubscribe_all(s, &c);
	is_uint(subscriptions_sums(s)->bytes, 0, "and takes no memory");
	is_uint(subscriptions_sums(s)->subscribers, 0, "no subscriber");
	subscriptions_free(s);
}

static void test_limits(void)
{
	struct subscribe_limits tight = { 2, 3, 1 << 20 };
	struct subscriptions *s = subscriptions_create(&tight, secret);
	struct subscriber *a = NULL, *b = NULL;
	struct tn_outpoint many[4] = { coin(1, 0), coin(1, 1), coin(1, 2), coin(1, 3) };
	struct tn_subscription want = { .id = str("many") };
	char id[SUBSCRIBE_TEXT + 2];

	memset(id, 'x', sizeof id);
	id[SUBSCRIBE_TEXT + 1] = '\0';
	is_int(ask(s, &a, 1, id, "TIME0x", NULL), TN_EINVAL, "an id that is too long");
	is_int(ask(s, &a, 1, "", "TIME0x", NULL), TN_EINVAL, "none");
	is_int(ask(s, &a, 1, "a", id, NULL), TN_EINVAL, "an address that is too long");
	is_int(ask(s, &a, 1, "a", "", NULL), TN_EINVAL, "none");
	is_int(ask(s, &a, 1, "a", NULL, NULL), TN_EINVAL, "nothing to watch");
	ok(!a && !subscriptions_sums(s)->bytes, "nothing is left of these");
	want.outpoints.v = many;
	want.outpoints.n = 4;
	is_int(subscribe(s, &a, 1, &want), TN_EFULL, "more than one may watch");
	want.outpoints.n = 3;
	is_int(subscribe(s, &a, 1, &want), 0, "as many as it may");
	is_int(ask(s, &a, 1, "b", "TIME0x", NULL), TN_EFULL, "then no other");
	is_int(subscribe(s, &a, 1, &want), 0, "the same again");
	want.outpoints.n = 4;
	is_int(subscribe(s, &a, 1, &want), TN_EFULL, "too large a new one");
	is_heard(s, many[2], "", "1", "leaves the old one");
	want.outpoints.n = 1;
	is_int(subscribe(s, &a, 1, &want), 0, "a smaller one");
	is_int(ask(s, &a, 1, "b", "TIME0x", NULL), 0, "leaves room");
	is_int(ask(s, &a, 1, "c", "TIME0x", NULL), TN_EFULL, "for no more than two");
	tight.bytes = subscriptions_sums(s)->bytes;
	subscriptions_limit(s, &tight);
	is_int(ask(s, &b, 2, "a", "TIME0x", NULL), TN_EBUSY, "no memory for another");
	ok(!b, "who then has nothing");
	unsubscribe_all(s, &a);
	is_int(ask(s, &b, 2, "a", "TIME0x", NULL), 0, "until somebody goes");
	subscriptions_free(s);
}

/* ---- against a list of everything, in the order it came */

enum { PEERS = 6, IDS = 3, POINTS = 12, WATCHED = 4 };

struct model {
	bool on;
	uint8_t watched[WATCHED]; /* below POINTS: that coin; else an address */
	uint32_t n;
	uint64_t when;
};

static const char *const address[] = { "TIME0a", "TIME0b", "TIME0c", "TIME0d" };

static struct tn_outpoint point(unsigned i)
{
	return coin((uint8_t)(i / 3), i % 3);
}

static void model_put(struct rng *r, struct model *m, struct tn_subscription *want,
		      struct tn_outpoint *points, struct tn_str *texts)
{
	m->on = true;
	m->n = (uint32_t)rng_range(r, 1, WATCHED);
	want->outpoints.v = points;
	want->addresses.v = texts;
	for (uint32_t i = 0; i < m->n; i++) {
		m->watched[i] = (uint8_t)rng_range(r, 0, POINTS + 3);
		if (m->watched[i] < POINTS)
			points[want->outpoints.n++] = point(m->watched[i]);
		else
			texts[want->addresses.n++] = str(address[m->watched[i] - POINTS]);
	}
}

static bool watches(const struct model *m, unsigned what)
{
	for (uint32_t i = 0; m->on && i < m->n; i++)
		if (m->watched[i] == what)
			return true;
	return false;
}

/* Sessions in the order in which their subscriptions for it came. */
static void model_tell(struct model m[PEERS][IDS], unsigned what, bool told[PEERS],
		       struct heard *out)
{
	for (uint64_t from = 0;;) {
		struct model *best = NULL;
		unsigned who = 0;

		for (unsigned p = 0; p < PEERS; p++)
			for (unsigned i = 0; i < IDS; i++)
				if (m[p][i].when > from && watches(&m[p][i], what) &&
				    (!best || m[p][i].when < best->when))
					best = &m[p][i], who = p;
		if (!best)
			return;
		from = best->when;
		if (!told[who])
			hear(out, who + 1);
		told[who] = true;
	}
}

static bool agrees(struct subscriptions *s, struct model m[PEERS][IDS], unsigned p, unsigned t)
{
	struct heard want = { .n = 0 }, got = { .n = 0 };
	struct tn_outpoint at = point(p);
	bool told[PEERS] = { false };

	model_tell(m, p, told, &want);
	model_tell(m, POINTS + t, told, &want);
	subscribers_each(s, &at, bytes(address[t]), hear, &got);
	return want.n == got.n &&
	       !memcmp(want.session, got.session, want.n * sizeof want.session[0]);
}

static void test_model(void)
{
	struct subscriptions *s = subscriptions_create(&wide, secret);
	struct subscriber *who[PEERS] = { NULL };
	struct model m[PEERS][IDS] = { 0 };
	const char *id[IDS] = { "one", "two", "three" };
	unsigned wrong = 0;
	struct rng r;

	rng_seed(&r, 8, 0);
	for (uint64_t turn = 1; turn <= 20000; turn++) {
		unsigned p = (unsigned)rng_range(&r, 0, PEERS - 1);
		unsigned i = (unsigned)rng_range(&r, 0, IDS - 1),
			 what = (unsigned)rng_range(&r, 0, 9);
		struct tn_outpoint points[WATCHED];
		struct tn_str texts[WATCHED];
		struct tn_subscription want = { .id = str(id[i]) };

		if (what == 0) {
			unsubscribe_all(s, &who[p]);
			memset(m[p], 0, sizeof m[p]);
		} else if (what < 4) {
			wrong += (unsubscribe(s, who[p], str(id[i])) == 0) != m[p][i].on;
			m[p][i].on = false;
		} else {
			model_put(&r, &m[p][i], &want, points, texts);
			m[p][i].when = turn;
			wrong += subscribe(s, &who[p], p + 1, &want) != 0;
		}
		wrong += !agrees(s, m, (unsigned)rng_range(&r, 0, POINTS - 1),
				 (unsigned)rng_range(&r, 0, 3));
	}
	is_uint(wrong, 0, "20,000 random changes: who hears of what, and in which order");
	for (unsigned p = 0; p < PEERS; p++)
		unsubscribe_all(s, &who[p]);
	is_uint(subscriptions_sums(s)->bytes, 0, "in the end nothing is left");
	subscriptions_free(s);
}

/* The table grows; memory stays within what is said. */
static void test_many(void)
{
	struct subscribe_limits limits = { 1000, 1000000, 4 << 20 };
	struct subscriptions *s = subscriptions_create(&limits, secret);
	struct subscriber *who[100] = { NULL };
	unsigned full = 0, taken = 0, heard = 0;

	for (unsigned i = 0; i < 40000; i++) {
		struct tn_outpoint at = { { { (uint8_t)i, (uint8_t)(i >> 8) } }, i };
		char id[16];
		int rc;

		sprintf(id, "%u", i);
		rc = ask(s, &who[i % 100], i % 100 + 1, id, NULL, &at);
		full += rc == TN_EBUSY;
		taken += rc == 0;
	}
	ok(full && full + taken == 40000, "%u are taken, %u are one too many", taken, full);
	ok(subscriptions_sums(s)->bytes <= limits.bytes, "the limit of memory holds");
	for (unsigned i = 0; i < taken; i++) {
		struct tn_outpoint at = { { { (uint8_t)i, (uint8_t)(i >> 8) } }, i };
		struct heard h = { .n = 0 };

		heard += subscribers_each(s, &at, bytes(""), hear, &h) == 1 &&
			 h.session[0] == i % 100 + 1;
	}
	is_uint(heard, taken, "each is found");
	subscriptions_free(s);
}

int main(void)
{
	test_hash();
	test_who();
	test_limits();
	test_model();
	test_many();
	return done_testing();
}
