/* SPDX-License-Identifier: MIT
 * core/net/note.c - facts that plugins push down to a session
 */
#include "net/session.h"

void session_set_note(struct session *s, enum session_note n, int64_t v)
{
	if (n == SESSION_RTT_US)
		s->rtt_us = v < 0 ? 0 : v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	if (n < SESSION_NOTES)
		s->note[n] = v;
}

void session_set_masternode(struct session *s, bool is)
{
	s->masternode = is;
}
