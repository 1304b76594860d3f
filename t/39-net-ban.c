/* SPDX-License-Identifier: MIT
 * t/39-net-ban.c - bans by address and subnet: found, bounded, kept, lifted
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/ban.h"

#define NOW INT64_C(1766000000)
#define HALF UINT64_C(600000000)

static struct tn_addr addr(const char *text)
{
	struct tn_addr a;

	if (tn_addr_parse(&a, text, strlen(text)))
		bail_out("no address: %s", text);
	return a;
}

static struct ban ban(const char *net, int64_t until, uint32_t points, const char *why)
{
	struct ban b = { .until_s = until, .points = points };

	if (tn_subnet_parse(&b.net, net, strlen(net)))
		bail_out("no subnet: %s", net);
	snprintf(b.why, sizeof(b.why), "%s", why);
	return b;
}

static int add(struct bans *b, const char *net, int64_t until, uint32_t points, const char *why)
{
	struct ban one = ban(net, until, points, why);

	return bans_add(b, &one, NOW);
}

static const char *why(struct bans *b, const char *ip, int64_t now)
{
	struct tn_addr a = addr(ip);
	const struct ban *found = bans_find(b, &a, now);

	return found ? found->why : "";
}

static int lift(struct bans *b, const char *net)
{
	struct ban one = ban(net, 0, 0, "");

	return bans_lift(b, &one.net);
}

struct listing {
	char text[400];
	unsigned stop_after;
};

static int list_one(void *arg, const struct ban *b)
{
	struct listing *l = arg;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof(l->text) - n, "%s ", b->why);
	return l->stop_after && --l->stop_after == 0 ? 7 : 0;
}

static const char *list(struct bans *b, int64_t now, struct listing *l)
{
	*l = (struct listing){ .stop_after = 0 };
	bans_each(b, now, list_one, l);
	return l->text;
}

static void found(void)
{
	struct bans *b = bans_create(NULL, 100, NOW, NULL);

	is_str(why(b, "1.2.3.4", NOW), "", "nobody is banned");
	is_int(add(b, "1.2.3.4", NOW + 10, 300, "one"), 0, "an address");
	is_int(add(b, "9.9.0.0/16", NOW + 10, 300, "net"), 0, "a network");
	is_int(add(b, "2001:db8::/33", NOW + 10, 300, "six"), 0, "one of IPv6 inside a byte");
	is_str(why(b, "1.2.3.4:24100", NOW), "one", "the address, whatever its port");
	is_str(why(b, "::ffff:1.2.3.4", NOW), "one", "and in its other form");
	is_str(why(b, "1.2.3.5", NOW), "", "not its neighbour");
	is_str(why(b, "9.9.255.1", NOW), "net", "all of the network");
	is_str(why(b, "9.8.255.1", NOW), "", "nothing beside it");
	is_str(why(b, "9.10.0.0", NOW), "", "on either side");
	is_str(why(b, "2001:db8:7fff::1", NOW), "six", "the lower half");
	is_str(why(b, "2001:db8:8000::1", NOW), "", "not the upper half");
	is_str(why(b, "1.2.3.4", NOW + 9), "one", "to its last second");
	is_str(why(b, "1.2.3.4", NOW + 10), "", "then it is over");
	add(b, "9.9.1.0/24", NOW + 5, 300, "inner");
	is_str(why(b, "9.9.1.1", NOW + 4), "inner", "the closest one is named");
	is_str(why(b, "9.9.1.1", NOW + 5), "net", "the wider one holds when it is over");
	is_int(lift(b, "9.9.0.0/16"), 0, "lifted");
	is_str(why(b, "9.9.255.1", NOW), "", "is gone");
	is_int(lift(b, "9.9.0.0/16"), TN_ENOENT, "once");
	is_int(lift(b, "9.9.1.1"), TN_ENOENT, "an address inside a network is not a ban");
	is_uint(bans_count(b), 3, "three are left");
	is_int(add(b, "0.0.0.0/0", NOW + 10, 0, "all"), 0, "everything of IPv4");
	is_str(why(b, "200.1.1.1", NOW), "all", "is covered");
	is_str(why(b, "2001:db9::1", NOW), "", "and nothing of IPv6");
	bans_free(b);
	bans_free(NULL);
}

static void host_bits(void)
{
	struct bans *b = bans_create(NULL, 100, NOW, NULL);
	struct ban one = ban("9.9.0.0/16", NOW + 10, 1, "net");

	one.net.ip[15] = 77;
	is_int(bans_add(b, &one, NOW), 0, "host bits");
	is_str(why(b, "9.9.3.3", NOW), "net", "do not matter");
	one.net.bits = 129;
	is_int(bans_add(b, &one, NOW), TN_EINVAL, "a length over 128 is refused");
	is_int(bans_lift(b, &one.net), TN_EINVAL, "everywhere");
	bans_free(b);
}

static void replacing(void)
{
	struct bans *b = bans_create(NULL, 100, NOW, NULL);

	add(b, "1.2.3.4", NOW + 10, 300, "first");
	is_int(add(b, "1.2.3.4", NOW + 5, 400, "shorter"), 0, "a shorter one");
	is_str(why(b, "1.2.3.4", NOW), "first", "does not replace a longer one");
	add(b, "1.2.3.4", NOW + 20, 500, "longer");
	is_str(why(b, "1.2.3.4", NOW + 19), "longer", "a longer one does");
	add(b, "1.2.3.4", NOW + 2, 0, "operator");
	is_str(why(b, "1.2.3.4", NOW + 1), "operator", "the operator's always does");
	is_str(why(b, "1.2.3.4", NOW + 2), "", "with its own end");
	is_uint(bans_count(b), 1, "it is one all the time");
	bans_free(b);
}

static void bounded(void)
{
	struct bans *b = bans_create(NULL, 4, NOW, NULL);
	struct listing l;

	add(b, "1.0.0.4", NOW + 40, 300, "d");
	add(b, "1.0.0.1", NOW + 10, 0, "op");
	add(b, "1.0.0.2", NOW + 20, 300, "b");
	add(b, "1.0.0.3", NOW + 30, 300, "c");
	is_str(list(b, NOW, &l), "op b c d ", "a full list, in the order of addresses");
	is_int(add(b, "1.0.0.5", NOW + 25, 300, "e"), 0, "one more");
	is_str(list(b, NOW, &l), "op c d e ", "costs the automatic one that ends first");
	is_int(add(b, "1.0.0.0", NOW + 1, 0, "op0"), 0, "the operator's too");
	is_str(list(b, NOW, &l), "op0 op c d ", "whatever their own end");
	add(b, "1.0.0.7", NOW + 9, 0, "op7");
	add(b, "1.0.0.8", NOW + 9, 0, "op8");
	is_int(add(b, "1.0.0.9", NOW + 99, 300, "x"), TN_EFULL, "the operator's are not evicted");
	is_int(add(b, "1.0.0.9", NOW + 99, 0, "x"), TN_EFULL, "not even for one of his");
	is_str(list(b, NOW + 9, &l), "op ", "those that are over are not listed");
	is_uint(bans_count(b), 4, "nor more kept than allowed");
	bans_free(b);

	b = bans_create(NULL, 2, NOW, NULL);
	add(b, "1.0.0.1", NOW + 50, 300, "long");
	add(b, "1.0.0.2", NOW - 1, 0, "over");
	add(b, "1.0.0.3", NOW + 9, 300, "new");
	is_str(list(b, NOW, &l), "long new ", "one that is over goes first");
	bans_free(b);
}

static void listing(void)
{
	struct bans *b = bans_create(NULL, 9, NOW, NULL);
	struct listing l = { .stop_after = 2 };

	add(b, "::1", NOW + 9, 1, "loop6");
	add(b, "200.0.0.0/8", NOW + 9, 1, "net200");
	add(b, "2.0.0.0/7", NOW + 9, 1, "net2/7");
	add(b, "2.0.0.0/8", NOW + 9, 1, "net2/8");
	is_int(bans_each(b, NOW, list_one, &l), 7, "the caller can end it");
	is_str(l.text, "net2/7 net2/8 ", "after the second");
	is_str(list(b, NOW, &l), "net2/7 net2/8 net200 loop6 ", "IPv4 is below IPv6");
	bans_free(b);
}

static void kept(void)
{
	struct store *store = store_memory_create();
	struct bans *b = bans_create(store, 100, NOW, NULL);
	struct listing l;

	add(b, "1.0.0.1", NOW + 50, 300, "stays");
	add(b, "1.0.0.2", NOW + 60, 300, "lifted");
	add(b, "1.0.0.3", NOW + 9, 300, "over");
	add(b, "2001:db8::/32", INT64_MAX, 0, "net");
	lift(b, "1.0.0.2");
	bans_free(b);
	b = bans_create(store, 100, NOW + 9, NULL);
	is_str(list(b, NOW + 9, &l), "stays net ", "a restart keeps what still holds");
	is_int(add(b, "1.0.0.1", NOW + 40, 1, "shorter"), 0, "ends are kept, too");
	is_str(why(b, "1.0.0.1", NOW + 49), "stays", "so that a shorter one changes nothing");
	is_int(add(b, "2001:db8::/32", NOW + 20, 1, "automatic"), 0, "points as well");
	is_str(why(b, "2001:db8::9", NOW + 99), "net", "and their owner");
	add(b, "1.0.0.1", NOW + 70, 1, "longer");
	bans_free(b);
	b = bans_create(store, 100, NOW, NULL);
	is_uint(bans_count(b), 2, "what was over has left the store");
	is_str(why(b, "1.0.0.1", NOW + 69), "longer", "what was replaced is replaced there");
	bans_free(b);
	store_close(store);
}

static void smaller_after_restart(void)
{
	struct store *store = store_memory_create();
	struct bans *b = bans_create(store, 100, NOW, NULL);
	struct listing l;

	for (unsigned i = 0; i < 5; i++) {
		static const char *const net[] = { "1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.4",
						   "1.0.0.5" };
		static const char *const name[] = { "a", "b", "c", "d", "e" };

		add(b, net[i], NOW + 10 + i * 3 % 5, i == 1 ? 0 : 300, name[i]);
	}
	bans_free(b);
	b = bans_create(store, 2, NOW, NULL);
	is_str(list(b, NOW, &l), "b d ", "a smaller list keeps the operator's and the longest");
	bans_free(b);
	b = bans_create(store, 100, NOW, NULL);
	is_str(list(b, NOW, &l), "b d ", "and the store is as small");
	add(b, "1.0.0.9", NOW + 99, 1, "i");
	bans_free(b);
	b = bans_create(store, 2, NOW, NULL);
	add(b, "1.0.0.8", NOW + 99, 1, "h");
	bans_free(b);
	b = bans_create(store, 100, NOW, NULL);
	is_str(list(b, NOW, &l), "b h ", "what is evicted leaves the store as well");
	bans_free(b);
	store_close(store);
}

struct damage {
	struct store_batch *batch;
	int db;
	size_t n;
};

/* The value of a good record under a key that is none. */
static int damage_key(void *arg, struct tn_view key, struct tn_view val)
{
	struct damage *d = arg;
	uint8_t bad[32] = { 0 };

	memcpy(bad, key.p, key.n);
	if (d->n == key.n)
		bad[16] = 129;
	store_del(d->batch, d->db, key);
	return store_put(d->batch, d->db, (struct tn_view){ bad, d->n }, val);
}

static void damaged(size_t key_n, const char *what)
{
	struct store *store = store_memory_create();
	struct bans *b = bans_create(store, 9, NOW, NULL);
	struct damage d = { store_batch(store), store_db(store, "core.bans", 1, NULL), key_n };
	struct tn_error err = { "" };

	add(b, "1.0.0.1", NOW + 50, 300, "good");
	bans_free(b);
	store_scan(store, d.db, (struct tn_view){ NULL, 0 }, damage_key, &d);
	store_commit(d.batch, NULL);
	ok(!bans_create(store, 9, NOW, &err), "%s: not taken for an empty list", what);
	ok(err.text[0] != '\0', "and it is said: %s", err.text);
	store_close(store);
}

static void damaged_value(void)
{
	struct store *store = store_memory_create();
	struct store_batch *batch = store_batch(store);
	struct tn_error err = { "" };
	uint8_t key[17] = { [16] = 128 };

	store_put(batch, store_db(store, "core.bans", 1, NULL), (struct tn_view){ key, 17 },
		  (struct tn_view){ key, 3 });
	store_commit(batch, NULL);
	ok(!bans_create(store, 9, NOW, &err) && err.text[0], "a value cut short: %s", err.text);
	store_close(store);
}

static void scores(void)
{
	struct bans *b = bans_create(NULL, 25, NOW, NULL);
	struct tn_addr bad = addr("1.2.3.4"), other = addr("1.2.3.5"), same = addr("1.2.3.4:99");

	is_uint(bans_score(b, &bad, 100, 1, HALF), 100, "points of an address");
	is_uint(bans_score(b, &same, 50, 1, HALF), 150, "add up over its ports");
	is_uint(bans_score(b, &other, 7, 1, HALF), 7, "and are its own");
	is_uint(bans_score(b, &bad, 0, 1 + HALF, HALF), 75, "they decay");
	for (unsigned i = 0; i < 1000; i++) {
		struct tn_addr a = addr("77.0.0.0");

		a.ip[14] = (uint8_t)(i >> 8);
		a.ip[15] = (uint8_t)i;
		bans_score(b, &a, 1, 1 + HALF, HALF);
	}
	is_uint(bans_score(b, &bad, 0, 1 + HALF, HALF), 75,
		"a thousand small offenders do not push out a great one");
	is_uint(bans_score(b, &other, 0, 1 + HALF, HALF), 3, "nor one a little above them");
	other = addr("77.0.0.0");
	is_uint(bans_score(b, &other, 0, 1 + HALF, HALF), 0, "but one another");
	other = addr("77.0.3.231");
	is_uint(bans_score(b, &other, 0, 1 + HALF, HALF), 1, "the oldest first");
	bans_free(b);
}

int main(void)
{
	found();
	host_bits();
	replacing();
	bounded();
	listing();
	kept();
	smaller_after_restart();
	damaged(16, "a short key");
	damaged(18, "a long key");
	damaged(17, "a prefix of 129 bits");
	damaged_value();
	scores();
	return done_testing();
}
