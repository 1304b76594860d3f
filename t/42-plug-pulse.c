/* SPDX-License-Identifier: MIT
 * t/42-plug-pulse.c - sessions by the time of their next pulse
 */
#include "lib/tap.h"
#include "plug/pulse.h"

static struct pulse_entry at(uint64_t sid, uint64_t due)
{
	return (struct pulse_entry){ sid, due, 1 };
}

static void order(void)
{
	struct pulse q = { 0 };
	struct pulse_entry e = { 0 };
	bool in_order = true;

	is_uint(pulse_next_us(&q), UINT64_MAX, "an empty queue is never due");
	ok(!pulse_pop(&q, UINT64_MAX, &e), "and gives nothing");
	for (uint64_t i = 1; i <= 1000; i++)
		if (!pulse_push(&q, at(i, i * 10)))
			bail_out("no memory");
	is_uint(pulse_next_us(&q), 10, "the first one is due first");
	ok(!pulse_pop(&q, 9, &e), "not before its time");
	for (uint64_t i = 1; i <= 500; i++)
		in_order = in_order && pulse_pop(&q, 5000, &e) && e.sid == i;
	ok(in_order, "500 are due, in their order");
	ok(!pulse_pop(&q, 5000, &e), "and no more");
	is_uint(q.n, 500, "the others wait");
	pulse_free(&q);
}

/* Entries that come again and again while the ring turns over and grows. */
static void turning(void)
{
	struct pulse q = { 0 };
	struct pulse_entry e;
	uint64_t beats[7] = { 0 }, now = 0;

	for (uint64_t i = 0; i < 7; i++)
		pulse_push(&q, at(i, i));
	for (now = 0; now < 7000; now++)
		while (pulse_pop(&q, now, &e)) {
			beats[e.sid]++;
			pulse_push(&q, at(e.sid, e.due_us + 7));
		}
	for (uint64_t i = 0; i < 7; i++)
		is_uint(beats[i], 1000, "session %u beats each interval", (unsigned)i);
	pulse_push(&q, at(9, 1));
	is_uint(q.at[(q.head + q.n - 1) & (q.room - 1)].due_us, 7006,
		"an earlier time is taken for the last one's: the queue stays sorted");
	pulse_free(&q);
}

static bool is_even(void *arg, const struct pulse_entry *e)
{
	++*(unsigned *)arg;
	return e->sid % 2 == 0;
}

static void compact(void)
{
	struct pulse q = { 0 };
	struct pulse_entry e;
	unsigned asked = 0;

	for (uint64_t i = 0; i < 100; i++)
		pulse_push(&q, at(i, i));
	for (unsigned i = 0; i < 50; i++)
		pulse_pop(&q, 1000, &e);
	for (uint64_t i = 100; i < 150; i++)
		pulse_push(&q, at(i, i));
	pulse_compact(&q, is_even, &asked);
	is_uint(asked, 100, "each entry is asked for once");
	is_uint(q.n, 50, "half of them stay");
	ok(pulse_pop(&q, 1000, &e) && e.sid == 50, "in their order");
	pulse_free(&q);
}

static void rounding(void)
{
	is_uint(pulse_due(12345, 999), 1011345, "short intervals are exact");
	is_uint(pulse_due(12345, 1000), 1050000, "from a second on up to the next 50 ms");
	is_uint(pulse_due(50000, 30000), 30050000, "what is round stays");
}

int main(void)
{
	order();
	turning();
	compact();
	rounding();
	return done_testing();
}
