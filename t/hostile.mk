# SPDX-License-Identifier: MIT
# t/hostile.mk - what peers can do to a node, as real processes
EXTRA_DIST += t/lib/Hostile.pm
hostile_tests = t/77-names.t
dist_check_SCRIPTS += $(hostile_tests)
TESTS += $(hostile_tests)
