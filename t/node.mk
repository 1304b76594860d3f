# SPDX-License-Identifier: MIT
# t/node.mk - tests of the daemon around the node
check_PROGRAMS += t/27-core-options.t
t_27_core_options_t_SOURCES = t/27-core-options.c core/options.c t/lib/tap.c
t_27_core_options_t_CPPFLAGS = $(unit_cppflags)
t_27_core_options_t_LDADD = $(core_libs)
TESTS += t/27-core-options.t

# The real main.c around a node that only pretends (no node, store or network needed).
check_PROGRAMS += t/fake-timenoded
t_fake_timenoded_SOURCES = t/fake/node.c core/main.c core/daemon.c core/options.c core/crash.c core/watchdog.c
t_fake_timenoded_CPPFLAGS = $(unit_cppflags)
t_fake_timenoded_LDADD = $(core_libs)
dist_check_SCRIPTS += t/70-node-daemon.t
TESTS += t/70-node-daemon.t
