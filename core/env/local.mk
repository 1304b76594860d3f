# core/env: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/env/event.c
libtncore_a_SOURCES += core/env/event_conn.c
libtncore_a_SOURCES += core/env/event_listen.c
libtncore_a_SOURCES += core/env/event_private.h
libtncore_a_SOURCES += core/env/event_socket.c
libtncore_a_SOURCES += core/env/timer.c
libtncore_a_SOURCES += core/env/record.c core/env/record.h core/env/record_file.c \
	core/env/record_file.h core/env/replay.c core/env/replay.h \
	core/env/replay_conn.c core/env/replay_private.h
libtncore_a_SOURCES += core/env/pool.c
