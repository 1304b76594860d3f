/* SPDX-License-Identifier: MIT
 * t/20-core-env.c - the contract of core/env/env.h, against libevent and the simulator
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "env/timer.h"
#include "lib/tap.h"
#include "sim/lab.h"

#define MS UINT64_C(1000)
#define SETTLE_US (20 * MS) /* more than any way in the lab takes */

/* ---- clocks, wake-up, timers, deferred work */

static void clocks(struct lab *l)
{
	uint64_t before = env_mono_us(l->a);
	int64_t wall = env_wall_us(l->a);
	uint8_t x[32] = { 0 }, y[32] = { 0 };

	ok(before > 0, "the monotonic clock is not 0, which means 'never' elsewhere");
	ok(wall >= INT64_C(1767225600000000), "the wall clock counts from 1970");
	lab_wait(l, 30 * MS);
	ok(env_mono_us(l->a) >= before + 30 * MS, "the clock moves with a wait");
	ok(env_wall_us(l->a) > wall, "so does the wall clock");
	env_random(l->a, x, sizeof(x));
	env_random(l->a, y, sizeof(y));
	ok(memcmp(x, y, sizeof(x)) != 0, "random bytes differ from call to call");
}

struct wake {
	struct lab *lab;
	unsigned n;
	uint64_t at_us;
};

static void on_wake(void *arg)
{
	struct wake *w = arg;

	w->n++;
	w->at_us = env_mono_us(w->lab->a);
	lab_finish(w->lab);
}

static void wake_up(struct lab *l)
{
	const struct env_ops *o = l->a->ops;
	struct wake first = { .lab = l }, second = { .lab = l };
	uint64_t now = env_mono_us(l->a);

	o->wake_at(l->a, now + 5 * MS, on_wake, &first);
	o->wake_at(l->a, now + 20 * MS, on_wake, &second);
	ok(lab_run(l), "a wake-up comes");
	is_uint(first.n, 0, "a later call replaces the earlier");
	is_uint(second.n, 1, "the later one comes");
	ok(second.at_us >= now + 20 * MS, "and not early");

	o->wake_at(l->a, 1, on_wake, &first);
	is_uint(first.n, 0, "an instant that is over does not call back at once");
	ok(lab_run(l) && first.n == 1, "but from the loop");

	o->wake_at(l->a, env_mono_us(l->a) + 5 * MS, on_wake, &second);
	o->wake_at(l->a, UINT64_MAX, NULL, NULL);
	o->wake_at(l->b, env_mono_us(l->b) + 30 * MS, on_wake, &first);
	ok(lab_run(l) && first.n == 2 && second.n == 1, "UINT64_MAX takes it back");
}

struct note {
	struct lab *lab;
	char text[64];
	size_t n, finish_at;
	struct timers *timers;
};

static void add_note(struct note *t, char c)
{
	if (t->n < sizeof(t->text) - 1)
		t->text[t->n++] = c;
	if (t->n == t->finish_at)
		lab_finish(t->lab);
}

static void note_a(void *arg)
{
	add_note(arg, 'a');
}

static void note_b(void *arg)
{
	add_note(arg, 'b');
}

static void note_c(void *arg)
{
	add_note(arg, 'c');
}

static void timers(struct lab *l)
{
	struct note t = { .lab = l, .finish_at = 3 };
	struct timers *timers = timers_create(l->a);
	uint64_t cancelled;

	/* Far apart: each begins at its own call, and a busy machine may stand between two. */
	timers_add(timers, 900 * MS, note_c, &t);
	cancelled = timers_add(timers, 100 * MS, note_c, &t);
	timers_add(timers, 5 * MS, note_a, &t);
	timers_add(timers, 300 * MS, note_b, &t);
	ok(timers_cancel(timers, cancelled), "a timer is cancelled");
	ok(lab_run(l), "timers fire");
	is_str(t.text, "abc", "in the order of their times, without the cancelled one");
	is_uint(timers_count(timers), 0, "none is left");
	timers_add(timers, 5 * MS, note_c, &t);
	timers_free(timers);
	lab_wait(l, 20 * MS);
	is_str(t.text, "abc", "pending timers of a freed set never fire");
}

static void defer_b(void *arg)
{
	struct note *t = arg;

	add_note(t, 'x');
	t->lab->a->ops->defer(t->lab->a, note_b, t);
}

static void wake_and_defer(void *arg)
{
	struct note *t = arg;

	t->lab->a->ops->defer(t->lab->a, note_c, t);
	add_note(t, 'w');
}

static void defer_for_ever(void *arg)
{
	struct note *t = arg;

	t->n++;
	t->lab->a->ops->defer(t->lab->a, defer_for_ever, t);
}

static void undefer_c(void *arg)
{
	struct note *t = arg;
	const struct env_ops *o = t->lab->a->ops;

	o->defer(t->lab->a, note_c, t);
	o->undefer(t->lab->a, note_c, t); /* one runs later in this tick, one in the next */
	add_note(t, 'u');
}

static void deferred(struct lab *l)
{
	const struct env_ops *o = l->a->ops;
	struct note t = { .lab = l, .finish_at = 4 };
	struct end listener, dialed, accepted;

	o->defer(l->a, note_a, &t);
	o->defer(l->a, defer_b, &t);
	o->defer(l->a, note_c, &t);
	is_uint(t.n, 0, "deferred work does not run inside the call");
	ok(lab_run(l), "it runs without any other event");
	is_str(t.text, "axcb", "in order, once, and what it defers comes afterwards");

	t = (struct note){ .lab = l, .finish_at = 2 };
	o->wake_at(l->a, 1, wake_and_defer, &t);
	ok(lab_run(l), "a callback defers");
	is_str(t.text, "wc", "the work runs after the callback has returned");

	t = (struct note){ .lab = l, .finish_at = 3 };
	o->defer(l->a, note_a, &t);
	o->undefer(l->a, note_a, &t);
	o->undefer(l->a, note_b, &t);
	o->defer(l->a, undefer_c, &t);
	o->defer(l->a, note_c, &t);
	o->defer(l->a, note_a, &t);
	o->defer(l->a, note_b, &t);
	ok(lab_run(l), "deferred work that was taken back");
	lab_wait(l, 5 * MS);
	is_str(t.text, "uab", "is not done, whether its turn has come or not; other work is");

	t = (struct note){ .lab = l };
	o->defer(l->a, defer_for_ever, &t);
	ok(lab_pair(l, &listener, &dialed, &accepted), "endless deferring does not starve I/O");
	lab_wait(l, 5 * MS);
	ok(t.n > 1, "nor timers, and the work goes on");
	lab_close(&dialed);
	lab_close(&accepted);
	lab_close(&listener);
}

/* ---- connecting */

static void connects(struct lab *l)
{
	struct end listener, dialed, accepted;

	ok(lab_pair(l, &listener, &dialed, &accepted), "connect, accept");
	is_uint(dialed.connects, 1, "connected is called once");
	ok(!tn_addr_cmp_ip(&accepted.from, &l->b_ip), "accepted from the address that was bound");
	ok(accepted.from.port != 0 && accepted.from.port != l->at.port, "and a port of its own");
	is_uint(dialed.readables + accepted.readables, 0, "no callback without a reason");
	lab_close(&dialed);
	lab_close(&accepted);
	lab_close(&listener);
}

static void own_source(struct lab *l)
{
	struct end listener = { .lab = l, .env = l->a }, accepted = { 0 };
	struct end dialed = { .lab = l, .env = l->b };
	const struct tn_addr *want = l->real ? &l->at : &l->b_ip;

	listener.accepted = &accepted;
	listener.c = l->a->ops->listen(l->a, &l->at, &end_events, &listener, NULL);
	dialed.c = l->b->ops->connect(l->b, &l->at, NULL, &end_events, &dialed, NULL);
	ok(listener.c && dialed.c, "connect without a source address");
	while (!accepted.c || !dialed.connects)
		if (!lab_run(l))
			break;
	ok(accepted.c && !tn_addr_cmp_ip(&accepted.from, want), "the host's own one is taken");
	lab_close(&dialed);
	l->a->ops->close(accepted.c, false);
	lab_close(&listener);
}

static void refused(struct lab *l)
{
	struct end dialed = { .lab = l, .env = l->b };

	dialed.c = l->b->ops->connect(l->b, &l->at, NULL, &end_events, &dialed, NULL);
	isnt_null(dialed.c, "connect to a port where nobody listens gives a connection");
	is_uint(dialed.connects, 0, "nothing is reported inside the call");
	ok(lab_run(l), "the result comes from the loop");
	is_int(dialed.connect_err, ECONNREFUSED, "refused");
	lab_wait(l, 10 * MS);
	is_uint(dialed.connects, 1, "once");
	lab_close(&dialed);

	dialed.c = l->b->ops->connect(l->b, &l->at, NULL, &end_events, &dialed, NULL);
	lab_close(&dialed);
	lab_wait(l, SETTLE_US);
	is_uint(dialed.connects, 1, "a connection closed meanwhile reports nothing");
}

static void bad_addresses(struct lab *l)
{
	struct end e = { .lab = l, .env = l->a };
	struct tn_addr foreign, v6;
	struct tn_error err = { "" };

	tn_addr_parse(&foreign, "192.0.2.1:24200", 15);
	tn_addr_parse(&v6, "::1", 3);
	e.c = l->a->ops->listen(l->a, &l->at, &end_events, &e, &err);
	isnt_null(e.c, "listen");
	ok(!l->a->ops->listen(l->a, &l->at, &end_events, &e, &err), "not twice at one address");
	isnt_null(strstr(err.text, "127.0.0.1:"), "the reason names it: %s", err.text);
	ok(!l->a->ops->listen(l->a, &foreign, &end_events, &e, &err), "nor at a foreign one");
	ok(!l->b->ops->connect(l->b, &l->at, &foreign, &end_events, &e, &err),
	   "no connection from a foreign address");
	isnt_null(strstr(err.text, "192.0.2.1"), "the reason names it: %s", err.text);
	ok(!l->b->ops->connect(l->b, &l->at, &v6, &end_events, &e, &err),
	   "nor from one of the other family");
	lab_wait(l, 10 * MS);
	is_uint(e.connects, 0, "what failed at once is not reported again");
	lab_close(&e);
	l->a->ops->close(NULL, false);
}

/* ---- streams */

static void both_directions(struct lab *l)
{
	struct end listener, dialed, accepted;

	lab_pair(l, &listener, &dialed, &accepted);
	is_int(l->b->ops->read(dialed.c, dialed.in, 1), -EAGAIN, "nothing to read yet");
	dialed.want = accepted.want = 5;
	is_int(lab_send(&dialed, "hello"), 5, "the dialer writes");
	while (accepted.n < 5 && lab_run(l))
		;
	is_str(accepted.in, "hello", "the listener's side reads");
	is_int(lab_send(&accepted, "world"), 5, "and answers");
	while (dialed.n < 5 && lab_run(l))
		;
	is_str(dialed.in, "world", "the answer arrives");
	lab_close(&dialed);
	ok(lab_run(l) && accepted.ended, "a close is the end of the stream");
	is_int(l->a->ops->read(accepted.c, accepted.in, 1), 0, "and stays it");
	lab_close(&accepted);
	lab_close(&listener);
}

static void half_close(struct lab *l)
{
	struct end listener, dialed, accepted;

	lab_pair(l, &listener, &dialed, &accepted);
	lab_send(&dialed, "question");
	l->b->ops->shut(dialed.c);
	l->b->ops->shut(dialed.c);
	ok(lab_run(l) && accepted.ended, "the end arrives");
	is_str(accepted.in, "question", "behind the data");
	ok(lab_send(&dialed, "more") < 0, "no writing after shut");
	lab_send(&accepted, "answer");
	lab_close(&accepted);
	ok(lab_run(l) && dialed.ended, "then the other end");
	is_str(dialed.in, "answer", "behind the answer: the half-closed side still read");
	lab_close(&dialed);
	lab_close(&listener);
}

static void resets(struct lab *l)
{
	struct end listener, dialed, accepted;
	int i;
	long r = 0;

	lab_pair(l, &listener, &dialed, &accepted);
	l->a->ops->close(accepted.c, true);
	ok(lab_run(l), "a reset is noticed");
	is_int(dialed.err, ECONNRESET, "as one");
	ok(!dialed.ended, "not as an end");
	for (i = 0; i < 3 && r >= 0; i++)
		r = lab_send(&dialed, "x");
	ok(r == -EPIPE || r == -ECONNRESET, "writing then fails with an error, not a signal");
	lab_close(&dialed);
	lab_close(&listener);
}

static void unread_is_reset(struct lab *l)
{
	struct end listener, dialed, accepted;

	lab_pair(l, &listener, &dialed, &accepted);
	l->a->ops->arm(accepted.c, false, false);
	lab_send(&dialed, "unread");
	lab_wait(l, SETTLE_US);
	lab_close(&accepted);
	ok(lab_run(l), "the peer notices a close with unread data");
	is_int(dialed.err, ECONNRESET, "as a reset");
	lab_close(&dialed);
	lab_close(&listener);
}

static void partial_writes(struct lab *l)
{
	static const char zeros[65536];
	struct end listener, dialed, accepted;
	const struct iovec v = { .iov_base = (void *)(uintptr_t)zeros, .iov_len = sizeof(zeros) };
	size_t sent = 0, got = 0;
	char buf[65536];
	long r;

	lab_pair(l, &listener, &dialed, &accepted);
	l->a->ops->arm(accepted.c, false, false);
	while ((r = l->b->ops->writev(dialed.c, &v, 1)) > 0 && sent < (size_t)1 << 30)
		sent += (size_t)r;
	is_int(r, -EAGAIN, "a peer that does not read stops the writer (after %zu bytes)", sent);
	l->b->ops->arm(dialed.c, false, true);
	while (!dialed.writables) {
		lab_wait(l, 2 * MS);
		while ((r = l->a->ops->read(accepted.c, buf, sizeof(buf))) > 0)
			got += (size_t)r;
	}
	ok(got > 0, "once it reads, the writer is told");
	r = lab_send(&dialed, "end");
	is_int(r, 3, "and can write again");
	sent += 3;
	lab_close(&dialed);
	for (int i = 0; i < 10000 && r; i++) {
		lab_wait(l, 1 * MS);
		while ((r = l->a->ops->read(accepted.c, buf, sizeof(buf))) > 0)
			got += (size_t)r;
	}
	is_uint(got, sent, "every byte written before the close arrives");
	lab_close(&accepted);
	lab_close(&listener);
}

static void level_triggered(struct lab *l)
{
	struct end listener, dialed, accepted;
	char c;

	lab_pair(l, &listener, &dialed, &accepted);
	l->a->ops->arm(accepted.c, false, false);
	lab_send(&dialed, "abc");
	lab_wait(l, SETTLE_US);
	is_uint(accepted.readables, 0, "not armed, not called");
	is_int(l->a->ops->read(accepted.c, &c, 1), 1, "one byte is read, two are left");
	accepted.want = 2;
	l->a->ops->arm(accepted.c, true, false);
	ok(lab_run(l), "armed, it is called for bytes that arrived before");
	is_str(accepted.in, "bc", "the two");
	accepted.readables = 0;
	lab_wait(l, 10 * MS);
	is_uint(accepted.readables, 0, "nothing left, not called");
	l->b->ops->arm(dialed.c, true, true);
	ok(lab_run(l) && dialed.writables == 1, "writable is called while there is room");
	l->b->ops->arm(dialed.c, true, true);
	ok(lab_run(l) && dialed.writables == 2, "and again");
	lab_close(&dialed);
	lab_close(&accepted);
	lab_close(&listener);
}

/* ---- closing inside callbacks */

struct closer {
	struct lab *lab;
	struct env *env;
	struct env_conn *c, *victim;
	unsigned calls;
	bool reread; /* leave the data: the callback must come again */
};

static void closer_call(struct closer *k)
{
	k->calls++;
	if (k->reread && k->calls < 3)
		return;
	k->env->ops->close(k->c, false);
	k->env->ops->close(k->victim, false);
	k->c = k->victim = NULL;
	lab_finish(k->lab);
}

static void closer_ready(void *arg)
{
	closer_call(arg);
}

static void closer_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct closer *k = arg;

	(void)from;
	k->env->ops->close(c, true);
	closer_call(k);
}

static void closer_connected(void *arg, int err)
{
	(void)err;
	closer_call(arg);
}

static const struct env_events closing = {
	.readable = closer_ready,
	.writable = closer_ready,
	.accepted = closer_accepted,
	.connected = closer_connected,
};

static void close_when_ready(struct lab *l)
{
	struct end listener, dialed, accepted;
	struct closer k = { .lab = l, .env = l->a };

	lab_pair(l, &listener, &dialed, &accepted);
	l->a->ops->arm(accepted.c, false, false);
	lab_send(&dialed, "x");
	lab_wait(l, SETTLE_US);
	k.c = accepted.c;
	l->a->ops->adopt(accepted.c, &closing, &k);
	l->a->ops->arm(accepted.c, true, true);
	ok(lab_run(l), "a connection that is readable and writable closes itself");
	lab_wait(l, 10 * MS);
	is_uint(k.calls, 1, "its second callback does not follow");
	while (!dialed.ended && !dialed.err && lab_run(l))
		;
	ok(dialed.ended || dialed.err, "the peer sees it");
	lab_close(&dialed);
	lab_close(&listener);
}

static void close_the_other(struct lab *l)
{
	struct end listener, dialed, accepted, other = { .lab = l, .env = l->b }, second = { 0 };
	struct closer k = { .lab = l, .env = l->a }, j = k;

	lab_pair(l, &listener, &dialed, &accepted);
	listener.accepted = &second;
	other.c = l->b->ops->connect(l->b, &l->at, NULL, &end_events, &other, NULL);
	while ((!second.c || !other.connects) && lab_run(l))
		;
	lab_send(&dialed, "x");
	lab_send(&other, "x");
	l->a->ops->arm(accepted.c, false, false);
	lab_wait(l, SETTLE_US);
	k.c = j.victim = accepted.c;
	j.c = k.victim = second.c;
	l->a->ops->adopt(accepted.c, &closing, &k);
	l->a->ops->adopt(second.c, &closing, &j);
	l->a->ops->arm(accepted.c, true, false);
	l->a->ops->arm(second.c, true, false);
	ok(lab_run(l), "two connections are ready, the first to be called closes both");
	lab_wait(l, 10 * MS);
	is_uint(k.calls + j.calls, 1, "the second is not called");
	lab_close(&dialed);
	lab_close(&other);
	lab_close(&listener);
}

static void close_in_others(struct lab *l)
{
	struct closer in_accept = { .lab = l, .env = l->a }, in_connect = { .lab = l, .env = l->b };
	struct end third = { .lab = l, .env = l->b };

	in_accept.c = l->a->ops->listen(l->a, &l->at, &closing, &in_accept, NULL);
	in_connect.c = l->b->ops->connect(l->b, &l->at, NULL, &closing, &in_connect, NULL);
	third.c = l->b->ops->connect(l->b, &l->at, NULL, &end_events, &third, NULL);
	while ((in_accept.c || in_connect.c) && lab_run(l))
		;
	is_uint(in_connect.calls, 1, "a connection closes itself when connected");
	is_uint(in_accept.calls, 1, "a listener closes itself at its first of two connections");
	while (!third.connects && lab_run(l))
		;
	l->b->ops->arm(third.c, true, false);
	while (third.connect_err == 0 && !third.err && !third.ended && lab_run(l))
		;
	ok(third.connect_err || third.err, "the second one, still waiting, is cut off");
	lab_close(&third);
}

static void adoption(struct lab *l)
{
	struct end listener, dialed, accepted, next = { .lab = l, .env = l->a, .want = 3 };

	lab_pair(l, &listener, &dialed, &accepted);
	next.c = accepted.c;
	l->a->ops->adopt(accepted.c, &end_events, &next);
	lab_send(&dialed, "new");
	while (next.n < 3 && lab_run(l))
		;
	is_str(next.in, "new", "the new owner is called");
	is_uint(accepted.readables, 0, "the old one is not");
	lab_close(&dialed);
	lab_close(&next);
	lab_close(&listener);
}

/* ---- the table */

static const struct {
	const char *name;
	void (*run)(struct lab *);
} cases[] = {
	{ "clocks", clocks },
	{ "wake-up", wake_up },
	{ "timers", timers },
	{ "deferred work", deferred },
	{ "connect", connects },
	{ "own source address", own_source },
	{ "refused", refused },
	{ "bad addresses", bad_addresses },
	{ "both directions", both_directions },
	{ "half close", half_close },
	{ "reset", resets },
	{ "unread data", unread_is_reset },
	{ "partial writes", partial_writes },
	{ "level-triggered", level_triggered },
	{ "close when ready", close_when_ready },
	{ "close the other", close_the_other },
	{ "close in accepted and connected", close_in_others },
	{ "adopt", adoption },
};

int main(void)
{
	for (int real = 1; real >= 0; real--) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct lab *l = lab_create(real);

			note("%s: %s", real ? "libevent" : "simulator", cases[i].name);
			cases[i].run(l);
			lab_free(l);
		}
	}
	return done_testing();
}
