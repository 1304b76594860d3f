/* SPDX-License-Identifier: MIT
 * t/47-blocks-branch.c - which branch is better, and where two part
 */
#include <stdlib.h>
#include <string.h>

#include "blocks/branch.h"
#include "lib/tap.h"

static struct tn_tip tip(uint64_t height, uint8_t hash)
{
	return (struct tn_tip){ height, { { hash } }, 0 };
}

static void test_better(void)
{
	const struct tn_tip low = tip(5, 9), high = tip(6, 10), first = tip(6, 2);

	ok(branch_better(&low, &high, 0), "the longer one");
	ok(!branch_better(&high, &low, 0), "whichever is ours");
	ok(branch_better(&high, &first, 0), "of two alike the lower hash");
	ok(!branch_better(&first, &high, 0), "whichever is ours");
	ok(!branch_better(&first, &first, 0), "one is not better than itself");
	ok(branch_better(&high, &low, 1), "what is committed wins over length");
	ok(!branch_better(&low, &high, -1), "on either side");
}

/* ---- the search */

static unsigned search(uint64_t ours, uint64_t theirs, uint64_t fork, struct branch_search *s)
{
	unsigned asked = 0;
	uint64_t h;

	branch_search(s, ours, theirs);
	while (branch_search_next(s, &h) && asked < 100) {
		if (h > ours || h > theirs)
			asked += 100;
		branch_search_answer(s, h, h <= fork);
		asked++;
	}
	return asked;
}

static void test_search(void)
{
	static const uint64_t tips[][2] = { { 0, 5 },       { 1, 1 },        { 7, 3 },
					    { 1000, 1000 }, { 1001, 999 },   { 5000, 5001 },
					    { 5000, 4200 }, { 4200, 900000 } };
	unsigned most = 0, wrong = 0, deep = 0;
	struct branch_search s;

	for (size_t i = 0; i < sizeof tips / sizeof tips[0]; i++) {
		uint64_t ours = tips[i][0], theirs = tips[i][1];
		uint64_t top = ours < theirs ? ours : theirs;

		for (uint64_t fork = 0; fork <= top; fork++) {
			unsigned asked = search(ours, theirs, fork, &s);

			most = asked > most ? asked : most;
			if (ours - fork > BRANCH_DEPTH)
				wrong += !branch_too_deep(&s);
			else
				wrong += branch_too_deep(&s) || s.low != fork;
			deep += branch_too_deep(&s);
		}
	}
	is_uint(wrong, 0, "every fork is found");
	ok(deep > 3000, "or is too deep");
	ok(most <= 11, "by %u questions at most", most);
	search(UINT64_MAX, UINT64_MAX, UINT64_MAX - 500, &s);
	ok(!branch_too_deep(&s) && s.low == UINT64_MAX - 500, "at the end of numbers");
	search(UINT64_MAX, 3, 3, &s);
	ok(branch_too_deep(&s), "a claim far below");
	branch_search(&s, 100, 100);
	branch_search_answer(&s, 5000, true);
	ok(s.low == 0 && s.high == 101, "an answer to what was not asked");
}

int main(void)
{
	test_better();
	test_search();
	return done_testing();
}
