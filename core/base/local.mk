# core/base: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/base/handle.c
noinst_HEADERS += core/base/log.h core/base/log_sink.h
libtncore_a_SOURCES += core/base/log.c core/base/log_sink.c
