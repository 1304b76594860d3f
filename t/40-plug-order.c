/* SPDX-License-Identifier: MIT
 * t/40-plug-order.c - providers start before dependants; cycles and missing needs by name
 */
#include <string.h>

#include "lib/tap.h"
#include "plug/impl.h"

static const int ops;

#define NEEDS(...) TN_ROWS(struct tn_need, __VA_ARGS__)
#define OFFERS(...) TN_ROWS(struct tn_offer, __VA_ARGS__)

static const char *sorted(const struct order_item *it, unsigned n)
{
	static char text[200];
	struct tn_error err = { "" };
	unsigned at[PLUG_MAX];

	text[0] = 0;
	if (order_sort(it, n, at, &err))
		return strcpy(text, err.text);
	for (unsigned i = 0; i < n; i++)
		strcat(strcat(text, i ? " " : ""), it[at[i]].name);
	return text;
}

static void orders(void)
{
	const struct order_item chain[] = {
		{ "consensus", NEEDS({ "chain", 1, 0, 0 }, { "masternodes", 1, 0, 0 }), { 0 } },
		{ "masternodes", NEEDS({ "chain", 1, 0, TN_WANT }),
		  OFFERS({ "masternodes", 1, 0, &ops }) },
		{ "pingpong", { 0 }, { 0 } },
		{ "blocks", { 0 }, OFFERS({ "chain", 1, 2, &ops }) },
	};

	is_str(sorted(chain, 4), "pingpong blocks masternodes consensus",
	       "needs and wants come first, else the given order");
	is_str(sorted(chain + 1, 2), "masternodes pingpong", "a want may be absent");
	is_str(sorted(chain, 0), "", "no plugin at all");
}

static void missing(void)
{
	const struct order_item none[] = { { "x", NEEDS({ "chain", 1, 0, 0 }), { 0 } } };
	const struct order_item minor[] = {
		{ "x", NEEDS({ "chain", 1, 3, 0 }), { 0 } },
		{ "blocks", { 0 }, OFFERS({ "chain", 1, 2, &ops }) },
	};
	const struct order_item major[] = {
		{ "x", NEEDS({ "chain", 1, 0, 0 }), { 0 } },
		{ "blocks", { 0 }, OFFERS({ "chain", 2, 0, &ops }) },
	};

	is_str(sorted(none, 1), "plugin x needs service chain 1.0, which no plugin offers",
	       "a need that nobody meets");
	is_str(sorted(minor, 2), "plugin x needs service chain 1.3, loaded is 1.2",
	       "a minor that is too old");
	is_str(sorted(major, 2), "plugin x needs service chain 1.0, loaded is 2.0",
	       "another major");
}

static void cycles(void)
{
	const struct order_item three[] = {
		{ "free", NEEDS({ "a", 0, 0, 0 }), { 0 } },
		{ "a", NEEDS({ "b", 0, 0, 0 }), OFFERS({ "a", 0, 0, &ops }) },
		{ "b", NEEDS({ "c", 0, 0, 0 }), OFFERS({ "b", 0, 0, &ops }) },
		{ "c", NEEDS({ "a", 0, 0, 0 }), OFFERS({ "c", 0, 0, &ops }) },
	};
	const struct order_item wants[] = {
		{ "a", NEEDS({ "b", 0, 0, TN_WANT }), OFFERS({ "a", 0, 0, &ops }) },
		{ "b", NEEDS({ "a", 0, 0, 0 }), OFFERS({ "b", 0, 0, &ops }) },
	};
	const struct order_item self[] = {
		{ "me", NEEDS({ "me", 0, 0, 0 }), OFFERS({ "me", 0, 0, &ops }) },
	};

	is_str(sorted(three, 4), "plugins need each other in a circle: a -> b -> c -> a",
	       "a cycle names its members and nobody else");
	is_str(sorted(self, 1), "plugins need each other in a circle: me -> me", "alone");
	is_str(sorted(wants, 2), "a b", "a want makes no cycle");
}

int main(void)
{
	orders();
	missing();
	cycles();
	return done_testing();
}
