/* SPDX-License-Identifier: MIT
 * timenode/event.h - events of the core: by name, with payloads that only grow at the end
 *
 * tell: it has happened; in start order, providers before dependants.
 * ask:  may it happen? the first refusal ends it; nobody listening means yes.
 * A service's events stand in its own header.
 */
#ifndef TIMENODE_EVENT_H
#define TIMENODE_EVENT_H

#include "timenode/plugin.h"

/* tell: make this peer say something, soon: the core wonders whether it lives. */
#define TN_EV_PROBE "session.probe"
struct tn_ev_session {
	struct tn_sid sid;
};

/* tell: this many outbound slots are free; answer with tn_dial(..., CANDIDATE). */
#define TN_EV_DIAL_WANTED "dial.wanted"
struct tn_ev_dial_wanted {
	uint32_t slots;
};

/* tell: how an attempt of ours ended. result: 0 = the session came up, else a tn_code. */
#define TN_EV_DIALED "dial.done"
struct tn_ev_dialed {
	struct tn_addr addr;
	int result;
};

#endif
