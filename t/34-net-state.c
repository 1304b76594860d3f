/* SPDX-License-Identifier: MIT
 * t/34-net-state.c - which state of a link may follow which
 */
#include "lib/tap.h"
#include "net/state.h"

/* Rows: from; columns: to, in the order of the enum. */
static const char *const may[LINK_STATES] = {
	/* idle waiting dialing handshaking up closing backoff */
	[LINK_IDLE] = ".xxx..x",        [LINK_WAITING] = "x.xx..x", [LINK_DIALING] = "xx.x.xx",
	[LINK_HANDSHAKING] = "....xx.", [LINK_UP] = ".....x.",      [LINK_CLOSING] = "xxxxx.x",
	[LINK_BACKOFF] = "xxxx...",
};

static const char *const text[LINK_STATES] = { "idle", "waiting", "dialing", "handshaking",
					       "up",   "closing", "backoff" };

int main(void)
{
	for (int from = 0; from < LINK_STATES; from++)
		for (int to = 0; to < LINK_STATES; to++)
			is_int(link_state_may(from, to), may[from][to] == 'x', "%s -> %s",
			       text[from], text[to]);
	for (int s = 0; s < LINK_STATES; s++)
		is_str(link_state_text(s), text[s], "text of %s", text[s]);
	is_str(link_state_text(LINK_STATES), "?", "a number out of range has a text");
	ok(!link_state_may(LINK_STATES, LINK_IDLE), "but nothing follows it");
	ok(!link_state_may(LINK_IDLE, LINK_STATES), "and it follows nothing");
	return done_testing();
}
