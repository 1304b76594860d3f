# core/store: what this room adds to the build. SPDX-License-Identifier: MIT
noinst_HEADERS += core/store/store.h core/store/store_impl.h core/store/map.h \
	core/store/lmdb_impl.h
libtncore_a_SOURCES += core/store/store.c core/store/batch.c core/store/map.c core/store/overlay.c core/store/writer.c \
	core/store/memory.c core/store/lmdb.c core/store/lmdb_open.c core/store/lmdb_text.c
