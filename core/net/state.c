/* SPDX-License-Identifier: MIT
 * core/net/state.c - which state of a link may follow which
 */
#include "net/state.h"

#define TO(state) (1u << LINK_##state)

/* A socket is given up by way of CLOSING; only a dial that never got one ends at once.
 * After CLOSING another session of the same peer may be the one that counts: being
 * dialed, shaking hands, or promoted to UP.
 */
static const unsigned follows[LINK_STATES] = {
	[LINK_IDLE] = TO(WAITING) | TO(DIALING) | TO(HANDSHAKING) | TO(BACKOFF),
	[LINK_WAITING] = TO(IDLE) | TO(DIALING) | TO(HANDSHAKING) | TO(BACKOFF),
	[LINK_DIALING] = TO(IDLE) | TO(WAITING) | TO(HANDSHAKING) | TO(CLOSING) | TO(BACKOFF),
	[LINK_HANDSHAKING] = TO(UP) | TO(CLOSING),
	[LINK_UP] = TO(CLOSING),
	[LINK_CLOSING] =
		TO(IDLE) | TO(WAITING) | TO(DIALING) | TO(HANDSHAKING) | TO(UP) | TO(BACKOFF),
	[LINK_BACKOFF] = TO(IDLE) | TO(WAITING) | TO(DIALING) | TO(HANDSHAKING),
};

const char *link_state_text(enum link_state state)
{
	static const char *const text[LINK_STATES] = {
		[LINK_IDLE] = "idle",       [LINK_WAITING] = "waiting",
		[LINK_DIALING] = "dialing", [LINK_HANDSHAKING] = "handshaking",
		[LINK_UP] = "up",           [LINK_CLOSING] = "closing",
		[LINK_BACKOFF] = "backoff",
	};

	return (unsigned)state < LINK_STATES ? text[state] : "?";
}

bool link_state_may(enum link_state from, enum link_state to)
{
	return (unsigned)from < LINK_STATES && (unsigned)to < LINK_STATES &&
	       (follows[from] & 1u << to) != 0;
}
