/* SPDX-License-Identifier: MIT
 * t/31-net-account.c - a forgotten fate shows, whichever it is
 */
#include <stdlib.h>

#include "lib/tap.h"
#include "net/account.h"

enum { PING = 32, PONG = 33, LAST = 511 };

/* The account grows through realloc only; the linker lets us refuse it. */
void *__real_realloc(void *p, size_t n);
TN_API void *__wrap_realloc(void *p, size_t n); /* a sanitizer runtime refers to it */
static bool no_memory;

void *__wrap_realloc(void *p, size_t n)
{
	return no_memory ? NULL : __real_realloc(p, n);
}

/* ---- one step is one thing that happens to a message */

enum step {
	RECEIVE,
	HANDLE,
	REFUSE_IN,
	UNKNOWN,
	MALFORMED,
	WAIT,
	SETTLE, /* what waited is handled */
	OFFER,
	SEND,
	REFUSE_OUT,
	DISCARD,
	QUEUE,
	STEPS
};

static const char *const step_text[STEPS] = { "received",  "handled",     "refused in",  "unknown",
					      "malformed", "waiting",     "end of wait", "offered",
					      "sent",      "refused out", "discarded",   "queued" };

static void step(struct account *a, unsigned id, enum step s, uint64_t *queued)
{
	static const enum account_count plain[STEPS] = {
		[RECEIVE] = COUNT_RECEIVED,    [HANDLE] = COUNT_HANDLED, [UNKNOWN] = COUNT_UNKNOWN,
		[MALFORMED] = COUNT_MALFORMED, [OFFER] = COUNT_OFFERED,  [SEND] = COUNT_SENT,
		[DISCARD] = COUNT_DISCARDED
	};

	if (s == REFUSE_IN || s == REFUSE_OUT)
		account_refuse(a, id, s == REFUSE_IN ? ACCOUNT_IN : ACCOUNT_OUT, 3);
	else if (s == WAIT || s == SETTLE)
		account_wait(a, id, s == WAIT ? 1 : -1);
	else if (s == QUEUE)
		++*queued;
	else
		account_add(a, id, plain[s]);
}

/* Lives of messages: each list balances, and does not if any one step is left out. */
static const struct life {
	const char *what;
	int way;
	enum step step[4];
	unsigned steps;
} life[] = {
	{ "handled", ACCOUNT_IN, { RECEIVE, HANDLE }, 2 },
	{ "refused", ACCOUNT_IN, { RECEIVE, REFUSE_IN }, 2 },
	{ "unknown", ACCOUNT_IN, { RECEIVE, UNKNOWN }, 2 },
	{ "malformed", ACCOUNT_IN, { RECEIVE, MALFORMED }, 2 },
	{ "waiting", ACCOUNT_IN, { RECEIVE, WAIT }, 2 },
	{ "waited and handled", ACCOUNT_IN, { RECEIVE, WAIT, SETTLE, HANDLE }, 4 },
	{ "waited and refused", ACCOUNT_IN, { RECEIVE, WAIT, SETTLE, REFUSE_IN }, 4 },
	{ "sent", ACCOUNT_OUT, { OFFER, SEND }, 2 },
	{ "refused out", ACCOUNT_OUT, { OFFER, REFUSE_OUT }, 2 },
	{ "discarded", ACCOUNT_OUT, { OFFER, DISCARD }, 2 },
	{ "queued", ACCOUNT_OUT, { OFFER, QUEUE }, 2 },
};
enum { LIVES = sizeof(life) / sizeof(life[0]) };

struct queue {
	uint64_t of[LAST + 1];
};

static uint64_t queued(void *arg, unsigned id)
{
	return ((struct queue *)arg)->of[id];
}

/* The life without step `skipped` among balanced ones; what each of the two rules says. */
static void forget(const struct life *l, unsigned skipped)
{
	struct account a = { 0 };
	struct queue q = { { 0 } };
	int64_t in, out;

	for (unsigned n = 0; n < LIVES; n++)
		for (unsigned i = 0; i < life[n].steps; i++)
			if (&life[n] != l || i != skipped)
				step(&a, PING, life[n].step[i], &q.of[PING]);
	in = account_off_in(&a.row[0]);
	out = account_off_out(&a.row[0], q.of[PING]);
	ok(l->way == ACCOUNT_IN ? in != 0 && out == 0 : in == 0 && out != 0,
	   "%s: forgotten '%s' shows on its own side only", l->what, step_text[l->step[skipped]]);
	is_uint(account_off(&a, queued, &q), 1, "and by one in the sum");
	account_clear(&a);
}

static void every_forgotten_fate(void)
{
	struct account a = { 0 };
	struct queue q = { { 0 } };

	for (unsigned n = 0; n < LIVES; n++)
		for (unsigned i = 0; i < life[n].steps; i++)
			step(&a, PING, life[n].step[i], &q.of[PING]);
	is_int(account_off_in(&a.row[0]), 0, "all lives together: received balances");
	is_int(account_off_out(&a.row[0], q.of[PING]), 0, "offered balances");
	is_uint(a.rows, 1, "one row");
	is_uint(account_refused(&a.row[0], ACCOUNT_IN), 2, "two were refused");
	is_uint(account_refused(&a.row[0], ACCOUNT_OUT), 1, "one on the way out");
	account_clear(&a);
	for (unsigned n = 0; n < LIVES; n++)
		for (unsigned i = 0; i < life[n].steps; i++)
			forget(&life[n], i);
}

static void errors_do_not_cancel(void)
{
	struct account a = { 0 };

	account_add(&a, PING, COUNT_RECEIVED);
	account_add(&a, PONG, COUNT_HANDLED);
	account_add(&a, LAST, COUNT_SENT);
	is_int(account_off_in(&a.row[0]), 1, "one too few");
	is_int(account_off_in(&a.row[1]), -1, "one too many");
	is_uint(account_off(&a, NULL, NULL), 3, "do not cancel each other in the sum");
	account_wait(&a, PING, -1);
	is_int(account_off_in(&a.row[0]), 2, "waiting below zero shows as well");
	account_clear(&a);
	is_uint(account_off(&a, NULL, NULL), 0, "a cleared account is balanced");
}

static void sparse_rows(void)
{
	static const unsigned order[] = { 200, 3, LAST, 0, 77, 3, 76, 78, 200, 1 };
	static const unsigned sorted[] = { 0, 1, 3, 76, 77, 78, 200, LAST };
	struct account a = { 0 };
	unsigned wrong = 0;

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		account_add(&a, order[i], COUNT_RECEIVED);
	is_uint(a.rows, sizeof(sorted) / sizeof(sorted[0]), "rows are made on first use");
	for (unsigned i = 0; i < a.rows; i++)
		wrong += a.row[i].id != sorted[i];
	is_uint(wrong, 0, "and are sorted by number");
	is_uint(a.row[2].received, 2, "the same number finds its row");
	for (unsigned r = 0; r < 40; r++)
		for (unsigned n = 0; n <= r; n++)
			account_refuse(&a, 3, r & 1, r);
	is_uint(a.row[2].refusals, 40, "a row has as many reasons as were used");
	is_uint(account_refused(&a.row[2], ACCOUNT_IN), 400, "sum of the even ones");
	is_uint(account_refused(&a.row[2], ACCOUNT_OUT), 420, "sum of the odd ones");
	account_refuse(&a, 3, ACCOUNT_OUT, 0);
	is_uint(a.row[2].refusals, 41, "one reason counts apart for both ways");
	account_clear(&a);
}

static void folding(void)
{
	struct account to = { 0 }, from = { 0 };
	struct queue q = { { 0 } };

	for (unsigned n = 0; n < LIVES; n++) {
		for (unsigned i = 0; i < life[n].steps; i++) {
			step(&from, PONG, life[n].step[i], &q.of[PONG]);
			step(&to, n & 1 ? PONG : PING, life[n].step[i], &q.of[n & 1 ? PONG : PING]);
		}
	}
	account_refuse(&from, LAST, ACCOUNT_IN, 9);
	account_add(&from, LAST, COUNT_RECEIVED);
	from.lost = 5;
	account_fold(&to, &from);
	is_uint(from.rows, 0, "the source is empty");
	ok(!from.row && !from.lost, "wholly");
	is_uint(to.rows, 3, "rows are merged");
	is_uint(to.lost, 5, "so is what was lost");
	is_uint(to.row[1].received, 10, "counts add up");
	is_uint(to.row[1].offered, 6, "on both sides");
	is_uint(account_refused(&to.row[2], ACCOUNT_IN), 1, "a row of its own comes along");
	is_uint(to.row[1].refusals, 2, "the same reason stays one entry");
	is_uint(account_off(&to, queued, &q), 5, "balanced and balanced is balanced");
	account_fold(&to, &from);
	is_uint(account_off(&to, queued, &q), 5, "folding nothing changes nothing");
	account_clear(&to);
}

static void without_memory(void)
{
	struct account a = { 0 }, b = { 0 };

	account_add(&a, PING, COUNT_RECEIVED);
	no_memory = true;
	account_add(&a, PING, COUNT_HANDLED);
	is_uint(account_off(&a, NULL, NULL), 0, "a row that is there needs no memory");
	account_add(&a, PONG, COUNT_RECEIVED);
	account_refuse(&a, PING, ACCOUNT_IN, 1);
	account_wait(&a, LAST, 1);
	is_uint(a.lost, 3, "what could not be noted is counted as lost");
	is_uint(account_off(&a, NULL, NULL), 3, "and never balances");
	account_fold(&b, &a);
	is_uint(b.rows, 0, "no row was made");
	is_uint(b.lost, 5, "a row that could not be folded is lost with all it counted");
	ok(!a.rows && !a.lost, "the source is empty all the same");
	no_memory = false;
	account_refuse(&a, PING, ACCOUNT_IN, 1);
	account_add(&b, PING, COUNT_HANDLED);
	no_memory = true;
	account_fold(&b, &a);
	is_uint(b.lost, 6, "nor can a refusal vanish");
	no_memory = false;
	account_clear(&a);
	account_clear(&b);
}

int main(void)
{
	every_forgotten_fate();
	errors_do_not_cancel();
	sparse_rows();
	folding();
	without_memory();
	return done_testing();
}
