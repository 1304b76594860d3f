# SPDX-License-Identifier: MIT
# t/hostile.mk - what peers can do to a node, as real processes
EXTRA_DIST += t/lib/Hostile.pm
check_LTLIBRARIES += t/plugins/generous.la
t_plugins_generous_la_SOURCES = t/plugins/generous.c
t_plugins_generous_la_LDFLAGS = $(fixture_ldflags)
t_plugins_generous_la_LIBADD = libtimenode.la

hostile_tests = t/77-names.t t/78-hostile.t t/79-refusals.t t/80-netns-cut.t
dist_check_SCRIPTS += $(hostile_tests)
TESTS += $(hostile_tests)
