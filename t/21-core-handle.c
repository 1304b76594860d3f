/* SPDX-License-Identifier: MIT
 * t/21-core-handle.c - handles: stale ones find nothing, order is by place
 */
#include "base/handle.h"
#include "lib/tap.h"

#define MANY 1000

static void one(void)
{
	struct handles *h = handles_create();
	int x, y;
	uint64_t a = handles_add(h, &x), b;

	ok(a != 0, "a handle is not 0");
	ok(handles_get(h, a) == &x, "it finds its object");
	ok(!handles_get(h, 0) && !handles_get(h, a + 1) && !handles_get(h, a + (1ull << 32)),
	   "others find nothing");
	is_uint(handles_add(h, NULL), 0, "NULL is no object");
	is_uint(handles_count(h), 1, "one is live");
	ok(handles_remove(h, a) == &x, "remove returns the object");
	ok(!handles_get(h, a) && !handles_remove(h, a), "then the handle is stale");
	is_uint(handles_count(h), 0, "none is live");
	b = handles_add(h, &y);
	is_uint(b & UINT32_MAX, a & UINT32_MAX, "the place is used again");
	ok(b != a && !handles_get(h, a) && handles_get(h, b) == &y,
	   "by another handle; the stale one does not find the new object");
	ok(!handles_remove(h, a) && handles_get(h, b) == &y, "nor remove it");
	handles_free(h);
	handles_free(NULL);
}

static void never_twice(void)
{
	struct handles *h = handles_create();
	uint64_t last = 0;
	bool growing = true;
	int x;

	for (int i = 0; i < 100000; i++) {
		uint64_t a = handles_add(h, &x);

		growing = growing && a > last && (a & UINT32_MAX) == 1;
		last = a;
		handles_remove(h, a);
	}
	ok(growing, "a place that is used again and again gives new handles each time");
	handles_free(h);
}

static void many(void)
{
	static int objects[MANY];
	static uint64_t handles[MANY];
	struct handles *h = handles_create();
	unsigned right = 0, n = 0, stale = 0;
	uint64_t at = 0;
	bool ordered = true;

	for (int i = 0; i < MANY; i++)
		handles[i] = handles_add(h, &objects[i]);
	for (int i = 0; i < MANY; i += 2)
		handles_remove(h, handles[i]);
	for (int i = 0; i < MANY; i++)
		right += handles_get(h, handles[i]) == (i % 2 ? &objects[i] : NULL);
	is_uint(right, MANY, "of many, half removed, each handle finds its own or nothing");
	while ((at = handles_next(h, at)) != 0) {
		ordered = ordered && at == handles[n * 2 + 1];
		n++;
	}
	ok(ordered && n == MANY / 2, "iteration is in index order over the live ones");
	for (at = 0; (at = handles_next(h, at)) != 0; n--)
		handles_remove(h, at);
	is_uint(n, 0, "each may be removed during the iteration");
	for (int i = 0; i < MANY; i++)
		handles_add(h, &objects[i]);
	for (int i = 0; i < MANY; i++)
		stale += handles_get(h, handles[i]) == NULL;
	is_uint(stale, MANY, "refilled, every old handle is stale");
	is_uint(handles_count(h), MANY, "and all are counted");
	handles_free(h);
}

static void empty(void)
{
	struct handles *h = handles_create();

	is_uint(handles_next(h, 0), 0, "nothing to iterate");
	ok(!handles_get(h, 1) && !handles_get(h, UINT64_MAX) && !handles_get(h, 1ull << 32),
	   "nothing to find");
	handles_free(h);
}

int main(void)
{
	one();
	never_twice();
	many();
	empty();
	return done_testing();
}
