/* SPDX-License-Identifier: MIT
 * t/47-blocks-window.c - the sync window by hand: ranges, deadlines, heights, limits
 */
#include <string.h>

#include "blocks/window.h"
#include "lib/tap.h"

static const struct window_conf plain = { 40, 10, 8, 2000, 64000, 1 << 20 };

static struct window *window(const struct window_conf *conf, uint64_t tip)
{
	struct window *w = window_create(conf, tip);

	if (!w)
		bail_out("no memory");
	return w;
}

/* The next thing to do must be of that kind. */
static struct window_act must(struct window *w, uint64_t now, enum window_kind kind,
			      const char *name)
{
	struct window_act a = { 0 };

	is_int(window_next(w, now, &a) ? a.kind : 0, kind, "%s", name);
	return a;
}

static void nothing(struct window *w, uint64_t now, const char *name)
{
	struct window_act a = { 0 };

	ok(!window_next(w, now, &a), "%s", name);
}

static void reply(struct window *w, uint64_t peer, uint64_t bundle, uint64_t from, uint32_t n,
		  uint64_t now)
{
	uint64_t h[200];

	for (uint32_t i = 0; i < n; i++)
		h[i] = from + i;
	window_reply(w, peer, bundle, h, n, 100 * n, now);
}

static void test_conf(void)
{
	struct window_conf c = plain;

	c.chunk = 102;
	ok(!window_create(&c, 0), "more blocks than anybody gives");
	c = plain;
	c.span = 0;
	ok(!window_create(&c, 0), "a window of nothing");
	c = plain;
	c.stall_max_ms = 1;
	ok(!window_create(&c, 0), "a greatest deadline below the least");
	window_free(NULL);
	for (unsigned r = 0; r < WINDOW_REASONS; r++)
		ok(window_reason_text(r)[0], "reason %u has words", r);
}

static void test_ranges(void)
{
	struct window *w = window(&plain, 100);
	struct window_act a;

	nothing(w, 0, "nobody there, nothing to do");
	ok(window_height(w, 1, 125, 1000) && window_height(w, 2, 300, 1000), "two peers");
	is_uint(window_target(w), 300, "the target");
	a = must(w, 0, WINDOW_ASK, "the lowest range");
	ok(a.peer == 1 && a.from == 101 && a.to == 110 && a.deadline == 2000, "of the first");
	a = must(w, 0, WINDOW_ASK, "the next");
	ok(a.peer == 2 && a.from == 111 && a.to == 120, "of the other");
	nothing(w, 0, "one request each");
	reply(w, 2, 7, 111, 10, 50);
	a = must(w, 50, WINDOW_ASK, "it has time for more");
	ok(a.peer == 2 && a.from == 121 && a.to == 130, "behind that");
	nothing(w, 50, "nothing is handed out before its turn");
	reply(w, 1, 8, 101, 4, 60);
	for (uint64_t h = 101; h <= 104; h++) {
		a = must(w, 60, WINDOW_DELIVER, "in order");
		ok(a.from == h && a.bundle == 8 && a.index == h - 101 && a.peer == 1, "%u",
		   (unsigned)h);
	}
	a = must(w, 60, WINDOW_ASK, "the rest of a short reply");
	ok(a.peer == 1 && a.from == 105 && a.to == 110, "is asked again");
	for (uint64_t h = 101; h <= 104; h++)
		window_judged(w, h, WINDOW_GOOD);
	a = must(w, 70, WINDOW_RELEASE, "a bundle that is done");
	is_uint(a.bundle, 8, "is given back");
	window_judged(w, 101, WINDOW_FAULT_BLOCK);
	nothing(w, 70, "a verdict on what is done is none");
	window_free(w);
}

static void test_stall(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 10, 1000);
	must(w, 0, WINDOW_ASK, "asked");
	window_height(w, 2, 10, 1000);
	nothing(w, 0, "of one alone");
	is_uint(window_wake(w, 0), 2000, "until then");
	a = must(w, 2000, WINDOW_STALLED, "too late");
	ok(a.peer == 1 && a.index == 1, "once");
	is_uint(window_stall_ms(w), 4000, "the next may take longer");
	a = must(w, 2000, WINDOW_ASK, "elsewhere");
	ok(a.peer == 2 && a.from == 1 && a.to == 10 && a.deadline == 6000, "the same range");
	reply(w, 1, 5, 1, 10, 2500);
	a = must(w, 2500, WINDOW_DELIVER, "a late answer is an answer");
	is_uint(a.bundle, 5, "of the slow one");
	is_uint(window_stall_ms(w), 3400, "deadlines get shorter again");
	reply(w, 2, 6, 1, 10, 2600);
	a = must(w, 2600, WINDOW_RELEASE, "what came twice is not needed");
	is_uint(a.bundle, 6, "the second one");
	for (unsigned i = 0; i < 9; i++)
		must(w, 2600, WINDOW_DELIVER, "the first one goes on");
	nothing(w, 2600, "and nobody is blamed");
	window_free(w);
}

/* All miss the same deadline: our own line is slow, and that counts once. */
static void test_own_line(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	for (uint64_t p = 1; p <= 4; p++)
		window_height(w, p, 1000, 1000);
	for (unsigned i = 0; i < 4; i++)
		must(w, 0, WINDOW_ASK, "asked");
	for (unsigned i = 0; i < 4; i++)
		must(w, 2000, WINDOW_STALLED, "late");
	is_uint(window_stall_ms(w), 4000, "doubled once");
	ok(!window_next(w, 2000, &a), "all have a pause");
	is_uint(window_wake(w, 2000), 4000, "which ends");
	a = must(w, 4000, WINDOW_ASK, "asked again");
	is_uint(a.deadline, 8000, "with more time");
	window_free(w);
}

/* Who failed a range is not the first to be asked for it again. */
static void test_avoid(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 1000, 1000);
	window_height(w, 2, 1000, 1000);
	must(w, 0, WINDOW_ASK, "the first");
	must(w, 0, WINDOW_ASK, "the second");
	must(w, 2000, WINDOW_STALLED, "late");
	must(w, 2000, WINDOW_STALLED, "both");
	a = must(w, 20000, WINDOW_ASK, "the lowest range");
	ok(a.peer == 2 && a.from == 1, "goes to the other");
	a = must(w, 20000, WINDOW_ASK, "and the next");
	ok(a.peer == 1 && a.from == 11, "the other way round");
	window_free(w);
}

/* So late that its request is forgotten: of no use, and no lie. */
static void test_forgotten(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;
	uint64_t now = 0;

	window_height(w, 1, 10, 1000);
	for (unsigned i = 0; i < 5; i++, now += 1000000) {
		a = must(w, now, WINDOW_ASK, "asked");
		window_tip(w, i + 1); /* so that each begins elsewhere */
		must(w, now + 100000, WINDOW_STALLED, "no answer");
	}
	reply(w, 1, 1, 1, 10, now);
	must(w, now, WINDOW_RELEASE, "the answer to the first");
	a = must(w, now, WINDOW_ASK, "does not count");
	is_uint(a.peer, 1, "against it");
	reply(w, 1, 2, 2, 9, now);
	must(w, now, WINDOW_RELEASE, "nor that to the second, forgotten since");
	nothing(w, now, "six were asked and four are kept");
	reply(w, 1, 3, 1, 10, now);
	must(w, now, WINDOW_RELEASE, "a third");
	a = must(w, now, WINDOW_BLAME, "is too much");
	is_int(a.reason, WINDOW_RANGE, "since nobody asked for it");
	window_free(w);
}

static void blamed(struct window *w, enum window_reason why, const char *name)
{
	struct window_act a = { 0 };

	while (window_next(w, 100, &a) && a.kind != WINDOW_BLAME)
		;
	is_str(a.kind == WINDOW_BLAME ? window_reason_text(a.reason) : "nothing",
	       window_reason_text(why), "%s", name);
	while (window_next(w, 100, &a))
		ok(a.peer != 9 || a.kind != WINDOW_ASK, "and is not asked again");
	window_free(w);
}

static struct window *asked(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 9, 50, 1000);
	window_next(w, 0, &a);
	return w;
}

static void test_blame(void)
{
	static const uint64_t gap[] = { 1, 2, 4 }, twice[] = { 1, 2, 2 }, back[] = { 1, 3, 2 };
	struct window *w;

	w = asked();
	window_reply(w, 9, 1, gap, 3, 3, 1);
	blamed(w, WINDOW_ORDER, "a block left out");
	w = asked();
	window_reply(w, 9, 1, twice, 3, 3, 1);
	blamed(w, WINDOW_ORDER, "a block twice");
	w = asked();
	window_reply(w, 9, 1, back, 3, 3, 1);
	blamed(w, WINDOW_ORDER, "out of order");
	w = asked();
	reply(w, 9, 1, 2, 5, 1);
	blamed(w, WINDOW_RANGE, "a later range");
	w = asked();
	reply(w, 9, 1, 1, 11, 1);
	blamed(w, WINDOW_RANGE, "more than asked");
	w = asked();
	reply(w, 9, 1, 1, 10, 1);
	reply(w, 9, 2, 1, 10, 1);
	blamed(w, WINDOW_UNASKED, "the same once more");
	w = window(&plain, 0);
	reply(w, 9, 1, 1, 10, 1);
	must(w, 1, WINDOW_RELEASE, "of somebody who went");
	nothing(w, 1, "it is only given back");
	window_free(w);
}

/* It says that it has 50, is asked, and has nothing. */
static void nothing_there(struct window *w, uint64_t now)
{
	struct window_act a;

	window_height(w, 9, 50, 1000);
	a = must(w, now, WINDOW_ASK, "it says that it has more");
	reply(w, 9, now, a.from, 0, now + 1);
	must(w, now + 1, WINDOW_RELEASE, "an empty reply");
	must(w, now + 1, WINDOW_BEHIND, "it has not");
}

static void test_empty(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	nothing_there(w, 0);
	nothing(w, 1, "no crime the first time");
	nothing_there(w, 60000);
	nothing(w, 60001, "nor the second");
	nothing_there(w, 120000);
	a = must(w, 120001, WINDOW_BLAME, "the third is");
	is_int(a.reason, WINDOW_EMPTY, "for what it is");
	window_height(w, 9, 50, 1000);
	nothing(w, 180000, "it is left alone");
	is_uint(window_target(w), 0, "and what it says is no target");
	nothing(w, 720001, "for ten minutes");
	nothing_there(w, 720001);
	nothing(w, 720002, "then it begins anew");
	window_free(w);
}

/* Honest and unlucky: it went back each time after it had told its height, and then says so. */
static void test_gone_back(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	for (unsigned i = 0; i < 10; i++) {
		nothing_there(w, 120000 * i);
		nothing(w, 120000 * i + 1, "no blame");
		window_height(w, 9, 0, 1000);
	}
	nothing_there(w, 2000000);
	nothing_there(w, 2060000);
	window_height(w, 9, 50, 1000);
	a = must(w, 2120000, WINDOW_ASK, "twice in a row");
	reply(w, 9, 1, 1, 10, 2120001);
	for (unsigned i = 0; i < 10; i++)
		must(w, 2120001, WINDOW_DELIVER, "then it has them");
	a = must(w, 2120001, WINDOW_ASK, "and more are asked");
	reply(w, 9, 2, a.from, 0, 2120002);
	must(w, 2120002, WINDOW_RELEASE, "of no use");
	must(w, 2120002, WINDOW_BEHIND, "which are gone again");
	nothing(w, 2120002, "that counts anew");
	nothing_there(w, 2800000);
	nothing_there(w, 2860000);
	nothing(w, 2860001, "and not for ever");
	window_free(w);
}

/* All that it was slow with comes empty at once, for it is on its way to another branch. */
static void test_empty_at_once(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;
	uint64_t now = 0;

	window_height(w, 9, 50, 1000);
	for (unsigned i = 0; i < 4; i++, now += 1000000) {
		must(w, now, WINDOW_ASK, "asked");
		if (i < 3)
			must(w, now + 100000, WINDOW_STALLED, "no answer");
	}
	for (unsigned i = 0; i < 4; i++)
		reply(w, 9, i, 0, 0, now - 999999 + i);
	while (window_next(w, now - 999990, &a))
		ok(a.kind == WINDOW_BEHIND || a.kind == WINDOW_RELEASE, "nobody is blamed");
	window_free(w);
}

/* One block of ten, and a little faster than the others: they get the range. */
static void test_drops(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 1000, 1000);
	window_height(w, 2, 1000, 1000);
	must(w, 0, WINDOW_ASK, "one");
	must(w, 0, WINDOW_ASK, "and another");
	reply(w, 1, 1, 1, 1, 80);
	must(w, 80, WINDOW_DELIVER, "a drop");
	a = must(w, 80, WINDOW_ASK, "the rest of it");
	ok(a.peer == 1 && a.from == 2 && a.to == 10, "from the same, for nobody else is idle");
	reply(w, 2, 2, 11, 10, 100);
	must(w, 100, WINDOW_ASK, "a full answer, and the next");
	reply(w, 1, 3, 2, 1, 160);
	must(w, 160, WINDOW_DELIVER, "a drop");
	reply(w, 2, 4, 21, 10, 200);
	a = must(w, 200, WINDOW_ASK, "what all wait for");
	ok(a.peer == 2 && a.from == 3 && a.to == 10, "is asked of who gives more");
	window_free(w);
}

/* A range that is with somebody slow holds up the window: fast ones get it. */
static void test_slow(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 1000, 1000);
	window_height(w, 2, 1000, 1000);
	must(w, 0, WINDOW_ASK, "one");
	must(w, 0, WINDOW_ASK, "and another");
	reply(w, 2, 2, 11, 10, 50);
	a = must(w, 50, WINDOW_ASK, "fast");
	is_uint(a.peer, 2, "and on");
	reply(w, 1, 1, 1, 10, 1900);
	for (unsigned i = 0; i < 20; i++)
		must(w, 1900, WINDOW_DELIVER, "in order");
	nothing(w, 1900, "the slow one is not asked as long as the other is there");
	must(w, 2050, WINDOW_STALLED, "that fails");
	a = must(w, 2050, WINDOW_ASK, "now");
	ok(a.peer == 1 && a.from == 21, "the slow one is");
	window_free(w);
}

/* Answers to requests of a window before this one: as many as there may be, and no more. */
static void test_before(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 10, 1000);
	window_before(w, 1);
	must(w, 0, WINDOW_ASK, "asked");
	for (unsigned i = 0; i < 7; i++) {
		reply(w, 1, i, 20 + i, 5, 1);
		must(w, 1, WINDOW_RELEASE, "of no use");
		nothing(w, 1, "and no lie");
	}
	reply(w, 1, 7, 1, 11, 2);
	must(w, 2, WINDOW_RELEASE, "one that begins where it should and is longer");
	a = must(w, 2, WINDOW_ASK, "is none either");
	is_uint(a.to, 10, "and the range is asked again");
	reply(w, 1, 8, 20, 5, 3);
	must(w, 3, WINDOW_RELEASE, "the ninth is given back too");
	must(w, 3, WINDOW_BLAME, "and is one too many");
	window_free(w);
	w = window(&plain, 0);
	window_before(w, 1);
	nothing(w, 0, "of somebody unknown");
	window_free(w);
}

static void test_heights(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 1000 + WINDOW_SLACK, 1000);
	is_uint(window_target(w), 1000, "a clock that is ahead is cut");
	window_free(w);
	w = window(&plain, 0);
	window_height(w, 1, UINT64_MAX, 1000);
	a = must(w, 0, WINDOW_BLAME, "the highest number there is");
	ok(a.reason == WINDOW_HEIGHT && a.peer == 1, "is a lie");
	is_uint(window_target(w), 0, "and no target");
	nothing(w, 0, "nor asked for");
	window_height(w, 2, 5, 1000);
	a = must(w, 0, WINDOW_ASK, "another one");
	ok(a.peer == 2 && a.to == 5, "is asked up to its height");
	window_free(w);
	w = window(&plain, UINT64_MAX - 3);
	window_height(w, 1, UINT64_MAX, UINT64_MAX);
	a = must(w, 0, WINDOW_ASK, "at the end of numbers");
	ok(a.from == UINT64_MAX - 2 && a.to == UINT64_MAX, "three are left");
	reply(w, 1, 1, a.from, 3, 1);
	for (unsigned i = 0; i < 3; i++) {
		a = must(w, 1, WINDOW_DELIVER, "one of them");
		window_judged(w, a.from, WINDOW_GOOD);
	}
	must(w, 1, WINDOW_RELEASE, "done");
	nothing(w, 1, "and no more");
	window_free(w);
}

/* The bad block's sender alone is blamed; what others sent behind it is used. */
static void test_judged(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a = { 0 };
	uint64_t got = 0;

	window_height(w, 1, 20, 1000);
	window_height(w, 2, 20, 1000);
	must(w, 0, WINDOW_ASK, "one");
	must(w, 0, WINDOW_ASK, "two");
	reply(w, 2, 22, 11, 10, 1);
	reply(w, 1, 11, 1, 10, 1);
	while (window_next(w, 1, &a))
		got += a.kind == WINDOW_DELIVER;
	is_uint(got, 20, "all handed out");
	for (uint64_t h = 1; h < 5; h++)
		window_judged(w, h, WINDOW_GOOD);
	window_judged(w, 5, WINDOW_FAULT_BODY);
	a = must(w, 2, WINDOW_BLAME, "the fifth is changed");
	ok(a.peer == 1 && a.reason == WINDOW_BAD_BODY, "by the first");
	a = must(w, 2, WINDOW_RELEASE, "whose blocks go");
	is_uint(a.bundle, 11, "all of them");
	a = must(w, 2, WINDOW_ASK, "and come");
	ok(a.peer == 2 && a.from == 5 && a.to == 10, "from the second");
	reply(w, 2, 23, 5, 6, 3);
	for (uint64_t h = 5; h <= 20; h++) {
		a = must(w, 3, WINDOW_DELIVER, "again");
		ok(a.from == h && a.bundle == (h <= 10 ? 23 : 22), "height %u", (unsigned)h);
	}
	window_judged(w, 5, WINDOW_NOT_ON_TIP);
	a = must(w, 3, WINDOW_BRANCH, "not on our tip");
	ok(a.peer == 2 && a.from == 5, "is another branch and no lie");
	window_free(w);
}

/* Beyond the limit of memory only what everything waits for is asked. */
static void test_bytes(void)
{
	struct window_conf c = plain;
	struct window *w;
	struct window_act a;

	c.bytes = 1500;
	c.span = 100;
	w = window(&c, 0);
	for (uint64_t p = 1; p <= 3; p++)
		window_height(w, p, 1000, 1000);
	for (unsigned i = 0; i < 3; i++)
		must(w, 0, WINDOW_ASK, "asked");
	reply(w, 2, 1, 11, 10, 1);
	must(w, 1, WINDOW_ASK, "a kilobyte waits");
	reply(w, 3, 2, 21, 10, 1);
	nothing(w, 1, "two are too much");
	window_gone(w, 1);
	a = must(w, 1, WINDOW_ASK, "but what all wait for");
	ok(a.from == 1 && a.to == 10, "is asked");
	window_free(w);
}

static void test_tip(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 100, 1000);
	window_height(w, 2, 100, 1000);
	must(w, 0, WINDOW_ASK, "asked");
	must(w, 0, WINDOW_ASK, "asked");
	reply(w, 1, 1, 1, 10, 1);
	window_tip(w, 10);
	a = must(w, 1, WINDOW_RELEASE, "the tip came otherwise");
	is_uint(a.bundle, 1, "and what waited goes");
	a = must(w, 1, WINDOW_ASK, "on from there");
	is_uint(a.from, 21, "behind what is asked");
	window_tip(w, 4);
	a = must(w, 1, WINDOW_ASK, "back to a fork");
	is_uint(a.from, 5, "from there again");
	reply(w, 2, 3, 11, 10, 2);
	is_uint(must(w, 2, WINDOW_ASK, "an old answer is used").from, 21, "where it fits");
	window_free(w);
}

/* Another block takes the tip's place while some are being judged that build on the one before. */
static void test_sibling(void)
{
	struct window *w = window(&plain, 0);
	struct window_act a;

	window_height(w, 1, 3, 1000);
	must(w, 0, WINDOW_ASK, "asked");
	reply(w, 1, 7, 1, 3, 1);
	for (uint64_t h = 1; h <= 3; h++)
		must(w, 1, WINDOW_DELIVER, "handed out");
	window_judged(w, 1, WINDOW_GOOD);
	window_tip(w, 1);
	for (uint64_t h = 2; h <= 3; h++) {
		a = must(w, 2, WINDOW_DELIVER, "upon a tip of the same height once more");
		is_uint(a.from, h, "from there on");
	}
	window_judged(w, 2, WINDOW_NOT_ON_TIP);
	must(w, 2, WINDOW_BRANCH, "so that the other branch is seen");
	window_free(w);
}

int main(void)
{
	test_conf();
	test_ranges();
	test_stall();
	test_own_line();
	test_avoid();
	test_forgotten();
	test_blame();
	test_empty();
	test_gone_back();
	test_empty_at_once();
	test_before();
	test_drops();
	test_slow();
	test_heights();
	test_judged();
	test_bytes();
	test_tip();
	test_sibling();
	return done_testing();
}
