# core/env: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/env/event.c
libtncore_a_SOURCES += core/env/event_conn.c
libtncore_a_SOURCES += core/env/event_listen.c
libtncore_a_SOURCES += core/env/event_private.h
libtncore_a_SOURCES += core/env/event_socket.c
libtncore_a_SOURCES += core/env/timer.c
libtncore_a_SOURCES += core/env/pool.c
