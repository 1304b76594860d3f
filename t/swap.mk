# SPDX-License-Identifier: MIT
# t/swap.mk - upgrades under load, plugins that misbehave, and the watchdog
check_LTLIBRARIES += t/plugins/swap_start.la
t_plugins_swap_start_la_SOURCES = t/plugins/swap_start.c
t_plugins_swap_start_la_LDFLAGS = $(fixture_ldflags)
t_plugins_swap_start_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/swap_restore.la
t_plugins_swap_restore_la_SOURCES = t/plugins/swap_restore.c
t_plugins_swap_restore_la_LDFLAGS = $(fixture_ldflags)
t_plugins_swap_restore_la_LIBADD = libtimenode.la

swap_tests = t/81-swap.t
dist_check_SCRIPTS += $(swap_tests)
TESTS += $(swap_tests)

# As many upgrades of pingpong under load, each another build than the one before.
SWAPS = 1000
check-swap: check-build
	$(AM_TESTS_ENVIRONMENT) TN_SWAPS='$(SWAPS)' $(PROVE) -v '$(srcdir)/t/81-swap.t'
.PHONY: check-swap
