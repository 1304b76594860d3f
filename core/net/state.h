/* SPDX-License-Identifier: MIT
 * core/net/state.h - the states of a link to a peer and which change may follow which
 *
 * Pure. IDLE and WAITING: no session (WAITING: the dial rule leaves it to the other
 * side). BACKOFF: no session, the next dial has its time.
 */
#ifndef CORE_NET_STATE_H
#define CORE_NET_STATE_H

#include <stdbool.h>

enum link_state {
	LINK_IDLE,
	LINK_WAITING,
	LINK_DIALING,
	LINK_HANDSHAKING,
	LINK_UP,
	LINK_CLOSING,
	LINK_BACKOFF,
	LINK_STATES
};

const char *link_state_text(enum link_state); /* "idle", "waiting"...; never NULL */
bool link_state_may(enum link_state from, enum link_state to);

#endif
