/* SPDX-License-Identifier: MIT
 * core/crash.c - the last line of a process that dies, and the word of one that hangs
 *
 * A signal handler gets no argument, so that `the_process` is the only variable that this
 * program has outside of its objects (t/00-arrows.t checks that).
 */
#include "config.h"

#include "crash.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node.h"

enum { STACK = 65536, FATAL = 5 };

static const int fatal[FATAL] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static const char *const fatal_name[FATAL] = { "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT" };

struct crash {
	struct node *const *node;
	const struct sink *sink;
	pthread_t loop;
	void *stack;
	atomic_uint hangs_s;
	atomic_bool killed;
	struct sigaction before[FATAL], before_hang;
};

static _Atomic(struct crash *) the_process;

/* The first real-time signal: nobody else in this process uses one. */
static int hang_signal(void)
{
	return SIGRTMIN;
}

/* ---- a line, without memory and without the C library's locks */

struct line {
	char text[400];
	size_t n;
};

static void put(struct line *l, const char *s)
{
	while (*s && l->n < sizeof l->text - 1)
		l->text[l->n++] = *s >= ' ' && *s <= '~' ? *s : '?', s++;
}

static void put_number(struct line *l, uint64_t v, unsigned base, unsigned digits)
{
	char buf[24] = "";
	unsigned at = sizeof buf - 1;

	do {
		buf[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v || sizeof buf - 1 - at < digits);
	put(l, buf + at);
}

static void put_addr(struct line *l, const struct tn_addr *a)
{
	bool v4 = tn_addr_is_v4(a);

	unsigned first = v4 ? 12 : 0;

	for (unsigned i = first; i < 16; i += v4 ? 1 : 2) {
		if (i > first)
			put(l, v4 ? "." : ":");
		put_number(l, v4 ? a->ip[i] : (uint64_t)a->ip[i] << 8 | a->ip[i + 1], v4 ? 10 : 16,
			   1);
	}
	if (a->port) {
		put(l, v4 ? ":" : " port ");
		put_number(l, a->port, 10, 1);
	}
}

/* Days since 1970 as a date of the Gregorian calendar, from the first of March of year 0. */
static void put_date(struct line *l, uint64_t days)
{
	uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	uint64_t month = mp < 10 ? mp + 3 : mp - 9;

	put_number(l, yoe + era * 400 + (month <= 2), 10, 4);
	put(l, "-");
	put_number(l, month, 10, 2);
	put(l, "-");
	put_number(l, doy - (153 * mp + 2) / 5 + 1, 10, 2);
}

static void put_time(struct line *l)
{
	struct timespec t = { 0 };
	uint64_t s;

	clock_gettime(CLOCK_REALTIME, &t);
	s = (uint64_t)t.tv_sec;
	put_date(l, s / 86400);
	put(l, "T");
	put_number(l, s / 3600 % 24, 10, 2);
	put(l, ":");
	put_number(l, s / 60 % 60, 10, 2);
	put(l, ":");
	put_number(l, s % 60, 10, 2);
	put(l, ".");
	put_number(l, (uint64_t)t.tv_nsec / 1000000, 10, 3);
	put(l, "Z");
}

/* What this thread does: it may be the loop, one of the pool, or another. */
static bool find_place(const struct crash *c, struct bus_now *now)
{
	if (!*c->node)
		return false;
	if (pthread_equal(pthread_self(), c->loop))
		return node_now(*c->node, now);
	return node_now_job(*c->node, now);
}

static void put_place(struct line *l, const struct crash *c)
{
	struct bus_now now;

	if (!find_place(c, &now)) {
		put(l, " outside of any plugin");
		return;
	}
	put(l, " in plugin ");
	put(l, now.plugin);
	put(l, ", ");
	put(l, now.handler);
	if (now.message) {
		put(l, " of ");
		put(l, now.message);
	}
	if (now.peer) {
		put(l, " from ");
		put_addr(l, now.peer);
	}
}

static void say(struct line *l, const struct crash *c)
{
	int fd = sink_fd(c->sink);
	ssize_t done;

	l->text[l->n++] = '\n';
	done = write(STDERR_FILENO, l->text, l->n);
	if (fd >= 0 && fd != STDERR_FILENO)
		done = write(fd, l->text, l->n);
	(void)done;
}

/* ---- handlers */

static void begin_line(struct line *l, const char *level)
{
	l->n = 0;
	put_time(l);
	put(l, level);
}

static void on_fatal(int signo)
{
	struct crash *c = atomic_load(&the_process);
	struct line l;
	unsigned i = 0;

	while (i < FATAL - 1 && fatal[i] != signo)
		i++;
	begin_line(&l, " error crash ");
	if (c && atomic_load(&c->killed)) {
		put(&l, "The loop hangs for ");
		put_number(&l, atomic_load(&c->hangs_s), 10, 1);
		put(&l, " s, the node gives up:");
	} else {
		put(&l, "Killed by ");
		put(&l, fatal_name[i]);
	}
	if (c) {
		put_place(&l, c);
		say(&l, c);
		sigaction(signo, &c->before[i], NULL);
	} else {
		signal(signo, SIG_DFL);
	}
	raise(signo); /* blocked until we return; then what was there before us has it */
}

static void on_hang(int signo)
{
	struct crash *c = atomic_load(&the_process);
	int was = errno;
	struct line l;

	(void)signo;
	if (!c)
		return;
	begin_line(&l, " warn watchdog ");
	put(&l, "The loop hangs for ");
	put_number(&l, atomic_load(&c->hangs_s), 10, 1);
	put(&l, " s");
	put_place(&l, c);
	say(&l, c);
	errno = was;
}

/* ---- life */

static int take_signals(struct crash *c)
{
	struct sigaction a = { .sa_handler = on_fatal, .sa_flags = SA_ONSTACK };
	struct sigaction h = { .sa_handler = on_hang, .sa_flags = SA_ONSTACK | SA_RESTART };
	stack_t s = { .ss_sp = c->stack, .ss_size = STACK };
	int rc = sigaltstack(&s, NULL);

	sigemptyset(&a.sa_mask);
	sigemptyset(&h.sa_mask);
	for (unsigned i = 0; i < FATAL; i++)
		rc |= sigaction(fatal[i], &a, &c->before[i]);
	return rc | sigaction(hang_signal(), &h, &c->before_hang);
}

struct crash *crash_watch(struct node *const *node, const struct sink *sink, struct tn_error *err)
{
	struct crash *c = calloc(1, sizeof *c);

	if (c)
		c->stack = malloc(STACK);
	if (!c || !c->stack) {
		free(c);
		tn_fail(err, TN_ENOMEM, "no memory");
		return NULL;
	}
	c->node = node;
	c->sink = sink;
	c->loop = pthread_self();
	atomic_store(&the_process, c);
	if (!take_signals(c))
		return c;
	tn_fail(err, TN_EIO, "cannot take the signals of a crash: %s", strerror(errno));
	crash_forget(c);
	return NULL;
}

void crash_forget(struct crash *c)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	if (!c)
		return;
	for (unsigned i = 0; i < FATAL; i++)
		sigaction(fatal[i], &c->before[i], NULL);
	sigaction(hang_signal(), &c->before_hang, NULL);
	sigaltstack(&none, NULL);
	atomic_store(&the_process, NULL);
	free(c->stack);
	free(c);
}

void crash_hangs(struct crash *c, unsigned seconds)
{
	atomic_store(&c->hangs_s, seconds);
	pthread_kill(c->loop, hang_signal());
}

void crash_kill(struct crash *c, unsigned seconds)
{
	atomic_store(&c->hangs_s, seconds);
	atomic_store(&c->killed, true);
	pthread_kill(c->loop, SIGABRT);
}
