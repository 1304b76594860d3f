/* SPDX-License-Identifier: MIT
 * core/net/line_in.h - bytes of one session into lines
 *
 * Complete lines are cut where they were read, in the one buffer of the node; only an
 * unfinished line (or what a pause left unread) is kept per session. Limits apply while
 * a line grows: its name is peeked, and a line over its message's limit is skipped up
 * to its LF without being kept.
 */
#ifndef CORE_NET_LINE_IN_H
#define CORE_NET_LINE_IN_H

#include "timenode/wire.h"

struct line_in { /* zero is empty */
	uint8_t *kept;
	size_t n, room;
	struct tn_cut cut;
	uint32_t early;               /* bytes read from a dialer before its handshake was done */
	uint32_t skip_id;             /* of the line being skipped */
	bool skipping, peeked, ended; /* ended: the peer will send no more */
};

#endif
