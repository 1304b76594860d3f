/* SPDX-License-Identifier: MIT
 * t/22-core-timer.c - timers over an environment of this test's own: a clock by hand
 */
#include <string.h>

#include "env/timer.h"
#include "lib/tap.h"

#define MS UINT64_C(1000)
#define SECOND UINT64_C(1000000)
#define MANY 500

/* Only what timers use. */
struct hand {
	struct env env;
	uint64_t now_us, wake_us;
	void (*fn)(void *arg);
	void *arg;
	unsigned asked;
};

static uint64_t mono_us(struct env *e)
{
	return ((struct hand *)e)->now_us;
}

static void wake_at(struct env *e, uint64_t at_us, void (*fn)(void *), void *arg)
{
	struct hand *h = (struct hand *)e;

	h->wake_us = at_us;
	h->fn = fn;
	h->arg = arg;
	h->asked++;
}

static const struct env_ops ops = { .mono_us = mono_us, .wake_at = wake_at };

static void begin(struct hand *h)
{
	*h = (struct hand){ .env = { &ops }, .now_us = 7 * SECOND + 1, .wake_us = UINT64_MAX };
}

/* One wake-up, at its time. */
static void wake(struct hand *h)
{
	if (h->wake_us > h->now_us)
		h->now_us = h->wake_us;
	h->wake_us = UINT64_MAX;
	h->fn(h->arg);
}

static unsigned wake_all(struct hand *h)
{
	unsigned n = 0;

	for (; h->wake_us != UINT64_MAX && n < 10 * MANY; n++)
		wake(h);
	return n;
}

struct shot {
	struct hand *hand;
	struct timers *timers;
	unsigned n;
	uint64_t at_us, other;
	uint64_t again_us; /* add itself again with this delay */
	bool again;
	char *trace, mark;
};

static void fire(void *arg)
{
	struct shot *s = arg;

	s->n++;
	s->at_us = s->hand->now_us;
	if (s->trace) {
		size_t n = strlen(s->trace);

		s->trace[n] = s->mark;
		s->trace[n + 1] = 0;
	}
	if (s->other)
		timers_cancel(s->timers, s->other);
	if (s->again)
		timers_add(s->timers, s->again_us, fire, s);
}

static void order(void)
{
	struct hand h;
	char trace[16] = "";
	struct timers *t;
	struct shot s[4];

	begin(&h);
	t = timers_create(&h.env);
	for (int i = 0; i < 4; i++)
		s[i] = (struct shot){ .hand = &h, .trace = trace, .mark = (char)('a' + i) };
	timers_add(t, 30 * MS, fire, &s[0]);
	is_uint(h.wake_us, h.now_us + 30 * MS, "the environment is asked for the instant");
	timers_add(t, 10 * MS, fire, &s[1]);
	is_uint(h.wake_us, h.now_us + 10 * MS, "and for an earlier one");
	timers_add(t, 10 * MS, fire, &s[2]);
	timers_add(t, 20 * MS, fire, &s[3]);
	is_uint(h.asked, 2, "not for a later one");
	is_uint(timers_count(t), 4, "four are pending");
	is_uint(wake_all(&h), 3, "three instants, three wake-ups");
	is_str(trace, "bcda", "by time, ties in the order of creation");
	is_uint(timers_count(t), 0, "none is pending");
	timers_free(t);
	timers_free(NULL);
}

static void cancel(void)
{
	struct hand h;
	struct timers *t;
	struct shot a = { .hand = &h }, b = { .hand = &h }, c = { .hand = &h };
	uint64_t ta, tb, tc;

	begin(&h);
	t = timers_create(&h.env);
	ta = timers_add(t, 10 * MS, fire, &a);
	tb = timers_add(t, 20 * MS, fire, &b);
	ok(timers_cancel(t, ta), "cancel");
	ok(!timers_cancel(t, ta), "once");
	ok(!timers_cancel(t, 0), "0 is fine");
	is_uint(h.wake_us, h.now_us + 20 * MS, "no wake-up for what was cancelled");
	tc = timers_add(t, 20 * MS, fire, &c);
	b.timers = t;
	b.other = tc;
	wake_all(&h);
	ok(a.n == 0 && b.n == 1 && c.n == 0, "a callback cancels one that is due with it");
	ok(!timers_cancel(t, tb), "what has fired cannot be cancelled");
	ta = timers_add(t, 10 * MS, fire, &a);
	timers_cancel(t, ta);
	is_uint(h.wake_us, UINT64_MAX, "the last one cancelled: no wake-up");
	timers_add(t, 10 * MS, fire, &a);
	timers_free(t);
	is_uint(h.wake_us, UINT64_MAX, "freed with one pending: no wake-up");
	is_uint(a.n, 0, "it never fires");
}

static void again(void)
{
	struct hand h;
	struct timers *t;
	struct shot s = { .hand = &h, .again = true }, late = { .hand = &h };

	begin(&h);
	t = timers_create(&h.env);
	s.timers = t;
	timers_add(t, 0, fire, &s);
	is_uint(s.n, 0, "no delay does not mean inside the call");
	wake(&h);
	is_uint(s.n, 1, "one that adds itself again without delay fires once a wake-up");
	is_uint(h.wake_us, h.now_us, "and asks for the next at once");
	wake(&h);
	is_uint(s.n, 2, "then it comes again");
	timers_add(t, 5 * MS, fire, &late);
	h.now_us += 4 * MS;
	wake(&h);
	is_uint(late.n, 0, "a wake-up before its time fires nothing");
	h.now_us += 100 * MS;
	wake(&h);
	is_uint(late.n, 1, "a late wake-up fires what is over");
	timers_free(t);
}

static void shared(void)
{
	static struct shot s[MANY];
	struct hand h;
	struct timers *t;
	unsigned early = 0, off = 0, wakes;

	begin(&h);
	t = timers_create(&h.env);
	for (unsigned i = 0; i < MANY; i++) {
		s[i] = (struct shot){ .hand = &h };
		timers_add(t, SECOND + i * 1000, fire, &s[i]);
	}
	wakes = wake_all(&h);
	for (unsigned i = 0; i < MANY; i++) {
		uint64_t asked = 7 * SECOND + 1 + SECOND + i * 1000;

		early += s[i].n != 1 || s[i].at_us < asked;
		off += s[i].at_us >= asked + 50 * MS;
	}
	is_uint(early, 0, "long timers fire once and never early");
	is_uint(off, 0, "and less than 50 ms late");
	ok(wakes <= MANY / 50 + 1, "%u of them within half a second share %u wake-ups", MANY,
	   wakes);

	s[0].n = 0;
	timers_add(t, SECOND - 1, fire, &s[0]);
	is_uint(h.wake_us, h.now_us + SECOND - 1, "below a second they are exact");
	wake_all(&h);
	timers_add(t, UINT64_MAX, fire, &s[0]);
	timers_add(t, UINT64_MAX - h.now_us - 1, fire, &s[0]);
	is_uint(h.wake_us, UINT64_MAX, "beyond the end of time is never, not the past");
	timers_free(t);
}

/* A heap that loses its order shows in many random insertions and removals. */
static void heap(void)
{
	static struct shot s[MANY];
	static uint64_t handle[MANY];
	struct hand h;
	struct timers *t;
	uint64_t x = 1, last = 0;
	unsigned fired = 0, cancelled = 0, wrong = 0;

	begin(&h);
	t = timers_create(&h.env);
	for (unsigned i = 0; i < MANY; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		s[i] = (struct shot){ .hand = &h };
		s[i].other = 0;
		s[i].again_us = h.now_us + (x >> 33) % (900 * MS);
		handle[i] = timers_add(t, s[i].again_us - h.now_us, fire, &s[i]);
	}
	for (unsigned i = 0; i < MANY; i += 3)
		cancelled += timers_cancel(t, handle[i]);
	while (h.wake_us != UINT64_MAX) {
		wrong += h.wake_us < last;
		last = h.wake_us;
		wake(&h);
	}
	for (unsigned i = 0; i < MANY; i++) {
		fired += s[i].n;
		wrong += s[i].n != (i % 3 ? 1 : 0) || (s[i].n && s[i].at_us != s[i].again_us);
	}
	is_uint(fired + cancelled, MANY, "each of %u has fired or was cancelled", MANY);
	is_uint(wrong, 0, "each at its own instant, in order");
	timers_free(t);
}

int main(void)
{
	order();
	cancel();
	again();
	shared();
	heap();
	return done_testing();
}
