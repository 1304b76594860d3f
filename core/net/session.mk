# core/net: sessions and what keeps them. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/net/net.c core/net/net.h core/net/room.h core/net/session.c \
	core/net/session.h core/net/group.c core/net/line_in.c core/net/line_in.h \
	core/net/send_queue.c core/net/send_queue.h core/net/flush.c core/net/handshake.c \
	core/net/judge.c core/net/judge.h core/net/legacy.c core/net/double.c core/net/dialer.c \
	core/net/listen.c core/net/peer.c core/net/peer.h core/net/self.c core/net/total.c \
	core/net/fault.c core/net/evict.c core/net/evict.h core/net/slots.c core/net/note.c \
	core/net/snapshot.c core/net/snapshot.h core/net/restore.c core/net/saved.h \
	core/net/counters.c core/net/counters.h
