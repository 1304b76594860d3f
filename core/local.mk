# SPDX-License-Identifier: MIT
# core/local.mk - timenoded, and the command line that its tests share
sbin_PROGRAMS += timenoded
timenoded_CPPFLAGS = $(libtncore_a_CPPFLAGS)
timenoded_SOURCES = core/main.c core/daemon.c core/daemon.h core/options.c core/options.h \
	core/crash.c core/crash.h core/watchdog.c core/watchdog.h
libtncore_a_SOURCES += core/node.c core/node.h core/node_private.h core/record.c core/record.h \
	core/rerun.c core/rerun.h
timenoded_LDADD = $(core_libs)

# Contains the shipped plugins: a recording is replayed without the daemon's files.
bin_PROGRAMS += timenode-replay
timenode_replay_CPPFLAGS = $(libtncore_a_CPPFLAGS)
timenode_replay_SOURCES = core/replay_main.c
timenode_replay_LDADD = libtnplugins.a $(core_libs)
