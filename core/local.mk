# SPDX-License-Identifier: MIT
# core/local.mk - timenoded, and the command line that its tests share
sbin_PROGRAMS += timenoded
timenoded_CPPFLAGS = $(libtncore_a_CPPFLAGS)
timenoded_SOURCES = core/main.c core/daemon.c core/daemon.h core/options.c core/options.h \
	core/crash.c core/crash.h core/watchdog.c core/watchdog.h
libtncore_a_SOURCES += core/node.c core/node.h
timenoded_LDADD = $(core_libs)
