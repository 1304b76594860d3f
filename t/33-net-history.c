/* SPDX-License-Identifier: MIT
 * t/33-net-history.c - the last 20 changes, oldest first
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/history.h"

/* After n changes: the last of them, in order, and nothing beyond. */
static unsigned wrong_after(const struct history *h, unsigned n)
{
	unsigned kept = n < HISTORY_MAX ? n : HISTORY_MAX, wrong = 0;
	char want[32];

	for (unsigned i = 0; i < kept; i++) {
		const struct history_entry *e = history_at(h, i);
		unsigned number = n - kept + i;

		snprintf(want, sizeof(want), "change %u", number);
		wrong += !e || e->at_us != (int64_t)number * 10 || strcmp(e->reason, want) != 0 ||
			 e->from != number % LINK_STATES || e->to != (number + 1) % LINK_STATES;
	}
	return wrong + (history_at(h, kept) != NULL);
}

static void order(void)
{
	struct history h = { 0 };
	unsigned wrong = wrong_after(&h, 0);
	char reason[32];

	for (unsigned n = 0; n < 3 * HISTORY_MAX + 1; n++) {
		snprintf(reason, sizeof(reason), "change %u", n);
		history_add(&h, n * 10, n % LINK_STATES, (n + 1) % LINK_STATES, reason);
		wrong += wrong_after(&h, n + 1);
	}
	is_uint(wrong, 0, "at every moment the last 20, oldest first");
	history_clear(&h);
	ok(!history_at(&h, 0), "a cleared one is empty");
	history_add(&h, 5, LINK_IDLE, LINK_DIALING, "again");
	is_str(history_at(&h, 0)->reason, "again", "and can be used again");
	history_clear(&h);
}

static void reasons(void)
{
	struct history h = { 0 };
	char longest[400];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	history_add(&h, 1, LINK_UP, LINK_CLOSING, longest);
	ok(strlen(history_at(&h, 0)->reason) <= HISTORY_TEXT + 3, "a long reason is cut");
	ok(strncmp(history_at(&h, 0)->reason, longest, 100) == 0, "at its end");
	history_add(&h, 2, LINK_CLOSING, LINK_IDLE, "bad \x1b[31m\ntext");
	ok(!strpbrk(history_at(&h, 1)->reason, "\x1b\n"), "a peer's text cannot drive a terminal");
	ok(strstr(history_at(&h, 1)->reason, "text") != NULL, "but can be read");
	history_add(&h, 3, LINK_IDLE, LINK_DIALING, NULL);
	is_uint(history_at(&h, 2)->to, LINK_DIALING, "a change may have no reason");
	ok(!history_at(&h, 2)->reason, "then there is none");
	history_clear(&h);
}

int main(void)
{
	order();
	reasons();
	return done_testing();
}
